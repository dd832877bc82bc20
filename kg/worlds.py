"""Finds the ontology that a file belongs to, and reads statements with it. Touches files; the rest of kg does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from ingest import ONTOLOGY_FILE, Document, Korean, MalformedRecord, Statement, clean, load
from kg.errors import OntologyError
from kg.extraction import EXTRACTION_VERSION, extract
from kg.ontology import extend, general_ontology, parse_ontology
from kg.types import Ontology


class WorldExtractor:
    """Statements of a document by the ontology beside it (or in a folder above), else by all that are held.

    ``held`` gives the documents of facts that are there already, ontologies among them. Ontology files
    themselves give no statements here: what they assert is read with them.
    """

    def __init__(self, korean: Korean, held: Callable[[], Iterable[Document]] = tuple) -> None:
        self._korean = korean
        self._held = held

    def settings(self, path: Path) -> str:
        """Changes with the ontology beside the file. Held ones do not count, or each would renew every file."""
        found = find_ontology(path)
        world = hashlib.sha256(found.read_bytes()).hexdigest()[:16] if found else "general"
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
            ontology = _ontology_at(found, found.stat().st_mtime_ns) if found else united(self._held())
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
    worlds = [parse_ontology(d.text, d.source) for d in documents if d.source.endswith(ONTOLOGY_FILE)]
    whole = general_ontology()
    for world in worlds:
        whole = extend(whole, world)
    subjects = {world.subject for world in worlds if world.subject}
    return replace(whole, subject=subjects.pop() if len(subjects) == 1 else "")


@cache
def _ontology_at(path: Path, _modified: int) -> Ontology:
    """Parsed once per state of the file."""
    text = clean(load(path).parts[0].text).text
    return extend(general_ontology(), parse_ontology(text, path.name))
