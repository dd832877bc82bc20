"""From a file to its parts. One module per format; ``load`` chooses by content, then by suffix.

A loader returns text as it stands in the file; it neither cleans nor splits.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from ingest.errors import EmptyDocument, FileTooLarge, UnreadableFile, UnsupportedFormat
from ingest.loaders.archive import Member, members
from ingest.loaders.csv import load_csv
from ingest.loaders.detect import KIND_BY_SUFFIX, detect, is_zip
from ingest.loaders.docx import load_docx
from ingest.loaders.epub import load_epub
from ingest.loaders.html import load_html
from ingest.loaders.hwp import load_hwp
from ingest.loaders.json_file import load_json
from ingest.loaders.jsonl import load_jsonl
from ingest.loaders.parts import Loaded
from ingest.loaders.pdf import load_pdf
from ingest.loaders.text import load_markdown, load_text
from ingest.loaders.xlsx import load_xlsx

ONTOLOGY_FILE = "ontology.toml"
MAX_BYTES = 200_000_000
_LOADERS: dict[str, Callable[[Path, bytes], Loaded]] = {
    "txt": load_text,
    "md": load_markdown,
    "jsonl": load_jsonl,
    "json": load_json,
    "csv": load_csv,
    "html": load_html,
    "pdf": load_pdf,
    "docx": load_docx,
    "xlsx": load_xlsx,
    "epub": load_epub,
    "hwp": load_hwp,
    "hwpx": load_hwp,
}
# What ``load`` reads, and ZIP, whose ``members`` it reads.
SUFFIXES = tuple(suffix for suffix, kind in KIND_BY_SUFFIX.items() if kind == "zip" or kind in _LOADERS)


def is_supported(path: Path) -> bool:
    """Whether a file of this name can be read: by ``load``, or member by member."""
    return path.suffix.lower() in SUFFIXES or path.name == ONTOLOGY_FILE


def load(path: Path, data: bytes | None = None) -> Loaded:
    """Read one file, or its ``data`` where they are given: ``path`` is then only its name.

    Raises:
        UnreadableFile, FileTooLarge: as ``read_bytes``.
        UnsupportedFormat: no loader reads this kind of file; ``members`` gives those of a ZIP.
        IngestError: the content breaks its format, is locked, empty or too large; see ``ingest.errors``.
    """
    if data is None:
        data = read_bytes(path)
    if not data:
        raise EmptyDocument(f"{path}: 빈 파일입니다(0바이트).", "파일을 다시 받거나 원본을 다시 저장해 주세요.")
    if path.name == ONTOLOGY_FILE:
        return load_text(path, data)
    loader = _LOADERS.get(detect(path, data))
    if loader is None:
        raise UnsupportedFormat(
            f"{path}: 지원하지 않는 형식입니다({path.suffix or '확장자 없음'}).",
            "TXT, Markdown, JSONL, JSON, CSV, XLSX, HTML, EPUB, PDF, DOCX, HWP, HWPX와 이들을 담은 ZIP을 읽습니다. "
            "다른 것은 텍스트로 저장해 넣어 주세요.",
        )
    return loader(path, data)


def read_bytes(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises:
        UnreadableFile: missing, not permitted, a folder, a device.
        FileTooLarge: more than ``MAX_BYTES``.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile(f"{path}: 보통 파일이 아닙니다.", "문서 파일을 골라 주세요.")
        if status.st_size > MAX_BYTES:
            raise FileTooLarge(f"{path}: {MAX_BYTES // 1_000_000}MB가 넘는 파일입니다.", "나누어 넣어 주세요.")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", "파일이 있는지, 읽기 권한이 있는지 확인하세요.") from error


__all__ = ["ONTOLOGY_FILE", "SUFFIXES", "Loaded", "Member", "is_supported", "is_zip", "load", "members", "read_bytes"]
