"""The graph: facts of documents and ontologies with all that follows from them. Holds no files.

It is a projection of statements: adding some and taking some out gives the graph that building it anew
from the rest would give, derived facts, proofs and evidence included.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from threading import RLock
from typing import get_args

import networkx as nx

from ingest import Mode, Span, Statement
from kg.contradictions import Contradiction, denials, misuses, rivals
from kg.inference import Closure, Key
from kg.mentions import Names
from kg.succession import Succession
from kg.types import LITERALS, ROOT, Entity, Fact, Ontology
from kg.validity import ALWAYS, Validity, first_day, is_date, last_day
from rag import Citation


@dataclass(slots=True)
class _Held:
    """A statement as a fact, and how often it was added."""

    fact: Fact
    is_covered: bool
    count: int = 0


class Graph:
    """What is asserted, with what follows from it; beside it what is denied, planned, reported or was once so.

    Safe to share between threads. Facts that it gives out are values: they do not change when the graph does.
    """

    def __init__(self, ontology: Ontology, facts: Iterable[Fact] = ()) -> None:
        self.ontology = ontology
        self._lock = RLock()
        self._held: dict[Statement, _Held] = {}
        self._evidence: defaultdict[tuple[Mode, Key], Counter[Citation]] = defaultdict(Counter)
        self._succession = Succession(ontology)
        self._closure = Closure(ontology)
        self._stated: dict[Mode, set[Key]] = {mode: set() for mode in get_args(Mode)}
        self._made: dict[Key, Fact] = {}  # asserted facts as far as asked for since the last change
        self._change((), facts)

    @classmethod
    def build(cls, ontology: Ontology, statements: Iterable[Statement], cite: Callable[[Span], Citation]) -> Graph:
        """The graph of ``ontology``'s facts and ``statements``; the same whatever the order of statements.

        ``cite`` turns a statement's span into the place that people see.
        """
        graph = cls(ontology, ontology.facts)
        graph.add(statements, cite)
        return graph

    @cached_property
    def names(self) -> Names:
        """The names of the ontology's entities, ready to be found in text."""
        return Names(self.ontology)

    # -- change ------------------------------------------------------------------------------------

    def add(self, statements: Iterable[Statement], cite: Callable[[Span], Citation]) -> None:
        """Put statements in. Only approved ones count; one that is added twice has to be removed twice.

        Statements that the ontology does not cover (an unknown relation, a name that is no entity, a date
        that is none) are kept apart in ``ignored``.
        """
        with self._lock:
            approved = [statement for statement in statements if statement.status == "approved"]
            unseen = (statement for statement in approved if statement not in self._held)
            # All places are looked up before anything changes: ``cite`` may fail.
            self._held.update({s: _Held(_fact(s, cite), _covers(self.ontology, s)) for s in unseen})
            for statement in approved:
                self._held[statement].count += 1
            self._change((), (self._held[s].fact for s in approved if self._held[s].is_covered))

    def remove(self, statements: Iterable[Statement]) -> None:
        """Take out statements that were added.

        Raises:
            KeyError: one was not; the graph is unchanged.
        """
        with self._lock:
            leaving = Counter(statement for statement in statements if statement.status == "approved")
            for statement, count in leaving.items():
                if self._held[statement].count < count:
                    raise KeyError(statement)
            gone = []
            for statement, count in leaving.items():
                held = self._held[statement]
                held.count -= count
                if held.is_covered:
                    gone.extend([held.fact] * count)
                if not held.count:
                    del self._held[statement]
            self._change(gone, ())

    @property
    def statements(self) -> Counter[Statement]:
        """What was added and not removed, with the number of times."""
        with self._lock:
            return Counter({statement: held.count for statement, held in self._held.items()})

    @property
    def ignored(self) -> tuple[Statement, ...]:
        """Approved statements that the ontology does not cover, in the order of their places."""
        with self._lock:
            left_out = (statement for statement, held in self._held.items() if not held.is_covered)
            return tuple(sorted(left_out, key=lambda s: (s.span.document_id, s.span.start, s.span.end, repr(s))))

    def _change(self, gone: Iterable[Fact], new: Iterable[Fact]) -> None:
        before: dict[tuple[Mode, Key], bool] = {}
        for facts, step in ((gone, -1), (new, 1)):
            for fact in facts:
                place = fact.mode, _key(fact)
                before.setdefault(place, place in self._evidence)
                for citation in fact.evidence:
                    self._evidence[place][citation] += step
        leaving, coming = set(), set()
        for place, was_held in before.items():
            self._evidence[place] = +self._evidence[place]
            if not self._evidence[place]:
                del self._evidence[place]
            if was_held and place not in self._evidence:
                leaving.add(place)
            elif not was_held and place in self._evidence:
                coming.add(place)
        for mode, key in leaving:
            self._stated[mode].discard(key)
        for mode, key in coming:
            self._stated[mode].add(key)
        asserted = [[key for mode, key in places if mode == "asserted"] for places in (leaving, coming)]
        self._closure.update(*self._succession.update(*asserted))
        self._made.clear()

    # -- questions ---------------------------------------------------------------------------------

    def facts(
        self,
        subject: str | None = None,
        relation: str | None = None,
        object: str | None = None,
        at: str = "",
        mode: Mode = "asserted",
    ) -> list[Fact]:
        """Facts with these parts, one for each triple: what sources say first, then by size of proof.

        Without ``at`` (a date such as '2021년 3월') what holds now: not ended, and no newer fact stands in
        its place. Facts of another ``mode`` than asserted are those that sources state; nothing follows from them.

        Raises:
            ValueError: ``at`` is no date.
        """
        today = _today()
        if at:
            first_day(at)  # a date, or else an error even where nothing would be found
        with self._lock:
            best: dict[tuple[str, str, str], tuple[int, bool, Key]] = {}
            for key in self._keys(subject, relation, object, mode):
                if key.validity.holds(at) if at else not key.validity.is_over(today):
                    size = self._closure.proof(key).size if mode == "asserted" else 1
                    rank = size, key.validity == ALWAYS, key
                    if key.triple not in best or rank < best[key.triple]:
                        best[key.triple] = rank
            return [self._fact(key, mode) for _, _, key in sorted(best.values(), key=lambda rank: (rank[0], rank[2]))]

    def fact(self, subject: str, relation: str, object: str, at: str = "", mode: Mode = "asserted") -> Fact | None:
        """The fact of that triple, said or implied, if it holds ``at`` that date (now, without one)."""
        found = self.facts(subject, relation, object, at, mode)
        return found[0] if found else None

    def history(self, subject: str, relation: str) -> list[Fact]:
        """All asserted facts of a subject that begin or end, said or implied; oldest first."""
        with self._lock:
            dated = [key for key in self._keys(subject, relation) if key.validity != ALWAYS]
            return [self._fact(key) for key in sorted(dated, key=_age)]

    def versions(
        self,
        subject: str | None = None,
        relation: str | None = None,
        object: str | None = None,
        mode: Mode = "asserted",
    ) -> list[Fact]:
        """Every fact with these parts whenever it holds, by name and age."""
        with self._lock:
            return [self._fact(key, mode) for key in sorted(self._keys(subject, relation, object, mode))]

    def entity(self, name_or_alias: str) -> Entity | None:
        """The entity of that name; None where there is none, or more than one."""
        return self.names.named(name_or_alias)

    def contradictions(self) -> tuple[Contradiction, ...]:
        """Facts that cannot both be true: two objects where there is one, a class that excludes another, a denial."""
        with self._lock:
            functional = [relation.key for relation in self.ontology.relations.values() if relation.functional]
            pairs = [
                (fact, denial) for denial in self.versions(mode="denied") for fact in self.versions(*denial.triple)
            ]
            misplaced = [held.fact for held in self._held.values() if not held.is_covered]
            return (
                *rivals((fact for key in functional for fact in self.versions(relation=key)), self.ontology),
                *denials(pairs, self.ontology),
                *misuses((fact for fact in misplaced if fact.mode == "asserted"), self.ontology),
            )

    # -- the whole ---------------------------------------------------------------------------------

    def to_json(self) -> dict[str, object]:
        """Node-link data of plain values, facts of every mode and time; equal for equal graphs."""
        facts = self.all_facts()
        nodes = [{"id": name, "class": cls} for name, cls in sorted(self.classes(facts).items())]
        return {"directed": True, "multigraph": True, "nodes": nodes, "links": [_link(f) for f in facts]}

    def all_facts(self) -> list[Fact]:
        """Facts of every mode and time, by name."""
        with self._lock:
            return [fact for mode in self._stated for fact in self.versions(mode=mode)]

    def __len__(self) -> int:
        """The number of asserted facts, derived ones among them."""
        return len(self._closure)

    def network(self) -> nx.MultiDiGraph:
        """A copy for networkx: nodes are names with their ``cls``, edges are facts of every mode as ``fact``."""
        facts = self.all_facts()
        network: nx.MultiDiGraph = nx.MultiDiGraph()
        network.add_nodes_from((name, {"cls": cls}) for name, cls in sorted(self.classes(facts).items()))
        network.add_edges_from((fact.subject, fact.object, {"fact": fact}) for fact in facts)
        return network

    def classes(self, facts: Iterable[Fact]) -> dict[str, str]:
        """The class of each name in ``facts``: an entity's own, else what the relation says that its object is."""
        found: dict[str, str] = {}
        for fact in facts:
            expected = self.ontology.relations[fact.relation].range
            for name in (fact.subject, fact.object):
                entity = self.ontology.entities.get(name)
                cls = entity.cls if entity else expected if expected in LITERALS else ROOT
                found[name] = min(cls, found.get(name, cls))
        return found

    # -- inside ------------------------------------------------------------------------------------

    def _keys(
        self, subject: str | None, relation: str | None, object_: str | None = None, mode: Mode = "asserted"
    ) -> Iterator[Key]:
        if mode == "asserted":
            yield from self._closure.keys(subject, relation, object_)
            return
        for key in self._stated[mode]:
            if subject in (None, key.subject) and relation in (None, key.relation) and object_ in (None, key.object):
                yield key

    def _fact(self, key: Key, mode: Mode = "asserted") -> Fact:
        if mode != "asserted":
            return self._stated_fact(key, mode)
        if key not in self._made:
            self._make(key)
        return self._made[key]

    def _make(self, key: Key) -> None:
        """The fact of ``key``, after those that it rests on. No recursion: a proof may be thousands of steps deep."""
        needed, waiting = {key}, [key]
        while waiting:
            for premise in self._closure.proof(waiting.pop()).premises:
                if premise not in needed and premise not in self._made:
                    needed.add(premise)
                    waiting.append(premise)
        for each in sorted(needed, key=lambda needed_key: self._closure.proof(needed_key).size):
            _, rule, premises = self._closure.proof(each)
            if not premises:
                self._made[each] = self._stated_fact(each, "asserted")
                continue
            facts = tuple(self._made[premise] for premise in premises)
            evidence = tuple(dict.fromkeys(citation for fact in facts for citation in fact.evidence))
            self._made[each] = Fact(*each.triple, evidence, rule, facts, "asserted", *each.validity)

    def _stated_fact(self, key: Key, mode: Mode) -> Fact:
        stated = key._replace(validity=key.validity._replace(superseded=""))
        evidence = sorted(self._evidence[mode, stated], key=lambda c: (c.source, c.start, c.end))
        return Fact(*key.triple, tuple(evidence), "", (), mode, *key.validity)


def _link(fact: Fact) -> dict[str, object]:
    said = "" if fact.mode == "asserted" else fact.mode
    return {
        "source": fact.subject,
        "target": fact.object,
        "key": "/".join(part for part in (fact.relation, said, fact.since, fact.until, fact.superseded) if part),
        "relation": fact.relation,
        "mode": fact.mode,
        "since": fact.since,
        "until": fact.until,
        "superseded": fact.superseded,
        "rule": fact.rule,
        "premises": [list(premise.triple) for premise in fact.premises],
        "evidence": [{"source": c.source, "start": c.start, "end": c.end, "text": c.text} for c in fact.evidence],
    }


def _key(fact: Fact) -> Key:
    validity = Validity(fact.since, fact.until)
    return Key(*fact.triple, ALWAYS if validity == ALWAYS else validity)


def _fact(statement: Statement, cite: Callable[[Span], Citation]) -> Fact:
    triple = statement.subject, statement.relation, statement.object
    return Fact(*triple, (cite(statement.span),), "", (), statement.mode, statement.since, statement.until)


def _covers(ontology: Ontology, statement: Statement) -> bool:
    relation = ontology.relations.get(statement.relation)
    if relation is None or not ontology.fits(statement.subject, relation.domain):
        return False
    if not _is_stretch(statement.since, statement.until):
        return False
    return relation.range in LITERALS or ontology.fits(statement.object, relation.range)


def _is_stretch(since: str, until: str) -> bool:
    if not all(is_date(given) for given in (since, until) if given):
        return False
    return not (since and until) or first_day(since) <= last_day(until)


def _age(key: Key) -> tuple[int, Key]:
    return first_day(key.validity.since) if key.validity.since else 0, key


def _today() -> str:
    now = date.today()
    return f"{now.year}년 {now.month}월 {now.day}일"
