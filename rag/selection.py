"""Which of several drafts to keep. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from rag.generation.writer import Generated

# The content words of a text, in order.
Terms = Callable[[str], Sequence[str]]

_RUN = 3
# A refrain is no loop: of 416 pieces of the corpus two repeat more than a tenth, and none more than a fifth.
_LOOPS = 0.21


def ranked(drafts: Sequence[Generated], terms: Terms = str.split) -> list[int]:
    """Places of the drafts, best first: those that do not loop, then those that came to an end of their own, then by
    how little they dwell on one word.

    A small model that loses its thread turns round a word. One reader graded 62 drafts on ten requests: with those
    grades this order has a mean rank correlation of .41, the cosine of request and draft one of -.06.
    """
    texts = [draft.text for draft in drafts]

    def key(place: int) -> tuple[bool, bool, float]:
        return repetition(texts[place]) > _LOOPS, drafts[place].stopped != "end", dwelling(terms(texts[place]))

    return sorted(range(len(drafts)), key=key)


def repetition(text: str) -> float:
    """Share of runs of three words that occur again, or of lines, whichever is more; nothing at all is a loop."""
    words = text.split()
    runs = [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]
    lines = [line for line in text.splitlines() if line.strip()]
    return max(_again(runs), _again(lines)) if words else 1.0


def dwelling(words: Sequence[str]) -> float:
    """Share of the commonest word; of nothing at all 1."""
    return max(Counter(words).values()) / len(words) if words else 1.0


def _again(things: Sequence[object]) -> float:
    return sum(count - 1 for count in Counter(things).values()) / len(things) if things else 0.0
