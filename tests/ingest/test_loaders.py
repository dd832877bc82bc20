from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ingest import (
    EmptyDocument,
    IngestError,
    MalformedRecord,
    UndecodableText,
    UnreadableFile,
    UnsupportedFormat,
)
from ingest.loaders import is_supported, is_zip, load, members
from tests.ingest.test_loader_docx import p, package, zipped
from tests.ingest.test_loader_xlsx import book

TEXT = "똠얌꿍을 먹고 펲시를 마신 서윤이 웃었다."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp949"])
def test_every_usual_encoding_is_read_exactly(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "글.txt"
    path.write_bytes(TEXT.encode(encoding))
    assert load(path).parts[0].text == TEXT


def test_bytes_of_no_encoding_are_refused_and_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "깨짐.txt"
    path.write_bytes(b"\xff\x81\x00\xfe\xff\xff" * 3)
    with pytest.raises(UndecodableText) as caught:
        load(path)
    assert "깨짐.txt" in str(caught.value)
    assert caught.value.hint


def test_the_first_heading_is_the_title(tmp_path: Path) -> None:
    path = tmp_path / "설정.md"
    path.write_text("머리말\n\n## 왕국의 역사 ##\n\n본문", "utf-8")
    assert load(path).title == "왕국의 역사"


def test_rows_become_parts_with_what_is_known_of_them(tmp_path: Path) -> None:
    path = tmp_path / "글.jsonl"
    path.write_text(
        '{"request": "첫눈 장면", "text": "첫눈이 왔다.", "genre": "로맨스", "split": "heldout", "tags": ["눈"]}\n'
        '\n{"question": "너는 누구니?", "answer": "저는 Loop AI예요."}\n',
        "utf-8",
    )
    first, second = load(path).parts
    assert first.example is not None
    assert (first.example.request, first.example.genre, first.example.split) == ("첫눈 장면", "로맨스", "heldout")
    assert first.example.tags == ("눈",)
    assert second.text == "저는 Loop AI예요."
    assert second.example is not None
    assert second.example.request == "너는 누구니?"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_only_line_ends_separate_rows(end: str) -> None:
    pieces = ["첫눈이\u2028왔다.", "소리도\u2029없이.", "다음\u0085줄.", "쪽\\f끝."]
    source = end.join(f'{{"text": "{piece}"}}' for piece in pieces)
    loaded = load(Path("글.jsonl"), source.encode())
    assert [part.text for part in loaded.parts] == [*pieces[:3], "쪽\f끝."]


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[1, 2]",
        '{"request": "글 없음"}',
        '{"text": ""}',
        '{"text": "글", "tags": "낱말"}',
        '{"text": "글", "tags": [["낱말"]]}',
        "[" * 100_000,
        '{"text": "글", "수": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"text": "글", "tags": ' + "[" * 900 + "]" * 900 + "}",
        '{"text": "글", "수": ' + "1" * 5_000 + "}",
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "글.jsonl"
    path.write_text('{"text": "좋은 줄"}\n' + row + "\n", "utf-8")
    with pytest.raises(MalformedRecord, match="2번째 줄"):
        load(path)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("글.txt", "첫눈이 왔다.".encode(), "첫눈이 왔다."),
        ("글.md", "# 첫눈".encode(), "# 첫눈"),
        ("글.jsonl", '{"text": "첫눈"}'.encode(), "첫눈"),
        ("글.json", '{"이름": "서윤"}'.encode(), "이름: 서윤"),
        ("표.csv", "이름,나이\n서윤,17\n".encode("cp949"), "| 이름 | 나이 |\n|---|---|\n| 서윤 | 17 |"),
        ("글.html", "<p>첫눈</p>".encode(), "첫눈"),
        ("글.docx", package(p("첫눈")), "첫눈"),
        ("표.xlsx", book([["이름", "나이"], ["서윤", 17]]), "| 이름 | 나이 |\n|---|---|\n| 서윤 | 17 |"),
        ("왕국/ontology.toml", "[관계]".encode(), "[관계]"),
        # By content, whatever the name.
        ("글.hwp", package(p("첫눈")), "첫눈"),
        ("글.xls", book([["첫눈"]]), "| 첫눈 |\n|---|"),
    ],
)
def test_every_format_is_read_by_its_loader(name: str, data: bytes, expected: str) -> None:
    assert load(Path(name), data).parts[0].text == expected


def test_what_is_given_is_read_and_not_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "글.txt"
    path.write_text("디스크의 글", "utf-8")
    assert load(path, "준 글".encode()).parts[0].text == "준 글"
    assert load(path).parts[0].text == "디스크의 글"


@pytest.mark.parametrize("name", ["글.txt", "글.docx", "글.xlsx", "글.pdf", "글.zip", "글.jsonl", "글"])
def test_a_file_of_no_bytes_is_empty(name: str) -> None:
    with pytest.raises(EmptyDocument, match="0바이트") as caught:
        load(Path(name), b"")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(
            (f"글{suffix}", True)
            for suffix in (".txt", ".PDF", ".docx", ".docm", ".xlsx", ".hwpx", ".epub", ".zip", ".tsv")
        ),
        ("왕국/ontology.toml", True),
        *((f"글{suffix}", False) for suffix in (".toml", ".xls", ".doc", ".pptx", ".png", ".7z", "")),
    ],
)
def test_what_is_taken_from_a_folder_goes_by_the_name(name: str, expected: bool) -> None:
    assert is_supported(Path(name)) is expected


def test_a_zip_is_read_member_by_member() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("1화.txt", "첫눈이 왔다.")
        file.writestr("폴더/2화.docx", package(p("녹았다.")))
        file.writestr("그림.png", b"\x89PNG")
        file.writestr("안.zip", zipped({"글.txt": "첫눈"}))
    path, data = Path("원고.zip"), buffer.getvalue()
    assert is_zip(path, data)
    with pytest.raises(UnsupportedFormat):
        load(path, data)
    texts: dict[str, str] = {}
    for member in members(path, data):
        try:
            texts[member.name] = load(path / member.name, member.data).parts[0].text
        except UnsupportedFormat as error:
            texts[member.name] = type(error).__name__
    assert texts == {
        "1화.txt": "첫눈이 왔다.",
        "폴더/2화.docx": "녹았다.",
        "그림.png": "UnsupportedFormat",
        "안.zip": "UnsupportedFormat",
    }


@pytest.mark.parametrize(("name", "error"), [("없음.txt", UnreadableFile), ("그림.png", UnsupportedFormat)])
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, name: str, error: type[IngestError]) -> None:
    path = tmp_path / name
    if path.suffix == ".png":
        path.write_bytes(b"\x89PNG")
    with pytest.raises(error) as caught:
        load(path)
    assert caught.value.hint
