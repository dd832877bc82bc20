"""Answers to questions with gold answers: right, wrong or abstained, by kind; and the same for plain RAG.

    python -m benchmarks.questions [--split report] [--world solverx] [--graph-only] [--show] [--baselines] [--out FILE]
    python -m benchmarks.questions --facts FOLDER --questions FILE     # a world of your own

'Right' means that the gold answer or another accepted spelling occurs in the answer (spaces ignored); yes and no must
begin it. Without ``--facts`` all worlds of ``corpora/facts`` are held at once. Every citation is compared with the
ingested text at its place; ``evidence`` says how many right answers cite a sentence that the gold evidence quotes.
``--baselines`` asks the same questions of the same answerer model with the five best passages by vectors, with the five
best by words and vectors, and with none, unconstrained and unchecked. Tune on ``--split tune``; report
``--split report``. Home, models and answerer are those of the settings (``LOOPAI_HOME``, ``LOOPAI_ANSWERER``, …).
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from ingest import Job, ingest
from rag import ABSTENTION, Answer, Answerer, Hit, Message, Prompt, answer
from rag.decoding import KOREAN
from rag.evaluation.answers import verdict
from rag.evaluation.data import Row
from rag.evaluation.intervals import share
from rag.prompting import answer_prompt
from ui.assemble import App
from ui.settings import Settings

_CORPORA = Path(__file__).parent.parent / "corpora"
_PASSAGES = 5
_CLOSED_BOOK = f"너는 한국어 도우미다. 한두 문장으로 짧게 답하고, 모르면 정확히 '{ABSTENTION}'라고만 답한다."


@dataclass(frozen=True)
class Asked:
    """A question with what came of it; ``verbatim`` counts citations that are the text at their place."""

    row: Row
    answer: Answer
    verdict: str
    seconds: float
    citations: int
    verbatim: int


def main() -> None:
    """Print counts by kind and verdict, with Wilson intervals of the shares."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--split", choices=("tune", "report"), default="tune")
    arguments.add_argument("--world", default="*")
    arguments.add_argument("--facts", type=Path, default=_CORPORA / "facts")
    arguments.add_argument("--questions", type=Path)
    arguments.add_argument("--graph-only", action="store_true", help="no model: graph, tables and sentences")
    arguments.add_argument("--baselines", action="store_true")
    arguments.add_argument("--show", action="store_true")
    arguments.add_argument("--out", type=Path, help="write every answer as JSONL")
    options = arguments.parse_args()
    rows = list(_rows(options.questions, options.world, options.split))
    app = App(Settings())
    try:
        list(ingest(Job((options.facts,)), app.ledger, app.embedder, app.extractor, app.korean))
        app.projections.catch_up()
        parts = replace(app.answering, answerer=None) if options.graph_only else app.answering
        systems: dict[str, Callable[[str], Answer]] = {"loopai": lambda question: answer(question, parts)}
        if options.baselines:
            systems |= _baselines(app)
        figures = {}
        for name, ask in systems.items():
            asked = [_ask(row, ask, app, name, options.show) for row in rows]
            figures[name] = summary(asked)
            if options.out:
                _write(options.out, name, asked)
    finally:
        app.close()
    print(json.dumps(figures, ensure_ascii=False, indent=2))


def summary(asked: Iterable[Asked]) -> dict[str, Any]:
    """Shares with Wilson intervals, counts by kind, and the median and longest time."""
    held = list(asked)
    answerable = [each for each in held if each.row["answerable"]]
    counts = Counter((each.row["kind"], each.verdict) for each in held)
    verdicts = Counter(each.verdict for each in held)
    right = [each for each in held if each.verdict == "right"]
    kinds = sorted({kind for kind, _ in counts})
    return {
        "n": len(held),
        "right": share(verdicts["right"], len(answerable)),
        "wrongly_refused": share(verdicts["abstained"], len(answerable)),
        "refused": share(verdicts["refused"], len(held) - len(answerable)),
        "wrong": share(verdicts["wrong"], len(held)),
        "citations_verbatim": share(sum(each.verbatim for each in held), sum(each.citations for each in held)),
        "proved": share(sum(bool(each.answer.proof) for each in right), len(right)),
        "evidence": share(sum(map(_cites_evidence, right)), len(right)),
        "seconds": {
            "median": round(median(each.seconds for each in held), 3),
            "longest": round(max(each.seconds for each in held), 3),
        },
        "kinds": {
            kind: {
                "as_it_should": share(counts[kind, "right"] + counts[kind, "refused"], _total(counts, kind)),
                **{found: n for (counted, found), n in counts.items() if counted == kind},
            }
            for kind in kinds
        },
    }


def _total(counts: Counter[tuple[str, str]], kind: str) -> int:
    return sum(n for (counted, _), n in counts.items() if counted == kind)


def _cites_evidence(each: Asked) -> bool:
    """Whether a citation and a gold quote are one inside the other."""
    quotes = [_bare(evidence["quote"]) for evidence in each.row["evidence"]]
    cited = [_bare(citation.text) for citation in each.answer.citations]
    return any(quote in text or text in quote for quote in quotes for text in cited)


def _bare(text: str) -> str:
    return re.sub(r"[\s.]", "", text)


def _rows(file: Path | None, world: str, split: str) -> Iterator[Row]:
    files = [file] if file else [_CORPORA / "questions" / f"{f.name}.jsonl" for f in _worlds(world)]
    for each in files:
        for line in each.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row.get("split", split) == split:
                yield row


def _worlds(world: str) -> list[Path]:
    return sorted(folder for folder in (_CORPORA / "facts").glob(world) if folder.is_dir())


def _ask(row: Row, ask: Callable[[str], Answer], app: App, system: str, show: bool) -> Asked:
    started = time.perf_counter()
    result = ask(row["question"])
    seconds = time.perf_counter() - started
    cited = [*result.citations, *(citation for step in result.proof for citation in step.sources)]
    verbatim = sum(app.text_of(c.source)[c.start : c.end] == c.text for c in cited)
    found = verdict(row, result)
    if show:
        by = "proof" if result.proof else "model"
        text = result.text.replace("\n", " ")
        print(f"{system} {found:9} {by} {row['kind']} {row['question']}  →  {text}  [{row['answer']}]", flush=True)
    return Asked(row, result, found, seconds, len(cited), verbatim)


def _write(file: Path, system: str, asked: Iterable[Asked]) -> None:
    with file.open("a", encoding="utf-8") as out:
        for each in asked:
            line = {"system": system, "id": each.row["id"], "verdict": each.verdict, "answer": each.answer.text}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def _baselines(app: App) -> dict[str, Callable[[str], Answer]]:
    answerer = app.answerer
    if answerer is None:
        raise SystemExit("--baselines needs an answerer model (LOOPAI_ANSWERER)")
    return {
        "vectors": lambda question: _from_passages(
            question, app.retriever.search(question, _PASSAGES, "facts", "vectors"), answerer
        ),
        "hybrid": lambda question: _from_passages(
            question, app.retriever.search(question, _PASSAGES, "facts", "hybrid"), answerer
        ),
        "closed_book": lambda question: _replied(
            Prompt((Message("system", _CLOSED_BOOK), Message("user", question))), answerer
        ),
    }


def _from_passages(question: str, hits: list[Hit], answerer: Answerer) -> Answer:
    return _replied(answer_prompt(question, hits), answerer)


def _replied(prompt: Prompt, answerer: Answerer) -> Answer:
    """What the model says, as it says it; an abstention where it says that it does not know."""
    reply = replace(answerer, takes_grammar=False).reply(prompt, KOREAN)
    return Answer(reply, abstained=ABSTENTION.rstrip(".") in reply or not reply)


if __name__ == "__main__":
    main()
