from __future__ import annotations

import io
import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from ingest import EmptyDocument, Example, IngestError, MalformedRecord, UnsupportedFormat, errors, sandbox
from ingest.errors import DamagedFile, EncryptedFile, FileTooLarge
from ingest.loaders import load
from ingest.sandbox import Fault, Sandbox, needs_sandbox

TABLE = Path("표.csv"), "이름,나이\n서윤,17\n".encode()
TABLE_TEXT = "| 이름 | 나이 |\n|---|---|\n| 서윤 | 17 |"
POSIX_LIMITS = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """One for all files that leave the child alive."""
    with Sandbox() as held:
        yield held


@pytest.fixture
def started() -> Callable[[], list[psutil.Process]]:
    """Gives the children that this process has got since the test began."""
    before = psutil.Process().children()
    return lambda: [process for process in psutil.Process().children() if process not in before]


def child() -> psutil.Process:
    """The newest child of this process: that of the sandbox that was used last."""
    return max(psutil.Process().children(), key=psutil.Process.create_time)


def rig(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Let children that start from now on load '나쁨.csv' by ``body`` and all else as ever."""
    code = f"""
import ingest.sandbox as sandbox
honest = sandbox.load
def load(path, data):
    if path.name != "나쁨.csv":
        return honest(path, data)
{textwrap.indent(body, "    ")}
sandbox.load = load
sandbox.serve()
"""
    monkeypatch.setattr(sandbox, "_CODE", code)


BAD = Path("나쁨.csv"), TABLE[1]


def packed(**files: bytes) -> bytes:
    """A ZIP of ``files``; ``__`` in a name is a slash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def laughs(root: str, inside: str) -> bytes:
    """Billion laughs: ten entities, each ten times the one before."""
    entities = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    start, _, end = inside.partition("*")
    return f"<?xml version='1.0'?><!DOCTYPE {root} [<!ENTITY a0 'ha'>{entities}]>{start}&a9;{end}".encode()


PAGE = "<html xmlns='http://www.w3.org/1999/xhtml'><body><p>*</p></body></html>"
OPF = (
    "<package xmlns='http://www.idpf.org/2007/opf'><metadata><title>*</title></metadata><manifest>"
    "<item id='a' href='1.xhtml' media-type='application/xhtml+xml'/></manifest>"
    "<spine><itemref idref='a'/></spine></package>"
)
WORD = "<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'><w:body><w:p><w:r>" + (
    "<w:t>*</w:t></w:r></w:p></w:body></w:document>"
)


def epub(page: bytes, package: bytes = OPF.encode()) -> bytes:
    container = b"<container><rootfiles><rootfile full-path='b.opf'/></rootfiles></container>"
    files = {"mimetype": b"application/epub+zip", "META-INF/container.xml": container, "b.opf": package}
    return packed(**files, **{"1.xhtml": page})


def docx(document: bytes) -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = (
        "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
        "<Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
        f"<Override PartName='/word/document.xml' ContentType='{kind}'/></Types>"
    )
    office = "http://schemas.openxmlformats.org"
    relations = (
        f"<Relationships xmlns='{office}/package/2006/relationships'><Relationship Id='r1' "
        f"Type='{office}/officeDocument/2006/relationships/officeDocument' Target='word/document.xml'/></Relationships>"
    )
    files = {"[Content_Types].xml": types.encode(), "_rels/.rels": relations.encode(), "word/document.xml": document}
    return packed(**files)


def pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first one is its catalog."""
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(body))
    )


def flate(data: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        data = zlib.compress(data, 9)
    filters = b"/FlateDecode " * times
    return b"<</Length %d/Filter[%s]>>\nstream\n%s\nendstream" % (len(data), filters, data)


def ole_of_loops() -> bytes:
    """A compound file whose only sector of the allocation table leads back to itself."""
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + b"\x3e\0\x03\0\xfe\xff\x09\0\x06\0")
    header += b"\0" * (44 - len(header)) + (1).to_bytes(4, "little") + b"\0" * 28
    header += b"\0" * (512 - len(header))
    return bytes(header) + b"\0" * 512 * 4


ZEROS = b"\0" * 300_000_000
PAGES_LOOP = pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[2 0 R]>>")
PARENT_LOOP = pdf(
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
    b"<</Type/Pages/Count 1/Kids[2 0 R]/Parent 3 0 R>>",
)
STREAM_BOMB = pdf(
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
    flate(ZEROS, 2),
)
HOSTILE: list[tuple[str, Callable[[], bytes], tuple[type[IngestError], ...]]] = [
    ("폭탄.epub", lambda: epub(ZEROS), (FileTooLarge,)),
    ("폭탄.docx", lambda: docx(ZEROS), (FileTooLarge,)),
    ("웃음.epub", lambda: epub(PAGE.encode(), laughs("package", OPF)), (DamagedFile,)),
    ("웃음.docx", lambda: docx(laughs("w:document", WORD)), (DamagedFile, EmptyDocument, FileTooLarge)),
    ("깊이.json", lambda: b"[" * 1_000_000, (FileTooLarge, DamagedFile)),
    ("깊이-끝까지.json", lambda: b"[" * 50_000 + b"]" * 50_000, (FileTooLarge,)),
    ("숫자.json", lambda: b'{"n": ' + b"9" * 100_000 + b"}", (DamagedFile, MalformedRecord)),
    ("고리.pdf", lambda: PAGES_LOOP, (DamagedFile, EmptyDocument)),
    ("큰고리.pdf", lambda: PARENT_LOOP, (DamagedFile, EmptyDocument)),
    ("폭탄.pdf", lambda: STREAM_BOMB, (FileTooLarge, DamagedFile, EmptyDocument)),
    ("고리.hwp", ole_of_loops, (DamagedFile, UnsupportedFormat)),
    ("빈칸.csv", lambda: b",,\n,,\n", (EmptyDocument,)),
]


@pytest.mark.parametrize(("name", "make", "expected"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_a_hostile_file_is_refused_and_the_child_lives_on(
    box: Sandbox, name: str, make: Callable[[], bytes], expected: tuple[type[IngestError], ...]
) -> None:
    box.load(*TABLE)
    before = child().pid
    with pytest.raises(expected, match=name) as caught:
        box.load(Path(name), make())
    assert caught.value.hint
    assert caught.value.__cause__ is None
    assert box.load(*TABLE).parts[0].text == TABLE_TEXT
    assert child().pid == before


@pytest.mark.parametrize(
    ("name", "make"),
    [("웃음.html", lambda: laughs("html", PAGE)), ("웃음쪽.epub", lambda: epub(laughs("html", PAGE)))],
)
def test_entities_of_a_page_are_not_multiplied(box: Sandbox, name: str, make: Callable[[], bytes]) -> None:
    text = box.load(Path(name), make()).parts[0].text
    assert "haha" not in text
    assert len(text) < 1_000


def test_a_table_that_eats_memory_is_too_large_and_the_next_file_is_read() -> None:
    with Sandbox() as first:
        first.load(*TABLE)
        room = child().memory_info().vms + 64 * 2**20
    with Sandbox(memory=room) as box:
        before = box.load(*TABLE), child().pid
        with pytest.raises(FileTooLarge, match=r"빈목록\.json.*메모리"):
            box.load(Path("빈목록.json"), b"[" + b"[]," * 3_000_000 + b"[]]")
        assert (box.load(*TABLE), child().pid != before[1]) == (before[0], True)


def test_a_file_that_takes_too_long_is_too_large_and_the_next_file_is_read() -> None:
    rows = ("서윤,17," + "첫눈이 왔다 " * 8 + "\n").encode() * 300_000
    with Sandbox(seconds=0.5) as box:
        before = box.load(*TABLE), child().pid
        with pytest.raises(FileTooLarge, match=r"긴표\.csv.*0\.5초"):
            box.load(Path("긴표.csv"), rows)
        assert (box.load(*TABLE), child().pid != before[1]) == (before[0], True)


@pytest.mark.parametrize(
    ("name", "text", "apart"),
    [
        ("글.txt", "첫눈이 왔다.", False),
        ("글.md", "# 첫눈\n\n왔다.", False),
        ("글.jsonl", '{"text": "첫눈이 왔다."}\n{"text": "녹았다."}\n', False),
        ("ontology.toml", '[relation.friend]\nname = "친구"\n', False),
        ("글.csv", "이름,나이\n서윤,17\n", True),
        ("글.txt", "<!doctype html><p>첫눈이 왔다.", True),
        ("글.txt", "PK는 두 글자다.", True),
        ("글.txt", "눈" * 4_000_000, True),
    ],
)
def test_plain_text_needs_no_child(
    started: Callable[[], list[psutil.Process]], name: str, text: str, *, apart: bool
) -> None:
    assert needs_sandbox(Path(name), text.encode()) == apart
    with Sandbox() as box:
        assert box.load(Path(name), text.encode()) == load(Path(name), text.encode())
        assert bool(started()) == apart


def test_examples_come_back_as_they_were_read(box: Sandbox) -> None:
    table = (
        "request,text,genre,tone,point_of_view,tense,speech_level,tags,split\n"
        '첫눈 장면,"눈이, ""왔다"".",로맨스,잔잔한,1인칭,과거,해라체,눈·겨울,heldout\n이별,갔다.,,,,,,,\n'
    )
    first, second = box.load(Path("글.csv"), table.encode()).parts
    assert first.text == '눈이, "왔다".'
    assert first.example == Example(
        "첫눈 장면", "로맨스", "잔잔한", "1인칭", "과거", "해라체", ("눈", "겨울"), "heldout"
    )  # fmt: skip
    assert second.example == Example("이별")


@pytest.mark.parametrize("text", ["한글 NFD", "짝 없는 \ud83d", "\0 널", "🙂\u2028끝", "ᄒᆞᆫ글"])
def test_every_character_comes_back(box: Sandbox, text: str) -> None:
    loaded = box.load(Path("글.json"), json.dumps({"본문": text}).encode())
    assert loaded.parts[0].text == f"본문: {text}"


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("표.csv", b'text,genre\n"",x\n', MalformedRecord),
        ("그림.png", b"\x89PNG\r\n\x1a\n\0", UnsupportedFormat),
        ("암호.epub", b"PK\x03\x04 broken", DamagedFile),
        ("빈.txt", " \n\u3000\n".encode(), EmptyDocument),
        ("빈.txt", b"", EmptyDocument),
    ],
)
def test_refusals_are_those_of_the_loaders(box: Sandbox, name: str, data: bytes, error: type[IngestError]) -> None:
    with pytest.raises(error) as caught:
        box.load(Path(name), data)
    assert type(caught.value) is error
    assert name in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("kind", [IngestError, EncryptedFile, errors.DistributionNotice, errors.LedgerMismatch])
def test_an_error_crosses_as_its_own_class_with_its_words(
    monkeypatch: pytest.MonkeyPatch, kind: type[IngestError]
) -> None:
    rig(monkeypatch, f"import ingest.errors\nraise ingest.errors.{kind.__name__}('나쁨: 까닭 “”\\ud800', '나갈 길')")
    with Sandbox() as box, pytest.raises(IngestError) as caught:
        box.load(*BAD)
    assert (type(caught.value), str(caught.value), caught.value.hint) == (kind, "나쁨: 까닭 “”\ud800", "나갈 길")


# What a loader does, the error for people, a word of the cause, and whether the child may stay.
FAULTS = [
    ("return {}['열쇠']", DamagedFile, "KeyError", True),
    ("def f(): f()\nf()", DamagedFile, "RecursionError", True),
    ("raise SystemExit(0)", DamagedFile, "exit status 0", False),
    ("import os\nos._exit(7)", DamagedFile, "exit status 7", False),
    ("import os, signal\nsignal.raise_signal(signal.SIGSEGV)", DamagedFile, "Segmentation fault", False),
    ("import os, signal\nsignal.raise_signal(signal.SIGABRT)", DamagedFile, "Aborted", False),
    ("return sandbox.Loaded(17, ())", DamagedFile, "title is no text", False),
    ("return sandbox.Loaded('글', (sandbox.Part('글', sandbox.Example('', tags=(1,))),))", DamagedFile, "tags", False),
    ("raise type('Made', (sandbox.IngestError,), {})('지어낸 오류')", DamagedFile, "Made", False),
    ("sandbox._encoded = lambda value: b'[' * 500_000\nreturn honest(path, data)", DamagedFile, "Recursion", False),
    ("sandbox._encoded = lambda value: b'\\xff'\nreturn honest(path, data)", DamagedFile, "UnicodeDecode", False),
    ("sandbox._encoded = lambda value: b'[]'\nreturn honest(path, data)", DamagedFile, "TypeError", False),
    ("sandbox._LENGTH.pack\nclass L:\n  pack = lambda self, n: b'\\xff' * 8\nsandbox._LENGTH = L()\n"
     "return honest(path, data)", DamagedFile, "exit status", False),
]  # fmt: skip


@pytest.mark.parametrize(("body", "error", "cause", "stays"), FAULTS, ids=[row[0][:30] for row in FAULTS])
def test_what_no_loader_foresaw_damages_one_file_only(
    monkeypatch: pytest.MonkeyPatch, body: str, error: type[IngestError], cause: str, *, stays: bool
) -> None:
    rig(monkeypatch, body)
    with Sandbox() as box:
        box.load(*TABLE)
        before = child().pid
        with pytest.raises(error, match=r"나쁨\.csv") as caught:
            box.load(*BAD)
        assert caught.value.hint
        assert isinstance(caught.value.__cause__, Fault)
        assert cause in str(caught.value.__cause__)
        assert box.load(*TABLE).parts[0].text == TABLE_TEXT
        assert (child().pid == before) == stays


def test_the_kind_of_an_unforeseen_error_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rig(monkeypatch, "return {}['열쇠']")
    with Sandbox() as box, pytest.raises(DamagedFile, match="KeyError") as caught:
        box.load(*BAD)
    assert "KeyError: '열쇠'" in str(caught.value.__cause__)


@pytest.mark.parametrize("body", ["while True: pass", "import time\ntime.sleep(1000)"])
def test_a_hanging_parser_is_ended(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    rig(monkeypatch, body)
    with Sandbox(seconds=1) as box:
        with pytest.raises(FileTooLarge, match=r"나쁨\.csv: 1초"):
            box.load(*BAD)
        assert box.load(*TABLE).parts[0].text == TABLE_TEXT


@POSIX_LIMITS
def test_processor_time_ends_a_child_without_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    rig(monkeypatch, "while True: pass")
    with Sandbox(seconds=1) as box:
        monkeypatch.setattr(sandbox._Child, "_expire", lambda self: None)
        with pytest.raises(FileTooLarge, match="1초"):
            box.load(*BAD)


def test_a_parser_that_takes_all_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    rig(monkeypatch, "held = []\nwhile True: held.append(bytes(10_000_000))")
    with Sandbox() as box:
        with pytest.raises(FileTooLarge, match=r"나쁨\.csv.*메모리.*2048MB"):
            box.load(*BAD)
        assert box.load(*TABLE).parts[0].text == TABLE_TEXT


def test_a_file_longer_than_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(memory=64 * 2**20) as box, pytest.raises(FileTooLarge, match="메모리"):
        box.load(Path("표.csv"), b"a,b\n" * 30_000_000)


def test_a_text_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rig(monkeypatch, "sandbox.MAX_REPLY_BYTES = 1000\nreturn sandbox.Loaded('글', (sandbox.Part('눈' * 400),))")
    with Sandbox() as box, pytest.raises(FileTooLarge, match=r"나쁨\.csv: 글이"):
        box.load(*BAD)


def test_a_parser_that_prints_and_reads_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "import os, sys\nprint('안녕', flush=True)\nos.write(1, b'x' * 100)\nassert os.read(0, 1) == b''\n"
    rig(monkeypatch, body + "print('걱정', file=sys.stderr)\nreturn honest(path, data)")
    with Sandbox() as box:
        assert box.load(*BAD).parts[0].text == TABLE_TEXT
        assert box.load(*TABLE).parts[0].text == TABLE_TEXT


ATTEMPTS = {
    "connect": "socket.create_connection(('127.0.0.1', PORT))",
    "connect by hand": "socket.socket().connect(('127.0.0.1', PORT))",
    "bind": "socket.socket().bind(('127.0.0.1', 0))",
    "name": "socket.getaddrinfo('localhost', 80)",
    "old name": "socket.gethostbyname('localhost')",
    "datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
    "web": "__import__('urllib.request').request.urlopen('http://127.0.0.1:PORT')",
    "program": "subprocess.run(['true'])",
    "shell": "os.system('true')",
    "exec": "os.execv('/bin/true', ['true'])",
    "fork": "os._exit(0) if os.fork() == 0 else os.wait()",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "kill": "os.kill(os.getppid(), 0)",
}


def test_the_network_and_other_programs_are_out_of_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        attempts = {name: attempt.replace("PORT", port) for name, attempt in ATTEMPTS.items()}
        code = f"""
import json, os, socket, subprocess
from ingest.sandbox import confine
confine(1 << 40)
said = {{"read": open({__file__!r}).readline()[:4]}}
for name, attempt in {attempts!r}.items():
    try:
        exec(attempt)
        said[name] = "done"
    except PermissionError as error:
        said[name] = "refused"
    except OSError as error:
        said[name] = type(error).__name__ + str(error)
print(json.dumps(said))
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    said = json.loads(done.stdout)
    assert said.pop("read") == "from"
    web = said.pop("web")
    assert web == "refused" or "is refused" in web
    assert said == dict.fromkeys(said, "refused")
    assert said.keys() == ATTEMPTS.keys() - {"web"}


def test_a_loader_in_the_child_is_refused_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    rig(monkeypatch, "import socket\nsocket.create_connection(('127.0.0.1', 9))")
    with Sandbox() as box, pytest.raises(DamagedFile, match="PermissionError"):
        box.load(*BAD)


def test_the_child_knows_nothing_of_its_parents_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOOPAI_KEY", "비밀")
    monkeypatch.chdir(tmp_path)
    with Sandbox() as box:
        box.load(*TABLE)
        process = child()
        folder = Path(process.cwd())
        assert not {name for name in process.environ() if name.startswith("LOOPAI") or name in ("PATH", "USER")}
        assert "비밀" not in process.environ().values()
        assert folder != tmp_path
        assert (process.environ()["HOME"], process.environ()["TMPDIR"]) == (str(folder), str(folder))
        assert folder.exists()
    assert not folder.exists()


@POSIX_LIMITS
def test_the_child_has_its_limits() -> None:
    with Sandbox(memory=1_700_000_000) as box:
        box.load(*TABLE)
        process = child()
        limits = (psutil.RLIMIT_AS, psutil.RLIMIT_FSIZE, psutil.RLIMIT_CORE, psutil.RLIMIT_NOFILE)
        held = [process.rlimit(limit) for limit in limits]
        used = process.cpu_times()
        assert held == [(1_700_000_000,) * 2, (200_000_000,) * 2, (0, 0), (64, 64)]
        assert process.rlimit(psutil.RLIMIT_CPU)[0] <= used.user + used.system + 63


@POSIX_LIMITS
def test_a_parser_cannot_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "import tempfile\nwith tempfile.TemporaryFile() as file:\n    file.truncate(300_000_000)"
    rig(monkeypatch, body)
    with Sandbox() as box:
        with pytest.raises(DamagedFile, match="OSError"):
            box.load(*BAD)
        assert box.load(*TABLE).parts[0].text == TABLE_TEXT


def test_a_child_killed_between_files_is_replaced() -> None:
    with Sandbox() as box:
        box.load(*TABLE)
        process = child()
        folder = Path(process.cwd())
        process.kill()
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert box.load(*TABLE).parts[0].text == TABLE_TEXT
        assert not psutil.pid_exists(process.pid)
        assert not folder.exists()


def test_a_child_killed_at_work_damages_one_file_only(monkeypatch: pytest.MonkeyPatch) -> None:
    rig(monkeypatch, "import time\ntime.sleep(1000)")
    with Sandbox() as box:
        box.load(*TABLE)
        process = child()
        used = process.num_ctx_switches().voluntary
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(box.load, *BAD)
            while process.num_ctx_switches().voluntary == used:
                time.sleep(0.01)
            process.kill()
            with pytest.raises(DamagedFile, match=r"나쁨\.csv.*프로세스") as caught:
                loading.result()
        assert isinstance(caught.value.__cause__, Fault)
        assert not psutil.pid_exists(process.pid)
        assert box.load(*TABLE).parts[0].text == TABLE_TEXT


def test_a_child_is_replaced_now_and_then(
    monkeypatch: pytest.MonkeyPatch, started: Callable[[], list[psutil.Process]]
) -> None:
    monkeypatch.setattr(sandbox, "_FILES_PER_CHILD", 2)
    with Sandbox() as box:
        seen = []
        for _ in range(4):
            box.load(*TABLE)
            seen.append([process.pid for process in started()])
    assert [len(pids) for pids in seen] == [1, 0, 1, 0]
    assert seen[0] != seen[2]


def test_no_process_is_left_behind() -> None:
    with Sandbox() as box:
        box.load(*TABLE)
        process = child()
    assert not process.is_running()
    assert not psutil.pid_exists(process.pid)
    box.close()
    assert box.load(*TABLE).parts[0].text == TABLE_TEXT
    box.close()


def test_threads_share_one_child(started: Callable[[], list[psutil.Process]]) -> None:
    def named(number: int) -> str:
        return box.load(Path("글.csv"), f"이름,수\n서윤,{number}\n".encode()).parts[0].text

    with Sandbox() as box, ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(named, range(40)))
        assert len(started()) == 1
    assert [text.rpartition("서윤 | ")[2] for text in texts] == [f"{number} |" for number in range(40)]


def test_a_child_that_does_not_start_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch, started: Callable[[], list[psutil.Process]]
) -> None:
    monkeypatch.setattr(sandbox, "_CODE", "import sys; print('앞줄', file=sys.stderr); sys.exit('꾸러미가 없음')")
    with Sandbox() as box, pytest.raises(IngestError, match=r"시작하지 못했습니다.*꾸러미가 없음") as caught:
        box.load(*TABLE)
    assert type(caught.value) is IngestError
    assert not started()


def test_a_python_that_is_missing_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "없는-python"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Sandbox() as box, pytest.raises(IngestError, match="시작하지 못했습니다"):
        box.load(*TABLE)
    assert list(tmp_path.iterdir()) == []


PARENT = """
import signal, sys, ingest.sandbox as sandbox
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
if sys.argv[1] == "busy":
    sandbox._CODE = "import ingest.sandbox as s, time; s.load = lambda path, data: time.sleep(1000); s.serve()"
class Child(sandbox._Child):
    def load(self, *file):
        print(self._process.pid, flush=True)
        return super().load(*file)
sandbox._Child = Child
with sandbox.Sandbox() as box:
    box.load(Path("표.csv"), b"a,b\\n1,2\\n")
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("sent", "state"), [(signal.SIGINT, "busy"), (signal.SIGINT, "idle"), (signal.SIGKILL, "idle")]
)
def test_a_child_does_not_outlive_its_parent(tmp_path: Path, sent: signal.Signals, state: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(sandbox.__file__).parent.parent)},
    ) as parent:
        assert parent.stdout
        process = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(sent)
        assert parent.wait(60) == -sent
    process.wait(60)
    # Nobody is left to remove the folder where the parent was killed outright.
    assert sent == signal.SIGKILL or list(tmp_path.iterdir()) == []
