"""The graph that follows a ledger is the graph that is built from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import Document, Job, Korean, Ledger, ReviewStatus, Span, Statement, ingest
from kg import Graph, Knowledge, WorldExtractor, united
from rag import Citation
from tests.fakes import HashEmbedder

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


SENTENCES = (
    "가온상사 본사는 서초구에 위치한다.",
    "연구팀은 가온상사 소속이다.",
    "이안은 연구팀에서 일한다.",
    "가온상사는 부산광역시에 위치한다.",
    "가온상사 본사는 강남구에 위치한다.",
    "값은 없었다.",
)


class Home:
    """A ledger of its own over the files of one folder."""

    def __init__(self, home: Path, folder: Path, korean: Korean) -> None:
        self.ledger = Ledger(home / "ledger.db")
        self.knowledge = Knowledge(self.ledger, korean)
        self._folder, self._korean, self._embed = folder, korean, HashEmbedder()
        self._extract = WorldExtractor(korean, lambda: self.ledger.documents("facts"))

    def take_in(self) -> dict[str, object]:
        """Ingest what lies in the folder, forget what no longer does, and show the graph."""
        job = Job((self._folder,), "facts")
        outcomes = list(ingest(job, self.ledger, self._embed, self._extract, self._korean))
        assert not [outcome.error for outcome in outcomes if outcome.status == "failed"]
        for source in self.ledger.sources():
            if not Path(source.path).exists():
                self.ledger.forget(source.name)
        return self.knowledge.current()[0].to_json()


@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["하나.md", "둘.md"]), st.lists(st.sampled_from(SENTENCES), max_size=4)),
        min_size=2,
        max_size=4,
    )
)
def test_files_added_edited_and_forgotten_leave_what_the_rest_alone_gives(
    tmp_path_factory: pytest.TempPathFactory, analyser: Korean, changes: list[tuple[str, list[str]]]
) -> None:
    root = tmp_path_factory.mktemp("files")
    folder = root / "자료"
    folder.mkdir()
    (folder / "ontology.toml").write_text(WORLD, "utf-8")
    home = Home(root / "home", folder, analyser)
    for name, sentences in changes:
        file = folder / name
        if sentences:
            file.write_text("\n\n".join(sentences), "utf-8")
        else:
            file.unlink(missing_ok=True)
        changed = home.take_in()
    anew = Home(root / "anew", folder, analyser)
    assert changed == anew.take_in()
    home.ledger.close()
    anew.ledger.close()


def test_the_sentences_above_say_something(tmp_path: Path, analyser: Korean) -> None:
    folder = tmp_path / "자료"
    folder.mkdir()
    (folder / "ontology.toml").write_text(WORLD, "utf-8")
    (folder / "하나.md").write_text("\n\n".join(SENTENCES), "utf-8")
    home = Home(tmp_path / "home", folder, analyser)
    home.take_in()
    graph, *_ = home.knowledge.current()
    assert graph.fact("이안", "works_at", "가온상사")
    assert graph.fact("가온상사 본사", "located_in", "서울특별시")
    home.ledger.close()
