"""Rows of cells, of CSV, XLSX and DOCX alike: examples where the columns say so, else a Markdown table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import FileTooLarge, MalformedRecord
from ingest.loaders.jsonl import load_jsonl
from ingest.loaders.parts import Part

MAX_CELLS = 1_000_000
MAX_CELL_CHARACTERS = 5_000_000
# Chunks of a long table are read alone, so the header comes again.
HEADER_EVERY = 40

_REQUEST_COLUMNS = ("request", "prompt", "question", "요청", "질문")
_TEXT_COLUMNS = ("text", "completion", "answer", "글", "답")
_OTHER_COLUMNS = {
    "genre": "genre",
    "장르": "genre",
    "tone": "tone",
    "어조": "tone",
    "point_of_view": "point_of_view",
    "시점": "point_of_view",
    "tense": "tense",
    "시제": "tense",
    "speech_level": "speech_level",
    "말투": "speech_level",
    "tags": "tags",
    "태그": "tags",
    "split": "split",
}
_TAG_SEPARATOR = re.compile(r"[,;/·]")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row; ``line`` is where people find it in their file."""

    line: int
    cells: Sequence[str]


def parts(path: Path, rows: Sequence[Row]) -> tuple[Part, ...]:
    """Rows with a request and a text become examples as in JSONL, all else one Markdown table.

    The first row names the columns. Examples need a text column (text, completion, answer, 글, 답) and one that says
    what the text is (request, prompt, question, 요청, 질문, or genre and the like).

    Raises:
        MalformedRecord: an example without its text; names the line.
        FileTooLarge: as ``markdown``.
    """
    header = [name.strip() for name in rows[0].cells]
    if len(rows) > 1 and _holds_examples(header):
        return _examples(path, header, rows[1:])
    return (Part(markdown(path, [row.cells for row in rows])),)


def markdown(path: Path, rows: Sequence[Sequence[str]]) -> str:
    """A pipe table whose first row is the header; short rows are filled up.

    Raises:
        FileTooLarge: so uneven that filling up would make a multiple of ``MAX_CELLS``.
    """
    width = max(map(len, rows))
    if width * len(rows) > 2 * MAX_CELLS:
        raise too_large(path, "줄마다 칸 수가 크게 다른 표입니다")
    head = f"{_line(rows[0], width)}\n|{'---|' * width}"
    blocks = []
    for start in range(1, max(len(rows), 2), HEADER_EVERY):
        lines = [_line(cells, width) for cells in rows[start : start + HEADER_EVERY]]
        blocks.append("\n".join([head, *lines]))
    return "\n\n".join(blocks)


def too_large(path: Path, reason: str) -> FileTooLarge:
    """The error of a table that is over a limit."""
    return FileTooLarge(f"{path}: {reason}.", "필요한 줄만 남기거나 여러 파일로 나누어 넣어 주세요.")


def _holds_examples(header: Sequence[str]) -> bool:
    says_what = {*_REQUEST_COLUMNS, *_OTHER_COLUMNS}
    return not set(_TEXT_COLUMNS).isdisjoint(header) and not says_what.isdisjoint(header)


def _examples(path: Path, header: Sequence[str], rows: Sequence[Row]) -> tuple[Part, ...]:
    """Rows by way of JSONL, so that both formats mean the same."""
    lines = []
    for row in rows:
        cells = dict(zip(header, row.cells, strict=False))
        text = _first(cells, _TEXT_COLUMNS)
        if not text.strip():
            raise MalformedRecord(
                f"{path}: {row.line}번째 줄: 글이 들어갈 칸({_text_column(header)})이 비어 있습니다.",
                "그 줄을 채우거나 지운 뒤 다시 넣어 주세요.",
            )
        record: dict[str, str | list[str]] = {"request": _first(cells, _REQUEST_COLUMNS), "text": text}
        for name, key in _OTHER_COLUMNS.items():
            if value := cells.get(name, "").strip():
                record[key] = [tag.strip() for tag in _TAG_SEPARATOR.split(value)] if key == "tags" else value
        lines.append(json.dumps(record))
    return load_jsonl(path, "\n".join(lines).encode()).parts


def _first(cells: Mapping[str, str], columns: Sequence[str]) -> str:
    return next((cells[column] for column in columns if cells.get(column, "").strip()), "")


def _text_column(header: Sequence[str]) -> str:
    return next(column for column in _TEXT_COLUMNS if column in header)


def _line(cells: Sequence[str], width: int) -> str:
    texts = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return "| " + " | ".join(texts + [""] * (width - len(texts))) + " |"
