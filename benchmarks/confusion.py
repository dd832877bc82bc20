"""Language confusion, free against constrained, on prompts that tempt a model into other languages.

    python -m benchmarks.confusion FOLDER --data prompts.csv [more.csv …] --out DIR [--gguf model.gguf] [--n 100]

``FOLDER`` holds a transformers model (or a GGUF file that transformers reads). Every arm sees the same prompts with
the same seeds: ``free``; ``soft``, which takes ``--bias`` nats from whatever the policy does not allow;
``constrained``; and ``asked``, constrained behind a request for Korean. Outputs go to ``DIR/<arm>.jsonl`` (for
``loopai eval purity``), figures to standard output.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessor, LogitsProcessorList

from rag import KOREAN
from rag.decoding import compile_policy, read_vocabulary
from rag.decoding.alarms import foreign_sentences
from rag.decoding.processor import KoreanLogitsProcessor, TokenTables
from rag.evaluation.intervals import share
from rag.evaluation.purity import purity_report
from rag.generation.sampling import SeededSampling
from rag.hardware import best_dtype
from rag.selection import repetition

_ARMS = ("free", "soft", "constrained", "asked")
_ASK = "\n한국어로만 답해 주세요."


class SoftBias(LogitsProcessor):
    """Takes ``bias`` nats from what the policy forbids, and forbids nothing."""

    def __init__(self, tables: TokenTables, bias: float) -> None:
        self._hard = KoreanLogitsProcessor(tables)
        self._bias = bias

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """(rows, width)."""
        allowed = torch.isfinite(self._hard(input_ids, scores.clone()))  # type: ignore[arg-type]
        return torch.where(allowed, scores, scores - self._bias)  # type: ignore[return-value]


class AllowedMass(LogitsProcessor):
    """Notes for each row and step how much the constraint costs: -log of the mass that it leaves. Changes nothing."""

    def __init__(self, tables: TokenTables, prompt_length: int, end_tokens: Sequence[int]) -> None:
        self._hard = KoreanLogitsProcessor(tables)
        self._start = prompt_length
        self._ends = torch.tensor(list(end_tokens))
        self.costs: list[float] = []

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """(rows, width); rows that have ended do not count."""
        allowed = self._hard(input_ids, scores.clone())  # type: ignore[arg-type]
        cost = torch.logsumexp(scores, dim=-1) - torch.logsumexp(allowed, dim=-1)
        running = ~torch.isin(input_ids[:, self._start :], self._ends).any(dim=1)
        self.costs.extend(cost[running].tolist())
        return scores


@dataclass
class Bench:
    """A model with what the arms share."""

    model: Any
    tokenizer: Any
    tables: TokenTables
    ends: list[int]
    tokens: int
    bias: float
    costs: list[float]

    def write(self, prompts: Sequence[str], arm: str, seeds: Sequence[int]) -> list[str]:
        """One reply for each prompt."""
        rendered = [self._render(prompt + (_ASK if arm == "asked" else "")) for prompt in prompts]
        batch = self.tokenizer(rendered, return_tensors="pt", padding=True, add_special_tokens=False)
        length = batch["input_ids"].shape[1]
        mass = AllowedMass(self.tables, length, self.ends)
        arms: dict[str, list[LogitsProcessor]] = {
            "free": [],
            "soft": [SoftBias(self.tables, self.bias)],
            "constrained": [mass, KoreanLogitsProcessor(self.tables, length, length + self.tokens)],
            "asked": [KoreanLogitsProcessor(self.tables, length, length + self.tokens)],
        }
        sampling = SeededSampling(seeds, temperature=0.7, min_p=0.05, columns=None)
        with torch.inference_mode():
            out = self.model.generate(
                **batch.to(self.model.device),
                max_new_tokens=self.tokens,
                do_sample=False,
                pad_token_id=self.ends[0],
                eos_token_id=self.ends,
                logits_processor=LogitsProcessorList([*arms[arm], sampling]),
            )
        self.costs.extend(mass.costs)
        return [text.strip() for text in self.tokenizer.batch_decode(out[:, length:], skip_special_tokens=True)]

    def _render(self, prompt: str) -> str:
        if not getattr(self.tokenizer, "chat_template", None):
            return f"{self.tokenizer.bos_token or ''}질문: {prompt}\n답:"
        turns = [{"role": "user", "content": prompt}]
        return str(self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))


def load_bench(folder: Path, gguf: str, tokens: int, bias: float) -> Bench:
    """The model of a folder, padded on the left."""
    source = {"gguf_file": gguf} if gguf else {}
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left", **source)
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=best_dtype(), local_files_only=True, **source
    ).eval()
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    declared = model.generation_config.eos_token_id
    ends = sorted({tokenizer.eos_token_id, *(declared if isinstance(declared, list) else [declared or 0])})
    width = model.get_output_embeddings().weight.shape[0]
    tables = TokenTables(compile_policy(KOREAN, read_vocabulary(tokenizer)), ends, width)
    return Bench(model, tokenizer, tables, ends, tokens, bias, [])


def read_prompts(files: Sequence[Path], n: int, longest: int) -> list[str]:
    """``n`` prompts of at most ``longest`` characters, evenly from the files' ``prompt`` column, short ones first."""
    columns = [[row["prompt"] for row in csv.DictReader(file.open(encoding="utf-8"))] for file in files]
    short = [[prompt for prompt in column if len(prompt) <= longest] for column in columns]
    share_of_each = -(-n // len(files))
    evenly = [column[place * len(column) // share_of_each] for place in range(share_of_each) for column in short]
    return sorted(evenly[:n], key=len)


def figures(outputs: dict[str, list[str]], costs: Sequence[float]) -> dict[str, Any]:
    """Purity of every arm, and what becomes of outputs that were clean or foreign without the constraint."""
    free, bound = outputs["free"], outputs["constrained"]
    clean = [place for place, text in enumerate(free) if not KOREAN.disallowed(text)]
    foreign = [place for place, text in enumerate(free) if foreign_sentences(text)]
    return {
        "arms": {arm: purity_report(texts) | {"loops": _loops(texts)} for arm, texts in outputs.items()},
        "clean_outputs_unchanged": share(sum(free[place] == bound[place] for place in clean), len(clean)),
        "cost_nats_per_step": {
            "mean": round(fmean(costs), 4),
            "over_log2": share(sum(c > 0.693 for c in costs), len(costs)),
        },
        "foreign_when_free": {
            "n": len(foreign),
            "loops_when_constrained": _loops([bound[place] for place in foreign]),
            "empty_when_constrained": share(sum(not bound[place] for place in foreign), len(foreign)),
        },
    }


def _loops(texts: Sequence[str]) -> dict[str, Any]:
    return share(sum(repetition(text) > 0.1 for text in texts), len(texts))


def _batches(prompts: Sequence[str], size: int) -> Iterator[range]:
    for start in range(0, len(prompts), size):
        yield range(start, min(start + size, len(prompts)))


def main(progress: Callable[[str], None] = print) -> None:
    """Write outputs and figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--gguf", default="")
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--longest", type=int, default=600, help="characters of a prompt")
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--bias", type=float, default=4.0)
    parser.add_argument("--arms", nargs="+", default=_ARMS, choices=_ARMS)
    options = parser.parse_args()
    prompts = read_prompts(options.data, options.n, options.longest)
    bench = load_bench(options.folder, options.gguf, options.tokens, options.bias)
    options.out.mkdir(parents=True, exist_ok=True)
    outputs: dict[str, list[str]] = {arm: [] for arm in options.arms}
    for places in _batches(prompts, options.batch):
        for arm in options.arms:
            outputs[arm] += bench.write([prompts[place] for place in places], arm, list(places))
    for arm, texts in outputs.items():
        rows = [json.dumps({"prompt": p, "text": t}, ensure_ascii=False) for p, t in zip(prompts, texts, strict=True)]
        (options.out / f"{arm}.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    progress(json.dumps(figures(outputs, bench.costs), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
