"""Chroma itself: one generation of the vectors, one collection per kind and embedder. Knows no ledger's history.

Third-party errors end here as ``ChromaFailed``. No text goes into Chroma: ids and vectors only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ingest import KINDS, Kind, Ledger, Vectors
from rag.indexes.files import fingerprint
from rag.indexes.probe import compare

# What a collection is made with; it keeps that for life, so a change here is a change of its name. With 6,500 of the
# embedder's vectors, recall@50 against exact search was .981 with Chroma's default breadth of search (100) and 1.000
# with this one; building costs the same. More neighbours or a broader construction gained less and took longer.
HNSW: Mapping[str, str | int] = {"space": "cosine", "ef_search": 400}
_PAGE = 1000
_NAME = re.compile(r"[a-z]+-[0-9a-f]{12}-(?P<library>[0-9a-f]{12})-(?P<number>\d+)")


class ChromaFailed(Exception):
    """Chroma cannot do what it was asked."""


class Generation:
    """The collections of one generation, open. All methods may raise ``ChromaFailed``.

    Args:
        client: closed with the generation if the files are ours.
        names: of the collections, by kind.
        embedder_identity: of the embedder whose vectors they hold; it is written into them.
        folder: where the files are, if they are ours.
    """

    def __init__(self, client: Any, names: Mapping[str, str], embedder_identity: str, folder: Path | None = None):
        self._client = client
        self._folder = folder
        self._counts: dict[str, int] = {}  # by kind, asked once: counting takes longer than searching
        self._index_state: tuple[list[tuple[str, int, int]], str] = ([], fingerprint([]))
        try:
            self._collections = {kind: _collection(client, name, embedder_identity) for kind, name in names.items()}
        except BaseException:
            self.close()
            raise

    def put(self, touched: Sequence[str], ids: Sequence[str], vectors: Vectors, kinds: Mapping[str, Kind]) -> None:
        """Hold ``vectors`` (n, dimension) of ``ids``, and nothing of the ``touched`` that are not among them."""
        gone = sorted(set(touched) - set(ids))
        self._counts = {}
        with translated():
            for kind, collection in self._collections.items():
                rows = [row for row, chunk_id in enumerate(ids) if kinds.get(chunk_id) == kind]
                if gone:
                    collection.delete(ids=gone)
                if rows:
                    collection.upsert(ids=[ids[row] for row in rows], embeddings=vectors[rows])

    def nearest(self, vector: Vectors, k: int, kinds: Sequence[str]) -> list[tuple[str, float]]:
        """At most ``k`` (chunk id, cosine similarity), best first."""
        found: list[tuple[str, float]] = []
        with translated():
            counts = self._counts or {kind: collection.count() for kind, collection in self._collections.items()}
            self._counts = counts
            for kind in kinds:
                wanted = min(k, counts[kind])
                if not wanted:
                    continue
                result = self._collections[kind].query(
                    query_embeddings=[vector], n_results=wanted, include=["distances"]
                )
                if len(result["ids"][0]) < wanted:
                    raise ChromaFailed("some vectors cannot be reached")  # HNSW promises no connected graph
                pairs = zip(result["ids"][0], result["distances"][0], strict=True)
                found += [(chunk_id, 1.0 - float(distance)) for chunk_id, distance in pairs]
        return sorted(found, key=lambda pair: -pair[1])[:k]

    def count(self) -> int:
        """How many vectors are held."""
        with translated():
            return sum(collection.count() for collection in self._collections.values())

    def compared(self, ledger: Ledger) -> tuple[set[str], set[str]]:
        """The ids that are held, and those among them whose vector is another one than the ledger's."""
        with translated():
            found = [compare(collection, ledger) for collection in self._collections.values()]
        return {chunk_id for ids, _ in found for chunk_id in ids}, {i for _, wrong in found for i in wrong}

    def index(self) -> str:
        """Fingerprint of the index files; taken anew only where one was written since."""
        files = index_files(self._folder) if self._folder else []
        state = [(str(path), stat.st_size, stat.st_mtime_ns) for path in files for stat in [path.stat()]]
        if state != self._index_state[0]:
            self._index_state = (state, fingerprint(files))
        return self._index_state[1]

    def database(self) -> str:
        """Fingerprint of Chroma's SQLite file, once closed."""
        return fingerprint(database_files(self._folder) if self._folder else [])

    def close(self) -> None:
        """Release the files; a server's connection is its place's."""
        if self._folder:
            self._client.close()


def _collection(client: Any, name: str, embedder_identity: str) -> Any:
    with translated():
        collection = client.get_or_create_collection(
            name,
            configuration={"hnsw": dict(HNSW)},
            metadata={"embedder": embedder_identity},
            embedding_function=None,
        )
    if (collection.metadata or {}).get("embedder") != embedder_identity:
        raise ChromaFailed(f"{name} holds vectors of another embedder")
    return collection


def open_folder(folder: Path) -> Any:
    """A client on files of our own."""
    import chromadb

    with translated():
        return chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))


def open_server(url: str) -> Any:
    """A client of the server at ``url`` (``http://127.0.0.1:8000``)."""
    import chromadb

    place = urlsplit(url)
    secure = place.scheme == "https"
    try:
        with translated():
            return chromadb.HttpClient(
                host=place.hostname or "127.0.0.1",
                port=place.port or (443 if secure else 8000),
                ssl=secure,
                settings=chromadb.Settings(anonymized_telemetry=False),
            )
    except ValueError as error:  # which is how Chroma says that nobody answers
        raise ChromaFailed(str(error)) from error


def close_server(client: Any) -> None:
    """Close the connections, which Chroma 1.5.9 itself leaves open."""
    client.close()
    for part in (client, client._admin_client):
        part._server._session.close()


def collection_names(embedder_identity: str, suffix: str = "") -> dict[str, str]:
    """By kind. Chroma takes no Hangul in names, and an embedder may be called anything: hence a hash."""
    made = json.dumps([embedder_identity, sorted(HNSW.items())])
    digest = hashlib.sha256(made.encode()).hexdigest()[:12]
    return {kind: f"{kind}-{digest}{suffix}" for kind in KINDS}


def generation_of(collection: str, library: str) -> str:
    """The number of the generation that a server's collection is of; empty for those of other homes."""
    match = _NAME.fullmatch(collection)
    return match["number"] if match and match["library"] == library else ""


def collections_of(client: Any) -> list[str]:
    """Names of all collections that a server holds."""
    names: list[str] = []
    with translated():
        while page := [collection.name for collection in client.list_collections(limit=_PAGE, offset=len(names))]:
            names += page
    return names


def drop(client: Any, collection: str) -> None:
    """Remove a collection; one that is gone already is no failure."""
    from chromadb.errors import NotFoundError

    with translated(), suppress(NotFoundError):
        client.delete_collection(collection)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of Chroma and of the way to its server become ``ChromaFailed``."""
    from chromadb.errors import ChromaError
    from httpx import HTTPError

    try:
        yield
    except (ChromaError, HTTPError) as error:
        raise ChromaFailed(str(error)) from error


def index_files(folder: Path) -> list[Path]:
    """The vectors and their graph: Chroma writes them in place."""
    return sorted(path for path in folder.glob("*/**/*") if path.is_file())


def database_files(folder: Path) -> list[Path]:
    """Chroma's SQLite file."""
    return sorted(path for path in folder.glob("*") if path.is_file())
