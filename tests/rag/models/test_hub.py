from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import pytest

from rag.models import Catalog, DownloadFailed, HashMismatch, ModelEntry, ModelStore, UnsafeModel
from tests.rag.models.makers import hub, hub_entry, sha

FILES = {
    "config.json": json.dumps({"model_type": "tiny"}).encode(),
    "model.safetensors": b"\x08" + b"\0" * 3000,
    "1_Pooling/config.json": b"{}",
    "vocab.txt": "가\n나\n".encode(),
}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def pull(root: Path, entry: ModelEntry, endpoint: str) -> Path:
    return ModelStore(root, Catalog((entry,)), hub_endpoint=endpoint).pull(entry)


def test_the_pinned_files_arrive(tmp_path: Path) -> None:
    with hub(FILES) as endpoint:
        folder = pull(tmp_path, hub_entry(FILES), endpoint)
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(found) == {*FILES, "manifest.json"}
    assert all(found[name].read_bytes() == data for name, data in FILES.items())


def test_other_bytes_than_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    with hub({**FILES, "model.safetensors": b"other"}) as endpoint, pytest.raises(HashMismatch, match="safetensors"):
        pull(tmp_path, hub_entry(FILES), endpoint)
    with hub(FILES) as endpoint:
        assert (pull(tmp_path, hub_entry(FILES), endpoint) / "model.safetensors").exists()


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pt", "model.pkl", "modeling_tiny.py", "model.ckpt", "run"]
)
def test_pickles_and_code_are_refused_before_anything_is_fetched(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafeModel, match=name):
        pull(tmp_path, hub_entry({**FILES, name: b""}), "http://127.0.0.1:9")


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_remote_code_is_refused(tmp_path: Path, name: str) -> None:
    files = {**FILES, name: json.dumps({"auto_map": {"AutoModel": "modeling_x.X"}}).encode()}
    with hub(files) as endpoint, pytest.raises(UnsafeModel, match="auto_map"):
        pull(tmp_path, hub_entry(files), endpoint)


def test_json_that_is_none_is_refused(tmp_path: Path) -> None:
    files = {"config.json": b"<html>"}
    with hub(files) as endpoint, pytest.raises(UnsafeModel, match="JSON"):
        pull(tmp_path, hub_entry(files), endpoint)


def test_a_missing_file_is_a_failed_download(tmp_path: Path) -> None:
    with hub({}) as endpoint, pytest.raises(DownloadFailed, match=r"config\.json"):
        pull(tmp_path, hub_entry(FILES), endpoint)


@pytest.mark.parametrize("repo", ["someone/tiny", "no such//repo"])
def test_no_hub_or_no_such_name_is_a_failed_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repo: str
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the hub's library waits between its tries
    with pytest.raises(DownloadFailed):
        pull(tmp_path, dataclasses.replace(hub_entry(FILES), repo=repo), "http://127.0.0.1:9")


def test_the_hash_of_the_fake_is_what_the_entry_pins() -> None:
    assert hub_entry(FILES).files[0].sha256 == sha(FILES["config.json"])
