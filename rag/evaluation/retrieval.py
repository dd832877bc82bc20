"""Figures of retrieval: passages for questions with evidence, and worked examples for graded requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from ingest import Document, Span
from rag.evaluation.data import Row
from rag.evaluation.ranking import ndcg_at, recall_at, reciprocal_rank
from rag.evaluation.record import Item
from rag.types import Hit

DEPTH = 10
SHOWN = 5
# A passage holds a quote when it holds most of it: a sentence may be cut by the end of a passage.
_ENOUGH = 0.5


def passage_items(
    rows: Iterable[Row],
    search: Callable[[str, int], Sequence[Hit]],
    documents: Iterable[Document],
    chunk_at: Callable[[str, int], str | None],
) -> list[Item]:
    """recall@1, @5, @10, MRR and nDCG@10 of the passages that hold the evidence of each question.

    Each row has ``question`` and ``evidence``: a list of ``source`` and ``quote``. ``chunk_at`` gives the chunk at a
    place of a source: quotes in one chunk are found together and count once. Questions whose quotes stand in no chunk
    of ``documents`` are left out.
    """
    held = list(documents)
    items = []
    for row in rows:
        wanted = _wanted(row["evidence"], held, chunk_at)
        if not wanted:
            continue
        ranked = _ranking(search(row["question"], DEPTH), wanted)
        scores = {f"recall@{k}": recall_at(k, ranked, set(wanted)) for k in (1, 5, DEPTH)}
        scores["mrr"] = reciprocal_rank(ranked, set(wanted))
        scores[f"ndcg@{DEPTH}"] = ndcg_at(DEPTH, ranked, dict.fromkeys(wanted, 1))
        items.append(Item(row["id"], scores, row.get("kind", "")))
    return items


def example_items(
    rows: Iterable[Row], choose: Callable[[str, str, int], Sequence[Hit]], id_of: Mapping[str, str]
) -> list[Item]:
    """nDCG@5, recall@5 and MRR of the examples chosen for each request.

    Each row has ``request``, ``genre`` (may be empty) and ``relevant``: ids with grades. ``id_of`` names a piece by its
    request.
    """
    items = []
    for row in rows:
        hits = choose(row["request"], row.get("genre", ""), SHOWN)
        ranked = [id_of.get(hit.chunk.example.request, hit.chunk.id) for hit in hits if hit.chunk.example]
        grades = row["relevant"]
        scores = {
            f"ndcg@{SHOWN}": ndcg_at(SHOWN, ranked, grades),
            f"recall@{SHOWN}": recall_at(SHOWN, ranked, set(grades)),
            "mrr": reciprocal_rank(ranked, set(grades)),
        }
        items.append(Item(row["id"], scores, row.get("genre", ""), " ".join(ranked)))
    return items


def _wanted(
    evidence: Iterable[Mapping[str, str]],
    documents: Iterable[Document],
    chunk_at: Callable[[str, int], str | None],
) -> dict[str, list[Span]]:
    """By chunk that holds one, the places of the quotes; a source is named by the end of its path."""
    wanted: dict[str, list[Span]] = {}
    for each, document in product(evidence, documents):
        start = document.text.find(each["quote"])
        if start < 0 or not document.source.endswith(each["source"]):
            continue
        if chunk := chunk_at(document.source, start):
            wanted.setdefault(chunk, []).append(Span(document.id, start, start + len(each["quote"])))
    return wanted


def _ranking(hits: Iterable[Hit], wanted: Mapping[str, Sequence[Span]]) -> list[str]:
    """Each hit by the wanted chunks that it holds a quote of and none before it does, else as another."""
    ranked: list[str] = []
    for hit in hits:
        held = [chunk for chunk, spans in wanted.items() if any(_holds(hit.chunk.span, span) for span in spans)]
        ranked += [chunk for chunk in held if chunk not in ranked] or [f"other {hit.chunk.id}"]
    return ranked


def _holds(span: Span, quote: Span) -> bool:
    shared = min(span.end, quote.end) - max(span.start, quote.start)
    return span.document_id == quote.document_id and shared >= _ENOUGH * (quote.end - quote.start)
