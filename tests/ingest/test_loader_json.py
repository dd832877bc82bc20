from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest import EmptyDocument, IngestError, MalformedRecord, UndecodableText
from ingest.errors import DamagedFile, FileTooLarge
from ingest.loaders import json_file
from ingest.loaders.json_file import load_json

PATH = Path("자료.json")


def text(value: Any) -> str:
    (part,) = load_json(PATH, json.dumps(value, ensure_ascii=False).encode()).parts
    assert part.example is None
    return part.text


def test_an_array_of_rows_is_read_as_jsonl() -> None:
    rows = [
        {"request": "첫눈", "text": "첫눈이\u2028왔다.", "genre": "로맨스"},
        {"question": "누구니?", "answer": "나야."},
    ]
    first, second = load_json(PATH, json.dumps(rows, ensure_ascii=False).encode()).parts
    assert first.text == "첫눈이\u2028왔다."
    assert first.example is not None
    assert first.example.genre == "로맨스"
    assert second.example is not None
    assert second.example.request == "누구니?"


def test_json_lines_under_the_name_of_json_are_rows() -> None:
    loaded = load_json(PATH, '{"text": "하나"}\n{"text": "둘"}\n'.encode())
    assert [part.text for part in loaded.parts] == ["하나", "둘"]


@pytest.mark.parametrize(
    "turns",
    [
        [{"speaker": "서윤", "utterance": "왔니?"}, {"speaker": "민호", "utterance": "응."}],
        [{"화자": "서윤", "발화": "왔니?"}, {"화자": "민호", "발화": "응."}],
        [{"이름": "서윤", "대사": "왔니?"}, {"이름": "민호", "대사": "응."}],
        [{"role": "서윤", "content": "왔니?"}, {"role": "민호", "content": "응."}],
        [{"speaker": {"id": 1, "name": "서윤"}, "text": "왔니?"}, {"speaker": "민호", "text": "응."}],
    ],
)
def test_turns_become_lines_of_speech(turns: list[dict[str, Any]]) -> None:
    assert text(turns) == "서윤: 왔니?\n민호: 응."


def test_metadata_of_a_dialogue_becomes_a_sentence_before_it() -> None:
    value = {
        "info": {
            "title": "첫 만남",
            "topic": "여행",
            "participants": ["서윤", "민호"],
            "상황": "둘이 카페에서 만났다.",
        },
        "dialogue": [{"speaker": "서윤", "utterance": "왔니?"}, {"speaker": "민호", "utterance": "응."}],
    }
    written = text(value)
    assert written == (
        "이 대화의 제목은 첫 만남, 주제는 여행, 말하는 사람은 서윤, 민호입니다.\n\n"
        "상황: 둘이 카페에서 만났다.\n\n서윤: 왔니?\n민호: 응."
    )
    assert not set('{}[]"') & set(written)


def test_many_dialogues_stay_apart() -> None:
    turn = {"speaker": "서윤", "utterance": "왔니?"}
    value = {"data": [{"주제": "눈", "dialogue": [turn]}, {"주제": "비", "dialogue": [turn]}]}
    assert text(value) == "이 대화의 주제는 눈입니다.\n\n서윤: 왔니?\n\n이 대화의 주제는 비입니다.\n\n서윤: 왔니?"


def test_objects_become_lines() -> None:
    value = {
        "이름": "서윤",
        "나이": 17,
        "마법사": False,
        "별명": None,
        "좋아하는 것": ["눈", "바다"],
        "가족": {"어머니": "현주", "집": {"도시": "부산"}},
        "사건": [{"해": 1, "일": "만났다."}, {"해": 2, "일": "헤어졌다.\n다시는 못 봤다."}],
    }
    assert text(value) == (
        "이름: 서윤\n나이: 17\n마법사: 아니요\n좋아하는 것: 눈, 바다\n"
        "가족:\n- 어머니: 현주\n- 집:\n  - 도시: 부산\n"
        "사건:\n- 해: 1\n  일: 만났다.\n- 해: 2\n  일: 헤어졌다.\n  다시는 못 봤다."
    )


def test_records_of_an_array_stay_apart() -> None:
    assert text([{"이름": "서윤"}, {"이름": "민호"}]) == "이름: 서윤\n\n이름: 민호"


def test_the_title_is_the_documents_own() -> None:
    assert load_json(PATH, '{"제목": "왕국", "왕": "민호"}'.encode()).title == "왕국"
    assert load_json(PATH, '{"왕": "민호"}'.encode("cp949")).title == "자료"


@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        ("", EmptyDocument, "빈 파일"),
        ('{"가": [], "나": null}', EmptyDocument, "값이 없습니다"),
        ('{"가": 1,\n "나" 2}', DamagedFile, "2번째 줄"),
        ('{"수": ' + "1" * 5000 + "}", MalformedRecord, "너무 깁니다"),
        ('[{"text": "글", "수": ' + "-" + "1" * 5000 + "}]", MalformedRecord, "너무 깁니다"),
        ('[{"text": "글", "수": ' + "[" * 900 + "]" * 900 + "}]", FileTooLarge, "너무 깊이"),
        ('[{"text": "글"}, {"request": "글 없음"}]', MalformedRecord, "2번째 항목"),
        ("[" * 100_000, FileTooLarge, "너무 깊이"),
        ("[" * 100 + '"글"' + "]" * 100, FileTooLarge, "너무 깊이"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(source: str, error: type[IngestError], reason: str) -> None:
    with pytest.raises(error, match=reason) as caught:
        load_json(PATH, source.encode())
    assert "자료.json" in str(caught.value)
    assert caught.value.hint


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(UndecodableText):
        load_json(PATH, b"\xff\x81\x00\xfe\xff\xff" * 3)


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "MAX_BYTES", 5)
    with pytest.raises(FileTooLarge):
        load_json(PATH, b'{"a": 1}')
