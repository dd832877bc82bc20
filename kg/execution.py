"""Runs logical forms on the graph: what a term denotes, each name with the facts that prove it. Knows no Korean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg.inference import proof
from kg.kinds import is_of_kind
from kg.logical_form import Both, Either, Every, Follow, Given, Named, Term, Without
from kg.quantities import Amount, amount_of
from kg.store import Graph
from kg.types import Fact, Ontology
from kg.validity import first_day
from rag import ProofStep

_CHANGES = 2  # facts, of which one may be a change
_CUSTOMARY = 2  # subjects that show how many objects are usual


@dataclass(frozen=True, slots=True)
class Reached:
    """A name that a term denotes. ``facts`` are the last ones that lead to it, ``steps`` all that prove it."""

    name: str
    facts: tuple[Fact, ...] = ()
    steps: tuple[ProofStep, ...] = ()


class Executor:
    """Evaluates terms as of a date ('' for now)."""

    def __init__(self, graph: Graph, ontology: Ontology, at: str = "", strict: bool = False) -> None:
        """``strict`` asks for facts that are known to hold at the date: undated ones are not enough."""
        self.graph = graph
        self.ontology = ontology
        self.at = at
        self.is_strict = strict

    def reach(self, term: Term) -> Mapping[str, Reached]:
        """What ``term`` denotes, by name, in the order of the graph."""
        match term:
            case Named(name):
                return {name: Reached(name)}
            case Given(found):
                return {name: Reached(name, (), steps) for name, steps in found}
            case Every(cls):
                entities = self.ontology.entities.values()
                return {e.name: Reached(e.name) for e in entities if self.ontology.is_a(e.cls, cls)}
            case Follow():
                return self._follow(term)
            case Both(left, right):
                first, second = self.reach(left), self.reach(right)
                return {name: _joined(first[name], second[name]) for name in first if name in second}
            case Either(terms):
                united: dict[str, Reached] = {}
                for each in terms:
                    for name, reached in self.reach(each).items():
                        united[name] = _joined(united[name], reached) if name in united else reached
                kinds = {each.kind if isinstance(each, Follow) else "" for each in terms}
                return _called_so(united, kinds.pop()) if len(kinds) == 1 else united
            case Without(kept, excluded):
                left_out = self.reach(excluded)
                return {name: reached for name, reached in self.reach(kept).items() if name not in left_out}

    def facts(self, subject: str, relation: str) -> list[Fact]:
        """What holds at the date: the objects of a subject. Of a functional relation the latest object only."""
        known = self.graph.facts(subject=subject, relation=relation, at=self.at)
        if self.ontology.relations[relation].functional or self._has_changed(subject, relation):
            return self._latest(known)
        return self._certain(known)

    def _subjects(self, object_: str, relation: str) -> list[Fact]:
        """What holds at the date: the subjects of an object; where that was said the other way round, as it was."""
        known = self._certain(self.graph.facts(relation=relation, object=object_, at=self.at))
        relations = self.ontology.relations
        inverse = relations[relation].inverse or next((k for k, r in relations.items() if r.inverse == relation), "")
        if not inverse:
            return known
        kept = {fact.object for fact in self.facts(object_, inverse)}
        return [fact for fact in known if fact.subject in kept]

    def _has_changed(self, subject: str, relation: str) -> bool:
        """Whether a dated object has come in the place of another one: where nobody has two undated ones."""
        known = self.graph.versions(subject=subject, relation=relation)
        undated = sum(not fact.since for fact in known)
        if undated not in (0, 1) or len(known) - undated == 0 or len(known) < _CHANGES:
            return False
        objects: dict[str, set[str]] = {}
        for fact in self.graph.facts(relation=relation):
            if not fact.since:
                objects.setdefault(fact.subject, set()).add(fact.object)
        return len(objects) >= _CUSTOMARY and all(len(held) == 1 for held in objects.values())

    def _latest(self, facts: list[Fact]) -> list[Fact]:
        """Those that began last, where any has a date: a change is dated, what it changed need not be."""
        dated = [fact for fact in facts if fact.since]
        if dated:
            last = max(first_day(fact.since) for fact in dated)
            return [fact for fact in dated if first_day(fact.since) == last]
        if not self.is_strict:
            return facts
        return [fact for fact in facts if fact.until or self._was_followed(fact)]

    def _was_followed(self, fact: Fact) -> bool:
        """Whether another object has come since, after the date: until then the undated one held."""
        others = self.graph.versions(subject=fact.subject, relation=fact.relation)
        return any(other.object != fact.object and other.since for other in others)

    def _certain(self, facts: list[Fact]) -> list[Fact]:
        return [fact for fact in facts if fact.since or fact.until] if self.is_strict else facts

    def values(self, relation: str, names: Iterable[str]) -> dict[str, tuple[Amount, Fact]]:
        """For each name its one comparable value of a relation to literals; names without one are missing."""
        found: dict[str, tuple[Amount, Fact]] = {}
        for name in names:
            known = self.facts(name, relation)
            amounts = {amount for fact in known if (amount := amount_of(fact.object))}
            if len(amounts) == 1:
                found[name] = (amounts.pop(), known[0])
        return found

    def class_of(self, name: str, relation: str) -> str:
        """The class of an entity, or of the literals that ``relation`` leads to."""
        entity = self.ontology.entities.get(name)
        return entity.cls if entity else self.ontology.relations[relation].range

    def steps(self, facts: Iterable[Fact]) -> tuple[ProofStep, ...]:
        """The proofs of facts, one after the other, no step twice."""
        return tuple(dict.fromkeys(step for fact in facts for step in proof(fact, self.ontology)))

    def _follow(self, term: Follow) -> dict[str, Reached]:
        reached: dict[str, Reached] = {}
        for start in self.reach(term.start).values():
            known = self.facts(start.name, term.relation) if term.forward else self._subjects(start.name, term.relation)
            fitting = [fact for fact in known if self._fits(self._end(fact, term), term)]
            if term.forward:
                fitting = self._most_specific(fitting)
            for fact in fitting:
                name = self._end(fact, term)
                found = Reached(name, (fact,), tuple(dict.fromkeys((*start.steps, *self.steps([fact])))))
                reached[name] = _joined(reached[name], found) if name in reached else found
        return _called_so(reached, term.kind)

    def _end(self, fact: Fact, term: Follow) -> str:
        return fact.object if term.forward else fact.subject

    def _fits(self, name: str, term: Follow) -> bool:
        return not term.kind or is_of_kind(name, self.class_of(name, term.relation), term.kind, self.ontology)

    def _most_specific(self, facts: list[Fact]) -> list[Fact]:
        """Without what contains another object: 서초동, not 서초동, 강남구 and 서울특별시; the team, not its firm."""
        return [fact for fact in facts if not any(self._contains(fact, other) for other in facts if other != fact)]

    def _contains(self, fact: Fact, other: Fact) -> bool:
        whole = {key for key, relation in self.ontology.relations.items() if relation.transitive}
        return any(self.graph.fact(other.object, relation, fact.object) is not None for relation in whole)


def _called_so(reached: dict[str, Reached], kind: str) -> dict[str, Reached]:
    """Of a firm and its team, '팀' means the one that is called so, where there is one."""
    called = {name: found for name, found in reached.items() if kind and name.endswith(kind)}
    return called or reached


def _joined(first: Reached, second: Reached) -> Reached:
    facts = tuple(dict.fromkeys((*first.facts, *second.facts)))
    return Reached(first.name, facts, tuple(dict.fromkeys((*first.steps, *second.steps))))
