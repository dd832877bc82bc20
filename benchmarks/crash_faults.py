"""Faults at every durable call: the process ends, or the disk is full or broken, at the n-th one. Knows no home.

Wrapped are the calls after which something lies differently on the disk: files and folders made, written, renamed,
synced and removed, SQL statements that change something, and Chroma's writes.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Literal

import chromadb
import chromadb.api.client
from chromadb.api.models.Collection import Collection
from chromadb.errors import InternalError

Fault = Literal["exit", "full", "broken"]
FAULTS: tuple[Fault, ...] = ("exit", "full", "broken")
EXIT_STATUS = 9
_WRITES = ("BEGIN IMMEDIATE", "COMMIT", "INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP")
_OPENED_FOR_WRITING = os.O_WRONLY | os.O_RDWR


@dataclass
class Faults:
    """Counts durable calls in ``calls``; from number ``first`` to ``last`` of them meet ``fault`` instead."""

    fault: Fault
    first: int
    last: int
    calls: int = 0
    paused: bool = False

    def meet(self) -> bool:
        """Count one call; whether it must fail. Does not return where the process must end."""
        if self.paused:
            return False
        self.calls += 1
        is_met = self.first <= self.calls <= self.last
        if is_met and self.fault == "exit":
            os._exit(EXIT_STATUS)
        return is_met

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Calls succeed and are not counted."""
        was_paused, self.paused = self.paused, True
        try:
            yield
        finally:
            self.paused = was_paused

    def install(self) -> None:
        """Wrap the calls of this process for good."""
        for module, names in ((os, ("replace", "rename", "fsync", "mkdir", "unlink", "rmdir")), (shutil, ("rmtree",))):
            for name in names:
                setattr(module, name, self._file_call(getattr(module, name)))
        os.open = self._file_call(os.open, lambda _path, flags, *_: flags & _OPENED_FOR_WRITING)
        for module in (io, builtins):
            module.open = self._file_call(io.open if module is io else builtins.open, _is_for_writing)  # type: ignore[attr-defined]
        sqlite3.connect = partial(sqlite3.connect, factory=self._connection_class())  # type: ignore[assignment]
        for name in ("upsert", "delete"):
            setattr(Collection, name, self._chroma_call(getattr(Collection, name)))
        client = chromadb.api.client.Client
        client.get_or_create_collection = self._chroma_call(client.get_or_create_collection)  # type: ignore[method-assign]
        chromadb.PersistentClient = self._chroma_call(chromadb.PersistentClient)

    def _file_call(self, call: Callable[..., Any], is_durable: Callable[..., object] = lambda *_: True) -> Any:
        @wraps(call)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if is_durable(*arguments, *options.values()) and self.meet():
                number = errno.ENOSPC if self.fault == "full" else errno.EIO
                raise OSError(number, os.strerror(number), str(arguments[0]))
            return call(*arguments, **options)

        return wrapped

    def _chroma_call(self, call: Any) -> Any:
        @wraps(call)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if self.meet():
                raise InternalError("database or disk is full" if self.fault == "full" else "disk I/O error")
            return call(*arguments, **options)

        return wrapped

    def _connection_class(self) -> type[sqlite3.Connection]:
        faults = self

        class Connection(sqlite3.Connection):
            """Fails as SQLite does: on a full disk the transaction is over, on a broken one it is still open."""

            def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
                faults.check_statement(self, sql)
                return super().execute(sql, *arguments)

            def executemany(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
                faults.check_statement(self, sql)
                return super().executemany(sql, *arguments)

        return Connection

    def check_statement(self, connection: sqlite3.Connection, sql: str) -> None:
        """Count a statement that writes.

        Raises:
            sqlite3.OperationalError: it must fail.
        """
        if not sql.lstrip().startswith(_WRITES) or not self.meet():
            return
        if self.fault == "full":
            connection.rollback()
        error = sqlite3.OperationalError("database or disk is full" if self.fault == "full" else "disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL if self.fault == "full" else sqlite3.SQLITE_IOERR
        raise error


def _is_for_writing(_path: object, mode: object = "r", *_: object) -> bool:
    return any(letter in str(mode) for letter in "wax+")
