"""The 4-bit E5 file (``E5S1``) into a sentence-transformers folder. Pure parsing first, torch at the end.

Layout, little-endian: magic, u32 version, seven i32 (hidden, layers, heads, ffn, vocabulary, positions, types),
f32 epsilon, i32 block; a tokenizer block; a normaliser block; then named tensors, each f32 or Q4_0 (blocks of one
f16 scale and 16 bytes that hold weight j in the low and j + 16 in the high half, minus 8; as in ggml).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.models.errors import ConversionFailed

_MAGIC = b"E5S1"
_Q4_BLOCK = 32
_Q4 = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])


@dataclass(frozen=True)
class E5File:
    """Dimensions and weights; tensor data is read from ``data`` when asked for."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    tensors: dict[str, tuple[int, int, int, int]]
    data: bytes

    def tensor(self, name: str) -> npt.NDArray[np.float32]:
        """A tensor's values, one-dimensional float32."""
        if name not in self.tensors:
            raise _damaged(f"no {name}")
        dtype, elements, offset, size = self.tensors[name]
        raw = self.data[offset : offset + size]
        if dtype not in (0, 1) or len(raw) % (4 if dtype == 0 else _Q4.itemsize):
            raise _damaged(f"{name}: type {dtype}, {len(raw)} bytes")
        values = np.frombuffer(raw, "<f4").copy() if dtype == 0 else _dequantised(raw)
        if len(values) != elements or not np.isfinite(values).all():
            raise _damaged(f"{name}: {len(values)} of {elements} values")
        return values


def parse(data: bytes) -> E5File:
    """Read the directory of an E5S1 file.

    Raises:
        ConversionFailed: it is none, or ends too early.
    """
    if data[:4] != _MAGIC:
        raise _damaged("magic")
    try:
        return _parse(data)
    except (struct.error, UnicodeDecodeError) as error:
        raise _damaged(str(error)) from error


def _parse(data: bytes) -> E5File:
    _, hidden, layers, heads, ffn, vocabulary, positions, types = struct.unpack_from("<I7i", data, 4)
    epsilon, block = struct.unpack_from("<fi", data, 36)
    if block != _Q4_BLOCK:
        raise _damaged(f"block of {block}")
    position = 44
    pieces, *_, blob = struct.unpack_from("<5iQ", data, position)
    position += 28 + 4 * (pieces + 1) + 4 * pieces + blob
    _, normaliser = struct.unpack_from("<iI", data, position)
    position += 8 + normaliser
    (count,) = struct.unpack_from("<i", data, position)
    position += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, position)
        name = data[position + 2 : position + 2 + length].decode()
        position += 2 + length
        tensors[name] = struct.unpack_from("<BIQQ", data, position)
        position += 21
    return E5File(hidden, layers, heads, ffn, vocabulary, positions, types, epsilon, tensors, data)


def _dequantised(raw: bytes) -> npt.NDArray[np.float32]:
    blocks = np.frombuffer(raw, _Q4)
    halves = blocks["halves"]
    weights = np.concatenate([halves & 0x0F, halves >> 4], axis=1).astype(np.float32) - 8.0
    scaled: npt.NDArray[np.float32] = (weights * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)
    return scaled


def convert(source: Path, tokenizer: Path, target: Path) -> None:
    """Write a sentence-transformers folder: BERT, mean pooling, normalisation, and the prompts that E5 needs.

    Raises:
        ConversionFailed: the file is damaged.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    parsed = parse(source.read_bytes())
    bert = target / "bert"
    _bert(parsed).save_pretrained(bert)
    tokens = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    make_tokenizer: Any = PreTrainedTokenizerFast
    make_tokenizer(
        tokenizer_file=str(tokenizer), cls_token="<s>", sep_token="</s>", mask_token="<mask>", **tokens
    ).save_pretrained(bert)
    modules = [
        Transformer(str(bert), max_seq_length=parsed.positions),
        Pooling(parsed.hidden, pooling_mode="mean"),
        Normalize(),
    ]
    model = SentenceTransformer(modules=modules, device="cpu", prompts={"query": "query: ", "passage": "passage: "})
    model.save(str(target), create_model_card=False)
    for left in sorted(bert.iterdir()):
        left.unlink()
    bert.rmdir()


def _bert(parsed: E5File) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=parsed.vocabulary,
        hidden_size=parsed.hidden,
        num_hidden_layers=parsed.layers,
        num_attention_heads=parsed.heads,
        intermediate_size=parsed.ffn,
        max_position_embeddings=parsed.positions,
        type_vocab_size=parsed.types,
        layer_norm_eps=parsed.epsilon,
        pad_token_id=1,
    )
    model: Any = BertModel(config)
    state = model.state_dict()
    names = _names(parsed.layers)
    if set(names) != {name for name in state if not name.startswith("pooler.")}:
        raise _damaged("parameter names")
    loaded = {ours: torch.from_numpy(parsed.tensor(theirs)) for ours, theirs in names.items()}
    if wrong := [names[ours] for ours, values in loaded.items() if values.numel() != state[ours].numel()]:
        raise _damaged(f"size of {wrong[0]}")
    loaded = {ours: values.view_as(state[ours]) for ours, values in loaded.items()}
    model.load_state_dict(loaded, strict=False)
    # Mean pooling never uses BERT's own pooler and the file has none: zeros make every conversion alike.
    for parameter in model.pooler.parameters():
        parameter.data.zero_()
    return model.eval()


def _names(layers: int) -> dict[str, str]:
    """transformers' parameter names to those of the file."""
    names = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    blocks = {
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }
    for layer in range(layers):
        for ours, theirs in blocks.items():
            names[f"encoder.layer.{layer}.{ours}.weight"] = f"l{layer}.{theirs}.w"
            names[f"encoder.layer.{layer}.{ours}.bias"] = f"l{layer}.{theirs}.b"
    return names


def _damaged(what: str) -> ConversionFailed:
    return ConversionFailed(
        f"임베딩 파일을 읽을 수 없습니다({what}).", "`loopai models pull embedder`로 다시 받으세요."
    )
