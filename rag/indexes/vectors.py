"""Nearest vectors: exactly from the ledger, or through Chroma as a projection of it.

Chroma alone does not keep what it acknowledges: a kill during a write can leave an index that crashes the
process that opens it, and two writing processes lose vectors without an error. So one process owns it, a
store that was not closed cleanly is probed in a child process first, and whatever is damaged is built
anew from the ledger's vectors. Knows no words.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ingest import KINDS, Ledger, Vectors

_BATCH = 2000  # below Chroma's own limit of 5461
_PROBE_SECONDS = 300


class VectorIndex(Protocol):
    """Finds chunks by meaning."""

    def search(self, vector: Vectors, k: int, kind: str | None = None) -> list[tuple[str, float]]:
        """At most ``k`` (chunk id, cosine similarity), best first."""
        ...


class ExactVectors:
    """Every vector compared with the query's. Always right and fresh; linear in the number of chunks."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._head = -1
        self._ids: list[str] = []
        self._kinds: dict[str, str] = {}
        self._matrix: Vectors = np.zeros((0, 0), dtype=np.float32)

    def search(self, vector: Vectors, k: int, kind: str | None = None) -> list[tuple[str, float]]:
        """See ``VectorIndex.search``."""
        self._refresh()
        if not self._ids:
            return []
        scores = self._matrix @ vector
        found = []
        for index in np.argsort(-scores, kind="stable"):
            chunk_id = self._ids[index]
            if kind is None or self._kinds[chunk_id] == kind:
                found.append((chunk_id, float(scores[index])))
                if len(found) == k:
                    break
        return found

    def _refresh(self) -> None:
        head = self._ledger.head()
        if head != self._head:
            self._ids, self._matrix = self._ledger.vectors()
            self._kinds = {i: chunk.kind for i, chunk in self._ledger.chunks(self._ids).items()}
            self._head = head


class ChromaVectors:
    """Chroma below ``folder``, one collection per kind. Only the owner of the projections may open it."""

    def __init__(self, folder: Path, ledger: Ledger, embedder_identity: str) -> None:
        self._folder = folder
        self._ledger = ledger
        self._suffix = hashlib.sha256(embedder_identity.encode()).hexdigest()[:12]
        self._client: Any = None
        folder.mkdir(parents=True, exist_ok=True)
        self._drop_old_generations()
        if not self._usable():
            self._new_generation()
        self._connect()
        self.catch_up()

    def search(self, vector: Vectors, k: int, kind: str | None = None) -> list[tuple[str, float]]:
        """See ``VectorIndex.search``."""
        found: list[tuple[str, float]] = []
        for collection in self._collections(kind):
            if count := collection.count():
                result = collection.query(query_embeddings=[vector], n_results=min(k, count), include=["distances"])
                pairs = zip(result["ids"][0], result["distances"][0], strict=True)
                found += [(chunk_id, 1.0 - float(distance)) for chunk_id, distance in pairs]
        return sorted(found, key=lambda pair: -pair[1])[:k]

    def catch_up(self) -> None:
        """Apply what the ledger has acknowledged since the last time; build anew if the counts disagree."""
        self._apply()
        if self.count() != len(self._ledger.chunk_ids()):
            self.rebuild()

    def rebuild(self) -> None:
        """Build a new generation from the ledger and switch to it."""
        self.close()
        self._new_generation()
        self._connect()
        self._apply()

    def ids(self) -> set[str]:
        """The chunks whose vectors are held."""
        return {chunk_id for each in self._collections(None) for chunk_id in each.get(include=[])["ids"]}

    def count(self) -> int:
        """How many vectors are held."""
        return sum(collection.count() for collection in self._collections(None))

    def close(self) -> None:
        """Release the files and remember their state, so that the next opening need not probe them."""
        if self._client is not None:
            self._client.close()
            self._client = None
            self._ledger.set(chroma_fingerprint=self._fingerprint())

    def _apply(self) -> None:
        changes = self._ledger.changes(int(self._ledger.get("chroma_seq") or 0))
        if not changes:
            return
        self._ledger.set(chroma_fingerprint="")  # until closed cleanly, the files are not to be trusted
        for start in range(0, len(changes), _BATCH):
            batch = [change.chunk_id for change in changes[start : start + _BATCH]]
            ids, vectors = self._ledger.vectors(batch)
            chunks = self._ledger.chunks(ids)
            for kind in KINDS:
                collection = self._collection(kind)
                collection.delete(ids=batch)
                rows = [row for row, chunk_id in enumerate(ids) if chunks[chunk_id].kind == kind]
                if rows:
                    collection.upsert(ids=[ids[row] for row in rows], embeddings=vectors[rows])
        self._ledger.set(chroma_seq=str(max(change.seq for change in changes)))

    def _connect(self) -> None:
        import chromadb

        settings = chromadb.Settings(anonymized_telemetry=False)
        self._client = chromadb.PersistentClient(str(self._generation), settings=settings)

    def _collections(self, kind: str | None) -> list[Any]:
        return [self._collection(each) for each in ((kind,) if kind else KINDS)]

    def _collection(self, kind: str) -> Any:
        return self._client.get_or_create_collection(
            f"{kind}-{self._suffix}", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )

    @property
    def _generation(self) -> Path:
        return self._folder / (self._ledger.get("chroma_generation") or "0")

    def _usable(self) -> bool:
        """Whether the current generation can be opened without risk to this process."""
        if int(self._ledger.get("chroma_seq") or 0) > self._ledger.head() or not self._generation.is_dir():
            return False
        if self._ledger.get("chroma_fingerprint") == self._fingerprint():
            return True
        command = [sys.executable, "-m", "rag.indexes.probe", str(self._generation)]
        try:
            return subprocess.run(command, timeout=_PROBE_SECONDS, capture_output=True, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def _new_generation(self) -> None:
        old = self._ledger.get("chroma_generation")
        new = str(int(old or 0) + 1)
        shutil.rmtree(self._folder / new, ignore_errors=True)
        (self._folder / new).mkdir()
        self._ledger.set(chroma_generation=new, chroma_seq="0", chroma_fingerprint="")
        self._drop_old_generations()

    def _drop_old_generations(self) -> None:
        for entry in self._folder.iterdir():
            if entry.is_dir() and entry != self._generation:
                shutil.rmtree(entry, ignore_errors=True)

    def _fingerprint(self) -> str:
        """Names, sizes and times of the files: what changes when they are touched behind our back."""
        files = sorted(path for path in self._generation.rglob("*") if path.is_file())
        stats = [(path.relative_to(self._generation).as_posix(), path.stat()) for path in files]
        return json.dumps([[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats])
