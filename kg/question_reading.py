"""Reads a Korean question: whom it names and which words say what is asked, however people write it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest

from kiwipiepy import Token

from ingest import Korean
from kg.mentions import WORD_ENDS, Names
from kg.patterns import TITLES, Place, places
from kg.quantities import NUMERALS
from kg.questions import Question, Slot, Word
from kg.synonyms import MEASURED
from kg.types import Ontology
from kg.vocabulary import CONTENT, vocabulary_of

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
_HANJA_GLOSS = re.compile(r"\([㐀-鿿豈-﫿\s]+\)")
# What adds nothing to a question: 'the one' before a counter, and phrases that only point.
_FILLER = re.compile(
    r"(?<![가-힣])한\s(?:봉지|봉|병|개|통|판|팩|캔|상자|권|장|잔|자루|포대|알|명|사람)(?=(?:에|의|당|은|는|이|가)?(?![가-힣]))"
    r"|(?<![가-힣])한\s번(?:에)?(?![가-힣])|(?<![가-힣])(?:다\s?합쳐서?|다\s?합하면|모두\s?합해서?|통틀어서?)(?![가-힣])"
    r"|가르쳐\s?(?:줘|주세요|주십시오|줄래요?|주실래요?|주시겠어요|달라)"
    r"|^이\s(?:소설|작품|회사|가게|도서관|제품|이야기|기관|단체)(?=(?:의|은|는|에서|에)?\s)(?:의|은|는|에서|에)?"
    r"|(?:에|을|를)?\s?나?가려면|(?:으로|로)\s가야\s?[가-힣]+"
    r"|(?:을|를)?\s?기준(?:으로|으론)(?:는)?(?![가-힣])|(?<![가-힣])(?:(?:지금|현재|요즘)\s(?:만드는|파는|판매하는|나오는)|요즘|요새|오늘날)|(?<=로)\s남아\s?있[가-힣]*"
)
# Somebody by surname and title ('문 소장님'); with a space some surnames are other words, too.
_SURNAMED = re.compile(rf"(?<![가-힣])([가-힣]{{1,2}})(\s?)({TITLES})님?{WORD_ENDS}")
_NO_SURNAMES = frozenset(["이", "그", "저", "한", "두", "세", "네", "전", "현", "총", "부", "각", "온"])
_BEHIND_NAME = re.compile(rf"\s?(?:{TITLES})님?{WORD_ENDS}")
# 'How much does it come to?' asks for an amount, as 얼마 does.
_COMING_TO = frozenset(["되", "걸리", "들", "하", "남", "내", "받", "많", "필요"])
_WORKING, _PEOPLE = ("일하", "일", "근무", "재직"), ("사람", "분", "인원")
# '진묵국의 세 주 가운데 어느 …': whose they are and how many goes without saying.
_OF_THEM = re.compile(rf"의\s(?:{'|'.join(NUMERALS)})\s[가-힣]+\s(?:가운데|중)(?:에서|에)?(?=\s(?:어느|어떤|무슨))")
_SCRIPTS = frozenset(["영문", "영어", "한자", "로마자", "한글", "알파벳"])


def read_question(text: str, names: Names, ontology: Ontology, korean: Korean) -> Question:
    """What is named in a question and which words are left. Accepts NFD; glosses in Hanja are dropped: 도(道)."""
    text = _HANJA_GLOSS.sub("", unicodedata.normalize("NFC", text)).strip()
    found = places(names.find(text))
    found = sorted([*found, *_surnamed(text, found, ontology)], key=lambda place: place.start)
    aside = [(p.start, of_them.end()) for p in found if (of_them := _OF_THEM.match(text, p.end))]
    found = [place for place in found if not any(start == place.start for start, _ in aside)]
    named = tuple({place.entities: Slot(place.start, place.end, place.entities) for place in reversed(found)}.values())
    tokens = tuple(korean.tokenize(text))
    silent = [(p.start, p.end) for p in found] + [f.span() for f in _FILLER.finditer(text)]
    silent += aside
    silent += [title.span() for p in found if _is_person(p, ontology) and (title := _BEHIND_NAME.match(text, p.end))]
    words = [
        Word(index, *_reading(tokens, index), token.start, token.start + token.len)
        for index, token in enumerate(tokens)
        if (token.tag.startswith(CONTENT) or _is_verb(tokens, index))
        and not any(start < token.start + token.len and token.start < end for start, end in silent)
    ]
    words = [word for word in words if not _is_before_person(word, tokens, found, ontology)]
    mentioned = frozenset(entity.name for place in found for entity in place.entities)
    words = _staff(_whole(words, ontology))
    return Question(text, named[::-1], tokens, tuple(_measuring(words)), 0, mentioned)


def _is_before_person(word: Word, tokens: Sequence[Token], found: Sequence[Place], ontology: Ontology) -> bool:
    """Whether a noun only says what somebody is who is named next: '만화가 도깨비풀'."""
    followed = any(token.start == word.end for token in tokens)
    return word.noun and not followed and any(p.start == word.end + 1 and _is_person(p, ontology) for p in found)


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


def _staff(words: Sequence[Word]) -> list[Word]:
    """The words, with those who work somewhere called its 직원 where they are counted: '일하는 사람이 몇 명', '몇 명이
    일해요'."""
    if not any(word.form == "몇" for word in words):
        return list(words)
    whole: list[Word] = []
    for word in words:
        if word.form in _WORKING and [held.form for held in whole[-2:]] == ["몇", "명"]:
            whole.append(replace(word, form="직원", tag="NNG"))
        elif whole and word.form in _PEOPLE and whole[-1].form in _WORKING:
            whole[-1] = replace(word, form="직원", start=whole[-1].start)
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
