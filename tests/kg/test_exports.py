"""GraphML opens in networkx, Turtle in rdflib, and nothing of the graph is missing in them."""

from __future__ import annotations

import io
import json

import networkx as nx
import pytest
import rdflib
from hypothesis import given, settings
from random_worlds import cite, ontologies, statements
from rdflib.namespace import OWL, PROV, RDF, RDFS

from ingest import Span, Statement
from kg import Graph, Ontology, to_graphml, to_turtle
from rag import Citation

NASTY = '“가”\\n"나" \\ <다> & 라\n마\t바\u0001사 ✂ 𠮷'
MODES = ("asserted", "asserted", "denied", "former")


@pytest.fixture
def graph(ontology: Ontology) -> Graph:
    said = [
        Statement("SolverX", "headquarters", "서초동", Span("d", 0, 1)),
        Statement("SolverX", "founded_in", "2022년", Span("d", 2, 3)),
        Statement("SolverX", "has_ceo", "윤태경", Span("d", 4, 5), "asserted", "2021년", "2023년"),
        Statement("SolverX", "has_ceo", "이안", Span("d", 6, 7), "denied"),
    ]
    return Graph.build(ontology, said, lambda span: Citation("안내 <1>.md", span.start, span.end, NASTY))


def test_graphml_holds_every_fact_with_rule_and_evidence(graph: Graph) -> None:
    network = nx.read_graphml(io.BytesIO(to_graphml(graph).encode()))
    facts = graph.all_facts()
    told = {
        (s, data["relation"], o, data["mode"], data["since"], data["until"], data["rule"])
        for s, o, data in network.edges(data=True)
    }
    assert told == {(*f.triple, f.mode, f.since, f.until, f.rule) for f in facts}
    assert len(network.edges) == len(facts)
    assert network.nodes["2022년"]["cls"] == "연도"
    (derived,) = [data for s, o, data in network.edges(data=True) if (s, o) == ("SolverX", "대한민국")]
    assert len(json.loads(derived["premises"])) == 2
    sources = {place[0] for place in json.loads(derived["evidence"])}
    assert sources == {"안내 <1>.md", "world.toml"}
    quoted = {place[3] for place in json.loads(derived["evidence"]) if place[0] == "안내 <1>.md"}
    assert quoted == {NASTY}  # JSON escapes what XML cannot hold


def test_turtle_holds_every_fact_with_rule_and_evidence(graph: Graph) -> None:
    world = rdflib.Graph().parse(data=to_turtle(graph), format="turtle")
    term = rdflib.Namespace("urn:loopai:term:")
    facts = graph.all_facts()
    reified = list(world.subjects(RDF.type, RDF.Statement))
    assert len(reified) == len(facts)
    assert {str(value) for value in world.objects(None, term.rule)} == {f.rule for f in facts if f.rule}
    assert {str(value) for value in world.objects(None, term.since)} == {"2021년"}
    assert NASTY in {str(value) for value in world.objects(None, PROV.value)}
    subject, ceo = rdflib.URIRef("urn:loopai:entity:SolverX"), rdflib.URIRef("urn:loopai:relation:has_ceo")
    assert list(world.objects(subject, ceo)) == []  # one is over, the other denied
    assert (ceo, RDF.type, OWL.FunctionalProperty) in world
    assert (ceo, OWL.inverseOf, rdflib.URIRef("urn:loopai:relation:ceo_of")) in world
    assert (rdflib.URIRef("urn:loopai:class:회사"), RDFS.subClassOf, rdflib.URIRef("urn:loopai:class:조직")) in world
    founded = rdflib.URIRef("urn:loopai:relation:founded_in")
    assert list(world.objects(subject, founded)) == [rdflib.Literal("2022년")]


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(ontologies(), statements('하나 "#1".md', MODES))
def test_any_graph_can_be_read_again(ontology: Ontology, said: list[Statement]) -> None:
    graph = Graph.build(ontology, said, cite)
    facts = graph.all_facts()
    assert len(nx.read_graphml(io.BytesIO(to_graphml(graph).encode())).edges) == len(facts)
    world = rdflib.Graph().parse(data=to_turtle(graph), format="turtle")
    assert len(list(world.subjects(RDF.type, RDF.Statement))) == len(facts)
    assert len(nx.node_link_graph(graph.to_json(), edges="links").edges) == len(facts)


def test_networkx_finds_its_way_in_the_copy(graph: Graph) -> None:
    network = graph.network()
    assert {fact for *_, fact in network.edges(data="fact")} == set(graph.all_facts())
    assert nx.has_path(network, "SolverX", "대한민국")
    assert network.nodes["SolverX"]["cls"] == "회사"
