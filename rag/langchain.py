"""Our search as LangChain's ``BaseRetriever``, for chains and agents of others. Knows LangChain Core only."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, InstanceOf

from ingest import Kind
from rag.retrieval import How, Retriever
from rag.types import Hit, Scope


class LoopRetriever(BaseRetriever):
    """Passages for a question, best first; ``ainvoke`` searches in a thread.

    Each document has the chunk's id, its very text, and as metadata ``source``, ``start`` and ``end`` (characters of
    the source's cleaned text), ``kind``, ``headings``, ``genre`` (of a creative piece, else empty), ``score`` (compares
    within one answer) and ``via``.

    Attributes:
        retriever: searches one home folder.
        k: how many documents; ``invoke(query, k=…)`` wins.
        kind: only this kind; None for all.
        how: the voices to ask.
        scope: further limits.
    """

    retriever: InstanceOf[Retriever]
    k: int = Field(default=5, ge=1)
    kind: Kind | None = None
    how: How = "hybrid"
    scope: Scope = Scope()

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain's signature
        k: int | None = None,
    ) -> list[Document]:
        return [document_of(hit) for hit in self.retriever.search(query, k or self.k, self.kind, self.how, self.scope)]


def document_of(hit: Hit) -> Document:
    """LangChain's form of a hit, with the metadata that ``LoopRetriever`` promises."""
    chunk = hit.chunk
    metadata = {
        "source": chunk.source,
        "start": chunk.span.start,
        "end": chunk.span.end,
        "kind": chunk.kind,
        "headings": list(chunk.headings),
        "genre": chunk.example.genre if chunk.example else "",
        "score": hit.score,
        "via": list(hit.via),
    }
    return Document(id=chunk.id, page_content=chunk.text, metadata=metadata)
