from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.models import ConversionFailed, ModelStore, load_catalog
from rag.models.e5 import convert, parse
from tests.rag.models.makers import HIDDEN, e5_file, e5_tensors, quantise, tiny_tokenizer

SENTENCES = ("옛날 어느 마을에 닭 한 마리가 살았다.", "값없이 앎을 삶으로 옮긴다, ㅋㅋ 24시!", "ｈａｎｇｕｌ 漢字")


def test_q4_blocks_put_the_first_half_in_the_low_bits() -> None:
    values = np.arange(-8, 8, dtype=np.float32).repeat(2)
    raw = np.float16(1).tobytes() + bytes(
        (int(low) + 8) | (int(high) + 8) << 4 for low, high in zip(values[:16], values[16:], strict=True)
    )
    file = e5_file({"t": values}, 4)
    assert parse(file[: -len(raw)] + raw).tensor("t").tolist() == values.tolist()


def test_tensors_come_back_within_the_error_of_four_bits() -> None:
    tensors = e5_tensors(11)
    parsed = parse(e5_file(tensors, 11))
    assert (parsed.hidden, parsed.layers, parsed.vocabulary, parsed.positions) == (HIDDEN, 2, 11, 512)
    assert parsed.epsilon == pytest.approx(1e-12)
    for name, values in tensors.items():
        exact = name.endswith(".b") or "ln." in name
        assert np.abs(parsed.tensor(name) - values).max() < (1e-9 if exact else 0.4), name


@pytest.mark.parametrize("keep", [0, 3, 20, 50, 90, -1])
def test_a_file_that_ends_too_early_is_refused(keep: int) -> None:
    whole = e5_file(e5_tensors(11), 11)

    def read(data: bytes) -> None:
        parsed = parse(data)
        for name in parsed.tensors:
            parsed.tensor(name)

    with pytest.raises(ConversionFailed):
        read(whole[:keep])


def test_a_missing_tensor_and_values_that_are_no_numbers_are_refused() -> None:
    tensors = e5_tensors(11)
    with pytest.raises(ConversionFailed, match="gone"):
        parse(e5_file(tensors, 11)).tensor("gone")
    with pytest.raises(ConversionFailed, match=r"emb\.ln\.b"):
        parse(e5_file({**tensors, "emb.ln.b": np.full(HIDDEN, np.nan, np.float32)}, 11)).tensor("emb.ln.b")


def test_another_file_is_refused() -> None:
    with pytest.raises(ConversionFailed, match="magic"):
        parse(b"GGUF" + bytes(100))


def test_quantise_is_the_inverse_of_what_is_tested() -> None:
    assert len(quantise(np.zeros(64, np.float32))) == 36


def test_the_folder_is_a_sentence_transformers_model(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    tokenizer, vocabulary = tiny_tokenizer()
    (tmp_path / "tokenizer.json").write_bytes(tokenizer)
    (tmp_path / "e5.bin").write_bytes(e5_file(e5_tensors(vocabulary), vocabulary))
    convert(tmp_path / "e5.bin", tmp_path / "tokenizer.json", tmp_path / "out")
    model: Any = SentenceTransformer(str(tmp_path / "out"), device="cpu", local_files_only=True)
    vectors = model.encode(["서울 닭", "값없이"], prompt_name="query")
    assert vectors.shape == (2, HIDDEN)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert model.max_seq_length == 512
    assert model.prompts["query"] == "query: "
    assert model.prompts["passage"] == "passage: "
    assert not (tmp_path / "out" / "bert").exists()


# -- the default models, when they have been fetched -------------------------------------------------


def held(models_root: Path, role: str) -> Path:
    store = ModelStore(models_root, load_catalog())
    (entry,) = store.catalog.select([role])
    if not store.status(entry).present:
        pytest.skip(f"{entry.name} is not in the models folder: run `loopai models pull {role}`")
    assert store.verify(entry).verified
    return store.path(entry.name)


@pytest.mark.models
def test_the_writer_reads_and_writes_korean(models_root: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = held(models_root, "writer")
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    for sentence in SENTENCES:
        ids = tokenizer(sentence, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == sentence
    model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.bfloat16)
    inputs = tokenizer("옛날 어느 마을에 ", return_tensors="pt")
    tokens = model.generate(**inputs, max_new_tokens=16, do_sample=False)[0][inputs["input_ids"].shape[1] :]
    text = tokenizer.decode(tokens, skip_special_tokens=True)
    assert sum("가" <= letter <= "힣" for letter in text) >= 5, text


@pytest.mark.models
def test_the_embedder_tells_related_from_unrelated(models_root: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model: Any = SentenceTransformer(str(held(models_root, "embedder")), device="cpu", local_files_only=True)
    question = model.encode("대한민국의 수도는 어디인가?", prompt_name="query")
    near, far = (
        model.encode(["서울은 대한민국의 수도이다.", "고양이는 낮에 오래 잔다."], prompt_name="passage") @ question
    )
    assert near > 0.88
    assert near - far > 0.1


@pytest.mark.models
def test_the_answerer_is_the_official_file(models_root: Path) -> None:
    file = held(models_root, "answerer") / "model.gguf"
    with file.open("rb") as opened:
        assert opened.read(4) == b"GGUF"
