from __future__ import annotations

import pytest

from ingest import Korean
from kg.clauses import Clause, Noun, Reading, read_clauses
from kg.patterns import Place
from kg.types import Entity

NAMES = {"가온상사": "회사", "이안": "사람", "부산": "장소", "서울": "장소", "SolverX": "회사", "퓨전": "제품"}


def read(text: str, korean: Korean) -> Reading:
    found = [Place(text.index(n), text.index(n) + len(n), (Entity(n, c),)) for n, c in NAMES.items() if n in text]
    named = sorted(found, key=lambda place: place.start)
    return read_clauses(text, named, korean, lambda place: place.entities[0].cls == "사람")


def shown(text: str, clause: Clause) -> tuple[str, str, list[tuple[str, str]]]:
    return clause.verb, clause.ending, [(written(text, noun), noun.case) for noun in clause.nouns]


def written(text: str, noun: Noun | None) -> str:
    return text[noun.start : noun.end] if noun else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SolverX는 부산에 위치한다.", [("위치하다", "final", [("SolverX", "topic"), ("부산", "e")])]),
        ("퓨전은 SolverX에서 개발됐다.", [("개발하다", "final", [("퓨전", "topic"), ("SolverX", "eseo")])]),
        ("퓨전은 SolverX에 의해 개발되었다.", [("개발하다", "final", [("퓨전", "topic"), ("SolverX", "by")])]),
        ("이안 팀장이 서울에서 일한다.", [("일하다", "final", [("이안", "nom"), ("서울", "eseo")])]),
        ("SolverX(솔버엑스)를 세웠다.", [("세우다", "final", [("SolverX", "acc")])]),
        ("‘퓨전’은 빠르다.", [("빠르다", "final", [("퓨전", "topic")])]),
    ],
)
def test_particles_say_what_a_name_is_to_its_verb(korean: Korean, text: str, expected: list[object]) -> None:
    assert [shown(text, clause) for clause in read(text, korean).clauses] == expected


@pytest.mark.parametrize(
    ("text", "stem", "head"),
    [
        ("부산에 위치한 SolverX는 크다.", "위치", "SolverX"),
        ("SolverX가 개발한 퓨전을 쓴다.", "개발", "퓨전"),
        ("부산에서 태어나 서울에서 자란 이안은 웃었다.", "태어나", "이안"),
        ("서울에 있는 유일하게 밝은 회사는 가온상사다.", "있", "회사"),
    ],
)
def test_what_a_clause_modifies(korean: Korean, text: str, stem: str, head: str) -> None:
    clause = next(clause for clause in read(text, korean).clauses if clause.stem == stem)
    assert written(text, clause.head) == head


def test_a_topic_is_not_of_the_clause_that_another_noun_carries(korean: Korean) -> None:
    inner, outer = read("SolverX는 부산에 위치한 회사이다.", korean).clauses
    assert [noun.case for noun in inner.nouns] == ["e"]
    assert [noun.case for noun in outer.nouns] == ["topic"]


def test_two_subjects_may_share_a_verb(korean: Korean) -> None:
    text = "SolverX는 부산에, 가온상사는 서울에 있다."
    first, second = read(text, korean).clauses
    assert [written(text, noun) for noun in first.nouns] == ["SolverX", "부산"]
    assert [written(text, noun) for noun in second.nouns] == ["가온상사", "서울"]


def test_owners_labels_and_rows(korean: Korean) -> None:
    nouns = read("SolverX의 새 대표이사는 이안이고, 서울과 부산을 돈다.", korean).nouns
    label = next(noun for noun in nouns if noun.case == "topic")
    assert (label.label, label.owner and label.owner.place and label.owner.place.entities[0].name) == (
        "대표이사",
        "SolverX",
    )
    listed = next(noun for noun in nouns if noun.case == "acc")
    assert [noun.place.entities[0].name for noun in listed.all if noun.place] == ["서울", "부산"]


@pytest.mark.parametrize(
    ("text", "passive", "negated"),
    [
        ("SolverX는 퓨전을 만들었다.", False, False),
        ("퓨전은 SolverX가 만든 것이 아니다.", False, True),
        ("퓨전이 만들어졌다.", True, False),
        ("문이 열렸다.", True, False),
        ("퓨전이 없다.", False, True),
    ],
)
def test_voice_and_verbs_that_deny(korean: Korean, text: str, passive: bool, negated: bool) -> None:
    clause = read(text, korean).clauses[-1]
    assert (clause.passive, clause.negated) == (passive, negated)


def test_names_are_read_alike_whatever_the_analyser_has_learnt() -> None:
    text = "서리라인에서 만드는 퓨전은 빠르다."
    plain, taught = Korean(), Korean()
    taught.add_names(["서리라인"])
    place = [Place(0, 4, (Entity("서리라인", "것"),)), Place(11, 13, (Entity("퓨전", "것"),))]
    first, second = (read_clauses(text, place, korean, lambda _: False).clauses for korean in (plain, taught))
    assert [clause.stem for clause in first] == [clause.stem for clause in second] == ["만들", "빠르"]
