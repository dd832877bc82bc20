"""Ingestion end to end: files to ledger, Chroma and word index, with the share of time inside the embedding model.

    python -m benchmarks.ingest --chunks 1000 10000                    the shipped embedder
    python -m benchmarks.ingest --chunks 1000 10000 50000 --no-model   random vectors: how all the rest grows
    python -m benchmarks.ingest --encode 1000                          the embedder beside plain fp32 ``encode``

Texts are sentences of the project's corpora, shuffled into documents of about twenty chunks, so that any size can be
had. Everything is written to a temporary folder. Results are JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from ingest import Document, Job, Statement, Vectors, chunk, ingest
from rag import LocalEmbedder
from ui.assemble import App
from ui.settings import Settings

_CORPORA = Path(__file__).parent.parent / "corpora"
_SEED = 20261121
_SENTENCES_OF_A_DOCUMENT = 150
_ROUNDS = 3


@dataclass
class Stopwatch:
    """An embedder that notes how long it was busy."""

    embedder: LocalEmbedder | None
    dimension: int = 384
    identity: str = "benchmark"
    seconds: float = 0.0

    def __call__(self, passages: Sequence[str]) -> Vectors:
        """(number of passages, dimension)."""
        started = time.perf_counter()
        vectors = self.embedder(passages) if self.embedder else _random_vectors(passages, self.dimension)
        self.seconds += time.perf_counter() - started
        return vectors


class NoStatements:
    """The texts are shuffled: there is nothing to extract."""

    def settings(self, path: Path) -> str:  # noqa: ARG002  # the protocol's
        """One way of reading."""
        return ""

    def __call__(self, document: Document, path: Path) -> Sequence[Statement]:  # noqa: ARG002
        """None."""
        return []


def documents(chunks: int) -> Iterator[str]:
    """Shuffled documents that give about ``chunks`` chunks together."""
    sentences = [
        line.strip()
        for file in sorted(_CORPORA.glob("facts/*/*.*"))
        if file.suffix in (".md", ".txt")
        for line in file.read_text("utf-8").replace(". ", ".\n").splitlines()
        if len(line.strip()) > 15 and line.strip()[0] not in "#|-"
    ]
    order = random.Random(_SEED)
    made = 0
    while made < chunks:
        text = " ".join(order.choices(sentences, k=_SENTENCES_OF_A_DOCUMENT))
        made += len(chunk(Document("d", "", "", text, "general")))
        yield text


def run(chunks: int, embedder: LocalEmbedder | None) -> dict[str, Any]:
    """One ingestion into an empty home folder."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        files.mkdir()
        characters = 0
        for number, text in enumerate(documents(chunks)):
            (files / f"{number:05}.txt").write_text(text, "utf-8")
            characters += len(text)
        watch = Stopwatch(embedder)
        app = App(Settings(home=Path(folder) / "home", embedder=watch.identity))
        try:
            app.korean.terms("예열")
            started = time.perf_counter()
            with app.keeping_up():
                job = Job((files,), kind="general")
                outcomes = list(ingest(job, app.ledger, watch, NoStatements(), app.korean))
            seconds = time.perf_counter() - started
            problems = app.projections.problems()
        finally:
            app.close()
    made = sum(outcome.chunks for outcome in outcomes)
    return {
        "chunks": made,
        "documents": len(outcomes),
        "characters": characters,
        "seconds": round(seconds, 2),
        "characters_per_second": round(characters / seconds),
        "ms_per_chunk": round(1000 * seconds / made, 3),
        "embedding_share": round(watch.seconds / seconds, 3),
        "problems": problems,
    }


def compare_encode(chunks: int, embedder: LocalEmbedder) -> dict[str, Any]:
    """The embedder beside sentence-transformers' own ``encode`` of the same folder in fp32, interleaved."""
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(embedder.folder), device="cpu", local_files_only=True)
    texts = [c.text for text in documents(chunks) for c in chunk(Document("d", "", "", text, "general"))][:chunks]
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    embedder(texts[:8])
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        expected = plain.encode(texts, prompt_name="passage", normalize_embeddings=True, show_progress_bar=False)
        seconds["plain"].append(time.perf_counter() - started)
        started = time.perf_counter()
        made = embedder(texts)
        seconds["ours"].append(time.perf_counter() - started)
    cosines = (np.asarray(expected) * made).sum(axis=1)
    ours, plainly = median(seconds["ours"]), median(seconds["plain"])
    return {
        "texts": len(texts),
        "characters": sum(map(len, texts)),
        "ours_seconds": round(ours, 2),
        "plain_seconds": round(plainly, 2),
        "speed_up": round(plainly / ours, 2),
        "cosine_min": round(float(cosines.min()), 5),
        "cosine_mean": round(float(cosines.mean()), 5),
    }


def _random_vectors(passages: Sequence[str], dimension: int) -> Vectors:
    made = np.random.default_rng(len(passages)).normal(size=(len(passages), dimension)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, nargs="*", default=[])
    parser.add_argument("--no-model", action="store_true", help="random vectors instead of the embedder's")
    parser.add_argument("--encode", type=int, default=0, help="compare the embedder on that many chunks")
    options = parser.parse_args()
    embedder = App(Settings()).embedder
    report: dict[str, Any] = {}
    if options.encode:
        report["encode"] = compare_encode(options.encode, embedder)
    if not options.no_model and options.chunks:
        embedder(["예열"])
    report["runs"] = [run(chunks, None if options.no_model else embedder) for chunks in options.chunks]
    print(json.dumps(report, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
