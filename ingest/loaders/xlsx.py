"""XLSX by way of openpyxl: every visible sheet, as a Markdown table or as rows of examples.

Formulas give the value that was last calculated. Comments, charts and pictures are left out. Rows and columns that are
hidden stay in: filters and folded groups hide them, and nobody means to take them away.
"""

from __future__ import annotations

import datetime
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from ingest.errors import DamagedFile, EmptyDocument, UnsupportedFormat
from ingest.loaders.archive import open_archive, read_member
from ingest.loaders.parts import Loaded, Part
from ingest.loaders.table import MAX_CELLS, Row, parts, too_large

# One long string may stand in every cell.
MAX_CHARACTERS = 50_000_000
# As in HTML: a cell that spans rows is repeated in each, so that every row can stand alone; a long one stands once.
REPEATED_CELL = 80

# ECMA-376, 18.8.30: dates and times of Korean Excel (yyyy년 mm월 dd일), which openpyxl takes for plain numbers.
_EAST_ASIAN_DATES = frozenset({*range(27, 37), *range(50, 59)})
_STRICT_NAMESPACE = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
# Text in a number format, which is shown as it stands.
_LITERAL = re.compile(r'"[^"]*"|\\.')
_LEADING_ZEROS = re.compile("0+")
_AGAIN = "엑셀에서 열어 ‘Excel 통합 문서(.xlsx)’로 다시 저장한 뒤 넣어 주세요."
# What openpyxl raises on bytes that break the format; the errors of both XML parsers are SyntaxErrors.
_FAULTS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def load_xlsx(path: Path, data: bytes) -> Loaded:
    """Sheets in their order, each below a heading where several hold anything.

    What makes rows examples says ``ingest.loaders.table.parts``; rows of one cell above a wider table are its caption.

    Raises:
        DamagedFile: no workbook, or one that breaks the format.
        EmptyDocument: no visible sheet holds anything.
        MalformedRecord: an example without its text; names the row.
        FileTooLarge: over the limits on cells, characters or unpacked bytes.
        UnsupportedFormat: Strict Open XML, or as ``open_archive``.
        EncryptedFile: as ``open_archive``.
    """
    archive, entries = open_archive(path, data)
    workbook = entries.get("xl/workbook.xml")
    if workbook is not None and _STRICT_NAMESPACE in read_member(path, archive, workbook):
        # openpyxl would find nothing in it.
        raise UnsupportedFormat(f"{path}: ‘엄격한 Open XML’ 엑셀 문서는 읽을 수 없습니다.", _AGAIN)
    try:
        # openpyxl warns of every look and extension that it drops.
        with warnings.catch_warnings(action="ignore"):
            sheets = [sheet for sheet in _sheets(path, data) if sheet.rows]
    except _FAULTS as error:
        raise _damaged(path) from error
    if not sheets:
        raise EmptyDocument(
            f"{path}: 보이는 시트에 값이 없습니다(숨긴 시트나 그림, 계산된 적 없는 수식만 있을 수 있습니다).",
            "엑셀에서 열어 숨긴 시트를 펴고 다시 저장한 뒤 넣어 주세요.",
        )
    found = [part for sheet in sheets for part in _parts(path, sheet, has_heading=len(sheets) > 1)]
    running = "\n\n".join(part.text for part in found if part.example is None)
    examples = [part for part in found if part.example is not None]
    return Loaded(path.stem, (*([Part(running)] if running else []), *examples))


@dataclass(frozen=True, slots=True)
class _Area:
    """Merged cells, first and last included, counted from 1."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(slots=True)
class _Sheet:
    """What stands in the cells, by row and column from 1; rows without anything are not there."""

    title: str
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[_Area] = field(default_factory=list)


@dataclass(slots=True)
class _Limits:
    """Counts what a workbook holds while it is read."""

    path: Path
    cells: int = 0
    characters: int = 0

    def add(self, cells: int, characters: int) -> None:
        """Count cells that hold something, and raise where they are too many."""
        self.cells += cells
        self.characters += characters
        if self.cells > MAX_CELLS:
            raise too_large(self.path, f"표의 칸이 {MAX_CELLS:,}개를 넘습니다")
        if self.characters > MAX_CHARACTERS:
            raise too_large(self.path, f"표에 글자가 {MAX_CHARACTERS:,}자를 넘습니다")


def _sheets(path: Path, data: bytes) -> Iterator[_Sheet]:
    """The visible sheets, read as a stream.

    By the parts of openpyxl that its read-only workbook is made of. The workbook itself does not tell of merged
    cells, stops at the size that a sheet states, right or wrong, and fills gaps of any size with empty cells.
    """
    from openpyxl.reader.excel import ExcelReader  # type: ignore[import-untyped]
    from openpyxl.styles.stylesheet import apply_stylesheet  # type: ignore[import-untyped]
    from openpyxl.worksheet._reader import WorkSheetParser  # type: ignore[import-untyped]

    reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    book = reader.wb
    apply_stylesheet(reader.archive, book)
    formats = [_number_format(book, style.numFmtId) for style in book._cell_styles]
    dates = {index for index, style in enumerate(book._cell_styles) if style.numFmtId in _EAST_ASIAN_DATES}
    limits = _Limits(path)
    for entry, link in reader.parser.find_sheets():
        if entry.state != "visible" or not link.Type.endswith("/worksheet"):
            continue
        sheet = _Sheet(entry.name)
        with reader.archive.open(link.target) as source:
            parser = WorkSheetParser(
                source,
                reader.shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats | dates,
                timedelta_formats=book._timedelta_formats,
            )
            for line, cells in parser.parse():
                texts = {cell["column"]: _text(cell["value"], formats[cell["style_id"]]) for cell in cells}
                filled = {column: text for column, text in texts.items() if text.strip()}
                limits.add(len(filled), sum(map(len, filled.values())))
                if filled:
                    sheet.rows[line] = filled
        if parser.merged_cells is not None:
            sheet.merged = [_Area(*area.bounds) for area in parser.merged_cells.mergeCell]
        _repeat_down(sheet, limits)
        yield sheet


def _number_format(book: Any, number: int) -> str:
    from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE  # type: ignore[import-untyped]

    if number < BUILTIN_FORMATS_MAX_SIZE:
        return str(BUILTIN_FORMATS.get(number, ""))
    return str(book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE])


def _text(value: object, number_format: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int() | float():
            return _number(value, number_format)
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.datetime():
            return value.isoformat(" ", "seconds" if value.second else "minutes")
        case datetime.time():
            return value.isoformat("seconds" if value.second else "minutes")
        case datetime.timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

    return str(unescape(str(value)))


def _number(value: float, number_format: str) -> str:
    """A number with the 15 digits that Excel keeps; of its format, only per cent and leading zeros change it."""
    if "%" in _LITERAL.sub("", number_format):
        return f"{_number(value * 100, '')}%"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.15g}"
    digits = len(number_format) if _LEADING_ZEROS.fullmatch(number_format) else 0
    return f"{int(value):0{digits}}"


def _repeat_down(sheet: _Sheet, limits: _Limits) -> None:
    """Write cells that span rows into each of these rows that holds anything."""
    last = max(sheet.rows, default=0)
    for area in sheet.merged:
        text = sheet.rows.get(area.top, {}).get(area.left, "")
        below = range(area.top + 1, min(area.bottom, last) + 1) if 0 < len(text) <= REPEATED_CELL else range(0)
        again = len(below) + area.right - area.left
        limits.add(again, again * len(text))
        for line in below:
            if line in sheet.rows:
                sheet.rows[line][area.left] = text


def _parts(path: Path, sheet: _Sheet, *, has_heading: bool) -> Iterator[Part]:
    """A sheet: its heading, its caption (rows of one cell above a wider table), and its rows."""
    lines = sorted(sheet.rows)
    is_wide = any(len(row) > 1 for row in sheet.rows.values())
    captions = list(takewhile(lambda line: is_wide and len(sheet.rows[line]) == 1, lines))
    below = lines[len(captions) :]
    heads = _head_lines(sheet, below)
    columns = sorted({column for line in below for column in sheet.rows[line]})
    table = [(heads[-1], _head(sheet, heads)), *((line, sheet.rows[line]) for line in below[len(heads) :])]
    rows = [Row(line, [row.get(column, "") for column in columns]) for line, row in table]
    found = parts(Path(f"{path}/{sheet.title}"), rows)
    if has_heading and found[0].example is None:
        yield Part(f"# {sheet.title}")
    yield from (Part(text.strip()) for line in captions for text in sheet.rows[line].values())
    yield from found


def _head_lines(sheet: _Sheet, lines: Sequence[int]) -> Sequence[int]:
    """The rows of the header: more than one where cells of the first span rows beside others that span columns."""
    first = [area for area in sheet.merged if area.top == lines[0]]
    if not any(area.right > area.left for area in first):
        return lines[:1]
    last = max(area.bottom for area in first)
    return [line for line in lines if line <= last]


def _head(sheet: _Sheet, lines: Sequence[int]) -> dict[int, str]:
    """One row of names out of the rows of a header: what is written over several columns belongs to each."""
    rows = [dict(sheet.rows[line]) for line in lines]
    for area in sheet.merged:
        if area.top in lines and (text := sheet.rows[area.top].get(area.left)):
            rows[lines.index(area.top)].update((column, text) for column in range(area.left, area.right + 1))
    columns = {column for row in rows for column in row}
    return {column: " ".join(dict.fromkeys(row[column] for row in rows if column in row)) for column in columns}


def _damaged(path: Path) -> DamagedFile:
    return DamagedFile(f"{path}: 엑셀 문서의 내용이 깨져 있거나 일부가 없습니다.", _AGAIN)
