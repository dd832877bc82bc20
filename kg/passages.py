"""Documents of facts into sentences with their place: headings, paragraphs, list items, table cells. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

_HEADING = re.compile(r"(#{1,6})[ \t]+")
_DATED_TITLE = re.compile(r"\[[^\]\n]{1,30}\][ \t]+(?=\S)")  # '[2024년 2월 19일] …' opens a notice in plain text
_DATE_ALONE = re.compile(r"\[\d{4}[-./년][^\]\n]{0,20}\][ \t]*$")  # '[2025-09-08]' over what was noted that day
_TITLED = re.compile(r"\[(?=[^\]\n\d]{1,30}\])")  # '[얼음못 수색] …': what stands in brackets is the heading
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_QUOTE = re.compile(r"[ \t]*>[ \t]?")
_RULER = re.compile(r"[\s|:+=_*-]+")
_CELL = re.compile(r"(?:\\.|[^|\\])*")
_SENTENCE_END = re.compile(r"[.!?…。]+[\"”’'」』)\]]*\s+")
_DATED_TITLE_LEVEL = 7


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence, heading or table cell at characters ``start`` to ``end`` of a document.

    ``level`` is a heading's depth, else 0; ``group`` numbers what belongs together (the paragraph, the list
    item, the table row). ``column`` counts the cells of a row; the cells of the row above a ruler are headers.
    """

    kind: Literal["heading", "sentence", "cell"]
    start: int
    end: int
    level: int
    group: int
    column: int = 0
    is_header: bool = False


def passages(text: str) -> Iterator[Passage]:
    """The passages of ``text`` in order. Front matter, fenced code and rulers give none."""
    group = 0
    fenced = False
    lines = list(_lines(text))
    for (start, end), (next_start, next_end) in zip(lines, [*lines[1:], (0, 0)], strict=False):
        line = text[start:end]
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif fenced:
            continue
        elif not line.strip() or _RULER.fullmatch(line):
            group += 1
        elif heading := _HEADING.match(line) or (not _TITLED.match(line) and _DATED_TITLE.match(line)):
            group += 1
            level = len(heading.group(1)) if heading.re is _HEADING else _DATED_TITLE_LEVEL
            yield from _whole("heading", text, start + heading.end(), end, level, group)
        elif _DATE_ALONE.fullmatch(line):
            group += 1
            yield from _whole("heading", text, start + 1, start + line.rindex("]"), _DATED_TITLE_LEVEL, group)
        elif titled := _TITLED.match(line):
            group += 2
            close = start + line.index("]")
            yield from _whole("heading", text, start + titled.end(), close, _DATED_TITLE_LEVEL, group - 1)
            for sentence in _sentences(text, close + 1, end):
                yield from _whole("sentence", text, *sentence, 0, group)
        elif line.lstrip().startswith("|"):
            group += 1
            is_header = _is_ruler(text[next_start:next_end])
            for column, (first, last) in enumerate(_cells(text, start, end)):
                for cell in _whole("cell", text, first, last, 0, group):
                    yield replace(cell, column=column, is_header=is_header)
        else:
            item = _LIST_ITEM.match(line)
            group += 1 if item else 0
            opening = item or _QUOTE.match(line)
            for sentence in _sentences(text, start + (opening.end() if opening else 0), end):
                yield from _whole("sentence", text, *sentence, 0, group)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    position = _front_matter_end(text)
    for line in text[position:].splitlines(keepends=True):
        yield position, position + len(line.rstrip("\n"))
        position += len(line)


def _front_matter_end(text: str) -> int:
    found = re.match(r"---[ \t]*\n.*?\n---[ \t]*(?:\n|$)", text, re.S)
    return found.end() if found else 0


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for boundary in _SENTENCE_END.finditer(text, start, end):
        in_date = text[boundary.start() - 1].isdigit() and text[boundary.end() : boundary.end() + 1].isdigit()
        if not in_date:
            yield position, boundary.end()
            position = boundary.end()
    yield position, end


def _is_ruler(line: str) -> bool:
    return line.lstrip().startswith("|") and _RULER.fullmatch(line) is not None


def _cells(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches between the bars of a table row, empty ones included."""
    position = text.index("|", start, end) + 1
    while position < end:
        cell = _CELL.match(text, position, end)
        assert cell is not None
        yield cell.span()
        position = cell.end() + 1


def _whole(
    kind: Literal["heading", "sentence", "cell"], text: str, start: int, end: int, level: int, group: int
) -> Iterator[Passage]:
    """The passage without white space around it, if anything is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Passage(kind, start, end, level, group)
