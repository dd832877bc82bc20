"""Our inferences beside those of an independent reasoner: OWL 2 RL by owlrl, over rdflib, from our own Turtle.

OWL lets things be related to themselves; we do not, unless a source says so. So whatever we derive owlrl must
derive, and where owlrl relates nothing to itself, we must derive whatever it does.
"""

from __future__ import annotations

import random

import owlrl
import rdflib
from random_worlds import NAMES, cite
from rdflib.namespace import RDF

from ingest import Span, Statement
from kg import Entity, Graph, Ontology, Relation, Rule, to_turtle

KEYS = ("r0", "r1", "r2", "r3")
RELATION = "urn:loopai:relation:"
Triples = set[tuple[str, str, str]]


def world(draw: random.Random) -> tuple[Ontology, list[Statement]]:
    """Random properties and rules between things of any class: OWL's domains and ranges forbid nothing.

    Statements lead from an earlier name to a later one, so that few things come to be related to themselves.
    """
    relations = {
        key: Relation(
            key,
            key,
            "것",
            "것",
            transitive=draw.random() < 0.4,
            symmetric=draw.random() < 0.1,
            inverse=draw.choice(KEYS) if draw.random() < 0.25 else "",
        )
        for key in KEYS
    }
    rules = [
        Rule(f"규칙 {index}", (draw.choice(KEYS), draw.choice(KEYS)), draw.choice(KEYS))
        for index in range(draw.randrange(3))
    ]
    entities = {name: Entity(name, "조직") for name in NAMES}
    said = []
    for _ in range(draw.randrange(4, 10)):
        start, end = sorted(draw.sample(NAMES, 2))
        said.append(Statement(start, draw.choice(KEYS), end, Span("하나.md", 0, draw.randrange(1, 9))))
    return Ontology("w", "", "", "o.toml", {"조직": "것"}, relations, tuple(rules), entities), said


def derived_by_owl(graph: Graph) -> Triples:
    """What owlrl makes of the ontology and the stated facts in our Turtle."""
    world = rdflib.Graph().parse(data=to_turtle(graph), format="turtle")
    stated = rdflib.Graph()
    for triple in world:
        if not str(triple[1]).startswith(RELATION) or is_stated(world, triple):
            stated.add(triple)
    for statement in list(stated.subjects(RDF.type, RDF.Statement)):
        stated.remove((statement, None, None))
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(stated)
    return {(name(s), str(p).removeprefix(RELATION), name(o)) for s, p, o in stated if str(p).startswith(RELATION)}


def is_stated(world: rdflib.Graph, triple: tuple[rdflib.term.Node, ...]) -> bool:
    rule = rdflib.URIRef("urn:loopai:term:rule")
    found = set(world.subjects(RDF.subject, triple[0])) & set(world.subjects(RDF.predicate, triple[1]))
    (statement,) = found & set(world.subjects(RDF.object, triple[2]))
    return world.value(statement, rule) is None


def name(node: rdflib.term.Node) -> str:
    return str(node).rsplit(":", 1)[-1]


def test_the_closure_is_that_of_an_owl_reasoner() -> None:
    equal = 0
    for seed in range(40):
        ontology, said = world(random.Random(seed))
        graph = Graph.build(ontology, said, cite)
        ours = {fact.triple for fact in graph.facts()}
        theirs = derived_by_owl(graph)
        assert ours <= theirs
        if all(triple in ours for triple in theirs if triple[0] == triple[2]):
            assert ours == theirs
            equal += any(fact.rule for fact in graph.facts())
    assert equal >= 15


def test_classes_are_those_of_an_owl_reasoner() -> None:
    classes = {"조직": "것", "회사": "조직", "부서": "조직", "자회사": "회사", "사람": "것"}
    entities = {f"대상 {cls}": Entity(f"대상 {cls}", cls) for cls in classes}
    ontology = Ontology("w", "", "", "o.toml", classes, entities=entities)
    world = rdflib.Graph().parse(data=to_turtle(Graph(ontology)), format="turtle")
    owlrl.DeductiveClosure(owlrl.RDFS_Semantics).expand(world)
    theirs = {
        (name(entity).replace("%20", " "), name(cls))
        for entity, cls in world.subject_objects(RDF.type)
        if ":entity:" in entity and ":class:" in cls
    }
    assert theirs == {(e, cls) for e in entities for cls in [*classes, "것"] if ontology.fits(e, cls)}
