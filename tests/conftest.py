"""Fixtures that several packages' tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Korean, Ledger
from tests.fakes import HashEmbedder
from ui.settings import Settings

CORPORA = Path(__file__).parent.parent / "corpora"


@pytest.fixture(scope="session")
def korean() -> Korean:
    """One analyser for all: loading it takes seconds."""
    return Korean()


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    held = Ledger(tmp_path / "home" / "ledger.db")
    yield held
    held.close()


@pytest.fixture(scope="session")
def models_root() -> Path:
    """Where `make test` has put the default models."""
    return Settings().models
