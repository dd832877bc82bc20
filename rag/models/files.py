"""Hashing and moving of big files, with progress. Knows no model."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_BLOCK = 1 << 20
Advance = Callable[[int], None]


def sha256_of(path: Path, advance: Advance = lambda _: None) -> str:
    """SHA-256 of a file; ``advance`` gets the bytes of each block."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            advance(len(block))
    return digest.hexdigest()


def copy_into(source: BinaryIO, target: BinaryIO, advance: Advance, limit: int) -> str:
    """Append ``source`` to ``target``, at most ``limit`` bytes and one more block; the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    copied = 0
    while copied <= limit and (block := source.read(_BLOCK)):
        target.write(block)
        digest.update(block)
        copied += len(block)
        advance(len(block))
    return digest.hexdigest()


def settle(file: BinaryIO) -> None:
    """Make sure that what was written is on the disk."""
    file.flush()
    os.fsync(file.fileno())
