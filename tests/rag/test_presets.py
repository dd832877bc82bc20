from __future__ import annotations

import pytest

from rag import UnknownPreset, choose_preset, load_presets
from tests.test_corpora import pieces


def test_every_genre_of_the_corpus_has_a_preset_and_no_genre_two() -> None:
    served = [genre for preset in load_presets().values() for genre in preset.genres]
    assert len(served) == len(set(served))
    assert {row["genre"] for row in pieces} <= set(served)


@pytest.mark.parametrize(
    ("name", "genre", "chosen"), [("", "시", "시"), ("요약", "시", "요약"), ("", "", "소설"), ("", "없는 장르", "소설")]
)
def test_the_name_goes_before_the_genre(name: str, genre: str, chosen: str) -> None:
    assert choose_preset(name, genre).name == chosen


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownPreset):
        choose_preset("없음")


def test_a_preset_says_which_characters_its_texts_hold() -> None:
    assert choose_preset("", "웹소설").policy.disallowed("왜 울어 ㅋㅋ") == []
    assert choose_preset("", "소설").policy.disallowed("왜 울어 ㅋㅋ") == ["ㅋ", "ㅋ"]
