from __future__ import annotations

import unicodedata

import pytest

from kg import Names, Ontology


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("서울은", ["서울"]),
        ("서울에서는 비가 온다", ["서울"]),
        ("서울까지의 거리", ["서울"]),
        ("서울입니다.", ["서울"]),
        ("서울", ["서울"]),
        ("“서울”", ["서울"]),
        ("서울대에 갔다", []),
        ("서울역에서", []),
        ("남서울에서", []),
        ("이안은 웃었다", ["이안"]),
        ("이안이라는 사람", ["이안"]),
        ("이안 씨와", ["이안"]),
        ("이안씨가", ["이안"]),
        ("이안경을 썼다", []),
        ("다이안이", []),
        ("SolverX의", ["SolverX"]),
        ("solverx는", ["solverx"]),
        ("SolverXY는", []),
        ("(주)솔버엑스는", ["(주)솔버엑스"]),
        ("SolverX Fusion을", ["SolverX Fusion"]),
        ("SolverXFusion을", ["SolverXFusion"]),
        ("SolverX와 퓨전을", ["SolverX", "퓨전"]),
        ("강남구 서초동에", ["강남구 서초동"]),
        ("SolverX 2.0", ["SolverX"]),
    ],
)
def test_whole_words_with_particles(ontology: Ontology, text: str, expected: list[str]) -> None:
    assert [text[m.start : m.end] for m in Names(ontology).find(text)] == expected


def test_offsets_count_in_the_text_given_even_where_it_is_decomposed(ontology: Ontology) -> None:
    text = unicodedata.normalize("NFD", "우리는 서울에서 이안을 만났다")
    found = Names(ontology).find(text)
    assert [m.entity.name for m in found] == ["서울", "이안"]
    assert [unicodedata.normalize("NFC", text[m.start : m.end]) for m in found] == ["서울", "이안"]
