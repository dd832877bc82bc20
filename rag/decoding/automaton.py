"""A character policy compiled for a vocabulary: which token may follow which state. Pure numpy.

The automaton reads bytes. Hangul syllables may be spelled over several tokens (four in five syllables
have no token of their own); every other allowed character must come as a whole, because the lead bytes
of allowed symbols are shared with forbidden scripts. Literals are further paths. States are numbered;
state 0 is the boundary between characters, where a text may end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.decoding.policy import FIRST_SYLLABLE, LAST_SYLLABLE, CharacterPolicy
from rag.decoding.vocabulary import Vocabulary

BOUNDARY = 0
DEAD = -1

# A position inside the grammar: ("hangul", bytes so far), ("other", bytes so far), ("literal", number, bytes so far).
_Position = tuple[str, int, bytes]
_START: _Position = ("start", 0, b"")


@dataclass(frozen=True)
class Automaton:
    """Tables of a compiled policy.

    ``next_state`` is (states, tokens) int16: the state after a token, or -1 where it may not stand.
    ``accepting`` is (states,) bool: whether a text may end there.
    ``resync`` is (tokens,) int16: the state after a token whatever stood before it.
    ``window`` is how many last tokens determine the state.
    """

    next_state: npt.NDArray[np.int16]
    accepting: npt.NDArray[np.bool_]
    resync: npt.NDArray[np.int16]
    window: int

    @property
    def writable(self) -> npt.NDArray[np.intp]:
        """Ids of the tokens that may stand in some state."""
        return np.flatnonzero((self.next_state != DEAD).any(axis=0))


def compile_policy(policy: CharacterPolicy, vocabulary: Vocabulary) -> Automaton:
    """Build the tables by the subset construction over the bytes of every token."""
    return _Compiler(policy, vocabulary).compile()


class _Compiler:
    def __init__(self, policy: CharacterPolicy, vocabulary: Vocabulary) -> None:
        self._tokens = vocabulary.tokens
        self._others = {character.encode() for character in policy.others}
        self._other_prefixes = {code[:cut] for code in self._others for cut in range(1, len(code))}
        self._literals = [literal.encode() for literal in policy.literals]
        self._hangul_prefixes = _hangul_prefixes()
        self._states: dict[frozenset[_Position], int] = {}
        self._by_first_byte: dict[int, list[int]] = {}
        self._steps: dict[tuple[frozenset[_Position], int], frozenset[_Position]] = {}
        for index, token in enumerate(self._tokens):
            if token:
                self._by_first_byte.setdefault(token[0], []).append(index)

    def compile(self) -> Automaton:
        pending = [frozenset({_START})]
        self._states[pending[0]] = BOUNDARY
        rows: list[npt.NDArray[np.int16]] = []
        while pending:
            state = pending.pop(0)
            row = np.full(len(self._tokens), DEAD, dtype=np.int16)
            for index, reached in self._reachable(state):
                if reached not in self._states:
                    self._states[reached] = len(self._states)
                    pending.append(reached)
                row[index] = self._states[reached]
            rows.append(row)
        longest = max((len(literal) for literal in self._literals), default=0)
        accepting = np.array([_START in state for state in self._states])
        return Automaton(np.stack(rows), accepting, self._resync(), max(3, longest))

    def _reachable(self, state: frozenset[_Position]) -> list[tuple[int, frozenset[_Position]]]:
        found = []
        for first, indices in self._by_first_byte.items():
            if not self._step(state, first):
                continue
            for index in indices:
                if reached := self._read(state, self._tokens[index] or b""):
                    found.append((index, reached))
        return found

    def _read(self, state: frozenset[_Position], token: bytes) -> frozenset[_Position]:
        """The state after a token, without positions in which no token may end."""
        for byte in token:
            state = self._step(state, byte)
            if not state:
                return state
        return frozenset(position for position in state if position[0] != "other")

    def _step(self, state: frozenset[_Position], byte: int) -> frozenset[_Position]:
        key = (state, byte)
        if key not in self._steps:
            self._steps[key] = frozenset(after for position in state for after in self._advance(position, byte))
        return self._steps[key]

    def _advance(self, position: _Position, byte: int) -> list[_Position]:
        kind, number, read = position
        code = read + bytes([byte])
        if kind == "literal":
            return self._along_literal(number, code)
        reached: list[_Position] = []
        if kind in ("start", "hangul"):
            if code in self._hangul_prefixes:
                reached.append(("hangul", 0, _canonical_prefix(code)))
            elif len(code) == 3 and _is_syllable(code):
                reached.append(_START)
        if kind in ("start", "other"):
            if code in self._others:
                reached.append(_START)
            elif code in self._other_prefixes:
                reached.append(("other", 0, code))
        if kind == "start":
            for index, literal in enumerate(self._literals):
                if literal[0] == byte:
                    reached.extend(self._along_literal(index, code))
        return reached

    def _along_literal(self, number: int, code: bytes) -> list[_Position]:
        literal = self._literals[number]
        if code == literal:
            return [_START]
        return [("literal", number, code)] if literal.startswith(code) else []

    def _resync(self) -> npt.NDArray[np.int16]:
        """States after tokens of unknown history: their leading continuation bytes belong to it."""
        start = frozenset({_START})
        states = np.zeros(len(self._tokens), dtype=np.int16)
        for index, token in enumerate(self._tokens):
            tail = (token or b"").lstrip(bytes(range(0x80, 0xC0)))
            for cut in range(max(0, len(tail) - 2), len(tail)):
                reached = self._read(start, tail[cut:])
                if reached and reached != start and (state := self._states.get(reached)) is not None:
                    states[index] = state
                    break
        return states


def _is_syllable(code: bytes) -> bool:
    try:
        return FIRST_SYLLABLE <= code.decode() <= LAST_SYLLABLE
    except UnicodeDecodeError:
        return False


def _hangul_prefixes() -> frozenset[bytes]:
    syllables = (chr(point).encode() for point in range(ord(FIRST_SYLLABLE), ord(LAST_SYLLABLE) + 1))
    return frozenset(code[:cut] for code in syllables for cut in (1, 2))


def _canonical_prefix(code: bytes) -> bytes:
    """One name for prefixes that allow the same continuations, so that six states suffice."""
    if len(code) == 2:
        return code if code == b"\xed\x9e" else b"\xeb\x80"
    return b"\xeb" if code == b"\xec" else code
