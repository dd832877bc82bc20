"""The graph: facts of documents and ontologies with all that follows from them. Holds no files.

It is a projection: built anew from statements, so that forgetting a document is building without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import networkx as nx

from ingest import Span, Statement
from kg.inference import infer
from kg.mentions import Names
from kg.types import LITERALS, ROOT, Entity, Fact, Ontology
from rag import Citation


class Graph:
    """Facts as a ``networkx.MultiDiGraph``: nodes are names, edges are relations that carry their ``fact``."""

    def __init__(self, ontology: Ontology, facts: Iterable[Fact], ignored: tuple[Statement, ...] = ()) -> None:
        self.ontology = ontology
        self.names = Names(ontology)
        self.ignored = ignored
        self.network: nx.MultiDiGraph = nx.MultiDiGraph()
        for fact in facts:
            for name in (fact.subject, fact.object):
                self.network.add_node(name, cls=self._class_of(name, fact))
            self.network.add_edge(fact.subject, fact.object, key=fact.relation, fact=fact)

    @classmethod
    def build(cls, ontology: Ontology, statements: Iterable[Statement], cite: Callable[[Span], Citation]) -> Graph:
        """The graph of ``ontology``'s facts and ``statements``; the same whatever the order of statements.

        ``cite`` turns a statement's span into the place that people see. Statements that the ontology no
        longer covers (an unknown relation, a name that is no entity) are kept apart in ``ignored``.
        """
        facts = list(ontology.facts)
        ignored = []
        for statement in statements:
            if _covers(ontology, statement):
                evidence = (cite(statement.span),)
                facts.append(Fact(statement.subject, statement.relation, statement.object, evidence))
            else:
                ignored.append(statement)
        return cls(ontology, infer(facts, ontology), tuple(ignored))

    def facts(self, subject: str | None = None, relation: str | None = None, object: str | None = None) -> list[Fact]:
        """Facts with these parts: what sources say first, then by size of proof."""
        if subject is not None:
            edges = self.network.out_edges(subject, data="fact") if subject in self.network else ()
        elif object is not None:
            edges = self.network.in_edges(object, data="fact") if object in self.network else ()
        else:
            edges = self.network.edges(data="fact")
        found = [fact for _, _, fact in edges if relation in (None, fact.relation) and object in (None, fact.object)]
        return sorted(found, key=lambda fact: (_depth(fact), fact.triple))

    def fact(self, subject: str, relation: str, object: str) -> Fact | None:
        """The fact of that triple, said or implied."""
        found: Fact | None = self.network.get_edge_data(subject, object, relation, {}).get("fact")
        return found

    def entity(self, name_or_alias: str) -> Entity | None:
        """The entity of that name; None where there is none, or more than one."""
        return self.names.named(name_or_alias)

    def to_json(self) -> dict[str, object]:
        """Node-link data of plain values; equal for equal graphs."""
        nodes = [{"id": name, "class": cls} for name, cls in sorted(self.network.nodes(data="cls"))]
        return {"directed": True, "multigraph": True, "nodes": nodes, "links": [_link(f) for f in sorted(
            self.facts(), key=lambda fact: fact.triple
        )]}  # fmt: skip

    def _class_of(self, name: str, fact: Fact) -> str:
        if entity := self.ontology.entities.get(name):
            return entity.cls
        expected = self.ontology.relations[fact.relation].range
        return expected if expected in LITERALS else ROOT


def _covers(ontology: Ontology, statement: Statement) -> bool:
    relation = ontology.relations.get(statement.relation)
    if relation is None or not ontology.fits(statement.subject, relation.domain):
        return False
    return relation.range in LITERALS or ontology.fits(statement.object, relation.range)


def _depth(fact: Fact) -> int:
    """Zero for what a source says, else one more than the deepest premise."""
    return 1 + max(map(_depth, fact.premises)) if fact.premises else 0


def _link(fact: Fact) -> dict[str, object]:
    return {
        "source": fact.subject,
        "target": fact.object,
        "key": fact.relation,
        "rule": fact.rule,
        "premises": [list(premise.triple) for premise in fact.premises],
        "evidence": [{"source": c.source, "start": c.start, "end": c.end, "text": c.text} for c in fact.evidence],
    }
