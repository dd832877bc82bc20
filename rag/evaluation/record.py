"""A run of an evaluation as one JSON document: figures with intervals, the items behind them, and what was run.

The items make runs comparable: see ``rag.evaluation.compare``.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import fmean
from typing import Any

from rag.evaluation.intervals import mean_interval, paired_difference

# What can change a figure.
_PARTS = (
    "loopai",
    "kiwipiepy",
    "kiwipiepy-model",
    "chromadb",
    "sentence-transformers",
    "transformers",
    "torch",
    "numpy",
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One question, request or fact with its scores by metric; a metric that does not apply to it is left out.

    ``group`` is what figures are broken down by; ``note`` says to people what the system gave.
    """

    id: str
    scores: Mapping[str, float]
    group: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What one evaluation gave. ``baseline`` holds the same items under a simpler system, where there is one."""

    task: str
    items: Sequence[Item]
    baseline: Sequence[Item] = ()
    baseline_name: str = ""
    about: Json = field(default_factory=dict)


def about(data_sha256: str, seed: int, **settings: str) -> Json:
    """What a reader needs to run it again: versions, the hash of the data, the seed, and named settings."""
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {part: version(part) for part in _PARTS},
        "data_sha256": data_sha256,
        "seed": seed,
        **settings,
    }


def document(run: Run) -> Json:
    """The run as JSON: ``n``, ``metrics``, ``interval`` and ``baseline`` as every evaluation has them, and more.

    ``baseline`` holds the simpler system's metrics, ``against`` its name and by how much the run is above it.
    """
    return {
        "task": run.task,
        "n": len({item.id for item in run.items}),
        **figures(run.items),
        "baseline": figures(run.baseline)["metrics"],
        "against": _against(run),
        "groups": {
            group: {"n": len(items), "metrics": figures(items)["metrics"]} for group, items in _groups(run.items)
        },
        "about": run.about,
        "items": [
            {"id": item.id, "group": item.group, "scores": dict(item.scores), "note": item.note} for item in run.items
        ],
    }


def figures(items: Sequence[Item]) -> Json:
    """Per metric the mean over the items that have it, how many these are, and a 95 % interval."""
    values = {name: [item.scores[name] for item in items if name in item.scores] for name in metric_names(items)}
    return {
        "metrics": {name: round(fmean(found), 4) for name, found in values.items()},
        "interval": {name: [round(end, 4) for end in mean_interval(found)] for name, found in values.items()},
        "counts": {name: len(found) for name, found in values.items()},
    }


def metric_names(items: Iterable[Item]) -> list[str]:
    """In order of appearance."""
    return list(dict.fromkeys(name for item in items for name in item.scores))


def differences(ours: Sequence[Item], theirs: Sequence[Item]) -> Json:
    """Ours above theirs by metric, over the items that both have."""
    other = {item.id: item.scores for item in theirs}
    found = {}
    for name in metric_names(ours):
        pairs = [(i.scores[name], other[i.id][name]) for i in ours if name in i.scores and name in other.get(i.id, {})]
        if pairs:
            gain = paired_difference([pair[0] for pair in pairs], [pair[1] for pair in pairs])
            found[name] = {
                "n": len(pairs),
                "mean": round(gain.mean, 4),
                "interval": [round(gain.low, 4), round(gain.high, 4)],
                "p": round(gain.p, 4),
            }
    return found


def _against(run: Run) -> Json:
    """What the baseline is, its intervals, and by how much the run is above it."""
    if not run.baseline:
        return {}
    interval = figures(run.baseline)["interval"]
    return {"name": run.baseline_name, "interval": interval, "difference": differences(run.items, run.baseline)}


def _groups(items: Sequence[Item]) -> list[tuple[str, list[Item]]]:
    names = sorted({item.group for item in items} - {""})
    return [(name, [item for item in items if item.group == name]) for name in names]
