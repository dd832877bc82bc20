"""The ledger: one SQLite file that is the truth about what was ingested.

Sources, documents, chunks with their vectors, statements and an outbox. Adding, replacing or forgetting
a source is one transaction, and its commit is the acknowledgement. Indexes and graphs are projections
of it, brought up to date from the outbox by whoever owns them; this module does not know them.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NoReturn, Self

import numpy as np
import numpy.typing as npt

from ingest.errors import LedgerError, LedgerMismatch, UnknownSource
from ingest.types import Chunk, Document, Example, Kind, ReviewStatus, Span, Statement

Vectors = npt.NDArray[np.float32]

# Numbered migrations: entry n brings a ledger of version n to n + 1. Never edit one that was released.
_MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE sources (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        path TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        settings TEXT NOT NULL,
        ingested_at TEXT NOT NULL
    );
    CREATE TABLE documents (
        id TEXT PRIMARY KEY,
        source_id INTEGER NOT NULL UNIQUE REFERENCES sources(id) ON DELETE CASCADE,
        title TEXT NOT NULL,
        text TEXT NOT NULL
    );
    CREATE TABLE chunks (
        id TEXT PRIMARY KEY,
        document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        headings TEXT NOT NULL,
        example TEXT,
        vector BLOB NOT NULL
    );
    CREATE INDEX chunks_by_document ON chunks(document_id);
    CREATE TABLE statements (
        document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
        subject TEXT NOT NULL,
        relation TEXT NOT NULL,
        object TEXT NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL
    );
    CREATE INDEX statements_by_document ON statements(document_id);
    CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        op TEXT NOT NULL CHECK (op IN ('put', 'delete')),
        chunk_id TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE statements ADD COLUMN mode TEXT NOT NULL DEFAULT 'asserted';
    ALTER TABLE statements ADD COLUMN since TEXT NOT NULL DEFAULT '';
    ALTER TABLE statements ADD COLUMN until TEXT NOT NULL DEFAULT '';
    ALTER TABLE statements ADD COLUMN confidence REAL NOT NULL DEFAULT 1.0;
    ALTER TABLE statements ADD COLUMN status TEXT NOT NULL DEFAULT 'approved';
    ALTER TABLE statements ADD COLUMN reviewed INTEGER NOT NULL DEFAULT 0;
    """,
)


@dataclass(frozen=True, slots=True)
class Source:
    """One ingested file as the ledger holds it. ``settings`` identifies how it was processed.

    ``statements`` counts the approved ones.
    """

    name: str
    path: str
    kind: Kind
    sha256: str
    settings: str
    ingested_at: str
    document_id: str
    chunks: int
    statements: int


@dataclass(frozen=True, slots=True)
class Edition:
    """A held document as it was put last; another one as soon as it is put again with anything changed."""

    document_id: str
    source: str
    kind: Kind
    sha256: str
    settings: str
    ingested_at: str


class _Cursor(sqlite3.Cursor):
    """Says that a page is damaged where a query comes upon it, which may be at any row. ``path`` is the file."""

    path: Path

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        try:
            return super().execute(sql, parameters)
        except sqlite3.DatabaseError as error:
            self._tell(error)

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except sqlite3.DatabaseError as error:
            self._tell(error)

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except sqlite3.DatabaseError as error:
            self._tell(error)

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except sqlite3.DatabaseError as error:
            self._tell(error)

    def _tell(self, error: sqlite3.DatabaseError) -> NoReturn:
        """Damage in our words; a constraint, a lock or a full disk as it is, for whoever knows what was tried."""
        undecodable = "decode" in str(error)  # an OperationalError: a damaged page amid a text
        if type(error) is not sqlite3.DatabaseError and not undecodable:
            raise error
        raise LedgerError(
            f"{self.path}: 원장이 손상되었습니다({error}).",
            "백업을 복원하거나(`loopai restore`) 원본 파일을 다시 넣어 주세요.",
        ) from error


class _Connection(sqlite3.Connection):
    """Its cursors are ours; ``path`` is the file."""

    path: Path

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        cursor = self.cursor(_Cursor)
        cursor.path = self.path
        return cursor.execute(sql, parameters)


@dataclass(frozen=True, slots=True)
class Change:
    """One outbox entry: chunk ``chunk_id`` was put or deleted at ``seq``."""

    seq: int
    op: Literal["put", "delete"]
    chunk_id: str


class Ledger:
    """The truth of one home folder. Usable from several threads and several processes at once.

    Raises:
        LedgerError: the file is no ledger, or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._migrate()
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"{path}: 원장을 열 수 없습니다({error}).",
                "디스크 여유와 파일 권한을 확인하고, 손상되었다면 백업을 복원하세요.",
            ) from error

    # -- sources ---------------------------------------------------------------------------------

    def sources(self, sha256: str | None = None) -> list[Source]:
        """All sources by name; with ``sha256`` only those of that content."""
        where, values = ("WHERE s.sha256 = ?", (sha256,)) if sha256 else ("", ())
        return [self._source(row) for row in self._db.execute(f"{_SOURCES} {where} ORDER BY s.name", values)]

    def find_source(self, *, path: str | None = None, name: str | None = None) -> Source | None:
        """The source of this file address or of this name."""
        column, value = ("path", path) if path is not None else ("name", name)
        row = self._db.execute(f"{_SOURCES} WHERE s.{column} = ?", (value,)).fetchone()
        return self._source(row) if row else None

    def replace(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        statements: Sequence[Statement],
        *,
        path: str,
        sha256: str,
        settings: str,
    ) -> None:
        """Add a source, or put its new state in place of the old one, in one transaction.

        ``vectors`` is (number of chunks, dimension), float32, in the order of ``chunks``.
        Chunks that an index holds already, by their ids, are not logged: it has nothing to do for them.
        What people decided of a statement of the old state holds for the same statement of the new one.
        """
        assert len(chunks) == len(vectors)
        with self._transaction() as db:
            old = {row[0] for row in db.execute(_CHUNK_IDS_OF_PATH, (path,))}
            new = {chunk.id for chunk in chunks}
            decided = {row[:-1]: row[-1] for row in db.execute(_DECISIONS_OF_PATH, (path,))}
            db.execute("DELETE FROM sources WHERE path = ?", (path,))
            source_id = db.execute(
                "INSERT INTO sources (name, path, kind, sha256, settings, ingested_at) VALUES (?,?,?,?,?,?)",
                (document.source, path, document.kind, sha256, settings, _now()),
            ).lastrowid
            db.execute(
                "INSERT INTO documents VALUES (?,?,?,?)",
                (document.id, source_id, document.title, document.text),
            )
            db.executemany(
                "INSERT INTO chunks VALUES (?,?,?,?,?,?,?)",
                [_chunk_row(chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)],
            )
            db.executemany(
                f"INSERT INTO statements VALUES ({','.join('?' * 12)})",
                [_statement_row(statement, decided) for statement in statements],
            )
            self._log(db, "delete", old - new)
            self._log(db, "put", new - old)
            db.execute(_NEXT_REVISION)

    def forget(self, name: str) -> None:
        """Remove a source and all that came of it.

        Raises:
            UnknownSource: no source of that name is held.
        """
        with self._transaction() as db:
            source = self.find_source(name=name)
            if source is None:
                raise UnknownSource(f"'{name}'이라는 자료가 없습니다.", "`loopai sources`로 이름을 확인하세요.")
            gone = [row[0] for row in db.execute(_CHUNK_IDS_OF_PATH, (source.path,))]
            db.execute("DELETE FROM sources WHERE name = ?", (name,))
            self._log(db, "delete", gone)
            db.execute(_NEXT_REVISION)

    def move(self, source: Source, path: str) -> None:
        """Record that a source's file now lies at ``path``; its name and content stay."""
        with self._transaction() as db:
            db.execute("UPDATE sources SET path = ? WHERE name = ?", (path, source.name))

    # -- documents and chunks --------------------------------------------------------------------

    def document(self, name: str) -> Document:
        """The cleaned document of a source (records are not kept: their chunks are).

        Raises:
            UnknownSource: no source of that name is held.
        """
        row = self._db.execute(f"{_DOCUMENTS} WHERE s.name = ?", (name,)).fetchone()
        if row is None:
            raise UnknownSource(f"'{name}'이라는 자료가 없습니다.", "`loopai sources`로 이름을 확인하세요.")
        return Document(*row)

    def has_document(self, document_id: str) -> bool:
        """Whether a source holds the document of that id."""
        return self._db.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone() is not None

    def documents(self, kind: Kind | None = None, ending: str = "") -> Iterator[Document]:
        """All documents by source name, of one kind if given, of sources whose names end so."""
        where, values = ("s.kind = ? AND", (kind, ending)) if kind else ("", (ending,))
        query = f"{_DOCUMENTS} WHERE {where} s.name LIKE '%' || ? ORDER BY s.name"
        for row in self._db.execute(query, values):
            yield Document(*row)

    def editions(self) -> dict[str, Edition]:
        """The present edition of every held document, by its id."""
        return {row[0]: Edition(*row) for row in self._db.execute(_EDITIONS)}

    def chunks(self, ids: Iterable[str]) -> dict[str, Chunk]:
        """The live chunks among ``ids``; ids that are gone are left out."""
        with self._snapshot() as db:
            rows = db.execute(_CHUNKS, (json.dumps(list(ids)),)).fetchall()
            # Cut here and not by SQL: substr() counts characters from the beginning of the text each time.
            texts = dict(db.execute(_TEXTS, (json.dumps(list({row[1] for row in rows})),)))
        return {row[0]: _chunk(row, texts[row[1]]) for row in rows}

    def kinds(self, ids: Iterable[str]) -> dict[str, Kind]:
        """The kinds of the live chunks among ``ids``, without reading their texts."""
        return dict(self._db.execute(_KINDS, (json.dumps(list(ids)),)))

    def chunk_at(self, name: str, position: int) -> str | None:
        """Id of the chunk of source ``name`` that holds the character at ``position``."""
        row = self._db.execute(
            "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id JOIN sources s ON s.id = d.source_id"
            " WHERE s.name = ? AND c.start <= ? AND c.end > ?",
            (name, position, position),
        ).fetchone()
        return row[0] if row else None

    def chunk_ids(self) -> set[str]:
        """Ids of all live chunks."""
        return {row[0] for row in self._db.execute("SELECT id FROM chunks")}

    def chunk_ids_within(
        self, sources: Sequence[str] = (), genre: str = "", since: str = "", until: str = ""
    ) -> set[str]:
        """Ids of the live chunks of ``sources`` (or of folders of them), of a genre, taken in between two days (UTC).

        Empty arguments limit nothing; days are ``YYYY-MM-DD`` and both count.
        """
        wanted = {"names": json.dumps(list(sources)), "genre": genre, "since": since, "until": until}
        return {row[0] for row in self._db.execute(_WITHIN, wanted)}

    def vectors(self, ids: Sequence[str] | None = None) -> tuple[list[str], Vectors]:
        """Chunk ids and their vectors as one (n, dimension) array; all chunks without ``ids``."""
        if ids is None:
            rows = self._db.execute("SELECT id, vector FROM chunks ORDER BY id").fetchall()
        else:
            rows = self._db.execute(
                "SELECT id, vector FROM chunks WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                (json.dumps(list(ids)),),
            ).fetchall()
        if not rows:
            return [], np.zeros((0, 0), dtype=np.float32)
        return [row[0] for row in rows], np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float32).reshape(
            len(rows), -1
        )

    def statements(self, status: ReviewStatus | None = None, documents: Iterable[str] | None = None) -> list[Statement]:
        """All statements in a stable order, of one status and of the documents of these ids if given."""
        conditions: dict[str, str] = {"t.status = ?": status} if status else {}
        if documents is not None:
            conditions["t.document_id IN (SELECT value FROM json_each(?))"] = json.dumps(list(documents))
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = self._db.execute(f"{_STATEMENTS} {where} ORDER BY s.name, t.start, t.rowid", tuple(conditions.values()))
        return [Statement(row[0], row[1], row[2], Span(*row[3:6]), *row[6:]) for row in rows]

    def review(self, statement: Statement, status: ReviewStatus) -> int:
        """Decide about a statement wherever it is said; returns at how many places that is.

        The decision stays when its documents are read again.
        """
        with self._transaction() as db:
            decided = db.execute(_REVIEW, (status, *statement.said)).rowcount
            db.execute(_NEXT_REVISION)
            db.execute("REPLACE INTO meta SELECT 'reviewed', value FROM meta WHERE key = 'revision'")
        return decided

    # -- outbox and meta -------------------------------------------------------------------------

    def head(self) -> int:
        """The sequence number of the newest change; 0 in an empty ledger."""
        row = self._db.execute("SELECT max(seq) FROM outbox").fetchone()
        return int(row[0] or 0)

    def revision(self) -> int:
        """Counts the changes of any kind; whoever keeps something derived compares it."""
        return int(self.get("revision") or 0)

    def reviewed(self) -> int:
        """The revision of the last change that touched statements and not their documents; 0 if none did."""
        return int(self.get("reviewed") or 0)

    def changes(self, after: int) -> list[Change]:
        """Net changes after ``after``, one per chunk, oldest first."""
        rows = self._db.execute(
            "SELECT max(seq), op, chunk_id FROM outbox WHERE seq > ? GROUP BY chunk_id ORDER BY 1", (after,)
        )
        return [Change(*row) for row in rows]

    def get(self, key: str) -> str | None:
        """A value that a projection keeps about itself."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set(self, **values: str) -> None:
        """Store values in one transaction."""
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def claim_embedder(self, identity: str, dimension: int) -> None:
        """Bind this ledger to the embedder that makes its vectors.

        Raises:
            LedgerMismatch: its vectors were made by another one.
        """
        if self.get("embedder") is None:
            self.set(embedder=f"{identity}:{dimension}")
        self.expect_embedder(identity, dimension)

    def expect_embedder(self, identity: str, dimension: int) -> None:
        """Refuse to compare vectors of two embedders; a ledger without vectors takes any.

        Raises:
            LedgerMismatch: see ``claim_embedder``.
        """
        held, expected = self.get("embedder"), f"{identity}:{dimension}"
        if held not in (None, expected):
            raise LedgerMismatch(
                f"이 자료는 다른 임베딩 모델({held})로 만들어졌습니다. 지금 모델은 {expected}입니다.",
                "설정의 임베딩 모델을 되돌리거나, 새 --home 폴더에 자료를 다시 넣으세요.",
            )

    def back_up(self, file: Path) -> None:
        """Write a copy of the present state, also while others write; ``file`` appears whole or not at all.

        Raises:
            LedgerError: the copy cannot be written or does not pass SQLite's check.
        """
        unfinished = file.with_name(f".{file.name}.{os.getpid()}.part")
        try:
            with closing(sqlite3.connect(unfinished)) as copy:
                self._db.backup(copy)
                problem = _integrity_problem(copy)
            if problem:
                raise LedgerError(f"{file}: 백업이 온전하지 않습니다({problem}).", "디스크를 확인하고 다시 해 주세요.")
            unfinished.replace(file)
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"{file}: 백업을 쓸 수 없습니다({error}).", "폴더가 있는지, 쓰기 권한과 디스크 여유를 확인하세요."
            ) from error
        finally:
            unfinished.unlink(missing_ok=True)

    def restore(self, file: Path) -> None:
        """Put the state of a backup in place of the present one, in one transaction.

        What the projections noted about themselves is not restored: they are built anew. Only the process that owns
        them may call this.

        Raises:
            LedgerError: ``file`` is no whole backup of a ledger; the present state stays.
        """
        if not _is_ledger(file):
            raise LedgerError(f"{file}: 백업 파일이 아닙니다.", "`loopai backup`으로 만든 파일을 골라 주세요.")
        with tempfile.TemporaryDirectory(dir=self.path.parent) as folder:
            copy = Path(shutil.copy(file, Path(folder) / "backup.db"))
            restored = Ledger(copy)
            try:
                if problem := restored.integrity_problem():
                    raise LedgerError(f"{file}: 손상된 백업입니다({problem}).", "다른 백업 파일을 골라 주세요.")
                with restored._transaction() as db:
                    db.execute("DELETE FROM meta WHERE key LIKE 'chroma!_%' ESCAPE '!'")
                    later = str(self._later_revision(restored))
                    db.execute("REPLACE INTO meta VALUES ('revision', ?), ('reviewed', ?)", (later, later))
                restored._db.backup(self._db)
            finally:
                restored.close()

    def integrity_problem(self) -> str | None:
        """SQLite's own check; None when all is well."""
        return _integrity_problem(self._db)

    def close(self) -> None:
        """Close this thread's connection."""
        if (db := getattr(self._local, "db", None)) is not None:
            db.close()
            del self._local.db

    # -- inside ----------------------------------------------------------------------------------

    @property
    def _db(self) -> sqlite3.Connection:
        """One connection per thread, in autocommit mode; transactions are explicit.

        Rollback journal, not WAL: SQLite before 3.51.3 can corrupt a WAL database that two connections
        checkpoint at once (sqlite.org/wal.html#walresetbug).
        """
        if not hasattr(self._local, "db"):
            db = sqlite3.connect(self.path, isolation_level=None, timeout=30, factory=_Connection)
            db.path = self.path
            for pragma in ("journal_mode=DELETE", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                db.execute(f"PRAGMA {pragma}")
            self._local.db = db
        return self._local.db  # type: ignore[no-any-return]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing.

        Raises:
            LedgerError: there is no room, the disk fails or another process is busy; nothing was changed.
        """
        try:
            db = self._db
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # where the disk is full SQLite may have ended it
                    with suppress(sqlite3.Error):
                        db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise LedgerError(
                f"{self.path}: 원장에 쓸 수 없습니다({error}).",
                "디스크 여유와 폴더의 쓰기 권한을 확인한 뒤 다시 해 주세요.",
            ) from error

    def _later_revision(self, other: Ledger) -> int:
        return max(self.revision(), other.revision()) + 1

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """Several reads of one state."""
        db = self._db
        db.execute("BEGIN")
        try:
            yield db
        finally:
            db.execute("ROLLBACK")  # nothing was written

    def _migrate(self) -> None:
        with self._transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and db.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise LedgerError(
                    f"{self.path}: Loop AI의 원장이 아닌 데이터베이스입니다.",
                    "그 파일을 다른 곳으로 옮기거나 다른 --home 폴더를 쓰세요.",
                )
            if version > len(_MIGRATIONS):
                raise LedgerError(
                    f"{self.path}: 더 새로운 Loop AI가 만든 원장입니다(버전 {version}).",
                    "Loop AI를 최신으로 올린 뒤 다시 여세요.",
                )
            for script in _MIGRATIONS[version:]:
                for statement in filter(str.strip, script.split(";")):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")

    def _source(self, row: tuple[object, ...]) -> Source:
        return Source(*row)  # type: ignore[arg-type]

    def _log(self, db: sqlite3.Connection, op: str, ids: Iterable[str]) -> None:
        db.executemany("INSERT INTO outbox (op, chunk_id) VALUES (?, ?)", [(op, i) for i in sorted(ids)])


_SOURCES = """
    SELECT s.name, s.path, s.kind, s.sha256, s.settings, s.ingested_at,
        (SELECT d.id FROM documents d WHERE d.source_id = s.id),
        (SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.document_id WHERE d.source_id = s.id),
        (SELECT count(*) FROM statements t JOIN documents d ON d.id = t.document_id
            WHERE d.source_id = s.id AND t.status = 'approved')
    FROM sources s
"""
_DOCUMENTS = """
    SELECT d.id, s.name, d.title, d.text, s.kind FROM documents d JOIN sources s ON s.id = d.source_id
"""
_EDITIONS = """
    SELECT d.id, s.name, s.kind, s.sha256, s.settings, s.ingested_at
    FROM documents d JOIN sources s ON s.id = d.source_id ORDER BY s.name
"""
_CHUNKS = """
    SELECT c.id, c.document_id, c.start, c.end, s.name, s.kind, c.headings, c.example
    FROM chunks c JOIN documents d ON d.id = c.document_id JOIN sources s ON s.id = d.source_id
    WHERE c.id IN (SELECT value FROM json_each(?))
"""
_KINDS = """
    SELECT c.id, s.kind FROM chunks c JOIN documents d ON d.id = c.document_id JOIN sources s ON s.id = d.source_id
    WHERE c.id IN (SELECT value FROM json_each(?))
"""
_WITHIN = """
    SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id JOIN sources s ON s.id = d.source_id
    WHERE (:names = '[]' OR EXISTS (
            SELECT 1 FROM json_each(:names) n
            WHERE s.name = n.value OR substr(s.name, 1, length(n.value) + 1) = n.value || '/'))
        AND (:genre = '' OR json_extract(c.example, '$.genre') = :genre)
        AND (:since = '' OR substr(s.ingested_at, 1, 10) >= :since)
        AND (:until = '' OR substr(s.ingested_at, 1, 10) <= :until)
"""
_TEXTS = "SELECT id, text FROM documents WHERE id IN (SELECT value FROM json_each(?))"
_STATEMENTS = """
    SELECT t.subject, t.relation, t.object, t.document_id, t.start, t.end,
        t.mode, t.since, t.until, t.confidence, t.status
    FROM statements t JOIN documents d ON d.id = t.document_id JOIN sources s ON s.id = d.source_id
"""
_DECISIONS_OF_PATH = """
    SELECT t.subject, t.relation, t.object, t.mode, t.since, t.until, t.status
    FROM statements t JOIN documents d ON d.id = t.document_id JOIN sources s ON s.id = d.source_id
    WHERE s.path = ? AND t.reviewed
"""
_REVIEW = """
    UPDATE statements SET status = ?, reviewed = 1
    WHERE subject = ? AND relation = ? AND object = ? AND mode = ? AND since = ? AND until = ?
"""
_NEXT_REVISION = """
    INSERT INTO meta VALUES ('revision', '1')
    ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1
"""
_CHUNK_IDS_OF_PATH = """
    SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id
    JOIN sources s ON s.id = d.source_id WHERE s.path = ?
"""


def _statement_row(statement: Statement, decided: Mapping[tuple[str, ...], str]) -> tuple[object, ...]:
    subject, relation, object_, mode, since, until = said = statement.said
    span, status = statement.span, decided.get(said)
    return (
        span.document_id, subject, relation, object_, span.start, span.end,
        mode, since, until, statement.confidence, status or statement.status, status is not None,
    )  # fmt: skip


def _chunk_row(chunk: Chunk, vector: npt.NDArray[np.float32]) -> tuple[object, ...]:
    example = json.dumps(asdict(chunk.example), ensure_ascii=False) if chunk.example else None
    headings = json.dumps(chunk.headings, ensure_ascii=False)
    blob = np.ascontiguousarray(vector, dtype=np.float32).tobytes()
    return chunk.id, chunk.span.document_id, chunk.span.start, chunk.span.end, headings, example, blob


def _chunk(row: tuple[Any, ...], document_text: str) -> Chunk:
    chunk_id, document_id, start, end, source, kind, headings, example = row
    return Chunk(
        Span(document_id, start, end),
        source,
        kind,
        document_text[start:end],
        tuple(json.loads(headings)),
        _example(json.loads(example)) if example else None,
        chunk_id,
    )


def _example(fields: dict[str, object]) -> Example:
    lists = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
    return Example(**{**fields, **lists})  # type: ignore[arg-type]


def _is_ledger(file: Path) -> bool:
    """Whether a file is an SQLite database of some version of the ledger."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return bool(db.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        return False


def _integrity_problem(db: sqlite3.Connection) -> str | None:
    result = db.execute("PRAGMA integrity_check").fetchone()[0]
    return None if result == "ok" else str(result)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
