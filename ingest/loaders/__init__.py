"""From a file to its parts. One module per format; ``load`` chooses by suffix.

A loader returns text as it stands in the file; it neither cleans nor splits.
"""

from __future__ import annotations

from pathlib import Path

from ingest.errors import UnreadableFile, UnsupportedFormat
from ingest.loaders.jsonl import load_jsonl
from ingest.loaders.parts import Loaded
from ingest.loaders.text import load_markdown, load_text

ONTOLOGY_FILE = "ontology.toml"
SUFFIXES = (".txt", ".md", ".markdown", ".jsonl")


def is_supported(path: Path) -> bool:
    """Whether ``load`` reads this kind of file."""
    return path.suffix.lower() in SUFFIXES or path.name == ONTOLOGY_FILE


def load(path: Path) -> Loaded:
    """Read one file.

    Raises:
        UnreadableFile: the path cannot be read.
        UnsupportedFormat: no loader reads this kind of file.
        UndecodableText, MalformedRecord: the content breaks its format.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", "파일이 있는지, 읽기 권한이 있는지 확인하세요.") from error
    match path.suffix.lower():
        case ".jsonl":
            return load_jsonl(path, data)
        case ".md" | ".markdown":
            return load_markdown(path, data)
        case ".txt":
            return load_text(path, data)
        case ".toml" if path.name == ONTOLOGY_FILE:
            return load_text(path, data)
    raise UnsupportedFormat(
        f"{path}: 지원하지 않는 형식입니다({path.suffix or '확장자 없음'}).",
        "지원 형식: TXT, Markdown, JSONL. 다른 형식은 텍스트로 저장한 뒤 넣어 주세요.",
    )


__all__ = ["ONTOLOGY_FILE", "SUFFIXES", "Loaded", "is_supported", "load"]
