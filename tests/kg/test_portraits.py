"""Portraits, tables of facts in prose, interviews and dated notices: whom and what their sentences speak of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kg_world import asking, document

from ingest import Korean
from kg import Ontology, extend, extract, general_ontology, parse_ontology

Said = Callable[[str], set[tuple[str, str, str]]]

WORLD = """
name = "pottery"
title = "가마 마을"
subject = "흙내 공방"
[classes."그릇"]
[classes."건물"]
parent = "장소"
[classes."행사"]
parent = "사건"
[relations.hometown]
label = "고향"
domain = "사람"
range = "장소"
questions = ["고향", "출신"]
answer = "{subject}의 고향은 {object}입니다."
[relations.master]
label = "스승"
domain = "사람"
range = "사람"
questions = ["스승", "배우다"]
answer = "{subject}의 스승은 {object}입니다."
[relations.husband]
label = "남편"
domain = "사람"
range = "사람"
questions = ["남편"]
answer = "{subject}의 남편은 {object}입니다."
[relations.joined]
label = "들어온 해"
domain = "사람"
range = "연도"
questions = ["들어오다", "입사"]
answer = "{subject}은 {object}에 입사했습니다."
[relations.made_by]
label = "빚은 사람"
domain = "것"
range = "사람"
questions = ["빚다"]
answer = "{subject}은 {object}이 빚었습니다."
[relations.made_in]
label = "빚은 해"
domain = "것"
range = "연도"
questions = ["빚다"]
answer = "{subject}은 {object}에 빚었습니다."
[relations.height]
label = "높이"
domain = "그릇"
range = "수량"
questions = ["높이"]
answer = "{subject}의 높이는 {object}입니다."
[relations.seats]
label = "좌석"
domain = "건물"
range = "수량"
questions = ["좌석"]
answer = "{subject}의 좌석은 {object}입니다."
[relations.width]
label = "너비"
domain = "건물"
range = "수량"
questions = ["너비"]
answer = "{subject}의 너비는 {object}입니다."
[relations.opens_on]
label = "여는 날"
domain = "행사"
range = "날짜"
questions = ["열리다", "언제"]
answer = "{subject}은 {object}에 열립니다."
""" + "".join(
    f'[[entities]]\nname = "{name}"\nclass = "{cls}"\n'
    for name, cls in (
        ("흙내 공방", "조직"), ("가마터", "건물"), ("물레실", "건물"), ("달항아리", "그릇"), ("구름잔", "그릇"),
        ("한소율", "사람"), ("유도진", "사람"), ("반여울", "사람"), ("배꽃마을", "장소"), ("솔고개", "장소"),
        ("가마굿", "행사"),
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Ontology:
    return extend(general_ontology(), parse_ontology(WORLD, "pottery.toml"))


@pytest.fixture
def said(world: Ontology, korean: Korean) -> Said:
    korean.add_names(name for entity in world.entities.values() for name in entity.names)

    def read(text: str) -> set[tuple[str, str, str]]:
        found = extract(document(text), world, korean)
        return {(s.subject, s.relation, s.object) for s in found if s.status == "approved" and s.mode == "asserted"}

    return read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (  # what follows an attribute is said of whose attribute it is
            "한소율은 막내다. 고향은 배꽃마을이고, 2011년에 입사했다.",
            {("한소율", "hometown", "배꽃마을"), ("한소율", "joined", "2011년")},
        ),
        (  # the value of one attribute is not the topic of the next
            "한소율은 물레를 돌린다. 스승은 반여울이다. 남편은 유도진이다.",
            {
                *(("한소율", relation, "반여울") for relation in ("master", "taught_by")),
                *(("한소율", relation, "유도진") for relation in ("husband", "spouse_of")),
            },
        ),
        ("한소율은 물레꾼으로, 솔고개가 고향이다.", {("한소율", "hometown", "솔고개")}),
        ("가마터는 너비가 12미터이고 좌석은 40석이다.", {("가마터", "width", "12미터"), ("가마터", "seats", "40석")}),
        (  # whoever makes is not what is made
            "구름잔은 반여울이 1998년에 빚었다.",
            {("구름잔", "made_by", "반여울"), ("구름잔", "made_in", "1998년")},
        ),
        (
            "달항아리는 높이가 44센티미터이다. 2003년에 유도진이 빚었다.",
            {
                ("달항아리", "height", "44센티미터"),
                ("달항아리", "made_in", "2003년"),
                ("달항아리", "made_by", "유도진"),
            },
        ),
        ("물레실은 가마터 2층에 있다.", {("물레실", "located_in", "가마터")}),
        (  # days without a year are of the notice's year, unless half a year lies between
            "[2025-09-08]\n가마굿은 10월 3일에 열린다.",
            {("가마굿", "opens_on", "2025년 10월 3일")},
        ),
        ("[2025-11-20]\n가마굿은 3월 3일에 열린다.", set()),
    ],
)
def test_whom_sentences_speak_of(said: Said, text: str, expected: set[tuple[str, str, str]]) -> None:
    assert said(text) == expected


INTERVIEW = """반여울: 구름잔은 어떻게 만들었나요?
한소율: 제 고향은 솔고개예요. 거기 흙을 썼지요.

반여울: 흙이 다른가요?
한소율: 2003년에 유도진이 빚었어요.
"""


def test_in_a_conversation_a_name_before_a_colon_speaks_and_is_not_spoken_of(said: Said) -> None:
    assert said(INTERVIEW) == {("한소율", "hometown", "솔고개")}
    # Named once, it is what the line is about.
    assert ("구름잔", "made_by", "유도진") in said("- 구름잔: 2003년에 유도진이 빚었다.")


@pytest.fixture
def ask(world: Ontology, korean: Korean) -> Callable[[str, str], str | None]:
    return lambda text, question: asking(text, world, korean)(question)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("유도진(예명 돌쇠)의 고향은 솔고개이다.", "돌쇠의 고향은 어디인가요?"),
        ("유도진의 고향은 솔고개이다. 마을에서는 흔히 ‘불도깨비’라고 부른다.", "불도깨비 고향이 어디예요?"),
    ],
)
def test_a_name_that_a_document_gives_is_understood_in_questions(
    ask: Callable[[str, str], str | None], text: str, question: str
) -> None:
    assert ask(text, question) == "유도진의 고향은 솔고개입니다."
    assert ask("유도진의 고향은 솔고개이다.", question) is None


def test_the_other_name_itself_can_be_asked_for_and_a_noun_for_a_kind_is_none(
    ask: Callable[[str, str], str | None], said: Said
) -> None:
    assert ask("유도진(별칭 불도깨비)은 가마를 지킨다.", "유도진의 별칭은?") == "유도진의 다른 이름은 불도깨비입니다."
    assert said("흙내 공방(이하 조직)은 크다.") == set()
