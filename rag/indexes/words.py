"""BM25 over Korean morphemes: a projection of the ledger in SQLite's full-text index (FTS5).

FTS5 is incremental, transactional and safe between processes, so any process may bring it up to date. A file that
is damaged or not of this ledger is built anew. Knows no vectors.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from ingest import Korean, Ledger, LedgerError
from rag.errors import IndexUnavailable
from rag.indexes.bm25 import SENTENCE, WEIGHTS, Candidate, Field, Statistics, pairs, scored, words
from rag.indexes.files import remove

_VERSION = 2
_BATCH = 500
_BUSY_SECONDS = 30.0
_CANDIDATES = 100  # that are scored in full
# Chunks that a search looks at: at least, and as a share of all.
_LOOKED_AT = 2000
_LOOKED_AT_SHARE = 8
_WORDS = """
    CREATE VIRTUAL TABLE words USING fts5(
        chunk_id UNINDEXED, kind UNINDEXED, terms, pairs, tokenize = "unicode61 remove_diacritics 0"
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

    def search(
        self,
        query: str,
        k: int,
        kind: str | None = None,
        only: Set[str] | None = None,
        named: Sequence[Sequence[str]] = (),
    ) -> list[tuple[str, float]]:
        """At most ``k`` (chunk id, score), best first; of one kind, or among ``only`` these, if given.

        Any common word, or pair of letters, makes a hit. ``named`` holds all names of each thing that the query names:
        the others count where no chunk has the one that was used. A word that no chunk has stands for those that are
        typed nearly like it.
        """
        return self._used(lambda file: self._ranked(file, query, k, kind, only, named))

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

    def _ranked(
        self,
        file: _File,
        query: str,
        k: int,
        kind: str | None,
        only: Set[str] | None,
        named: Sequence[Sequence[str]],
    ) -> list[tuple[str, float]]:
        if self._has_new_names(file):
            self._apply(file)
        known = file.statistics()
        terms = self._korean.asked_terms(query)
        terms += [term for names in named for term in self._other_names(names, query, known)]
        meant = [near for word in words(query) for near in _nearly(word, known)]
        asked: dict[Field, list[str]] = {
            "terms": list(dict.fromkeys([*terms, *meant])),
            "pairs": list(dict.fromkeys(pairs(query))),
        }
        found = file.candidates(_match(asked, known), max(k, _CANDIDATES), kind, only)
        return scored(found, asked, known)[:k]

    def _other_names(self, names: Sequence[str], query: str, known: Statistics) -> list[str]:
        """The terms of the other names, where no chunk holds one that is used: beside it they would count twice."""
        used = [self._korean.terms(name) for name in names if name in query]
        if any(all(known.holders("terms", term) for term in terms) for terms in used):
            return []
        return [term for name in names if name not in query for term in self._korean.terms(name)]

    def _apply(self, file: _File) -> None:
        held, head = file.seq(), self._ledger.head()
        self._korean.add_names(file.names())  # a query is to be read as the texts were
        if held == head and not self._in_doubt and not self._has_new_names(file):
            return
        for batch in _batches(self._ledger.changes(held)):  # other processes get their turn between
            with file.transaction():
                if file.seq() < batch[-1].seq:  # else another process was faster
                    self._replace(file, [change.chunk_id for change in batch])
                    file.set_seq(batch[-1].seq)
        if held > head or (self._in_doubt and sorted(_chunk_ids(file)) != sorted(self._ledger.chunk_ids())):
            self._index_anew(file)
            return
        if self._has_new_names(file):
            self._read_names(file)
        if self._in_doubt:
            with file.transaction():
                file.set_seq(file.seq())
        self._note_state()

    def _index_anew(self, file: _File) -> None:
        with file.transaction():
            file.make_tables()
            head = self._ledger.head()
            known = self._korean.names
            for ids in _batches(sorted(self._ledger.chunk_ids())):
                self._insert(file, ids)
            file.set_seq(head)
            file.set_names(file.names(), _digest(known))
        self._note_state()

    def _has_new_names(self, file: _File) -> bool:
        """Whether the analyser knows names that it did not know when it read the texts."""
        known = self._korean.names
        return not known <= file.names() and _digest(known) != file.names_digest()

    def _read_names(self, file: _File) -> None:
        """Read the chunks anew in which one of the new names may stand: it is one word now."""
        with file.transaction():
            known = self._korean.names
            pattern = _any_of(known - file.names())
            for ids in _batches(sorted(self._ledger.chunk_ids())):
                chunks = self._ledger.chunks(ids)
                if touched := [chunk_id for chunk_id, chunk in chunks.items() if pattern.search(chunk.search_text)]:
                    self._replace(file, touched)
            file.set_names(file.names(), _digest(known))

    def _replace(self, file: _File, touched: Sequence[str]) -> None:
        """Put what is live of the ``touched`` chunks in place of what is held of them."""
        file.run("DELETE FROM words WHERE chunk_id IN (SELECT value FROM json_each(?))", (json.dumps(touched),))
        self._insert(file, touched)

    def _insert(self, file: _File, ids: Sequence[str]) -> None:
        pattern = _any_of(self._korean.names)
        names: set[str] = set()
        for chunk in self._ledger.chunks(ids).values():
            text = chunk.search_text
            names.update(pattern.findall(text))
            terms = SENTENCE.join(" ".join(sentence) for sentence in self._korean.sentence_terms(text))
            row = (chunk.id, chunk.kind, terms, " ".join(pairs(text)))
            file.run("INSERT INTO words (chunk_id, kind, terms, pairs) VALUES (?,?,?,?)", row)
        if not names <= file.names():
            file.set_names(file.names() | names, file.names_digest())

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
        self._statistics: tuple[int, Statistics] | None = None  # with the sequence number of their state
        with _translated():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            self.run("PRAGMA secure_delete=ON")
            if self._version() != _VERSION:
                with self.transaction():
                    if self._version() != _VERSION:  # not made by another process meanwhile
                        self.make_tables()
            self.run("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, words, col)")
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
            "DROP TABLE IF EXISTS names",
            "CREATE TABLE state (seq INTEGER NOT NULL)",
            "INSERT INTO state VALUES (0)",
            "CREATE TABLE names (seen TEXT NOT NULL, digest TEXT NOT NULL)",
            "INSERT INTO names VALUES ('[]', '')",
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

    def names(self) -> frozenset[str]:
        """The names that stand in the texts and were read as one word; of other names the file keeps no trace."""
        return frozenset(json.loads(self.run("SELECT seen FROM names")[0][0]))

    def names_digest(self) -> str:
        """Of all names that the analyser knew when the texts were read."""
        return str(self.run("SELECT digest FROM names")[0][0])

    def set_names(self, seen: Set[str], digest: str) -> None:
        """See ``names`` and ``names_digest``."""
        self.run("UPDATE names SET seen = ?, digest = ?", (json.dumps(sorted(seen), ensure_ascii=False), digest))

    def candidates(self, match: str, most: int, kind: str | None, only: Set[str] | None) -> list[Candidate]:
        """The chunks that match, at most so many, the likely ones first."""
        if not match:
            return []
        where, values = "words MATCH ?", [match]
        if kind:
            where += " AND kind = ?"
            values.append(kind)
        if only is not None:
            where += " AND chunk_id IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(list(only)))
        rows = self.run(
            f"SELECT chunk_id, terms, pairs FROM words WHERE {where} AND rank MATCH ? ORDER BY rank LIMIT {most}",
            [*values, f"bm25(0, 0, {WEIGHTS['terms']}, {WEIGHTS['pairs']})"],
        )
        return [Candidate(chunk_id, {"terms": terms, "pairs": letters}) for chunk_id, terms, letters in rows]

    def statistics(self) -> Statistics:
        """Of the chunks as they are now."""
        seq = self.seq()
        if self._statistics is None or self._statistics[0] != seq:
            self._statistics = (seq, Statistics(self.run))
        return self._statistics[1]

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


def _nearly(word: str, known: Statistics) -> list[str]:
    """What a word of a query may be a slip of the keys for: nothing where it begins with a word that is known.

    The analyser cannot help here: it takes what it does not know apart (해서기: 하 + 어서 + 기).
    """
    beginnings = [word[:end] for end in range(len(word), 1, -1)]
    if any(known.holders("terms", beginning) for beginning in beginnings):
        return []
    return next((near for beginning in beginnings if (near := known.spellings.near(beginning))), [])


def _match(asked: Mapping[Field, Sequence[str]], known: Statistics) -> str:
    """What a chunk must have one of: the rarest of what is asked, words before letters, while they leave few chunks.

    What stands everywhere tells little and would let every chunk be looked at; it counts in the score all the same.
    """
    most = max(_LOOKED_AT, known.chunks // _LOOKED_AT_SHARE)
    chosen: list[str] = []
    total = 0
    for field in WEIGHTS:
        for term in sorted(asked[field], key=lambda term: known.holders(field, term)):
            total += known.holders(field, term)
            if chosen and total > most:
                break
            if known.holders(field, term):
                chosen.append(f'{field} : "{term}"')
    return " OR ".join(chosen)


def _any_of(names: Set[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def _digest(names: Set[str]) -> str:
    return hashlib.sha256(json.dumps(sorted(names)).encode()).hexdigest()


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
