"""The bytes of a tokenizer's tokens. Knows no policy.

Three makes are read: byte-level BPE (Qwen, Llama 3 …), SentencePiece-like models with byte fallback (Gemma,
Llama 2 …) and plain SentencePiece (no bytes: what has no piece cannot be written), by the decoder that the
tokenizer itself declares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rag.decoding.policy import FIRST_SYLLABLE, LAST_SYLLABLE
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
    """``tokens[i]`` is what token ``i`` adds to the text, as bytes; None for control tokens and gaps.

    ``encode`` gives the ids that the tokenizer itself uses for texts.
    """

    tokens: tuple[bytes | None, ...]
    encode: Callable[[Sequence[str]], list[list[int]]]

    @cached_property
    def lengths(self) -> npt.NDArray[np.int32]:
        """(tokens,) length in bytes; 0 for control tokens and gaps."""
        return np.array([len(token) if token else 0 for token in self.tokens], dtype=np.int32)

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """(tokens,) where each token's bytes begin in ``bytes``."""
        ends: npt.NDArray[np.int64] = np.cumsum(self.lengths, dtype=np.int64)
        return ends - self.lengths

    @cached_property
    def bytes(self) -> npt.NDArray[np.uint8]:
        """The bytes of all tokens, end to end."""
        return np.frombuffer(b"".join(token or b"" for token in self.tokens), dtype=np.uint8)

    def usable(self, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
        """(tokens,) whole characters, and the pieces that spell syllables or one of ``texts``."""
        usable = ~self._pieces
        usable[self._syllable_pieces] = True
        for ids in self.encode([variant for text in texts for variant in (text, f" {text}", f"가{text}")]):
            usable[ids] = True
        return usable

    @cached_property
    def _pieces(self) -> npt.NDArray[np.bool_]:
        """Tokens that begin or end inside a character."""
        return np.array([token is not None and not _is_text(token) for token in self.tokens])

    @cached_property
    def _syllable_pieces(self) -> npt.NDArray[np.int64]:
        """Pieces that the tokenizer uses for a syllable at the start, after a space or inside a word."""
        syllables = [chr(point) for point in range(ord(FIRST_SYLLABLE), ord(LAST_SYLLABLE) + 1)]
        texts = [lead + syllable for lead in ("", " ", "가") for syllable in syllables]
        used = np.unique(np.concatenate([np.array(ids, dtype=np.int64) for ids in self.encode(texts)]))
        pieces: npt.NDArray[np.int64] = used[self._pieces[used]]
        return pieces


def read_vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """The bytes of every token.

    Raises:
        UnsupportedTokenizer: the decoder is of no known make.
    """
    backend = tokenizer.backend_tokenizer
    spec = json.loads(backend.to_str())
    to_bytes = _reader(spec.get("decoder"))
    added = {entry["id"]: entry for entry in spec.get("added_tokens", [])}
    pieces: dict[str, int] = backend.get_vocab(with_added_tokens=True)
    tokens: list[bytes | None] = [None] * (max(pieces.values()) + 1)
    for piece, index in pieces.items():
        if index not in added:
            tokens[index] = to_bytes(piece)
        elif not added[index]["special"]:
            tokens[index] = piece.encode()

    def encode(texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in backend.encode_batch(list(texts), add_special_tokens=False)]

    return Vocabulary(tuple(tokens), encode)


def _reader(decoder: dict[str, Any] | None) -> Callable[[str], bytes]:
    steps = [] if decoder is None else decoder.get("decoders", [decoder])
    kinds = {step["type"] for step in steps}
    if "ByteLevel" in kinds:
        table = {character: byte for byte, character in _byte_level_alphabet().items()}
        return lambda piece: bytes(table[character] for character in piece)
    if "ByteFallback" in kinds:
        return _byte_fallback_bytes
    if "Metaspace" in kinds:
        return lambda piece: piece.replace(_SPACE_MARK, " ").encode()
    raise UnsupportedTokenizer(
        f"토크나이저의 바이트를 알 수 없습니다(디코더: {sorted(kinds) or '없음'}).",
        "바이트 단위 BPE나 SentencePiece 모델을 쓰세요.",
    )


def _byte_fallback_bytes(piece: str) -> bytes:
    if match := _BYTE_PIECE.fullmatch(piece):
        return bytes([int(match.group(1), 16)])
    return piece.replace(_SPACE_MARK, " ").encode()


def _is_text(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return False
    return True


def _byte_level_alphabet() -> dict[int, str]:
    """GPT-2's mapping of bytes to printable characters (openai/gpt-2, encoder.py)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in alphabet:
            alphabet[byte] = chr(0x100 + len(alphabet) - len(printable))
    return alphabet
