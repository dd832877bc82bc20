"""How good a ranking is, by what is known to be relevant. Pure; ids of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import log2


def recall_at(k: int, ranked: Sequence[str], relevant: AbstractSet[str]) -> float:
    """Share of the relevant that stands among the first ``k``."""
    return len(relevant & set(ranked[:k])) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: AbstractSet[str]) -> float:
    """1 by the place of the first relevant one; 0 without any (MRR is the mean: Voorhees, TREC-8 1999)."""
    return next((1 / place for place, name in enumerate(ranked, start=1) if name in relevant), 0.0)


def ndcg_at(k: int, ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """Normalised discounted cumulative gain (Järvelin & Kekäläinen, TOIS 2002) with gains 2^grade - 1 (Burges 2005)."""

    def gain(found: Sequence[int]) -> float:
        return sum((2.0**grade - 1) / log2(place + 2) for place, grade in enumerate(found[:k]))

    return gain([grades.get(name, 0) for name in ranked]) / gain(sorted(grades.values(), reverse=True))
