"""Tables as they are written, and questions that are answered from them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kg_world import document

from ingest import Korean
from kg import Asker, Graph, Ontology
from kg.tables import tables

TEXT = """# 회사 안내

## 거점

| 회사 | 층 | 좌석 수 | 문 연 날 |
|---|:---:|---|---|
| SolverX | 지하 1층 | 58석 | 2022년 3월 2일 |
| 한빛소재 | 3층 | 7석 | 2015년 4월 |

| 회사 | 맡은 이 |
|---|---|
| SolverX | 윤태경 |
| 한빛소재 | - |

## 2026년 2월 4일 제품 회의

할 일

| 일 | 맡은 분 | 기한 |
|---|---|---|
| 배관 시험 | 이안 | 2026년 3월 27일 |
| 도면 고침 | 윤태경 | 2026년 2월 27일 |
| 기록 분석 | 이안 | 2026년 2월 20일 |

| 구분 | SolverX | 한빛소재 |
|---|---|---|
| 첫 학습 시간 | 약 3시간 | 150분 |
"""


def test_a_table_is_read_as_it_is_written() -> None:
    first, _, second, _ = tables(document(TEXT))
    assert [cell.text for cell in first.header] == ["회사", "층", "좌석 수", "문 연 날"]
    assert [cell.text for cell in first.rows[1]] == ["한빛소재", "3층", "7석", "2015년 4월"]
    assert first.headings == ("회사 안내", "거점")
    assert second.headings == ("회사 안내", "2026년 2월 4일 제품 회의", "할 일")
    for cell in first.rows[1]:
        assert TEXT[cell.place.start : cell.place.end] == cell.place.text == "| 한빛소재 | 3층 | 7석 | 2015년 4월 |"


def test_a_turned_table_keeps_the_places_of_its_cells() -> None:
    *_, last = tables(document(TEXT))
    turned = last.turned()
    assert [[cell.text for cell in row] for row in turned.rows] == [["SolverX", "약 3시간"], ["한빛소재", "150분"]]
    assert turned.rows[0][1].place.text == "| 첫 학습 시간 | 약 3시간 | 150분 |"


@pytest.mark.parametrize("text", ["", "| 하나 |\n|---|\n| 둘 |", "| 가 | 나 |\n| 다 | 라 |", "| 가 | 나 |\n|---|---|"])
def test_what_is_no_table(text: str) -> None:
    assert list(tables(document(text))) == []


@pytest.fixture
def ask(graph_of: Callable[..., Graph], ontology: Ontology, korean: Korean) -> Callable[[str], str | None]:
    asker = Asker(graph_of(), ontology, korean, [document(TEXT)])

    def answer(question: str) -> str | None:
        found = asker.answer(question)
        if found is not None:
            assert found.proof
            assert all(TEXT[c.start : c.end] == c.text for c in found.citations)
        return found.text if found else None

    return answer


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("솔버엑스는 몇 층에 있나요?", "SolverX의 층은 지하 1층입니다."),
        ("한빛소재의 좌석은 몇 석인가요?", "한빛소재의 좌석 수는 7석입니다."),
        ("SolverX와 한빛소재 중 좌석이 더 적은 곳은?", "한빛소재입니다(좌석 수 7석)."),
        ("SolverX와 한빛소재 가운데 어느 회사가 첫 학습이 더 오래 걸리나요?", "SolverX입니다(첫 학습 시간 약 3시간)."),
        (
            "SolverX는 한빛소재보다 좌석이 많나요?",
            "예. SolverX의 좌석 수는 58석입니다. 한빛소재의 좌석 수는 7석입니다.",
        ),
        (
            "SolverX는 한빛소재보다 좌석이 더 적나요?",
            "아니요. SolverX의 좌석 수는 58석입니다. 한빛소재의 좌석 수는 7석입니다.",
        ),
        ("좌석이 가장 적은 회사는 언제 문을 열었나요?", "한빛소재의 문 연 날은 2015년 4월입니다."),
        ("좌석이 가장 많은 회사는 어디인가요?", "SolverX입니다(좌석 수 58석)."),
        ("이안이 맡은 일은 무엇인가요?", "배관 시험, 기록 분석입니다."),
        ("회사는 모두 몇 곳인가요?", "2곳입니다(SolverX, 한빛소재)."),
        ("이안이 맡은 일은 몇 가지인가요?", "2가지입니다(배관 시험, 기록 분석)."),
        ("도면 고침을 맡은 분은 누구인가요?", "도면 고침의 맡은 분은 윤태경입니다."),
        (
            "2026년 2월 4일 제품 회의에서 나눈 할 일 가운데 기한이 가장 늦은 것은?",
            "배관 시험입니다(기한 2026년 3월 27일).",
        ),
    ],
)
def test_what_a_table_answers(ask: Callable[[str], str | None], question: str, expected: str) -> None:
    assert ask(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "SolverX의 주차장은 몇 층에 있나요?",
        "한빛소재의 맡은 이는 누구인가요?",
        "윤태경의 기한은 언제인가요?",
        "이안이 맡은 일은 몇 명인가요?",
        "협력하는 회사는 모두 몇 곳인가요?",
        "SolverX Fusion은 몇 층에 있나요?",
        "SolverX의 좌석은 몇 층인가요?",
        "이안이 거절한 일은 무엇인가요?",
        "윤태경보다 이안이 맡은 일은?",
        "SolverX는 언제 문을 닫았나요?",
    ],
)
def test_what_no_table_answers(ask: Callable[[str], str | None], question: str) -> None:
    assert ask(question) is None


def test_the_greatest_value_is_proved_by_all_that_were_compared(
    graph_of: Callable[..., Graph], ontology: Ontology, korean: Korean
) -> None:
    found = Asker(graph_of(), ontology, korean, [document(TEXT)]).answer("좌석이 가장 많은 회사는 어디인가요?")
    assert found is not None
    assert [(step.subject, step.object, step.rule) for step in found.proof] == [
        ("SolverX", "58석", ""),
        ("한빛소재", "7석", ""),
        ("SolverX", "58석", "가장 큰 값"),
    ]
