"""Kills, faults, full disks and two owners at once; erasure. The long loops are in ``benchmarks.crash``."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import chromadb.api.client
import numpy as np
import pytest

from benchmarks.crash_worker import with_sync_threshold
from ingest import Job, Korean, Ledger, Vectors, ingest
from rag import Projections
from rag.errors import IndexUnavailable
from rag.indexes import words
from rag.indexes.vectors import ChromaVectors
from rag.indexes.words import WordIndex
from tests.fakes import NoStatements

ROOT = Path(__file__).parent.parent.parent


class Halves:
    """Four components of one half each, at places that the text chooses: Chroma's normalising changes no bit."""

    identity = "halves"
    dimension = 64

    def __call__(self, passages: Sequence[str]) -> Vectors:
        made = np.zeros((len(passages), self.dimension), dtype=np.float32)
        for row, text in enumerate(passages):
            places = np.random.default_rng(list(text.encode())).choice(self.dimension, 4, replace=False)
            made[row, places] = (0.5, -0.5, 0.5, -0.5)
        return made


class Home:
    """A home folder, its files and what is opened of it."""

    def __init__(self, root: Path, korean: Korean) -> None:
        self.files = root / "자료"
        self.path = root / "home"
        self.korean = korean
        self.embed = Halves()
        self.ledger = Ledger(self.path / "ledger.db")

    def put(self, **texts: str) -> None:
        for name, text in texts.items():
            path = self.files / f"{name}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
            for outcome in ingest(Job((path,)), self.ledger, self.embed, NoStatements(), self.korean):
                assert outcome.status != "failed", outcome.error

    def open(self) -> Projections:
        return Projections(self.path, self.ledger, self.korean, self.embed.identity)

    def vector_of(self, text: str) -> Vectors:
        return self.embed([text])[0]


@pytest.fixture
def home(tmp_path: Path, korean: Korean) -> Iterator[Home]:
    made = Home(tmp_path, korean)
    yield made
    made.ledger.close()


def texts_found(home: Home, found: list[tuple[str, float]]) -> list[str]:
    chunks = home.ledger.chunks(chunk_id for chunk_id, _ in found)
    return [chunks[chunk_id].text for chunk_id, _ in found]


# -- the loops, small ------------------------------------------------------------------------------


def test_nothing_is_lost_by_kills_faults_and_two_owners(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    loops = ("--kills", "6", "--openers", "1", "--every-call", "130", "--seed", "7")
    command = [sys.executable, "-m", "benchmarks.crash", *loops, "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    tallies: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
    assert [tally["system"] for tally in tallies] == [
        "loopai", "two openers", "exit", "full", "full, lasting", "broken", "broken, lasting",
    ]  # fmt: skip
    assert tallies[0]["kills"] == 6
    assert all(tally["examinations"] and tally["documents"] for tally in tallies)
    for tally in tallies:
        assert (tally["lost"], tally["half"], tally["wrong"], tally["unusable"]) == (0, 0, 0, 0), done.stdout
        assert tally["complaints"] == [], done.stdout


# -- owners ----------------------------------------------------------------------------------------


def test_ownership_ends_wherever_it_is_closed(home: Home) -> None:
    opened: list[Projections] = []
    thread = threading.Thread(target=lambda: opened.append(home.open()))
    thread.start()
    thread.join()
    assert opened[0].is_owner
    opened[0].close()
    again = home.open()
    assert again.is_owner
    again.close()


def test_an_opening_that_fails_leaves_no_lock(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise IndexUnavailable("자리가 없다")

    with monkeypatch.context() as patch:
        patch.setattr(WordIndex, "catch_up", fail)
        with pytest.raises(IndexUnavailable):
            home.open()
    again = home.open()
    assert again.is_owner
    again.close()


def test_what_a_second_opener_puts_is_found_by_both(home: Home, tmp_path: Path) -> None:
    home.put(하나="첫 글은 편지에 관한 것이다.")
    first = home.open()
    other = Home(tmp_path, home.korean)
    second = other.open()
    assert (first.is_owner, second.is_owner) == (True, False)
    text = "둘째 글은 우산에 관한 것이다."
    other.put(둘=text)
    for projections in (first, second):  # vectors at once, words once caught up
        assert texts_found(home, projections.vectors.search(home.vector_of(text), 1)) == [text]
        projections.catch_up()
        assert texts_found(home, projections.words.search("우산", 5)) == [text]
        assert projections.problems() == []
    first.rebuild()  # below the other's open file
    assert texts_found(home, second.words.search("우산", 5)) == [text]
    second.close()
    first.close()
    other.ledger.close()


def test_a_word_index_that_another_process_has_replaced_is_followed(home: Home) -> None:
    home.put(하나="편지가 왔다.")
    path = home.path / "words.db"
    ours, theirs = (WordIndex(path, home.ledger, home.korean) for _ in range(2))
    ours.catch_up()
    path.unlink()
    theirs.catch_up()
    home.put(둘="우산을 폈다.")
    ours.catch_up()
    inode = path.stat().st_ino
    theirs.catch_up()
    assert [index.search("우산", 5) for index in (ours, theirs)] == [theirs.search("우산", 5)] * 2
    assert theirs.search("우산", 5)
    assert path.stat().st_ino == inode  # neither has removed the other's
    ours.close()
    theirs.close()


def test_changes_are_made_in_place(home: Home) -> None:
    """Nothing is built anew for an edit, a forgotten source or a clean end."""
    home.put(하나="편지가 왔다.", 둘="우산을 폈다.")
    projections = home.open()
    generation = home.ledger.get("chroma_generation")
    home.put(하나="편지가 왔다.\n\n답장은 없었다.", 셋="시계가 멎었다.")
    projections.catch_up()
    home.ledger.forget("둘.txt")
    projections.catch_up()
    projections.close()
    again = home.open()
    assert again.problems() == []
    assert home.ledger.get("chroma_generation") == generation
    again.close()


# -- threads ---------------------------------------------------------------------------------------


def test_searches_go_on_while_the_indexes_change(home: Home) -> None:
    home.put(**{f"글{number}": f"{number}번째 글이다." for number in range(20)})
    projections = home.open()
    wanted = home.vector_of("7번째 글이다.")
    failures: list[str] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            found = projections.vectors.search(wanted, 20)
            if len(found) != 20 or found[0][1] < 0.999:
                failures.append(f"{len(found)} found, best {found[0]}")

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        projections.rebuild()
        projections.catch_up()
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    projections.close()


# -- no room ---------------------------------------------------------------------------------------


def test_words_without_room_are_refused_and_heal(home: Home) -> None:
    home.put(하나="편지가 왔다.")
    projections = home.open()
    file = projections.words._file
    assert file is not None
    (pages,) = file.run("PRAGMA page_count")[0]
    file.run(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to a full disk
    home.put(많은="\n\n".join(f"{number}번째 문단에는 낱말이 많다. {'가나다' * 99}" for number in range(60)))
    with pytest.raises(IndexUnavailable) as caught:
        projections.catch_up()
    assert "words.db" in str(caught.value)
    assert caught.value.hint
    assert texts_found(home, projections.words.search("편지", 1)) == ["편지가 왔다."]
    file.run("PRAGMA max_page_count = 1000000")
    projections.catch_up()
    assert projections.problems() == []
    assert projections.words._file is file
    projections.close()


def test_a_busy_word_index_is_not_taken_for_a_damaged_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_BUSY_SECONDS", 0.0)
    home.put(하나="편지가 왔다.")
    index = WordIndex(home.path / "words.db", home.ledger, home.korean)
    index.catch_up()
    home.put(둘="우산을 폈다.")
    inode = (home.path / "words.db").stat().st_ino
    other = sqlite3.connect(home.path / "words.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(IndexUnavailable) as caught:
        index.catch_up()
    assert "잠시 뒤" in caught.value.hint
    other.execute("ROLLBACK")
    other.close()
    index.catch_up()
    assert texts_found(home, index.search("우산", 5)) == ["우산을 폈다."]
    assert (home.path / "words.db").stat().st_ino == inode
    index.close()


def test_where_chroma_cannot_be_written_searches_are_exact(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.put(하나="편지가 왔다.")
    projections = home.open()
    with monkeypatch.context() as patch:
        patch.setattr("chromadb.PersistentClient", _full)
        patch.setattr("chromadb.api.models.Collection.Collection.upsert", _full)
        home.put(둘="우산을 폈다.")
        projections.catch_up()
        found = projections.vectors.search(home.vector_of("우산을 폈다."), 1)
        assert texts_found(home, found) == ["우산을 폈다."]
        assert projections.problems() == ["벡터 색인: 조각 2개가 빠져 있습니다."]
        with pytest.raises(IndexUnavailable) as caught:
            projections.rebuild()
        assert caught.value.hint
    projections.catch_up()
    assert projections.problems() == []
    assert isinstance(projections.vectors, ChromaVectors)
    projections.close()
    assert [path.name for path in (home.path / "chroma").iterdir()] == [home.ledger.get("chroma_generation")]


def _full(*_: object, **__: object) -> None:
    raise chromadb.errors.InternalError("database or disk is full")


# -- erasure ---------------------------------------------------------------------------------------


def test_of_what_was_forgotten_no_byte_is_left(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    replacement = with_sync_threshold(10)
    monkeypatch.setattr(chromadb.api.client.Client, "get_or_create_collection", replacement)
    secret = "챙겨둔 괭이밥 씨앗은 흙무덤 곁의 뒤웅박 속에 숨겨 두었다."
    home.put(**{f"글{number}": f"{number}번째 글에는 아무 비밀도 없다." for number in range(30)}, 비밀=secret)
    projections = home.open()
    terms = home.korean.terms(secret)
    traces = {
        "text": secret.encode(),
        "part of the text": "뒤웅박 속에".encode(),
        "name": "비밀.txt".encode(),
        "vector": home.vector_of(secret).tobytes(),
        **{f"term {term}": term.encode() for term in terms if len(term) > 2},
    }
    projections.close()
    before = found(home, traces)
    assert {trace for trace, _ in before} == set(traces)
    assert {("text", "ledger.db"), ("term 뒤웅박", "words.db"), ("vector", "data_level0.bin")} <= before

    projections = home.open()
    home.ledger.forget("비밀.txt")
    projections.catch_up()
    assert projections.problems() == []
    projections.rebuild()
    projections.close()
    assert found(home, traces) == set()


def found(home: Home, traces: dict[str, bytes]) -> set[tuple[str, str]]:
    """Each trace that lies in a file of the home, with the file's name."""
    contents = [(path.name, path.read_bytes()) for path in home.path.rglob("*") if path.is_file()]
    return {(trace, name) for name, content in contents for trace, seen in traces.items() if seen in content}
