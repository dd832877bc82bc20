"""Which of several drafts to keep. Pure, but for the judge that is handed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from rag.generation.writer import Generated

# How well a text answers a request, higher is better; any scale.
Judge = Callable[[str, Sequence[str]], Sequence[float]]

_RUN = 3
# A refrain is no loop: of 416 pieces of the corpus two repeat more than a tenth, and none more than a fifth.
_LOOPS = 0.21


def ranked(request: str, drafts: Sequence[Generated], judge: Judge | None) -> list[int]:
    """Places of the drafts, best first: those that do not loop, then those that came to an end of their own, then
    by the judge; without one, as written."""
    texts = [draft.text for draft in drafts]
    fit = judge(request, texts) if judge and len(drafts) > 1 else [0.0] * len(drafts)

    def key(place: int) -> tuple[bool, bool, float]:
        return repetition(texts[place]) > _LOOPS, drafts[place].stopped != "end", -fit[place]

    return sorted(range(len(drafts)), key=key)


def repetition(text: str) -> float:
    """Share of runs of three words that occur again, or of lines, whichever is more; nothing at all is a loop."""
    words = text.split()
    runs = [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]
    lines = [line for line in text.splitlines() if line.strip()]
    return max(_again(runs), _again(lines)) if words else 1.0


def _again(things: Sequence[object]) -> float:
    return sum(count - 1 for count in Counter(things).values()) / len(things) if things else 0.0
