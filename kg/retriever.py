"""What a graph finds, behind LangChain's ``BaseRetriever``, for chains of others. Knows no graph, index or embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, InstanceOf

from ingest import Ledger
from rag import Hit, document_of


class GraphRetriever(BaseRetriever):
    """Passages that a graph finds for a question, best first, without words or vectors: no model is loaded.

    Documents are as of ``rag.LoopRetriever``, which searches by words, vectors and graph together.

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
        live = [
            document_of(Hit(chunks[chunk_id], score, ("graph",))) for chunk_id, score in found if chunk_id in chunks
        ]
        return live[: k or self.k]
