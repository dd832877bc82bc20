"""A character policy compiled for a vocabulary: which token may follow which state. Pure numpy.

Tables hold only the columns of tokens that may ever be written (6,296 of Gemma's 262,144), so they are
small enough to be kept in a file and loaded in milliseconds.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from rag.decoding.machine import BOUNDARY, DEAD, ByteMachine, build_machine
from rag.decoding.policy import CharacterPolicy
from rag.decoding.vocabulary import Vocabulary

__all__ = ["BOUNDARY", "DEAD", "Automaton", "cached_policy", "compile_policy"]

_FORMAT = 2


@dataclass(frozen=True)
class Automaton:
    """Tables of a compiled policy over the ``width`` tokens of a vocabulary.

    ``writable`` is (columns,): ids of the tokens that may stand in some state, ascending.
    ``next_state`` is (states, columns): the state after a token, or -1 where it may not stand.
    ``accepting`` is (states,): whether a text may end there.
    ``distance`` is (states,): how many further tokens an end needs at least.
    ``resync`` is (columns,): the state after a token whatever stood before it.
    ``window`` is how many last tokens determine the state, or 0 where all written ones are needed.
    """

    width: int
    writable: npt.NDArray[np.int32]
    next_state: npt.NDArray[np.int16]
    accepting: npt.NDArray[np.bool_]
    distance: npt.NDArray[np.int16]
    resync: npt.NDArray[np.int16]
    window: int

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.accepting)

    def follow(self, state: int, token: int) -> int:
        """The state after one token, or -1."""
        column = int(np.searchsorted(self.writable, token))
        known = state != DEAD and column < len(self.writable) and self.writable[column] == token
        return int(self.next_state[state, column]) if known else DEAD

    def allowed(self, state: int) -> npt.NDArray[np.int32]:
        """Ids of the tokens that may stand in ``state``."""
        allowed: npt.NDArray[np.int32] = self.writable[self.next_state[state] != DEAD]
        return allowed

    def save(self, path: Path) -> None:
        """Put the tables in a file, by one rename."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.partial")
        with fresh.open("wb") as stream:
            np.savez(stream, **{name: getattr(self, name) for name in self.__dataclass_fields__})
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path) -> Automaton:
        """Tables from a file.

        Raises:
            OSError, ValueError, KeyError, BadZipFile: there is none, or it is damaged.
        """
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as tables:
            fields = {name: tables[name] for name in cls.__dataclass_fields__}
        return cls(**{**fields, "width": int(fields["width"]), "window": int(fields["window"])})


def cached_policy(
    policy: CharacterPolicy, tokenizer: str, vocabulary: Callable[[], Vocabulary], folder: Path
) -> Automaton:
    """``compile_policy`` with a file per tokenizer and policy; a damaged file is made anew, none is needed.

    ``tokenizer`` identifies the vocabulary (a hash of its file), which is read only when there is no table.
    """
    key = hashlib.sha256(f"{_FORMAT}\0{tokenizer}\0{policy.key}".encode()).hexdigest()
    path = folder / f"{key[:32]}.npz"
    try:
        return Automaton.load(path)
    except (OSError, ValueError, KeyError, BadZipFile):
        automaton = compile_policy(policy, vocabulary())
        with suppress(OSError):  # a folder that may not be written to: it is compiled every time
            automaton.save(path)
        return automaton


def compile_policy(policy: CharacterPolicy, vocabulary: Vocabulary) -> Automaton:
    """Walk every token from every state of the policy's byte machine.

    A token that ends or begins inside a character is admitted only where the tokenizer itself would use it for
    a syllable or a literal: other spellings were never seen in training (Vieira et al., arXiv 2506.07956).
    """
    machine = build_machine(policy)
    usable = vocabulary.usable(policy.literals)
    start, token, after = _walk(machine, vocabulary, usable)
    writable, column = np.unique(token, return_inverse=True)
    reached = np.full((len(machine.accepting), len(writable)), DEAD, dtype=np.int16)
    reached[start, column] = after
    kept = _reachable(reached)
    renumbered = np.full(len(machine.accepting) + 1, DEAD, dtype=np.int16)
    renumbered[kept] = np.arange(len(kept))
    table = renumbered[reached[kept]]
    live = (table != DEAD).any(axis=0)
    writable, table = writable[live].astype(np.int32), table[:, live]
    accepting = machine.accepting[kept]
    return Automaton(
        width=len(vocabulary.tokens),
        writable=writable,
        next_state=table,
        accepting=accepting,
        distance=_distance(table, accepting),
        resync=_resync(machine, vocabulary, writable, renumbered),
        window=machine.window,
    )


def _walk(
    machine: ByteMachine, vocabulary: Vocabulary, usable: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """(state, token, state after it) for all pairs that live, walked byte by byte in parallel."""
    table = machine.next_state
    candidates = np.flatnonzero(usable & (vocabulary.lengths > 0)).astype(np.int32)
    first = vocabulary.bytes[vocabulary.offsets[candidates]]
    lives = table != DEAD
    pairs = [(state, candidates[lives[state][first]]) for state in range(len(table))]
    start = np.concatenate([np.full(len(tokens), state, dtype=np.int32) for state, tokens in pairs])
    token = np.concatenate([tokens for _, tokens in pairs])
    current = start.copy()
    found = []
    depth = 0
    while len(token):
        current = table[current, vocabulary.bytes[vocabulary.offsets[token] + depth]]
        depth += 1
        ended = (vocabulary.lengths[token] == depth) & (current != DEAD)
        after = machine.after_token[current[ended]]
        fits = after != DEAD
        found.append((start[ended][fits], token[ended][fits], after[fits]))
        goes_on = (current != DEAD) & (vocabulary.lengths[token] > depth)
        start, token, current = start[goes_on], token[goes_on], current[goes_on]
    starts, tokens, afters = zip(*found, strict=True)
    return np.concatenate(starts), np.concatenate(tokens), np.concatenate(afters)


def _reachable(table: npt.NDArray[np.int16]) -> npt.NDArray[np.intp]:
    """States between tokens that a text can come to and leave again, the boundary first."""
    ends = _distance(table, np.arange(len(table)) == BOUNDARY)
    seen = {BOUNDARY}
    pending = [BOUNDARY]
    while pending:
        for after in np.unique(table[pending.pop()]).tolist():
            if after != DEAD and after not in seen and ends[after] != DEAD:
                seen.add(after)
                pending.append(after)
    return np.array(sorted(seen))


def _distance(table: npt.NDArray[np.int16], accepting: npt.NDArray[np.bool_]) -> npt.NDArray[np.int16]:
    """Tokens to the nearest accepting state; -1 where there is no way."""
    distance = np.where(accepting, 0, DEAD).astype(np.int16)
    follows = [np.unique(row[row != DEAD]) for row in table]
    for step in range(1, len(table)):
        near = distance == step - 1
        fresh = [state for state, after in enumerate(follows) if distance[state] == DEAD and near[after].any()]
        if not fresh:
            break
        distance[fresh] = step
    return distance


def _resync(
    machine: ByteMachine,
    vocabulary: Vocabulary,
    writable: npt.NDArray[np.int32],
    renumbered: npt.NDArray[np.int16],
) -> npt.NDArray[np.int16]:
    """States after tokens of unknown history: their leading continuation bytes belong to it."""
    states = np.zeros(len(writable), dtype=np.int16)
    for column, token in enumerate(writable.tolist()):
        tail = (vocabulary.tokens[token] or b"").lstrip(bytes(range(0x80, 0xC0)))
        for cut in range(max(0, len(tail) - 2), len(tail)):
            state = BOUNDARY
            for byte in tail[cut:]:
                state = int(machine.next_state[state, byte]) if state != DEAD else DEAD
            state = int(machine.after_token[state]) if state != DEAD else DEAD
            if state > BOUNDARY and renumbered[state] > BOUNDARY:
                states[column] = renumbered[state]
                break
    return states
