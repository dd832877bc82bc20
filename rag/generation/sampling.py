"""Drawing tokens for several drafts at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor


class SeededSampling(LogitsProcessor):
    """Draws each draft's token with a generator of its own and leaves nothing else to choose.

    So a draft depends on its seed and not on how many are written beside it. Tokens with less than ``min_p`` of
    the likeliest one's probability are not drawn (Nguyen et al., arXiv 2407.01082). transformers' own warper sorts the
    whole vocabulary at every step; this looks at ``columns`` only, where all others are excluded anyway.
    """

    def __init__(self, seeds: Sequence[int], temperature: float, min_p: float, columns: torch.Tensor | None) -> None:
        device = columns.device if columns is not None else "cpu"
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]
        self._temperature = temperature
        self._min_p = min_p
        self._columns = columns

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:  # noqa: ARG002
        """(drafts, width) to -inf everywhere but at the drawn tokens."""
        open_ = scores if self._columns is None else scores[:, self._columns]
        probabilities = torch.softmax(open_.float() / self._temperature, dim=-1)
        unlikely = probabilities < self._min_p * probabilities.amax(dim=-1, keepdim=True)
        drawn = [
            torch.multinomial(row, 1, generator=generator)
            for row, generator in zip(probabilities.masked_fill(unlikely, 0.0), self._generators, strict=True)
        ]
        place = torch.stack(drawn)
        token = place if self._columns is None else self._columns[place]
        return torch.full_like(scores, -torch.inf).scatter(1, token, 0.0)  # type: ignore[return-value]
