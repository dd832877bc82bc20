from __future__ import annotations

import json
from collections.abc import Callable

from ingest import Span, Statement
from kg import Graph, Ontology
from rag import Citation

FIRST = "SolverX는 2022년에 설립되었다. 본사는 강남구 서초동에 위치한다. SolverX는 퓨전을 개발한다."
SECOND = "본사는 부산에 위치한다. SolverX는 2022년에 설립되었다."


def test_a_graph_without_a_document_is_one_that_never_had_it(graph_of: Callable[..., Graph]) -> None:
    both, alone = graph_of(FIRST, SECOND), graph_of(FIRST)
    assert both.to_json() != alone.to_json()
    assert graph_of(FIRST).to_json() == alone.to_json()
    assert both.fact("SolverX", "located_in", "부산") is None  # no rule leads from one fact alone
    assert both.fact("SolverX", "headquarters", "부산")
    assert not alone.facts(object="부산")


def test_the_order_of_documents_does_not_matter(graph_of: Callable[..., Graph]) -> None:
    assert graph_of(FIRST, SECOND).to_json() == graph_of(SECOND, FIRST).to_json()


def test_facts_by_their_parts_direct_ones_first(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(FIRST)
    assert [f.object for f in graph.facts(subject="SolverX", relation="located_in")] == ["강남구", "서울", "대한민국"]
    assert [f.subject for f in graph.facts(relation="develops")] == ["SolverX"]
    assert graph.facts(subject="없는 것") == []
    assert graph.entity("솔버 엑스".replace(" ", "")) == graph.entity("SolverX")
    assert graph.entity("없는 것") is None


def test_json_is_plain_and_complete(graph_of: Callable[..., Graph]) -> None:
    data = json.loads(json.dumps(graph_of(FIRST).to_json(), ensure_ascii=False))
    assert {"id": "2022년", "class": "연도"} in data["nodes"]
    assert all(link["evidence"] for link in data["links"])


def test_statements_that_the_ontology_does_not_cover_are_kept_apart(ontology: Ontology) -> None:
    stray = Statement("SolverX", "owns", "서울", Span("d", 0, 1))
    graph = Graph.build(ontology, [stray], lambda span: Citation("d", span.start, span.end, "가"))
    assert graph.ignored == (stray,)
