"""What a machine lacks to run well, and what to do about it. Looks; changes nothing."""

from __future__ import annotations

import socket
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import psutil

from ingest import IngestError
from ui.assemble import App

_GIB = 1024**3
# Measured peaks: the writer in fp32 takes about 3 GiB, the 1.5B answerer about 2 GiB.
NEEDED_MEMORY = 4 * _GIB
_NEEDED_DISK = 6 * _GIB
_PACKAGES = ("loopai", "torch", "transformers", "peft", "sentence-transformers", "chromadb", "streamlit", "xllamacpp")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``hint`` says what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


def examine(app: App) -> list[Check]:
    """All checks, cheap ones first."""
    checks: tuple[Callable[[App], Check], ...] = (
        _python, _packages, _memory, _disk, _sqlite, _models, _ledger, _port,
    )  # fmt: skip
    return [check(app) for check in checks]


def port_is_free(port: int) -> bool:
    """Whether the screen's server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _python(_: App) -> Check:
    detail = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.version_info >= (3, 11), detail, "Python 3.11 이상을 설치하세요.")


def _packages(_: App) -> Check:
    return Check("꾸러미", True, " · ".join(f"{name} {version(name)}" for name in _PACKAGES))


def _memory(_: App) -> Check:
    free = psutil.virtual_memory().available
    detail = f"쓸 수 있는 메모리 {free / _GIB:.1f} GiB"
    return Check("메모리", free >= NEEDED_MEMORY, detail, "다른 프로그램을 닫아 4 GiB 이상을 비우세요.")


def _disk(app: App) -> Check:
    folder = app.settings.models
    while not folder.exists():
        folder = folder.parent
    free = psutil.disk_usage(str(folder)).free
    return Check("디스크", free >= _NEEDED_DISK, f"여유 {free / _GIB:.1f} GiB", "6 GiB 이상을 비우세요.")


def _sqlite(_: App) -> Check:
    with sqlite3.connect(":memory:") as db:
        options = {row[0] for row in db.execute("PRAGMA compile_options")}
    return Check("SQLite", "ENABLE_FTS5" in options, sqlite3.sqlite_version, "전문 검색(FTS5)이 든 Python을 쓰세요.")


def _models(app: App) -> Check:
    wanted = app.settings.local_models
    present = {status.name for status in app.store.statuses() if status.present}
    missing = [name for name in wanted if name not in present]
    detail = f"없음: {', '.join(missing)}" if missing else ", ".join(wanted)
    return Check("모델", not missing, detail, "`loopai models pull`로 받으세요.")


def _ledger(app: App) -> Check:
    try:
        problem = app.ledger.integrity_problem()
    except IngestError as error:
        return Check("원장", False, str(error), error.hint)
    sources = app.ledger.sources()
    detail = problem or f"자료 {len(sources)}개, 조각 {sum(source.chunks for source in sources)}개"
    return Check("원장", problem is None, detail, "백업을 복원하거나 자료를 다시 넣으세요.")


def _port(app: App) -> Check:
    port = app.settings.port
    free = port_is_free(port)
    return Check(
        "포트", free, f"{port} {'비어 있음' if free else '사용 중'}", "`loopai ui --port 8601`처럼 다른 포트를 쓰세요."
    )
