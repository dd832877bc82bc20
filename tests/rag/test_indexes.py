from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import Job, Korean, Ledger, ingest
from rag import Projections, Retriever
from rag.indexes.vectors import ChromaVectors, ExactVectors
from rag.indexes.words import WordIndex
from rag.retrieval import fuse
from tests.fakes import HashEmbedder, NoStatements

TEXTS = {
    "facts/본사.txt": "본사는 강남구 서초동에 위치한다.",
    "facts/제품.txt": "신뢰도 점수가 낮으면 기존 해석기로 되돌린다.",
    "facts/지점.txt": "부산 사무소는 해운대에서 문을 열었다.",
    "creative/눈.txt": "“눈이 와.” 그가 말했다. 골목 끝까지 하얗게 덮인 아침이었고, 아무도 먼저 발자국을 내지 않았다.",
}


def take_in(ledger: Ledger, embedder: HashEmbedder, root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert all(o.status != "failed" for o in ingest(Job((root,)), ledger, embedder, NoStatements(), Korean()))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "자료"


@pytest.fixture
def projections(ledger: Ledger, embedder: HashEmbedder, korean: Korean, root: Path) -> Projections:
    take_in(ledger, embedder, root, TEXTS)
    return Projections(ledger.path.parent, ledger, korean, embedder.identity)


@pytest.fixture
def retriever(ledger: Ledger, embedder: HashEmbedder, projections: Projections) -> Retriever:
    return Retriever(ledger, projections, embedder)  # type: ignore[arg-type]


@pytest.mark.parametrize("query", ["서초동이 어디야?", "서초동은?", "서초동", "강남구에 있는 것"])
@pytest.mark.parametrize("how", ["words", "hybrid"])
def test_inflected_questions_find_their_passage(retriever: Retriever, query: str, how: str) -> None:
    best = retriever.search(query, 1, "facts", how)[0]  # type: ignore[arg-type]
    assert best.chunk.text == TEXTS["facts/본사.txt"]
    assert "words" in best.via


def test_kinds_are_kept_apart(retriever: Retriever) -> None:
    assert {hit.chunk.kind for hit in retriever.search("눈이 와", 9, "creative")} == {"creative"}
    assert {hit.chunk.kind for hit in retriever.search("눈이 와", 9, "facts")} == {"facts"}


@pytest.mark.parametrize("query", ["", "   ", "?!", '" OR chunk_id:x', "NEAR(", "x" * 5000])
def test_odd_queries_break_nothing(retriever: Retriever, query: str) -> None:
    retriever.search(query)


def test_edits_and_deletions_reach_every_index(
    ledger: Ledger, embedder: HashEmbedder, projections: Projections, retriever: Retriever, root: Path
) -> None:
    take_in(ledger, embedder, root, {"facts/본사.txt": "본사는 판교에 위치한다."})
    ledger.forget("자료/facts/지점.txt")
    projections.catch_up()
    assert projections.problems() == []
    texts = {
        hit.chunk.text for how in ("words", "vectors") for hit in retriever.search("본사 사무소 위치", 9, None, how)
    }
    assert "본사는 판교에 위치한다." in texts
    assert not texts & {TEXTS["facts/본사.txt"], TEXTS["facts/지점.txt"]}


def test_a_forgotten_chunk_is_never_served_even_by_a_stale_index(ledger: Ledger, retriever: Retriever) -> None:
    ledger.forget("자료/facts/본사.txt")
    assert all("서초동" not in hit.chunk.text for hit in retriever.search("서초동", 9))


def test_chroma_agrees_with_exact_search(ledger: Ledger, embedder: HashEmbedder, projections: Projections) -> None:
    exact = ExactVectors(ledger)
    assert isinstance(projections.vectors, ChromaVectors)
    for query in ("본사 위치", "점수", "눈"):
        vector = embedder.embed_query_vector(query)
        for kind in (None, "facts", "creative"):
            ours = projections.vectors.search(vector, 9, kind)
            theirs = exact.search(vector, 9, kind)
            assert [score for _, score in ours] == pytest.approx([score for _, score in theirs], abs=1e-5)
            assert {i for i, score in ours if score > 0.01} == {i for i, score in theirs if score > 0.01}


def test_only_one_process_owns_chroma_and_the_other_sees_the_truth(
    ledger: Ledger, embedder: HashEmbedder, projections: Projections, korean: Korean, root: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from ingest import Korean, Ledger;"
        "from rag import Projections, Retriever;"
        "from tests.fakes import HashEmbedder; home = Path(sys.argv[1]); ledger = Ledger(home / 'ledger.db');"
        "projections = Projections(home, ledger, Korean(), 'trigrams');"
        "print(projections.is_owner, Retriever(ledger, projections, HashEmbedder()).search('서초동', 1)[0].chunk.text)"
    )
    command = [sys.executable, "-c", code, str(ledger.path.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == f"False {TEXTS['facts/본사.txt']}"


@pytest.mark.parametrize("damage", ["truncate", "garbage", "remove"])
@pytest.mark.parametrize("victim", ["chroma.sqlite3", "words.db"])
def test_damaged_indexes_are_built_anew(
    ledger: Ledger,
    embedder: HashEmbedder,
    projections: Projections,
    korean: Korean,
    damage: str,
    victim: str,
) -> None:
    projections.close()
    home = ledger.path.parent
    for path in [path for path in home.rglob("*") if path.name == victim]:
        match damage:
            case "truncate":
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            case "garbage":
                path.write_bytes(b"\xaa" * path.stat().st_size)
            case "remove":
                path.unlink()
    again = Projections(home, ledger, korean, embedder.identity)
    assert again.problems() == []
    assert Retriever(ledger, again, embedder).search("서초동", 1)[0].chunk.text == TEXTS["facts/본사.txt"]  # type: ignore[arg-type]
    again.close()


def test_a_store_is_probed_only_where_it_was_not_closed(
    ledger: Ledger,
    embedder: HashEmbedder,
    projections: Projections,
    korean: Korean,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed = tmp_path / "killed"
    shutil.copytree(ledger.path.parent, killed)
    projections.close()
    probes = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: probes.append(args) or run(*args, **options))
    next(ledger.path.parent.rglob("chroma.sqlite3")).touch()
    Projections(ledger.path.parent, ledger, korean, embedder.identity).close()
    assert probes == []
    other = Ledger(killed / "ledger.db")
    Projections(killed, other, korean, embedder.identity).close()
    assert len(probes) == 1
    other.close()


def test_a_rebuild_gives_the_same_answers(projections: Projections, retriever: Retriever) -> None:
    before = retriever.search("본사 점수 사무소", 9)
    projections.rebuild()
    assert projections.problems() == []
    assert [hit.chunk for hit in retriever.search("본사 점수 사무소", 9)] == [hit.chunk for hit in before]


def test_words_of_another_ledger_are_dropped(
    ledger: Ledger, projections: Projections, korean: Korean, tmp_path: Path
) -> None:
    projections.words.close()
    fresh = Ledger(tmp_path / "other" / "ledger.db")
    index = WordIndex(ledger.path.parent / "words.db", fresh, korean)
    index.catch_up()
    assert index.search("서초동", 5) == []


def test_fusion_weighs_standard_scores() -> None:
    fused = fuse(
        {"words": [("a", 10.0), ("b", 0.0)], "vectors": [("b", 0.9), ("c", 0.1)]},
        {"words": 0.7, "vectors": 0.3, "graph": 0.0},
    )
    assert [chunk_id for chunk_id, _, _ in fused] == ["a", "b", "c"]
    assert {chunk_id: via for chunk_id, _, via in fused}["b"] == ("words", "vectors")
    assert fuse({"words": [], "vectors": []}, {"words": 1.0, "vectors": 1.0, "graph": 0.0}) == []
