"""Values of a relation in text: the names that a phrase or a cell lists, or its literal. Pure."""

from __future__ import annotations

import re

from kg.clauses import Noun
from kg.discourse import Sentence, only
from kg.literals import PATTERNS as LITERAL_PATTERNS
from kg.literals import UNITS, canonical
from kg.types import LITERALS, Ontology, Relation

_CELL_JOINTS = re.compile(r"(?:\s*(?:,|·|/|、|;|\s및\s|와|과)\s*|\s*\([^()]*\)|\s)*")
_ABOUT = r"(?:\s?(?:봄|여름|가을|겨울|초|중순|말|무렵|경|쯤|께))?"  # '1971년 겨울', '2003년 말'
_NO_OBJECT = re.compile(r"[-–—·.]*|없음|미정|비공개|해당\s?없음")


_DAY = re.compile(r"(\d{1,2})\s?월\s?(\d{1,2})\s?일$")
_MONTH_OF_NOTICE = re.compile(r"(\d{4}년)\s(\d{1,2})월")
_HALF_A_YEAR = 6  # months


class Values:
    """Reads values by the classes of an ontology."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology

    def of_noun(self, sentence: Sentence, noun: Noun, relation: Relation) -> list[str]:
        """The names of the relation's range that a phrase lists, or its literal."""
        if relation.range in LITERALS:
            literal = self.literal(sentence, noun, relation)
            return [literal] if literal else []
        last = only(noun.place, relation.range, self._ontology) if noun.place else None
        if last is None:
            return []
        names = [last.name]
        if not relation.functional:
            for before in reversed(noun.row):
                entity = only(before.place, relation.range, self._ontology) if before.place else None
                if entity is None:
                    break
                names.insert(0, entity.name)
        return list(dict.fromkeys(names))

    def literal(self, sentence: Sentence, noun: Noun, relation: Relation) -> str | None:
        """The literal with which a phrase ends."""
        text = sentence.text[noun.start : noun.end]
        if relation.range == "글":
            return None
        about = _ABOUT if relation.range in ("연도", "날짜") else ""
        found = re.search(rf"({LITERAL_PATTERNS[relation.range]}){about}$", text.strip())
        if found is None and relation.range == "날짜":
            return _in_year_of(sentence.dated, text)
        return canonical(relation.range, found.group(1)) if found else None

    def of_text(self, sentence: Sentence, start: int, relation: Relation, unit: str) -> list[str]:
        """The values of which the text from ``start`` on consists; none where it holds anything else."""
        text = sentence.text[start:].strip()
        if relation.range in LITERALS:
            if relation.range == "수량":
                return self._quantity(text, unit)
            pattern = LITERAL_PATTERNS[relation.range]
            whole = text.rstrip(" .")
            if _NO_OBJECT.fullmatch(whole) or (relation.range != "글" and not re.match(pattern, whole)):
                return []
            literal = canonical(relation.range, whole)
            return [literal] if literal else []
        position = start
        values: list[str] = []
        for place in (place for place in sentence.places if place.start >= start):
            if not _CELL_JOINTS.fullmatch(sentence.text, position, place.start):
                return []
            entity = only(place, relation.range, self._ontology)
            position = place.end
            if entity is not None:
                values.append(entity.name)
        if not _CELL_JOINTS.fullmatch(sentence.text.rstrip(" ."), position):
            return []
        return values[:1] if relation.functional and len(values) == 1 else [] if relation.functional else values

    def _quantity(self, text: str, unit: str) -> list[str]:
        found = re.match(rf"(?:약\s*|총\s*)?({LITERAL_PATTERNS['수량']})\s*(?:\([^()]*\))?\.?$", text)
        literal = canonical("수량", found.group(1)) if found else None
        if literal is None and re.fullmatch(UNITS, unit) and re.fullmatch(r"\d[\d,.]*", text):
            literal = canonical("수량", text + unit)
        return [literal] if literal else []


def _in_year_of(notice: str, text: str) -> str | None:
    """'9월 27일' in a notice of 2025년 8월 20일: of that year, unless half a year or more lies between."""
    day, dated = _DAY.search(text.strip()), _MONTH_OF_NOTICE.match(notice)
    if day is None or dated is None or abs(int(day[1]) - int(dated[2])) >= _HALF_A_YEAR:
        return None
    return canonical("날짜", f"{dated[1]} {day[1]}월 {day[2]}일")


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is nothing to say."""
    return _NO_OBJECT.fullmatch(text) is not None
