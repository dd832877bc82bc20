from __future__ import annotations

import pytest

from ingest import Korean


@pytest.mark.parametrize("inflected", ["서울에서", "서울은", "서울까지도", "서울이었다", "서울의"])
def test_a_noun_finds_its_inflected_forms(korean: Korean, inflected: str) -> None:
    assert "서울" in korean.terms(f"그는 {inflected}")


def test_compounds_are_found_whole_and_split(korean: Korean) -> None:
    terms = korean.terms("신뢰도점수를 본다")
    assert "신뢰도점수" in terms
    assert "점수" in terms


def test_numbers_and_latin_are_kept(korean: Korean) -> None:
    assert {"solverx", "fusion", "2022"} <= set(korean.terms("SolverX Fusion은 2022년에 나왔다"))


@pytest.mark.parametrize("text", ["", "   ", "!?…", "\n"])
def test_nothing_gives_no_terms(korean: Korean, text: str) -> None:
    assert korean.terms(text) == []


def test_names_of_a_codex_keep_their_particles_apart() -> None:
    own = Korean()
    own.add_names(["서윤이안"])
    assert "서윤이안" in own.terms("서윤이안은 웃었다")
