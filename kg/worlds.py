"""Finds the ontology that a file belongs to, and reads statements with it. Touches files; the rest of kg does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from ingest import ONTOLOGY_FILE, Document, Korean, MalformedRecord, Statement, clean, load
from kg.errors import OntologyError
from kg.extraction import EXTRACTION_VERSION, extract
from kg.ontology import extend, general_ontology, parse_ontology
from kg.types import Ontology


class WorldExtractor:
    """Statements of a document by the ontology beside it (or in a folder above), else by all that are held.

    ``held`` gives the ontologies that are there already. A file without one of its own is read with all of them
    together, and again by the next run after they have changed: what is held in the end does not depend on the order
    in which it came. Ontology files themselves give no statements here: what they assert is read with them.
    """

    def __init__(self, korean: Korean, held: Callable[[], Iterable[Document]] = tuple) -> None:
        self._korean = korean
        self._held = held

    def settings(self, path: Path) -> str:
        """Changes with the ontology beside the file, or with those that are held where there is none."""
        found = find_ontology(path)
        texts = [found.read_bytes()] if found else [document.text.encode() for document in _ontologies(self._held())]
        world = hashlib.sha256(b"\0".join(texts)).hexdigest()[:16] if texts else "general"
        return f"extraction-{EXTRACTION_VERSION}:{world}"

    def __call__(self, document: Document, path: Path) -> Sequence[Statement]:
        """The statements of one document of facts; other kinds give none.

        Raises:
            MalformedRecord: the ontology is broken.
        """
        if document.kind != "facts":
            return []
        found = find_ontology(path)
        try:
            if path.name == ONTOLOGY_FILE:
                extend(general_ontology(), parse_ontology(document.text, document.source))
                return []
            if found:
                ontology = _ontology_at(found, found.stat().st_mtime_ns)
            else:
                ontology = _united(tuple((held.source, held.text) for held in _ontologies(self._held())))
        except OntologyError as error:
            raise MalformedRecord(str(error), error.hint) from error
        return extract(document, ontology, self._korean)


def find_ontology(path: Path) -> Path | None:
    """The nearest ontology file in the path's folder or the folders above it."""
    for folder in path.absolute().parents:
        if (candidate := folder / ONTOLOGY_FILE).is_file():
            return candidate
    return None


def united(documents: Iterable[Document]) -> Ontology:
    """The general ontology extended by every ontology among ``documents``.

    Where several worlds have a subject of their own, a question without a name speaks of none of them.
    """
    return _united(tuple((document.source, document.text) for document in _ontologies(documents)))


def _ontologies(documents: Iterable[Document]) -> list[Document]:
    """The ontologies among ``documents``, by name."""
    found = [document for document in documents if document.source.endswith(ONTOLOGY_FILE)]
    return sorted(found, key=lambda document: document.source)


@lru_cache(maxsize=2)
def _united(ontologies: tuple[tuple[str, str], ...]) -> Ontology:
    """Made once of the same sources and texts: readers of documents are kept by ontology."""
    worlds = [parse_ontology(text, source) for source, text in ontologies]
    whole = general_ontology()
    for world in worlds:
        whole = extend(whole, world)
    subjects = {world.source.removesuffix(ONTOLOGY_FILE): world.subject for world in worlds if world.subject}
    different = set(subjects.values())
    return replace(whole, subject=different.pop() if len(different) == 1 else "", subjects=subjects)


@cache
def _ontology_at(path: Path, _modified: int) -> Ontology:
    """Parsed once per state of the file."""
    text = clean(load(path).parts[0].text).text
    return extend(general_ontology(), parse_ontology(text, path.name))
