"""A fixed subset of the tune questions: quality may not fall beyond noise.

The files of ``baselines/`` are what ``loopai eval`` prints. Where quality has risen they are written anew:
``examples.json`` by ``loopai setup`` and ``loopai eval retrieval --data corpora/questions/retrieval.jsonl --pieces
corpora/creative --n 60 --json``, the other two (which need no model) by ``python -m`` and the name of this module.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingest import Job, ingest
from rag import Hit, answer
from rag.evaluation.answers import always_abstaining, answer_items
from rag.evaluation.compare import compare, load_run, worse
from rag.evaluation.data import Row, load_rows
from rag.evaluation.record import Item, Run, about, document
from rag.evaluation.retrieval import example_items, passage_items
from tests.conftest import CORPORA
from tests.fakes import HashEmbedder
from ui.assemble import App
from ui.settings import Settings

BASELINES = Path(__file__).parent / "baselines"
WORLDS = ("haneul_library", "moonlit_archive", "neuruchan_foods", "solverx")
SAMPLE = 60


def held(home: Path, folder: str) -> App:
    """An application that holds a folder of the corpora."""
    app = App(Settings(home=home, answerer="none"))
    list(ingest(Job((CORPORA / folder,)), app.ledger, app.embedder, app.extractor, app.korean))
    app.refresh()
    return app


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = held(tmp_path_factory.mktemp("stories"), "creative")
    yield app
    app.close()


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(App, "embedder", HashEmbedder())
        app = held(tmp_path_factory.mktemp("worlds"), "facts")
        yield app
        app.close()


def against_the_baseline(name: str, items: Sequence[Item]) -> dict[str, Any]:
    before = load_run(BASELINES / f"{name}.json")
    found = compare(before, document(Run(before["task"], items, about={})))
    assert found["only_before"] == 0
    return found


def questions() -> list[Row]:
    rows = [row for world in WORLDS for row in load_rows(CORPORA / "questions" / f"{world}.jsonl")]
    return random.Random(0).sample([row for row in rows if row["split"] == "tune"], SAMPLE)


def passages(app: App) -> list[Item]:
    """By words: the voice that needs no model."""

    def search(question: str, k: int) -> list[Hit]:
        return app.retriever.search(question, k, "facts", "words")

    return passage_items(questions(), search, app.ledger.documents("facts"), app.ledger.chunk_at)


def answers(app: App) -> list[Item]:
    """By proof alone."""
    ready = app.answering
    return answer_items(questions(), lambda question: answer(question, ready), app.text_of)


def examples(choose: Callable[[str, str, int], Sequence[Hit]]) -> list[Item]:
    wanted = {item["id"] for item in load_run(BASELINES / "examples.json")["items"]}
    rows = [row for row in load_rows(CORPORA / "questions" / "retrieval.jsonl") if row["id"] in wanted]
    return example_items(rows, choose, {row["request"]: row["id"] for row in load_rows(CORPORA / "creative")})


@pytest.mark.models
def test_examples_are_chosen_as_well_as_before(stories: App) -> None:
    found = against_the_baseline("examples", examples(stories.retriever.examples))
    assert worse(found) == [], found["metrics"]


@pytest.mark.models
def test_examples_by_chance_would_be_noticed(stories: App) -> None:
    draw = random.Random(0)

    def chance(request: str, genre: str, k: int) -> list[Hit]:
        return draw.sample(stories.retriever.examples(request, genre, 20), k)

    assert "ndcg@5" in worse(against_the_baseline("examples", examples(chance)))


def test_passages_are_found_as_well_as_before(worlds: App) -> None:
    found = against_the_baseline("passages", passages(worlds))
    assert worse(found) == [], found["metrics"]


def test_questions_are_answered_as_well_as_before(worlds: App) -> None:
    found = against_the_baseline("qa", answers(worlds))
    assert worse(found) == [], found["metrics"]


def test_refusing_everything_would_be_noticed() -> None:
    assert {"right", "abstained"} <= set(worse(against_the_baseline("qa", always_abstaining(questions()))))


def main() -> None:
    """Write the baselines that need no model."""
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(App, "embedder", HashEmbedder())
        app = held(Path(home), "facts")
        for name, task, items in (("passages", "retrieval", passages(app)), ("qa", "qa", answers(app))):
            run = document(Run(task, items, about=about("", 0)))
            (BASELINES / f"{name}.json").write_text(json.dumps(run, ensure_ascii=False, indent=1) + "\n", "utf-8")
        app.close()


if __name__ == "__main__":
    main()
