from __future__ import annotations

import pytest

from kg import Fact, Graph, Ontology, proof
from rag import Citation


def fact(subject: str, relation: str, object_: str, place: int = 0) -> Fact:
    return Fact(subject, relation, object_, (Citation("시험.md", place, place + 1, "가"),))


def closure(ontology: Ontology, *facts: Fact) -> dict[tuple[str, str, str], Fact]:
    found = Graph(ontology, facts).facts()
    assert len({f.triple for f in found}) == len(found)
    return {f.triple: f for f in found}


def test_no_fact_without_evidence() -> None:
    with pytest.raises(ValueError, match="evidence"):
        Fact("가", "r", "나", ())


def test_transitive_chain_with_its_proof_in_order(ontology: Ontology) -> None:
    known = closure(
        ontology,
        fact("서초동", "located_in", "강남구", 1),
        fact("강남구", "located_in", "서울", 2),
        fact("서울", "located_in", "대한민국", 3),
    )
    far = known["서초동", "located_in", "대한민국"]
    assert [c.start for c in sorted(far.evidence, key=lambda c: c.start)] == [1, 2, 3]
    steps = proof(far, ontology)
    assert (steps[-1].subject, steps[-1].object, steps[-1].rule) == ("서초동", "대한민국", "위치: 이어진다(이행성)")
    shown = [(step.subject, step.object) for step in steps]
    assert len(shown) == len(set(shown)) == 5
    for index, step in enumerate(steps):
        assert step.sources
        if step.rule:  # what it rests on stands before it
            assert any(before[0] == step.subject for before in shown[:index])
            assert any(before[1] == step.object for before in shown[:index])


def test_cycles_end_without_loops(ontology: Ontology) -> None:
    known = closure(
        ontology,
        fact("서울", "located_in", "부산"),
        fact("부산", "located_in", "강남구"),
        fact("강남구", "located_in", "서울"),
    )
    assert len(known) == 6
    assert all(subject != object_ for subject, _, object_ in known)


def test_symmetric_and_inverse(ontology: Ontology) -> None:
    known = closure(ontology, fact("SolverX", "partner_of", "한빛소재"), fact("SolverX", "has_ceo", "윤태경"))
    assert known["한빛소재", "partner_of", "SolverX"].rule == "서로 같은 관계(대칭)"
    assert known["윤태경", "ceo_of", "SolverX"].rule == "역관계"
    assert len(known) == 4


def test_rule_with_its_own_name_and_the_shortest_proof(ontology: Ontology) -> None:
    known = closure(
        ontology,
        fact("이안", "works_at", "연구팀", 1),
        fact("연구팀", "part_of", "SolverX", 2),
    )
    assert known["이안", "works_at", "SolverX"].rule == "부서에서 일하면 회사에서 일한다"
    said = closure(
        ontology,
        fact("이안", "works_at", "연구팀", 1),
        fact("연구팀", "part_of", "SolverX", 2),
        fact("이안", "works_at", "SolverX", 3),
    )
    assert said["이안", "works_at", "SolverX"].premises == ()


def test_derived_facts_obey_domain_and_range(ontology: Ontology) -> None:
    known = closure(ontology, fact("SolverX", "headquarters", "서초동"), fact("서초동", "located_in", "강남구"))
    assert set(known) == {
        ("SolverX", "headquarters", "서초동"),
        ("서초동", "located_in", "강남구"),
        ("SolverX", "located_in", "강남구"),
    }


def test_evidence_of_one_triple_is_put_together_whatever_the_order(ontology: Ontology) -> None:
    first, second = fact("SolverX", "has_ceo", "윤태경", 5), fact("SolverX", "has_ceo", "윤태경", 2)
    assert Graph(ontology, [first, second]).facts() == Graph(ontology, [second, first]).facts()
    assert [c.start for c in closure(ontology, first, second)["SolverX", "has_ceo", "윤태경"].evidence] == [2, 5]
