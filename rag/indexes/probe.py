"""Reads every vector of a Chroma folder, in a process of its own: a torn index kills whoever opens it.

``python -m rag.indexes.probe FOLDER`` exits with 0 when all of it could be read.
"""

from __future__ import annotations

import sys
from pathlib import Path

_PAGE = 1000


def probe(folder: Path) -> bool:
    """Whether every collection can be opened, read and searched completely."""
    import chromadb

    client = chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        count = collection.count()
        seen = 0
        for offset in range(0, count, _PAGE):
            vectors = collection.get(limit=_PAGE, offset=offset, include=["embeddings"])["embeddings"]
            if vectors is None:
                return False
            if offset == 0:
                collection.query(query_embeddings=[vectors[0]], n_results=1)
            seen += len(vectors)
        if seen != count:
            return False
    return True


if __name__ == "__main__":
    sys.exit(0 if probe(Path(sys.argv[1])) else 1)
