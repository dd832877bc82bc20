"""The whole of writing, in reading order: find examples, show them, write drafts, keep the best, tidy, measure.

Knows no concrete model and no index.
"""

from __future__ import annotations

import logging
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.decoding import CharacterPolicy, Preset, Purity, choose_preset, measure_purity
from rag.decoding.alarms import alarms
from rag.decoding.allowance import quoting
from rag.examples import fitting
from rag.generation.writer import Generated, Writer
from rag.prompting import write_prompt
from rag.retrieval import Retriever
from rag.selection import Terms, ranked
from rag.types import Hit, Prompt

DEFAULT_EXAMPLES = 3
_ATTEMPTS = 3
_log = logging.getLogger(__name__)

_SENTENCE_ENDS = ".!?…”’」』)]"
# A piece cut off by the token limit ends at its last whole sentence, unless most of it would be lost.
_KEEP_AT_LEAST = 0.6


@dataclass(frozen=True, slots=True)
class Request:
    """What a writer asks for. ``so_far`` is text to carry on from; ``allow`` are words beyond the policy
    (foreign words of the request and of ``so_far`` are allowed anyway).

    ``free`` lifts the constraint; ``preset`` and ``genre`` may be empty. ``drafts`` are written, with seeds from
    ``seed`` on, and the best one is kept; 0 is as many as pay off with the writer.
    """

    text: str
    genre: str = ""
    preset: str = ""
    seed: int = 0
    max_tokens: int = 0
    so_far: str = ""
    allow: tuple[str, ...] = ()
    free: bool = False
    examples: int = DEFAULT_EXAMPLES
    drafts: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished piece and how it came about. ``others`` are the drafts that were not kept, best first."""

    text: str
    others: tuple[str, ...]
    examples: tuple[Hit, ...]
    purity: Purity
    model: str
    adapter: str
    preset: str
    seed: int
    tokens: int
    seconds: float
    stopped: str


def find_examples(request: Request, retriever: Retriever) -> list[Hit]:
    """The worked examples that will be shown for this request."""
    return retriever.examples(request.text, request.genre, request.examples) if request.examples else []


def write(
    request: Request,
    examples: Sequence[Hit],
    writer: Writer,
    stop: threading.Event | None = None,
    terms: Terms = str.split,
) -> Iterator[str | Draft]:
    """Stream the first draft; the last item is the best one, finished. A set ``stop`` ends it and keeps what is there.

    A best draft that gives alarm (see ``rag.decoding.alarms``) is written again with further seeds, at most twice.

    Raises:
        UnknownPreset: the request names a preset that does not exist.
        PromptTooLong: the request alone does not fit the model.
        GenerationError: the model failed.
    """
    stop = stop or threading.Event()
    preset = _preset(request, examples)
    policy = quoting(preset.policy, request.text, request.so_far).with_literals(request.allow)
    shown, prompt = _fitting_prompt(request, examples, writer, preset)
    count = request.drafts or writer.drafts
    for attempt in range(_ATTEMPTS):
        finished = []
        asked = replace(request, seed=request.seed + attempt * count, drafts=count)
        for piece in writer.write(prompt, preset, None if request.free else policy, asked.seed, stop, count):
            if isinstance(piece, Generated):
                finished.append(_tidied(piece))
            elif attempt == 0:
                yield piece
        draft = _kept(asked, finished, terms, shown, preset, policy, writer)
        reasons = alarms(draft.text, policy)
        if request.free or stop.is_set() or not reasons:
            break
        _log.warning("writing again (%d of %d): %s", attempt + 1, _ATTEMPTS - 1, "; ".join(reasons))
    yield draft


def _preset(request: Request, examples: Sequence[Hit]) -> Preset:
    """By name, else by the genre; where none is given, by the one that most of the examples are of."""
    genres = Counter(hit.chunk.example.genre for hit in examples if hit.chunk.example)
    likely = genres.most_common(1)[0][0] if genres else ""
    preset = choose_preset(request.preset, request.genre or likely)
    return replace(preset, max_tokens=request.max_tokens) if request.max_tokens else preset


def _fitting_prompt(
    request: Request, examples: Sequence[Hit], writer: Writer, preset: Preset
) -> tuple[tuple[Hit, ...], Prompt]:
    """The prompt with the examples that fit the context, the best one last, next to the request."""

    def shown_with(examples: Sequence[Hit]) -> Prompt:
        return write_prompt(request.text, request.genre, [hit.chunk for hit in reversed(examples)], request.so_far)

    shown = fitting(examples, lambda kept: writer.fits(shown_with(kept), preset.max_tokens))
    return shown, shown_with(shown)


def _tidied(piece: Generated) -> Generated:
    text = unicodedata.normalize("NFC", piece.text)
    return replace(piece, text=to_last_sentence(text) if piece.stopped == "length" else text)


def _kept(
    request: Request,
    finished: Sequence[Generated],
    terms: Terms,
    shown: tuple[Hit, ...],
    preset: Preset,
    policy: CharacterPolicy,
    writer: Writer,
) -> Draft:
    best, *others = ranked(finished, terms)
    piece = finished[best]
    return Draft(
        text=piece.text,
        others=tuple(finished[place].text for place in others),
        examples=shown,
        purity=measure_purity(piece.text, policy),
        model=writer.name,
        adapter=writer.adapter,
        preset=preset.name,
        seed=request.seed + best,
        tokens=piece.tokens,
        seconds=round(piece.seconds, 3),
        stopped=piece.stopped,
    )


def to_last_sentence(text: str) -> str:
    """``text`` up to its last whole sentence, or all of it where that would lose too much."""
    end = max((place for mark in _SENTENCE_ENDS if (place := text.rfind(mark)) >= 0), default=-1) + 1
    return text[:end] if end >= len(text) * _KEEP_AT_LEAST else text
