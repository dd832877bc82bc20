"""The journey of a file: load → clean → chunk → embed and extract → ledger. One outcome per file.

One bad file gives an outcome with its error; it neither stops the rest nor vanishes. The commit to the
ledger comes last, so a stopped run leaves whole files behind and the next run carries on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from ingest.chunking import CHUNKING_VERSION, chunk
from ingest.cleaning import Change, clean
from ingest.errors import EmptyDocument, IngestError, UnreadableFile
from ingest.ledger import Ledger, Source, Vectors
from ingest.loaders import ONTOLOGY_FILE, Loaded, is_supported, load
from ingest.types import Chunk, Document, Example, Kind, Record, Statement

Status = Literal["added", "updated", "unchanged", "failed"]
_BETWEEN_RECORDS = "\n\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    source: str
    kind: Kind | None
    status: Status
    chunks: int = 0
    facts: int = 0
    changes: tuple[Change, ...] = ()
    error: str = ""
    hint: str = ""


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
    """What to ingest. ``kind`` None means by content; ``genre`` and ``name`` override what is found."""

    paths: tuple[Path, ...]
    kind: Kind | None = None
    genre: str = ""
    name: str = ""


def find_files(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    """(file, folder that its name counts from) below ``paths``, sorted, hidden ones left out.

    Files that are named are always taken, so that an unsupported one is reported; in folders, only
    supported ones are.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        path = path.absolute()
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
                if file.is_file() and not hidden and is_supported(file):
                    found.setdefault(file, path.parent)
        else:
            found.setdefault(path, path.parent)
    return list(found.items())


def ingest(job: Job, ledger: Ledger, embed: Embed, extract: Extract) -> Iterator[Outcome]:
    """Bring every file of ``job`` into the ledger, yielding its outcome as soon as it is settled."""
    ledger.claim_embedder(embed.identity, embed.dimension)
    files = find_files(job.paths)
    for path, root in files:
        name = job.name if job.name and len(files) == 1 else ""
        try:
            yield _ingest_file(path, root, name, job, ledger, embed, extract)
        except IngestError as error:
            label = name or path.relative_to(root).as_posix()
            yield Outcome(label, job.kind, "failed", error=str(error), hint=error.hint)


def _ingest_file(
    path: Path, root: Path, name: str, job: Job, ledger: Ledger, embed: Embed, extract: Extract
) -> Outcome:
    sha256 = _sha256(path)
    place = str(path)
    held = ledger.find_source(path=place) or _moved(ledger, sha256, place)
    kind = job.kind or (held.kind if held else None)
    settings = f"chunks-{CHUNKING_VERSION}:{job.genre}:{extract.settings(path)}"
    if held and (held.sha256, held.settings, held.kind) == (sha256, settings, kind) and name in ("", held.name):
        return Outcome(held.name, held.kind, "unchanged", held.chunks, held.statements)

    document, changes = _document(path, sha256, name or (held.name if held else ""), root, kind, job.genre, ledger)
    chunks = [] if path.name == ONTOLOGY_FILE else chunk(document)
    vectors = _vectors(chunks, embed)
    statements = extract(document, path)
    ledger.replace(document, chunks, vectors, statements, path=place, sha256=sha256, settings=settings)
    status: Status = "updated" if held else "added"
    return Outcome(document.source, document.kind, status, len(chunks), len(statements), changes)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", "파일이 있는지, 읽기 권한이 있는지 확인하세요.") from error


def _moved(ledger: Ledger, sha256: str, place: str) -> Source | None:
    """The source that a file was before it was renamed: same bytes, old place empty."""
    for source in ledger.sources():
        if source.sha256 == sha256 and not Path(source.path).exists():
            ledger.move(source, place)
            return source
    return None


def _document(
    path: Path, sha256: str, name: str, root: Path, kind: Kind | None, genre: str, ledger: Ledger
) -> tuple[Document, tuple[Change, ...]]:
    loaded = load(path)
    texts: list[str] = []
    records: list[Record] = []
    counts: dict[str, int] = {}
    length = 0
    for part in loaded.parts:
        cleaned = clean(part.text)
        for change in cleaned.changes:
            counts[change.name] = counts.get(change.name, 0) + change.count
        if not cleaned.text.strip():
            continue
        if part.example is not None:
            example = _with_genre(part.example, genre)
            records.append(Record(length, length + len(cleaned.text), example))
        texts.append(cleaned.text)
        length += len(cleaned.text) + len(_BETWEEN_RECORDS)
    text = _BETWEEN_RECORDS.join(texts)
    if not text:
        raise EmptyDocument(f"{path}: 읽을 글이 없습니다.", "빈 파일이 아닌지 확인하세요.")
    source = name or _free_name(path, root, ledger)
    document = Document(
        id=hashlib.sha256(f"{path}\0{sha256}".encode()).hexdigest()[:32],
        source=source,
        title=loaded.title,
        text=text,
        kind=kind or detect_kind(path, loaded),
        records=tuple(records),
    )
    return document, tuple(Change(name, count) for name, count in counts.items())


def _with_genre(example: Example, genre: str) -> Example:
    if not genre:
        return example
    return Example(
        example.request, genre, example.tone, example.point_of_view, example.tense,
        example.speech_level, example.tags, example.split,
    )  # fmt: skip


def _free_name(path: Path, root: Path, ledger: Ledger) -> str:
    """The shortest tail of the path, from ``root`` on, that no other file's source has."""
    name = path.relative_to(root).as_posix()
    parents = list(root.parts)
    while (held := ledger.find_source(name=name)) and held.path != str(path) and parents:
        name = f"{parents.pop().strip('/')}/{name}"
    return name


def detect_kind(path: Path, loaded: Loaded) -> Kind:
    """Creative, facts or general, by the folder's name, the records' genre and the text's quotes."""
    for folder in reversed(path.parent.parts):
        match folder.lower():
            case "creative":
                return "creative"
            case "facts":
                return "facts"
            case "general":
                return "general"
    if any(part.example is not None for part in loaded.parts):
        return "creative" if any(part.example and part.example.genre for part in loaded.parts) else "general"
    if (path.parent / ONTOLOGY_FILE).exists():
        return "facts"
    text = loaded.parts[0].text if loaded.parts else ""
    lines = [line for line in text.splitlines() if line.strip()]
    spoken = sum(line.lstrip().startswith(("“", '"', "「", "‘")) for line in lines)
    return "creative" if lines and spoken / len(lines) > 0.1 else "facts"


def _vectors(chunks: Sequence[Chunk], embed: Embed) -> Vectors:
    if not chunks:
        return np.zeros((0, embed.dimension), dtype=np.float32)
    return embed([chunk.embedding_text for chunk in chunks])
