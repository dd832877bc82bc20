"""Facts that cannot both be true, each with what it rests on. Pure; decides nothing, only reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from kg.josa import fill
from kg.succession import agree
from kg.types import Fact, Ontology, Triple

Kind = Literal["functional", "overlap", "disjoint", "denied"]

CLASS_OF = "class"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two facts that exclude each other. ``reason`` says why, in Korean.

    ``functional``: two objects where there is one; ``overlap``: two objects at one time; ``denied``: said
    and denied; ``disjoint``: an entity used as what its class excludes (the second fact then is the entity's
    entry in the ontology, with the relation ``CLASS_OF``).
    """

    kind: Kind
    facts: tuple[Fact, Fact]
    reason: str


def rivals(facts: Iterable[Fact], ontology: Ontology) -> list[Contradiction]:
    """Pairs among ``facts`` (asserted, of functional relations) that give one subject two objects at one time.

    A pair that only repeats another one, by what follows from the same statements, is left out.
    """
    groups: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        groups[fact.relation, fact.subject].append(fact)
    pairs = [
        (first, second)
        for (relation, _), group in groups.items()
        for first, second in combinations(sorted(group, key=_order), 2)
        if not agree(ontology.relations[relation], first.object, second.object)
        and first.validity.contradicts(second.validity)
    ]
    return [_rival(first, second, ontology) for first, second in _without_echoes(pairs)]


def denials(pairs: Iterable[tuple[Fact, Fact]], ontology: Ontology) -> list[Contradiction]:
    """Those of the pairs (a fact, its denial) that speak of one time."""
    reason = "{subject}의 {label}: {object}. 그렇다고 하는 곳과 아니라고 하는 곳이 있습니다."
    return [
        Contradiction("denied", (fact, denial), _worded(reason, fact, ontology))
        for fact, denial in pairs
        if fact.validity.contradicts(denial.validity)
    ]


def misuses(facts: Iterable[Fact], ontology: Ontology) -> list[Contradiction]:
    """Facts that take an entity for what its class excludes, each with the entity's entry in the ontology."""
    return [
        Contradiction("disjoint", (fact, entry), fill("{name}은 {cls}이라 {expected}일 수 없습니다.", {}, **words))
        for fact in sorted(facts, key=_order)
        for entry, words in _misused(fact, ontology)
    ]


def _misused(fact: Fact, ontology: Ontology) -> Iterator[tuple[Fact, dict[str, str]]]:
    relation = ontology.relations.get(fact.relation)
    if relation is None:
        return
    for name, expected in ((fact.subject, relation.domain), (fact.object, relation.range)):
        entity = ontology.entities.get(name)
        if entity is not None and ontology.excludes(entity.cls, expected):
            entry = Fact(name, CLASS_OF, entity.cls, (ontology.entries[name],))
            yield entry, {"name": name, "cls": entity.cls, "expected": expected}


def _without_echoes(pairs: Iterable[tuple[Fact, Fact]]) -> Iterator[tuple[Fact, Fact]]:
    resting = sorted(((_grounds(pair), pair) for pair in pairs), key=lambda each: (len(each[0]), *map(_order, each[1])))
    reported: defaultdict[_Ground, list[frozenset[_Ground]]] = defaultdict(list)
    for grounds, pair in resting:
        if not any(other <= grounds for ground in grounds for other in reported[ground]):
            for ground in grounds:
                reported[ground].append(grounds)
            yield pair


_Ground = tuple[Triple, str, str]


def _grounds(pair: tuple[Fact, Fact]) -> frozenset[_Ground]:
    """The stated facts from which a pair follows."""
    grounds: set[_Ground] = set()
    seen: set[int] = set()
    waiting = list(pair)
    while waiting:
        fact = waiting.pop()
        if not fact.premises:
            grounds.add((fact.triple, fact.since, fact.until))
        elif id(fact) not in seen:
            seen.add(id(fact))
            waiting.extend(fact.premises)
    return frozenset(grounds)


def _rival(first: Fact, second: Fact, ontology: Ontology) -> Contradiction:
    dated = first.since or first.until or second.since or second.until
    reason = "{subject}의 {label}: 한 때에 하나뿐인데 {object}과 {other}이 함께 나옵니다."
    return Contradiction(
        "overlap" if dated else "functional", (first, second), _worded(reason, first, ontology, other=second.object)
    )


def _worded(reason: str, fact: Fact, ontology: Ontology, **more: str) -> str:
    label = ontology.relations[fact.relation].label
    return fill(reason, {}, subject=fact.subject, label=label, object=fact.object, **more)


def _order(fact: Fact) -> tuple[object, ...]:
    places = [(citation.source, citation.start, citation.end) for citation in fact.evidence]
    return bool(fact.premises), fact.triple, fact.since, fact.until, places
