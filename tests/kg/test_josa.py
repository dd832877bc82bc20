from __future__ import annotations

import pytest

from kg.josa import fill, with_particle


@pytest.mark.parametrize(
    ("word", "particle", "expected"),
    [
        ("서울", "은", "서울은"),
        ("본사", "은", "본사는"),
        ("서울", "으로", "서울로"),
        ("부산", "으로", "부산으로"),
        ("닭", "이", "닭이"),
        ("2022년", "을", "2022년을"),
        ("3.2", "은", "3.2는"),
        ("3.1", "으로", "3.1로"),
        ("10", "이", "10이"),
        ("SolverX", "은", "SolverX는"),
        ("Fusion", "을", "Fusion을"),
        ("Lab", "이", "Lab이"),
        ("GPU", "과", "GPU와"),
        ("(주)가람", "이", "(주)가람이"),
    ],
)
def test_allomorphs(word: str, particle: str, expected: str) -> None:
    assert with_particle(word, particle) == expected


def test_fill_takes_either_form_and_the_korean_reading() -> None:
    assert fill("{subject}에는 {object}가 있다.", subject="본사", object="강당") == "본사에는 강당이 있다."
    assert fill("{subject}은 간다.", {"Engine": "엔진"}, subject="Engine") == "Engine은 간다."
    assert fill("{subject}이었다, {object}이며", subject="여우", object="곰") == "여우였다, 곰이며"
