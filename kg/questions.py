"""A Korean question as it is understood without the graph: whom it names, which words are left, what they ask. Pure.

Everything that its reading (``kg.question_reading``) does not understand stays visible as a word left over, so that
a question is answered only if each of its words is accounted for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from kiwipiepy import Token

from kg.literals import PATTERNS as LITERAL_PATTERNS
from kg.literals import canonical
from kg.logical_form import Named, Term
from kg.types import LITERALS, Entity, Ontology, Relation

# What a question word asks for: classes of the general ontology, and literals.
ASKED: dict[str, tuple[str, ...]] = {
    "누구": ("사람", "조직"),
    "누가": ("사람", "조직"),
    "어디": ("장소", "조직"),
    "언제": ("연도", "날짜"),
    "얼마": ("수량",),
    "몇": ("수량", "연도", "날짜"),
    "며칠": ("수량", "날짜"),
    "무엇": (),
    "뭐": (),
    "무어": (),
    "뭣": (),
    "어느": (),
    "어떤": (),
    "무슨": (),
}
_HOW_AND_WHY = frozenset(["왜", "어떻게", "어찌", "얼마나", "어떠하", "어떻"])
_PAST = frozenset(["예전", "옛날", "종전", "이전", "원래", "당초", "본래"])
# What asks for another name of what is named.
NAME_WORDS = ("진짜", "실제", "본명", "본이름", "실명", "정식", "원명")
# Words that ask or point but say nothing about what is asked, by the first letter of their tag.
_EMPTY = {
    "N": re.compile(
        "것|거|곳|분|데|수|지금|현재|이제|이름|성함|명칭|우리|저희|당사|중|때|질문|측|모두|전부|총|각각|그|이|가운데|"
        "해|날|날짜|연도|시기|시점|당시|무렵|사이|관계|가능"
    ),
    "V": re.compile("나|알|알리|알려주|말하|주|드리|부탁|궁금|보|싶|하|되|이|적히|맞|그렇|그러"),
    "M": re.compile("맨|아직|여전히|요즘|좀|혹시|지금|현재|이제|모두|전부|다|그|이|각각|총|바로"),
    "X": re.compile("들|님|씨|측|하|되|궁금|부탁|분"),
}
_LIGHT = frozenset(
    [
        "들어가",
        "들어오",
        "이루",
        "짓",
        "맺",
        "하",
        "갖",
        "가지",
        "지니",
        "두",
        "치르",
        "받",
        "내",
        "쓰",
        "되",
        "나",
        "나오",
        "있",
    ]
)
_OWNING = frozenset(["타고나", "거두", "들이", "두", "가지", "갖", "지니", "쓰", "딸리", "있", "받", "맡"])
# What may stand between a name and its particle: a gloss, a title, 님.
ASIDE = (
    r"(?:\s?\([^()]*\))?(?:\s?(?:관장|대표이사|대표|사장|회장|이사장|이사|본부장|부장|차장|과장|팀장|실장|소장|원장|교수|박사|"
    r"작가|감독|선생|매니저|연구원|기자|공장장|스님))?(?:님|씨)?"
)
_LIMITED = re.compile(r"(?:님|씨)?(?:에서|에|으로|로)?(?:만|처럼|밖에|마다|조차|뿐)(?![가-힣])")
_THAN = re.compile(ASIDE + r"(?:보다|보단|보다는|보다도)(?![가-힣])")
_EXCEPTED = re.compile(r"(?:님|씨)?(?:\s?말고는?|[을를]\s?제외|\s?외에|\s?이외|[을를]\s?(?:뺀|빼고|빼면))")
_SUBJECT = re.compile(ASIDE + r"(?:께서는|께서|은|는|이|가|의)(?![가-힣])")
_TOPIC = re.compile(ASIDE + r"(?:께서는|은|는)(?![가-힣])")
_OTHER = re.compile(ASIDE + r"(?:\s?(?:밑|아래|산하))?(?:을|를|에|에서|에게|에는|에서는|로|으로|와|과)(?![가-힣])")
_GOAL = re.compile(ASIDE + r"(?:에|을|를)(?![가-힣])")
# A season stands for a month of it.
_SEASONS = {"봄": "4월", "여름": "7월", "가을": "10월", "겨울": "1월"}
_SEASON = re.compile(rf"(\d{{4}}\s?년)\s?({'|'.join(_SEASONS)})(?:에는?|까지는?|당시)(?![가-힣])")
_TIME_POINT = re.compile(
    rf"({LITERAL_PATTERNS['날짜']}|\d{{1,4}}\s?화)\s?(?:에는?|에도|당시|기준|까지만|현재|무렵에?)(?![가-힣])"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A content morpheme outside of names. ``index`` counts the question's morphemes."""

    index: int
    form: str
    tag: str
    start: int
    end: int

    @property
    def noun(self) -> bool:
        """Whether it is a noun, numeral or foreign word."""
        return self.tag.startswith(("N", "X", "S"))


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a question names something, or describes it: what may be meant there.

    Of a name, ``entities`` are the alternatives. Of a description, ``term`` says what it denotes and
    ``entities`` are all that it denotes.
    """

    start: int
    end: int
    entities: tuple[Entity, ...]
    term: Term | None = None

    def denotes(self, cls: str, ontology: Ontology) -> Term | None:
        """What of the class is meant: the described set, or the one entity of that class that has the name."""
        fitting = [entity.name for entity in self.entities if ontology.is_a(entity.cls, cls)]
        if self.term is not None:
            return self.term if fitting else None
        return Named(fitting[0]) if len(fitting) == 1 else None


@dataclass(frozen=True, slots=True)
class Question:
    """A question as far as it is understood without the graph. ``text`` is NFC; offsets count in it.

    ``offset`` is the index of the first of ``tokens`` in the whole question, of which this may be a part, and
    ``mentioned`` are all names in the whole.
    """

    text: str
    named: tuple[Slot, ...]
    tokens: tuple[Token, ...]
    words: tuple[Word, ...]
    offset: int = 0
    mentioned: frozenset[str] = frozenset()

    @property
    def asks(self) -> tuple[Word, ...]:
        """Its question words (누구, 어디, …)."""
        return tuple(word for word in self.words if word.form in ASKED)

    @property
    def is_open(self) -> bool:
        """Whether it asks who, what, where: by a question word, or as a mere noun phrase ('대표는?')."""
        if self.asks or any(word.form in ("알리", "말하", "알려주") for word in self.words):
            return True
        if re.search(r"[가-힣]이요\s*[?.!]*$", self.text):  # '관장님 성함이요'
            return True
        spoken = [token for token in self.tokens if not token.tag.startswith(("SF", "SP", "SS", "SE", "SW"))]
        last = spoken[-1] if spoken else None
        return last is not None and (
            (last.tag.startswith(("N", "XSN", "SL", "JKS", "EF")) and (not last.tag.startswith("EF") or self._requests))
            or last.form in ("은", "는", "ᆫ")
        )  # fmt: skip

    @property
    def _requests(self) -> bool:
        """'다 적어 주세요', '골라 줘'."""
        return (
            re.search(r"(?:가르쳐|적어|골라|꼽아|대|들어|찾아|세어)\s?(?:줘|주세요|주십시오|봐|보세요)", self.text)
            is not None
        )

    @property
    def asks_how_or_why(self) -> bool:
        """Whether it asks for a manner or a reason, which no relation states."""
        return any(word.form in _HOW_AND_WHY for word in self.words)

    @property
    def is_denied(self) -> bool:
        """Whether it asks if something is not so ('없나요?'). '있지 않나요?' and '대표 아닌가요?' ask if it is."""
        return bool(self.denials)

    @property
    def denials(self) -> tuple[int, ...]:
        """Where it denies something: 없는, 못 하는, 안 되는, 국산이 아닌."""
        tokens = self.tokens
        found: list[int] = []
        for index, token in enumerate(tokens):
            denies = token.form in ("없", "못하", "못", "안") and token.tag.startswith(("VA", "VX", "MAG", "XPN"))
            denies |= token.form == "않" and not any(t.tag == "EF" for t in tokens[index + 1 : index + 3])
            denies |= token.tag == "VCN" and any(t.tag == "ETM" for t in tokens[index + 1 : index + 2])
            if denies:
                found.append(token.start)
        return tuple(found)

    @property
    def is_limited(self) -> bool:
        """Whether a name is narrowed by 만, 처럼 and the like, or is the measure (보다) of what is not named."""
        if any(_LIMITED.match(self.text, slot.end) for slot in self.named):
            return True
        return self.is_measured and self.claimed_more is None

    @property
    def is_measured(self) -> bool:
        """Whether something is compared with a name: 'A보다'."""
        return any(_THAN.match(self.text, slot.end) for slot in self.named)

    @property
    def claimed_more(self) -> Slot | None:
        """Of 'A는 B보다 큰가요?' the name of which it is asked, A; None where there are not two, or it asks which."""
        others = [slot for slot in self.named if not _THAN.match(self.text, slot.end)]
        return others[0] if len(self.named) == 2 and len(others) == 1 and not self.is_open else None

    @property
    def time_point(self) -> str:
        """The date as of which it asks ('2024년 1월에', '2021년 당시'), '' for now."""
        if season := _SEASON.search(self.text):
            return canonical("날짜", f"{season[1]} {_SEASONS[season[2]]}") or ""
        found = _TIME_POINT.search(self.text)
        return (canonical("날짜", found[1]) or "") if found else ""

    def time_span(self) -> tuple[int, int]:
        """The characters of ``time_point`` and of a verb that belongs to it."""
        found = _SEASON.search(self.text) or _TIME_POINT.search(self.text)
        if found is None:
            return 0, 0
        behind = [token for token in self.tokens if token.start >= found.end()][:3]
        # '2024년에 만든 것': the verb only places the time.
        for verb, ending in pairwise(behind[:3]):
            if verb == behind[0] and verb.tag.startswith("VV") and ending.tag == "ETM":
                return found.start(), ending.start + ending.len
        return found.span()

    def timeless(self) -> Question:
        """The question without its time, in whose place its text has spaces."""
        start, end = self.time_span()
        text = self.text[:start] + " " * (end - start) + self.text[end:]
        return replace(self.without(w.index for w in self.words if start <= w.start < end), text=text)

    def past_words(self) -> frozenset[int]:
        """The words that ask how something was before it changed: 예전에, 원래는."""
        return frozenset(word.index for word in self.words if word.form in _PAST)

    def is_subject(self, slot: Slot) -> bool:
        """Whether its particle makes a name topic, subject or owner."""
        return _SUBJECT.match(self.text, slot.end) is not None

    def is_topic(self, slot: Slot) -> bool:
        """Whether its particle makes a name the topic."""
        return _TOPIC.match(self.text, slot.end) is not None

    def is_other(self, slot: Slot) -> bool:
        """Whether its particle makes a name anything but the subject."""
        return _OTHER.match(self.text, slot.end) is not None

    def is_goal(self, slot: Slot) -> bool:
        """Whether its particle is 에, 을 or 를."""
        return _GOAL.match(self.text, slot.end) is not None

    def is_excepted(self, slot: Slot) -> bool:
        """Whether it is named to be left out: 'X 말고'."""
        return _EXCEPTED.match(self.text, slot.end) is not None

    def excepting(self) -> frozenset[int]:
        """The words that leave names out: 말다, 제외, 외."""
        spans = [found.span() for slot in self.named if (found := _EXCEPTED.match(self.text, slot.end))]
        return frozenset(w.index for w in self.words if any(start <= w.start < end for start, end in spans))

    def literal(self, relation: Relation) -> tuple[str, tuple[int, int]] | None:
        """The one literal of the relation's kind that stands outside of names, in its canonical form."""
        if relation.range not in LITERALS or relation.range == "글":
            return None
        found = [
            match
            for match in re.finditer(LITERAL_PATTERNS[relation.range], self.text)
            if not any(slot.start < match.end() and match.start() < slot.end for slot in self.named)
        ]
        value = canonical(relation.range, found[0].group()) if len(found) == 1 else None
        return (value, found[0].span()) if value else None

    def compound(self, word: Word) -> str:
        """The nouns that stand together with a noun without a space: 응대실 for 실."""
        start, end = word.start, word.end
        for held in reversed(self.words):
            start = held.start if held.noun and held.end == start else start
        for held in self.words:
            end = held.end if held.noun and held.start == end else end
        return self.text[start:end]

    def is_verbal(self, word: Word) -> bool:
        """Whether a noun is made a verb by what follows: 제안하다."""
        after = self.tokens[word.index - self.offset + 1 : word.index - self.offset + 2]
        return bool(after) and after[0].tag.startswith(("XSV", "XSA"))

    def is_counted(self, word: Word, unit: Word, as_topic: bool = False) -> bool:
        """Whether a noun is what a unit counts: '책을 몇 권', or (``as_topic``) '책은 몇 권'."""
        place = word.index - self.offset
        behind = self.tokens[place + 1 : place + 4]
        particle = bool(behind) and behind[0].tag in ("JKO", "JKS", *(("JX",) if as_topic else ()))
        return word.noun and particle and any(self.offset + place + 1 + i == unit.index for i in (1, 2))

    def is_marked(self, word: Word) -> bool:
        """Whether a topic or subject particle stands behind a noun."""
        after = self.tokens[word.index - self.offset + 1 : word.index - self.offset + 2]
        return bool(after) and (after[0].tag == "JKS" or (after[0].tag == "JX" and after[0].form in ("은", "는")))

    def is_predicate(self, word: Word) -> bool:
        """Whether a copula ends the question behind a noun: 회사인가요, not 관리자라면."""
        after = self.tokens[word.index - self.offset + 1 : word.index - self.offset + 3]
        return len(after) > 1 and after[0].tag.startswith("VCP") and after[-1].tag in ("EF", "EP")

    def is_condition(self, word: Word) -> bool:
        """Whether a verb says under which condition: 잃어버리면."""
        after = self.tokens[word.index - self.offset + 1 : word.index - self.offset + 3]
        return any(token.tag == "EC" and token.form.endswith("면") for token in after)

    def is_of_condition(self, word: Word) -> bool:
        """Whether a word belongs to a condition: 늦게 반납하면, 반납이 늦으면."""
        behind = [held for held in self.words if held.index >= word.index][:2]
        return any(self.is_condition(held) for held in behind)

    def is_pointing(self, word: Word) -> bool:
        """Whether a word only leads to what is named or said: 'A에 가면', '세운 사람이지'."""
        if word.form in ("가", "오") and self.is_condition(word):
            return True
        before = self.tokens[max(0, word.index - self.offset - 1) : word.index - self.offset]
        stands_for = word.form in ("사람", "곳", "회사", "제품") and self.is_predicate(word)
        return stands_for and bool(before) and before[0].tag in ("ETM", "MM")

    def is_carried(self, word: Word, understood: frozenset[int]) -> bool:
        """Whether a word adds nothing to the one before it: a light verb behind an understood object, 수 있다."""
        place = word.index - self.offset
        before = self.tokens[max(0, place - 2) : place]
        if word.form in ("있", "없") and before and before[-1].form == "수":
            return True
        if self._leads_to_understood(word, understood):
            return True
        if word.form in ("오", "가") and before and before[-1].tag == "EC" and before[-1].form in ("어", "아", "여"):
            return True  # '받아 오다'
        if word.form not in _LIGHT or len(before) < 2 or before[1].tag not in ("JKO", "JKS", "JKB"):
            return False
        carried = next((held for held in self.words if held.index == word.index - 2), None)
        if carried is None:
            return bool(before[1].tag != "JKB")
        return carried.index in understood or is_empty(carried)

    def _leads_to_understood(self, word: Word, understood: frozenset[int]) -> bool:
        """Whether a verb only says that somebody has what the next word is: '타고난 글결', '거둔 제자'."""
        behind = self.tokens[word.index - self.offset + 1 : word.index - self.offset + 2]
        following = next((held for held in self.words if held.index > word.index), None)
        is_adnominal = bool(behind) and behind[0].tag == "ETM"
        return is_adnominal and word.form in _OWNING and following is not None and following.index in understood

    def within(self, start: int, end: int) -> Question:
        """The part between two characters, as a question of its own."""
        kept = [i for i, t in enumerate(self.tokens) if start <= t.start and t.start + t.len <= end]
        return Question(
            self.text[:end],
            tuple(slot for slot in self.named if start <= slot.start and slot.end <= end),
            tuple(self.tokens[index] for index in kept),
            tuple(word for word in self.words if start <= word.start and word.end <= end),
            self.offset + (kept[0] if kept else 0),
            self.mentioned,
        )

    def described(self, slot: Slot) -> Question:
        """The question with everything at the characters of ``slot`` understood as what it denotes."""
        named = [held for held in self.named if not (slot.start <= held.start and held.end <= slot.end)]
        return replace(
            self,
            named=tuple(sorted([*named, slot], key=lambda held: held.start)),
            words=tuple(word for word in self.words if not (slot.start <= word.start and word.end <= slot.end)),
        )

    def without(self, indexes: Iterable[int]) -> Question:
        """The question without some words that are accounted for."""
        gone = set(indexes)
        return replace(self, words=tuple(word for word in self.words if word.index not in gone))


def left_over(question: Question, understood: frozenset[int]) -> list[Word]:
    """Words that are neither understood nor empty nor question words.

    The verb that only carries an understood noun ('짝을 이루다'), and 있다 in '할 수 있다', are empty, too.
    """
    return [
        word
        for word in question.words
        if word.index not in understood
        and not is_empty(word)
        and word.form not in ASKED
        and not question.is_carried(word, understood)
    ]


def is_empty(word: Word) -> bool:
    """Whether a word asks or points but says nothing about what is asked."""
    pattern = _EMPTY.get(word.tag[:1])
    return pattern is not None and pattern.fullmatch(word.form) is not None
