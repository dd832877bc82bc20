"""An output layer that computes logits only for tokens that may be written.

A multilingual vocabulary is most of a small model's work per token (262,144 rows for Gemma 3), and a
Korean policy allows a few thousand of them: constraining makes generation faster, not slower.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class AllowedHead(nn.Module):
    """``head`` restricted to ``rows``; every other logit is -inf. Same width as ``head``."""

    def __init__(self, head: nn.Linear, rows: torch.Tensor) -> None:
        super().__init__()
        self.weight = head.weight
        self._rows = rows
        self._restricted = head.weight.detach()[rows].contiguous()
        self._bias = None if head.bias is None else head.bias.detach()[rows]

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """(…, hidden) to (…, width)."""
        logits = hidden.new_full((*hidden.shape[:-1], self.weight.shape[0]), -torch.inf)
        logits[..., self._rows] = nn.functional.linear(hidden, self._restricted, self._bias)
        return logits


def can_restrict(model: Any) -> bool:
    """Whether ``only_rows`` can leave rows out: the head must be one linear layer."""
    return isinstance(model.get_output_embeddings(), nn.Linear)


@contextmanager
def only_rows(model: Any, rows: torch.Tensor | None) -> Iterator[None]:
    """Within the block, ``model`` computes logits for ``rows`` only (all of them for None)."""
    if rows is None or not can_restrict(model):
        yield
        return
    head = model.get_output_embeddings()
    model.set_output_embeddings(AllowedHead(head, rows))
    try:
        yield
    finally:
        model.set_output_embeddings(head)
