"""Communities of names that stand together, and answers to '전체적으로 어떤 …': the most central sentences, verbatim.

Communities by Louvain (Blondel et al. 2008) as networkx has it, of names that share sentences; sentences ranked by the
walk of ``kg.passage_graph``, in the manner of LexRank (Erkan & Radev 2004). Nothing is worded by a model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import networkx as nx
import numpy as np
from kiwipiepy import Token
from scipy.sparse import coo_array  # type: ignore[import-untyped]

from ingest import Chunk, Korean, Ledger
from kg.mentions import key
from kg.passage_graph import PassageGraph, Weights
from rag import Answer, Citation

_SEED = 0
_FEWEST_NAMES = 3
_MOST_COMMUNITIES = 5
_MOST_SENTENCES = 4
_NAMES_SHOWN = 3
_LOOKED_AT = 400  # sentences, the most central first
_ASKS_FOR_OVERVIEW = re.compile(
    r"전체적|전반적|요약|간추려|개요|한눈에|(?:어떤|무슨|주요|핵심|중심)\s*(?:주제|내용|이야기)"
)
# Nouns and verbs that ask for an overview, or point at all that is held, and say nothing of what it is to be about.
_SAYS_NOTHING = re.compile(
    "(?:전체|전반|대체|주요|핵심|중심)적?|요약|개요|주제|내용|이야기|자료|문서|글|파일|설명|정리|소개|한눈|무엇|것|곳|"
    "대하|관하|다루|담|담기|알리|알려주|주|있|하|되|나오|들|들어가|들어있|어떻|어떠하|말하|보|싶|간추리|궁금|부탁"
)
_NOUN = ("NNG", "NNP", "XR", "SL", "SN")
_VERB = ("VV", "VA")
_WHOLE_SENTENCE = re.compile(r"[^|]*[.!?][\"”’'」』)\]]*", re.S)


@dataclass(frozen=True, slots=True)
class Community:
    """Names that stand together more than with others (nodes of a passage graph, the best connected first), and the
    numbers of the sentences in which they are the greater part."""

    nodes: tuple[int, ...]
    names: tuple[str, ...]
    sentences: tuple[int, ...]


@lru_cache(maxsize=2)
def find_communities(graph: PassageGraph) -> tuple[Community, ...]:
    """The communities of a graph, those with the most sentences first; the same for equal graphs. Found once a graph.

    Names that stand in one sentence only are left aside: they say nothing of what belongs together.
    """
    together = _together(graph)
    groups = nx.community.louvain_communities(together, weight="weight", seed=_SEED)
    found = [_community(graph, together, group) for group in groups if len(group) >= _FEWEST_NAMES]
    return tuple(sorted(found, key=lambda community: (-len(community.sentences), community.nodes)))


def asks_for_overview(question: str) -> bool:
    """Whether a question asks what something is about as a whole."""
    return _ASKS_FOR_OVERVIEW.search(unicodedata.normalize("NFC", question)) is not None


def answer_overview(
    question: str, graph: PassageGraph, ledger: Ledger, korean: Korean, found: Iterable[str] = ()
) -> Answer | None:
    """The sentences that are central to what an overview question names, or to each community if it names nothing.

    None for other questions, and where no passage holds all that is named: an overview of something else would be a
    wrong answer. ``found`` are ids of chunks that words or vectors found: where it starts if no name is known.
    """
    question = unicodedata.normalize("NFC", question)
    if not asks_for_overview(question) or not graph.sentences:
        return None
    mentions = graph.mentions(question)
    nodes = list(dict.fromkeys(node for _, _, node in mentions))
    words = list(_words_outside(mentions, question, korean))
    if any(token.tag.startswith(_VERB) for token in words):
        return None  # what somebody did is no overview
    if not nodes and not words:
        return _overview_of_all(graph, ledger)
    start = graph.start(nodes) if nodes else graph.start((), found)
    if not start.any():
        return None
    spelled = [{spelling for spelling, node in graph.nodes.items() if node == wanted} for wanted in nodes]
    spelled += [{key(word.form)} for word in words]
    mass = graph.sentence_mass(graph.walk(start))
    naming = {number for node in nodes for number in graph.sentences_with(node)}
    ranked = sorted(range(len(mass)), key=lambda number: (number not in naming, -mass[number]))
    citations = sorted(_central(graph, ledger, ranked, spelled), key=lambda citation: (citation.source, citation.start))
    return Answer("\n".join(c.text for c in citations), False, tuple(citations)) if citations else None


def _overview_of_all(graph: PassageGraph, ledger: Ledger) -> Answer | None:
    lines: list[str] = []
    citations: list[Citation] = []
    for community in find_communities(graph)[:_MOST_COMMUNITIES]:
        mass = graph.sentence_mass(graph.walk(_from_all_of(graph, community)))
        naming = {number for node in community.nodes[:_NAMES_SHOWN] for number in graph.sentences_with(node)}
        ranked = sorted(naming & set(community.sentences), key=lambda number: (-mass[number], number))
        for citation in _central(graph, ledger, ranked, ())[:1]:
            lines.append(f"{len(lines) + 1}. {' · '.join(community.names[:_NAMES_SHOWN])}: {citation.text}")
            citations.append(citation)
    if not lines:
        return None
    return Answer("\n".join([f"크게 {len(lines)}가지를 다룹니다.", *lines]), False, tuple(citations))


def _from_all_of(graph: PassageGraph, community: Community) -> Weights:
    """(nodes,): where a walk over a community starts: at its names, those that stand in most places more."""
    start = np.zeros(graph.weights.shape[0])
    start[list(community.nodes)] = graph.weights[list(community.nodes)].sum(axis=1)
    return start


def _central(graph: PassageGraph, ledger: Ledger, ranked: Sequence[int], wanted: Sequence[set[str]]) -> list[Citation]:
    """The first whole sentences of passages that hold, for everything ``wanted``, one of its spellings.

    Each names something that those before it do not. Headings and table rows say little by themselves.
    """
    ranked = ranked[:_LOOKED_AT]
    chunks = ledger.chunks({graph.sentences[number].chunk_id for number in ranked})
    fit = {chunk_id for chunk_id, chunk in chunks.items() if _holds(chunk, wanted)}
    citations: list[Citation] = []
    named: set[int] = set()
    for number in ranked:
        place = graph.sentences[number]
        names = graph.names_in(number)
        if place.chunk_id in fit and not names <= named and len(citations) < _MOST_SENTENCES:
            chunk = chunks[place.chunk_id]
            text = chunk.text[place.start : place.end]
            if _WHOLE_SENTENCE.fullmatch(text):
                start = chunk.span.start + place.start
                citations.append(Citation(chunk.source, start, start + len(text), text))
                named |= names
    return citations


def _holds(chunk: Chunk, wanted: Sequence[set[str]]) -> bool:
    text = key(chunk.search_text)
    return all(any(spelling in text for spelling in spellings) for spellings in wanted)


def _words_outside(mentions: Iterable[tuple[int, int, int]], text: str, korean: Korean) -> Iterator[Token]:
    """Nouns, numbers and verbs that say what is asked and stand in no name."""
    taken = {place for start, end, _ in mentions for place in range(start, end)}
    for token in korean.tokenize(text):
        is_word = token.tag in _NOUN or token.tag.startswith(_VERB)
        if is_word and token.start not in taken and not _SAYS_NOTHING.fullmatch(token.form):
            yield token


def _together(graph: PassageGraph) -> nx.Graph:
    """Names that share sentences, the more and the rarer, the heavier their edge; facts relate names, too."""
    sentences = graph.weights[len(graph.chunk_ids) : graph.first_name, graph.first_name :]
    related = graph.weights[graph.first_name :, graph.first_name :]
    weights = coo_array(sentences.T @ sentences + related)
    repeated = (sentences != 0).sum(axis=0) > 1
    network = nx.Graph()
    network.add_nodes_from((np.flatnonzero(repeated) + graph.first_name).tolist())
    for a, b, weight in zip(weights.row.tolist(), weights.col.tolist(), weights.data.tolist(), strict=True):
        if a < b and repeated[a] and repeated[b]:
            network.add_edge(a + graph.first_name, b + graph.first_name, weight=weight)
    return network


def _community(graph: PassageGraph, together: nx.Graph, group: set[int]) -> Community:
    degrees = together.subgraph(group).degree(weight="weight")
    nodes = tuple(sorted(group, key=lambda node: (-degrees[node], node)))
    sentences = graph.weights[len(graph.chunk_ids) : graph.first_name, graph.first_name :]
    inside = sentences[:, np.array(nodes) - graph.first_name].sum(axis=1)
    mostly = np.flatnonzero((inside > 0) & (inside > sentences.sum(axis=1) / 2))
    return Community(nodes, tuple(graph.names[n - graph.first_name] for n in nodes), tuple(mostly.tolist()))
