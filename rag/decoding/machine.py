"""A character policy as a minimal automaton over UTF-8 bytes. Pure; knows no tokenizer.

Hangul syllables may be cut anywhere by a token's end (four in five syllables have no token of their own);
every other allowed character must come inside one token, because the lead bytes of allowed symbols are
shared with forbidden scripts. Literals, Hanja in parentheses and fenced code are further paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.decoding.policy import (
    CODE,
    FIRST_HAN,
    FIRST_SYLLABLE,
    LAST_HAN,
    LAST_SYLLABLE,
    MOST_HANJA,
    CharacterPolicy,
)

BOUNDARY = 0
DEAD = -1
_BYTES = 256

# Where a reader may stand: (path, place on it, bytes of an unfinished character).
_Position = tuple[str, int, bytes]
_START: _Position = ("start", 0, b"")
_Moves = dict[int, list[_Position]]


@dataclass(frozen=True)
class ByteMachine:
    """States are numbered; state 0 is the boundary between characters.

    ``next_state`` is (states, 256): the state after a byte, or -1.
    ``after_token`` is (states,): the state if a token ends there, or -1 where none may end.
    ``accepting`` is (states,): whether a text may end there.
    ``window`` is how many last bytes determine the state, or 0 where none suffice (inside code).
    """

    next_state: npt.NDArray[np.int32]
    after_token: npt.NDArray[np.int32]
    accepting: npt.NDArray[np.bool_]
    window: int


def build_machine(policy: CharacterPolicy) -> ByteMachine:
    """Subset construction over the policy's paths, then Moore's minimisation."""
    moves = _Paths(policy).moves
    states: dict[frozenset[_Position], int] = {frozenset({_START}): BOUNDARY}
    pending = list(states)
    rows: list[npt.NDArray[np.int32]] = []

    def number(positions: frozenset[_Position]) -> int:
        if not positions:
            return DEAD
        if positions not in states:
            states[positions] = len(states)
            pending.append(positions)
        return states[positions]

    while len(rows) < len(pending):
        state = pending[len(rows)]
        row = np.full(_BYTES + 1, DEAD, dtype=np.int32)
        reached: dict[int, set[_Position]] = {}
        for position in state:
            for byte, after in moves(position).items():
                reached.setdefault(byte, set()).update(after)
        for byte, positions in reached.items():
            row[byte] = number(frozenset(positions))
        row[_BYTES] = number(frozenset(position for position in state if not _must_go_on(position)))
        rows.append(row)
    table = np.stack(rows)
    accepting = np.array([_START in state for state in pending])
    table, accepting = _minimised(table, accepting)
    return ByteMachine(table[:, :_BYTES], table[:, _BYTES], accepting, 0 if policy.code else _window(policy))


def _must_go_on(position: _Position) -> bool:
    """Whether a token may not end here: inside a character that is no syllable."""
    return position[0] in ("other", "han", "code-other")


def _window(policy: CharacterPolicy) -> int:
    longest = max((len(literal.encode()) for literal in policy.literals), default=0)
    return max(3, longest, 3 * MOST_HANJA + 2 if policy.hanja else 0)


def _minimised(
    table: npt.NDArray[np.int32], accepting: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Merge states that no continuation tells apart (Moore 1956); the boundary stays state 0."""
    group: npt.NDArray[np.intp] = accepting.astype(np.intp)
    count = 0
    while True:
        signature = np.column_stack([group, np.where(table == DEAD, DEAD, group[table])])
        _, first, group = np.unique(signature, axis=0, return_index=True, return_inverse=True)
        if len(first) == count:
            break
        count = len(first)
    order = np.argsort(first)
    renumbered = np.empty_like(order)
    renumbered[order] = np.arange(count)
    group = renumbered[group.reshape(-1)]
    kept = first[order]
    merged = table[kept]
    return np.where(merged == DEAD, DEAD, group[merged]).astype(np.int32), accepting[kept]


class _Paths:
    """The moves of the non-deterministic reader."""

    def __init__(self, policy: CharacterPolicy) -> None:
        self._policy = policy
        self._literals = [literal.encode() for literal in policy.literals]
        self._others = _tree(character.encode() for character in set(policy.others))
        self._code = _tree(character.encode() for character in set(policy.others + CODE) - {"`"})
        self._syllables = _tree(map(str.encode, _range(FIRST_SYLLABLE, LAST_SYLLABLE)))
        self._han = _tree(map(str.encode, _range(FIRST_HAN, LAST_HAN)))
        self._cache: dict[_Position, _Moves] = {}

    def moves(self, position: _Position) -> _Moves:
        """The positions after each byte that may follow."""
        if position not in self._cache:
            self._cache[position] = self._find(position)
        return self._cache[position]

    def _find(self, position: _Position) -> _Moves:
        path, place, read = position
        moves: _Moves = {}
        match path:
            case "start":
                self._character(moves, self._syllables, b"", "hangul", 0, _START)
                self._character(moves, self._others, b"", "other", 0, _START)
                for number, literal in enumerate(self._literals):
                    _add(moves, literal[0], self._in_literal(number, 1))
                if self._policy.hanja:
                    _add(moves, ord("("), ("hanja", 0, b""))
                if self._policy.code:
                    _add(moves, ord("`"), ("open", 1, b""))
            case "hangul":
                self._character(moves, self._syllables, read, "hangul", 0, _START)
            case "other":
                self._character(moves, self._others, read, "other", 0, _START)
            case "literal":
                literal = self._literals[place]
                _add(moves, literal[len(read)], self._in_literal(place, len(read) + 1))
            case "hanja":
                if place < MOST_HANJA:
                    self._character(moves, self._han, b"", "han", place, ("hanja", place + 1, b""))
                if place:
                    _add(moves, ord(")"), _START)
            case "han":
                self._character(moves, self._han, read, "han", place, ("hanja", place + 1, b""))
            case "open":
                _add(moves, ord("`"), ("open", place + 1, b"") if place < 2 else ("code", 0, b""))
            case "code":
                inside: _Position = ("code", 0, b"")
                self._character(moves, self._syllables, b"", "code-hangul", 0, inside)
                self._character(moves, self._code, b"", "code-other", 0, inside)
                _add(moves, ord("`"), ("code", place + 1, b"") if place < 2 else _START)
            case "code-hangul":
                self._character(moves, self._syllables, read, path, 0, ("code", 0, b""))
            case "code-other":
                self._character(moves, self._code, read, path, 0, ("code", 0, b""))
        return moves

    def _character(self, moves: _Moves, tree: _Tree, read: bytes, path: str, place: int, after: _Position) -> None:
        """The next byte of a character that ``tree`` holds; ``after`` is where its last byte leads."""
        for byte, prefix in tree.get(read, {}).items():
            _add(moves, byte, after if prefix is None else (path, place, prefix))

    def _in_literal(self, number: int, length: int) -> _Position:
        literal = self._literals[number]
        return _START if length == len(literal) else ("literal", number, literal[:length])


# For a prefix, the bytes that may follow it: each with the prefix that it leads to, or None at a character's end.
_Tree = dict[bytes, dict[int, bytes | None]]


def _tree(codes: Iterator[bytes]) -> _Tree:
    """Prefixes with the same continuations share one name, so that thousands of syllables are a handful of nodes."""
    plain: _Tree = {}
    for code in codes:
        for cut in range(len(code)):
            plain.setdefault(code[:cut], {})[code[cut]] = None if cut + 1 == len(code) else code[: cut + 1]
    names: dict[tuple[tuple[int, bytes | None], ...], bytes] = {}
    name_of: dict[bytes, bytes] = {}
    for prefix in sorted(plain, key=len, reverse=True):
        after = tuple(sorted((byte, name_of[to] if to else None) for byte, to in plain[prefix].items()))
        name_of[prefix] = names.setdefault(after, prefix)
    return {
        name_of[prefix]: {byte: name_of[to] if to else None for byte, to in plain[prefix].items()} for prefix in plain
    }


def _add(moves: _Moves, byte: int, position: _Position) -> None:
    moves.setdefault(byte, []).append(position)


def _range(first: str, last: str) -> Iterator[str]:
    return map(chr, range(ord(first), ord(last) + 1))
