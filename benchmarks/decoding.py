"""What a step of constrained decoding costs, by engine, beside a step of the model; and what the tables cost to make.

    python -m benchmarks.decoding [--rounds 30]

All engines mask the same logits after the same Korean text, in turn, in one run; figures are medians in milliseconds.
"In the writer" the head computes only logits that may be written, and the processor need not exclude the others.
xgrammar and llguidance are given the exported policy; advancing their matcher by one token is counted.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import llguidance
import llguidance.hf
import llguidance.numpy
import llguidance.torch
import torch
import xgrammar
from transformers import PrefixConstrainedLogitsProcessor
from transformers.generation.logits_process import NoBadWordsLogitsProcessor

from rag import KOREAN
from rag.decoding import cached_policy, compile_policy, read_vocabulary, to_gbnf, to_regex
from rag.decoding.baselines import WholeTokenMask, foreign_tokens, prefix_function
from rag.decoding.processor import KoreanLogitsProcessor, TokenTables
from rag.generation.head import only_rows
from rag.generation.local import load_base
from ui.assemble import App
from ui.settings import Settings

_TEXT = "비가 그친 골목에서 그는 오래전 이름을 불렀다. “왜 이제 왔어?” 뷁이라 쓴 간판이 흔들렸다. " * 4
Step = Callable[[torch.Tensor, torch.Tensor], Any]


def main() -> None:
    """Print one JSON document."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=30)
    rounds = arguments.parse_args().rounds
    settings = Settings()
    with torch.inference_mode():
        model, tokenizer, _ = load_base(App(settings).store.path(settings.writer))
        print(json.dumps(_measure(model, tokenizer, rounds), indent=2))


def _measure(model: Any, tokenizer: Any, rounds: int) -> dict[str, Any]:
    started = time.perf_counter()
    vocabulary = read_vocabulary(tokenizer)
    vocabulary.usable(())
    read = time.perf_counter() - started
    width = model.get_output_embeddings().weight.shape[0]
    ends = [tokenizer.eos_token_id]
    ids = torch.tensor(tokenizer(_TEXT, add_special_tokens=False)["input_ids"])
    report: dict[str, Any] = {"vocabulary": len(vocabulary.tokens), "read_vocabulary_ms": round(1e3 * read, 1)}
    report |= _tables_cost(vocabulary, rounds)
    tables = TokenTables(compile_policy(KOREAN, vocabulary), ends, width)
    for batch in (1, 8):
        steps = _engines(tables, vocabulary, tokenizer, ends, width, batch)
        times: dict[str, list[float]] = {name: [] for name in steps}
        model_step = _model_step(model, ids, batch)
        in_the_writer = KoreanLogitsProcessor(tables, rest_is_excluded=True)
        times |= {"ours in the writer": [], "model step": [], "model step in the writer": []}
        for number in range(rounds):
            rows = ids[: 20 + number].repeat(batch, 1)
            logits = torch.randn(batch, width)
            for name, step in steps.items():
                times[name].append(_timed(step, rows, logits.clone()))
            times["ours in the writer"].append(_timed(in_the_writer, rows, logits.clone()))
            times["model step"].append(_timed(model_step))
            with only_rows(model, tables.tokens):
                times["model step in the writer"].append(_timed(model_step))
        report[f"batch {batch}"] = {name: round(1e3 * median(found), 3) for name, found in times.items()}
    return report


def _tables_cost(vocabulary: Any, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        names = KOREAN.with_literals(("SolverX Fusion", "SolverX", "AI", "CAE"))

        def load() -> Any:
            return cached_policy(KOREAN, "tokenizer", lambda: vocabulary, Path(folder))

        load()
        return {
            "build_ms": _median_ms(compile_policy, 5, KOREAN, vocabulary),
            "build_with_names_ms": _median_ms(compile_policy, 5, names, vocabulary),
            "warm_load_ms": _median_ms(load, rounds),
        }


def _median_ms(action: Callable[..., Any], rounds: int, *arguments: Any) -> float:
    return round(1e3 * median(_timed(action, *arguments) for _ in range(rounds)), 2)


def _engines(
    tables: TokenTables, vocabulary: Any, tokenizer: Any, ends: list[int], width: int, batch: int
) -> dict[str, Step]:
    ours = KoreanLogitsProcessor(tables)
    static = WholeTokenMask(KOREAN, vocabulary, ends, width)
    prefix = PrefixConstrainedLogitsProcessor(prefix_function(tables), num_beams=1)
    bad_words = NoBadWordsLogitsProcessor(foreign_tokens(KOREAN, vocabulary), eos_token_id=ends)
    return {
        "ours (exact)": ours,
        "prefix function (exact)": prefix,
        "xgrammar (exact)": _xgrammar(tokenizer, width, batch),
        "llguidance (exact)": _llguidance(tokenizer, width, batch),
        "whole tokens (loses syllables)": static,
        "bad words (leaks)": bad_words,
    }


def _xgrammar(tokenizer: Any, width: int, batch: int) -> Step:
    info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=width)
    grammar = xgrammar.GrammarCompiler(info).compile_grammar(to_gbnf(KOREAN).replace("part+", "part*"))
    matchers = [xgrammar.GrammarMatcher(grammar) for _ in range(batch)]
    bits = xgrammar.allocate_token_bitmask(batch, width)

    def step(rows: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        for row, matcher in enumerate(matchers):
            assert matcher.accept_token(int(rows[row, -1]))
            matcher.fill_next_token_bitmask(bits, row)
        xgrammar.apply_token_bitmask_inplace(logits, bits)
        return logits

    return step


def _llguidance(tokenizer: Any, width: int, batch: int) -> Step:
    tokens = llguidance.hf.from_tokenizer(tokenizer, n_vocab=width)
    grammar = llguidance.grammar_from("regex", to_regex(KOREAN))
    matchers = [llguidance.LLMatcher(tokens, grammar) for _ in range(batch)]
    bits = llguidance.torch.allocate_token_bitmask(batch, width)

    def step(rows: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        for row, matcher in enumerate(matchers):
            assert matcher.consume_token(int(rows[row, -1]))
            llguidance.torch.fill_next_token_bitmask(matcher, bits, row)
        llguidance.torch.apply_token_bitmask_inplace(logits, bits)
        return logits

    return step


def _model_step(model: Any, ids: torch.Tensor, batch: int) -> Callable[[], Any]:
    """One further token behind sixty-four, with its keys and values held."""
    held = model(input_ids=ids[:64].repeat(batch, 1), use_cache=True).past_key_values
    token = ids[64].repeat(batch, 1)

    def step() -> Any:
        model(input_ids=token, past_key_values=held, use_cache=True)
        held.crop(-1)

    return step


def _timed(action: Callable[..., Any], *arguments: Any) -> float:
    started = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
