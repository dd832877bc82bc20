from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from ingest import EmptyDocument, IngestError, MalformedRecord, UndecodableText
from ingest.errors import FileTooLarge
from ingest.loaders import csv as loader
from ingest.loaders.csv import load_csv

PATH = Path("표.csv")


def text(source: str, path: Path = PATH, encoding: str = "utf-8") -> str:
    (part,) = load_csv(path, source.encode(encoding)).parts
    assert part.example is None
    return part.text


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_every_usual_table_is_read(delimiter: str, encoding: str) -> None:
    rows = [["이름", "나이", "말버릇"], ["서윤", "17", "그렇지, 뭐"], ["민호", "18", "응"]]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    expected = "| 이름 | 나이 | 말버릇 |\n|---|---|---|\n| 서윤 | 17 | 그렇지, 뭐 |\n| 민호 | 18 | 응 |"
    assert text(file.getvalue(), encoding=encoding) == expected


def test_the_header_comes_again_every_forty_rows() -> None:
    source = "번호,이름\n" + "".join(f"{number},사람{number}\n" for number in range(100))
    blocks = text(source).split("\n\n")
    assert [block.count("\n") - 1 for block in blocks] == [40, 40, 20]
    assert all(block.startswith("| 번호 | 이름 |\n|---|---|\n") for block in blocks)


def test_formulas_line_breaks_and_bars_are_text() -> None:
    source = '이름,값\n서윤,"=HYPERLINK(""http://a"",""눌러"")"\n민호,"첫 줄\n둘째|줄"\n'
    assert text(source).splitlines()[2:] == [
        '| 서윤 | =HYPERLINK("http://a","눌러") |',
        "| 민호 | 첫 줄 둘째\\|줄 |",
    ]


def test_dialogue_in_unquoted_tabs_keeps_its_quotation_marks() -> None:
    source = '이름\t말\n서윤\t"왔니?" 하고 물었다\n민호\t"응\n'
    assert text(source, Path("대사.tsv")).splitlines()[2:] == ['| 서윤 | "왔니?" 하고 물었다 |', '| 민호 | "응 |']


def test_commas_of_prose_make_no_columns() -> None:
    source = "문장\n그는, 말하자면, 갔다\n눈이 왔다\n아, 그랬다\n끝\n"
    assert text(source).splitlines()[2] == "| 그는, 말하자면, 갔다 |"


def test_a_separator_line_of_excel_is_obeyed() -> None:
    assert text("sep=;\n가;나\n1;2\n").startswith("| 가 | 나 |")


def test_rows_of_uneven_width_keep_every_cell() -> None:
    assert text("가,나\n1,2,3\n4,5\n6,7\n").splitlines() == [
        "| 가 | 나 |  |",
        "|---|---|---|",
        "| 1 | 2 | 3 |",
        "| 4 | 5 |  |",
        "| 6 | 7 |  |",
    ]


@pytest.mark.parametrize(
    "header", ["request,text", "prompt,completion", "question,answer", "요청,글", "질문,답", " 요청 ,글"]
)
def test_named_columns_become_examples(header: str) -> None:
    loaded = load_csv(PATH, f'{header}\n첫눈 장면,"첫눈이 왔다.\n\n소리도 없이."\n'.encode())
    (part,) = loaded.parts
    assert part.text == "첫눈이 왔다.\n\n소리도 없이."
    assert part.example is not None
    assert part.example.request == "첫눈 장면"


def test_what_else_is_known_of_an_example_is_kept() -> None:
    source = "글,장르,태그,split,번호\n첫눈이 왔다.,로맨스,눈; 겨울,heldout,7\n"
    example = load_csv(PATH, source.encode()).parts[0].example
    assert example is not None
    assert (example.genre, example.tags, example.split) == ("로맨스", ("눈", "겨울"), "heldout")


def test_a_request_without_a_text_column_stays_a_table() -> None:
    assert text("prompt,language\n첫눈을 써 줘,ko\n").startswith("| prompt | language |")


def test_a_whole_story_fits_in_a_cell() -> None:
    story = "첫눈이 왔다. " * 30_000
    loaded = load_csv(PATH, f'요청,글\n이야기,"{story}"\n'.encode())
    assert loaded.parts[0].text == story


@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        ("", EmptyDocument, "내용이 없습니다"),
        (",,\n,,\n", EmptyDocument, "내용이 없습니다"),
        ("요청,글\n첫눈,왔다\n\n둘째,\n", MalformedRecord, "4번째 줄"),
        ('이름,말\n서윤,"왔니?\n민호,응,응\n', MalformedRecord, "따옴표"),
    ],
)
def test_what_breaks_the_format_is_named(source: str, error: type[IngestError], reason: str) -> None:
    with pytest.raises(error, match=reason) as caught:
        load_csv(PATH, source.encode())
    assert "표.csv" in str(caught.value)
    assert caught.value.hint


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(UndecodableText):
        load_csv(PATH, b"\xff\x81\x00\xfe\xff\xff" * 3)


@pytest.mark.parametrize(("limit", "value"), [("MAX_BYTES", 5), ("MAX_CELLS", 3), ("MAX_CELL_CHARACTERS", 2)])
def test_limits_hold(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(loader, limit, value)
    with pytest.raises(FileTooLarge) as caught:
        load_csv(PATH, "가나다,라\n1,2\n3,4\n".encode())
    assert caught.value.hint
