"""Names of known entities in text. Pure; knows names and particles, nothing of grammar beyond.

A name is found only as a whole word: 서울 in 서울에서는, never in 서울대; 이안 never in 이안경.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.types import Entity, Ontology

# What may follow a noun within its word (조사, the copula and its endings, 씨·님·들).
PARTICLE = (
    "이었습니다|였습니다|이라고|이라는|이라서|이었던|입니다|입니까|이에요|인가요|일까요|이지만|으로서|으로써|에게서|한테서|이라도|이었다|이면서|"
    "였던|으로|로서|로써|에서|에게|께서|한테|까지|부터|조차|마저|보다|처럼|마다|밖에|이며|이고|이나|이랑|이란|이자|이다|이야|이냐|이니|"
    "이죠|이지|이라|였다|라는|라고|라서|라도|지만|예요|하고|대로|인가|인지|인데|일까|이었|뿐|께|은|는|이|가|을|를|의|에|와|과|로|도|"
    "만|나|며|란|라|자|다|야|죠|랑|인|였|씨|님|들|요"
)
_NOT_INSIDE_WORD = r"(?:(?<![^\W_])|(?=\W))"
WORD_ENDS = rf"(?=(?:{PARTICLE}){{0,3}}(?![^\W_]|\.\d))"
_CLUSTER = re.compile(r"[ᄀ-ᅟ][ᅠ-ᆧ][ᆨ-ᇿ]?|[가-힣][ᆨ-ᇿ]?|.[\u0300-\u036f]*", re.S)


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity named at characters ``start`` to ``end`` (exclusive) of a text."""

    start: int
    end: int
    entity: Entity


class Names:
    """The names of an ontology's entities, ready to be found."""

    def __init__(self, ontology: Ontology, others: Mapping[str, Sequence[Entity]] | None = None) -> None:
        """``others`` are names besides those of the ontology."""
        self._entities: dict[str, list[Entity]] = {}
        named = [(name, entity) for entity in ontology.entities.values() for name in entity.names]
        named += [(name, entity) for name, entities in (others or {}).items() for entity in entities]
        for name, entity in named:
            held = self._entities.setdefault(key(name), [])
            if entity not in held:
                held.append(entity)
        names = {name for name, _ in named}
        spellings = sorted({_spelling(name) for name in names}, key=lambda spelling: (-len(spelling), spelling))
        self._pattern = re.compile(rf"{_NOT_INSIDE_WORD}(?:{'|'.join(spellings) or '(?!)'}){WORD_ENDS}", re.I)

    def find(self, text: str) -> list[Mention]:
        """Mentions in order, the longest at each place, without overlaps.

        Offsets count characters of ``text`` even where it is not NFC. A name that two entities share
        gives one mention for each.
        """
        normal, origins = _nfc(text)
        return [
            Mention(origins[found.start()], origins[found.end()], entity)
            for found in self._pattern.finditer(normal)
            for entity in self._entities[key(found.group())]
        ]

    def knows(self, name: str) -> bool:
        """Whether an entity has that name or alias."""
        return key(name) in self._entities

    def named(self, name: str) -> Entity | None:
        """The one entity of that name or alias; None where there is none, or more than one."""
        held = self._entities.get(key(name), [])
        exact = [entity for entity in held if entity.name == name]
        return exact[0] if exact else held[0] if len(held) == 1 else None


def key(name: str) -> str:
    """What two spellings of one name share: NFC, case and spaces aside."""
    return "".join(unicodedata.normalize("NFC", name).casefold().split())


def _spelling(name: str) -> str:
    return r"\s?".join(re.escape(word) for word in unicodedata.normalize("NFC", name).split())


def _nfc(text: str) -> tuple[str, range | list[int]]:
    """Text in NFC and, for each of its positions (the end included), the position in ``text``."""
    if unicodedata.is_normalized("NFC", text):
        return text, range(len(text) + 1)
    parts: list[str] = []
    origins: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        part = unicodedata.normalize("NFC", cluster.group())
        parts.append(part)
        origins.extend([cluster.start()] * len(part))
    return "".join(parts), [*origins, len(text)]
