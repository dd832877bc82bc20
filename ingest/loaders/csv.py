"""CSV and TSV: rows of examples where the columns say so, else a Markdown table. Cells are text, formulas too."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

from ingest.errors import EmptyDocument, FileTooLarge, MalformedRecord
from ingest.loaders.jsonl import load_jsonl
from ingest.loaders.parts import Loaded, Part
from ingest.loaders.text import decode

MAX_BYTES = 50_000_000
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
_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE = 200
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=([,;|\t])\"?[ \t]*\r?\n", re.I)
_TAG_SEPARATOR = re.compile(r"[,;/·]")


_Quoting: TypeAlias = Literal[0, 3]


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]


def load_csv(path: Path, data: bytes) -> Loaded:
    """Rows with a request and a text become examples as in JSONL, all else one Markdown table.

    Examples need a text column (text, completion, answer, 글, 답) and one that says what the text is
    (request, prompt, question, 요청, 질문, or genre and the like); the names are those of the first row.

    Raises:
        UndecodableText: neither UTF-8 nor CP949.
        MalformedRecord: quotation marks that fit no reading, or an example without its text; names the line.
        EmptyDocument: no cell holds anything.
        FileTooLarge: over the limits on bytes, cells or one cell.
    """
    if len(data) > MAX_BYTES:
        raise _too_large(path, f"{MAX_BYTES // 1_000_000}MB가 넘는 표입니다")
    rows = _rows(path, decode(path, data))
    if any(len(cell) > MAX_CELL_CHARACTERS for row in rows for cell in row.cells):
        raise _too_large(path, f"한 칸에 글자가 {MAX_CELL_CHARACTERS:,}자를 넘습니다")
    if not rows:
        raise EmptyDocument(f"{path}: 표에 내용이 없습니다.", "빈 파일이 아닌지 확인하세요.")
    header = [name.strip() for name in rows[0].cells]
    if len(rows) > 1 and _holds_examples(header):
        return _examples(path, header, rows[1:])
    return Loaded(path.stem, (Part(_table(path, header, rows[1:])),))


def _rows(path: Path, text: str) -> list[_Row]:
    """The rows that hold anything."""
    text = text.removeprefix("\ufeff")
    skipped = 0
    if declared := _SEPARATOR_LINE.match(text):
        text, skipped = text[declared.end() :], 1
    # The module's own limit of 131,072 characters is shorter than a story.
    csv.field_size_limit(MAX_BYTES)
    if text.count("\n") + text.count("\r") > 2 * MAX_CELLS:
        raise _too_large(path, f"{2 * MAX_CELLS:,}줄이 넘는 표입니다")
    lines = list(io.StringIO(text, newline=""))
    delimiter = declared.group(1) if declared else _delimiter(path, lines)
    return _parsed(path, lines, delimiter, skipped)


def _delimiter(path: Path, lines: Sequence[str]) -> str:
    """The delimiter that gives most rows the same number of columns, at least two; a tab in doubt for ``.tsv``."""
    best = (0.0, 0)
    chosen = ""
    for delimiter in _DELIMITERS:
        share, columns = max(_evenness(lines, delimiter, quoting) for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE))
        score = (share + (0.5 if delimiter == "\t" and path.suffix.lower() in (".tsv", ".tab") else 0), columns)
        # Commas of prose divide its lines unevenly: such a file has one column.
        if columns > 1 and share >= 0.6 and score > best:
            best, chosen = score, delimiter
    return chosen


def _evenness(lines: Sequence[str], delimiter: str, quoting: _Quoting) -> tuple[float, int]:
    """The share of the first rows that have the usual number of columns, and that number."""
    try:
        rows = islice(csv.reader(lines, delimiter=delimiter, quoting=quoting), _SAMPLE)
        widths = [len(cells) for cells in rows if any(cells)]
    except csv.Error:
        return (0.0, 0)
    usual = max(set(widths), key=widths.count, default=0)
    return (widths.count(usual) / max(len(widths), 1), usual) if usual > 1 else (0.0, usual)


def _parsed(path: Path, lines: Sequence[str], delimiter: str, skipped: int) -> list[_Row]:
    """Rows by the strict rules of quoting; where these fail, by none, if every row then has the same width.

    Tab-separated text is often unquoted and begins with a quotation mark all the same: a lenient reading
    would eat the marks of its dialogue, or all lines up to the next mark.
    """
    if not delimiter:
        return _single(lines)
    try:
        return list(_read(path, lines, delimiter, skipped, quoted=True))
    except csv.Error as error:
        rows = list(_read(path, lines, delimiter, skipped, quoted=False))
        if len({len(row.cells) for row in rows}) == 1 or delimiter == "\t":
            return rows
        raise MalformedRecord(
            f"{path}: 표의 따옴표가 맞지 않습니다({_first_bad_line(lines, delimiter) + skipped}번째 줄 부근).",
            '칸 안의 따옴표는 ""처럼 두 번 쓰거나, 표 프로그램에서 CSV UTF-8로 다시 저장해 주세요.',
        ) from error


def _read(path: Path, lines: Sequence[str], delimiter: str, skipped: int, *, quoted: bool) -> Iterator[_Row]:
    quoting: _Quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=quoted)
    count = 0
    line = 1
    for cells in reader:
        count += len(cells)
        if count > MAX_CELLS:
            raise _too_large(path, f"표의 칸이 {MAX_CELLS:,}개를 넘습니다")
        if any(cell.strip() for cell in cells):
            yield _Row(line + skipped, cells)
        line = reader.line_num + 1


def _single(lines: Sequence[str]) -> list[_Row]:
    """One column; a line in quotation marks as a whole is quoted as CSV quotes."""
    try:
        rows = [_Row(number, cells) for number, cells in enumerate(csv.reader(lines, strict=True), 1) if any(cells)]
        if all(len(row.cells) == 1 for row in rows):
            return rows
    except csv.Error:
        pass
    return [_Row(number, [line.strip()]) for number, line in enumerate(lines, 1) if line.strip()]


def _first_bad_line(lines: Sequence[str], delimiter: str) -> int:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    last = 1
    try:
        for _ in reader:
            last = reader.line_num + 1
    except csv.Error:
        pass
    return last


def _holds_examples(header: Sequence[str]) -> bool:
    says_what = {*_REQUEST_COLUMNS, *_OTHER_COLUMNS}
    return not set(_TEXT_COLUMNS).isdisjoint(header) and not says_what.isdisjoint(header)


def _examples(path: Path, header: Sequence[str], rows: Sequence[_Row]) -> Loaded:
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
    return load_jsonl(path, "\n".join(lines).encode())


def _first(cells: dict[str, str], columns: Sequence[str]) -> str:
    return next((cells[column] for column in columns if cells.get(column, "").strip()), "")


def _text_column(header: Sequence[str]) -> str:
    return next(column for column in _TEXT_COLUMNS if column in header)


def _table(path: Path, header: Sequence[str], rows: Sequence[_Row]) -> str:
    width = max([len(header), *(len(row.cells) for row in rows)])
    if width * (len(rows) + 1) > 2 * MAX_CELLS:
        raise _too_large(path, "줄마다 칸 수가 크게 다른 표입니다")
    head = f"{_line(header, width)}\n|{'---|' * width}"
    blocks = []
    for start in range(0, max(len(rows), 1), HEADER_EVERY):
        lines = [_line(row.cells, width) for row in rows[start : start + HEADER_EVERY]]
        blocks.append("\n".join([head, *lines]))
    return "\n\n".join(blocks)


def _line(cells: Sequence[str], width: int) -> str:
    texts = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return "| " + " | ".join(texts + [""] * (width - len(texts))) + " |"


def _too_large(path: Path, reason: str) -> FileTooLarge:
    return FileTooLarge(f"{path}: {reason}.", "필요한 줄만 남기거나 여러 파일로 나누어 넣어 주세요.")
