"""The corpora keep to their formats and limits: a broken row would be learned from or shown to the model."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.corpora import load_rows, manifest, report
from rag import KOREAN
from tests.conftest import CORPORA

CREATIVE = sorted((CORPORA / "creative").glob("*.jsonl"))
GENERAL = sorted((CORPORA / "general").glob("*.jsonl"))
WORLDS = sorted(path.parent for path in (CORPORA / "facts").glob("*/ontology.toml"))
CREATIVE_KEYS = ["id", "request", "other_requests", "text", "genre", "tone", "point_of_view", "tense", "speech_level",
                 "tags", "split"]  # fmt: skip
GENERAL_KEYS = ["id", "request", "text", "genre", "split"]
QUESTION_KEYS = ["id", "question", "answer", "accepted", "answerable", "kind", "evidence", "split"]
POINTS_OF_VIEW = {"1인칭", "2인칭", "3인칭 제한", "3인칭 전지", "해당 없음"}
SPEECH_LEVELS = {"해라체", "해요체", "하십시오체", "해체", "하오체", "해당 없음"}
KINDS = {"직접", "두단계", "세단계", "추론", "예아니오", "개수", "목록", "비교", "최상", "시점", "표기", "표", "미공개"}
# Names that language models give to everybody.
WORN_NAMES = re.compile("엘라|아리아|이안|서연|민준|지훈|하은|수아|도윤")

Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def questions(world: Path) -> list[Row]:
    return rows(CORPORA / "questions" / f"{world.name}.jsonl")


pieces = load_rows()
each_world = pytest.mark.parametrize("world", WORLDS, ids=lambda path: path.name)


@pytest.mark.parametrize("path", CREATIVE + GENERAL, ids=lambda path: path.stem)
def test_rows_have_the_documented_fields(path: Path) -> None:
    creative = path.parent.name == "creative"
    for row in rows(path):
        assert list(row) == (CREATIVE_KEYS if creative else GENERAL_KEYS)
        assert row["id"].startswith(f"{path.stem}-")
        assert row["request"]
        assert row["text"]
        assert row["split"] in ("train", "heldout")
        assert unicodedata.is_normalized("NFC", json.dumps(row, ensure_ascii=False))
        if creative:
            assert row["point_of_view"] in POINTS_OF_VIEW
            assert row["speech_level"] in SPEECH_LEVELS
            assert row["tense"] in ("과거", "현재")
            assert len({row["request"], *row["other_requests"]}) == 1 + len(row["other_requests"])


@pytest.mark.parametrize("path", CREATIVE, ids=lambda path: path.stem)
def test_pieces_are_written_in_characters_that_the_model_may_write(path: Path) -> None:
    for row in rows(path):
        assert KOREAN.disallowed(row["text"]) == [], row["id"]


def test_ids_are_not_repeated() -> None:
    everything = pieces + [row for path in GENERAL for row in rows(path)]
    assert [i for i, count in Counter(row["id"] for row in everything).items() if count > 1] == []


def test_the_creative_corpus_is_large_varied_and_without_repetition() -> None:
    figures = report(pieces)
    assert figures.pieces >= 400
    assert figures.heldout == 60
    assert len(figures.genres) >= 12
    assert min(figures.genres.values()) >= 15
    assert figures.near_duplicates == []
    assert figures.repeated_openings == []
    assert len(figures.shared_phrases) <= 3
    assert figures.type_token_ratio > 0.85
    assert 300 <= figures.length_median <= 700
    assert figures.within_150_to_700 > 0.6
    assert figures.requests >= figures.pieces + 80
    assert min(figures.points_of_view.values()) >= 10
    assert sum(bool(WORN_NAMES.search(row["text"])) for row in pieces) <= 1


def test_the_report_sees_repetition() -> None:
    twins = [{**pieces[0], "id": "a"}, {**pieces[0], "id": "b", "text": pieces[0]["text"] + " 끝."}, pieces[1]]
    figures = report(twins)
    assert [pair[:2] for pair in figures.near_duplicates] == [("a", "b")]
    assert figures.repeated_openings
    assert figures.shared_phrases


def test_heldout_requests_are_not_trained_on() -> None:
    trained = {
        request for row in pieces if row["split"] == "train" for request in (row["request"], *row["other_requests"])
    }
    assert [row["id"] for row in pieces if row["split"] == "heldout" and row["request"] in trained] == []


def test_there_are_enough_general_items_and_no_request_twice() -> None:
    general = [row for path in GENERAL for row in rows(path)]
    assert len(general) >= 300
    assert [request for request, count in Counter(row["request"] for row in general).items() if count > 1] == []


def _python_blocks() -> list[tuple[str, str]]:
    found = []
    for row in rows(CORPORA / "general" / "code.jsonl"):
        for number, code in enumerate(re.findall(r"```python\n(.*?)```", row["text"], re.DOTALL)):
            found.append((f"{row['id']}.{number}", code))
    return found


def test_the_python_code_runs(tmp_path: Path) -> None:
    """In one process each, so that none leans on another; libraries that are not installed are left out."""
    run = 0
    for name, code in _python_blocks():
        wanted = re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)
        if all(importlib.util.find_spec(module) for module in wanted):
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60
            )
            assert done.returncode == 0, f"{name}: {done.stderr}"
            run += 1
    assert run >= 40


@each_world
def test_worlds_are_valid(world: Path) -> None:
    from kg import extend, general_ontology, parse_ontology

    text = (world / "ontology.toml").read_text("utf-8")
    assert tomllib.loads(text)["name"] == world.name
    extend(general_ontology(), parse_ontology(text, world.name))


@each_world
def test_questions_quote_their_evidence_word_for_word(world: Path) -> None:
    for row in questions(world):
        assert list(row) == QUESTION_KEYS
        assert row["kind"] in KINDS
        assert row["answerable"] == bool(row["answer"]) == bool(row["evidence"]) == (row["kind"] != "미공개"), row["id"]
        assert row["split"] in ("tune", "report")
        for evidence in row["evidence"]:
            assert evidence["quote"] in (world / evidence["source"]).read_text("utf-8"), row["id"]


@each_world
def test_every_kind_of_question_is_asked_in_both_halves(world: Path) -> None:
    asked = questions(world)
    assert len(asked) >= 60
    assert len({row["question"] for row in asked}) == len(asked)
    assert sum(not row["answerable"] for row in asked) >= len(asked) / 4
    assert {row["kind"] for row in asked} == KINDS
    for half in ("tune", "report"):
        assert {row["kind"] for row in asked if row["split"] == half} == KINDS
    assert {row["answer"] for row in asked if row["kind"] == "예아니오"} == {"예", "아니요"}


def test_graded_requests_name_pieces_that_may_be_shown() -> None:
    graded = rows(CORPORA / "questions" / "retrieval.jsonl")
    assert len(graded) >= 200
    shown = {row["id"] for row in pieces if row["split"] == "train"}
    own = {request for row in pieces for request in (row["request"], *row["other_requests"])}
    genres = {row["genre"] for row in pieces}
    for row in graded:
        assert list(row) == ["id", "request", "genre", "relevant", "split"]
        assert set(row["relevant"]) <= shown
        assert set(row["relevant"].values()) <= {1, 2}
        assert 2 in row["relevant"].values()
        assert row["request"] not in own
        assert row["genre"] in genres | {""}
    assert Counter(row["split"] for row in graded).keys() == {"tune", "report"}


def test_the_manifest_is_true() -> None:
    """`python -m benchmarks.corpora --write-manifest` makes it."""
    assert (CORPORA / "manifest.toml").read_text("utf-8") == manifest(CORPORA)
