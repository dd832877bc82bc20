"""BM25 over Korean morphemes: a projection of the ledger in SQLite's full-text index (FTS5).

FTS5 is incremental, transactional and safe between processes, so any process may bring it up to date.
A damaged or foreign file is dropped and built anew. Knows no vectors.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from ingest import Korean, Ledger

_SCHEMA = """
    CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
        chunk_id UNINDEXED, kind UNINDEXED, terms, tokenize = "unicode61 remove_diacritics 0"
    );
    CREATE TABLE IF NOT EXISTS state (seq INTEGER NOT NULL);
"""
_BATCH = 500


class WordIndex:
    """The words of every live chunk."""

    def __init__(self, path: Path, ledger: Ledger, korean: Korean) -> None:
        self._path = path
        self._ledger = ledger
        self._korean = korean
        self._lock = threading.Lock()
        self._db = self._open()

    def search(self, query: str, k: int, kind: str | None = None) -> list[tuple[str, float]]:
        """At most ``k`` (chunk id, BM25 score), best first; any common term makes a hit."""
        terms = dict.fromkeys(self._korean.terms(query))
        if not terms:
            return []
        match = " OR ".join(f'"{term}"' for term in terms)
        where, values = ("AND kind = ?", (kind,)) if kind else ("", ())
        with self._lock:
            rows = self._db.execute(
                f"SELECT chunk_id, -bm25(words) FROM words WHERE words MATCH ? {where} ORDER BY bm25(words), rowid"
                " LIMIT ?",
                (match, *values, k),
            ).fetchall()
        return [(row[0], float(row[1])) for row in rows]

    def catch_up(self) -> None:
        """Apply what the ledger has acknowledged since the last time."""
        with self._lock:
            try:
                self._apply()
            except sqlite3.DatabaseError:
                self._db.close()
                self._path.unlink(missing_ok=True)
                self._db = self._open()
                self._apply()

    def rebuild(self) -> None:
        """Index every live chunk anew."""
        with self._lock:
            self._db.execute("DELETE FROM state")
        self.catch_up()

    def ids(self) -> set[str]:
        """The chunks that are indexed."""
        with self._lock:
            return {row[0] for row in self._db.execute("SELECT chunk_id FROM words")}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _apply(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            held = self._seq()
            head = self._ledger.head()
            if held > head or held == 0:  # another ledger's index, or one to build anew
                self._db.execute("DELETE FROM words")
                held = 0
            for change_ids in _batches([change.chunk_id for change in self._ledger.changes(held)]):
                self._db.executemany("DELETE FROM words WHERE chunk_id = ?", [(i,) for i in change_ids])
                live = self._ledger.chunks(change_ids).values()
                self._db.executemany(
                    "INSERT INTO words (chunk_id, kind, terms) VALUES (?,?,?)",
                    [(c.id, c.kind, " ".join(self._korean.terms(c.search_text))) for c in live],
                )
            self._db.execute("DELETE FROM state")
            self._db.execute("INSERT INTO state VALUES (?)", (head,))
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _seq(self) -> int:
        row = self._db.execute("SELECT seq FROM state").fetchone()
        return int(row[0]) if row else 0

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self._path)
        except sqlite3.DatabaseError:
            self._path.unlink(missing_ok=True)
            return _connect(self._path)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    try:
        db.execute("PRAGMA secure_delete=ON")
        db.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _batches(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
