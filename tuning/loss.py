"""The one loss of training and evaluation: next-token cross entropy of the completion, given the prompt."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from tuning.examples import Tokens


def completion_nats(model: Any, example: Tokens) -> torch.Tensor:
    """Negative log likelihood of the completion in nats, summed over its tokens.

    Logits are computed where there is a label only: with a vocabulary of 262,144 they are most of the cost.
    """
    ids = torch.tensor([example.ids], device=model.device)
    hidden = _backbone(model)(input_ids=ids, use_cache=False).last_hidden_state[0]
    first = example.prompt_length
    logits = model.get_output_embeddings()(hidden[first - 1 : -1])
    return functional.cross_entropy(logits.float(), ids[0, first:], reduction="sum")


def _backbone(model: Any) -> Any:
    """The transformer below the output layer; LoRA layers are inside it."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return base.model
