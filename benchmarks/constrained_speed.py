"""What the Hangul constraint costs: tokens per second free, masked only, and with the restricted output layer.

    python -m benchmarks.constrained_speed [--rounds 3] [--tokens 96]

The three arms are interleaved in one process with the same prompt and seeds; medians and ratios to 'free'.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
from dataclasses import replace

from rag import KOREAN, Generated, choose_preset, write_prompt
from rag.generation import local
from ui.assemble import App
from ui.settings import Settings


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--tokens", type=int, default=96)
    options = arguments.parse_args()
    writer = App(Settings(adapter="none")).writer()
    assert isinstance(writer, local.LocalWriter)
    preset = replace(choose_preset("소설"), max_tokens=options.tokens)
    prompt = write_prompt("비 오는 밤의 재회를 한 장면으로 써 줘", "로맨스", [])
    restricted = local.only_rows

    def speed(arm: str, seed: int) -> tuple[float, str]:
        local.only_rows = restricted if arm == "restricted" else lambda model, _rows: restricted(model, None)  # type: ignore[assignment]
        policy = None if arm == "free" else KOREAN
        last = list(writer.write(prompt, preset, policy, seed, threading.Event()))[-1]
        assert isinstance(last, Generated)
        return last.tokens / last.seconds, last.text

    arms = ("free", "masked", "restricted")
    for arm in arms:
        speed(arm, 0)  # compiles the automaton, warms up
    rates: dict[str, list[float]] = {arm: [] for arm in arms}
    same = 0
    for seed in range(1, options.rounds + 1):
        texts = {}
        for arm in arms:
            rate, texts[arm] = speed(arm, seed)
            rates[arm].append(rate)
        same += texts["masked"] == texts["restricted"]
    medians = {arm: statistics.median(values) for arm, values in rates.items()}
    print(
        json.dumps(
            {
                "tokens_per_second": {arm: round(value, 2) for arm, value in medians.items()},
                "ratio_to_free": {arm: round(value / medians["free"], 2) for arm, value in medians.items()},
                "same_text_masked_and_restricted": f"{same}/{options.rounds}",
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
