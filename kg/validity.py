"""When a fact holds: dates of three precisions ('2021년', '2021년 3월', '2021년 3월 2일') and stretches of time.

Pure. A date stands for all its days: since 2021년 is since its first day, until 2021년 until its last. An episode of a
story ('163화') is a day of its own time, which lies before all years.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_DATE = re.compile(r"(\d{4})년(?: (\d{1,2})월(?: (\d{1,2})일)?)?")
_EPISODE = re.compile(r"(\d{1,4})화")
_NOW = 99991231  # where a source gives no end: the day on which it is read


class Validity(NamedTuple):
    """A stretch of time: ``since`` and ``until`` included, ``superseded`` the first date outside. '' is unknown."""

    since: str = ""
    until: str = ""
    superseded: str = ""

    def holds(self, at: str) -> bool:
        """Whether some day of the date ``at`` lies inside; what is unknown does not speak against it."""
        return (
            not (self.since and first_day(self.since) > last_day(at))
            and not (self.until and last_day(self.until) < first_day(at))
            and not (self.superseded and first_day(self.superseded) <= first_day(at))
        )

    def is_over(self, today: str) -> bool:
        """Whether it has ended: a newer fact stands in its place, or ``until`` lies before ``today``."""
        return bool(self.superseded) or bool(self.until and last_day(self.until) < first_day(today))

    def certain(self) -> tuple[int, int]:
        """The first and the last day (yyyymmdd) that surely lie inside; the first is later where none does.

        What has no dates surely holds when it is read; what has only an end surely held just before.
        An ``until`` that a source gives stands against ``superseded``, which only follows from other facts.
        """
        end = _NOW
        if self.superseded:
            end = first_day(self.superseded) - 1
        if self.until:
            end = first_day(self.until)
        if self.since:
            return last_day(self.since), end
        return end, end

    def contradicts(self, other: Validity) -> bool:
        """Whether a day surely lies inside both."""
        (start, end), (other_start, other_end) = self.certain(), other.certain()
        return (
            max(start, other_start) <= min(end, other_end)
            or other._lies_within(start, end)
            or self._lies_within(other_start, other_end)
        )

    def _lies_within(self, start: int, end: int) -> bool:
        return bool(self.since and self.until) and start <= first_day(self.since) and last_day(self.until) <= end


ALWAYS = Validity()


def is_date(text: str) -> bool:
    """Whether ``text`` is a date in the form in which facts hold it."""
    return (_DATE.fullmatch(text) or _EPISODE.fullmatch(text)) is not None


def first_day(date: str) -> int:
    """The first day of a date as yyyymmdd.

    Raises:
        ValueError: not a date.
    """
    if episode := _EPISODE.fullmatch(date):
        return int(episode[1])
    year, month, day = _parts(date)
    return year * 10000 + (month or 1) * 100 + (day or 1)


def last_day(date: str) -> int:
    """The last day of a date as yyyymmdd; every month is given 31 days, which no comparison sees.

    Raises:
        ValueError: not a date.
    """
    if episode := _EPISODE.fullmatch(date):
        return int(episode[1])
    year, month, day = _parts(date)
    return year * 10000 + (month or 12) * 100 + (day or 31)


def common(first: Validity, second: Validity) -> Validity | None:
    """The time that two stretches share; None where they share none."""
    if first == second:
        return first
    since = max(first.since, second.since, key=lambda date: (first_day(date) if date else 0, date))
    until = min(first.until, second.until, key=lambda date: (last_day(date) if date else _NOW, date))
    superseded = min(first.superseded, second.superseded, key=lambda date: (first_day(date) if date else _NOW, date))
    if since and until and first_day(since) > last_day(until):
        return None
    if since and superseded and first_day(since) >= first_day(superseded):
        return None
    return Validity(since, until, superseded)


@lru_cache(maxsize=4096)
def _parts(date: str) -> tuple[int, int, int]:
    found = _DATE.fullmatch(date)
    if found is None:
        raise ValueError(f"'{date}'은(는) '2021년', '2021년 3월', '2021년 3월 2일' 꼴의 날짜가 아닙니다.")
    year, month, day = found.groups(default="0")
    return int(year), int(month), int(day)
