from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from ingest import Chunk, Korean, Span
from rag import ABSTENTION, Answer, Answerer, Answering, Citation, Hit, ProofStep, answer
from rag.answer import is_grounded
from tests.fakes import ScriptedChat

TEXT = "신뢰도 점수가 0.8보다 낮으면 기존 해석기로 되돌린다. SolverX Fusion은 2023년에 나왔다."
PASSAGE = Hit(Chunk(Span("d", 100, 100 + len(TEXT)), "제품.md", "facts", TEXT), 1.0, ("words",))


@dataclass
class OnePassage:
    hits: Sequence[Hit] = (PASSAGE,)

    def search(self, query: str, k: int, kind: str) -> list[Hit]:
        return list(self.hits)


def answering(korean: Korean, reply: str, asked: Sequence[str], proof: Answer | None = None) -> Answering:
    chat = ScriptedChat(text=reply, asked=[])
    return Answering(
        OnePassage(), korean, lambda *_: proof, lambda _: [(term,) for term in asked], Answerer("scripted", chat)
    )  # type: ignore[arg-type]


def asked_times(with_: Answering) -> int:
    assert with_.answerer is not None
    return len(with_.answerer.model.asked)  # type: ignore[attr-defined]


def test_what_the_graph_proves_needs_no_model(korean: Korean) -> None:
    step = ProofStep("가", "위치", "나", "", (Citation("글", 0, 1, "가"),))
    with_ = answering(korean, "모델의 말", ["점수"], Answer("예.", False, step.sources, (step,)))
    result = answer("가는 나에 있나요?", with_)
    assert (result.text, result.proof) == ("예.", (step,))
    assert asked_times(with_) == 0
    assert "graph" in result.timings


@pytest.mark.parametrize("asked", [["복지", "제도"], ["신뢰도", "연봉"]])
def test_what_no_passage_speaks_of_is_not_asked(korean: Korean, asked: list[str]) -> None:
    with_ = answering(korean, "지어낸 말", asked)
    result = answer("질문", with_)
    assert (result.text, result.abstained, result.citations) == (ABSTENTION, True, ())
    assert asked_times(with_) == 0


def test_an_answer_cites_the_sentence_that_it_rests_on(korean: Korean) -> None:
    result = answer("점수가 낮으면?", answering(korean, "기존 해석기로 되돌립니다.", ["점수"]))
    assert not result.abstained
    (citation,) = result.citations
    assert citation.text == "신뢰도 점수가 0.8보다 낮으면 기존 해석기로 되돌린다."
    assert (citation.source, citation.start) == ("제품.md", 100)
    assert TEXT[citation.start - 100 : citation.end - 100] == citation.text


@pytest.mark.parametrize(
    "reply",
    [
        "",
        ABSTENTION,
        "죄송하지만 정보가 공개되지 않았습니다",
        "0.9보다 낮으면 되돌립니다.",
        "2024년에 나왔습니다.",
        "Ansys로 되돌립니다.",
        "機械로 되돌립니다.",
    ],
)
def test_what_goes_beyond_the_passages_is_not_passed_on(korean: Korean, reply: str) -> None:
    assert answer("점수가 낮으면?", answering(korean, reply, ["점수"])).abstained


@pytest.mark.parametrize(
    "reply",
    [
        "예.",
        "점수가 낮습니다.",
        "신뢰도 점수는 담당자가 정합니다.",
        "기존 해석기는 2023년에 나왔습니다.",
    ],
)
def test_what_no_one_sentence_says_is_not_passed_on(korean: Korean, reply: str) -> None:
    result = answer("점수가 낮으면?", answering(korean, reply, ["점수"]))
    assert (result.text, result.abstained, result.citations) == (ABSTENTION, True, ())


def test_as_of_another_time_only_the_graph_answers(korean: Korean) -> None:
    asked_at: list[str] = []

    def prove(_: str, at: str) -> Answer | None:
        asked_at.append(at)
        return None

    with_ = replace(answering(korean, "기존 해석기로 되돌립니다.", ["점수"]), prove=prove)
    assert answer("점수가 낮으면?", with_, "2021년").abstained
    assert asked_at == ["2021년"]
    assert asked_times(with_) == 0


@pytest.mark.parametrize("reply", ["0.8보다 낮을 때입니다.", "SolverX Fusion입니다.", "Fusion은 2023년에 나왔습니다."])
def test_what_the_passages_hold_is_passed_on(reply: str) -> None:
    assert is_grounded(reply, "질문", [PASSAGE])


def test_without_passages_or_model_the_answer_is_not_known(korean: Korean) -> None:
    chat = Answerer("scripted", ScriptedChat(text="말", asked=[]))
    empty = Answering(OnePassage(()), korean, lambda *_: None, lambda _: [], chat)  # type: ignore[arg-type]
    none = Answering(OnePassage(), korean, lambda *_: None, lambda _: [("점수",)], None)  # type: ignore[arg-type]
    assert answer("질문", empty).abstained
    assert answer("질문", none).abstained


@pytest.mark.parametrize(("asked", "supported"), [("충주", True), ("서귀포", False)])
def test_a_sentence_about_another_of_the_kind_supports_nothing(korean: Korean, asked: str, supported: bool) -> None:
    text = "서귀포 공장은 귤을 다룬다. 충주 공장의 인증은 2028년에 만료된다."
    hit = Hit(Chunk(Span("d", 0, len(text)), "공장.md", "facts", text), 1.0, ("words",))
    with_ = replace(answering(korean, "2028년에 만료됩니다.", [asked, "인증"]), retriever=OnePassage((hit,)))
    assert answer(f"{asked} 공장의 인증은 언제 만료되나요?", with_).abstained is not supported
