from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest import Document, Job, Korean, Ledger, Outcome, Progress, Span, Statement, ingest
from tests.fakes import HashEmbedder

SCENE = (
    "비가 그치지 않는 저녁이었다. 민서는 우산도 없이 역 앞에 서 있었다. 첫차를 놓친 사람처럼 신발 끝만 보았다.\n\n"
    "“늦었네.” 도윤이 말했다. “오 년이나.”\n\n"
    "“길을 잘못 들었어.” 그녀는 젖은 소매를 짜며 웃었다. 두 사람은 처마 밑으로 들어가 말없이 빗소리를 들었다. "
    "가로등 하나가 깜빡이다 꺼졌고, 어둠 속에서 누군가 먼저 손을 내밀었다."
)

OTHER_SCENE = (
    "창고에는 먼지 냄새가 가득했다. 노인은 손전등을 비추며 오래된 상자들을 하나씩 옮겼다. "
    "네 번째 상자에서 양철 기차가 나왔다.\n\n"
    "“이걸 아직 가지고 계셨어요?” 손자가 물었다. 노인은 대답 대신 태엽을 감았다. 기차는 세 뼘쯤 달리다가 넘어졌다. "
    "두 사람은 한참 동안 그 바퀴가 헛도는 소리를 들었다."
)


class OneStatement:
    """Says one thing of every document, by a setting that a test can change."""

    version = "1"

    def settings(self, path: Path) -> str:
        return self.version

    def __call__(self, document: Document, path: Path) -> Sequence[Statement]:
        return [Statement("글", "is", self.version, Span(document.id, 0, 1))]


KOREAN = Korean()


def run(ledger: Ledger, embedder: HashEmbedder, *paths: Path, **options: object) -> list[Outcome]:
    return list(ingest(Job(paths, **options), ledger, embedder, OneStatement(), KOREAN))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "내글"
    root.mkdir()
    (root / "하나.txt").write_text(SCENE, "utf-8")
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


def test_a_guessed_kind_is_guessed_again_and_a_given_one_stays(
    ledger: Ledger, embedder: HashEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "글.txt"
    prices = "입장료는 3,000원이다. 월요일에는 문을 닫는다."

    def kind(text: str, **options: object) -> str | None:
        path.write_text(text, "utf-8")
        (outcome,) = run(ledger, embedder, path, **options)
        (again,) = run(ledger, embedder, path)
        assert (again.status, again.kind) == ("unchanged", outcome.kind)
        return outcome.kind

    assert kind(SCENE) == "creative"
    assert kind(prices) == "facts"
    assert kind(SCENE, kind="general") == "general"
    assert kind(SCENE + prices) == "general"


def test_other_extraction_settings_read_the_facts_anew(
    ledger: Ledger, embedder: HashEmbedder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(ledger, embedder, folder)
    monkeypatch.setattr(OneStatement, "version", "2")
    outcomes = {outcome.source: outcome for outcome in run(ledger, embedder, folder)}
    assert {(outcome.kind, outcome.status) for outcome in outcomes.values()} == {
        ("facts", "updated"),
        ("creative", "unchanged"),
    }
    facts = ledger.document("내글/둘.md").id
    assert [s.object for s in ledger.statements() if s.span.document_id == facts] == ["2"]


def test_ontologies_come_first(ledger: Ledger, embedder: HashEmbedder, folder: Path) -> None:
    (folder / "하위").mkdir()
    (folder / "하위" / "ontology.toml").write_text('name = "하위"', "utf-8")
    assert run(ledger, embedder, folder)[0].source == "내글/하위/ontology.toml"


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
    stopped = ingest(Job((folder,)), ledger, embedder, OneStatement(), KOREAN)
    next(stopped)
    stopped.close()
    assert len(ledger.sources()) == 1
    assert sorted(outcome.status for outcome in run(ledger, embedder, folder)) == ["added", "unchanged"]


def test_an_edit_makes_only_the_vectors_that_changed(ledger: Ledger, embedder: HashEmbedder, tmp_path: Path) -> None:
    path = tmp_path / "회사.md"
    sections = [f"## 부서 {n}\n\n{n}번 부서는 {n}층에 있다.\n\n" for n in range(20)]
    path.write_text("".join(sections), "utf-8")
    run(ledger, embedder, path)
    before, head = ledger.chunk_ids(), ledger.head()
    path.write_text("새 머리말을 썼다.\n\n" + "".join(sections).replace(" 7층", " 9층"), "utf-8")
    embedder.calls.clear()
    (outcome,) = run(ledger, embedder, path)
    assert (outcome.status, outcome.chunks) == ("updated", 21)
    assert embedder.calls == [2]
    assert len(ledger.chunk_ids() & before) == 19
    assert sorted(change.op for change in ledger.changes(head)) == ["delete", "put", "put"]
    text = ledger.document("회사.md").text
    assert all(c.text == text[c.span.start : c.span.end] for c in ledger.chunks(ledger.chunk_ids()).values())


def test_a_file_in_the_place_of_a_renamed_one_is_another_source(
    ledger: Ledger, embedder: HashEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "글.txt"
    path.write_text("처음 쓴 글이다.", "utf-8")
    run(ledger, embedder, path)
    path.rename(tmp_path / "옮긴 글.txt")
    run(ledger, embedder, tmp_path / "옮긴 글.txt")
    path.write_text("처음 쓴 글이다.", "utf-8")
    (outcome,) = run(ledger, embedder, path)
    assert outcome.status == "added"
    assert len({source.document_id for source in ledger.sources()}) == 2
    assert len(ledger.chunk_ids()) == 2


def test_every_member_of_a_zip_is_a_source(ledger: Ledger, embedder: HashEmbedder, tmp_path: Path) -> None:
    path = tmp_path / "모음.zip"

    def pack(**members: str) -> list[tuple[str, str]]:
        with zipfile.ZipFile(path, "w") as file:
            for name, text in members.items():
                file.writestr(f"{name}.txt", text)
        return sorted((o.source, o.status) for o in run(ledger, embedder, path))

    assert pack(하나="첫 글이다.", 둘="둘째 글이다.") == [("모음.zip/둘.txt", "added"), ("모음.zip/하나.txt", "added")]
    assert pack(하나="첫 글이다.", 둘="고친 글이다.", 셋="\x00") == [
        ("모음.zip/둘.txt", "updated"),
        ("모음.zip/셋.txt", "failed"),
        ("모음.zip/하나.txt", "unchanged"),
    ]


def test_a_copy_beside_a_zip_does_not_take_its_member_over(
    ledger: Ledger, embedder: HashEmbedder, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "모음.zip", "w") as file:
        file.writestr("글.txt", "같은 글이다.")
    (tmp_path / "글.txt").write_text("같은 글이다.", "utf-8")
    for _ in range(2):
        outcomes = run(ledger, embedder, tmp_path)
    assert {outcome.status for outcome in outcomes} == {"unchanged"}
    assert len(ledger.sources()) == 2


def test_a_story_becomes_scenes_with_requests(ledger: Ledger, embedder: HashEmbedder, tmp_path: Path) -> None:
    path = tmp_path / "creative" / "소설.txt"
    path.parent.mkdir()
    path.write_text(f"제1장\n\n{SCENE}\n\n***\n\n{OTHER_SCENE}", "utf-8")
    (outcome,) = run(ledger, embedder, path, genre="로맨스")
    chunks = sorted(ledger.chunks(ledger.chunk_ids()).values(), key=lambda chunk: chunk.span.start)
    assert outcome.chunks == len(chunks) == 2
    for chunk in chunks:
        assert chunk.example is not None
        assert chunk.example.genre == "로맨스"
        assert chunk.example.request
        assert "제1장" not in chunk.text


def test_pieces_that_cannot_serve_are_left_out_with_a_reason(
    ledger: Ledger, embedder: HashEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "creative" / "글.jsonl"
    path.parent.mkdir()
    rows = [SCENE, SCENE + " 끝.", "This is an English text about nothing at all. " * 10]
    path.write_text("\n".join(json.dumps({"request": "장면", "text": text}) for text in rows), "utf-8")
    (outcome,) = run(ledger, embedder, path)
    assert outcome.chunks == 1
    assert sum(change.count for change in outcome.left_out) == 2
    assert len({change.name for change in outcome.left_out}) == 2


def test_a_text_of_which_nothing_can_serve_is_an_error_with_a_way_out(
    ledger: Ledger, embedder: HashEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "creative" / "page.txt"
    path.parent.mkdir()
    path.write_text("This is an English text about nothing at all. " * 30, "utf-8")
    (outcome,) = run(ledger, embedder, path, kind="creative")
    assert outcome.status == "failed"
    assert "--kind" in outcome.hint
    (outcome,) = run(ledger, embedder, path)
    assert (outcome.status, outcome.kind) == ("added", "general")


def test_personal_data_is_masked_where_asked(ledger: Ledger, embedder: HashEmbedder, tmp_path: Path) -> None:
    path = tmp_path / "명부.txt"
    path.write_text("김하늘의 번호는 850101-1234567이다.", "utf-8")
    run(ledger, embedder, path)
    assert "850101" in ledger.document("명부.txt").text
    (outcome,) = run(ledger, embedder, path, mask_personal=True)
    assert outcome.status == "updated"
    assert "1234567" not in ledger.document("명부.txt").text


def test_progress_counts_files_and_pieces(ledger: Ledger, embedder: HashEmbedder, folder: Path) -> None:
    seen: list[Progress] = []
    list(ingest(Job((folder,)), ledger, embedder, OneStatement(), KOREAN, seen.append))
    assert seen[-1].files == 2
    assert max(progress.done for progress in seen) == 2
    assert max(progress.chunks for progress in seen) == len(ledger.chunk_ids())


def test_hard_wrapped_text_flows_again(ledger: Ledger, embedder: HashEmbedder, tmp_path: Path) -> None:
    sentence = "우리 회사는 봄마다 새로 거둔 찻잎을 손으로 고르고 무쇠솥에서 세 번 덖은 다음 그늘에서 말린다. "
    words = (sentence * 12).split()
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 34:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    path = tmp_path / "안내.txt"
    path.write_text("\n".join([*lines, line]), "utf-8")
    (outcome,) = run(ledger, embedder, path)
    assert sentence.strip() in ledger.document("안내.txt").text
    assert [change.name for change in outcome.changes] == ["줄바꿈 이음"]
