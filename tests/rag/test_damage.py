"""Damage at rest: whatever is done to the files of the indexes, the next opening puts it right by itself."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import chromadb.api.client
import pytest

from benchmarks.crash_worker import Accepted, OpenHome, Parts, Place, examine, text_for, with_sync_threshold
from benchmarks.crash_worker import Journal as WorkerJournal
from ingest import Korean, Ledger, LedgerError
from rag import Projections

INDEX_FILES = ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin", "index_metadata.pickle")
TEXTS = {number: text_for(number, random.Random(number)) for number in range(9)}
ACCEPTED: Accepted = {number: [text] for number, text in TEXTS.items()}

Damage = Callable[[Path], object]


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def overwritten(path: Path) -> None:
    path.write_bytes(b"\xaa" * path.stat().st_size)


def flipped(path: Path) -> None:
    """One bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(content)


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\xff" * 4096)


def removed(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def a_folder_instead(path: Path) -> None:
    removed(path)
    (path / "안").mkdir(parents=True)


def a_file_instead(path: Path) -> None:
    removed(path)
    path.write_text("폴더가 아니다")


def another_database_instead(path: Path) -> None:
    removed(path)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE words (a, b)")
    db.close()


FILE_DAMAGES = (emptied, truncated, zeroed, overwritten, flipped, lengthened, removed, a_folder_instead)


@pytest.fixture(scope="module")
def parts(korean: Korean) -> Parts:
    return Parts(korean)


@pytest.fixture(scope="module", autouse=True)
def index_files_after_few_rows() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chromadb.api.client.Client, "get_or_create_collection", with_sync_threshold(10))
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, parts: Parts) -> Path:
    """Two states of one home: ``closed`` in order, and ``killed`` while it was open."""
    root = tmp_path_factory.mktemp("template")
    place = Place(root / "closed")
    place.home.mkdir(parents=True)
    home = OpenHome(place, parts, WorkerJournal(place.journal))
    for number, text in TEXTS.items():
        home.put(number, text)
        home.catch_up()
    shutil.copytree(root / "closed", root / "killed")
    home.close()
    assert len(list(place.home.rglob("index_metadata.pickle"))) > 1  # else there is less to damage than it seems
    examined(place, parts)  # what is expected is remembered for all tests
    shutil.copytree(root / "closed" / "expected", root / "killed" / "expected")
    return root


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Callable[[str], Place]:
    def copied(state: str) -> Place:
        return Place(Path(shutil.copytree(template / state, tmp_path / state)))

    return copied


def examined(place: Place, parts: Parts) -> str:
    """Open, recover, compare everything with the same texts ingested from nothing; the generation in use."""
    found = examine(place, parts, ACCEPTED)
    assert found.complaints == []
    return found.generation


def generation(home: Path) -> Path:
    (only,) = (home / "chroma").iterdir()
    return only


def segment(home: Path) -> Path:
    """The largest, since small ones have index files that are empty."""
    return max(generation(home).glob("*/link_lists.bin"), key=lambda path: path.stat().st_size).parent


@pytest.mark.parametrize("damage", FILE_DAMAGES)
@pytest.mark.parametrize("name", INDEX_FILES)
def test_a_damaged_index_file_is_never_opened(
    place: Callable[[str], Place], parts: Parts, name: str, damage: Damage
) -> None:
    held = place("closed")
    before = generation(held.home)
    damage(segment(held.home) / name)
    assert examined(held, parts) != before.name


@pytest.mark.parametrize("name", INDEX_FILES)
def test_nor_one_that_a_kill_has_torn(place: Callable[[str], Place], parts: Parts, name: str) -> None:
    held = place("killed")
    before = generation(held.home)
    truncated(segment(held.home) / name)
    after = examined(held, parts)
    assert after != before.name
    assert examined(held, parts) == after  # once repaired it stays


@pytest.mark.parametrize("damage", FILE_DAMAGES)
def test_a_damaged_database_of_chroma_is_built_anew(
    place: Callable[[str], Place], parts: Parts, damage: Damage
) -> None:
    held = place("closed")
    before = generation(held.home)
    damage(before / "chroma.sqlite3")
    assert examined(held, parts) != before.name


@pytest.mark.parametrize("damage", [overwritten, flipped, removed])
def test_also_where_it_was_not_closed(place: Callable[[str], Place], parts: Parts, damage: Damage) -> None:
    """Here the file may have changed in order, so only a child process can tell."""
    held = place("killed")
    damage(generation(held.home) / "chroma.sqlite3")
    examined(held, parts)


@pytest.mark.parametrize("damage", [*FILE_DAMAGES, another_database_instead])
def test_damaged_words_are_indexed_anew(place: Callable[[str], Place], parts: Parts, damage: Damage) -> None:
    held = place("closed")
    damage(held.home / "words.db")
    examined(held, parts)


def stray_files(home: Path) -> None:
    (home / "chroma" / "7").mkdir()
    (home / "chroma" / "7" / "data_level0.bin").write_bytes(b"old")
    (home / "chroma" / "메모.txt").write_text("남의 것")
    (home / "chroma" / "2").write_text("다음 이름을 차지한 파일")


def stale_journal(home: Path) -> None:
    """Of a file that is no more: played back it would tear the new one."""
    shutil.copy(home / "words.db", home / "words.db-journal")
    (home / "words.db").write_bytes(b"\xaa" * 8192)


def unused_journal(home: Path) -> None:
    """Left by a process that was killed before it changed the file."""
    (home / "words.db-journal").write_bytes(bytes(512) + (home / "words.db").read_bytes())


def files_of_another_collection(home: Path) -> None:
    one, two, *_ = (path.parent for path in generation(home).glob("*/index_metadata.pickle"))
    for name in INDEX_FILES:
        shutil.copy(two / name, one / name)


def older_index_files(home: Path) -> None:
    """As after restoring a backup of some of the files."""
    source = segment(home)
    for name in INDEX_FILES[:2]:
        content = (source / name).read_bytes()
        (source / name).write_bytes(content[:-8] + content[8:16])


@pytest.mark.parametrize(
    "damage",
    [
        lambda home: removed(segment(home)),
        lambda home: a_file_instead(segment(home)),
        lambda home: removed(generation(home)),
        lambda home: a_file_instead(generation(home)),
        lambda home: emptied(generation(home) / "stray"),
        lambda home: removed(home / "chroma"),
        lambda home: a_file_instead(home / "chroma"),
        stray_files,
        stale_journal,
        unused_journal,
        files_of_another_collection,
        older_index_files,
        lambda home: a_folder_instead(home / "projections.lock"),
        lambda home: (home / "projections.lock").unlink(missing_ok=True),
        lambda home: (home / "projections.lock").write_bytes(b"\xaa" * 100),
    ],
    ids=[
        "no segment", "file for segment", "no generation", "file for generation", "stray file in generation",
        "no chroma", "file for chroma", "old generations", "stale journal", "unused journal", "mixed segments",
        "older files", "folder for lock", "no lock", "garbage in lock",
    ],
)  # fmt: skip
def test_other_damage_is_put_right(place: Callable[[str], Place], parts: Parts, damage: Damage) -> None:
    held = place("closed")
    damage(held.home)
    examined(held, parts)


@pytest.fixture
def permissions_count(tmp_path: Path) -> None:
    closed = tmp_path / "closed.txt"
    closed.touch(mode=0)
    if os.access(closed, os.R_OK):
        pytest.skip("the administrator may read anything")


def unreadable(path: Path) -> None:
    path.chmod(0)


def unwritable(path: Path) -> None:
    path.chmod(0o555 if path.is_dir() else 0o444)


@pytest.mark.usefixtures("permissions_count")
@pytest.mark.parametrize("damage", [unreadable, unwritable])
@pytest.mark.parametrize("name", ["words.db", "chroma.sqlite3", "data_level0.bin"])
def test_files_without_permission_are_replaced(
    place: Callable[[str], Place], parts: Parts, name: str, damage: Damage
) -> None:
    held = place("closed")
    damage(next(held.home.rglob(name)))
    examined(held, parts)


@pytest.mark.usefixtures("permissions_count")
@pytest.mark.parametrize("damage", [unreadable, unwritable])
@pytest.mark.parametrize("name", ["chroma", "projections.lock"])
def test_where_nothing_can_be_replaced_searches_are_exact(
    place: Callable[[str], Place], parts: Parts, name: str, damage: Damage
) -> None:
    held = place("closed")
    (held.home / "projections.lock").touch()
    damage(held.home / name)
    ledger = Ledger(held.home / "ledger.db")
    projections = Projections(held.home, ledger, parts.korean, parts.embed.identity)
    ids, matrix = ledger.vectors()
    for chunk_id, vector in zip(ids, matrix, strict=True):
        assert projections.vectors.search(vector, 1)[0] == (chunk_id, pytest.approx(1.0, abs=1e-4))
    projections.close()
    ledger.close()
    (held.home / name).chmod(0o755)


@pytest.mark.parametrize("name", ["chroma", "words.db"])
def test_indexes_of_another_history_are_not_believed(place: Callable[[str], Place], parts: Parts, name: str) -> None:
    """An older copy of the ledger is put back, and then other documents come in, as many as before."""
    held = place("closed")
    older = held.root / "older.db"
    shutil.copy(held.home / "ledger.db", older)
    home = OpenHome(held, parts, WorkerJournal(held.journal))
    home.put(20, TEXTS[0])
    home.close()
    kept = held.root / "kept"
    shutil.move(held.home / name, kept)
    shutil.copy(older, held.home / "ledger.db")
    ledger = Ledger(held.home / "ledger.db")
    parts.take_in(ledger, held.write(21, TEXTS[0]))
    ledger.close()
    shutil.rmtree(held.home / name, ignore_errors=True)
    (held.home / name).unlink(missing_ok=True)
    shutil.move(kept, held.home / name)
    found = examine(held, parts, {**ACCEPTED, 21: [TEXTS[0]]})
    assert found.complaints == []


@pytest.mark.parametrize("damage", [zeroed, overwritten, a_folder_instead])
def test_a_damaged_ledger_is_refused_and_kept(place: Callable[[str], Place], damage: Damage) -> None:
    path = place("closed").home / "ledger.db"
    damage(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(LedgerError) as caught:
        Ledger(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_the_examination_sees_what_is_wrong(place: Callable[[str], Place], parts: Parts) -> None:
    """The other tests of this file are worth as much as this: each planted fault must be told."""
    held = place("closed")
    ledger = Ledger(held.home / "ledger.db")
    assert ledger.integrity_problem() is None
    ledger.close()

    def complaints() -> str:
        return "\n".join(examine(held, parts, ACCEPTED).complaints)

    assert complaints() == ""
    with sqlite3.connect(held.home / "ledger.db") as db:
        blob = bytearray(db.execute("SELECT vector FROM chunks").fetchone()[0])
        blob[0] ^= 1
        db.execute("UPDATE chunks SET vector = ? WHERE id = (SELECT id FROM chunks)", (bytes(blob),))
    db.close()
    assert "half: document" in complaints()
    ledger = Ledger(held.home / "ledger.db")
    ledger.forget("003.md")
    ledger.close()
    assert "lost: document 3" in complaints()
    with sqlite3.connect(held.home / "ledger.db") as db:
        db.execute(
            "INSERT INTO statements (document_id, subject, relation, object, start, end)"
            " VALUES ('nobody', '가', 'part_of', '나', 0, 1)"
        )
    db.close()
    assert "without their parents" in complaints()
    (held.home / "ledger.db.part").write_text("")
    assert "left in the home" in complaints()


def test_problems_tell_of_vectors_and_words_that_differ(
    place: Callable[[str], Place], parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = place("closed")
    ledger = Ledger(held.home / "ledger.db")
    projections = Projections(held.home, ledger, parts.korean, parts.embed.identity)
    assert projections.problems() == []
    with sqlite3.connect(held.home / "words.db") as db:
        db.execute("DELETE FROM words WHERE rowid = (SELECT min(rowid) FROM words)")
    db.close()
    ids, matrix = ledger.vectors()
    with sqlite3.connect(held.home / "ledger.db") as db:
        db.execute("UPDATE chunks SET vector = ? WHERE id = ?", (matrix[1].tobytes(), ids[0]))
    db.close()
    (generation(held.home).parent / "99").mkdir()
    assert projections.problems() == [
        "낱말 색인: 조각 1개가 빠져 있습니다.",
        "벡터 색인: 벡터 1개가 원장과 다릅니다.",
        "벡터 색인: 옛 폴더가 남아 있습니다(99).",
    ]
    projections.rebuild()
    assert projections.problems() == []
    projections.close()
    ledger.close()
