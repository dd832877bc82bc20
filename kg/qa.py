"""Answers questions with proof and without a model: from the graph, from tables, from sentences. In doubt it does not.

Whoever answers, each content word of the question must be accounted for: by a relation's words, by a table's headers,
or by the sentence that says it. A description ('퓨전을 만든 회사') is first resolved to what it denotes, by any of the
three, and then stands in the question like a name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest import Document, Korean
from kg.cues import choice
from kg.execution import Executor, Reached
from kg.josa import fill
from kg.kinds import is_of_kind
from kg.logical_form import Ask, Count, Every, Exists, Extreme, Follow, Given, Holds, Term
from kg.mending import mended
from kg.mentions import Names, key
from kg.parsing import Parse, Parser
from kg.quantities import TIME, amount_of, fits_unit
from kg.question_reading import read_question
from kg.questions import ASKED, NAME_WORDS, Question, Slot, left_over
from kg.sentences import SentenceReader
from kg.store import Graph
from kg.synonyms import kin_by_sex
from kg.table_questions import TableReader
from kg.tables import tables
from kg.types import ALSO_CALLED, Entity, Fact, Ontology
from kg.validity import first_day
from kg.vocabulary import vocabulary_of
from kg.wording import count_of, say
from rag import Answer, Hit, ProofStep

_HOPS = 3
_NEARBY = 3
_MOST = 12  # more names than that are no answer but an inventory
# Nouns that only place something beside another: what they denote is not named by the sentence that says them.
_RELATIVE = frozenset(["밖", "안", "앞", "뒤", "옆", "위", "아래", "밑", "근처", "사이", "때", "전", "후", "동안"])
_SINCE = re.compile(r"\d{4}년\s\d{1,2}월(?:\s\d{1,2}일)?부터")
_AMONG = ("중", "가운데", "중에서")


@dataclass(frozen=True, slots=True)
class _Result:
    """What one way to understand a question gives. ``names`` is what must agree between the ways."""

    names: tuple[str, ...]
    text: str
    steps: tuple[ProofStep, ...]
    weight: int


class Asker:
    """A graph, the tables of documents, and a way to find passages (``find``), ready to be asked.

    '예' needs the fact itself, '아니요' a functional relation with another object or a source that denies it; a fact
    that is merely absent gives no answer, and so does a list of more than a dozen names.
    """

    def __init__(
        self,
        graph: Graph,
        ontology: Ontology,
        korean: Korean,
        documents: Iterable[Document] = (),
        find: Callable[[str], Sequence[Hit]] | None = None,
    ) -> None:
        self._graph = graph
        self._ontology = ontology
        self._korean = korean
        self._names = _names_of(graph)
        vocabulary = vocabulary_of(ontology, korean)
        self._parser = Parser(ontology, vocabulary)
        held = [table for document in documents for table in tables(document)]
        self._tables = TableReader(held, self._names, ontology, vocabulary, korean)
        self._sentences = SentenceReader(self._names, ontology, vocabulary, korean)
        self._find = find

    def answer(self, text: str, at: str = "") -> Answer | None:
        """The answer as of a date ('2024년 1월'; '' for now) with its whole proof; None where nothing proves one."""
        result = self._understood(text, at)
        if result is None and (meant := mended(text, self._names, self._ontology, self._korean)) != text:
            result = self._understood(meant, at)
        if result is None or not result.steps:
            return None
        sources = dict.fromkeys(source for step in result.steps for source in step.sources)
        return Answer(result.text, False, tuple(sources), result.steps)

    def _understood(self, text: str, at: str) -> _Result | None:
        """As of now or of ``at``; failing that, as of the date in the question."""
        question = read_question(text, self._names, self._ontology, self._korean)
        result = self._resolve(question, _HOPS, Executor(self._graph, self._ontology, at))
        if result is None and not at and question.time_point:
            executor = Executor(self._graph, self._ontology, question.time_point, True)
            timeless = question.timeless()
            result = self._resolve(timeless, _HOPS, executor)
            result = result or self._by_sentence(timeless, executor, question.time_point)
        if result is None and not at and (past := question.past_words()):
            executor = Executor(self._graph, self._ontology, at)
            result = self._by_sentence(question.without(past), executor, "")
        return result

    def nearby(self, text: str) -> tuple[ProofStep, ...]:
        """At most three stated facts about what a question names, those first that are of the kind it asks for.

        None about who the world is about: of that nearly everything is known.
        """
        question = read_question(text, self._names, self._ontology, self._korean)
        subjects = {self._ontology.subject, *self._ontology.subjects.values()}
        names = [slot.entities[0].name for slot in question.named if len(slot.entities) == 1]
        facts = [fact for name in names if name not in subjects for fact in self._graph.facts(subject=name)]
        wanted = [kind for word in question.asks for kind in ASKED[word.form]]

        def is_other(fact: Fact) -> bool:
            cls = self._ontology.relations[fact.relation].range
            return not any(self._ontology.is_a(cls, kind) for kind in wanted)

        stated = sorted((fact for fact in facts if fact.evidence and not fact.premises), key=is_other)
        return Executor(self._graph, self._ontology).steps(stated)[:_NEARBY]

    # -- the order of things ---------------------------------------------------------------------

    def _resolve(self, question: Question, hops: int, executor: Executor) -> _Result | None:
        """By relations, by tables; then with a description resolved by either; then by sentences.

        As of another time only relations answer: neither tables nor sentences say when they hold.
        """
        if executor.is_strict:
            return self._by_graph(question, executor) or (
                self._by_description(question, hops, executor, False) if hops > 1 else None
            )
        return (
            self._directly(question, executor)
            or (self._corrected(question, hops, executor) if hops > 1 else None)
            or (self._by_description(question, hops, executor, False) if hops > 1 else None)
            or self._by_sentence(question, executor)
            or (self._by_description(question, hops, executor, True) if hops > 1 else None)
        )

    def _directly(self, question: Question, executor: Executor) -> _Result | None:
        return (
            self._by_graph(question, executor)
            or self._identified(question)
            or self._told_apart(question)
            or self._by_table(question, executor)
            or self._named(question)
        )

    def _identified(self, question: Question) -> _Result | None:
        """'윤설은 누구인가요?': whom an alias names."""
        asks_who = any(word.form == "누구" for word in question.asks)
        if not asks_who or left_over(question, frozenset()) or len(question.named) != 1:
            return None
        return self._meant(question.named[0], question, "다른 이름")

    def _named(self, question: Question) -> _Result | None:
        """'먹할배의 본명은?': the canonical name of what an alias names, by its entry in the ontology."""
        left = left_over(question, frozenset())
        if len(question.named) != 1 or len(left) != 1 or left[0].form not in NAME_WORDS or not question.is_open:
            return None
        return self._meant(question.named[0], question, left[0].form)

    def _told_apart(self, question: Question) -> _Result | None:
        """'A와 B는 같은 사람인가요?' of two that the ontology lists."""
        forms = {word.form for word in left_over(question, frozenset())}
        names = [slot.entities[0] for slot in question.named if len(slot.entities) == 1 and slot.term is None]
        if question.is_open or "같" not in forms or len(names) != 2 or len(question.named) != 2:
            return None
        first, second = names
        if any(not is_of_kind(first.name, first.cls, form, self._ontology) for form in forms - {"같"}):
            return None
        entries = [self._ontology.entries.get(entity.name) for entity in names]
        steps = tuple(ProofStep(e.name, "개체", e.cls, "", (at,)) for e, at in zip(names, entries, strict=True) if at)
        text = fill("아니요. {subject}과 {object}은 다릅니다.", subject=first.name, object=second.name)
        return _Result(("아니요",), text, steps, 1) if len(steps) == len(names) else None

    def _meant(self, slot: Slot, question: Question, label: str) -> _Result | None:
        """The canonical name of what an alias names."""
        if len(slot.entities) != 1 or slot.term is not None:
            return None
        name, written = slot.entities[0].name, question.text[slot.start : slot.end]
        entry = self._ontology.entries.get(name)
        if entry is None or key(written) == key(name):
            return None
        return _Result((name,), f"{name}입니다.", (ProofStep(written, label, name, "", (entry,)),), 1)

    # -- the graph -------------------------------------------------------------------------------

    def _by_graph(self, question: Question, executor: Executor) -> _Result | None:
        parses = list(self._parser.parses(question))
        heaviest = max((parse.weight for parse in parses), default=0)
        best = [parse for parse in parses if parse.weight == heaviest]
        found = _agreed(result for parse in best if (result := self._run(parse, executor)))
        return found if found and _is_attested(question, found.steps) else None

    def _run(self, parse: Parse, executor: Executor) -> _Result | None:
        match parse.form:
            case Ask(term):
                return self._listed(parse, term, executor)
            case Count(term, unit):
                reached = executor.reach(term)
                if not reached:
                    return None
                return _Result((f"{len(reached)}",), count_of(list(reached), unit), _steps(reached), parse.weight)
            case Exists(term, denied):
                reached = executor.reach(term)
                facts = list(dict.fromkeys(fact for found in reached.values() for fact in found.facts))
                word = "아니요" if denied else "예"
                return _Result((word,), f"{word}. {self._say(facts)}", _steps(reached), parse.weight) if facts else None
            case Extreme():
                return self._chosen(parse, parse.form, executor)
            case Holds():
                return self._decided(parse, parse.form, executor)

    def _listed(self, parse: Parse, term: Term, executor: Executor) -> _Result | None:
        reached = executor.reach(term)
        if not reached or len(reached) > _MOST or (parse.expected and len(reached) != parse.expected):
            return None
        if parse.unit and not all(_in_unit(name, parse.unit) for name in reached):
            return None
        facts = list(dict.fromkeys(fact for found in reached.values() for fact in found.facts))
        if _contradictory(facts, self._ontology):
            return None
        return _Result(tuple(reached), self._say(facts), _steps(reached), parse.weight)

    def _chosen(self, parse: Parse, form: Extreme, executor: Executor) -> _Result | None:
        reached = executor.reach(form.term)
        values = executor.values(form.relation, reached)
        complete = isinstance(form.term, Every) or len(values) == len(reached)
        if len(values) < 2 or not complete or len({amount.dimension for amount, _ in values.values()}) > 1:
            return None
        if parse.expected and parse.expected != len(values):
            return None
        best = (max if form.most else min)(amount.value for amount, _ in values.values())
        winners = [name for name, (amount, _) in values.items() if amount.value == best]
        if len(winners) != 1:
            return None
        facts = [fact for _, fact in values.values()]
        winner = values[winners[0]][1]
        steps = (*_steps({name: reached[name] for name in values}), *executor.steps(facts))
        rule = "가장 큰 값" if form.most else "가장 작은 값"
        label = self._ontology.relations[form.relation].label
        last = ProofStep(winner.subject, label, winner.object, rule, tuple(c for f in facts for c in f.evidence))
        name, text = winners[0], f"{winners[0]}입니다. {self._say([winner])}"
        if parse.claimed:
            name = "예" if parse.claimed == name else "아니요"
            text = f"{name}. {self._say(facts)}"
        return _Result((name,), text, (*dict.fromkeys(steps), last), parse.weight)

    def _decided(self, parse: Parse, form: Holds, executor: Executor) -> _Result | None:
        """Yes by the fact, no by another object of a functional relation or by a source that denies it."""
        relation = self._ontology.relations[form.relation]
        known = executor.facts(form.subject, form.relation)
        fact = next((fact for fact in known if _is_object(fact, form.object, relation.range)), None)
        yes, no = ("아니요", "예") if form.denied else ("예", "아니요")
        denials = self._graph.facts(
            subject=form.subject, relation=form.relation, object=form.object, at=executor.at, mode="denied"
        )
        if fact is not None and denials and not _is_later(denials[0], fact):
            return None
        if fact is not None and not denials:
            return _Result((yes,), f"{yes}. {self._say([fact])}", executor.steps([fact]), parse.weight)
        if denials:
            return _Result((no,), f"{no}. {denials[0].evidence[0].text}", executor.steps(denials), parse.weight)
        vague = relation.range == "날짜" and any(form.object.startswith(fact.object) for fact in known)
        if relation.functional and len(known) == 1 and not vague:
            return _Result((no,), f"{no}. {self._say(known)}", executor.steps(known), parse.weight)
        if elsewhere := self._elsewhere(known, form):
            return _Result((no,), f"{no}. {self._say([elsewhere])}", executor.steps([elsewhere]), parse.weight)
        former = self._graph.facts(subject=form.subject, relation=form.relation, object=form.object, mode="former")
        if former and known:
            return _Result((no,), f"{no}. {self._say(known)}", executor.steps([*former, *known]), parse.weight)
        return None

    def _elsewhere(self, known: Sequence[Fact], form: Holds) -> Fact | None:
        """Where a place is instead: it can be in one district only, a firm in many."""
        asked = self._ontology.entities.get(form.object)
        if asked is None or not self._ontology.relations[form.relation].transitive:
            return None
        if not self._ontology.fits(form.subject, "장소"):
            return None
        others = [fact for fact in known if self._ontology.fits(fact.object, asked.cls)]
        return others[0] if len(others) == 1 else None

    def _say(self, facts: Sequence[Fact]) -> str:
        return say(facts, self._graph, self._ontology)

    # -- tables and sentences --------------------------------------------------------------------

    def _by_table(self, question: Question, executor: Executor) -> _Result | None:
        found = self._tables.answers(question)
        if not found:
            return None
        if (changed := self._changed_since(question, executor)) is not None:
            return changed
        best = [answer for answer in found if answer.weight == found[0].weight]
        results = (_Result(a.names, a.text, (*_described(question, executor), *a.steps), a.weight) for a in best)
        return _agreed(results)

    def _changed_since(self, question: Question, executor: Executor) -> _Result | None:
        """What a sentence says to hold since a day, which outweighs a table that has no date."""
        if not question.is_open or choice(question):
            return None
        said = self._by_sentence(question, executor)
        return said if said is not None and _SINCE.search(said.text) else None

    def _by_sentence(self, question: Question, executor: Executor, before: str | None = None) -> _Result | None:
        if self._find is None or not left_over(question, frozenset()):
            return None
        found = self._sentences.answers(question, self._find(_plain(question)), before)
        if not found:
            return None
        best = [answer for answer in found if answer.weight == found[0].weight]
        if len({answer.names for answer in best}) > 1 and not question.is_open:
            return None
        first = best[0]
        return _Result(first.names, first.text, (*_described(question, executor), first.step), first.weight)

    # -- descriptions ----------------------------------------------------------------------------

    def _by_description(self, question: Question, hops: int, executor: Executor, by_sentence: bool) -> _Result | None:
        """Resolves one description, the innermost first, and asks the rest."""
        for start, end in _described_spans(question):
            part = question.within(start, end)
            found = self._denoted(part, executor, by_sentence)
            if found is None:
                continue
            term, entities = found
            slot = Slot(start, end, entities, term)
            result = self._resolve(question.described(slot), hops - 1, executor)
            if result is not None:
                return result
        return None

    def _denoted(self, part: Question, executor: Executor, by_sentence: bool) -> tuple[Term, tuple[Entity, ...]] | None:
        """What a description denotes, as a term and its entities."""
        if part.asks or part.asks_how_or_why or part.is_denied:
            return None
        if choice(part):  # '장서가 가장 많은 도서관'
            term = None if by_sentence else self._chosen_term(part, executor)
        elif by_sentence:
            term = self._sentence_term(part, executor)
        else:
            term = self._agreed_term(part, executor)
            if term is None and not executor.is_strict:
                term = self._table_term(part, executor)
        if term is None:
            return None
        entities = tuple(self._ontology.entities.get(name) for name in executor.reach(term))
        known = tuple(entity for entity in entities if entity is not None)
        return (term, known) if known and len(known) == len(entities) else None

    def _agreed_term(self, part: Question, executor: Executor) -> Term | None:
        terms = [*self._parser.terms(part), *((term, 0) for term in self._parser.owned(part))]
        heaviest = max((weight for _, weight in terms), default=0)
        found = [(term, executor.reach(term)) for term, weight in terms if weight == heaviest]
        answers = [(term, reached) for term, reached in found if reached]
        if not answers or any(set(reached) != set(answers[0][1]) for _, reached in answers):
            return None
        if not _is_attested(part, _steps(answers[0][1])):
            return None
        return answers[0][0] if len(answers[0][1]) <= _MOST else None

    def _table_term(self, part: Question, executor: Executor) -> Term | None:
        result = self._by_table(part, executor)
        return Given(tuple((name, result.steps) for name in result.names)) if result else None

    def _chosen_term(self, part: Question, executor: Executor) -> Term | None:
        result = self._by_graph(part, executor)
        if result is None and not executor.is_strict:
            result = self._by_table(part, executor)
        return Given(tuple((name, result.steps) for name in result.names)) if result else None

    def _sentence_term(self, part: Question, executor: Executor) -> Term | None:
        if part.words and part.words[-1].form in _RELATIVE:
            return None
        result = self._by_sentence(part, executor)
        return Given(tuple((name, result.steps) for name in result.names)) if result and result.names else None

    # -- presuppositions -------------------------------------------------------------------------

    def _corrected(self, question: Question, hops: int, executor: Executor) -> _Result | None:
        """'솔버엑스의 대표인 이안은 …': where the graph knows another one, that is the answer; else the name stands."""
        for token in question.tokens:
            slot = next((s for s in question.named if 0 <= s.start - token.start - token.len <= 1), None)
            if token.tag != "ETM" or slot is None or slot == question.named[0]:
                continue
            part = question.within(0, token.start + token.len)
            claimed = self._claimed(part, executor)
            if claimed is None:
                continue
            reached, functional = claimed
            names = {entity.name for entity in slot.entities}
            if names & set(reached):
                name = next(iter(names & set(reached)))
                whole = Slot(0, slot.end, slot.entities, Given(((name, reached[name].steps),)))
                return self._resolve(question.described(whole), hops - 1, executor)
            if functional:
                facts = [fact for found in reached.values() for fact in found.facts]
                return _Result(tuple(reached), f"질문과 다릅니다. {self._say(facts)}", _steps(reached), 0)
        return None

    def _claimed(self, part: Question, executor: Executor) -> tuple[dict[str, Reached], bool] | None:
        """What the clause before a name describes, and whether there can be only one such thing."""
        terms = [term for term, _ in self._parser.terms(part)] if part.named else []
        for term in terms:
            reached = dict(executor.reach(term))
            if reached and isinstance(term, Follow):
                relation = self._ontology.relations[term.relation]
                return reached, relation.functional and term.forward and len(reached) == 1
        return None


def _names_of(graph: Graph) -> Names:
    """The names of the ontology's entities and those that documents give them besides."""
    others: dict[str, list[Entity]] = defaultdict(list)
    for fact in graph.facts(relation=ALSO_CALLED):
        if not graph.names.knows(fact.object):
            others[fact.object].append(graph.ontology.entities[fact.subject])
    return Names(graph.ontology, others) if others else graph.names


def _is_attested(question: Question, steps: Iterable[ProofStep]) -> bool:
    """False where the sources speak of the other sex: a mother is no answer to 'who is the father?'."""
    texts = " ".join(source.text for step in steps for source in step.sources)
    asked = [kin_by_sex(word.form) for word in question.words]
    return not any(
        any(word in texts for word in other) and not any(word in texts for word in kin) for kin, other in asked
    )


def _described_spans(question: Question) -> Iterator[tuple[int, int]]:
    """Stretches from a name or the beginning to a noun before a particle (or 중, 가운데), the shortest first.

    None has a topic in it: what a question is about is no part of a description.
    """
    starts = {0, *(slot.start for slot in question.named)}
    spans: list[tuple[int, int]] = []
    for noun, after in pairwise(question.tokens):
        end = noun.start + noun.len
        follows = (after.tag.startswith("J") and after.start == end) or after.form in _AMONG
        if not noun.tag.startswith(("N", "XSN")) or not follows or noun.form in (*ASKED, *_AMONG, "여"):
            continue  # '여는' is 열다, which the analyser takes for a pronoun
        if any(slot.start < end <= slot.end for slot in question.named):
            continue
        topics = [slot.start for slot in question.named if slot.end < noun.start and question.is_topic(slot)]
        spans.extend((start, end) for start in starts if start < noun.start and not any(t >= start for t in topics))
    return iter(sorted(spans, key=lambda span: (span[1] - span[0], span[0])))


def _described(question: Question, executor: Executor) -> tuple[ProofStep, ...]:
    """The proofs of what the descriptions in a question denote."""
    slots = (slot for slot in question.named if slot.term is not None)
    return tuple(dict.fromkeys(s for slot in slots if slot.term for s in _steps(executor.reach(slot.term))))


def _plain(question: Question) -> str:
    """The question with its descriptions replaced by what they denote, to find passages with."""
    text = question.text
    for slot in reversed([slot for slot in question.named if slot.term is not None]):
        text = f"{text[: slot.start]}{', '.join(e.name for e in slot.entities)}{text[slot.end :]}"
    return text


def _agreed(results: Iterable[_Result]) -> _Result | None:
    """The first result, if all agree with it."""
    found = list(results)
    if not found or any(set(result.names) != set(found[0].names) for result in found):
        return None
    return found[0]


def _contradictory(facts: Sequence[Fact], ontology: Ontology) -> bool:
    """Whether a relation that allows one object gives one subject several."""
    seen: dict[tuple[str, str], str] = {}
    return any(
        ontology.relations[fact.relation].functional
        and seen.setdefault((fact.subject, fact.relation), fact.object) != fact.object
        for fact in facts
    )


def _is_later(denial: Fact, fact: Fact) -> bool:
    """Whether a denial is dated and what it denies is not, or is older."""
    return bool(denial.since) and (not fact.since or first_day(fact.since) < first_day(denial.since))


def _is_object(fact: Fact, object_: str, cls: str) -> bool:
    return fact.object == object_ or (cls == "날짜" and fact.object.startswith(f"{object_} "))


def _steps(reached: Mapping[str, Reached]) -> tuple[ProofStep, ...]:
    return tuple(dict.fromkeys(step for each in reached.values() for step in each.steps))


def _in_unit(value: str, unit: str) -> bool:
    amount = amount_of(value)
    if amount is None:
        return False
    return fits_unit(unit, amount.dimension) or (amount.dimension == TIME and unit in ("년", "월", "일", "년도"))
