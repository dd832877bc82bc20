"""Which worked examples help the writer model: how many, which, in what order, how long?

    python -m benchmarks.fewshot --rows ROWS.jsonl [--pieces 30] [--seconds 300]

Measured by what the model thinks of the first characters of held-out pieces behind each choice of examples (teacher
forced, default writer and adapter, no decoding): bits per character, the mean over pieces, lower is better. Each
measurement is added to ROWS, so that a run that stops after ``--seconds`` is carried on by the next one.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from benchmarks.corpora import CREATIVE
from ingest import Chunk, Job, ingest
from rag import write_prompt
from rag.evaluation.intervals import paired_difference
from rag.evaluation.record import Item, Run, about, document
from rag.generation.adapter import check_adapter, quiet_peft
from rag.generation.local import encode_prompt, load_base
from rag.write import to_last_sentence
from tuning.examples import Tokens, data_sha256, load_pieces, split, worked_examples
from tuning.loss import completion_nats
from ui.assemble import App
from ui.settings import Settings

_REFERENCE = 200
_CUT = 300
_SEED = 0
_COUNTS = (1, 2, 3, 5)
_USUAL = 3
_NONE = "none"
Examples = Sequence[Chunk]


@dataclass(frozen=True)
class Choices:
    """For one held-out piece: examples chosen by the retriever, best first, and as many by chance from its genre."""

    chosen: Examples
    chance: Examples

    def arms(self) -> dict[str, Examples]:
        """By name, the examples in the order in which the model reads them."""
        usual = self.chosen[:_USUAL]
        return {
            _NONE: (),
            **{f"chosen {count}": self.chosen[:count][::-1] for count in _COUNTS},
            f"chance {_USUAL}": self.chance[:_USUAL],
            f"chosen {_USUAL}, best first": usual,
            f"chosen {_USUAL}, cut": [_cut(piece) for piece in usual[::-1]],
        }


# What is held against what.
_PAIRS = (
    *((f"chosen {count}", _NONE) for count in _COUNTS),
    ("chosen 2", "chosen 1"),
    ("chosen 3", "chosen 2"),
    ("chosen 5", "chosen 3"),
    ("chosen 3", "chance 3"),
    ("chosen 3", "chosen 3, best first"),
    ("chosen 3", "chosen 3, cut"),
)


def main() -> None:
    """Print one JSON document about all that is measured so far."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=Path, required=True)
    arguments.add_argument("--pieces", type=int, default=30)
    arguments.add_argument("--seconds", type=float, default=math.inf)
    options = arguments.parse_args()
    pool, heldout = split(load_pieces(CREATIVE))
    pieces = random.Random(_SEED).sample(heldout, min(options.pieces, len(heldout)))
    until = time.monotonic() + options.seconds
    if missing := [piece for piece in pieces if piece.id not in _whole(options.rows)]:
        _measure(missing, pool, options.rows, until)
    if not _whole(options.rows):
        raise SystemExit("no piece is measured yet: give it more seconds")
    print(json.dumps(summary(options.rows, data_sha256(pool)), ensure_ascii=False, indent=2))


def _measure(pieces: Sequence[Chunk], pool: Sequence[Chunk], rows: Path, until: float) -> None:
    with tempfile.TemporaryDirectory() as home:
        app = App(Settings(home=Path(home)))
        list(ingest(Job((CREATIVE,)), app.ledger, app.embedder, app.extractor, app.korean))
        bits = _scorer(app)
        for piece in pieces:
            measured = []
            for name, shown in _choices(app, piece, pool).arms().items():
                if time.monotonic() > until:
                    app.close()
                    return
                row = {"id": piece.id, "genre": piece.example.genre if piece.example else "", "arm": name}
                measured.append(json.dumps({**row, **bits(piece, shown)}, ensure_ascii=False) + "\n")
            with rows.open("a", encoding="utf-8") as file:  # a piece is written whole or not at all
                file.writelines(measured)
        app.close()


def _choices(app: App, piece: Chunk, pool: Sequence[Chunk]) -> Choices:
    assert piece.example is not None
    hits = app.retriever.examples(piece.example.request, piece.example.genre, max(_COUNTS))
    return Choices([hit.chunk for hit in hits], worked_examples(piece, pool, max(_COUNTS), _SEED))


def _scorer(app: App) -> Callable[[Chunk, Examples], dict[str, float]]:
    folder, adapter = app.store.path(app.settings.writer), app.adapter_folder(app.settings.adapter)
    model, tokenizer, template = load_base(folder)
    if adapter:
        check_adapter(adapter, folder, template)
        with quiet_peft():
            model = PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload().eval()

    def score(piece: Chunk, shown: Examples) -> dict[str, float]:
        assert piece.example is not None
        prompt = template.render(write_prompt(piece.example.request, piece.example.genre, shown))
        before, text = encode_prompt(tokenizer, prompt), piece.text[:_REFERENCE]
        after = tokenizer(text, add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            nats = float(completion_nats(model, Tokens((*before, *after), len(before), len(text))))
        return {"bits": nats / math.log(2) / len(text), "prompt_tokens": len(before)}

    return score


def summary(rows: Path, data: str) -> dict[str, Any]:
    """Bits per character by arm with intervals, prompt lengths, and paired differences between arms."""
    found = list(_rows(rows))
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    lengths: dict[str, list[int]] = defaultdict(list)
    for row in found:
        scores[row["id"]][row["arm"]] = row["bits"]
        lengths[row["arm"]].append(row["prompt_tokens"])
    items = [Item(name, by_arm) for name, by_arm in scores.items()]
    made = document(Run("fewshot", items, about=about(data, _SEED, reference=str(_REFERENCE), cut=str(_CUT))))
    pairs = {
        f"{ours} - {theirs}": paired_difference(
            [item.scores[ours] for item in items], [item.scores[theirs] for item in items]
        )
        for ours, theirs in _PAIRS
    }
    return {
        **{key: made[key] for key in ("task", "n", "metrics", "interval")},
        "differences": {
            name: {"mean": round(d.mean, 4), "interval": [round(d.low, 4), round(d.high, 4)], "p": round(d.p, 4)}
            for name, d in pairs.items()
        },
        "prompt_tokens": {arm: round(sum(counts) / len(counts)) for arm, counts in lengths.items()},
        "about": made["about"],
    }


def _whole(rows: Path) -> set[str]:
    return {row["id"] for row in _rows(rows)}


def _rows(rows: Path) -> Iterator[dict[str, Any]]:
    if rows.exists():
        yield from map(json.loads, rows.read_text("utf-8").splitlines())


def _cut(piece: Chunk) -> Chunk:
    return replace(piece, text=to_last_sentence(piece.text[:_CUT]))


if __name__ == "__main__":
    main()
