from __future__ import annotations

import re
import threading

import pytest

from ingest import Chunk, Example, Span
from rag import Draft, Generated, Hit, Request, UnknownPreset, write
from rag.selection import ranked, repetition
from rag.write import to_last_sentence
from tests.fakes import ScriptedWriter


def hit(number: int, length: int = 10) -> Hit:
    text = f"{number}" + "글" * length
    return Hit(Chunk(Span("d", number, number + 1), "글", "creative", text, (), Example(f"요청 {number}")), 1.0, ())


def run(writer: ScriptedWriter, request: Request, hits: list[Hit], stop: threading.Event | None = None) -> list[object]:
    return list(write(request, hits, writer, stop))


def test_pieces_are_streamed_and_the_draft_is_last() -> None:
    *pieces, draft = run(ScriptedWriter(["비가 ", "그쳤다."]), Request("장면", seed=3), [hit(1)])
    assert pieces == ["비가 ", "그쳤다."]
    assert isinstance(draft, Draft)
    assert (draft.text, draft.seed, draft.purity.disallowed) == ("비가 그쳤다.", 3, 0)
    assert [each.chunk.text for each in draft.examples] == [hit(1).chunk.text]


def test_the_best_example_stands_next_to_the_request() -> None:
    writer = ScriptedWriter(["글."])
    run(writer, Request("장면"), [hit(1), hit(2)])
    contents = [message.content for message in writer.prompts[0].messages]
    assert contents[-2] == hit(1).chunk.text


def test_examples_that_do_not_fit_are_left_out() -> None:
    writer = ScriptedWriter(["글."], context=1500)
    draft = run(writer, Request("장면"), [hit(1, 600), hit(2, 600), hit(3, 600)])[-1]
    assert isinstance(draft, Draft)
    assert [each.chunk.span.start for each in draft.examples] == [1]


def test_stopping_keeps_what_is_written() -> None:
    stop = threading.Event()
    stream = write(Request("장면"), [], ScriptedWriter(["하나. ", "둘. ", "셋."]), stop)
    assert next(stream) == "하나. "
    stop.set()
    draft = list(stream)[-1]
    assert isinstance(draft, Draft)
    assert (draft.text, draft.stopped) == ("하나. ", "stop")


def test_foreign_letters_are_counted_and_allowed_words_are_not() -> None:
    pieces = ["Loop AI가 中을 썼다."]
    strict, allowing = (
        run(ScriptedWriter(pieces), Request("장면", allow=allow), [])[-1] for allow in ((), ("Loop AI",))
    )
    assert isinstance(strict, Draft)
    assert isinstance(allowing, Draft)
    assert (strict.purity.disallowed, allowing.purity.disallowed) == (7, 1)


def test_the_draft_that_dwells_on_no_word_is_kept_and_the_others_are_handed_over() -> None:
    dwelling = "비가 비를 비에게 비로 준다."
    writer = ScriptedWriter([dwelling], others=["비가 오고 문이 열렸다.", "비. 비. 비. 비. 비. 비. 비. 비."])
    *_, draft = write(Request("비", drafts=3, seed=5), [], writer, terms=lambda text: re.findall("[비문]", text))
    assert isinstance(draft, Draft)
    assert draft.text == "비가 오고 문이 열렸다."
    assert draft.seed == 6
    assert draft.others == (dwelling, "비. 비. 비. 비. 비. 비. 비. 비.")


def test_a_draft_with_an_end_of_its_own_goes_before_one_that_was_cut() -> None:
    cut, whole = Generated("비가 왔다. 비가", 5, 1.0, "length"), Generated("끝이 있다. 끝이", 5, 1.0, "end")
    assert ranked([cut, whole]) == [1, 0]


@pytest.mark.parametrize(("text", "share"), [("가 나 다 라", 0.0), ("가 나 다 가 나 다", 0.25), ("", 1.0), ("가", 0.0)])
def test_repetition_is_the_share_of_runs_that_occur_again(text: str, share: float) -> None:
    assert repetition(text) == share


def test_without_a_genre_the_preset_is_that_of_the_examples() -> None:
    poem = Hit(Chunk(Span("d", 0, 1), "시", "creative", "시", (), Example("요청", genre="시")), 1.0, ())
    draft = run(ScriptedWriter(["글."]), Request("비에 대해"), [poem, poem, hit(1)])[-1]
    assert isinstance(draft, Draft)
    assert draft.preset == "시"


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownPreset) as caught:
        run(ScriptedWriter([]), Request("장면", preset="없음"), [])
    assert "소설" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("하나다. 둘이다. 셋은", "하나다. 둘이다."),
        ("“정말?” 그가", "“정말?”"),
        ("짧다. 그리고 아주 길게 이어지는 문장이", "짧다. 그리고 아주 길게 이어지는 문장이"),
        ("끝났다.”", "끝났다.”"),
        ("마침표 없이 흐르는 글", "마침표 없이 흐르는 글"),
        ("", ""),
    ],
)
def test_a_cut_piece_ends_at_a_sentence(text: str, kept: str) -> None:
    assert to_last_sentence(text) == kept
