"""Words that are typed nearly alike: 신뢔도 is one key from 신뢰도, 도서고나 from 도서관. Pure; knows no index.

A syllable is one character of text but two to five keys of the usual (두벌식) keyboard, so a slip of one key is a
small difference in keys and a whole different character, or two, in text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

# fmt: off
_LEADS: tuple[str, ...] = tuple("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")
_VOWELS: tuple[str, ...] = (
    *"ㅏㅐㅑㅒㅓㅔㅕㅖㅗ", "ㅗㅏ", "ㅗㅐ", "ㅗㅣ", *"ㅛㅜ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", *"ㅠㅡ", "ㅡㅣ", "ㅣ"
)
_TAILS: tuple[str, ...] = (
    "", *"ㄱㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", *"ㄷㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ",
    *"ㅁㅂ", "ㅂㅅ", *"ㅅㅆㅇㅈㅊㅋㅌㅍㅎ",
)
# fmt: on
_KEYS = sorted(set("".join(_LEADS + _VOWELS + _TAILS)))
_FIRST, _LAST = ord("가"), ord("힣")
_SHORTEST = 2  # syllables; nearly everything is one key from a word of one


class Spellings:
    """A vocabulary, ready to be asked for words that differ by one key: one more, one less, another, or two swapped."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if _is_hangul(word)]
        self._bags = _bags(self._words)

    def near(self, word: str) -> list[str]:
        """Words of the vocabulary that are one key away, in the vocabulary's order; none for other scripts."""
        if not _is_hangul(word):
            return []
        # One key changes at most two of the counts, so all others need not be looked at (bag distance).
        apart = np.abs(self._bags - _bags([word])).sum(axis=1)
        keys = _typed(word)
        likely = (self._words[place] for place in np.flatnonzero(apart <= 2))
        return [other for other in likely if _is_one_key_away(keys, _typed(other))]


def _is_hangul(word: str) -> bool:
    return len(word) >= _SHORTEST and all(_FIRST <= ord(character) <= _LAST for character in word)


def _typed(word: str) -> str:
    """The keys by which a word of Hangul is typed."""
    return "".join(_keys_of(ord(character) - _FIRST) for character in word)


def _keys_of(code: int) -> str:
    lead, rest = divmod(code, len(_VOWELS) * len(_TAILS))
    vowel, tail = divmod(rest, len(_TAILS))
    return _LEADS[lead] + _VOWELS[vowel] + _TAILS[tail]


@cache
def _bags_of_syllables() -> npt.NDArray[np.int16]:
    """(number of syllables, number of keys): how often each key is in each syllable."""
    column = {key: place for place, key in enumerate(_KEYS)}
    bags = np.zeros((_LAST - _FIRST + 1, len(_KEYS)), dtype=np.int16)
    for code, row in enumerate(bags):
        for key in _keys_of(code):
            row[column[key]] += 1
    return bags


def _bags(words: Sequence[str]) -> npt.NDArray[np.int16]:
    """(number of words, number of keys): how often each key is in each word."""
    codes = np.fromiter((ord(character) - _FIRST for word in words for character in word), np.int64)
    rows = np.repeat(np.arange(len(words)), [len(word) for word in words])
    bags = np.zeros((len(words), len(_KEYS)), dtype=np.int16)
    np.add.at(bags, rows, _bags_of_syllables()[codes])
    return bags


def _is_one_key_away(one: str, two: str) -> bool:
    """Whether the Damerau-Levenshtein distance is 1."""
    if one == two or abs(len(one) - len(two)) > 1:
        return False
    same = next((place for place, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    rest, other = one[same:], two[same:]
    if len(one) != len(two):
        return rest[1:] == other or rest == other[1:]
    return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
