"""Statements in documents: sentence by sentence, typed by the ontology, each with the span of its sentence.

Rule-based on purpose: what is extracted can be explained. An ontology's patterns are read first, then what its
answers, labels and question words let a clause say (``kg.frames``), then the columns of tables. A subject that a
sentence leaves out is carried over from its paragraph, its heading or the ontology, but only where no other
subject is possible. What speaks of a known name and matches no relation becomes a candidate with an open relation.
Knows nothing of storage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ingest import OPEN, Document, Korean, Mode, Span, Statement
from kg.clauses import COPULA, NOMINATIVE, Case, Clause, Noun, Reading, read_clauses
from kg.frames import MEMBERSHIP, Frame, Frames, Role, Slot, fillers
from kg.literals import DATE, UNITS, canonical
from kg.literals import PATTERNS as LITERAL_PATTERNS
from kg.mentions import Names, key
from kg.modality import mode_of, period_of
from kg.passages import Passage, passages
from kg.patterns import Pattern, Place, compile_pattern, mask, places
from kg.resolution import PEOPLE, Aliases, chosen, find_aliases
from kg.types import LITERALS, ROOT, Entity, Ontology, Relation

EXTRACTION_VERSION = 2

# What is less sure than this waits for review.
SURE = 0.6

_MARKUP = re.compile(r"\*\*|__|[*`]|\]\([^)\s]*\)|!?\[(?=[^\]\n]+\]\()")
_TOPIC = re.compile(r"(?:\s?\([^()\n]{0,60}\))?(?:\s?(?:님|씨))?(?:께서는|은|는|도)(?![가-힣])")
_SUBJECT = re.compile(r"(?:\s?\([^()\n]{0,60}\))?(?:\s?(?:님|씨))?(?:께서|이|가)(?![가-힣])")
_OWNER = re.compile(r"(?:\s?\([^()\n]{0,60}\))?(?:\s?(?:님|씨))?(?:의\s*|\s+)")
_LABEL = re.compile(r"(?:\s?\([^()\n]{0,60}\))?\s*[:：]")
_JOINED = re.compile(r"\s*(?:와|과|하고|이랑|랑|및|그리고|,|·|/)(?:\s*(?:및|그리고))?\s*")
_PRONOUN = re.compile(r"(?<![가-힣])(?:그녀|그)(?=(?:는|가|의|를|에게|도|와)(?![가-힣]))")
_COPULAR_HEAD = re.compile(r"\s*[가-힣A-Za-z]{1,15}(?:이다|입니다|이며|이고|이자|이었|였|이에요|예요|다(?=[.\s]|$))")
_ADVERBIAL = re.compile(
    "지금|현재|오늘|어제|내일|올해|작년|지난해|내년|최근|당시|이때|그때|처음|이번|평소|원래|나중|이후|이전|요즘|"
    "오전|오후|아침|저녁|봄|여름|가을|겨울|우선|보통|여기|이곳|우리|저희|당사"
)
_TIME = re.compile(r"(?:\d+|[가-힣]{1,3})\s?(?:년|월|일|때|뒤|전|후|초|말|시|분기|세기)")
_CELL_JOINTS = re.compile(r"(?:\s*(?:,|·|/|、|;|\s및\s|와|과)\s*|\s*\([^()]*\)|\s)*")
_UNIT_OF_HEADER = re.compile(r"\s*[(（\[]\s*(?:단위\s*[:：]?\s*)?([^()（）\[\]]{1,8})\s*[)）\]]\s*$")
_NOTICE_DATE = re.compile(DATE)
_NO_OBJECT = re.compile(r"[-–—·.]*|없음|미정|비공개|해당\s?없음")
_PLACING = ("있", "위치", "자리", "자리하", "잡", "소재", "두", "놓", "마련")
# Parts of a place that are inside of it.
_INSIDE = re.compile(r"(?:(?:북|남|동|서|북동|북서|남동|남서|중|중앙)부|안|내|시내|도심|중심부?|한가운데|일대|전역)")
_NAMING = (
    "하", "삼", "정하", "바꾸", "변경", "선임", "임명", "지정", "뽑", "조정", "올리", "내리", "인상", "인하", "늘리",
    "줄이", "옮기", "이전", "두", "맞", "추대", "결정", "확정", "교체", "정",
)  # fmt: skip
_BECOMING = ("되", "취임", "선출", "임명", "선임", "뽑", "오르", "맡", "지명", "추대", "겸하", "겸임", "부임", "승진")


def extract(document: Document, ontology: Ontology, korean: Korean) -> list[Statement]:
    """All statements of ``document`` that its sentences and tables make, in reading order, none twice.

    A statement's span is its sentence, or the cell of a table that says it. Questions give none, and neither does
    what is only possible or conditional. Denials, plans, hearsay and what is past say so by their ``mode``.
    """
    found: dict[Statement, None] = {}
    reader = _reader(ontology, korean)
    aliases = reader.aliases(document.text)
    names = reader.names_with(aliases)
    scope = _Scope(ontology)
    row: list[tuple[Passage, _Sentence]] = []

    def end_row() -> None:
        for passage, said in reader.read_row(row, scope) if row else ():
            found[said.at(Span(document.id, passage.start, passage.end))] = None
        row.clear()

    for passage in passages(document.text):
        if row and passage.group != row[-1][0].group:
            end_row()
        sentence = reader.sentence(document.text[passage.start : passage.end], names, aliases.doubtful, scope)
        if passage.kind == "heading":
            scope.enter(passage.level, sentence, _notice_date(document.text, passage))
            continue
        scope.begin(passage)
        for said in reader.read(sentence, scope) if not passage.is_header else ():
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


def _notice_date(text: str, passage: Passage) -> str:
    """The full date that a heading, or what stands before it in its line, gives; '' where there is none."""
    line = text[text.rfind("\n", 0, passage.start) + 1 : passage.end]
    found = _NOTICE_DATE.search(line)
    date = canonical("날짜", found.group()) if found else None
    return date if date and date.endswith("일") else ""


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement without its place."""

    subject: str
    relation: str
    object: str
    mode: Mode = "asserted"
    since: str = ""
    until: str = ""
    confidence: float = 1.0

    def at(self, span: Span) -> Statement:
        is_candidate = self.relation.startswith(OPEN) or self.confidence < SURE
        return Statement(
            self.subject, self.relation, self.object, span, self.mode, self.since, self.until,
            round(self.confidence, 2), "candidate" if is_candidate else "approved",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Mark:
    """A noun that its particle makes a topic (은/는/도) or a subject (이/가); ``place`` where it is an entity."""

    start: int
    end: int
    topic: bool
    noun: str
    place: Place | None


@dataclass(slots=True)
class _Sentence:
    """A passage without markup; ``claimed`` collects the stretches that patterns have explained."""

    text: str
    places: list[Place]
    reading: Reading
    doubt: float = 0.0
    marks: list[_Mark] = field(default_factory=list)
    claimed: list[tuple[int, int]] = field(default_factory=list)

    def is_claimed(self, mark: _Mark) -> bool:
        return any(start <= mark.start < end for start, end in self.claimed)

    def clause_at(self, position: int) -> Clause | None:
        """The first clause that ends at ``position`` or behind it."""
        return next((clause for clause in self.reading.clauses if clause.end >= position), None)


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


class _Scope:
    """Who a sentence without a subject may speak of. None means nobody known, '' stands for somebody else."""

    def __init__(self, ontology: Ontology) -> None:
        self.date = ""  # of the notice that is read
        self.seen: set[str] = set()  # named without doubt since the last heading
        self.header: dict[int, str] = {}
        self._ontology = ontology
        self._headings: list[tuple[int, Entity | None, bool]] = []  # level, entity, several named
        self._group = -1
        self._topic: Entity | None = None
        self._other_topic = False
        self._named: list[Entity] = []  # since the topic was set
        self._acting: list[Entity] = []  # subjects since the topic was set
        self._before: tuple[Entity | None, list[Entity]] = None, []  # of the sentence before: its subject, all named

    def enter(self, level: int, heading: _Sentence, date: str) -> None:
        """A heading: it closes those of its level and below."""
        if date or level <= min([held[0] for held in self._headings], default=level):
            self.date = date
        self._headings = [held for held in self._headings if held[0] < level]
        named = {place.entities for place in heading.places}
        only = next(iter(named)) if len(named) == 1 else ()
        self._headings.append((level, only[0] if len(only) == 1 else None, len(named) > 1))
        self._group = -1
        self.seen = {place.entities[0].name for place in heading.places if len(place.entities) == 1}
        self.header = {}

    def begin(self, passage: Passage) -> None:
        """A new paragraph, list item or table row forgets the topic of the one before."""
        if passage.kind != "cell":
            self.header = {}
        if passage.group != self._group:
            self._group = passage.group
            self._topic, self._other_topic = None, False
            self._named, self._acting = [], []
            self._before = None, []

    def leave(self, sentence: _Sentence, passage: Passage) -> None:
        """Remember what the sentence was about."""
        topics = {mark.place.entities for mark in sentence.marks if mark.topic and mark.place}
        others = [m for m in sentence.marks if m.topic and not m.place and not sentence.is_claimed(m)]
        entities = [place.entities[0] for place in sentence.places if len(place.entities) == 1]
        acting = [m.place.entities[0] for m in sentence.marks if m.place and not m.topic]
        self.seen.update(entity.name for entity in entities)
        self._before = _spoken_of(sentence) or self._before[0], entities
        if passage.kind == "cell":
            if self._topic is None and not self._other_topic:
                whole = sentence.places and len(sentence.places[0].entities) == 1 and _fills(sentence)
                self._topic, self._other_topic = (entities[0], False) if whole else (None, False)
            return
        if topics or others:
            only = next(iter(topics)) if len(topics) == 1 and not others else ()
            self._topic = only[0] if len(only) == 1 else None
            self._other_topic = self._topic is None
            self._named, self._acting = [], []
        elif self._topic is None and not self._other_topic and len(set(acting)) == 1:
            self._topic = acting[0]
        self._named += entities
        self._acting += acting

    def subject(self, relation: Relation, own_topic: bool) -> Entity | None:
        """The subject carried over, if there is one and it alone can be meant."""
        if self._other_topic:
            return None
        carried = self._topic or self.heading()
        if carried is None:
            several = any(held[2] for held in self._headings)
            if several or relation.domain == ROOT:
                return None
            carried = self._ontology.entities.get(self._ontology.subject)
        if carried is None or not self._ontology.is_a(carried.cls, relation.domain):
            return None
        rivals = self._named if own_topic else self._acting
        if any(rival != carried and self._ontology.is_a(rival.cls, relation.domain) for rival in rivals):
            return None
        return carried

    def antecedent(self, is_person: Callable[[Entity], bool]) -> Entity | None:
        """Whom 그 or 그녀 means: the subject of the sentence before, or the one person in it."""
        subject, named = self._before
        people = {entity.name: entity for entity in named if is_person(entity)}
        if subject is not None and (is_person(subject) or not people):
            return subject
        return next(iter(people.values())) if len(people) == 1 else None

    def heading(self) -> Entity | None:
        """Whom the nearest heading names that names somebody."""
        for _, entity, several in reversed(self._headings):
            if entity or several:
                return entity
        return None


def _spoken_of(sentence: _Sentence) -> Entity | None:
    """The entity that is a sentence's subject, or whose its subject is ('A의 대표는')."""
    for noun in sentence.reading.nouns:
        if noun.case in NOMINATIVE:
            place = noun.place or (noun.owner.place if noun.owner is not None else None)
            return place.entities[0] if place is not None and len(place.entities) == 1 else None
    return None


def _fills(sentence: _Sentence) -> bool:
    return sentence.places[0].start == 0 and sentence.places[0].end == len(sentence.text)


class _Reader:
    """An ontology made ready to read sentences."""

    def __init__(self, ontology: Ontology, korean: Korean) -> None:
        self._ontology = ontology
        self._korean = korean
        self._names = Names(ontology)
        self._frames = Frames(ontology, korean)
        self._patterns = [
            (relation, [compile_pattern(pattern, relation) for pattern in relation.patterns])
            for relation in ontology.relations.values()
        ]

    def names_with(self, aliases: Aliases) -> Names:
        """The ontology's names and those that a document gives besides."""
        return Names(self._ontology, aliases.names) if aliases else self._names

    def aliases(self, text: str) -> Aliases:
        """The names that a document gives besides the ontology's."""
        return find_aliases(text, self._ontology, self._names, self._korean)

    def sentence(self, text: str, names: Names, doubtful: frozenset[str], scope: _Scope) -> _Sentence:
        """The passage without markup, with its places, its clauses and what its particles mark."""
        plain = _MARKUP.sub("", text)
        found = places(names.find(plain))
        named = [replace(place, entities=chosen(place.entities, scope.seen)) for place in found]
        is_guess = any(key(plain[place.start : place.end]) in doubtful for place in named)
        doubt = 0.5 if is_guess else 0.2 if named != found else 0.0
        if antecedent := scope.antecedent(self._is_of_person):
            pronouns = [Place(*found.span(), (antecedent,)) for found in _PRONOUN.finditer(plain)]
            named = sorted([*named, *pronouns], key=lambda place: place.start)
            doubt = max(doubt, 0.1 if pronouns else 0.0)
        reading = read_clauses(plain, named, self._korean, self._is_person)
        sentence = _Sentence(plain, named, reading, doubt)
        sentence.marks = _marks(sentence)
        return sentence

    def read(self, sentence: _Sentence, scope: _Scope) -> list[_Said]:
        """What the sentence says: by patterns, by verbs and nouns of the ontology, else by open relations."""
        if sentence.text.rstrip("\"”’'」』)] ").endswith("?"):
            return []
        said = [*self._by_patterns(sentence, scope)]
        said += self._by_clauses(sentence, scope)
        said += self._open(sentence)
        return [replace(one, confidence=one.confidence - sentence.doubt) for one in said]

    # -- patterns of the ontology ----------------------------------------------------------------

    def _by_patterns(self, sentence: _Sentence, scope: _Scope) -> Iterator[_Said]:
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
                    yield self._said(subject, match.relation, object_, mode, sentence, clause, scope, 1.0)

    def _matches(self, sentence: _Sentence) -> Iterator[_Found]:
        for relation, patterns in self._patterns:
            masked = mask(sentence.text, sentence.places, relation, self._ontology)
            for pattern in patterns:
                for match in pattern.regex.finditer(masked.text):
                    place = masked.places.get(match.start("object"))
                    stretch = slice(masked.origins[match.start("object")], masked.origins[match.end("object")])
                    objects = self._objects(sentence, relation, place, sentence.text[stretch])
                    subject = None
                    if pattern.names_subject:
                        subject = self._only(masked.places[match.start("subject")], relation.domain)
                    if objects and (subject or not pattern.names_subject):
                        start, end = masked.origins[match.start()], masked.origins[match.end()]
                        yield _Found(relation, pattern, start, end, subject, objects, place)

    def _objects(self, sentence: _Sentence, relation: Relation, place: Place | None, text: str) -> tuple[str, ...]:
        if relation.range in LITERALS:
            literal = canonical(relation.range, text)
            return (literal,) if literal else ()
        first = self._only(place, relation.range) if place else None
        if place is None or first is None:
            return ()
        objects = [first.name]
        if not relation.functional:
            objects[:0] = [entity.name for entity in self._joined_before(sentence, place, relation.range)]
        return tuple(dict.fromkeys(objects))

    def _joined_before(self, sentence: _Sentence, place: Place, cls: str) -> list[Entity]:
        """'A, B와 C를': the fitting names that stand in a row before ``place``."""
        joined: list[Entity] = []
        index = sentence.places.index(place)
        while index > 0:
            before, after = sentence.places[index - 1], sentence.places[index]
            entity = self._only(before, cls)
            if entity is None or not _JOINED.fullmatch(sentence.text, before.end, after.start):
                break
            joined.insert(0, entity)
            index -= 1
        return joined

    def _only(self, place: Place, cls: str) -> Entity | None:
        """The one entity at a place that is of a class; None where there is none, or more than one."""
        fitting = [entity for entity in place.entities if self._ontology.is_a(entity.cls, cls)]
        return fitting[0] if len(fitting) == 1 else None

    def _subject(self, sentence: _Sentence, match: _Found, scope: _Scope) -> Entity | None:
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
                return self._only(head, domain)
            if not _COPULAR_HEAD.match(sentence.text, modified):
                return None
        owner = next((p for p in reversed(sentence.places) if p.end <= start), None)
        if owner is not None and match.object_place != owner:
            owned = _OWNER.fullmatch(sentence.text, owner.end, start)
            if owned and ("의" in owned.group() or match.pattern.own_topic):
                return self._only(owner, domain)
        return self._marked(sentence, start, match, scope, carry=modified is None)

    def _marked(self, sentence: _Sentence, start: int, match: _Found, scope: _Scope, carry: bool) -> Entity | None:
        """The nearest topic or subject before ``start`` that fits, else the one carried over."""
        for mark in reversed([mark for mark in sentence.marks if mark.end <= start]):
            if mark.place is None:
                if self._is_carried(mark.noun, match.relation, match.pattern.own_topic, scope):
                    continue
                return None
            entity = self._only(mark.place, match.relation.domain)
            if entity is not None or mark.topic:
                return entity
        return scope.subject(match.relation, match.pattern.own_topic) if carry else None

    def _is_carried(self, noun: str, relation: Relation, own_topic: bool, scope: _Scope) -> bool:
        """'회사는', '이 모드는': a class that the carried subject belongs to."""
        carried = scope.subject(relation, own_topic)
        return carried is not None and noun in self._ontology.classes and self._ontology.is_a(carried.cls, noun)

    # -- verbs and nouns of the ontology ---------------------------------------------------------

    def _by_clauses(self, sentence: _Sentence, scope: _Scope) -> Iterator[_Said]:
        for clause in sentence.reading.clauses:
            mode = _clause_mode(sentence, clause)
            if mode is None:
                continue
            found = [*self._by_verb(sentence, clause, scope), *self._by_role(sentence, clause, scope)]
            for subject, relation, object_, confidence in found:
                if object_ == subject.name:
                    continue
                if mode == "asserted":
                    sentence.claimed.append((clause.start, clause.end))
                yield self._said(subject, relation, object_, mode, sentence, clause, scope, confidence)
        for subject, relation, object_, noun in self._by_apposition(sentence, scope):
            mode = "former" if noun.former else "asserted"
            sentence.claimed.append((noun.start, noun.end))
            if object_ != subject.name:
                yield self._said(subject, relation, object_, mode, sentence, None, scope, 0.9)

    def _by_verb(
        self, sentence: _Sentence, clause: Clause, scope: _Scope
    ) -> Iterator[tuple[Entity, Relation, str, float]]:
        for frame in self._frames.verbs.get(clause.stem, ()):
            labels = {noun.label for noun in clause.nouns}
            if any(fixed not in labels for fixed in frame.fixed):
                continue
            subject_slot, object_slot = _turned(frame, clause.passive)
            relation = frame.relation
            confidence = 0.95 if not frame.loose else 0.85 if relation.range != ROOT else SURE - 0.05
            for noun, objects in self._object_nouns(sentence, clause, object_slot, relation):
                subject, carried = self._clause_subject(clause, subject_slot, frame, noun, scope)
                if subject is not None:
                    for object_ in objects:
                        yield subject, relation, object_, confidence - (0.1 if carried else 0)
                    break

    def _object_nouns(
        self, sentence: _Sentence, clause: Clause, slot: Slot, relation: Relation
    ) -> Iterator[tuple[Noun, list[str]]]:
        """The phrases of a clause that may be the object, with the values that they list."""
        if relation.range in LITERALS:
            for noun in reversed(clause.nouns):
                is_there = noun.case == slot.case and noun.place is None
                if is_there and (literal := self._literal(sentence, noun, relation)):
                    yield noun, [literal]
            return
        if slot.case in ("e", "eseo") and not slot.link and self._frames.holds_place(relation):
            for noun in reversed(clause.nouns):
                inside = noun.owner if noun.case == slot.case and _INSIDE.fullmatch(noun.label) else None
                if inside is not None and (values := self._values(sentence, inside, relation)):
                    yield inside, values
        acting = any(noun.case == "nom" and noun.place is not None for noun in clause.nouns)
        for noun in fillers(clause, slot, stands_for_accusative=acting):
            if values := self._values(sentence, noun, relation):
                yield noun, values
        head = self._head(sentence, clause)
        may_be_head = not slot.link and any(noun.case in NOMINATIVE for noun in clause.nouns)
        if head is not None and may_be_head and (values := self._values(sentence, head, relation)):
            yield head, values

    def _literal(self, sentence: _Sentence, noun: Noun, relation: Relation) -> str | None:
        """The literal with which a phrase ends."""
        text = sentence.text[noun.start : noun.end]
        if relation.range == "글":
            return None
        found = re.search(rf"(?:{LITERAL_PATTERNS[relation.range]})$", text.strip())
        return canonical(relation.range, found.group()) if found else None

    def _values(self, sentence: _Sentence, noun: Noun, relation: Relation) -> list[str]:
        """The names of the relation's range that a phrase lists, or its literal."""
        if relation.range in LITERALS:
            literal = self._literal(sentence, noun, relation)
            return [literal] if literal else []
        last = self._only(noun.place, relation.range) if noun.place else None
        if last is None:
            return []
        names = [last.name]
        if not relation.functional:
            for before in reversed(noun.row):
                entity = self._only(before.place, relation.range) if before.place else None
                if entity is None:
                    break
                names.insert(0, entity.name)
        return list(dict.fromkeys(names))

    def _clause_subject(
        self, clause: Clause, slot: Slot, frame: Frame, object_: Noun, scope: _Scope
    ) -> tuple[Entity | None, bool]:
        """(whom a clause speaks of, whether that was carried over)."""
        relation = frame.relation
        nominative = [n for n in clause.nouns if n.case in NOMINATIVE and n != object_ and n.label not in frame.fixed]
        for noun in fillers(clause, slot):
            if noun != object_ and noun.place is not None and (entity := self._only(noun.place, relation.domain)):
                return entity, False
        for fixed in clause.nouns:
            if fixed.label in frame.fixed and fixed.owner is not None:
                place = fixed.owner.place
                return (self._only(place, relation.domain) if place else None), False
        own_topic = bool(frame.fixed)
        if slot.link:
            if all(noun.label != slot.link for noun in clause.nouns):
                return None, False
            nominative = [noun for noun in nominative if noun.label != slot.link]
            own_topic = True
        if slot.case == "nom" and not clause.passive and frame.object.case != "acc":
            for noun in clause.nouns:  # '공장에서 된장을 만든다' of '된장은 공장에서 만든다'
                if noun.case == "acc" and noun is not object_ and noun.place is not None:
                    return self._only(noun.place, relation.domain), False
        elif slot.case not in NOMINATIVE:
            for noun in reversed(nominative):
                if noun.case == "topic" and noun.place and (entity := self._only(noun.place, relation.domain)):
                    return entity, False
            if any(noun.case == slot.case and noun is not object_ for noun in clause.nouns):
                return None, False
        if clause.ending == "adnominal":
            return self._modified(clause, relation, object_), False
        return self._left_out(clause, nominative, relation, own_topic, scope)

    def _modified(self, clause: Clause, relation: Relation, object_: Noun) -> Entity | None:
        """Whom an adnominal clause modifies, or whom the noun that it modifies is said to be."""
        head = clause.head
        if head is None or head is object_:
            return None
        if head.place is not None:
            return self._only(head.place, relation.domain)
        if head.case == "cop":
            for noun in reversed(clause.outer):
                if noun.place is not None:
                    return self._only(noun.place, relation.domain)
        return None

    def _left_out(
        self, clause: Clause, nominative: Sequence[Noun], relation: Relation, own_topic: bool, scope: _Scope
    ) -> tuple[Entity | None, bool]:
        """The subject that a clause shares with the one before it, or that its paragraph speaks of."""
        if any(noun.is_contrasted and noun.place is None and not self._is_adverbial(noun) for noun in clause.nouns):
            return None, False
        for noun in reversed([*clause.shared, *nominative]):
            if noun.place is None:
                if (
                    noun.is_pronoun
                    or self._is_adverbial(noun)
                    or self._is_carried(noun.label, relation, own_topic, scope)
                ):
                    continue
                return None, False
            entity = self._only(noun.place, relation.domain)
            if entity is not None or noun.case == "topic":
                return entity, False
        return scope.subject(relation, own_topic), True

    def _is_adverbial(self, noun: Noun) -> bool:
        return _ADVERBIAL.fullmatch(noun.label) is not None or _TIME.search(noun.label) is not None

    def _head(self, sentence: _Sentence, clause: Clause) -> Noun | None:
        """What an adnominal clause modifies; in 'A가 개발한 것은 B이다' that is B."""
        head = clause.head
        if head is None or head.place is not None or head.case not in NOMINATIVE:
            return head
        later = (c for c in sentence.reading.clauses if c.stem == COPULA and head in c.nouns)
        copula = next(later, None)
        return copula.complement if copula is not None and not copula.negated else head

    # -- nouns that name a relation --------------------------------------------------------------

    def _by_role(
        self, sentence: _Sentence, clause: Clause, scope: _Scope
    ) -> Iterator[tuple[Entity, Relation, str, float]]:
        if clause.stem == COPULA and clause.complement is not None:
            yield from self._equated(sentence, clause, clause.complement, scope)
            return
        if not any(noun.case == "acc" and noun.place is not None for noun in clause.nouns):
            for noun in clause.nouns:  # 'A는 B의 분관으로 …에 있다'
                if noun.case == "ro" and noun.owner is not None and not noun.place:
                    yield from self._equated(sentence, clause, noun, scope)
        for noun in clause.nouns:
            for role in self._roles(noun):
                for value in self._role_values(clause, noun, role.relation):
                    subject, carried = self._role_subject(clause, noun, value, role.relation, scope)
                    for object_ in self._values(sentence, value, role.relation) if subject else ():
                        yield subject, role.relation, object_, 0.85 if carried else 0.9  # type: ignore[misc]

    def _roles(self, noun: Noun) -> list[Role]:
        if not noun.label:
            return []
        exact = self._frames.roles.get(key(noun.label), [])
        member = next((word for word in MEMBERSHIP if noun.label.startswith(word)), "")
        return exact or (self._frames.roles.get(member, []) if member else [])

    def _equated(
        self, sentence: _Sentence, clause: Clause, complement: Noun, scope: _Scope
    ) -> Iterator[tuple[Entity, Relation, str, float]]:
        """'A의 대표는 B이다', 'B는 A의 대표이다', 'A의 대표인 B'."""
        topics = [noun for noun in (*clause.shared, *clause.nouns) if noun.case in NOMINATIVE]
        topic = topics[-1] if topics else None
        for role in self._roles(topic) if topic is not None else ():
            if role.of_subject:
                yield from self._reversed(topic, complement, role.relation)  # type: ignore[arg-type]
                continue
            for object_ in self._values(sentence, complement, role.relation):
                subject, carried = self._role_subject(clause, topic, complement, role.relation, scope)  # type: ignore[arg-type]
                if subject is not None:
                    yield subject, role.relation, object_, 0.85 if carried else 0.95
        holder = topic if topic is not None and topic.place else None
        if holder is None and clause.ending == "adnominal":
            holder = clause.head
        if holder is None or holder.place is None or complement.owner is None or complement.owner.place is None:
            return
        for role in self._roles(complement):
            relation = role.relation
            subject_place, object_place = complement.owner.place, holder.place
            if role.of_subject:
                subject_place, object_place = object_place, subject_place
            subject = self._only(subject_place, relation.domain)
            object_entity = self._only(object_place, relation.range)
            if subject is not None and object_entity is not None:
                yield subject, relation, object_entity.name, 0.9

    def _reversed(self, noun: Noun, value: Noun, relation: Relation) -> Iterator[tuple[Entity, Relation, str, float]]:
        """'A의 거점관은 B이다' where the relation says that B is A's."""
        if noun.owner is None or noun.owner.place is None or value.place is None:
            return
        subject, object_ = self._only(value.place, relation.domain), self._only(noun.owner.place, relation.range)
        if subject is not None and object_ is not None:
            yield subject, relation, object_.name, 0.9

    def _role_values(self, clause: Clause, noun: Noun, relation: Relation) -> Iterator[Noun]:
        """The phrases that a clause with a verb makes the value of the noun: 'N을 B로 바꾸다', 'B를 N으로 뽑다'."""
        others = [other for other in clause.nouns if other is not noun]
        stem = clause.stem
        if (noun.case == "acc" or (clause.passive and noun.case in NOMINATIVE)) and stem in _NAMING:
            yield from (other for other in others if other.case == "ro")
        if noun.case == "acc" and stem in ("맺", "체결"):
            yield from (other for other in others if other.case == "wa")
        if noun.case == "ro":
            wanted = "nom" if clause.passive or stem in ("취임", "오르", "부임", "승진") else "acc"
            yield from (
                other for other in others if other.case == wanted or (wanted == "nom" and other.case in NOMINATIVE)
            )
        elif stem in _BECOMING and noun.case in ("acc", "nom", "e") and relation.range not in LITERALS:
            yield from (other for other in others if other.case in NOMINATIVE and other.place is not None)
        if stem in _PLACING and self._frames.holds_place(relation) and noun.case in (*NOMINATIVE, "acc"):
            yield from (other for other in others if other.case in ("e", "ro") and other.place is not None)

    def _role_subject(
        self, clause: Clause, noun: Noun, value: Noun, relation: Relation, scope: _Scope
    ) -> tuple[Entity | None, bool]:
        """Whose the noun is: its owner's, else the clause's subject's, else whose the paragraph speaks of."""
        if noun.owner is not None:
            if noun.owner.place is not None:
                return self._only(noun.owner.place, relation.domain), False
            if not self._is_carried(noun.owner.label, relation, True, scope):
                return None, False
        nominative = [n for n in clause.nouns if n.case in NOMINATIVE and n is not noun and n is not value]
        if clause.ending == "adnominal" and not nominative:
            return None, False
        return self._left_out(clause, nominative, relation, noun.owner is None, scope)

    def _by_apposition(self, sentence: _Sentence, scope: _Scope) -> Iterator[tuple[Entity, Relation, str, Noun]]:
        """'A의 대표 B는', '별호: 그믐붓', '직원 42명'."""
        nouns = sentence.reading.nouns
        for index, noun in enumerate(nouns):
            if noun.place is not None and noun.before:
                for role in self._frames.roles.get(key(noun.before), []):
                    owner = noun.owner.place if noun.owner is not None else None
                    subject = self._only(owner, role.relation.domain) if owner else None
                    object_ = self._only(noun.place, role.relation.range)
                    if subject is not None and object_ is not None and not role.of_subject:
                        yield subject, role.relation, object_.name, noun
            if noun.case == "label" and index == 0:
                yield from self._labelled(sentence, noun, scope)
            elif noun.label and noun.case in ("end", "list", "cop"):
                yield from self._measured(sentence, noun, scope)

    def _labelled(self, sentence: _Sentence, noun: Noun, scope: _Scope) -> Iterator[tuple[Entity, Relation, str, Noun]]:
        colon = re.search(r"[:：]\s*", sentence.text[noun.end :])
        if colon is None:
            return
        start = noun.end + colon.end()
        for role in self._roles(noun):
            owner = noun.owner.place if noun.owner is not None else None
            relation = role.relation
            subject = self._only(owner, relation.domain) if owner else scope.subject(relation, own_topic=True)
            if subject is None or role.of_subject:
                continue
            for object_ in self._cell_values(sentence, start, relation, ""):
                yield subject, relation, object_, noun

    def _measured(self, sentence: _Sentence, noun: Noun, scope: _Scope) -> Iterator[tuple[Entity, Relation, str, Noun]]:
        """'직원 42명': a noun and at once its quantity or date."""
        text = sentence.text[noun.start : noun.end]
        for cls in ("수량", "날짜"):
            found = re.search(rf"\s*({LITERAL_PATTERNS[cls]})$", text)
            if not found:
                continue
            label = text[: found.start()]
            if noun.owner is not None and noun.owner.place is not None and noun.owner.place.start >= noun.start:
                label = text[noun.owner.place.end - noun.start : found.start()]
            for role in self._frames.roles.get(key(label), []):
                relation = role.relation
                object_ = canonical(relation.range, found.group(1)) if relation.range in LITERALS else None
                if object_ is None or relation.range == "글":
                    continue
                owner = noun.owner.place if noun.owner is not None else None
                subject = self._only(owner, relation.domain) if owner else scope.subject(relation, own_topic=True)
                if subject is not None:
                    yield subject, relation, object_, noun

    # -- tables ----------------------------------------------------------------------------------

    def read_row(self, row: Sequence[tuple[Passage, _Sentence]], scope: _Scope) -> Iterator[tuple[Passage, _Said]]:
        """What the cells of a row say of the name that one of them holds, by the headers of their columns."""
        if row[0][0].is_header:
            scope.header = {passage.column: sentence.text for passage, sentence in row}
            return
        named = [(p, s) for p, s in row if s.places and _fills(s)]
        for passage, sentence in row:
            header = scope.header.get(passage.column, "")
            unit = _UNIT_OF_HEADER.search(header)
            label = header[: unit.start()] if unit else header
            roles = [role for role in self._frames.roles.get(key(label), []) if not role.of_subject] if label else []
            said = False
            for role in roles:
                subject = self._row_subject(named, passage, role.relation)
                for object_ in self._cell_values(sentence, 0, role.relation, unit.group(1) if unit else ""):
                    if subject is not None and object_ != subject.name:
                        said = True
                        yield passage, _Said(subject.name, role.relation.key, object_, confidence=0.9)
            if (
                label
                and not said
                and named
                and named[0][0].column < passage.column
                and not _NO_OBJECT.fullmatch(sentence.text)
            ):
                entities = named[0][1].places[0].entities
                if len(entities) == 1:
                    yield passage, _Said(entities[0].name, OPEN + label.strip(), sentence.text, confidence=0.5)
        if not scope.header and len(row) == 2:
            yield from self._keyed_row(row[0][1], *row[1], scope)

    def _row_subject(
        self, named: Sequence[tuple[Passage, _Sentence]], passage: Passage, relation: Relation
    ) -> Entity | None:
        for other, sentence in named:
            if other is not passage and (entity := self._only(sentence.places[0], relation.domain)):
                return entity
        return None

    def _keyed_row(
        self, first: _Sentence, passage: Passage, second: _Sentence, scope: _Scope
    ) -> Iterator[tuple[Passage, _Said]]:
        """A row of two cells without a header: what is said, and what of it."""
        for role in self._frames.roles.get(key(first.text), []):
            subject = scope.heading() or scope.subject(role.relation, own_topic=True)
            if subject is None or role.of_subject or not self._ontology.is_a(subject.cls, role.relation.domain):
                continue
            for object_ in self._cell_values(second, 0, role.relation, ""):
                yield passage, _Said(subject.name, role.relation.key, object_, confidence=0.9)

    def _cell_values(self, sentence: _Sentence, start: int, relation: Relation, unit: str) -> list[str]:
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
            entity = self._only(place, relation.range)
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

    # -- what no relation explains ---------------------------------------------------------------

    def _open(self, sentence: _Sentence) -> Iterator[_Said]:
        """Clauses about a known name that nothing above has read, as candidates."""
        for clause in sentence.reading.clauses:
            if clause.ending == "adnominal" or any(s < clause.end and clause.start < e for s, e in sentence.claimed):
                continue
            mode = _clause_mode(sentence, clause)
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
            yield _Said(_written(sentence, subject), OPEN + label, _written(sentence, object_), mode, since, until, 0.5)

    def _said(
        self, subject: Entity, relation: Relation, object_: str, mode: Mode, sentence: _Sentence,
        clause: Clause | None, scope: _Scope, confidence: float,
    ) -> _Said:  # fmt: skip
        since = until = ""
        if relation.range not in ("연도", "날짜"):
            stretch = sentence.text[clause.start : clause.end] if clause else sentence.text
            since, until = period_of(stretch, clause.stem if clause else "", scope.date[:5])
        if relation.functional and not since and mode == "asserted":
            since = scope.date
        return _Said(subject.name, relation.key, object_, mode, since, until, confidence)

    def _is_person(self, place: Place) -> bool:
        return any(map(self._is_of_person, place.entities))

    def _is_of_person(self, entity: Entity) -> bool:
        return any(self._ontology.is_a(entity.cls, cls) for cls in PEOPLE)


def _turned(frame: Frame, passive: bool) -> tuple[Slot, Slot]:
    """The slots of a frame in the voice of a clause."""
    slots = frame.subject, frame.object
    cases = {slot.case for slot in slots}
    if passive == frame.passive or (passive and "acc" not in cases):
        return slots
    turned: dict[Case, Case] = {"acc": "nom", "nom": "by"} if passive else {"nom": "acc", "by": "nom"}
    subject, object_ = (replace(slot, case=turned.get(slot.case, slot.case)) for slot in slots)
    return subject, object_


def _written(sentence: _Sentence, noun: Noun) -> str:
    if noun.place is not None and len(noun.place.entities) == 1:
        return noun.place.entities[0].name
    return sentence.text[noun.start : noun.end]


def _pattern_mode(sentence: _Sentence, match: _Found) -> Mode | None:
    """How a match is said: by the last predicate in it, else by the one that follows it in its clause."""
    inside = [c for c in sentence.reading.clauses if match.start <= c.stem_start < match.end]
    clause = inside[-1] if inside else sentence.clause_at(match.end)
    before = max(0, match.start - 20)
    if clause is None or clause.start >= match.end:
        return mode_of(sentence.text[before : match.end], "")
    said = sentence.text[min(clause.start, before) : clause.stem_start if inside else match.end]
    tail = sentence.text[clause.stem_end if inside else min(match.end, clause.end) : clause.end]
    return mode_of(said, tail, clause.negated and bool(inside))


def _clause_mode(sentence: _Sentence, clause: Clause) -> Mode | None:
    before = sentence.text[max(0, clause.start - 12) : clause.stem_start]
    return mode_of(before, sentence.text[clause.stem_end : clause.end], clause.negated)


def _marks(sentence: _Sentence) -> list[_Mark]:
    """Entities and other nouns that a particle makes topic or subject, in order."""
    marks: list[_Mark] = []
    for place in sentence.places:
        text = sentence.text[place.start : place.end]
        if _TOPIC.match(sentence.text, place.end) or (place.start == 0 and _LABEL.match(sentence.text, place.end)):
            marks.append(_Mark(place.start, place.end, True, text, place))
        elif _SUBJECT.match(sentence.text, place.end):
            marks.append(_Mark(place.start, place.end, False, text, place))
    marks.extend(_other_marks(sentence))
    return sorted(marks, key=lambda mark: mark.start)


def _other_marks(sentence: _Sentence) -> Iterator[_Mark]:
    for noun in sentence.reading.nouns:
        if not (noun.case in ("topic", "nom") or noun.is_contrasted) or noun.place is not None or noun.is_pronoun:
            continue
        if _ADVERBIAL.fullmatch(noun.label) or _TIME.fullmatch(noun.label):
            continue
        yield _Mark(noun.start, noun.end, noun.case != "nom", noun.label, None)


def _modified_noun(sentence: _Sentence, end: int) -> int | None:
    """Where the noun begins that the matched clause modifies ('…에 위치한 회사'); None if it modifies none."""
    clause = sentence.clause_at(end)
    if clause is None or clause.ending != "adnominal" or clause.stem_start > end:
        return None
    return clause.head.start if clause.head is not None else len(sentence.text)
