"""How long should a chunk be? Share of evidence that is retrieved, at one budget of characters for all sizes.

    python -m benchmarks.chunks [--sizes 150 250 350 500 700] [--budget 1050] [--korquad FILE --n 300]

A size is the target of ``ingest.chunking``. For each question chunks are taken, best first, while they fit the budget;
a quote counts as found where one chunk holds all of it. Questions: the tune half of ``corpora/questions``; with
``--korquad`` also KorQuAD 1.0 dev, its paragraphs joined by article, the quote being the sentence of the answer.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ingest import Job, chunking, ingest
from rag.evaluation.intervals import share
from ui.assemble import App
from ui.settings import Settings

_CORPORA = Path(__file__).parent.parent / "corpora"
_SENTENCE_END = re.compile(r"[.!?]\s+")
_SEED = 20261121
Asked = tuple[str, str]  # (question, quote)


def of_our_worlds() -> list[Asked]:
    """Questions of the tune half with each quote that stands in a document of facts."""
    rows = [
        json.loads(line)
        for file in sorted((_CORPORA / "questions").glob("*.jsonl"))
        if file.name != "retrieval.jsonl"
        for line in file.read_text("utf-8").splitlines()
    ]
    return [
        (row["question"], evidence["quote"])
        for row in rows
        if row["split"] == "tune"
        for evidence in row["evidence"]
        if not evidence["source"].endswith("ontology.toml")
    ]


def write_articles(file: Path, folder: Path) -> None:
    """KorQuAD's paragraphs as one text for each article."""
    articles = defaultdict(list)
    for row in _passages(file):
        articles[row["title"]].append(row["context"])
    for number, (title, paragraphs) in enumerate(sorted(articles.items())):
        (folder / f"{number:04}.md").write_text(f"# {title}\n\n" + "\n\n".join(paragraphs), "utf-8")


def of_korquad(file: Path, n: int) -> list[Asked]:
    """``n`` of KorQuAD's questions with the sentence in which the answer begins."""
    found = [
        (question["question"], _sentence(row["context"], question["answers"][0]["answer_start"]))
        for row in _passages(file)
        for question in row["qas"]
    ]
    return random.Random(_SEED).sample(found, n)


def _passages(file: Path) -> Iterator[dict[str, Any]]:
    for article in json.loads(file.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            yield {"title": article["title"], **paragraph}


def _sentence(text: str, place: int) -> str:
    starts = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    return next(text[a:b].strip() for a, b in pairwise(starts) if a <= place < b)


def found(asked: Sequence[Asked], folder: Path, size: int, budget: int) -> list[bool]:
    """Whether each quote is found with chunks of about ``size`` characters."""
    chunking._TARGET = dict.fromkeys(chunking._TARGET, size)
    with tempfile.TemporaryDirectory() as home:
        app = App(Settings(home=Path(home)))
        list(ingest(Job((folder,), kind="general"), app.ledger, app.embedder, app.extractor, app.korean))
        try:
            return [_is_found(app, question, quote, budget) for question, quote in asked]
        finally:
            app.close()


def _is_found(app: App, question: str, quote: str, budget: int) -> bool:
    wanted = _plain(quote)
    left = budget
    for hit in app.retriever.search(question, k=20):
        left -= len(hit.chunk.text)
        if left < 0:
            return False
        if wanted in _plain(hit.chunk.text):
            return True
    return False


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def main() -> None:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[150, 250, 350, 500, 700])
    parser.add_argument("--budget", type=int, default=1050)
    parser.add_argument("--korquad", type=Path, help="KorQuAD_v1.0_dev.json")
    parser.add_argument("--n", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as articles:
        sets = {"corpora": (of_our_worlds(), _CORPORA / "facts")}
        if options.korquad:
            write_articles(options.korquad, Path(articles))
            sets["korquad"] = (of_korquad(options.korquad, options.n), Path(articles))
        report: dict[str, dict[int, Any]] = {name: {} for name in sets}
        for name, (asked, folder) in sets.items():
            for size in options.sizes:
                result = found(asked, folder, size, options.budget)
                report[name][size] = share(sum(result), len(result))
    print(json.dumps(report, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
