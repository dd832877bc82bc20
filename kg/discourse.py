"""Whom a text speaks of: sentences with the names in them, and who may be meant where a sentence leaves it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ingest import OPEN, Mode, Span, Statement
from kg.clauses import NOMINATIVE, Clause, Reading
from kg.passages import Passage
from kg.patterns import Place
from kg.types import ROOT, Entity, Ontology, Relation

# What is less sure than this waits for review.
SURE = 0.6

_TOPIC = re.compile(r"(?:\s?\([^()\n]{0,60}\))?(?:\s?(?:님|씨))?(?:께서는|은|는|도)(?![가-힣])")
_SUBJECT = re.compile(r"(?:\s?\([^()\n]{0,60}\))?(?:\s?(?:님|씨))?(?:께서|이|가)(?![가-힣])")
_LABEL = re.compile(r"(?:\s?\([^()\n]{0,60}\))?\s*[:：]")
_LEAD = re.compile(r"(?:\s?\([^()\n]{0,60}\))?(?:\s*[:：]\s+|\s+[—–-]\s+)(?=\S)")
_ADVERBIAL = re.compile(
    "지금|현재|오늘|어제|내일|올해|작년|지난해|내년|최근|당시|이때|그때|처음|이번|평소|원래|나중|이후|이전|요즘|"
    "오전|오후|아침|저녁|봄|여름|가을|겨울|우선|보통|여기|이곳|우리|저희|당사"
)
_TIME = re.compile(r"(?:\d+|[가-힣]{1,3})\s?(?:년|월|일|때|뒤|전|후|초|말|시|분기|세기)")


@dataclass(frozen=True, slots=True)
class Said:
    """A statement without its place."""

    subject: str
    relation: str
    object: str
    mode: Mode = "asserted"
    since: str = ""
    until: str = ""
    confidence: float = 1.0

    def at(self, span: Span) -> Statement:
        """The statement at a span; what no relation explains and what is unsure waits for review."""
        is_candidate = self.relation.startswith(OPEN) or self.confidence < SURE
        return Statement(
            self.subject, self.relation, self.object, span, self.mode, self.since, self.until,
            round(self.confidence, 2), "candidate" if is_candidate else "approved",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """A noun that its particle makes a topic (은/는/도) or a subject (이/가); ``place`` where it is an entity."""

    start: int
    end: int
    topic: bool
    noun: str
    place: Place | None


@dataclass(slots=True)
class Sentence:
    """A passage without markup; ``claimed`` collects the stretches that patterns have explained."""

    text: str
    places: list[Place]
    reading: Reading
    doubt: float = 0.0
    dated: str = ""  # the date of the notice that it stands in
    marks: list[Mark] = field(default_factory=list)
    claimed: list[tuple[int, int]] = field(default_factory=list)

    def is_claimed(self, mark: Mark) -> bool:
        """Whether a pattern, verb or noun of the ontology explains the word."""
        return any(start <= mark.start < end for start, end in self.claimed)

    @property
    def is_name(self) -> bool:
        """Whether it is one name and nothing else, as a cell or a list item is."""
        return bool(self.places) and self.places[0].start == 0 and self.places[0].end == len(self.text)

    def clause_at(self, position: int) -> Clause | None:
        """The first clause that ends at ``position`` or behind it."""
        return next((clause for clause in self.reading.clauses if clause.end >= position), None)


class Scope:
    """Who a sentence without a subject may speak of. None means nobody known, '' stands for somebody else."""

    def __init__(self, ontology: Ontology) -> None:
        self.date = ""  # of the notice that is read
        self.seen: set[str] = set()  # named without doubt since the last heading
        self.header: dict[int, str] = {}
        self.speaker: Entity | None = None  # whose words are read
        self._ontology = ontology
        self._headings: list[tuple[int, Entity | None, bool]] = []  # level, entity, several named
        self._group = -1
        self._topic: Entity | None = None
        self._other_topic = False
        self._named: list[Entity] = []  # since the topic was set
        self._acting: list[Entity] = []  # subjects since the topic was set
        self._before: tuple[Entity | None, list[Entity]] = None, []  # of the sentence before: its subject, all named

    def enter(self, level: int, heading: Sentence, date: str) -> None:
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
            self.speaker = None
            self._named, self._acting = [], []
            self._before = None, []

    @property
    def year(self) -> str:
        """The year of the notice that is read ('2025년'), '' where it has no date."""
        return self.date[:5] if self.date[4:5] == "년" else ""

    def lead(self, entity: Entity, speaks: bool) -> None:
        """A name with a colon or dash behind it: what follows speaks of it, or is what somebody speaks."""
        self.speaker = entity if speaks else None
        self._topic, self._other_topic = (None, True) if speaks else (entity, False)
        self._named, self._acting = [], []

    def leave(self, sentence: Sentence, passage: Passage) -> None:
        """Remember what the sentence was about."""
        topics = {mark.place.entities for mark in sentence.marks if mark.topic and mark.place}
        others = [m for m in sentence.marks if m.topic and not m.place and not sentence.is_claimed(m)]
        entities = [place.entities[0] for place in sentence.places if len(place.entities) == 1]
        acting = [m.place.entities[0] for m in sentence.marks if m.place and not m.topic]
        self.seen.update(entity.name for entity in entities)
        self._before = _spoken_of(sentence) or self._before[0], entities
        if passage.kind == "cell":
            if self._topic is None and not self._other_topic:
                whole = sentence.is_name and len(sentence.places[0].entities) == 1
                self._topic, self._other_topic = (entities[0], False) if whole else (None, False)
            return
        if topics or others:
            only = next(iter(topics)) if len(topics) == 1 and not others else ()
            self._topic = only[0] if len(only) == 1 else None
            self._other_topic = self._topic is None
            self._named, self._acting = [], []
        elif self._topic is None and not self._other_topic and len(set(acting)) == 1:
            self._topic = acting[0]
        if not self._tells_attribute(sentence):
            self._named += entities
            self._acting += acting

    def _tells_attribute(self, sentence: Sentence) -> bool:
        """Whether it only gives an attribute of the topic ('스승은 황보연이다'): the value is no topic."""
        first = next((mark for mark in sentence.marks if mark.topic), None)
        return first is not None and first.place is None and sentence.is_claimed(first)

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

    def is_carried(self, noun: str, relation: Relation, own_topic: bool) -> bool:
        """'회사는', '이 모드는': a class that the carried subject belongs to."""
        carried = self.subject(relation, own_topic)
        return carried is not None and noun in self._ontology.classes and self._ontology.is_a(carried.cls, noun)

    def heading(self) -> Entity | None:
        """Whom the nearest heading names that names somebody."""
        for _, entity, several in reversed(self._headings):
            if entity or several:
                return entity
        return None


def _spoken_of(sentence: Sentence) -> Entity | None:
    """The entity that is a sentence's subject, or whose its subject is ('A의 대표는')."""
    for noun in sentence.reading.nouns:
        if noun.case in NOMINATIVE:
            place = noun.place or (noun.owner.place if noun.owner is not None else None)
            return place.entities[0] if place is not None and len(place.entities) == 1 else None
    return None


def lead_of(sentence: Sentence) -> tuple[Entity, int] | None:
    """The one thing that a line begins with and then speaks of ('설상대: …', '노을 — …'), and where that begins."""
    first = sentence.places[0] if sentence.places else None
    found = _LEAD.match(sentence.text, first.end) if first is not None and first.start == 0 else None
    if first is None or found is None or len(first.entities) != 1:
        return None
    return first.entities[0], found.end()


def marks_of(sentence: Sentence) -> list[Mark]:
    """Entities and other nouns that a particle makes topic or subject, in order."""
    marks: list[Mark] = []
    for place in sentence.places:
        text = sentence.text[place.start : place.end]
        if _TOPIC.match(sentence.text, place.end) or (place.start == 0 and _LABEL.match(sentence.text, place.end)):
            marks.append(Mark(place.start, place.end, True, text, place))
        elif _SUBJECT.match(sentence.text, place.end):
            marks.append(Mark(place.start, place.end, False, text, place))
    marks.extend(_other_marks(sentence))
    return sorted(marks, key=lambda mark: mark.start)


def _other_marks(sentence: Sentence) -> Iterator[Mark]:
    for noun in sentence.reading.nouns:
        if not (noun.case in ("topic", "nom") or noun.is_contrasted) or noun.place is not None or noun.is_pronoun:
            continue
        if _ADVERBIAL.fullmatch(noun.label) or _TIME.fullmatch(noun.label):
            continue
        yield Mark(noun.start, noun.end, noun.case != "nom", noun.label, None)


def only(place: Place, cls: str, ontology: Ontology) -> Entity | None:
    """The one entity at a place that is of a class; None where there is none, or more than one."""
    fitting = [entity for entity in place.entities if ontology.is_a(entity.cls, cls)]
    return fitting[0] if len(fitting) == 1 else None


def is_adverbial(label: str) -> bool:
    """Whether a noun says when or where something is, and not who."""
    return _ADVERBIAL.fullmatch(label) is not None or _TIME.search(label) is not None
