"""Conditions on rows: bounds, denials, what is possible, opening hours; and notices that outweigh a table."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kg_world import asking

from ingest import Korean
from kg import extend, general_ontology, parse_ontology

WORLD = """
name = "mall"
title = "한마당 상가"
[classes."가게"]
parent = "장소"
""" + "".join(
    f'[[entities]]\nname = "{name}"\nclass = "가게"\n' for name in ("별국수", "달서점", "해문구", "솔찻집")
)  # fmt: skip
TEXT = """# 한마당 상가

| 가게 | 자리 수 | 예약 | 배달비 | 쓰는 재료 |
|---|---|---|---|---|
| 별국수 | 42석 | 가능 | 3,000원 | 밀, 멸치 |
| 달서점 | 8석 | 불가 | 무료 | - |
| 해문구 | 120석 | 가능 | 2,500원 | 종이 |
| 솔찻집 | 16석 | 전화로 물어볼 것 | 무료 | 솔잎, 꿀 |

## 여는 때

| 가게 | 평일 | 주말 | 쉬는 날 |
|---|---|---|---|
| 별국수 | 11:00~20:00 | 11:00~15:00 | 월요일 |
| 달서점 | 10:00~19:00 | 13:00~19:00 | 수요일 |
| 해문구 | 09:00~18:00 | 10:00~14:00 | 수요일 |

## 할 일

| 일 | 맡은 이 | 끝낼 날 |
|---|---|---|
| 달서점 간판 교체 | 한마루 | 2026년 3월 2일 |
| 별국수 바닥 공사 | 도가온 | 2026년 4월 9일 |

## 알림

2026년 2월 1일부터 해문구는 평일 밤 9시까지 문을 연다.
"""


@pytest.fixture(scope="module")
def ask(korean: Korean) -> Callable[[str], str | None]:
    return asking(TEXT, extend(general_ontology(), parse_ontology(WORLD, "mall.toml")), korean)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("자리가 스무 석이 안 되는 가게는 어디인가요?", "달서점, 솔찻집입니다."),
        ("자리가 마흔두 석 이상인 가게를 모두 알려 주세요.", "별국수, 해문구입니다."),
        ("배달비가 삼천 원인 가게는?", None),  # numerals of that kind are not read
        ("배달비가 2,500원이 넘는 가게는 어디예요?", None),  # 무료 is no amount: what it is, is not said
        ("자리가 백 석이 넘는 가게는?", "해문구입니다."),
        ("예약할 수 없는 가게는 어디인가요?", "달서점입니다."),
        ("예약이 가능한 가게는 어디예요?", "별국수, 해문구입니다."),
        ("별국수는 예약할 수 있나요?", "예. 별국수의 예약은 가능입니다."),
        ("달서점은 예약할 수 있나요?", "아니요. 달서점의 예약은 불가입니다."),
        ("솔찻집은 예약할 수 있나요?", None),  # the cell says neither
        ("별국수는 배달비를 내야 하나요?", "예. 별국수의 배달비는 3,000원입니다."),
        ("달서점은 배달비를 내야 하나요?", "아니요. 달서점의 배달비는 무료입니다."),
        ("멸치를 쓰는 가게는 어디인가요?", "별국수입니다."),  # one of what a cell lists
        ("달서점은 토요일에 몇 시까지 열어요?", "달서점의 주말은 13:00~19:00입니다."),
        ("별국수는 평일에 몇 시에 문을 닫나요?", "별국수의 평일은 11:00~20:00입니다."),
        ("별국수는 몇 시에 문을 닫나요?", None),  # on which days?
        ("쉬는 날이 수요일인 가게는 어디인가요?", "달서점, 해문구입니다."),
        ("달서점은 쉬는 날이 무슨 요일인가요?", "달서점의 쉬는 날은 수요일입니다."),
        ("달서점은 배달비가 무료 아닌가요?", "예. 달서점의 배달비는 무료입니다."),
        ("달서점 간판 교체는 누가 맡았나요?", "달서점 간판 교체의 맡은 이는 한마루입니다."),
        # A notice with a day outweighs the table.
        ("해문구는 평일에 몇 시까지 문을 여나요?", "2026년 2월 1일부터 해문구는 평일 밤 9시까지 문을 연다."),
    ],
)
def test_conditions(ask: Callable[[str], str | None], question: str, expected: str | None) -> None:
    assert ask(question) == expected


def test_a_denied_value_picks_the_other_rows_and_never_its_own(ask: Callable[[str], str | None]) -> None:
    assert ask("배달비가 무료가 아닌 가게는 어디인가요?") == "별국수, 해문구입니다."
    assert ask("자리가 없는 가게는 어디인가요?") is None
