"""Bits per character of held-out pieces under base and adapter, paired, with a bootstrap interval.

Bits per character (not per token) compares across tokenizers. The adapter is switched off for the base's
figure, so both come from the same weights, prompts and order.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from rag.generation.adapter import check_adapter, quiet_peft
from rag.generation.local import load_base
from tuning.examples import load_pieces, split, tokens, worked_examples
from tuning.loss import completion_nats

_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Figures over ``n`` held-out pieces. ``gain`` is base minus adapter in bits per character; its
    95 % interval is a bootstrap over pieces. ``shown`` worked examples stood before each request."""

    n: int
    shown: int
    base: float
    adapter: float
    gain: float
    low: float
    high: float


def evaluate(
    base: Path, adapter: Path, corpus: Path, shown: int, on_piece: Callable[[int, int], None], limit: int = 2048
) -> HeldOut:
    """Held-out figures of an adapter.

    Raises:
        AdapterMismatch: the adapter does not belong to this base.
        ValueError: the corpus holds no held-out piece.
    """
    pool, pieces = split(load_pieces(corpus))
    if not pieces:
        raise ValueError(f"{corpus}: 떼어 둔(heldout) 글이 없습니다.")
    model, tokenizer, template = load_base(base)
    check_adapter(adapter, base, template)
    with quiet_peft():
        model = PeftModel.from_pretrained(model, adapter, local_files_only=True).eval()
    rows = []
    for number, piece in enumerate(pieces, start=1):
        example = tokens(piece, worked_examples(piece, pool, shown, seed=0), template, tokenizer, limit)
        if example is not None:
            rows.append(
                (
                    example.characters,
                    _bits(model, example, with_adapter=False),
                    _bits(model, example, with_adapter=True),
                )
            )
        on_piece(number, len(pieces))
    return summarise(rows, shown)


def _bits(model: Any, example: Any, *, with_adapter: bool) -> float:
    with torch.inference_mode(), nullcontext() if with_adapter else model.disable_adapter():
        return float(completion_nats(model, example)) / math.log(2)


def summarise(rows: Sequence[tuple[int, float, float]], shown: int = 0) -> HeldOut:
    """Figures of (characters, base bits, adapter bits) per piece; totals are over all characters."""

    def per_character(chosen: Sequence[tuple[int, float, float]]) -> tuple[float, float]:
        characters = sum(row[0] for row in chosen)
        return sum(row[1] for row in chosen) / characters, sum(row[2] for row in chosen) / characters

    base, adapter = per_character(rows)
    draw = random.Random(0)
    gains = []
    for _ in range(_RESAMPLES):
        drawn = per_character(draw.choices(rows, k=len(rows)))
        gains.append(drawn[0] - drawn[1])
    gains.sort()
    low, high = gains[round(_RESAMPLES * 0.025)], gains[round(_RESAMPLES * 0.975) - 1]
    return HeldOut(len(rows), shown, base, adapter, base - adapter, low, high)
