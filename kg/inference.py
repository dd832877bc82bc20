"""From facts to what follows from them, each with its smallest proof; kept true while facts come and go. Pure.

Forward chaining to the fixpoint in the order of proof size: D. E. Knuth, A generalization of Dijkstra's
algorithm, IPL 6(1), 1977. Facts that go take with them what was proved by them; what another proof still
carries is settled anew: G. Ramalingam and T. Reps, An incremental algorithm for a generalization of the
shortest-path problem, J. Algorithms 21(2), 1996. Ties are broken by name, so the result depends on the
facts alone and never on the order in which they came. Knows facts by their keys; evidence is the graph's.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import count
from types import MappingProxyType
from typing import NamedTuple

from kg.types import Fact, Ontology, Relation, Rule, Triple
from kg.validity import Validity, common
from rag import ProofStep

SYMMETRY = "서로 같은 관계(대칭)"
INVERSE = "역관계"


class Key(NamedTuple):
    """What is asserted and when it holds, by which two facts are the same."""

    subject: str
    relation: str
    object: str
    validity: Validity

    @property
    def triple(self) -> Triple:
        """What is said, whatever the time."""
        return self.subject, self.relation, self.object


class Proof(NamedTuple):
    """How a fact is known. ``size`` counts the steps; a stated fact has one, no rule and no premises."""

    size: int
    rule: str = ""
    premises: tuple[Key, ...] = ()


_STATED = Proof(1)
_Row = dict[str, tuple[Key, ...]]  # facts of one relation and one end, by the other end
_NONE: Mapping[str, tuple[Key, ...]] = MappingProxyType({})
_Step = tuple[Key, str, tuple[Key, ...]]  # a fact, the rule by which it follows, its premises


def transitivity(relation: Relation) -> str:
    """The name under which a proof shows that ``relation`` is transitive."""
    return f"{relation.label}: 이어진다(이행성)"


def inverses(ontology: Ontology) -> dict[str, list[tuple[str, str]]]:
    """For each relation, the relations that hold the other way round, with the rule that says so."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, relation in ontology.relations.items():
        if relation.symmetric:
            pairs[key].append((key, SYMMETRY))
        if relation.inverse:
            for here, there in ((key, relation.inverse), (relation.inverse, key)):
                if (there, INVERSE) not in pairs[here]:
                    pairs[here].append((there, INVERSE))
    return pairs


def proof(fact: Fact, ontology: Ontology) -> tuple[ProofStep, ...]:
    """The steps that prove ``fact``, premises first, itself last, none twice.

    A step shows the relation's label and cites what the step rests on.
    """
    steps: dict[int, ProofStep] = {}
    waiting = [fact]
    while waiting:
        step = waiting[-1]
        unproved = [premise for premise in step.premises if id(premise) not in steps]
        if unproved:
            waiting.extend(reversed(unproved))
            continue
        label = ontology.relations[step.relation].label
        steps[id(waiting.pop())] = ProofStep(step.subject, label, step.object, step.rule, step.evidence)
    return tuple(dict.fromkeys(steps.values()))


class Closure:
    """Stated facts and all that follows from them, under the ontology's properties and rules.

    Derived facts obey domain and range, and nothing is related to itself unless a source says so. A derived
    fact holds during the time that its premises share.
    """

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._proofs: dict[Key, Proof] = {}
        self._from: dict[str, dict[str, _Row]] = {relation: {} for relation in ontology.relations}  # by subject
        self._to: dict[str, dict[str, _Row]] = {relation: {} for relation in ontology.relations}  # by object
        self._inverses = inverses(ontology)
        self._opening: defaultdict[str, list[Rule]] = defaultdict(list)  # rules by first premise
        self._closing: defaultdict[str, list[Rule]] = defaultdict(list)  # rules by second premise
        self._concluding: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in _chains(ontology):
            self._opening[rule.if_[0]].append(rule)
            self._closing[rule.if_[1]].append(rule)
            self._concluding[rule.then].append(rule)
        members = cache(lambda cls: frozenset(name for name in ontology.entities if ontology.fits(name, cls)))
        self._ends = {key: (members(r.domain), members(r.range)) for key, r in ontology.relations.items()}

    def __len__(self) -> int:
        return len(self._proofs)

    def keys(self, subject: str | None = None, relation: str | None = None, object: str | None = None) -> Iterator[Key]:
        """Keys of all known facts with these parts, in no order."""
        for name in self._from if relation is None else (relation,):
            yield from self._keys(name, subject, object)

    def _keys(self, relation: str, subject: str | None, object_: str | None) -> Iterator[Key]:
        if subject is None and object_ is not None:
            for keys in self._to.get(relation, {}).get(object_, _NONE).values():
                yield from keys
            return
        rows = self._from.get(relation, {})
        for start in rows if subject is None else (subject,):
            row = rows.get(start, _NONE)
            for keys in row.values() if object_ is None else (row.get(object_, ()),):
                yield from keys

    def proof(self, key: Key) -> Proof:
        """The smallest proof of a known fact.

        Raises:
            KeyError: the fact is not known.
        """
        return self._proofs[key]

    def update(self, gone: Iterable[Key], new: Iterable[Key]) -> None:
        """Take stated facts out and put others in; the result is that of stating what is left from the beginning.

        ``gone`` are stated, ``new`` are not yet.
        """
        candidates: dict[Key, Proof] = {}
        for key in self._withdraw(set(gone)):
            if (best := min(self._proofs_of(key), default=None)) is not None:
                candidates[key] = best
        self._settle(candidates | dict.fromkeys(new, _STATED))

    def _settle(self, candidates: dict[Key, Proof]) -> None:
        """Take up the best proofs so far, smallest first: when one is taken up, no better can come for its fact."""
        order = count()
        queue = [(proof.size, next(order), key) for key, proof in candidates.items()]
        heapq.heapify(queue)
        while queue:
            _, _, key = heapq.heappop(queue)
            if (best := candidates.pop(key, None)) is None:
                continue  # taken up before, by a smaller proof
            held = self._proofs.get(key)
            self._proofs[key] = best
            if held is None:
                self._index(key)
            elif held.size == best.size:
                continue  # told differently, but no longer and no shorter: nothing changes for what follows
            for derived, rule, premises in self._consequences(key):
                size = self._size(premises)
                known = candidates.get(derived) or self._proofs.get(derived)
                if known is None or size < known.size or (size == known.size and (rule, premises) < known[1:]):
                    if known is None or size < known.size or derived not in candidates:
                        heapq.heappush(queue, (size, next(order), derived))
                    candidates[derived] = Proof(size, rule, premises)

    def _withdraw(self, gone: set[Key]) -> set[Key]:
        """Forget ``gone`` and everything whose smallest proof rests on it."""
        lost, waiting = set(gone), list(gone)
        while waiting:
            for derived, rule, premises in self._consequences(waiting.pop()):
                if derived not in lost and self._proofs[derived][1:] == (rule, premises):
                    lost.add(derived)
                    waiting.append(derived)
        for key in lost:
            del self._proofs[key]
            self._unindex(key)
        return lost

    # -- one step ----------------------------------------------------------------------------------

    def _consequences(self, key: Key) -> Iterator[_Step]:
        """What follows from ``key`` and at most one other known fact."""
        subject, relation, object_, time = key
        for other, rule in self._inverses.get(relation, ()):
            if self._may_be(object_, other, subject):
                yield Key(object_, other, subject, time), rule, (key,)
        for chain in self._opening.get(relation, ()):
            for end, laters in self._from[chain.if_[1]].get(object_, _NONE).items():
                if self._may_be(subject, chain.then, end):
                    for later in laters:
                        if (shared := common(time, later.validity)) is not None:
                            yield Key(subject, chain.then, end, shared), chain.name, (key, later)
        for chain in self._closing.get(relation, ()):
            for start, earliers in self._to[chain.if_[0]].get(subject, _NONE).items():
                if self._may_be(start, chain.then, object_):
                    for earlier in earliers:
                        if (shared := common(earlier.validity, time)) is not None:
                            yield Key(start, chain.then, object_, shared), chain.name, (earlier, key)

    def _proofs_of(self, key: Key) -> Iterator[Proof]:
        """Every proof of ``key`` in one step from known facts."""
        subject, relation, object_, time = key
        if not self._may_be(subject, relation, object_):
            return
        for other, rule in self._inverses.get(relation, ()):
            for premise in self._from[other].get(object_, _NONE).get(subject, ()):
                if premise.validity == time:
                    yield Proof(self._size((premise,)), rule, (premise,))
        for chain in self._concluding.get(relation, ()):
            first, second = chain.if_
            for middle, earliers in self._from[first].get(subject, _NONE).items():
                for later in self._from[second].get(middle, _NONE).get(object_, ()):
                    for earlier in earliers:
                        if common(earlier.validity, later.validity) == time:
                            yield Proof(self._size((earlier, later)), chain.name, (earlier, later))

    def _size(self, premises: tuple[Key, ...]) -> int:
        """The size of a proof by one step from ``premises``."""
        size = 1
        for premise in premises:
            size += self._proofs[premise].size
        return size

    def _may_be(self, subject: str, relation: str, object_: str) -> bool:
        """Whether the ontology lets a derived fact of these parts be."""
        if subject == object_:
            return False
        subjects, objects = self._ends[relation]
        return subject in subjects and (object_ in objects or object_ not in self._ontology.entities)

    # -- the indexes -------------------------------------------------------------------------------

    def _index(self, key: Key) -> None:
        for rows, here, there in self._places(key):
            row = rows.setdefault(here, {})
            row[there] = (*row.get(there, ()), key)

    def _unindex(self, key: Key) -> None:
        for rows, here, there in self._places(key):
            row = rows[here]
            row[there] = tuple(other for other in row[there] if other != key)
            if not row[there]:
                del row[there]
            if not row:
                del rows[here]

    def _places(self, key: Key) -> tuple[tuple[dict[str, _Row], str, str], tuple[dict[str, _Row], str, str]]:
        return (
            (self._from[key.relation], key.subject, key.object),
            (self._to[key.relation], key.object, key.subject),
        )


def _chains(ontology: Ontology) -> list[Rule]:
    transitive = [
        Rule(transitivity(relation), (key, key), key)
        for key, relation in ontology.relations.items()
        if relation.transitive
    ]
    return [*ontology.rules, *transitive]
