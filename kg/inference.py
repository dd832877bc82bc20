"""From facts to what follows from them, each with its shortest proof. Pure.

Forward chaining to the fixpoint in the order of proof size: Knuth's generalisation of Dijkstra's
algorithm (D. E. Knuth, A generalization of Dijkstra's algorithm, IPL 6(1), 1977). The first proof found
of a fact is its smallest one, and every triple is settled once, so cycles end.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count

from kg.types import Fact, Ontology, Relation, Rule, Triple
from rag import Citation, ProofStep

SYMMETRY = "서로 같은 관계(대칭)"
INVERSE = "역관계"


def transitivity(relation: Relation) -> str:
    """The name under which a proof shows that ``relation`` is transitive."""
    return f"{relation.label}: 이어진다(이행성)"


def infer(facts: Iterable[Fact], ontology: Ontology) -> tuple[Fact, ...]:
    """``facts`` and all that follows from them, by size of proof, then by name.

    Derived facts obey domain and range, and nothing is related to itself unless a source says so.
    Facts of the same triple are given once, with the evidence of all of them.
    """
    return _Chaining(ontology).run(merge(facts))


def merge(facts: Iterable[Fact]) -> list[Fact]:
    """One fact for each triple, with all its evidence in the order of its place; sorted by triple."""
    evidence: dict[Triple, set[Citation]] = defaultdict(set)
    for fact in facts:
        evidence[fact.triple].update(fact.evidence)
    return [Fact(*triple, evidence=_in_order(evidence[triple])) for triple in sorted(evidence)]


def proof(fact: Fact, ontology: Ontology) -> tuple[ProofStep, ...]:
    """The steps that prove ``fact``, premises first, itself last, none twice.

    A step shows the relation's label and cites what the step rests on.
    """
    steps: dict[Triple, ProofStep] = {}

    def visit(step: Fact) -> None:
        if step.triple in steps:
            return
        for premise in step.premises:
            visit(premise)
        label = ontology.relations[step.relation].label
        steps[step.triple] = ProofStep(step.subject, label, step.object, step.rule, step.evidence)

    visit(fact)
    return tuple(steps.values())


class _Chaining:
    """One run to the fixpoint. ``_settled`` holds the facts whose smallest proof is known."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._settled: dict[Triple, Fact] = {}
        self._from: dict[tuple[str, str], list[Fact]] = defaultdict(list)  # (relation, subject)
        self._to: dict[tuple[str, str], list[Fact]] = defaultdict(list)  # (relation, object)
        self._chains: dict[str, list[tuple[int, Rule]]] = defaultdict(list)
        for rule in _chains(ontology):
            for place, relation in enumerate(rule.if_):
                self._chains[relation].append((place, rule))
        self._inverses = _inverses(ontology)

    def run(self, facts: Iterable[Fact]) -> tuple[Fact, ...]:
        order = count()
        known = (fact for fact in facts if fact.relation in self._ontology.relations)
        waiting = [(1, _names(fact), next(order), fact) for fact in known]
        heapq.heapify(waiting)
        sizes: dict[Triple, int] = {}
        while waiting:
            size, _, _, fact = heapq.heappop(waiting)
            if fact.triple in self._settled:
                continue
            self._settled[fact.triple] = fact
            sizes[fact.triple] = size
            self._from[fact.relation, fact.subject].append(fact)
            self._to[fact.relation, fact.object].append(fact)
            for derived in self._consequences(fact):
                if derived.triple not in self._settled:
                    cost = 1 + sum(sizes[premise.triple] for premise in derived.premises)
                    heapq.heappush(waiting, (cost, _names(derived), next(order), derived))
        return tuple(self._settled.values())

    def _consequences(self, fact: Fact) -> Iterator[Fact]:
        for relation, rule in self._inverses[fact.relation]:
            yield from self._derive(fact.object, relation, fact.subject, rule, (fact,))
        for place, chain in self._chains[fact.relation]:
            if place == 0:
                for second in self._from[chain.if_[1], fact.object]:
                    yield from self._derive(fact.subject, chain.then, second.object, chain.name, (fact, second))
            else:
                for first in self._to[chain.if_[0], fact.subject]:
                    yield from self._derive(first.subject, chain.then, fact.object, chain.name, (first, fact))

    def _derive(
        self, subject: str, relation: str, object_: str, rule: str, premises: tuple[Fact, ...]
    ) -> Iterator[Fact]:
        types = self._ontology.relations[relation]
        if subject == object_ or not self._ontology.fits(subject, types.domain):
            return
        if object_ in self._ontology.entities and not self._ontology.fits(object_, types.range):
            return
        evidence = dict.fromkeys(citation for premise in premises for citation in premise.evidence)
        yield Fact(subject, relation, object_, tuple(evidence), rule, premises)


def _chains(ontology: Ontology) -> list[Rule]:
    transitive = [
        Rule(transitivity(relation), (key, key), key)
        for key, relation in ontology.relations.items()
        if relation.transitive
    ]
    return [*ontology.rules, *transitive]


def _inverses(ontology: Ontology) -> dict[str, list[tuple[str, str]]]:
    """For each relation, the relations that hold the other way round, with the rule that says so."""
    inverses: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, relation in ontology.relations.items():
        if relation.symmetric:
            inverses[key].append((key, SYMMETRY))
        if relation.inverse:
            for pair in ((key, relation.inverse), (relation.inverse, key)):
                if (pair[1], INVERSE) not in inverses[pair[0]]:
                    inverses[pair[0]].append((pair[1], INVERSE))
    return inverses


def _names(fact: Fact) -> tuple[str, ...]:
    """What orders proofs of one size, so that runs agree: the triple, the rule, the premises."""
    return (*fact.triple, fact.rule, *(part for premise in fact.premises for part in premise.triple))


def _in_order(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    return tuple(sorted(citations, key=lambda c: (c.source, c.start, c.end)))
