"""The graph of a ledger, brought up to date by what has changed in it. Reads the ledger; the rest of kg does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from ingest import ONTOLOGY_FILE, Document, Korean, Ledger, Source, Span, UnknownSource
from kg.store import Graph
from kg.types import Ontology
from kg.worlds import united
from rag import Citation


class Knowledge:
    """The facts that a ledger holds, with what they imply. Safe to share between threads.

    What came and went since the last time is put in and taken out; only another ontology makes the graph anew.
    The names of each ontology are made known to ``korean``.
    """

    def __init__(self, ledger: Ledger, korean: Korean) -> None:
        self._ledger = ledger
        self._korean = korean
        self._lock = Lock()
        self._revision = -1
        self._sources: dict[str, Source] = {}  # by document
        self._ontologies: list[Source] | None = None

    def current(self) -> tuple[Graph, Ontology, int]:
        """The graph, its ontology, and the revision of the ledger that they show.

        Raises:
            OntologyError: the ontologies that are held contradict each other.
        """
        with self._lock:
            while (revision := self._ledger.revision()) != self._revision:
                try:
                    self._follow()
                except UnknownSource:  # forgotten while it was read
                    if self._ledger.revision() == revision:
                        raise
                    continue
                self._revision = revision
            return self._graph, self._graph.ontology, self._revision

    def _follow(self) -> None:
        statements = Counter(self._ledger.statements("approved"))
        sources = {source.document_id: source for source in self._ledger.sources()}
        ontologies = [s for s in sources.values() if s.kind == "facts" and s.name.endswith(ONTOLOGY_FILE)]
        if ontologies != self._ontologies:
            ontology = united(self._ledger.document(source.name) for source in ontologies)
            self._korean.add_names(name for entity in ontology.entities.values() for name in entity.names)
            self._graph = Graph(ontology, ontology.facts)
            self._ontologies = ontologies
        # A document keeps its id through edits: where its source changed, equal spans may hold other words.
        unchanged = {id_ for id_, source in sources.items() if self._sources.get(id_) == source}
        held = self._graph.statements
        kept = Counter({s: count for s, count in held.items() if s.span.document_id in unchanged}) & statements
        self._graph.remove((held - kept).elements())
        self._sources = sources
        self._graph.add((statements - kept).elements(), _Citing(self._ledger, sources))


class _Citing:
    """Turns spans into the places that people see, reading each document once."""

    def __init__(self, ledger: Ledger, sources: Mapping[str, Source]) -> None:
        self._ledger = ledger
        self._sources = sources
        self._documents: dict[str, Document] = {}

    def __call__(self, span: Span) -> Citation:
        """The citation of a span.

        Raises:
            UnknownSource: its document is no longer held.
        """
        if span.document_id not in self._documents:
            source = self._sources.get(span.document_id)
            self._documents[span.document_id] = self._ledger.document(source.name if source else "")
        document = self._documents[span.document_id]
        return Citation(document.source, span.start, span.end, document.text[span.start : span.end])
