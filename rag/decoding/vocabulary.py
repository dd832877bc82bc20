"""The bytes of a tokenizer's tokens. Knows no policy.

Two makes are read: byte-level BPE (Qwen, Llama 3 …) and SentencePiece-like BPE with byte fallback
(Gemma, Llama 2 …), by the decoder that the tokenizer itself declares.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from rag.errors import UnsupportedTokenizer

_BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")
_SPACE_MARK = "▁"


class Tokenizer(Protocol):
    """What is needed of a transformers fast tokenizer."""

    @property
    def backend_tokenizer(self) -> Any:
        """The ``tokenizers`` object."""
        ...


@dataclass(frozen=True)
class Vocabulary:
    """``tokens[i]`` is what token ``i`` adds to the text, as bytes; None for control tokens and gaps."""

    tokens: tuple[bytes | None, ...]


def read_vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """The bytes of every token.

    Raises:
        UnsupportedTokenizer: the decoder is of neither known make.
    """
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    to_bytes = _reader(spec.get("decoder"))
    added = {entry["id"]: entry for entry in spec.get("added_tokens", [])}
    pieces: dict[str, int] = tokenizer.backend_tokenizer.get_vocab(with_added_tokens=True)
    tokens: list[bytes | None] = [None] * (max(pieces.values()) + 1)
    for piece, index in pieces.items():
        if index not in added:
            tokens[index] = to_bytes(piece)
        elif not added[index]["special"]:
            tokens[index] = piece.encode()
    return Vocabulary(tuple(tokens))


def _reader(decoder: dict[str, Any] | None) -> Any:
    steps = [] if decoder is None else decoder.get("decoders", [decoder])
    kinds = {step["type"] for step in steps}
    if "ByteLevel" in kinds:
        table = {character: byte for byte, character in _byte_level_alphabet().items()}
        return lambda piece: bytes(table[character] for character in piece)
    if "ByteFallback" in kinds:
        return _byte_fallback_bytes
    raise UnsupportedTokenizer(
        f"토크나이저의 바이트를 알 수 없습니다(디코더: {sorted(kinds) or '없음'}).",
        "바이트 단위 BPE나 바이트 폴백이 있는 SentencePiece 모델을 쓰세요.",
    )


def _byte_fallback_bytes(piece: str) -> bytes:
    if match := _BYTE_PIECE.fullmatch(piece):
        return bytes([int(match.group(1), 16)])
    return piece.replace(_SPACE_MARK, " ").encode()


def _byte_level_alphabet() -> dict[int, str]:
    """GPT-2's mapping of bytes to printable characters (openai/gpt-2, encoder.py)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in alphabet:
            alphabet[byte] = chr(0x100 + len(alphabet) - len(printable))
    return alphabet
