"""Figures of written pieces: likeness to a reference, variety, repetition, purity. The judge is arithmetic, no model
but the embedder; whether a piece is good it cannot say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest import Korean, Vectors
from rag.decoding import KOREAN, CharacterPolicy, measure_purity
from rag.evaluation.overlap import chrf, distinct, rouge, rouge_l, sentence_similarity
from rag.evaluation.record import Item
from rag.selection import repetition


@dataclass(frozen=True, slots=True)
class Written:
    """A piece that was written for a request; ``reference`` is what a person wrote for it, '' where nobody did."""

    id: str
    text: str
    reference: str = ""
    group: str = ""


@dataclass(frozen=True)
class Measure:
    """What measuring needs: morphemes and sentences by ``korean``, vectors of sentences by ``embed``."""

    korean: Korean
    embed: Callable[[Sequence[str]], Vectors]
    policy: CharacterPolicy = KOREAN

    def items(self, pieces: Sequence[Written]) -> list[Item]:
        """chrF++ (0 to 100), ROUGE-1, -2 and -L over Kiwi's morphemes, likeness of sentences, distinct-2, repetition,
        characters that the policy forbids, and length by the reference's; of no reference only what needs none."""
        return [
            Item(piece.id, {**self._own(piece.text), **self._likeness(piece)}, piece.group, piece.text)
            for piece in pieces
        ]

    def rotated(self, pieces: Sequence[Written]) -> list[Item]:
        """Each piece against the reference of the next one: what likeness is worth that comes of language alone."""
        those = [piece for piece in pieces if piece.reference]
        if len(those) < 2:
            return []
        shifted = zip(those, [*those[1:], those[0]], strict=True)
        return [
            Item(piece.id, self._likeness(Written(piece.id, piece.text, other.reference)), piece.group)
            for piece, other in shifted
        ]

    def _own(self, text: str) -> dict[str, float]:
        return {
            "distinct-2": distinct(2, self._morphemes(text)),
            "repetition": repetition(text),
            "disallowed": float(measure_purity(text, self.policy).disallowed),
        }

    def _likeness(self, piece: Written) -> dict[str, float]:
        if not piece.reference:
            return {}
        said, meant = self._morphemes(piece.text), self._morphemes(piece.reference)
        return {
            "chrf++": chrf(piece.text, piece.reference),
            "rouge-1": rouge(1, said, meant),
            "rouge-2": rouge(2, said, meant),
            "rouge-l": rouge_l(said, meant),
            "sentence_similarity": sentence_similarity(self._vectors(piece.text), self._vectors(piece.reference)),
            "length_ratio": len(piece.text) / len(piece.reference),
        }

    def _morphemes(self, text: str) -> list[str]:
        return [token.form for token in self.korean.tokenize(text)]

    def _vectors(self, text: str) -> Vectors:
        return self.embed([text[start:end] for start, end in self.korean.sentences(text)] or [text])
