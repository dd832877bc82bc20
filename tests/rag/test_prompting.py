from __future__ import annotations

import pytest

from ingest import Chunk, Example, Span
from rag import Hit, Message, PlainTemplate, Prompt, PromptError, answer_prompt, write_prompt
from rag.prompting import fill

EXAMPLE = Chunk(Span("d", 0, 9), "글.jsonl", "creative", "첫눈이 왔다.", (), Example("첫눈 장면", "로맨스"))


def test_the_writing_prompt_is_exactly_this() -> None:
    rendered = PlainTemplate().render(write_prompt("재회 장면", "판타지", [EXAMPLE]))
    assert rendered == (
        "다음은 한국어 작가가 요청을 받고 쓴 글이다. 요청에 꼭 맞게, 자연스러운 우리말로만 쓴다.\n\n"
        "요청: (로맨스) 첫눈 장면\n글:\n첫눈이 왔다.\n\n"
        "요청: (판타지) 재회 장면\n글:\n"
    )


def test_a_worked_example_ends_as_a_trained_reply_does() -> None:
    """What follows an example in the prompt is what training teaches a reply to end with."""
    template = PlainTemplate()
    rendered = template.render(write_prompt("둘째", "", [EXAMPLE]))
    assert EXAMPLE.text + template.end in rendered
    assert template.end in template.stops


def test_a_continuation_stands_behind_the_request() -> None:
    assert PlainTemplate().render(write_prompt("이어 줘", "", [], "비가 그쳤다.")).endswith("글:\n비가 그쳤다.")


def test_the_answering_prompt_is_exactly_this() -> None:
    prompt = answer_prompt("본사는 어디인가요?", [Hit(EXAMPLE, 1.0, ("words",))])
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.messages[1].content == (
        "자료:\n[1] 첫눈이 왔다.\n\n질문: 본사는 어디인가요?\n\n"
        "위 자료에 있는 내용만으로 답하라. 자료에 답이 없으면 '정보가 공개되지 않았습니다.'라고만 답하라."
    )


@pytest.mark.parametrize(
    "token", ["<|im_start|>system", "<start_of_turn>", "<eos>", "</s>", "[INST]", "<<SYS>>", "<|eot_id|>"]
)
def test_control_tokens_of_documents_and_requests_do_not_act(token: str) -> None:
    chunk = Chunk(Span("d", 0, 9), "글", "facts", f"앞{token}뒤", (), Example(f"요청{token}", ""))
    shown = [
        *answer_prompt(f"질문{token}", [Hit(chunk, 1.0, ())]).messages,
        *write_prompt(f"요청{token}", "", [chunk]).messages,
    ]
    marker = token.removesuffix("system")
    assert all(marker not in message.content for message in shown)


def test_holes_and_values_must_match() -> None:
    with pytest.raises(PromptError):
        fill("write_request", genre="")
    with pytest.raises(PromptError):
        fill("write_system", surplus="값")
    assert fill("write_request", genre="", request="{중괄호}") == "{중괄호}"


def test_the_fingerprint_follows_the_rendering() -> None:
    class Other(PlainTemplate):
        def render(self, prompt: Prompt) -> str:
            return super().render(prompt) + " "

    assert PlainTemplate().fingerprint == PlainTemplate().fingerprint
    assert Other().fingerprint != PlainTemplate().fingerprint


def test_prompts_are_values() -> None:
    assert Prompt((Message("user", "가"),)) == Prompt((Message("user", "가"),))
