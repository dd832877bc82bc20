"""``loopai eval``: figures of retrieval, answers, extraction, purity and writing, and what differs between two runs.

Each run prints ``{task, n, metrics, interval, baseline, …}``; ``--report`` writes a page for people besides.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from ingest import Document
from kg import extend, extract, general_ontology, parse_ontology
from rag import Answer, Draft, Hit, Request, answer, find_examples, write
from rag.evaluation.answers import always_abstaining, answer_items
from rag.evaluation.compare import compare, load_run
from rag.evaluation.data import Row, data_sha256, load_rows
from rag.evaluation.purity import load_outputs, purity_items, purity_report
from rag.evaluation.record import Item, Run, about, document
from rag.evaluation.record import Json as Json_
from rag.evaluation.report import html, markdown
from rag.evaluation.retrieval import example_items, passage_items
from rag.evaluation.triples import triple_items
from rag.evaluation.writing import Measure, Written
from rag.retrieval import How
from ui import render
from ui.assemble import App
from ui.console import Home, Json, err, open_app, out, print_json

_ONTOLOGY = "ontology.toml"

evaluation = typer.Typer(help="정해진 자료로 품질을 재고 두 결과를 견줍니다.", no_args_is_help=True)

Data = Annotated[
    list[Path], typer.Option("--data", help="문항이 든 JSONL 파일이나 폴더 (여럿이면 되풀이)", exists=True)
]
Facts = Annotated[Path, typer.Option("--data", help="글과 사실이 든 JSONL 파일", exists=True, dir_okay=False)]
Split = Annotated[str, typer.Option("--split", help="이 몫의 문항만 (몫이 없는 문항은 늘 잽니다)")]
Number = Annotated[int, typer.Option("--n", min=0, help="고르게 뽑아 이만큼만 (0: 모두)")]
Report = Annotated[
    Path | None, typer.Option("--report", help="사람이 읽을 쪽을 쓸 파일 (.html 또는 .md)", dir_okay=False)
]
_SEED = 0
_NEAREST = 50


@evaluation.command("retrieval")
def eval_retrieval(
    data: Data,
    pieces: Annotated[
        Path | None, typer.Option(help="예시 고르기를 잴 때: 번호(id)와 요청이 든 글 폴더", exists=True)
    ] = None,
    split: Split = "tune",
    n: Number = 0,
    report: Report = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """찾기를 잽니다.

    문항의 근거가 든 대목을 찾는지, --pieces를 주면 요청에 맞는 예시를 고르는지 봅니다.

    예: loopai eval retrieval --data corpora/questions/solverx.jsonl
    """
    with open_app(home) as app:
        if pieces:
            run = _examples_run(app, _rows(data, split, n, "request", "relevant"), load_rows(pieces, "id", "request"))
        else:
            run = _passages_run(app, _rows(data, split, n, "question", "evidence"))
        _finish(run, _about(app, data, split, embedder=app.settings.embedder), report, as_json)


def _passages_run(app: App, rows: list[Row]) -> Run:
    held = list(app.ledger.documents("facts"))

    def items(how: How) -> list[Item]:
        def search(question: str, k: int) -> list[Hit]:
            return app.retriever.search(question, k, "facts", how)

        return passage_items(rows, search, held, app.ledger.chunk_at)

    return Run("retrieval", items("hybrid"), items("words"), "낱말만")


def _examples_run(app: App, rows: list[Row], pieces: list[Row]) -> Run:
    id_of = {row["request"]: row["id"] for row in pieces}
    ours = example_items(rows, app.retriever.examples, id_of)
    return Run("examples", ours, example_items(rows, _nearest(app), id_of), "같은 장르에서 뜻이 가까운 글")


def _nearest(app: App) -> Callable[[str, str, int], list[Hit]]:
    """The plain choice: of the same genre, by vectors alone."""

    def choose(request: str, genre: str, k: int) -> list[Hit]:
        hits = app.retriever.search(request, _NEAREST, "creative", "vectors")
        known = [(hit, hit.chunk.example) for hit in hits if hit.chunk.example]
        usable = [(hit, example.genre) for hit, example in known if example.split == "train"]
        return [hit for hit, own in sorted(usable, key=lambda pair: bool(genre) and pair[1] != genre)][:k]

    return choose


@evaluation.command("qa")
def eval_qa(
    data: Data,
    split: Split = "tune",
    n: Number = 0,
    report: Report = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """물음에 대한 답을 잽니다.

    맞음, 틀림, 모른다고 함을 세고, 인용이 글자 그대로인지 봅니다.

    예: loopai eval qa --data corpora/questions/solverx.jsonl --report 문답.html
    """
    rows = _rows(data, split, n, "question", "answerable", "answer", "accepted", "kind")
    with open_app(home) as app:
        ready = app.answering

        def ask(question: str) -> Answer:
            return answer(question, ready)

        run = Run("qa", answer_items(_shown(rows), ask, app.text_of), always_abstaining(rows), "늘 모른다고 함")
        _finish(run, _about(app, data, split, answerer=app.settings.answerer), report, as_json)


@evaluation.command("extraction")
def eval_extraction(
    data: Facts, split: Split = "tune", n: Number = 0, report: Report = None, home: Home = None, as_json: Json = False
) -> None:
    """글에서 뽑은 사실을 정답과 견줍니다.

    각 줄은 {"text": …, "triples": [[주어, 관계, 대상], …]}이고, 자료와 같은 폴더의 ontology.toml을 씁니다.

    예: loopai eval extraction --data 정답/사실.jsonl
    """
    file = data.parent / _ONTOLOGY
    ontology = extend(general_ontology(), parse_ontology(file.read_text("utf-8-sig"), file.name))
    items: list[Item] = []
    with open_app(home) as app:
        for row in _shown(_rows([data], split, n, "text", "triples")):
            found = extract(Document(row["id"], data.name, row["id"], row["text"], "facts"), ontology, app.korean)
            sure = [each for each in found if (each.status, each.mode) == ("approved", "asserted")]
            triples = [(each.subject, each.relation, each.object) for each in sure]
            items += triple_items(row["id"], triples, [(s, r, o) for s, r, o in row["triples"]])
        _finish(Run("extraction", items), _about(app, [data], split), report, as_json)


@evaluation.command("purity")
def eval_purity(
    data: Annotated[Path, typer.Option("--data", help='글이 든 JSONL: {"text": …}', exists=True, dir_okay=False)],
    baseline: Annotated[Path | None, typer.Option(help="견줄 글이 든 JSONL", exists=True, dir_okay=False)] = None,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """다른 문자가 섞인 글의 비율을 구간과 함께 잽니다. 예: loopai eval purity --data 결과.jsonl"""
    outputs = load_outputs(data)
    others = load_outputs(baseline) if baseline else []
    run = Run("purity", purity_items(outputs), purity_items(others), baseline.name if baseline else "")
    figures = purity_report(outputs)
    more = {key: figures[key] for key in ("disallowed_per_10k", "contaminated_by_script")}
    found = document(replace(run, about=about(data_sha256(data), _SEED))) | more
    _write_page(found, report)
    if as_json:
        print_json(found)
        return
    for name, texts in ((data.name, outputs), *([(baseline.name, others)] if baseline else [])):
        render.show_purity(out, name, purity_report(texts))


@evaluation.command("writing")
def eval_writing(
    data: Data,
    split: Split = "heldout",
    n: Number = 0,
    adapter: Annotated[str, typer.Option(help="auto · none · 이름이나 폴더")] = "",
    report: Report = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """쓴 글을 사람이 쓴 글과 견줍니다.

    각 줄의 "output"을 재고, 그것이 없으면 "request"로 지금 씁니다. "text"는 사람이 쓴 글입니다.

    예: loopai eval writing --data corpora/creative --n 10 --report 글쓰기.html
    """
    rows = _rows(data, split, n)
    with open_app(home) as app:
        made = _outputs(app, rows, adapter)
        pieces = [
            Written(row["id"], text, row.get("text", ""), row.get("genre", ""))
            for row, text in zip(rows, made, strict=True)
        ]
        measure = Measure(app.korean, app.embedder)
        run = Run("writing", measure.items(pieces), measure.rotated(pieces), "다른 요청의 글과 견줌")
        settings = {"writer": app.settings.writer, "adapter": adapter or app.settings.adapter}
        _finish(run, _about(app, data, split, **settings), report, as_json)


def _outputs(app: App, rows: list[Row], adapter: str) -> list[str]:
    """What each row holds, or what the writer writes for it."""
    if all("output" in row for row in rows):
        return [row["output"] for row in rows]
    writer = app.writer(adapter)
    made = []
    for row in _shown(rows):
        request = Request(row["request"], row.get("genre", ""), seed=_SEED)
        # A piece that is held as an example must not be shown for the request that it is the reference of.
        found = find_examples(request, app.retriever)
        shown = [hit for hit in found if hit.chunk.text.strip() != row.get("text", "").strip()]
        drafts = [each for each in write(request, shown, writer, terms=app.korean.terms) if isinstance(each, Draft)]
        made.append(drafts[-1].text)
    return made


@evaluation.command("compare")
def eval_compare(
    before: Annotated[Path, typer.Argument(help="앞의 결과(JSON)", exists=True, dir_okay=False)],
    after: Annotated[Path, typer.Argument(help="뒤의 결과(JSON)", exists=True, dir_okay=False)],
    report: Report = None,
    as_json: Json = False,
) -> None:
    """두 결과를 항목마다 짝지어 견줍니다.

    예: loopai eval compare 어제.json 오늘.json"""
    found = compare(load_run(before), load_run(after))
    _show(found, report, as_json)


def _rows(data: Sequence[Path], split: str, n: int, *needed: str) -> list[Row]:
    rows = [row for path in data for row in load_rows(path, *needed) if row.get("split", split) == split]
    if 0 < n < len(rows):
        chosen = sorted(random.Random(_SEED).sample(range(len(rows)), n))
        rows = [rows[place] for place in chosen]
    if not rows:
        raise typer.BadParameter(f"'{split}' 몫의 문항이 없습니다.", param_hint="--split")
    return rows


def _shown(rows: list[Row]) -> Iterable[Row]:
    return track(rows, "재는 중", console=err, transient=True)


def _about(app: App, data: Sequence[Path], split: str, **settings: str) -> Json_:
    held = "\n".join(f"{source.name} {source.sha256}" for source in app.ledger.sources())
    hashed = hashlib.sha256(held.encode()).hexdigest()
    return about(data_sha256(*data), _SEED, split=split, held_sha256=hashed, **settings)


def _finish(run: Run, about_it: Json_, report: Path | None, as_json: bool) -> None:
    """Print the run, and write its page."""
    _show(document(replace(run, about=about_it)), report, as_json)


def _show(found: Json_, report: Path | None, as_json: bool) -> None:
    _write_page(found, report)
    if as_json:
        print_json(found)
    else:
        out.print(markdown(found), markup=False)


def _write_page(found: Json_, report: Path | None) -> None:
    if report:
        report.write_text(html(found) if report.suffix == ".html" else markdown(found), "utf-8")
