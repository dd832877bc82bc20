"""Trains a small LoRA adapter on written pieces: linear, resumable, and honest about what it used.

The base is never changed. Every ``save_every`` steps the whole state goes to ``checkpoint/`` by one rename,
so a stopped run carries on where it was and ends with the same weights.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

from ingest import Chunk
from rag import KOREAN, Template
from rag.decoding import compile_policy, read_vocabulary
from rag.generation.adapter import AdapterManifest, file_sha256, quiet_peft
from rag.generation.local import load_base
from tuning.examples import Tokens, data_sha256, load_pieces, split, tokens, with_request, worked_examples
from tuning.loss import ServedLoss

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What decides the weights, besides data and base. ``batch`` is examples per step.

    ``shown`` is how many worked examples stand before a request, where any do. ``limit`` is tokens per
    example; ``warmup`` a share of all steps.
    """

    rank: int = 16
    alpha: int = 32
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    learning_rate: float = 1e-3
    epochs: int = 3
    batch: int = 4
    shown: int = 1
    limit: int = 1024
    warmup: float = 0.1
    clip: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One optimiser step: ``loss`` in nats per token, ``speed`` in tokens per second."""

    number: int
    total: int
    loss: float
    gradient: float
    speed: float


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a run: the adapter folder, or where it was stopped."""

    folder: Path
    steps: int
    finished: bool


def train(
    base: Path,
    corpus: Path,
    folder: Path,
    settings: TrainSettings,
    on_step: Callable[[Step], None],
    stopped: Callable[[], bool],
    save_every: int = 5,
) -> Result:
    """Train on ``corpus`` and leave an adapter in ``folder``; carry on from its checkpoint if there is one.

    Raises:
        IngestError: the corpus cannot be read.
        ValueError: the corpus holds no training piece, or a checkpoint of another run lies in ``folder``.
    """
    pieces, _ = split(load_pieces(corpus))
    if not pieces:
        raise ValueError(f"{corpus}: 학습할 글이 없습니다.")
    torch.manual_seed(settings.seed)
    model, tokenizer, template = load_base(base)
    with quiet_peft():
        model = get_peft_model(model, _lora(settings))
    model.train()
    batches = schedule(pieces, template, tokenizer, settings)
    loss = ServedLoss(model, torch.from_numpy(compile_policy(KOREAN, read_vocabulary(tokenizer)).writable))
    run = _Run(model, loss, batches, settings, folder / CHECKPOINT, _identity(base, pieces, template, settings))
    while run.step < run.total and not stopped():
        on_step(run.advance())
        if run.step % save_every == 0 or stopped():
            run.save()
    if run.step < run.total:
        run.save()
        return Result(folder, run.step, finished=False)
    _finish(model, folder, base, pieces, template, settings, run.step)
    return Result(folder, run.step, finished=True)


def _lora(settings: TrainSettings) -> LoraConfig:
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=0.0,
        target_modules=list(settings.targets),
        task_type="CAUSAL_LM",
    )


def schedule(
    pieces: Sequence[Chunk], template: Template, tokenizer: Any, settings: TrainSettings
) -> list[list[Tokens]]:
    """The batches of all epochs. Every epoch is a new order, asks for each piece in the next of its requests'
    wordings, and shows other worked examples."""
    shuffle = random.Random(settings.seed)
    batches = []
    for epoch in range(settings.epochs):
        examples = [
            example
            for number, piece in enumerate(pieces)
            if (example := _example(piece, pieces, epoch, number, template, tokenizer, settings))
        ]
        shuffle.shuffle(examples)
        batches += [examples[start : start + settings.batch] for start in range(0, len(examples), settings.batch)]
    return batches


def _example(
    piece: Chunk,
    pieces: Sequence[Chunk],
    epoch: int,
    number: int,
    template: Template,
    tokenizer: Any,
    settings: TrainSettings,
) -> Tokens | None:
    """As a writer would meet it: half of the requests behind worked examples, a third without a genre.

    What is too long behind worked examples falls back to none; what is too long alone is left out.
    """
    asked = with_request(piece, epoch, keep_genre=(number + epoch) % 3 != 0)
    if (number + epoch) % 2:
        shown = worked_examples(piece, pieces, settings.shown, settings.seed + epoch)
        if example := tokens(asked, shown, template, tokenizer, settings.limit):
            return example
    return tokens(asked, [], template, tokenizer, settings.limit)


class _Run:
    """The state of one training run, and nothing else that changes."""

    def __init__(
        self,
        model: Any,
        loss: ServedLoss,
        batches: Sequence[Sequence[Tokens]],
        settings: TrainSettings,
        checkpoint: Path,
        identity: str,
    ) -> None:
        self._model = model
        self._loss = loss
        self._batches = batches
        self._settings = settings
        self._checkpoint = checkpoint
        self._identity = identity
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(self._weights, lr=settings.learning_rate, weight_decay=0.0)
        self.total = len(batches)
        self.step = 0
        if checkpoint.exists():
            self._load()

    def advance(self) -> Step:
        """One optimiser step over one batch, the loss averaged over all its completion tokens."""
        started = time.monotonic()
        batch = self._batches[self.step]
        count = sum(len(example.ids) - example.prompt_length for example in batch)
        total = 0.0
        for example in batch:
            loss = self._loss(example) / count
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        gradient = torch.nn.utils.clip_grad_norm_(self._weights, self._settings.clip)
        for group in self._optimizer.param_groups:
            group["lr"] = self._settings.learning_rate * self._rate()
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1
        speed = sum(len(example.ids) for example in batch) / (time.monotonic() - started)
        return Step(self.step, self.total, total, float(gradient), speed)

    def save(self) -> None:
        """Put the state in place by one rename."""
        fresh = self._checkpoint.with_suffix(".partial")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        torch.save(get_peft_model_state_dict(self._model, save_embedding_layers=False), fresh / "adapter.pt")
        torch.save(self._optimizer.state_dict(), fresh / "optimizer.pt")
        (fresh / "state.json").write_text(json.dumps({"step": self.step, "identity": self._identity}), "utf-8")
        shutil.rmtree(self._checkpoint, ignore_errors=True)
        fresh.replace(self._checkpoint)

    def _load(self) -> None:
        state = json.loads((self._checkpoint / "state.json").read_text("utf-8"))
        if state["identity"] != self._identity:
            raise ValueError(
                f"{self._checkpoint}: 다른 설정이나 자료로 시작한 학습이 남아 있습니다. "
                "--out으로 다른 폴더를 고르거나 이 폴더를 지우세요."
            )
        missing = set_peft_model_state_dict(self._model, torch.load(self._checkpoint / "adapter.pt", weights_only=True))
        assert not missing.unexpected_keys
        self._optimizer.load_state_dict(torch.load(self._checkpoint / "optimizer.pt", weights_only=True))
        self.step = state["step"]

    def _rate(self) -> float:
        """Linear warm-up, then a cosine to zero (Loshchilov & Hutter, arXiv 1608.03983)."""
        warm = max(1, round(self.total * self._settings.warmup))
        if self.step < warm:
            return (self.step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (self.step - warm) / max(1, self.total - warm)))


def _identity(base: Path, pieces: Sequence[Chunk], template: Template, settings: TrainSettings) -> str:
    return json.dumps([base.name, data_sha256(pieces), template.fingerprint, asdict(settings)], sort_keys=True)


def _finish(
    model: Any,
    folder: Path,
    base: Path,
    pieces: Sequence[Chunk],
    template: Template,
    settings: TrainSettings,
    steps: int,
) -> None:
    """Save the adapter, its manifest last, and drop the checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    model.peft_config["default"].base_model_name_or_path = base.name
    # Left to itself, peft asks a hub whether the vocabulary has grown.
    model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    AdapterManifest(
        base=base.name,
        base_sha256=file_sha256(base / "model.safetensors"),
        weights_sha256=file_sha256(folder / "adapter_model.safetensors"),
        data_sha256=data_sha256(pieces),
        template=template.fingerprint,
        settings={key: list(value) if isinstance(value, tuple) else value for key, value in asdict(settings).items()},
        steps=steps,
    ).save(folder)
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
