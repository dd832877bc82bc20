"""Statements in documents: sentence by sentence, typed by the ontology, each with the span of its sentence.

Rule-based on purpose: what is extracted can be explained. An ontology's patterns are read first, then what its
answers, labels and question words let a clause say (``kg.sayings``), then the rows of tables (``kg.rows``). What
speaks of a known name and matches no relation becomes a candidate with an open relation. Knows nothing of storage.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ingest import OPEN, Document, Korean, Mode, Span, Statement
from kg.clauses import COPULA, NOMINATIVE, Noun, read_clauses
from kg.discourse import Said, Scope, Sentence, lead_of, marks_of, only
from kg.frames import Frames
from kg.kinds import is_kind
from kg.literals import DATE, canonical
from kg.literals import PATTERNS as LITERAL_PATTERNS
from kg.mentions import Names, key
from kg.modality import begins_then, mode_of, period_of
from kg.passages import Passage, passages
from kg.patterns import Masked, Pattern, Place, compile_pattern, mask, places
from kg.resolution import PEOPLE, Aliases, chosen, find_aliases
from kg.rows import RowReader
from kg.sayings import ClauseReader, Finding, clause_mode
from kg.types import ALSO_CALLED, BROAD, LITERALS, ROOT, Entity, Ontology, Relation
from kg.values import Values

EXTRACTION_VERSION = 4

_MARKUP = re.compile(r"\*\*|__|[*`]|\]\([^)\s]*\)|!?\[(?=[^\]\n]+\]\()")
_OWNER = re.compile(r"(?:\s?\([^()\n]{0,60}\))?(?:\s?(?:님|씨))?(?:의\s*|\s+)")
_JOINED = re.compile(r"\s*(?:와|과|하고|이랑|랑|및|그리고|,|·|/)(?:\s*(?:및|그리고))?\s*")
_PRONOUN = re.compile(r"(?<![가-힣])(?:그녀|그)(?=(?:는|가|의|를|에게|도|와)(?![가-힣]))")
_FIRST_PERSON = re.compile(r"(?<![가-힣])[저제나내](?=(?:는|가|를|도|의|에게)(?![가-힣])|\s)")
_SPOKEN_LINE = re.compile(r"^[ \t]*([^\s:：][^:：\n]{0,30}?)\s?[:：]\s", re.M)
_COPULAR_HEAD = re.compile(r"\s*[가-힣A-Za-z]{1,15}(?:이다|입니다|이며|이고|이자|이었|였|이에요|예요|다(?=[.\s]|$))")
_LISTS = re.compile(r"(?:다음|아래)(?:과|와)\s같|(?:은|는)\s?[:：]$|[:：]$")
_EPISODE = re.compile(r"(?:#+\s*)?\[?(?:제\s?)?(\d{1,4})\s?화(?![가-힣])")
_NOTICE_DATE = re.compile(DATE)


def extract(document: Document, ontology: Ontology, korean: Korean) -> list[Statement]:
    """All statements of ``document`` that its sentences and tables make, in reading order, none twice.

    A statement's span is its sentence, or the cell of a table that says it. Questions give none, and neither does
    what is only possible or conditional. Denials, plans, hearsay and what is past say so by their ``mode``.
    """
    found: dict[Statement, None] = {}
    reader = _reader(ontology, korean)
    aliases = reader.aliases(document.text)
    names = reader.names_with(aliases)
    scope = Scope(ontology)
    speakers = _speakers(document.text, names)
    row: list[tuple[Passage, Sentence]] = []
    listing: list[tuple[Entity, Relation]] = []  # what the items that follow are values of

    def end_row() -> None:
        for passage, said in reader.rows.read(row, scope) if row else ():
            found[said.at(Span(document.id, passage.start, passage.end))] = None
        row.clear()

    for passage in passages(document.text):
        if row and passage.group != row[-1][0].group:
            end_row()
        sentence = reader.sentence(document.text[passage.start : passage.end], names, aliases.doubtful, scope)
        for said in reader.named(aliases, passage):
            found[said.at(Span(document.id, passage.start, passage.end))] = None
        if passage.kind == "heading":
            listing = []
            scope.enter(passage.level, sentence, _notice_date(document.text, passage))
            continue
        scope.begin(passage)
        if passage.kind == "sentence" and (lead := lead_of(sentence)):
            entity, start = lead
            scope.lead(entity, speaks=entity in speakers)
            sentence = reader.sentence(sentence.text[start:], names, aliases.doubtful, scope)
        for said in reader.listed(sentence, listing):
            found[said.at(Span(document.id, passage.start, passage.end))] = None
        if passage.kind == "sentence" and not sentence.is_name:
            listing = reader.lists(sentence, scope)
        for said in reader.read(sentence, scope) if not passage.is_header else ():
            found[said.at(Span(document.id, passage.start, passage.end))] = None
        for said in reader.noted(sentence, scope) if passage.kind == "sentence" else ():
            found[said.at(Span(document.id, passage.start, passage.end))] = None
        scope.leave(sentence, passage)
        if passage.kind == "cell":
            row.append((passage, sentence))
    end_row()
    return _without_twins(found, ontology)


@lru_cache(maxsize=4)
def _reader(ontology: Ontology, korean: Korean) -> _Reader:
    """Compiled once per ontology and analyser (they compare by identity)."""
    return _Reader(ontology, korean)


def _without_twins(found: Iterable[Statement], ontology: Ontology) -> list[Statement]:
    """One statement of those that say the same of a sentence, also by inverse or symmetric relations: the surest."""
    inverse = {key_: relation.inverse for key_, relation in ontology.relations.items() if relation.inverse}
    inverse.update({other: key_ for key_, other in list(inverse.items()) if other not in inverse})
    inverse.update({key_: key_ for key_, relation in ontology.relations.items() if relation.symmetric})
    kept: dict[tuple[object, ...], Statement] = {}
    for statement in found:
        said = (statement.subject, statement.relation, statement.object)
        if statement.relation in inverse:
            said = min(said, (statement.object, inverse[statement.relation], statement.subject))
        twin = (*said, statement.span, statement.mode)
        if twin not in kept or _worth(statement) > _worth(kept[twin]):
            kept[twin] = statement
    return list(kept.values())


def _worth(statement: Statement) -> tuple[bool, bool, float]:
    return statement.status == "approved", bool(statement.since or statement.until), statement.confidence


def _speakers(text: str, names: Names) -> frozenset[Entity]:
    """Who speaks in a conversation: those whose name stands before a colon at the beginning of several lines."""
    lines = Counter(found[1].strip() for found in _SPOKEN_LINE.finditer(text))
    speaking = (names.named(name) for name, count in lines.items() if count > 1)
    return frozenset(entity for entity in speaking if entity is not None)


def _notice_date(text: str, passage: Passage) -> str:
    """The full date or episode that a heading, or what stands before it in its line, gives; '' where there is none."""
    line = text[text.rfind("\n", 0, passage.start) + 1 : passage.end]
    if episode := _EPISODE.match(line):
        return f"{episode[1]}화"
    found = _NOTICE_DATE.search(line)
    date = canonical("날짜", found.group()) if found else None
    return date if date and date.endswith("일") else ""


@dataclass(frozen=True, slots=True)
class _Found:
    """A match of a pattern: its stretch, what it names, and the stretch of the object."""

    relation: Relation
    pattern: Pattern
    start: int
    end: int
    subject: Entity | None
    objects: tuple[str, ...]
    object_place: Place | None


class _Reader:
    """An ontology made ready to read sentences."""

    def __init__(self, ontology: Ontology, korean: Korean) -> None:
        self._ontology = ontology
        self._korean = korean
        self._names = Names(ontology)
        frames, values = Frames(ontology, korean), Values(ontology)
        self._clauses = ClauseReader(ontology, frames, values)
        self.rows = RowReader(ontology, frames, values)
        self._patterns = [
            (relation, [compile_pattern(pattern, relation) for pattern in relation.patterns])
            for relation in ontology.relations.values()
            if relation.patterns
        ]

    def names_with(self, aliases: Aliases) -> Names:
        """The ontology's names and those that a document gives besides."""
        return Names(self._ontology, aliases.names) if aliases else self._names

    def aliases(self, text: str) -> Aliases:
        """The names that a document gives besides the ontology's."""
        return find_aliases(text, self._ontology, self._names, self._korean)

    def sentence(self, text: str, names: Names, doubtful: frozenset[str], scope: Scope) -> Sentence:
        """The passage without markup, with its places, its clauses and what its particles mark."""
        plain = _MARKUP.sub("", text)
        found = places(names.find(plain))
        named = [replace(place, entities=chosen(place.entities, scope.seen)) for place in found]
        is_guess = any(key(plain[place.start : place.end]) in doubtful for place in named)
        doubt = 0.5 if is_guess else 0.2 if named != found else 0.0
        pronouns = [
            Place(*found.span(), (whom,))
            for pattern, whom in ((_PRONOUN, scope.antecedent(self._is_of_person)), (_FIRST_PERSON, scope.speaker))
            if whom is not None
            for found in pattern.finditer(plain)
        ]
        named = sorted([*named, *pronouns], key=lambda place: place.start)
        doubt = max(doubt, 0.1 if pronouns else 0.0)
        reading = read_clauses(plain, named, self._korean, self._is_person)
        sentence = Sentence(plain, named, reading, doubt, scope.date)
        sentence.marks = marks_of(sentence)
        return sentence

    def read(self, sentence: Sentence, scope: Scope) -> list[Said]:
        """What the sentence says: by patterns, by verbs and nouns of the ontology, else by open relations."""
        if sentence.text.rstrip("\"”’'」』)] ").endswith("?"):
            return []
        found = [*self._by_patterns(sentence, scope), *self._clauses.read(sentence, scope)]
        said = [self._said(finding, sentence, scope) for finding in found]
        said += self._open(sentence)
        return [replace(one, confidence=one.confidence - sentence.doubt) for one in said]

    def named(self, aliases: Aliases, passage: Passage) -> Iterator[Said]:
        """The other names that a passage gives. A noun for a kind of things ('이하 회사') is a name here only."""
        if ALSO_CALLED not in self._ontology.relations:
            return
        for given in aliases.given:
            if passage.start <= given.start < passage.end and not is_kind(given.alias, self._ontology):
                yield Said(given.entity.name, ALSO_CALLED, given.alias, confidence=0.9)

    def noted(self, sentence: Sentence, scope: Scope) -> list[Said]:
        """What a note says that is a date, or ends in a name ('노을 — 2018년생 풍산개.'), of what is spoken of.

        Where only one relation leads from it to such a thing; who the world is about is not meant.
        """
        found = list(self._bare_date(sentence, scope)) or list(self._bare_name(sentence, scope))
        return found if len(found) == 1 and found[0].subject != self._ontology.subject else []

    def _bare_date(self, sentence: Sentence, scope: Scope) -> Iterator[Said]:
        text = sentence.text.rstrip(" .")
        cls = next((cls for cls in ("날짜", "연도") if re.fullmatch(LITERAL_PATTERNS[cls], text)), "")
        literal = canonical(cls, text) if cls else None
        for relation in self._ontology.relations.values() if literal else ():
            subject = scope.subject(relation, own_topic=True) if relation.range == cls else None
            if literal and subject is not None and relation.domain != ROOT:
                yield Said(subject.name, relation.key, literal, confidence=0.75)

    def _bare_name(self, sentence: Sentence, scope: Scope) -> Iterator[Said]:
        last = sentence.reading.nouns[-1] if sentence.reading.nouns else None
        if last is None or last.case != "end" or last.place is None:
            return
        if any(start <= last.start < end for start, end in sentence.claimed):
            return
        for relation in self._ontology.relations.values():
            if {relation.domain, relation.range} & BROAD or relation.range in LITERALS:
                continue
            object_, subject = only(last.place, relation.range, self._ontology), scope.subject(relation, own_topic=True)
            if object_ is not None and subject is not None and object_ != subject:
                yield Said(subject.name, relation.key, object_.name, confidence=0.7)

    def lists(self, sentence: Sentence, scope: Scope) -> list[tuple[Entity, Relation]]:
        """Whose values of which relations the list items behind a sentence are: 'A의 시설은 다음과 같다.'"""
        if not _LISTS.search(sentence.text.rstrip(" .")):
            return []
        return [(subject, relation) for subject, relation in self._clauses.asked(sentence, scope)]

    def listed(self, sentence: Sentence, listing: Sequence[tuple[Entity, Relation]]) -> Iterator[Said]:
        """What a list item says that is nothing but a name."""
        for subject, relation in listing if sentence.is_name else ():
            object_ = only(sentence.places[0], relation.range, self._ontology)
            if object_ is not None and object_ != subject:
                sentence.claimed.append((0, len(sentence.text)))
                yield Said(subject.name, relation.key, object_.name, confidence=0.85)

    def _by_patterns(self, sentence: Sentence, scope: Scope) -> Iterator[Finding]:
        matches = [(match, _pattern_mode(sentence, match)) for match in self._matches(sentence)]
        found = [(match, mode) for match, mode in matches if mode is not None]
        sentence.claimed = [(match.start, match.end) for match, mode in found if mode == "asserted"]
        for match, mode in found:
            subject = match.subject or self._subject(sentence, match, scope)
            if subject is None:
                continue
            clause = sentence.clause_at(match.end)
            for object_ in match.objects:
                if object_ != subject.name:
                    yield Finding(subject, match.relation, object_, mode, clause, 1.0)

    def _matches(self, sentence: Sentence) -> Iterator[_Found]:
        masks: dict[tuple[str, str], Masked] = {}  # by classes: many relations see a sentence alike
        for relation, patterns in self._patterns:
            classes = relation.domain, relation.range
            if classes not in masks:
                masks[classes] = mask(sentence.text, sentence.places, relation, self._ontology)
            masked = masks[classes]
            for pattern in patterns:
                for match in pattern.regex.finditer(masked.text):
                    place = masked.places.get(match.start("object"))
                    stretch = slice(masked.origins[match.start("object")], masked.origins[match.end("object")])
                    objects = self._objects(sentence, relation, place, sentence.text[stretch])
                    subject = None
                    if pattern.names_subject:
                        named = masked.places[match.start("subject")]
                        if not self._is_changed(sentence, named, stretch.start, relation.domain):
                            subject = only(named, relation.domain, self._ontology)
                    if objects and (subject or not pattern.names_subject):
                        start, end = masked.origins[match.start()], masked.origins[match.end()]
                        yield _Found(relation, pattern, start, end, subject, objects, place)

    def _is_changed(self, sentence: Sentence, subject: Place, end: int, cls: str) -> bool:
        """Whether the gap of a pattern holds another topic of the subject's kind: 'A는 3원에서 4원으로, B는 …'."""
        between = (p for p in sentence.places if subject.end <= p.start and p.end <= end)
        topics = {mark.start for mark in sentence.marks if mark.topic}
        return any(p.start in topics and only(p, cls, self._ontology) is not None for p in between)

    def _objects(self, sentence: Sentence, relation: Relation, place: Place | None, text: str) -> tuple[str, ...]:
        if relation.range in LITERALS:
            literal = canonical(relation.range, text)
            return (literal,) if literal else ()
        first = only(place, relation.range, self._ontology) if place else None
        if place is None or first is None:
            return ()
        objects = [first.name]
        if not relation.functional:
            objects[:0] = [entity.name for entity in self._joined_before(sentence, place, relation.range)]
        return tuple(dict.fromkeys(objects))

    def _joined_before(self, sentence: Sentence, place: Place, cls: str) -> list[Entity]:
        """'A, B와 C를': the fitting names that stand in a row before ``place``."""
        joined: list[Entity] = []
        index = sentence.places.index(place)
        while index > 0:
            before, after = sentence.places[index - 1], sentence.places[index]
            entity = only(before, cls, self._ontology)
            if entity is None or not _JOINED.fullmatch(sentence.text, before.end, after.start):
                break
            joined.insert(0, entity)
            index -= 1
        return joined

    def _subject(self, sentence: Sentence, match: _Found, scope: Scope) -> Entity | None:
        """Who a match without a subject of its own speaks of."""
        domain = match.relation.domain
        start = match.start
        if match.object_place is not None and match.start <= match.object_place.start:
            row = [p for p in sentence.places if p.end <= match.object_place.start]
            joined = self._joined_before(sentence, match.object_place, match.relation.range)
            if joined and row:
                start = min(start, row[-len(joined)].start)
        modified = _modified_noun(sentence, match.end)
        if modified is not None:
            head = next((p for p in sentence.places if p.start == modified), None)
            if head is not None:
                return only(head, domain, self._ontology)
            if not _COPULAR_HEAD.match(sentence.text, modified):
                return None
        owner = next((p for p in reversed(sentence.places) if p.end <= start), None)
        if owner is not None and match.object_place != owner:
            owned = _OWNER.fullmatch(sentence.text, owner.end, start)
            if owned and ("의" in owned.group() or match.pattern.own_topic):
                return only(owner, domain, self._ontology)
        return self._marked(sentence, start, match, scope, carry=modified is None)

    def _marked(self, sentence: Sentence, start: int, match: _Found, scope: Scope, carry: bool) -> Entity | None:
        """The nearest topic or subject before ``start`` that fits, else the one carried over."""
        for mark in reversed([mark for mark in sentence.marks if mark.end <= start]):
            if mark.place is None:
                if scope.is_carried(mark.noun, match.relation, match.pattern.own_topic):
                    continue
                return None
            entity = only(mark.place, match.relation.domain, self._ontology)
            if entity is not None or mark.topic:
                return entity
        return scope.subject(match.relation, match.pattern.own_topic) if carry else None

    def _open(self, sentence: Sentence) -> Iterator[Said]:
        """Clauses about a known name that nothing above has read, as candidates."""
        for clause in sentence.reading.clauses:
            if clause.ending == "adnominal" or any(s < clause.end and clause.start < e for s, e in sentence.claimed):
                continue
            mode = clause_mode(sentence, clause)
            subjects = [noun for noun in (*clause.shared, *clause.nouns) if noun.case in NOMINATIVE]
            if mode is None or not subjects:
                continue
            subject = subjects[-1]
            object_ = clause.complement or next(
                (n for n in reversed(clause.nouns) if n.case in ("acc", "e", "eseo", "ro", "ege", "wa")), None
            )
            if object_ is None or subject.is_pronoun or object_.is_pronoun:
                continue
            label = clause.verb
            if clause.stem == COPULA:
                if subject.label and subject.owner is not None:
                    label, subject = subject.label, subject.owner
                else:
                    label = "이다"
            if subject.place is None and object_.place is None:
                continue
            since, until = period_of(sentence.text[clause.start : clause.end], clause.stem)
            yield Said(_written(sentence, subject), OPEN + label, _written(sentence, object_), mode, since, until, 0.5)

    def _said(self, finding: Finding, sentence: Sentence, scope: Scope) -> Said:
        """A finding with the time of which its clause speaks."""
        relation, clause = finding.relation, finding.clause
        since = until = ""
        if relation.range not in ("연도", "날짜"):
            stretch = sentence.text[clause.start : clause.end] if clause else sentence.text
            since, until = period_of(stretch, clause.stem if clause else "", scope.year)
        begins = relation.functional or (clause is not None and begins_then(sentence.text, clause.stem))
        if begins and not since and finding.mode == "asserted":
            since = scope.date
        return Said(finding.subject.name, relation.key, finding.object, finding.mode, since, until, finding.confidence)

    def _is_person(self, place: Place) -> bool:
        return any(map(self._is_of_person, place.entities))

    def _is_of_person(self, entity: Entity) -> bool:
        return any(self._ontology.is_a(entity.cls, cls) for cls in PEOPLE)


def _written(sentence: Sentence, noun: Noun) -> str:
    if noun.place is not None and len(noun.place.entities) == 1:
        return noun.place.entities[0].name
    return sentence.text[noun.start : noun.end]


def _pattern_mode(sentence: Sentence, match: _Found) -> Mode | None:
    """How a match is said: by the last predicate in it, else by the one that follows it in its clause."""
    inside = [c for c in sentence.reading.clauses if match.start <= c.stem_start < match.end]
    clause = inside[-1] if inside else sentence.clause_at(match.end)
    before = max(0, match.start - 20)
    if clause is None or clause.start >= match.end:
        return mode_of(sentence.text[before : match.end], "")
    said = sentence.text[min(clause.start, before) : clause.stem_start if inside else match.end]
    tail = sentence.text[clause.stem_end if inside else min(match.end, clause.end) : clause.end]
    return mode_of(said, tail, clause.negated and bool(inside))


def _modified_noun(sentence: Sentence, end: int) -> int | None:
    """Where the noun begins that the matched clause modifies ('…에 위치한 회사'); None if it modifies none."""
    clause = sentence.clause_at(end)
    if clause is None or clause.ending != "adnominal" or clause.stem_start > end:
        return None
    return clause.head.start if clause.head is not None else len(sentence.text)
