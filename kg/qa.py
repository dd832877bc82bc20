"""Answers questions from the graph alone, with proof, without a model. In doubt it does not answer.

A question is answered only if the graph's relations account for every content word of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest import Korean
from kg.inference import proof
from kg.josa import fill
from kg.patterns import Place
from kg.questions import ASKED, Question, Vocabulary, Word, left_over, read_question
from kg.store import Graph
from kg.types import LITERALS, Fact, Ontology, Relation
from rag import Answer, Citation, ProofStep

_HOPS = 2
_MOST = 12  # more names than that are no answer but an inventory
_HANGUL = re.compile(r"[가-힣]+")


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand an open question: these facts answer it by their ``objects`` or subjects."""

    relation: Relation
    facts: tuple[Fact, ...]
    asks_object: bool
    weight: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(f.object if self.asks_object else f.subject for f in self.facts))


@dataclass(frozen=True, slots=True)
class _Claim:
    """One way to understand a yes-or-no question."""

    subject: str
    relation: Relation
    object: str
    weight: int


def answer_from_graph(question: str, graph: Graph, ontology: Ontology, korean: Korean) -> Answer | None:
    """The answer that the graph proves, or None where it knows none or does not understand the question.

    '예' needs the fact itself, '아니요' a functional relation with another object; a fact that is merely
    absent gives None, and so does a list of more than a dozen names. A question about the holder of a
    description ('A를 만든 회사의 대표는?') is answered in two steps if the description has one holder.
    """
    return _Asking(graph, ontology, korean).answer(question, _HOPS)


class _Asking:
    def __init__(self, graph: Graph, ontology: Ontology, korean: Korean) -> None:
        self._graph = graph
        self._ontology = ontology
        self._korean = korean
        self._vocabulary = Vocabulary(ontology, korean)

    def answer(self, text: str, hops: int) -> Answer | None:
        question = read_question(text, self._graph.names, self._korean)
        if not question.is_answerable or len(question.named) > 2:
            return None
        if question.is_open:
            reading = self._agreed(self._readings(question))
            if reading is not None:
                return self._tell(reading)
        else:
            answer = self._decide(list(self._claims(question)))
            if answer is not None:
                return answer
        return self._by_description(question, hops) if hops > 1 else None

    # -- yes or no -------------------------------------------------------------------------------

    def _claims(self, question: Question) -> Iterator[_Claim]:
        for relation in self._ontology.relations.values():
            words = self._vocabulary.words(question, relation)
            literal = question.literal(relation)
            understood = words | (_inside(question, literal[1]) if literal else frozenset())
            if not words or left_over(question, understood):
                continue
            for subject, object_ in self._arguments(question, relation, literal[0] if literal else ""):
                yield _Claim(subject, relation, object_, len(words))

    def _arguments(self, question: Question, relation: Relation, literal: str) -> list[tuple[str, str]]:
        """(subject, object) as the classes allow; where both ways do, as the particles say."""
        named = question.named
        if relation.range in LITERALS:
            only = self._fitting(question, 0, relation.domain) if len(named) == 1 else ""
            return [(only, literal)] if only and literal else []
        if len(named) != 2:
            return []
        pairs = []
        for first, second in ((0, 1), (1, 0)):
            subject = self._fitting(question, first, relation.domain)
            object_ = self._fitting(question, second, relation.range)
            if subject and object_:
                pairs.append((first, (subject, object_)))
        if len(pairs) == 2 and not relation.symmetric:
            pairs = [
                (first, pair)
                for first, pair in pairs
                if question.is_subject(named[first]) and not question.is_subject(named[1 - first])
                and not _is_passive(question)
            ]  # fmt: skip
        return [pair for first, pair in pairs if _may_be_subject(question, named[first], relation)]

    def _decide(self, claims: Sequence[_Claim]) -> Answer | None:
        heaviest = max((claim.weight for claim in claims), default=0)
        claims = [claim for claim in claims if claim.weight == heaviest]
        for claim in claims:
            if fact := self._proved(claim):
                return self._answered(f"예. {self._say(claim.relation, [fact.subject], [fact])}", [fact])
        for claim in claims:
            known = self._graph.facts(subject=claim.subject, relation=claim.relation.key)
            if claim.relation.functional and len(known) == 1 and not _vague(known[0].object, claim):
                return self._answered(f"아니요. {self._say(claim.relation, [claim.subject], known)}", known)
        return None

    def _proved(self, claim: _Claim) -> Fact | None:
        exact = self._graph.fact(claim.subject, claim.relation.key, claim.object)
        if exact or claim.relation.range != "날짜":
            return exact
        known = self._graph.facts(subject=claim.subject, relation=claim.relation.key)
        return next((fact for fact in known if fact.object.startswith(claim.object + " ")), None)

    # -- open questions --------------------------------------------------------------------------

    def _readings(self, question: Question) -> Iterator[_Reading]:
        for relation in self._ontology.relations.values():
            words = self._vocabulary.words(question, relation)
            if not words and not self._vocabulary.asks(question, relation):
                continue
            left = self._without_unit(question, left_over(question, words))
            asked = left[0] if len(left) == 1 else None
            if len(left) > 1 or (asked and not asked.noun):
                continue
            for facts, asks_object in self._found(question, relation):
                kept = self._asked_for(question, facts, asks_object, asked)
                if asks_object and relation.transitive:
                    kept = self._most_specific(kept)
                if kept is not None:
                    yield _Reading(relation, tuple(kept), asks_object, len(words))

    def _found(self, question: Question, relation: Relation) -> Iterator[tuple[list[Fact], bool]]:
        """(facts, whether their object is asked for) for the name in the question, else for the subject."""
        if not question.named:
            if self._ontology.fits(self._ontology.subject, relation.domain):
                yield self._graph.facts(subject=self._ontology.subject, relation=relation.key), True
            return
        if len(question.named) != 1:
            return
        place = question.named[0]
        as_subject = self._fitting(question, 0, relation.domain)
        as_object = self._fitting(question, 0, relation.range) if relation.range not in LITERALS else ""
        if as_subject and as_object and not relation.symmetric:
            as_subject = "" if question.is_other(place) else as_subject
            as_object = "" if as_subject else as_object
        if as_subject:
            yield self._graph.facts(subject=as_subject, relation=relation.key), True
        elif as_object:
            yield self._graph.facts(object=as_object, relation=relation.key), False

    def _asked_for(
        self, question: Question, facts: Iterable[Fact], asks_object: bool, asked: Word | None
    ) -> list[Fact] | None:
        """The facts whose answer is of the kind asked for; None where the question asks for another kind."""
        kinds = [ASKED[word.form] for word in question.asks if ASKED[word.form]]
        unit = _unit(question)
        kept = []
        for fact in facts:
            name = fact.object if asks_object else fact.subject
            cls = self._class_of(name, fact)
            if asked and not (self._ontology.is_a(cls, asked.form) or name.endswith(asked.form)):
                continue
            if not all(any(self._ontology.is_a(cls, kind) for kind in allowed) for allowed in kinds):
                return None
            if unit and not name.endswith(unit):
                return None
            kept.append(fact)
        return kept

    def _most_specific(self, facts: list[Fact] | None) -> list[Fact] | None:
        """Without the places around a place: 서초동, not 서초동, 강남구 and 서울특별시."""
        if facts is None:
            return None
        return [
            fact
            for fact in facts
            if not any(self._graph.fact(other.object, fact.relation, fact.object) for other in facts if other != fact)
        ]

    def _agreed(self, readings: Iterable[_Reading]) -> _Reading | None:
        """The reading that uses most words of the question, if all such readings give the same answer."""
        found = list(readings)
        heaviest = max((reading.weight for reading in found), default=0)
        found = [reading for reading in found if reading.weight == heaviest]
        answers = [reading for reading in found if reading.names]
        if not answers or any(set(reading.names) != set(answers[0].names) for reading in answers):
            return None
        best = answers[0]
        most = 1 if best.relation.functional and best.asks_object else _MOST
        return best if len(best.names) <= most else None

    def _without_unit(self, question: Question, left: list[Word]) -> list[Word]:
        """Without the unit that 몇 counts in: 몇 점, 몇 명."""
        unit = _unit(question)
        return [word for word in left if not unit or word.form != unit]

    # -- descriptions ----------------------------------------------------------------------------

    def _by_description(self, question: Question, hops: int) -> Answer | None:
        """Puts the one holder of a description in its place and asks again."""
        for noun, after in zip(question.tokens, question.tokens[1:], strict=False):
            end = noun.start + noun.len
            if not (noun.tag.startswith("N") and after.tag.startswith("J")) or after.start != end:
                continue
            if noun.form in ASKED or not any(place.end < noun.start for place in question.named):
                continue
            described = read_question(question.text[:end] + "?", self._graph.names, self._korean)
            if not described.is_answerable or described.asks:
                continue
            reading = self._agreed(self._readings(described))
            if reading is None or len(reading.names) != 1 or reading.names[0] not in self._ontology.entities:
                continue
            answer = self.answer(reading.names[0] + question.text[end:], hops - 1)
            if answer is not None:
                first = self._answered("", reading.facts)
                return Answer(
                    answer.text,
                    False,
                    tuple(dict.fromkeys((*first.citations, *answer.citations))),
                    tuple(dict.fromkeys((*first.proof, *answer.proof))),
                )
        return None

    # -- words -----------------------------------------------------------------------------------

    def _tell(self, reading: _Reading) -> Answer:
        facts = reading.facts
        subjects = list(dict.fromkeys(fact.subject for fact in facts))
        return self._answered(self._say(reading.relation, subjects, facts), facts)

    def _say(self, relation: Relation, subjects: Sequence[str], facts: Sequence[Fact]) -> str:
        objects = list(dict.fromkeys(self._as_written(fact) for fact in facts))
        words = {"subject": ", ".join(subjects), "object": ", ".join(objects)}
        readings = {words["subject"]: self._reading(subjects[-1]), words["object"]: self._reading(facts[-1].object)}
        return fill(relation.answer, readings, **words)

    def _as_written(self, fact: Fact) -> str:
        """The object as its source spells it where that says more: '강남구 서초동' for 서초동."""
        first = next((step for step in _leaves(fact) if step.object == fact.object), fact)
        written = [
            citation.text[mention.start : mention.end]
            for citation in first.evidence
            for mention in self._graph.names.find(citation.text)
            if mention.entity.name == fact.object
        ]
        return next((text for text in written if text != fact.object and text.endswith(fact.object)), fact.object)

    def _reading(self, name: str) -> str:
        """How a foreign name is read: its longest alias in Hangul."""
        entity = self._ontology.entities.get(name)
        if entity is None or _HANGUL.search(name[-1:]) or name[-1:].isdigit():
            return ""
        spelled = [alias for alias in entity.aliases if _HANGUL.search(alias[-1:])]
        return max(spelled, key=len, default="")

    def _answered(self, text: str, facts: Sequence[Fact]) -> Answer:
        steps: dict[ProofStep, None] = {}
        citations: dict[Citation, None] = {}
        for fact in facts:
            steps.update(dict.fromkeys(proof(fact, self._ontology)))
            citations.update(dict.fromkeys(fact.evidence))
        return Answer(text, False, tuple(citations), tuple(steps))

    def _fitting(self, question: Question, index: int, cls: str) -> str:
        """The one entity of a class named there, '' where there is none or more than one."""
        names = [entity.name for entity in question.named[index].entities if self._ontology.is_a(entity.cls, cls)]
        return names[0] if len(names) == 1 else ""

    def _class_of(self, name: str, fact: Fact) -> str:
        entity = self._ontology.entities.get(name)
        return entity.cls if entity else self._ontology.relations[fact.relation].range


def _leaves(fact: Fact) -> Iterator[Fact]:
    if not fact.premises:
        yield fact
    for premise in fact.premises:
        yield from _leaves(premise)


def _inside(question: Question, span: tuple[int, int]) -> frozenset[int]:
    return frozenset(word.index for word in question.words if span[0] <= word.start < span[1])


def _unit(question: Question) -> str:
    """The unit behind 몇, '' where there is none."""
    for word, after in zip(question.words, question.words[1:], strict=False):
        if word.form == "몇":
            return after.form
    return ""


def _may_be_subject(question: Question, place: Place, relation: Relation) -> bool:
    """False for '서울은 SolverX에 있나요?', where the particles turn round what the classes allow."""
    return not question.is_goal(place) or "{subject}에" in relation.answer


def _is_passive(question: Question) -> bool:
    return any(t.form in ("되", "받", "당하") and t.tag.startswith(("XSV", "VV")) for t in question.tokens)


def _vague(known: str, claim: _Claim) -> bool:
    """Whether what is known of a date is less precise than what is asked."""
    return claim.relation.range == "날짜" and claim.object.startswith(known)
