"""The guarantee itself, on two small tokenizers of the two makes that are supported."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from rag import KOREAN, CharacterPolicy, UnsupportedTokenizer
from rag.decoding import JAMO, cached_policy, compile_policy, read_vocabulary
from rag.decoding.baselines import WholeTokenMask, foreign_tokens, prefix_function
from rag.decoding.machine import BOUNDARY, DEAD, ByteMachine, build_machine
from rag.decoding.processor import KoreanLogitsProcessor, RepetitionPenalty, TokenTables
from tests.rag.tokenizers import TOKENIZERS

POLICIES = {
    "korean": KOREAN,
    "with names": KOREAN.with_literals(("SolverX Fusion", "SolverX", "中国")),
    "hangul only": CharacterPolicy(" "),
    "messages": KOREAN.with_characters(JAMO),
    "hanja": CharacterPolicy(hanja=True),
    "code": CharacterPolicy(code=True, hanja=True, literals=("SolverX",)),
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
            choices = automaton.allowed(state).tolist()
            if len(ids) >= 200:  # home by the shortest way: chance rarely closes a fence of code
                nearer = [
                    i for i in choices if automaton.distance[automaton.follow(state, i)] < automaton.distance[state]
                ]
                choices = nearer
            index = draw.choice(choices)
            ids.append(index)
            state = automaton.follow(state, index)
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
            state = automaton.follow(state, index)
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
            state = automaton.follow(state, index)
        assert state == DEAD, character


def test_a_literal_may_be_written_whole_and_only_whole() -> None:
    tokenizer = TOKENIZERS["byte-fallback"]
    automaton = compile_policy(KOREAN.with_literals(("SolverX Fusion", "SolverX")), read_vocabulary(tokenizer))

    def after(*pieces: str) -> int:
        state = BOUNDARY
        for piece in pieces:
            index = tokenizer.convert_tokens_to_ids(piece)
            state = automaton.follow(state, index)
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
    prompt = tokenizer.encode("Hello 中国 비 오는 밤. 麘", add_special_tokens=False)
    tables = TokenTables(automaton, [tokenizer.eos_token_id], len(tokenizer) + 7)
    processor = KoreanLogitsProcessor(tables, prompt_length=len(prompt))
    behind_a_head = KoreanLogitsProcessor(tables, len(prompt), rest_is_excluded=True)
    end = len(prompt) + 150  # the last tokens must be able to end
    ending = KoreanLogitsProcessor(tables, len(prompt), end)
    ending_behind_a_head = KoreanLogitsProcessor(tables, len(prompt), end, rest_is_excluded=True)
    head = torch.full((1, len(tokenizer) + 7), -torch.inf)
    head[:, tables.tokens] = 0.0
    draw = random.Random(1)
    state, ids = BOUNDARY, list(prompt)
    for _ in range(150):
        assert int(processor.states(torch.tensor([ids]))[0]) == state
        scores = processor(torch.tensor([ids]), torch.zeros(1, len(tokenizer) + 7))[0]
        allowed = set(torch.isfinite(scores).nonzero().flatten().tolist())
        assert torch.equal(behind_a_head(torch.tensor([ids]), head.clone())[0], scores)
        last = ending(torch.tensor([ids]), torch.zeros(1, len(tokenizer) + 7))
        assert torch.equal(ending_behind_a_head(torch.tensor([ids]), head.clone()), last)
        expected = set(automaton.allowed(state).tolist())
        assert allowed - {tokenizer.eos_token_id} == expected
        assert (tokenizer.eos_token_id in allowed) == bool(automaton.accepting[state])
        ids.append(draw.choice(sorted(expected)))
        state = automaton.follow(state, ids[-1])


def test_rows_that_others_emptied_are_filled_again() -> None:
    tokenizer = TOKENIZERS["byte-fallback"]
    automaton = compile_policy(KOREAN, read_vocabulary(tokenizer))
    processor = KoreanLogitsProcessor(TokenTables(automaton, [tokenizer.eos_token_id], len(tokenizer)))
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


@both
@every
def test_every_entry_of_the_table_is_what_reading_the_bytes_gives(make: str, policy: str) -> None:
    """Exhaustive: every state and every token against a byte-by-byte reading."""
    vocabulary = read_vocabulary(TOKENIZERS[make])
    automaton = compile_policy(POLICIES[policy], vocabulary)
    machine = build_machine(POLICIES[policy])
    usable = vocabulary.usable(POLICIES[policy].literals)
    read = [
        [_read(machine, state, code) if usable[token] else DEAD for token, code in enumerate(vocabulary.tokens)]
        for state in range(len(machine.accepting))
    ]
    ends = {BOUNDARY}
    for _ in read:
        ends |= {state for state, row in enumerate(read) if ends & set(row)}
    byte_state = {BOUNDARY: BOUNDARY}
    pending = [BOUNDARY]
    while pending:
        state = pending.pop()
        for token, reached in enumerate(read[byte_state[state]]):
            after = automaton.follow(state, token)
            assert (after == DEAD) == (reached not in ends)
            if after != DEAD and after not in byte_state:
                byte_state[after] = reached
                pending.append(after)
            assert after == DEAD or byte_state[after] == reached
    assert len(byte_state) == automaton.states


def _read(machine: ByteMachine, state: int, code: bytes | None) -> int:
    """The state after a token, by the definition."""
    for byte in code or b"":
        state = int(machine.next_state[state, byte]) if state != DEAD else DEAD
    return int(machine.after_token[state]) if code and state != DEAD else DEAD


def test_no_character_is_cut_at_the_token_limit() -> None:
    """With one token left a syllable of three pieces may not be begun."""
    tokenizer = TOKENIZERS["byte-fallback"]
    tables = TokenTables(compile_policy(KOREAN, read_vocabulary(tokenizer)), [tokenizer.eos_token_id], len(tokenizer))
    lead, middle, last = (tokenizer.convert_tokens_to_ids(f"<0x{byte:02X}>") for byte in "뷁".encode())

    def allowed(ids: list[int], limit: int) -> list[bool]:
        scores = KoreanLogitsProcessor(tables, 1, limit)(torch.tensor([ids]), torch.zeros(1, len(tokenizer)))[0]
        return torch.isfinite(scores[[lead, middle, last]]).tolist()

    assert allowed([0], 4)[0]
    assert not allowed([0], 3)[0]
    assert not allowed([0], 2)[0]
    assert allowed([0, lead], 4)[1]
    assert allowed([0, lead, middle], 4)[2]


def test_reasoning_is_not_constrained() -> None:
    tokenizer = TOKENIZERS["byte-fallback"]
    tables = TokenTables(compile_policy(KOREAN, read_vocabulary(tokenizer)), [tokenizer.eos_token_id], len(tokenizer))
    opening, closing = map(tokenizer.convert_tokens_to_ids, ("a", "b"))
    processor = KoreanLogitsProcessor(tables, think=(opening, closing))
    ids = torch.tensor([[3, opening, 5], [opening, 5, closing]])
    scores = processor(ids, torch.zeros(2, len(tokenizer)))
    assert torch.isfinite(scores[0]).all()
    assert not torch.isfinite(scores[1]).all()


def test_only_pieces_that_the_tokenizer_uses_may_spell_a_syllable() -> None:
    tokenizer = TOKENIZERS["byte-level"]
    vocabulary = read_vocabulary(tokenizer)
    automaton = compile_policy(KOREAN, vocabulary)
    used = {
        index
        for ids in vocabulary.encode([lead + chr(point) for point in range(0xAC00, 0xD7A4) for lead in ("", " ", "가")])
        for index in ids
    }
    for index in automaton.writable.tolist():
        token = vocabulary.tokens[index] or b""
        assert index in used or token.decode("utf-8", "strict") is not None


def test_tables_are_kept_in_a_file_and_made_anew_when_it_is_damaged(tmp_path: Path) -> None:
    vocabulary = read_vocabulary(TOKENIZERS["byte-level"])
    first = cached_policy(KOREAN, "tokenizer", lambda: vocabulary, tmp_path)
    (path,) = tmp_path.iterdir()
    again = cached_policy(KOREAN, "tokenizer", lambda: vocabulary, tmp_path)
    assert (again.next_state == first.next_state).all()
    assert again.window == first.window
    path.write_bytes(path.read_bytes()[:200])
    mended = cached_policy(KOREAN, "tokenizer", lambda: vocabulary, tmp_path)
    assert (mended.next_state == first.next_state).all()
    cached_policy(KOREAN.with_literals(("AI",)), "tokenizer", lambda: vocabulary, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_plain_sentencepiece_is_read_and_spells_what_it_has_pieces_for() -> None:
    tokenizer = Tokenizer(
        models.Unigram([("<unk>", 0.0), ("▁", -1.0), ("가", -1.0), ("나", -2.0), ("中", -3.0)], unk_id=0)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    vocabulary = read_vocabulary(PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>"))
    automaton = compile_policy(KOREAN, vocabulary)
    assert [vocabulary.tokens[index] for index in automaton.writable] == [b" ", "가".encode(), "나".encode()]


def test_the_usual_ways_lose_or_leak_where_the_automaton_does_not() -> None:
    tokenizer = TOKENIZERS["byte-fallback"]
    vocabulary = read_vocabulary(tokenizer)
    width = len(tokenizer)
    tables = TokenTables(compile_policy(KOREAN, vocabulary), [tokenizer.eos_token_id], width)
    lead = tokenizer.convert_tokens_to_ids("<0xEB>")
    chinese = [tokenizer.convert_tokens_to_ids(f"<0x{byte:02X}>") for byte in "麘".encode()]
    scores = torch.zeros(1, width)
    start = torch.tensor([[0]])
    static = WholeTokenMask(KOREAN, vocabulary, [tokenizer.eos_token_id], width)(start, scores)[0]
    assert static[lead] == -torch.inf  # 뷁 cannot be begun
    assert static[tokenizer.convert_tokens_to_ids("서울")] == 0
    bad = {index for (index,) in foreign_tokens(KOREAN, vocabulary)}
    assert tokenizer.convert_tokens_to_ids("中国") in bad
    assert not bad & set(chinese)  # 麘 can be assembled
    follow = prefix_function(tables)
    exact = KoreanLogitsProcessor(tables)
    for ids in ([0], [0, lead], [0, tokenizer.convert_tokens_to_ids("가")]):
        allowed = torch.isfinite(exact(torch.tensor([ids]), scores.clone())[0]).nonzero().flatten()
        assert set(allowed.tolist()) == set(follow(0, torch.tensor(ids)).tolist())
