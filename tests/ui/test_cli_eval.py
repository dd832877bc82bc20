"""``loopai eval``: each command on small parts, then two of its results compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingest import Korean
from tests.fakes import HANDBOOK, ONTOLOGY, HashEmbedder, ScriptedWriter
from ui.assemble import App
from ui.cli import cli

QUESTIONS = [
    {
        "id": "q1",
        "question": "본사는 어디에 있나요?",
        "answer": "망원동",
        "accepted": ["마포구 망원동"],
        "answerable": True,
        "kind": "직접",
        "evidence": [{"source": "안내.md", "quote": "본사는 망원동에 위치한다."}],
        "split": "tune",
    },
    {
        "id": "q2",
        "question": "대표의 나이는?",
        "answer": "",
        "accepted": [],
        "answerable": False,
        "kind": "미공개",
        "evidence": [],
        "split": "tune",
    },
    {
        "id": "q3",
        "question": "원고는 언제 접수하나요?",
        "answer": "금요일",
        "accepted": [],
        "answerable": True,
        "kind": "직접",
        "evidence": [{"source": "안내.md", "quote": "원고는 매주 금요일에 접수한다."}],
        "split": "report",
    },
]
PIECES = [
    {
        "id": "p1",
        "request": "헤어진 둘이 빗속에서 만나는 장면",
        "text": "빗소리가 먼저 왔다.",
        "genre": "로맨스",
        "split": "train",
    },
    {
        "id": "p2",
        "request": "용이 사는 계곡",
        "text": "계곡은 용의 입김으로 흐렸다.",
        "genre": "판타지",
        "split": "train",
    },
    {"id": "p3", "request": "비 오는 밤 재회", "text": "우산이 접혔다.", "genre": "로맨스", "split": "heldout"},
    {"id": "p4", "request": "눈 오는 아침", "text": "눈이 왔다.", "genre": "시", "split": "heldout"},
]
REQUESTS = [
    {"id": "r1", "request": "빗속에서 다시 만나는 둘", "genre": "로맨스", "relevant": {"p1": 2}, "split": "tune"}
]
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def writer() -> ScriptedWriter:
    return ScriptedWriter(["비가 ", "왔다."])


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, korean: Korean, writer: ScriptedWriter) -> None:
    monkeypatch.setenv("LOOPAI_ANSWERER", "none")
    monkeypatch.setattr(App, "korean", korean)
    monkeypatch.setattr(App, "embedder", HashEmbedder())
    monkeypatch.setattr(App, "writer", lambda self, adapter="": writer)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "자료"
    for name, rows in (("questions", QUESTIONS), ("pieces", PIECES), ("requests", REQUESTS)):
        (folder / name).mkdir(parents=True)
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name / "rows.jsonl").write_text(lines, "utf-8")
    (folder / "facts").mkdir()
    (folder / "facts" / "ontology.toml").write_text(ONTOLOGY, "utf-8")
    (folder / "facts" / "안내.md").write_text(HANDBOOK, "utf-8")
    return folder


@pytest.fixture
def run(tmp_path: Path, data: Path) -> Run:
    home = str(tmp_path / "home")
    held = [str(data / "facts"), str(data / "pieces")]
    assert CliRunner().invoke(cli, ["ingest", *held, "--home", home]).exit_code == 0

    def call(task: str, *arguments: str) -> dict[str, Any]:
        result = CliRunner().invoke(cli, ["eval", task, *arguments, "--home", home, "--json"])
        assert result.exit_code == 0, result.output + result.stderr
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    return call


def test_passages_are_measured_beside_words_alone(run: Run, data: Path) -> None:
    found = run("retrieval", "--data", str(data / "questions"))
    assert (found["task"], found["n"], found["metrics"]["recall@5"]) == ("retrieval", 1, 1.0)
    assert found["baseline"]["recall@5"] == 1.0
    assert found["about"]["split"] == "tune"
    assert run("retrieval", "--data", str(data / "questions"), "--split", "report")["items"][0]["id"] == "q3"


def test_examples_are_measured_beside_the_plain_choice(run: Run, data: Path) -> None:
    found = run("retrieval", "--data", str(data / "requests"), "--pieces", str(data / "pieces"))
    assert (found["task"], found["metrics"]["ndcg@5"]) == ("examples", 1.0)
    assert found["items"][0]["note"].split()[0] == "p1"
    assert "p3" not in found["items"][0]["note"]
    assert found["baseline"]["ndcg@5"] == 1.0


def test_answers_are_measured_beside_refusing_everything(run: Run, data: Path) -> None:
    found = run("qa", "--data", str(data / "questions"))
    assert found["n"] == 2
    assert (found["metrics"]["right"], found["metrics"]["refused"], found["metrics"]["verbatim"]) == (1.0, 1.0, 1.0)
    assert (found["baseline"]["right"], found["baseline"]["refused"]) == (0.0, 1.0)
    assert set(found["groups"]) == {"직접", "미공개"}


def test_extracted_facts_are_measured_with_the_ontology_beside_the_data(run: Run, data: Path) -> None:
    text = "달빛출판사 본사는 망원동에 위치한다."
    gold = [["달빛출판사 본사", "located_in", "망원동"], ["달빛출판사 본사", "located_in", "부산"]]
    file = data / "facts" / "정답.jsonl"
    file.write_text(json.dumps({"text": text, "triples": gold}, ensure_ascii=False), "utf-8")
    found = run("extraction", "--data", str(file))
    assert (found["metrics"], found["counts"]["recall"]) == ({"precision": 1.0, "recall": 0.5}, 2)


def test_pieces_are_written_for_held_out_requests_and_measured(run: Run, data: Path) -> None:
    found = run("writing", "--data", str(data / "pieces"))
    assert [item["id"] for item in found["items"]] == ["p3", "p4"]
    assert found["items"][0]["note"] == "비가 왔다."
    assert found["metrics"]["disallowed"] == 0.0
    assert 0 < found["metrics"]["chrf++"] < 100
    assert set(found["baseline"]) < set(found["metrics"])


def test_a_reference_is_never_among_the_examples_for_its_own_request(
    run: Run, data: Path, writer: ScriptedWriter
) -> None:
    run("writing", "--data", str(data / "pieces"), "--split", "train")
    shown = [[message.content for message in prompt.messages] for prompt in writer.prompts]
    assert len(shown) == 2
    for contents, reference, other in zip(shown, (PIECES[0], PIECES[1]), (PIECES[1], PIECES[0]), strict=True):
        assert other["text"] in contents
        assert reference["text"] not in contents


def test_outputs_in_the_file_are_measured_without_writing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "쓴 글.jsonl"
    file.write_text(json.dumps({"id": "1", "output": "비가 왔다.", "text": "비가 왔다."}, ensure_ascii=False), "utf-8")
    assert run("writing", "--data", str(file))["metrics"]["chrf++"] == 100.0


def test_two_results_are_compared_and_shown_as_a_page(run: Run, data: Path, tmp_path: Path) -> None:
    good = run("qa", "--data", str(data / "questions"))
    bad = {**good, "items": [{**item, "scores": {"right": 0.0}} for item in good["items"]]}
    for name, document in (("전.json", good), ("후.json", bad)):
        (tmp_path / name).write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    page = tmp_path / "견줌.html"
    arguments = ["eval", "compare", str(tmp_path / "전.json"), str(tmp_path / "후.json")]
    result = CliRunner().invoke(cli, [*arguments, "--report", str(page), "--json"])
    assert json.loads(result.stdout)["metrics"]["right"]["difference"] == -1.0
    assert "<svg" in page.read_text("utf-8")
    assert "| right |" in CliRunner().invoke(cli, arguments).stdout


def test_a_share_without_rows_is_wrong_use(data: Path, tmp_path: Path) -> None:
    arguments = ["eval", "qa", "--data", str(data / "questions"), "--split", "없음", "--home", str(tmp_path / "home")]
    assert CliRunner().invoke(cli, arguments).exit_code == 2


def test_a_sample_is_always_the_same(run: Run, data: Path) -> None:
    first, second = (run("writing", "--data", str(data / "pieces"), "--n", "1")["items"] for _ in range(2))
    assert len(first) == 1
    assert first == second
