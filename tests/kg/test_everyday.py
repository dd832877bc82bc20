"""How people write notes and ask about them: leads, notices of change, episodes, titles, typos, everyday words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingest import Document, Korean, Span, chunk
from kg import Asker, Graph, Ontology, extend, extract, general_ontology, parse_ontology
from kg.mending import mended
from kg.synonyms import are_converse, kin_by_sex, same
from rag import Answer, Citation, Hit

WORLD = """
name = "hut"
title = "산장 모임"
subject = "큰솔 산장회"
facts = ["높은골 | located_in | 큰솔군", "낮은골 | located_in | 큰솔군"]
[classes."산장"]
parent = "장소"
[classes."골"]
parent = "장소"
[classes."개"]
[classes."견종"]
[classes."출동"]
[relations.led_by]
questions = ["회장", "반장"]
[relations.keeper]
label = "산장지기"
domain = "산장"
range = "사람"
questions = ["산장지기", "지기", "지키다"]
answer = "{subject}의 산장지기는 {object}입니다."
[relations.built_in]
label = "지은 해"
domain = "산장"
range = "연도"
functional = true
questions = ["지은 해", "세우다"]
answer = "{subject}은 {object}에 세워졌습니다."
[relations.breed]
label = "품종"
domain = "개"
range = "견종"
functional = true
questions = ["품종"]
answer = "{subject}의 품종은 {object}입니다."
[relations.handler]
label = "짝"
domain = "개"
range = "사람"
questions = ["짝", "돌보다"]
answer = "{subject}의 짝은 {object}입니다."
[relations.happened_on]
label = "날짜"
domain = "출동"
range = "날짜"
questions = ["날짜", "언제"]
answer = "{subject}은 {object}에 있었습니다."
[relations.commanded_by]
label = "지휘"
domain = "출동"
range = "사람"
questions = ["지휘", "지휘하다"]
answer = "{subject}을 지휘한 사람은 {object}입니다."
[relations.taught_by]
label = "스승"
domain = "사람"
range = "사람"
questions = ["스승", "배우다", "제자"]
answer = "{subject}의 스승은 {object}입니다."
[relations.parent]
label = "부모"
domain = "사람"
range = "사람"
questions = ["부모", "아버지", "어머니"]
answer = "{subject}의 부모는 {object}입니다."
[relations.weight]
label = "중량"
domain = "개"
range = "수량"
questions = ["중량"]
answer = "{subject}의 중량은 {object}입니다."
""" + "".join(
    f'[[entities]]\nname = "{name}"\nclass = "{cls}"\naliases = [{aliases}]\n'
    for name, cls, aliases in (
        ("큰솔 산장회", "조직", '"산장회"'), ("구조반", "조직", ""), ("노을 산장", "산장", ""),
        ("바람 산장", "산장", ""),
        ("별빛대피산장", "산장", ""), ("큰솔군", "시군구", ""), ("높은골", "골", ""), ("낮은골", "골", ""),
        ("설윤", "사람", ""), ("기태산", "사람", ""), ("남궁설", "사람", '"달그림자"'), ("오태곤", "사람", ""),
        ("마루", "개", ""), ("콩떡", "개", ""), ("삽살개", "견종", ""), ("진돗개", "견종", ""),
        ("첫눈 수색", "출동", ""),
    )
)  # fmt: skip

TEXT = """# 산장회 안내

- 구조반: 눈길을 맡으며, 남궁설이 이끕니다.
- 노을 산장: 1971년 겨울에 세워졌다. 산장지기 설윤이 반겨 준다.
- 마루 — 삽살개. 기태산과 짝을 이룬다. 마루의 중량은 21kg이다.
- 콩떡 — 설윤이 돌보는 진돗개.

노을 산장은 높은골에 있다. 바람 산장은 높은골에 있다. 별빛대피산장은 낮은골에 있다.
바람 산장의 산장지기는 기태산이다. 기태산은 오태곤의 첫 제자였다. 남궁설의 어머니는 설윤이다.
별빛대피산장은 1985년에 세워졌다.

| 산장 | 정원 | 하룻밤 값 | 신청 기한 |
|---|---|---|---|
| 노을 산장 | 24명 | 12,000원 | 3일 전 |
| 바람 산장 | 16명 | 무료 | 하루 전 |
| 별빛대피산장 | 6명 | 5,000원 | 하루 전 |

[첫눈 수색] 2023년 1월 14일
지휘: 남궁설

[2024년 3월 2일] 산장지기 인사
오늘부터 바람 산장의 산장지기는 오태곤이다.
"""
STORY = """노을 산장의 산장지기는 설윤이다. 바람 산장의 산장지기는 기태산이다.

[10화] 첫 산장지기
이제 별빛대피산장의 산장지기는 남궁설이다.

[20화] 넘겨주다
이제 별빛대피산장의 산장지기는 설윤이다.
"""


@pytest.fixture(scope="module")
def world() -> Ontology:
    return extend(general_ontology(), parse_ontology(WORLD, "ontology.toml"))


@pytest.fixture(scope="module")
def analyser(world: Ontology) -> Korean:
    korean = Korean()
    korean.add_names(name for entity in world.entities.values() for name in entity.names)
    return korean


def asker_of(world: Ontology, korean: Korean, *texts: str) -> Asker:
    held = {str(n): Document(str(n), f"{n}.md", "", text, "facts") for n, text in enumerate(texts)}
    statements = [statement for document in held.values() for statement in extract(document, world, korean)]

    def cite(span: Span) -> Citation:
        return Citation(held[span.document_id].source, span.start, span.end, "")

    def cite_text(span: Span) -> Citation:
        place = cite(span)
        text = held[span.document_id].text[span.start : span.end]
        return Citation(place.source, place.start, place.end, text)

    chunks = [each for document in held.values() for each in chunk(document)]
    hits = [Hit(each, 1.0, ("words",)) for each in chunks]
    return Asker(Graph.build(world, statements, cite_text), world, korean, held.values(), lambda _: hits)


@pytest.fixture(scope="module")
def asker(world: Ontology, analyser: Korean) -> Asker:
    return asker_of(world, analyser, TEXT)


@pytest.fixture
def triples(world: Ontology, analyser: Korean) -> Callable[[str], set[tuple[str, str, str]]]:
    def read(text: str) -> set[tuple[str, str, str]]:
        found = extract(Document("d", "d.md", "", text, "facts"), world, analyser)
        return {(s.subject, s.relation, s.object) for s in found if s.mode == "asserted" and s.status == "approved"}

    return read


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("구조반: 눈길을 맡으며, 남궁설이 이끕니다.", ("구조반", "led_by", "남궁설")),
        ("노을 산장은 1971년에 지은 통나무집으로, 설윤이 지키고 있습니다.", ("노을 산장", "keeper", "설윤")),
        ("노을 산장: 1971년 겨울에 세워졌다.", ("노을 산장", "built_in", "1971년")),
        ("노을 산장을 세운 것은 1985년이다.", ("노을 산장", "built_in", "1985년")),
        ("바람 산장에 가면 산장지기 기태산을 찾으세요.", ("바람 산장", "keeper", "기태산")),
        ("마루 — 2018년생 삽살개.", ("마루", "breed", "삽살개")),
        ("콩떡 — 설윤이 돌보는 진돗개.", ("콩떡", "handler", "설윤")),
        ("[첫눈 수색] 2023년 1월 14일\n지휘: 남궁설", ("첫눈 수색", "happened_on", "2023년 1월 14일")),
        ("[첫눈 수색] 2023년 1월 14일\n지휘: 남궁설", ("첫눈 수색", "commanded_by", "남궁설")),
        ("기태산은 오태곤의 첫 제자였다.", ("기태산", "taught_by", "오태곤")),
    ],
)
def test_what_notes_say(
    triples: Callable[[str], set[tuple[str, str, str]]], text: str, stated: tuple[str, str, str]
) -> None:
    assert stated in triples(text)


@pytest.mark.parametrize(
    ("text", "not_stated"),
    [
        ("구조반: 눈길을 맡으며, 남궁설이 이끕니다.", ("큰솔 산장회", "led_by", "남궁설")),
        ("기태산은 오태곤의 첫 제자였다.", ("오태곤", "taught_by", "기태산")),
        ("| 이름 | 품종 |\n|---|---|\n| 마루 | 진돗개 |", ("콩떡", "breed", "진돗개")),
    ],
)
def test_what_notes_do_not_say(
    triples: Callable[[str], set[tuple[str, str, str]]], text: str, not_stated: tuple[str, str, str]
) -> None:
    assert not_stated not in triples(text)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("구조반 반장님은 누구신가요?", "남궁설"),  # titles and honorifics
        ("노을 산장은 언제 생겼어?", "노을 산장은 1971년"),  # another word for 세우다
        ("노을산장은몇년에 세워졋나요", "노을 산장은 1971년"),  # run together, a slip of the keys
        ("별빛 대피 산장은 몇 년에 세워졌나요?", "별빛대피산장은 1985년"),  # spaces elsewhere
        ("별빛대피산쟝은 몇 년에 세워졌나요?", "별빛대피산장은 1985년"),
        ("마루는 몇 킬로그램이야?", "마루의 중량은 21kg"),  # the unit says what is measured
        ("마루는 얼마나 무거워?", "마루의 중량은 21kg"),
        ("큰솔군에는 산장이 몇 곳 있나요?", "3곳"),
        ("마루는 삽살개인가요?", "예."),
        ("마루는 진돗개인가요?", "아니요."),
        ("높은골에 산장이 있나요?", "예."),
        ("노을 산장은 낮은골에 있나요?", "아니요."),  # a place is in one of them
        ("바람 산장은 공짜로 빌릴 수 있어?", None),  # nothing here speaks of borrowing
        ("하룻밤 값이 제일 비싼 산장은?", None),  # one cell is no amount
        ("정원이 가장 많은 산장은 어디야?", "노을 산장"),
        ("노을 산장 말고 정원이 가장 많은 산장은?", "바람 산장"),
        ("노을 산장과 바람 산장 중 정원이 많은 곳은?", "노을 산장"),
        ("노을 산장의 정원은 20명이 넘나요?", "예."),
        ("노을 산장의 정원은 30명인가요?", "아니요."),
        ("노을 산장은 언제까지 신청해야 하나요?", "노을 산장의 신청 기한은 3일 전"),
        ("달그림자는 누구인가요?", "남궁설입니다."),
        ("남궁설의 어머니는 누구인가요?", "남궁설의 부모는 설윤"),
        ("남궁설의 아버지는 누구인가요?", None),  # a mother is no father
        ("바람 산장의 산장지기는 누구인가요?", "바람 산장의 산장지기는 오태곤입니다."),  # a notice outweighs what was
        ("2023년 5월에 바람 산장의 산장지기는 누구였나요?", "바람 산장의 산장지기는 기태산입니다."),
        ("기태산은 어디에 있는 사람인가요?", None),
    ],
)
def test_everyday_questions(asker: Asker, question: str, begins: str | None) -> None:
    found = asker.answer(question)
    if begins is None:
        assert found is None
    else:
        assert found is not None
        assert found.text.startswith(begins)


@pytest.mark.parametrize(
    ("question", "at", "name"),
    [
        ("별빛대피산장의 산장지기는 누구인가요?", "", "설윤"),
        ("15화에 별빛대피산장의 산장지기는 누구였나요?", "", "남궁설"),
        ("별빛대피산장의 산장지기는 누구인가요?", "12화", "남궁설"),
        ("별빛대피산장의 산장지기는 누구인가요?", "20화", "설윤"),
    ],
)
def test_an_episode_is_a_time(world: Ontology, analyser: Korean, question: str, at: str, name: str) -> None:
    found = asker_of(world, analyser, STORY).answer(question, at)
    assert found is not None
    assert found.text == f"별빛대피산장의 산장지기는 {name}입니다."


def test_what_is_known_nearby(asker: Asker) -> None:
    nearby = asker.nearby("마루의 주인은 언제 태어났나요?")
    assert nearby
    assert {step.subject for step in nearby} == {"마루"}
    assert all(step.sources for step in nearby)
    assert asker.nearby("큰솔 산장회의 전화번호는?") == ()


def test_what_is_understood_is_not_mended(world: Ontology, analyser: Korean, asker: Asker) -> None:
    graph_names = asker._names
    assert mended("노을 산장은 어디에 있나요?", graph_names, world, analyser) == "노을 산장은 어디에 있나요?"
    assert "세워졌나요" in mended("노을산장은몇년에 세워졋나요", graph_names, world, analyser)


def test_words_for_the_same() -> None:
    assert "무료" in same("공짜")
    assert same("산장") == ()
    assert are_converse("스승", "제자")
    assert not are_converse("스승", "사부")
    assert kin_by_sex("아빠")[1] == {"어머니", "모친", "엄마"}


def test_an_abstention_says_what_is_near() -> None:
    assert Answer("", abstained=True).nearby == ()
