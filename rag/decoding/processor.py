"""The automaton as a transformers logits processor: one gather and one mask per step.

The state is recomputed from the last tokens, so beams, batches, padding on the left and cancelled
candidates need no bookkeeping.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor

from rag.decoding.automaton import BOUNDARY, DEAD, Automaton


class KoreanLogitsProcessor(LogitsProcessor):
    """Leaves only tokens that the policy allows; end tokens only between characters.

    Logits may be wider than the vocabulary (padding): what no token stands for is never allowed.
    """

    def __init__(
        self, automaton: Automaton, end_tokens: Sequence[int], width: int, device: torch.device | str = "cpu"
    ) -> None:
        states, tokens = automaton.next_state.shape
        after = torch.full((states, width), DEAD, dtype=torch.int16)
        after[:, :tokens] = torch.from_numpy(automaton.next_state)[:, :width]
        allowed = after != DEAD
        allowed[:, list(end_tokens)] = torch.from_numpy(automaton.accepting)[:, None]
        resync = torch.zeros(width, dtype=torch.int16)
        resync[:tokens] = torch.from_numpy(automaton.resync)[:width]
        self._after = after.to(device)
        self._allowed = allowed.to(device)
        self._resync = resync.to(device)
        self._window = automaton.window

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Mask ``scores`` (rows, width) by the state that ``input_ids`` (rows, length) ends in."""
        allowed = self._allowed[self.states(input_ids)]
        masked = scores.masked_fill(~allowed, -torch.inf)
        # Another processor may have excluded all that is left: then the policy alone decides.
        empty = torch.isneginf(masked).all(dim=-1, keepdim=True)
        return torch.where(empty & allowed, torch.zeros_like(scores), masked)  # type: ignore[return-value]

    def states(self, input_ids: torch.LongTensor) -> torch.Tensor:
        """(rows,) the state after each row's tokens."""
        last = input_ids[:, -self._window :]
        state = self._resync[last[:, 0]].long()
        for column in range(1, last.shape[1]):
            token = last[:, column]
            after = self._after[state, token]
            state = torch.where(after == DEAD, self._resync[token], after).long()
        return state

    @property
    def rows(self) -> torch.Tensor:
        """Ids of the tokens that may stand in some state."""
        return self._allowed.any(dim=0).nonzero().flatten()

    @property
    def character_pieces(self) -> torch.Tensor:
        """(width,) whether a token is a piece of a syllable: penalising those would forbid the syllable."""
        return (self._resync != BOUNDARY) | ~self._allowed[BOUNDARY]


class RepetitionPenalty(LogitsProcessor):
    """Divides the logits of recently written tokens (CTRL, arXiv 1909.05858), with two exceptions.

    The prompt does not count, so that few-shot examples and the request may be echoed, and ``exempt``
    tokens (pieces of syllables, punctuation) are never penalised.
    """

    def __init__(self, penalty: float, prompt_length: int, window: int, exempt: torch.Tensor) -> None:
        self._penalty = penalty
        self._prompt_length = prompt_length
        self._window = window
        self._exempt = exempt

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Penalise in ``scores`` (rows, width) what stands in the last ``window`` written tokens."""
        written = input_ids[:, self._prompt_length :][:, -self._window :]
        if self._penalty == 1.0 or written.shape[1] == 0:
            return scores
        old = scores.gather(1, written)
        new = torch.where(old < 0, old * self._penalty, old / self._penalty)
        new = torch.where(self._exempt[written], old, new)
        return scores.scatter(1, written, new)  # type: ignore[return-value]
