"""What a loader returns."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.types import Example


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file that its format delimits; ``example`` is None for running text."""

    text: str
    example: Example | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file's title and its parts in order (running text is one part)."""

    title: str
    parts: tuple[Part, ...]
