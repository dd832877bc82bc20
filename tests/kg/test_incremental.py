"""A graph that was changed is the graph that was never otherwise; its proofs are the smallest ones."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_worlds import DOCUMENTS, cite, ontologies, statements

from ingest import Mode, Span, Statement
from kg import Entity, Fact, Graph, Ontology, Relation, Rule, proof
from kg.inference import INVERSE, SYMMETRY, transitivity
from kg.validity import Validity, common

MODES: tuple[Mode, ...] = ("asserted", "asserted", "asserted", "asserted", "denied", "planned", "reported", "former")
Known = dict[tuple[tuple[str, str, str], Validity], int]


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[str, list[Statement]]]:
    """A sequence of documents put anew, which also adds, edits and (put empty) forgets them."""
    names = draw(st.lists(st.sampled_from(DOCUMENTS), min_size=1, max_size=6))
    return [(name, draw(statements(name, MODES))) for name in names]


def state(graph: Graph) -> tuple[object, ...]:
    return graph.to_json(), graph.contradictions(), graph.ignored, graph.statements, len(graph)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(ontologies(), edits())
def test_changed_and_built_anew_are_one(ontology: Ontology, changes: list[tuple[str, list[Statement]]]) -> None:
    graph = Graph(ontology)
    held: dict[str, list[Statement]] = {}
    for name, new in changes:
        graph.remove(held.get(name, []))
        graph.add(new, cite)
        held[name] = new
        anew = Graph.build(ontology, [s for each in held.values() for s in each], cite)
        assert state(graph) == state(anew)
    for old in held.values():
        graph.remove(old)
    assert state(graph) == state(Graph(ontology))


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(ontologies(), statements("하나.md"))
def test_everything_follows_and_by_the_smallest_proof(ontology: Ontology, said: list[Statement]) -> None:
    facts = Graph.build(ontology, said, cite).versions()
    stated = [(fact.triple, fact.validity) for fact in facts if not fact.premises]
    assert {(fact.triple, fact.validity): size(fact) for fact in facts} == naive_closure(ontology, stated)
    for fact in facts:
        assert_follows(fact, ontology)


def size(fact: Fact) -> int:
    return 1 + sum(map(size, fact.premises))


def naive_closure(ontology: Ontology, stated: Iterable[tuple[tuple[str, str, str], Validity]]) -> Known:
    """All pairs against all rules until nothing changes."""
    known: Known = dict.fromkeys(stated, 1)
    chains = [(rule.if_, rule.then) for rule in ontology.rules]
    chains += [((key, key), key) for key, relation in ontology.relations.items() if relation.transitive]
    turns = {(key, key) for key, relation in ontology.relations.items() if relation.symmetric}
    for key, relation in ontology.relations.items():
        turns |= {(key, relation.inverse), (relation.inverse, key)} if relation.inverse else set()

    def may_be(subject: str, relation: str, object_: str) -> bool:
        types = ontology.relations[relation]
        return subject != object_ and ontology.fits(subject, types.domain) and ontology.fits(object_, types.range)

    changed = True
    while changed:
        found = [
            ((o, there, s), time, 1 + cost)
            for ((s, r, o), time), cost in known.items()
            for here, there in turns
            if r == here
        ] + [
            ((s, then, end), shared, 1 + cost + other)
            for ((s, r, o), time), cost in known.items()
            for ((start, second, end), later), other in known.items()
            if o == start and (shared := common(time, later)) is not None
            for if_, then in chains
            if if_ == (r, second)
        ]
        changed = False
        for triple, time, cost in found:
            if may_be(*triple) and cost < known.get((triple, time), cost + 1):
                known[triple, time] = cost
                changed = True
    return known


def assert_follows(fact: Fact, ontology: Ontology) -> None:
    relation = ontology.relations[fact.relation]
    if not fact.premises:
        assert not fact.rule
    elif len(fact.premises) == 1:
        (premise,) = fact.premises
        assert (fact.object, fact.subject) == (premise.subject, premise.object)
        assert fact.validity == premise.validity
        turned = ontology.relations[premise.relation]
        assert (fact.rule == SYMMETRY and relation.symmetric and premise.relation == fact.relation) or (
            fact.rule == INVERSE and (turned.inverse == fact.relation or relation.inverse == premise.relation)
        )
    else:
        first, second = fact.premises
        assert (fact.subject, first.object, fact.object) == (first.subject, second.subject, second.object)
        assert fact.validity == common(first.validity, second.validity)
        assert (fact.rule == transitivity(relation) and relation.transitive and first.relation == fact.relation) or any(
            (rule.name, rule.if_, rule.then) == (fact.rule, (first.relation, second.relation), fact.relation)
            for rule in ontology.rules
        )
    assert set(fact.evidence) >= {citation for premise in fact.premises for citation in premise.evidence}


def test_what_was_not_added_cannot_be_removed_and_nothing_else_is(ontology: Ontology) -> None:
    said = Statement("SolverX", "has_ceo", "윤태경", Span("안내.md", 0, 2))
    graph = Graph.build(ontology, [said], cite)
    before = graph.to_json()
    with pytest.raises(KeyError):
        graph.remove([said, said])
    assert graph.to_json() == before


def test_a_fact_said_twice_stays_until_nobody_says_it(ontology: Ontology) -> None:
    first = Statement("SolverX", "headquarters", "서초동", Span("하나.md", 0, 2))
    second = Statement("SolverX", "headquarters", "서초동", Span("둘.md", 0, 2))
    graph = Graph.build(ontology, [first, second, second], cite)
    graph.remove([first])
    derived = graph.fact("SolverX", "located_in", "대한민국")
    assert derived is not None
    assert [c.source for c in derived.evidence if c.source.endswith(".md")] == ["둘.md"]
    graph.remove([second])
    assert graph.fact("SolverX", "located_in", "대한민국")
    graph.remove([second])
    assert graph.fact("SolverX", "headquarters", "서초동") is None
    assert graph.fact("SolverX", "located_in", "대한민국") is None


def test_facts_given_out_do_not_change(ontology: Ontology) -> None:
    said = Statement("SolverX", "headquarters", "서초동", Span("하나.md", 0, 2))
    graph = Graph.build(ontology, [said], cite)
    held = graph.fact("SolverX", "located_in", "강남구")
    graph.remove([said])
    assert held is not None
    assert [premise.triple for premise in held.premises] == [
        ("SolverX", "headquarters", "서초동"),
        ("서초동", "located_in", "강남구"),
    ]


def chain(relations: dict[str, Relation], rules: tuple[Rule, ...], steps: int) -> tuple[Ontology, list[Statement]]:
    names = [f"곳{number}" for number in range(steps + 1)]
    entities = {name: Entity(name, "장소") for name in names}
    world = Ontology("w", "", "", "o.toml", {"장소": "것"}, relations, rules, entities)
    said = [Statement(a, "next", b, Span("d", number, number + 1)) for number, (a, b) in enumerate(pairwise(names))]
    return world, said


def test_a_chain_is_closed_and_falls_apart_where_it_is_cut() -> None:
    world, said = chain({"next": Relation("next", "다음", "장소", "장소", transitive=True)}, (), 60)
    graph = Graph.build(world, said, cite)
    whole = graph.fact("곳0", "next", "곳60")
    assert whole is not None
    assert len(whole.evidence) == 60
    assert len(graph) == 61 * 60 // 2
    graph.remove([said[30]])
    assert len(graph) == 31 * 30 // 2 + 30 * 29 // 2


def test_a_proof_may_be_deeper_than_the_stack() -> None:
    relations = {key: Relation(key, key, "장소", "장소") for key in ("next", "reaches")}
    world, said = chain(relations, (Rule("이어 간다", ("reaches", "next"), "reaches"),), 1500)
    said.append(Statement("곳1500", "reaches", "곳0", Span("d", 1500, 1501)))
    graph = Graph.build(world, said[1:], cite)
    graph.add(said[:1], cite)
    last = graph.fact("곳1500", "reaches", "곳1499")
    assert last is not None
    assert len(last.evidence) == 1500
    assert len(proof(last, world)) == 1500 + 1499
    graph.remove(said[:1])
    assert len(graph) == 1500


def test_a_graph_can_be_asked_while_it_changes(ontology: Ontology) -> None:
    said = [
        Statement("SolverX", "headquarters", place, Span(f"{n}", n, n + 1))
        for n, place in enumerate(["서초동", "강남구", "서울", "부산"] * 25)
    ]
    graph = Graph(ontology, ontology.facts)
    done = threading.Event()

    def change() -> None:
        for _ in range(20):
            graph.add(said, cite)
            graph.remove(said)
        done.set()

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        asked = 0
        while not done.is_set():
            for fact in graph.facts(subject="SolverX"):
                assert all(premise.evidence for premise in fact.premises)
            graph.to_json()
            asked += 1
        changing.result()
    assert asked
    assert graph.to_json() == Graph(ontology, ontology.facts).to_json()
