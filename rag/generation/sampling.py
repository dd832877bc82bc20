"""Drawing tokens for several drafts at once, steered towards the request."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor


class Guidance(LogitsProcessor):
    """Classifier-free guidance (Sanchez et al., "Stay on Topic", arXiv 2306.17806).

    The second half of the rows sees the same text behind a prompt that asks for nothing in particular. What the
    request makes likelier than that counts ``strength`` times: 1 is off.
    """

    def __init__(self, strength: float) -> None:
        self._strength = strength

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:  # noqa: ARG002
        """(2 drafts, width) to the same shape, both halves alike."""
        asked, unasked = torch.log_softmax(scores, dim=-1).chunk(2)
        steered = torch.where(torch.isneginf(asked), asked, unasked + self._strength * (asked - unasked))
        return torch.cat([steered, steered])  # type: ignore[return-value]


class SeededSampling(LogitsProcessor):
    """Draws each draft's token with a generator of its own and leaves nothing else to choose.

    So a draft depends on its seed and not on how many are written beside it, and rows that stand for the same
    draft take the same token.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device | str = "cpu") -> None:
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:  # noqa: ARG002
        """(copies × drafts, width) to -inf everywhere but at the drawn tokens."""
        probabilities = torch.softmax(scores[: len(self._generators)].float(), dim=-1)
        drawn = torch.cat(
            [
                torch.multinomial(row, 1, generator=generator)
                for row, generator in zip(probabilities, self._generators, strict=True)
            ]
        )
        token = drawn.repeat(scores.shape[0] // len(drawn))[:, None]
        return torch.full_like(scores, -torch.inf).scatter(1, token, 0.0)  # type: ignore[return-value]
