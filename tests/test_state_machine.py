"""Any order of changes, crashes, damage and openers ends in what ingesting the final files from nothing gives.

``HYPOTHESIS_PROFILE=long`` runs 500 examples of 30 steps.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import unicodedata
from functools import cache
from pathlib import Path

import chromadb.api.client
import pytest
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.errors import ChromaError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from benchmarks.crash_worker import Parts, with_sync_threshold
from ingest import Job, Kind, Korean, Ledger, ingest
from rag import Projections
from rag.indexes import vectors
from rag.indexes.probe import probe
from rag.indexes.vectors import ExactVectors

EXAMPLES, STEPS = {"ci": (20, 15), "long": (500, 30)}[os.environ.get("HYPOTHESIS_PROFILE", "ci")]
PATHS = (
    "facts/본사.md",
    "facts/지점.md",
    "facts/셋째.md",
    "general/안내.txt",
    "general/속/글.txt",
    "creative/장면.txt",
)
FREE_PATHS = ("facts/새이름.md", "facts/또다른.md")
PARAGRAPHS = (
    "가람상회는 마포구에 위치한다.",
    "나루서점은 강남구에 위치한다. 나루서점의 본사는 종로구에 있다.",
    "# 머리말\n\n바다상회는 수원시에 위치한다.",
    unicodedata.normalize("NFD", "마루공방은 서초구에 위치한다."),
    "닭을 삶고 값을 치렀다. 값은 없었다.",
    "“눈이 와.” 그가 말했다. 창밖은 이미 하얗게 변해 있었고, 아무도 먼저 일어나려 하지 않았다.",
    "Loop AI v2는 한국어 RAG를 쓴다.\r\n둘째 줄\u200b이다.",
    "길고 긴 이야기가 이어졌다. " * 40,
)
QUERIES = ("가람상회", "서점 본사", "값", "눈이 온다", "이야기", "RAG")
DAMAGED = ("words.db", "chroma.sqlite3", "header.bin", "data_level0.bin", "length.bin", "index_metadata.pickle")

texts = st.lists(st.sampled_from(PARAGRAPHS), min_size=1, max_size=4).map("\n\n".join)


@cache
def parts() -> Parts:
    return Parts(Korean())


def is_readable_here(folder: Path, ledger: Path) -> bool:
    """The probe without its process; files that would harm this one are told by their fingerprint before."""
    held = Ledger(ledger)
    try:
        return probe(folder, held)
    except ChromaError:
        return False
    finally:
        held.close()


@pytest.fixture(scope="module", autouse=True)
def small_parts() -> object:
    with pytest.MonkeyPatch.context() as patch:
        replacement = with_sync_threshold(3)
        patch.setattr(chromadb.api.client.Client, "get_or_create_collection", replacement)
        patch.setattr(vectors, "is_readable", is_readable_here)
        yield


class Life(RuleBasedStateMachine):
    """``held`` is what must be there: text by path."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="machine-"))
        self.held: dict[str, str] = {}
        self.ledger = Ledger(self.root / "home" / "ledger.db")
        self.open()

    # -- changes ---------------------------------------------------------------------------------

    @rule(path=st.sampled_from(PATHS), text=texts)
    def put(self, path: str, text: str) -> None:
        """Add or edit. What is refused leaves all as it was."""
        self.take_in(self.ledger, path, text)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), to=st.sampled_from(FREE_PATHS))
    def rename(self, data: st.DataObject, to: str) -> None:
        near = [path for path in sorted(self.held) if path.startswith("facts/")]
        if not near or to in self.held:
            return
        path = data.draw(st.sampled_from(near))
        (self.root / path).rename(self.root / to)
        self.held[to] = self.held.pop(path)
        assert self.ingested(self.ledger, to) == "unchanged"

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.held)))
        source = self.ledger.find_source(path=str(self.root / path))
        assert source is not None
        self.ledger.forget(source.name)
        (self.root / path).unlink()
        del self.held[path]

    # -- indexes ---------------------------------------------------------------------------------

    @rule()
    def catch_up(self) -> None:
        self.projections.catch_up()
        assert self.projections.problems() == []

    @rule()
    def rebuild(self) -> None:
        self.projections.rebuild()
        assert self.projections.problems() == []

    @rule()
    def close_and_open(self) -> None:
        self.projections.close()
        self.open()

    @rule()
    def crash(self) -> None:
        self.kill()
        self.open()

    @rule(name=st.sampled_from(DAMAGED), in_order=st.booleans(), how=st.sampled_from(("cut", "zero", "flip", "gone")))
    def damage(self, name: str, in_order: bool, how: str) -> None:
        """Damage of files that lie still."""
        if in_order:
            self.projections.close()
        else:
            self.kill()
        for path in sorted((self.root / "home").rglob(name))[:1]:
            content = path.read_bytes()
            match how:
                case "cut":
                    path.write_bytes(content[: len(content) // 2])
                case "zero":
                    path.write_bytes(bytes(len(content)))
                case "flip" if content:
                    middle = len(content) // 2
                    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
                case "gone":
                    path.unlink()
        self.open()

    @rule(path=st.sampled_from(PATHS), text=texts)
    def second_opener(self, path: str, text: str) -> None:
        """Another process: it owns nothing, and what it puts is found at once."""
        ledger = Ledger(self.root / "home" / "ledger.db")
        other = Projections(self.root / "home", ledger, parts().korean, parts().embed.identity)
        assert not other.is_owner
        self.take_in(ledger, path, text)
        other.catch_up()
        ids, matrix = ledger.vectors()
        for projections in (other, self.projections):
            for chunk_id, vector in list(zip(ids, matrix, strict=True))[:3]:
                (best, score), *_ = projections.vectors.search(vector, 1)
                assert score > 0.999
                assert best == chunk_id or ledger.chunks([best])[best].text == ledger.chunks([chunk_id])[chunk_id].text
        other.close()
        ledger.close()

    # -- the end ---------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "projections"):
            return
        self.projections.catch_up()
        assert self.projections.problems() == []
        assert self.ledger.integrity_problem() is None
        anew = Ledger(self.root / "anew" / "ledger.db")
        for path, text in self.held.items():
            (self.root / path).write_text(text, "utf-8")
            source = self.ledger.find_source(path=str(self.root / path))
            assert source is not None
            assert self.ingested(anew, path, source.kind) == "added"  # a source keeps its kind through its edits
        reference = Projections(self.root / "anew", anew, parts().korean, parts().embed.identity)
        assert contents(self.ledger) == contents(anew)
        assert hits(self.ledger, self.projections) == hits(anew, reference)
        for projections in (self.projections, reference):
            projections.close()
        for ledger in (self.ledger, anew):
            ledger.close()
        shutil.rmtree(self.root)

    # -- inside ----------------------------------------------------------------------------------

    def take_in(self, ledger: Ledger, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        if self.ingested(ledger, path) != "failed":
            self.held[path] = text
        elif path in self.held:
            file.write_text(self.held[path], "utf-8")
        else:
            file.unlink()

    def ingested(self, ledger: Ledger, path: str, kind: Kind | None = None) -> str:
        made = parts()
        (outcome,) = ingest(Job((self.root / path,), kind), ledger, made.embed, made.extract, made.korean)
        return outcome.status

    def open(self) -> None:
        made = parts()
        self.projections = Projections(self.root / "home", self.ledger, made.korean, made.embed.identity)
        assert self.projections.is_owner
        assert self.projections.problems() == []

    def kill(self) -> None:
        """Let everything go as it is; only the word index, which nothing is owed by its closing, is closed."""
        self.projections.words.close()
        del self.projections
        SharedSystemClient.clear_system_cache()
        gc.collect()


def contents(ledger: Ledger) -> list[object]:
    """Everything but ids, names and places: they tell of the past of a source."""
    documents = {document.id: document for document in ledger.documents()}
    ids, matrix = ledger.vectors()
    chunks = ledger.chunks(ids)
    rows: list[object] = [(document.text, document.kind) for document in documents.values()]
    for chunk_id, vector in zip(ids, matrix, strict=True):
        each = chunks[chunk_id]
        text = documents[each.span.document_id].text
        assert each.text == text[each.span.start : each.span.end]
        rows.append((text, each.span.start, each.span.end, each.kind, each.headings, each.example, vector.tobytes()))
    for statement in ledger.statements():
        text = documents[statement.span.document_id].text
        triple = (statement.subject, statement.relation, statement.object)
        rows.append((text, statement.span.start, statement.span.end, triple))
    return sorted(rows, key=repr)


def hits(ledger: Ledger, projections: Projections) -> list[object]:
    """What the word index and the vector index find, with scores; the vector index as the exact one does."""
    ids, matrix = ledger.vectors()
    chunks = ledger.chunks(ids)
    found: list[object] = []
    for query in QUERIES:
        scored = projections.words.search(query, len(ids) + 1)
        found.append((query, sorted((chunks[chunk_id].text, round(score, 6)) for chunk_id, score in scored)))
    exact = ExactVectors(ledger)
    for vector in matrix:
        ours = [score for _, score in projections.vectors.search(vector, 5)]
        assert ours == pytest.approx([score for _, score in exact.search(vector, 5)], abs=1e-4)
    return found


@pytest.mark.timeout(0 if EXAMPLES > 20 else 600)
class TestLife(Life.TestCase):
    """The machine as a test; the long run takes as long as it takes."""


TestLife.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=EXAMPLES == 20,
    database=None,
    suppress_health_check=list(HealthCheck),
)
