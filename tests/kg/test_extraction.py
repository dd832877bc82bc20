from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from kg_world import Triple, document

from ingest import Korean, Statement
from kg import Ontology, extend, extract, general_ontology, parse_ontology

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


@pytest.fixture
def bare(ontology: Ontology, korean: Korean) -> Said:
    """The triples that a text states to an ontology without patterns."""
    relations = {name: replace(relation, patterns=()) for name, relation in ontology.relations.items()}
    without = replace(ontology, relations=relations)

    def read(text: str) -> list[Triple]:
        return [s_[:3] for s_ in _said(extract(document(text), without, korean)) if s_[3:] == ("asserted", "approved")]

    return read


def _said(found: list[Statement]) -> list[tuple[str, ...]]:
    return [(s.subject, s.relation, s.object, s.mode, s.status) for s in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SolverX는 2022년에 설립되었다.", [("SolverX", "founded_in", "2022년")]),
        ("2022년 3월에 세워진 SolverX는 크다.", [("SolverX", "founded_in", "2022년")]),
        ("2022년에 설립된 SolverX는 크다.", [("SolverX", "founded_in", "2022년")]),
        ("SolverX의 대표는 윤태경이다.", [("SolverX", "has_ceo", "윤태경")]),
        ("윤태경은 SolverX의 대표이다.", [("SolverX", "has_ceo", "윤태경")]),
        ("SolverX 대표인 윤태경이 왔다.", [("SolverX", "has_ceo", "윤태경")]),
        ("SolverX 대표 윤태경이 왔다.", [("SolverX", "has_ceo", "윤태경")]),
        ("SolverX는 윤태경을 대표로 선임했다.", [("SolverX", "has_ceo", "윤태경")]),
        ("윤태경이 SolverX 대표를 맡고 있다.", [("SolverX", "has_ceo", "윤태경")]),
        ("윤태경은 SolverX의 대표로, 서울에 산다.", [("SolverX", "has_ceo", "윤태경")]),
        ("- 대표: 윤태경", [("SolverX", "has_ceo", "윤태경")]),
        ("퓨전은 SolverX에 의해 개발되었다.", [("SolverX", "develops", "SolverX Fusion")]),
        ("퓨전은 SolverX가 만들었다.", [("SolverX", "develops", "SolverX Fusion")]),
        ("SolverX가 만드는 것은 퓨전이다.", [("SolverX", "develops", "SolverX Fusion")]),
        ("퓨전을 개발하는 SolverX는 작다.", [("SolverX", "develops", "SolverX Fusion")]),
        ("이안은 서울에서 자라 연구팀에서 근무하며 논다.", [("이안", "works_at", "연구팀")]),
        ("SolverX의 인원은 42명이다.", [("SolverX", "staff", "42명")]),
        ("- 인원 42명", [("SolverX", "staff", "42명")]),
        ("한빛소재: 인원 42명, 대표 이안", [("한빛소재", "staff", "42명"), ("한빛소재", "has_ceo", "이안")]),
        ("한빛소재는 작다. 대표는 이안.", [("한빛소재", "has_ceo", "이안")]),
        ("SolverX가 퓨전을 만든다면 좋다.", []),
        (
            "한빛소재는 부산에, 연구팀은 서울에 있다.",
            [("한빛소재", "located_in", "부산"), ("연구팀", "located_in", "서울")],
        ),
        ("이안은 웃었다. 그는 연구팀에서 근무한다.", [("이안", "works_at", "연구팀")]),
        (
            "한빛소재의 대표는 이안이다. 그는 연구팀에서 근무한다.",
            [("한빛소재", "has_ceo", "이안"), ("이안", "works_at", "연구팀")],
        ),
        (
            "SolverX와 한빛소재는 퓨전을 개발한다.",
            [("SolverX", "develops", "SolverX Fusion"), ("한빛소재", "develops", "SolverX Fusion")],
        ),
        ("인원이 42명인 SolverX는 작다.", [("SolverX", "staff", "42명")]),
        ("퓨전을 만든 곳은 SolverX다.", [("SolverX", "develops", "SolverX Fusion")]),
        ("SolverX의 대표는 연구팀에 갔다.", []),
        ("이안은 SolverX의 대표를 만났다.", []),
        ("SolverX에서 온 연구팀은 부산을 떠났다.", []),
    ],
)
def test_what_an_ontology_without_patterns_understands(bare: Said, text: str, expected: list[Triple]) -> None:
    assert bare(text) == expected


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("SolverX는 부산에 위치하지 않는다.", "denied"),
        ("SolverX는 부산에 위치할 예정이다.", "planned"),
        ("SolverX는 부산에 위치한 것으로 알려졌다.", "reported"),
        ("한때 SolverX는 부산에 위치했다.", "former"),
        ("SolverX가 부산에 위치한다면 좋다.", None),
    ],
)
def test_how_it_is_said(ontology: Ontology, korean: Korean, text: str, mode: str | None) -> None:
    said = [s.mode for s in extract(document(text), ontology, korean) if s.relation == "located_in"]
    assert said == ([mode] if mode else [])


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("이안은 2021년 3월부터 연구팀에서 근무한다.", "2021년 3월", ""),
        ("이안은 2021년부터 2023년까지 연구팀에서 근무했다.", "2021년", "2023년"),
        ("이안은 연구팀에서 근무한다.", "", ""),
        ("[2024년 5월 2일] 소식\n6월부터 이안은 연구팀에서 근무합니다.", "2024년 6월", ""),
    ],
)
def test_when_it_holds(ontology: Ontology, korean: Korean, text: str, since: str, until: str) -> None:
    (statement,) = (s for s in extract(document(text), ontology, korean) if s.relation == "works_at")
    assert (statement.since, statement.until) == (since, until)


def test_what_a_dated_notice_says_of_a_functional_relation_holds_since_then(ontology: Ontology, korean: Korean) -> None:
    text = "# 소식\n\n[2024년 5월 2일] 인원\nSolverX의 인원은 42명입니다.\n\n# 안내\n\nSolverX의 인원은 40명이다."
    said = [(s.object, s.since) for s in extract(document(text), ontology, korean) if s.relation == "staff"]
    assert said == [("42명", "2024년 5월 2일"), ("40명", "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "| 이름 | 대표 | 인원(명) |\n|---|---|---|\n| 한빛소재 | 이안 | 1,200 |\n| SolverX | 윤 대표 | 42명 |",
            [
                ("한빛소재", "has_ceo", "이안"),
                ("한빛소재", "staff", "1,200명"),
                ("SolverX", "has_ceo", "윤태경"),
                ("SolverX", "staff", "42명"),
            ],
        ),
        ("| 번호 | 회사 | 개발 |\n|---|---|---|\n| 7 | SolverX | 퓨전 |", [("SolverX", "develops", "SolverX Fusion")]),
        ("| 회사 | 대표 |\n|---|---|\n| 한빛소재 | 이안, 윤태경 |", []),  # one or the other
        ("| 회사 | 대표 |\n|---|---|\n| 한빛소재 | 이안의 형 |", []),
        (
            "## 한빛소재\n\n| 대표 | 이안 |\n| 인원 | 42명 |",
            [("한빛소재", "has_ceo", "이안"), ("한빛소재", "staff", "42명")],
        ),
    ],
)
def test_tables(said: Said, text: str, expected: list[Triple]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "한빛소재의 협력은 다음과 같다.\n\n- SolverX\n- 연구팀\n\n끝이다.\n\n- 이안",
            [("SolverX", "partner_of", "한빛소재"), ("연구팀", "partner_of", "한빛소재")],
        ),
        ("한빛소재의 협력은 적다.\n\n- SolverX", []),
        ("한빛소재의 협력은 다음과 같다.\n\n## 다른 것\n\n- SolverX", []),
    ],
)
def test_lists(said: Said, text: str, expected: list[Triple]) -> None:
    assert sorted(tuple(sorted((s, o))) for s, _, o in said(text)) == sorted(
        tuple(sorted((s, o))) for s, _, o in expected
    )


def test_what_matches_no_relation_is_a_candidate_as_it_is_written(ontology: Ontology, korean: Korean) -> None:
    table = "| 회사 | 표어 |\n|---|---|\n| SolverX | 느리게 |"
    text = f"SolverX는 어린이날 행사를 후원했다. SolverX의 상징은 호랑이다.\n\n{table}"
    found = [(s.subject, s.relation, s.object, s.status) for s in extract(document(text), ontology, korean)]
    assert found == [
        ("SolverX", "open:후원하다", "어린이날 행사", "candidate"),
        ("SolverX", "open:상징", "호랑이", "candidate"),
        ("SolverX", "open:표어", "느리게", "candidate"),
    ]


def test_free_text_keeps_the_names_in_it(korean: Korean) -> None:
    world = """
    name = "w"
    [classes."회사"]
    [relations.motto]
    label = "표어"
    domain = "회사"
    range = "글"
    patterns = ["표어는 {object}"]
    answer = "{subject}의 표어는 {object}입니다."
    [[entities]]
    name = "SolverX"
    class = "회사"
    [[entities]]
    name = "한빛소재"
    class = "회사"
    """
    ontology = extend(parse_ontology('name = "base"', "base.toml"), parse_ontology(world, "w.toml"))
    for text in ("SolverX의 표어는 '한빛소재 앞으로'이다.", "SolverX의 표어는 한빛소재 앞으로입니다."):
        (statement,) = extract(document(text), ontology, korean)
        assert statement.object == "한빛소재 앞으로"
    assert extract(document("SolverX의 표어가 한빛소재 앞으로 바뀝니다."), ontology, korean) == []


def test_a_misspelt_name_waits_for_review(korean: Korean) -> None:
    world = 'name = "w"\n[[entities]]\nname = "가온누리상사"\nclass = "회사"'
    ontology = extend(general_ontology(), parse_ontology(world, "w.toml"))
    (statement,) = extract(document("가온누리상시는 부산에 위치한다."), ontology, korean)
    assert (statement.subject, statement.status) == ("가온누리상사", "candidate")


def test_one_name_of_two_people_is_the_one_who_was_named_in_full(korean: Korean) -> None:
    world = """
    name = "w"
    [[entities]]
    name = "한지우 소장"
    class = "사람"
    [[entities]]
    name = "한지우 매니저"
    class = "사람"
    [[entities]]
    name = "가온상사"
    class = "회사"
    """
    ontology = extend(general_ontology(), parse_ontology(world, "w.toml"))

    def workers(text: str) -> list[str]:
        return [s.subject for s in extract(document(text), ontology, korean) if s.relation == "works_at"]

    assert workers("한지우 소장이 왔다. 한지우는 가온상사에서 일한다.") == ["한지우 소장"]
    assert workers("한지우는 가온상사에서 일한다.") == []
    assert workers("한지우 소장과 한지우 매니저가 왔다. 한지우는 가온상사에서 일한다.") == []


def test_a_span_is_exactly_the_sentence(ontology: Ontology, korean: Korean) -> None:
    text = "# 안내\n\n- 반갑다. **SolverX**는 2022년에 설립되었다.  끝.\n"
    (statement,) = extract(document(text), ontology, korean)
    assert text[statement.span.start : statement.span.end] == "**SolverX**는 2022년에 설립되었다."


def test_the_same_sentence_twice_gives_two_places_and_one_reading_gives_one(ontology: Ontology, korean: Korean) -> None:
    text = "SolverX는 2022년에 설립되었다. SolverX는 2022년에 설립되었다."
    found = extract(document(text), ontology, korean)
    assert len(found) == len(set(found)) == 2
    assert found == extract(document(text), ontology, korean)
