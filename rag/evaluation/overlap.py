"""How much two texts say in the same words: exact match, F1, chrF++, ROUGE; and in like sentences, by vectors.

Pure. Texts are compared in NFC. Words are cut by the caller (Kiwi's morphemes for Korean): the usual packages keep
only a-z and 0-9, so that equal Korean texts score nothing.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ingest import Vectors

_CHARACTER_ORDER = 6
_PUNCTUATION = set(string.punctuation + "'‘’“”「」『』《》<>")


def exact_match(text: str, accepted: Sequence[str]) -> float:
    """1.0 where the text is one of the accepted ones, but for spaces, case, punctuation (as in KorQuAD 1.0)."""
    return float(_answer(text).replace(" ", "") in {_answer(other).replace(" ", "") for other in accepted})


def character_f1(text: str, accepted: Sequence[str]) -> float:
    """The best F1 of characters over the accepted answers: the measure of KorQuAD 1.0 (Lim et al. 2019)."""
    said = Counter(_answer(text).replace(" ", ""))
    return max((_f1(said, Counter(_answer(other).replace(" ", ""))) for other in accepted), default=0.0)


def chrf(text: str, reference: str, word_order: int = 2, beta: float = 2.0) -> float:
    """chrF++ in 0 to 100 (Popović, WMT 2017): character 1- to 6-grams and word 1- to 2-grams, recall counts ``beta``
    times. ``word_order`` 0 is chrF (WMT 2015). Orders that a text is too short for do not count, as in sacreBLEU.
    """
    said, meant = unicodedata.normalize("NFC", text), unicodedata.normalize("NFC", reference)
    pairs = [
        (_ngrams("".join(said.split()), n), _ngrams("".join(meant.split()), n)) for n in range(1, _CHARACTER_ORDER + 1)
    ]
    pairs += [(_ngrams(_chrf_words(said), n), _ngrams(_chrf_words(meant), n)) for n in range(1, word_order + 1)]
    usable = [(a, b, (a & b).total()) for a, b in pairs if a and b]
    if not usable:
        return 0.0
    precision = sum(common / a.total() for a, _, common in usable) / len(usable)
    recall = sum(common / b.total() for _, b, common in usable) / len(usable)
    if precision + recall == 0:
        return 0.0
    return 100 * (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def rouge(n: int, words: Sequence[str], reference: Sequence[str]) -> float:
    """ROUGE-N as F1 (Lin 2004) over words as cut by the caller."""
    return _f1(_ngrams(words, n), _ngrams(reference, n))


def rouge_l(words: Sequence[str], reference: Sequence[str]) -> float:
    """ROUGE-L as F1 (Lin 2004): the longest common subsequence of words."""
    if not words or not reference:
        return 0.0
    row = [0] * (len(reference) + 1)
    for word in words:
        above = 0  # row before this word, one place back
        for place, other in enumerate(reference, start=1):
            above, row[place] = row[place], above + 1 if word == other else max(row[place], row[place - 1])
    return 2 * row[-1] / (len(words) + len(reference))


def sentence_similarity(sentences: Vectors, reference: Vectors) -> float:
    """Likeness in meaning: BERTScore's greedy matching (Zhang et al. 2020) as F1, over vectors of sentences.

    Not BERTScore and not comparable with its figures: that matches token states of BERT, this sentence vectors of the
    local embedder.

    Args:
        sentences: (n, dimension) rows of length one.
        reference: (m, dimension) rows of length one.
    """
    if not len(sentences) or not len(reference):
        return 0.0
    cosines = sentences @ reference.T
    precision, recall = float(cosines.max(axis=1).mean()), float(cosines.max(axis=0).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def distinct(n: int, words: Sequence[str]) -> float:
    """Share of n-grams that are different ones (Li et al., NAACL 2016); 1.0 for a text too short to repeat itself.

    Falls with length: compare texts of like length.
    """
    grams = _ngrams(words, n)
    return len(grams) / grams.total() if grams else 1.0


def _f1(said: Counter[Any], meant: Counter[Any]) -> float:
    return 2 * (said & meant).total() / (said.total() + meant.total()) if said or meant else 1.0


def _ngrams(parts: Sequence[str], n: int) -> Counter[Any]:
    return Counter(tuple(parts[start : start + n]) for start in range(len(parts) - n + 1))


def _chrf_words(text: str) -> list[str]:
    """Spaced words with a mark before or behind them apart, as chrF++ cuts them."""
    words = []
    for word in text.split():
        if len(word) > 1 and word[-1] in string.punctuation:
            words += [word[:-1], word[-1]]
        elif len(word) > 1 and word[0] in string.punctuation:
            words += [word[0], word[1:]]
        else:
            words.append(word)
    return words


def _answer(text: str) -> str:
    plain = "".join(letter for letter in unicodedata.normalize("NFC", text).lower() if letter not in _PUNCTUATION)
    return re.sub(r"\s+", " ", plain).strip()
