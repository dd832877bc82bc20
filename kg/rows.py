"""What the rows of a table say of the name that one of their cells holds, by the headers of their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest import OPEN
from kg.discourse import Said, Scope, Sentence, only
from kg.frames import Frames
from kg.mentions import key
from kg.passages import Passage
from kg.types import Entity, Ontology, Relation
from kg.values import Values, is_nothing

_UNIT_OF_HEADER = re.compile(r"\s*[(（\[]\s*(?:단위\s*[:：]?\s*)?([^()（）\[\]]{1,8})\s*[)）\]]\s*$")


class RowReader:
    """Reads rows by the nouns that name an ontology's relations."""

    def __init__(self, ontology: Ontology, frames: Frames, values: Values) -> None:
        self._ontology = ontology
        self._frames = frames
        self._values = values

    def read(self, row: Sequence[tuple[Passage, Sentence]], scope: Scope) -> Iterator[tuple[Passage, Said]]:
        """What the cells of a row say of the name that one of them holds, by the headers of their columns."""
        if row[0][0].is_header:
            scope.header = {passage.column: sentence.text for passage, sentence in row}
            return
        named = [(p, s) for p, s in row if s.is_name]
        for passage, sentence in row:
            header = scope.header.get(passage.column, "")
            unit = _UNIT_OF_HEADER.search(header)
            label = header[: unit.start()] if unit else header
            roles = [role for role in self._frames.roles.get(key(label), []) if not role.of_subject] if label else []
            said = False
            for role in roles:
                subject = self._row_subject(named, passage, role.relation)
                for object_ in self._values.of_text(sentence, 0, role.relation, unit.group(1) if unit else ""):
                    if subject is not None and object_ != subject.name:
                        said = True
                        yield passage, Said(subject.name, role.relation.key, object_, confidence=0.9)
            if label and not said and named and named[0][0].column < passage.column and not is_nothing(sentence.text):
                entities = named[0][1].places[0].entities
                if len(entities) == 1:
                    yield passage, Said(entities[0].name, OPEN + label.strip(), sentence.text, confidence=0.5)
        if not scope.header and len(row) == 2:
            yield from self._keyed_row(row[0][1], *row[1], scope)

    def _row_subject(
        self, named: Sequence[tuple[Passage, Sentence]], passage: Passage, relation: Relation
    ) -> Entity | None:
        for other, sentence in named:
            if other is not passage and (entity := only(sentence.places[0], relation.domain, self._ontology)):
                return entity
        return None

    def _keyed_row(
        self, first: Sentence, passage: Passage, second: Sentence, scope: Scope
    ) -> Iterator[tuple[Passage, Said]]:
        """A row of two cells without a header: what is said, and what of it."""
        for role in self._frames.roles.get(key(first.text), []):
            subject = scope.heading() or scope.subject(role.relation, own_topic=True)
            if subject is None or role.of_subject or not self._ontology.is_a(subject.cls, role.relation.domain):
                continue
            for object_ in self._values.of_text(second, 0, role.relation, ""):
                yield passage, Said(subject.name, role.relation.key, object_, confidence=0.9)
