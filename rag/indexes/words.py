"""BM25 over Korean morphemes: a projection of the ledger in SQLite's full-text index (FTS5).

FTS5 is incremental, transactional and safe between processes, so any process may bring it up to date. A file that
is damaged or not of this ledger is built anew. Knows no vectors.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from ingest import Korean, Ledger, LedgerError
from rag.errors import IndexUnavailable
from rag.indexes.files import remove

_VERSION = 1
_BATCH = 500
_BUSY_SECONDS = 30.0
_WORDS = """
    CREATE VIRTUAL TABLE words USING fts5(
        chunk_id UNINDEXED, kind UNINDEXED, terms, tokenize = "unicode61 remove_diacritics 0"
    )
"""
# Result codes that speak of the surroundings: a new file would help nothing.
_NOT_THE_FILE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
)

_T = TypeVar("_T")


class WordIndex:
    """The words of every live chunk. All methods raise ``IndexUnavailable`` where no file can be read or written."""

    def __init__(self, path: Path, ledger: Ledger, korean: Korean) -> None:
        self._path = path
        self._journal = path.with_name(f"{path.name}-journal")
        self._ledger = ledger
        self._korean = korean
        self._lock = threading.RLock()
        self._file: _File | None = None
        self._identity: tuple[int, int] | None = None
        self._in_doubt = False  # whether the file may hold other chunks than its sequence number says

    def search(self, query: str, k: int, kind: str | None = None) -> list[tuple[str, float]]:
        """At most ``k`` (chunk id, BM25 score), best first; any common term makes a hit."""
        terms = dict.fromkeys(self._korean.terms(query))
        if not terms:
            return []
        match = " OR ".join(f'"{term}"' for term in terms)
        where, values = ("AND kind = ?", (kind,)) if kind else ("", ())
        statement = (
            f"SELECT chunk_id, -bm25(words) FROM words WHERE words MATCH ? {where} ORDER BY bm25(words), rowid LIMIT ?"
        )
        return [(row[0], float(row[1])) for row in self._used(lambda file: file.run(statement, (match, *values, k)))]

    def catch_up(self) -> None:
        """Apply what the ledger has acknowledged since the last time."""
        self._used(self._apply)

    def rebuild(self) -> None:
        """Index every live chunk anew; of others nothing stays in the file."""
        self._used(self._index_anew)

    def ids(self) -> set[str]:
        """The chunks that are indexed."""
        return set(self._used(_chunk_ids))

    def is_sound(self) -> bool:
        """Whether the file passes SQLite's and FTS5's own checks. Reads all of it."""
        return self._used(lambda file: file.is_sound())

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None

    # -- inside ----------------------------------------------------------------------------------

    def _used(self, use: Callable[[_File], _T]) -> _T:
        """What ``use`` gives: of the file, or, where that is damaged or gone, of a new one."""
        with self._lock:
            try:
                return use(self._opened())
            except _FileFailed as failure:
                if failure.code & 0xFF in _NOT_THE_FILE:
                    raise _unavailable(self._path, failure) from failure
            try:
                is_there = self._file is None or self._identity == _identity(self._path)
                self.close()
                if is_there:  # else another process has put a new file in its place
                    self._remove()
                self._apply(self._opened())
                return use(self._opened())
            except (_FileFailed, OSError) as failure:
                raise _unavailable(self._path, failure) from failure

    def _opened(self) -> _File:
        """The file, checked unless it is as its last writer left it."""
        if self._file is None:
            self._in_doubt = self._journal.exists() or self._size_and_time() != self._ledger.get("words_file")
            self._file = _File(self._path)
            self._identity = _identity(self._path)
            if self._in_doubt and not self._file.is_sound():
                raise _FileFailed(f"{self._path}: unsound", sqlite3.SQLITE_CORRUPT)
        return self._file

    def _apply(self, file: _File) -> None:
        held, head = file.seq(), self._ledger.head()
        if held == head and not self._in_doubt:
            return
        for batch in _batches(self._ledger.changes(held)):  # other processes get their turn between
            with file.transaction():
                if file.seq() < batch[-1].seq:  # else another process was faster
                    self._replace(file, [change.chunk_id for change in batch])
                    file.set_seq(batch[-1].seq)
        if held > head or (self._in_doubt and sorted(_chunk_ids(file)) != sorted(self._ledger.chunk_ids())):
            self._index_anew(file)
            return
        if self._in_doubt:
            with file.transaction():
                file.set_seq(file.seq())
        self._note_state()

    def _index_anew(self, file: _File) -> None:
        with file.transaction():
            file.make_tables()
            head = self._ledger.head()
            for ids in _batches(sorted(self._ledger.chunk_ids())):
                self._insert(file, ids)
            file.set_seq(head)
        self._note_state()

    def _replace(self, file: _File, touched: Sequence[str]) -> None:
        """Put what is live of the ``touched`` chunks in place of what is held of them."""
        file.run("DELETE FROM words WHERE chunk_id IN (SELECT value FROM json_each(?))", (json.dumps(touched),))
        self._insert(file, touched)

    def _insert(self, file: _File, ids: Sequence[str]) -> None:
        for chunk in self._ledger.chunks(ids).values():
            terms = " ".join(self._korean.terms(chunk.search_text))
            file.run("INSERT INTO words (chunk_id, kind, terms) VALUES (?,?,?)", (chunk.id, chunk.kind, terms))

    def _note_state(self) -> None:
        """Remember the file as its last writer left it. Without a note it is checked at the next opening."""
        self._in_doubt = False
        with suppress(LedgerError):
            self._ledger.set(words_file=self._size_and_time())

    def _size_and_time(self) -> str:
        """What changes when the file is written; empty where there is none."""
        try:
            stat = self._path.stat()
        except OSError:
            return ""
        return f"{stat.st_size}:{stat.st_mtime_ns}"

    def _remove(self) -> None:
        remove(self._path)
        remove(self._journal)  # it would be played back into the new file


class _FileFailed(Exception):
    """SQLite's error on the index file, with its (extended) result code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class _File:
    """The index's SQLite file with its tables. All methods raise ``_FileFailed``."""

    def __init__(self, path: Path) -> None:
        with _translated():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            self.run("PRAGMA secure_delete=ON")
            if self._version() != _VERSION:
                with self.transaction():
                    if self._version() != _VERSION:  # not made by another process meanwhile
                        self.make_tables()
        except _FileFailed:
            self.close()
            raise

    def run(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows that a statement gives."""
        with _translated():
            return self._db.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite ends it by itself on a full disk
                with suppress(_FileFailed):
                    self.run("ROLLBACK")
            raise

    def make_tables(self) -> None:
        """Empty tables in place of what there is."""
        for statement in (
            "DROP TABLE IF EXISTS words",
            "DROP TABLE IF EXISTS state",
            _WORDS,
            "CREATE TABLE state (seq INTEGER NOT NULL)",
            "INSERT INTO state VALUES (0)",
            f"PRAGMA user_version = {_VERSION}",
        ):
            self.run(statement)

    def seq(self) -> int:
        """The sequence number of the ledger that the index holds."""
        return int(self.run("SELECT seq FROM state")[0][0])

    def set_seq(self, seq: int) -> None:
        """See ``seq``. Always writes, which clears away the journal that a killed process has left."""
        self.run("DELETE FROM state")
        self.run("INSERT INTO state VALUES (?)", (seq,))

    def is_sound(self) -> bool:
        """Whether SQLite's and FTS5's checks find nothing; an error of another kind is raised."""
        try:
            if self.run("PRAGMA integrity_check") != [("ok",)]:
                return False
            self.run("INSERT INTO words (words) VALUES ('integrity-check')")
        except _FileFailed as failure:
            if failure.code & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            return False
        return True

    def close(self) -> None:
        """Release the file."""
        with suppress(_FileFailed), _translated():
            self._db.close()

    def _version(self) -> int:
        return int(self.run("PRAGMA user_version")[0][0])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _FileFailed(str(error), error.sqlite_errorcode) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Tells a file from one that takes its place; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _chunk_ids(file: _File) -> list[str]:
    return [row[0] for row in file.run("SELECT chunk_id FROM words")]


def _unavailable(path: Path, error: Exception) -> IndexUnavailable:
    is_busy = isinstance(error, _FileFailed) and error.code & 0xFF == sqlite3.SQLITE_BUSY
    return IndexUnavailable(
        f"{path}: 낱말 색인을 쓸 수 없습니다({error}).",
        "다른 Loop AI가 색인하고 있습니다. 잠시 뒤 다시 해 주세요."
        if is_busy
        else "디스크 여유와 폴더의 쓰기 권한을 확인한 뒤 다시 해 주세요. 자료는 원장에 그대로 있습니다.",
    )
