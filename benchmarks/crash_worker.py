"""A home folder that is written, killed and examined, and bare Chroma in the same place.

Every life and every examination is a process forked from one that has opened nothing: imports and the analyser's
dictionary are paid once, and no lock is inherited. Knows not when it will be killed.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import chromadb
import chromadb.api.client
import chromadb.api.rust  # at once, and not in each life anew
import numpy as np

from benchmarks.crash_faults import Faults
from ingest import Chunk, Document, IngestError, Job, Kind, Korean, Ledger, Span, Statement, Vectors, chunk, ingest
from kg import Graph, Ontology, extend, extract, general_ontology, parse_ontology
from rag import Citation, Projections, RagError
from rag.indexes import vectors
from rag.indexes.probe import compare, probe

_DOCUMENTS = 30
_KINDS: tuple[Kind, ...] = ("facts", "creative", "general")
_SUFFIXES = {"facts": ".md", "creative": ".jsonl", "general": ".txt"}
_SHOPS = ("가람상회", "나루서점", "다온식당", "라온빵집", "마루공방", "바다상회", "사랑방다실", "아라수선")
_PLACES = ("마포구", "강남구", "종로구", "수원시", "성남시", "은평구", "서초구", "송파구")
_NOUNS = (
    "편지",
    "우산",
    "시계",
    "등불",
    "항구",
    "골목",
    "계단",
    "창문",
    "지도",
    "열쇠",
    "바람",
    "기차",
    "공책",
    "달력",
    "강물",
)
_SENTENCES = (
    "{}와 {} 사이에 빈 의자 {}개가 놓여 있었다.",
    "멀리 {}에서 {} 소리가 {}번 들렸다.",
    "누군가 {}를 품고 {} 쪽으로 {}걸음 걸었다.",
    "그해의 {}는 아직 {} 안에 남아 {}번째 겨울을 난다.",
    "{}보다 {}가 먼저 젖었고 {}분 뒤에야 비가 그쳤다.",
    "오래된 {} 뒤에 {}라는 낱말과 숫자 {}이 적혀 있었다.",
    "그는 {}도 {}도 돌려주지 못한 채 {}일을 보냈다.",
)
_ONTOLOGY = 'name = "shops"\ntitle = "가게"\n' + "".join(
    f'[[entities]]\nname = "{shop}"\nclass = "회사"\n' for shop in _SHOPS
)


class HashVectors:
    """Vectors of nothing but a hash: equal texts alone are near each other."""

    identity = "hash"
    dimension = 64

    def __call__(self, passages: Sequence[str]) -> Vectors:
        """(n, 64) float32 rows of length one."""
        return np.stack([self._vector(text) for text in passages])

    def _vector(self, text: str) -> Vectors:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        vector = np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        return vector / np.float32(np.linalg.norm(vector))


class Shops:
    """Reads the statements of one small world."""

    def __init__(self, korean: Korean) -> None:
        self.ontology: Ontology = extend(general_ontology(), parse_ontology(_ONTOLOGY, "shops"))
        self._korean = korean

    def settings(self, _path: Path) -> str:
        """One world, one setting."""
        return "shops"

    def __call__(self, document: Document, _path: Path) -> Sequence[Statement]:
        """Statements of facts; other kinds give none."""
        return extract(document, self.ontology, self._korean) if document.kind == "facts" else []


@dataclass(frozen=True)
class Place:
    """Where one home lies with the files that go into it and the journal of its lives."""

    root: Path

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.root / "home"

    @property
    def journal(self) -> Path:
        """What was begun and what was acknowledged."""
        return self.root / "journal.jsonl"

    def file(self, number: int) -> Path:
        """The file of a document; its folder and its suffix say of what kind it is."""
        kind = _KINDS[number % len(_KINDS)]
        return self.root / "files" / kind / f"{number:03}{_SUFFIXES[kind]}"

    def write(self, number: int, text: str) -> Path:
        """Write the file of a document."""
        path = self.file(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def numbers(self, ledger: Ledger) -> dict[int, str]:
        """Documents that are held, with their sources' names."""
        return {int(Path(source.path).stem): source.name for source in ledger.sources()}


class Parts:
    """What every life needs and nothing that touches a home."""

    def __init__(self, korean: Korean) -> None:
        self.korean = korean
        self.korean.terms("사전을 미리 읽어 둔다.")
        self.embed = HashVectors()
        self.extract = Shops(self.korean)

    def take_in(self, ledger: Ledger, path: Path) -> None:
        """Bring a file into a ledger.

        Raises:
            IngestError: it was refused.
        """
        for outcome in ingest(Job((path,)), ledger, self.embed, self.extract, self.korean):
            if outcome.status == "failed":
                raise IngestError(outcome.error, outcome.hint)

    def graph(self, ledger: Ledger) -> dict[str, object]:
        """The graph of all statements as plain values."""
        documents = {document.id: document for document in ledger.documents()}

        def cite(span: Span) -> Citation:
            document = documents[span.document_id]
            return Citation(document.source, span.start, span.end, document.text[span.start : span.end])

        return Graph.build(self.extract.ontology, ledger.statements(), cite).to_json()


def text_for(number: int, rng: random.Random) -> str:
    """A document of one to a dozen chunks; about every sixth has many."""
    paragraphs = rng.randint(1, 6) if rng.random() < 0.85 else rng.randint(20, 50)
    written = [_paragraph(rng) for _ in range(paragraphs)]
    if _KINDS[number % len(_KINDS)] == "creative":
        rows = ({"request": f"{rng.choice(_NOUNS)} 이야기 {rng.random()}", "text": text} for text in written)
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return "\n\n".join(written) + "\n"


def _paragraph(rng: random.Random) -> str:
    sentences = [f"{rng.choice(_SHOPS)}는 {rng.choice(_PLACES)}에 위치한다."]
    for sentence in rng.sample(_SENTENCES, rng.randint(4, len(_SENTENCES))):
        sentences.append(sentence.format(*rng.sample(_NOUNS, 2), rng.randrange(10**6)))
    return " ".join(sentences)


# -- lives -----------------------------------------------------------------------------------------


class Journal:
    """Intents and acknowledgements, each on the disk before the next step begins."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._sync = os.fsync  # before faults are put in its place

    def write(self, *record: object) -> None:
        """Append one record."""
        os.write(self._file, (json.dumps(record, ensure_ascii=False) + "\n").encode())
        self._sync(self._file)


class OpenHome:
    """A home that is open; what changes in it is told to the journal before and after."""

    def __init__(
        self,
        place: Place,
        parts: Parts,
        journal: Journal,
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """``undisturbed`` keeps faults away from the files of the user, which are not ours to lose."""
        self._place = place
        self._parts = parts
        self._journal = journal
        self._undisturbed = undisturbed
        self.is_open = True
        self.ledger = Ledger(place.home / "ledger.db")
        self.projections = Projections(place.home, self.ledger, parts.korean, parts.embed.identity)

    def put(self, number: int, text: str) -> None:
        """Add or replace a document."""
        with self._undisturbed():
            path = self._place.write(number, text)
        self._journal.write("intent", number, text)
        self._parts.take_in(self.ledger, path)
        self._journal.write("done")

    def forget(self, number: int) -> None:
        """Forget a document that is held."""
        name = self.numbers()[number]
        self._journal.write("intent", number, None)
        self.ledger.forget(name)
        self._journal.write("done")

    def catch_up(self) -> None:
        """Bring the indexes up to date."""
        self._journal.write("projecting")
        self.projections.catch_up()
        self._journal.write("projected")

    def rebuild(self) -> None:
        """Build the indexes anew."""
        self._journal.write("projecting")
        self.projections.rebuild()
        self._journal.write("projected")

    def close(self) -> None:
        """Leave in order."""
        self.is_open = False
        self.projections.close()
        self.ledger.close()

    def numbers(self) -> dict[int, str]:
        """Documents that are held, with their sources' names."""
        return self._place.numbers(self.ledger)


def live(place: Place, parts: Parts, seed: str) -> None:
    """Open the home and change it at random until killed."""
    rng = random.Random(seed)
    journal = Journal(place.journal)
    journal.write("opening")
    home = OpenHome(place, parts, journal)
    while True:
        change(home, rng, range(_DOCUMENTS))


def change(home: OpenHome, rng: random.Random, mine: range) -> None:
    """One random change of one of ``mine``, or bringing the indexes up to date."""
    held = sorted(set(home.numbers()) & set(mine))
    free = sorted(set(mine) - set(held))
    match rng.choices(("add", "update", "forget", "catch up"), (30, 15, 10, 45))[0]:
        case "add" if free:
            home.put(number := rng.choice(free), text_for(number, rng))
        case "update" if held:
            home.put(number := rng.choice(held), text_for(number, rng))
        case "forget" if held:
            home.forget(rng.choice(held))
        case _:
            home.catch_up()


def live_beside(place: Place, parts: Parts, seed: str, mine: range) -> None:
    """Some changes of one's own documents while another process makes its own; nobody is killed.

    Raises:
        AssertionError: what was put is not found at once, or what was forgotten still is.
    """
    rng = random.Random(seed)
    home = OpenHome(place, parts, Journal(place.journal.with_name(f"journal-{mine.start}.jsonl")))
    for _ in range(rng.randint(5, 15)):
        change(home, rng, mine)
        home.catch_up()
        ids, matrix = home.ledger.vectors()
        own = [i for i, each in home.ledger.chunks(ids).items() if int(each.source.split(".")[0]) in mine]
        for chunk_id in rng.sample(own, min(5, len(own))):
            vector = matrix[ids.index(chunk_id)]
            assert home.projections.vectors.search(vector, 1)[0][1] > 0.999
            text = home.ledger.chunks([chunk_id])[chunk_id].text
            assert chunk_id in [found for found, _ in home.projections.words.search(text, len(ids))]
    home.close()


def live_through_faults(place: Place, parts: Parts, faults: Faults) -> None:
    """A fixed life (three files, an edit, a forgotten one, everything built anew) in which calls fail or it ends.

    Errors that have a type of ours are refusals; ``complaints.txt`` tells of all others, and of what does not work
    once the calls succeed again. Its last line is the number of durable calls.
    """
    journal = Journal(place.journal)
    faults.install()
    vectors.is_readable = _is_readable_by_start  # this process may open Chroma twice
    texts = [text_for(number, random.Random(number)) for number in range(3)]
    edited = text_for(0, random.Random("edited"))
    complaints: list[str] = []
    home: OpenHome | None = None
    for work in (
        *(partial(OpenHome.put, number=number, text=text) for number, text in enumerate(texts)),
        OpenHome.catch_up,
        partial(OpenHome.put, number=0, text=edited),
        lambda home: home.forget(1) if 1 in home.numbers() else None,
        OpenHome.catch_up,
        OpenHome.rebuild,
        OpenHome.close,
    ):
        try:
            home = home or OpenHome(place, parts, journal, faults.undisturbed)
            work(home)
        except (IngestError, RagError) as refusal:
            if not refusal.hint:
                complaints.append(f"no hint: {refusal}")
        except Exception as error:  # noqa: BLE001 (any error without a type of ours is a complaint)
            frame = [each for each in traceback.extract_tb(error.__traceback__) if "crash_" not in each.filename][-1]
            complaints.append(f"untyped {error!r} at {Path(frame.filename).name}:{frame.lineno} {frame.line}")
    calls = faults.calls
    with faults.undisturbed():
        try:
            home = home if home and home.is_open else OpenHome(place, parts, journal)
            home.put(2, edited)
            home.catch_up()
            complaints += home.projections.problems()
            home.close()
        except Exception as error:  # noqa: BLE001
            complaints.append(f"does not work again: {error!r}")
        (place.root / "complaints.txt").write_text("".join(f"{line}\n" for line in (*complaints, calls)), "utf-8")


def recover_through_faults(place: Place, parts: Parts, faults: Faults) -> None:
    """Open the home and close it again, with faults."""
    journal = Journal(place.journal)
    faults.install()
    OpenHome(place, parts, journal, faults.undisturbed).close()


def live_on_chroma(place: Place, parts: Parts, seed: str) -> None:
    """The same changes written straight to Chroma."""
    rng = random.Random(seed)
    journal = Journal(place.journal)
    journal.write("opening")
    collection = _bare_collection(place.home)
    while True:
        held = sorted({int(row["number"]) for row in collection.get(include=["metadatas"])["metadatas"]})
        free = sorted(set(range(_DOCUMENTS)) - set(held))
        operation = rng.choices(("add", "update", "forget"), (30, 15, 10))[0]
        number = rng.choice(held if operation != "add" and held else free or held)
        text = None if operation == "forget" and held else text_for(number, rng)
        journal.write("intent", number, text)
        if number in held:
            collection.delete(where={"number": number})
        if text is not None:
            chunks = bare_chunks(number, text)
            collection.upsert(
                ids=[each.id for each in chunks],
                embeddings=parts.embed([each.text for each in chunks]),
                documents=[each.text for each in chunks],
                metadatas=[{"number": number} for _ in chunks],
            )
        journal.write("done")


def bare_chunks(number: int, text: str) -> list[Chunk]:
    """The chunks of a text as they go into bare Chroma."""
    version = hashlib.sha256(text.encode()).hexdigest()
    return chunk(Document(f"{number}-{version}", str(number), "", text, "facts"))


def _bare_collection(folder: Path) -> Any:
    client = chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))
    return client.get_or_create_collection("bare", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None)


# -- examinations ----------------------------------------------------------------------------------

Accepted = dict[int, list[str | None]]


@dataclass
class Findings:
    """What an examination saw. ``held`` is the text of each document that is there; all lists but it are complaints."""

    held: dict[int, str | None] = field(default_factory=dict)
    generation: str = ""
    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        """All of them, with their class."""
        classes = {"lost": self.lost, "half": self.half, "wrong": self.wrong, "unusable": self.unusable}
        return [f"{name}: {line}" for name, lines in classes.items() for line in lines]


def accepted_states(journal: Path, before: dict[int, str | None]) -> Accepted:
    """The texts that each document may have now: what was acknowledged last, or what was begun after that."""
    accepted: Accepted = {number: [text] for number, text in before.items()}
    begun: tuple[int, str | None] | None = None
    for line in journal.read_text("utf-8").splitlines():
        match json.loads(line):
            case ["intent", number, text]:
                begun = (number, text)
                accepted.setdefault(number, [None]).append(text)
            case ["done"] if begun:
                accepted[begun[0]] = [begun[1]]
    return accepted


def examine(place: Place, parts: Parts, accepted: Accepted) -> Findings:
    """Open a home as after a kill, let it recover, and compare everything in it with what may be there."""
    found = Findings()
    ledger = Ledger(place.home / "ledger.db")
    projections = Projections(place.home, ledger, parts.korean, parts.embed.identity)
    if not projections.is_owner:
        found.unusable.append("somebody else owns the indexes")
    if problem := ledger.integrity_problem():
        found.wrong.append(f"ledger: {problem}")
    _examine_documents(place, parts, ledger, accepted, found)
    found.wrong += projections.problems()
    _examine_searches(ledger, projections, found)
    projections.close()
    found.generation = ledger.get("chroma_generation") or ""
    _examine_files(place, ledger, found)
    ledger.close()
    return found


def _examine_documents(place: Place, parts: Parts, ledger: Ledger, accepted: Accepted, found: Findings) -> None:
    """Text, chunks, vectors and statements of every document against the same text ingested from nothing."""
    actual = contents(ledger)
    held = place.numbers(ledger)
    found.held = dict.fromkeys(accepted)
    with _scratch_ledger(place.root) as scratch:
        for number, texts in accepted.items():
            mine = actual.pop(held[number]) if number in held else None
            if mine is None:
                if None not in texts:
                    found.lost.append(f"document {number}")
                continue
            for text in texts:
                if text is not None and mine == _expected(place, parts, scratch, number, text):
                    found.held[number] = text
            if found.held[number] is None:
                found.half.append(f"document {number}")
    found.wrong += [f"source {name} was never put there" for name in actual]


def contents(ledger: Ledger) -> dict[str, str]:
    """Of each source by name, a digest of everything that the ledger holds of it but for ids, which stay with a
    source through its edits and so tell of its past.
    """
    documents = {document.id: document for document in ledger.documents()}
    rows: dict[str, list[str]] = {document_id: [] for document_id in documents}
    ids, matrix = ledger.vectors()
    chunks = ledger.chunks(ids)
    for chunk_id, vector in zip(ids, matrix, strict=True):
        each = chunks[chunk_id]
        start, end = each.span.start, each.span.end
        assert each.text == documents[each.span.document_id].text[start:end]
        row = (start, end, each.source, each.kind, each.headings, each.example, vector.tobytes())
        rows[each.span.document_id].append(repr(row))
    for statement in ledger.statements():
        row = (statement.subject, statement.relation, statement.object, statement.span.start, statement.span.end)
        rows[statement.span.document_id].append(repr(row))
    return {
        document.source: _digest(document.source, document.title, document.text, document.kind, *sorted(rows[held]))
        for held, document in documents.items()
    }


def _expected(place: Place, parts: Parts, scratch: Ledger, number: int, text: str) -> str:
    """The digest of a document ingested from nothing; remembered, since texts are examined many times."""
    memory = place.root / "expected" / _digest(str(number), text)
    if not memory.exists():
        for source in scratch.sources():
            scratch.forget(source.name)
        parts.take_in(scratch, place.write(number, text))
        memory.parent.mkdir(exist_ok=True)
        memory.write_text(next(iter(contents(scratch).values())))
    return memory.read_text()


@contextmanager
def _scratch_ledger(root: Path) -> Iterator[Ledger]:
    ledger = Ledger(root / "scratch" / "ledger.db")
    try:
        yield ledger
    finally:
        ledger.close()
        shutil.rmtree(root / "scratch")


def _examine_searches(ledger: Ledger, projections: Projections, found: Findings) -> None:
    """Every chunk is found by its own vector, and by its words."""
    ids, matrix = ledger.vectors()
    for chunk_id, vector in zip(ids, matrix, strict=True):
        (best, score), *_ = projections.vectors.search(vector, 1)
        if score < 0.999 or not np.array_equal(matrix[ids.index(best)], vector):
            found.wrong.append(f"chunk {chunk_id} is not found by its vector")
    for chunk_id, each in list(ledger.chunks(ids[:10]).items()):
        if chunk_id not in [hit for hit, _ in projections.words.search(each.text, len(ids))]:
            found.wrong.append(f"chunk {chunk_id} is not found by its words")


def _examine_files(place: Place, ledger: Ledger, found: Findings) -> None:
    """What lies on the disk, read without our own code: rows, vectors, and nothing left behind."""
    live = ledger.chunk_ids()
    with closing(sqlite3.connect(place.home / "words.db")) as db:
        held = [row[0] for row in db.execute("SELECT chunk_id FROM words")]
    if sorted(held) != sorted(live):
        found.wrong.append("words.db does not hold the chunks of the ledger, each once")
    with closing(sqlite3.connect(place.home / "ledger.db")) as db:
        if db.execute("PRAGMA foreign_key_check").fetchall():
            found.wrong.append("ledger.db holds rows without their parents")
    generations = [path.name for path in (place.home / "chroma").iterdir()]
    if generations != [found.generation]:
        found.wrong.append(f"chroma holds {generations} and not {found.generation} alone")
    names = {path.name for path in place.home.iterdir()} - {"ledger.db", "words.db", "chroma", "projections.lock"}
    if names:
        found.wrong.append(f"left in the home: {sorted(names)}")
    copy = place.root / "copy"  # reading changes Chroma's files
    shutil.copytree(place.home / "chroma" / found.generation, copy)
    client = chromadb.PersistentClient(str(copy), settings=chromadb.Settings(anonymized_telemetry=False))
    compared = [compare(collection, ledger) for collection in client.list_collections()]
    if sorted(chunk_id for ids, _ in compared for chunk_id in ids) != sorted(live):
        found.wrong.append("Chroma does not hold the chunks of the ledger, each once")
    if any(wrong for _, wrong in compared):
        found.wrong.append("Chroma holds other vectors than the ledger")
    client.close()
    shutil.rmtree(copy)


def examine_chroma(place: Place, parts: Parts, accepted: Accepted) -> Findings:
    """Open bare Chroma after a kill and compare everything in it with what may be there; half a document is removed."""
    found = Findings()
    collection = _bare_collection(place.home)
    rows = collection.get(include=["embeddings", "metadatas"])
    actual: dict[int, dict[str, Any]] = {}
    for chunk_id, row, vector in zip(rows["ids"], rows["metadatas"], rows["embeddings"], strict=True):
        actual.setdefault(int(row["number"]), {})[chunk_id] = vector
    for number, texts in accepted.items():
        mine = actual.get(number, {})
        expected = {text: {c.id: c.text for c in bare_chunks(number, text)} for text in texts if text is not None}
        match = next((text for text, chunks in expected.items() if chunks.keys() == mine.keys()), None)
        found.held[number] = match
        if match is None and (mine or None not in texts):
            (found.half if len(texts) > 1 else found.lost).append(f"document {number}")
            collection.delete(where={"number": number})
        for chunk_id in mine if match else ():
            vector = parts.embed([expected[match][chunk_id]])[0]  # type: ignore[index]
            if not np.allclose(mine[chunk_id], vector, atol=1e-5):
                found.wrong.append(f"vector of {chunk_id}")
            elif chunk_id not in collection.query(query_embeddings=[vector], n_results=2)["ids"][0]:
                found.wrong.append(f"chunk {chunk_id} is not found by its vector")
    return found


def _digest(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# -- processes -------------------------------------------------------------------------------------


def prepare(sync_threshold: int) -> None:
    """Let Chroma write its index files after so many rows, and probes be forked instead of started."""
    chromadb.api.client.Client.get_or_create_collection = with_sync_threshold(sync_threshold)  # type: ignore[method-assign]
    vectors.is_readable = _is_readable_by_fork


def with_sync_threshold(rows: int) -> Callable[..., Any]:
    """``Client.get_or_create_collection`` for collections that write their index files after so many rows."""
    original = chromadb.api.client.Client.get_or_create_collection

    def lowered(self: Any, name: str, **options: Any) -> Any:
        hnsw = {**options["configuration"]["hnsw"], "sync_threshold": rows}
        return original(self, name, **{**options, "configuration": {"hnsw": hnsw}})

    return lowered


def start(work: Callable[[], object], errors: Path) -> int:
    """Fork a process that does ``work`` and exits with 0, or with 1 and a traceback in ``errors``."""
    if child := os.fork():
        return child
    status = 1
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it does not outlive its parent
        work()
        status = 0
    except BaseException:  # noqa: BLE001 (told in a file, since there is nobody to raise it to)
        errors.write_text(traceback.format_exc(), "utf-8")
    finally:
        os._exit(status)


_is_readable_by_start = vectors.is_readable


def _is_readable_by_fork(folder: Path, ledger: Path) -> bool:
    """``vectors.is_readable`` without the imports; only where this process has not opened Chroma before."""

    def work() -> None:
        assert probe(folder, Ledger(ledger))

    return os.waitpid(start(work, Path(os.devnull)), 0)[1] == 0
