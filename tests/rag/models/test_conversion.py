from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.models import ConversionFailed
from rag.models.e5 import convert, parse
from tests.rag.models.makers import HIDDEN, e5_file, e5_tensors, quantise, tiny_tokenizer


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
    convert(tmp_path / "e5.bin", tmp_path / "tokenizer.json", tmp_path / "again")
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("out", "again")]
    assert weights[0] == weights[1]
