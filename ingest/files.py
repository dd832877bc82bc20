"""Finds the files to ingest and reads their bytes. A ZIP gives its members, each a source of its own.

Touches the disk; knows no format but the ZIP around a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ingest.loaders import Member, is_supported, is_zip, members, read_bytes


@dataclass(frozen=True, slots=True)
class File:
    """A file that was found; ``root`` is the folder from which its name is counted."""

    path: Path
    root: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """What one source is made of: a file, or a member of a ZIP, whose ``path`` is the ZIP's with its name behind it.

    ``read`` gives the bytes, or raises the ``IngestError`` that says why there are none.
    """

    path: Path
    root: Path
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        """The path from the root on, with ``/`` between folders."""
        return self.path.relative_to(self.root).as_posix()


def find_files(paths: Sequence[Path]) -> list[File]:
    """The files at and below ``paths``, sorted, hidden ones left out.

    Files that are named are always taken, so that an unsupported one is reported; in folders, only supported ones
    are, and links only where they lead to a place in the same folder.
    """
    found: dict[Path, File] = {}
    for path in paths:
        path = path.absolute()
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if _is_wanted(file, path):
                    found.setdefault(file, File(file, path.parent))
        else:
            found.setdefault(path, File(path, path.parent))
    return list(found.values())


def entries(file: File) -> Iterator[Entry]:
    """The sources that a file holds: itself, or the members of a ZIP."""
    if file.path.suffix.lower() != ".zip":
        yield Entry(file.path, file.root, lambda: read_bytes(file.path))
        return
    data = read_bytes(file.path)
    if not is_zip(file.path, data):
        yield Entry(file.path, file.root, lambda: data)
        return
    for member in members(file.path, data):
        if is_supported(Path(member.name)):
            yield Entry(file.path / member.name, file.root, partial(_data, member))


def exists(path: str) -> bool:
    """Whether the file, or the ZIP that holds it, is still where it was."""
    place = Path(path)
    return place.exists() or any(parent.is_file() for parent in place.parents)


def _data(member: Member) -> bytes:
    return member.data


def _is_wanted(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    if hidden or not is_supported(file) or not file.is_file():
        return False
    return not file.is_symlink() or file.resolve().is_relative_to(folder.resolve())
