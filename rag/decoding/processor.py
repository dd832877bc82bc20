"""The automaton as a transformers logits processor: a gather and a scatter of a few columns per step.

The state is recomputed from the last tokens, so beams, batches, padding on the left and cancelled
candidates need no bookkeeping.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor

from rag.decoding.automaton import BOUNDARY, DEAD, Automaton


class TokenTables:
    """An automaton's tables on a device, for logits of ``width``; shared by all requests.

    Only the columns of ``tokens`` that may ever stand (end tokens among them) are held: all other logits are -inf.
    Logits may be wider than the vocabulary (padding): what no token stands for is never allowed.
    """

    def __init__(
        self, automaton: Automaton, end_tokens: Sequence[int], width: int, device: torch.device | str = "cpu"
    ) -> None:
        ends = sorted(set(end_tokens))
        plain = [column for column, token in enumerate(automaton.writable.tolist()) if token not in ends]
        written = torch.from_numpy(automaton.writable[plain]).long()
        after = torch.from_numpy(automaton.next_state[:, plain]).long()
        resync = torch.from_numpy(automaton.resync[plain]).long()
        accepting = torch.from_numpy(automaton.accepting)
        states, count = after.shape
        # One column more than there are tokens: what is none of them leaves the reader at the boundary.
        column = torch.full((width,), count)
        column[written] = torch.arange(count)
        follow = torch.where(after == DEAD, resync, after)
        far = torch.from_numpy(automaton.distance).long()[after.clamp(min=0)]
        self.window = automaton.window
        self.furthest = int(automaton.distance.max())
        self.tokens = torch.cat([written, torch.tensor(ends)]).to(device)
        self.forbidden = torch.cat([after == DEAD, ~accepting[:, None].expand(states, len(ends))], dim=1).to(device)
        self.distance = torch.cat([far, torch.zeros(states, len(ends), dtype=torch.long)], dim=1).to(device)
        self.column = column.to(device)
        # One row for each state, one behind the other; entries are where the next state's row begins.
        self.row = count + 1
        self.follow = (torch.cat([follow, torch.full((states, 1), BOUNDARY)], dim=1) * self.row).flatten().to(device)
        pieces = torch.ones(width, dtype=torch.bool)
        pieces[written] = (resync != BOUNDARY) | (after[BOUNDARY] == DEAD)
        self.character_pieces = pieces.to(device)
        self._fewer: dict[int, tuple[torch.Tensor, bool]] = {}

    def allowed(self, state: int) -> torch.Tensor:
        """Ids of the tokens that may stand in ``state``."""
        return self.tokens[~self.forbidden[state]]

    def fewer(self, state: int) -> tuple[torch.Tensor, bool]:
        """(ids, True) of the tokens that may stand in ``state``, or (ids, False) of the others: whichever are fewer."""
        if state not in self._fewer:
            forbidden = self.forbidden[state]
            few_stand = bool(forbidden.sum() * 2 > len(forbidden))
            self._fewer[state] = self.tokens[~forbidden if few_stand else forbidden], few_stand
        return self._fewer[state]


class KoreanLogitsProcessor(LogitsProcessor):
    """Leaves only tokens that the policy allows; end tokens only between characters.

    ``prompt_length`` is where the written text begins. With ``max_length`` (prompt included) the last tokens
    are kept to those from which an end can still be reached, so that no syllable is cut. ``think`` are the ids that
    open and close a model's private reasoning, which is never constrained. ``rest_is_excluded`` says that logits
    outside of ``tables.tokens`` are -inf before (by a head that computes no others) and that no other processor
    excludes all that is left: to exclude the rest and to look for empty rows is most of the cost.
    """

    def __init__(
        self,
        tables: TokenTables,
        prompt_length: int = 0,
        max_length: int = 0,
        think: tuple[int, int] | None = None,
        *,
        rest_is_excluded: bool = False,
    ) -> None:
        self._tables = tables
        self._rest_is_excluded = rest_is_excluded
        self._prompt_length = prompt_length
        self._max_length = max_length
        self._think = think

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Mask ``scores`` (rows, width), in place, by the state that ``input_ids`` (rows, length) ends in."""
        state = self.states(input_ids)
        free = scores.clone() if self._think else scores
        left = self._max_length - input_ids.shape[1]
        must_end = 0 < left <= self._tables.furthest
        if self._rest_is_excluded and not must_end and not scores.is_cuda:
            self._exclude(scores, state.tolist())
        else:
            forbidden = self._tables.forbidden[state]
            if must_end:
                forbidden = forbidden | (self._tables.distance[state] > left - 1)
            # Gather and scatter: half the time of indexing and index_copy_ along the second dimension.
            self._leave_only(scores, self._tables.tokens.expand(len(scores), -1), forbidden)
        if self._think:
            return torch.where(self._thinking(input_ids)[:, None], free, scores)  # type: ignore[return-value]
        return scores

    def states(self, input_ids: torch.LongTensor) -> torch.Tensor:
        """(rows,) the state after each row's tokens."""
        window = self._tables.window or max(1, input_ids.shape[1] - self._prompt_length + 1)
        columns = self._tables.column[input_ids[:, -window:]]
        row = torch.full((len(columns),), BOUNDARY * self._tables.row, device=columns.device)
        for column in columns.unbind(dim=1):
            row = self._tables.follow.index_select(0, row + column)
        return row // self._tables.row

    def _exclude(self, scores: torch.Tensor, states: Sequence[int]) -> None:
        """-inf at what may not stand, in place, a row at a time: between syllables that is next to nothing."""
        for row, state in zip(scores, states, strict=True):
            columns, few_stand = self._tables.fewer(state)
            if few_stand:
                kept = row.index_select(0, columns)
                row.fill_(-torch.inf).index_copy_(0, columns, kept)
            else:
                row.index_fill_(0, columns, -torch.inf)

    def _leave_only(self, scores: torch.Tensor, columns: torch.Tensor, forbidden: torch.Tensor) -> None:
        """-inf everywhere but at those ``columns`` that are not ``forbidden``, in place."""
        kept = scores.gather(1, columns).masked_fill_(forbidden, -torch.inf)
        # Another processor may have excluded all that is left: then the policy alone decides.
        empty = kept.amax(dim=-1, keepdim=True) == -torch.inf
        if empty.is_cuda or bool(empty.any()):
            kept = torch.where(empty & ~forbidden, torch.zeros_like(kept), kept)
        scores.fill_(-torch.inf).scatter_(1, columns, kept)

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
