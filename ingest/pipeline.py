"""The journey of a file: load → clean → chunk → embed and extract → ledger. One outcome per source.

One bad file gives an outcome with its error; it neither stops the rest nor vanishes. The commit to the
ledger comes last, so a stopped run leaves whole sources behind and the next run carries on.

The next file is read while the vectors of those before it are made: the embedder is the bottleneck.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeVar, get_args

import numpy as np

from ingest.chunking import chunk
from ingest.cleaning import Change
from ingest.errors import IngestError
from ingest.files import Entry, entries, exists, find_files
from ingest.korean import Korean
from ingest.ledger import Ledger, Source, Vectors
from ingest.loaders import ONTOLOGY_FILE
from ingest.reading import READING_VERSION, Wishes, read_document
from ingest.sandbox import Sandbox
from ingest.types import Chunk, Document, Kind, Statement

Status = Literal["added", "updated", "unchanged", "failed"]
T = TypeVar("T")

# Chunks whose vectors are made in one call: enough to sort by length, few enough to show progress.
_GROUP = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source. ``left_out`` counts pieces that cannot serve as examples, by reason.

    ``facts`` counts approved statements, not those that wait for review.
    """

    source: str
    kind: Kind | None
    status: Status
    chunks: int = 0
    facts: int = 0
    changes: tuple[Change, ...] = ()
    left_out: tuple[Change, ...] = ()
    error: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: ``done`` of ``files`` were read, and vectors are being made for ``source``."""

    done: int
    files: int
    source: str
    chunks_done: int = 0
    chunks: int = 0


class Embed(Protocol):
    """Makes vectors of passages; ``identity`` names the model so that no two are ever mixed."""

    @property
    def identity(self) -> str:
        """Model, revision and precision."""
        ...

    @property
    def dimension(self) -> int:
        """Length of its vectors."""
        ...

    def __call__(self, passages: Sequence[str]) -> Vectors:
        """(number of passages, dimension), float32, rows of length one."""
        ...


class Extract(Protocol):
    """Finds statements in a document; ``settings`` changes when the same document would give others."""

    def settings(self, path: Path) -> str:
        """Identifies how this file would be read."""
        ...

    def __call__(self, document: Document, path: Path) -> Sequence[Statement]:
        """The statements of one document, in reading order."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """What to ingest. ``kind`` None means by content; ``genre`` and ``name`` override what is found.

    ``mask_personal`` replaces resident numbers, telephone numbers and the like before anything is stored.
    """

    paths: tuple[Path, ...]
    kind: Kind | None = None
    genre: str = ""
    name: str = ""
    mask_personal: bool = False


def ingest(
    job: Job,
    ledger: Ledger,
    embed: Embed,
    extract: Extract,
    korean: Korean,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Bring every file of ``job`` into the ledger, yielding the outcome of each source as soon as it is settled."""
    ledger.claim_embedder(embed.identity, embed.dimension)
    with Sandbox() as sandbox, ThreadPoolExecutor(1, "reading") as reader, ThreadPoolExecutor(1, "vectors") as maker:
        reading = _Reader(job, ledger, extract, korean, sandbox)
        writing = _Writer(ledger, embed, extract, maker)
        for read in _ahead(reading.read_all(), reader):
            if isinstance(read, Outcome):
                yield read
                continue
            writing.waiting.append(read)
            if writing.is_full:
                yield from writing.settle(on_progress)
            on_progress(Progress(read.number, read.files, read.document.source))
        yield from writing.settle(on_progress)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A source that has been read and not yet been committed."""

    document: Document
    chunks: list[Chunk]
    path: Path
    sha256: str
    settings: str
    status: Status
    changes: tuple[Change, ...]
    left_out: tuple[Change, ...]
    number: int
    files: int


class _Reader:
    """Reads the files of a job; what is unchanged or broken is settled here."""

    def __init__(self, job: Job, ledger: Ledger, extract: Extract, korean: Korean, sandbox: Sandbox) -> None:
        self._job = job
        self._ledger = ledger
        self._extract = extract
        self._korean = korean
        self._sandbox = sandbox
        # Ontologies first: files without one of their own are read with all that are held.
        self._files = sorted(find_files(job.paths), key=lambda file: file.path.name != ONTOLOGY_FILE)
        self._names: dict[str, str] = {}

    def read_all(self) -> Iterator[_Ready | Outcome]:
        """One item for each source, in order."""
        for number, file in enumerate(self._files, start=1):
            try:
                for entry in entries(file):
                    yield self._settled(entry, number)
            except IngestError as error:
                yield self._failed(self._job.name or file.path.relative_to(file.root).as_posix(), error)

    def _settled(self, entry: Entry, number: int) -> _Ready | Outcome:
        try:
            return self._read(entry, number)
        except IngestError as error:
            return self._failed(self._given_name(entry) or entry.name, error)

    def _failed(self, name: str, error: IngestError) -> Outcome:
        return Outcome(name, self._job.kind, "failed", error=str(error), hint=error.hint)

    def _read(self, entry: Entry, number: int) -> _Ready | Outcome:
        data = entry.read()
        sha256 = hashlib.sha256(data).hexdigest()
        held = self._ledger.find_source(path=str(entry.path)) or self._moved(sha256, str(entry.path))
        # A kind that was given once holds; one that was guessed is guessed again from the new text.
        kind = self._job.kind or (_given_kind(held.settings) if held else None)
        wishes = Wishes(kind, self._job.genre, self._job.mask_personal)
        settings = self._settings(wishes, entry, kind or (held.kind if held else None))
        name = self._given_name(entry)
        same = held and (held.sha256, held.settings) == (sha256, settings)
        if held and same and name in ("", held.name):
            return Outcome(held.name, held.kind, "unchanged", held.chunks, held.statements)
        read = read_document(
            self._sandbox.load(entry.path, data),
            entry.path,
            wishes,
            self._korean,
            document_id=held.document_id if held else self._free_id(str(entry.path), sha256),
            source=name or (held.name if held else self._free_name(entry)),
        )
        chunks = [] if entry.path.name == ONTOLOGY_FILE else chunk(read.document)
        return _Ready(
            read.document, chunks, entry.path, sha256, self._settings(wishes, entry, read.document.kind),
            "updated" if held else "added", read.changes, read.left_out, number, len(self._files),
        )  # fmt: skip

    def _settings(self, wishes: Wishes, entry: Entry, kind: Kind | None) -> str:
        """How a file of a kind is read; what extracts facts counts for facts only."""
        extraction = self._extract.settings(entry.path) if kind in (None, "facts") else ""
        return f"read-{READING_VERSION}:{wishes.kind or ''}:{wishes.genre}:{wishes.mask_personal:d}:{extraction}"

    def _given_name(self, entry: Entry) -> str:
        if not self._job.name or len(self._files) > 1:
            return ""
        inside = entry.path.relative_to(self._files[0].path).as_posix()
        return self._job.name if inside == "." else f"{self._job.name}/{inside}"

    def _moved(self, sha256: str, place: str) -> Source | None:
        """The source that a file was before it was renamed: same bytes, old place empty."""
        for source in self._ledger.sources(sha256):
            if not exists(source.path):
                self._ledger.move(source, place)
                return source
        return None

    def _free_name(self, entry: Entry) -> str:
        """The shortest tail of the path, from the root on, that no other file's source has."""
        name = entry.name
        parents = list(entry.root.parts)
        while self._is_taken(name, str(entry.path)) and parents:
            name = f"{parents.pop().strip('/')}/{name}"
        self._names[name] = str(entry.path)
        return name

    def _is_taken(self, name: str, path: str) -> bool:
        held = self._ledger.find_source(name=name)
        return (held is not None and held.path != path) or self._names.get(name, path) != path

    def _free_id(self, path: str, sha256: str) -> str:
        """An id that stays with the source when its file is edited or renamed.

        Another file may have been here, may have had these bytes, and may have moved on with its id.
        """
        key = f"{path}\0{sha256}"
        while self._ledger.has_document(made := hashlib.sha256(key.encode()).hexdigest()[:32]):
            key += "\0"
        return made


class _Writer:
    """Gathers sources until their vectors are worth a call of the embedder, then commits them one by one."""

    def __init__(self, ledger: Ledger, embed: Embed, extract: Extract, maker: ThreadPoolExecutor) -> None:
        self.waiting: list[_Ready] = []
        self._ledger = ledger
        self._embed = embed
        self._extract = extract
        self._maker = maker

    @property
    def is_full(self) -> bool:
        """An ontology is not kept waiting: files after it are read with what it says."""
        enough = sum(len(ready.chunks) for ready in self.waiting) >= _GROUP
        return enough or self.waiting[-1].path.name == ONTOLOGY_FILE

    def settle(self, on_progress: Callable[[Progress], None]) -> Iterator[Outcome]:
        """Commit what is waiting. Facts are extracted while the vectors are made."""
        waiting, self.waiting = self.waiting, []
        vectors = self._maker.submit(self._vectors, waiting, on_progress)
        found = [self._statements(ready) for ready in waiting]
        for ready, statements, rows in zip(waiting, found, vectors.result() if waiting else [], strict=True):
            yield self._commit(ready, statements, rows)

    def _statements(self, ready: _Ready) -> Sequence[Statement] | IngestError:
        try:
            return self._extract(ready.document, ready.path)
        except IngestError as error:
            return error

    def _commit(self, ready: _Ready, statements: Sequence[Statement] | IngestError, vectors: Vectors) -> Outcome:
        document = ready.document
        if isinstance(statements, IngestError):
            return Outcome(document.source, document.kind, "failed", error=str(statements), hint=statements.hint)
        self._ledger.replace(
            document, ready.chunks, vectors, statements,
            path=str(ready.path), sha256=ready.sha256, settings=ready.settings,
        )  # fmt: skip
        facts = sum(statement.status == "approved" for statement in statements)
        return Outcome(
            document.source, document.kind, ready.status, len(ready.chunks), facts,
            ready.changes, ready.left_out,
        )  # fmt: skip

    def _vectors(self, waiting: Sequence[_Ready], on_progress: Callable[[Progress], None]) -> list[Vectors]:
        """An array for each source. What the ledger holds already is not made again."""
        chunks = [chunk for ready in waiting for chunk in ready.chunks]
        ids, held = self._ledger.vectors([chunk.id for chunk in chunks])
        rows = dict(zip(ids, held, strict=True))
        new = [chunk for chunk in chunks if chunk.id not in rows]
        for start in range(0, len(new), _GROUP):
            group = new[start : start + _GROUP]
            made = self._embed([chunk.embedding_text for chunk in group])
            rows.update(zip((chunk.id for chunk in group), made, strict=True))
            on_progress(Progress(waiting[-1].number - 1, waiting[-1].files, group[-1].source, start, len(new)))
        empty = np.zeros((0, self._embed.dimension), dtype=np.float32)
        return [np.stack([rows[c.id] for c in ready.chunks]) if ready.chunks else empty for ready in waiting]


def _given_kind(settings: str) -> Kind | None:
    """The kind that was given when a source was read; see ``_Reader._settings``."""
    given = settings.split(":")[1]
    return next((kind for kind in get_args(Kind) if kind == given), None)


def _ahead(items: Iterator[T], pool: ThreadPoolExecutor) -> Iterator[T]:
    """The same items, each made while the one before it is used."""
    end = object()
    upcoming = pool.submit(next, items, end)
    while (item := upcoming.result()) is not end:
        upcoming = pool.submit(next, items, end)
        yield item  # type: ignore[misc]
