"""When facts hold: newer ones end older ones, and all of them can be asked for by date."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest import Mode, Span, Statement
from kg import Contradiction, Entity, Graph, Ontology, Relation, Rule, parse_ontology
from kg.validity import Validity, common
from rag import Citation

WORLD = """
name = "w"
facts = ["가온상사 | partner | 나래식품"]
[classes."조직"]
disjoint = ["사람"]
[classes."회사"]
parent = "조직"
[classes."사람"]
[relations.has_ceo]
label = "대표"
domain = "회사"
range = "사람"
functional = true
inverse = "ceo_of"
answer = "{subject}의 대표는 {object}입니다."
[relations.ceo_of]
label = "대표인 회사"
domain = "사람"
range = "회사"
inverse = "has_ceo"
answer = "{subject}은 {object}의 대표입니다."
[relations.opened]
label = "문을 연 날"
domain = "조직"
range = "날짜"
functional = true
answer = "{subject}은 {object}에 문을 열었습니다."
[relations.partner]
label = "협력"
domain = "회사"
range = "회사"
symmetric = true
answer = "{subject}은 {object}과 협력합니다."
[relations.knows]
label = "앎"
domain = "사람"
range = "회사"
answer = "{subject}은 {object}을 압니다."
[[rules]]
name = "대표는 협력하는 회사를 안다"
if = ["ceo_of", "partner"]
then = "knows"
[[entities]]
name = "가온상사"
class = "회사"
[[entities]]
name = "나래식품"
class = "회사"
[[entities]]
name = "김다솜"
class = "사람"
[[entities]]
name = "이라온"
class = "사람"
"""


@pytest.fixture(scope="module")
def world() -> Ontology:
    return parse_ontology(WORLD, "ontology.toml")


def say(
    subject: str, relation: str, object_: str, since: str = "", until: str = "", mode: Mode = "asserted"
) -> Statement:
    span = Span(f"{object_} {since} {until} {mode}", 0, 9)
    return Statement(subject, relation, object_, span, mode, since, until)


def graph_of(world: Ontology, *statements: Statement) -> Graph:
    return Graph.build(world, statements, lambda span: Citation(span.document_id, span.start, span.end, "문장"))


KIM = say("가온상사", "has_ceo", "김다솜", "2018년")
LEE = say("가온상사", "has_ceo", "이라온", "2021년 3월")


@pytest.mark.parametrize(
    ("at", "names"),
    [
        ("", ["이라온"]),
        ("2017년", []),
        ("2018년", ["김다솜"]),
        ("2018년 2월 3일", ["김다솜"]),
        ("2021년 2월", ["김다솜"]),
        ("2021년", ["김다솜", "이라온"]),  # within that year both were
        ("2021년 3월", ["이라온"]),
        ("2030년", ["이라온"]),
    ],
)
def test_a_newer_fact_ends_an_older_one_and_both_can_be_asked_for(world: Ontology, at: str, names: list[str]) -> None:
    for graph in (graph_of(world, KIM, LEE), graph_of(world, LEE, KIM)):
        assert [f.object for f in graph.facts(subject="가온상사", relation="has_ceo", at=at)] == names
        assert [f.subject for f in graph.facts(object="가온상사", relation="ceo_of", at=at)] == names
        assert {f.subject for f in graph.facts(relation="knows", object="나래식품", at=at)} == set(names)
        assert bool(graph.fact("가온상사", "has_ceo", "김다솜", at=at)) is ("김다솜" in names)
        assert [f.object for f in graph.history("가온상사", "has_ceo")] == ["김다솜", "이라온"]
        assert graph.contradictions() == ()


@pytest.mark.parametrize(("at", "names"), [("", ["이라온"]), ("2020년", ["김다솜"]), ("2021년 3월", ["이라온"])])
def test_what_has_no_start_is_what_was_before(world: Ontology, at: str, names: list[str]) -> None:
    graph = graph_of(world, say("가온상사", "has_ceo", "김다솜"), LEE)
    assert [f.object for f in graph.facts(subject="가온상사", relation="has_ceo", at=at)] == names
    assert [f.object for f in graph.history("가온상사", "has_ceo")] == ["김다솜", "이라온"]


def test_a_newer_fact_told_the_other_way_round_ends_an_older_one(world: Ontology) -> None:
    graph = graph_of(world, KIM, say("이라온", "ceo_of", "가온상사", "2021년"))
    assert [f.object for f in graph.facts(subject="가온상사", relation="has_ceo")] == ["이라온"]
    (older, newer) = graph.history("가온상사", "has_ceo")
    assert (older.superseded, newer.superseded) == ("2021년", "")


def test_what_the_newer_one_said_is_forgotten_the_older_one_holds_again(world: Ontology) -> None:
    graph = graph_of(world, KIM, LEE)
    graph.remove([LEE])
    assert [f.object for f in graph.facts(subject="가온상사", relation="has_ceo")] == ["김다솜"]
    assert graph.to_json() == graph_of(world, KIM).to_json()


def test_what_is_not_functional_ends_nothing(world: Ontology) -> None:
    graph = graph_of(world, say("김다솜", "knows", "가온상사", "2018년"), say("김다솜", "knows", "나래식품", "2020년"))
    assert len(graph.facts(subject="김다솜", relation="knows")) == 2


@pytest.mark.parametrize(("until", "now"), [("2019년", []), ("2999년", ["김다솜"])])
def test_an_end_that_is_past_ends_it(world: Ontology, until: str, now: list[str]) -> None:
    graph = graph_of(world, say("가온상사", "has_ceo", "김다솜", "2018년", until))
    assert [f.object for f in graph.facts(subject="가온상사", relation="has_ceo")] == now
    assert [f.object for f in graph.facts(subject="가온상사", relation="has_ceo", at="2019년 7월")] == ["김다솜"]


def test_an_implied_fact_holds_while_what_implies_it_does(world: Ontology) -> None:
    graph = graph_of(
        world,
        say("가온상사", "has_ceo", "김다솜", "2018년", "2022년"),
        say("가온상사", "partner", "나래식품", "2020년"),
    )
    spans = [(fact.since, fact.until) for fact in graph.history("김다솜", "knows")]
    assert spans == [("2018년", "2022년"), ("2020년", "2022년")]  # the partnership is also stated without a date


def test_a_date_that_is_none_is_refused(world: Ontology) -> None:
    with pytest.raises(ValueError, match="어제"):
        graph_of(world, KIM).facts(at="어제")
    bad = [say("가온상사", "has_ceo", "김다솜", "2018"), say("가온상사", "has_ceo", "김다솜", "2020년", "2019년")]
    assert set(graph_of(world, *bad).ignored) == set(bad)


def test_what_is_not_asserted_implies_nothing_and_can_be_asked_for(world: Ontology) -> None:
    modes: list[Mode] = ["denied", "planned", "reported", "former"]
    graph = graph_of(world, *(say("가온상사", "has_ceo", "김다솜", mode=mode) for mode in modes))
    assert graph.facts(subject="가온상사", relation="has_ceo") == []
    assert graph.facts(relation="knows") == []
    for mode in modes:
        (fact,) = graph.facts(subject="가온상사", mode=mode)
        assert (fact.object, fact.mode) == ("김다솜", mode)
    assert len(graph.all_facts()) == 6  # with the stated partnership and its other side


@pytest.mark.parametrize(
    ("statements", "kinds"),
    [
        ([("김다솜", "", ""), ("이라온", "", "")], ["functional"]),
        ([("김다솜", "", ""), ("이라온", "2021년", "")], []),
        ([("김다솜", "", "2023년"), ("이라온", "2021년", "")], ["overlap"]),
        ([("김다솜", "2018년", ""), ("이라온", "2021년", "")], []),
        ([("김다솜", "2018년", "2021년"), ("이라온", "2021년", "")], []),
        ([("김다솜", "2018년", "2023년"), ("이라온", "2021년", "")], ["overlap"]),
        ([("김다솜", "2021년", ""), ("이라온", "2021년", "")], ["overlap"]),
        ([("김다솜", "2021년", ""), ("이라온", "2021년 3월", "")], ["overlap"]),  # which came first is not known
        ([("김다솜", "", "2020년"), ("이라온", "", "")], []),
        ([("김다솜", "2018년", "2018년"), ("이라온", "2018년", "2018년")], []),  # one after the other, perhaps
        ([("김다솜", "2018년 3월", "2020년"), ("이라온", "2019년", "2019년 5월")], ["overlap"]),
    ],
)
def test_two_objects_where_there_is_one(
    world: Ontology, statements: list[tuple[str, str, str]], kinds: list[str]
) -> None:
    said = [say("가온상사", "has_ceo", *each) for each in statements]
    found = graph_of(world, *said).contradictions()
    assert [each.kind for each in found] == kinds  # one for the pair, none for what follows from it
    for each in found:
        assert sorted(fact.object for fact in each.facts) == ["김다솜", "이라온"]
        assert {fact.evidence[0].source for fact in each.facts} == {s.span.document_id for s in said}


@pytest.fixture(scope="module")
def bosses(world: Ontology) -> Ontology:
    """With one boss for everybody, who follows from where somebody works."""
    relations = {
        "works_at": Relation("works_at", "근무", "사람", "회사"),
        "boss": Relation("boss", "상사", "사람", "사람", functional=True),
    }
    rule = Rule("회사의 대표가 상사다", ("works_at", "has_ceo"), "boss")
    people = {name: Entity(name, "사람") for name in ("박마루", "최바름")}
    return replace(
        world,
        relations={**world.relations, **relations},
        rules=(*world.rules, rule),
        entities={**world.entities, **people},
    )


def test_what_follows_from_a_contradiction_is_not_reported_again(bosses: Ontology) -> None:
    works = say("박마루", "works_at", "가온상사")
    graph = graph_of(bosses, say("가온상사", "has_ceo", "김다솜"), say("가온상사", "has_ceo", "이라온"), works)
    assert len(graph.facts(subject="박마루", relation="boss")) == 2
    (found,) = graph.contradictions()
    assert {fact.relation for fact in found.facts} == {"has_ceo"}


def test_what_is_said_may_contradict_what_follows(bosses: Ontology) -> None:
    said = say("박마루", "boss", "최바름")
    implying = say("박마루", "works_at", "가온상사"), say("가온상사", "has_ceo", "김다솜")
    (found,) = graph_of(bosses, said, *implying).contradictions()
    stated, derived = found.facts
    assert (stated.object, derived.object, derived.rule) == ("최바름", "김다솜", "회사의 대표가 상사다")
    assert {c.source for c in derived.evidence} == {s.span.document_id for s in implying}


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [("2021년", "2021년 3월", 0), ("2021년", "2022년", 1), ("2021년 1월", "2021년 10월", 1)],
)
def test_a_less_precise_date_contradicts_nothing(world: Ontology, first: str, second: str, count: int) -> None:
    graph = graph_of(world, say("가온상사", "opened", first), say("가온상사", "opened", second))
    assert len(graph.contradictions()) == count


def test_a_denial_is_shown_beside_what_it_denies(world: Ontology) -> None:
    (found,) = graph_of(
        world, say("가온상사", "has_ceo", "김다솜"), say("가온상사", "has_ceo", "김다솜", mode="denied")
    ).contradictions()
    assert found.kind == "denied"
    assert [fact.mode for fact in found.facts] == ["asserted", "denied"]
    past = graph_of(world, KIM, LEE, say("가온상사", "has_ceo", "김다솜", mode="denied"))
    assert past.contradictions() == ()


def test_an_entity_is_not_used_as_what_its_class_excludes(world: Ontology) -> None:
    statement = say("가온상사", "knows", "나래식품")  # only people know
    (found,) = graph_of(world, statement).contradictions()
    assert isinstance(found, Contradiction)
    assert found.kind == "disjoint"
    assert found.reason == "가온상사는 회사라 사람일 수 없습니다."
    assert WORLD[slice(found.facts[1].evidence[0].start, found.facts[1].evidence[0].end)] == "가온상사"


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (("", ""), ("", ""), ("", "")),
        (("2020년", ""), ("", "2021년"), ("2020년", "2021년")),
        (("2020년", ""), ("2020년 5월", ""), ("2020년 5월", "")),
        (("", "2020년"), ("", "2020년 5월"), ("", "2020년 5월")),
        (("2021년", ""), ("", "2020년 5월"), None),
        (("2020년 12월", ""), ("", "2020년"), ("2020년 12월", "2020년")),
    ],
)
def test_the_time_that_two_facts_share(
    first: tuple[str, str], second: tuple[str, str], shared: tuple[str, str] | None
) -> None:
    expected = None if shared is None else Validity(*shared)
    assert common(Validity(*first), Validity(*second)) == expected
    assert common(Validity(*second), Validity(*first)) == expected
