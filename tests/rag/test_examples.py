from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest import Chunk, Document, Example, Job, Korean, Ledger, Span, Statement, ingest
from rag import Hit, Projections, Retriever
from rag.examples import asked_traits, choose, fitting, traits
from tests.fakes import HashEmbedder


def hit(number: int, score: float = 0.0, source: str = "함께 온 글", text: str = "글" * 600, **known: Any) -> Hit:
    example = Example(**{"request": f"요청 {number}", **known})
    return Hit(Chunk(Span("d", number, number + 1), source, "creative", f"{number}{text}", (), example), score, ())


def numbers(hits: Sequence[Hit]) -> list[int]:
    return [each.chunk.span.start for each in hits]


@pytest.mark.parametrize(
    ("request_", "aspect", "values"),
    [
        ("군대 간 아들에게 부치는 글", "form", {"편지"}),
        ("관아에서 심문받는 사람의 문답으로만 된 글, 해학이 있게", "form", {"대화"}),
        ("별점과 댓글만으로 구성한 무서운 이야기", "form", {"기록"}),
        ("우리 고유 정형시 가락으로", "form", {"정형시"}),
        ("거지가 주인공인 유쾌한 강호 이야기", "mood", {"웃긴"}),
        ("비 내리는 날, 당신이라고 부르는 시점으로", "point_of_view", {"2인칭"}),
        ("1인칭으로 짧게", "point_of_view", {"1인칭"}),
        ("짧은 호흡, 현재형으로", "tense", {"현재"}),
        ("존댓말로 써 줘", "speech_level", {"하십시오체", "해요체"}),
        ("예스러운 하오체, 숨긴 마음이 비치게", "speech_level", {"하오체"}),
        ("반말로 주절주절", "speech_level", {"해체"}),
        ("길고 담백하게", "length", {"긴 글"}),
        ("밤길 운전 초단편", "length", {"짧은 글"}),
        ("비가 온다", "mood", set()),
        ("비가 온다", "speech_level", set()),
    ],
)
def test_a_request_says_what_it_wants(request_: str, aspect: str, values: set[str]) -> None:
    assert getattr(asked_traits(request_), aspect) == values


def test_a_piece_is_what_is_known_of_it() -> None:
    known = traits(
        hit(
            1,
            request="아내에게 쓰는 편지",
            tone="다정하고 웃긴",
            point_of_view="3인칭 제한",
            tense="현재",
            speech_level="하오체",
            text="글",
        ).chunk
    )
    assert known.form == {"편지"}
    assert known.mood == {"따뜻한", "웃긴"}
    assert (known.point_of_view, known.tense, known.speech_level) == ({"3인칭"}, {"현재"}, {"하오체"})
    assert known.length == {"짧은 글"}


def test_heldout_pieces_and_plain_passages_are_never_shown() -> None:
    passage = Hit(Chunk(Span("d", 7, 8), "설명서", "creative", "글"), 9.0, ())
    assert numbers(choose("요청", "", [hit(1, 9.0, split="heldout"), passage, hit(2)], {}, 3)) == [2]


def test_two_pieces_on_one_request_are_not_shown_together() -> None:
    twins = [hit(1, 3.0, request="같은 요청"), hit(2, 2.0, request="같은 요청"), hit(3, 1.0)]
    assert numbers(choose("요청", "", twins, {}, 3)) == [1, 3]


def test_the_genre_that_is_asked_for_goes_first() -> None:
    hits = [hit(1, 2.0, genre="시"), hit(2, 0.5, genre="로맨스"), hit(3, 1.0, genre="로맨스")]
    assert numbers(choose("재회", "로맨스", hits, {}, 3)) == [3, 2, 1]


@pytest.mark.parametrize(
    ("request_", "known"),
    [
        ("아내에게 부치는 서신", {"tags": ("편지",)}),
        ("등골이 오싹하게", {"tone": "서늘하고 조용한"}),
        ("당신이라고 부르는 시점으로", {"point_of_view": "2인칭"}),
        ("현재형으로", {"tense": "현재"}),
        ("하오체로", {"speech_level": "하오체"}),
        ("초단편으로", {"text": "짧다."}),
    ],
    ids=["form", "mood", "point of view", "tense", "speech level", "length"],
)
def test_of_equals_the_one_that_is_told_as_asked_goes_first_and_says_why(request_: str, known: dict[str, Any]) -> None:
    first, second = choose(request_, "", [hit(1), hit(2, **known)], {}, 2)
    assert numbers([first, second]) == [2, 1]
    assert set(first.why) > set(second.why)


def test_the_authors_own_text_is_preferred_but_not_to_one_that_fits_far_better() -> None:
    near, far = hit(1, 1.5), hit(3, 9.0)
    own = hit(2, 1.0, source="내 소설")
    chosen = choose("재회", "", [near, own, far], {}, 3, {"내 소설"})
    assert numbers(chosen) == [3, 2, 1]
    assert ["내 글" in each.why for each in chosen] == [False, True, False]


def test_an_unlabelled_text_of_ones_own_passes_for_the_genre_that_is_asked_for() -> None:
    hits = [hit(1, 1.0, genre="로맨스"), hit(2, 0.5, source="내 소설"), hit(3, 0.5)]
    assert numbers(choose("재회", "로맨스", hits, {}, 3, {"내 소설"})) == [2, 1, 3]


def test_reasons_name_the_genre_and_the_voices_that_found_it() -> None:
    found = Hit(hit(1, genre="시").chunk, 1.0, ("words", "vectors"))
    assert choose("눈", "시", [found], {}, 1)[0].why == ("같은 장르(시)", "뜻이 가까움", "같은 낱말")


def test_of_two_that_are_alike_the_second_gives_way() -> None:
    hits = [hit(1, 2.00), hit(2, 1.99), hit(3, 1.95)]
    east, north = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
    vectors = {hits[0].chunk.id: east, hits[1].chunk.id: east, hits[2].chunk.id: north}
    assert numbers(choose("재회", "", hits, vectors, 3)) == [1, 3, 2]


def test_what_is_too_long_gives_way_to_the_next_that_fits() -> None:
    hits = [hit(1, text="가" * 50), hit(2, text="나" * 500), hit(3, text="다" * 40)]
    kept = fitting(hits, lambda some: sum(len(each.chunk.text) for each in some) <= 200)
    assert numbers(kept) == [1, 3]
    assert fitting(hits, lambda some: False) == ()


class NothingToExtract:
    def settings(self, path: Path) -> str:
        return ""

    def __call__(self, document: Document, path: Path) -> list[Statement]:
        return []


def test_whatever_did_not_come_with_the_program_is_the_authors_own(
    tmp_path: Path, ledger: Ledger, korean: Korean, embedder: HashEmbedder
) -> None:
    for name, opening in (("함께 온 글", "우산이 접혔다."), ("내 글", "빗소리가 먼저 왔다.")):
        row = {"request": f"비 오는 밤의 재회, {name}", "text": opening, "genre": "로맨스"}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    list(ingest(Job((tmp_path,)), ledger, embedder, NothingToExtract(), korean))
    projections = Projections(tmp_path / "home", ledger, korean, embedder.identity)
    shipped = frozenset({hashlib.sha256((tmp_path / "함께 온 글.jsonl").read_bytes()).hexdigest()})
    own, other = Retriever(ledger, projections, embedder, shipped=shipped).examples("비 오는 밤의 재회", "로맨스")
    projections.close()
    assert (own.chunk.text, other.chunk.text) == ("빗소리가 먼저 왔다.", "우산이 접혔다.")
    assert ("내 글" in own.why, "내 글" in other.why) == (True, False)
