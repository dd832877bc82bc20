"""CSV and TSV: rows of examples where the columns say so, else a Markdown table. Cells are text, formulas too."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

from ingest.errors import EmptyDocument, MalformedRecord
from ingest.loaders.parts import Loaded
from ingest.loaders.table import MAX_CELL_CHARACTERS, MAX_CELLS, Row, parts, too_large
from ingest.loaders.text import decode

MAX_BYTES = 50_000_000

_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE = 200
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=([,;|\t])\"?[ \t]*\r?\n", re.I)

_Quoting: TypeAlias = Literal[0, 3]


def load_csv(path: Path, data: bytes) -> Loaded:
    """Examples or one Markdown table, as ``ingest.loaders.table.parts`` tells them apart.

    Raises:
        UndecodableText: neither UTF-8 nor CP949.
        MalformedRecord: quotation marks that fit no reading, or an example without its text; names the line.
        EmptyDocument: no cell holds anything.
        FileTooLarge: over the limits on bytes, cells or one cell.
    """
    if len(data) > MAX_BYTES:
        raise too_large(path, f"{MAX_BYTES // 1_000_000}MB가 넘는 표입니다")
    rows = _rows(path, decode(path, data))
    if any(len(cell) > MAX_CELL_CHARACTERS for row in rows for cell in row.cells):
        raise too_large(path, f"한 칸에 글자가 {MAX_CELL_CHARACTERS:,}자를 넘습니다")
    if not rows:
        raise EmptyDocument(f"{path}: 표에 내용이 없습니다.", "빈 파일이 아닌지 확인하세요.")
    return Loaded(path.stem, parts(path, rows))


def _rows(path: Path, text: str) -> list[Row]:
    """The rows that hold anything."""
    text = text.removeprefix("\ufeff")
    skipped = 0
    if declared := _SEPARATOR_LINE.match(text):
        text, skipped = text[declared.end() :], 1
    # The module's own limit of 131,072 characters is shorter than a story.
    csv.field_size_limit(MAX_BYTES)
    if text.count("\n") + text.count("\r") > 2 * MAX_CELLS:
        raise too_large(path, f"{2 * MAX_CELLS:,}줄이 넘는 표입니다")
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


def _parsed(path: Path, lines: Sequence[str], delimiter: str, skipped: int) -> list[Row]:
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


def _read(path: Path, lines: Sequence[str], delimiter: str, skipped: int, *, quoted: bool) -> Iterator[Row]:
    quoting: _Quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=quoted)
    count = 0
    line = 1
    for cells in reader:
        count += len(cells)
        if count > MAX_CELLS:
            raise too_large(path, f"표의 칸이 {MAX_CELLS:,}개를 넘습니다")
        if any(cell.strip() for cell in cells):
            yield Row(line + skipped, cells)
        line = reader.line_num + 1


def _single(lines: Sequence[str]) -> list[Row]:
    """One column; a line in quotation marks as a whole is quoted as CSV quotes."""
    try:
        rows = [Row(number, cells) for number, cells in enumerate(csv.reader(lines, strict=True), 1) if any(cells)]
        if all(len(row.cells) == 1 for row in rows):
            return rows
    except csv.Error:
        pass
    return [Row(number, [line.strip()]) for number, line in enumerate(lines, 1) if line.strip()]


def _first_bad_line(lines: Sequence[str], delimiter: str) -> int:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    last = 1
    try:
        for _ in reader:
            last = reader.line_num + 1
    except csv.Error:
        pass
    return last
