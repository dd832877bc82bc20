"""The real default models, as `make test` has provisioned them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import KOREAN, LocalEmbedder
from rag.models import ModelStore, load_catalog

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def store(models_root: Path) -> ModelStore:
    held = ModelStore(models_root, load_catalog())
    missing = [entry.name for entry in held.catalog.select([]) if not held.status(entry).present]
    if missing:
        pytest.skip(f"not provisioned: {', '.join(missing)}")
    return held


def test_the_embedder_tells_related_from_unrelated(store: ModelStore) -> None:
    embedder = LocalEmbedder(store.path("multilingual-e5-small"), "e5", 384)
    question = embedder.embed_query_vector("대한민국의 수도는 어디인가요?")
    related, unrelated = embedder(["대한민국의 수도는 서울이다.", "고양이는 하루에 열여섯 시간을 잔다."])
    assert question.shape == (384,)
    assert float(question @ related) > 0.88
    assert float(question @ related) - float(question @ unrelated) > 0.08


def test_the_writer_reaches_every_syllable_and_writes_korean_only(store: ModelStore) -> None:
    import threading

    from rag import Generated, choose_preset, write_prompt
    from rag.decoding import compile_policy, read_vocabulary
    from rag.decoding.automaton import BOUNDARY
    from rag.generation.local import LocalWriter

    writer = LocalWriter(store.path("gemma3-270m"))
    automaton = compile_policy(KOREAN, read_vocabulary(writer._tokenizer))
    lost = []
    for point in range(ord("가"), ord("힣") + 1):
        state = BOUNDARY
        for token in writer._tokenizer.encode(chr(point), add_special_tokens=False):
            state = automaton.follow(state, token)
        if state != BOUNDARY:
            lost.append(chr(point))
    assert lost == []

    preset = choose_preset("소설")
    short = type(preset)(**{**{f: getattr(preset, f) for f in preset.__dataclass_fields__}, "max_tokens": 24})
    prompt = write_prompt("Write in English about 北京 and Москва", "판타지", [])

    def piece(seed: int) -> Generated:
        last = list(writer.write(prompt, short, KOREAN, seed, threading.Event()))[-1]
        assert isinstance(last, Generated)
        return last

    first, again, other = piece(7), piece(7), piece(8)
    assert KOREAN.disallowed(first.text) == []
    assert first.text == again.text != other.text

    stop = threading.Event()
    stream = writer.write(prompt, preset, KOREAN, 1, stop)
    next(stream)
    stop.set()
    stopped = list(stream)[-1]
    assert isinstance(stopped, Generated)
    assert stopped.stopped == "stop"
    assert stopped.tokens < preset.max_tokens


def test_the_answerer_keeps_to_a_grammar(store: ModelStore) -> None:
    from rag import Answerer, Message, Prompt
    from rag.generation.llamacpp import LlamaCppChat

    name = "qwen2.5-coder-1.5b"
    chat = LlamaCppChat(path=store.path(name) / "model.gguf", max_tokens=24)
    prompt = Prompt((Message("user", "Say 'Beijing 北京' in English and Chinese."),))
    reply = Answerer(name, chat, takes_grammar=True).reply(prompt, KOREAN)
    assert reply
    assert KOREAN.disallowed(reply) == []
    streamed = "".join(str(piece.content) for piece in chat.stream("대한민국의 수도는?"))
    assert "서울" in streamed
