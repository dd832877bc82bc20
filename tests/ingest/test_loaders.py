from __future__ import annotations

from pathlib import Path

import pytest

from ingest import IngestError, MalformedRecord, UndecodableText, UnreadableFile, UnsupportedFormat, load

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


@pytest.mark.parametrize(
    "row", ["{", "[1, 2]", '{"request": "글 없음"}', '{"text": ""}', '{"text": "글", "tags": "낱말"}', "[" * 100_000]
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "글.jsonl"
    path.write_text('{"text": "좋은 줄"}\n' + row + "\n", "utf-8")
    with pytest.raises(MalformedRecord, match="2번째 줄"):
        load(path)


@pytest.mark.parametrize(("name", "error"), [("없음.txt", UnreadableFile), ("그림.png", UnsupportedFormat)])
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, name: str, error: type[IngestError]) -> None:
    path = tmp_path / name
    if path.suffix == ".png":
        path.write_bytes(b"\x89PNG")
    with pytest.raises(error) as caught:
        load(path)
    assert caught.value.hint
