"""Which characters a text may hold. Pure; knows no tokenizer.

A policy *allows*: what it does not name cannot be written. Forbidding instead leaks, because rare foreign
characters are assembled from byte pieces that look harmless one by one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

FIRST_SYLLABLE, LAST_SYLLABLE = "가", "힣"
FIRST_HAN, LAST_HAN = "一", "鿿"
# At most this many Hanja in one pair of parentheses: longer runs are Chinese, not a gloss.
MOST_HANJA = 8
FENCE = "```"
CODE = "".join(map(chr, range(0x20, 0x7F))) + "\n\t"

_SPACE = " \n"
DIGITS = "0123456789"
_PUNCTUATION = ".,!?…“”‘’'\"()[]·~-—–:;%/《》〈〉「」『』"
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# What people type in messages: laughter, tears, and the consonants of short answers.
JAMO = "ㅋㅎㅠㅜㅇㄴㄷㄱㅗㅡ"


@dataclass(frozen=True)
class CharacterPolicy:
    """Hangul syllables, ``others`` (single characters) and ``literals`` (whole words, spelled exactly).

    Literals are how a name such as 'SolverX Fusion' may be written without opening the Latin alphabet.
    ``hanja`` allows up to eight Hanja between parentheses, as in 단청(丹靑); ``code`` allows ASCII
    between fences of three backticks.
    """

    others: str = _SPACE + DIGITS + _PUNCTUATION
    literals: tuple[str, ...] = ()
    hanja: bool = False
    code: bool = False

    def __post_init__(self) -> None:
        """Literals are NFC, without repeats, longest first, and none that is free anyway."""
        wanted = {unicodedata.normalize("NFC", literal.strip()) for literal in self.literals}
        kept = [literal for literal in wanted if literal and not all(map(self.allows, literal))]
        object.__setattr__(self, "literals", tuple(sorted(kept, key=lambda item: (-len(item), item))))

    def allows(self, character: str) -> bool:
        """Whether one character may stand anywhere."""
        return FIRST_SYLLABLE <= character <= LAST_SYLLABLE or character in self._others

    def disallowed(self, text: str) -> list[str]:
        """The characters of ``text`` that the policy does not cover, in order."""
        found = []
        position = 0
        while position < len(text):
            if covered := self._covered.match(text, position):
                position = covered.end()
            else:
                found.append(text[position])
                position += 1
        return found

    def with_literals(self, literals: Sequence[str]) -> CharacterPolicy:
        """The same policy with further literals."""
        return replace(self, literals=(*self.literals, *literals))

    def with_characters(self, characters: str) -> CharacterPolicy:
        """The same policy with further single characters (``LATIN``, ``JAMO`` …)."""
        return replace(self, others=self.others + characters)

    def without_digits(self) -> CharacterPolicy:
        """The same policy where numbers must be literals: an answer may quote a figure, not invent one."""
        return replace(self, others="".join(c for c in self.others if c not in DIGITS))

    @property
    def key(self) -> str:
        """Equal for policies that allow the same."""
        return repr(("".join(sorted(self._others)), self.literals, self.hanja, self.code))

    @cached_property
    def _others(self) -> frozenset[str]:
        return frozenset(self.others)

    @cached_property
    def _covered(self) -> re.Pattern[str]:
        """What may stand next, the longest reading first."""
        options = [re.escape(literal) for literal in self.literals]
        if self.code:
            options.append(f"{FENCE}(?:(?!{FENCE})[{re.escape(CODE)}{self.character_class}])*{FENCE}")
        if self.hanja:
            options.append(rf"\([{FIRST_HAN}-{LAST_HAN}]{{1,{MOST_HANJA}}}\)")
        options.append(f"[{self.character_class}]")
        return re.compile("|".join(options))

    @property
    def character_class(self) -> str:
        """The inside of a regular expression's brackets for all single characters."""
        return f"{FIRST_SYLLABLE}-{LAST_SYLLABLE}" + "".join(re.escape(c) for c in sorted(self._others))


KOREAN = CharacterPolicy()


@dataclass(frozen=True, slots=True)
class Purity:
    """How Korean a text is. ``disallowed`` counts characters; ``scripts`` says of which scripts they are.

    ``hangul_ratio`` is Hangul syllables among letters; ``contamination`` is disallowed characters among
    all characters.
    """

    hangul_ratio: float
    contamination: float
    disallowed: int
    scripts: tuple[tuple[str, int], ...]


def measure_purity(text: str, policy: CharacterPolicy) -> Purity:
    """Count what the policy does not cover. Language identification cannot see single foreign words."""
    found = policy.disallowed(text)
    letters = [character for character in text if character.isalpha()]
    hangul = sum(FIRST_SYLLABLE <= character <= LAST_SYLLABLE for character in letters)
    return Purity(
        hangul_ratio=hangul / len(letters) if letters else 0.0,
        contamination=len(found) / len(text) if text else 0.0,
        disallowed=len(found),
        scripts=tuple(sorted(Counter(map(script, found)).items())),
    )


def script(character: str) -> str:
    """The first word of the Unicode name ('CJK', 'LATIN', 'HIRAGANA' …), a stand-in for the script."""
    return unicodedata.name(character, "UNNAMED").split()[0]
