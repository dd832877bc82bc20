"""Korean particles that change with the final consonant (받침) of the word before them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

# After a consonant -> after a vowel. Longest first where one begins another.
ALLOMORPHS: Mapping[str, str] = {
    "이에요": "예요",
    "으로": "로",
    "이었": "였",
    "이라": "라",
    "이며": "며",
    "이고": "고",
    "이나": "나",
    "이다": "다",
    "이란": "란",
    "이자": "자",
    "은": "는",
    "이": "가",
    "을": "를",
    "과": "와",
}
_OPEN = ("이라", "이었", "으로", "이다", "이고", "이나")  # may be followed by more letters: 이라는, 으로서
_BARE = {ALLOMORPHS[p]: p for p in ("은", "이", "을", "과", "으로")}  # written in the other form by mistake
_BEGINS = re.compile("|".join(p if p in _OPEN else rf"{p}(?![가-힣])" for p in (*ALLOMORPHS, *_BARE)))
_HOLE = re.compile(r"\{(\w+)\}")
_DIGIT_FINALS = {"0": "ㅇ", "1": "ㄹ", "3": "ㅁ", "6": "ㄱ", "7": "ㄹ", "8": "ㄹ"}
_VOWELS = "aeiouy"


def leading_particle(text: str) -> tuple[str, int]:
    """The changing particle with which ``text`` begins, in its 받침 form, and its length as written.

    ('', 0) where there is none.
    """
    found = _BEGINS.match(text)
    return (_BARE.get(found.group(), found.group()), found.end()) if found else ("", 0)


def with_particle(word: str, particle: str, reading: str = "") -> str:
    """``word`` and the form of ``particle`` (given in its 받침 form) that belongs behind it.

    ``reading`` is a Hangul spelling of a foreign word; it decides where it is given.
    """
    final = _final(reading or word)
    bare = not final or (final == "ㄹ" and particle == "으로")
    return word + (ALLOMORPHS[particle] if bare else particle)


def fill(template: str, readings: Mapping[str, str] | None = None, **words: str) -> str:
    """``template`` with its {holes} filled and the particles behind them in the right form."""
    parts: list[str] = []
    position = 0
    for hole in _HOLE.finditer(template):
        word = words[hole.group(1)]
        parts.append(template[position : hole.start()])
        position = hole.end()
        particle, length = leading_particle(template[position:])
        position += length
        parts.append(with_particle(word, particle, (readings or {}).get(word, "")) if particle else word)
    return "".join(parts) + template[position:]


def _final(word: str) -> str:
    """The last sound's consonant: '' for a vowel, 'ㄹ' for rieul, anything else for another one."""
    letters = [c for c in word if c.isalnum()]
    if not letters:
        return ""
    last = letters[-1]
    if "가" <= last <= "힣":
        index = (ord(last) - 0xAC00) % 28
        return "ㄹ" if index == 8 else "ㄱ" if index else ""
    if last.isdigit():
        return _DIGIT_FINALS.get(last, "")
    return _latin_final("".join(letters))


def _latin_final(word: str) -> str:
    """A guess from spelling, as Koreans read foreign words: Fusion 퓨전, Lab 랩, Cloud 클라우드."""
    tail = re.findall(r"[A-Za-z]+$", word)
    letters = tail[0] if tail else ""
    last = letters[-1:].lower()
    if len(letters) == 1 or letters.isupper():  # read letter by letter: L 엘, R 알
        return {"l": "ㄹ", "r": "ㄹ", "m": "ㅁ", "n": "ㄴ"}.get(last, "")
    if last == "l":
        return "ㄹ"
    if last in "mn" or letters.lower().endswith("ng"):
        return "ㄴ"
    return "ㅂ" if last in "bpktc" and letters[-2:-1].lower() in _VOWELS else ""
