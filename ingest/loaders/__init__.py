"""From a file to its parts. One module per format; ``load`` chooses by content, then by suffix.

A loader returns text as it stands in the file; it neither cleans nor splits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.errors import UnreadableFile, UnsupportedFormat
from ingest.loaders.csv import load_csv
from ingest.loaders.detect import detect
from ingest.loaders.epub import load_epub
from ingest.loaders.html import load_html
from ingest.loaders.hwp import load_hwp
from ingest.loaders.json_file import load_json
from ingest.loaders.jsonl import load_jsonl
from ingest.loaders.parts import Loaded
from ingest.loaders.text import load_markdown, load_text

ONTOLOGY_FILE = "ontology.toml"
SUFFIXES = (
    ".txt", ".md", ".markdown", ".jsonl", ".json", ".csv", ".tsv", ".html", ".htm", ".xhtml", ".epub", ".hwp", ".hwpx",
)  # fmt: skip
_LOADERS: dict[str, Callable[[Path, bytes], Loaded]] = {
    "txt": load_text,
    "md": load_markdown,
    "jsonl": load_jsonl,
    "json": load_json,
    "csv": load_csv,
    "html": load_html,
    "epub": load_epub,
    "hwp": load_hwp,
    "hwpx": load_hwp,
}


def is_supported(path: Path) -> bool:
    """Whether ``load`` reads files of this name."""
    return path.suffix.lower() in SUFFIXES or path.name == ONTOLOGY_FILE


def load(path: Path) -> Loaded:
    """Read one file.

    Raises:
        UnreadableFile: the path cannot be read.
        UnsupportedFormat: no loader reads this kind of file.
        IngestError: the content breaks its format, is locked, empty or too large; see ``ingest.errors``.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", "파일이 있는지, 읽기 권한이 있는지 확인하세요.") from error
    if path.name == ONTOLOGY_FILE:
        return load_text(path, data)
    loader = _LOADERS.get(detect(path, data))
    if loader is None:
        raise UnsupportedFormat(
            f"{path}: 지원하지 않는 형식입니다({path.suffix or '확장자 없음'}).",
            "TXT, Markdown, JSONL, JSON, CSV, HTML, EPUB, HWP, HWPX를 읽습니다. 다른 것은 텍스트로 저장해 넣어 주세요.",
        )
    return loader(path, data)


__all__ = ["ONTOLOGY_FILE", "SUFFIXES", "Loaded", "is_supported", "load"]
