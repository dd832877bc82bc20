"""Rows of JSONL files, as evaluations read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest import MalformedRecord

Row = dict[str, Any]


def load_rows(path: Path, *needed: str) -> list[Row]:
    """The rows of a JSONL file, or of every JSONL file in a folder, in order of name; a row without ``id`` gets one.

    Raises:
        MalformedRecord: a line is no JSON object, or one of the ``needed`` keys is missing.
    """
    rows = []
    for file in data_files(path):
        for number, row in numbered_rows(file):
            if missing := [key for key in needed if key not in row]:
                complaint = f"{', '.join(missing)} 항목이 없습니다."
                raise malformed(file, number, complaint, f"각 줄에 {', '.join(needed)} 항목이 있어야 합니다.")
            rows.append({"id": f"{file.stem}-{number}", **row})
    return rows


def data_files(path: Path) -> list[Path]:
    """The file itself, or the JSONL files of a folder."""
    return sorted(path.glob("*.jsonl")) if path.is_dir() else [path]


def data_sha256(*paths: Path) -> str:
    """Identifies the data, whatever the files are called."""
    digest = hashlib.sha256()
    for file in (file for path in paths for file in data_files(path)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def malformed(path: Path, line: int, complaint: str, hint: str) -> MalformedRecord:
    """The error that names a line of a file."""
    return MalformedRecord(f"{path}: {line}번째 줄: {complaint}", hint)


def numbered_rows(file: Path) -> Iterator[tuple[int, Row]]:
    """Line numbers and rows of one JSONL file; empty lines are passed over.

    Raises:
        MalformedRecord: a line is no JSON object.
    """
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise malformed(file, number, "JSON으로 읽을 수 없습니다.", "각 줄은 JSON 하나여야 합니다.") from error
        if not isinstance(row, dict):
            raise malformed(file, number, "JSON 객체가 아닙니다.", '각 줄은 {"…": …} 꼴이어야 합니다.')
        yield number, row
