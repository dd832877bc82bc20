"""The graph of a ledger, brought up to date by what has changed in it. Reads the ledger; the rest of kg does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from ingest import ONTOLOGY_FILE, Document, Edition, Korean, Ledger, Span, Statement, UnknownSource
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
        self._revision = self._reviewed = -1
        self._ontologies: list[Edition] | None = None
        self._editions: dict[str, Edition] = {}
        self._said: dict[str, Counter[Statement]] = {}  # by document

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
                    self._ontologies = None
                    if self._ledger.revision() == revision:
                        raise
                else:
                    self._revision = revision
            return self._graph, self._graph.ontology, self._revision

    def _follow(self) -> None:
        reviewed, editions = self._ledger.reviewed(), self._ledger.editions()
        ontologies = [e for e in editions.values() if e.kind == "facts" and e.source.endswith(ONTOLOGY_FILE)]
        if ontologies != self._ontologies:
            self._begin(ontologies)
        # A document keeps its id through edits: where it was put anew, equal spans may hold other words.
        renewed = {id_ for id_, edition in editions.items() if self._editions.get(id_) != edition}
        read = renewed if reviewed == self._reviewed else set(editions)
        said: dict[str, Counter[Statement]] = {id_: Counter() for id_ in read}
        for statement in self._ledger.statements("approved", read):
            said[statement.span.document_id][statement] += 1
        gone: Counter[Statement] = Counter()
        new: Counter[Statement] = Counter()
        for id_ in read | (self._editions.keys() - editions.keys()):
            before, now = self._said.pop(id_, Counter()), said.get(id_, Counter())
            kept = Counter() if id_ in renewed else before & now
            gone += before - kept
            new += now - kept
        self._graph.remove(gone.elements())
        self._graph.add(new.elements(), Citing(self._ledger, editions))
        self._said.update(said)
        self._editions, self._reviewed = editions, reviewed

    def _begin(self, ontologies: list[Edition]) -> None:
        ontology = united(self._ledger.document(edition.source) for edition in ontologies)
        self._korean.add_names(name for entity in ontology.entities.values() for name in entity.names)
        self._graph = Graph(ontology, ontology.facts)
        self._ontologies = ontologies
        self._editions, self._said = {}, {}


class Citing:
    """Turns spans into the places that people see, reading each document once."""

    def __init__(self, ledger: Ledger, editions: Mapping[str, Edition]) -> None:
        self._ledger = ledger
        self._editions = editions
        self._documents: dict[str, Document] = {}

    def __call__(self, span: Span) -> Citation:
        """The citation of a span.

        Raises:
            UnknownSource: its document is no longer held.
        """
        if span.document_id not in self._documents:
            edition = self._editions[span.document_id]
            self._documents[span.document_id] = self._ledger.document(edition.source)
        document = self._documents[span.document_id]
        return Citation(document.source, span.start, span.end, document.text[span.start : span.end])
