"""What a graph finds, behind LangChain's ``BaseRetriever``, for chains of others. Knows no graph, index or embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, InstanceOf

from ingest import Chunk, Ledger


class GraphRetriever(BaseRetriever):
    """Passages that a graph finds for a question, best first, without words or vectors: no model is loaded.

    Each document has the chunk's id, its very text, and as metadata ``source``, ``start`` and ``end`` (characters of
    the source's cleaned text), ``kind``, ``headings``, ``score`` (compares within one answer) and ``via``. Of words,
    vectors and graph together there is ``rag.LoopRetriever``.

    Attributes:
        ledger: holds the passages.
        search: gives (chunk id, score) for a question, best first, as ``PassageGraph.search`` does.
        k: how many documents; ``invoke(question, k=…)`` wins.
    """

    ledger: InstanceOf[Ledger]
    search: Callable[[str], Sequence[tuple[str, float]]]
    k: int = Field(default=5, ge=1)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain's signature
        k: int | None = None,
    ) -> list[Document]:
        found = self.search(query)
        chunks = self.ledger.chunks(chunk_id for chunk_id, _ in found)  # what was forgotten meanwhile is not there
        live = [_document(chunks[chunk_id], score) for chunk_id, score in found if chunk_id in chunks]
        return live[: k or self.k]


def _document(chunk: Chunk, score: float) -> Document:
    metadata = {
        "source": chunk.source,
        "start": chunk.span.start,
        "end": chunk.span.end,
        "kind": chunk.kind,
        "headings": list(chunk.headings),
        "score": score,
        "via": ["graph"],
    }
    return Document(id=chunk.id, page_content=chunk.text, metadata=metadata)
