"""Questions to forms, and forms to what they denote."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingest import Korean
from kg import Graph, Ontology
from kg.execution import Executor
from kg.logical_form import Ask, Both, Count, Either, Every, Extreme, Follow, Form, Given, Holds, Named, Term, Without
from kg.parsing import Parser
from kg.question_reading import read_question
from kg.vocabulary import vocabulary_of

TEXT = """# SolverX

SolverX는 2022년에 설립되었다. 한빛소재는 2015년에 설립되었다. SolverX의 대표인 윤태경이 말했다.
SolverX는 퓨전을 개발한다.
본사는 강남구 서초동에 위치한다. SolverX는 한빛소재와 협력한다. 연구팀은 SolverX 소속이다.
"""


@pytest.fixture
def forms(graph_of: Callable[..., Graph], ontology: Ontology, korean: Korean) -> Callable[[str], set[Form]]:
    parser = Parser(ontology, vocabulary_of(ontology, korean))
    names = graph_of(TEXT).names

    def parse(text: str) -> set[Form]:
        parses = list(parser.parses(read_question(text, names, ontology, korean)))
        heaviest = max((p.weight for p in parses), default=0)
        return {p.form for p in parses if p.weight == heaviest}

    return parse


FUSION_MAKERS = Follow(Named("SolverX Fusion"), "develops", False, "회사")


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("퓨전을 개발한 회사는?", Ask(FUSION_MAKERS)),
        ("퓨전을 개발한 회사는 몇 곳인가요?", Count(FUSION_MAKERS, "곳")),
        ("SolverX는 서울에 있나요?", Holds("SolverX", "located_in", "서울")),
        ("SolverX는 서울에 없나요?", Holds("SolverX", "located_in", "서울", denied=True)),
        (
            "SolverX와 한빛소재 중 먼저 설립된 곳은?",
            Extreme(Either((Named("SolverX"), Named("한빛소재"))), "founded_in", most=False),
        ),
        (
            "SolverX는 한빛소재보다 먼저 설립되었나요?",
            Extreme(Either((Named("SolverX"), Named("한빛소재"))), "founded_in", most=False),
        ),
        ("가장 최근에 설립된 회사는 어디인가요?", Extreme(Every("회사"), "founded_in", most=True)),
        (
            "SolverX 말고 서울에 있는 회사는?",
            Ask(Without(Follow(Named("서울"), "located_in", False, "회사"), Either((Named("SolverX"),)))),
        ),
        (
            "서울에 있고 퓨전을 개발한 회사는?",
            Ask(Both(Follow(Named("서울"), "located_in", False, "회사"), FUSION_MAKERS)),
        ),
    ],
)
def test_a_question_has_a_form(forms: Callable[[str], set[Form]], question: str, form: Form) -> None:
    assert form in forms(question)


@pytest.mark.parametrize(
    "question",
    [
        "SolverX는 왜 서울에 있나요?",
        "SolverX는 서울에만 있나요?",
        "SolverX의 복지 제도는?",
        "오늘 날씨는?",
        "",
        "퓨전을 개발한 회사는 몇 년에 있나요?",
    ],
)
def test_what_no_relation_accounts_for_has_no_form(forms: Callable[[str], set[Form]], question: str) -> None:
    assert forms(question) == set()


@pytest.mark.parametrize(
    ("term", "names"),
    [
        (Named("SolverX"), {"SolverX"}),
        (Every("회사"), {"SolverX", "한빛소재"}),
        (Follow(Named("SolverX"), "headquarters"), {"서초동"}),
        (Follow(Named("서초동"), "located_in"), {"강남구"}),
        (Follow(Named("서초동"), "located_in", kind="서울"), {"서울"}),
        (Follow(Named("서울"), "located_in", False, "회사"), {"SolverX"}),
        (Follow(Follow(Named("SolverX Fusion"), "develops", False), "has_ceo"), {"윤태경"}),
        (Both(Every("회사"), Follow(Named("서울"), "located_in", False)), {"SolverX"}),
        (Without(Every("회사"), Named("SolverX")), {"한빛소재"}),
        (Either((Named("이안"), Given((("윤태경", ()),)))), {"이안", "윤태경"}),
    ],
)
def test_a_term_denotes_names(graph_of: Callable[..., Graph], ontology: Ontology, term: Term, names: set[str]) -> None:
    assert set(Executor(graph_of(TEXT), ontology).reach(term)) == names


def test_each_step_of_a_path_is_in_the_proof(graph_of: Callable[..., Graph], ontology: Ontology) -> None:
    path = Follow(Follow(Named("SolverX Fusion"), "develops", False), "has_ceo")
    (reached,) = Executor(graph_of(TEXT), ontology).reach(path).values()
    assert [(s.subject, s.object) for s in reached.steps] == [("SolverX", "SolverX Fusion"), ("SolverX", "윤태경")]
    assert all(step.sources for step in reached.steps)
