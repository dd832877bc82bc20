"""Intervals for shares."""

from __future__ import annotations

from math import sqrt
from typing import Any

_Z95 = 1.96


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
