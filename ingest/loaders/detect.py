"""What kind of file this is, by its bytes first: sites of offices call HTML ``.xls``, people call HWPX ``.hwp``."""

from __future__ import annotations

import codecs
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import EncryptedFile, IngestError, UndecodableText, UnsupportedFormat
from ingest.loaders.text import decode

KINDS = ("txt", "md", "jsonl", "json", "csv", "html", "pdf", "docx", "xlsx", "hwp", "hwpx", "epub", "zip", "toml")

KIND_BY_SUFFIX = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".hwp": "hwp",
    ".hwpx": "hwpx",
    ".epub": "epub",
    ".zip": "zip",
    ".toml": "toml",
}
_BINARY_KINDS = ("pdf", "docx", "xlsx", "hwp", "hwpx", "epub", "zip")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# Wrappers that companies' document protection puts around whole files (Fasoo, SoftCamp, NASCA).
_DRM = (b"DRMONE", b"SCDSA", b"NASCA DRM")
_DRM_WITHIN = 64

_OTHER_ARCHIVES = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x1f\x8b", "GZIP"),
    (b"BZh", "BZIP2"),
    (b"\xfd7zXZ\0", "XZ"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"ALZ\x01", "ALZ"),
    (b"EGGA", "EGG"),
)
_SAVE_AS_DOCX = "프로그램에서 열어 ‘다른 이름으로 저장’으로 DOCX나 PDF로 저장한 뒤 넣어 주세요."
_SAVE_AS_HWPX = "한글에서 열어 ‘다른 이름으로 저장’으로 HWPX나 HWP(5.0)로 저장한 뒤 넣어 주세요."
_SAVE_AS_XLSX = "엑셀에서 열어 ‘다른 이름으로 저장’으로 XLSX나 CSV로 저장한 뒤 넣어 주세요."
_PICTURE = "글자를 알아볼 수 있는 프로그램(OCR)으로 텍스트를 뽑아 TXT로 저장한 뒤 넣어 주세요."
_MEDIA = "받아 적은 글을 TXT로 저장한 뒤 넣어 주세요."
# (offset, magic, what people call it, way out)
_REFUSED = (
    (0, b"HWP Document File", "한글 3.0 이하의 옛 HWP 문서", _SAVE_AS_HWPX),
    (0, b"\x89PNG", "PNG 그림", _PICTURE),
    (0, b"\xff\xd8\xff", "JPEG 그림", _PICTURE),
    (0, b"GIF8", "GIF 그림", _PICTURE),
    (0, b"II*\0", "TIFF 그림", _PICTURE),
    (0, b"MM\0*", "TIFF 그림", _PICTURE),
    (8, b"WEBP", "WebP 그림", _PICTURE),
    (8, b"WAVE", "소리 파일", _MEDIA),
    (0, b"ID3", "소리 파일", _MEDIA),
    (0, b"OggS", "소리 파일", _MEDIA),
    (4, b"ftyp", "영상 파일", _MEDIA),
    (0, b"\x1aE\xdf\xa3", "영상 파일", _MEDIA),
    (0, b"SQLite format 3\0", "SQLite 데이터베이스", "필요한 표를 CSV로 내보낸 뒤 넣어 주세요."),
    (0, b"MZ", "실행 파일", "글이 든 문서를 넣어 주세요."),
    (0, b"\x7fELF", "실행 파일", "글이 든 문서를 넣어 주세요."),
    (60, b"BOOKMOBI", "모비(MOBI) 전자책", "EPUB으로 바꾼 뒤 넣어 주세요."),
)
_REFUSED_TEXT = (
    ("{\\rtf", "RTF 문서", _SAVE_AS_DOCX),
    ("mime-version:", "웹 보관 파일(MHTML)이나 전자우편", "브라우저에서 HTML로 저장하거나 본문을 TXT로 저장해 주세요."),
    ("<hwpml", "한글 HWPML 문서", _SAVE_AS_HWPX),
    ('progid="excel.sheet"', "엑셀 XML 표", _SAVE_AS_XLSX),
    ('progid="word.document"', "워드 XML 문서", _SAVE_AS_DOCX),
)
# Atomic, so that a file of comments is read once and not in every way.
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body|meta)\b", re.I | re.S
)
# Below a suffix of Office, a bare fragment is an export too.
_FRAGMENT_START = re.compile(r"\s*(?:<!--(?>.*?-->)\s*+)*+<(?:table|style|div|center|font|p)\b", re.I | re.S)
_XML_START = re.compile(r"\s*<\?xml\b", re.I)
# Not tab, line and page ends, escape, nor the Ctrl-Z with which DOS ends a text.
_CONTROL = re.compile("[\0-\x08\x0e-\x19\x1c-\x1f]")
_HEAD = 4096
_MAX_SECTORS = 4096


def detect(path: Path, data: bytes) -> str:
    """One of ``KINDS``. A magic number overrules the suffix, and text is told by content, then by suffix.

    Raises:
        UnsupportedFormat: a format that is known and not read (.doc, .xls, .ppt, HWP 3, RTF, 7z, pictures …),
            or bytes that are no text; the hint says what to save it as.
        EncryptedFile: a Word, Excel or PowerPoint file with a password, or any file under a company's DRM.
    """
    if data.startswith(b"%PDF-") or (b"%PDF-" in data[:1024] and not _is_text(path, data)):
        return "pdf"
    if data.startswith(_ZIP):
        return _zip_kind(path, data)
    if data.startswith(_OLE):
        return _ole_kind(path, data)
    if any(mark in data[:_DRM_WITHIN] for mark in _DRM) and not _is_text(path, data):
        raise EncryptedFile(
            f"{path}: 회사의 문서 보안(DRM)으로 잠긴 파일입니다.", "문서 보안을 해제한 사본을 만들어 넣어 주세요."
        )
    _refuse_known(path, data)
    return _text_kind(path, data)


def is_zip(path: Path, data: bytes) -> bool:
    """Whether this is a ZIP of files, to be read file by file, and no document that is only packed as one."""
    try:
        return detect(path, data) == "zip"
    except IngestError:
        return False


def _other_archive(data: bytes) -> str:
    if data[257:262] == b"ustar":
        return "TAR"
    return next((name for magic, name in _OTHER_ARCHIVES if data.startswith(magic)), "")


def _refuse_known(path: Path, data: bytes) -> None:
    for offset, magic, name, hint in _REFUSED:
        # A manuscript too may begin with the letters GIF8 or MZ.
        if data[offset : offset + len(magic)] == magic and not (magic.isascii() and _is_text(path, data)):
            raise _refused(path, name, hint)
    if (archive := _other_archive(data)) and not _is_text(path, data):
        raise _refused(path, f"{archive} 압축 파일", "압축을 풀어 넣거나 ZIP으로 다시 압축해 주세요.")


def _zip_kind(path: Path, data: bytes) -> str:
    kind = _packed_as(data)
    if kind == "broken":
        # Its own loader says best what is broken.
        suffix = KIND_BY_SUFFIX.get(path.suffix.lower(), "zip")
        return suffix if suffix in _BINARY_KINDS else "zip"
    if kind == "pptx":
        raise _refused(path, "파워포인트 문서", "파워포인트에서 PDF로 저장한 뒤 넣어 주세요.")
    if kind == "xlsb":
        raise _refused(path, "이진 엑셀 문서(XLSB)", _SAVE_AS_XLSX)
    if kind == "odf":
        raise _refused(path, "오픈도큐먼트(ODT, ODS)", _SAVE_AS_DOCX)
    return kind


def _packed_as(data: bytes) -> str:
    """What a ZIP holds: a kind of document by the names in it, else ``zip``, or ``broken``."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            mimetype = _mimetype(archive)
            names = {name.replace("\\", "/") for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, OverflowError):
        return "broken"
    if mimetype.startswith(b"application/epub+zip") or ("META-INF/container.xml" in names and _has(names, ".opf")):
        return "epub"
    if mimetype.startswith(b"application/hwp+zip") or {"Contents/content.hpf", "Contents/header.xml"} & names:
        return "hwpx"
    if mimetype.startswith(b"application/vnd.oasis.opendocument"):
        return "odf"
    if "[Content_Types].xml" in names:
        for name, kind in (("word/", "docx"), ("xl/workbook.bin", "xlsb"), ("xl/", "xlsx"), ("ppt/", "pptx")):
            if any(member.startswith(name) for member in names):
                return kind
    return "zip"


def _has(names: set[str], suffix: str) -> bool:
    return any(name.lower().endswith(suffix) for name in names)


def _mimetype(archive: zipfile.ZipFile) -> bytes:
    try:
        with archive.open("mimetype") as file:
            return file.read(100).strip()
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, ValueError, EOFError, OSError):
        return b""


def _ole_kind(path: Path, data: bytes) -> str:
    """HWP 5 or one of the old Office formats, by the streams in the compound file."""
    streams = set(_ole_streams(data))
    if "EncryptedPackage" in streams:
        raise EncryptedFile(
            f"{path}: 암호가 걸린 오피스 문서입니다.", "프로그램에서 열어 암호를 없애고 다시 저장한 뒤 넣어 주세요."
        )
    if "WordDocument" in streams:
        raise _refused(path, "옛 워드 문서(DOC)", _SAVE_AS_DOCX)
    if streams & {"Workbook", "Book"}:
        raise _refused(path, "옛 엑셀 문서(XLS)", _SAVE_AS_XLSX)
    if "PowerPoint Document" in streams:
        raise _refused(path, "옛 파워포인트 문서(PPT)", "파워포인트에서 PDF로 저장한 뒤 넣어 주세요.")
    if "FileHeader" in streams or path.suffix.lower() == ".hwp":
        return "hwp"
    if not streams and path.suffix.lower() in (".doc", ".xls", ".ppt"):
        raise _refused(path, "옛 오피스 문서", _SAVE_AS_DOCX)
    raise _refused(path, "알 수 없는 복합 문서", _SAVE_AS_DOCX)


def _ole_streams(data: bytes) -> Iterator[str]:
    """Names in the directory of a compound file; stops in silence where the file is broken."""
    try:
        (shift,) = struct.unpack_from("<H", data, 30)
        (sector,) = struct.unpack_from("<I", data, 48)
        tables = struct.unpack_from("<109I", data, 76)
        size = 1 << shift if shift in (9, 12) else 512
        for _ in range(_MAX_SECTORS):
            start = (sector + 1) * size
            for entry in range(start, start + size, 128):
                (length,) = struct.unpack_from("<H", data, entry + 64)
                yield data[entry : entry + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
            table, place = divmod(sector, size // 4)
            (sector,) = struct.unpack_from("<I", data, (tables[table] + 1) * size + place * 4)
            if sector >= 0xFFFFFFFA:
                return
    except (struct.error, IndexError):
        return


def _text_kind(path: Path, data: bytes) -> str:
    suffix = path.suffix.lower()
    kind = KIND_BY_SUFFIX.get(suffix, "")
    head = _head(data)
    for mark, name, hint in _REFUSED_TEXT:
        if mark in head.lower() and (head.startswith(("<", "{\\rtf")) or (mark == "mime-version:" and _is_mail(head))):
            raise _refused(path, name, hint)
    if _HTML_START.match(head) and kind != "md":
        return "html"
    if kind in _BINARY_KINDS or suffix in (".xls", ".doc", ".ppt", ".rtf"):
        return _misnamed(path, data, head, kind)
    if kind in ("txt", "json", "jsonl") and (found := _json_kind(path, data, head)):
        return found
    if kind:
        return kind
    if _XML_START.match(head):
        raise _refused(path, "XML 파일", "글만 뽑아 TXT로 저장한 뒤 넣어 주세요.")
    if not _is_text(path, data):
        raise _unknown(path)
    return _json_kind(path, data, head) or "txt"


def _misnamed(path: Path, data: bytes, head: str, kind: str) -> str:
    """Text below the suffix of a document or a table: an export in HTML, a table as text, or plain text."""
    if not _is_text(path, data) or not data.strip():
        if kind:
            return kind
        raise _unknown(path)
    if _FRAGMENT_START.match(head):
        return "html"
    if path.suffix.lower() == ".xls" or kind == "xlsx":
        return "csv"
    return "txt"


def _json_kind(path: Path, data: bytes, head: str) -> str:
    """Whether text is JSON or JSON Lines; lines of prose in brackets are neither."""
    if not head.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return ""
    try:
        text = decode(path, data).removeprefix("\ufeff")
    except UndecodableText:
        return ""
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > 1 and _is_json_object(lines[0]) and _is_json_object(lines[1]):
        return "jsonl"
    if path.suffix.lower() in (".jsonl", ".ndjson") and _is_json_object(lines[0]):
        return "jsonl"
    if path.suffix.lower() == ".json":
        return "json"
    return "json" if _is_json(text) else ""


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_json(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if isinstance(value, list):
        return any(isinstance(item, dict | list) for item in value)
    return isinstance(value, dict)


def _is_mail(head: str) -> bool:
    return bool(re.match(r"(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?mime-version:", head, re.I))


def _head(data: bytes) -> str:
    """The beginning of text for looking at its ASCII only."""
    start = data[:_HEAD]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return start.decode("utf-16", "ignore")
    return start.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _is_text(path: Path, data: bytes) -> bool:
    try:
        text = decode(path, data)
    except UndecodableText:
        return False
    return not _CONTROL.search(text)


def _unknown(path: Path) -> UnsupportedFormat:
    return UnsupportedFormat(
        f"{path}: 지원하지 않는 형식입니다({path.suffix or '확장자 없음'}).",
        "TXT, Markdown, HTML, PDF, DOCX, XLSX, HWP, HWPX, EPUB, CSV, JSON으로 저장한 뒤 넣어 주세요.",
    )


def _refused(path: Path, name: str, hint: str) -> UnsupportedFormat:
    return UnsupportedFormat(f"{path}: {name} 형식은 읽을 수 없습니다.", hint)
