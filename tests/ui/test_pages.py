"""The pages, run by Streamlit's own test driver on small parts."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import ui.session
from ingest import Job, ingest
from rag import Answerer
from tests.conftest import CORPORA
from tests.fakes import HashEmbedder, ScriptedChat, ScriptedWriter
from ui.assemble import App
from ui.settings import Settings

PAGES = Path(ui.session.__file__).parent / "app_pages"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = App(Settings(home=tmp_path / "home"))
    monkeypatch.setattr(App, "embedder", HashEmbedder())
    monkeypatch.setattr(App, "answerer", Answerer("scripted", ScriptedChat(text="모릅니다.", asked=[])))
    monkeypatch.setattr(ui.session, "shared_app", lambda: made)
    yield made
    made.close()


def finish(page: AppTest) -> None:
    """Wait for the worker and let the page take the piece over."""
    page.session_state.job.wait()
    page.run()


def test_a_piece_is_written_and_kept_with_its_examples(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    list(ingest(Job((CORPORA / "creative" / "romance.jsonl",)), app.ledger, app.embedder, app.extractor, app.korean))
    monkeypatch.setattr(ui.session, "shared_writer", lambda adapter: ScriptedWriter(["비가 ", "왔다."]))
    page = AppTest.from_file(str(PAGES / "write.py"), default_timeout=120).run()
    page.chat_input(key="request").set_value("비 오는 밤의 재회").run()
    finish(page)
    assert not page.exception
    assert "비가 왔다." in [text.value for text in page.text]
    assert any("허용 밖 글자 0" in caption.value for caption in page.caption)
    assert page.expander[0].label == "보여 준 예시 3편"
    assert not page.chat_input(key="request").disabled


def test_a_piece_can_be_stopped_and_what_is_there_stays(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = threading.Event()
    monkeypatch.setattr(ui.session, "shared_writer", lambda adapter: ScriptedWriter(["하나. ", "둘. "], wait=hold))
    page = AppTest.from_file(str(PAGES / "write.py"), default_timeout=120).run()
    page.chat_input(key="request").set_value("장면").run()
    assert page.chat_input(key="request").disabled
    while not page.session_state.job.text:
        time.sleep(0.01)
    page.button(key="stop").click().run()
    hold.set()
    finish(page)
    assert "하나." in [text.value for text in page.text]
    assert any("멈춤" in caption.value for caption in page.caption)


def test_a_failing_model_is_said_and_the_page_lives_on(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = ScriptedWriter(["글"], context=10)
    monkeypatch.setattr(writer, "write", lambda *_: (_ for _ in ()).throw(RuntimeError("메모리 부족")))
    monkeypatch.setattr(ui.session, "shared_writer", lambda adapter: writer)
    page = AppTest.from_file(str(PAGES / "write.py"), default_timeout=120).run()
    page.chat_input(key="request").set_value("장면").run()
    finish(page)
    assert [error.value for error in page.error] == ["메모리 부족"]
    assert not page.exception


def test_a_dropped_file_is_taken_in_and_asked_about(app: App) -> None:
    page = AppTest.from_file(str(PAGES / "ask.py"), default_timeout=120).run()
    solverx = CORPORA / "facts" / "solverx"
    list(ingest(Job((solverx / "ontology.toml",)), app.ledger, app.embedder, app.extractor, app.korean))
    page.file_uploader(key="files").upload("안내.md", (solverx / "handbook.md").read_bytes(), "text/markdown").run()
    page.button(key="take-in").click().run()
    assert not page.exception
    assert any("안내.md: 넣었습니다" in message.value for message in page.success)
    taken = app.ledger.find_source(name="안내.md")
    assert taken is not None
    assert taken.statements > 10  # by the ontology that was there already
    assert {source.name for source in app.ledger.sources()} == {"ontology.toml", "안내.md"}


def test_a_question_shows_its_proof_and_an_unknown_one_a_warning(app: App) -> None:
    list(ingest(Job((CORPORA / "facts",)), app.ledger, app.embedder, app.extractor, app.korean))
    page = AppTest.from_file(str(PAGES / "ask.py"), default_timeout=120).run()

    def ask(question: str) -> None:
        page.text_input(key="question").set_value(question)
        next(button for button in page.button if button.label == "묻기").click().run()

    ask("SolverX는 서울에 있나요?")
    assert not page.exception
    assert any(message.value.startswith("예") for message in page.success)
    assert "본사는 강남구 서초동에 위치한다." in [text.value for text in page.text]
    ask("SolverX의 복지 제도는?")
    assert [warning.value for warning in page.warning] == ["정보가 공개되지 않았습니다."]
