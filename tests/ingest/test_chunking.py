from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Chunk, Document, Example, Kind, Span, chunk


def document(text: str, kind: Kind = "facts") -> Document:
    return Document("d", "자료.md", "제목", text, kind)


@given(
    st.text(alphabet=st.sampled_from("가나다 .!?\n#`“”-aB1…"), max_size=3000),
    st.sampled_from(["facts", "creative", "general"]),
)
def test_every_chunk_is_a_slice_and_nothing_but_headings_and_space_is_lost(text: str, kind: Kind) -> None:
    made = document(text, kind)
    position = 0
    between = []
    for piece in chunk(made):
        assert piece.text == text[piece.span.start : piece.span.end]
        assert piece.text.strip() == piece.text != ""
        assert piece.span.start >= position
        between.append(text[position : piece.span.start])
        position = piece.span.end
    between.append(text[position:])
    for gap in between:
        assert all(not line.strip() or line.lstrip().startswith("#") for line in gap.splitlines())


def test_headings_are_carried_and_replaced_by_level() -> None:
    pieces = chunk(document("# 가\n\n하나\n\n## 나\n\n둘\n\n# 다\n\n셋"))
    assert [(piece.headings, piece.text) for piece in pieces] == [
        (("가",), "하나"),
        (("가", "나"), "둘"),
        (("다",), "셋"),
    ]


def test_a_comment_in_code_is_no_heading() -> None:
    pieces = chunk(document("```python\n# 주석\nx = 1\n```"))
    assert [piece.headings for piece in pieces] == [()]


@pytest.mark.parametrize("kind", ["facts", "creative"])
def test_pieces_keep_to_a_size(kind: Kind) -> None:
    text = "\n\n".join("한 문장이 있다. " * 30 for _ in range(5)) + "끝" * 5000
    assert max(len(piece.text) for piece in chunk(document(text, kind))) <= 700 * 1.6


def test_equal_sentences_at_two_places_are_two_chunks() -> None:
    first, second = chunk(document("# 가\n\n같은 말\n\n# 나\n\n같은 말"))
    assert first.text == second.text
    assert first.id != second.id


def test_a_piece_with_a_request_is_found_by_its_words_and_embedded_by_what_is_known_of_it() -> None:
    known = Example("비 오는 밤", genre="로맨스", tone="담담한", tags=("비",), other_requests=("밤비",))
    piece = Chunk(Span("d", 0, 4), "글", "creative", "빗소리.", (), known)
    assert piece.embedding_text == "로맨스\n비 오는 밤\n밤비\n담담한\n비"
    assert piece.search_text == piece.embedding_text + "\n빗소리."
    passage = Chunk(Span("d", 0, 4), "글", "facts", "본사는 서울에 있다.", ("회사", "본사"))
    assert passage.embedding_text == passage.search_text == "회사 > 본사\n본사는 서울에 있다."
