"""Retrieval: how good beside simpler choices, how fast, and what HNSW costs in recall.

    python -m benchmarks.retrieval quality worlds|KORQUAD.json [--distractors FILE…] [--split report] [--cache FOLDER]
    python -m benchmarks.retrieval weights worlds|KORQUAD.json [--cache FOLDER]
    python -m benchmarks.retrieval latency --chunks 1000 10000 50000 [--rounds 100]
    python -m benchmarks.retrieval hnsw --chunks 10000 50000

``quality`` ranks the same passages for the same questions by every method: the 964 passages of KorQuAD 1.0 dev alone
and among distractors (text files, or JSONL rows with ``text``), and our four worlds of facts with their questions.
KorQuAD is split by a hash of the article's title, our questions by their ``split``. ``weights`` looks at the tune
half only. Everything is written to temporary folders; vectors may be kept in ``--cache``. Results are JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings

from benchmarks.ingest import documents as made_documents
from ingest import Chunk, Document, Job, Ledger, Span, Vectors, chunk, ingest
from rag import LocalEmbedder, Retriever, Voice
from rag.evaluation.intervals import mean_interval, paired_difference
from rag.evaluation.ranking import recall_at, reciprocal_rank
from rag.retrieval import fuse
from ui.assemble import App
from ui.settings import Settings

_CORPORA = Path(__file__).parent.parent / "corpora"
_DEPTH = 10
_CANDIDATES = 50
_RRF_K = 60  # Cormack, Clarke & Buettcher, SIGIR 2009
_LANGCHAIN_BATCH = 5000

Search = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Question:
    """What is asked, and the ids of the passages that hold the answer."""

    text: str
    relevant: frozenset[str]


class Remembering(Embeddings):
    """The embedder, with the vectors of every text that it has seen, kept in a folder if there is one."""

    def __init__(self, embedder: LocalEmbedder, folder: Path | None) -> None:
        self._embedder = embedder
        self.identity = embedder.identity
        self.dimension = embedder.dimension
        self._file = folder / "vectors.npz" if folder else None
        self._held: dict[str, Vectors] = {}
        if self._file and self._file.exists():
            kept = np.load(self._file)
            self._held = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def __call__(self, passages: Sequence[str]) -> Vectors:
        """(n, dimension) float32."""
        return self._vectors("passage", passages, self._embedder)

    def embed_query_vector(self, query: str) -> Vectors:
        """(dimension,) float32."""
        return self._vectors("query", [query], lambda texts: self._embedder.embed_query_vector(texts[0])[None])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's form of ``__call__``."""
        return [list(map(float, row)) for row in self(texts)]

    def embed_query(self, text: str) -> list[float]:
        """LangChain's form of ``embed_query_vector``."""
        return list(map(float, self.embed_query_vector(text)))

    def keep(self) -> None:
        """Write the vectors into the folder."""
        if self._file and self._held:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(self._file, keys=np.array(list(self._held)), vectors=np.stack(list(self._held.values())))

    def _vectors(self, role: str, texts: Sequence[str], embed: Callable[[list[str]], Vectors]) -> Vectors:
        keys = [hashlib.sha256(f"{self.identity}\0{role}\0{text}".encode()).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._held}
        if missing:
            self._held.update(zip(missing, embed(list(missing.values())), strict=True))
        return np.stack([self._held[key] for key in keys])


class BM25:
    """Plain Okapi BM25 (k1 1.2, b 0.75) over whatever ``terms`` gives: the usual baseline."""

    def __init__(self, passages: dict[str, str], terms: Callable[[str], Sequence[str]]) -> None:
        self._terms = terms
        counts = {name: Counter(terms(text)) for name, text in passages.items()}
        mean = fmean(sum(count.values()) for count in counts.values())
        self._postings: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for name, count in counts.items():
            norm = 1.2 * (0.25 + 0.75 * sum(count.values()) / mean)
            for term, n in count.items():
                self._postings[term].append((name, n * 2.2 / (n + norm)))
        self._n = len(passages)

    def scores(self, query: str) -> list[tuple[str, float]]:
        """Passages with a common term, best first."""
        scores: dict[str, float] = defaultdict(float)
        for term in dict.fromkeys(self._terms(query)):
            found = self._postings.get(term, [])
            idf = math.log(1 + (self._n - len(found) + 0.5) / (len(found) + 0.5))
            for name, weight in found:
                scores[name] += idf * weight
        return sorted(scores.items(), key=lambda pair: -pair[1])[:_CANDIDATES]


# -- the sets --------------------------------------------------------------------------------------


def half(title: str) -> str:
    """'tune' or 'report': all questions on one article fall into the same half."""
    return "report" if hashlib.sha256(title.encode()).digest()[0] % 2 else "tune"


def hold_set(app: App, embed: Remembering, name: str, split: str) -> list[Question]:
    """Take in a set; the questions of one half."""
    if name == "worlds":
        return hold_worlds(app, embed, split)
    return hold_korquad(app.ledger, embed, Path(name), split)


def hold_korquad(ledger: Ledger, embed: Remembering, file: Path, split: str) -> list[Question]:
    """Take in one document per article, one chunk per paragraph; the questions of one half."""
    questions = []
    for article in json.loads(file.read_text("utf-8"))["data"]:
        chunks = hold(ledger, embed, article["title"], [part["context"] for part in article["paragraphs"]])
        if half(article["title"]) == split:
            for part, held in zip(article["paragraphs"], chunks, strict=True):
                questions += [Question(asked["question"], frozenset({held.id})) for asked in part["qas"]]
    return questions


def hold_distractors(ledger: Ledger, embed: Remembering, files: Sequence[Path], most: int) -> None:
    """Take in at most ``most`` chunks of other texts, drawn evenly."""
    texts = []
    for file in files:
        raw = file.read_text("utf-8")
        whole = [json.loads(line)["text"] for line in raw.splitlines()] if file.suffix == ".jsonl" else [raw]
        texts += [c.text for text in whole for c in chunk(Document("d", "", "", text, "facts"))]
    random.Random(0).shuffle(texts)
    for start in range(0, min(most, len(texts)), 500):
        hold(ledger, embed, f"other {start}", texts[start : min(start + 500, most)])
        embed.keep()
        _say(f"{min(start + 500, most, len(texts)):,} distractors of {min(most, len(texts)):,} held")


def hold(ledger: Ledger, embed: Remembering, name: str, texts: Sequence[str]) -> list[Chunk]:
    """Take in one document with the given chunks."""
    document_id = hashlib.sha256(name.encode()).hexdigest()
    chunks, start = [], 0
    for place, text in enumerate(texts):
        known = Chunk(Span(document_id, start, start + len(text)), name, "facts", text)
        chunks.append(Chunk(known.span, name, "facts", text, id=known.identity(place)))
        start += len(text) + 2
    document = Document(document_id, name, name, "\n\n".join(texts), "facts")
    vectors = embed([c.embedding_text for c in chunks])
    ledger.claim_embedder(embed.identity, embed.dimension)
    ledger.replace(document, chunks, vectors, [], path=name, sha256=document_id, settings="")
    return chunks


def hold_worlds(app: App, embed: Remembering, split: str) -> list[Question]:
    """Take in our four worlds as users would; the questions of one half that have evidence in their documents."""
    outcomes = ingest(Job((_CORPORA / "facts",)), app.ledger, embed, app.extractor, app.korean)
    assert all(outcome.status != "failed" for outcome in outcomes)
    held = list(app.ledger.chunks(app.ledger.chunk_ids()).values())
    questions = []
    for folder in sorted((_CORPORA / "facts").iterdir()):
        for line in (_CORPORA / "questions" / f"{folder.name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            relevant = {
                each.id
                for quote in row["evidence"]
                for each in held
                if each.source.endswith(f"{folder.name}/{quote['source']}") and quote["quote"] in each.text
            }
            if row["split"] == split and relevant:
                questions.append(Question(row["question"], frozenset(relevant)))
    return questions


# -- quality ---------------------------------------------------------------------------------------


@contextmanager
def opened(cache: Path | None) -> Iterator[tuple[App, Remembering]]:
    """An application with an empty home folder, searching with remembered vectors."""
    with tempfile.TemporaryDirectory() as home:
        app = App(Settings(home=Path(home)))
        embed = Remembering(app.embedder, cache)
        app.__dict__["embedder"] = embed
        try:
            yield app, embed
        finally:
            embed.keep()
            app.close()


def methods(app: App, embed: Remembering, folder: Path) -> dict[str, Search]:
    """Every method over what the application holds, ours first. All see the same text of a passage."""
    from langchain_chroma import Chroma

    held = app.ledger.chunks(app.ledger.chunk_ids())
    texts = {name: c.search_text for name, c in held.items()}
    whitespace, kiwi = BM25(texts, str.split), BM25(texts, app.korean.terms)
    names = list(texts)
    matrix = embed([held[name].embedding_text for name in names])
    plain = Chroma("plain", embed, persist_directory=str(folder))
    for start in range(0, len(names), _LANGCHAIN_BATCH):
        batch = names[start : start + _LANGCHAIN_BATCH]
        plain.add_texts([held[name].embedding_text for name in batch], [{"id": name} for name in batch], batch)

    def dense(query: str) -> list[tuple[str, float]]:
        scores = matrix @ embed.embed_query_vector(query)
        return [(names[place], float(scores[place])) for place in np.argsort(-scores)[:_CANDIDATES]]

    def reciprocal_ranks(query: str) -> list[str]:
        scores: dict[str, float] = defaultdict(float)
        for ranking in (kiwi.scores(query), dense(query)):
            for place, (name, _) in enumerate(ranking, start=1):
                scores[name] += 1 / (_RRF_K + place)
        return sorted(scores, key=lambda name: -scores[name])

    def first(ranking: Sequence[tuple[str, float]]) -> list[str]:
        return [name for name, _ in ranking[:_DEPTH]]

    return {
        "ours": lambda query: ranked_ids(app.retriever, query),
        "ours, words only": lambda query: first(app.projections.words.search(query, _DEPTH)),
        "BM25 on white space": lambda query: first(whitespace.scores(query)),
        "BM25 on Kiwi morphemes": lambda query: first(kiwi.scores(query)),
        "dense only (exact)": lambda query: first(dense(query)),
        "LangChain Chroma similarity search": lambda query: [
            str(found.metadata["id"]) for found in plain.similarity_search(query, _DEPTH)
        ],
        "RRF of Kiwi BM25 and dense": reciprocal_ranks,
    }


def ranked_ids(retriever: Retriever, query: str) -> list[str]:
    """The first chunks, before neighbours are joined."""
    return [hit.chunk.id for hit, _ in zip(retriever.ranked(query), range(_DEPTH), strict=False)]


def figures(questions: Sequence[Question], chosen: dict[str, Search]) -> dict[str, Any]:
    """Each method's figures with 95 % intervals, and by how much ours is better at the first place, paired."""
    scores: dict[str, dict[str, list[float]]] = {}
    for name, search in chosen.items():
        rankings = [(list(search(question.text)), question.relevant) for question in questions]
        _say(f"{len(questions):,} questions ranked by {name}")
        scores[name] = {
            **{f"recall@{k}": [recall_at(k, found, wanted) for found, wanted in rankings] for k in (1, 5, 10)},
            "mrr@10": [reciprocal_rank(found[:_DEPTH], wanted) for found, wanted in rankings],
        }
    ours = scores["ours"]
    return {
        name: {
            **{metric: _with_interval(values) for metric, values in found.items()},
            **({} if name == "ours" else {"ours_better_by_mrr": _gain(ours["mrr@10"], found["mrr@10"])}),
        }
        for name, found in scores.items()
    }


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _with_interval(values: Sequence[float]) -> list[float]:
    low, high = mean_interval(values)
    return [round(fmean(values), 4), round(low, 4), round(high, 4)]


def _gain(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    found = paired_difference(ours, theirs)
    return [round(value, 4) for value in (found.mean, found.low, found.high, found.p)]


def quality(options: argparse.Namespace) -> dict[str, Any]:
    """Figures of one set, alone and among distractors."""
    report: dict[str, Any] = {"split": options.split, "read": "[mean, low, high]; gains [mean, low, high, p]"}
    with opened(options.cache) as (app, embed):
        questions = hold_set(app, embed, options.set, options.split)
        report["alone"] = _measured(app, embed, questions)
        embed.keep()
        if options.distractors:
            hold_distractors(app.ledger, embed, options.distractors, options.most)
            app.refresh()
            report["among distractors"] = _measured(app, embed, questions)
    return report


def _measured(app: App, embed: Remembering, questions: Sequence[Question]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        found = figures(questions, methods(app, embed, Path(folder)))
    return {"n": len(questions), "passages": len(app.ledger.chunk_ids()), **found}


# -- weights ---------------------------------------------------------------------------------------


def weights(options: argparse.Namespace) -> dict[str, Any]:
    """MRR@10 on the tune half by weight of the vectors (the words have the rest) and of the graph."""
    with opened(options.cache) as (app, embed):
        return _by_weight(app, hold_set(app, embed, options.set, "tune"))


def _by_weight(app: App, questions: Sequence[Question]) -> dict[str, Any]:
    rankings = [app.retriever._rankings(question.text, None, "hybrid") for question in questions]
    found = {}
    for of_graph in (0.0, 0.1, 0.3, 0.5):
        for of_vectors in (0.0, 0.1, 0.2, 0.3, 0.5, 1.0):
            chosen: dict[Voice, float] = {"words": 1 - of_vectors, "vectors": of_vectors, "graph": of_graph}
            values = [
                reciprocal_rank([name for name, _, _ in fuse(ranking, chosen)[:_DEPTH]], question.relevant)
                for ranking, question in zip(rankings, questions, strict=True)
            ]
            found[f"vectors {of_vectors}, graph {of_graph}"] = round(fmean(values), 4)
    return {"n": len(questions), **found}


# -- latency ---------------------------------------------------------------------------------------


def latency(options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds by stage and size, ours and a plain Chroma similarity search in turn on the same chunks."""
    questions = [
        json.loads(line)["question"]
        for file in sorted((_CORPORA / "questions").glob("*.jsonl"))
        if file.stem != "retrieval"
        for line in file.read_text("utf-8").splitlines()
    ]
    order = random.Random(0)
    order.shuffle(questions)
    return {"runs": [_latency(size, questions[: options.rounds]) for size in options.chunks]}


def _latency(size: int, questions: Sequence[str]) -> dict[str, Any]:
    import chromadb

    with tempfile.TemporaryDirectory() as folder:
        app = App(Settings(home=Path(folder) / "home"))
        ids, vectors = _fill(app, size)
        client = chromadb.PersistentClient(
            str(Path(folder) / "plain"), settings=chromadb.Settings(anonymized_telemetry=False)
        )
        plain = client.create_collection("plain", embedding_function=None, configuration={"hnsw": {"space": "cosine"}})
        for start in range(0, len(ids), _LANGCHAIN_BATCH):
            batch = slice(start, start + _LANGCHAIN_BATCH)
            texts = [c.text for c in app.ledger.chunks(ids[batch]).values()]
            plain.add(ids=ids[batch], embeddings=vectors[batch], documents=texts)
        watch: dict[str, list[float]] = defaultdict(list)
        retriever = _watched(app, watch)
        started = time.perf_counter()
        retriever.search(questions[0])
        cold = time.perf_counter() - started
        watch.clear()
        for question in questions:
            with _noted(watch, "ours"):
                retriever.search(question)
            with _noted(watch, "plain Chroma similarity search"):
                vector = app.embedder.embed_query_vector(question)
                plain.query(query_embeddings=[vector], n_results=5, include=["documents", "distances"])
        made = {
            "chunks": len(ids),
            "cold_ms": round(1000 * cold, 1),
            "warm_ms": {
                stage: {
                    "p50": round(1000 * float(np.percentile(times, 50)), 2),
                    "p95": round(1000 * float(np.percentile(times, 95)), 2),
                }
                for stage, times in watch.items()
            },
            "rounds": len(questions),
            "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
        app.close()
        client.close()
    return made


def _fill(app: App, size: int) -> tuple[list[str], Vectors]:
    """Take in our four worlds and shuffled documents of their sentences, in all ``size`` chunks.

    Vectors are random, since what they mean changes no time; the embedder is run for the questions only.
    """
    draw = np.random.default_rng(0)
    left = size
    for number, text in enumerate(made_documents(size)):
        document = Document(f"{number:032x}", f"{number}.txt", "", text, "facts")
        chunks = chunk(document)[:left]
        left -= len(chunks)
        rows = draw.normal(size=(len(chunks), app.embedder.dimension)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        app.ledger.claim_embedder(app.embedder.identity, app.embedder.dimension)
        app.ledger.replace(document, chunks, rows, [], path=document.source, sha256=document.id, settings="")
        if not left:
            break
    ids, vectors = app.ledger.vectors()
    return ids, vectors


def _watched(app: App, watch: dict[str, list[float]]) -> Retriever:
    """The application's retriever, each stage of which notes its seconds."""

    def noting(call: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def noted(*arguments: Any) -> Any:
            with _noted(watch, stage):
                return call(*arguments)

        return noted

    retriever = app.retriever
    stages: list[tuple[Any, str, str]] = [
        (retriever.projections.words, "search", "words"),
        (retriever.embedder, "embed_query_vector", "query vector"),
        (retriever.projections.vectors, "search", "vectors"),
        (retriever.ledger, "chunks", "ledger"),
    ]
    for owner, method, stage in stages:
        setattr(owner, method, noting(getattr(owner, method), stage))
    assert retriever.graph
    assert retriever.named
    return replace(retriever, graph=noting(retriever.graph, "graph"), named=noting(retriever.named, "names"))


@contextmanager
def _noted(watch: dict[str, list[float]], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    watch[stage].append(time.perf_counter() - started)


# -- HNSW ------------------------------------------------------------------------------------------

_HNSW = (
    {"space": "cosine"},
    {"space": "cosine", "ef_search": 200},
    {"space": "cosine", "ef_search": 400},
    {"space": "cosine", "ef_construction": 200, "ef_search": 200},
    {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 200},
)


def hnsw(options: argparse.Namespace) -> dict[str, Any]:
    """recall@10 and @50 against exact search, milliseconds a query, seconds to build: by parameters, size and vectors.

    'Random' vectors have no neighbours worth the name and are the hardest case; 'clustered' ones lie around as many
    centres as a library has documents, as the embedder's do. With ``--cache`` its real vectors are used, too.
    """
    runs = []
    for size in options.chunks:
        for name, vectors in _vector_sets(size, options.cache):
            runs += [{"vectors": name, "n": len(vectors), **_hnsw_run(vectors, dict(made))} for made in _HNSW]
    return {"runs": runs}


def _vector_sets(size: int, cache: Path | None) -> Iterator[tuple[str, Vectors]]:
    draw = np.random.default_rng(0)
    yield "random", _unit(draw.normal(size=(size, 384)))
    centres = draw.normal(size=(max(1, size // 20), 384))
    yield "clustered", _unit(centres[draw.integers(0, len(centres), size)] + 0.7 * draw.normal(size=(size, 384)))
    if cache:
        kept = np.load(cache / "vectors.npz")["vectors"]
        if len(kept) >= size:
            yield "embedder's", kept[draw.permutation(len(kept))[:size]]


def _unit(rows: Any) -> Vectors:
    made: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return made


def _hnsw_run(vectors: Vectors, parameters: dict[str, Any]) -> dict[str, Any]:
    import chromadb

    asked = vectors[:: max(1, len(vectors) // 100)][:100]
    asked = _unit(asked + 0.02 * np.random.default_rng(1).normal(size=asked.shape))
    exact = np.argsort(-(asked @ vectors.T), axis=1)[:, :50]
    with tempfile.TemporaryDirectory() as folder:
        client = chromadb.PersistentClient(folder, settings=chromadb.Settings(anonymized_telemetry=False))
        held = client.create_collection("held", embedding_function=None, configuration={"hnsw": parameters})
        started = time.perf_counter()
        for start in range(0, len(vectors), 1000):
            rows = range(start, min(start + 1000, len(vectors)))
            held.add(ids=[str(row) for row in rows], embeddings=vectors[rows.start : rows.stop])
        built = time.perf_counter() - started
        shares: dict[int, list[float]] = {10: [], 50: []}
        times = []
        for vector, wanted in zip(asked, exact, strict=True):
            started = time.perf_counter()
            found = [int(name) for name in held.query(query_embeddings=[vector], n_results=50)["ids"][0]]
            times.append(time.perf_counter() - started)
            for k, values in shares.items():
                values.append(len(set(found[:k]) & set(wanted[:k].tolist())) / k)
        client.close()
    return {
        "parameters": parameters,
        **{f"recall@{k}": round(fmean(values), 4) for k, values in shares.items()},
        "p50_ms": round(1000 * float(np.median(times)), 2),
        "build_seconds": round(built, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, run in (("quality", quality), ("weights", weights), ("latency", latency), ("hnsw", hnsw)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        if name in ("quality", "weights"):
            command.add_argument("set", help="'worlds', or the file of KorQuAD 1.0 dev")
        if name in ("quality", "weights", "hnsw"):
            command.add_argument("--cache", type=Path, help="a folder that keeps vectors between runs")
        if name in ("latency", "hnsw"):
            command.add_argument("--chunks", type=int, nargs="+", required=True)
        if name == "latency":
            command.add_argument("--rounds", type=int, default=100)
        if name == "quality":
            command.add_argument("--distractors", type=Path, nargs="*", default=[])
            command.add_argument("--most", type=int, default=14_000, help="chunks of distractors")
            command.add_argument("--split", choices=("tune", "report"), default="tune")
    options = parser.parse_args()
    print(json.dumps(options.run(options), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
