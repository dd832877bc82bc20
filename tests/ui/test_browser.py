"""The real screen in a real browser on the real models: a piece written and stopped, a file dropped, a proof."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect, sync_playwright

from rag.models import ModelStore, load_catalog
from tests.conftest import CORPORA

pytestmark = [pytest.mark.browser, pytest.mark.models]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 180_000  # milliseconds; loading the models on a busy machine takes a while


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, models_root: Path) -> Iterator[str]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    store = ModelStore(models_root, load_catalog())
    if missing := [entry.name for entry in store.catalog.select([]) if not store.status(entry).present]:
        pytest.skip(f"not provisioned: {', '.join(missing)}")
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "LOOPAI_HOME": str(home), "LOOPAI_MODELS": str(models_root)}
    loopai = [sys.executable, "-m", "ui.cli"]
    taken = [str(CORPORA / "creative" / "romance.jsonl"), str(CORPORA / "facts" / "solverx" / "ontology.toml")]
    subprocess.run([*loopai, "ingest", *taken], env=environment, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([*loopai, "ui", "--headless", "--port", str(port)], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_up(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        assert server.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
        else:
            return
    pytest.fail("the server did not answer")


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        except Error as error:
            pytest.skip(f"Chromium does not start: {error.message.splitlines()[0]}")
        opened = browser.new_page(viewport={"width": 1200, "height": 900}, locale="ko-KR")
        opened.set_default_timeout(PATIENCE)
        opened.goto(address)
        yield opened
        browser.close()


def test_a_writer_and_a_reader_at_the_screen(page: Page, tmp_path: Path) -> None:
    expect(page.get_by_role("heading", name="집필실")).to_be_visible(timeout=PATIENCE)
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("비 오는 밤의 재회를 한 장면으로 써 줘")
    box.press("Enter")
    stop = page.get_by_role("button", name="멈춤")
    expect(stop).to_be_visible(timeout=PATIENCE)
    reply = page.get_by_test_id("stChatMessage").nth(1).get_by_test_id("stText").first
    expect(reply).not_to_have_text("예시를 고르고 쓰기 시작합니다…", timeout=PATIENCE)
    stop.click()
    expect(page.get_by_text("허용 밖 글자 0")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("멈춤", exact=False).first).to_be_visible()
    assert any("가" <= character <= "힣" for character in reply.inner_text())
    page.get_by_text("보여 준 예시").click()
    if folder := os.environ.get("LOOPAI_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / "write.png"))

    page.get_by_role("link", name="질문하기").click()
    expect(page.get_by_role("heading", name="질문하기")).to_be_visible()
    handbook = CORPORA / "facts" / "solverx" / "handbook.md"
    uploader = page.locator("input[type=file]")
    if not uploader.is_visible():
        page.get_by_text("자료 넣기").click()
    uploader.set_input_files(str(handbook))
    take_in = page.get_by_role("button", name="넣기", exact=True)
    expect(take_in).to_be_enabled()
    take_in.click()
    expect(page.get_by_text("handbook.md: 넣었습니다")).to_be_visible(timeout=PATIENCE)
    page.get_by_test_id("stTextInputField").fill("SolverX는 서울에 있나요?")
    page.get_by_role("button", name="묻기").click()
    expect(page.get_by_text("예. SolverX는 서울특별시에 있습니다.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("근거")).to_be_visible()
    if folder := os.environ.get("LOOPAI_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / "ask.png"))
