"""A GGUF model in this process through llama.cpp (xllamacpp), as a LangChain chat model.

Knows no retrieval. A GBNF grammar given as ``grammar`` constrains the reply.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from rag.errors import GenerationError

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}


class LlamaCppChat(BaseChatModel):
    """A chat model on a GGUF file. Temperature 0: an answer on facts is the same every time."""

    path: Path
    context: int = 4096
    max_tokens: int = 160
    _server: Any = PrivateAttr(default=None)
    _loading: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 (LangChain's signature)
        *,
        grammar: str = "",
        **_: Any,
    ) -> ChatResult:
        reply = self._load().handle_chat_completions(self._request(messages, stop, grammar))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=_content(reply, "message")))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 (LangChain's signature)
        *,
        grammar: str = "",
        **_: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = {**self._request(messages, stop, grammar), "stream": True}
        pieces: SimpleQueue[Any] = SimpleQueue()
        left = threading.Event()

        def receive(piece: Any) -> bool:
            pieces.put(piece)
            return left.is_set()

        def work() -> None:
            try:
                self._load().handle_chat_completions(request, receive)
            finally:
                pieces.put(None)

        thread = threading.Thread(target=work, name="answerer", daemon=True)
        thread.start()
        try:
            while (piece := pieces.get()) is not None:
                if text := _content(piece, "delta"):
                    yield ChatGenerationChunk(message=AIMessageChunk(content=text))
        finally:
            left.set()
            thread.join()

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, grammar: str) -> dict[str, Any]:
        request: dict[str, Any] = {
            "messages": [{"role": _ROLES[m.type], "content": m.text} for m in messages],
            "max_tokens": self.max_tokens,
            "temperature": 0,
            "seed": 0,
        }
        if stop:
            request["stop"] = stop
        if grammar:
            request["grammar"] = grammar
        return request

    def _load(self) -> Any:
        with self._loading:
            if self._server is None:
                self._server = _open(self.path, self.context)
        return self._server


def _open(path: Path, context: int) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context
    params.n_parallel = 1
    params.warmup = False
    params.verbosity = -1
    # The library listens on a loopback port that we do not use: nobody else may.
    params.api_keys = [secrets.token_hex(32)]
    params.cors_origins = "http://127.0.0.1"
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 1
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise GenerationError(
            f"{path.name}: 모델을 열 수 없습니다({error}).", "`loopai models verify`로 파일을 확인하세요."
        ) from error


def _content(reply: Any, key: str) -> str:
    """The text of a completion or of one of its pieces; errors of the server become ours."""
    if not isinstance(reply, dict) or "choices" not in reply:
        raise GenerationError(f"답변 모델이 오류를 냈습니다: {reply}", "질문을 짧게 하거나 다시 시도하세요.")
    choices = reply["choices"]
    return (choices[0].get(key) or {}).get("content") or "" if choices else ""
