"""Two runs of one evaluation: what became better or worse beyond chance, item by item."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.errors import RagError
from rag.evaluation.intervals import holm
from rag.evaluation.record import Item, differences

Json = dict[str, Any]
_ALPHA = 0.05
# Metrics of which less is better.
LESS_IS_BETTER = frozenset({"wrong", "abstained", "contaminated", "romanised", "disallowed", "repetition"})


class NotComparable(RagError):
    """The files are no runs of one evaluation on the same items."""


def load_run(path: Path) -> Json:
    """A document that an evaluation wrote.

    Raises:
        NotComparable: it is none.
    """
    try:
        run = json.loads(path.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise NotComparable(f"{path}: JSON으로 읽을 수 없습니다.", _HINT) from error
    if not isinstance(run, dict) or not {"task", "items", "about"} <= set(run):
        raise NotComparable(f"{path}: 평가 결과가 아닙니다.", _HINT)
    return run


_HINT = "`loopai eval … --json > 파일.json`으로 만든 파일이어야 합니다."


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Json:
    """Per metric both means over the shared items, ``after`` less ``before`` with interval and p, and a verdict.

    The verdict is 'better' or 'worse' where the p-value, made safe against the number of metrics (Holm), is under .05,
    else 'same'. Items are paired by id.

    Raises:
        NotComparable: other tasks, or no item in common.
    """
    if before["task"] != after["task"]:
        raise NotComparable(f"다른 평가입니다: {before['task']}, {after['task']}", "같은 평가의 두 결과를 견주세요.")
    old, new = _items(before), _items(after)
    found = differences(new, old)
    if not found:
        raise NotComparable("두 결과에 같은 항목이 없습니다.", "같은 자료로 잰 두 결과를 견주세요.")
    safe = dict(zip(found, holm([row["p"] for row in found.values()]), strict=True))
    shared = {item.id for item in old} & {item.id for item in new}
    return {
        "task": after["task"],
        "n": len(shared),
        "only_before": len({item.id for item in old} - shared),
        "only_after": len({item.id for item in new} - shared),
        "same_data": before["about"].get("data_sha256") == after["about"].get("data_sha256"),
        "metrics": {
            name: {
                "before": _mean(old, name, new),
                "after": _mean(new, name, old),
                "difference": row["mean"],
                "interval": row["interval"],
                "n": row["n"],
                "p": row["p"],
                "verdict": _verdict(name, row["mean"], safe[name]),
            }
            for name, row in found.items()
        },
        "changed": _changed(old, new),
        "about": {"before": before["about"], "after": after["about"]},
    }


def worse(comparison: Mapping[str, Any]) -> list[str]:
    """The metrics that became worse beyond chance."""
    return [name for name, row in comparison["metrics"].items() if row["verdict"] == "worse"]


def _verdict(metric: str, gain: float, p: float) -> str:
    if p >= _ALPHA or gain == 0:
        return "same"
    return "better" if (gain > 0) != (metric in LESS_IS_BETTER) else "worse"


def _mean(items: Sequence[Item], metric: str, others: Sequence[Item]) -> float:
    """Over the items that the others have, too."""
    shared = {item.id for item in others if metric in item.scores}
    values = [item.scores[metric] for item in items if item.id in shared and metric in item.scores]
    return round(sum(values) / len(values), 4)


def _changed(old: Sequence[Item], new: Sequence[Item]) -> list[Json]:
    """Items with other scores, those whose scores fell most first."""
    before = {item.id: item for item in old}
    rows = [
        (sum(item.scores[name] - was.scores[name] for name in item.scores if name in was.scores), was, item)
        for item in new
        if (was := before.get(item.id)) and dict(was.scores) != dict(item.scores)
    ]
    return [
        {"id": item.id, "change": round(change, 4), "before": was.note, "after": item.note}
        for change, was, item in sorted(rows, key=lambda row: row[0])
    ]


def _items(run: Mapping[str, Any]) -> list[Item]:
    return [Item(row["id"], row["scores"], row.get("group", ""), row.get("note", "")) for row in run["items"]]
