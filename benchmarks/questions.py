"""Answers to `corpora/questions`: how many are right, wrong or abstained, by the graph alone and with the model.

    python -m benchmarks.questions [--graph-only] [--show]

'Right' means that the gold answer occurs in the answer (spaces ignored). The questions were written before the code
but the graph's code was developed on them, so this is a regression figure, not a held-out one.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from ingest import Job, ingest
from rag import Answer, answer
from ui.assemble import App
from ui.settings import Settings

_CORPORA = Path(__file__).parent.parent / "corpora"


def verdict(row: dict[str, object], result: Answer) -> str:
    """right, wrong, abstained (an answerable question) or refused (an unanswerable one, rightly)."""
    if result.abstained:
        return "abstained" if row["answerable"] else "refused"
    said, gold = (str(text).replace(" ", "") for text in (result.text, row["answer"]))
    return "right" if row["answerable"] and gold in said else "wrong"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--graph-only", action="store_true")
    arguments.add_argument("--show", action="store_true")
    options = arguments.parse_args()
    app = App(Settings())
    list(ingest(Job((_CORPORA / "facts",)), app.ledger, app.embedder, app.extractor))
    parts = replace(app.answering, answerer=None) if options.graph_only else app.answering
    counts: dict[str, int] = {}
    for path in sorted((_CORPORA / "questions").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            result = answer(row["question"], parts)
            found = verdict(row, result)
            key = f"{found} ({'graph' if result.proof else 'model' if not result.abstained else 'none'})"
            counts[key] = counts.get(key, 0) + 1
            if options.show:
                print(f"{found:9} {row['question']}  →  {result.text}  [{row['answer']}]", flush=True)
    app.close()
    print(json.dumps({"n": sum(counts.values()), **dict(sorted(counts.items()))}, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
