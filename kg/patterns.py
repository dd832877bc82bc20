"""A relation's patterns as regular expressions over a sentence in which names are single characters. Pure.

Each mention of an entity that may be the relation's subject or object becomes one private-use character,
so that a hole is a character class, whatever the name's length, aliases or spaces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kg.josa import ALLOMORPHS, leading_particle
from kg.literals import PATTERNS as LITERAL_PATTERNS
from kg.mentions import WORD_ENDS, Mention
from kg.types import LITERALS, Entity, Ontology, Relation

_SUBJECT_ONLY, _OBJECT_ONLY, _EITHER = 0xE000, 0xE800, 0xF000
_ROOM = 0x800
SUBJECT = "[\ue000-\ue7ff\uf000-\uf7ff]"
OBJECT = "[\ue800-\uf7ff]"
# What may stand behind a person's name and still be the name of that person.
TITLES = (
    "님|씨|양|군|대표이사|대표|사장|부사장|회장|부회장|이사장|이사|박사|교수|감독|작가|기자|변호사|의사|간호사|약사|"
    "과장|부장|차장|대리|사원|주임|매니저|연구원|책임|선임|수석|사서|관장|선생|스님|신부|목사|선수|코치|의원|장관|총리|"
    "대통령|총장|학장|명장|장인|교사|기사|항해사|기관사|요리사|조리사|사육사|해설사|주방장|"
    "(?:팀|본부|실|소|공장|센터|부문|그룹|지점|점|단|원|국|위원|조합|지사|파트|선|함|기|교|촌|역|편집|조리)장"
)
_ASIDE = rf"(?:\s?\([^()\n]{{1,60}}\))?(?:\s?(?:님|씨)|\s(?:{TITLES}))?(?:님)?"
_PIECE = re.compile(r"(\{subject\}|\{object\}|…|\.\.\.|\s+|:)")
# Behind a name that ends a pattern: not what makes it the modifier of another noun.
_NAME_ENDS = (
    r"(?=(?!의|보다|처럼|에게|한테|에서|부터|까지|마다|조차|뿐)[가-힣]|\s*(?:[,.;!?)\]/·…”’\"']|$|\s(?:및|등)))"
)
_TEXT_ENDS = r"(?=(?:이다|입니다|이며|이고|이라고|라고|이에요|예요)?\s*(?:[,.;\n]|$))"
_TOPIC_PARTICLES = ("은", "이")
_SIMPLE = ("은", "이", "을", "과")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence names something, and every entity that may be meant."""

    start: int
    end: int
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; ``own_topic`` says whether it begins with a noun and a topic particle."""

    regex: re.Pattern[str]
    names_subject: bool
    own_topic: bool


@dataclass(frozen=True, slots=True)
class Masked:
    """A sentence as one relation sees it. ``origins[i]`` is the place of ``text[i]`` in the sentence."""

    text: str
    origins: Sequence[int]
    places: dict[int, Place]


def places(mentions: Sequence[Mention]) -> list[Place]:
    """Mentions of the same characters put together, in order."""
    found: dict[tuple[int, int], list[Entity]] = {}
    for mention in mentions:
        found.setdefault((mention.start, mention.end), []).append(mention.entity)
    return [Place(start, end, tuple(entities)) for (start, end), entities in found.items()]


def mask(sentence: str, named: Sequence[Place], relation: Relation, ontology: Ontology) -> Masked:
    """``sentence`` with every place that fits the relation as one character."""
    parts: list[str] = []
    origins: list[int] = []
    kept: dict[int, Place] = {}
    position = 0
    for index, place in enumerate(named[:_ROOM]):
        base = _base(place, relation, ontology)
        if not base:
            continue
        parts.append(sentence[position : place.start])
        origins.extend(range(position, place.start))
        kept[len(origins)] = place
        parts.append(chr(base + index))
        origins.append(place.start)
        position = place.end
    parts.append(sentence[position:])
    origins.extend(range(position, len(sentence) + 1))
    return Masked("".join(parts), origins, kept)


def _base(place: Place, relation: Relation, ontology: Ontology) -> int:
    may_be_subject = any(ontology.is_a(entity.cls, relation.domain) for entity in place.entities)
    may_be_object = relation.range not in LITERALS and any(
        ontology.is_a(entity.cls, relation.range) for entity in place.entities
    )
    if may_be_subject and may_be_object:
        return _EITHER
    return _SUBJECT_ONLY if may_be_subject else _OBJECT_ONLY if may_be_object else 0


def compile_pattern(pattern: str, relation: Relation) -> Pattern:
    """The pattern as a regular expression over masked text, with groups ``subject`` and ``object``."""
    pieces = [piece for piece in _PIECE.split(pattern) if piece]
    parts: list[str] = [] if pieces[0].startswith("{") else [r"(?<![^\W_])"]
    hole = ""
    for index, piece in enumerate(pieces):
        if piece in ("{subject}", "{object}"):
            hole = piece[1:-1]
            parts.append(_hole(hole, relation, index == len(pieces) - 1))
            continue
        parts.append(_between(piece) or _words(piece, bool(hole)))
        hole = ""
    own_topic = re.match(r"[^\s{}…]+[은는이가](?=\s)", pattern) is not None
    return Pattern(re.compile("".join(parts)), "{subject}" in pattern, own_topic)


def _hole(name: str, relation: Relation, last: bool) -> str:
    if name == "subject":
        return f"(?P<subject>{SUBJECT}){_ASIDE}" + (_NAME_ENDS if last else "")
    if relation.range in LITERALS:
        ends = (_TEXT_ENDS if relation.range == "글" else WORD_ENDS) if last else ""
        return f"(?P<object>{LITERAL_PATTERNS[relation.range]}){ends}"
    return rf"(?:{OBJECT}\s+)*(?P<object>{OBJECT}){_ASIDE}" + (_NAME_ENDS if last else "")


def _between(piece: str) -> str:
    if piece in ("…", "..."):
        return r"[^|\n]{0,40}?"
    if piece == ":":
        return r"\s*[:：]\s*"
    return r"\s*" if piece.isspace() else ""


def _words(words: str, after_hole: bool) -> str:
    particle, length = leading_particle(words) if after_hole else ("", 0)
    if not particle:
        return re.escape(words)
    if particle in _TOPIC_PARTICLES:
        forms = "(?:께서는|께서|은|는|이|가|도)"
    else:
        forms = f"(?:{particle}|{ALLOMORPHS[particle]})"
    return forms + (r"(?![가-힣])" if particle in _SIMPLE else "") + re.escape(words[length:])
