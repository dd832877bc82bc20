"""``loopai tune``: run and eval. Mounted into the command line by an entry point; knows no settings.

The context holds a function that opens the application at a home folder.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

_CORPUS = Path(__file__).parent.parent / "corpora" / "creative"

err = Console(stderr=True, highlight=False)
app = typer.Typer(help="글투 튜닝: 가벼운 어댑터를 만들고 잽니다.", no_args_is_help=True)


class Application(Protocol):
    """What tuning needs to know of the application that mounts it."""

    @property
    def home(self) -> Path:
        """The home folder."""
        ...

    def writer_folder(self) -> Path:
        """The writer model's folder."""
        ...


Home = Annotated[Path | None, typer.Option("--home", help="자료가 놓이는 폴더 (기본: 사용자 데이터 폴더)")]
Corpus = Annotated[Path, typer.Option("--corpus", help="요청과 글이 든 JSONL 폴더", exists=True, file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="결과를 JSON 문서 하나로 출력")]


@app.command()
def run(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="어댑터의 이름")] = "style",
    corpus: Corpus = _CORPUS,
    out: Annotated[Path | None, typer.Option(help="어댑터를 둘 폴더 (기본: 자료 폴더의 adapters/이름)")] = None,
    epochs: Annotated[int, typer.Option(min=1, max=20, help="몇 번 되풀이할지")] = 3,
    rank: Annotated[int, typer.Option(min=1, max=64, help="LoRA 계수")] = 16,
    learning_rate: Annotated[float, typer.Option(min=1e-6, max=1e-2, help="학습률")] = 1e-3,
    seed: Annotated[int, typer.Option(help="씨앗")] = 0,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """어댑터를 학습합니다. Ctrl-C로 멈추면 저장하고, 같은 명령으로 이어 합니다.

    예: loopai tune run --name 내문체 --corpus 내글/
    """
    from tuning.train import Step, TrainSettings, train

    application: Application = context.obj(home)
    folder = out or application.home / "adapters" / name
    settings = TrainSettings(rank=rank, alpha=2 * rank, epochs=epochs, learning_rate=learning_rate, seed=seed)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with _stop_on_interrupt() as stop, Progress(*columns, TimeRemainingColumn(), console=err) as bar:
        task = bar.add_task("모델을 여는 중", total=None)

        def report(step: Step) -> None:
            description = f"손실 {step.loss:.3f} · 기울기 {step.gradient:.2f} · 초당 {step.speed:.0f}토큰"
            bar.update(task, completed=step.number, total=step.total, description=description)
            if not err.is_terminal:
                err.print(f"{step.number}/{step.total} {description}")

        result = train(application.writer_folder(), corpus, folder, settings, report, stop.is_set)
    document = {"folder": str(result.folder), "steps": result.steps, "finished": result.finished}
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    elif result.finished:
        typer.echo(f"어댑터: {folder}\n재기: loopai tune eval {folder}\n쓰기: loopai write 요청 --adapter {folder}")
    else:
        typer.echo(f"{result.steps}단계에서 멈추고 저장했습니다. 같은 명령으로 이어 할 수 있습니다.")


@app.command("eval")
def eval_command(
    context: typer.Context,
    adapter: Annotated[Path, typer.Argument(help="어댑터 폴더", exists=True, file_okay=False)],
    corpus: Corpus = _CORPUS,
    shown: Annotated[int, typer.Option(min=0, max=5, help="요청 앞에 보일 예시 수")] = 0,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """떼어 둔 글의 글자당 비트를 바탕 모델과 어댑터로 잽니다(낮을수록 좋음)."""
    from tuning.evaluate import evaluate

    application: Application = context.obj(home)
    with Progress(TextColumn("떼어 둔 글"), BarColumn(), console=err) as bar:
        task = bar.add_task("", total=None)
        figures = evaluate(
            application.writer_folder(),
            adapter,
            corpus,
            shown,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        typer.echo(json.dumps(asdict(figures)))
    else:
        typer.echo(
            f"글 {figures.n}편 · 예시 {figures.shown}개: 바탕 {figures.base:.4f} → 어댑터 {figures.adapter:.4f} "
            f"(나아짐 {figures.gain:.4f}, 95% 구간 {figures.low:.4f} ~ {figures.high:.4f})"
        )


@contextmanager
def _stop_on_interrupt() -> Iterator[threading.Event]:
    """Ctrl-C asks for a stop after the current step; a second one interrupts at once."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def ask(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)
        err.print("이 단계를 마치고 저장합니다…")

    signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
