"""Literals in Korean text: years, dates, quantities and free text, with one canonical form each.

Pure. A pattern here matches text; ``canonical`` turns what matched into the form that the graph keeps.
"""

from __future__ import annotations

import re

from kg import quantities

UNITS = "|".join(sorted({*quantities.UNITS, *quantities.COUNTERS}, key=lambda unit: (-len(unit), unit)))
DATE = r"\d{4}\s?년(?:도)?(?:\s?\d{1,2}\s?월(?:\s?\d{1,2}\s?일)?)?|\d{4}[-./]\s?\d{1,2}[-./]\s?\d{1,2}\.?"
_NUMBER = r"\d[\d,]*(?:\.\d+)?(?:\s?[십백천만억조]+(?:\s?\d[\d,]*)?)*"
_DATE_PARTS = re.compile(r"(\d{4})\s?(?:년도?|[-./])(?:\s?(\d{1,2})\s?(?:월|[-./]|$)(?:\s?(\d{1,2}))?)?")

# Regular expressions without groups, by literal class.
PATTERNS: dict[str, str] = {
    "연도": f"(?:{DATE})",
    "날짜": f"(?:{DATE})",
    "수량": rf"(?<![\d.,])(?:{_NUMBER})\s?(?:{UNITS})(?![A-Za-z])",
    "글": r"(?:[\"“‘'「『][^\"”’'」』\n]+[\"”’'」』]|[^\s,.;|\"“”][^,.;|\n\"“”]{0,79}?)",
}


def canonical(cls: str, text: str) -> str | None:
    """The form under which the graph keeps a literal; None where ``text`` is no literal of that class.

    A year is '2019년', a date '2019년 3월 2일' (or less precise) or '163화' of a story, a quantity '1,200명'.
    """
    text = " ".join(text.split())
    match cls:
        case "연도":
            found = re.match(r"(\d{4})", text)
            return f"{found.group(1)}년" if found else None
        case "날짜":
            return _date(text)
        case "수량":
            found = re.fullmatch(rf"({_NUMBER})\s?({UNITS})", text)
            return f"{found.group(1)}{_space(found.group(1))}{found.group(2)}" if found else None
        case "글":
            return text.strip("\"“”‘’'「」『』 ") or None
    return None


def _date(text: str) -> str | None:
    if episode := re.fullmatch(r"(\d{1,4})\s?화", text):
        return f"{int(episode[1])}화"
    found = _DATE_PARTS.match(text) or re.fullmatch(r"(\d{4})()()", text)
    if not found:
        return None
    year, month, day = found.groups()
    if not 1 <= int(month or 1) <= 12 or not 1 <= int(day or 1) <= 31:
        return None
    parts = [f"{year}년"]
    if month:
        parts.append(f"{int(month)}월")
        if day:
            parts.append(f"{int(day)}일")
    return " ".join(parts)


def _space(number: str) -> str:
    """'3억 원' but '42명'."""
    return " " if number[-1] in "십백천만억조" else ""
