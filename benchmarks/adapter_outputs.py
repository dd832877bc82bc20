"""Outputs of base and adapter side by side: the same held-out requests, examples and seeds, nothing selected.

python -m benchmarks.adapter_outputs ADAPTER [--most 6] > outputs.md
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rag import Draft, Request, find_examples, write
from ui.assemble import App
from ui.settings import Settings

_CORPUS = Path(__file__).parent.parent / "corpora" / "creative"


def heldout_requests(most: int) -> list[tuple[str, str]]:
    """(request, genre) of the first held-out piece of each genre file, in file order."""
    found = []
    for path in sorted(_CORPUS.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        row = next(row for row in rows if row["split"] == "heldout")
        found.append((row["request"], row["genre"]))
    return found[:most]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("adapter")
    arguments.add_argument("--most", type=int, default=6)
    arguments.add_argument("--tokens", type=int, default=160)
    options = arguments.parse_args()
    app = App(Settings())
    writers = {"base": app.writer("none"), "adapter": app.writer(options.adapter)}
    for number, (text, genre) in enumerate(heldout_requests(options.most), start=1):
        request = Request(text, genre, seed=number, max_tokens=options.tokens)
        examples = find_examples(request, app.retriever)
        print(f"## {number}. ({genre}) {text}\n")
        for name, writer in writers.items():
            draft = list(write(request, examples, writer))[-1]
            assert isinstance(draft, Draft)
            print(f"### {name} · seed {number} · ended by {draft.stopped}\n\n{draft.text}\n")
    app.close()


if __name__ == "__main__":
    main()
