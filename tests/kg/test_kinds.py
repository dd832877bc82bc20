from __future__ import annotations

import pytest

from kg import Ontology
from kg.kinds import classes_of, is_kind, is_of_kind


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("SolverX", "회사", True),
        ("SolverX", "기업", True),
        ("SolverX", "조직", True),
        ("SolverX", "사람", False),
        ("이안", "분", True),
        ("이안", "직원", False),  # a role: not everybody is one
        ("연구팀", "팀", True),
        ("강남구", "구", True),
        ("강남구", "도시", False),
        ("SolverX Fusion", "상품", True),
        ("SolverX Fusion", "배", False),
    ],
)
def test_what_a_thing_is_called(ontology: Ontology, name: str, kind: str, expected: bool) -> None:
    assert is_of_kind(name, ontology.entities[name].cls, kind, ontology) is expected


@pytest.mark.parametrize(
    ("word", "expected"), [("회사", True), ("업체", True), ("구", True), ("복지", False), ("점수", False)]
)
def test_which_nouns_are_kinds(ontology: Ontology, word: str, expected: bool) -> None:
    assert is_kind(word, ontology) is expected


def test_a_class_is_called_by_its_own_name_first(ontology: Ontology) -> None:
    assert classes_of("회사", ontology) == ("회사",)
    assert classes_of("업체", ontology) == ("회사",)
    assert classes_of("우주선", ontology) == ()
