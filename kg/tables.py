"""Tables in documents, as they are written: header, rows, and where each row stands. Pure; knows no ontology.

A table is what cleaned text shows as lines of cells between '|', the second of them a ruler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest import Document
from rag import Citation

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*)")
_DATED_TITLE = re.compile(r"\[[^\]\n]{1,30}\][ \t]+\S.*")
_DATED_LEVEL = 7
# A short line that is no sentence.
_CAPTION = re.compile(r"[ \t]*[^|\s.!?](?:[^|.!?\n]|\.(?=[ \t])){0,38}[^|.!?\s\n][ \t]*")
_CAPTION_LEVEL = 8
_RULER = re.compile(r"[ \t]*\|?[ \t:|-]*-{2,}[ \t:|-]*")
_CELL = re.compile(r"(?:\\.|[^|\\])+")
_MARKUP = re.compile(r"\*\*|__|[*`]")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says and the line that it stands in."""

    text: str
    place: Citation


@dataclass(frozen=True, slots=True)
class Table:
    """``headings`` are those above the table, the nearest last; every row has as many cells as ``header``."""

    title: str
    headings: tuple[str, ...]
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def turned(self) -> Table:
        """The table with rows and columns exchanged, for tables that name what they compare in the header."""
        lines = zip(self.header, *self.rows, strict=True)
        header, *rows = lines
        return Table(self.title, self.headings, header, tuple(rows))


def tables(document: Document) -> Iterator[Table]:
    """The tables of ``document`` in order. Rows whose number of cells is not the header's are left out."""
    headings: list[tuple[int, str]] = []
    pending: list[tuple[int, int]] = []
    for start, end in [*_lines(document.text), (len(document.text), len(document.text))]:
        line = document.text[start:end]
        if line.lstrip().startswith("|"):
            pending.append((start, end))
            continue
        if len(pending) > 2 and _RULER.fullmatch(document.text, *pending[1]):
            yield from _table(document, tuple(text for _, text in headings), pending)
        pending = []
        if found := _HEADING.match(line):
            headings = [*(held for held in headings if held[0] < len(found[1])), (len(found[1]), found[2].strip())]
        elif _DATED_TITLE.match(line):
            headings = [*(held for held in headings if held[0] < _DATED_LEVEL), (_DATED_LEVEL, line.strip())]
        elif _CAPTION.fullmatch(line):
            headings = [*(held for held in headings if held[0] < _CAPTION_LEVEL), (_CAPTION_LEVEL, line.strip())]


def _table(document: Document, headings: tuple[str, ...], lines: list[tuple[int, int]]) -> Iterator[Table]:
    header, _, *rows = [_cells(document, *line) for line in lines]
    whole = tuple(row for row in rows if len(row) == len(header))
    if whole and len(header) > 1:
        yield Table(document.title, headings, header, whole)


def _cells(document: Document, start: int, end: int) -> tuple[Cell, ...]:
    line = document.text[start:end]
    first, last = start + len(line) - len(line.lstrip()), start + len(line.rstrip())
    place = Citation(document.source, first, last, document.text[first:last])
    inner = line.strip().removeprefix("|").removesuffix("|")
    return tuple(Cell(_MARKUP.sub("", found.group()).strip(), place) for found in _CELL.finditer(inner))


def _lines(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    for line in text.splitlines(keepends=True):
        yield position, position + len(line.rstrip("\n"))
        position += len(line)
