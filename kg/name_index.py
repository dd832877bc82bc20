"""The names in every passage of facts: a projection of the ledger, kept in a SQLite file because reading takes long.

An entry is made of its chunk's words, and so is the chunk's id: what the file holds of a live chunk is right whatever
happened in between, and no sequence number is needed. The one other thing that entries depend on, the names that the
analyser knows, is kept beside them. The file can be removed at any time; only time is lost.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ingest import Korean, Ledger
from kg.mentions import key
from kg.open_names import OPEN_NAMES_VERSION, PassageNames, Sentence, read_passage

_BATCH = 200
_BUSY_SECONDS = 30.0


class NameIndex:
    """The names of live chunks of facts. Safe to share between threads; several processes may use one file.

    A file that cannot be read is made anew; where that fails too, nothing is kept, and only time is lost.
    """

    def __init__(self, path: Path, ledger: Ledger, korean: Korean) -> None:
        self._ledger = ledger
        self._korean = korean
        self._lock = threading.Lock()
        self._file = _File(path)
        self._names: frozenset[str] | None = None  # what the analyser knew for ``_held``; None before the first use
        self._held: dict[str, PassageNames] = {}

    def passages(self) -> list[PassageNames]:
        """Every live passage by chunk id; reads those that are new."""
        with self._lock:
            live = self._drop_dead()
            self._drop_doubtful()
            for batch in _batches(sorted(live - self._held.keys())):
                self._change(add=[read_passage(chunk, self._korean) for chunk in self._ledger.chunks(batch).values()])
            return [self._held[chunk_id] for chunk_id in sorted(self._held)]

    def drop_dead(self) -> None:
        """Keep nothing of what was forgotten."""
        with self._lock:
            self._drop_dead()

    def clear(self) -> None:
        """Hold nothing; all is read anew when it is next asked for."""
        with self._lock:
            self._file.remove()
            self._names, self._held = None, {}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
            self._names, self._held = None, {}

    # -- inside ----------------------------------------------------------------------------------

    def _drop_dead(self) -> set[str]:
        """The live chunks of facts; of others nothing is held any more."""
        if self._names is None:
            self._names, self._held = self._file.read()
        kinds = self._ledger.kinds(self._ledger.chunk_ids())
        live = {chunk_id for chunk_id, kind in kinds.items() if kind == "facts"}
        if dead := self._held.keys() - live:
            self._change(drop=dead)
        return live

    def _drop_doubtful(self) -> None:
        """Names that the analyser has learned (or that another one knew) may cut the passages that hold them anew."""
        assert self._names is not None
        names = self._korean.names
        if changed := {key(name) for name in self._names ^ names}:
            doubtful: set[str] = set()
            for batch in _batches(sorted(self._held)):
                texts = {chunk.id: key(chunk.search_text) for chunk in self._ledger.chunks(batch).values()}
                doubtful |= {chunk_id for chunk_id, text in texts.items() if any(name in text for name in changed)}
            self._change(drop=doubtful, names=names)

    def _change(
        self,
        drop: Iterable[str] = (),
        add: Sequence[PassageNames] = (),
        names: frozenset[str] | None = None,
    ) -> None:
        assert self._names is not None
        drop = sorted(drop)
        self._file.change(self._names, drop, add, self._names if names is None else names)
        for chunk_id in drop:
            del self._held[chunk_id]
        self._held.update((passage.chunk_id, passage) for passage in add)
        self._names = self._names if names is None else names


class _File:
    """The SQLite file. Never raises for what is wrong with it: it is made anew, or nothing is kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    def read(self) -> tuple[frozenset[str], dict[str, PassageNames]]:
        """The analyser's names, and the entries made with them; nothing where the file is new, damaged or outdated."""
        for _ in range(2):
            try:
                self._db = self._opened()
                names = frozenset(json.loads(self._db.execute("SELECT names FROM analyser").fetchone()[0]))
                rows = self._db.execute("SELECT chunk_id, names FROM passages").fetchall()
                return names, {chunk_id: _from_json(chunk_id, text) for chunk_id, text in rows}
            except (sqlite3.Error, ValueError, TypeError):
                self.remove()
        return frozenset(), {}

    def change(
        self, known: frozenset[str], drop: Sequence[str], add: Sequence[PassageNames], names: frozenset[str]
    ) -> None:
        """Drop and add entries, in one transaction, unless the file is no longer one of an analyser with ``known``."""
        if self._db is None:
            return
        try:
            with _transaction(self._db) as db:
                if frozenset(json.loads(db.execute("SELECT names FROM analyser").fetchone()[0])) != known:
                    return
                db.executemany("DELETE FROM passages WHERE chunk_id = ?", [(chunk_id,) for chunk_id in drop])
                db.executemany("REPLACE INTO passages VALUES (?, ?)", [(p.chunk_id, _to_json(p)) for p in add])
                db.execute("UPDATE analyser SET names = ?", (json.dumps(sorted(names), ensure_ascii=False),))
        except (sqlite3.Error, ValueError, TypeError):
            self.close()  # the disk is full, or another process holds the file: what it says stays right

    def close(self) -> None:
        """Release the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def remove(self) -> None:
        """Close the file and take it away."""
        self.close()
        for path in (self._path, self._path.with_name(f"{self._path.name}-journal")):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            db.execute("PRAGMA secure_delete=ON")
            with _transaction(db):
                if db.execute("PRAGMA user_version").fetchone()[0] != OPEN_NAMES_VERSION:
                    for statement in _TABLES:
                        db.execute(statement)
        except BaseException:
            db.close()
            raise
        return db


_TABLES = (
    "DROP TABLE IF EXISTS passages",
    "DROP TABLE IF EXISTS analyser",
    "CREATE TABLE passages (chunk_id TEXT PRIMARY KEY, names TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE analyser (names TEXT NOT NULL)",
    "INSERT INTO analyser VALUES ('[]')",
    f"PRAGMA user_version = {OPEN_NAMES_VERSION}",
)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _to_json(passage: PassageNames) -> str:
    sentences = [[sentence.start, sentence.end, sentence.names] for sentence in passage.sentences]
    return json.dumps([passage.headings, sentences], ensure_ascii=False)


def _from_json(chunk_id: str, text: str) -> PassageNames:
    headings, sentences = json.loads(text)
    return PassageNames(chunk_id, tuple(headings), tuple(Sentence(s, e, tuple(names)) for s, e, names in sentences))


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]
