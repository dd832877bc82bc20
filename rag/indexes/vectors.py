"""Nearest vectors: exactly from the ledger, or through Chroma as a projection of it.

Chroma alone does not keep what it acknowledges: a kill while it writes its index files can leave some that crash
the process that opens them, or that find less without saying so, and two writing processes lose vectors without an
error. So one process owns it; what its files held when they were last known to be good is remembered in the
ledger; and files that differ are never opened but built anew from the ledger's vectors. Knows no words.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ingest import KINDS, Kind, Ledger, LedgerError, Vectors
from rag.errors import IndexUnavailable
from rag.indexes.chroma import (
    ChromaFailed,
    Generation,
    close_server,
    collection_names,
    collections_of,
    database_files,
    drop,
    generation_of,
    index_files,
    open_folder,
    open_server,
)
from rag.indexes.files import matches, remove

# Chroma's default for writing its index files, so that each batch ends with what can be remembered; below what it
# takes at once (5,461).
_BATCH = 1000
_PROBE_SECONDS = 300
# Whatever goes wrong below Chroma, its projection can be left alone: the ledger answers.
_FAILURES = (ChromaFailed, OSError, LedgerError)


class VectorIndex(Protocol):
    """Finds chunks by meaning."""

    def search(
        self, vector: Vectors, k: int, kind: str | None = None, only: Set[str] | None = None
    ) -> list[tuple[str, float]]:
        """At most ``k`` (chunk id, cosine similarity), best first; of one kind, or among ``only`` these, if given."""
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

    def search(
        self, vector: Vectors, k: int, kind: str | None = None, only: Set[str] | None = None
    ) -> list[tuple[str, float]]:
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
            if (kind is None or kinds.get(ids[index]) == kind) and (only is None or ids[index] in only):
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
    """Chroma as a projection of the ledger, one collection per kind and embedder, in generations at one ``place``.

    Only the owner of the projections may open it. Where Chroma is damaged, behind the ledger, not there or out of
    room, searches are exact ones over the ledger; so are searches within some chunks only, because HNSW finds too
    few where a filter leaves few.
    """

    def __init__(self, place: Place, ledger: Ledger) -> None:
        self._place = place
        self._ledger = ledger
        self._exact = ExactVectors(ledger)
        self._changing = threading.RLock()  # one change at a time
        self._reading = threading.Lock()  # no generation is closed below a search
        self._generation: Generation | None = None
        self._seq = 0  # what the generation holds
        self._number = 0  # of the last generation that was begun; Chroma cannot open a path anew after a failure
        with suppress(*_FAILURES):
            self._open()
        self.catch_up()

    def search(
        self, vector: Vectors, k: int, kind: str | None = None, only: Set[str] | None = None
    ) -> list[tuple[str, float]]:
        """See ``VectorIndex.search``."""
        if only is None:
            with self._reading, suppress(ChromaFailed):
                if self._generation is not None and self._seq == self._ledger.head():
                    return self._generation.nearest(vector, k, (kind,) if kind else KINDS)
        return self._exact.search(vector, k, kind, only)

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
            name = str(self._number)
            try:
                self._switch(*self._built(name))
            except _FAILURES as error:
                with suppress(*_FAILURES):
                    self._place.remove(name)
                raise IndexUnavailable(
                    f"{self._place}: 벡터 색인을 새로 만들 수 없습니다({error}).",
                    "디스크 여유와 폴더의 쓰기 권한을(서버라면 주소와 상태를) 확인하고 `loopai rebuild`를 해 주세요.",
                ) from error
            self._remove_other_generations()

    def compared(self) -> tuple[set[str], set[str]]:
        """The chunks whose vectors are held, and those among them whose vector is another one than the ledger's."""
        return self._generation.compared(self._ledger) if self._generation else (set(), set())

    def leftovers(self) -> list[str]:
        """Names of old generations that could not be removed."""
        return sorted(self._other_generations())

    def close(self) -> None:
        """Release the files and remember what they hold, so that the next opening need not probe them."""
        with self._changing, suppress(*_FAILURES):
            if generation := self._generation:
                self._switch(None, 0)
                self._ledger.set(chroma_index=generation.index(), chroma_database=generation.database())
        self._place.close()

    # -- inside ----------------------------------------------------------------------------------

    def _open(self) -> None:
        """Open the generation that the ledger names, unless it may do harm."""
        self._place.prepare()
        self._remove_other_generations()
        current = self._ledger.get("chroma_generation")
        if current and self._place.is_whole(current):
            self._ledger.set(chroma_database="")  # Chroma writes as soon as it is opened
            self._switch(self._place.open(current), int(self._ledger.get("chroma_seq") or 0))

    def _applied(self, generation: Generation) -> bool:
        """Bring ``generation`` up to date; whether it then holds as many vectors as the ledger."""
        for seq in self._batches(generation, self._seq):
            self._seq = seq
            self._ledger.set(chroma_seq=str(seq), chroma_index=generation.index())
        held, live = generation.count(), len(self._ledger.chunk_ids())
        if (index := generation.index()) != self._ledger.get("chroma_index"):  # caught up with its own queue
            self._ledger.set(chroma_index=index)
        return held == live or self._seq != self._ledger.head()

    def _built(self, name: str) -> tuple[Generation, int]:
        """A generation with every vector of the ledger, which names it from now on; and its sequence number."""
        self._place.remove(name)
        generation = self._place.open(name)
        try:
            seq = self._ledger.head()
            live = sorted(self._ledger.chunk_ids())
            for start in range(0, len(live), _BATCH):
                self._put(generation, live[start : start + _BATCH])
            for later in self._batches(generation, seq):
                seq = later
            self._ledger.set(
                chroma_generation=name, chroma_seq=str(seq), chroma_index=generation.index(), chroma_database=""
            )
        except BaseException:
            generation.close()
            raise
        return generation, seq

    def _batches(self, generation: Generation, seq: int) -> Iterator[int]:
        """Apply what came after ``seq``; gives the sequence number that is held after each batch."""
        changes = self._ledger.changes(seq)
        for start in range(0, len(changes), _BATCH):
            batch = changes[start : start + _BATCH]
            self._put(generation, [change.chunk_id for change in batch])
            yield batch[-1].seq

    def _put(self, generation: Generation, touched: Sequence[str]) -> None:
        ids, vectors = self._ledger.vectors(touched)
        generation.put(touched, ids, vectors, self._ledger.kinds(ids))

    def _switch(self, generation: Generation | None, seq: int) -> None:
        with self._reading:
            old, self._generation, self._seq = self._generation, generation, seq
            if old is not None:
                old.close()

    def _other_generations(self) -> list[str]:
        current = self._ledger.get("chroma_generation")
        with suppress(*_FAILURES):
            return [name for name in self._place.names() if name != current]
        return []

    def _remove_other_generations(self) -> None:
        for name in self._other_generations():
            with suppress(*_FAILURES):  # tried again at the next opening; until then ``leftovers`` tells
                self._place.remove(name)


class Place(Protocol):
    """Where generations lie. All methods may raise ``ChromaFailed`` or ``OSError``."""

    def prepare(self) -> None:
        """Make room for generations, if there is none."""
        ...

    def names(self) -> list[str]:
        """Of all generations and whatever else lies there."""
        ...

    def is_whole(self, name: str) -> bool:
        """Whether a generation is there and can be opened without harm."""
        ...

    def open(self, name: str) -> Generation:
        """A generation, begun where there is none of that name."""
        ...

    def remove(self, name: str) -> None:
        """Remove what has that name, if anything has."""
        ...

    def close(self) -> None:
        """Let go of what is shared by its generations."""


class Folders:
    """One folder per generation below ``root``, each with a Chroma of its own."""

    def __init__(self, root: Path, ledger: Ledger, embedder_identity: str) -> None:
        self._root = root
        self._ledger = ledger
        self._embedder = embedder_identity

    def __str__(self) -> str:
        return str(self._root)

    def prepare(self) -> None:
        """See ``Place``."""
        if not self._root.is_dir():
            remove(self._root)
            self._root.mkdir()

    def names(self) -> list[str]:
        """See ``Place``."""
        return [path.name for path in self._root.iterdir()] if self._root.is_dir() else []

    def is_whole(self, name: str) -> bool:
        """Whether the files are as they were left, or, where the last owner was killed, can be read without harm.

        A kill tears no SQLite file, but Chroma's index files are written in place: they must be as they were.
        """
        folder = self._root / name
        if not matches(index_files(folder), self._ledger.get("chroma_index") or ""):
            return False
        database = self._ledger.get("chroma_database")
        return matches(database_files(folder), database) if database else is_readable(folder, self._ledger.path)

    def open(self, name: str) -> Generation:
        """See ``Place``."""
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        return Generation(open_folder(folder), collection_names(self._embedder), self._embedder, folder)

    def remove(self, name: str) -> None:
        """See ``Place``."""
        remove(self._root / name)

    def close(self) -> None:
        """Nothing: each generation has a client of its own."""


class Server:
    """Generations as collections of a Chroma server that this home shares with others (``chroma run``).

    ``library`` tells the homes apart. The server's files are its own business: what it holds is counted at every
    catching up, and compared by ``loopai check``.
    """

    def __init__(self, url: str, library: str, embedder_identity: str) -> None:
        self._url = url
        self._library = library
        self._embedder = embedder_identity
        self._client: Any = None

    def __str__(self) -> str:
        return self._url

    def prepare(self) -> None:
        """Nothing: a server has room."""

    def names(self) -> list[str]:
        """Numbers of the generations whose collections are there, of whatever embedder."""
        found = {generation_of(name, self._library) for name in collections_of(self._connected())}
        return sorted(found - {""})

    def is_whole(self, name: str) -> bool:
        """Whether all its collections are there."""
        return set(self._collections(name).values()) <= set(collections_of(self._connected()))

    def open(self, name: str) -> Generation:
        """See ``Place``."""
        return Generation(self._connected(), self._collections(name), self._embedder)

    def remove(self, name: str) -> None:
        """See ``Place``."""
        for collection in collections_of(self._connected()):
            if generation_of(collection, self._library) == name:
                drop(self._connected(), collection)

    def close(self) -> None:
        """See ``Place``."""
        if self._client is not None:
            close_server(self._client)
            self._client = None

    def _connected(self) -> Any:
        if self._client is None:
            self._client = open_server(self._url)
        return self._client

    def _collections(self, name: str) -> dict[str, str]:
        return collection_names(self._embedder, f"-{self._library}-{name}")


def is_readable(folder: Path, ledger: Path) -> bool:
    """Whether a child process can read a generation completely and finds in it what the ledger holds."""
    command = [sys.executable, "-m", "rag.indexes.probe", str(folder), str(ledger)]
    try:
        return subprocess.run(command, timeout=_PROBE_SECONDS, capture_output=True, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
