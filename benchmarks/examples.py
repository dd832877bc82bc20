"""Do the chosen examples help? nDCG@5 on the graded requests, beside simpler choices, with paired bootstrap intervals.

    python -m benchmarks.examples [--split report]

All choices see the same 356 training pieces, the same request and the same genre. Weights were set on the tune half.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.corpora import CREATIVE, Row, load_rows
from ingest import Job, ingest
from ui.assemble import App
from ui.settings import Settings

_K = 5
_RESAMPLES = 2000
Choice = Callable[[Row], Sequence[str]]


def ndcg(chosen: Sequence[str], relevant: dict[str, int], k: int = _K) -> float:
    """Järvelin & Kekäläinen (2002), gains 2^grade - 1."""

    def gain(grades: Sequence[int]) -> float:
        return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:k]))

    return gain([relevant.get(name, 0) for name in chosen]) / gain(sorted(relevant.values(), reverse=True))


def main() -> None:
    """Print one JSON document."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--split", choices=("tune", "report"), default="tune")
    split = arguments.parse_args().split
    lines = (CREATIVE.parent / "questions" / "retrieval.jsonl").read_text("utf-8").splitlines()
    requests = [row for row in map(json.loads, lines) if row["split"] == split]
    with tempfile.TemporaryDirectory() as home:
        app = App(Settings(home=Path(home)))
        list(ingest(Job((CREATIVE,)), app.ledger, app.embedder, app.extractor, app.korean))
        scores = {name: [ndcg(choose(row), row["relevant"]) for row in requests] for name, choose in _choices(app)}
        app.close()
    ours = scores["ours"]
    print(json.dumps({name: _summary(found, ours) for name, found in scores.items()}, ensure_ascii=False, indent=2))


def _choices(app: App) -> list[tuple[str, Choice]]:
    pieces = [row for row in load_rows() if row["split"] == "train"]
    name_of = {row["request"]: row["id"] for row in pieces}
    whole = app.embedder([f"{row['request']}\n{row['text']}" for row in pieces])
    asked = app.embedder([row["request"] for row in pieces])
    draw = random.Random(0)

    def ours(row: Row) -> list[str]:
        hits = app.retriever.examples(row["request"], row["genre"], _K)
        return [name_of[hit.chunk.example.request] for hit in hits if hit.chunk.example]

    def dense(vectors: Any, *, filtered: bool) -> Choice:
        def choose(row: Row) -> list[str]:
            score = vectors @ app.embedder.embed_query_vector(row["request"])
            if filtered and row["genre"]:
                score = score + np.array([10.0 * (piece["genre"] == row["genre"]) for piece in pieces])
            return [pieces[place]["id"] for place in np.argsort(-score)[:_K]]

        return choose

    def chance(row: Row) -> list[str]:
        same = [piece["id"] for piece in pieces if row["genre"] in ("", piece["genre"])]
        return draw.sample(same, _K)

    return [
        ("ours", ours),
        ("dense, request with request", dense(asked, filtered=False)),
        ("dense, request with piece", dense(whole, filtered=False)),
        ("genre filter and dense, request with request", dense(asked, filtered=True)),
        ("genre filter and dense, request with piece", dense(whole, filtered=True)),
        ("chance within the genre", chance),
    ]


def _summary(found: Sequence[float], ours: Sequence[float]) -> dict[str, Any]:
    """Mean with a bootstrap interval, and by how much ours is better, paired."""
    draw = random.Random(0)
    samples = [draw.choices(range(len(found)), k=len(found)) for _ in range(_RESAMPLES)]
    means = sorted(fmean(found[i] for i in sample) for sample in samples)
    gains = sorted(fmean(ours[i] - found[i] for i in sample) for sample in samples)
    low, high = round(_RESAMPLES * 0.025), round(_RESAMPLES * 0.975) - 1
    return {
        "n": len(found),
        "ndcg@5": round(fmean(found), 4),
        "interval": [round(means[low], 4), round(means[high], 4)],
        "ours_better_by": [round(gains[low], 4), round(gains[high], 4)],
    }


if __name__ == "__main__":
    main()
