"""The corpora keep to their formats: a broken row would be learned from or shown to the model."""

from __future__ import annotations

import json
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from rag import KOREAN
from tests.conftest import CORPORA

CREATIVE = sorted((CORPORA / "creative").glob("*.jsonl"))
GENERAL = sorted((CORPORA / "general").glob("*.jsonl"))
KEYS = {
    "creative": ["id", "request", "text", "genre", "tone", "point_of_view", "tense", "speech_level", "tags", "split"],
    "general": ["id", "request", "text", "genre", "split"],
}
POINTS_OF_VIEW = {"1인칭", "2인칭", "3인칭 제한", "3인칭 전지", "해당 없음"}
SPEECH_LEVELS = {"해라체", "해요체", "하십시오체", "해체", "하오체", "해당 없음"}


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("path", CREATIVE + GENERAL, ids=lambda path: path.stem)
def test_rows_have_the_documented_fields(path: Path) -> None:
    for row in rows(path):
        assert list(row) == KEYS[path.parent.name]
        assert row["request"]
        assert row["text"]
        assert row["split"] in ("train", "heldout")
        assert unicodedata.is_normalized("NFC", json.dumps(row, ensure_ascii=False))
        if path.parent.name == "creative":
            assert row["point_of_view"] in POINTS_OF_VIEW
            assert row["speech_level"] in SPEECH_LEVELS
            assert row["tense"] in ("과거", "현재")


@pytest.mark.parametrize("path", CREATIVE, ids=lambda path: path.stem)
def test_pieces_are_written_in_characters_that_the_model_may_write(path: Path) -> None:
    for row in rows(path):
        assert KOREAN.disallowed(str(row["text"])) == [], row["id"]


def test_ids_and_openings_are_not_repeated() -> None:
    pieces = [row for path in CREATIVE for row in rows(path)]
    everything = pieces + [row for path in GENERAL for row in rows(path)]
    assert [i for i, count in Counter(row["id"] for row in everything).items() if count > 1] == []
    openings = Counter(str(row["text"])[:12] for row in pieces)
    assert [opening for opening, count in openings.items() if count > 1] == []


def test_there_is_enough_to_start_with() -> None:
    pieces = [row for path in CREATIVE for row in rows(path)]
    assert len(pieces) >= 40
    assert len({row["genre"] for row in pieces}) >= 5
    assert sum(row["split"] == "heldout" for row in pieces) >= 10
    assert sum(len(rows(path)) for path in GENERAL) >= 40


def test_heldout_requests_are_not_trained_on() -> None:
    pieces = [row for path in CREATIVE for row in rows(path)]
    trained = {row["request"] for row in pieces if row["split"] == "train"}
    assert [row["id"] for row in pieces if row["split"] == "heldout" and row["request"] in trained] == []


@pytest.mark.parametrize("path", sorted((CORPORA / "questions").glob("*.jsonl")), ids=lambda path: path.stem)
def test_questions_name_their_source_unless_they_have_no_answer(path: Path) -> None:
    folder = CORPORA / "facts" / path.stem
    for row in rows(path):
        assert list(row) == ["id", "question", "answer", "answerable", "kind", "source"]
        assert bool(row["answer"]) == row["answerable"]
        assert not row["answerable"] or (folder / str(row["source"])).is_file()


@pytest.mark.parametrize("path", sorted((CORPORA / "facts").glob("*/ontology.toml")), ids=lambda path: path.parent.name)
def test_worlds_are_valid(path: Path) -> None:
    from kg import extend, general_ontology, parse_ontology

    text = path.read_text("utf-8")
    assert tomllib.loads(text)["name"] == path.parent.name
    extend(general_ontology(), parse_ontology(text, path.name))
