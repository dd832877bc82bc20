"""Finds passages and examples: words and vectors (and the graph) fused into one ranking.

Text, spans and liveness come from the ledger, never from an index's copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from statistics import fmean, pstdev
from typing import Literal

from ingest import Kind, Ledger
from rag.embedding import LocalEmbedder
from rag.examples import choose
from rag.passages import passages
from rag.projections import Projections
from rag.types import Hit, Scope, Voice

How = Literal["hybrid", "words", "vectors", "graph"]
Scored = Sequence[tuple[str, float]]
Fused = tuple[str, float, tuple[Voice, ...]]  # chunk id, score, voices that found it
# How many candidates each voice brings, and how much each counts. On the tune half of KorQuAD 1.0 dev (2,584 questions)
# MRR was .956 for words alone, .958 with .2 or .3 on the vectors, .953 with half, .850 for vectors alone, .918 by RRF.
# The graph costs nothing there with .1 and .002 with .3, and helps where evidence is two hops away
# (docs/passage_graph.md).
_CANDIDATES = 50
_WEIGHTS: dict[Voice, float] = {"words": 0.75, "vectors": 0.25, "graph": 0.2}
# For examples meaning counts more: requests are paraphrases of each other. On the tune half of the graded requests
# (113), with the weights of ``rag.examples`` at 0, nDCG@5 was .594 without words, .660 with .3, .648 with .5; with
# vectors of whole pieces .531.
_EXAMPLE_WEIGHTS: dict[Voice, float] = {"words": 0.3, "vectors": 0.7, "graph": 0.0}
# Deeper than for passages, since a genre may be a small part of what is held.
_EXAMPLE_CANDIDATES = 200
_READ_AT_ONCE = 16
_EVERYWHERE = Scope()


@dataclass(frozen=True)
class Retriever:
    """Search over one home folder.

    ``graph`` gives (chunk id, score) for a question and ``named`` all names of each thing that it names; either may be
    None.
    ``shipped`` holds the SHA-256 of files that came with the program: all others are the author's own.
    """

    ledger: Ledger
    projections: Projections
    embedder: LocalEmbedder
    graph: Callable[[str], Scored] | None = None
    shipped: AbstractSet[str] = frozenset()
    named: Callable[[str], Sequence[Sequence[str]]] | None = None

    def search(
        self, query: str, k: int = 5, kind: Kind | None = None, how: How = "hybrid", scope: Scope = _EVERYWHERE
    ) -> list[Hit]:
        """At most ``k`` passages, best first; see ``rag.passages``.

        Raises:
            LedgerMismatch: the vectors that are held were made by another embedder.
            IndexUnavailable: the word index can be neither read nor built anew.
        """
        ranked = self.ranked(query, kind, how, scope)
        return passages(ranked, k, lambda source: self.ledger.document(source).text)

    def ranked(
        self, query: str, kind: Kind | None = None, how: How = "hybrid", scope: Scope = _EVERYWHERE
    ) -> Iterator[Hit]:
        """Single chunks, best first, read as far as they are asked for. Raises what ``search`` raises."""
        return self._live(fuse(self._rankings(query, kind, how, scope), _WEIGHTS))

    def examples(self, request: str, genre: str = "", k: int = 3) -> list[Hit]:
        """At most ``k`` worked examples for a request, best first; see ``rag.examples``."""
        query = f"{genre} {request}".strip()
        rankings = self._rankings(query, "creative", "hybrid", candidates=_EXAMPLE_CANDIDATES)
        hits = list(self._live(fuse(rankings, _EXAMPLE_WEIGHTS)))
        vectors = dict(zip(*self.ledger.vectors([hit.chunk.id for hit in hits]), strict=True))
        own = {held.source for held in self.ledger.editions().values() if held.sha256 not in self.shipped}
        return choose(request, genre, hits, vectors, k, own)

    def _rankings(
        self, query: str, kind: Kind | None, how: How, scope: Scope = _EVERYWHERE, candidates: int = _CANDIDATES
    ) -> dict[Voice, Scored]:
        only = None if scope.is_everywhere else self.ledger.chunk_ids_within(**asdict(scope))
        rankings: dict[Voice, Scored] = {}
        if how in ("hybrid", "words"):
            named = self.named(query) if self.named else ()
            rankings["words"] = self.projections.words.search(query, candidates, kind, only, named)
        if how in ("hybrid", "vectors"):
            self.ledger.expect_embedder(self.embedder.identity, self.embedder.dimension)
            vector = self.embedder.embed_query_vector(query)
            rankings["vectors"] = self.projections.vectors.search(vector, candidates, kind, only)
        if how in ("hybrid", "graph") and self.graph is not None and kind in (None, "facts"):
            rankings["graph"] = [pair for pair in self.graph(query) if only is None or pair[0] in only]
        return rankings

    def _live(self, fused: Sequence[Fused]) -> Iterator[Hit]:
        """The hits of what is still held, read from the ledger as far as they are asked for."""
        for start in range(0, len(fused), _READ_AT_ONCE):
            batch = fused[start : start + _READ_AT_ONCE]
            chunks = self.ledger.chunks(chunk_id for chunk_id, _, _ in batch)
            yield from (Hit(chunks[chunk_id], score, via) for chunk_id, score, via in batch if chunk_id in chunks)


def fuse(rankings: dict[Voice, Scored], weights: Mapping[Voice, float]) -> list[Fused]:
    """Convex fusion of z-scores: (chunk id, score, voices that found it), best first.

    A voice that did not find a chunk counts for it as its own weakest hit (Bruch et al., "An Analysis of
    Fusion Functions for Hybrid Retrieval", TOIS 2023).
    """
    total = sum(weights[voice] for voice, found in rankings.items() if found) or 1.0
    scores: dict[str, float] = {}
    via: dict[str, list[Voice]] = {}
    standard = {voice: _z_scores(found) for voice, found in rankings.items() if found}
    for chunk_id in dict.fromkeys(chunk_id for found in standard.values() for chunk_id in found):
        via[chunk_id] = [voice for voice, found in standard.items() if chunk_id in found]
        scores[chunk_id] = sum(
            weights[voice] / total * found.get(chunk_id, min(found.values())) for voice, found in standard.items()
        )
    ranked = sorted(scores, key=lambda chunk_id: -scores[chunk_id])
    return [(chunk_id, scores[chunk_id], tuple(via[chunk_id])) for chunk_id in ranked]


def _z_scores(found: Scored) -> dict[str, float]:
    values = [score for _, score in found]
    mean, spread = fmean(values), pstdev(values)
    return {chunk_id: (score - mean) / spread if spread else 0.0 for chunk_id, score in found}
