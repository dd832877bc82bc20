"""Reads a whole Chroma folder and compares it with its ledger, in a process of its own: a torn index kills
whoever opens it.

``python -m rag.indexes.probe FOLDER LEDGER`` exits with 0 when every vector could be read, found, and is the ledger's.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from ingest import Ledger, Vectors

_PAGE = 1000
_TOLERANCE = 1e-5  # Chroma normalises once more what it is given: the last bits change


def probe(folder: Path, ledger: Ledger) -> bool:
    """Whether the folder holds what it held at its sequence number in ``ledger``, and finds it."""
    import chromadb

    client = chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))
    held: set[str] = set()
    with closing(client):
        for collection in client.list_collections():
            ids, wrong = compare(collection, ledger)
            if wrong or not _finds(collection, ids[:1]):
                return False
            held.update(ids)
    pending = {change.chunk_id for change in ledger.changes(int(ledger.get("chroma_seq") or 0))}
    return held ^ ledger.chunk_ids() <= pending


def compare(collection: Any, ledger: Ledger) -> tuple[list[str], set[str]]:
    """All ids of a collection, and those among them whose vector is another one than the ledger's."""
    held: list[str] = []
    wrong: set[str] = set()
    for offset in range(0, collection.count(), _PAGE):
        page = collection.get(limit=_PAGE, offset=offset, include=["embeddings"])
        wrong.update(_differing(page["ids"], np.asarray(page["embeddings"], dtype=np.float32), ledger))
        held += page["ids"]
    return held, wrong


def _differing(ids: Sequence[str], vectors: Vectors, ledger: Ledger) -> set[str]:
    known, truth = ledger.vectors(ids)
    if not known:
        return set()
    row = {chunk_id: index for index, chunk_id in enumerate(ids)}
    ours = vectors[[row[chunk_id] for chunk_id in known]]
    if ours.shape != truth.shape:
        return set(known)
    with np.errstate(over="ignore", invalid="ignore"):  # of damaged numbers
        distances = np.abs(_directions(ours) - _directions(truth)).max(axis=1)
    return {chunk_id for chunk_id, distance in zip(known, distances, strict=True) if not distance <= _TOLERANCE}


def _directions(vectors: Vectors) -> Vectors:
    directions: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return directions


def _finds(collection: Any, ids: list[str]) -> bool:
    """Whether a search by its own vector finds something, for at most one id."""
    vectors = collection.get(ids=ids, include=["embeddings"])["embeddings"] if ids else []
    return all(collection.query(query_embeddings=[vector], n_results=1)["ids"][0] for vector in vectors)


if __name__ == "__main__":
    sys.exit(0 if probe(Path(sys.argv[1]), Ledger(Path(sys.argv[2]))) else 1)
