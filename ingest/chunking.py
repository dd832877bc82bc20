"""Documents into chunks. Pure. A chunk is *defined* as a slice of its document, so spans cannot drift."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ingest.types import Chunk, Document, Example, Kind, Span

# Characters. Of 228 evidence quotes of our questions (tune half) within 1,050 retrieved characters, targets of 150, 250
# 350, 500 and 700 find .91, .89, .89, .88, .86: shorter is hardly better and makes more vectors (benchmarks.chunks).
_TARGET: dict[Kind, int] = {"facts": 350, "general": 350, "creative": 700}
_HARD_LIMIT = 1.6

_HEADING = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|$)")
_BLOCK_END = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[”’」』)\]]*\s+|\n+")


def chunk(document: Document) -> list[Chunk]:
    """Split ``document`` into chunks in reading order.

    Records of structured formats stay whole. Running text is cut at headings and blank lines, small
    blocks are put together up to the target size and large ones are cut between sentences.
    """
    return list(_told_apart(_records(document) if document.records else _running_text(document)))


def _records(document: Document) -> Iterator[Chunk]:
    for record in document.records:
        yield _chunk(document, record.start, record.end, (), record.example)


def _running_text(document: Document) -> Iterator[Chunk]:
    for headings, start, end in _sections(document.text):
        for piece_start, piece_end in _pieces(document.text, start, end, _TARGET[document.kind]):
            yield _chunk(document, piece_start, piece_end, headings, None)


def _told_apart(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Equal chunks of one document get an id each."""
    seen: Counter[str] = Counter()
    for each in chunks:
        yield replace(each, id=each.identity(seen[each.id])) if seen[each.id] else each
        seen[each.id] += 1


def _chunk(document: Document, start: int, end: int, headings: tuple[str, ...], example: Example | None) -> Chunk:
    text = document.text[start:end]
    return Chunk(Span(document.id, start, end), document.source, document.kind, text, headings, example)


def _sections(text: str) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """(heading path, start, end) of the text below each Markdown heading."""
    path: list[tuple[int, str]] = []
    start = 0
    for match in _heading_lines(text):
        yield tuple(title for _, title in path), start, match.start()
        level = len(match.group(1))
        path = [(depth, title) for depth, title in path if depth < level]
        path.append((level, match.group(2)))
        start = match.end()
    yield tuple(title for _, title in path), start, len(text)


def _heading_lines(text: str) -> Iterator[re.Match[str]]:
    """Headings outside fenced code, where '#' begins a comment."""
    fenced = False
    position = 0
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and (match := _HEADING.match(text, position)):
            yield match
        position += len(line)


def _pieces(text: str, start: int, end: int, target: int) -> Iterator[tuple[int, int]]:
    """Spans of about ``target`` characters, cut at blank lines, else between sentences."""
    open_start = open_end = -1
    for block_start, block_end in _split(text, start, end, _BLOCK_END):
        for unit_start, unit_end in _units(text, block_start, block_end, target):
            if open_start >= 0 and unit_end - open_start > target:
                yield open_start, open_end
                open_start = -1
            if open_start < 0:
                open_start = unit_start
            open_end = unit_end
    if open_start >= 0:
        yield open_start, open_end


def _units(text: str, start: int, end: int, target: int) -> Iterator[tuple[int, int]]:
    """A block itself, or its sentences where the block is too long, or bare cuts in endless ones."""
    limit = int(target * _HARD_LIMIT)
    if end - start <= limit:
        yield start, end
        return
    for sentence_start, sentence_end in _split(text, start, end, _SENTENCE_END):
        for cut in range(sentence_start, sentence_end, limit):
            yield cut, min(cut + limit, sentence_end)


def _split(text: str, start: int, end: int, separator: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Non-empty stretches between separators, without white space around them."""
    position = start
    for match in separator.finditer(text, start, end):
        yield from _trimmed(text, position, match.start())
        position = match.end()
    yield from _trimmed(text, position, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
