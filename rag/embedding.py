"""Vectors of passages and queries through sentence-transformers, behind LangChain's ``Embeddings``.

Knows no index. The model is loaded at the first use.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings

from ingest import Vectors

# Texts of one pass, of nearly equal length (``encode`` sorts them): more do not fit the processor's cache.
_BATCH = 16


class LocalEmbedder(Embeddings):
    """A sentence-transformers folder. Its prompts 'query' and 'passage' (E5 needs them) are applied.

    ``identity`` names the model; vectors of two identities must never be compared.
    """

    def __init__(self, folder: Path, identity: str, dimension: int) -> None:
        self.identity = identity
        self.dimension = dimension
        self.folder = folder
        self._lock = threading.Lock()

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        from rag.hardware import best_dtype

        disable_progress_bar()  # type: ignore[no-untyped-call]  # of loading weights, which takes a second
        return SentenceTransformer(
            str(self.folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": best_dtype()},
        )

    def __call__(self, passages: Sequence[str]) -> Vectors:
        """(n, dimension) float32 rows of length one."""
        return self._encode(list(passages), "passage")

    def embed_query_vector(self, query: str) -> Vectors:
        """(dimension,) float32 of length one."""
        vector: Vectors = self._encode([query], "query")[0]
        return vector

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's form of ``__call__``."""
        return [list(map(float, row)) for row in self(texts)]

    def embed_query(self, text: str) -> list[float]:
        """LangChain's form of ``embed_query_vector``."""
        return list(map(float, self.embed_query_vector(text)))

    def _encode(self, texts: list[str], prompt: str) -> Vectors:
        with self._lock:
            made = self._model.encode(texts, prompt_name=prompt, batch_size=_BATCH, show_progress_bar=False)
        vectors: Vectors = np.asarray(made, dtype=np.float32)
        # Here and not by the model, whose numbers may be rounded to eight bits.
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors
