from __future__ import annotations

import unicodedata

import pytest

from ingest import clean, hangul_ratio


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("안녕하세요", "안녕하세요"),
        (unicodedata.normalize("NFD", "서윤은 웃었다."), "서윤은 웃었다."),
        ("안녕하세요, 반갑습니다".encode("cp949").decode("latin-1"), "안녕하세요, 반갑습니다"),
        ("줄\r\n바꿈\r끝", "줄\n바꿈\n끝"),
        ("영\u200b폭\u00ad과 \u202e방향", "영폭과 방향"),
        ("널\x00과 종\x07", "널과 종"),
        ("특수\u00a0공백\u2003둘", "특수 공백 둘"),
        ("빈\n\n\n\n\n\n줄", "빈\n\n\n줄"),
        ("반쪽 \ud83d 글자", "반쪽 ? 글자"),
    ],
)
def test_dirt_is_removed(dirty: str, tidy: str) -> None:
    assert clean(dirty).text == tidy


@pytest.mark.parametrize(
    "manuscript",
    [
        "“정말?” ‘그럴 리가.’ …",
        "「책」과 《영화》 — 그리고 ·",
        "ＡＢＣ 전각 １２３",
        "ﬁ 이음글자",
        "ㅋㅋㅋ ㅠㅠ",
        "大韓民國(대한민국)",
        "café naïve",
        "a &lt; b",
        "x = 1\n\n    y = 2",
    ],
)
def test_a_manuscript_is_not_edited(manuscript: str) -> None:
    cleaned = clean(manuscript)
    assert cleaned.text == manuscript
    assert cleaned.changes == ()


def test_every_change_is_counted() -> None:
    changes = {change.name: change.count for change in clean("가\u200b나\u200b다\x00").changes}
    assert changes["보이지 않는 글자 제거"] == 2


def test_cleaning_twice_changes_nothing_more() -> None:
    once = clean("¾È³çÇÏ¼¼¿ä\u200b\r\n" + unicodedata.normalize("NFD", "각") + "  \n\n\n\n\n")
    assert clean(once.text).text == once.text


@pytest.mark.parametrize(("text", "ratio"), [("가나 다", 1.0), ("abc", 0.0), ("", 0.0), ("가a", 0.5), ("123", 0.0)])
def test_hangul_ratio(text: str, ratio: float) -> None:
    assert hangul_ratio(text) == ratio
