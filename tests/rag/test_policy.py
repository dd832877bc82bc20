from __future__ import annotations

import pytest

from rag import KOREAN, measure_purity


@pytest.mark.parametrize("text", ["", "가힣 뷁쀍", "“안녕.” …", "1,200원 (약)", "줄\n바꿈", "《책》 — 「글」"])
def test_korean_text_is_allowed(text: str) -> None:
    assert KOREAN.disallowed(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("中国의 글", ["中", "国"]),
        ("hello", list("hello")),
        ("かな", ["か", "な"]),
        ("привет", list("привет")),
        ("<b>굵게</b>", ["<", "b", ">", "<", "b", ">"]),
        ("ㅋㅋ", ["ㅋ", "ㅋ"]),
        ("깨짐\ufffd", ["\ufffd"]),
        ("각", ["\u1100", "\u1161", "\u11a8"]),
        ("탭\t", ["\t"]),
        ("😀", ["😀"]),
    ],
)
def test_everything_else_is_found(text: str, found: list[str]) -> None:
    import unicodedata

    text = unicodedata.normalize("NFD", text) if found[0] == "\u1100" else text
    assert KOREAN.disallowed(text) == found


def test_literals_are_words_and_not_letters() -> None:
    policy = KOREAN.with_literals(("SolverX Fusion", "SolverX", "가나"))
    assert policy.literals == ("SolverX Fusion", "SolverX")
    assert policy.disallowed("SolverX Fusion과 SolverX를") == []
    assert policy.disallowed("Solver와 AIX") == list("SolverAIX")


def test_purity_counts_characters_and_scripts() -> None:
    purity = measure_purity("가나 ab 中", KOREAN)
    assert purity.disallowed == 3
    assert purity.hangul_ratio == pytest.approx(2 / 5)
    assert purity.contamination == pytest.approx(3 / 7)
    assert dict(purity.scripts) == {"LATIN": 2, "CJK": 1}
    assert measure_purity("", KOREAN).disallowed == 0
