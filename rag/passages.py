"""Ranked hits become passages worth reading: none twice, neighbours in one piece. Pure; knows no index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ingest import Chunk, Span
from rag.types import VOICES, Hit

# Characters between two chunks of one section: a blank line and some indentation.
_GAP = 8
# Characters of a joined passage: two to three chunks. More would push other passages out of a prompt.
_LONGEST = 1200


def passages(hits: Iterable[Hit], k: int, text_of: Callable[[str], str]) -> list[Hit]:
    """At most ``k`` hits, best first, of ``hits`` (best first; read only as far as needed).

    A text that stands in several documents is kept once. Chunks that follow each other in one section become one
    passage with the id and the score of the best of them; its text is still exactly the document's at its span.

    Args:
        hits: ranked.
        k: how many.
        text_of: the text of a source's document, by name.
    """
    kept: list[Hit] = []
    seen: set[str] = set()
    for hit in hits:
        if hit.chunk.text in seen:
            continue
        seen.add(hit.chunk.text)
        neighbours = [other for other in kept if _follow_each_other(other.chunk, hit.chunk)]
        if not neighbours and len(kept) == k:
            break
        for other in neighbours:
            if _follow_each_other(other.chunk, hit.chunk):  # still, with what was joined before it
                kept.remove(other)
                hit = _joined(other, hit, text_of)
        if len(kept) < k:
            kept.append(hit)
            kept.sort(key=lambda held: -held.score)
    return kept


def _follow_each_other(one: Chunk, two: Chunk) -> bool:
    if one.span.document_id != two.span.document_id or one.headings != two.headings or one.example or two.example:
        return False
    first, second = sorted((one.span, two.span), key=lambda span: span.start)
    return 0 <= second.start - first.end <= _GAP and second.end - first.start <= _LONGEST


def _joined(one: Hit, two: Hit, text_of: Callable[[str], str]) -> Hit:
    best = max(one, two, key=lambda hit: hit.score)
    start = min(one.chunk.span.start, two.chunk.span.start)
    end = max(one.chunk.span.end, two.chunk.span.end)
    span = Span(best.chunk.span.document_id, start, end)
    chunk = replace(best.chunk, span=span, text=text_of(best.chunk.source)[start:end])
    return Hit(chunk, best.score, tuple(voice for voice in VOICES if voice in one.via + two.via))
