"""Models that run elsewhere, by configuration: an OpenAI-compatible server on this machine stands for all."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag import KOREAN, Draft, Message, Prompt, Request, choose_preset, write
from tests.conftest import CORPORA
from ui.assemble import App
from ui.settings import Settings

REPLY = "비가 그쳤다."


class OpenAICompatible(BaseHTTPRequestHandler):
    """One chat completion, whole or streamed, as the OpenAI API words it."""

    requests: list[dict[str, object]] = []  # noqa: RUF012 (shared by design)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.append({**request, "path": self.path, "key": self.headers["Authorization"]})
        if request.get("stream"):
            pieces = [
                {"choices": [{"index": 0, "delta": {"role": "assistant", "content": word}}]}
                for word in REPLY.split(" ")
            ]
            body = "".join(f"data: {json.dumps(self._chunk(piece))}\n\n" for piece in pieces) + "data: [DONE]\n\n"
            kind = "text/event-stream"
        else:
            message = {"role": "assistant", "content": REPLY}
            body = json.dumps(self._chunk({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
            kind = "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def _chunk(self, part: dict[str, object]) -> dict[str, object]:
        return {"id": "1", "object": "chat.completion", "created": 0, "model": "mine", **part}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    OpenAICompatible.requests.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), OpenAICompatible)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_answers(tmp_path: Path, url: str) -> None:
    app = App(Settings(home=tmp_path, answerer="mine", answerer_url=url, answerer_key=SecretStr("sk-1")))
    assert app.answerer is not None
    assert app.answerer.reply(Prompt((Message("user", "질문"),)), KOREAN) == REPLY
    (request,) = OpenAICompatible.requests
    assert (request["model"], request["path"], request["key"]) == ("mine", "/v1/chat/completions", "Bearer sk-1")


def test_a_server_writes(tmp_path: Path, url: str) -> None:
    app = App(Settings(home=tmp_path, writer="mine", writer_url=url))
    *pieces, draft = write(Request("장면", seed=5), [], app.writer())
    assert isinstance(draft, Draft)
    assert len(pieces) == 2
    assert (draft.text, draft.model, draft.purity.disallowed) == (REPLY.replace(" ", ""), "mine", 0)
    (request,) = OpenAICompatible.requests
    assert request["seed"] == 5
    assert request["temperature"] == choose_preset().temperature


def test_only_local_models_have_to_be_fetched(tmp_path: Path, url: str) -> None:
    assert Settings(home=tmp_path).local_models == ["multilingual-e5-small", "gemma3-270m", "qwen2.5-coder-1.5b"]
    elsewhere = Settings(home=tmp_path, writer="openai:x", answerer="mine", answerer_url=url)
    assert elsewhere.local_models == ["multilingual-e5-small"]
    assert Settings(home=tmp_path, answerer="none").local_models == ["multilingual-e5-small", "gemma3-270m"]


@pytest.mark.parametrize("choice", ["none", ""])
def test_no_adapter_is_loaded_when_none_is_wanted(tmp_path: Path, choice: str) -> None:
    app = App(Settings(home=tmp_path, adapter=choice or "none"))
    assert app.adapter_folder("none") is None


def test_an_adapter_is_found_by_name_in_the_home_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "adapters" / "mine"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    app = App(Settings(home=tmp_path))
    assert app.adapter_folder("mine") == folder
    with pytest.raises(FileNotFoundError, match="없는것"):
        app.adapter_folder("없는것")


def test_what_came_with_the_program_is_known_by_its_hash(tmp_path: Path) -> None:
    app = App(Settings(home=tmp_path))
    piece = (CORPORA / "creative" / "romance.jsonl").read_bytes()
    assert hashlib.sha256(piece).hexdigest() in app.retriever.shipped
    assert hashlib.sha256(piece + b"\n").hexdigest() not in app.retriever.shipped
    app.close()
