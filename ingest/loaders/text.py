"""TXT and Markdown. Decoding is strict: a wrong guess would corrupt a manuscript silently."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ingest.errors import UndecodableText
from ingest.loaders.parts import Loaded, Part

# Longest first: the UTF-32 mark begins with the UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def decode(path: Path, data: bytes) -> str:
    """Bytes to text: byte order mark, else strict UTF-8, else strict CP949.

    CP949 rather than EUC-KR: it is a superset that also holds syllables such as 똠 and 펲.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            candidates: tuple[str, ...] = (encoding,)
            break
    else:
        candidates = ("utf-8", "cp949")
    for encoding in candidates:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UndecodableText(
        f"{path}: 글자 인코딩을 알 수 없습니다(UTF-8도 CP949도 아님).",
        "원래 프로그램에서 UTF-8로 다시 저장한 뒤 넣어 주세요.",
    )


def load_text(path: Path, data: bytes) -> Loaded:
    """A plain text file; its title is the file's stem."""
    return Loaded(path.stem, (Part(decode(path, data)),))


def load_markdown(path: Path, data: bytes) -> Loaded:
    """A Markdown file, marks kept; its title is the first heading."""
    text = decode(path, data)
    heading = _HEADING.search(text)
    return Loaded(heading.group(1) if heading else path.stem, (Part(text),))
