from __future__ import annotations

from collections.abc import Callable

import pytest
from kg_world import Triple, document

from ingest import Korean
from kg import Ontology, extract

Said = Callable[[str], list[Triple]]
SEOCHO = ("SolverX", "headquarters", "서초동")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SolverX는 2022년에 설립되었다.", [("SolverX", "founded_in", "2022년")]),
        ("솔버엑스(SolverX)는 2022년 3월에 설립되었다.", [("SolverX", "founded_in", "2022년")]),
        ("**SolverX**는 `퓨전`을 개발한다.", [("SolverX", "develops", "SolverX Fusion")]),
        ("한빛소재는 부산에 위치한다.", [("한빛소재", "located_in", "부산")]),
        ("SolverX의 대표는 윤태경이다.", [("SolverX", "has_ceo", "윤태경")]),
        ("한빛소재의 대표는 윤 대표가 아니라 이안이다.", [("한빛소재", "has_ceo", "이안")]),
        ("SolverX가 개발한 퓨전은 빠르지 않다.", [("SolverX", "develops", "SolverX Fusion")]),
        ("연구팀은 SolverX 소속이다.", [("연구팀", "part_of", "SolverX")]),
        ("SolverX는 한빛소재와 협력한다.", [("SolverX", "partner_of", "한빛소재")]),
        ("SolverX의 인원은 지난달을 기준으로 1,200명이다.", [("SolverX", "staff", "1,200명")]),
        ("이안은 연구팀과 한빛소재에서 근무한다.", [("이안", "works_at", "연구팀"), ("이안", "works_at", "한빛소재")]),
        ("연구팀에서 근무하는 이안은 웃었다.", [("이안", "works_at", "연구팀")]),
        ("부산에 위치한 한빛소재는 크다.", [("한빛소재", "located_in", "부산")]),
        ("SolverX는 서울에 위치한 회사이다.", [("SolverX", "located_in", "서울")]),
    ],
)
def test_what_sentences_state(said: Said, text: str, expected: list[Triple]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SolverX는 부산에 위치하지 않는다.",
        "SolverX는 부산에 위치한 적이 없다.",
        "한빛소재는 2022년에 설립되지 못했다.",
        "SolverX는 부산에 위치할 예정이다.",
        "이안은 한빛소재에서 근무하기로 했다.",
        "SolverX는 부산에 위치하나요?",
        "한때 SolverX는 부산에 위치했다.",
        "이안경은 연구팀에서 근무한다.",
        "복지 제도는 2022년에 설립되었다.",
        "경쟁사는 부산에 위치한다.",
        "연구팀에서 근무하는 두 분이 돕는다.",
        "SolverX는 두 사람이 연구팀에서 근무한다.",
        "한빛소재의 지점은 부산에 위치한다.",
    ],
)
def test_what_sentences_do_not_state(said: Said, text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("본사는 강남구 서초동에 위치한다.", [SEOCHO]),  # the world's subject
        ("SolverX는 크다. 본사는 서초동에 위치한다.", [SEOCHO]),
        ("## 한빛소재\n\n본사는 부산에 위치한다.", [("한빛소재", "headquarters", "부산")]),
        ("## 한빛소재\n### 개요\n2019년에 설립되었다.", [("한빛소재", "founded_in", "2019년")]),
        ("## 한빛소재\n\n# SolverX\n2022년에 설립되었다.", [("SolverX", "founded_in", "2022년")]),
        ("한빛소재는 작다. 2019년에 설립되었다.", [("한빛소재", "founded_in", "2019년")]),
        ("한빛소재는 작다. 이 회사는 2019년에 설립되었다.", [("한빛소재", "founded_in", "2019년")]),
        ("한빛소재는 작다.\n\n2022년에 설립되었다.", [("SolverX", "founded_in", "2022년")]),
        ("연합회는 크다. 2019년에 설립되었다.", []),
        ("이안은 웃었다. 2019년에 설립되었다.", []),
        ("SolverX는 한빛소재와 협력한다. 대표는 이안이다.", [("SolverX", "partner_of", "한빛소재")]),
        ("## 회사\n\n- 본사: 강남구 서초동\n- 직원은 42명이다.", [SEOCHO, ("SolverX", "staff", "42명")]),
        ("| 회사 | 설립 |\n|---|---|\n| 한빛소재 | 2019년에 설립 |", [("한빛소재", "founded_in", "2019년")]),
        ("[2024년 1월 2일] 한빛소재 소식\n2019년에 설립되었습니다.", [("한빛소재", "founded_in", "2019년")]),
        ("```\nSolverX는 2022년에 설립되었다.\n```", []),
        ("---\ntitle: SolverX는 2022년에 설립\n---\n", []),
    ],
)
def test_who_is_spoken_of(said: Said, text: str, expected: list[Triple]) -> None:
    assert said(text) == expected


def test_a_span_is_exactly_the_sentence(ontology: Ontology, korean: Korean) -> None:
    text = "# 안내\n\n- 반갑다. **SolverX**는 2022년에 설립되었다.  끝.\n"
    (statement,) = extract(document(text), ontology, korean)
    assert text[statement.span.start : statement.span.end] == "**SolverX**는 2022년에 설립되었다."


def test_the_same_sentence_twice_gives_two_places_and_one_reading_gives_one(ontology: Ontology, korean: Korean) -> None:
    text = "SolverX는 2022년에 설립되었다. SolverX는 2022년에 설립되었다."
    found = extract(document(text), ontology, korean)
    assert len(found) == len(set(found)) == 2
    assert found == extract(document(text), ontology, korean)
