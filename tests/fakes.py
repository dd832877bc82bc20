"""Small real parts behind the same seams as the big ones: deterministic, offline, no model."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from ingest import Document, Statement, Vectors
from rag import CharacterPolicy, Generated, Preset, Prompt

# A publisher, as a world of facts: its ontology and one document.
ONTOLOGY = """
name = "dalbit"
title = "달빛 출판사"
subject = "달빛출판사"
facts = ["달빛출판사 | headquarters | 달빛출판사 본사", "망원동 | located_in | 마포구"]

[[entities]]
name = "달빛출판사"
class = "회사"
aliases = ["달빛"]

[[entities]]
name = "달빛출판사 본사"
class = "사무소"
aliases = ["본사"]

[[entities]]
name = "망원동"
class = "장소"
"""
HANDBOOK = "# 달빛출판사 안내\n\n본사는 망원동에 위치한다.\n\n## 원고\n\n원고는 매주 금요일에 접수한다.\n"


class NoStatements:
    """Extracts nothing."""

    def settings(self, path: Path) -> str:
        return ""

    def __call__(self, document: Document, path: Path) -> Sequence[Statement]:
        return []


class HashEmbedder(Embeddings):
    """Vectors of character trigrams: texts that share words are near each other."""

    identity = "trigrams"
    dimension = 256

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, passages: Sequence[str]) -> Vectors:
        self.calls.append(len(passages))
        return np.stack([self._vector(text) for text in passages])

    def embed_query_vector(self, query: str) -> Vectors:
        return self._vector(query)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, row)) for row in self(texts)]

    def embed_query(self, text: str) -> list[float]:
        return list(map(float, self._vector(text)))

    def _vector(self, text: str) -> Vectors:
        vector = np.zeros(self.dimension, dtype=np.float32)
        for start in range(max(1, len(text) - 2)):
            digest = hashlib.sha256(text[start : start + 3].encode()).digest()
            vector[digest[0]] += 1
        return vector / (float(np.linalg.norm(vector)) or 1.0)


class ScriptedWriter:
    """Writes what it is told, piece by piece; ``prompts`` records what it was shown. Further drafts are ``others``."""

    name = "scripted"
    adapter = "none"
    drafts = 1

    def __init__(
        self,
        pieces: Sequence[str],
        context: int = 100_000,
        wait: threading.Event | None = None,
        others: Sequence[str] = (),
    ) -> None:
        self._pieces = pieces
        self._others = others
        self._context = context
        self._wait = wait
        self.prompts: list[Prompt] = []

    def fits(self, prompt: Prompt, max_tokens: int) -> bool:
        return sum(len(message.content) for message in prompt.messages) + max_tokens <= self._context

    def write(
        self,
        prompt: Prompt,
        preset: Preset,
        policy: CharacterPolicy | None,
        seed: int,
        stop: threading.Event,
        drafts: int = 1,
    ) -> Iterator[str | Generated]:
        self.prompts.append(prompt)
        text = ""
        for piece in self._pieces:
            if stop.is_set():
                break
            text += piece
            yield piece
            if self._wait:
                self._wait.wait(10)
        yield Generated(text, len(text), 1.0, "stop" if stop.is_set() else "end")
        for other in self._others[: drafts - 1]:
            yield Generated(other, len(other), 1.0, "end")


class ScriptedChat(BaseChatModel):
    """Gives the same reply to everything and counts how often it was asked."""

    text: str
    asked: list[str] = []  # noqa: RUF012 (a pydantic field)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_: object,
    ) -> ChatResult:
        self.asked.append(messages[-1].text)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=self.text))])
