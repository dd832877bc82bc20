from __future__ import annotations

import json
import random
import unicodedata

import pytest

from ingest.duplicates import THRESHOLD, NearDuplicates
from tests.conftest import CORPORA

PIECES = [
    json.loads(line)["text"]
    for path in sorted((CORPORA / "creative").glob("*.jsonl"))
    for line in path.read_text("utf-8").splitlines()
]
SCENE = (
    "김첨지는 인력거를 끌고 비탈길을 내려갔다. 아침부터 흐리던 하늘에서 비가 내렸다. 정류장 앞에서 손님을 기다리는 "
    "동안 그는 아내의 기침 소리를 떠올렸다. “오늘은 설렁탕을 사다 주어야지.” 바퀴가 진흙에 빠졌다."
)


def similar(one: str, other: str) -> list[tuple[str, float]]:
    index = NearDuplicates()
    index.add("one", one)
    return index.add("other", other)


def edited(text: str, way: str, share: float, chance: random.Random) -> str:
    """``text`` with a share of its words in a row left out, added or replaced by foreign ones."""
    words = text.split()
    count = max(1, round(share * len(words)))
    start = chance.randrange(len(words) - count)
    new = [chance.choice(SCENE.split()) for _ in range(0 if way == "left out" else count)]
    words[start : start if way == "added" else start + count] = new
    return " ".join(words)


@pytest.mark.parametrize(
    "copy",
    [
        SCENE,
        SCENE.replace(" ", "\n\n"),
        SCENE.replace(" ", ""),
        SCENE.replace("“", '"').replace("”", '"').replace(".", "…"),
        "  *** " + SCENE + " ♥♥♥",
        unicodedata.normalize("NFD", SCENE),
    ],
)
def test_layout_and_marks_do_not_count(copy: str) -> None:
    assert similar(SCENE, copy) == [("one", 1.0)]


def test_width_and_case_do_not_count() -> None:
    assert similar("SolverX Fusion 2022 출시", "ｓｏｌｖｅｒｘ ＦＵＳＩＯＮ ２０２２ 출시") == [("one", 1.0)]


@pytest.mark.parametrize(
    ("way", "share"),
    [("left out", 0.05), ("left out", 0.1), ("left out", 0.2), ("added", 0.05), ("added", 0.1), ("added", 0.2),
     ("replaced", 0.05), ("replaced", 0.1)],
)  # fmt: skip
def test_edited_copies_are_found(way: str, share: float) -> None:
    chance = random.Random(1)
    originals = [piece for piece in PIECES if len(piece) > 400][:60]
    index = NearDuplicates()
    for number, piece in enumerate(originals):
        index.add(f"original {number}", piece)
    for number, piece in enumerate(originals):
        found = index.add(f"copy {number}", edited(piece, way, share, chance))
        assert [key for key, _ in found] == [f"original {number}"]
        assert THRESHOLD <= found[0][1] < 1


def test_different_pieces_are_never_alike() -> None:
    index = NearDuplicates()
    assert [found for number, piece in enumerate(PIECES) if (found := index.add(str(number), piece))] == []


def test_a_proposal_below_the_threshold_is_not_called_alike() -> None:
    chance = random.Random(2)
    half = edited(PIECES[0], "replaced", 0.3, chance)
    assert similar(PIECES[0], half) == []
    (shared,) = similar(PIECES[0], PIECES[0] + " " + SCENE[:60])
    assert shared[1] > THRESHOLD


def test_the_similarity_is_that_of_the_sets_of_shingles() -> None:
    # 가나다라마바사아자차 has 6 shingles of five, its first nine letters have 5 of them.
    assert similar("가나다라마바사아자차", "가나다라마바사아자") == [("one", pytest.approx(5 / 6))]


def test_the_most_alike_comes_first_and_texts_find_only_earlier_ones() -> None:
    index = NearDuplicates()
    assert index.add("cut", SCENE[:-12]) == []
    assert index.add("same", SCENE)[0][0] == "cut"
    assert [key for key, _ in index.add("again", SCENE)] == ["same", "cut"]


@pytest.mark.parametrize("text", ["", "  \n", "……!?", "***"])
def test_a_text_without_letters_is_like_nothing(text: str) -> None:
    assert similar(text, text) == []


@pytest.mark.parametrize(
    ("one", "other", "alike"), [("가", "가", True), ("가나다", "가나 다!", True), ("가", "나", False)]
)
def test_texts_shorter_than_a_shingle_are_compared_whole(one: str, other: str, alike: bool) -> None:
    assert bool(similar(one, other)) == alike


def test_a_key_is_added_once() -> None:
    index = NearDuplicates()
    index.add("가", SCENE)
    with pytest.raises(ValueError, match="가"):
        index.add("가", PIECES[0])
    assert [key for key, _ in index.add("나", SCENE)] == ["가"]


def test_the_same_texts_give_the_same_answers() -> None:
    texts = [edited(SCENE * 3, "replaced", 0.1, random.Random(seed)) for seed in range(20)]
    first, second = NearDuplicates(), NearDuplicates()
    assert [first.add(str(n), text) for n, text in enumerate(texts)] == [
        second.add(str(n), text) for n, text in enumerate(texts)
    ]
