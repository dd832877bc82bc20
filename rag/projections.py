"""Opens the indexes of a home folder and keeps them up to date with its ledger.

One process at a time owns Chroma (a lock file). Any other process searches the ledger's vectors exactly:
slower, but right and fresh.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from ingest import Korean, Ledger
from rag.indexes.vectors import ChromaVectors, ExactVectors
from rag.indexes.words import WordIndex


class Projections:
    """The word and vector indexes of one home folder; ``is_owner`` says whether Chroma is ours."""

    def __init__(self, home: Path, ledger: Ledger, korean: Korean, embedder_identity: str) -> None:
        self._ledger = ledger
        self._lock = FileLock(home / "projections.lock")
        self.is_owner = self._acquire()
        self.words = WordIndex(home / "words.db", ledger, korean)
        self._chroma = ChromaVectors(home / "chroma", ledger, embedder_identity) if self.is_owner else None
        self.vectors = self._chroma or ExactVectors(ledger)
        self.catch_up()

    def catch_up(self) -> None:
        """Apply what the ledger has acknowledged, also by other processes, since the last time."""
        self.words.catch_up()
        if self._chroma:
            self._chroma.catch_up()

    def rebuild(self) -> None:
        """Build every index of ours anew from the ledger."""
        self.words.rebuild()
        if self._chroma:
            self._chroma.rebuild()

    def problems(self) -> list[str]:
        """Where ledger and indexes disagree, in Korean; empty when all is well."""
        live = self._ledger.chunk_ids()
        found = []
        for label, held in (
            ("낱말 색인", self.words.ids()),
            ("벡터 색인", self._chroma.ids() if self._chroma else live),
        ):
            if missing := len(live - held):
                found.append(f"{label}: 조각 {missing}개가 빠져 있습니다.")
            if extra := len(held - live):
                found.append(f"{label}: 없어진 조각 {extra}개가 남아 있습니다.")
        return found

    def close(self) -> None:
        """Close the indexes and give up ownership."""
        self.words.close()
        if self._chroma:
            self._chroma.close()
            self._lock.release()

    def _acquire(self) -> bool:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True
