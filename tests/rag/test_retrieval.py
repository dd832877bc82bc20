"""Search as a whole: passages, scopes, inflection, LangChain, a Chroma server."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document as Passage
from langchain_core.runnables import RunnableLambda

from ingest import Chunk, Document, Example, Job, Korean, Ledger, LedgerMismatch, Span, chunk, ingest
from rag import Hit, LoopRetriever, Projections, Retriever, Scope
from rag.indexes import vectors as vector_indexes
from rag.indexes.chroma import ChromaFailed, Generation, collection_names, collections_of, open_folder
from rag.indexes.vectors import ChromaVectors, Server
from rag.passages import passages
from tests.fakes import HashEmbedder, NoStatements

TEXTS = {
    "facts/설정/궁.txt": "달빛궁은 서리주의 북쪽에 있다. 궁의 문은 보름에만 열린다.",
    "facts/설정/사람.txt": "도이령은 달빛궁의 관주이다. 그의 스승은 백서진이다.",
    "facts/회의.txt": "회의에서는 신뢰도 점수와 점검 주기를 정했다.",
    "creative/눈.txt": "“눈이 와.” 그가 말했다. 골목 끝까지 하얗게 덮인 아침이었고, 아무도 먼저 발자국을 내지 않았다.",
}


class Library:
    """A home folder, its files and the search over it."""

    def __init__(self, root: Path, korean: Korean, chroma_url: str = "") -> None:
        self.root = root
        self.korean = korean
        self.embedder = HashEmbedder()
        self.ledger = Ledger(root / "home" / "ledger.db")
        self.chroma_url = chroma_url

    def put(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            path = self.root / "자료" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        job = Job((self.root / "자료",))
        assert all(o.status != "failed" for o in ingest(job, self.ledger, self.embedder, NoStatements(), self.korean))

    def open(self) -> Projections:
        self.projections = Projections(
            self.root / "home", self.ledger, self.korean, self.embedder.identity, self.chroma_url
        )
        return self.projections

    @property
    def retriever(self) -> Retriever:
        return Retriever(self.ledger, self.projections, self.embedder)  # type: ignore[arg-type]

    def texts(self, query: str, k: int = 9, **options: Any) -> list[str]:
        return [hit.chunk.text for hit in self.retriever.search(query, k, **options)]

    def close(self) -> None:
        self.projections.close()
        self.ledger.close()


@pytest.fixture
def library(tmp_path: Path, korean: Korean) -> Iterator[Library]:
    made = Library(tmp_path, korean)
    made.put(TEXTS)
    made.open()
    yield made
    made.close()


# -- Korean ----------------------------------------------------------------------------------------


INFLECTED = {
    "서울": "그는 서울에서도 한동안 살았다고 했다.",
    "도서관": "도서관까지는 걸어서 오 분이 걸린다.",
    "고양이": "고양이들만이 그 골목을 지켰다.",
    "해석기": "새로 들인 해석기로부터 결과를 받았다.",
    "연구소": "연구소에서의 하루는 길었다.",
    "바다": "바다처럼 넓은 들이 펼쳐졌다.",
    "편지": "편지였다는 것을 나중에야 알았다.",
    "선생님": "선생님께서는 아무 말씀이 없으셨다.",
    "에어팟": "에어팟이라도 빌려 달라고 했다.",
    "계약서": "계약서와는 다른 조건이었다.",
}


def test_ten_nouns_of_ten_find_the_text_that_inflects_them(tmp_path: Path, korean: Korean) -> None:
    library = Library(tmp_path, korean)
    library.put({f"facts/{number}.txt": text for number, text in enumerate(INFLECTED.values())})
    library.open()
    for noun, text in INFLECTED.items():
        assert library.texts(noun, 1, how="words") == [text], noun
    library.close()


# -- passages --------------------------------------------------------------------------------------

LONG = "# 궁\n\n" + "\n\n".join(f"{n}번째 문단이다. {'달빛궁의 복도는 길고 어두웠다. ' * 26}".strip() for n in range(4))


def hits_of(document: Document, order: Sequence[int]) -> list[Hit]:
    chunks = chunk(document)
    return [Hit(chunks[place], 1.0 - rank / 10, ("words",)) for rank, place in enumerate(order)]


DOCUMENT = Document("d1", "궁.md", "궁", LONG, "facts")


def joined(order: Sequence[int], k: int) -> list[Hit]:
    return passages(hits_of(DOCUMENT, order), k, lambda source: {"궁.md": LONG}[source])


def test_neighbours_become_one_passage_whose_text_is_the_documents() -> None:
    chunks = chunk(DOCUMENT)
    assert len(chunks) >= 4
    (best, rest) = joined([1, 3, 2], 2)
    assert (best.chunk.span.start, best.chunk.span.end) == (chunks[1].span.start, chunks[2].span.end)
    assert best.chunk.text == LONG[best.chunk.span.start : best.chunk.span.end]
    assert best.chunk.id == chunks[1].id
    assert best.score == 1.0
    assert rest.chunk == chunks[3]  # with it the passage would be too long


def test_order_and_number_are_kept() -> None:
    chunks = chunk(DOCUMENT)
    assert [hit.chunk for hit in joined([0, 3], 1)] == [chunks[0]]
    assert [hit.chunk for hit in joined([3, 0], 5)] == [chunks[3], chunks[0]]
    assert joined([], 5) == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (Chunk(Span("d1", 0, 2), "가", "facts", "하나"), Chunk(Span("d2", 3, 5), "나", "facts", "둘째")),
        (Chunk(Span("d1", 0, 2), "가", "facts", "하나"), Chunk(Span("d1", 99, 101), "가", "facts", "둘째")),
        (
            Chunk(Span("d1", 0, 2), "가", "facts", "하나", ("1",)),
            Chunk(Span("d1", 3, 5), "가", "facts", "둘째", ("2",)),
        ),
        (
            Chunk(Span("d1", 0, 2), "가", "creative", "하나", (), Example("써 줘")),
            Chunk(Span("d1", 3, 5), "가", "creative", "둘째", (), Example("또 써 줘")),
        ),
    ],
    ids=["other document", "far away", "other section", "examples"],
)
def test_others_stay_apart(one: Chunk, two: Chunk) -> None:
    hits = [Hit(one, 1.0, ("words",)), Hit(two, 0.5, ("words",))]
    assert passages(hits, 2, lambda _: "") == hits


def test_one_text_in_two_documents_is_found_once(library: Library) -> None:
    library.put({"facts/사본.txt": TEXTS["facts/회의.txt"]})
    library.projections.catch_up()
    found = library.texts("신뢰도 점수")
    assert found.count(TEXTS["facts/회의.txt"]) == 1


# -- scopes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["words", "vectors", "hybrid"])
@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (Scope(), set(TEXTS)),
        (Scope(sources=("자료/facts/설정",)), {"facts/설정/궁.txt", "facts/설정/사람.txt"}),
        (Scope(sources=("자료/facts/회의.txt", "자료/creative")), {"facts/회의.txt", "creative/눈.txt"}),
        (Scope(sources=("자료/facts/설",)), set()),
        (Scope(since="2020-01-01"), set(TEXTS)),
        (Scope(until="2020-01-01"), set()),
        (Scope(genre="판타지"), set()),
    ],
)
def test_nothing_is_found_outside_the_scope(library: Library, scope: Scope, names: set[str], how: str) -> None:
    query = "달빛궁 관주 신뢰도 점수 골목 아침"
    found = {hit.chunk.source for hit in library.retriever.search(query, 9, scope=scope, how=how)}  # type: ignore[arg-type]
    assert found == {f"자료/{name}" for name in names}


def test_vectors_of_another_embedder_are_not_compared(library: Library) -> None:
    library.embedder.identity = "another"  # type: ignore[misc]
    with pytest.raises(LedgerMismatch) as caught:
        library.retriever.search("달빛궁")
    assert caught.value.hint


# -- LangChain -------------------------------------------------------------------------------------


def test_a_document_says_where_it_stands(library: Library) -> None:
    (found,) = LoopRetriever(retriever=library.retriever, k=1).invoke("달빛궁의 관주")
    text = library.ledger.document(found.metadata["source"]).text
    assert text[found.metadata["start"] : found.metadata["end"]] == found.page_content
    assert found.metadata["kind"] == "facts"
    assert found.metadata["score"] > 0
    assert "words" in found.metadata["via"]


def test_it_takes_part_in_a_chain(library: Library) -> None:
    def first(found: list[Passage]) -> str:
        return found[0].page_content

    chain = LoopRetriever(retriever=library.retriever, kind="facts") | RunnableLambda(first)
    assert chain.invoke("신뢰도") == TEXTS["facts/회의.txt"]
    assert chain.batch(["신뢰도", "보름"]) == [TEXTS["facts/회의.txt"], TEXTS["facts/설정/궁.txt"]]
    assert asyncio.run(chain.ainvoke("보름")) == TEXTS["facts/설정/궁.txt"]


def test_it_keeps_to_its_scope(library: Library) -> None:
    within = LoopRetriever(retriever=library.retriever, scope=Scope(sources=("자료/creative",)))
    assert {found.metadata["source"] for found in within.invoke("달빛궁")} == {"자료/creative/눈.txt"}


# -- Chroma ----------------------------------------------------------------------------------------


def test_a_batch_is_within_what_chroma_takes(tmp_path: Path) -> None:
    client = open_folder(tmp_path)
    assert client.get_max_batch_size() >= vector_indexes._BATCH
    client.close()


def test_a_collection_of_another_embedder_is_refused(tmp_path: Path) -> None:
    names = collection_names("하나")
    Generation(open_folder(tmp_path), names, "하나", tmp_path).close()
    with pytest.raises(ChromaFailed):
        Generation(open_folder(tmp_path), names, "둘", tmp_path)
    assert set(names.values()).isdisjoint(collection_names("둘").values())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    chroma = Path(sys.executable).with_name("chroma")
    command = [str(chroma), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def place_of(library: Library) -> Server:
    place = library.projections._chroma._place  # type: ignore[union-attr]
    assert isinstance(place, Server)
    return place


def names_on_server(library: Library) -> set[str]:
    return set(collections_of(place_of(library)._connected()))


def test_a_server_serves_two_homes(tmp_path: Path, korean: Korean, server: str) -> None:
    one, two = (Library(tmp_path / name, korean, server) for name in ("하나", "둘"))
    one.put(TEXTS)
    two.put({"facts/다른.txt": "다른 집의 글이다."})
    for library in (one, two):
        library.open()
        assert library.projections.problems() == []
        assert not (library.root / "home" / "chroma").exists()
    assert len(names_on_server(two)) == 6
    assert two.texts("달빛궁의 관주", how="vectors") == ["다른 집의 글이다."]
    vector = one.embedder.embed_query_vector("달빛궁")
    generation = one.projections.vectors._generation  # type: ignore[attr-defined]
    assert {chunk_id for chunk_id, _ in generation.nearest(vector, 9, ("facts", "creative"))} == one.ledger.chunk_ids()

    one.ledger.forget("자료/facts/회의.txt")
    one.projections.catch_up()
    assert one.projections.problems() == []
    one.projections.rebuild()
    assert one.projections.problems() == []
    assert len(names_on_server(two)) == 6  # the old generation is gone

    one.projections.close()
    one.open()  # what the server holds is taken as it is
    assert one.ledger.get("chroma_generation") == "2"
    assert one.projections.problems() == []
    one.close()
    two.close()


def test_what_a_server_has_lost_is_brought_back(tmp_path: Path, korean: Korean, server: str) -> None:
    library = Library(tmp_path, korean, server)
    library.put(TEXTS)
    library.open()
    place_of(library).remove("1")
    assert set(library.texts("달빛궁 점수 골목", how="vectors")) == set(TEXTS.values())
    library.projections.catch_up()
    assert library.projections.problems() == []
    assert library.ledger.get("chroma_generation") == "2"
    library.close()


def test_without_its_server_searches_are_exact(tmp_path: Path, korean: Korean) -> None:
    library = Library(tmp_path, korean, "http://127.0.0.1:9")
    library.put(TEXTS)
    library.open()
    assert isinstance(library.projections.vectors, ChromaVectors)
    assert set(library.texts("달빛궁 점수 골목", how="vectors")) == set(TEXTS.values())
    library.close()
