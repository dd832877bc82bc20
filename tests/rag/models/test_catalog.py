from __future__ import annotations

import re
from pathlib import Path

import pytest

from rag.models import CatalogError, ModelEntry, UnknownModel, load_catalog

SHIPPED = load_catalog()
HASH = "0" * 64
REVISION = "a" * 40
OK = f"""
[[models]]
name = "mine"
role = "writer"
format = "safetensors"
licence = "MIT"
description = "mine"
default = true
repo = "someone/mine"
revision = "{REVISION}"
files = [{{ name = "model.safetensors", bytes = 1, sha256 = "{HASH}" }}]
"""


def test_each_role_has_one_default_and_names_are_unique() -> None:
    assert len({entry.name for entry in SHIPPED.entries}) == len(SHIPPED.entries)
    assert sorted(entry.role for entry in SHIPPED.entries if entry.default) == ["answerer", "embedder", "writer"]


@pytest.mark.parametrize("entry", SHIPPED.entries, ids=lambda entry: entry.name)
def test_everything_shipped_is_pinned(entry: ModelEntry) -> None:
    for file in entry.files:
        assert sum(part.bytes for part in file.parts) == file.bytes > 0
        assert len({part.package for part in file.parts}) == len(file.parts)
        for digest in (file.sha256, *(d for part in file.parts for d in (part.sha256, part.wheel_sha256))):
            assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert entry.licence


@pytest.mark.parametrize(
    ("name", "size", "digest"),
    [
        ("gemma3-270m", 253_113_024, "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"),
        ("qwen2.5-coder-1.5b", 1_117_320_768, "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"),
        ("qwen2.5-coder-0.5b", 491_400_064, "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"),
    ],
)
def test_assembled_files_are_the_known_ones(name: str, size: int, digest: str) -> None:
    (file,) = SHIPPED.get(name).files
    assert (file.bytes, file.sha256) == (size, digest)


def test_gemma_shows_its_terms() -> None:
    assert "Gemma Terms of Use" in SHIPPED.get("gemma3-270m").licence_notice


def test_nothing_selects_the_defaults_and_words_select_roles_or_names() -> None:
    assert [e.role for e in SHIPPED.select([])] == ["writer", "answerer", "embedder"]
    chosen = SHIPPED.select(["writer", "qwen2.5-coder-0.5b", "gemma3-270m"])
    assert [e.name for e in chosen] == ["gemma3-270m", "qwen2.5-coder-0.5b"]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownModel, match="없는모델") as caught:
        SHIPPED.select(["없는모델"])
    assert "gemma3-270m" in caught.value.hint


def test_an_own_catalog_extends_and_its_default_wins(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OK, "utf-8")
    catalog = load_catalog(own)
    assert [entry.name for entry in catalog.select(["writer"])] == ["mine"]
    assert catalog.get("mine").source == "hub"
    assert not catalog.get("gemma3-270m").default
    assert catalog.get("multilingual-e5-small").default


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (REVISION, "main", "full commit"),
        (HASH, "abc", "SHA-256"),
        ("model.safetensors", "../model.safetensors", "file name"),
        ("model.safetensors", "/etc/model.safetensors", "file name"),
        ("model.safetensors", "C:\\\\\\\\model.safetensors", "file name"),
        ('"safetensors"', '"pickle"', "format"),
        ('"safetensors"', '"e5-q4"', "2 file"),
        ('"writer"', '"작가"', "role"),
        ('"mine"\nrole', '"../mine"\nrole', "bad name"),
        ("licence =", "license =", "unknown keys"),
        ('licence = "MIT"', "", "licence"),
        ('repo = "someone/mine"', "", "add up"),
        ("[[models]]", "[[models]", "own.toml"),
    ],
)
def test_a_mistake_in_a_catalog_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OK.replace(old, new, 1) if old != HASH else OK.replace(old, new), "utf-8")
    with pytest.raises(CatalogError, match=re.escape(says)) as caught:
        load_catalog(own)
    assert caught.value.hint


@pytest.mark.parametrize("content", [None, "이름".encode("cp949"), (OK + OK).encode()])
def test_an_unreadable_or_doubled_catalog_is_refused(tmp_path: Path, content: bytes | None) -> None:
    own = tmp_path / "own.toml"
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(CatalogError):
        load_catalog(own)
