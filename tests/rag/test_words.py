"""What the word index understands of a query: particles, question words, names, slips of the keys, other names."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Korean, Ledger
from rag.indexes.spelling import Spellings
from rag.indexes.words import WordIndex
from tests.fakes import HashEmbedder
from tests.rag.test_indexes import take_in

TEXTS = {
    "하나.txt": "신뢰도 점수가 낮으면 기존 해석기로 되돌린다.",
    "둘.txt": "점수는 매일 밤에 센다. 신뢰를 잃은 해석기도 있다.",
    "셋.txt": "솔버엑스는 봄에 새 연구소를 열었다.",
    "넷.txt": "그날 밤 서윤이안은 혼자 웃었다. 이안류가 바다를 갈랐다.",
    "다섯.txt": "누구나 언제든 올 수 있는 어린이 도서관이 문을 열었다.",
}


class Words:
    """A ledger and its word index."""

    def __init__(self, ledger: Ledger, root: Path, korean: Korean) -> None:
        self.ledger = ledger
        self.korean = korean
        take_in(ledger, HashEmbedder(), root / "facts", TEXTS)
        self.path = ledger.path.with_name("words.db")
        self.index = WordIndex(self.path, ledger, self.korean)
        self.index.catch_up()

    def found(self, query: str, *names: str, k: int = 1) -> list[str]:
        chunks = self.ledger.chunks(self.ledger.chunk_ids())
        return [Path(chunks[i].source).name for i, _ in self.index.search(query, k, named=[names])]


@pytest.fixture
def words(ledger: Ledger, tmp_path: Path, korean: Korean) -> Iterator[Words]:
    made = Words(ledger, tmp_path, korean)
    yield made
    made.index.close()


@pytest.fixture
def named(ledger: Ledger, tmp_path: Path) -> Iterator[Words]:
    """With an analyser of its own: names would stay in a shared one."""
    made = Words(ledger, tmp_path, Korean())
    yield made
    made.index.close()


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("해석기로는 언제 되돌리나요?", "하나.txt"),
        ("밤마다 세는 것은?", "둘.txt"),
        ("연구소", "셋.txt"),
        ("어린이도서관", "다섯.txt"),
        ("누가 웃었어?", "넷.txt"),
    ],
)
def test_particles_and_endings_do_not_matter(words: Words, query: str, name: str) -> None:
    assert words.found(query) == [name]


def test_words_that_ask_find_nothing_of_their_own(words: Words) -> None:
    assert words.found("바다는 언제 누가 갈랐나요?") == ["넷.txt"]


def test_a_query_of_such_words_alone_is_taken_as_it_is(words: Words) -> None:
    assert words.found("누구나 언제든") == ["다섯.txt"]


@pytest.mark.parametrize("query", ["어린이도서관", "어린이 도서관", "어린이도서관에는"])
def test_compounds_are_found_however_they_are_written(words: Words, query: str) -> None:
    assert words.found(query) == ["다섯.txt"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("신뢔도", "하나.txt"),
        ("도서고나", "다섯.txt"),
        ("해서기", "하나.txt"),
        ("연그소", "셋.txt"),
        ("도셔관", "다섯.txt"),
        ("솔버엣스", "셋.txt"),
    ],
)
def test_a_slip_of_one_key_is_forgiven(words: Words, typed: str, name: str) -> None:
    assert name in words.found(typed, k=2)


def test_another_name_finds_what_bears_it(words: Words) -> None:
    assert words.found("SolverX") == []
    assert words.found("SolverX", "SolverX", "솔버엑스") == ["셋.txt"]


def test_another_name_counts_only_where_the_one_that_is_used_stands_nowhere(words: Words) -> None:
    held = words.index.search("연구소", 5)
    assert words.index.search("연구소", 5, named=[("연구소", "해석기")]) == held


def test_a_name_that_becomes_known_is_read_anew(named: Words) -> None:
    named.korean.add_names(["서윤이안", "한번도나오지않는이름"])
    assert named.found("서윤이안은?") == ["넷.txt"]
    assert "한번도나오지않는이름".encode() not in named.path.read_bytes()
    other = WordIndex(named.path, named.ledger, Korean())  # another process, which does not know the name
    other.catch_up()
    assert [i for i, _ in other.search("서윤이안", 1)] == [i for i, _ in named.index.search("서윤이안", 1)]
    other.close()


def test_texts_are_read_anew_only_where_a_new_name_stands(named: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    terms = named.korean.sentence_terms
    monkeypatch.setattr(named.korean, "sentence_terms", lambda text: seen.append(text) or terms(text))
    named.korean.add_names(["서윤이안"])
    named.index.catch_up()
    assert seen == [TEXTS["넷.txt"]]
    named.index.catch_up()
    assert len(seen) == 1


def test_an_index_of_an_older_form_is_made_anew(words: Words) -> None:
    words.index.close()
    words.path.unlink()
    with sqlite3.connect(words.path) as db:
        db.execute("CREATE VIRTUAL TABLE words USING fts5(chunk_id UNINDEXED, kind UNINDEXED, terms)")
        db.execute("CREATE TABLE state (seq INTEGER NOT NULL)")
        db.execute("INSERT INTO state VALUES (999)")
        db.execute("PRAGMA user_version = 1")
    db.close()
    again = WordIndex(words.path, words.ledger, words.korean)
    again.catch_up()
    assert again.ids() == words.ledger.chunk_ids()
    again.close()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("신뢔도", "신뢰도"),
        ("실뢰도", "신뢰도"),
        ("도서과", "도서관"),
        ("도서고나", "도서관"),
        ("도섯관", "도서관"),
        ("해서기", "해석기"),
        ("핵서기", ""),
        ("닥", ""),
        ("SolverY", ""),
        ("", ""),
        ("신뢔더", ""),
    ],
)
def test_spellings_one_key_apart(typed: str, meant: str) -> None:
    vocabulary = ["신뢰도", "도서관", "해석기", "닭", "solverx", "신뢰도점수"]
    assert Spellings(vocabulary).near(typed) == ([meant] if meant else [])
