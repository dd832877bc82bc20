"""Nearest vectors: exactly from the ledger, or through Chroma as a projection of it.

Chroma alone does not keep what it acknowledges: a kill while it writes its index files can leave some that crash
the process that opens them, or that find less without saying so, and two writing processes lose vectors without an
error. So one process owns it; what its files held when they were last known to be good is remembered in the
ledger; and files that differ are never opened but built anew from the ledger's vectors. Knows no words.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ingest import KINDS, Kind, Ledger, LedgerError, Vectors
from rag.errors import IndexUnavailable
from rag.indexes.files import fingerprint, matches, remove
from rag.indexes.probe import compare

_BATCH = 1000  # Chroma's default for writing its index files, so that each batch ends with what can be remembered
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
        self._lock = threading.Lock()
        self._head = -1
        self._ids: list[str] = []
        self._matrix: Vectors = np.zeros((0, 0), dtype=np.float32)
        self._kinds: dict[str, Kind] | None = None  # read where a kind is asked for

    def search(self, vector: Vectors, k: int, kind: str | None = None) -> list[tuple[str, float]]:
        """See ``VectorIndex.search``."""
        with self._lock:
            self._refresh()
            ids, matrix = self._ids, self._matrix
            if kind is not None and self._kinds is None:
                self._kinds = self._ledger.kinds(ids)
            kinds = self._kinds or {}
        if not ids:
            return []
        scores = matrix @ vector
        found = []
        for index in np.argsort(-scores, kind="stable"):
            if kind is None or kinds.get(ids[index]) == kind:
                found.append((ids[index], float(scores[index])))
                if len(found) == k:
                    break
        return found

    def _refresh(self) -> None:
        head = self._ledger.head()
        if head != self._head:
            self._ids, self._matrix = self._ledger.vectors()
            self._kinds = None
            self._head = head


class ChromaVectors:
    """Chroma below ``folder``, one collection per kind. Only the owner of the projections may open it.

    Where Chroma is damaged, behind the ledger or out of room, searches are exact ones over the ledger.
    """

    def __init__(self, folder: Path, ledger: Ledger, embedder_identity: str) -> None:
        self._folder = folder
        self._ledger = ledger
        self._suffix = hashlib.sha256(embedder_identity.encode()).hexdigest()[:12]
        self._exact = ExactVectors(ledger)
        self._changing = threading.RLock()  # one change at a time
        self._reading = threading.Lock()  # no generation is closed below a search
        self._generation: _Generation | None = None
        self._seq = 0  # what the generation holds
        self._number = 0  # of the last generation that was begun; Chroma cannot open a path anew after a failure
        with suppress(*_FAILURES):
            self._open()
        self.catch_up()

    def search(self, vector: Vectors, k: int, kind: str | None = None) -> list[tuple[str, float]]:
        """See ``VectorIndex.search``."""
        with self._reading, suppress(_ChromaFailed):
            if self._generation is not None and self._seq == self._ledger.head():
                return self._generation.nearest(vector, k, (kind,) if kind else KINDS)
        return self._exact.search(vector, k, kind)

    def catch_up(self) -> None:
        """Apply what the ledger has acknowledged since the last time; build anew what cannot be trusted."""
        with self._changing:
            whole = False
            with suppress(*_FAILURES):
                whole = self._generation is not None and self._applied(self._generation)
            if not whole:
                self._switch(None, 0)
                with suppress(IndexUnavailable):  # then searches stay exact, and the next catching up tries again
                    self.rebuild()

    def rebuild(self) -> None:
        """Build a new generation from the ledger beside the old one, switch to it and remove the old one.

        Raises:
            IndexUnavailable: it could not be built; what was held is held still.
        """
        with self._changing:
            self._number = max(self._number, int(self._ledger.get("chroma_generation") or 0)) + 1
            folder = self._folder / str(self._number)
            try:
                self._switch(*self._built(folder))
            except _FAILURES as error:
                with suppress(OSError):
                    remove(folder)
                raise IndexUnavailable(
                    f"{folder}: 벡터 색인을 새로 만들 수 없습니다({error}).",
                    "디스크 여유와 폴더의 쓰기 권한을 확인하고 `loopai rebuild`를 해 주세요.",
                ) from error
            self._remove_other_generations()

    def compared(self) -> tuple[set[str], set[str]]:
        """The chunks whose vectors are held, and those among them whose vector is another one than the ledger's."""
        return self._generation.compared(self._ledger) if self._generation else (set(), set())

    def leftovers(self) -> list[str]:
        """Names of old generations that could not be removed."""
        return sorted(path.name for path in self._other_generations())

    def close(self) -> None:
        """Release the files and remember what they hold, so that the next opening need not probe them."""
        with self._changing, suppress(*_FAILURES):
            if generation := self._generation:
                self._switch(None, 0)
                self._ledger.set(chroma_index=generation.index(), chroma_database=generation.database())

    # -- inside ----------------------------------------------------------------------------------

    def _open(self) -> None:
        """Open the generation that the ledger names, unless its files may do harm."""
        if not self._folder.is_dir():
            remove(self._folder)
            self._folder.mkdir()
        self._remove_other_generations()
        current = self._current()
        if current is not None and self._is_whole(current):
            self._ledger.set(chroma_database="")  # Chroma writes as soon as it is opened
            self._switch(_Generation(current, self._suffix), int(self._ledger.get("chroma_seq") or 0))

    def _is_whole(self, folder: Path) -> bool:
        """Whether the files are as they were left, or, where the last owner was killed, can be read without harm.

        A kill tears no SQLite file, but Chroma's index files are written in place: they must be as they were.
        """
        if not matches(_index_files(folder), self._ledger.get("chroma_index") or ""):
            return False
        database = self._ledger.get("chroma_database")
        return matches(_database_files(folder), database) if database else is_readable(folder, self._ledger.path)

    def _applied(self, generation: _Generation) -> bool:
        """Bring ``generation`` up to date; whether it then holds as many vectors as the ledger."""
        for seq in self._batches(generation, self._seq):
            self._seq = seq
            self._ledger.set(chroma_seq=str(seq), chroma_index=generation.index())
        held, live = generation.count(), len(self._ledger.chunk_ids())
        if (index := generation.index()) != self._ledger.get("chroma_index"):  # caught up with its own queue
            self._ledger.set(chroma_index=index)
        return held == live or self._seq != self._ledger.head()

    def _built(self, folder: Path) -> tuple[_Generation, int]:
        """A generation with every vector of the ledger, which names it from now on; and its sequence number."""
        remove(folder)
        folder.mkdir(parents=True)
        generation = _Generation(folder, self._suffix)
        try:
            seq = self._ledger.head()
            live = sorted(self._ledger.chunk_ids())
            for start in range(0, len(live), _BATCH):
                self._put(generation, live[start : start + _BATCH])
            for later in self._batches(generation, seq):
                seq = later
            self._ledger.set(
                chroma_generation=folder.name, chroma_seq=str(seq), chroma_index=generation.index(), chroma_database=""
            )
        except BaseException:
            generation.close()
            raise
        return generation, seq

    def _batches(self, generation: _Generation, seq: int) -> Iterator[int]:
        """Apply what came after ``seq``; gives the sequence number that is held after each batch."""
        changes = self._ledger.changes(seq)
        for start in range(0, len(changes), _BATCH):
            batch = changes[start : start + _BATCH]
            self._put(generation, [change.chunk_id for change in batch])
            yield batch[-1].seq

    def _put(self, generation: _Generation, touched: Sequence[str]) -> None:
        ids, vectors = self._ledger.vectors(touched)
        generation.put(touched, ids, vectors, self._ledger.kinds(ids))

    def _switch(self, generation: _Generation | None, seq: int) -> None:
        with self._reading:
            old, self._generation, self._seq = self._generation, generation, seq
            if old is not None:
                old.close()

    def _current(self) -> Path | None:
        name = self._ledger.get("chroma_generation")
        return self._folder / name if name else None

    def _other_generations(self) -> list[Path]:
        current = self._current()
        return [path for path in self._folder.iterdir() if path != current] if self._folder.is_dir() else []

    def _remove_other_generations(self) -> None:
        for path in self._other_generations():
            with suppress(OSError):  # tried again at the next opening; until then ``leftovers`` tells
                remove(path)


def is_readable(folder: Path, ledger: Path) -> bool:
    """Whether a child process can read a generation completely and finds in it what the ledger holds."""
    command = [sys.executable, "-m", "rag.indexes.probe", str(folder), str(ledger)]
    try:
        return subprocess.run(command, timeout=_PROBE_SECONDS, capture_output=True, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class _ChromaFailed(Exception):
    """Chroma cannot do what it was asked."""


# Whatever goes wrong below Chroma, its projection can be left alone: the ledger answers.
_FAILURES = (_ChromaFailed, OSError, LedgerError)


class _Generation:
    """One Chroma folder, open."""

    def __init__(self, folder: Path, suffix: str) -> None:
        import chromadb

        self._folder = folder
        self._index_state: tuple[list[tuple[str, int, int]], str] = ([], fingerprint([]))
        with _translated():
            self._client = chromadb.PersistentClient(
                str(folder), settings=chromadb.Settings(anonymized_telemetry=False)
            )
            self._collections: dict[str, Any] = {
                kind: self._client.get_or_create_collection(
                    f"{kind}-{suffix}", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
                )
                for kind in KINDS
            }

    def put(self, touched: Sequence[str], ids: Sequence[str], vectors: Vectors, kinds: dict[str, Kind]) -> None:
        """Hold ``vectors`` (n, dimension) of ``ids``, and nothing of the ``touched`` that are not among them."""
        gone = sorted(set(touched) - set(ids))
        with _translated():
            for kind, collection in self._collections.items():
                rows = [row for row, chunk_id in enumerate(ids) if kinds.get(chunk_id) == kind]
                if gone:
                    collection.delete(ids=gone)
                if rows:
                    collection.upsert(ids=[ids[row] for row in rows], embeddings=vectors[rows])

    def nearest(self, vector: Vectors, k: int, kinds: Sequence[str]) -> list[tuple[str, float]]:
        """See ``VectorIndex.search``."""
        found: list[tuple[str, float]] = []
        with _translated():
            for kind in kinds:
                wanted = min(k, self._collections[kind].count())
                if not wanted:
                    continue
                result = self._collections[kind].query(
                    query_embeddings=[vector], n_results=wanted, include=["distances"]
                )
                if len(result["ids"][0]) < wanted:
                    raise _ChromaFailed("some vectors cannot be reached")  # HNSW promises no connected graph
                pairs = zip(result["ids"][0], result["distances"][0], strict=True)
                found += [(chunk_id, 1.0 - float(distance)) for chunk_id, distance in pairs]
        return sorted(found, key=lambda pair: -pair[1])[:k]

    def count(self) -> int:
        """How many vectors are held."""
        with _translated():
            return sum(collection.count() for collection in self._collections.values())

    def compared(self, ledger: Ledger) -> tuple[set[str], set[str]]:
        """See ``ChromaVectors.compared``."""
        with _translated():
            found = [compare(collection, ledger) for collection in self._collections.values()]
        return {chunk_id for ids, _ in found for chunk_id in ids}, {i for _, wrong in found for i in wrong}

    def index(self) -> str:
        """Fingerprint of the index files; taken anew only where one was written since."""
        files = _index_files(self._folder)
        state = [(str(path), stat.st_size, stat.st_mtime_ns) for path in files for stat in [path.stat()]]
        if state != self._index_state[0]:
            self._index_state = (state, fingerprint(files))
        return self._index_state[1]

    def database(self) -> str:
        """Fingerprint of Chroma's SQLite file, once closed."""
        return fingerprint(_database_files(self._folder))

    def close(self) -> None:
        """Release the files."""
        self._client.close()


@contextmanager
def _translated() -> Iterator[None]:
    from chromadb.errors import ChromaError

    try:
        yield
    except ChromaError as error:
        raise _ChromaFailed(str(error)) from error


def _index_files(folder: Path) -> list[Path]:
    """The vectors and their graph: Chroma writes them in place."""
    return sorted(path for path in folder.glob("*/**/*") if path.is_file())


def _database_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file())
