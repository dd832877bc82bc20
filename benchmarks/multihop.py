"""Do passages several hops away come up? Words and vectors fused, with and without the walk as a third voice.

    python -m benchmarks.multihop [--split tune] [--k2nlg FOLDER | --korquad FILE] [--weight W …]
    python -m benchmarks.multihop --cost FILE.jsonl [--passages N]
    python -m benchmarks.multihop --names FILE.tsv

Gold passages are those that hold the evidence. ``all@k``: all of them are among the first k; ``recall@k``: the share
that is. The questions are those of ``corpora/questions`` (all four worlds held at once); or made of K2NLG's triples:
A's p1's p2, said in two texts of which none says both, and for comparison A's p1; or KorQuAD's, each answered by one
passage. The walk's weight stands beside .7 for words and .3 for vectors. One home (``LOOPAI_HOME``) holds one set.
``--cost`` says what the passage graph of a JSONL file's texts costs, ``--names`` how many of KLUE-NER's persons, places
and organisations are found whole.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import resource
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import networkx as nx
import numpy as np

from ingest import ONTOLOGY_FILE, Chunk, Document, Job, Korean, Ledger, Span, ingest
from kg import NameIndex, PassageGraph, find_communities
from kg.mentions import key
from kg.open_names import open_names
from rag.evaluation.intervals import paired_difference, share
from rag.retrieval import fuse
from rag.types import Voice
from ui.assemble import App
from ui.settings import Settings

_CORPORA = Path(__file__).parent.parent / "corpora"
_DEPTHS = (3, 5, 10)
_CANDIDATES = 50
_MOST_QUESTIONS = 300
_WEIGHTS: dict[Voice, float] = {"words": 0.7, "vectors": 0.3}
Scored = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Asked:
    """A question and, for each piece of its evidence, the chunks any one of which holds it."""

    question: str
    kind: str
    gold: tuple[frozenset[str], ...]


def main() -> None:
    """Print one JSON document."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--split", choices=("tune", "report"), default="tune")
    arguments.add_argument("--k2nlg", type=Path)
    arguments.add_argument("--korquad", type=Path)
    arguments.add_argument("--weight", type=float, nargs="+", default=[0.1, 0.3, 0.6, 1.0])
    arguments.add_argument("--cost", type=Path)
    arguments.add_argument("--passages", type=int, default=1000)
    arguments.add_argument("--names", type=Path)
    options = arguments.parse_args()
    if options.names:
        print(json.dumps(names_found(options.names), ensure_ascii=False, indent=2))
        return
    if options.cost:
        print(json.dumps(cost(options.cost, options.passages), ensure_ascii=False, indent=2))
        return
    app = App(Settings())
    try:
        if options.k2nlg:
            asked = _k2nlg(app, options.k2nlg, options.split)
        elif options.korquad:
            asked = _korquad(app, options.korquad, options.split)
        else:
            asked = _worlds(app, options.split)
        print(json.dumps(quality(app, asked, options.weight), ensure_ascii=False, indent=2))
    finally:
        app.close()


# -- what is held and asked --------------------------------------------------------------------------


def _worlds(app: App, split: str) -> list[Asked]:
    """Hold the four worlds; their questions, by kind, each with the chunks of its quotes."""
    list(ingest(Job((_CORPORA / "facts",)), app.ledger, app.embedder, app.extractor, app.korean))
    asked = []
    for folder in sorted((_CORPORA / "facts").iterdir()):
        texts = {d.source: d.text for d in app.ledger.documents("facts") if Path(d.source).parent.name == folder.name}
        for line in (_CORPORA / "questions" / f"{folder.name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["split"] == split and row["evidence"]:
                quotes = [quote for quote in row["evidence"] if quote["source"] != ONTOLOGY_FILE]  # not a passage
                gold = {_places(app.ledger, texts, quote["source"], quote["quote"]) for quote in quotes}
                asked.append(Asked(row["question"], row["kind"], tuple(sorted(gold, key=sorted))))
    return asked


def _places(ledger: Ledger, texts: dict[str, str], name: str, quote: str) -> frozenset[str]:
    """The chunks in which a quote begins, wherever it stands in the file of that name."""
    found = set()
    for source, text in texts.items():
        if Path(source).name == name:
            found |= {ledger.chunk_at(source, place.start()) for place in re.finditer(re.escape(quote), text)}
    if not found - {None}:
        raise ValueError(f"{name}: no chunk holds {quote!r}")
    return frozenset(chunk_id for chunk_id in found if chunk_id)


def _k2nlg(app: App, folder: Path, split: str) -> list[Asked]:
    """Hold every text as a passage; questions of one and of two triples that texts say ('Rep')."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    rows = list({row["Text"]: row for row in map(json.loads, lines)}.values())
    chunks = _hold(app.ledger, [row["Text"] for row in rows], app.embedder)
    sayers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row, chunk in zip(rows, chunks, strict=True):
        for triple in row["triple"]:
            label = re.fullmatch(r"([가-힣 ]+)\(.*", triple["p"])
            if triple["Rep"] and label:
                said = (triple["s"].replace("_", " "), label[1], triple["o"].replace("_", " "))
                sayers[said].add(chunk.id)
    of = defaultdict(list)
    for said in sorted(sayers):
        of[said[0]].append(said)
    asked = [
        Asked(f"{a}의 {p}의 {q}은 무엇인가?", "two triples", (frozenset(sayers[a, p, b]), frozenset(sayers[b, q, c])))
        for a, p, b in sorted(sayers)
        for _, q, c in of[b]
        if len({a, b, c}) == 3 and not sayers[a, p, b] & sayers[b, q, c]
    ]
    single = [
        Asked(f"{a}의 {p}은 무엇인가?", "one triple", (frozenset(by),)) for (a, p, _), by in sorted(sayers.items())
    ]
    return [question for group in (asked, single) for question in _drawn(group, split)]


def _korquad(app: App, file: Path, split: str) -> list[Asked]:
    """Hold every paragraph as a passage; questions that one paragraph answers."""
    articles = json.loads(file.read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    chunks = _hold(app.ledger, [paragraph["context"] for paragraph in paragraphs], app.embedder)
    asked = [
        Asked(row["question"], "KorQuAD", (frozenset([chunk.id]),))
        for paragraph, chunk in zip(paragraphs, chunks, strict=True)
        for row in paragraph["qas"]
    ]
    return _drawn(asked, split)


def _drawn(asked: Sequence[Asked], split: str) -> list[Asked]:
    """At most so many of a split's questions; a question's split is a bit of its hash."""
    once = {question.question: question for question in asked}
    bit = {"tune": 0, "report": 1}[split]
    mine = [once[text] for text in sorted(once) if hashlib.sha256(text.encode()).digest()[0] % 2 == bit]
    return random.Random(0).sample(mine, min(_MOST_QUESTIONS, len(mine)))


def _hold(ledger: Ledger, texts: Sequence[str], embed: Callable[[Sequence[str]], Any]) -> list[Chunk]:
    """One document of which every text is a chunk."""
    whole, chunks = "", []
    for text in texts:
        chunks.append(Chunk(Span("texts", len(whole), len(whole) + len(text)), "texts.txt", "facts", text, (), None))
        whole += text + "\n\n"
    chunks = [Chunk(c.span, c.source, c.kind, c.text, (), None, f"{place:06d}") for place, c in enumerate(chunks)]
    if ledger.find_source(name="texts.txt") is None:
        document = Document("texts", "texts.txt", "", whole, "facts")
        vectors = embed([chunk.embedding_text for chunk in chunks])
        ledger.replace(document, chunks, vectors, [], path="texts.txt", sha256="", settings="")
    return chunks


# -- quality -----------------------------------------------------------------------------------------


def quality(app: App, asked: Sequence[Asked], weights: Sequence[float]) -> dict[str, Any]:
    """Per way of searching and kind of question, the means, and the difference that a third voice makes, paired."""
    graph = app.passage_graph()
    rankings = [_rankings(app, graph, question.question) for question in asked]
    ways: dict[str, list[list[str]]] = {
        "words": [_names(found["words"]) for found in rankings],
        "vectors": [_names(found["vectors"]) for found in rankings],
        "walk": [_names(found["graph"]) for found in rankings],
        _BASELINE: [_fused(found, 0.0) for found in rankings],
    }
    for weight in weights:
        ways[f"{_BASELINE}, walk {weight}"] = [_fused(found, weight) for found in rankings]
    return {
        "passages": len(graph.chunk_ids),
        "sentences": len(graph.sentences),
        "names": len(graph.names),
        "questions_that_name": sum(bool(found["graph"]) for found in rankings),
        "kinds": {
            kind: _compared(
                {way: [ranked[i] for i in group] for way, ranked in ways.items()}, [asked[i] for i in group]
            )
            for kind, group in _groups(asked).items()
        },
    }


_BASELINE = "words and vectors"


def _rankings(app: App, graph: PassageGraph, question: str) -> dict[Voice, Scored]:
    vector = app.embedder.embed_query_vector(question)
    return {
        "words": app.projections.words.search(question, _CANDIDATES, "facts"),
        "vectors": app.projections.vectors.search(vector, _CANDIDATES, "facts"),
        "graph": graph.search(question, _CANDIDATES),
    }


def _fused(found: dict[Voice, Scored], weight: float) -> list[str]:
    spoken = found if weight else {voice: found[voice] for voice in _WEIGHTS}
    return [name for name, _, _ in fuse(spoken, {**_WEIGHTS, "graph": weight})]


def _names(found: Scored) -> list[str]:
    return [name for name, _ in found]


def _groups(asked: Sequence[Asked]) -> dict[str, list[int]]:
    """Places of the questions of each kind, of those with evidence in one passage and in several, and of all."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(asked):
        for kind in ("all", "several passages" if len(question.gold) > 1 else "one passage", question.kind):
            groups[kind].append(place)
    return dict(groups)


def _compared(ways: dict[str, list[list[str]]], asked: Sequence[Asked]) -> dict[str, Any]:
    gold = [question.gold for question in asked]
    scores = {way: [_scores(*pair) for pair in zip(found, gold, strict=True)] for way, found in ways.items()}
    return {
        "n": len(asked),
        **{
            way: {
                metric: round(fmean(row[metric] for row in rows), 4)
                if way in ("words", "vectors", "walk", _BASELINE)
                else _beside([row[metric] for row in rows], [row[metric] for row in scores[_BASELINE]])
                for metric in rows[0]
            }
            for way, rows in scores.items()
        },
    }


def _beside(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """[mean, difference from the baseline, its 95 % interval, p]."""
    found = paired_difference(ours, theirs)
    return [round(value, 4) for value in (fmean(ours), found.mean, found.low, found.high, found.p)]


def _scores(ranked: Sequence[str], gold: Sequence[frozenset[str]]) -> dict[str, float]:
    scores = {}
    for k in _DEPTHS:
        hits = [bool(chunks & set(ranked[:k])) for chunks in gold]
        scores[f"all@{k}"] = float(all(hits))
        scores[f"recall@{k}"] = fmean(hits)
    return scores


# -- cost --------------------------------------------------------------------------------------------


def cost(file: Path, passages: int) -> dict[str, Any]:
    """Sizes and processor seconds of the passage graph of a JSONL file's first ``passages`` texts (field 'text')."""
    texts = [json.loads(line)["text"][:400] for line in file.read_text("utf-8").splitlines()[:passages]]
    with tempfile.TemporaryDirectory() as folder:
        ledger, korean, path = Ledger(Path(folder) / "ledger.db"), Korean(), Path(folder) / "names.db"
        _hold(ledger, texts, lambda rows: np.zeros((len(rows), 2), dtype=np.float32))
        korean.tokenize("형태소 분석기를 올린다.")
        index = NameIndex(path, ledger, korean)
        timed = _Timed()
        read = timed("read names", index.passages)
        index.close()
        timed("names from the file", index.passages)
        timed("names that did not change", index.passages)
        graph = timed("put together", lambda: PassageGraph.build(read))
        asked = [f"{name}은 무엇인가?" for name in random.Random(0).sample(graph.names, min(50, len(graph.names)))]
        walks = [_seconds(lambda question=question: graph.search(question)) for question in asked]  # type: ignore[misc]
        timed("communities", lambda: find_communities(graph))
        result = {
            "passages": len(texts),
            "characters": sum(map(len, texts)),
            "sentences": len(graph.sentences),
            "names": len(graph.names),
            "edges": graph.weights.nnz // 2,
            "file_bytes": path.stat().st_size,
            "cpu_seconds": timed.seconds,
            "search_cpu_ms": {"median": round(1e3 * median(walks), 2), "slowest": round(1e3 * max(walks), 2)},
            "networkx_cpu_ms": round(1e3 * _by_networkx(graph), 1),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
        index.close()
        ledger.close()
    return result


# -- names -------------------------------------------------------------------------------------------


def names_found(file: Path) -> dict[str, Any]:
    """Shares of the annotated names, by class, that are found in their sentence exactly, spaces and case aside."""
    korean, found, total, given = Korean(), Counter[str](), Counter[str](), 0
    lines = file.read_text("utf-8").splitlines()
    sentences = [line.split("\t", 1)[1].strip() for line in lines if line.startswith("## klue-ner")]
    for marked in sentences:
        text = _MARK.sub(r"\1", marked)
        names = {key(name) for name in open_names(text, korean.tokenize(text))}
        given += len(names)
        for name, cls in _MARK.findall(marked):
            if cls in ("PS", "LC", "OG"):
                total[cls] += 1
                found[cls] += key(name) in names
    shares = {cls: share(found[cls], total[cls]) for cls in sorted(total)}
    return {**shares, "all": share(found.total(), total.total()), "names_a_sentence": round(given / len(sentences), 2)}


_MARK = re.compile("<([^<>]+):([A-Z]{2})>")


class _Timed:
    """Notes how long things take the processor: one thread does all of it, and other work does not count."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, do: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = do()
        self.seconds[name] = round(time.process_time() - started, 3)
        return result


def _seconds(do: Callable[[], Any]) -> float:
    started = time.process_time()
    do()
    return time.process_time() - started


def _by_networkx(graph: PassageGraph) -> float:
    """Seconds of one walk, the least of five, without the making of its graph."""
    network = graph.network()
    start = {graph.first_name: 1.0}
    return min(_seconds(lambda: nx.pagerank(network, alpha=0.7, personalization=start)) for _ in range(5))


if __name__ == "__main__":
    main()
