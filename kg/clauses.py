"""A sentence as clauses: each predicate with the noun phrases beside it, by morphemes. Knows no relation.

A shallow reading on purpose: particles say what a noun phrase is to its predicate, endings say where a clause
ends and what it modifies. Names are put to the analyser as plain proper nouns with the same final sound, so that
how a sentence is read depends neither on how a name is spelled nor on which names the analyser has learnt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from kiwipiepy import Token

from ingest import Korean
from kg.josa import with_particle
from kg.patterns import TITLES, Place

Case = Literal[
    "topic", "nom", "acc", "gen", "also", "e", "eseo", "ro", "ege", "wa", "by", "from", "until",
    "list", "label", "cop", "end", "bare", "other",
]  # fmt: skip
NOMINATIVE: tuple[Case, ...] = ("topic", "nom", "also")
COPULA = "이"

_RUN = ("NNG", "NNP", "NNB", "NR", "NP", "XR", "XSN", "SL", "SH", "SN", "XPN", "W_")
_QUOTES = "‘’“”『』「」《》〈〉<>\"'"
_ASIDE = re.compile(r"\s?\([^()\n]{0,100}\)")
_TITLE = re.compile(
    rf"\s?(?:{TITLES})(?:님)?(?![가-힣])|\s?(?:{TITLES})(?:님)?(?=(?:께서|은|는|이|가|을|를|의|에게|과|와|도)(?![가-힣]))"
)
_CONSONANT = re.compile(r"(?:은|이|을|과|으로|이다|이며|이고)(?![가-힣])")
_VOWEL = re.compile(r"(?:는|가|를|와)(?![가-힣])")
_PARTICLES: dict[str, Case] = {
    "에": "e", "에서": "eseo", "서": "eseo", "으로": "ro", "로": "ro", "에게": "ege", "한테": "ege", "께": "ege",
    "에게서": "ege", "와": "wa", "과": "wa", "하고": "wa", "이랑": "wa", "랑": "wa",
}  # fmt: skip
_TOPICS = ("은", "는", "ᆫ")
_SERIAL = ("어", "아", "여", "어서", "아서", "여서")
# Verbs that with the particle before them are but particles: 에 의해, 을 통해, 에 따라.
_VERBAL_PARTICLES = ("의하", "대하", "관하", "통하", "위하", "따르", "비롯하", "인하", "걸치", "더불", "말미암")
_PASSIVE_SUFFIXES = ("되", "받", "당하")
_PASSIVES = {
    "쓰이": "쓰", "불리": "부르", "놓이": "놓", "담기": "담", "열리": "열", "팔리": "팔", "걸리": "걸", "뽑히": "뽑",
    "적히": "적", "실리": "싣", "잡히": "잡", "묻히": "묻", "나뉘": "나누", "바뀌": "바꾸", "맡겨지": "맡기",
    "세워지": "세우", "지어지": "짓", "만들어지": "만들", "이루어지": "이루", "정해지": "정하",
}  # fmt: skip
_MODAL_NOUNS = (
    "것",
    "수",
    "적",
    "바",
    "줄",
    "듯",
    "중",
    "예정",
    "계획",
    "방침",
    "전망",
    "목표",
    "가능성",
    "소문",
    "구상",
    "말",
    "얘기",
)
_SAYING = ("하", "말하", "밝히", "알리", "알려지", "전하", "전해지", "주장", "보도", "발표", "설명")


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun phrase: ``start`` to ``end`` (exclusive) without its particle, which gives its ``case``.

    ``place`` is the name that it ends with, if it does; else ``label`` holds the nouns behind the last name, without
    spaces ('SolverX의 새 대표이사' has the label 대표이사). ``before`` is a label before the name ('대표이사 윤태경').
    ``owner`` is the phrase whose it is ('SolverX의', 'SolverX 대표이사'). ``row`` are the phrases listed before it.
    ``is_contrasted`` where 은/는 stands behind 에서 or 에게 ('공장에서는').
    """

    start: int
    end: int
    case: Case
    place: Place | None
    label: str
    before: str = ""
    owner: Noun | None = None
    row: tuple[Noun, ...] = ()
    former: bool = False
    is_pronoun: bool = False
    is_contrasted: bool = False

    @property
    def all(self) -> tuple[Noun, ...]:
        """The listed phrases and this one."""
        return (*self.row, self)


@dataclass(slots=True)
class Clause:
    """A predicate with its noun phrases.

    ``stem`` is a verb's stem, the noun before 하다, or ``COPULA`` where a noun is the predicate; ``verb`` is the
    dictionary form. The stem stands at ``stem_start`` to ``stem_end``; its endings and what they govern ('할 예정이다')
    go on up to ``end``. ``complement`` is what a copula says that something is. ``negated`` where the verb itself
    denies (아니다, 없다 as the contrary of 있다). ``shared`` are subjects of the clauses before. ``head`` is the phrase
    that the clause modifies ('부산에 위치한 회사'), ``outer`` the subjects of the sentence around such a clause.
    """

    stem: str
    passive: bool
    nouns: tuple[Noun, ...]
    stem_start: int
    stem_end: int
    end: int
    ending: Literal["final", "connective", "adnominal"]
    verb: str = ""
    complement: Noun | None = None
    negated: bool = False
    shared: tuple[Noun, ...] = ()
    head: Noun | None = None
    outer: tuple[Noun, ...] = ()

    @property
    def start(self) -> int:
        """Where the first of its words stands."""
        return min([self.stem_start, *(noun.start for noun in self.nouns)])


@dataclass(frozen=True, slots=True)
class Reading:
    """The clauses and all noun phrases of a sentence, in order."""

    clauses: tuple[Clause, ...] = ()
    nouns: tuple[Noun, ...] = ()


def read_clauses(text: str, named: Sequence[Place], korean: Korean, is_person: Callable[[Place], bool]) -> Reading:
    """Read one sentence, in which ``named`` are the places of known names, in order and without overlaps."""
    masked = _mask(text, named, is_person)
    tokens = korean.tokenize(masked.text)
    return _Parser(text, masked, tokens).read()


@dataclass(slots=True)
class _Masked:
    text: str
    origins: list[int]  # of each character, and of the end
    ends: dict[int, int]  # origin of a name -> where the name ends, titles and explanations behind it included
    places: dict[int, Place]  # by position in the masked text


def _mask(text: str, named: Sequence[Place], is_person: Callable[[Place], bool]) -> _Masked:
    masked = _Masked("", [], {}, {})
    at = {place.start: place for place in named}
    parts: list[str] = []
    position = 0
    while position < len(text):
        if (place := at.get(position)) is not None:
            end = _name_end(text, place, is_person(place))
            masked.places[len(masked.origins)] = place
            masked.ends[position] = place.end
            parts.append(_stand_in(text, place, end))
            masked.origins += [position, position]
            position = max(end, position + 1)
        elif position and (aside := _ASIDE.match(text, position)):
            position = aside.end()
        elif text[position] in _QUOTES:
            position += 1
        else:
            parts.append(text[position])
            masked.origins.append(position)
            position += 1
    masked.origins.append(len(text))
    masked.text = "".join(parts)
    return masked


def _name_end(text: str, place: Place, person: bool) -> int:
    end = place.end
    for pattern in (_ASIDE, _TITLE, _ASIDE):
        if (pattern is not _TITLE or person) and (found := pattern.match(text, end)):
            end = found.end()
    return end


def _stand_in(text: str, place: Place, end: int) -> str:
    """A name that the analyser knows, with the final sound that the particle behind it wants."""
    while end < len(text) and text[end] in _QUOTES:
        end += 1
    if _VOWEL.match(text, end):
        return "광주"
    if _CONSONANT.match(text, end):
        return "인천"
    name = text[place.start : place.end]
    if with_particle(name, "으로") == name + "으로":
        return "인천"
    return "서울" if with_particle(name, "은") == name + "은" else "광주"


@dataclass(slots=True)
class _Parser:
    """One pass over the morphemes. ``_pending`` are the phrases that no predicate has taken yet."""

    text: str
    masked: _Masked
    tokens: Sequence[Token]
    clauses: list[Clause] = field(default_factory=list)
    nouns: list[Noun] = field(default_factory=list)
    _pending: list[Noun] = field(default_factory=list)
    _shared: list[Noun] = field(default_factory=list)
    _in_series: bool = False  # the verb before is one act with the next
    _row: list[Noun] = field(default_factory=list)
    _owner: Noun | None = None
    _headless: list[Clause] = field(default_factory=list)
    _former: bool = False
    _called: Noun | None = None

    def read(self) -> Reading:
        index = 0
        while index < len(self.tokens):
            tag = self.tokens[index].tag
            if tag.startswith(_RUN):
                index = self._run(index)
            elif tag in ("XSV", "XSA", "VCP") or tag.startswith(("VV", "VA", "VX", "VCN")):
                index = self._predicate(index, self.tokens[index].start)
            else:
                if tag == "MM":
                    self._former = self._former or self.tokens[index].form in ("전", "옛", "구")
                elif tag == "SF":
                    self._end_sentence()
                elif not tag.startswith(("MAJ", "SP", "S")):
                    self._row = []
                index += 1
        return Reading(tuple(self.clauses), tuple(self.nouns))

    # -- noun phrases ----------------------------------------------------------------------------

    def _run(self, first: int) -> int:
        """A run of nouns with its particle; where 하다 or the like follows, its last noun is a predicate."""
        end = first
        while end < len(self.tokens) and (
            self.tokens[end].tag.startswith(_RUN) or (self.tokens[end].tag == "SW" and end > first)
        ):
            end += 1
            if self._is_bound(end - 1, first):
                break
        following = self.tokens[end].tag if end < len(self.tokens) else ""
        if following in ("XSV", "XSA") and (end - 1) not in self._named_tokens(first, end):
            if end - 1 > first:
                self._emit(first, end - 1, "bare")
            return self._predicate(end, self.tokens[end - 1].start)
        if following == "VCP" or following == "VCN":
            noun = self._emit(first, end, "cop" if following == "VCP" else "nom")
            if following == "VCP":
                return self._predicate(end, self.tokens[end].start, complement=noun)
            return end
        case, after = self._case(end)
        contrasted = case in ("eseo", "ege") and any(
            token.tag == "JX" and token.form in _TOPICS for token in self.tokens[end + 1 : after]
        )
        is_said_of = any(noun.case in ("topic", "nom") for noun in self._pending)
        if case == "ro" and is_said_of and not any(noun.case == "acc" for noun in self._pending):
            comma = after < len(self.tokens) and self.tokens[after].form == ","
            if comma:  # 'A는 B의 분관으로, …' says what A is
                return self._equation(first, end, after)
        noun = self._emit(first, end, case, contrasted)
        if after < len(self.tokens) and self.tokens[after].tag == "VCP":  # '31일까지이다'
            return self._predicate(after, self.tokens[after].start, complement=noun)
        return after

    def _equation(self, first: int, end: int, after: int) -> int:
        noun = self._emit(first, end, "cop")
        nouns = [other for other in self._pending if other is not noun]
        stop = self._end(self.tokens[after - 1])
        self._close(Clause(COPULA, False, (), noun.end, noun.end, stop, "connective", complement=noun), nouns)
        return after + 1

    def _is_bound(self, index: int, first: int) -> bool:
        """Whether a noun that cannot stand alone ends its phrase here: 뿐, 때, 채; not a unit behind a number."""
        token = self.tokens[index]
        if token.tag != "NNB" or index + 1 >= len(self.tokens):
            return False
        is_unit = index > first and self.tokens[index - 1].tag in ("SN", "NR")
        return not is_unit and self.tokens[index + 1].start > token.start + token.len

    def _named_tokens(self, first: int, end: int) -> dict[int, Place]:
        return {
            index: self.masked.places[token.start]
            for index, token in enumerate(self.tokens[first:end], first)
            if token.start in self.masked.places
        }

    def _emit(self, first: int, end: int, case: Case, contrasted: bool = False) -> Noun:
        named = self._named_tokens(first, end)
        last = max(named, default=None)
        start = self._origin(self.tokens[first].start)
        stop = self._end(self.tokens[end - 1])
        owner, place, label, before = self._owner, None, "", ""
        if last is not None:
            earlier = [index for index in named if index < last]
            if last == end - 1:
                place = named[last]
                opening = earlier[-1] + 1 if earlier else first
                before = self._plain(opening, last)
                if earlier:
                    owner = self._bare(named[earlier[-1]])
            else:
                owner, label = self._bare(named[last]), self._plain(last + 1, end)
        else:
            label = self._plain(first, end)
        if self._called is not None:
            if place is None and not owner:
                place, label = self._called.place, "" if self._called.place is not None else label
            self._called = None
        pronoun = place is None and end - first == 1 and self.tokens[first].tag in ("NP", "NNB")
        noun = Noun(start, stop, case, place, label, before, owner, tuple(self._row), self._former, pronoun, contrasted)
        self._owner, self._former = (noun if case == "gen" else None), False
        self._row = [*self._row, noun] if case in ("list", "wa") else []
        self.nouns.append(noun)
        for clause in self._headless if case != "gen" or place is not None else ():
            clause.head = noun
        self._headless = []
        if case not in ("gen", "list"):
            self._pending.append(noun)
        return noun

    def _bare(self, place: Place) -> Noun:
        return Noun(place.start, place.end, "bare", place, "")

    def _plain(self, first: int, end: int) -> str:
        if first >= end:
            return ""
        tokens = self.tokens[first:end]
        return "".join(self.masked.text[tokens[0].start : tokens[-1].start + tokens[-1].len].split())

    def _case(self, index: int) -> tuple[Case, int]:
        """The case that the particles at ``index`` give, and the index behind them."""
        if index >= len(self.tokens):
            return "end", index
        token = self.tokens[index]
        case: Case
        if token.tag == "JKS" or token.tag == "JKC":
            case = "nom"
        elif token.tag == "JKO":
            case = "acc"
        elif token.tag == "JKG":
            return "gen", index + 1
        elif token.tag == "JC":
            return "list", index + 1
        elif token.tag == "JKB":
            case = _PARTICLES.get(token.form, "other")
        elif token.tag == "JX":
            case = (
                "topic" if token.form in _TOPICS
                else "from" if token.form == "부터"
                else "until" if token.form == "까지"
                else "also"
            )  # fmt: skip
        elif token.tag in ("SP", "MAJ"):
            return ("label" if token.form in (":", "：") else "list"), index + 1
        elif token.tag in ("SF", "SE"):
            return "end", index
        elif token.tag.startswith("J"):
            case = "other"
        else:
            return "bare", index
        index += 1
        while index < len(self.tokens) and self.tokens[index].tag in ("JX", "JKG", "JKB"):
            if self.tokens[index].tag == "JKG":
                return "gen", index + 1
            index += 1
        return self._with_verbal_particle(case, index)

    def _with_verbal_particle(self, case: Case, index: int) -> tuple[Case, int]:
        tokens = self.tokens[index : index + 2]
        if len(tokens) == 2 and tokens[0].tag.startswith("VV") and tokens[0].form in _VERBAL_PARTICLES:
            by = case == "e" and tokens[0].form == "의하"
            after = index + 2
            if after < len(self.tokens) and self.tokens[after].tag == "JX":
                after += 1
            return ("by" if by else "other"), after
        return case, index

    # -- predicates ------------------------------------------------------------------------------

    def _predicate(self, index: int, start: int, complement: Noun | None = None) -> int:
        """The predicate whose verb or suffix is at ``index``; returns the index behind its ending."""
        token = self.tokens[index]
        nouns = [noun for noun in self._pending if noun is not complement]
        if token.tag in ("XSV", "XSA"):
            before = self.tokens[index - 1]
            stem, passive, end = before.form, token.form in _PASSIVE_SUFFIXES, before.start + before.len
        elif token.tag == "VCP":
            stem, passive, end = COPULA, False, token.start
        elif token.tag == "VCN":
            stem, passive, end = COPULA, False, token.start + token.len
            candidates = [noun for noun in nouns if noun.case == "nom"]
            complement = candidates[-1] if candidates else None
            nouns = [noun for noun in nouns if noun is not complement]
        else:
            stem, passive, end = token.form, False, token.start + token.len
            stem = "있" if stem == "없" else stem
            if stem in _PASSIVES:
                stem, passive = _PASSIVES[stem], True
        if stem == "하" and nouns and nouns[-1].case == "acc" and nouns[-1].place is None and nouns[-1].label:
            stem, start, end = nouns[-1].label, self.tokens[index].start, token.start + token.len
            nouns = nouns[:-1]
        after, ending, becomes_passive = self._chain(index)
        if token.tag == "VCP" and ending == "adnominal" and self.tokens[after - 1].form in ("라는", "이라는", "란"):
            self._called = complement  # '눈덮개라는 우산': the phrase that follows is named so
            self._pending = nouns
            return after
        stem_start = self._origin(start)
        stem_end = complement.end if complement and token.tag == "VCP" else max(self._origin(end), stem_start)
        stop = self._end(self.tokens[after - 1])
        clause = Clause(stem, passive or becomes_passive, (), stem_start, stem_end, stop, ending)
        clause.verb = f"{stem}하다" if token.tag in ("XSV", "XSA") else f"{stem}다"
        clause.complement = complement
        clause.negated = token.tag == "VCN" or token.form == "없"
        self._close(clause, nouns)
        self._in_series = ending == "connective" and self.tokens[after - 1].form in _SERIAL
        return after

    def _chain(self, index: int) -> tuple[int, Literal["final", "connective", "adnominal"], bool]:
        """Past the endings and auxiliaries of a predicate: (index behind them, how the clause ends, 어지다)."""
        passive = False
        position = index + 1
        while position < len(self.tokens):
            token = self.tokens[position]
            following = self.tokens[position + 1] if position + 1 < len(self.tokens) else None
            if token.tag == "VX":
                passive = passive or token.form == "지"
            elif token.tag == "EF":
                return position + 1, "final", passive
            elif token.tag == "EC":
                if following is None or not self._goes_on(token, following):
                    return position + 1, "connective", passive
            elif token.tag == "ETM":
                if following is None or not self._is_modal(position + 1):
                    return position + 1, "adnominal", passive
            elif token.tag == "ETN":
                if following is None or following.tag != "JKB":
                    return position + 1, "final", passive
            elif not (
                token.tag in ("EP", "VCP", "XSV", "XSA")
                or token.tag.startswith(("J", "NNB", "VV", "VA", "NNG", "VCN", "MAG"))
            ):
                return position, "final", passive
            elif token.tag.startswith(("NNG", "VV", "VA", "MAG")) and not self._absorbs(position):
                return position, "connective", passive
            position += 1
        return position, "final", passive

    def _goes_on(self, ending: Token, following: Token) -> bool:
        if following.tag == "VX" or (ending.form == "지" and (following.tag == "JX" or following.form in ("못", "않"))):
            return True
        quoting = ending.form.endswith(("다고", "라고", "다", "자고"))
        return quoting and (following.form in _SAYING)

    def _is_modal(self, index: int) -> bool:
        """Whether a noun behind an adnominal ending serves mood ('할 예정', '한 적이 없다') and names nothing."""
        token = self.tokens[index]
        after = self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        if token.form not in _MODAL_NOUNS or after is None:
            return False
        if after.tag == "JX" and token.form == "것":
            return False
        return after.tag in ("VCP", "VCN", "JKS", "JKB", "JX", "SF") or after.form in ("없", "있")

    def _absorbs(self, position: int) -> bool:
        """Whether the word at ``position`` belongs to the mood that an ending before it opened."""
        before = self.tokens[position - 1]
        if self.tokens[position].form in _MODAL_NOUNS and before.tag == "ETM":
            return True
        return before.tag in ("ETN", "EC", "NNB", "JKB", "JKS", "JX", "NNG", "MAG")

    def _close(self, clause: Clause, nouns: list[Noun]) -> None:
        if clause.ending == "adnominal":
            topics = [index for index, noun in enumerate(nouns) if noun.case == "topic"]
            inner = nouns[topics[-1] + 1 :] if topics else nouns
            outer = nouns[: topics[-1] + 1] if topics else []
            clause.nouns = tuple(inner)
            clause.outer = tuple(outer) or tuple(self._shared)
            self._pending = list(outer)
            chained = [c for c in reversed(self.clauses) if c.ending == "connective" and not _has_subject(c)]
            self._headless += [clause, *(chained if not outer else [])]
        else:
            *gapped, nouns = _parallel(nouns)
            for shared in gapped:
                self.clauses.append(replace(clause, nouns=tuple(shared), head=None))
            clause.nouns = tuple(nouns)
            own = [noun for noun in nouns if noun.case in ("topic", "nom")]
            above = [noun for noun in self._shared if noun.case == "topic"]
            # 'A는 통나무집으로, B가 지킨다', 'A는 지름이 32미터이고 좌석은 620석이다': still about A
            has_topic = any(noun.case == "topic" and noun.place is not None for noun in own)
            clause.shared = () if has_topic else tuple(above if own else self._shared)
            self._shared = [*(() if has_topic else above), *own] if own else self._shared
            self._shared = self._shared or [noun for noun in nouns if noun.case == "also"]
            if not nouns and self._in_series:  # 'B가 부어 만들다'
                clause.nouns = self.clauses[-1].nouns
            self._pending = []
            self._headless = [] if clause.ending == "final" else self._headless
        self._row = []
        self._owner = None
        self.clauses.append(clause)

    def _end_sentence(self) -> None:
        self._pending, self._row, self._owner, self._headless = [], [], None, []

    def _origin(self, position: int) -> int:
        return self.masked.origins[min(position, len(self.masked.origins) - 1)]

    def _end(self, token: Token) -> int:
        """Where a morpheme ends in the sentence itself."""
        origin = self._origin(token.start)
        if origin in self.masked.ends:
            return self.masked.ends[origin]
        return self._origin(token.start + token.len - 1) + 1


def _parallel(nouns: list[Noun]) -> list[list[Noun]]:
    """'A는 X를, B는 Y를 갖추다' says two things with one verb: the phrases of each, one list where it says one."""
    topics = [index for index, noun in enumerate(nouns) if noun.case == "topic"]
    if len(topics) < 2 or topics[0] > 0:
        return [nouns]
    groups = [nouns[first:last] for first, last in pairwise([*topics, len(nouns)])]
    cases = [[noun.case for noun in group] for group in groups]
    return groups if len(cases[0]) > 1 and all(case == cases[0] for case in cases) else [nouns]


def _has_subject(clause: Clause) -> bool:
    return any(noun.case in NOMINATIVE for noun in clause.nouns) or bool(clause.shared)
