"""Which rows of a table a condition in a question picks out: a bound on an amount, a denial, what is possible. Pure.

'장서가 십만 권이 넘는 도서관', '국산이 아닌 원료', '견학할 수 없는 공장'.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kg.quantities import NUMERALS, amount_of
from kg.tables import Table

_NATIVE = "|".join(sorted(NUMERALS, key=len, reverse=True))
_NUMBER = rf"\d[\d,.]*\s?[십백천만억조]*|[십백천만억]+|(?:{_NATIVE})"
# How an amount bounds what is asked for.
_BOUNDS: tuple[tuple[str, Callable[[float, float], bool]], ...] = (
    (r"이상", operator.ge),
    (r"이하", operator.le),
    (r"초과|넘|보다\s(?:더\s)?(?:많|크|높|비싸|비싼|무겁|무거|넓|길|긴)", operator.gt),
    (r"미만|안\s?되|안\s?넘|못\s?되|못\s?미치|넘지\s않|보다\s(?:더\s)?(?:적|작|낮|싸|싼|가볍|가벼|좁|짧)", operator.lt),
)
_BOUND = re.compile(
    rf"(?<![가-힣\d])(?P<number>{_NUMBER})\s?(?P<unit>[가-힣A-Za-z%㎡℃]{{1,4}}?)(?:이|가|을|를|도)?\s?"
    rf"(?P<how>{'|'.join(pattern for pattern, _ in _BOUNDS)})[가-힣]*"
)
_BARE_POWER = re.compile(r"^[십백천만억]")
_NOT = re.compile(r"(?:이|가|은|는)?\s?아닌(?=\s)")  # '무료 아닌가요?' asks whether it is
_YES = frozenset(["가능", "필요", "있음", "됨", "예", "o", "○", "유", "가능함"])
_NO = frozenset(["불가", "불가능", "불필요", "없음", "안됨", "아니요", "x", "×", "무", "없어도됨", "불가함"])


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows, each with the column by which they are picked, and the stretch of the question that says so."""

    rows: dict[int, int]
    start: int
    end: int


def bounds(text: str, table: Table, asked: Callable[[int], bool]) -> Iterator[Condition]:
    """Rows whose amount keeps within a bound of the question, by a column that is ``asked`` for, or the only one.

    '열 명이 안 되는', '십만 권이 넘는', '만 원 이상인'.
    """
    for found in _BOUND.finditer(text):
        number = _BARE_POWER.sub(lambda power: f"1{power.group()}", found["number"])
        limit = amount_of(f"{number} {found['unit']}") or amount_of(f"{number}{found['unit']}")
        if limit is None:
            continue
        holds = next(test for pattern, test in _BOUNDS if re.match(pattern, found["how"]))
        columns = [
            column
            for column in range(len(table.header))
            if all(
                (amount := amount_of(row[column].text)) is not None and amount.dimension == limit.dimension
                for row in table.rows
            )
        ]
        columns = [column for column in columns if asked(column)] or columns
        if len(columns) == 1:
            amounts = [amount_of(row[columns[0]].text) for row in table.rows]
            rows = {
                number: columns[0]
                for number, amount in enumerate(amounts)
                if amount is not None and holds(amount.value, limit.value)
            }
            yield Condition(rows, *found.span())


def denied_after(text: str, end: int) -> int:
    """Where '…이 아닌' behind what ends at ``end`` ends; ``end`` where nothing is denied."""
    found = _NOT.match(text, end)
    return found.end() if found else end


def is_polar(cells: Sequence[str]) -> bool:
    """Whether a column says of each row if something is so: 가능, 불가."""
    spelled = [cell.replace(" ", "").casefold() for cell in cells]
    known = [cell for cell in spelled if cell in _YES | _NO]
    return len(set(known)) > 1 and len(known) * 2 > len(spelled)


def polarity(cell: str) -> bool | None:
    """What a cell of such a column says; None where it says neither."""
    spelled = cell.replace(" ", "").casefold()
    return True if spelled in _YES else False if spelled in _NO else None
