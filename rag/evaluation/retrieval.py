"""Figures of retrieval: passages for questions with evidence, and worked examples for graded requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

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
    rows: Iterable[Row], search: Callable[[str, int], Sequence[Hit]], documents: Iterable[Document]
) -> list[Item]:
    """recall@1, @5, @10, MRR and nDCG@10 of the passages that hold the evidence of each question.

    Each row has ``question`` and ``evidence``: a list of ``source`` and ``quote``. Questions whose quotes stand in none
    of ``documents`` are left out.
    """
    held = list(documents)
    items = []
    for row in rows:
        places = [found for each in row.get("evidence", ()) if (found := _places(each, held))]
        if not places:
            continue
        ranked = _evidence_ranking(search(row["question"], DEPTH), places)
        relevant = {str(number) for number in range(len(places))}
        scores = {f"recall@{k}": recall_at(k, ranked, relevant) for k in (1, 5, DEPTH)}
        scores["mrr"] = reciprocal_rank(ranked, relevant)
        scores[f"ndcg@{DEPTH}"] = ndcg_at(DEPTH, ranked, dict.fromkeys(relevant, 1))
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


def _places(evidence: Mapping[str, str], documents: Sequence[Document]) -> list[Span]:
    """Where a quote stands; a source is named by the end of its path."""
    found = []
    for document in documents:
        start = document.text.find(evidence["quote"])
        if start >= 0 and document.source.endswith(evidence["source"]):
            found.append(Span(document.id, start, start + len(evidence["quote"])))
    return found


def _evidence_ranking(hits: Sequence[Hit], places: Sequence[Sequence[Span]]) -> list[str]:
    """Each hit by the number of the first evidence that it holds and none before it does, else by its own id."""
    ranked: list[str] = []
    for hit in hits:
        numbers = (str(n) for n, spans in enumerate(places) if any(_holds(hit.chunk.span, span) for span in spans))
        ranked.append(next((number for number in numbers if number not in ranked), hit.chunk.id))
    return ranked


def _holds(span: Span, quote: Span) -> bool:
    shared = min(span.end, quote.end) - max(span.start, quote.start)
    return span.document_id == quote.document_id and shared >= _ENOUGH * (quote.end - quote.start)
