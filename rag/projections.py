"""Opens the indexes of a home folder and keeps them up to date with its ledger.

One process at a time owns Chroma (a lock file). Any other process searches the ledger's vectors exactly:
slower, but right and fresh.
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock, Timeout

from ingest import Korean, Ledger
from rag.indexes.files import remove
from rag.indexes.vectors import ChromaVectors, ExactVectors, Folders, Place, Server, VectorIndex
from rag.indexes.words import WordIndex


class Projections:
    """The word and vector indexes of one home folder; ``is_owner`` says whether Chroma is ours.

    Chroma lies in the home folder or, where ``chroma_url`` is given, on a server that other homes may share.

    Raises:
        IndexUnavailable: the word index can be neither brought up to date nor built anew.
    """

    def __init__(
        self, home: Path, ledger: Ledger, korean: Korean, embedder_identity: str, chroma_url: str = ""
    ) -> None:
        self._ledger = ledger
        # The thread that closes need not be the one that opened.
        self._lock = FileLock(home / "projections.lock", thread_local=False)
        self._chroma: ChromaVectors | None = None
        with ExitStack() as undo:
            self.is_owner = self._acquire()
            undo.callback(self._lock.release)
            self.words = WordIndex(home / "words.db", ledger, korean)
            undo.callback(self.words.close)
            self.words.catch_up()
            if self.is_owner:
                place: Place = Folders(home / "chroma", ledger, embedder_identity)
                if chroma_url:
                    place = Server(chroma_url, _library(ledger), embedder_identity)
                self._chroma = ChromaVectors(place, ledger)
                undo.callback(self._chroma.close)
            self._parts = undo.pop_all()
        self.vectors: VectorIndex = self._chroma or ExactVectors(ledger)

    def catch_up(self) -> None:
        """Apply what the ledger has acknowledged, also by other processes, since the last time.

        Raises:
            IndexUnavailable: see the class.
        """
        self.words.catch_up()
        if self._chroma:
            self._chroma.catch_up()

    def rebuild(self) -> None:
        """Build every index of ours anew from the ledger; of what was forgotten no file keeps a word or a vector.

        Raises:
            IndexUnavailable: an index could not be built; it is as it was.
        """
        self.words.rebuild()
        if self._chroma:
            self._chroma.rebuild()

    def problems(self) -> list[str]:
        """Where ledger and indexes disagree, in Korean; empty when all is well. Reads every index completely."""
        found = [] if self.words.is_sound() else ["낱말 색인: 파일이 손상되었습니다."]
        found += _differences("낱말 색인", self._ledger.chunk_ids(), self.words.ids())
        if self._chroma:
            held, wrong = self._chroma.compared()
            found += _differences("벡터 색인", self._ledger.chunk_ids(), held)
            if wrong:
                found.append(f"벡터 색인: 벡터 {len(wrong)}개가 원장과 다릅니다.")
            if leftovers := self._chroma.leftovers():
                found.append(f"벡터 색인: 옛 폴더가 남아 있습니다({', '.join(leftovers)}).")
        return found

    def close(self) -> None:
        """Close the indexes and give up ownership."""
        self._parts.close()

    def _acquire(self) -> bool:
        path = Path(self._lock.lock_file)
        try:
            if path.is_dir():
                remove(path)
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):  # held by another process, or by no one ever: no permission, no locks
            return False
        return True


def _library(ledger: Ledger) -> str:
    """Tells this ledger's collections from those of others on one server. A restored backup gets a name of its own."""
    if not (held := ledger.get("chroma_library")):
        held = secrets.token_hex(6)
        ledger.set(chroma_library=held)
    return held


def _differences(label: str, live: set[str], held: set[str]) -> list[str]:
    found = []
    if missing := len(live - held):
        found.append(f"{label}: 조각 {missing}개가 빠져 있습니다.")
    if extra := len(held - live):
        found.append(f"{label}: 없어진 조각 {extra}개가 남아 있습니다.")
    return found
