from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.worksheet.datavalidation import DataValidation

from ingest import EmptyDocument, IngestError, MalformedRecord, UnsupportedFormat
from ingest.errors import DamagedFile, EncryptedFile, FileTooLarge
from ingest.loaders import archive, load
from ingest.loaders import xlsx as loader
from ingest.loaders.parts import Loaded
from ingest.loaders.xlsx import load_xlsx
from tests.ingest.test_detect import compound

PATH = Path("자료.xlsx")
# How openpyxl writes Hangul.
NUMBER = re.compile(r"&#(\d+);")
PEOPLE = [["이름", "나이"], ["서윤", 17], ["민호", 18]]


def book(*sheets: Sequence[Sequence[object]], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    """A workbook with these rows in sheets named 시트1, 시트2 …, and then changed."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = workbook.create_sheet(f"시트{number}")
        for row in rows:
            sheet.append(list(row))
    if change:
        change(workbook)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return sharing(buffer.getvalue())


def sharing(data: bytes) -> bytes:
    """The package with its strings in a table of their own, as Excel writes them and openpyxl does not."""
    strings: list[str] = []

    def share(match: re.Match[str]) -> str:
        strings.append(f"<si>{match.group(2)}</si>")
        return f'{match.group(1)} t="s"><v>{len(strings) - 1}</v></c>'

    with zipfile.ZipFile(io.BytesIO(data)) as file:
        sheets = [name for name in file.namelist() if name.startswith("xl/worksheets/")]
    for name in sheets:
        data = edited(
            data, name, lambda xml: re.sub(r'(<c [^>]*) t="inlineStr"><is>(.*?)</is></c>', share, xml, flags=re.S)
        )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    data = edited(data, "[Content_Types].xml", lambda xml: xml.replace("</Types>", override))
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as file:
        namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        file.writestr("xl/sharedStrings.xml", f'<sst xmlns="{namespace}">{"".join(strings)}</sst>')
    return buffer.getvalue()


def edited(data: bytes, name: str, edit: Callable[[str], str | None]) -> bytes:
    """The package with the text of one file changed, or without the file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        assert name in old.namelist()
        for each in old.namelist():
            text: str | None = NUMBER.sub(lambda match: chr(int(match.group(1))), old.read(each).decode())
            if each == name:
                text = edit(str(text))
            if text is not None:
                new.writestr(each, text)
    return buffer.getvalue()


def text(data: bytes) -> str:
    (part,) = load_xlsx(PATH, data).parts
    assert part.example is None
    return part.text


def cell(value: object, number_format: str = "General") -> str:
    """The text of one cell, which stands below a name."""

    def style(workbook: openpyxl.Workbook) -> None:
        workbook["시트1"]["A2"].number_format = number_format

    return text(book([["값"], [value]], change=style)).split("\n")[2].strip("| ")


def test_a_sheet_becomes_a_table() -> None:
    loaded = load_xlsx(PATH, book(PEOPLE))
    assert loaded.title == "자료"
    assert loaded.parts[0].text == "| 이름 | 나이 |\n|---|---|\n| 서윤 | 17 |\n| 민호 | 18 |"


def test_several_sheets_have_headings_and_hidden_and_empty_ones_are_left_out() -> None:
    def hide(workbook: openpyxl.Workbook) -> None:
        workbook["시트2"].sheet_state = "hidden"
        workbook["시트3"].sheet_state = "veryHidden"

    people = "| 이름 | 나이 |\n|---|---|\n| 서윤 | 17 |\n| 민호 | 18 |"
    data = book(PEOPLE, [["숨김"]], [["깊이 숨김"]], [[None, " "]], PEOPLE, change=hide)
    assert text(data) == f"# 시트1\n\n{people}\n\n# 시트5\n\n{people}"


def test_the_header_comes_again_every_forty_rows() -> None:
    blocks = text(book([["번호", "이름"], *([number, "가"] for number in range(100))])).split("\n\n")
    assert [block.count("\n") - 1 for block in blocks] == [40, 40, 20]
    assert all(block.startswith("| 번호 | 이름 |\n") for block in blocks)


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (1.0, "General", "1"),
        (-3, "General", "-3"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567.5, "#,##0.00", "1234567.5"),
        (1e20, "General", "100000000000000000000"),
        (1.5e-7, "General", "1.5e-07"),
        (0.07, "0%", "7%"),
        (0.153, "0.0%;[Red]-0.0%", "15.3%"),
        (15, '0"%"', "15"),
        (15, "0\\%", "15"),
        (6230, "00000", "06230"),
        (3, '0"개월"', "3"),
        (True, "General", "TRUE"),
        (datetime.date(2024, 3, 1), "yyyy-mm-dd", "2024-03-01"),
        (datetime.datetime(2024, 3, 1, 9, 30), "yyyy-mm-dd hh:mm", "2024-03-01 09:30"),
        (datetime.datetime(2024, 3, 1, 9, 30, 5), "yyyy-mm-dd hh:mm:ss", "2024-03-01 09:30:05"),
        (datetime.time(9, 5), "h:mm", "09:05"),
        (datetime.timedelta(hours=26, minutes=3), "[h]:mm:ss", "26:03:00"),
        (45352, 'yyyy"년" m"월" d"일"', "2024-03-01"),
        (45352, "[$-412]yyyy년 m월 d일", "2024-03-01"),
        (45352, "General", "45352"),
        ("눈|꽃\n둘째 줄", "General", "눈\\|꽃 둘째 줄"),
        ("#N/A", "General", "#N/A"),
        ("010-0000-0000", "@", "010-0000-0000"),
    ],
)
def test_values_read_as_they_look(value: object, number_format: str, expected: str) -> None:
    assert cell(value, number_format) == expected


@pytest.mark.parametrize(("number", "expected"), [(31, "2024-03-01"), (32, "12:00"), (55, "2024-03-01")])
def test_dates_of_korean_excel_are_dates(number: int, expected: str) -> None:
    assert number not in BUILTIN_FORMATS
    data = book([["값"], [0.5 if number == 32 else 45352]])
    data = edited(data, "xl/styles.xml", lambda xml: xml.replace('numFmtId="0"', f'numFmtId="{number}"'))
    assert text(data).endswith(f"| {expected} |")


def test_formulas_give_what_was_calculated() -> None:
    data = book([["값"], ["=1+1"], ["=A9"]])
    data = edited(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("<v></v>", "<v>2</v>", 1).replace("<v/>", "<v>2</v>", 1),
    )
    assert text(data) == "| 값 |\n|---|\n| 2 |"


def test_rich_text_has_no_readings_and_control_codes_are_signs() -> None:
    data = book([["값"], ["學校"], ["줄_x000D_\n끝_x0009_탭"]])
    data = edited(
        data,
        "xl/sharedStrings.xml",
        lambda xml: xml.replace("<t>學校</t>", "<r><t>學</t></r><r><t>校</t></r><rPh sb='0' eb='2'><t>학교</t></rPh>"),
    )
    assert text(data).split("\n")[2:] == ["| 學校 |", "| 줄 끝 탭 |"]


def test_empty_rows_and_columns_are_left_out() -> None:
    rows = [[], [None, "이름", None, "나이", ""], [], [None, "서윤", None, 17], [None, " ", None, None]]
    assert text(book(rows)) == "| 이름 | 나이 |\n|---|---|\n| 서윤 | 17 |"


def test_a_wrong_size_and_wide_gaps_lose_and_cost_nothing() -> None:
    def place(workbook: openpyxl.Workbook) -> None:
        workbook["시트1"]["XFD1048576"] = "끝"

    data = book(PEOPLE, change=place)
    data = edited(
        data, "xl/worksheets/sheet1.xml", lambda xml: re.sub('<dimension ref="[^"]*"', '<dimension ref="A1"', xml)
    )
    assert text(data).endswith("| 민호 | 18 |  |\n|  |  | 끝 |")


def test_rows_of_one_cell_above_a_table_are_its_caption() -> None:
    rows = [["인구 현황"], [None, "(단위: 명)"], ["시도", "인구"], ["서울", 9], ["합계"]]
    assert text(book(rows)) == "인구 현황\n\n(단위: 명)\n\n| 시도 | 인구 |\n|---|---|\n| 서울 | 9 |\n| 합계 |  |"
    assert text(book([["첫눈"], ["왔다"]])) == "| 첫눈 |\n|---|\n| 왔다 |"


def merge(*areas: str) -> Callable[[openpyxl.Workbook], None]:
    def change(workbook: openpyxl.Workbook) -> None:
        for area in areas:
            workbook["시트1"].merge_cells(area)

    return change


def test_merged_cells_are_repeated_down_so_that_rows_stand_alone() -> None:
    rows = [["시도", "구"], ["서울", "종로"], [None, "중구"], ["긴 글" * 30, "가"], [None, "나"]]
    assert text(book(rows, change=merge("A2:A3", "A4:A5"))).split("\n")[2:] == [
        "| 서울 | 종로 |",
        "| 서울 | 중구 |",
        f"| {'긴 글' * 30} | 가 |",
        "|  | 나 |",
    ]


def test_a_header_of_two_rows_becomes_one() -> None:
    rows = [["인구 현황"], ["시도", "2016", None, "비고"], [None, "계", "남자"], ["서울", 9, 4, "가"]]
    data = book(rows, change=merge("A1:F1", "A2:A3", "B2:C2", "D2:F3"))
    assert text(data) == "인구 현황\n\n| 시도 | 2016 계 | 2016 남자 | 비고 |\n|---|---|---|---|\n| 서울 | 9 | 4 | 가 |"


def test_a_first_row_merged_downwards_only_is_no_header_of_two_rows() -> None:
    rows = [["서울", "종로"], [None, "중구"]]
    assert text(book(rows, change=merge("A1:A2"))) == "| 서울 | 종로 |\n|---|---|\n| 서울 | 중구 |"


def test_named_columns_become_examples_and_other_sheets_stay_text() -> None:
    pieces = [["요청", "글", "장르", "태그"], ["첫눈 장면", "첫눈이 왔다.\n\n소리도 없이.", "로맨스", "눈; 겨울"]]
    table, piece = load_xlsx(PATH, book(pieces, PEOPLE)).parts
    assert table.text.startswith("# 시트2\n\n| 이름 |")
    assert piece.text == "첫눈이 왔다.\n\n소리도 없이."
    assert piece.example is not None
    assert (piece.example.request, piece.example.genre, piece.example.tags) == ("첫눈 장면", "로맨스", ("눈", "겨울"))


def strict(data: bytes) -> bytes:
    return edited(
        data,
        "xl/workbook.xml",
        lambda xml: xml.replace(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
        ),
    )


def with_entity(xml: str) -> str:
    return "<!DOCTYPE a [<!ENTITY b '글'>]>" + xml.replace("서윤", "&b;")


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (book([[]]), EmptyDocument, "값이 없습니다"),
        (book([["=1+1"]]), EmptyDocument, "값이 없습니다"),
        (book([["요청", "글"], ["첫눈", "왔다"], [], ["둘째", None]]), MalformedRecord, "4번째 줄"),
        (strict(book(PEOPLE)), UnsupportedFormat, "엄격한"),
        (edited(book(PEOPLE), "xl/worksheets/sheet1.xml", lambda xml: None), DamagedFile, "깨져"),
        (edited(book(PEOPLE), "xl/worksheets/sheet1.xml", lambda xml: xml[:-40]), DamagedFile, "깨져"),
        (
            edited(book(PEOPLE), "xl/worksheets/sheet1.xml", lambda xml: xml.replace('r="A2"', 'r="ZZZZ2"')),
            DamagedFile,
            "깨져",
        ),
        (edited(book(PEOPLE), "xl/sharedStrings.xml", lambda xml: "<a/>"), DamagedFile, "깨져"),
        (edited(book(PEOPLE), "xl/sharedStrings.xml", with_entity), DamagedFile, "깨져"),
        (edited(book(PEOPLE), "xl/workbook.xml", lambda xml: "<"), DamagedFile, "깨져"),
        (edited(book(PEOPLE), "[Content_Types].xml", lambda xml: "<Types/>"), DamagedFile, "깨져"),
        (book(PEOPLE)[:-40], DamagedFile, "깨져"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(data: bytes, error: type[IngestError], reason: str) -> None:
    with pytest.raises(error, match=reason) as caught:
        load_xlsx(PATH, data)
    assert "자료.xlsx" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("자료.xlsx", compound("EncryptionInfo", "EncryptedPackage"), EncryptedFile),
        ("옛.xls", compound("Workbook"), UnsupportedFormat),
    ],
)
def test_locked_and_old_workbooks_are_refused_with_a_way_out(name: str, data: bytes, error: type[IngestError]) -> None:
    with pytest.raises(error) as caught:
        load(Path(name), data)
    assert "저장" in caught.value.hint


@pytest.mark.parametrize(
    ("module", "limit", "value"),
    [(loader, "MAX_CELLS", 5), (loader, "MAX_CHARACTERS", 8), (archive, "MAX_UNPACKED", 900)],
)
def test_limits_hold(monkeypatch: pytest.MonkeyPatch, module: object, limit: str, value: int) -> None:
    data = book(PEOPLE)
    assert text(data)
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(FileTooLarge) as caught:
        load_xlsx(PATH, data)
    assert caught.value.hint


@pytest.mark.parametrize("area", ["A1:A1048576", "A1:XFD1"])
def test_merged_areas_without_end_are_bounded(monkeypatch: pytest.MonkeyPatch, area: str) -> None:
    monkeypatch.setattr(loader, "MAX_CELLS", 100)

    def place(workbook: openpyxl.Workbook) -> None:
        workbook["시트1"]["C500"] = "끝"
        workbook["시트1"].merge_cells("A1:A2")

    data = edited(book(PEOPLE, change=place), "xl/worksheets/sheet1.xml", lambda xml: xml.replace("A1:A2", area))
    with pytest.raises(FileTooLarge):
        load_xlsx(PATH, data)


def test_extensions_that_openpyxl_drops_warn_nobody() -> None:
    def validate(workbook: openpyxl.Workbook) -> None:
        workbook["시트1"].add_data_validation(DataValidation(type="list", formula1='"가,나"', sqref="A1"))

    extension = "<extLst><ext uri='{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}'/></extLst></worksheet>"
    data = edited(
        book(PEOPLE, change=validate),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("</worksheet>", extension),
    )
    assert isinstance(load_xlsx(PATH, data), Loaded)
