"""From loaded parts to a document: cleaned, masked where asked, stories cut into scenes. Touches no files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from ingest.cleaning import Change, clean
from ingest.duplicates import NearDuplicates
from ingest.errors import EmptyDocument
from ingest.korean import Korean
from ingest.layout import unwrap
from ingest.loaders import ONTOLOGY_FILE, Loaded
from ingest.privacy import mask
from ingest.quality import TOO_SHORT, problems
from ingest.scenes import scenes
from ingest.types import Document, Example, Kind, Record

# Raise it when cleaning, scenes or chunks come out differently: every source is then read anew.
READING_VERSION = 3
_BETWEEN_PARTS = "\n\n"
# What people write by hand and programs once cut into lines.
_MAY_BE_WRAPPED = (".txt", ".md", ".markdown")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who ingests has said about the files; empty and None mean: find out."""

    kind: Kind | None = None
    genre: str = ""
    mask_personal: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A document, what cleaning changed in it, and the pieces that were left out, by reason."""

    document: Document
    changes: tuple[Change, ...]
    left_out: tuple[Change, ...]


def read_document(loaded: Loaded, path: Path, wishes: Wishes, korean: Korean, *, document_id: str, source: str) -> Read:
    """Make one document of what a loader gave.

    Raises:
        EmptyDocument: nothing is left, or no piece of a creative text can serve as an example.
    """
    kind = wishes.kind or detect_kind(path, loaded)
    wrapped = path.suffix.lower() in _MAY_BE_WRAPPED
    reading = _Reading(kind, wishes, korean, loaded, wrapped=wrapped)
    if reading.left_out and not reading.records and wishes.kind is None:
        # It looked like a story and is none: it can be searched all the same.
        kind = "general"
        reading = _Reading(kind, wishes, korean, loaded, wrapped=wrapped)
    text = _BETWEEN_PARTS.join(reading.texts)
    if not text:
        raise EmptyDocument(f"{path}: 읽을 글이 없습니다.", "빈 파일이 아닌지 확인하세요.")
    if reading.left_out and not reading.records:
        reasons = ", ".join(f"{name} {count}곳" for name, count in reading.left_out.items())
        raise EmptyDocument(
            f"{path}: 예시로 쓸 만한 글이 없습니다({reasons}).",
            "찾기만 할 자료라면 `--kind facts`나 `--kind general`로 넣으세요.",
        )
    document = Document(document_id, source, loaded.title, text, kind, tuple(reading.records))
    return Read(document, _counts(reading.changes), _counts(reading.left_out))


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


class _Reading:
    """The parts of one document put together."""

    def __init__(self, kind: Kind, wishes: Wishes, korean: Korean, loaded: Loaded, *, wrapped: bool) -> None:
        self.texts: list[str] = []
        self.records: list[Record] = []
        self.changes: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self._kind = kind
        self._wishes = wishes
        self._korean = korean
        self._wrapped = wrapped
        self._length = 0
        self._similar = NearDuplicates()
        for part in loaded.parts:
            self._take(part.text, part.example)

    def _take(self, raw: str, example: Example | None) -> None:
        text = self._cleaned(raw)
        if not text.strip():
            return
        for start, end, found in self._pieces(text, example):
            if found is not None and self._is_fit(text[start:end], example):
                self.records.append(Record(self._length + start, self._length + end, found))
        self.texts.append(text)
        self._length += len(text) + len(_BETWEEN_PARTS)

    def _cleaned(self, raw: str) -> str:
        cleaned = clean(raw)
        text = cleaned.text
        self._count(cleaned.changes)
        if self._wrapped:
            text, joined = unwrap(text)
            self._count([Change("줄바꿈 이음", joined)])
        if self._wishes.mask_personal:
            text, masked = mask(text)
            self._count(masked)
        return text

    def _count(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.count:
                self.changes[change.name] += change.count

    def _pieces(self, text: str, known: Example | None) -> Iterator[tuple[int, int, Example | None]]:
        """A row with its request stays whole; a story becomes scenes, each with a request made from it."""
        genre = self._wishes.genre
        if self._kind != "creative" or (known and known.request):
            yield 0, len(text), replace(known, genre=genre or known.genre) if known else None
            return
        for scene in scenes(text, self._korean):
            found = replace(scene.example, genre=genre or scene.example.genre)
            yield scene.start, scene.end, _filled(known, found) if known else found

    def _is_fit(self, piece: str, known: Example | None) -> bool:
        """Whether a creative piece can serve as an example; counts why not."""
        if self._kind != "creative":
            return True
        # Who wrote a request for one line means that line.
        is_chosen = known is not None and bool(known.request)
        if found := [each.name for each in problems(piece) if not (is_chosen and each.name == TOO_SHORT)]:
            self.left_out[found[0]] += 1
            return False
        if self._similar.add(str(len(self.records)), piece):
            self.left_out["거의 같은 글"] += 1
            return False
        return True


def _filled(known: Example, found: Example) -> Example:
    """What the file says, completed by what was found."""
    said = {field.name: getattr(known, field.name) for field in fields(Example)}
    return replace(found, **{name: value for name, value in said.items() if value})


def _counts(counter: Counter[str]) -> tuple[Change, ...]:
    return tuple(Change(name, count) for name, count in counter.items())
