"""Cleaning that never harms a manuscript. Pure: text in, text and a count of the changes out.

Quotation marks, full-width forms and ligatures of the manuscript stay: ftfy's defaults would edit them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import ftfy

_FTFY = ftfy.TextFixerConfig(
    uncurl_quotes=False,
    fix_character_width=False,
    fix_latin_ligatures=False,
    unescape_html=False,
    normalization="NFC",
    explain=False,
)
# Invisible characters that break search and few-shot prompts: zero-width marks, bidi controls, tags, soft hyphen.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
_LATIN1_RUN = re.compile("[\u00a1-\u00ff]{4,}(?:[\x20-\x7e\u00a0-\u00ff]*[\u00a1-\u00ff]{2,})*")
_MANY_BLANK_LINES = re.compile(r"\n{4,}")


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change and how often it was made."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Cleaned text and what was done to it."""

    text: str
    changes: tuple[Change, ...]


def clean(text: str) -> Cleaned:
    """Repair and normalise ``text``; the result is NFC with ``\\n`` line ends.

    CP949 mojibake is repaired before ftfy runs, because ftfy damages it irreversibly
    (rspeer/python-ftfy issue 29).
    """
    changes: list[Change] = []
    text = text.encode("utf-8", "replace").decode() if _has_lone_surrogates(text) else text
    text = _counted(changes, "CP949 깨짐 복구", *_repair_cp949(text))
    fixed = ftfy.fix_text(text, _FTFY)
    text = _counted(changes, "글자 정규화", fixed, int(unicodedata.normalize("NFC", text) != fixed))
    for name, pattern, replacement in (
        ("보이지 않는 글자 제거", _INVISIBLE, ""),
        ("제어 문자 제거", _CONTROL, ""),
        ("특수 공백 정리", _ODD_SPACE, " "),
        ("빈 줄 정리", _MANY_BLANK_LINES, "\n\n\n"),
    ):
        text = _counted(changes, name, *pattern.subn(replacement, text))
    return Cleaned(text.strip("\n "), tuple(changes))


def hangul_ratio(text: str) -> float:
    """Hangul syllables among letters, 0.0 to 1.0; 0.0 where there is no letter."""
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return 0.0
    return sum("가" <= character <= "힣" for character in letters) / len(letters)


def _counted(changes: list[Change], name: str, text: str, count: int) -> str:
    if count:
        changes.append(Change(name, count))
    return text


def _has_lone_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _repair_cp949(text: str) -> tuple[str, int]:
    """CP949 bytes once read as Latin-1 ('¾È³ç') become Hangul again; anything doubtful stays."""
    repaired = 0

    def repair(match: re.Match[str]) -> str:
        nonlocal repaired
        try:
            candidate = match.group().encode("latin-1").decode("cp949")
        except UnicodeError:
            return match.group()
        if hangul_ratio(candidate) < 0.9:
            return match.group()
        repaired += 1
        return candidate

    return _LATIN1_RUN.sub(repair, text), repaired
