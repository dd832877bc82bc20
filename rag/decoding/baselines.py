"""The usual ways to keep a model to a script, for comparison: what each costs, and where it leaks or loses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from transformers import LogitsProcessor

from rag.decoding.policy import CharacterPolicy
from rag.decoding.processor import TokenTables
from rag.decoding.vocabulary import Vocabulary


class WholeTokenMask(LogitsProcessor):
    """Allows tokens whose text is allowed, each on its own (vLLM's ``allowed_token_ids``).

    Loses the syllables that have no token of their own: four in five.
    """

    def __init__(self, policy: CharacterPolicy, vocabulary: Vocabulary, end_tokens: Sequence[int], width: int) -> None:
        self._bias = torch.full((width,), -torch.inf)
        self._bias[[i for i, token in enumerate(vocabulary.tokens) if token and _is_allowed(policy, token)]] = 0.0
        self._bias[list(end_tokens)] = 0.0

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:  # noqa: ARG002
        """Add 0 or -inf to ``scores`` (rows, width)."""
        return scores + self._bias  # type: ignore[return-value]


def foreign_tokens(policy: CharacterPolicy, vocabulary: Vocabulary) -> list[list[int]]:
    """``bad_words_ids``: every token that holds a whole character which is not allowed.

    Leaks: rare characters are assembled from byte pieces that hold none.
    """
    return [
        [index]
        for index, token in enumerate(vocabulary.tokens)
        if token and policy.disallowed(token.decode("utf-8", "ignore"))
    ]


def prefix_function(tables: TokenTables) -> Callable[[int, torch.Tensor], torch.Tensor]:
    """``prefix_allowed_tokens_fn`` of the same automaton: as exact, but one Python call for each row and step."""
    allowed = [tables.allowed(state) for state in range(len(tables.forbidden))]

    def follow(_row: int, ids: torch.Tensor) -> torch.Tensor:
        state = 0
        for column in tables.column[ids[-tables.window :]].tolist():
            state = int(tables.follow[state * tables.row + column]) // tables.row
        return allowed[state]

    return follow


def _is_allowed(policy: CharacterPolicy, token: bytes) -> bool:
    try:
        return policy.disallowed(token.decode()) == []
    except UnicodeDecodeError:
        return False
