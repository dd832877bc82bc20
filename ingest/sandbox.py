"""Reads files in a process of its own, so that a hostile one costs itself and nothing else. Knows no format.

The child has limits on memory, time, file sizes and open files, no network, no way to start programs, no variables
of its parent (which may hold keys) and a temporary folder of its own. Its replies are JSON with a limit on their
size, checked value by value. Where the platform lacks POSIX limits (Windows) or ignores them (macOS: memory), the
wall-clock limit alone holds. The hook behind "no network, no programs" sees what Python does, not native code; on
Linux with Python 3.12 or newer the child also leaves the machine's network, where that is allowed.
"""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from ingest import errors
from ingest.errors import DamagedFile, EmptyDocument, FileTooLarge, IngestError
from ingest.loaders import load
from ingest.loaders.detect import detect
from ingest.loaders.parts import Loaded, Part
from ingest.types import Example

if sys.platform != "win32":
    import resource

# Address space, of which the libraries take 1.2 GiB before they read anything (most of it reserved by Kiwi, unused).
MAX_MEMORY = 2 * 2**30
MAX_SECONDS = 60.0
MAX_WRITTEN_BYTES = 200_000_000
MAX_OPEN_FILES = 64
MAX_REPLY_BYTES = 128 * 2**20

# Not -m: the package's face imports this module, which would then run twice.
_CODE = "from ingest.sandbox import serve; serve()"
_FILES_PER_CHILD = 200
_START_SECONDS = 60.0
_LOG_TAIL = 2000
_OUT_OF_MEMORY = 3
_LENGTH = struct.Struct(">Q")

_PLAIN = ("txt", "md", "jsonl", "toml")
_PLAIN_BYTES = 10_000_000
# Packed formats, ZIP and OLE: ``detect`` opens them to see what they are.
_PACKED = (b"PK", b"\xd0\xcf\x11\xe0")

_REFUSED_EVENTS = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.startfile",
    "os.kill", "pty.", "_winapi.CreateProcess",
)  # fmt: skip
_ERRORS = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, IngestError)
}
_AGAIN = "파일이 깨졌을 수 있습니다. 원래 프로그램에서 열어 다시 저장한 뒤 넣어 주세요."
_DIVIDE = "파일을 여러 개로 나누거나, 필요한 부분만 따로 저장해 넣어 주세요."


class Fault(Exception):
    """What no loader foresaw, as the cause of a ``DamagedFile``: a traceback of the child, or how the child ended."""


def needs_sandbox(path: Path, data: bytes) -> bool:
    """Whether a file is read in the child: everything but plain text of an ordinary size.

    Raises:
        IngestError: as ``detect``.
    """
    return len(data) > _PLAIN_BYTES or data.startswith(_PACKED) or detect(path, data) not in _PLAIN


class Sandbox:
    """Loads files, those of parsed formats in a child process. Safe to share between threads, one file at a time.

    The child starts with the first file that needs it and serves many; a new one takes its place after a crash,
    after a limit, and now and then.
    """

    def __init__(self, seconds: float = MAX_SECONDS, memory: int = MAX_MEMORY) -> None:
        """``seconds`` of wall-clock time for each file, and bytes of address space for the child."""
        self._seconds = seconds
        self._memory = memory
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def load(self, path: Path, data: bytes) -> Loaded:
        """What ``ingest.loaders.load`` makes of ``data``; nothing is read from ``path``.

        Raises:
            FileTooLarge: over the limit on time, memory or text.
            DamagedFile: the child crashed or met an error that no loader foresaw; the cause is a ``Fault``.
            EmptyDocument: no text in it.
            IngestError: as the loader says, or the child does not start.
        """
        loaded = self._load_apart(path, data) if needs_sandbox(path, data) else load(path, data)
        if not any(part.text.strip() for part in loaded.parts):
            raise EmptyDocument(f"{path}: 읽을 글이 없습니다.", "빈 파일이 아닌지 확인하세요.")
        return loaded

    def close(self) -> None:
        """End the child, after the file that it is reading; the next file would start another."""
        with self._lock:
            if self._child:
                self._child.end()
                self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _load_apart(self, path: Path, data: bytes) -> Loaded:
        with self._lock:
            child = self._idle_child() or _Child(path, self._memory)
            self._child = None
            try:
                outcome = child.load(path, data, self._seconds)
                if child.files < _FILES_PER_CHILD:
                    self._child = child
            finally:
                # A limit, a crash, an interruption by the keyboard: none of them leaves a child behind.
                if self._child is None:
                    child.end()
        if isinstance(outcome, IngestError):
            raise outcome
        return outcome

    def _idle_child(self) -> _Child | None:
        if self._child and not self._child.is_alive():
            self._child.end()
            return None
        return self._child


class _Child:
    """One process and its folder."""

    def __init__(self, path: Path, memory: int) -> None:
        self.files = 0
        self._memory = memory
        self._expired = False
        try:
            with ExitStack() as held:
                folder = tempfile.TemporaryDirectory(prefix="loopai-", ignore_cleanup_errors=True)
                self._folder = held.enter_context(folder)
                # Nameless, so that the child cannot put anything else in its place.
                self._log = held.enter_context(tempfile.TemporaryFile())
                self._process = self._start()
                self._held = held.pop_all()
        except OSError as error:
            raise _not_started(path, str(error)) from error
        try:
            if self._exchange(_START_SECONDS) is None:
                raise _not_started(path, self._last_words() or f"{_START_SECONDS:g}초 동안 응답 없음")
        except BaseException:
            self.end()
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-X", "faulthandler", "-c", _CODE, str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=self._folder,
            env={
                "PYTHONPATH": str(Path(__file__).parent.parent),
                "PYTHONUTF8": "1",
                # A thread of OpenBLAS reserves 40 MB of address space, and there is one for each core.
                "OMP_NUM_THREADS": "1",
                "HOME": self._folder,
                "TMPDIR": self._folder,
            },
            # Ctrl-C is the parent's, which then ends the child.
            start_new_session=True,
        )

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def load(self, path: Path, data: bytes, seconds: float) -> Loaded | IngestError:
        """The loader's result or its refusal, from a child that is still good; raises when it no longer is."""
        self.files += 1
        header = json.dumps({"path": str(path), "seconds": seconds}).encode()
        reply = self._exchange(seconds, header, data)
        if reply is None or self._expired:
            raise self._ending(path, seconds)
        try:
            return _outcome(reply)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _crashed(path) from Fault(f"an unreadable reply: {error!r}")

    def end(self) -> None:
        """Kill the process and remove its folder."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                # What the process no longer took cannot be flushed.
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()
        self._held.close()

    def _exchange(self, seconds: float, *frames: bytes) -> bytes | None:
        """The reply to ``frames``; None where the process has ended, by itself or for being late."""
        requests, replies = self._process.stdin, self._process.stdout
        assert requests
        assert replies
        timer = threading.Timer(seconds, self._expire)
        # Nothing waits for it, should Ctrl-C come while it starts.
        timer.daemon = True
        try:
            timer.start()
            with suppress(BrokenPipeError):
                for frame in frames:
                    _write_frame(requests, frame)
            reply = _read_frame(replies, MAX_REPLY_BYTES)
            if reply is None:
                # A process that goes on writing gets an error and ends.
                replies.close()
                self._process.wait()
            return reply
        finally:
            timer.cancel()
            if timer.is_alive():
                timer.join()

    def _expire(self) -> None:
        self._expired = True
        self._process.kill()

    def _ending(self, path: Path, seconds: float) -> IngestError:
        """Why the process has ended."""
        code = self._process.returncode
        if self._expired or (sys.platform != "win32" and code == -signal.SIGXCPU):
            return FileTooLarge(f"{path}: {seconds:g}초 안에 다 읽지 못했습니다.", _DIVIDE)
        if code == _OUT_OF_MEMORY:
            return FileTooLarge(f"{path}: 읽는 데 메모리가 {self._memory >> 20}MB보다 많이 듭니다.", _DIVIDE)
        error = _crashed(path)
        error.__cause__ = Fault(f"exit status {code}\n{self._last_words()}")
        return error

    def _last_words(self) -> str:
        length = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, length - _LOG_TAIL))
        return self._log.read().decode("utf-8", "replace").strip()


def _not_started(path: Path, reason: str) -> IngestError:
    last_line = reason.rpartition("\n")[2]
    return IngestError(
        f"{path}: 파일을 읽을 프로세스를 시작하지 못했습니다({last_line}).",
        "메모리와 디스크의 빈자리를 확인하고, 그래도 안 되면 다시 설치해 주세요.",
    )


def _crashed(path: Path) -> DamagedFile:
    return DamagedFile(f"{path}: 파일을 읽던 프로세스가 비정상으로 끝났습니다.", _AGAIN)


def _outcome(reply: bytes) -> Loaded | IngestError:
    """The value of a reply. The child may be in a file's power by now, so nothing in it is taken on trust.

    Raises:
        ValueError, TypeError, KeyError, RecursionError: no reply of ours.
    """
    value = json.loads(reply.decode("utf-8", "surrogatepass"))
    if "error" not in value:
        return Loaded(_text(value, "title"), tuple(map(_part, value["parts"])))
    kind = _ERRORS[value["error"]]
    error = kind(_text(value, "message"), _text(value, "hint"))
    if "fault" in value:
        error.__cause__ = Fault(_text(value, "fault"))
    return error


def _part(value: Mapping[str, Any]) -> Part:
    example = value["example"]
    return Part(_text(value, "text"), None if example is None else _example(example))


def _example(value: Mapping[str, Any]) -> Example:
    return Example(
        request=_text(value, "request"),
        genre=_text(value, "genre"),
        tone=_text(value, "tone"),
        point_of_view=_text(value, "point_of_view"),
        tense=_text(value, "tense"),
        speech_level=_text(value, "speech_level"),
        tags=_texts(value, "tags"),
        split="heldout" if value["split"] == "heldout" else "train",
        other_requests=_texts(value, "other_requests"),
    )


def _text(value: Mapping[str, Any], key: str) -> str:
    text = value[key]
    if not isinstance(text, str):
        raise TypeError(f"{key} is no text")
    return text


def _texts(value: Mapping[str, Any], key: str) -> tuple[str, ...]:
    texts = value[key]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{key} is no list of texts")
    return tuple(texts)


def _write_frame(stream: IO[bytes], body: bytes) -> None:
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def _read_frame(stream: IO[bytes], limit: int = sys.maxsize) -> bytes | None:
    """The next frame; None at the end of the stream and where a frame is cut short or over the limit."""
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(length)
    if size > limit:
        return None
    body = stream.read(size)
    return body if len(body) == size else None


def serve() -> None:
    """The child: confine this process, then answer requests on stdin until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = _claim_pipes()
    confine(int(sys.argv[1]))
    try:
        _write_frame(replies, b"{}")
        while (header := _read_frame(requests)) is not None and (data := _read_frame(requests)) is not None:
            request = json.loads(header)
            _allow_processor_time(request["seconds"])
            _write_frame(replies, _reply(Path(request["path"]), data))
    except MemoryError:
        # Nothing here may need memory, not even the usual way out.
        os._exit(_OUT_OF_MEMORY)


def confine(memory: int) -> None:
    """Take from this process, for good, what reading a file does not need. No file has been seen by now.

    ``memory`` is in bytes of address space.
    """
    if sys.platform != "win32":
        _limit(resource.RLIMIT_AS, memory)
        _limit(resource.RLIMIT_FSIZE, MAX_WRITTEN_BYTES)
        _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
        _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux" and sys.version_info >= (3, 12):
        # Not every system lets its users do so.
        with suppress(OSError):
            os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    sys.addaudithook(_refuse)


if sys.platform != "win32":

    def _limit(kind: int, value: int) -> None:
        _, most = resource.getrlimit(kind)
        value = _lesser(value, most)
        # macOS knows a limit on address space and takes none.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))

    def _lesser(value: int, most: int) -> int:
        return value if most == resource.RLIM_INFINITY else min(value, most)


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event.startswith(_REFUSED_EVENTS):
        raise PermissionError(f"{event} is refused while a file is read")


def _allow_processor_time(seconds: float) -> None:
    """Processor time for one more file: it ends a child that works on after its parent was killed."""
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        allowed = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
        resource.setrlimit(
            resource.RLIMIT_CPU, (allowed if most == resource.RLIM_INFINITY else min(allowed, most), most)
        )


def _claim_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The parent's two pipes, out of reach of a parser that prints or that asks for a password."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _reply(path: Path, data: bytes) -> bytes:
    try:
        value = asdict(load(path, data))
    except IngestError as error:
        value = _refusal(error)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 (the border of the process: a parser may raise anything)
        message = f"{path}: 읽다가 예상하지 못한 오류가 났습니다({type(error).__name__})."
        value = _refusal(DamagedFile(message, _AGAIN)) | {"fault": traceback.format_exc()}
    body = _encoded(value)
    if len(body) > MAX_REPLY_BYTES:
        return _encoded(_refusal(FileTooLarge(f"{path}: 글이 {MAX_REPLY_BYTES >> 20}MB를 넘습니다.", _DIVIDE)))
    return body


def _refusal(error: IngestError) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": str(error), "hint": error.hint}


def _encoded(value: Mapping[str, Any]) -> bytes:
    # A text may hold lone surrogates; cleaning counts them.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
