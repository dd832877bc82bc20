"""The guarantee on the vocabularies of the real models: exhaustive, by other engines, and by a million tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from rag import KOREAN
from rag.decoding import Automaton, Vocabulary, compile_policy, read_vocabulary
from rag.decoding.machine import BOUNDARY, DEAD
from rag.decoding.policy import FIRST_SYLLABLE, LAST_SYLLABLE
from rag.models import ModelStore, load_catalog
from tests.rag.test_exports import POLICIES, assert_no_bit_differs

pytestmark = pytest.mark.models

SYLLABLES = [chr(point) for point in range(ord(FIRST_SYLLABLE), ord(LAST_SYLLABLE) + 1)]
FUZZ_ROWS, FUZZ_STEPS = 1_000, 1_000


@pytest.fixture(scope="module", params=["gemma3-270m", "qwen2.5-coder-1.5b"])
def tokenizer(request: pytest.FixtureRequest, models_root: Path) -> PreTrainedTokenizerFast:
    folder = ModelStore(models_root, load_catalog()).path(request.param)
    gguf = {path.name for path in folder.glob("*.gguf")}
    return AutoTokenizer.from_pretrained(folder, **({"gguf_file": gguf.pop()} if gguf else {}))


@pytest.fixture(scope="module")
def vocabulary(tokenizer: PreTrainedTokenizerFast) -> Vocabulary:
    return read_vocabulary(tokenizer)


@pytest.fixture(scope="module")
def automaton(vocabulary: Vocabulary) -> Automaton:
    return compile_policy(KOREAN, vocabulary)


def test_every_entry_is_sound_and_complete(vocabulary: Vocabulary, automaton: Automaton) -> None:
    """Every state and token against the definition in words: whole characters are allowed ones, and what is
    left over is the beginning of a syllable."""
    usable = vocabulary.usable(())
    beginnings = {syllable.encode()[:cut] for syllable in SYLLABLES for cut in (1, 2)}
    prefixes = {BOUNDARY: b""}
    pending = [BOUNDARY]
    while pending:
        state = pending.pop()
        row = np.full(automaton.width, DEAD)
        row[automaton.writable] = automaton.next_state[state]
        for token, after in enumerate(row.tolist()):
            text = prefixes[state] + (vocabulary.tokens[token] or b"")
            allowed = bool(vocabulary.tokens[token]) and bool(usable[token]) and _may_be_written(text, beginnings)
            assert (after != DEAD) == allowed, (state, vocabulary.tokens[token])
            if after != DEAD and after not in prefixes:
                prefixes[after] = text
                pending.append(after)
    assert len(prefixes) == automaton.states
    assert (automaton.distance >= 0).all()


def _may_be_written(text: bytes, beginnings: set[bytes]) -> bool:
    for cut in (0, 1, 2):
        try:
            whole = text[: len(text) - cut].decode()
        except UnicodeDecodeError:
            continue
        return KOREAN.disallowed(whole) == [] and (cut == 0 or text[len(text) - cut :] in beginnings)
    return False


@pytest.mark.parametrize("lead", ["", " ", "가", ".\n"])
def test_all_syllables_are_written_as_the_tokenizer_spells_them(
    vocabulary: Vocabulary, automaton: Automaton, lead: str
) -> None:
    lost = []
    for syllable, ids in zip(SYLLABLES, vocabulary.encode([lead + syllable for syllable in SYLLABLES]), strict=True):
        state = BOUNDARY
        for token in ids:
            state = automaton.follow(state, token)
        if state != BOUNDARY:
            lost.append(syllable)
    assert lost == []


@pytest.mark.parametrize("policy", ["korean", "names", "locked numbers"])
def test_no_mask_bit_differs_from_other_engines(tokenizer: PreTrainedTokenizerFast, policy: str) -> None:
    assert_no_bit_differs(tokenizer, POLICIES[policy])


def test_a_million_random_tokens_are_korean(vocabulary: Vocabulary, automaton: Automaton) -> None:
    draw = np.random.default_rng(0)
    choices = [np.flatnonzero(row != DEAD) for row in automaton.next_state]
    state = np.full(FUZZ_ROWS, BOUNDARY)
    columns = np.zeros((FUZZ_STEPS, FUZZ_ROWS), dtype=np.int64)
    for step in range(FUZZ_STEPS):
        # Evenly over states first: at the boundary pieces are one token in a hundred.
        for here in np.unique(state):
            rows = np.flatnonzero(state == here)
            columns[step, rows] = draw.choice(choices[here], len(rows))
        state = automaton.next_state[state, columns[step]].astype(np.int64)
    tokens = automaton.writable[columns]
    for row in range(FUZZ_ROWS):
        code = b"".join(vocabulary.tokens[token] or b"" for token in tokens[:, row])
        if state[row] != BOUNDARY:
            code = code[: -len(_unfinished(code))]
        assert KOREAN.disallowed(code.decode()) == []


def _unfinished(code: bytes) -> bytes:
    """The last bytes, which begin a syllable."""
    return code[-1:] if code[-1] >= 0xC0 else code[-2:]
