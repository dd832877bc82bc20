"""Questions to logical forms: every way in which the relations of an ontology account for all words of a question.

Knows the graph only through what a described set denotes. Enumerates; which form is meant is decided by running them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from kg.cues import Choice, choice, counted_unit, stated_number, wants_most
from kg.kinds import classes_of, is_kind, is_of_kind
from kg.logical_form import Ask, Both, Count, Either, Every, Exists, Extreme, Follow, Form, Holds, Named, Term, Without
from kg.quantities import NUMERALS, TIME, unit_dimension
from kg.questions import (
    ASKED,
    Question,
    Slot,
    Word,
    left_over,
)
from kg.synonyms import MEASURED_BY_UNIT, same
from kg.types import BROAD, LITERALS, Ontology, Relation
from kg.vocabulary import Vocabulary

_COUNTERS = frozenset(
    ["개", "곳", "가지", "명", "분", "종", "군데", "종류", "개소", "사람", "대", "권", "점", "인", "마리", "건", "척"]
)
# Dependent nouns that measure: '몇 년에' asks for no number of things.
_MEASURES = frozenset(["년", "년도", "월", "일", "시", "초", "화", "회차", "원", "살", "세", "달", "층"])
_WHERE = "located_in"
_HAVING = ("있", "갖", "가지", "지니", "보유")  # of what a relation names: '인증이 있나요?'
_PLACE_ENDINGS = ("구", "동", "시", "군", "도", "읍", "면", "리", "주", "도시", "나라", "지역", "고장")
_DATES = ("연도", "날짜")
_ENDS = ("만료", "끝나", "종료", "마감", "기한", "유효 기간")
_OF = re.compile(rf"\s?의\s(?:(?:{'|'.join(NUMERALS)})\s?)?")  # 'X의 세 …'
_JOINED = re.compile(r"(?:님|씨)?\s?(?:와|과|하고|이랑|랑|도|및|,|·|이면서|이자)(?:\s?(?:함께|같이))?\s*")


@dataclass(frozen=True, slots=True)
class Parse:
    """A form and how many words say what it asks for (``weight``).

    ``expected`` is how many names it must denote (0: any number), ``unit`` the unit in which a value is asked for,
    ``claimed`` the name of which it is asked whether it is the greatest or smallest.
    """

    form: Form
    weight: int
    expected: int = 0
    unit: str = ""
    claimed: str = ""


class Parser:
    """An ontology made ready to understand questions."""

    def __init__(self, ontology: Ontology, vocabulary: Vocabulary) -> None:
        self._ontology = ontology
        self._vocabulary = vocabulary

    def parses(self, question: Question) -> Iterator[Parse]:
        """All forms that account for every word of the question."""
        if question.asks_how_or_why or question.is_limited:
            return
        question = self._without_own_kind(question.without(question.excepting()))
        if chosen := choice(question):
            claimed = question.claimed_more.entities if question.claimed_more else ()
            for parse in self._extremes(question, chosen):
                yield replace(parse, claimed=claimed[0].name if len(claimed) == 1 else "")
            return
        if question.is_open:
            if not question.is_denied:
                yield from self._open(question)
            return
        yield from self._claims(question)

    def _is_place(self, kind: str) -> bool:
        """Whether a noun asks for a place on the map."""
        if _WHERE not in self._ontology.relations:
            return False
        classes = classes_of(kind, self._ontology)
        return kind in _PLACE_ENDINGS or any(self._ontology.is_a(cls, "장소") for cls in classes)

    def _without_own_kind(self, question: Question) -> Question:
        """'A는 어디 있는 회사인가요?': that A is a firm asks for nothing."""
        last = question.words[-1] if question.words else None
        if last is None or not last.noun or not question.is_predicate(last) or not question.asks:
            return question
        entities = [entity for slot in question.named if question.is_topic(slot) for entity in slot.entities]
        is_own = any(is_of_kind(e.name, e.cls, last.form, self._ontology) for e in entities)
        return question.without([last.index]) if is_own else question

    def terms(self, question: Question, measured: Sequence[str] = ()) -> Iterator[tuple[Term, int]]:
        """The sets that a description or an open question may denote, with the number of words that say so.

        ``measured`` are words for what a unit measures: '몇 그램' asks for a weight without saying so.
        """
        for relation in self._ontology.relations.values():
            words = self._vocabulary.words(question, relation)
            if _asks_twice(question, words):
                continue
            is_asked = words or self._vocabulary.asks(question, relation) or _asks_until(question, relation)
            if not is_asked and not set(measured) & {relation.label, *relation.questions}:
                continue
            left = [word for word in left_over(question, words) if not (words and word.form == "있")]
            kind = left[0] if len(left) == 1 else None
            if len(left) > 1 or (kind and not kind.noun):
                continue
            if kind is None and not self._answers(question, relation):
                continue
            for term in self._followed(question, relation, kind.form if kind else ""):
                yield term, _weight(question, words)
            if kind and words and relation.key != _WHERE and self._is_place(kind.form):
                for term in self._followed(question, relation, ""):  # '무슨 시에서 생산되나요?'
                    yield Follow(term, _WHERE, True, kind.form), _weight(question, words)
        yield from self._whereabouts(question)
        yield from self._intersections(question)

    def _whereabouts(self, question: Question) -> Iterator[tuple[Term, int]]:
        """'물결창작실은 무슨 구로 가야 하나요?': a kind of place, and nothing else, asks where something is."""
        left = left_over(question, frozenset())
        if len(left) == 1 and left[0].noun and len(question.named) == 1 and self._is_place(left[0].form):
            start = question.named[0].denotes("것", self._ontology)
            if start and any(word.form in ("무슨", "어느", "어떤") for word in question.asks):
                yield Follow(start, _WHERE, True, left[0].form), 1

    # -- open questions --------------------------------------------------------------------------

    def _open(self, question: Question) -> Iterator[Parse]:
        expected, numeral = stated_number(question)
        others = [word.index for word in question.words if word.form in ("다른", "또", "나머지")]
        question = question.without({*numeral, *others})
        if others:
            for parse in self._open(question):
                if isinstance(parse.form, Ask | Count):
                    known = Either(tuple(Named(name) for name in sorted(question.mentioned)))
                    yield replace(parse, form=replace(parse.form, term=Without(parse.form.term, known)))
            return
        unit = counted_unit(question)
        if unit is None:
            yield from (Parse(Ask(term), weight, expected) for term, weight in self.terms(question))
            yield from (Parse(Ask(term), 0, expected) for term in self.owned(question))
            return
        counted = [word.index for word in question.words if question.is_counted(word, unit, True)]  # '책을 몇 권'
        dimension = MEASURED_BY_UNIT.get(unit.form, unit_dimension(unit.form))
        measured = (dimension, *same(dimension))
        ways = dict.fromkeys([(unit.index,), (unit.index, *counted)])
        for term, weight in (found for way in ways for found in self.terms(question.without(way), measured)):
            if _is_value(term, _last_relation(term, self._ontology)):
                yield Parse(Ask(term), weight, 0, unit.form)
        if unit.form in _MEASURES:
            return
        how_many = [word.index for word in question.words if word.form == "몇"]
        counts = unit.form in _COUNTERS or unit.tag == "NNB"
        kind = [unit.index] if counts else []  # '몇 회사': the unit is the kind itself
        for term, weight in self.terms(question.without([*how_many, *kind])):
            if not _is_value(term, _last_relation(term, self._ontology)):
                yield Parse(Count(term, unit.form), weight)

    def _answers(self, question: Question, relation: Relation) -> bool:
        """Whether a date is asked of dates and a place of places; a relation answers either way round."""
        kinds = [ASKED[word.form] for word in question.asks if ASKED[word.form]]
        ends = (relation.domain, relation.range)
        return all(any(self._may_be(end, kind) for end in ends for kind in allowed) for allowed in kinds)

    def _followed(self, question: Question, relation: Relation, kind: str) -> Iterator[Term]:
        """From the names in the question, else from the world's subject, along ``relation``."""
        kept = [slot for slot in question.named if not question.is_excepted(slot)]
        yield from self._remaining(question, self._from(question, kept, relation, kind))

    def _remaining(self, question: Question, terms: Iterable[Term]) -> Iterator[Term]:
        """The terms without what the question names to be left out."""
        left_out = [e.name for slot in question.named if question.is_excepted(slot) for e in slot.entities]
        for term in terms:
            yield Without(term, Either(tuple(Named(name) for name in left_out))) if left_out else term

    def _from(self, question: Question, slots: list[Slot], relation: Relation, kind: str) -> Iterator[Term]:
        if len(slots) > 1:  # who the world is about goes without saying, but may say of which kind: '시립도서관'
            others = self._without_subject(slots)
            kind = kind or self._kind_at(question, [slot for slot in slots if slot not in others])
            slots = others
        if not slots:
            if self._ontology.fits(self._ontology.subject, relation.domain):
                yield from self._directed(question, Named(self._ontology.subject), relation, True, kind)
            return
        starts = [self._start(question, slot, relation, kind) for slot in slots]
        if any(start is None for start in starts):
            return
        known = [start for start in starts if start is not None]
        if len({forward for _, forward in known}) > 1 or (len(slots) > 1 and not _are_joined(question, slots)):
            return
        terms = [term for start, forward in known for term in self._directed(question, start, relation, forward, kind)]
        if len(terms) == len(known) == 1:
            yield terms[0]
        elif terms and len(terms) == len(known):
            shared = terms[0]
            for term in terms[1:]:
                shared = Both(shared, term)
            yield Either(tuple(terms)) if known[0][1] else shared

    def _without_subject(self, slots: Sequence[Slot]) -> list[Slot]:
        """The slots without the one that only says which world the others are of; all where there is none."""
        for slot in slots:
            others = [other for other in slots if other != slot]
            named = [entity.name for each in others for entity in each.entities]
            worlds = {self._ontology.subject_of(self._ontology.entries[n].source) for n in named if n in
                      self._ontology.entries}  # fmt: skip
            if others and [entity.name for entity in slot.entities] in (
                [world] for world in worlds if len(worlds) == 1
            ):
                return others
        return list(slots)

    def _kind_at(self, question: Question, slots: Sequence[Slot]) -> str:
        """The class in which a name ends as the question writes it."""
        written = [question.text[slot.start : slot.end] for slot in slots]
        return next((cls for cls in self._ontology.classes for name in written if name.endswith(cls)), "")

    def _start(self, question: Question, slot: Slot, relation: Relation, kind: str) -> tuple[Term, bool] | None:
        """What is known at a slot and whether it is the relation's subject; by class, by what is asked for, then by
        particle."""
        as_subject = slot.denotes(relation.domain, self._ontology)
        as_object = None if relation.range in LITERALS else slot.denotes(relation.range, self._ontology)
        if as_subject and as_object and not relation.symmetric:
            wanted = classes_of(kind, self._ontology) if kind else ()
            if wanted and not any(self._may_be(cls, relation.range) for cls in wanted):
                return as_object, False
            as_subject = None if question.is_other(slot) else as_subject
        if as_subject:
            return as_subject, True
        return (as_object, False) if as_object else None

    def _may_be(self, cls: str, other: str) -> bool:
        """Whether one of two classes is below the other."""
        return self._ontology.is_a(cls, other) or self._ontology.is_a(other, cls)

    def _directed(
        self, question: Question, start: Term, relation: Relation, forward: bool, kind: str
    ) -> Iterator[Term]:
        """The step, if what it leads to is of a kind that is asked for."""
        end = relation.range if forward else relation.domain
        kinds = [ASKED[word.form] for word in question.asks if ASKED[word.form]]
        if not kind and not all(any(self._may_be(end, k) for k in allowed) for allowed in kinds):
            return
        if kinds and not kind and end not in LITERALS:
            for allowed in kinds[:1]:
                if not any(self._ontology.is_a(end, k) for k in allowed):
                    terms = tuple(Follow(start, relation.key, forward, k) for k in allowed)
                    yield Either(terms) if len(terms) > 1 else terms[0]
                    return
        yield Follow(start, relation.key, forward, kind)

    def _intersections(self, question: Question) -> Iterator[tuple[Term, int]]:
        """'부산에 있고 퓨전을 쓰는 회사': two clauses joined by an ending, each about what the last noun names."""
        for token in question.tokens:
            if token.tag != "EC" or token.form not in ("고", "며", "으며", "면서", "으면서", "이면서"):
                continue
            end = token.start + token.len
            left, right = question.within(0, token.start), question.within(end, len(question.text))
            if not left.named or not right.named:
                continue
            kinds = [word for word in left_over(right, frozenset()) if word.noun and is_kind(word.form, self._ontology)]
            for first, first_weight in self.terms(left):
                for second, second_weight in self.terms(right):
                    if isinstance(first, Follow) and kinds and not first.kind:
                        first = Follow(first.start, first.relation, first.forward, kinds[-1].form)
                    yield Both(first, second), first_weight + second_weight

    def owned(self, question: Question) -> Iterator[Term]:
        """'금보라의 팀': what any relation leads to from the owner, if it is of that kind."""
        left = left_over(question, frozenset())
        if len(question.named) != 1 or len(left) != 1 or not is_kind(left[0].form, self._ontology):
            return
        slot, kind = question.named[0], left[0].form
        if _OF.fullmatch(question.text, slot.end, left[0].start) is None:
            return
        yield self._related(slot, kind)

    def _related(self, slot: Slot, kind: str) -> Term:
        """All of a kind to which any relation leads."""
        found: list[Term] = []
        for relation in self._ontology.relations.values():
            if relation.range in LITERALS:
                continue
            for cls, forward in ((relation.domain, True), (relation.range, False)):
                if start := slot.denotes(cls, self._ontology):
                    found.append(Follow(start, relation.key, forward, kind))
        return Either(tuple(found))

    # -- the greatest and the smallest -----------------------------------------------------------

    def _extremes(self, question: Question, chosen: Choice) -> Iterator[Parse]:
        expected, numeral = stated_number(question)
        question = question.without(chosen.understood | numeral)
        for relation in self._ontology.relations.values():
            if relation.range not in LITERALS or relation.range == "글":
                continue
            words = self._vocabulary.words(question, relation)
            implied = bool(set(chosen.implied) & {relation.label, *relation.questions})
            if not (words or implied or (chosen.timely and relation.range in _DATES)):
                continue
            left = left_over(question, words)
            kinds = [word for word in left if word.noun and is_kind(word.form, self._ontology)]
            if len(left) > 1 or len(kinds) != len(left):
                continue
            for term in self._remaining(question, self._candidates(question, kinds, relation)):
                most = wants_most(chosen, TIME) if relation.range in _DATES else chosen.most
                yield Parse(Extreme(term, relation.key, most), len(words), expected)

    def _candidates(self, question: Question, kinds: Sequence[Word], relation: Relation) -> Iterator[Term]:
        """What is chosen from: the two that are named, the set described, or all of a kind."""
        slots = [slot for slot in question.named if not question.is_excepted(slot)]
        if len(slots) != 2:  # who the world is about goes without saying, unless it is compared
            slots = self._without_subject(slots)
        found = [slot.denotes(relation.domain, self._ontology) for slot in slots]
        terms = [term for term in found if term is not None]
        if slots and len(terms) == len(slots):
            yield Either(tuple(terms)) if len(terms) > 1 else terms[0]
        elif not slots:
            for kind in kinds:
                for cls in classes_of(kind.form, self._ontology):
                    if self._ontology.is_a(cls, relation.domain):
                        yield Every(cls)

    # -- yes or no -------------------------------------------------------------------------------

    def _claims(self, question: Question) -> Iterator[Parse]:
        yield from self._existence(question)
        yield from self._equations(question)
        for relation in self._ontology.relations.values():
            words = self._vocabulary.words(question, relation)
            literal = question.literal(relation)
            understood = words | (_inside(question, literal[1]) if literal else frozenset())
            left = left_over(question, understood | frozenset(w.index for w in question.words if w.form == "없"))
            left = [w for w in left if not (w.noun and is_kind(w.form, self._ontology))]
            left = [w for w in left if not (words and w.form in _HAVING)]
            if not words or left:
                continue
            for subject, object_ in self._arguments(question, relation, literal[0] if literal else "", words):
                yield Parse(Holds(subject, relation.key, object_, question.is_denied), len(words))

    def _existence(self, question: Question) -> Iterator[Parse]:
        """'A는 서울에 사무소가 있나요?': something of a kind that A has to do with and that is there."""
        left = left_over(question, frozenset())
        kinds = [word for word in left if word.noun and is_kind(word.form, self._ontology)]
        exists = [word for word in left if word.form in ("있", "없")]
        if len(kinds) != 1 or not exists or len(left) != len(kinds) + len(exists):
            return
        terms: list[Term] = []
        for slot in question.named:
            place = slot.denotes("장소", self._ontology) if question.is_other(slot) else None
            term = Follow(place, _WHERE, False, kinds[0].form) if place else self._related(slot, kinds[0].form)
            terms.append(term)
        if len(terms) in (1, 2):
            yield Parse(Exists(Both(*terms) if len(terms) == 2 else terms[0], question.is_denied), 1)

    def _equations(self, question: Question) -> Iterator[Parse]:
        """'노을은 풍산개인가요?': by the one relation from such a thing to such a thing, whatever it is called."""
        if len(question.named) != 2 or left_over(question, frozenset()):
            return
        first, second = question.named
        copula = [t for t in question.tokens if t.tag.startswith("VC") and t.start == second.end]
        fitting = [
            (relation, subject, object_)
            for relation in self._ontology.relations.values()
            if not {relation.domain, relation.range} & BROAD and relation.range not in LITERALS
            if (subject := self._only(first, relation.domain)) and (object_ := self._only(second, relation.range))
        ]
        if copula and question.is_topic(first) and len(fitting) == 1:
            relation, subject, object_ = fitting[0]
            yield Parse(Holds(subject, relation.key, object_, question.is_denied), 1)

    def _arguments(
        self, question: Question, relation: Relation, literal: str, words: frozenset[int]
    ) -> list[tuple[str, str]]:
        """(subject, object) as the classes allow; where both ways do, as the particles say."""
        named = question.named
        if relation.range in LITERALS:
            only = self._only(named[0], relation.domain) if len(named) == 1 else ""
            return [(only, literal)] if only and literal else []
        if len(named) != 2:
            return []
        pairs = []
        for first, second in ((0, 1), (1, 0)):
            subject = self._only(named[first], relation.domain)
            object_ = self._only(named[second], relation.range)
            if subject and object_:
                pairs.append((first, (subject, object_)))
        if len(pairs) == 2 and (owner := _owner(question, words)) is not None:  # 'A가 B의 제자인가요?'
            return [pair for first, pair in pairs if named[first] == owner]
        if len(pairs) == 2 and not relation.symmetric:
            pairs = [
                (first, pair)
                for first, pair in pairs
                if question.is_subject(named[first]) and not question.is_subject(named[1 - first])
                and not _is_passive(question)
            ]  # fmt: skip
        return [pair for first, pair in pairs if _may_be_subject(question, named[first], relation)]

    def _only(self, slot: Slot, cls: str) -> str:
        """The one entity of a class there, '' where there is none or more than one."""
        names = [entity.name for entity in slot.entities if self._ontology.is_a(entity.cls, cls)]
        return names[0] if len(names) == 1 else ""


def _owner(question: Question, words: frozenset[int]) -> Slot | None:
    """Whose a relation's noun is: the name right before it."""
    nouns = [word for word in question.words if word.index in words and word.noun]
    for slot in question.named:
        if any(re.fullmatch(r"의?\s", question.text[slot.end : noun.start]) for noun in nouns):
            return slot
    return None


def _weight(question: Question, words: frozenset[int]) -> int:
    """How much of a question a relation's words are; that something is there ('있다') says little."""
    said = [word for word in question.words if word.index in words and word.form not in ("있", "없")]
    return max(len(said), min(len(words), 1))


def _asks_twice(question: Question, words: frozenset[int]) -> bool:
    """'A의 스승은 누구한테 배웠나요?': a relation's noun as topic and its verb behind it are two steps."""
    said = [word for word in question.words if word.index in words]
    topics = [word for word in said if word.noun and question.is_marked(word)]
    return bool(topics) and any(word.tag == "VV" and word.index > topics[0].index for word in said)


def _last_relation(term: Term, ontology: Ontology) -> Relation | None:
    match term:
        case Follow(_, relation, _, _):
            return ontology.relations[relation]
        case Both(left, _) | Without(left, _):
            return _last_relation(left, ontology)
        case Either(terms):
            return _last_relation(terms[0], ontology)
    return None


def _is_value(term: Term, relation: Relation | None) -> bool:
    """Whether a term denotes literals, so that 몇 asks for the value and not for a count."""
    first = term.terms[0] if isinstance(term, Either) else term
    return relation is not None and relation.range in LITERALS and isinstance(first, Follow) and first.forward


def _asks_until(question: Question, relation: Relation) -> bool:
    """Whether '언제까지' alone asks for a relation to dates: for one that says when something ends."""
    if relation.range not in _DATES or re.search(r"언제\s?까지", question.text) is None:
        return False
    return any(word in phrase for phrase in (relation.label, *relation.questions) for word in _ENDS)


def _are_joined(question: Question, slots: Sequence[Slot]) -> bool:
    """Whether names stand in a row: 'A와 B를', 'A, B'."""
    return all(_JOINED.fullmatch(question.text, first.end, second.start) for first, second in pairwise(slots))


def _inside(question: Question, span: tuple[int, int]) -> frozenset[int]:
    return frozenset(word.index for word in question.words if span[0] <= word.start < span[1])


def _may_be_subject(question: Question, slot: Slot, relation: Relation) -> bool:
    """False for '서울은 SolverX에 있나요?', where the particles turn round what the classes allow."""
    return not question.is_goal(slot) or "{subject}에" in relation.answer


def _is_passive(question: Question) -> bool:
    return any(t.form in ("되", "받", "당하") and t.tag.startswith(("XSV", "VV")) for t in question.tokens)
