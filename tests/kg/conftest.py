"""A small world of its own: the tests do not change when the corpora or the general ontology do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kg_world import EMPTY, WORLD, Triple, document

from ingest import Document, Korean, Span, Statement
from kg import Graph, Ontology, extend, extract, parse_ontology
from rag import Citation


@pytest.fixture(scope="session")
def ontology() -> Ontology:
    return extend(parse_ontology(EMPTY, "base.toml"), parse_ontology(WORLD, "world.toml"))


@pytest.fixture(scope="session")
def korean(ontology: Ontology) -> Korean:
    korean = Korean()
    korean.add_names(name for entity in ontology.entities.values() for name in entity.names)
    return korean


@pytest.fixture
def said(ontology: Ontology, korean: Korean) -> Callable[[str], list[Triple]]:
    """The triples that a text states."""

    def read(text: str) -> list[Triple]:
        found = extract(document(text), ontology, korean)
        return [(s.subject, s.relation, s.object) for s in found if s.mode == "asserted" and s.status == "approved"]

    return read


@pytest.fixture
def graph_of(ontology: Ontology, korean: Korean) -> Callable[..., Graph]:
    """The graph of texts, each a document of its own."""

    def build(*texts: str) -> Graph:
        documents = [document(text, f"{text[:12]}.md") for text in texts]
        statements: list[Statement] = [s for d in documents for s in extract(d, ontology, korean)]
        held = {d.id: d for d in documents}

        def cite(span: Span) -> Citation:
            return Citation(held[span.document_id].source, span.start, span.end, _slice(held, span))

        return Graph.build(ontology, statements, cite)

    return build


def _slice(held: dict[str, Document], span: Span) -> str:
    return held[span.document_id].text[span.start : span.end]
