from __future__ import annotations

import struct

import numpy as np
import pytest

from rag.models import ConversionFailed
from rag.models.e5 import parse


def e5_file(tensors: dict[str, tuple[int, int, bytes]]) -> bytes:
    """A tiny file of the documented layout: (dtype, elements, bytes) per tensor."""
    head = b"E5S1" + struct.pack("<I7ifi", 1, 4, 1, 2, 8, 3, 16, 2, 1e-12, 32)
    tokenizer = (
        struct.pack("<5iQ", 3, 0, 1, 2, 3, 6) + struct.pack("<4I", 0, 2, 4, 6) + struct.pack("<3f", 0, 0, 0) + b"abcdef"
    )
    normaliser = struct.pack("<iI", 1, 5) + b"12345"
    size = sum(2 + len(name) + 21 for name in tensors)
    offset = len(head) + len(tokenizer) + len(normaliser) + 4 + size
    directory, data = struct.pack("<i", len(tensors)), b""
    for name, (dtype, elements, raw) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", dtype, elements, offset + len(data), len(raw))
        data += raw
    return head + tokenizer + normaliser + directory + data


def q4(weights: list[int], scale: float) -> bytes:
    halves = bytes((weights[i] + 8) | ((weights[i + 16] + 8) << 4) for i in range(16))
    return np.float16(scale).tobytes() + halves


def test_both_kinds_of_tensors_are_read_back() -> None:
    weights = [(i * 5) % 16 - 8 for i in range(32)]
    plain = np.array([1.5, -2.0, 0.25], dtype="<f4")
    parsed = parse(e5_file({"emb.ln.w": (0, 3, plain.tobytes()), "emb.word": (1, 32, q4(weights, 0.5))}))
    assert (parsed.hidden, parsed.layers, parsed.heads, parsed.vocabulary, parsed.positions) == (4, 1, 2, 3, 16)
    assert parsed.epsilon == pytest.approx(1e-12)
    assert parsed.tensor("emb.ln.w").tolist() == plain.tolist()
    assert parsed.tensor("emb.word").tolist() == [weight * 0.5 for weight in weights]


def test_a_damaged_file_is_refused() -> None:
    good = e5_file({"emb.ln.w": (0, 3, np.zeros(3, "<f4").tobytes())})
    for damaged in (b"", b"E5S2" + good[4:], good[:40], good[:70]):
        with pytest.raises(ConversionFailed):
            parse(damaged)
    with pytest.raises(ConversionFailed):
        parse(good[:-4]).tensor("emb.ln.w")
