"""HWP 5 and HWPX, told apart by their bytes: portals hand out either under either suffix.

The container is checked here first, with limits on what it unpacks to, because a reader that meets a lock or a
broken section may return what it has without a word. Then dochan reads the body; for HWP 5, syhwp reads it again
where dochan fails, finds nothing or reports a loss. What neither reads whole is refused, never returned in part.

Left out, as no part of the running text: headers and footers, hidden comments and memos, tracked deletions, and
pictures with the lettering drawn as one (captions of pictures and tables stay; dochan reads none of other drawings).
Where syhwp reads instead, headers, comments and tracked changes are as it gives them. Private-use characters of old
HWP files are left for cleaning.
"""

from __future__ import annotations

import io
import logging
import re
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from ingest.errors import (
    DamagedFile,
    DistributionNotice,
    EmptyDocument,
    EncryptedFile,
    FileTooLarge,
    IngestError,
    UnreadableFile,
    UnsupportedFormat,
)
from ingest.loaders.parts import Loaded, Part

MAX_FILE_BYTES = 100 * 2**20
MAX_UNPACKED_BYTES = 200 * 2**20
MAX_BODY_BYTES = 64 * 2**20
MAX_MEMBERS = 2000
MAX_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 10 * 2**20
MAX_CELLS = 200_000
MAX_DEPTH = 32
MAX_TITLE_CHARACTERS = 200

_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MARK = b"PK"
_HWP3_MARK = b"HWP Document File V"
_HWP5_MARK = b"HWP Document File"
# Wrappers that companies' document protection puts around whole files (Fasoo, SoftCamp, NASCA).
_DRM_MARKS = (b"DRMONE", b"SCDSA", b"NASCA DRM")
_MIMETYPE = b"application/hwp+zip"
_SECTION = re.compile(r"(Contents/)?section\d+\.xml")
_SUMMARY = "\x05HwpSummaryInformation"
_SUMMARY_TITLE = 2
_WIDE_STRING = 31
_MAX_PROPERTIES = 64

# Bits of an HWP 5 header. Locked: password, DRM, and the two kinds of certificate.
_COMPRESSED = 1
_LOCKED = 1 << 1 | 1 << 4 | 1 << 8 | 1 << 10
_DISTRIBUTION = 1 << 2
_RECORD_TAG = 0x3FF
_DOCUMENT_PROPERTIES = 16
_LONG_RECORD = 0xFFF

_PIECE = 2**20
# What the readers' own parsing raises on hostile bytes.
_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

# What old versions of Hangul show in place of a document for distribution. Compared by its Hangul syllables only:
# spacing differs between versions, and the program's name is partly written in private-use characters.
_NOTICE = "상위버전의배포용문서입니다"
_NOTICE_SEQUEL = ("문서를읽으려면", "원래문서의내용이사라집니다")
_NOTICE_WITH_FURNITURE_SYLLABLES = 300
_NOT_HANGUL = re.compile(r"[^가-힣]")

# dochan reports losses as text only. Its doubts about tracked changes keep the text. A limit may have dropped some,
# unless the message is about pictures, objects and looks, or says itself that the text was kept.
_LOSS = re.compile(r"ERR:(?! HWPX? revision)|배치되지 못함")
_LIMIT = re.compile(r"limit|exceed|budget|초과|한도|상한", re.IGNORECASE)
_KEPT = re.compile(r"이미지|그림|BinData|embedded OLE|chart|글꼴 제목|revision|preserved|좌표 배치하지|표 크기 초과")
_BOOKMARK = re.compile(r"\[bookmark: .*\] ?")
_SYHWP_PICTURE = "[그림]"


def load_hwp(path: Path, data: bytes) -> Loaded:
    """An HWP 5 or HWPX document as one part.

    Outline headings and clearly larger lines are ``#`` headings, numbered and bulleted paragraphs ``- `` items,
    tables pipe rows; notes are marked ``[^1]`` and stand at the end. A table of one cell is a frame around
    paragraphs and is read as those. The title is the document's own, else its first heading, else the file's stem.

    Raises:
        EncryptedFile: a password, a certificate or DRM locks the document.
        DistributionNotice: only the notice in place of a document for distribution can be read.
        EmptyDocument: the body holds no text.
        DamagedFile: the bytes break the format, or part of the body cannot be read.
        FileTooLarge: over a limit of this module.
        UnsupportedFormat: another format under this suffix, such as HWP 3 or HWPML.
        UnreadableFile: no temporary file can be written for the readers.
    """
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(path, f"파일이 {MAX_FILE_BYTES >> 20}MB보다 큽니다")
    if data.startswith(_OLE_MARK):
        return _load_hwp5(path, data)
    if data.startswith(_ZIP_MARK):
        return _load_hwpx(path, data)
    raise _foreign(path, data)


def _load_hwp5(path: Path, data: bytes) -> Loaded:
    flags, title = _check_hwp5(path, data)
    with _on_disk(path, data, ".hwp") as file:
        reading = _read_hwp5(path, file, distributed=bool(flags & _DISTRIBUTION))
    return _loaded(path, title, reading)


def _load_hwpx(path: Path, data: bytes) -> Loaded:
    title, lists = _check_hwpx(path, data)
    with _on_disk(path, data, ".hwpx") as file:
        reading = _by_dochan(path, file, lists)
    if reading.too_large:
        raise _too_large(path, "표의 칸이나 본문이 너무 많습니다")
    if reading.loss:
        raise _damaged(path, "본문의 일부를 읽을 수 없습니다")
    if _is_notice(reading.text):
        raise _distribution(path)
    return _loaded(path, title, reading)


def _loaded(path: Path, title: str, reading: _Reading) -> Loaded:
    if not reading.text:
        raise EmptyDocument(
            f"{path}: 본문에 글자가 없습니다(그림이나 스캔한 쪽, 머리말만 있는 문서일 수 있습니다).",
            "글자가 있는 원본인지 확인하거나, 스캔한 문서라면 글자 인식(OCR)을 거친 뒤 넣어 주세요.",
        )
    return Loaded(_one_line(title)[:MAX_TITLE_CHARACTERS] or reading.heading or path.stem, (Part(reading.text),))


# HWP 5: the container


def _check_hwp5(path: Path, data: bytes) -> tuple[int, str]:
    """The header's flags and the title of a container whose body can be unpacked whole and within the limits."""
    import olefile  # type: ignore[import-untyped]

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            flags = _check_header(path, container)
            _check_streams(path, container, flags)
            return flags, _summary_title(container)
    except _FAULTS as error:
        raise _damaged(path, "파일 구조(OLE)가 깨져 있습니다") from error


def _check_header(path: Path, container: Any) -> int:
    if not container.exists("FileHeader"):
        raise UnsupportedFormat(
            f"{path}: 한글 문서가 아닙니다(다른 프로그램의 문서이거나 잠긴 오피스 문서).",
            "원래 프로그램에서 열어 지원하는 형식으로 저장한 뒤 넣어 주세요.",
        )
    header = container.openstream("FileHeader").read()
    if len(header) < 40 or not header.startswith(_HWP5_MARK):
        raise _damaged(path, "한글 문서의 머리 정보가 깨져 있습니다")
    if header[35] < 5:
        raise _old_version(path)
    flags = int.from_bytes(header[36:40], "little")
    if flags & _LOCKED:
        raise _encrypted(path)
    return flags


def _check_streams(path: Path, container: Any, flags: int) -> None:
    """Unpack every stream once: nothing else tells a cut section from a short one, or a bomb from a picture."""
    streams = ["/".join(entry) for entry in container.listdir()]
    if len(streams) > MAX_MEMBERS:
        raise _too_large(path, f"안에 든 항목이 {MAX_MEMBERS:,}개보다 많습니다")
    distributed = bool(flags & _DISTRIBUTION)
    storage = "ViewText/Section" if distributed else "BodyText/Section"
    found = sum(name.startswith(storage) for name in streams)
    if found < _declared_sections(path, container, flags):
        raise _distribution(path) if distributed else _damaged(path, "본문(BodyText)의 전부나 일부가 없습니다")
    unpacked = body = 0
    for name in streams:
        raw = container.openstream(name).read()
        # The body of a document for distribution is a cipher text; dochan unpacks it within its own limits.
        if name.startswith(storage) and not distributed:
            section = _unpack_section(path, raw, flags, MAX_BODY_BYTES - body)
            body += len(section)
            unpacked += len(section)
            if not _is_whole(section):
                raise _damaged(path, "본문이 중간에 잘렸습니다")
        else:
            unpacked += _unpacked_size(raw, MAX_UNPACKED_BYTES - unpacked)
        if unpacked > MAX_UNPACKED_BYTES:
            raise _too_large(path, f"압축을 풀면 {MAX_UNPACKED_BYTES >> 20}MB보다 큽니다")


def _declared_sections(path: Path, container: Any, flags: int) -> int:
    """How many sections the document says it has, at least one; syhwp takes those that are there for all."""
    info = _unpack_section(path, container.openstream("DocInfo").read(), flags, MAX_BODY_BYTES)
    is_declared = len(info) >= 6 and int.from_bytes(info[:4], "little") & _RECORD_TAG == _DOCUMENT_PROPERTIES
    return max(1, int.from_bytes(info[4:6], "little")) if is_declared else 1


def _unpack_section(path: Path, raw: bytes, flags: int, room: int) -> bytes:
    if not flags & _COMPRESSED:
        return _joined(path, (raw,), room)
    try:
        return _joined(path, _inflate(raw, -zlib.MAX_WBITS), room)
    except zlib.error:
        # Some other programs write a zlib header, which Hangul itself leaves out.
        return _joined(path, _inflate(raw, zlib.MAX_WBITS), room)


def _joined(path: Path, pieces: Iterable[bytes], room: int) -> bytes:
    section = bytearray()
    for piece in pieces:
        section += piece
        if len(section) > room:
            raise _too_large(path, f"본문의 압축을 풀면 {MAX_BODY_BYTES >> 20}MB보다 큽니다")
    return bytes(section)


def _unpacked_size(raw: bytes, room: int) -> int:
    """How large a stream that may be packed gets, counted no further than ``room``."""
    size = 0
    try:
        for piece in _inflate(raw, -zlib.MAX_WBITS):
            size += len(piece)
            if size > room:
                break
    except zlib.error:
        pass  # Not packed, such as the preview; or packed and broken, which matters to pictures only.
    return max(size, len(raw))


def _inflate(raw: bytes, window: int) -> Iterator[bytes]:
    """The pieces of a packed stream; zlib.error where it is broken or cut."""
    engine = zlib.decompressobj(window)
    for start in range(0, len(raw), _PIECE):
        waiting = raw[start : start + _PIECE]
        while not engine.eof:
            piece = engine.decompress(waiting, _PIECE)
            yield piece
            waiting = engine.unconsumed_tail
            if not waiting and len(piece) < _PIECE:
                break
    if not engine.eof:
        raise zlib.error("cut off")


def _is_whole(section: bytes) -> bool:
    """Whether the chain of records ends within the section: the readers take what is there of a cut record."""
    at = 0
    while at + 4 <= len(section):
        size = int.from_bytes(section[at : at + 4], "little") >> 20
        at += 4
        if size == _LONG_RECORD:
            size = int.from_bytes(section[at : at + 4], "little")
            at += 4
        at += size
    return at <= len(section)


def _summary_title(container: Any) -> str:
    """The title of the property set. Not by olefile, which follows a forged count of properties for hours."""
    if not container.exists(_SUMMARY):
        return ""
    summary: bytes = container.openstream(_SUMMARY).read()
    try:
        (start,) = struct.unpack_from("<I", summary, 44)
        (count,) = struct.unpack_from("<I", summary, start + 4)
        for entry in range(min(count, _MAX_PROPERTIES)):
            key, offset = struct.unpack_from("<II", summary, start + 8 + 8 * entry)
            kind, length = struct.unpack_from("<II", summary, start + offset)
            if key == _SUMMARY_TITLE and kind == _WIDE_STRING:
                at = start + offset + 8
                return summary[at : at + 2 * length].decode("utf-16-le").partition("\0")[0]
    except (struct.error, UnicodeDecodeError):
        return ""  # The summary is an extra; the body does not depend on it.
    return ""


# HWPX: the package


def _check_hwpx(path: Path, data: bytes) -> tuple[str, dict[int, int]]:
    """The title and the paragraph shapes that make list items, of a package within the limits."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check_members(path, package.infolist())
            _check_kind(path, package)
            if b"encryption-data" in _part(package, "META-INF/manifest.xml"):
                raise _encrypted(path)
            title, sections = _manifest(_part(package, "Contents/content.hpf"))
            if not sections <= set(package.namelist()):
                raise _damaged(path, "본문의 일부가 빠져 있습니다")
            return title, _list_levels(_part(package, "Contents/header.xml"))
    except _FAULTS as error:
        raise _damaged(path, "압축(ZIP)이 깨져 있습니다") from error


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise _too_large(path, f"안에 든 항목이 {MAX_MEMBERS:,}개보다 많습니다")
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise _too_large(path, f"압축을 풀면 {MAX_UNPACKED_BYTES >> 20}MB보다 큽니다")
    if sum(member.file_size for member in members if member.filename.endswith(".xml")) > MAX_BODY_BYTES:
        raise _too_large(path, f"본문의 압축을 풀면 {MAX_BODY_BYTES >> 20}MB보다 큽니다")
    for member in members:
        if member.flag_bits & 1:
            raise _encrypted(path)
        if member.file_size > max(RATIO_COUNTS_FROM_BYTES, MAX_RATIO * member.compress_size):
            raise _too_large(path, f"압축률이 {MAX_RATIO}배를 넘어 압축 폭탄으로 보입니다")


def _check_kind(path: Path, package: zipfile.ZipFile) -> None:
    if _part(package, "mimetype").strip() == _MIMETYPE:
        return
    if any(name.startswith("Contents/") for name in package.namelist()):
        raise _damaged(path, "HWPX의 형식 표시(mimetype)가 없거나 잘못되었습니다")
    raise UnsupportedFormat(
        f"{path}: 한글 문서(HWPX)가 아닌 압축 파일입니다.",
        "DOCX, EPUB 등 다른 형식이면 확장자를 바르게 고치고, 압축 파일이면 풀어서 넣어 주세요.",
    )


def _part(package: zipfile.ZipFile, name: str) -> bytes:
    return package.read(name) if name in package.namelist() else b""


def _manifest(xml: bytes) -> tuple[str, set[str]]:
    """The title and the sections that the package should hold; dochan passes over one that is missing."""
    title: list[str] = []
    sections: set[str] = set()
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = _local(name) == "title"
        if _SECTION.fullmatch(href := attributes.get("href", "")):
            sections.add(href if href.startswith("Contents/") else f"Contents/{href}")

    _scan(xml, start, lambda text: title.append(text) if inside else None)
    return "".join(title), sections


def _list_levels(header: bytes) -> dict[int, int]:
    """The level of every paragraph shape that Hangul shows with a bullet or a number; dochan leaves both out."""
    levels: dict[int, int] = {}
    shape = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal shape
        if _local(name) == "paraPr":
            shape = attributes.get("id", "")
        elif _local(name) == "heading" and attributes.get("type") in ("BULLET", "NUMBER") and shape.isdecimal():
            level = attributes.get("level", "")
            levels[int(shape)] = int(level) if level.isdecimal() else 0

    _scan(header, start, lambda _: None)
    return levels


def _scan(xml: bytes, start: Callable[[str, dict[str, str]], None], characters: Callable[[str], None]) -> None:
    """Walk a part that only adds to the body. A document type, the way to entities, ends the walk."""

    def refuse(*_: object) -> None:
        raise ValueError("document type")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: start(f"/{name}", {})
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError):
        return


def _local(name: str) -> str:
    return name.rpartition(":")[2]


# The readers


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a reader made of a body, and whether something is missing from it."""

    text: str = ""
    heading: str = ""
    loss: bool = False
    too_large: bool = False

    @property
    def is_body(self) -> bool:
        return bool(self.text) and not self.loss and not _is_notice(self.text)


def _read_hwp5(path: Path, file: Path, *, distributed: bool) -> _Reading:
    first = _by_dochan(path, file, None)
    if first.is_body:
        return first
    if first.too_large:
        raise _too_large(path, "표의 칸이나 본문이 너무 많습니다")
    second = _by_syhwp(path, file)
    if second.is_body:
        return second
    if _is_notice(first.text) or _is_notice(second.text):
        raise _distribution(path)
    if first.loss:
        raise _distribution(path) if distributed else _damaged(path, "본문을 읽을 수 없습니다")
    return first


def _by_dochan(path: Path, file: Path, lists: dict[int, int] | None) -> _Reading:
    """``lists`` is what an HWPX package says of its list items; an HWP 5 file's own shapes say it."""
    from dochan import Dochan  # type: ignore[import-untyped]

    logging.getLogger("dochan").setLevel(logging.CRITICAL)
    options = {} if lists is None else {"include_assets": False}
    try:
        document = Dochan(str(file), revision_mode="final", **options).doc
        output = _Markdown(path)
        _from_dochan(document, output, _shape_levels(document) if lists is None else lists)
    except _FAULTS:
        return _Reading(loss=True)
    messages = [str(message) for message in document.errors]
    return _Reading(
        output.text(),
        output.heading,
        loss=any(_LOSS.search(message) for message in messages),
        too_large=any(_LIMIT.search(message) and not _KEPT.search(message) for message in messages),
    )


def _by_syhwp(path: Path, file: Path) -> _Reading:
    import syhwp

    output = _Markdown(path)
    try:
        _from_syhwp(syhwp.open(str(file)), output)
    except syhwp.EncryptedDocumentError as error:
        raise _encrypted(path) from error
    except (syhwp.SyhwpError, *_FAULTS):
        return _Reading(loss=True)
    return _Reading(output.text(), output.heading)


def _shape_levels(document: Any) -> dict[int, int]:
    numbered, bulleted = 2, 3
    return {
        index: shape.heading_level
        for index, shape in enumerate(document.para_shapes)
        if shape.heading_type in (numbered, bulleted)
    }


def _is_notice(text: str) -> bool:
    syllables = _NOT_HANGUL.sub("", unicodedata.normalize("NFC", text))
    # A notice may come with headers and page numbers; a document that quotes it says more than that.
    return (
        _NOTICE in syllables
        and any(sequel in syllables for sequel in _NOTICE_SEQUEL)
        and len(syllables) < _NOTICE_WITH_FURNITURE_SYLLABLES
    )


# From the readers' models to Markdown


@dataclass(slots=True)
class _Markdown:
    """Collects blocks in reading order."""

    path: Path
    heading: str = ""
    _blocks: list[str] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _cells: int = 0
    _in_list: bool = False

    def paragraph(self, text: str, level: int = 0, item: int | None = None) -> None:
        """A heading where ``level`` is not 0, a list item where ``item`` is its depth."""
        if not text.strip():
            return
        if level:
            text = _one_line(text)
            self.heading = self.heading or text
            self._add(f"{'#' * min(level, 6)} {text}")
        elif item is not None:
            indent = "  " * item
            line = f"{indent}- " + text.strip().replace("\n", f"\n{indent}  ")
            if self._in_list:
                self._blocks[-1] += f"\n{line}"
            else:
                self._add(line)
                self._in_list = True
        else:
            self._add(text.strip("\r\n"))

    def table(self, rows: list[list[str]]) -> None:
        """Rows of cells; a table without text is a drawing of lines and is left out."""
        width = max(map(len, rows), default=0)
        self._cells += width * len(rows)
        if self._cells > MAX_CELLS:
            raise _too_large(self.path, f"표의 칸이 {MAX_CELLS:,}개보다 많습니다")
        if not any(cell.strip() for row in rows for cell in row):
            return
        lines = [_row(row + [""] * (width - len(row))) for row in rows]
        self._add("\n".join([lines[0], _row(["---"] * width), *lines[1:]]))

    def note(self, number: int, text: str) -> None:
        """A note that a mark in the text points to, or one without a mark, which stays in its place."""
        if not text.strip():
            return
        if number:
            self._notes.append(f"[^{number}]: {_one_line(text)}")
        else:
            self.paragraph(text)

    def text(self) -> str:
        """All blocks, notes last."""
        return "\n\n".join([*self._blocks, *self._notes])

    def _add(self, block: str) -> None:
        self._blocks.append(block)
        self._in_list = False


def _from_dochan(document: Any, output: _Markdown, lists: dict[int, int]) -> None:
    for section in document.sections:
        for element in section.elements:
            _element(element, output, lists)


def _element(element: Any, output: _Markdown, lists: dict[int, int], depth: int = 0) -> None:
    from dochan.model.document import Paragraph  # type: ignore[import-untyped]
    from dochan.model.equation import Equation  # type: ignore[import-untyped]
    from dochan.model.header_footer import Footnote  # type: ignore[import-untyped]
    from dochan.model.image import Image  # type: ignore[import-untyped]
    from dochan.model.table import Table  # type: ignore[import-untyped]

    if isinstance(element, Paragraph):
        output.paragraph(_runs(element), element.heading_level, lists.get(element.para_shape_id))
    elif isinstance(element, Table):
        _captioned(element, output, lambda: _table(element, output, lists, depth))
    elif isinstance(element, Image):
        _captioned(element, output, lambda: None)
    elif isinstance(element, Equation):
        output.paragraph(_formula(element))
    elif isinstance(element, Footnote) and element.type != "comment":
        output.note(element.number, _flat(element.paragraphs, output))


def _captioned(element: Any, output: _Markdown, write: Callable[[], None]) -> None:
    above = element.caption_side.upper() in ("TOP", "LEFT")
    caption = _flat(element.caption, output)
    if above:
        output.paragraph(caption)
    write()
    if not above:
        output.paragraph(caption)


def _table(table: Any, output: _Markdown, lists: dict[int, int], depth: int) -> None:
    cells = [cell for row in table.rows for cell in row]
    if len(cells) == 1 and depth < MAX_DEPTH:
        for element in cells[0].paragraphs:
            _element(element, output, lists, depth + 1)
        return
    output.table(
        [["" if cell.is_merged_away else _flat(cell.paragraphs, output) for cell in row] for row in table.rows]
    )


def _flat(elements: Iterable[Any], output: _Markdown, depth: int = 0) -> str:
    """The text of a cell or a caption on one line, tables within it too; its notes go to the end."""
    from dochan.model.document import Paragraph
    from dochan.model.equation import Equation
    from dochan.model.header_footer import Footnote
    from dochan.model.image import Image
    from dochan.model.table import Table

    texts: list[str] = []
    for element in elements if depth < MAX_DEPTH else ():
        if isinstance(element, Paragraph):
            texts.append(_runs(element))
        elif isinstance(element, Equation):
            texts.append(_formula(element))
        elif isinstance(element, Image):
            texts.append(_flat(element.caption, output, depth + 1))
        elif isinstance(element, Table):
            texts.append(_flat(element.caption, output, depth + 1))
            cells = [cell for row in element.rows for cell in row if not cell.is_merged_away]
            texts.append(" / ".join(filter(None, (_flat(cell.paragraphs, output, depth + 1) for cell in cells))))
        elif isinstance(element, Footnote) and element.type != "comment":
            note = _flat(element.paragraphs, output, depth + 1)
            if element.number:
                output.note(element.number, note)
            else:
                texts.append(note)
    return _one_line(" ".join(texts))


def _runs(paragraph: Any) -> str:
    return "".join(map(_run, paragraph.runs))


def _run(run: Any) -> str:
    if run.equation is not None:
        return _formula(run.equation)
    if run.note_ref:
        return f"[^{run.note_ref}]"
    # dochan writes the names of bookmarks into the text; readers of the document never see them.
    return "" if _BOOKMARK.fullmatch(run.text) else str(run.text)


def _formula(equation: Any) -> str:
    script = _one_line(equation.script or equation.latex)
    return f"${script}$" if script else ""


def _from_syhwp(document: Any, output: _Markdown) -> None:
    import syhwp

    for block in document.blocks:
        if isinstance(block, syhwp.Paragraph):
            output.paragraph(block.text)
        elif isinstance(block, syhwp.Equation) and block.script:
            output.paragraph(f"${block.script}$")
        elif isinstance(block, syhwp.Table):
            _syhwp_table(block, output)


def _syhwp_table(table: Any, output: _Markdown) -> None:
    # Not its own grid(): that one has no limit, and drops cells that stand outside the declared size.
    if table.n_rows * table.n_cols > MAX_CELLS:
        raise _too_large(output.path, f"표의 칸이 {MAX_CELLS:,}개보다 많습니다")
    rows = [[""] * table.n_cols for _ in range(table.n_rows)]
    strays: list[str] = []
    for cell in table.cells:
        text = cell.text.replace(_SYHWP_PICTURE, "").strip()
        if cell.row < table.n_rows and cell.col < table.n_cols:
            rows[cell.row][cell.col] = text
        else:
            strays.append(text)
    output.table(rows)
    for stray in strays:
        output.paragraph(stray)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_one_line(cell).replace("|", "\\|") for cell in cells) + " |"


def _one_line(text: str) -> str:
    return " ".join(text.split())


# Files and errors


@contextmanager
def _on_disk(path: Path, data: bytes, suffix: str) -> Iterator[Path]:
    """The very bytes that were checked, as a file of the reader's kind: the readers take paths only."""
    with ExitStack() as stack:
        try:
            file = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loopai-"))) / f"document{suffix}"
            file.write_bytes(data)
        except OSError as error:
            raise UnreadableFile(
                f"{path}: 임시 파일을 쓸 수 없습니다({error.strerror}).",
                "임시 폴더의 빈 공간과 쓰기 권한을 확인하세요.",
            ) from error
        yield file


def _foreign(path: Path, data: bytes) -> IngestError:
    if not data:
        return EmptyDocument(f"{path}: 빈 파일입니다(0바이트).", "파일을 다시 내려받거나 원본을 다시 저장해 주세요.")
    if data.startswith(_HWP3_MARK):
        return _old_version(path)
    head = data[:512]
    if any(mark in head for mark in _DRM_MARKS):
        return _encrypted(path)
    if b"<HWPML" in head or data.startswith(b"%PDF-"):
        return UnsupportedFormat(
            f"{path}: 확장자와 달리 한글 문서(HWP, HWPX)가 아닙니다.",
            "PDF라면 확장자를 .pdf로 고치고, HWPML이라면 한글에서 HWPX로 저장한 뒤 넣어 주세요.",
        )
    return _damaged(path, "한글 문서(HWP, HWPX)의 표시로 시작하지 않습니다")


def _old_version(path: Path) -> UnsupportedFormat:
    return UnsupportedFormat(
        f"{path}: 한글 97 이전의 옛 형식(HWP 3)이라 읽을 수 없습니다.",
        "한글에서 열어 '다른 이름으로 저장하기'로 HWPX나 HWP로 저장한 뒤 넣어 주세요.",
    )


def _encrypted(path: Path) -> EncryptedFile:
    return EncryptedFile(
        f"{path}: 암호나 인증서, DRM으로 잠긴 문서입니다.",
        "한글에서 암호를 풀고(보안 > 문서 암호 해제) 다시 저장한 뒤 넣어 주세요.",
    )


def _distribution(path: Path) -> DistributionNotice:
    return DistributionNotice(
        f"{path}: 배포용 문서라서 본문 대신 안내문만 읽힙니다.",
        "문서를 만든 사람에게 배포용이 아닌 원본을 받거나, 한글에서 PDF로 인쇄한 뒤 넣어 주세요.",
    )


def _damaged(path: Path, reason: str) -> DamagedFile:
    return DamagedFile(
        f"{path}: 손상된 문서입니다: {reason}.",
        "파일을 다시 내려받거나, 한글에서 열리면 HWPX로 다시 저장한 뒤 넣어 주세요.",
    )


def _too_large(path: Path, reason: str) -> FileTooLarge:
    return FileTooLarge(f"{path}: {reason}.", "문서를 여러 파일로 나누거나 그림을 줄여 저장한 뒤 넣어 주세요.")
