"""The guarantee itself, on two small tokenizers of the two makes that are supported."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from rag import KOREAN, CharacterPolicy, UnsupportedTokenizer
from rag.decoding import compile_policy, read_vocabulary
from rag.decoding.automaton import BOUNDARY, DEAD
from rag.decoding.processor import KoreanLogitsProcessor, RepetitionPenalty

CORPUS = [
    "비 오는 밤의 재회를 썼다. 그는 “정말?” 하고 물었다.\n\n요청: 다음 글",
    "SolverX Fusion is fast. 서울대 서초동 강남구 2022년 3월",
    "今日は良い天気です。中国语 Привет мир 你好世界",
] * 20


def byte_level() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=500,
        special_tokens=["<s>", "</s>", "<|im_start|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


def byte_fallback() -> PreTrainedTokenizerFast:
    pieces = ["<s>", "</s>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += [
        "▁",
        "\n",
        "\n\n",
        ".",
        ",",
        "“",
        "”",
        "…",
        "가",
        "나",
        "서",
        "울",
        "서울",
        "▁서울",
        "대",
        "中",
        "国",
        "中国",
    ]
    pieces += ["a", "b", "Solver", "X", "▁Fusion", "か", "Я", "ㅋ", "�", "요", "청", ":", "<td>", "1", "22"]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={piece: index for index, piece in enumerate(pieces)},
            merges=[("서", "울"), ("▁", "서울"), ("中", "国")],
            byte_fallback=True,
            unk_token="<unk>",
        )
    )
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(["<s>", "</s>", "<unk>"])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


TOKENIZERS = {"byte-level": byte_level(), "byte-fallback": byte_fallback()}
POLICIES = {
    "korean": KOREAN,
    "with names": KOREAN.with_literals(("SolverX Fusion", "SolverX", "中国")),
    "hangul only": CharacterPolicy(" "),
}
both = pytest.mark.parametrize("make", TOKENIZERS)
every = pytest.mark.parametrize("policy", POLICIES)


def text_of(tokens: list[bytes | None], ids: list[int]) -> str:
    return b"".join(tokens[index] or b"" for index in ids).decode()


@both
@every
def test_random_walks_never_leave_the_policy(make: str, policy: str) -> None:
    vocabulary = read_vocabulary(TOKENIZERS[make])
    automaton = compile_policy(POLICIES[policy], vocabulary)
    draw = random.Random(0)
    written = 0
    for _ in range(60):
        state, ids = BOUNDARY, []
        while len(ids) < 200 or not automaton.accepting[state]:
            index = draw.choice(np.flatnonzero(automaton.next_state[state] != DEAD).tolist())
            ids.append(index)
            state = int(automaton.next_state[state, index])
        text = text_of(list(vocabulary.tokens), ids)
        assert POLICIES[policy].disallowed(text) == []
        written += len(text)
    assert written > 1000


@both
@every
def test_every_state_is_alive_and_reaches_an_end(make: str, policy: str) -> None:
    automaton = compile_policy(POLICIES[policy], read_vocabulary(TOKENIZERS[make]))
    reaching = set(np.flatnonzero(automaton.accepting).tolist())
    for _ in range(len(automaton.accepting)):
        reaching |= {
            state for state, row in enumerate(automaton.next_state) if reaching & set(row[row != DEAD].tolist())
        }
    assert reaching == set(range(len(automaton.accepting)))


@both
def test_all_syllables_can_be_written(make: str) -> None:
    tokenizer = TOKENIZERS[make]
    automaton = compile_policy(KOREAN, read_vocabulary(tokenizer))
    lost = []
    for point in range(ord("가"), ord("힣") + 1):
        state = BOUNDARY
        for index in tokenizer.encode(chr(point), add_special_tokens=False):
            state = int(automaton.next_state[state, index]) if state != DEAD else DEAD
        if state != BOUNDARY:
            lost.append(chr(point))
    assert lost == []


def test_six_states_are_enough_for_hangul() -> None:
    automaton = compile_policy(CharacterPolicy(" "), read_vocabulary(TOKENIZERS["byte-fallback"]))
    assert len(automaton.accepting) == 6


def test_foreign_characters_cannot_be_assembled_from_bytes() -> None:
    """The leak of whole-token black lists: 麘 is three harmless pieces."""
    tokenizer = TOKENIZERS["byte-fallback"]
    automaton = compile_policy(KOREAN, read_vocabulary(tokenizer))
    for character in "麘かㅋЯ😀�":
        state = BOUNDARY
        for byte in character.encode():
            index = tokenizer.convert_tokens_to_ids(f"<0x{byte:02X}>")
            state = int(automaton.next_state[state, index]) if state != DEAD else DEAD
        assert state == DEAD, character


def test_a_literal_may_be_written_whole_and_only_whole() -> None:
    tokenizer = TOKENIZERS["byte-fallback"]
    automaton = compile_policy(KOREAN.with_literals(("SolverX Fusion", "SolverX")), read_vocabulary(tokenizer))

    def after(*pieces: str) -> int:
        state = BOUNDARY
        for piece in pieces:
            index = tokenizer.convert_tokens_to_ids(piece)
            state = int(automaton.next_state[state, index]) if state != DEAD else DEAD
        return state

    assert after("Solver") != DEAD
    assert not automaton.accepting[after("Solver")]
    assert automaton.accepting[after("Solver", "X")]
    assert automaton.accepting[after("Solver", "X", "▁Fusion")]
    assert after("Solver", "가") == DEAD
    assert after("Solver", "X", "Solver", "X", "▁Fusion", "가") == BOUNDARY
    assert after("X") == after("▁Fusion") == after("a") == DEAD


@both
@every
def test_the_processor_follows_the_automaton_from_any_history(make: str, policy: str) -> None:
    """Its state comes from the last tokens only; the whole walk must give the same."""
    tokenizer = TOKENIZERS[make]
    automaton = compile_policy(POLICIES[policy], read_vocabulary(tokenizer))
    processor = KoreanLogitsProcessor(automaton, [tokenizer.eos_token_id], len(tokenizer) + 7)
    prompt = tokenizer.encode("Hello 中国 비 오는 밤. 麘", add_special_tokens=False)
    draw = random.Random(1)
    state, ids = BOUNDARY, list(prompt)
    for _ in range(150):
        assert int(processor.states(torch.tensor([ids]))[0]) == state
        scores = processor(torch.tensor([ids]), torch.zeros(1, len(tokenizer) + 7))[0]
        allowed = set(torch.isfinite(scores).nonzero().flatten().tolist())
        expected = set(np.flatnonzero(automaton.next_state[state] != DEAD).tolist())
        assert allowed - {tokenizer.eos_token_id} == expected
        assert (tokenizer.eos_token_id in allowed) == bool(automaton.accepting[state])
        ids.append(draw.choice(sorted(expected)))
        state = int(automaton.next_state[state, ids[-1]])


def test_rows_that_others_emptied_are_filled_again() -> None:
    tokenizer = TOKENIZERS["byte-fallback"]
    automaton = compile_policy(KOREAN, read_vocabulary(tokenizer))
    processor = KoreanLogitsProcessor(automaton, [tokenizer.eos_token_id], len(tokenizer))
    scores = processor(torch.tensor([[0]]), torch.full((1, len(tokenizer)), -torch.inf))
    assert torch.isfinite(scores).any()


def test_repetition_is_penalised_in_the_written_part_only_and_never_for_pieces() -> None:
    exempt = torch.tensor([False, False, True, False])
    penalty = RepetitionPenalty(2.0, prompt_length=1, window=2, exempt=exempt)
    scores = torch.tensor([[4.0, 4.0, 4.0, -4.0]])
    assert penalty(torch.tensor([[0]]), scores).tolist() == scores.tolist()
    assert penalty(torch.tensor([[0, 1, 2, 3]]), scores).tolist() == [[4.0, 4.0, 4.0, -8.0]]
    assert penalty(torch.tensor([[0, 0, 1, 3]]), scores).tolist() == [[4.0, 2.0, 4.0, -8.0]]


def test_an_unknown_tokenizer_is_refused() -> None:
    words = Tokenizer(models.WordLevel({"가": 0, "<unk>": 1}, unk_token="<unk>"))
    with pytest.raises(UnsupportedTokenizer):
        read_vocabulary(PreTrainedTokenizerFast(tokenizer_object=words))
