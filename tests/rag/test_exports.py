"""The same policy in other engines: exact oracles for our own masks, bit by bit."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from transformers import PreTrainedTokenizerFast

from rag import KOREAN, CharacterPolicy
from rag.decoding import Vocabulary, compile_policy, read_vocabulary, to_gbnf, to_regex
from rag.decoding.machine import BOUNDARY, DEAD, build_machine
from tests.rag.tokenizers import TOKENIZERS

POLICIES = {
    "korean": KOREAN,
    "names": KOREAN.with_literals(("SolverX Fusion", "SolverX", "AI", "CAE", "AIDS", "kg", "km")),
    "hanja": replace(KOREAN, hanja=True),
    "locked numbers": KOREAN.without_digits().with_literals(("2022", "85")),
}
STEPS = 400
Mask = npt.NDArray[np.bool_]
every = pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))


class XGrammar:
    """Masks of xgrammar for the exported grammar."""

    def __init__(self, policy: CharacterPolicy, tokenizer: PreTrainedTokenizerFast, width: int) -> None:
        import xgrammar

        info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=width)
        grammar = to_gbnf(policy).replace("part+", "part*")
        self._matcher = xgrammar.GrammarMatcher(xgrammar.GrammarCompiler(info).compile_grammar(grammar))
        self._bits = xgrammar.allocate_token_bitmask(1, width)
        self._width = width

    def mask(self) -> Mask:
        self._matcher.fill_next_token_bitmask(self._bits)
        bits = np.unpackbits(self._bits.numpy().view(np.uint8), bitorder="little")
        return bits[: self._width].astype(bool)

    def accept(self, token: int) -> None:
        assert self._matcher.accept_token(token)


class LLGuidance:
    """Masks of llguidance for the exported regular expression."""

    def __init__(self, policy: CharacterPolicy, tokenizer: PreTrainedTokenizerFast, width: int) -> None:
        import llguidance
        import llguidance.hf

        grammar = llguidance.grammar_from("regex", to_regex(policy))
        self._engine = llguidance.LLInterpreter(
            llguidance.hf.from_tokenizer(tokenizer, n_vocab=width),
            grammar,
            enable_backtrack=False,
            enable_ff_tokens=False,
        )
        self._engine.start_without_prompt()
        self._width = width

    def mask(self) -> Mask:
        bits, _ = self._engine.compute_mask()
        assert bits is not None
        return np.frombuffer(bits, dtype=np.uint8)[: self._width] > 0

    def accept(self, token: int) -> None:
        self._engine.commit_token(token)


def assert_no_bit_differs(tokenizer: PreTrainedTokenizerFast, policy: CharacterPolicy, steps: int = STEPS) -> None:
    """A random walk: our mask is each oracle's among the tokens that we admit at all (whole characters, and the
    pieces that the tokenizer itself uses). Where one byte alone may follow, llguidance leaves only the token that
    it would force; there its mask must lie within ours."""
    vocabulary = read_vocabulary(tokenizer)
    width = len(vocabulary.tokens)
    automaton = compile_policy(policy, vocabulary)
    usable = vocabulary.usable(policy.literals) & (vocabulary.lengths > 0)
    xgrammar, llguidance = XGrammar(policy, tokenizer, width), LLGuidance(policy, tokenizer, width)
    machine = build_machine(policy)
    draw = random.Random(0)
    state = byte_state = BOUNDARY
    for _ in range(steps):
        ours = np.zeros(width, dtype=bool)
        ours[automaton.allowed(state)] = True
        assert np.array_equal(ours, xgrammar.mask() & usable)
        theirs = llguidance.mask() & usable
        if np.count_nonzero(machine.next_state[byte_state] != DEAD) == 1:
            assert not (theirs & ~ours).any()
        else:
            assert np.array_equal(ours, theirs)
        token = draw.choice(automaton.allowed(state).tolist())
        state = automaton.follow(state, token)
        byte_state = _read(machine.next_state, machine.after_token, byte_state, vocabulary, token)
        xgrammar.accept(token)
        llguidance.accept(token)


def _read(
    table: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], state: int, vocabulary: Vocabulary, token: int
) -> int:
    for byte in vocabulary.tokens[token] or b"":
        state = int(table[state, byte])
    return int(ends[state])


@every
@pytest.mark.parametrize("make", TOKENIZERS)
def test_no_mask_bit_differs_from_other_engines(make: str, policy: CharacterPolicy) -> None:
    assert_no_bit_differs(TOKENIZERS[make], policy)


TEXTS = [
    "", "비 오는 밤.", "SolverX Fusion과 AI", "단청(丹靑)", "단청(丹靑", "(一二三四五六七八)", "(一二三四五六七八九)",
    "中国", "AIX", "kg이다", "a", "ㅋㅋ", "```x = 1```", "```x = `1` ```다", "```x", "``", "2022년 85점", "7",
]  # fmt: skip


@pytest.mark.parametrize(
    "policy",
    [*POLICIES.values(), replace(KOREAN, code=True), replace(KOREAN, code=True, hanja=True, literals=("AI",))],
)
def test_policy_machine_regex_and_grammar_accept_the_same_texts(policy: CharacterPolicy) -> None:
    import xgrammar

    machine = build_machine(policy)
    grammar = xgrammar.Grammar.from_ebnf(to_gbnf(policy).replace("part+", "part*"))
    pattern = re.compile(to_regex(policy))
    for text in TEXTS:
        state = BOUNDARY
        for byte in text.encode():
            state = int(machine.next_state[state, byte]) if state != DEAD else DEAD
        accepted = state != DEAD and bool(machine.accepting[state])
        assert accepted == (policy.disallowed(text) == []), text
        assert accepted == bool(pattern.fullmatch(text)), text
        assert accepted == _is_accepted(grammar, text), text


def _is_accepted(grammar: object, text: str) -> bool:
    from xgrammar.testing import _is_grammar_accept_string

    return bool(_is_grammar_accept_string(grammar, text))


def test_the_grammar_escapes_what_gbnf_reserves() -> None:
    grammar = to_gbnf(CharacterPolicy('a-]^"\\\n', ('x"y',)))
    assert grammar.startswith("root ::= part+\npart ::= [가-힣")
    for escaped in ("\\-", "\\]", "\\^", '\\"', "\\\\", "\\n"):
        assert escaped in grammar
    assert '"x\\"y"' in grammar
