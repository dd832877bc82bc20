"""The command line ``loopai``. Standard output holds results, standard error progress and complaints.

Exit status: 0 done, 1 failed, 2 wrong use, 3 done in part.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from ingest import IngestError, Job, Kind, Outcome, UnknownSource, ingest
from ingest import Progress as IngestProgress
from kg import KnowledgeError
from kg.literals import canonical
from rag import Draft, Hit, RagError, Request, Scope, Writer, answer, find_examples, write
from rag.models import ModelEntry, ModelError
from rag.models import Progress as ModelProgress
from rag.retrieval import How
from rag.write import DEFAULT_EXAMPLES
from ui import documents, render
from ui.assemble import App
from ui.cli_eval import evaluation
from ui.cli_graph import graph
from ui.console import Home, Json, complain, err, open_app, out, print_json
from ui.doctor import NEEDED_MEMORY, examine, port_is_free
from ui.settings import Settings

_CORPORA = Path(__file__).parent.parent / "corpora"
_DEMO_REQUEST = "비 오는 밤의 재회를 한 장면으로 써 줘"
_DEMO_QUESTION = "SolverX는 서울에 있나요?"
_EXPECTED = (IngestError, RagError, KnowledgeError, ModelError, OSError)

cli = typer.Typer(
    help="Loop AI: 내 컴퓨터에서 쓰는 한국어 글쓰기와 자료 문답.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models = typer.Typer(help="모델 목록, 받기, 확인.", no_args_is_help=True)
cli.add_typer(models, name="models")
cli.add_typer(graph, name="graph")
cli.add_typer(evaluation, name="eval")


def main() -> None:
    """Run the command line; expected failures become one message with a way out."""
    for point in entry_points(group="loopai.commands"):
        cli.add_typer(point.load(), name=point.name)
    try:
        cli()
    except _EXPECTED as error:
        complain(str(error), getattr(error, "hint", ""))
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("\n멈췄습니다. 끝난 일은 저장되어 있으니 같은 명령으로 이어 할 수 있습니다.")
        sys.exit(130)


# -- models ----------------------------------------------------------------------------------------


@models.command("list")
def models_list(home: Home = None, as_json: Json = False) -> None:
    """모델 목록과 상태를 보입니다."""
    with open_app(home) as app:
        _show_models([app.store.status(entry) for entry in app.store.catalog.entries], as_json)


@models.command("pull")
def models_pull(
    names: Annotated[list[str] | None, typer.Argument(help="모델 이름이나 역할 (비우면 기본 모델 모두)")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """모델을 받아 확인하고 쓸 수 있게 바꿉니다. 멈추면 다음에 이어 받습니다.

    예: loopai models pull writer
    """
    with open_app(home) as app:
        wanted = app.store.catalog.select(names or [])
        for entry in wanted:
            _pull(app, entry)
        _show_models([app.store.status(entry) for entry in wanted], as_json)


@models.command("verify")
def models_verify(home: Home = None, as_json: Json = False) -> None:
    """받은 모델의 모든 파일을 다시 검사합니다."""
    with open_app(home) as app:
        statuses = [app.store.verify(e) for e in app.store.catalog.entries if app.store.status(e).present]
        _show_models(statuses, as_json)
        if not statuses or not all(status.verified for status in statuses):
            raise typer.Exit(1)


def _show_models(statuses: list[Any], as_json: bool) -> None:
    keys = ("name", "role", "source", "present", "verified", "bytes", "licence")
    if as_json:
        print_json({"models": [{key: getattr(status, key) for key in keys} for status in statuses]})
        return
    table = render.table("이름", "역할", "있음", "확인됨", "크기", "라이선스")
    for s in statuses:
        size = f"{s.bytes / 2**20:,.0f} MiB" if s.bytes else ""
        table.add_row(s.name, s.role, "예" if s.present else "아니요", "예" if s.verified else "", size, s.licence)
    out.print(table)


def _pull(app: App, entry: ModelEntry) -> None:
    """Fetch a model, or repair what is there, with a bar."""
    stages = {"download": "받는 중", "verify": "확인 중", "assemble": "합치는 중", "convert": "변환 중"}
    if entry.licence_notice:
        err.print(f"[yellow]{entry.licence_notice}[/yellow]")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(entry.name, total=None)

        def report(progress: ModelProgress) -> None:
            description = f"{progress.model} {stages[progress.stage]}"
            bar.update(task, description=description, completed=progress.done, total=progress.total or None)

        app.store.pull(entry, report)


# -- files -----------------------------------------------------------------------------------------


@cli.command("ingest")
def ingest_command(
    paths: Annotated[list[Path], typer.Argument(help="파일이나 폴더")],
    kind: Annotated[str, typer.Option(help="auto · creative(글) · facts(사실) · general(일반)")] = "auto",
    genre: Annotated[str, typer.Option(help="모든 글의 장르")] = "",
    source: Annotated[str, typer.Option(help="자료의 이름 (파일 하나일 때)")] = "",
    mask_personal: Annotated[
        bool, typer.Option("--mask-personal", help="주민등록번호·전화번호 같은 개인정보를 가리고 저장하기")
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """파일을 넣습니다. 바뀌지 않은 파일은 건너뛰고, 멈추면(Ctrl-C) 다음에 이어 합니다.

    TXT, Markdown, HTML, PDF, DOCX, HWP, HWPX, EPUB, XLSX, CSV, JSON, JSONL과 이들을 담은 ZIP을 읽습니다.

    예: loopai ingest 내소설/ 설정집.hwp --genre 판타지
    """
    if kind not in ("auto", "creative", "facts", "general"):
        raise typer.BadParameter("auto, creative, facts, general 가운데 하나여야 합니다.", param_hint="--kind")
    job = Job(tuple(paths), None if kind == "auto" else cast(Kind, kind), genre, source, mask_personal)
    with open_app(home) as app:
        started = time.monotonic()
        outcomes = _ingest(app, job, quiet=as_json)
        document = documents.ingest_document(outcomes, time.monotonic() - started)
    if as_json:
        print_json(document)
    else:
        counts = [f"{label} {document[key]}" for key, label in _COUNTS]
        out.print(f"{' · '.join(counts)} · {document['seconds']:.1f}초")
    if document["failed"]:
        raise typer.Exit(1 if document["failed"] == len(outcomes) else 3)


_COUNTS = (("added", "추가"), ("updated", "갱신"), ("unchanged", "그대로"), ("failed", "실패"))


def _ingest(app: App, job: Job, *, quiet: bool = False) -> list[Outcome]:
    outcomes = []
    name = TextColumn("{task.description}")
    columns = (SpinnerColumn(), name, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar, app.keeping_up():
        files = bar.add_task("파일", total=None)
        pieces = bar.add_task("조각", total=None, visible=False)

        def report(progress: IngestProgress) -> None:
            bar.update(files, description=escape(progress.source[-40:]), completed=progress.done, total=progress.files)
            shown = progress.chunks > 0
            bar.update(pieces, completed=progress.chunks_done, total=progress.chunks or None, visible=shown)

        for outcome in ingest(job, app.ledger, app.embedder, app.extractor, app.korean, report):
            outcomes.append(outcome)
            if not quiet:
                render.show_outcome(err, outcome)
    return outcomes


@cli.command()
def sources(home: Home = None, as_json: Json = False) -> None:
    """넣은 자료의 목록을 보입니다."""
    with open_app(home) as app:
        held = app.ledger.sources()
    if as_json:
        print_json(documents.sources_document(held))
        return
    table = render.table("이름", "갈래", "조각", "사실", "넣은 때")
    for source in held:
        table.add_row(source.name, source.kind, str(source.chunks), str(source.statements), source.ingested_at)
    out.print(table if held else "아직 넣은 자료가 없습니다. `loopai ingest 파일`로 넣으세요.")


@cli.command()
def forget(
    names: Annotated[list[str], typer.Argument(help="자료의 이름")], home: Home = None, as_json: Json = False
) -> None:
    """자료를 모든 저장소에서 지웁니다."""
    forgotten, unknown = [], None
    with open_app(home) as app:
        for name in names:
            try:
                app.ledger.forget(name)
                forgotten.append(name)
            except UnknownSource as error:
                unknown = error
                complain(str(error), error.hint)
        if forgotten:
            app.projections.catch_up()
            app.name_index.drop_dead()
    if as_json:
        print_json({"forgotten": forgotten})
    else:
        out.print(f"지움 {len(forgotten)}개")
    if unknown:
        raise typer.Exit(3 if forgotten else 1)


@cli.command()
def show(
    source: Annotated[str, typer.Argument(help="자료의 이름")],
    start: Annotated[int, typer.Option(min=0)] = 0,
    end: Annotated[int | None, typer.Option(min=0)] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """자료의 다듬은 글을 그대로 보입니다. 인용의 위치가 가리키는 글입니다."""
    with open_app(home) as app:
        text = app.text_of(source)[start:end]
    if as_json:
        print_json({"source": source, "start": start, "end": start + len(text), "text": text})
    else:
        typer.echo(text)


# -- questions and writing -------------------------------------------------------------------------


@cli.command()
def search(
    query: str,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="개수")] = 5,
    kind: Annotated[str | None, typer.Option(help="creative · facts · general")] = None,
    how: Annotated[str, typer.Option(help="hybrid · words · vectors · graph")] = "hybrid",
    source: Annotated[list[str] | None, typer.Option(help="이 자료나 폴더에서만 (여러 번 쓸 수 있음)")] = None,
    genre: Annotated[str, typer.Option(help="이 장르의 글에서만")] = "",
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="이날부터 넣은 자료 (UTC)")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="이날까지 넣은 자료 (UTC)")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """자료에서 찾기만 합니다. 예: loopai search "신뢰도 점수" -k 3 --source 설정집"""
    if kind not in (None, "creative", "facts", "general"):
        raise typer.BadParameter("creative, facts, general 가운데 하나여야 합니다.", param_hint="--kind")
    if how not in ("hybrid", "words", "vectors", "graph"):
        raise typer.BadParameter("hybrid, words, vectors, graph 가운데 하나여야 합니다.", param_hint="--how")
    with open_app(home) as app:
        scope = Scope(tuple(source or ()), genre, *(f"{day:%Y-%m-%d}" if day else "" for day in (since, until)))
        hits = app.retriever.search(query, k, cast("Kind | None", kind), cast(How, how), scope)
        if as_json:
            print_json(documents.hits_document(hits))
        else:
            render.show_hits(out, hits)


@cli.command()
def ask(
    question: str,
    at: Annotated[str, typer.Option("--at", help="이때를 기준으로: 2024년, 2024-03-02")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """사실을 묻습니다. 근거가 없으면 없다고 답합니다. 예: loopai ask "SolverX는 서울에 있나요?" """
    date = canonical("날짜", at) if at else ""
    if date is None:
        raise typer.BadParameter("2024년, 2024년 3월, 2024-03-02처럼 적으세요.", param_hint="--at")
    with open_app(home) as app:
        result = answer(question, app.answering, date)
        if as_json:
            print_json(documents.answer_document(result))
        else:
            render.show_answer(out, result)


@cli.command("write")
def write_command(
    request: str,
    genre: Annotated[str, typer.Option(help="장르: 판타지, 로맨스, 시 …")] = "",
    preset: Annotated[str, typer.Option(help="디코딩 프리셋 (기본: 장르에 맞춤)")] = "",
    seed: Annotated[int, typer.Option(help="같은 씨앗은 같은 글")] = 0,
    max_tokens: Annotated[int, typer.Option(min=0, max=4096, help="길이 한도 (0: 프리셋)")] = 0,
    n: Annotated[int, typer.Option("--n", min=1, max=16, help="몇 편")] = 1,
    so_far: Annotated[Path | None, typer.Option("--continue", help="이어 쓸 글이 든 파일", exists=True)] = None,
    allow: Annotated[list[str] | None, typer.Option(help="한글이 아니어도 쓸 수 있는 낱말")] = None,
    free: Annotated[bool, typer.Option("--free", help="글자 제약 없이")] = False,
    adapter: Annotated[str, typer.Option(help="auto · none · 이름이나 폴더")] = "",
    examples: Annotated[int, typer.Option(min=0, max=10, help="보여 줄 예시 수")] = DEFAULT_EXAMPLES,
    drafts: Annotated[int, typer.Option(min=0, max=16, help="초안을 몇 편 써서 고를지 (0: 모델에 맞춤)")] = 0,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """글을 씁니다. 예: loopai write "비 오는 밤의 재회를 한 장면으로 써 줘" --genre 로맨스 --seed 7"""
    text = so_far.read_text("utf-8").rstrip()[-2000:] if so_far else ""
    asked = Request(request, genre, preset, seed, max_tokens, text, tuple(allow or ()), free, examples, drafts)
    with open_app(home) as app:
        pieces = _write(app, asked, n, adapter, quiet=as_json)
    if as_json:
        print_json(documents.drafts_document(pieces))


def _write(app: App, request: Request, n: int, adapter: str, *, quiet: bool) -> list[Draft]:
    with err.status("예시를 찾고 모델을 여는 중…"):
        shown = find_examples(request, app.retriever)
        writer = app.writer(adapter)
    if not quiet:
        render.show_examples(err, shown)
    pieces = []
    request = replace(request, drafts=request.drafts or writer.drafts)
    for number in range(n):
        asked = replace(request, seed=request.seed + number * request.drafts)
        pieces.append(_write_one(app, asked, shown, writer, quiet=quiet))
    return pieces


def _write_one(app: App, request: Request, shown: Sequence[Hit], writer: Writer, *, quiet: bool) -> Draft:
    """One draft goes to the output as it grows; of several, the first is seen growing and the best is put out."""
    alone = request.drafts == 1
    with err.status(f"초안 {request.drafts}편을 쓰는 중…") if not (quiet or alone) else nullcontext() as status:
        written = ""
        for piece in write(request, shown, writer, threading.Event(), app.korean.terms):
            if isinstance(piece, Draft):
                draft = piece
                continue
            written += piece
            if status:
                last = escape(written[-60:].replace("\n", " "))
                status.update(f"초안 {request.drafts}편을 쓰는 중… {len(written)}자 [dim]{last}[/dim]")
            elif not quiet:
                out.print(piece, end="", markup=False)
    if not quiet:
        out.print("" if alone else draft.text, markup=False)
        render.show_draft(err, draft)
    return draft


# -- checks and screens ---------------------------------------------------------------------


@cli.command()
def rebuild(home: Home = None, as_json: Json = False) -> None:
    """색인을 원장에서 새로 만듭니다."""
    with open_app(home) as app:
        app.projections.rebuild()
        app.name_index.clear()
        problems = app.projections.problems()
    _report_problems(problems, as_json)


@cli.command()
def check(
    repair: Annotated[bool, typer.Option("--repair", help="어긋난 색인을 새로 만들기")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """원장과 색인이 서로 맞는지 봅니다."""
    with open_app(home) as app:
        problems = app.projections.problems()
        if problems and repair:
            app.projections.rebuild()
            app.name_index.clear()
            problems = app.projections.problems()
        if damage := app.ledger.integrity_problem():
            problems.append(damage)
    _report_problems(problems, as_json)


@cli.command()
def backup(file: Annotated[Path, typer.Argument(help="백업 파일")], home: Home = None, as_json: Json = False) -> None:
    """넣은 자료 모두를 파일 하나로 저장합니다. 쓰는 동안에도 됩니다.

    예: loopai backup 백업.db
    """
    with open_app(home) as app:
        app.ledger.back_up(file)
        sources = len(app.ledger.sources())
    _report_copy("저장했습니다", file, sources, as_json)


@cli.command()
def restore(file: Annotated[Path, typer.Argument(help="백업 파일")], home: Home = None, as_json: Json = False) -> None:
    """백업을 지금 자료 대신 넣고 색인을 새로 만듭니다.

    예: loopai restore 백업.db
    """
    with open_app(home) as app:
        app.restore(file)
        sources = len(app.ledger.sources())
    _report_copy("되돌렸습니다", file, sources, as_json)


def _report_copy(done: str, file: Path, sources: int, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file), "sources": sources})
    else:
        out.print(f"{done}: {file} (자료 {sources}개)", markup=False)


def _report_problems(problems: list[str], as_json: bool) -> None:
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    else:
        out.print("\n".join(problems) or "모두 맞습니다.")
    if problems:
        raise typer.Exit(1)


@cli.command()
def doctor(home: Home = None, as_json: Json = False) -> None:
    """이 컴퓨터에서 잘 돌 수 있는지 살피고, 할 일을 알려 줍니다."""
    with open_app(home) as app:
        checks = examine(app)
    if as_json:
        rows = [{"name": c.name, "ok": c.ok, "detail": c.detail, "hint": "" if c.ok else c.hint} for c in checks]
        print_json({"ok": all(c.ok for c in checks), "checks": rows})
    else:
        for c in checks:
            out.print(f"{'[green]✓[/green]' if c.ok else '[red]✗[/red]'} {c.name}  {c.detail}")
            if not c.ok:
                out.print(f"  → {c.hint}", markup=False)
    if not all(c.ok for c in checks):
        raise typer.Exit(1)


@cli.command()
def setup(home: Home = None) -> None:
    """처음 쓸 준비를 합니다: 기본 모델을 받고 함께 온 자료를 넣습니다. 여러 번 해도 됩니다."""
    with open_app(home) as app:
        for name in app.settings.local_models:
            entry = app.store.catalog.get(name)
            if not app.store.status(entry).present:
                _pull(app, entry)
        folders = tuple(_CORPORA / name for name in ("creative", "facts", "general"))
        outcomes = _ingest(app, Job(folders))
    if failed := [outcome for outcome in outcomes if outcome.status == "failed"]:
        raise typer.Exit(1 if len(failed) == len(outcomes) else 3)


@cli.command()
def demo(home: Home = None) -> None:
    """글 한 편과 근거가 있는 답 하나를 보입니다."""
    with open_app(home) as app:
        _check_memory()
        out.rule("글쓰기")
        out.print(f"요청: {_DEMO_REQUEST}\n", markup=False)
        _write(app, Request(_DEMO_REQUEST, genre="로맨스", seed=7), 1, "", quiet=False)
        out.rule("자료 문답")
        for question in (_DEMO_QUESTION, "SolverX의 복지 제도는?"):
            out.print(f"질문: {question}", markup=False)
            render.show_answer(out, answer(question, app.answering))
            out.print()


@cli.command("ui")
def ui_command(
    port: Annotated[int | None, typer.Option(help="포트")] = None,
    headless: Annotated[bool, typer.Option("--headless", help="브라우저를 열지 않기")] = False,
    home: Home = None,
) -> None:
    """화면을 엽니다(127.0.0.1에서만 보입니다). Ctrl-C로 끝냅니다."""
    with open_app(home, port=port) as app:
        settings = app.settings
    _check_memory()
    if not port_is_free(settings.port):
        complain(
            f"{settings.port}번 포트를 다른 프로그램이 쓰고 있습니다.",
            f"`loopai ui --port {settings.port + 1}`로 여세요.",
        )
        raise typer.Exit(1)
    script = Path(__file__).with_name("app.py")
    command = [sys.executable, "-m", "streamlit", "run", str(script), *_server_options(settings.port, headless)]
    environment = {**os.environ, "LOOPAI_HOME": str(settings.home)}
    err.print(f"화면: http://127.0.0.1:{settings.port}  (끝내려면 Ctrl-C)")
    os.execve(sys.executable, command, environment)  # this process becomes the server: one thing to stop


def _server_options(port: int, headless: bool) -> list[str]:
    """Streamlit's defaults are for development: they listen everywhere and phone home."""
    options = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": headless,
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 20,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        # A full collection after every poll of a page takes a second with a model's vocabulary in memory,
        # and starves the thread that writes.
        "runner.postScriptGC": False,
    }
    flags = [f"--{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in options.items()]
    # Other names of this machine are refused: a page elsewhere could point one at us (DNS rebinding).
    return [*flags, "--server.allowedHosts=localhost", "--server.allowedHosts=127.0.0.1"]


def _check_memory() -> None:
    import psutil

    free = psutil.virtual_memory().available
    if free < NEEDED_MEMORY:
        err.print(
            f"[yellow]메모리가 {free / 2**30:.1f} GiB밖에 남지 않았습니다. "
            "느려지거나 멈출 수 있으니 다른 프로그램을 닫아 주세요.[/yellow]"
        )


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"loopai {version('loopai')}")
        raise typer.Exit


@dataclass(frozen=True)
class _Tuning:
    """What the tuning commands need to know of this application."""

    home: Path
    settings: Settings

    def writer_folder(self) -> Path:
        """The writer model's folder."""
        return App(self.settings).store.path(self.settings.writer)


def _open_for_tuning(home: Path | None) -> _Tuning:
    with open_app(home) as app:
        return _Tuning(app.settings.home, app.settings)


@cli.callback()
def _options(
    context: typer.Context,
    _version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="버전")] = False,
) -> None:
    """내 컴퓨터에서 쓰는 한국어 글쓰기와 자료 문답."""
    context.obj = _open_for_tuning


if __name__ == "__main__":
    main()
