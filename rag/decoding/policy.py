"""Which characters a text may hold. Pure; knows no tokenizer.

A policy *allows*: what it does not name cannot be written. Forbidding instead leaks, because rare foreign
characters are assembled from byte pieces that look harmless one by one.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

FIRST_SYLLABLE, LAST_SYLLABLE = "가", "힣"
_SPACE = " \n"
_DIGITS = "0123456789"
_PUNCTUATION = ".,!?…“”‘’'\"()[]·~-—–:;%/《》〈〉「」『』"


@dataclass(frozen=True)
class CharacterPolicy:
    """Hangul syllables, ``others`` (single characters) and ``literals`` (whole words, spelled exactly).

    Literals are how a name such as 'SolverX Fusion' may be written without opening the Latin alphabet.
    """

    others: str = _SPACE + _DIGITS + _PUNCTUATION
    literals: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Literals are NFC, without repeats, longest first, and none that is free anyway."""
        wanted = {unicodedata.normalize("NFC", literal.strip()) for literal in self.literals}
        kept = [literal for literal in wanted if literal and not all(map(self.allows, literal))]
        object.__setattr__(self, "literals", tuple(sorted(kept, key=lambda item: (-len(item), item))))

    @cached_property
    def _others(self) -> frozenset[str]:
        return frozenset(self.others)

    def allows(self, character: str) -> bool:
        """Whether one character may stand anywhere."""
        return FIRST_SYLLABLE <= character <= LAST_SYLLABLE or character in self._others

    def disallowed(self, text: str) -> list[str]:
        """The characters of ``text`` that the policy does not cover, in order."""
        found = []
        position = 0
        while position < len(text):
            literal = next((item for item in self.literals if text.startswith(item, position)), None)
            if literal is None and not self.allows(text[position]):
                found.append(text[position])
            position += len(literal) if literal else 1
        return found

    def with_literals(self, literals: tuple[str, ...]) -> CharacterPolicy:
        """The same policy with further literals."""
        return CharacterPolicy(self.others, self.literals + literals)

    def to_gbnf(self) -> str:
        """The policy as a llama.cpp grammar (GBNF)."""
        escaped = "".join(_GBNF_ESCAPES.get(character, character) for character in sorted(self._others))
        options = [f"[{FIRST_SYLLABLE}-{LAST_SYLLABLE}{escaped}]"]
        options += ['"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"' for literal in self.literals]
        return f"root ::= part+\npart ::= {' | '.join(options)}\n"


_GBNF_ESCAPES = {"\n": "\\n", "-": "\\-", "]": "\\]", "[": "\\[", "\\": "\\\\", "^": "\\^", '"': '\\"'}

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
        scripts=tuple(sorted(Counter(map(_script, found)).items())),
    )


def _script(character: str) -> str:
    """The first word of the Unicode name ('CJK', 'LATIN', 'HIRAGANA' …), a stand-in for the script."""
    return unicodedata.name(character, "UNNAMED").split()[0]
