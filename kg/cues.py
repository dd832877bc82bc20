"""What a question wants done with what it describes: compare, choose, count. Reads words only; knows no facts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from kg.quantities import NUMERALS, TIME
from kg.questions import Question, Word
from kg.synonyms import MEASURED

# Adjectives, verbs and adverbs of degree: those that want the greatest value, and those that want the smallest.
_MOST = frozenset(
    [
        "많",
        "많이",
        "크",
        "높",
        "길",
        "넓",
        "비싸",
        "무겁",
        "늦",
        "늘",
        "늘어나",
        "멀",
        "두껍",
        "세",
        "깊",
        "최근",
        "나중",
        "새롭",
        "최대",
        "최고",
        "최다",
        "최신",
    ]
)
_LEAST = frozenset(
    [
        "적",
        "덜",
        "작",
        "낮",
        "짧",
        "좁",
        "싸",
        "가볍",
        "이르",
        "먼저",
        "일찍",
        "처음",
        "오래되",
        "가깝",
        "얇",
        "얕",
        "어리",
        "젊",
        "줄",
        "줄어들",
        "최소",
        "최저",
        "최초",
    ]
)
_SUPERLATIVE = frozenset(["가장", "제일", "최"])
BOUNDING = frozenset(["최대", "최소"])  # of an amount that is asked for, too
_ALONE = frozenset(["최근", "최대", "최고", "최다", "최소", "최저", "최초"])  # superlatives without 가장
_TIMELY = frozenset(["늦", "최근", "나중", "새롭", "이르", "먼저", "일찍", "처음", "오래", "오래되", "최초", "최신"])
# What a numeral orders or measures; it counts no things.
_TIMES = frozenset(["번째", "번", "차례", "해", "달", "주", "살", "배", "층", "시", "시간", "분", "날"])
_SPEED = ("빠르", "느리")
_STANDING = frozenset(["쪽", "편", "것", "거"])  # stand for what is chosen
_AMONG = frozenset(["중", "가운데", "사이"])


@dataclass(frozen=True, slots=True)
class Choice:
    """'가장', '더': the greatest (``most``) or smallest. ``understood`` are the words that say so.

    ``degree`` is the degree word; ``timely`` whether it orders dates where no noun says what it measures.
    """

    most: bool
    degree: str
    timely: bool
    compares: bool
    understood: frozenset[int]

    @property
    def implied(self) -> tuple[str, ...]:
        """Words of what is measured, where the question need not say it."""
        return MEASURED.get(self.degree, ())


def choice(question: Question) -> Choice | None:
    """The superlative or comparison that a question asks for, None where it asks for none."""
    words = question.words
    for place, word in enumerate(words):
        marks = word.form in _SUPERLATIVE and word.tag.startswith(("MA", "XP", "NN", "MM"))
        compares = word.form == "더" and word.tag.startswith("MA")
        alone = word.form in _ALONE or (word.form in ("먼저", "나중", "일찍") and len(question.named) == 2)
        if not (marks or compares or alone):
            continue
        if word.form in BOUNDING and any(w.form in ("몇", "얼마") for w in words[place + 1 : place + 3]):
            continue  # '최대 몇 명까지'
        following = words[place : place + 1] if alone else words[place + 1 : place + 4]
        for held, degree in enumerate(following):
            most = _direction(degree, following[held + 1 : held + 2])
            if most is None:
                continue
            timely = degree.form in _TIMELY
            used = {word.index, degree.index, *(w.index for w in words if w.form in (*_AMONG, *_STANDING))}
            used |= {w.index for w in following[held + 1 : held + 2] if degree.form in ("오래", "크") and w.form in
                     ("되", "걸리", "늘", "늘어나")}  # fmt: skip
            return Choice(most, degree.form, timely, compares or (alone and len(question.named) == 2), frozenset(used))
    return _measured(question) if question.is_measured or _is_between(question) else None


def _is_between(question: Question) -> bool:
    """'A와 B 중 넓은 곳은?', without 더."""
    stands = any(word.form in (*_STANDING, "곳", "사람") for word in question.words)
    return len(question.named) == 2 and stands and any(word.form in _AMONG for word in question.words)


def _measured(question: Question) -> Choice | None:
    """'A는 B보다 큰가요?', without 더."""
    for word, after in zip(question.words, (*question.words[1:], None), strict=True):
        most = _direction(word, (after,) if after else ())
        if most is not None:
            beside = {w.index for w in question.words if w.form in (*_AMONG, *_STANDING)}
            return Choice(most, word.form, word.form in _TIMELY, True, frozenset([word.index, *beside]))
    return None


def counted_unit(question: Question) -> Word | None:
    """The unit behind 몇 ('몇 곳', '몇 명'), None where there is none."""
    for word, after in pairwise(question.words):
        if word.form == "몇":
            return after
    return None


def stated_number(question: Question) -> tuple[int, frozenset[int]]:
    """How many there are by the question itself ('세 각', '여섯 세력') and the word that says so; (0, nothing)."""
    for word, after in pairwise(question.words):
        counts = word.form in NUMERALS and word.tag.startswith(("MM", "NR"))
        if counts and after.tag.startswith("N") and NUMERALS[word.form] > 1 and after.form not in _TIMES:
            return NUMERALS[word.form], frozenset([word.index])
    return 0, frozenset()


def wants_most(chosen: Choice, dimension: str) -> bool:
    """Whether the greatest value of a dimension is asked for: the fastest has the highest speed but the least time."""
    is_turned = chosen.degree in _SPEED and dimension in (TIME, "시간")
    return chosen.most != is_turned


def _direction(word: Word, after: tuple[Word, ...]) -> bool | None:
    """True for the greatest, False for the smallest, None where the word is no word of degree."""
    if word.form == "오래":
        return bool(after) and after[0].form == "걸리"
    if word.form in _SPEED:
        return word.form == "빠르"
    if word.form == "크" and after and after[0].form in ("줄", "줄어들"):
        return False
    if word.form in _MOST and word.tag.startswith(("VA", "VV", "MA", "NN", "XR")):
        return True
    if word.form in _LEAST and word.tag.startswith(("VA", "VV", "MA", "NN", "XR")):
        return False
    return None
