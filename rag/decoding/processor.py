"""The automaton as a transformers logits processor: one gather and one mask per step.

The state is recomputed from the last tokens, so beams, batches, padding on the left and cancelled
candidates need no bookkeeping.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from transformers import LogitsProcessor

from rag.decoding.automaton import BOUNDARY, DEAD, Automaton


class TokenTables:
    """An automaton's tables on a device, as wide as a model's logits; shared by all requests.

    Logits may be wider than the vocabulary (padding): what no token stands for is never allowed.
    """

    def __init__(
        self, automaton: Automaton, end_tokens: Sequence[int], width: int, device: torch.device | str = "cpu"
    ) -> None:
        self.writable = torch.from_numpy(automaton.writable).long().to(device)
        self.column = torch.full((width,), -1, dtype=torch.long, device=device)
        self.column[self.writable] = torch.arange(len(self.writable), device=device)
        self.after = torch.from_numpy(automaton.next_state).long().to(device)
        self.resync = torch.from_numpy(automaton.resync).long().to(device)
        self.distance = torch.from_numpy(automaton.distance).long().to(device)
        self.window = automaton.window
        self.furthest = int(automaton.distance.max())
        self.forbidden = torch.ones(automaton.states, width, dtype=torch.bool, device=device)
        self.forbidden[:, self.writable] = self.after == DEAD
        self.forbidden[:, list(end_tokens)] = torch.from_numpy(~automaton.accepting).to(device)[:, None]

    @property
    def rows(self) -> torch.Tensor:
        """Ids of the tokens that may stand in some state, end tokens among them."""
        return (~self.forbidden).any(dim=0).nonzero().flatten()

    @cached_property
    def character_pieces(self) -> torch.Tensor:
        """(width,) whether a token is a piece of a syllable: penalising those would forbid the syllable."""
        inside = torch.zeros_like(self.forbidden[BOUNDARY])
        inside[self.writable] = self.resync != BOUNDARY
        return inside | self.forbidden[BOUNDARY]

    def step(self, state: torch.Tensor, token: torch.Tensor) -> torch.Tensor:
        """(rows,) states after one more token; after one that may not stand, the state that it itself implies."""
        column = self.column[token]
        known = column >= 0
        column = column.clamp(min=0)
        after = self.after[state, column]
        alone = torch.where(known, self.resync[column], BOUNDARY)
        return torch.where(known & (after != DEAD), after, alone)


class KoreanLogitsProcessor(LogitsProcessor):
    """Leaves only tokens that the policy allows; end tokens only between characters.

    ``prompt_length`` is where the written text begins. With ``max_length`` (prompt included) the last tokens
    are kept to those from which an end can still be reached, so that no syllable is cut. ``think`` are the ids that
    open and close a model's private reasoning, which is never constrained.
    """

    def __init__(
        self, tables: TokenTables, prompt_length: int = 0, max_length: int = 0, think: tuple[int, int] | None = None
    ) -> None:
        self._tables = tables
        self._prompt_length = prompt_length
        self._max_length = max_length
        self._think = think

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Mask ``scores`` (rows, width) by the state that ``input_ids`` (rows, length) ends in."""
        state = self.states(input_ids)
        forbidden = self._tables.forbidden[state]
        left = self._max_length - input_ids.shape[1]
        if 0 < left <= self._tables.furthest:
            forbidden = forbidden | self._too_far(state, left - 1)
        masked = scores.masked_fill(forbidden, -torch.inf)
        # Another processor may have excluded all that is left: then the policy alone decides.
        empty = masked.amax(dim=-1, keepdim=True) == -torch.inf
        if empty.is_cuda or bool(empty.any()):
            masked = torch.where(empty & ~forbidden, torch.zeros_like(scores), masked)
        if self._think is not None:
            masked = torch.where(self._thinking(input_ids)[:, None], scores, masked)
        return masked  # type: ignore[return-value]

    def states(self, input_ids: torch.LongTensor) -> torch.Tensor:
        """(rows,) the state after each row's tokens."""
        window = self._tables.window or max(1, input_ids.shape[1] - self._prompt_length + 1)
        last = input_ids[:, -window:]
        state = torch.full((last.shape[0],), BOUNDARY, device=last.device)
        for column in range(last.shape[1]):
            state = self._tables.step(state, last[:, column])
        return state

    def _too_far(self, state: torch.Tensor, left: int) -> torch.Tensor:
        """Tokens after which ``left`` further ones do not reach an end."""
        after = self._tables.after[state]
        far = (after != DEAD) & (self._tables.distance[after.clamp(min=0)] > left)
        wide = torch.zeros_like(self._tables.forbidden[state])
        wide[:, self._tables.writable] = far
        return wide

    def _thinking(self, input_ids: torch.LongTensor) -> torch.Tensor:
        assert self._think is not None
        opened, closed = (input_ids == token for token in self._think)
        return opened.sum(dim=1) > closed.sum(dim=1)


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
