"""The values that flow through a request: hits, prompts, citations, answers.

Knows nothing of models or stores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ingest import Chunk

Voice = Literal["words", "vectors", "graph"]
VOICES: tuple[Voice, ...] = ("words", "vectors", "graph")


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk found for a query. Scores compare only within one ranking; ``via`` says who found it.

    ``why`` says to people (in Korean) why it was chosen, where a choice was made; see ``rag.examples``.
    """

    chunk: Chunk
    score: float
    via: tuple[Voice, ...]
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look; empty fields limit nothing.

    Attributes:
        sources: names of sources, or of folders of sources ('설정집' holds '설정집/인물.md').
        genre: of creative pieces.
        since: first day of taking in, ``YYYY-MM-DD`` in UTC.
        until: last day.
    """

    sources: tuple[str, ...] = ()
    genre: str = ""
    since: str = ""
    until: str = ""

    @property
    def is_everywhere(self) -> bool:
        """Whether nothing is limited."""
        return self == Scope()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything that the model will see: an instruction, examples as turns, the request last.

    ``prefix`` is the beginning of the reply, already written: the model carries on behind it.
    """

    messages: tuple[Message, ...]
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A real place in an ingested document: ``text`` is the cleaned text's ``[start:end]``."""

    source: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ProofStep:
    """One fact of a proof. ``rule`` is empty for what a source says, else the rule's name."""

    subject: str
    relation: str
    object: str
    rule: str
    sources: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its evidence, or an abstention (``abstained``, fixed text, no citations).

    ``nearby`` is what is known, where it is not known what was asked: facts about the things that the question names.
    """

    text: str
    abstained: bool
    citations: tuple[Citation, ...] = ()
    proof: tuple[ProofStep, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    nearby: tuple[ProofStep, ...] = ()
