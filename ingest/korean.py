"""Korean morphology: sentences and search terms. The only module that knows Kiwi.

Loading the analyser takes seconds, so it happens at the first use, once per ``Korean``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token

# Content morphemes (Sejong tag set): nouns, verbs and adjectives, adverbs, determiners, roots, foreign words, numbers.
_CONTENT = ("NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "SL", "SH", "SN", "W_")
_NOUN = ("NNG", "NNP", "NR", "XR", "SL", "SH", "SN", "XSN")
_WORD = re.compile(r"[0-9A-Za-z가-힣㐀-鿿]+")


_ASKING = frozenset(("무엇", "누구", "언제", "어디", "얼마", "몇", "어떤", "어느", "무슨", "왜", "어떻", "어떠", "뭐"))


class Korean:
    """A morphological analyser with a dictionary of its own names. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: set[str] = set()

    @cached_property
    def _kiwi(self) -> Kiwi:
        from kiwipiepy import Kiwi  # reserves a gigabyte of address space, more than the child that parses files has

        return Kiwi(num_workers=1)

    def add_names(self, names: Iterable[str]) -> None:
        """Let names (of an ontology, of a codex) be recognised whole, with particles behind them."""
        with self._lock:
            for name in sorted(set(names) - self._names):
                if _WORD.fullmatch(name):
                    self._kiwi.add_user_word(name, "NNP")
                    self._names.add(name)

    @property
    def names(self) -> frozenset[str]:
        """The names that are recognised whole; whoever keeps what this analyser said compares them."""
        with self._lock:
            return frozenset(self._names)

    def tokenize(self, text: str) -> list[Token]:
        """Kiwi's tokens; ``start`` and ``len`` are characters of ``text``."""
        with self._lock:
            return list(self._kiwi.tokenize(text))

    def spaced(self, text: str) -> str:
        """``text`` with spaces between words that were run together."""
        with self._lock:
            return str(self._kiwi.space(text))

    def terms(self, text: str) -> list[str]:
        """Search terms in order of appearance: content morphemes and the compounds they form.

        Nouns that stand together without a space also give their compound, so that both 에어팟 and
        에어 find 에어팟; particles and endings are dropped, so that 서울 finds 서울에서.
        """
        return _terms(self.tokenize(text))

    def sentence_terms(self, text: str) -> list[list[str]]:
        """``terms`` of each sentence that has any, in order."""
        sentences: list[list[Token]] = [[]]
        for token in self.tokenize(text):
            sentences[-1].append(token)
            if token.tag == "SF":
                sentences.append([])
        return [terms for tokens in sentences if (terms := _terms(tokens))]

    def asked_terms(self, question: str) -> list[str]:
        """``terms`` without words that ask (누구, 언제, 몇 …), which need not stand in an answer; all if there are no
        others."""
        tokens = self.tokenize(question)
        return _terms([token for token in tokens if token.form not in _ASKING]) or _terms(tokens)

    def nouns(self, text: str) -> list[str]:
        """Common and proper nouns of ``text`` in order, without repeats."""
        return list(dict.fromkeys(t.form for t in self.tokenize(text) if t.tag in ("NNG", "NNP", "XR", "SL")))

    def sentences(self, text: str) -> list[tuple[int, int]]:
        """Half-open character spans of the sentences of ``text``, in order."""
        with self._lock:
            found = self._kiwi.split_into_sents(text)
        return [(sentence.start, sentence.end) for sentence in found]


def _terms(tokens: Sequence[Token]) -> list[str]:
    terms: list[str] = []
    compound: list[Token] = []
    for token in tokens:
        if compound and (token.tag not in _NOUN or token.start != compound[-1].start + compound[-1].len):
            terms.extend(_joined(compound))
            compound = []
        if token.tag in _NOUN:
            compound.append(token)
        if token.tag.startswith(_CONTENT):
            terms.extend(_WORD.findall(token.form.lower()))
    return terms + _joined(compound)


def _joined(nouns: Sequence[Token]) -> list[str]:
    if len(nouns) < 2:
        return []
    return _WORD.findall("".join(token.form for token in nouns).lower())
