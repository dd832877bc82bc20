"""Reads a Korean question: whom it names, which words say what is asked, and by which operation. Pure.

Everything that the reading does not understand stays visible as a word left over, so that a question is
answered only if each of its words is accounted for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, zip_longest

from kiwipiepy import Token

from ingest import Korean
from kg.kinds import is_kind
from kg.literals import PATTERNS as LITERAL_PATTERNS
from kg.literals import canonical
from kg.logical_form import Named, Term
from kg.mentions import WORD_ENDS, Names
from kg.patterns import TITLES, Place, places
from kg.synonyms import MEASURED, same
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
# Words that ask or point but say nothing about what is asked, by the first letter of their tag.
_EMPTY = {
    "N": re.compile(
        "것|거|곳|분|데|수|지금|현재|이제|이름|성함|명칭|우리|저희|당사|중|때|질문|측|모두|전부|총|각각|그|이|가운데|"
        "해|날|날짜|연도|시기|시점"
    ),
    "V": re.compile("알|알리|알려주|말하|주|드리|부탁|궁금|가르치|보|싶|하|되|이|적히|맞|그렇|그러"),
    "M": re.compile("좀|혹시|지금|현재|이제|모두|전부|다|그|이|각각|총|바로"),
    "X": re.compile("들|님|씨|측|하|되|궁금|부탁|분"),
}
# Honorific and doubled words as the plain word.
_PLAIN = {
    "아버님": "아버지",
    "어머님": "어머니",
    "형님": "형",
    "누님": "누나",
    "따님": "딸",
    "아드님": "아들",
    "연세": "나이",
    "누구누구": "누구",
    "무엇무엇": "무엇",
    "어디어디": "어디",
    "언제언제": "언제",
}
_POINTING = ("무엇", "이름", "경우", "이유", "방법", "때", "곳", "것", "정도", "종류", "내용")
_LIGHT = frozenset(
    ["이루", "짓", "맺", "하", "갖", "가지", "지니", "두", "치르", "받", "내", "쓰", "되", "나", "나오", "있"]
)
_CONTENT = ("NN", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "XPN", "XSN", "SL", "SH", "SN", "W_")
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
_OTHER = re.compile(ASIDE + r"(?:을|를|에|에서|에게|에는|에서는|로|으로|와|과)(?![가-힣])")
_GOAL = re.compile(ASIDE + r"(?:에|을|를)(?![가-힣])")
_HANJA_GLOSS = re.compile(r"\([㐀-鿿豈-﫿\s]+\)")
# What adds nothing to a question: 'the one' before a counter, and phrases that only point.
_FILLER = re.compile(
    r"(?<![가-힣])한\s(?:봉지|봉|병|개|통|판|팩|캔|상자|권|장|잔|자루|포대|알)(?=(?:에|의|당|은|는|이|가)?(?![가-힣]))"
    r"|(?:을|를)?\s?기준(?:으로|으론)(?:는)?(?![가-힣])|(?<![가-힣])(?:(?:지금|현재|요즘)\s(?:만드는|파는|판매하는|나오는)|요즘|요새|오늘날)|(?<=로)\s남아\s?있[가-힣]*"
)
# Somebody by surname and title ('문 소장님'); with a space some surnames are other words, too.
_SURNAMED = re.compile(rf"(?<![가-힣])([가-힣]{{1,2}})(\s?)({TITLES})님?{WORD_ENDS}")
_NO_SURNAMES = frozenset(["이", "그", "저", "한", "두", "세", "네", "전", "현", "총", "부", "각", "온"])
_BEHIND_NAME = re.compile(rf"\s?(?:{TITLES})님?{WORD_ENDS}")
# 'How much does it come to?' asks for an amount, as 얼마 does.
_COMING_TO = frozenset(["되", "걸리", "들", "하", "남", "내", "받", "많"])
_SCRIPTS = frozenset(["영문", "영어", "한자", "로마자", "한글", "알파벳"])
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
        if self.asks or any(word.form in ("알리", "말하", "가르치", "알려주") for word in self.words):
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
            re.search(r"(?:적어|골라|꼽아|대|들어|찾아|세어)\s?(?:줘|주세요|주십시오|봐|보세요)", self.text) is not None
        )

    @property
    def asks_how_or_why(self) -> bool:
        """Whether it asks for a manner or a reason, which no relation states."""
        return any(word.form in _HOW_AND_WHY for word in self.words)

    @property
    def is_denied(self) -> bool:
        """Whether it asks if something is not so ('없나요?'). '있지 않나요?' and '대표 아닌가요?' ask if it is."""
        tokens = self.tokens
        for index, token in enumerate(tokens):
            if token.form in ("없", "못하", "못", "안") and token.tag.startswith(("VA", "VX", "MAG", "XPN")):
                return True
            if token.form == "않" and not any(t.tag == "EF" for t in tokens[index + 1 : index + 3]):
                return True
        return False

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
        found = _TIME_POINT.search(self.text)
        return (canonical("날짜", found[1]) or "") if found else ""

    def time_span(self) -> tuple[int, int]:
        """The characters of ``time_point`` and of a verb that belongs to it."""
        found = _TIME_POINT.search(self.text)
        if found is None:
            return 0, 0
        behind = [token for token in self.tokens if token.start >= found.end()][:3]
        # '2024년에 만든 것': the verb only places the time.
        for verb, ending in pairwise(behind[:3]):
            if verb == behind[0] and verb.tag.startswith("VV") and ending.tag == "ETM":
                return found.start(), ending.start + ending.len
        return found.span()

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

    def is_counted(self, word: Word, unit: Word) -> bool:
        """Whether a noun is what a unit counts: '책을 몇 권'."""
        place = word.index - self.offset
        behind = self.tokens[place + 1 : place + 4]
        particle = bool(behind) and behind[0].tag in ("JKO", "JKS", "JX")
        return word.noun and particle and any(self.offset + place + 1 + i == unit.index for i in (1, 2))

    def is_predicate(self, word: Word) -> bool:
        """Whether a copula stands behind a noun: 회사인가요."""
        after = self.tokens[word.index - self.offset + 1 : word.index - self.offset + 2]
        return bool(after) and after[0].tag.startswith("VCP")

    def is_condition(self, word: Word) -> bool:
        """Whether a verb says under which condition: 잃어버리면."""
        after = self.tokens[word.index - self.offset + 1 : word.index - self.offset + 3]
        return any(token.tag == "EC" and token.form.endswith("면") for token in after)

    def is_carried(self, word: Word, understood: frozenset[int]) -> bool:
        """Whether a word adds nothing to the one before it: a light verb behind an understood object, 수 있다."""
        place = word.index - self.offset
        before = self.tokens[max(0, place - 2) : place]
        if word.form in ("있", "없") and before and before[-1].form == "수":
            return True
        if word.form not in _LIGHT or len(before) < 2 or before[1].tag not in ("JKO", "JKS"):
            return False
        carried = next((held for held in self.words if held.index == word.index - 2), None)
        return carried is None or carried.index in understood or is_empty(carried)

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


def read_question(text: str, names: Names, ontology: Ontology, korean: Korean) -> Question:
    """What is named in a question and which words are left. Accepts NFD; glosses in Hanja are dropped: 도(道)."""
    text = _HANJA_GLOSS.sub("", unicodedata.normalize("NFC", text)).strip()
    found = places(names.find(text))
    found = sorted([*found, *_surnamed(text, found, ontology)], key=lambda place: place.start)
    named = tuple({place.entities: Slot(place.start, place.end, place.entities) for place in reversed(found)}.values())
    tokens = tuple(korean.tokenize(text))
    silent = [(p.start, p.end) for p in found] + [f.span() for f in _FILLER.finditer(text)]
    silent += [title.span() for p in found if _is_person(p, ontology) and (title := _BEHIND_NAME.match(text, p.end))]
    words = [
        Word(index, *_reading(tokens, index), token.start, token.start + token.len)
        for index, token in enumerate(tokens)
        if (token.tag.startswith(_CONTENT) or _is_verb(tokens, index))
        and not any(start < token.start + token.len and token.start < end for start, end in silent)
    ]
    mentioned = frozenset(entity.name for place in found for entity in place.entities)
    return Question(text, named[::-1], tokens, tuple(_measuring(_whole(words, ontology))), 0, mentioned)


def _is_verb(tokens: Sequence[Token], index: int) -> bool:
    """Whether what the analyser takes for an auxiliary has no verb before it: '공장에서 만드는'."""
    return tokens[index].tag.startswith("VX") and index > 0 and not tokens[index - 1].tag.startswith("EC")


def _whole(words: Sequence[Word], ontology: Ontology) -> list[Word]:
    """The words, with classes that the analyser has cut put together: 산 and 장 where a 산장 is asked for."""
    whole: list[Word] = []
    for word in words:
        last = whole[-1] if whole else None
        joined = last.form + word.form if last and last.noun and word.noun and last.end == word.start else ""
        if last and joined in ontology.classes:
            whole[-1] = replace(last, form=joined, end=word.end)
        else:
            whole.append(word)
    return whole


def _is_person(place: Place, ontology: Ontology) -> bool:
    """Whether a name is one person's, so that a title behind it tells nobody apart."""
    return len(place.entities) == 1 and ontology.is_a(place.entities[0].cls, "사람")


def _surnamed(text: str, found: Sequence[Place], ontology: Ontology) -> Iterator[Place]:
    """Where a surname with a title names somebody: the one with that surname, or with that title among them."""
    for match in _SURNAMED.finditer(text):
        surname, space, title = match.groups()
        if (space and surname in _NO_SURNAMES) or any(p.start < match.end() and match.start() < p.end for p in found):
            continue
        called = [
            entity
            for entity in ontology.entities.values()
            if ontology.is_a(entity.cls, "사람") and re.fullmatch(rf"{surname}[가-힣]{{1,2}}", entity.name.split()[0])
        ]
        titled = [entity for entity in called if any(name.endswith(title) for name in entity.names)]
        if len(titled or called) == 1:
            yield Place(match.start(), match.start(3) + len(title), tuple(titled or called))


def _measuring(words: Sequence[Word]) -> Iterator[Word]:
    """The words, with what asks for an amount or a spelling in the plain way: 얼마나 무거운 as 얼마, 무게."""
    in_script = any(word.form in _SCRIPTS for word in words)
    asked = ""
    for word, after in zip_longest(words, words[1:]):
        if word.form == "얼마나" and after and (after.tag == "VV" or after.form in (*_COMING_TO, *MEASURED)):
            asked = word.form
            yield replace(word, form="얼마", tag="NP")
        elif word.form in ("어떻게", "어떻") and in_script:
            yield replace(word, form="무엇", tag="NP")
        elif asked and word.form in MEASURED:
            yield replace(word, form=MEASURED[word.form][0], tag="NNG")
        elif not (asked and word.form in _COMING_TO) and not (in_script and word.form in ("적", "쓰", "표기")):
            yield word
        if word.form != "얼마나":
            asked = ""


def _reading(tokens: Sequence[Token], index: int) -> tuple[str, str]:
    """Form and tag of a token, plain. Two verbs that the analyser misses: 여는 after an object, and 이끄시는."""
    token = tokens[index]
    if token.form == "여" and token.tag == "NP" and index and tokens[index - 1].tag == "JKO":
        return "열", "VV"
    if token.form == "끄" and index and tokens[index - 1].form == "이" and tokens[index - 1].end == token.start:
        return "이끌", "VV"
    return _PLAIN.get(token.form, token.form), "VV" if token.tag.startswith("VX") else token.tag


class Vocabulary:
    """The words by which questions ask for each relation: its question words and its label.

    Verbs are compared by morphemes, nouns also as they are written, since the analyser cuts a rare noun one way
    alone and another way within a sentence.
    """

    def __init__(self, ontology: Ontology, korean: Korean) -> None:
        self._stems: dict[str, list[tuple[str, ...]]] = {}
        self._nouns: dict[str, list[re.Pattern[str]]] = {}
        for key, relation in ontology.relations.items():
            words = dict.fromkeys((*relation.questions, _without_kind(relation.label, ontology)))
            stems = dict.fromkeys(stem(word, korean) for word in words)
            alike = [tuple(word.split("+")) for held in stems for word in same("+".join(held))]
            self._stems[key] = list(dict.fromkeys((*stems, *alike)))
            self._nouns[key] = [_as_written(word) for word in words if word.split()[0] not in ASKED]
        self._alike: dict[str, set[str]] = {}
        for held in self._stems.values():
            single = {asked[0] for asked in held if len(asked) == 1}
            for form in single:
                self._alike.setdefault(form, set()).update(single)

    def words(self, question: Question, relation: Relation) -> frozenset[int]:
        """Indexes of the words that ask for ``relation`` or its inverse; question words (어디, 언제) do not count.

        Where the answer says that something exists, 있다 beside such a word is one, too.
        """
        found = self._asking(question, relation.key)
        # Between people both ways round are possible: there 후임 must not ask for 전임.
        if relation.inverse and (found or relation.domain != relation.range):
            found |= self._asking(question, relation.inverse)
        if found and relation.answer.endswith("있습니다."):
            found |= {word.index for word in question.words if word.form == "있"}
        return frozenset(found)

    def _asking(self, question: Question, key: str) -> set[int]:
        forms = ["있" if word.form == "없" else word.form for word in question.words]  # whether it is, or is not
        found: set[int] = set()
        for asked in self._stems[key]:
            for start in range(len(forms) - len(asked) + 1):
                if asked and tuple(forms[start : start + len(asked)]) == asked and asked[0] not in ASKED:
                    found.update(word.index for word in question.words[start : start + len(asked)])
        starts, ends = {word.start for word in question.words}, {word.end for word in question.words}
        for pattern in self._nouns[key]:
            for match in pattern.finditer(question.text):
                whole = match.end("word") in ends or match.end("word") < match.end()
                if match.start() in starts and whole and _begins_word(question.text, match.start()):
                    found.update(w.index for w in question.words if match.start() <= w.start < match.end())
        return found

    def asks(self, question: Question, relation: Relation) -> bool:
        """Whether a question word alone asks for ``relation`` ('본사는 어디야?')."""
        return any((word.form,) in self._stems[relation.key] for word in question.asks)

    def alike(self, form: str) -> frozenset[str]:
        """Words by which the same relations are asked for, itself included: 대다, 공급, 납품."""
        return frozenset({form, *(word for word in same(form) if "+" not in word), *self._alike.get(form, ())})


def _without_kind(label: str, ontology: Ontology) -> str:
    """A label without the noun that says what its objects are: '만든 배' is asked for by '만든'."""
    *words, last = label.split()
    return " ".join(words) if words and is_kind(last, ontology) else label


def _as_written(word: str) -> re.Pattern[str]:
    """A noun with or without its spaces; of a verb in 하다 also every form of 하다 behind it."""
    noun = word.removesuffix("하다") if word.endswith("하다") else word
    spelled = r"\s?".join(map(re.escape, noun.split()))
    return re.compile(rf"(?P<word>{spelled})" + (r"\s?[하한할함합해했]" if noun != word else ""))


def _begins_word(text: str, start: int) -> bool:
    return start == 0 or not text[start - 1].isalnum()


@lru_cache(maxsize=4)
def vocabulary_of(ontology: Ontology, korean: Korean) -> Vocabulary:
    """Made once per ontology (they compare by identity)."""
    return Vocabulary(ontology, korean)


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


def named_in(question: str, ontology: Ontology, korean: Korean) -> list[tuple[str, ...]]:
    """For each entity that a question names, all its names, the canonical one first."""
    read = read_question(question, names_of(ontology), ontology, korean)
    return list(dict.fromkeys(entity.names for slot in read.named for entity in slot.entities))


def asked_terms(question: str, ontology: Ontology, korean: Korean) -> list[tuple[str, ...]]:
    """What evidence must speak of: for each thing that is asked about, the words by which it may be named.

    Names by any alias, nouns by any like word. Who the world is about goes without saying.
    """
    alike = vocabulary_of(ontology, korean).alike
    named = named_in(question, ontology, korean)
    spelled = " ".join(name for names in named for name in names)
    nouns = [noun for noun in korean.nouns(question) if noun not in spelled and noun not in _POINTING]
    return [
        *(names for names in named if names[0] != ontology.subject),
        *((noun, *sorted(alike(noun) - {noun})) for noun in nouns),
    ]


@lru_cache(maxsize=4)
def names_of(ontology: Ontology) -> Names:
    """Compiled once per ontology (they compare by identity)."""
    return Names(ontology)


def stem(word: str, korean: Korean) -> tuple[str, ...]:
    """The content morphemes of a dictionary form: 설립하다 → 설립, 이끌다 → 이끌."""
    tokens = korean.tokenize(word)
    return tuple(token.form for token in tokens if token.tag.startswith((*_CONTENT, "VX")))
