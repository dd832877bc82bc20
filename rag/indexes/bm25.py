"""BM25 over two fields: words of a text and its pairs of letters. Pure but for ``Statistics``, which asks an index.

Pairs of letters find what the analyser cuts otherwise in the query than in the text (어린이도서관, 어린이 도서관), and
words that it does not know. Parameters: the tune half of KorQuAD 1.0 dev (docs/figures.md).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any, Literal

from rag.indexes.spelling import Spellings

Field = Literal["terms", "pairs"]
WEIGHTS: Mapping[Field, float] = {"terms": 1.0, "pairs": 0.4}
# SQLite's own BM25 has fixed ones (1.2 and .75), which are worse here: a word that stands in a passage three times
# says little more than one that stands there once.
_K1, _B = 0.5, 0.5
_BEST_SENTENCE = 1.0
SENTENCE = " . "  # between the words of two sentences; SQLite does not take it for a word
_WORD = re.compile(r"[0-9a-z가-힣㐀-鿿]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk with what its fields hold: tokens between spaces, and between the words of sentences ``SENTENCE``."""

    chunk_id: str
    fields: Mapping[Field, str]


class Statistics:
    """How many chunks there are and how many hold a term, of one state of an index; asked once and remembered.

    ``run`` answers SQL over the tables ``words`` (FTS5) and ``temp.vocabulary`` (fts5vocab by column).
    """

    def __init__(self, run: Callable[..., list[Any]]) -> None:
        self._run = run
        self._holders: dict[str, dict[str, int]] = {}

    @cached_property
    def chunks(self) -> int:
        """How many there are."""
        return int(self._run("SELECT count(*) FROM words_docsize")[0][0])

    @cached_property
    def spellings(self) -> Spellings:
        """Of every word."""
        return Spellings([row[0] for row in self._run("SELECT term FROM temp.vocabulary WHERE col = 'terms'")])

    def holders(self, field: Field, term: str) -> int:
        """How many chunks hold ``term`` in ``field``."""
        if term not in self._holders:
            self._holders[term] = dict(self._run("SELECT col, doc FROM temp.vocabulary WHERE term = ?", (term,)))
        return self._holders[term].get(field, 0)

    def idf(self, field: Field, term: str) -> float:
        """Inverse document frequency, never negative (Lucene's form)."""
        holders = self.holders(field, term)
        return math.log(1 + (self.chunks - holders + 0.5) / (holders + 0.5))


def pairs(text: str) -> list[str]:
    """The pairs of neighbouring letters in each word of ``text``, in order; a word of one letter is its own."""
    return [word[start : start + 2] for word in words(text) for start in range(max(1, len(word) - 1))]


def words(text: str) -> list[str]:
    """What stands between spaces and marks, in lower case."""
    return _WORD.findall(text.lower())


def scored(
    found: Sequence[Candidate], asked: Mapping[Field, Sequence[str]], known: Statistics
) -> list[tuple[str, float]]:
    """(chunk id, score) of all candidates, best first; ties stay in order.

    BM25 of each field (Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009), and
    what the best sentence alone holds of the words: an answer seldom lies scattered over a passage. Lengths are
    compared with those of the candidates, which spares a count over all chunks.
    """
    idf = {field: {term: known.idf(field, term) for term in asked[field]} for field in WEIGHTS}
    tokens = [{field: text.replace(SENTENCE, " ").split() for field, text in each.fields.items()} for each in found]
    mean = {field: fmean(len(each[field]) for each in tokens) if tokens else 0.0 for field in WEIGHTS}
    scores = []
    for candidate, held in zip(found, tokens, strict=True):
        score = sum(
            weight * _bm25(held[field], idf[field], len(held[field]) / (mean[field] or 1.0))
            for field, weight in WEIGHTS.items()
        )
        sentences = (set(sentence.split()) for sentence in candidate.fields["terms"].split(SENTENCE))
        best = max(sum(value for term, value in idf["terms"].items() if term in each) for each in sentences)
        scores.append((candidate.chunk_id, score + _BEST_SENTENCE * best))
    return sorted(scores, key=lambda pair: -pair[1])


def _bm25(tokens: Sequence[str], idf: Mapping[str, float], length: float) -> float:
    """``length`` is that of the text as a multiple of the mean."""
    norm = _K1 * (1 - _B + _B * length)
    counts = Counter(token for token in tokens if token in idf)
    return sum(idf[term] * count * (_K1 + 1) / (count + norm) for term, count in counts.items())
