"""What the commands share: two consoles, common options, an open application, results and complaints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from ui.assemble import App
from ui.settings import Settings

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Home = Annotated[Path | None, typer.Option("--home", help="자료가 놓이는 폴더 (기본: 사용자 데이터 폴더)")]
Json = Annotated[bool, typer.Option("--json", help="결과를 JSON 문서 하나로 출력")]


@contextmanager
def open_app(home: Path | None, **overrides: Any) -> Iterator[App]:
    """The application at a home folder, closed at the end; wrong settings end the command with status 2."""
    chosen = {key: value for key, value in {"home": home, **overrides}.items() if value is not None}
    try:
        app = App(Settings(**chosen))
    except ValidationError as error:
        complain(f"설정이 잘못되었습니다: {error}", "loopai.toml과 LOOPAI_ 환경 변수를 확인하세요.")
        raise typer.Exit(2) from error
    try:
        yield app
    finally:
        app.close()


def complain(message: str, hint: str = "") -> None:
    """What went wrong, and a way out."""
    err.print(f"[red]오류:[/red] {escape(message)}")
    if hint:
        err.print(hint, markup=False)


def print_json(document: Any) -> None:
    """The one document on standard output."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
