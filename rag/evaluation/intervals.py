"""Uncertainty of figures: intervals of shares and means, and tests of two systems on the same items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

_Z95 = 1.96
_RESAMPLES = 2000
_FLIPS = 10_000
_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much one system is above another on the same items: the mean, its 95 % interval, and ``p`` that so large
    a difference (either way) comes of chance."""

    mean: float
    low: float
    high: float
    p: float


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927); (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    p, z2 = hits / n, _Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def share(hits: int, n: int) -> dict[str, Any]:
    """A share with its interval, ready for JSON."""
    low, high = wilson(hits, n)
    return {
        "hits": hits,
        "n": n,
        "share": round(hits / n, 4) if n else None,
        "low": round(low, 4),
        "high": round(high, 4),
    }


def mean_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of a mean: Wilson's where every value is 0 or 1, else a percentile bootstrap over the values.

    (0, 1) where there are none.
    """
    if set(values) <= {0.0, 1.0}:
        return wilson(round(sum(values)), len(values))
    means = _resampled_means(np.asarray(values, dtype=np.float64), seed)
    return _ends(means)


def paired_difference(ours: Sequence[float], theirs: Sequence[float], seed: int = 0) -> Difference:
    """Ours above theirs, item by item.

    The interval is a percentile bootstrap over items; ``p`` is Fisher's randomisation test by sign flips, the test that
    Smucker et al. (CIKM 2007) recommend for retrieval.

    Raises:
        ValueError: no items, or not as many of theirs.
    """
    if not ours or len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} values do not pair")
    gains = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    low, high = _ends(_resampled_means(gains, seed))
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (_FLIPS, len(gains)))
    as_large = np.abs(signs @ gains) >= abs(gains.sum()) - 1e-9
    return Difference(float(gains.mean()), low, high, float((as_large.sum() + 1) / (_FLIPS + 1)))


def ratio_interval(numerators: Sequence[float], denominators: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of a ratio of sums, such as bits per character over whole pieces."""
    above, below = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    drawn = _samples(len(above), seed)
    return _ends(above[drawn].sum(axis=1) / below[drawn].sum(axis=1))


def holm(ps: Sequence[float]) -> list[float]:
    """p-values made safe against many tests at once (Holm 1979), in the order given."""
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def _resampled_means(values: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    means: npt.NDArray[np.float64] = values[_samples(len(values), seed)].mean(axis=1)
    return means


def _samples(n: int, seed: int) -> npt.NDArray[np.int64]:
    """(resamples, n) places drawn with replacement."""
    return np.random.default_rng(seed).integers(0, n, (_RESAMPLES, n))


def _ends(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(values, _PERCENTILES)
    return float(low), float(high)
