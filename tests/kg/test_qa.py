from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest

from ingest import Korean, Mode, Span, Statement
from kg import Asker, Graph, Ontology, asked_terms
from rag import Citation

TEXT = """# SolverX

SolverX는 2022년에 설립되었다. 본사는 강남구 서초동에 위치한다. 대표는 윤태경이다. SolverX는 퓨전을 개발한다.
SolverX는 한빛소재와 협력한다. 연구팀은 SolverX 소속이다. SolverX의 인원은 42명이다.

이안은 연구팀에서 근무한다.
"""


@pytest.fixture
def ask(graph_of: Callable[..., Graph], ontology: Ontology, korean: Korean) -> Callable[[str], str | None]:
    graph = graph_of(TEXT)

    def answer(question: str) -> str | None:
        found = Asker(graph, ontology, korean).answer(question)
        if found is None:
            return None
        assert found.citations
        assert found.proof
        assert all(step.sources for step in found.proof)
        assert {c for step in found.proof for c in step.sources} == set(found.citations)
        return found.text

    return answer


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("SolverX는 서울에 있나요?", "예. SolverX는 서울에 있습니다."),
        ("솔버엑스가 서울에 있습니까?", "예. SolverX는 서울에 있습니다."),
        (unicodedata.normalize("NFD", "솔버엑스는 서울에 있니?"), "예. SolverX는 서울에 있습니다."),
        ("SolverX는 서울에 없나요?", "아니요. SolverX는 서울에 있습니다."),
        ("SolverX는 서울에 있지 않나요?", "예. SolverX는 서울에 있습니다."),
        ("서울에 있는 회사는 어디인가요?", "SolverX는 서울에 있습니다."),
        ("SolverX의 본사는 어디인가요?", "SolverX의 본사는 강남구 서초동에 있습니다."),
        ("SolverX는 언제 설립되었나요?", "SolverX는 2022년에 설립되었습니다."),
        ("언제 설립되었어?", "SolverX는 2022년에 설립되었습니다."),
        ("SolverX는 2022년에 설립되었나요?", "예. SolverX는 2022년에 설립되었습니다."),
        ("SolverX는 2020년에 설립되었나요?", "아니요. SolverX는 2022년에 설립되었습니다."),
        ("SolverX의 대표는 누구인가요?", "SolverX의 대표는 윤태경입니다."),
        ("SolverX의 대표는 이안인가요?", "아니요. SolverX의 대표는 윤태경입니다."),
        ("윤태경은 SolverX의 대표인가요?", "예. SolverX의 대표는 윤태경입니다."),
        ("SolverX Fusion을 개발한 회사는?", "SolverX는 SolverX Fusion을 개발합니다."),
        ("퓨전을 만든 회사의 대표는 누구인가요?", "SolverX의 대표는 윤태경입니다."),
        ("SolverX의 직원은 몇 명인가요?", "SolverX의 인원은 42명입니다."),
        ("한빛소재는 SolverX와 협력하나요?", "예. 한빛소재는 SolverX와 협력합니다."),
        ("이안은 어디에서 일하나요?", "이안은 연구팀에서 근무합니다."),
        ("이안은 어느 팀에서 일하나요?", "이안은 연구팀에서 근무합니다."),
        ("퓨전을 만든 회사의 본사는 어느 구에 있나요?", "서초동은 강남구에 있습니다."),
        ("퓨전을 만든 회사와 협력하는 회사는 어디인가요?", "SolverX는 한빛소재와 협력합니다."),
        ("이안이 일하는 회사가 만든 제품은 무엇무엇인가요?", "SolverX는 SolverX Fusion을 개발합니다."),
        ("SolverX가 만든 제품은 모두 몇 개인가요?", "1개입니다(SolverX Fusion)."),
        ("SolverX의 대표인 이안은 어디에서 일하나요?", "질문과 다릅니다. SolverX의 대표는 윤태경입니다."),
        ("SolverX의 대표인 윤태경은 어디 대표인가요?", "SolverX의 대표는 윤태경입니다."),
    ],
)
def test_what_the_graph_knows(ask: Callable[[str], str | None], question: str, expected: str) -> None:
    assert ask(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "SolverX의 복지 제도는?",
        "SolverX의 부대표는 누구인가요?",
        "SolverX의 이전 대표는 누구인가요?",
        "SolverX의 대표의 나이는?",
        "SolverX는 부산에 있나요?",
        "SolverX는 서울에만 있나요?",
        "SolverX는 왜 서울에 있나요?",
        "SolverX는 서울에 연구소가 있나요?",
        "서울은 SolverX에 있나요?",
        "SolverX Studio는 서울에 있나요?",
        "SolverX는 언제 서울에 있었나요?",
        "SolverX 직원은 서울에 있나요?",
        "서울의 대표는 누구인가요?",
        "한빛소재의 대표는 누구인가요?",
        "한빛소재는 언제 설립되었나요?",
        "SolverX의 직원은 몇 살인가요?",
        "이안경은 어디에서 일하나요?",
        "오늘 날씨는?",
        "",
    ],
)
def test_what_the_graph_does_not_know(ask: Callable[[str], str | None], question: str) -> None:
    assert ask(question) is None


def test_the_story(graph_of: Callable[..., Graph], ontology: Ontology, korean: Korean) -> None:
    graph = graph_of("본사는 강남구 서초동에 위치한다.")
    answer = Asker(graph, ontology, korean).answer("SolverX는 서울에 있나요?")
    assert answer is not None
    assert answer.text == "예. SolverX는 서울에 있습니다."
    assert [c.text for c in answer.citations] == [
        "본사는 강남구 서초동에 위치한다.",
        "서초동 | located_in | 강남구",
        "강남구 | located_in | 서울",
    ]
    steps = [(step.subject, step.object, step.rule) for step in answer.proof]
    assert steps[0] == ("SolverX", "서초동", "")
    assert steps[-1] == ("SolverX", "서울", "본사가 있는 곳에 회사가 있다")
    assert {("서초동", "강남구", ""), ("강남구", "서울", "")} < set(steps)
    assert all(step.sources for step in answer.proof)
    assert Asker(graph, ontology, korean).answer("SolverX의 복지 제도는?") is None


CHANGES = "이안이 대표이다. 2022년 5월부터 윤태경이 대표이다. 본사는 서초동이다. 2023년 3월부터 퓨전은 팔지 않는다."


@pytest.fixture
def changing(ontology: Ontology) -> Graph:
    """A firm whose head and products change: undated facts, dated ones, a denial."""

    def said(
        subject: str, relation: str, object_: str, place: str, mode: Mode = "asserted", since: str = ""
    ) -> Statement:
        start = CHANGES.index(place)
        return Statement(subject, relation, object_, Span("변화.md", start, start + len(place)), mode, since)

    statements = [
        said("SolverX", "has_ceo", "이안", "이안이 대표이다."),
        said("SolverX", "has_ceo", "윤태경", "2022년 5월부터 윤태경이 대표이다.", since="2022년 5월"),
        said("SolverX", "headquarters", "서초동", "본사는 서초동이다."),
        said("SolverX", "develops", "SolverX Fusion", "본사는 서초동이다."),
        said("SolverX", "develops", "SolverX Fusion", "2023년 3월부터 퓨전은 팔지 않는다.", "denied", "2023년 3월"),
    ]
    return Graph.build(ontology, statements, lambda s: Citation("변화.md", s.start, s.end, CHANGES[s.start : s.end]))


@pytest.mark.parametrize(
    ("question", "at", "expected"),
    [
        ("SolverX의 대표는 누구인가요?", "", "SolverX의 대표는 윤태경입니다."),
        ("2023년에 SolverX의 대표는 누구였나요?", "", "SolverX의 대표는 윤태경입니다."),
        ("2021년에는 SolverX의 대표가 누구였나요?", "", "SolverX의 대표는 이안입니다."),
        ("SolverX의 대표는 누구인가요?", "2021년", "SolverX의 대표는 이안입니다."),
        ("SolverX의 본사는 어디인가요?", "2021년", "SolverX의 본사는 서초동에 있습니다."),
        ("SolverX는 퓨전을 만드나요?", "", "아니요. 2023년 3월부터 퓨전은 팔지 않는다."),
    ],
)
def test_what_changes(
    changing: Graph, ontology: Ontology, korean: Korean, question: str, at: str, expected: str
) -> None:
    found = Asker(changing, ontology, korean).answer(question, at)
    assert found is not None
    assert found.text == expected
    assert all(c.text in CHANGES for c in found.citations if c.source == "변화.md")


def test_undated_facts_do_not_answer_for_a_date_in_the_question(
    changing: Graph, ontology: Ontology, korean: Korean
) -> None:
    assert Asker(changing, ontology, korean).answer("2021년에 SolverX의 본사는 어디에 있었나요?") is None


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("SolverX의 복지 제도는?", ["복지", "제도"]),
        ("한빛소재의 전화번호를 알려 주세요", ["한빛소재", "전화번호"]),
    ],
)
def test_asked_terms(ontology: Ontology, korean: Korean, question: str, asked: list[str]) -> None:
    assert [words[0] for words in asked_terms(question, ontology, korean)] == asked


def test_asked_terms_hold_other_words_for_the_same(ontology: Ontology, korean: Korean) -> None:
    assert "가격" in asked_terms("퓨전의 값은?", ontology, korean)[-1]
