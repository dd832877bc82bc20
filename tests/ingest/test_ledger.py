from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest import Chunk, Document, Example, Ledger, LedgerError, LedgerMismatch, Span, Statement, UnknownSource
from ingest.ledger import _MIGRATIONS

TEXT = "첫 문장. 둘째 문장."


def put(
    ledger: Ledger,
    name: str = "글.txt",
    text: str = TEXT,
    document_id: str = "d1",
    statements: Sequence[Statement] | None = None,
) -> list[Chunk]:
    document = Document(document_id, name, "글", text, "facts")
    chunks = [
        Chunk(Span(document_id, 0, 5), name, "facts", text[0:5], ("머리",)),
        Chunk(Span(document_id, 6, len(text)), name, "facts", text[6:], (), Example("요청", tags=("가", "나"))),
    ]
    vectors = np.eye(2, 4, dtype=np.float32)
    if statements is None:
        statements = [Statement("가", "part_of", "나", Span(document_id, 0, 5))]
    ledger.replace(document, chunks, vectors, statements, path=f"/{name}", sha256=document_id, settings="s")
    return chunks


def test_what_was_put_comes_back_equal(ledger: Ledger) -> None:
    chunks = put(ledger)
    assert ledger.chunks([chunk.id for chunk in chunks]) == {chunk.id: chunk for chunk in chunks}
    assert ledger.document("글.txt").text == TEXT
    assert ledger.statements() == [Statement("가", "part_of", "나", Span("d1", 0, 5))]
    ids, vectors = ledger.vectors()
    assert sorted(ids) == sorted(chunk.id for chunk in chunks)
    assert vectors.shape == (2, 4)
    assert ledger.chunk_at("글.txt", 7) == chunks[1].id


def test_replacing_leaves_nothing_of_the_old_state(ledger: Ledger) -> None:
    old = put(ledger)
    new = put(ledger, text="다른 글이 왔다. 끝.", document_id="d2")
    assert set(ledger.chunks([chunk.id for chunk in old + new])) == {chunk.id for chunk in new}
    assert len(ledger.statements()) == 1
    assert [source.chunks for source in ledger.sources()] == [2]
    assert {change.op for change in ledger.changes(2)} == {"delete", "put"}


def test_forgetting_is_complete_also_in_the_bytes_of_the_file(ledger: Ledger) -> None:
    put(ledger, text="지워야할비밀문장. 둘째 문장이다.")
    ledger.forget("글.txt")
    assert ledger.sources() == []
    assert ledger.vectors()[0] == []
    assert ledger.statements() == []
    assert "지워야할비밀문장".encode() not in ledger.path.read_bytes()
    with pytest.raises(UnknownSource):
        ledger.forget("글.txt")


def test_a_failed_transaction_leaves_the_old_state(ledger: Ledger) -> None:
    put(ledger)
    document = Document("d3", "글.txt", "글", "새 글", "facts")
    twice = Chunk(Span("d3", 0, 1), "글.txt", "facts", "새")
    with pytest.raises(sqlite3.IntegrityError):
        ledger.replace(
            document, [twice, twice], np.eye(2, 4, dtype=np.float32), [], path="/글.txt", sha256="x", settings="s"
        )
    assert ledger.document("글.txt").text == TEXT
    assert ledger.head() == 2


def test_changes_are_the_net_effect_per_chunk(ledger: Ledger) -> None:
    put(ledger)
    ledger.forget("글.txt")
    changes = ledger.changes(0)
    assert [change.op for change in changes] == ["delete", "delete"]
    assert ledger.changes(ledger.head()) == []


def test_every_change_counts_in_the_revision(ledger: Ledger) -> None:
    assert ledger.revision() == 0
    put(ledger)
    put(ledger)
    ledger.forget("글.txt")
    assert ledger.revision() == 3


def test_another_embedder_is_refused(ledger: Ledger) -> None:
    ledger.claim_embedder("e5", 384)
    ledger.claim_embedder("e5", 384)
    with pytest.raises(LedgerMismatch) as caught:
        ledger.claim_embedder("bge", 384)
    assert caught.value.hint


def test_a_foreign_or_newer_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"not a database, but somebody's file" * 100)
    with pytest.raises(LedgerError):
        Ledger(path)
    assert path.read_bytes().startswith(b"not a database")
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="99"):
        Ledger(newer)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(LedgerError, match="foreign"):
        Ledger(foreign)


def _put_many(path: Path, number: int) -> None:
    ledger = Ledger(path)
    for step in range(10):
        put(ledger, f"{number}-{step}.txt", document_id=f"{number}-{step}")
    ledger.close()


def test_a_ledger_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as db:
        db.executescript(_MIGRATIONS[0])
        db.execute("INSERT INTO sources VALUES (1, '글.txt', '/글.txt', 'facts', 'x', 's', 'now')")
        db.execute("INSERT INTO documents VALUES ('d1', 1, '글', ?)", (TEXT,))
        db.execute("INSERT INTO statements VALUES ('d1', '가', 'part_of', '나', 0, 5)")
        db.execute("PRAGMA user_version = 1")
    db.close()
    ledger = Ledger(path)
    assert ledger.statements() == [Statement("가", "part_of", "나", Span("d1", 0, 5))]
    ledger.close()


def test_every_part_of_a_statement_comes_back(ledger: Ledger) -> None:
    statements = [
        Statement("가", "part_of", "나", Span("d1", 0, 5), "former", "2021년", "2023년 3월", 0.5, "rejected"),
        Statement("가", "open:후원", "다", Span("d1", 6, 9), status="candidate"),
    ]
    put(ledger, statements=statements)
    assert ledger.statements() == statements
    assert ledger.statements("candidate") == statements[1:]
    assert [source.statements for source in ledger.sources()] == [0]


def test_a_decision_holds_at_every_place_and_after_reading_again(ledger: Ledger) -> None:
    here, there = (
        Statement("가", "part_of", "나", Span("d1", start, start + 3), status="candidate") for start in (0, 6)
    )
    other = Statement("가", "part_of", "나", Span("d1", 0, 3), "denied", status="candidate")
    put(ledger, statements=[here, there, other])
    before = ledger.revision()
    assert ledger.review(here, "rejected") == 2
    assert ledger.revision() > before
    put(ledger, statements=[here, other])
    assert [s.status for s in ledger.statements()] == ["rejected", "candidate"]
    assert ledger.review(here, "approved") == 1
    put(ledger, statements=[])
    put(ledger, statements=[here])
    assert ledger.statements("approved") == []


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger(path).close()
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_put_many, args=(path, number)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    ledger = Ledger(path)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(ledger.sources()) == 20
    assert len(ledger.vectors()[0]) == 40
    ledger.close()


def test_a_backup_brings_back_what_was_held(ledger: Ledger, tmp_path: Path) -> None:
    chunks = put(ledger)
    ledger.set(chroma_generation="7", chroma_seq="2")
    backup = tmp_path / "백업.db"
    ledger.back_up(backup)
    ledger.forget("글.txt")
    put(ledger, "다른 글.txt", document_id="d2")
    revision = ledger.revision()
    ledger.restore(backup)
    assert [source.name for source in ledger.sources()] == ["글.txt"]
    assert set(ledger.chunks([chunk.id for chunk in chunks])) == {chunk.id for chunk in chunks}
    assert ledger.get("chroma_generation") is None
    assert ledger.revision() != revision
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "백업.db"]
    assert [path.name for path in ledger.path.parent.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("content", [b"", b"not a database" * 400, None], ids=["empty", "garbage", "missing"])
def test_a_file_that_is_no_backup_changes_nothing(ledger: Ledger, tmp_path: Path, content: bytes | None) -> None:
    put(ledger)
    file = tmp_path / "아무것.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LedgerError) as caught:
        ledger.restore(file)
    assert caught.value.hint
    assert [source.name for source in ledger.sources()] == ["글.txt"]


def test_a_backup_that_cannot_be_written_leaves_no_file(ledger: Ledger, tmp_path: Path) -> None:
    put(ledger)
    with pytest.raises(LedgerError):
        ledger.back_up(tmp_path / "없는 폴더" / "백업.db")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_moved_chunk_is_no_work_for_the_indexes(ledger: Ledger) -> None:
    def place(text: str) -> list[str]:
        document = Document("d", "글.txt", "글", text, "facts")
        made = [
            Chunk(Span("d", at, at + 3), "글.txt", "facts", text[at : at + 3])
            for at in (text.index("하나다"), text.index("둘이다"))
        ]
        ledger.replace(document, made, np.eye(2, 4, dtype=np.float32), [], path="/글.txt", sha256=text, settings="s")
        return [chunk.id for chunk in made]

    before = place("하나다 둘이다")
    head = ledger.head()
    after = place("새로 쓴 머리글. 하나다 둘이다")
    assert after == before
    assert ledger.head() == head
    assert {chunk.span.start for chunk in ledger.chunks(after).values()} == {10, 14}


def test_a_damaged_page_is_told_in_words_wherever_it_is_met(ledger: Ledger, tmp_path: Path) -> None:
    for number in range(4):
        put(ledger, f"{number}.txt", f"{number} " + "밤비가 내렸다. " * 400, f"d{number}")
    size = 4096
    whole = ledger.path.read_bytes()
    told = 0
    for page in range(1, len(whole) // size):
        damaged = tmp_path / "damaged.db"
        damaged.write_bytes(whole[: page * size] + b"\xff" * size + whole[(page + 1) * size :])
        try:
            again = Ledger(damaged)
            for document in again.documents():
                again.chunks(again.chunk_ids())
                again.statements()
                again.document(document.source)
        except LedgerError as error:
            told += bool(error.hint)
    assert told > 5
