"""Everyday Korean words for one and the same thing: native and Sino-Korean, noun and verb.

Of the language, not of any world. Words are morphemes as the analyser gives them, two of them joined by +. What people
call kinds of things is in ``kg.kinds``.
"""

from __future__ import annotations

from functools import cache

Words = frozenset[str]


def _opposed(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[Words, Words], ...]:
    """Pairs of sets of words, each set given as words with spaces between."""
    return tuple((frozenset(one.split()), frozenset(other.split())) for one, other in pairs)


_SAME: tuple[tuple[str, ...], ...] = tuple(
    tuple(words.split())
    for words in (
        # to make, use, open, hold, hand over
        "만들 제작 생산 제조 나오",
        "쓰 쓰이 사용 이용 활용 도입",
        "열 열리 개최",
        "개관 개장 개점 개소 문+열",
        "휴관 휴무 휴점 쉬 문+닫",
        "나누 나뉘",
        "세우 세워지 설립 창립 창설 생기",
        "속하 소속 딸리 산하 아래 밑 이루 이루어지 구성",
        "속하 들",
        "사 구매 구입",
        "팔 팔리 판매",
        "빌리 대여 대관 대출",
        "반납 돌려주",
        "대 공급 납품",
        "보내 발송 부치",
        "받 접수 수령",
        "지니 가지 갖 보유 소지",
        "들 가지 지참",
        "나가 나오",
        "올라가 올라오",
        "보관 보존",
        "기증 기부",
        "들어가 들 넣 쓰 쓰이 포함 함유 품",
        "펴내 출판 발행 출간",
        "출시 발매 내놓 나오",
        "설치 깔",
        # to lead, learn, work, take part
        "맡 담당 책임지",
        "이끌 지휘",
        "사장 대표 대표이사",
        "배우 사사",
        "가르치 지도 강사",
        "일하 근무 재직 출근",
        "직원 인원 임직원",
        "참가 참여 참석",
        "불참 결석 빠지",
        "그만두 퇴사 사임 물러나",
        "들어오 입사 합류",
        "고르 뽑 선정 선택",
        "뽑 채용 모집",
        # to begin, change, end
        "시작 개시",
        "끝나 만료 종료 마감 유효",
        "옮기 이전 이사",
        "바꾸 바뀌 변경 달라지",
        "늘 늘어나 증가",
        "줄 줄어들 감소",
        "연기 미루",
        "연장 늘리",
        "중단 멈추",
        "취소 철회",
        "회수 리콜",
        "고치 수정 정정",
        "부서지 고장 망가지",
        "잃어버리 분실",
        # to say, write, decide
        "알리 공지 안내 발표",
        "기록 적 작성",
        "결정 정하 정해지 확정",
        "신청 접수",
        "부르 불리",
        # lives
        "죽 사망 숨지",
        "태어나 출생",
        "살 거주",
        "고향 출신 태생 토박이",
        "동생 아우",
        "아버지 부친 아빠",
        "어머니 모친 엄마",
        "아내 부인",
        "스승 사부",
        "아이 어린이",
        "전임 전임자",
        "후임 후임자",
        "나이 연령",
        # measures and things
        "값 가격 금액 요금",
        "돈 비용",
        "공짜 무료",
        "무게 중량",
        "넓이 면적",
        "속도 속력 빠르기",
        "한도 제한",
        "주소 소재지",
        "전화 연락처 전화번호",
        "누리집 홈페이지 웹사이트",
        "책 도서",
        "손님 고객",
        "색 빛깔 색깔",
        "나라 국가 원산지",
        "까닭 이유 원인",
        "작년 지난해",
        "가장 제일",
        "처음 첫 최초 먼저",
        "인원 사람",
    )
)

# What a degree word measures where no noun says it, by words that labels of relations and columns hold.
MEASURED: dict[str, tuple[str, ...]] = {
    "비싸": ("값", "가격", "요금", "소비자가", "정가", "사용료"),
    "싸": ("값", "가격", "요금", "소비자가", "정가", "사용료"),
    "무겁": ("무게", "중량"),
    "가볍": ("무게", "중량"),
    "길": ("길이", "기간", "시간"),
    "짧": ("길이", "기간", "시간"),
    "높": ("높이",),
    "낮": ("높이",),
    "넓": ("넓이", "면적"),
    "좁": ("넓이", "면적"),
    "빠르": ("속력", "속도", "빠르기"),
    "느리": ("속력", "속도", "빠르기"),
    "어리": ("나이",),
    "젊": ("나이",),
    "크": ("크기", "면적", "규모"),
    "작": ("크기", "면적", "규모"),
}
# Who is what to whom, one way and the other way round.
_CONVERSE = _opposed(
    (
        ("스승 선생 사부", "제자 문하생 문하"),
        ("부모 아버지 어머니 아빠 엄마", "자식 자녀 아들 딸 아이"),
        ("할아버지 할머니 조부모", "손자 손녀 손주"),
        ("삼촌 고모 이모", "조카"),
        ("선배", "후배"),
        ("전임 전임자", "후임 후임자"),
        ("상사", "부하"),
    )
)
# Kin by sex: who is somebody's parent need not be the father.
_BY_SEX = _opposed(
    (
        ("아버지 부친 아빠", "어머니 모친 엄마"),
        ("아들", "딸"),
        ("형 오빠", "누나 언니 누이"),
        ("남편", "아내 부인"),
        ("할아버지 조부", "할머니 조모"),
        ("손자", "손녀"),
    )
)
# Of the two exactly one holds: whoever does not rest runs.
_OPPOSITE = _opposed(
    (
        ("운행 운영 영업 열 개관", "쉬 닫 휴관 휴무 휴점 휴업"),
        ("살", "죽 사망 숨지"),
        ("켜", "끄"),
        ("공개", "비공개"),
        ("허용 허락", "금지"),
        ("가능", "불가능"),
        ("포함", "제외"),
        ("유료", "무료 공짜"),
        ("참석 참가 참여", "불참 결석"),
        ("성공", "실패"),
        ("찬성", "반대"),
        ("계속", "중단 멈추"),
        ("남", "떠나 버리"),
        ("머물", "떠나 버리 옮기"),
    )
)
# The same deed told by the other side: who pays the fee that another takes.
_TOLD_BY_OTHER = _opposed((("내 지불 물", "받 징수 걷"), ("사 구입 구매", "팔 판매 납품"), ("빌리", "빌려주 대여")))
# What a unit measures, where the unit's dimension is no word for it.
MEASURED_BY_UNIT = {"원": "값", "석": "좌석"}


def are_converse(one: str, other: str) -> bool:
    """Whether A's ``one`` has A for its ``other``: 스승 and 제자."""
    return any((one in a and other in b) or (one in b and other in a) for a, b in _CONVERSE)


def opposites(word: str) -> frozenset[str]:
    """Words of which exactly one holds beside ``word``: 쉬다 of 운행하다."""
    return _across(word, _OPPOSITE)


def _across(word: str, pairs: tuple[tuple[Words, Words], ...]) -> Words:
    """All words that stand opposite a word in any of the pairs."""
    return frozenset().union(*(b if word in a else a for a, b in pairs if word in a or word in b))


def told_by_other(word: str) -> frozenset[str]:
    """Verbs by which the other side tells the same deed: 받다 of 내다."""
    return _across(word, _TOLD_BY_OTHER)


def kin_by_sex(word: str) -> tuple[frozenset[str], frozenset[str]]:
    """All words for such a relative and for one of the other sex; empty for a word that says nothing of the sex."""
    for men, women in _BY_SEX:
        if word in men or word in women:
            return (men, women) if word in men else (women, men)
    return frozenset(), frozenset()


@cache
def same(form: str) -> tuple[str, ...]:
    """All words that may stand for a word, itself included; () where none are known."""
    return tuple(dict.fromkeys(word for words in _SAME if form in words for word in words))
