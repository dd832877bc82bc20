from __future__ import annotations

import pytest

from kg.quantities import Amount, amount_of, fits_unit


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("3억 2천만 원", "원", 320_000_000),
        ("2억", "", 200_000_000),
        ("1.5km", "길이", 1500),
        ("1,050g", "무게", 1050),
        ("1.05kg", "무게", 1050),
        ("약 3시간", "시간", 10_800),
        ("180분", "시간", 10_800),
        ("14일 전", "시간", 14 * 86_400),
        ("이틀", "시간", 2 * 86_400),
        ("60명 남짓", "사람", 60),
        ("지하 1층", "층", -1),
        ("3층에 있다", "층", 3),
        ("38세", "나이", 38),
        ("두 곳", "곳", 2),
        ("열두 명", "사람", 12),
        ("0.6%", "비율", 0.6),
        ("312,400권", "권", 312_400),
    ],
)
def test_what_a_text_says_how_much(text: str, dimension: str, value: float) -> None:
    assert amount_of(text) == Amount(dimension, pytest.approx(value))


@pytest.mark.parametrize("text", ["가능", "무료", "—", "", "월요일"])
def test_what_says_no_amount(text: str) -> None:
    assert amount_of(text) is None


def test_dates_are_in_order() -> None:
    dates = ["2019년", "2024년 3월", "2024년 3월 2일", "2024-03-03", "2024. 4. 1.", "2025년 1월 1일"]
    amounts = [amount_of(date) for date in dates]
    values = [amount.value for amount in amounts if amount]
    assert len(values) == len(dates)
    assert values == sorted(values)


@pytest.mark.parametrize(("unit", "dimension"), [("살", "나이"), ("명", "사람"), ("권", "권"), ("시간", "시간")])
def test_units_of_a_dimension(unit: str, dimension: str) -> None:
    assert fits_unit(unit, dimension)
    assert not fits_unit("층", dimension)
