"""Names in passages that no ontology knows: proper nouns, compounds, foreign words, titles in quotation marks.

By morphemes alone, without a model. Two spellings are one name where ``kg.mentions.key`` makes them equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from kiwipiepy import Token

from ingest import Chunk, Korean
from kg.passages import passages

# Changes when the same text would give other names; whoever keeps names compares it.
OPEN_NAMES_VERSION = 1

_PROPER = ("NNP", "SL", "SH")
_NOUN = ("NNG", "XR", *_PROPER)
_RUN = (*_NOUN, "XPN", "XSN", "SN")
_AFFIX = ("들", "님")  # part of no name
_TITLE = re.compile(r"[『「《〈]([^『「《〈』」》〉\n]{2,30})[』」》〉]|[‘']([^‘’'\n.!?]{2,20})[’']")
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, heading or table row at characters ``start`` to ``end`` of its chunk, with the names in it."""

    start: int
    end: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassageNames:
    """The names of one chunk as written: those of the headings above it, and sentence by sentence."""

    chunk_id: str
    headings: tuple[str, ...]
    sentences: tuple[Sentence, ...]


def read_passage(chunk: Chunk, korean: Korean) -> PassageNames:
    """The names of a chunk. A table row is one sentence; sentences without a name are kept."""
    tokens = korean.tokenize(chunk.text)
    headings = dict.fromkeys(name for title in chunk.headings for name in open_names(title, korean.tokenize(title)))
    sentences = (
        Sentence(start, end, tuple(dict.fromkeys(open_names(chunk.text, _within(tokens, start, end)))))
        for start, end in _sentences(chunk.text)
    )
    return PassageNames(chunk.id, tuple(headings), tuple(sentences))


def open_names(text: str, tokens: Sequence[Token]) -> Iterator[str]:
    """The names that ``tokens`` (of ``text``) hold, as written, with repeats.

    Nouns side by side give each word that is a name by itself (proper, foreign or compound), such words in a row, and
    all of them together: 군산 공장 as well as 군산, 서리라인, SolverX Fusion 3.1; 마이클 잭슨 of 가수 마이클 잭슨.
    """
    for words in _runs(text, tokens):
        rows = [list(row) for is_name, row in groupby(words, key=_is_name) if is_name]
        groups = [*([word] for row in rows for word in row), *rows, words]
        spans = dict.fromkeys(
            (group[0][0].start, group[-1][-1].start + group[-1][-1].len)
            for group in groups
            if (len(group) > 1 or _is_name(group[0])) and len(group) <= _MOST_WORDS
        )
        yield from (text[start:end] for start, end in spans)
    if tokens:
        start, end = tokens[0].start, tokens[-1].start + tokens[-1].len
        for title in _TITLE.finditer(text, start, end):
            inside = _within(tokens, title.start(), title.end())
            if title.group(1) or not any(token.tag.startswith("E") for token in inside):
                yield title.group(1) or title.group(2)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for _, together in groupby(passages(text), key=lambda p: (p.group, p.kind == "cell" or p.start)):
        parts = list(together)
        yield parts[0].start, parts[-1].end


def _within(tokens: Sequence[Token], start: int, end: int) -> list[Token]:
    return [token for token in tokens if start <= token.start and token.start + token.len <= end]


def _runs(text: str, tokens: Sequence[Token]) -> Iterator[list[list[Token]]]:
    """Words of nouns side by side, without affixes at the end (들, 님) and numbers that count something."""
    run: list[list[Token]] = []
    for word, counts in _words(text, tokens):
        is_number = word[0].tag == "SN" and (counts or len(word) > 1 or not run)
        if run and (is_number or text[run[-1][-1].start + run[-1][-1].len : word[0].start] != " "):
            yield run
            run = []
        if not is_number:
            run.append(word)
    if run:
        yield run


def _words(text: str, tokens: Sequence[Token]) -> Iterator[tuple[list[Token], bool]]:
    """Nouns without a space between them, and whether they end as a number before its unit (41점, 3 시간)."""
    word: list[Token] = []
    for token in tokens:
        gap = text[word[-1].start + word[-1].len : token.start] if word else ""
        if word and (gap or token.tag not in _RUN):
            yield from _trimmed(word, gap in ("", " ") and token.tag in ("NNB", "SW"))
            word = []
        if token.tag in _RUN:
            word.append(token)
    yield from _trimmed(word, False)


def _trimmed(word: list[Token], before_unit: bool) -> Iterator[tuple[list[Token], bool]]:
    counts = bool(word) and word[-1].tag == "SN" and before_unit
    while word and word[-1].tag == "XSN" and word[-1].form in _AFFIX:
        word = word[:-1]
    if word:
        yield word, counts


def _is_name(word: Sequence[Token]) -> bool:
    nouns = [token for token in word if token.tag in _NOUN]
    long_enough = sum(len(token.form) for token in word) > 1
    return long_enough and (len(nouns) > 1 or any(token.tag in _PROPER for token in nouns))
