"""PDF: pypdf checks locks, structure and sizes, pdfplumber gives letters and ruled tables, ``layout`` makes text.

Pictures stay unread: a document of scanned pages is refused. So is one that cannot be read whole, and one whose
fonts do not say what their letters mean; nothing is returned in part.
"""

from __future__ import annotations

import io
import logging
import re
import statistics
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import DamagedFile, EmptyDocument, EncryptedFile, FileTooLarge, UndecodableText
from ingest.layout import Item, Line, Table, flow
from ingest.loaders.parts import Loaded, Part
from ingest.loaders.table import markdown

if TYPE_CHECKING:
    import pdfplumber.page
    import pdfplumber.table
    import pypdf
    from pdfminer.layout import LTChar, LTComponent, LTContainer

MAX_FILE_BYTES = 200_000_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_PAGES = 3_000
MAX_LETTERS = 10_000_000
# More lines than this are a drawing and no table.
MAX_RULES = 3_000

# In sizes of the letters: the least gaps between words, between words where the page has letters for spaces, too, and
# between columns. The smallest letter is in points.
_WORD_GAP = 0.12
_GAP_BESIDE_SPACES = 0.5
_COLUMN_GAP = 1.2
_SMALLEST = 1.5

_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
# Letters of the font and not of the text: ligatures, and radicals that Chrome gives for ideographs (⾏ for 行).
_GLYPHS = re.compile("[\ufb00-\ufb06\u2e80-\u2fdf]")
_UNKNOWN = re.compile(r"\(cid:\d+\)|[\x01-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]+")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_PROGRAM = re.compile(r"^microsoft (?:word|powerpoint|excel) - ", re.IGNORECASE)
_SUFFIXES = re.compile(r"(?:\.(?:hwpx?|docx?|pptx?|xlsx?|pdf|txt|indd))+$", re.IGNORECASE)
# Defaults of programs, and Korean written in a code page that nothing names.
_NO_TITLE = re.compile(
    r"(?:untitled|무제|제목 ?없음|빈 문서).*|(?:문서|document|slide|(?:powerpoint )?프레젠테이션|presentation)\s?\d*"
    r"|.*[\x80-\xff\ufffd].*",
    re.IGNORECASE,
)
_PIECE = 2**20
# More letters in one cell than in all others are a text in a frame, and not a table.
_FRAMED_LETTERS = 400
# A scanned page may have a page number, or the stamp of a program, but no more.
_LETTERS_ON_PICTURES = 20


def load_pdf(path: Path, data: bytes) -> Loaded:
    """A PDF as one part: paragraphs, ``#`` headings by the size of their letters, and ruled tables as pipe rows.

    Running heads, running feet and page numbers are left out. The title is the document's own, else its first large
    heading, else the file's stem.

    Raises:
        EncryptedFile: a password or a certificate locks it; an empty password is tried.
        EmptyDocument: no text layer (scanned pages), or no text at all.
        UndecodableText: the fonts do not say which letters most of their signs are.
        DamagedFile: the bytes break the format, or pages are missing or cut short.
        FileTooLarge: over a limit of this module.
    """
    if not data:
        raise EmptyDocument(f"{path}: 빈 파일입니다(0바이트).", "파일을 다시 내려받거나 원본을 다시 저장해 주세요.")
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(path, f"파일이 {MAX_FILE_BYTES // 1_000_000}MB보다 큽니다")
    for name in ("pypdf", "pdfminer"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    title = _check(path, data)
    pages = list(_pages(path, data))
    _refuse_pictures(path, pages)
    result = flow([page.items for page in pages])
    blocks = [block if isinstance(block, str) else markdown(path, block) for block in result.blocks]
    if not blocks:
        raise _no_text(path, "글자가 없습니다")
    return Loaded(title or result.heading or path.stem, (Part("\n\n".join(blocks)),))


# Structure, by pypdf


def _check(path: Path, data: bytes) -> str:
    """The title of a document that is open, whole and within the limits."""
    from pypdf.errors import LimitReachedError, PyPdfError

    try:
        reader = _unlocked(path, data)
        if len(reader.pages) > MAX_PAGES:
            raise _too_large(path, f"{MAX_PAGES:,}쪽이 넘습니다")
        _check_streams(path, reader)
        _check_pages(path, reader)
        return _title(reader)
    except LimitReachedError as error:
        raise _too_large(path, "압축을 풀면 너무 큽니다") from error
    except (PyPdfError, *_FAULTS) as error:
        raise _damaged(path, "PDF의 구조가 깨져 있습니다") from error


def _unlocked(path: Path, data: bytes) -> pypdf.PdfReader:
    import pypdf
    from pypdf.errors import DependencyError

    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted(path)
    except (NotImplementedError, DependencyError) as error:
        raise _encrypted(path) from error
    return reader


def _check_streams(path: Path, reader: pypdf.PdfReader) -> None:
    """Unpack all streams but pictures once: pdfminer sets no limit, and takes what there is of a broken one."""
    from pypdf.generic import IndirectObject, StreamObject

    room = MAX_UNPACKED_BYTES
    for generation, places in reader.xref.items():
        for number in places:
            stream = IndirectObject(number, generation, reader).get_object()
            if isinstance(stream, StreamObject) and stream.get("/Subtype") != "/Image":
                size, is_whole = _unpacked(stream, room)
                room -= size
                if room < 0:
                    raise _too_large(path, f"압축을 풀면 {MAX_UNPACKED_BYTES // 1_000_000}MB보다 큽니다")
                if not is_whole and stream.get("/Subtype") == "/Form":
                    raise _cut_short(path)


def _check_pages(path: Path, reader: pypdf.PdfReader) -> None:
    """Refuse a file that lost pages or the ends of some, as one does whose transfer broke off."""
    from pypdf.generic import ArrayObject, StreamObject

    declared = reader.root_object["/Pages"].get_object().get("/Count", 0)  # type: ignore[union-attr]
    if len(reader.pages) < declared:
        raise _damaged(path, f"{declared:,}쪽 가운데 {len(reader.pages):,}쪽만 있습니다")
    for page in reader.pages:
        contents = page["/Contents"] if "/Contents" in page else ArrayObject()
        for entry in contents if isinstance(contents, ArrayObject) else [contents]:
            stream = entry.get_object()
            if not isinstance(stream, StreamObject) or not _unpacked(stream, MAX_UNPACKED_BYTES)[1]:
                raise _cut_short(path)


def _unpacked(stream: Any, room: int) -> tuple[int, bool]:
    """How large a stream gets, counted little further than ``room``, and whether it is whole."""
    from pypdf.errors import LimitReachedError, PyPdfError
    from pypdf.filters import decode_stream_data

    # The bytes as they are have no public name.
    raw: bytes = stream._data
    names = stream.get("/Filter", ())
    if (list(names) if isinstance(names, list) else [names]) == ["/FlateDecode"]:
        return _inflated(raw, room)
    try:
        return len(decode_stream_data(stream)), True
    except LimitReachedError:
        raise
    except (PyPdfError, *_FAULTS):
        return len(raw), False


def _inflated(raw: bytes, room: int) -> tuple[int, bool]:
    # Not by zlib's own wrapping: some writers leave out its checksum.
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    waiting = raw[2:]
    size = 0
    try:
        while not engine.eof and size <= room:
            piece = engine.decompress(waiting, _PIECE)
            waiting = engine.unconsumed_tail
            size += len(piece)
            if not (piece or waiting or engine.eof):
                return size, False
    except zlib.error:
        return size, False
    return size, True


def _title(reader: pypdf.PdfReader) -> str:
    """The document's own title; what programs write there by themselves is none."""
    own = (reader.metadata and reader.metadata.title) or ""
    title = _SUFFIXES.sub("", _PROGRAM.sub("", " ".join(own.split())))
    return "" if _NO_TITLE.fullmatch(title) else title


# Letters, by pdfplumber


@dataclass(frozen=True, slots=True)
class _Letter:
    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float

    @property
    def is_space(self) -> bool:
        # Some fonts map their space to NUL.
        return self.text.isspace() or self.text == "\0"


@dataclass(frozen=True, slots=True)
class _Gap:
    """What is between two letters, in sizes: all of it, and what no letter for a space fills."""

    width: float
    empty: float
    has_space: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """Lines and tables of a page; how many letters it shows; of how many of these nobody knows which they are."""

    items: tuple[Item, ...]
    letters: int
    unknown: int
    is_picture: bool


def _pages(path: Path, data: bytes) -> Iterator[_Page]:
    """One page after another; what a page needed is given back before the next."""
    import pdfplumber
    from pdfminer.psexceptions import PSException
    from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

    letters = 0
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            for page in document.pages:
                read = _page(page)
                page.close()
                letters += read.letters
                if letters > MAX_LETTERS:
                    raise _too_large(path, f"글자가 {MAX_LETTERS:,}자보다 많습니다")
                yield read
    except (PdfminerException, MalformedPDFException, PSException, *_FAULTS) as error:
        if error.args and isinstance(error.args[0], MemoryError):
            raise error.args[0] from error
        raise _damaged(path, "쪽의 내용을 읽을 수 없습니다") from error


def _page(page: pdfplumber.page.Page) -> _Page:
    from pdfminer.layout import LTChar, LTCurve, LTImage

    shapes = list(_shapes(page.layout))
    upright, lying = _letters(page, (shape for shape in shapes if isinstance(shape, LTChar)))
    tables: list[Table] = []
    if len(lying) > len(upright):
        letters = lying
    else:
        letters = upright
        # Not page.lines and its like: making those of a page's every letter takes as long as reading it.
        if 4 <= sum(isinstance(shape, LTCurve) for shape in shapes) <= MAX_RULES:
            letters, tables = _tables(page, letters)
    shown = [letter for letter in (*upright, *lying) if not letter.is_space]
    unknown = sum(bool(_UNKNOWN.fullmatch(letter.text)) for letter in shown)
    pictured = sum(shape.width * shape.height for shape in shapes if isinstance(shape, LTImage))
    is_picture = pictured > 0.5 * page.width * page.height and len(shown) < _LETTERS_ON_PICTURES
    return _Page((*_lines(letters), *tables), len(shown), unknown, is_picture)


def _shapes(container: LTContainer[Any]) -> Iterator[LTComponent]:
    """Everything on a page, also within the forms that it is made of."""
    from pdfminer.layout import LTContainer

    for shape in container:
        if isinstance(shape, LTContainer):
            yield from _shapes(shape)
        else:
            yield shape


def _letters(page: pdfplumber.page.Page, shapes: Iterable[LTChar]) -> tuple[list[_Letter], list[_Letter]]:
    """The letters within the page: those that stand upright, and those that lie on their side, turned upright."""
    left, top, right, bottom = page.cropbox
    upright = []
    lying = []
    for shape in shapes:
        x0, y0 = page.point2coord((shape.x0, shape.y1))
        x1, y1 = page.point2coord((shape.x1, shape.y0))
        text = shape.get_text()
        if _GLYPHS.search(text):
            text = unicodedata.normalize("NFKC", text)
        is_inside = left <= (x0 + x1) / 2 <= right and top <= (y0 + y1) / 2 <= bottom
        if not is_inside or shape.size < _SMALLEST or unicodedata.category(text[:1] or "\0") == "Cf":
            continue
        if shape.upright:
            upright.append(_Letter(text, x0, x1, y0, y1, shape.size))
        elif shape.matrix[1] > 0:
            lying.append(_Letter(text, -y1, -y0, x0, x1, x1 - x0))
        else:
            lying.append(_Letter(text, y0, y1, -x1, -x0, x1 - x0))
    return upright, lying


def _lines(letters: Sequence[_Letter]) -> list[Line]:
    """Stretches of letters that stand side by side without a gap as wide as one between columns."""
    rows = [sorted(row, key=lambda letter: letter.left) for row in _rows(letters)]
    has_spaces = sum(any(letter.is_space for letter in row[1:-1]) for row in rows) > 0.5 * len(rows)
    return [line for row in rows for line in _stretches(row, has_spaces)]


def _rows(letters: Iterable[_Letter]) -> Iterator[list[_Letter]]:
    row: list[_Letter] = []
    for letter in sorted(letters, key=lambda letter: letter.top + letter.bottom):
        if row:
            shared = min(letter.bottom, row[0].bottom) - max(letter.top, row[0].top)
            if shared < 0.5 * min(letter.bottom - letter.top, row[0].bottom - row[0].top):
                yield row
                row = []
        row.append(letter)
    if row:
        yield row


def _stretches(row: Sequence[_Letter], has_spaces: bool) -> Iterator[Line]:
    shown: list[_Letter] = []
    gaps: list[_Gap] = []
    before: _Letter | None = None
    has_space = False
    for letter in row:
        # Bold type is often the same letter struck twice.
        if (
            shown
            and letter.text == shown[-1].text
            and letter.left - shown[-1].left < 0.5 * (letter.right - letter.left)
        ):
            continue
        if letter.is_space:
            has_space = True
        else:
            width = (letter.left - shown[-1].right) / letter.size if shown else 0.0
            empty = (letter.left - before.right) / letter.size if before else 0.0
            shown.append(letter)
            gaps.append(_Gap(width, empty, has_space))
            has_space = False
        before = letter
    if not shown:
        return
    least = _least_word_gap(
        [gap.width for gap, letter in zip(gaps, shown, strict=True) if _joins(gap, letter)],
        has_spaces or _is_fixed(shown),
    )
    words = [gap.has_space or gap.width > least for gap in gaps]
    between = [gap.width for gap, is_word in zip(gaps, words, strict=True) if is_word]
    column_gap = max(_COLUMN_GAP, 2.5 * statistics.median(between) if len(between) > 3 else 0.0)
    starts = [0, *(at for at, gap in enumerate(gaps) if gap.empty > column_gap), len(shown)]
    for start, end in pairwise(starts):
        text = "".join(
            " " * is_word + letter.text for letter, is_word in zip(shown[start:end], words[start:end], strict=True)
        )
        yield from _line(text, shown[start:end], ends_in_space=end == len(shown) and has_space)


def _joins(gap: _Gap, letter: _Letter) -> bool:
    """Whether a gap may be one within a word; leaders stand apart without being words."""
    return not gap.has_space and letter.text.isalnum()


def _least_word_gap(gaps: Sequence[float], are_wide: bool) -> float:
    """The gap, in sizes, from which on two letters of this line belong to two words.

    Lines are spread to fill the column, and so are their spaces; a quotation mark keeps a distance of its own.
    """
    tracking = max(statistics.quantiles(gaps)[0], 0.0) if len(gaps) > 4 else 0.0
    if are_wide:
        return tracking + _GAP_BESIDE_SPACES
    wide = [gap - tracking for gap in gaps if _WORD_GAP < gap - tracking < _GAP_BESIDE_SPACES]
    return tracking + max(_WORD_GAP, 0.7 * statistics.median_low(wide or [0.0]))


def _line(text: str, letters: Sequence[_Letter], *, ends_in_space: bool) -> Iterator[Line]:
    """The line, unless none of its letters is known."""
    # Where macOS wrote 가 as ㄱ and ㅏ, nothing else here would know it for a syllable.
    text = unicodedata.normalize("NFC", text.strip())
    # A private sign in the first place is a bullet of a symbol font.
    text = _UNKNOWN.sub("", _PRIVATE.sub("•", text[:1]) + text[1:]).strip()
    if not text:
        return
    sizes = sorted((letter.size for letter in letters), reverse=True)
    # The largest size that is not the slip of a single letter.
    size = sizes[1] if len(sizes) > 1 else sizes[0]
    main = [letter for letter in letters if letter.size >= size]
    yield Line(
        text=text,
        left=letters[0].left,
        right=max(letter.right for letter in letters),
        top=statistics.median(letter.top for letter in main),
        bottom=statistics.median(letter.bottom for letter in main),
        size=size,
        ends_in_space=ends_in_space,
        is_fixed=_is_fixed(letters),
    )


def _is_fixed(letters: Sequence[_Letter]) -> bool:
    """Whether all letters are Latin ones, and all as wide as each other."""
    widths = {letter.text: (letter.right - letter.left) / letter.size for letter in letters if letter.text.isalpha()}
    return len(widths) > 4 and all(map(str.isascii, widths)) and max(widths.values()) - min(widths.values()) < 0.02


# Tables, by pdfplumber


def _tables(page: pdfplumber.page.Page, letters: list[_Letter]) -> tuple[list[_Letter], list[Table]]:
    """The letters outside ruled tables, and the tables."""
    tables = []
    for found in page.find_tables():
        table = _table(found, [letter for letter in letters if _is_in(letter, found.bbox)])
        if table:
            tables.append(table)
            letters = [letter for letter in letters if not any(_is_in(letter, box) for box in found.cells)]
    return letters, tables


def _table(found: pdfplumber.table.Table, letters: Sequence[_Letter]) -> Table | None:
    """A table of rows and columns that hold something; None for frames around text and for drawings."""
    rows = []
    most = 0
    for row in found.rows:
        cells = []
        for box in row.cells:
            inside = [letter for letter in letters if box and _is_in(letter, box)]
            most = max(most, len(inside))
            cells.append(tuple(sorted(_lines(inside), key=lambda line: (line.bottom, line.left))))
        if any(cells):
            rows.append(tuple(cells))
    filled_columns = sum(map(any, zip(*rows, strict=False)))
    if len(rows) < 2 or filled_columns < 2 or most > max(_FRAMED_LETTERS, 0.6 * len(letters)):
        return None
    left, top, right, bottom = found.bbox
    return Table(tuple(rows), left, right, top, bottom)


def _is_in(letter: _Letter, box: tuple[float, float, float, float]) -> bool:
    return box[0] <= (letter.left + letter.right) / 2 < box[2] and box[1] <= (letter.top + letter.bottom) / 2 < box[3]


# Errors


def _refuse_pictures(path: Path, pages: Sequence[_Page]) -> None:
    """Refuse documents of scanned pages and of fonts that only draw."""
    if pages and sum(page.is_picture for page in pages) >= 0.9 * len(pages):
        raise _no_text(path, "글자 정보 없이 그림으로만 된 쪽입니다(스캔한 문서)")
    letters = sum(page.letters for page in pages)
    if letters and sum(page.unknown for page in pages) > 0.3 * letters:
        raise UndecodableText(
            f"{path}: 글꼴에 글자 정보(ToUnicode)가 없어 글자를 알 수 없습니다.",
            "원래 프로그램에서 다시 PDF로 저장하거나, 글자 인식(OCR)을 거친 뒤 넣어 주세요.",
        )


def _no_text(path: Path, reason: str) -> EmptyDocument:
    return EmptyDocument(
        f"{path}: {reason}.", "글자 인식(OCR)을 거친 PDF를 넣거나, 글자를 뽑아 TXT로 저장해 넣어 주세요."
    )


def _encrypted(path: Path) -> EncryptedFile:
    return EncryptedFile(
        f"{path}: 암호나 인증서로 잠긴 PDF입니다.",
        "암호를 넣어 연 뒤, 암호 없이 다시 저장하거나 PDF로 인쇄해 넣어 주세요.",
    )


def _cut_short(path: Path) -> DamagedFile:
    return _damaged(path, "쪽의 내용이 빠졌거나 중간에 잘렸습니다")


def _damaged(path: Path, reason: str) -> DamagedFile:
    return DamagedFile(
        f"{path}: 손상된 문서입니다: {reason}.",
        "파일을 다시 내려받거나, 열린다면 PDF로 다시 인쇄해 넣어 주세요.",
    )


def _too_large(path: Path, reason: str) -> FileTooLarge:
    return FileTooLarge(f"{path}: {reason}.", "문서를 여러 파일로 나누어 넣어 주세요.")
