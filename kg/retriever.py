"""Evidence of the graphs behind LangChain's ``BaseRetriever``, for chains that are not ours. Knows no graph itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from ingest import Ledger


class GraphRetriever(BaseRetriever):
    """Passages that a graph finds for a question, as LangChain documents, best first.

    ``search`` gives (chunk id, score) for a question. A document's text is the passage's, its id the chunk's; its
    metadata are flat: ``source``, ``start`` and ``end`` (the place in the source's text), ``headings`` and ``score``.
    ``invoke(question, k=…)`` gives another number of documents than ``k``.
    """

    ledger: Ledger
    search: Callable[[str], Sequence[tuple[str, float]]]
    k: int = 5

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 (LangChain's signature)
        k: int | None = None,
    ) -> list[Document]:
        found = self.search(query)
        chunks = self.ledger.chunks(chunk_id for chunk_id, _ in found)  # what was forgotten meanwhile is not there
        live = [(chunks[chunk_id], score) for chunk_id, score in found if chunk_id in chunks]
        return [
            Document(
                id=chunk.id,
                page_content=chunk.text,
                metadata={
                    "source": chunk.source,
                    "start": chunk.span.start,
                    "end": chunk.span.end,
                    "headings": " > ".join(chunk.headings),
                    "score": score,
                },
            )
            for chunk, score in live[: self.k if k is None else k]
        ]
