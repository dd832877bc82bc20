"""What people call things: everyday nouns for classes, and the endings that names of a kind have. Pure.

A class of an ontology is one noun ('선박'); a question may use another ('배'). The sets below are of the language,
not of any world. Word vectors do not do this work: with multilingual-e5-small the class nearest to a noun was the right
one for about half of sixteen nouns, at the same similarity as the wrong ones.
"""

from __future__ import annotations

from functools import lru_cache

from kg.types import Ontology

# Nouns of one set may stand for each other. Roles (직원, 선수) are no kinds: not every person of a firm is its 직원.
_ALIKE: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "사람 분 인물 이",
        "조직 단체 기관 기구",
        "회사 기업 업체 법인",
        "부서 팀 본부",
        "장소 곳 데 군데 지역 위치 자리 지점",
        "나라 국가",
        "도시 시군구",
        "마을 동네 동",
        "건물 시설",
        "방 실 공간",
        "사무소 지사 거점 사무실",
        "공장 제조소",
        "대학 대학교 학교",
        "가게 매장 상점 점포 판매점",
        "식당 음식점",
        "농장 농원 목장",
        "병원 의원 의료기관",
        "제품 상품 물건 물품 품목",
        "식품 음식 먹거리",
        "원료 재료 성분",
        "소프트웨어 프로그램 앱",
        "기계 장비 설비 기기 장치",
        "선박 배 여객선",
        "차 차량 자동차",
        "항공기 비행기",
        "열차 기차",
        "노선 항로 경로 길",
        "역 정거장 정류장",
        "책 도서 서적",
        "노래 곡",
        "그림 작품 미술품",
        "행사 사건 모임 대회 축제 잔치",
        "대회 경기 시합",
        "구단 팀 클럽",
        "강의 수업 강좌 과목",
        "기능 능력",
        "기술 기법",
        "인증 자격",
        "규정 규칙",
        "산 봉우리",
        "강 하천",
        "세력 단체 조직",
        "버전 판",
    )
)
_ENDINGS: dict[str, tuple[str, ...]] = {"도시": ("시",), "고장": ("시", "군")}


def is_of_kind(name: str, cls: str, kind: str, ontology: Ontology) -> bool:
    """Whether a thing is what a noun of the question calls it: by class, by everyday word, or by its ending."""
    alike = {word for words in _ALIKE if kind in words for word in words if len(word) > 1}
    if any(_ends(name, ending) for ending in (kind, *_ENDINGS.get(kind, ()), *alike)):
        return True
    return any(ontology.is_a(cls, allowed) for allowed in classes_of(kind, ontology))


@lru_cache(maxsize=4096)
def is_kind(word: str, ontology: Ontology) -> bool:
    """Whether a noun names a kind of things at all: a class, an everyday word for one, or how names end (…팀)."""
    if word in _ENDINGS or classes_of(word, ontology):
        return True
    return any(name != word and _ends(name, word) for name in ontology.entities)


def _ends(name: str, kind: str) -> bool:
    """Whether a name ends in the noun for its kind; '회주의 본명' is a phrase about one and no kind of it."""
    return name.endswith(kind) and not name.removesuffix(kind).rstrip().endswith("의")


@lru_cache(maxsize=4096)
def classes_of(kind: str, ontology: Ontology) -> tuple[str, ...]:
    """The classes that a noun of the question may mean: its own, else those that have it as an everyday word."""
    if kind in ontology.classes:
        return (kind,)
    alike = [words for words in _ALIKE if kind in words]
    return tuple(cls for cls in ontology.classes if any(cls in words for words in alike))
