from __future__ import annotations

import pytest

from kg.modality import mode_of, period_of


@pytest.mark.parametrize(
    ("before", "tail", "mode"),
    [
        ("부산에 ", "한다", "asserted"),
        ("부산에 ", "하지 않는다", "denied"),
        ("부산에 ", "하지는 못했다", "denied"),
        ("부산에 ", "한 적이 없다", "denied"),
        ("이안이 ", "이 아니라", "denied"),
        ("고기를 안 ", "는다", "denied"),
        ("부산으로 ", "할 예정이다", "planned"),
        ("부산으로 ", "하기로 했다", "planned"),
        ("부산으로 ", "하려고 한다", "planned"),
        ("부산으로 ", "할 것이다", "planned"),
        ("부산에 ", "한다고 한다", "reported"),
        ("부산에 ", "한 것으로 알려졌다", "reported"),
        ("부산에 ", "했다는 소문이 있다", "reported"),
        ("한때 부산에 ", "했다", "former"),
        ("부산에 ", "했었다", "former"),
        ("대표", "였으나", "former"),
        ("부산에 ", "할 수 있다", None),
        ("부산에 ", "한다면", None),
        ("부산을 ", "다면", None),
        ("부산에 ", "해야 한다", None),
        ("부산에 ", "하는지", None),
    ],
)
def test_how_something_is_said(before: str, tail: str, mode: str | None) -> None:
    assert mode_of(before, tail) == mode


def test_a_verb_that_denies_is_denied_by_not() -> None:
    assert mode_of("퓨전이 ", "다", negated=True) == "denied"
    assert mode_of("퓨전이 ", "지 않다", negated=True) == "asserted"


@pytest.mark.parametrize(
    ("clause", "stem", "period"),
    [
        ("2021년부터 대표를 맡고 있다", "맡", ("2021년", "")),
        ("2021년 3월 2일부터 2023년까지 대표였다", "이", ("2021년 3월 2일", "2023년")),
        ("2021.3.2.~2023.4.5. 대표", "이", ("2021년 3월 2일", "2023년 4월 5일")),
        ("2026년 1월 1일 출고분부터 값은 5,900원이다", "이", ("2026년 1월 1일", "")),
        ("2024년에 대표로 취임했다", "취임", ("2024년", "")),
        ("2024년에 책을 썼다", "쓰", ("", "")),
        ("값은 그대로이다", "이", ("", "")),
    ],
)
def test_from_when_until_when(clause: str, stem: str, period: tuple[str, str]) -> None:
    assert period_of(clause, stem) == period


def test_a_notice_gives_the_year() -> None:
    assert period_of("12월 1일부터 군산 공장을 이끕니다", "이끌", "2025년") == ("2025년 12월 1일", "")
    assert period_of("12월 1일부터 군산 공장을 이끕니다", "이끌") == ("", "")
