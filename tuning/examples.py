"""Training and held-out examples, rendered exactly as serving renders a request. Reads files; needs no torch."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest import Chunk, Document, Example, Record, chunk, clean, load
from rag import Template, write_prompt


@dataclass(frozen=True, slots=True)
class Tokens:
    """One example as token ids; the loss counts ``ids[prompt_length:]`` only. ``characters`` are the text's."""

    ids: tuple[int, ...]
    prompt_length: int
    characters: int


def load_pieces(folder: Path) -> list[Chunk]:
    """Every piece with a request below ``folder``, in file order.

    Raises:
        IngestError: a file cannot be read.
    """
    return [piece for path in sorted(folder.glob("*.jsonl")) for piece in _pieces(path)]


def _pieces(path: Path) -> list[Chunk]:
    texts: list[str] = []
    records: list[Record] = []
    position = 0
    for part in load(path).parts:
        text = clean(part.text).text
        if part.example and part.example.request:
            records.append(Record(position, position + len(text), part.example))
        texts.append(text)
        position += len(text) + 2
    return chunk(Document(path.stem, path.name, path.stem, "\n\n".join(texts), "creative", tuple(records)))


def split(pieces: Sequence[Chunk]) -> tuple[list[Chunk], list[Chunk]]:
    """(training pieces, held-out pieces)."""
    heldout = [piece for piece in pieces if _example(piece).split == "heldout"]
    return [piece for piece in pieces if _example(piece).split == "train"], heldout


def data_sha256(pieces: Sequence[Chunk]) -> str:
    """Identifies the training data, order included."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(f"{_example(piece)}\0{piece.text}\0".encode())
    return digest.hexdigest()


def tokens(piece: Chunk, shown: Sequence[Chunk], template: Template, tokenizer: Any, limit: int) -> Tokens | None:
    """One piece behind its request and worked examples; None when it does not fit ``limit`` tokens.

    Prompt and completion are tokenised apart, as in serving, so the prompt is a prefix by construction.
    """
    from rag.generation.local import encode_prompt

    example = _example(piece)
    prompt = encode_prompt(tokenizer, template.render(write_prompt(example.request, example.genre, shown)))
    completion = tokenizer(piece.text + template.end, add_special_tokens=False)["input_ids"]
    if len(prompt) + len(completion) > limit:
        return None
    return Tokens((*prompt, *completion), len(prompt), len(piece.text))


def with_request(piece: Chunk, number: int, *, keep_genre: bool) -> Chunk:
    """``piece`` under the ``number``-th of its requests (counted round), with or without its genre."""
    example = _example(piece)
    request = example.requests[number % len(example.requests)]
    return replace(piece, example=replace(example, request=request, genre=example.genre if keep_genre else ""))


def worked_examples(piece: Chunk, pool: Sequence[Chunk], count: int, seed: int) -> list[Chunk]:
    """``count`` other pieces of the same genre, chosen by ``seed``; never the piece or its request's twin."""
    own = _example(piece)
    others = [
        other
        for other in pool
        if other.id != piece.id and _example(other).genre == own.genre and _example(other).request != own.request
    ]
    return random.Random(f"{seed}:{piece.id}").sample(others, min(count, len(others)))


def _example(piece: Chunk) -> Example:
    assert piece.example is not None
    return piece.example
