"""Stories into scenes, each with what is known of it and a request that it would answer.

Knows nothing of files or of the ledger: text in, spans and examples out, always the same for the same text. A scene is
cut where the author cut (break lines, chapter headings, wide gaps), else by length between paragraphs. What is known
is read off morphemes: no model is asked, so a field stays empty where the words do not tell.
"""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, zip_longest
from statistics import median_low
from typing import TYPE_CHECKING

from ingest.korean import Korean
from ingest.types import Example

if TYPE_CHECKING:
    from kiwipiepy import Token

# Characters. A quotation is believed up to the longest scene: a mark that is never closed protects nothing.
_TARGET = 700
_LONGEST = 1200
_SHORT_LINE = 40

_BREAK = re.compile(r"[*＊#◇◆□■○●◎△▲▽▼☆★※§❖✦✧♣♠•·\s]+|[-–—―─_=~∼\s]{3,}")
_CHAPTER = re.compile(
    r"#{1,6}(?:[ \t]+\S.*|[ \t]*\d+\.?)"
    r"|제\s*[\d一二三四五六七八九十일이삼사오육칠팔구십]+\s*[장화부편막회](?:[\s.:·-].*)?"
    r"|프롤로그|에필로그|서장|종장|막간|외전(?:\s*\d+)?"
    r"|(?i:prologue|epilogue|chapter\s+\w+(?:[\s.:·-].*)?)"
)
_NUMBER = r"(?:\d{1,3}[장화부편막회]?|[IVX]{1,5}|[Ⅰ-Ⅻ]|[一二三四五六七八九十]{1,3})"
_BARE_NUMBER = re.compile(rf"{_NUMBER}[.)]?")
_NUMBERED = re.compile(rf"(?:{_NUMBER}[.)]|\d{{1,3}}[장화부편막회]|프롤로그|에필로그|외전)[.:]?[ \t]+\S.*")
_ENDS_SENTENCE = re.compile(r"[.!?…”’\"'」』,다요까]$")
_SLUG = re.compile(r"(?:S\s*#|씬|장면|(?i:scene))\s*#?\s*\d+\b.*")

# Speech and thought. Paragraphs of one speech may each open again. A lone mark must not swallow narration, so a
# straight one opens before a word and closes behind one. Lines of a script («강솔: …»), lines behind a dash and
# windows of a game («[레벨이 올랐습니다]») are speech as well.
_QUOTATION = re.compile(
    rf"(?:“[^“”\n]{{1,{_LONGEST}}}\n\s*){{1,9}}“[^“”\n]{{1,{_LONGEST}}}”"
    rf"|[“\"](?=\S)[^“”\"]{{1,{_LONGEST}}}(?<=\S)[”\"]"
    rf"|「[^「」]{{1,{_LONGEST}}}」|『[^『』]{{1,{_LONGEST}}}』|‘[^‘’]{{1,{_LONGEST}}}’"
    r"|(?<![^\s(])'(?=\S)[^'\n]+(?<=\S)'"
    r"|^[ \t]*[-–—―][ \t]?[^\s\-–—―][^\n]*"
    r"|^[ \t]*[가-힣A-Za-z0-9 ]{1,10}:[ \t][^\n]+"
    r"|^[ \t]*\[[^\[\]\n]+\][ \t]*$",
    re.MULTILINE,
)

_WORD = re.compile(r"\S+")

_MANY_SPEECHES = 0.3  # share of characters
_PAST = 0.5  # share of sentences
_AGREED = 0.8  # share of scenes
_TAGS = 3
_WISHES = 2


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOUNS = ("NNG", "NNP", "NP", "SL", "SH", "XPN", "XSN")
# Nouns that a request is never about: they could stand in any scene.
_EMPTY_NOUNS = _set(
    "사람 생각 말 소리 모양 얼굴 마음 자기 자신 서로 정도 이야기 경우 무엇 하나 둘 오늘 내일 어제 지금 이때 그때 그날 "
    "다음 동안 사이 때문 이번 처음 나중 순간 전부 모두 대답 고개 눈 손 몸 입 발 코 귀 숨 힘 맛 뜻 등 앞 뒤 속 겉 위 "
    "밑 안 밖 옆 곁 끝 길 일 때 수 듯 점 중 쪽 채 전 후 뿐 원 날 남 놈 년 번 데 곳 것 줄 터 바 양 판 품 대로 아래 "
    "이상 이하 가운데 한참 만큼 먼저 이튿날 하루 이틀 사흘 누구 여기 거기 저기 이것 그것 저것 모습 느낌 시작 그동안 "
    "한번 조금 약간 정말 진짜 아까 방금 요새 요즘 요사이 당장 목소리 눈물 가슴 머리 입술 어깨 손가락 짓 꼴 체 척 셈 "
    "참 물론 오래 자리 상태 문제 의미 이유 시간 세상 필요 가지 반 개 명 마리 장 권 잔 채로 자체 자꾸 계속 허리 팔 "
    "다리 뺨 목 이마 주먹 턱 시선 기색 눈길 한숨 웃음 정신 기회 온몸 멋 이 혀 너머 건너 이후 이전 마찬가지 인제 노릇 "
    "구경 핑계 근처 구석 갑절 곱쟁이 덕분 관계 소용 방안 며칠 사방 대부분 가락 작정 궁리 걸음 판국 눈앞 비 눈 안개 바람"
)
_SHORT_THINGS = _set("닭 개 소 술 돈 밥 떡 꽃 물 불 칼 총 옷 책 문 방 집 약 빵 별 달 짐 배 산 강")
_PERSONS = _set(
    "어머니 아버지 엄마 아빠 할머니 할아버지 아내 남편 마누라 아들 딸 누나 언니 오빠 동생 아저씨 아주머니 아줌마 "
    "삼촌 이모 고모 선생 선생님 친구 아이 소년 소녀 노인 여자 남자 사내 청년 처녀 계집애 손님 주인 학생 의사 간호사 "
    "기사 형사 경찰 군인 병사 임금 왕자 공주 황제 기자 작가 사장 과장 대리 직원 노파 여인 신사 영감 형님 아가씨"
)
_NO_NAMES = _set("사람 남 자기 자신 서로 식구 놈 년 것 일 우리 저희 너희 여러분 누구 모두 하나 둘 이것 그것")
_PLACE = re.compile(
    r"산|섬|논|절|성|숲|배|다리|.*(?<![영구지])역"
    r"|.*(?:집|방|부엌|마당|마루|거실|골목|거리|시장|가게|상점|학교|교실|병원|정류장|공원|다방|카페|식당|객잔|회사|사무실"
    r"|공장|창고|옥상|지하실|지하철|버스|기차|전차|항구|바닷가|강가|들판|밭|마을|동네|궁궐|황궁|교회|성당|무덤|묘지|감옥"
    r"|취조실|법정|도서관|서점|극장|무대|우물|엘리베이터|계단|복도|현관|화장실|기숙사|편의점|호텔|여관|주막|동굴|우주선"
    r"|정거장|놀이터|운동장|객실|침실|서재|목욕탕)"
)
_TIMES = ("새벽", "아침", "한낮", "저녁", "한밤중", "밤")
# What stands before 날 or 밤, and the verbs that say that there is such weather.
_WEATHER: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "비": ("비 오는", ("오", "내리", "쏟아지", "퍼붓")),
    "눈": ("눈 오는", ("오", "내리", "쌓이", "퍼붓")),
    "안개": ("안개 낀", ("끼", "깔리", "덮이")),
    "바람": ("바람 부는", ("불",)),
}

_SUBJECT = ("이", "가", "은", "는", "ᆫ", "께서")
_COUNTS = ("SN", "NR", "NNB")  # what they count says too little without them
_CASES = (*_SUBJECT, "을", "를", "에", "에서", "의", "와", "과", "도")
_AIM = ("에", "으로", "로")
_TO_PERSONS = ("에게", "한테", "께", "께서", "더러", "에게서", "한테서")
_AFTER_VOWEL = {"이": "가", "과": "와", "으로": "로"}
_NICKNAME = re.compile(r"([가-힣]{1,3}이)(가|를|는|의|에게|한테|와|도)")
_HANGUL = re.compile(r"[가-힣]+")
_PLAIN = re.compile(r"[가-힣A-Za-z ]+")

# Endings behind which something has happened: not 먹으면, 먹지, 먹으려고.
_HAPPENS = ("고", "며", "면서", "어", "아", "어서", "아서", "자", "다가", "더니", "으며", "으면서", "자마자")
_LINKS = ("어", "아", "고", "다")
_HELPERS = ("주", "버리")
# Verbs that say too little by themselves.
_NO_ACTS = _set(
    "데리 대하 위하 의하 관하 따르 인하 통하 비롯하 향하 가지 지니 있 없 되 보이 같 나 말 이르 비하 그러 이러 삼 띠 "
    "보 하 들 치 쓰 두 내 먹이 당하 시키 받 잡 놓 모르 알 싶 의지하 못하 아니하 "
    "올리 내리 대 살리 거치 채우 끼 차 걸 붙 붙이 띄우 다하 부리 떨 맡기 이루 짓 연하 사르 돋구 "
    "좋아하 싫어하 느끼 바라 생각하"
)
_MOVES = re.compile(r"(?:가|오|앉|눕|서|숨|뛰어드|달리|달아나|달려드|떠나|오르|내리|모이|도착하|쓰러지|엎드리|걷)는")
_ALONE = re.compile(
    r"(?:울|웃|죽|잠드|달아나|뛰|걷|앉|눕|떠나|돌아오|돌아가|쓰러지|나가|들어오|일어나|기다리|도망치|싸우|춤추|노래하|헤어지)는"
)
# Weights: an act without object, one whose subject is told, one of a noun and 하다 (후회하다, 용납하다).
_BARE_ACT = 0.3
_WHO_IS_TOLD = 3.0
_ABSTRACT_VERB = 0.5

_LEVELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("해요체", re.compile(r"[요죠]$")),
    ("하십시오체", re.compile(r"(?:니다|[ᆸ습]니까|시오|시다|더이다|나이다|소서)$")),
    ("하오체", re.compile(r"(?:^소|으오|^오|구려|구료|리다|디다)$")),
    ("해라체", re.compile(r"(?:다|라|랴|냐|자|구나|가|니)$")),
    ("해체", re.compile(r"(?:어|아|야|지|네|거든|게|걸|니까|데)$")),
)
_LEVEL_WISHES = {"해요체": "해요체", "하십시오체": "하십시오체", "하오체": "하오체", "해체": "반말"}
_RIEUL = 8  # ㄹ among the final consonants of Unicode syllables
_ENDINGS = ("써 줘", "써 주세요", "써줘")


@dataclass(frozen=True, slots=True)
class Scene:
    """Characters ``start`` to ``end`` (exclusive) of the text that was cut, and what is known of them."""

    start: int
    end: int
    example: Example


def scenes(text: str, korean: Korean, genre: str = "") -> list[Scene]:
    """The scenes of ``text`` in order: trimmed, not overlapping, without break lines and chapter headings.

    What stands between two breaks of the author is one scene up to 1,200 characters; longer stretches are cut into
    scenes of about 700: between paragraphs, in endless paragraphs between sentences, in endless sentences between
    words, never inside a quotation of up to 1,200 characters.
    """
    places = list(_places(text, korean))
    read = [_read(text[start:end], korean) for start, end in places]
    names = _nicknames(word for passage in read for word in passage.words)
    read = [_renamed(passage, names) for passage in read]
    story = _Story(read, names)
    return [
        Scene(start, end, _example(passage, story, genre)) for (start, end), passage in zip(places, read, strict=True)
    ]


# Cutting.

_Place = tuple[int, int]


class _Quotations:
    """Where speech and thought stand in a text."""

    def __init__(self, text: str) -> None:
        self.places = [_trimmed(text, *match.span()) for match in _QUOTATION.finditer(text)]
        self._starts = [start for start, _ in self.places]

    def cover(self, position: int) -> bool:
        """Whether the character at ``position`` belongs to a quotation."""
        index = bisect_right(self._starts, position) - 1
        return index >= 0 and position < self.places[index][1]

    def run_over(self, position: int) -> bool:
        """Whether a cut before ``position`` would tear a quotation."""
        index = bisect_left(self._starts, position) - 1
        return index >= 0 and position < self.places[index][1]


def _places(text: str, korean: Korean) -> Iterator[_Place]:
    quotations = _Quotations(text)
    for paragraphs in _stretches(text, quotations):
        whole = _joined(paragraphs, quotations)
        yield from _packed([part for place in whole for part in _sentences(text, place, quotations, korean)])


def _stretches(text: str, quotations: _Quotations) -> Iterator[list[_Place]]:
    """The paragraphs between breaks of the author. A gap is a break where it is wider than gaps of this text are."""
    places = [_trimmed(text, *match.span()) for match in re.finditer(r"\S[^\n]*", text)]
    lines = [text[start:end] for start, end in places]
    gaps = [text.count("\n", end, start) for (_, end), (start, _) in pairwise(places)]
    wide = max(3, median_low(gaps) + 1) if gaps else 3
    around = [wide, *gaps, wide]
    stretch: list[_Place] = []
    for index, (place, line) in enumerate(zip(places, lines, strict=True)):
        spoken = quotations.run_over(place[0])
        alone = min(around[index : index + 2]) > 1
        heading = not spoken and (
            _BREAK.fullmatch(line) or _is_heading(line, lines[max(0, index - 1) : index + 2], alone)
        )
        if stretch and (heading or (not spoken and (around[index] >= wide or _is_slug(line)))):
            yield stretch
            stretch = []
        if not heading:
            stretch.append(place)
    if stretch:
        yield stretch


def _is_heading(line: str, neighbours: Sequence[str], alone: bool) -> bool:
    """Whether ``line`` is a chapter heading; numbers one below the other are a list or a countdown."""
    if len(line) > _SHORT_LINE:
        return False
    if _CHAPTER.fullmatch(line):
        return True
    if sum(bool(_BARE_NUMBER.fullmatch(other) or _NUMBERED.fullmatch(other)) for other in neighbours) > 1:
        return False
    titled = alone and _NUMBERED.fullmatch(line) and not _ENDS_SENTENCE.search(line)
    return bool(titled or _BARE_NUMBER.fullmatch(line))


def _is_slug(line: str) -> bool:
    """A scene heading of a script tells the place, so it stays in its scene."""
    return len(line) <= _SHORT_LINE and bool(_SLUG.fullmatch(line))


def _joined(places: Sequence[_Place], quotations: _Quotations) -> list[_Place]:
    """Neighbours that one quotation runs over become one."""
    joined: list[_Place] = []
    for start, end in places:
        if joined and quotations.run_over(start):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _sentences(text: str, place: _Place, quotations: _Quotations, korean: Korean) -> list[_Place]:
    """``place`` itself; its sentences where it is longer than a scene may be; the words of one that still is."""
    start, end = place
    if end - start <= _LONGEST:
        return [place]
    found = [_trimmed(text, start + first, start + last) for first, last in korean.sentences(text[start:end])]
    parts: list[_Place] = []
    for first, last in _joined(found, quotations):
        if last - first > _LONGEST:
            parts.extend(match.span() for match in _WORD.finditer(text, first, last))
        else:
            parts.append((first, last))
    return _joined(parts, quotations)


def _packed(units: Sequence[_Place]) -> list[_Place]:
    """``units`` put together so that the squares of the distances from the target length are least."""
    if units[-1][1] - units[0][0] <= _LONGEST:
        return [(units[0][0], units[-1][1])]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for last in range(len(units)):
        options = []
        for first in range(last, -1, -1):
            length = units[last][1] - units[first][0]
            if length > _LONGEST and first < last:
                break
            options.append((best[first][0] + (length - _TARGET) ** 2, first))
        best.append(min(options))
    packed = []
    last = len(units)
    while last:
        first = best[last][1]
        packed.append((units[first][0], units[last - 1][1]))
        last = first
    return packed[::-1]


def _trimmed(text: str, start: int, end: int) -> _Place:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


# Reading.


@dataclass(frozen=True, slots=True)
class _Word:
    """One 어절: the nouns with which it begins, as written ("" for a pronoun), and the particle behind them."""

    written: str
    noun: str
    particle: str
    tokens: tuple[Token, ...]
    sentence: int


@dataclass(frozen=True, slots=True)
class _Passage:
    """The text of one scene, the share of speech in it, and the words of all of it and of its narration."""

    text: str
    spoken: float
    narrated: tuple[Token, ...]
    words: tuple[_Word, ...]
    narration: tuple[_Word, ...]


def _read(text: str, korean: Korean) -> _Passage:
    quotations = _Quotations(text)
    tokens = korean.tokenize(text)
    narrated = tuple(token for token in tokens if not quotations.cover(token.start))
    spoken = sum(end - start for start, end in quotations.places) / len(text)
    return _Passage(text, spoken, narrated, _words(text, tokens), _words(text, narrated))


def _words(text: str, tokens: Iterable[Token]) -> tuple[_Word, ...]:
    words = []
    for (sentence, _), group in groupby(tokens, key=lambda token: (token.sent_position, token.word_position)):
        parts = [t for t in group if t.tag[0] not in "SW" or t.tag in ("SL", "SH", "SN")]
        if not parts:
            continue
        written = text[parts[0].start : parts[-1].start + parts[-1].len]
        count = next((i for i, token in enumerate(parts) if token.tag not in _NOUNS), len(parts))
        rest = parts[count:]
        particle = rest[0].form if count and rest and rest[0].tag[0] == "J" else ""
        if count > 1 and parts[count - 1].form in ("들", "네"):
            count -= 1
        is_noun = count and parts[0].tag != "NP" and (particle or not rest)
        noun = text[parts[0].start : parts[count - 1].start + parts[count - 1].len] if is_noun else ""
        words.append(_Word(written, noun, particle, tuple(parts), sentence))
    return tuple(words)


class _Story:
    """What only the whole text tells: who is a person in it, and which nouns are rare."""

    def __init__(self, passages: Sequence[_Passage], names: frozenset[str]) -> None:
        self.persons = names | _persons(word for passage in passages for word in passage.words)
        self.point_of_view = _narrator(passages)
        self._scenes = len(passages)
        self._holding = Counter(noun for passage in passages for noun in {word.noun for word in passage.words})

    def rarity(self, noun: str) -> float:
        """Inverse document frequency, a scene being the document (Spärck Jones 1972), never zero."""
        return math.log((self._scenes + 1) / (self._holding[noun] + 0.5))

    def is_thing(self, noun: str) -> bool:
        """Whether a request may be about ``noun``, which is no person."""
        told = len(noun) > 1 or noun in _SHORT_THINGS
        known = noun in _EMPTY_NOUNS or noun in _TIMES or noun in self.persons
        return told and not known and bool(_HANGUL.fullmatch(noun))


def _nicknames(words: Iterable[_Word]) -> frozenset[str]:
    """Names with 이 behind a final consonant (점순이), which the analyser takes apart: it does not know them."""
    particles: defaultdict[str, set[str]] = defaultdict(set)
    for word in words:
        found = _NICKNAME.fullmatch(word.written)
        if found and word.noun != found[1] and _has_final(found[1][-2]):
            particles[found[1]].add(found[2])
    return frozenset(name for name, seen in particles.items() if len(seen) > 1 and seen & {"가", "를", "에게", "한테"})


def _renamed(passage: _Passage, names: frozenset[str]) -> _Passage:
    def renamed(word: _Word) -> _Word:
        found = _NICKNAME.fullmatch(word.written)
        return replace(word, noun=found[1], particle=found[2]) if found and found[1] in names else word

    return replace(
        passage,
        words=tuple(renamed(word) for word in passage.words),
        narration=tuple(renamed(word) for word in passage.narration),
    )


def _persons(words: Iterable[_Word]) -> frozenset[str]:
    """Nouns that are known for persons, or that are given or told something (에게, 한테, 더러) or honoured (께서)."""
    used: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word in words:
        if word.noun and word.noun not in _NO_NAMES and not (len(word.noun) == 1 and word.tokens[0].tag == "NNG"):
            used[word.noun][word.particle] += 1
    return frozenset(
        noun
        for noun, particles in used.items()
        if noun in _PERSONS or (sum(particles.values()) > 2 and any(particles[particle] for particle in _TO_PERSONS))
    )


def _example(passage: _Passage, story: _Story, genre: str) -> Example:
    finals = _finals(passage.narrated)
    speech_level = _speech_level(finals)
    known = Example(
        request="",
        genre=genre,
        point_of_view=story.point_of_view or _point_of_view(passage),
        tense=_tense(finals),
        speech_level=speech_level,
        tags=(*_telling(passage, story)[:_TAGS], *(("대화",) if passage.spoken >= _MANY_SPEECHES else ())),
    )
    return replace(known, request=_request(passage, story, known))


def _finals(narrated: Sequence[Token]) -> list[tuple[str, bool]]:
    """The final ending of each sentence, and whether a past tense stands before it."""
    finals = []
    for (before, ending), mark in zip_longest(pairwise(narrated), narrated[2:]):
        if ending.tag == "EF" or (ending.tag == "EC" and mark and mark.tag == "SF"):
            finals.append((ending.form, before.form in ("었", "았", "였") and before.tag == "EP"))
    return finals


def _point_of_view(passage: _Passage) -> str:
    """Whom the narration speaks of: 나, 당신 or others; "" where there is no narration.

    One 나 among others is a thought of theirs, one 저 may mean oneself (저도 모르게), outside polite narration always.
    """
    speech_level = _speech_level(_finals(passage.narrated))
    if not speech_level:
        return ""
    pronouns = Counter(token.form for token in passage.narrated if token.tag == "NP")
    polite = speech_level in ("해요체", "하십시오체")
    first = sum(pronouns[form] for form in ("나", "내", "우리", *(("저", "제", "저희") if polite else ())))
    second = sum(pronouns[form] for form in ("너", "네", "당신", "그대"))
    third = sum(pronouns[form] for form in ("그", "그녀", "그들", "그이"))
    if second > 2 and second > 2 * first and second >= third:
        return "2인칭"
    return "1인칭" if first > 1 or (first > third and not polite) else "3인칭"


def _narrator(passages: Sequence[_Passage]) -> str:
    """The point of view that most scenes agree on, or "": some stories have letters and frames."""
    found = Counter(filter(None, map(_point_of_view, passages)))
    name, count = max(found.items(), key=lambda item: item[1], default=("", 0))
    return name if count >= _AGREED * found.total() else ""


def _tense(finals: Sequence[tuple[str, bool]]) -> str:
    """A tale in the past has sentences in the present (what is always so, what is quoted), but not the other way."""
    if not finals:
        return ""
    return "과거" if sum(past for _, past in finals) >= _PAST * len(finals) else "현재"


def _speech_level(finals: Sequence[tuple[str, bool]]) -> str:
    levels = Counter(level for form, _ in finals for level in _level(form))
    return levels.most_common(1)[0][0] if levels else ""


def _level(form: str) -> list[str]:
    return [level for level, pattern in _LEVELS if pattern.search(form)][:1]


def _telling(passage: _Passage, story: _Story) -> list[str]:
    """Nouns that tell this scene from the others of its story, best first (tf-idf)."""
    counts = Counter(word.noun for word in passage.words if len(word.noun) > 1 and word.particle in _CASES)
    things = (noun for noun in counts if story.is_thing(noun))
    return sorted(things, key=lambda noun: (-counts[noun] * story.rarity(noun), noun))


# Requests.


class _Choice:
    """Choices that look free and are always the same for the same text."""

    def __init__(self, text: str) -> None:
        self._left = int.from_bytes(hashlib.sha256(text.encode()).digest())

    def of(self, *options: str) -> str:
        """One of ``options``."""
        self._left, index = divmod(self._left, len(options))
        return options[index]


@dataclass(frozen=True, slots=True)
class _Act:
    """Somebody does something: the subject with its particle or "", what is done, how telling that is."""

    who: str
    doing: str
    has_object: bool
    weight: float


def _request(passage: _Passage, story: _Story, known: Example) -> str:
    """What a writer might have asked for to get this scene: its most telling act, where and when, and how to write."""
    choice = _Choice(passage.text)
    acts = _acts(passage, story, known.point_of_view == "1인칭")
    act = min(acts, key=lambda each: (-each.weight, each.doing), default=None)
    persons = [name for name in _appearing(passage, story) if not act or name not in f"{act.who} {act.doing}"]
    scene = f"{_setting(passage, act)} {_about(act, persons, known)}".strip()
    wishes = _manner(passage, known, choice)
    if act and persons and len(wishes) < _WISHES and (not act.who or choice.of("", "one more")):
        wishes.insert(0, f"{persons[0]}도 {choice.of('나오게', '등장하게')}")
    wish, ending = ", ".join(wishes), choice.of(*_ENDINGS)
    if not wish:
        return choice.of(f"{scene} {ending}", f"{scene}을 {ending}")
    return choice.of(f"{scene}을 {wish} {ending}", f"{scene} {ending}. {wish}", f"{scene}. {wish} {ending}")


def _about(act: _Act | None, persons: Sequence[str], known: Example) -> str:
    """A noun phrase that ends in 장면."""
    if act:
        return f"{act.who} {act.doing} 장면".strip()
    things = [tag for tag in known.tags if tag != "대화"]
    match persons, things:
        case [one, other, *_], _:
            together = "이야기를 나누는" if "대화" in known.tags else "나오는"
            return f"{_with(one, '과')} {_with(other, '이')} {together} 장면"
        case [one], [thing, *_]:
            return f"{_with(one, '과')} {thing} 이야기가 나오는 장면"
        case [one], _:
            return f"{_with(one, '이')} 나오는 장면"
        case _, [thing, *_]:
            return f"{thing} 이야기가 나오는 장면"
    return f"{known.genre} 한 장면".strip()


def _manner(passage: _Passage, known: Example, choice: _Choice) -> list[str]:
    """How it is to be written, as far as that is not what everybody does."""
    styles = [known.point_of_view] if known.point_of_view in ("1인칭", "2인칭") else []
    if known.speech_level in _LEVEL_WISHES:
        styles.append(_LEVEL_WISHES[known.speech_level])
    elif known.tense == "현재" and choice.of("", "say so"):
        styles.append("현재형")
    wishes = [_with(" ".join(styles), "으로")] if styles else []
    if "대화" in known.tags:
        wishes.append(choice.of("대화 위주로", "대화를 많이 넣어서"))
    elif not passage.spoken and choice.of("", "", "say so"):
        wishes.append("대화 없이")
    return wishes


def _setting(passage: _Passage, act: _Act | None) -> str:
    """Weather, time and place, as far as the narration tells them."""
    words = passage.narration
    weather = next(filter(None, map(_weather, words, words[1:], words[2:])), "")
    time = _most(word.noun for word in words if word.noun in _TIMES and word.particle in ("", "에"))
    when = f"{weather} {time or '날'}에" if weather else f"{time}에" if time else ""
    place = _most(word.noun for word in words if word.particle == "에서" and _PLACE.fullmatch(word.noun))
    if not place or (act and (not act.has_object or place in act.doing)):
        return when
    return f"{when} {place}에서".strip()


def _weather(name: _Word, *after: _Word) -> str:
    if name.noun not in _WEATHER or name.particle not in _SUBJECT:
        return ""
    words, verbs = _WEATHER[name.noun]
    for word in after:
        if word.written in ("안", "아니", "못"):
            return ""
        if word.tokens[0].form in verbs:
            return "" if any(token.form == "ᆯ" for token in word.tokens) else words
    return ""


def _appearing(passage: _Passage, story: _Story) -> list[str]:
    """The persons of the scene, the most named one first."""
    counts = Counter(word.noun for word in passage.words if word.noun in story.persons and word.particle)
    return sorted(counts, key=lambda name: (-counts[name], name))


def _most(nouns: Iterable[str]) -> str:
    counts = Counter(nouns)
    return min(counts, key=lambda noun: (-counts[noun], noun), default="")


# Acts.


def _acts(passage: _Passage, story: _Story, first: bool) -> Iterator[_Act]:
    """Objects and aims with the verb behind them, and persons with theirs, where the narration says it has happened."""
    words = passage.narration
    counts = Counter(word.noun for word in passage.words)
    for index, (word, verb) in enumerate(pairwise(words)):
        if word.sentence != verb.sentence or not (story.is_thing(word.noun) or word.noun in story.persons):
            continue
        doing = _doing([token for each in words[index + 1 : index + 3] for token in each.tokens], passage.text)
        if not doing:
            continue
        if word.particle in _SUBJECT and word.noun in story.persons and _ALONE.fullmatch(doing):
            yield _Act(_with(word.noun, "이"), doing, False, _BARE_ACT)
        if index and words[index - 1].tokens[-1].tag in _COUNTS:
            continue
        who = _who(words, index, story, first)
        has_object = word.particle in ("을", "를")
        moves = word.particle in _AIM and who and _MOVES.search(doing)
        if (moves or (has_object and who is not None)) and _PLAIN.fullmatch(word.written):
            told = (_WHO_IS_TOLD if who else 1.0) * (1.0 if verb.tokens[0].tag.startswith("VV") else _ABSTRACT_VERB)
            weight = counts[word.noun] * story.rarity(word.noun) * told
            yield _Act(who or "", f"{word.written} {doing}", has_object, weight)


def _doing(tokens: Sequence[Token], text: str) -> str:
    """The verb with which ``tokens`` begin in its form before a noun (먹었다 → 먹는); "" for what is no act."""
    stem = 1 if tokens[0].tag.startswith("VV") else 2 if [t.tag for t in tokens[:2]] == ["NNG", "XSV"] else 0
    if not stem or "".join(token.form for token in tokens[:stem]) in _NO_ACTS:
        return ""
    last = tokens[stem - 1]
    endings = [token for token in tokens[stem:] if token.tag != "EP"]
    match endings:
        case [link, helper, *_] if link.form in _LINKS and helper.tag == "VX" and helper.form in _HELPERS:
            last = helper
        case [ending, *_] if ending.tag == "EF" or (ending.tag == "EC" and ending.form in _HAPPENS):
            pass
        case _:
            return ""
    doing = text[tokens[0].start : last.start] + _before_noun(last.form)
    return doing if _PLAIN.fullmatch(doing) else ""


def _who(words: Sequence[_Word], index: int, story: _Story, first: bool) -> str | None:
    """The subject of ``words[index]`` with 이 or 가; "" where it is left out, None where it is nothing to ask for.

    A person stays the subject over clauses and one sentence's end, and is who 그 is; others only within their clause.
    """
    in_clause = True
    for word in reversed(words[:index]):
        if words[index].sentence - word.sentence > 1:
            return ""
        in_clause = in_clause and not any(token.tag[0] == "V" for token in word.tokens)
        if word.particle not in _SUBJECT or word.noun == words[index].noun:
            continue
        acts = story.is_thing(word.noun) and not _PLACE.fullmatch(word.noun)
        if word.noun in story.persons or (in_clause and acts):
            return _with(word.noun, "이")
        if first and word.tokens[0].form in ("나", "저"):
            return "내가"
        if in_clause and word.tokens[0].tag != "NP":
            return None
    return ""


# Particles and endings.


def _with(word: str, particle: str) -> str:
    """``word`` and the form of ``particle`` (given in the form behind a consonant) that belongs behind it."""
    bare = not _has_final(word[-1]) or (particle == "으로" and (ord(word[-1]) - ord("가")) % 28 == _RIEUL)
    return word + (_AFTER_VOWEL[particle] if bare else particle)


def _has_final(letter: str) -> bool:
    """Whether a syllable ends in a consonant, or the Korean name of a Latin letter does (엘, 엠, 엔, 알)."""
    if "가" <= letter <= "힣":
        return (ord(letter) - ord("가")) % 28 > 0
    return letter.lower() in "lmnr"


def _before_noun(stem: str) -> str:
    """The present form of a verb before a noun: 먹는, 만드는 (ㄹ falls away)."""
    if (ord(stem[-1]) - ord("가")) % 28 == _RIEUL:
        stem = stem[:-1] + chr(ord(stem[-1]) - _RIEUL)
    return stem + "는"
