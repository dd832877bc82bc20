"""A writer behind any LangChain chat model (a server, a hosted model). It cannot be constrained from here:
its text is measured, and characters beyond the policy are left to the reader of the figures.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from langchain_core.language_models import BaseChatModel

from rag.decoding import CharacterPolicy, Preset
from rag.generation.answerer import to_langchain
from rag.generation.writer import Generated
from rag.types import Message, Prompt


class ChatWriter:
    """Writes through ``model``; temperature, length and seed are asked for, and kept by servers that know them."""

    adapter = "none"
    drafts = 1

    def __init__(self, name: str, model: BaseChatModel) -> None:
        self.name = name
        self._model = model

    def fits(self, prompt: Prompt, max_tokens: int) -> bool:  # noqa: ARG002 (the server knows its context)
        """Left to the server."""
        return True

    def write(
        self,
        prompt: Prompt,
        preset: Preset,
        policy: CharacterPolicy | None,  # noqa: ARG002 (a server cannot be masked)
        seed: int,
        stop: threading.Event,
        drafts: int = 1,
    ) -> Iterator[str | Generated]:
        """Stream a reply; see ``Writer.write``. Drafts are written one after another."""
        finished = []
        for number in range(drafts):
            for piece in self._write(prompt, preset, seed + number, stop):
                if isinstance(piece, Generated):
                    finished.append(piece)
                elif number == 0:
                    yield piece
        yield from finished

    def _write(self, prompt: Prompt, preset: Preset, seed: int, stop: threading.Event) -> Iterator[str | Generated]:
        messages = [*prompt.messages, *([Message("assistant", prompt.prefix)] if prompt.prefix else [])]
        model = self._model.bind(temperature=preset.temperature, max_tokens=preset.max_tokens, seed=seed)
        started = time.monotonic()
        text, count = "", 0
        if not stop.is_set():
            for piece in model.stream(to_langchain(messages)):
                if stop.is_set():
                    break
                if piece.text:
                    text += piece.text
                    count += 1
                    yield piece.text
        yield Generated(text.strip(), count, time.monotonic() - started, "stop" if stop.is_set() else "end")
