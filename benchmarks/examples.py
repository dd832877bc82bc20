"""Do the chosen examples help? nDCG@5 on the graded requests, beside simpler choices, with paired bootstrap intervals.

    python -m benchmarks.examples [--split report]

All choices see the same 356 training pieces, the same request and the same genre. Weights were set on the tune half.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.corpora import CREATIVE, Row, load_rows
from ingest import Job, ingest
from rag.evaluation.intervals import mean_interval, paired_difference
from rag.evaluation.ranking import ndcg_at
from rag.evaluation.retrieval import SHOWN
from ui.assemble import App
from ui.settings import Settings

Choice = Callable[[Row], Sequence[str]]


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
        scores = {name: [_ndcg(choose, row) for row in requests] for name, choose in _choices(app)}
        app.close()
    ours = scores["ours"]
    print(json.dumps({name: _summary(found, ours) for name, found in scores.items()}, ensure_ascii=False, indent=2))


def _ndcg(choose: Choice, row: Row) -> float:
    return ndcg_at(SHOWN, choose(row), row["relevant"])


def _choices(app: App) -> list[tuple[str, Choice]]:
    pieces = [row for row in load_rows() if row["split"] == "train"]
    name_of = {row["request"]: row["id"] for row in pieces}
    whole = app.embedder([f"{row['request']}\n{row['text']}" for row in pieces])
    asked = app.embedder([row["request"] for row in pieces])
    draw = random.Random(0)

    def ours(row: Row) -> list[str]:
        hits = app.retriever.examples(row["request"], row["genre"], SHOWN)
        return [name_of[hit.chunk.example.request] for hit in hits if hit.chunk.example]

    def dense(vectors: Any, *, filtered: bool) -> Choice:
        def choose(row: Row) -> list[str]:
            score = vectors @ app.embedder.embed_query_vector(row["request"])
            if filtered and row["genre"]:
                score = score + np.array([10.0 * (piece["genre"] == row["genre"]) for piece in pieces])
            return [pieces[place]["id"] for place in np.argsort(-score)[:SHOWN]]

        return choose

    def chance(row: Row) -> list[str]:
        same = [piece["id"] for piece in pieces if row["genre"] in ("", piece["genre"])]
        return draw.sample(same, SHOWN)

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
    gain = paired_difference(ours, found)
    return {
        "n": len(found),
        f"ndcg@{SHOWN}": round(fmean(found), 4),
        "interval": [round(end, 4) for end in mean_interval(found)],
        "ours_better_by": round(gain.mean, 4),
        "ours_better_interval": [round(gain.low, 4), round(gain.high, 4)],
        "p": round(gain.p, 4),
    }


if __name__ == "__main__":
    main()
