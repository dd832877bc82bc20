"""The values that flow out of a file: documents, spans, chunks, examples and statements.

Knows nothing of indexes, models or graphs. Every value is frozen; every span is half-open and
counts characters (code points) of ``Document.text``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["creative", "facts", "general"]
KINDS: tuple[Kind, ...] = ("creative", "facts", "general")

Mode = Literal["asserted", "denied", "planned", "reported", "former"]
ReviewStatus = Literal["approved", "candidate", "rejected"]
OPEN = "open:"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of one document's text."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """What is known about one written piece besides its words; serves few-shot selection.

    ``request`` is the request that the piece answers, as a writer would type it; ``other_requests``
    are other ways to ask for the same piece. Empty strings mean unknown.
    """

    request: str
    genre: str = ""
    tone: str = ""
    point_of_view: str = ""
    tense: str = ""
    speech_level: str = ""
    tags: tuple[str, ...] = ()
    split: Literal["train", "heldout"] = "train"
    other_requests: tuple[str, ...] = ()

    @property
    def requests(self) -> tuple[str, ...]:
        """Every request that the piece answers, the first one first."""
        return (self.request, *self.other_requests)


@dataclass(frozen=True, slots=True)
class Record:
    """A part of a document that its format already delimits (one JSONL row, for instance)."""

    start: int
    end: int
    example: Example


@dataclass(frozen=True, slots=True)
class Document:
    """The cleaned text of one source.

    ``source`` is the name shown to people; ``text`` is what every span of this document counts in.
    ``records`` is empty unless the format delimits its parts itself.
    """

    id: str
    source: str
    title: str
    text: str
    kind: Kind
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A retrievable piece: ``text`` is exactly ``document.text[span.start:span.end]``.

    The id, unless given, is that of the first chunk of its document with these words.
    """

    span: Span
    source: str
    kind: Kind
    text: str
    headings: tuple[str, ...] = ()
    example: Example | None = None
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", self.identity(0))

    def identity(self, occurrence: int) -> str:
        """The id of the chunk before which ``occurrence`` equal ones stand in the same document.

        Made of what an index holds (document, kind, words) and not of the place: when an edit moves a chunk,
        its vector and its words in the indexes stay good.
        """
        known = "\0".join((self.span.document_id, self.kind, self._known, self.text, str(occurrence)))
        return hashlib.sha256(known.encode()).hexdigest()[:32]

    @property
    def search_text(self) -> str:
        """The words by which this chunk is found: what is known about it first, then its text."""
        return "\n".join(part for part in (self._known, self.text) if part)

    @property
    def embedding_text(self) -> str:
        """What a vector is made of. For a piece with a request, what is known about it and not its text: a request
        is like another request, and a whole scene in one vector is like every other scene."""
        has_request = self.example is not None and self.example.request
        return self._known if has_request else self.search_text

    @property
    def _known(self) -> str:
        if self.example is None:
            return " > ".join(self.headings)
        known = [self.example.genre, *self.example.requests, self.example.tone, " ".join(self.example.tags)]
        return "\n".join(part for part in known if part)


@dataclass(frozen=True, slots=True)
class Statement:
    """A typed statement found at a span of a document; ``kg`` makes facts of statements.

    ``subject`` and ``object`` are canonical names, ``relation`` is a relation's key. Where no relation of the
    ontology fits, it is ``OPEN`` and the verb or noun of the sentence, with subject and object as written.
    ``mode`` says how the document speaks of it: as true, as not true, as intended, by hearsay, as true once.
    ``since`` and ``until`` are dates ('2021년', '2021년 3월', '2021년 3월 2일'), '' where they are not said.
    ``confidence`` is the extractor's, from 0 to 1. Only approved statements are facts; candidates wait for review.
    """

    subject: str
    relation: str
    object: str
    span: Span
    mode: Mode = "asserted"
    since: str = ""
    until: str = ""
    confidence: float = 1.0
    status: ReviewStatus = "approved"

    @property
    def said(self) -> tuple[str, str, str, str, str, str]:
        """What it says, wherever that is: by this two statements are the same, and are decided about together."""
        return self.subject, self.relation, self.object, self.mode, self.since, self.until

    @property
    def is_open(self) -> bool:
        """Whether no relation of the ontology was found for it."""
        return self.relation.startswith(OPEN)
