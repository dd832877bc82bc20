"""Statements in documents: sentence by sentence, typed by the ontology, each with the span of its sentence.

Rule-based on purpose: what is extracted can be explained, and in doubt nothing is. A subject that a
sentence leaves out is carried over from its paragraph, its heading or the ontology, but only where no
other subject is possible. Knows nothing of storage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from kiwipiepy import Token

from ingest import Document, Korean, Span, Statement
from kg.literals import canonical
from kg.mentions import Names
from kg.passages import Passage, passages
from kg.patterns import Pattern, Place, compile_pattern, mask, places
from kg.types import LITERALS, ROOT, Entity, Ontology, Relation

EXTRACTION_VERSION = 1

_MARKUP = re.compile(r"\*\*|__|[*`]|\]\([^)\s]*\)|!?\[(?=[^\]\n]+\]\()")
_TOPIC = re.compile(r"(?:\s?\([^()\n]{1,60}\))?(?:\s?(?:님|씨))?(?:께서는|은|는|도)(?![가-힣])")
_SUBJECT = re.compile(r"(?:\s?\([^()\n]{1,60}\))?(?:\s?(?:님|씨))?(?:께서|이|가)(?![가-힣])")
_OWNER = re.compile(r"(?:\s?\([^()\n]{1,60}\))?(?:\s?(?:님|씨))?(?:의\s*|\s+)")
_LABEL = re.compile(r"(?:\s?\([^()\n]{1,60}\))?\s*[:：]")
_JOINED = re.compile(r"\s*(?:와|과|하고|이랑|랑|및|그리고|,|·|/)(?:\s*(?:및|그리고))?\s*")
_CLAUSE_END = re.compile(r"[,;.!?]|(?<=[가-힣])(?:고|며|지만|으나|면서|는데)\s")
_NEGATION = re.compile(
    r"\s?\S*\s?\S*(?:않|아니|아닌|아닙|아님|없|못|말고|대신)|\S{0,8}\s(?:수|적|바|일|것)(?:이|가|은|는|도)?\s(?:없|아니|않)"
)
_UNREAL = re.compile(r"예정|계획|검토|목표로|소문|추정|가능성|려고|려면|[을할될]\s?수\s|(?:다|라)면[\s,]")
_INTENDED = re.compile(r"[^.]{0,40}기로\s(?:했|함|하였|결정)")
_FORMER = re.compile(r"(?<![가-힣])(?:한때|과거에?는?|예전에?는?|이전에는|전에는|옛)(?![가-힣])")
_COPULAR_HEAD = re.compile(r"\s*[가-힣A-Za-z]{1,15}(?:이다|입니다|이며|이고|이자|이었|였|이에요|예요|다(?=[.\s]|$))")
_ADVERBIAL = re.compile(
    "지금|현재|오늘|어제|내일|올해|작년|지난해|내년|최근|당시|이때|그때|처음|이번|평소|원래|나중|이후|이전|요즘|"
    "오전|오후|아침|저녁|봄|여름|가을|겨울|우선|보통|여기|이곳|우리|저희|당사"
)


def extract(document: Document, ontology: Ontology, korean: Korean) -> list[Statement]:
    """All statements of ``document`` that the ontology's patterns find, in reading order, none twice.

    A statement's span is its sentence. Questions, denials, plans and what is said to be past give none.
    """
    found: dict[Statement, None] = {}
    reader = _reader(ontology)
    scope = _Scope()
    for passage in passages(document.text):
        sentence = reader.sentence(document.text[passage.start : passage.end], korean)
        if passage.kind == "heading":
            scope.enter(passage.level, sentence)
            continue
        scope.begin(passage)
        span = Span(document.id, passage.start, passage.end)
        for subject, relation, object_ in reader.read(sentence, scope):
            found[Statement(subject, relation, object_, span)] = None
        scope.leave(sentence, passage)
    return list(found)


@lru_cache(maxsize=4)
def _reader(ontology: Ontology) -> _Reader:
    """Compiled once per ontology (they compare by identity)."""
    return _Reader(ontology)


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
    tokens: Sequence[Token]
    marks: list[_Mark] = field(default_factory=list)
    claimed: list[tuple[int, int]] = field(default_factory=list)

    def is_claimed(self, mark: _Mark) -> bool:
        return any(start <= mark.start < end for start, end in self.claimed)


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

    def __init__(self) -> None:
        self._headings: list[tuple[int, Entity | None, bool]] = []  # level, entity, several named
        self._group = -1
        self._topic: Entity | None = None
        self._other_topic = False
        self._named: list[Entity] = []  # since the topic was set
        self._acting: list[Entity] = []  # subjects since the topic was set

    def enter(self, level: int, heading: _Sentence) -> None:
        """A heading: it closes those of its level and below."""
        self._headings = [held for held in self._headings if held[0] < level]
        named = {place.entities for place in heading.places}
        only = next(iter(named)) if len(named) == 1 else ()
        self._headings.append((level, only[0] if len(only) == 1 else None, len(named) > 1))
        self._group = -1

    def begin(self, passage: Passage) -> None:
        """A new paragraph, list item or table row forgets the topic of the one before."""
        if passage.group != self._group:
            self._group = passage.group
            self._topic, self._other_topic = None, False
            self._named, self._acting = [], []

    def leave(self, sentence: _Sentence, passage: Passage) -> None:
        """Remember what the sentence was about."""
        topics = {mark.place.entities for mark in sentence.marks if mark.topic and mark.place}
        others = [m for m in sentence.marks if m.topic and not m.place and not sentence.is_claimed(m)]
        entities = [place.entities[0] for place in sentence.places if len(place.entities) == 1]
        acting = [m.place.entities[0] for m in sentence.marks if m.place and not m.topic]
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

    def subject(self, relation: Relation, pattern: Pattern, ontology: Ontology) -> Entity | None:
        """The subject carried over, if there is one and it alone can be meant."""
        if self._other_topic:
            return None
        carried = self._topic or self._heading()
        if carried is None:
            several = any(held[2] for held in self._headings)
            if several or relation.domain == ROOT:
                return None
            carried = ontology.entities.get(ontology.subject)
        if carried is None or not ontology.is_a(carried.cls, relation.domain):
            return None
        rivals = self._named if pattern.own_topic else self._acting
        if any(rival != carried and ontology.is_a(rival.cls, relation.domain) for rival in rivals):
            return None
        return carried

    def _heading(self) -> Entity | None:
        for _, entity, several in reversed(self._headings):
            if entity or several:
                return entity
        return None


def _fills(sentence: _Sentence) -> bool:
    return sentence.places[0].start == 0 and sentence.places[0].end == len(sentence.text)


class _Reader:
    """An ontology made ready to read sentences."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._names = Names(ontology)
        self._patterns = [
            (relation, [compile_pattern(pattern, relation) for pattern in relation.patterns])
            for relation in ontology.relations.values()
        ]

    def sentence(self, text: str, korean: Korean) -> _Sentence:
        """The passage without markup, with its places and what its particles mark."""
        plain = _MARKUP.sub("", text)
        named = places(self._names.find(plain))
        sentence = _Sentence(plain, named, korean.tokenize(plain))
        sentence.marks = _marks(sentence)
        return sentence

    def read(self, sentence: _Sentence, scope: _Scope) -> Iterator[tuple[str, str, str]]:
        """(subject, relation, object) of every pattern that the sentence asserts."""
        if sentence.text.rstrip("\"”’'」』)] ").endswith("?"):
            return
        found = [match for match in self._matches(sentence) if _asserted(sentence.text, match)]
        sentence.claimed = [(match.start, match.end) for match in found]
        for match in found:
            subject = match.subject or self._subject(sentence, match, scope)
            if subject is None:
                continue
            for object_ in match.objects:
                if object_ != subject.name:
                    yield subject.name, match.relation.key, object_

    def _matches(self, sentence: _Sentence) -> Iterator[_Found]:
        for relation, patterns in self._patterns:
            masked = mask(sentence.text, sentence.places, relation, self._ontology)
            for pattern in patterns:
                for match in pattern.regex.finditer(masked.text):
                    place = masked.places.get(match.start("object"))
                    objects = self._objects(sentence, relation, place, match.group("object"))
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
                if self._is_carried(mark.noun, scope, match):
                    continue
                return None
            entity = self._only(mark.place, match.relation.domain)
            if entity is not None or mark.topic:
                return entity
        return scope.subject(match.relation, match.pattern, self._ontology) if carry else None

    def _is_carried(self, noun: str, scope: _Scope, match: _Found) -> bool:
        """'회사는', '이 모드는': a class that the carried subject belongs to."""
        carried = scope.subject(match.relation, match.pattern, self._ontology)
        return carried is not None and noun in self._ontology.classes and self._ontology.is_a(carried.cls, noun)


def _asserted(text: str, match: _Found) -> bool:
    """Whether the clause neither denies nor merely plans, and speaks of the present or a dated past."""
    rest = text[match.end :]
    clause_end = _CLAUSE_END.search(rest)
    clause = rest[: clause_end.start()] if clause_end else rest
    if _NEGATION.match(clause) or _UNREAL.search(clause) or _INTENDED.match(rest):
        return False
    if re.search(r"(?<![가-힣])(?:안|못)\s", text[match.start : match.end]):
        return False
    return not _FORMER.search(text, max(0, match.start - 20), match.end)


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
    for before, token in zip(sentence.tokens, sentence.tokens[1:], strict=False):
        topic = token.tag == "JX" and token.form in ("은", "는", "ᆫ")
        if not topic and token.tag != "JKS":
            continue
        if not before.tag.startswith(("N", "XSN", "SL", "SN", "ETN", "XR", "SSC", "SH")):
            continue
        if _ADVERBIAL.fullmatch(before.form) or (
            before.tag == "NNB" and before.form in ("년", "월", "일", "때", "뒤", "전")
        ):
            continue
        if any(place.start <= before.start < place.end + 1 for place in sentence.places):
            continue
        if before.tag == "SSC" and _ends_aside(sentence, before.start):
            continue
        yield _Mark(before.start, token.start, topic, before.form, None)


def _ends_aside(sentence: _Sentence, position: int) -> bool:
    """Whether the bracket at ``position`` closes what explains a name: 'SolverX(솔버엑스)는'."""
    opening = sentence.text.rfind("(", 0, position)
    return any(0 <= opening - place.end <= 1 for place in sentence.places)


def _modified_noun(sentence: _Sentence, end: int) -> int | None:
    """Where the noun begins that the matched clause modifies ('…에 위치한 회사'); None if it modifies none."""
    for token in sentence.tokens:
        if token.start + token.len <= end and token.start < end:
            continue
        if token.tag == "ETM":
            after = next((t for t in sentence.tokens if t.start >= token.start + max(token.len, 1)), None)
            return after.start if after else None
        if token.tag.startswith(("E", "J", "S")) and token.tag != "EP":
            return None
    return None
