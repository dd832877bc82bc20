"""★ Puts the parts together: settings in, the application out. The only place that names a concrete part.

Every part is made at its first use, so that a command pays only for what it needs.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from ingest import ONTOLOGY_FILE, Korean, Ledger, LedgerError
from kg import (
    GENERAL,
    Asker,
    Graph,
    Knowledge,
    KnowledgeError,
    NameIndex,
    Ontology,
    PassageGraph,
    WorldExtractor,
    answer_overview,
    asked_terms,
    asks_for_overview,
    fact_links,
    general_text,
    named_in,
    plain_aliases,
)
from rag import Answer, Answerer, Answering, Hit, LocalEmbedder, Projections, ProofStep, Retriever, Writer
from rag.models import ModelStore, load_catalog
from ui.settings import Settings

_EMBEDDER_DIMENSION = 384
_FOLLOW_SECONDS = 0.5
_READ_PASSAGES = 8
# Nouns that ask and need not stand in a passage.
_ADAPTERS = Path(__file__).parent.parent / "tuning" / "adapters"
_MANIFEST = Path(__file__).parent.parent / "corpora" / "manifest.toml"


class App:
    """One home folder with its models. Safe to share between threads; close it when done."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._graph_lock = threading.Lock()
        self._graph_revision = -1
        self._asker_revision = -1
        self._walk_lock = threading.Lock()
        self._walk_revision = -1

    # -- what is held ----------------------------------------------------------------------------

    @cached_property
    def ledger(self) -> Ledger:
        """The truth of this home folder."""
        return Ledger(self.settings.home / "ledger.db")

    @cached_property
    def korean(self) -> Korean:
        """The morphological analyser."""
        return Korean()

    @cached_property
    def extractor(self) -> WorldExtractor:
        """Reads statements with the ontology beside a file."""
        return WorldExtractor(self.korean, lambda: self.ledger.documents("facts", ONTOLOGY_FILE))

    # -- models ----------------------------------------------------------------------------------

    @cached_property
    def store(self) -> ModelStore:
        """The models folder with its catalog."""
        return ModelStore(self.settings.models, load_catalog(self.settings.catalog))

    @cached_property
    def embedder(self) -> LocalEmbedder:
        """Vectors of passages and queries."""
        name = self.settings.embedder
        return LocalEmbedder(self.store.path(name), name, _EMBEDDER_DIMENSION)

    def writer(self, adapter: str = "") -> Writer:
        """The writer model with an adapter ('' for the settings' choice, 'none' for the bare base)."""
        settings = self.settings
        if chat := _chat_model(settings.writer, settings.writer_url, settings.writer_key):
            from rag.generation.chat import ChatWriter

            return ChatWriter(settings.writer, chat)
        from rag.generation.local import LocalWriter

        return LocalWriter(self.store.path(settings.writer), self.adapter_folder(adapter or settings.adapter))

    def adapter_folder(self, choice: str) -> Path | None:
        """Where an adapter lies: the shipped default for 'auto', none for 'none', else a name or a path."""
        match choice:
            case "none":
                return None
            case "auto":
                default = (_ADAPTERS / "default").read_text("utf-8").strip() if (_ADAPTERS / "default").exists() else ""
                return _ADAPTERS / default if default else None
        for folder in (Path(choice), self.settings.home / "adapters" / choice, _ADAPTERS / choice):
            if (folder / "adapter_config.json").is_file():
                return folder
        raise FileNotFoundError(f"'{choice}' 어댑터를 찾을 수 없습니다.")

    @cached_property
    def answerer(self) -> Answerer | None:
        """The model that words answers: llama.cpp, an OpenAI-compatible server, or any LangChain chat model."""
        settings = self.settings
        choice = settings.answerer
        if choice == "none":
            return None
        if chat := _chat_model(choice, settings.answerer_url, settings.answerer_key):
            return Answerer(choice, chat)
        from rag.generation.llamacpp import LlamaCppChat

        file = self.store.path(choice) / self.store.catalog.get(choice).files[0].name
        return Answerer(choice, LlamaCppChat(path=file), takes_grammar=True)

    # -- indexes and graph -----------------------------------------------------------------------

    @cached_property
    def projections(self) -> Projections:
        """The indexes, up to date with the ledger."""
        settings = self.settings
        return Projections(settings.home, self.ledger, self.korean, settings.embedder, settings.chroma_url)

    @cached_property
    def retriever(self) -> Retriever:
        """Search over words, vectors and the graph."""
        parts = (self.ledger, self.projections, self.embedder)
        return Retriever(*parts, graph=self._walk, named=self._named, shipped=_shipped_files())

    @cached_property
    def _knowledge(self) -> Knowledge:
        return Knowledge(self.ledger, self.korean)

    def knowledge(self) -> tuple[Graph, Ontology]:
        """The graph of all facts with what they imply; it follows the ledger."""
        with self._graph_lock:
            graph, ontology, self._graph_revision = self._knowledge.current()
            return graph, ontology

    @cached_property
    def name_index(self) -> NameIndex:
        """The names in every passage of facts."""
        return NameIndex(self.settings.home / "names.db", self.ledger, self.korean)

    def passage_graph(self) -> PassageGraph:
        """The graph of passages, sentences and names, put together anew when the ledger has changed."""
        with self._walk_lock:
            revision = self.ledger.revision()
            if revision != self._walk_revision:
                graph, ontology = self.knowledge()  # teaches the analyser the ontology's names
                links = fact_links(graph, self.ledger.chunk_at)
                self._walked = PassageGraph.build(self.name_index.passages(), links, plain_aliases(ontology))
                self._walk_revision = revision
            return self._walked

    def text_of(self, source: str) -> str:
        """The text that citations of ``source`` point into: a held document's, or the shipped ontology's.

        Raises:
            UnknownSource: neither.
        """
        return general_text() if source == GENERAL else self.ledger.document(source).text

    def restore(self, file: Path) -> None:
        """Put a backup in place of what is held.

        Raises:
            LedgerError: no whole backup, or another process owns the indexes.
        """
        if not self.projections.is_owner:
            raise LedgerError(
                "다른 Loop AI가 이 폴더를 쓰고 있어 백업을 되돌릴 수 없습니다.",
                "열려 있는 화면이나 명령을 닫고 다시 하세요.",
            )
        self.ledger.restore(file)
        self.projections.rebuild()
        self.name_index.clear()

    @contextmanager
    def keeping_up(self) -> Iterator[None]:
        """Bring the indexes up to date while the ledger grows, and at the end."""
        stop = threading.Event()
        failures: list[BaseException] = []

        def follow() -> None:
            try:
                while not stop.wait(_FOLLOW_SECONDS):
                    self.projections.catch_up()
            except BaseException as error:  # raised below, where it can be seen
                failures.append(error)

        follower = threading.Thread(target=follow, name="projecting", daemon=True)
        follower.start()
        try:
            yield
        finally:
            stop.set()
            follower.join()
        if failures:
            raise failures[0]
        self.projections.catch_up()
        with suppress(KnowledgeError):  # a question will say so
            self.passage_graph()

    def refresh(self) -> None:
        """Bring the indexes up to date after the ledger has changed."""
        if "projections" in self.__dict__:
            self.projections.catch_up()

    @property
    def answering(self) -> Answering:
        """What a question needs."""
        return Answering(self.retriever, self.korean, self._prove, self._asked_terms, self.answerer, self._nearby)

    def close(self) -> None:
        """Close the indexes and the ledger."""
        if "projections" in self.__dict__:
            self.projections.close()
            del self.__dict__["projections"]
        if "name_index" in self.__dict__:
            self.name_index.close()
        if "ledger" in self.__dict__:
            self.ledger.close()

    def _prove(self, question: str, at: str) -> Answer | None:
        return self._asker().answer(question, at) or self._overview(question)

    def _nearby(self, question: str) -> tuple[ProofStep, ...]:
        return self._asker().nearby(question)

    def _overview(self, question: str) -> Answer | None:
        if not asks_for_overview(question):
            return None
        found = [hit.chunk.id for hit in self._passages(question)]
        return answer_overview(question, self.passage_graph(), self.ledger, self.korean, found)

    def _asker(self) -> Asker:
        """What answers from the graph, from tables and from passages; made anew when the ledger has changed."""
        graph, ontology = self.knowledge()
        with self._graph_lock:
            if self._asker_revision != self._graph_revision:
                documents = self.ledger.documents("facts")
                self._asking = Asker(graph, ontology, self.korean, documents, self._passages)
                self._asker_revision = self._graph_revision
            return self._asking

    def _passages(self, question: str) -> list[Hit]:
        """Passages whose sentences may answer by themselves: found by words, since every word must be in them."""
        return self.retriever.search(question, _READ_PASSAGES, "facts", "words")

    def _asked_terms(self, question: str) -> list[tuple[str, ...]]:
        return asked_terms(question, self.knowledge()[1], self.korean)

    def _walk(self, question: str) -> list[tuple[str, float]]:
        return self.passage_graph().search(question)

    def _named(self, question: str) -> list[tuple[str, ...]]:
        return named_in(question, self.knowledge()[1], self.korean)


def _shipped_files() -> frozenset[str]:
    """SHA-256 of the texts that came with the program; whatever else is held is the author's own."""
    if not _MANIFEST.is_file():
        return frozenset()
    listed = tomllib.loads(_MANIFEST.read_text("utf-8")).values()
    return frozenset(entry["sha256"] for entry in listed if isinstance(entry, dict))


def _chat_model(name: str, url: str, key: SecretStr) -> BaseChatModel | None:
    """A chat model that runs elsewhere: at ``url``, or by a LangChain name such as 'openai:gpt-5'; else None."""
    if url:
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(model=name, base_url=url, api_key=key, temperature=0)
    if ":" in name:
        from langchain.chat_models import init_chat_model

        made: BaseChatModel = init_chat_model(name, temperature=0)
        return made
    return None
