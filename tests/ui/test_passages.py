"""The application and its graph of passages: followed, forgotten, asked for overviews."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest import Job, ingest
from rag import answer
from tests.fakes import HashEmbedder
from ui.assemble import App
from ui.cli import cli
from ui.settings import Settings

TEXT = "너울 칼국수는 누름라인에서 만든다. 누름라인은 군산 공장에 있다. 너울 칼국수는 군산 공장의 자랑이다."


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App(Settings(home=tmp_path / "home", answerer="none"))
    made.__dict__["embedder"] = HashEmbedder()
    yield made
    made.close()


def hold(app: App, path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    list(ingest(Job((path,), kind="facts"), app.ledger, app.embedder, app.extractor, app.korean))
    app.refresh()


def test_the_graph_follows_the_ledger(app: App, tmp_path: Path) -> None:
    assert app.passage_graph().search("너울 칼국수는?") == []
    hold(app, tmp_path / "공장.md", TEXT)
    assert len(app.passage_graph().search("너울 칼국수는?")) == 1
    assert app.passage_graph() is app.passage_graph()
    app.ledger.forget("공장.md")
    assert app.passage_graph().search("너울 칼국수는?") == []


@pytest.mark.parametrize("command", [["forget", "공장.md"], ["rebuild"]])
def test_commands_leave_no_name_of_what_is_gone(app: App, tmp_path: Path, command: list[str]) -> None:
    hold(app, tmp_path / "공장.md", TEXT)
    app.passage_graph()
    names = app.settings.home / "names.db"
    assert "너울 칼국수".encode() in names.read_bytes()
    if command == ["rebuild"]:
        app.ledger.forget("공장.md")
    app.close()
    assert CliRunner().invoke(cli, [*command, "--home", str(app.settings.home)]).exit_code == 0
    assert not names.exists() or "너울 칼국수".encode() not in names.read_bytes()


def test_an_overview_question_is_answered_with_sentences_and_others_are_not(app: App, tmp_path: Path) -> None:
    hold(app, tmp_path / "공장.md", TEXT)
    found = answer("너울 칼국수를 요약해 줘.", app.answering)
    assert not found.abstained
    assert {citation.text for citation in found.citations} <= set(TEXT.replace(". ", ".\n").split("\n"))
    assert answer("너울 칼국수의 복지 제도를 요약해 줘.", app.answering).abstained
