"""A graph of passages, their sentences and the names in them, walked from a question to passages hops away.

For documents beyond the ontology: names are found by morphemes (``kg.open_names``), and typed facts join in as edges
between the names that they relate. The walk is personalised PageRank as in HippoRAG 2 (Gutiérrez et al., "From RAG to
Memory", ICML 2025) and LinearRAG (Zhuang et al., 2025), which needs no language model for its graph either.
Knows no ledger, no index and no analyser.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log, log1p

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array  # type: ignore[import-untyped]

from kg.mentions import WORD_ENDS, key
from kg.open_names import PassageNames
from kg.store import Graph
from kg.types import Ontology

_DAMPING = 0.7
_STEPS = 20  # what further ones would move is less than .7^20, a thousandth of the mass
_LONGEST_NAME = 40
_ENDS = re.compile(WORD_ENDS)

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Link:
    """Two names that a fact relates, and the chunks that say so."""

    subject: str
    object: str
    chunk_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence: characters ``start`` to ``end`` of a chunk."""

    chunk_id: str
    start: int
    end: int


def fact_links(graph: Graph, chunk_at: Callable[[str, int], str | None]) -> list[Link]:
    """What sources say of one entity and another; ``chunk_at`` gives the chunk at a position of a source."""
    links = []
    for fact in graph.versions():
        if not fact.rule and fact.object in graph.ontology.entities:
            chunks = (chunk_at(citation.source, citation.start) for citation in fact.evidence)
            links.append(Link(fact.subject, fact.object, tuple(chunk_id for chunk_id in chunks if chunk_id)))
    return links


def plain_aliases(ontology: Ontology) -> dict[str, str]:
    """Alias to name, for aliases that only one entity has."""
    owners: dict[str, set[str]] = defaultdict(set)
    for entity in ontology.entities.values():
        for name in entity.names:
            owners[key(name)].add(entity.name)
    return {alias: min(names) for alias, names in owners.items() if len(names) == 1}


@dataclass(frozen=True, eq=False)
class PassageGraph:
    """Passages, sentences and names as one weighted graph without directions.

    Nodes are numbered: passages first, then sentences, then names. ``weights`` is (nodes, nodes), symmetric; ``names``
    are what aliases stand for, else as most often written; ``importance`` (names,) in (0, 1] is the greater, the fewer
    passages hold a name; ``nodes`` has the node of every name and alias by its ``kg.mentions.key``.
    """

    chunk_ids: tuple[str, ...]
    sentences: tuple[Place, ...]
    names: tuple[str, ...]
    importance: Weights
    nodes: Mapping[str, int]
    weights: csr_array

    @classmethod
    def build(
        cls, passages: Iterable[PassageNames], links: Iterable[Link] = (), aliases: Mapping[str, str] | None = None
    ) -> PassageGraph:
        """The graph of these passages, the same in whatever order they come.

        ``links`` relate names also where their chunks are not among the passages; ``aliases`` (alias to name) make
        one node of several spellings.
        """
        building = _Building(aliases or {})
        return building.run(sorted(passages, key=lambda passage: passage.chunk_id), list(links))

    def mentions(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, node) of the names in ``text`` (NFC), the longest at each place, without overlaps.

        By their letters: a name that any passage holds is found in whatever company it stands.
        """
        found: list[tuple[int, int, int]] = []
        for start in range(len(text)):
            is_inside = bool(found) and start < found[-1][1]
            if is_inside or not text[start].isalnum() or (start and text[start - 1].isalnum()):
                continue
            for end in range(min(len(text), start + _LONGEST_NAME), start + 1, -1):
                node = None if text[end - 1].isspace() else self.nodes.get(key(text[start:end]))
                if node is not None and _ENDS.match(text, end):
                    found.append((start, end, node))
                    break
        return found

    def search(self, question: str, k: int = 50) -> list[tuple[str, float]]:
        """At most ``k`` (chunk id, score), best first: passages near what a question names, none if it names nothing.

        The score is the logarithm of a passage's share of the walk's mass: shares span orders of magnitude, and
        passages a hop further away have to be told apart, too, where rankings are fused.
        """
        normal = unicodedata.normalize("NFC", question)
        named = list(dict.fromkeys(node for _, _, node in self.mentions(normal)))
        if not named or not self.chunk_ids:  # without passages, names that only facts join weigh nothing
            return []
        mass = self.passage_mass(self.walk(self.start(named)))
        best = np.argsort(-mass, kind="stable")[:k]
        return [(self.chunk_ids[passage], log(mass[passage])) for passage in best if mass[passage] > 0]

    def start(self, named: Sequence[int], found: Iterable[str] = ()) -> Weights:
        """(nodes,): where a walk starts: at ``named`` (nodes of names, the rare ones more) and passages ``found``."""
        start = np.zeros(self.weights.shape[0])
        start[list(named)] = self.importance[np.array(named, dtype=np.int64) - self.first_name]
        start[[self._passages[chunk_id] for chunk_id in found if chunk_id in self._passages]] = 1.0
        return start

    def walk(self, start: Weights) -> Weights:
        """Personalised PageRank of the nodes, sum 1, for a walk that starts anew at ``start`` (nodes,), sum > 0.

        Power iteration; what arrives at a node without edges starts anew, as in networkx.
        """
        start = start / start.sum()
        mass = start
        for _ in range(_STEPS):
            moved = self._transitions @ mass + mass[self._without_edges].sum() * start
            mass = _DAMPING * moved + (1 - _DAMPING) * start
        return mass

    def passage_mass(self, mass: Weights) -> Weights:
        """(passages,): what of ``mass`` (nodes,) lies on a passage and its sentences."""
        total = mass[: len(self.chunk_ids)].copy()
        np.add.at(total, self._owners, self.sentence_mass(mass))
        return total

    def sentence_mass(self, mass: Weights) -> Weights:
        """(sentences,): what of ``mass`` (nodes,) lies on a sentence."""
        return mass[len(self.chunk_ids) : self.first_name]

    def names_in(self, sentence: int) -> set[int]:
        """The nodes of the names in the sentence of that number."""
        beside = self._beside(len(self.chunk_ids) + sentence)
        return set(beside[beside >= self.first_name].tolist())

    def sentences_with(self, node: int) -> list[int]:
        """The numbers of the sentences that hold the name of that node."""
        numbers = self._beside(node) - len(self.chunk_ids)
        found: list[int] = numbers[(numbers >= 0) & (numbers < len(self.sentences))].tolist()
        return found

    def network(self) -> nx.Graph:
        """The same graph for networkx: numbered nodes with ``kind`` and ``label``, edges with ``weight``."""
        network = nx.Graph()
        for kind, labels in (("passage", self.chunk_ids), ("sentence", self.sentences), ("name", self.names)):
            for label in labels:
                network.add_node(len(network), kind=kind, label=label)
        edges = self.weights.tocoo()
        network.add_weighted_edges_from(zip(edges.row.tolist(), edges.col.tolist(), edges.data.tolist(), strict=True))
        return network

    @property
    def first_name(self) -> int:
        """The node of the first name."""
        return len(self.chunk_ids) + len(self.sentences)

    def _beside(self, node: int) -> npt.NDArray[np.int64]:
        beside: npt.NDArray[np.int64] = self.weights.indices[self.weights.indptr[node] : self.weights.indptr[node + 1]]
        return beside

    @cached_property
    def _passages(self) -> dict[str, int]:
        return {chunk_id: passage for passage, chunk_id in enumerate(self.chunk_ids)}

    @cached_property
    def _owners(self) -> npt.NDArray[np.int64]:
        return np.array([self._passages[place.chunk_id] for place in self.sentences], dtype=np.int64)

    @cached_property
    def _transitions(self) -> csr_array:
        """(nodes, nodes): what part of a node's mass moves to another one; columns sum to 1."""
        degrees = self.weights.sum(axis=0)
        return csr_array(self.weights / np.where(degrees > 0, degrees, 1.0))

    @cached_property
    def _without_edges(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self.weights.sum(axis=0) == 0)


class _Building:
    """Puts a graph together."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases = {key(alias): key(name) for alias, name in aliases.items()}
        self._own_names = {key(name): name for name in aliases.values()}
        self._known: dict[str, str] = {}  # a name as written -> its key, or that of the name that it is an alias of
        self._written: Counter[str] = Counter()
        self._holders: dict[str, set[int]] = defaultdict(set)  # the passages that hold a name
        self._held: set[tuple[int, str]] = set()  # a passage or sentence, and a name that it holds

    def run(self, passages: Sequence[PassageNames], links: Sequence[Link]) -> PassageGraph:
        numbers = {passage.chunk_id: number for number, passage in enumerate(passages)}
        places = tuple(Place(p.chunk_id, s.start, s.end) for p in passages for s in p.sentences)
        inside = self._read(passages)
        related = set()
        for link in links:
            pair = sorted((self._key(link.subject), self._key(link.object)))
            related.add((pair[0], pair[1]))
            for number in {numbers[chunk_id] for chunk_id in link.chunk_ids if chunk_id in numbers}:
                self._hold(number, number, (link.subject, link.object))
        spelled = self._most_written()
        keys = sorted(spelled)
        importance = np.array([log1p(len(passages) / max(1, len(self._holders[name]))) for name in keys])
        importance /= log1p(max(1, len(passages)))
        nodes = {name: node for node, name in enumerate(keys, start=len(passages) + len(places))}
        weight = dict(zip(keys, importance.tolist(), strict=True))
        edges = dict.fromkeys(inside, 1.0)
        edges |= {(place, nodes[name]): weight[name] for place, name in self._held}
        edges |= {(nodes[a], nodes[b]): (weight[a] + weight[b]) / 2 for a, b in related if a != b}
        return PassageGraph(
            tuple(numbers),
            places,
            tuple(spelled[name] for name in keys),
            importance,
            {**{alias: nodes[name] for alias, name in self._aliases.items() if name in nodes}, **nodes},
            _symmetric(edges, len(passages) + len(places) + len(keys)),
        )

    def _read(self, passages: Sequence[PassageNames]) -> list[tuple[int, int]]:
        """Note the names of the passages; gives (passage, sentence) for every sentence."""
        inside: list[tuple[int, int]] = []
        for number, passage in enumerate(passages):
            self._hold(number, number, passage.headings)
            for sentence in passage.sentences:
                inside.append((number, len(passages) + len(inside)))
                self._hold(number, inside[-1][1], sentence.names)
        return inside

    def _hold(self, passage: int, place: int, names: Iterable[str]) -> None:
        for name in names:
            known = self._key(name)
            self._holders[known].add(passage)
            self._held.add((place, known))

    def _key(self, name: str) -> str:
        self._written[name] += 1
        if name not in self._known:
            own = key(name)
            self._known[name] = self._aliases.get(own, own)
        return self._known[name]

    def _most_written(self) -> dict[str, str]:
        """By key, what aliases stand for, else how a name is written most often; of equals the first by letters."""
        held = set(self._known.values())
        spelled = {known: name for known, name in self._own_names.items() if known in held}
        for name in sorted(self._written, key=lambda name: (-self._written[name], name)):
            spelled.setdefault(self._known[name], name)
        return spelled


def _symmetric(edges: Mapping[tuple[int, int], float], size: int) -> csr_array:
    pairs = np.fromiter((node for pair in edges for node in pair), dtype=np.int64, count=2 * len(edges)).reshape(-1, 2)
    values = np.fromiter(edges.values(), dtype=np.float64, count=len(edges))
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    matrix = csr_array((np.concatenate([values, values]), (rows, columns)), shape=(size, size))
    matrix.sum_duplicates()  # there are none, but it puts columns in order
    return matrix
