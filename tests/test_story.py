"""The whole system once, on small parts: files in, an answer with proof and a piece with examples out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rag import Answerer
from tests.fakes import HANDBOOK, ONTOLOGY, HashEmbedder, ScriptedChat, ScriptedWriter
from ui.assemble import App
from ui.cli import cli

PIECES = [
    {"request": "헤어진 둘이 빗속에서 만나는 장면", "text": "빗소리가 먼저 왔다.", "genre": "로맨스"},
    {"request": "용이 사는 계곡", "text": "계곡은 용의 입김으로 흐렸다.", "genre": "판타지"},
    {"request": "비 오는 밤 재회", "text": "떼어 둔 글.", "genre": "로맨스", "split": "heldout"},
]


@pytest.fixture
def chat() -> ScriptedChat:
    return ScriptedChat(text="매주 금요일에 접수합니다.", asked=[])


@pytest.fixture
def writer() -> ScriptedWriter:
    return ScriptedWriter(["비가 ", "왔다."])


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, chat: ScriptedChat, writer: ScriptedWriter) -> None:
    monkeypatch.setattr(App, "embedder", HashEmbedder())
    monkeypatch.setattr(App, "answerer", Answerer("scripted", chat))
    monkeypatch.setattr(App, "writer", lambda self, adapter="": writer)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    runner = CliRunner()

    def call(*arguments: str, status: int = 0) -> dict[str, object]:
        result = runner.invoke(cli, [*arguments, "--home", str(tmp_path / "home"), "--json"])
        assert result.exit_code == status, result.output + result.stderr
        document = json.loads(result.stdout)
        assert isinstance(document, dict)
        return document

    return call


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "자료"
    folder.mkdir()
    (folder / "ontology.toml").write_text(ONTOLOGY, "utf-8")
    (folder / "안내.md").write_text(HANDBOOK, "utf-8")
    rows = "\n".join(json.dumps(row, ensure_ascii=False) for row in PIECES)
    (folder / "글.jsonl").write_text(rows, "utf-8")
    return folder


def test_the_whole_story(run: Callable[..., Any], world: Path, chat: ScriptedChat, writer: ScriptedWriter) -> None:
    taken = run("ingest", str(world), "--kind", "auto")
    assert (taken["added"], taken["failed"]) == (3, 0)
    again = run("ingest", str(world))
    assert (again["unchanged"], again["added"]) == (3, 0)

    proved = run("ask", "달빛은 서울에 있나요?")
    assert proved["answer"].startswith("예")
    assert proved["proof"][-1]["object"] == "서울특별시"
    said = [source for step in proved["proof"] if not step["rule"] for source in step["sources"]]
    assert "본사는 망원동에 위치한다." in {source["text"] for source in said}
    for source in said:
        shown = run("show", source["source"], "--start", str(source["start"]), "--end", str(source["end"]))
        assert shown["text"] == source["text"]
    assert chat.asked == []

    unknown = run("ask", "달빛의 복지 제도는?")
    assert (unknown["answer"], unknown["abstained"]) == ("정보가 공개되지 않았습니다.", True)
    assert chat.asked == []

    said = run("ask", "원고는 언제 접수하나요?")
    assert (said["answer"], said["citations"][0]["text"]) == ("원고는 매주 금요일에 접수한다.",) * 2
    assert chat.asked == []

    read = run("ask", "원고 접수는 어떻게 하나요?")
    assert read["answer"] == "매주 금요일에 접수합니다."
    assert read["citations"][0]["text"] == "원고는 매주 금요일에 접수한다."
    assert len(chat.asked) == 1

    written = run("write", "비 오는 밤의 재회", "--genre", "로맨스", "--seed", "3", "--n", "2")
    assert written["texts"] == ["비가 왔다.", "비가 왔다."]
    assert written["purity"]["disallowed"] == 0
    shown_to_model = " ".join(message.content for message in writer.prompts[0].messages)
    assert "빗소리가 먼저 왔다." in shown_to_model
    assert "떼어 둔 글." not in shown_to_model

    (hit,) = run("search", "계곡의 용", "-k", "1", "--kind", "creative")["hits"]
    assert hit["text"] == "계곡은 용의 입김으로 흐렸다."

    (world / "안내.md").write_text(HANDBOOK.replace("망원동에", "마포구에"), "utf-8")
    assert run("ingest", str(world))["updated"] == 1
    assert "망원동" not in json.dumps(run("ask", "달빛은 서울에 있나요?")["proof"], ensure_ascii=False).replace(
        "망원동 | located_in | 마포구", ""
    )
    assert run("forget", "자료/안내.md")["forgotten"] == ["자료/안내.md"]
    assert run("ask", "달빛은 서울에 있나요?")["abstained"]
    assert run("check")["ok"]
    assert run("rebuild")["ok"]
    assert {source["source"] for source in run("sources")["sources"]} == {"자료/ontology.toml", "자료/글.jsonl"}


def test_failures_have_their_exit_status(run: Callable[..., Any], world: Path, tmp_path: Path) -> None:
    (world / "깨짐.jsonl").write_text("{", "utf-8")
    partly = run("ingest", str(world), status=3)
    assert (partly["added"], partly["failed"]) == (3, 1)
    (bad,) = [outcome for outcome in partly["outcomes"] if outcome["status"] == "failed"]
    assert bad["error"]
    assert bad["hint"]
    assert run("ingest", str(tmp_path / "없음.txt"), status=1)["failed"] == 1
    assert run("forget", "없는 자료", status=1)["forgotten"] == []


@pytest.mark.parametrize(
    "arguments", [["ingest", "x.txt", "--kind", "소설"], ["search", "말", "--how", "마법"], ["write"], ["없는명령"]]
)
def test_wrong_use_is_status_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli, arguments).exit_code == 2


def test_purity_of_a_file_is_reported_beside_a_baseline(tmp_path: Path) -> None:
    for name, text in (("제약.jsonl", "비가 왔다."), ("자유.jsonl", "비가 rain 왔다.")):
        (tmp_path / name).write_text(json.dumps({"text": text}, ensure_ascii=False), "utf-8")
    arguments = ["eval", "purity", "--data", str(tmp_path / "제약.jsonl"), "--baseline", str(tmp_path / "자유.jsonl")]
    document = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)
    assert document["n"] == 1
    assert document["metrics"]["contaminated"] == 0.0
    assert document["baseline"]["contaminated"] == 1.0
    low, high = document["interval"]["contaminated"]
    assert low == 0.0 < high
    assert "다른 문자가 섞인 글: 0.0% (0/1" in CliRunner().invoke(cli, arguments).stdout
