from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest import Document, Job, Ledger, Outcome, Span, Statement, ingest
from tests.fakes import HashEmbedder


class OneStatement:
    """Says one thing of every document, by a setting that a test can change."""

    version = "1"

    def settings(self, path: Path) -> str:
        return self.version

    def __call__(self, document: Document, path: Path) -> Sequence[Statement]:
        return [Statement("글", "is", self.version, Span(document.id, 0, 1))]


def run(ledger: Ledger, embedder: HashEmbedder, *paths: Path, **options: object) -> list[Outcome]:
    return list(ingest(Job(paths, **options), ledger, embedder, OneStatement()))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "내글"
    root.mkdir()
    (root / "하나.txt").write_text("“안녕.”\n\n그가 말했다.", "utf-8")
    (root / "둘.md").write_text("# 회사\n\n본사는 서초동에 있다.", "utf-8")
    (root / "그림.png").write_bytes(b"\x89PNG")
    (root / ".숨김.txt").write_text("숨은 글", "utf-8")
    return root


def test_a_second_run_does_no_work(ledger: Ledger, embedder: HashEmbedder, folder: Path) -> None:
    first = run(ledger, embedder, folder)
    head, calls = ledger.head(), len(embedder.calls)
    second = run(ledger, embedder, folder)
    assert {outcome.status for outcome in first} == {"added"}
    assert {outcome.status for outcome in second} == {"unchanged"}
    assert [(o.source, o.chunks, o.facts) for o in first] == [(o.source, o.chunks, o.facts) for o in second]
    assert (ledger.head(), len(embedder.calls)) == (head, calls)


def test_sources_are_named_from_the_given_folder_and_kinds_are_found(
    ledger: Ledger, embedder: HashEmbedder, folder: Path
) -> None:
    outcomes = run(ledger, embedder, folder)
    assert {(o.source, o.kind) for o in outcomes} == {("내글/하나.txt", "creative"), ("내글/둘.md", "facts")}


def test_an_edit_replaces_and_a_rename_keeps(ledger: Ledger, embedder: HashEmbedder, folder: Path) -> None:
    run(ledger, embedder, folder)
    (folder / "둘.md").write_text("# 회사\n\n본사는 판교에 있다.", "utf-8")
    (folder / "하나.txt").rename(folder / "새이름.txt")
    outcomes = {outcome.source: outcome.status for outcome in run(ledger, embedder, folder)}
    assert outcomes == {"내글/둘.md": "updated", "내글/하나.txt": "unchanged"}
    assert len(ledger.sources()) == 2
    assert "서초동" not in ledger.document("내글/둘.md").text


def test_other_extraction_settings_read_the_file_anew(
    ledger: Ledger, embedder: HashEmbedder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(ledger, embedder, folder)
    monkeypatch.setattr(OneStatement, "version", "2")
    assert {outcome.status for outcome in run(ledger, embedder, folder)} == {"updated"}
    assert {statement.object for statement in ledger.statements()} == {"2"}


def test_a_bad_file_is_reported_and_stops_nothing(ledger: Ledger, embedder: HashEmbedder, folder: Path) -> None:
    (folder / "빈.txt").write_text(" \n\u200b", "utf-8")
    (folder / "깨진.jsonl").write_text("{", "utf-8")
    outcomes = run(ledger, embedder, folder, folder / "그림.png", folder / "없음.txt")
    failed = {outcome.source: outcome for outcome in outcomes if outcome.status == "failed"}
    assert set(failed) == {"내글/빈.txt", "내글/깨진.jsonl", "그림.png", "없음.txt"}
    assert all(outcome.error and outcome.hint for outcome in failed.values())
    assert len(ledger.sources()) == 2


def test_an_edit_that_fails_keeps_the_old_state(ledger: Ledger, embedder: HashEmbedder, folder: Path) -> None:
    run(ledger, embedder, folder)
    (folder / "둘.md").write_bytes(b"\xff\xfe\xff" * 3)
    assert "failed" in {outcome.status for outcome in run(ledger, embedder, folder)}
    assert "서초동" in ledger.document("내글/둘.md").text


def test_two_files_of_one_name_are_two_sources(ledger: Ledger, embedder: HashEmbedder, tmp_path: Path) -> None:
    for name in ("가", "나"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "글.txt").write_text(f"{name}의 글", "utf-8")
    run(ledger, embedder, tmp_path / "가" / "글.txt")
    run(ledger, embedder, tmp_path / "나" / "글.txt")
    assert [source.name for source in ledger.sources()] == ["글.txt", "나/글.txt"]


def test_a_name_and_a_genre_can_be_given(ledger: Ledger, embedder: HashEmbedder, tmp_path: Path) -> None:
    path = tmp_path / "글.jsonl"
    path.write_text('{"request": "장면", "text": "글이다."}\n', "utf-8")
    (outcome,) = run(ledger, embedder, path, name="내 글", genre="무협")
    assert outcome.source == "내 글"
    (chunk,) = ledger.chunks(ledger.vectors()[0]).values()
    assert chunk.example is not None
    assert chunk.example.genre == "무협"
    assert run(ledger, embedder, path, name="내 글", genre="무협")[0].status == "unchanged"


def test_a_stopped_run_carries_on(ledger: Ledger, embedder: HashEmbedder, folder: Path) -> None:
    stopped = ingest(Job((folder,)), ledger, embedder, OneStatement())
    next(stopped)
    stopped.close()
    assert len(ledger.sources()) == 1
    assert sorted(outcome.status for outcome in run(ledger, embedder, folder)) == ["added", "unchanged"]
