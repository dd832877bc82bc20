"""What a writer model is to the rest: text in, a stream of text out. Knows no library."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from rag.decoding import CharacterPolicy, Preset
from rag.types import Prompt


@dataclass(frozen=True, slots=True)
class Generated:
    """A finished piece. ``tokens`` were generated in ``seconds``; ``stopped`` tells why it ended: 'end' by
    itself, 'length' at the limit, 'stop' by the reader."""

    text: str
    tokens: int
    seconds: float
    stopped: str


class Writer(Protocol):
    """A model that continues prompts. One piece is written at a time; ``stop`` ends it early."""

    @property
    def name(self) -> str:
        """The base model's name."""
        ...

    @property
    def adapter(self) -> str:
        """The active adapter's name, or 'none'."""
        ...

    @property
    def drafts(self) -> int:
        """How many drafts are worth writing to keep one of them."""
        ...

    def fits(self, prompt: Prompt, max_tokens: int) -> bool:
        """Whether prompt and reply fit the model's context."""
        ...

    def write(
        self,
        prompt: Prompt,
        preset: Preset,
        policy: CharacterPolicy | None,
        seed: int,
        stop: threading.Event,
        drafts: int = 1,
    ) -> Iterator[str | Generated]:
        """Stream the first draft's text; the last ``drafts`` items are the finished drafts, in order of their seeds
        (``seed``, ``seed`` + 1 …). ``policy`` None is unconstrained."""
        ...
