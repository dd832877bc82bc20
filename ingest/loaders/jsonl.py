"""JSON Lines: one written piece per row, with what is known about it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ingest.errors import MalformedRecord
from ingest.loaders.parts import Loaded, Part
from ingest.loaders.text import decode
from ingest.types import Example

# Not splitlines(), which also cuts at U+2028, U+2029 and U+0085 within a string.
_LINE_END = re.compile("\r\n|\r|\n")
_REQUEST_KEYS = ("request", "prompt", "question")
_TEXT_KEYS = ("text", "completion", "answer")


def load_jsonl(path: Path, data: bytes) -> Loaded:
    """Rows of ``{"request", "text", "genre", …}``; only ``text`` is required.

    ``prompt``/``completion`` and ``question``/``answer`` are read as the same two fields.

    Raises:
        MalformedRecord: names the line of the first row that breaks the format.
    """
    parts = []
    for number, line in enumerate(_LINE_END.split(decode(path, data)), start=1):
        if line.strip():
            parts.append(_part(path, number, line))
    return Loaded(path.stem, tuple(parts))


def _part(path: Path, number: int, line: str) -> Part:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        # ValueError: no JSON, or an integer of more than 4,300 digits.
        raise _malformed(path, number, "JSON으로 읽을 수 없습니다") from error
    if not isinstance(row, dict):
        raise _malformed(path, number, "한 줄에 JSON 객체 하나가 있어야 합니다")
    text = _first(row, _TEXT_KEYS)
    if not text:
        raise _malformed(path, number, "'text' 항목이 없거나 비어 있습니다")
    return Part(text, _example(path, number, row))


def _example(path: Path, number: int, row: dict[str, Any]) -> Example:
    return Example(
        request=_first(row, _REQUEST_KEYS),
        genre=_text(row, "genre"),
        tone=_text(row, "tone"),
        point_of_view=_text(row, "point_of_view"),
        tense=_text(row, "tense"),
        speech_level=_text(row, "speech_level"),
        tags=_list(path, number, row, "tags"),
        split="heldout" if row.get("split") == "heldout" else "train",
        other_requests=_list(path, number, row, "other_requests"),
    )


def _list(path: Path, number: int, row: dict[str, Any], key: str) -> tuple[str, ...]:
    values = row.get(key, [])
    if not isinstance(values, list) or any(isinstance(value, dict | list) for value in values):
        raise _malformed(path, number, f"'{key}'는 낱말의 목록이어야 합니다")
    return tuple(str(value) for value in values)


def _first(row: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((text for key in keys if (text := _text(row, key))), "")


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key, "")
    return value if isinstance(value, str) else ""


def _malformed(path: Path, number: int, reason: str) -> MalformedRecord:
    return MalformedRecord(
        f"{path}: {number}번째 줄: {reason}.",
        '각 줄은 {"request": "…", "text": "…", "genre": "…"} 꼴이어야 합니다.',
    )
