"""Answers to ``corpora/questions``: right, wrong or abstained, by kind, by the graph alone or with the model.

    python -m benchmarks.questions [--split report] [--world solverx] [--graph-only] [--show]

'Right' means that the gold answer or another accepted spelling occurs in the answer (spaces ignored); yes and no must
begin it. All four worlds are held at once. Tune on ``--split tune``; report ``--split report``.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest import Job, ingest
from rag import Answer, answer
from rag.evaluation.intervals import share
from ui.assemble import App
from ui.settings import Settings

_CORPORA = Path(__file__).parent.parent / "corpora"


def verdict(row: dict[str, Any], result: Answer) -> str:
    """right, wrong, abstained (an answerable question) or refused (an unanswerable one, rightly)."""
    if result.abstained:
        return "abstained" if row["answerable"] else "refused"
    if not row["answerable"]:
        return "wrong"
    said = _plain(result.text)
    accepted = [_plain(text) for text in (row["answer"], *row["accepted"])]
    if row["kind"] == "예아니오":
        return "right" if any(said.startswith(text) for text in accepted) else "wrong"
    if row["kind"] == "목록" and all(_plain(name) in said for name in row["answer"].split(", ")):
        return "right"
    return "right" if any(text in said for text in accepted) else "wrong"


def _plain(text: str) -> str:
    return re.sub(r"[\s.]", "", text)


def main() -> None:
    """Print counts by kind and verdict, with Wilson intervals of the shares that are right."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--split", choices=("tune", "report"), default="tune")
    arguments.add_argument("--world", default="*")
    arguments.add_argument("--graph-only", action="store_true")
    arguments.add_argument("--show", action="store_true")
    options = arguments.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    for row, result in _answers(options.world, options.split, options.graph_only):
        found = verdict(row, result)
        counts[row["kind"], found] += 1
        if options.show:
            via = "graph" if result.proof else "model"
            print(f"{found:9} {via} {row['kind']} {row['question']}  →  {result.text}  [{row['answer']}]", flush=True)
    print(json.dumps(_summary(counts), ensure_ascii=False, indent=2))


def _answers(world: str, split: str, graph_only: bool) -> Iterator[tuple[dict[str, Any], Answer]]:
    app = App(Settings())
    try:
        list(ingest(Job((_CORPORA / "facts",)), app.ledger, app.embedder, app.extractor, app.korean))
        parts = replace(app.answering, answerer=None) if graph_only else app.answering
        for folder in sorted((_CORPORA / "facts").glob(world)):
            for line in (_CORPORA / "questions" / f"{folder.name}.jsonl").read_text("utf-8").splitlines():
                row = json.loads(line)
                if row["split"] == split:
                    yield row, answer(row["question"], parts)
    finally:
        app.close()


def _summary(counts: Counter[tuple[str, str]]) -> dict[str, Any]:
    kinds = {kind: {v: n for (k, v), n in counts.items() if k == kind} for kind in sorted({k for k, _ in counts})}
    answerable = sum(n for (kind, _), n in counts.items() if kind != "미공개")
    total = sum(counts.values())
    right = sum(n for (_, v), n in counts.items() if v == "right")
    refused = sum(n for (_, v), n in counts.items() if v == "refused")
    return {
        "n": total,
        "right": share(right, answerable),
        "wrong": share(sum(n for (_, v), n in counts.items() if v == "wrong"), total),
        "refused": share(refused, total - answerable),
        "kinds": kinds,
    }


if __name__ == "__main__":
    main()
