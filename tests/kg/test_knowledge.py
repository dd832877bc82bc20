"""The graph that follows a ledger is the graph that is built from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import Document, Korean, Ledger, ReviewStatus, Span, Statement
from kg import Graph, Knowledge, united
from rag import Citation

WORLD = """
name = "w"
[[entities]]
name = "가온상사"
class = "회사"
[[entities]]
name = "가온상사 본사"
class = "사무소"
[[entities]]
name = "연구팀"
class = "부서"
[[entities]]
name = "이안"
class = "사람"
"""
FACTS = [
    ("가온상사", "headquarters", "가온상사 본사"),
    ("가온상사 본사", "located_in", "서초구"),
    ("연구팀", "part_of", "가온상사"),
    ("이안", "works_at", "연구팀"),
    ("가온상사", "located_in", "부산광역시"),
]
TEXTS = ("가나다라 마바사아", "가나다라 자차카타")


@pytest.fixture(scope="module")
def analyser() -> Korean:
    return Korean()


def put(ledger: Ledger, name: str, text: str, triples: Sequence[tuple[str, str, str]] = ()) -> None:
    """As ingestion does: the document keeps its id, whatever its text becomes."""
    document = Document(f"id of {name}", name, "", text, "facts")
    span = Span(document.id, 5, 9)
    statements = [Statement(*triple, span, status=_status(number)) for number, triple in enumerate(triples)]
    content = f"{text} {triples}"  # other statements come of another text
    ledger.replace(document, [], np.zeros((0, 4), np.float32), statements, path=name, sha256=content, settings="")


def _status(number: int) -> ReviewStatus:
    return "candidate" if number == 2 else "approved"


def built(ledger: Ledger) -> dict[str, object]:
    documents = {document.id: document for document in ledger.documents("facts")}

    def cite(span: Span) -> Citation:
        document = documents[span.document_id]
        return Citation(document.source, span.start, span.end, document.text[span.start : span.end])

    return Graph.build(united(documents.values()), ledger.statements("approved"), cite).to_json()


changes = st.lists(
    st.tuples(
        st.sampled_from(["하나.md", "둘.md", "w/ontology.toml"]),
        st.sampled_from(["put", "put", "put", "forget", "review"]),
        st.sampled_from(TEXTS),
        st.lists(st.sampled_from(FACTS), max_size=3),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(changes)
def test_following_is_building(
    tmp_path_factory: pytest.TempPathFactory,
    analyser: Korean,
    changes: list[tuple[str, str, str, list[tuple[str, str, str]]]],
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("home") / "ledger.db")
    knowledge = Knowledge(ledger, analyser)
    put(ledger, "w/ontology.toml", WORLD)
    for name, action, text, triples in changes:
        if action == "put" and name.endswith(".toml"):
            put(ledger, name, WORLD + ('aliases = ["이 연구원"]\n' if text == TEXTS[0] else ""))
        elif action == "put":
            put(ledger, name, text, triples)
        elif action == "review":
            for statement in ledger.statements()[:3]:  # as many approved as rejected: no count tells
                ledger.review(statement, "rejected" if statement.status == "approved" else "approved")
        elif ledger.find_source(name=name):
            ledger.forget(name)
        graph, ontology, revision = knowledge.current()
        assert revision == ledger.revision()
        assert ontology is graph.ontology
        assert graph.to_json() == built(ledger)
    ledger.close()


def test_an_edit_that_moves_nothing_is_still_cited_anew(tmp_path: Path, analyser: Korean) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    knowledge = Knowledge(ledger, analyser)
    put(ledger, "w/ontology.toml", WORLD)
    for text in TEXTS:
        put(ledger, "하나.md", text, FACTS[:1])
        graph, *_ = knowledge.current()
        (fact,) = graph.facts(relation="headquarters")
        assert [c.text for c in fact.evidence] == [text[5:9]]
    ledger.close()


def test_a_backup_put_back_is_followed(tmp_path: Path, analyser: Korean) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    knowledge = Knowledge(ledger, analyser)
    put(ledger, "w/ontology.toml", WORLD)
    put(ledger, "하나.md", TEXTS[0], FACTS[:3])
    rejected, approved = ledger.statements("approved")[0], ledger.statements("candidate")[0]
    ledger.review(rejected, "rejected")
    ledger.back_up(tmp_path / "backup.db")
    ledger.review(rejected, "approved")
    ledger.review(approved, "approved")
    assert knowledge.current()[0].to_json() == built(ledger)
    ledger.restore(tmp_path / "backup.db")
    assert knowledge.current()[0].to_json() == built(ledger)
    ledger.close()


def test_only_another_ontology_makes_the_graph_anew(tmp_path: Path, analyser: Korean) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    knowledge = Knowledge(ledger, analyser)
    put(ledger, "w/ontology.toml", WORLD)
    first, *_ = knowledge.current()
    put(ledger, "하나.md", TEXTS[0], FACTS)
    second, *_ = knowledge.current()
    assert second is first
    put(ledger, "w/ontology.toml", WORLD + 'aliases = ["이 연구원"]\n')
    third, *_ = knowledge.current()
    assert third is not first
    ledger.close()
