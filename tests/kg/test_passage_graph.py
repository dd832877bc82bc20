"""Names that no ontology knows, the file that keeps them, and the walk from passage to passage."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kg_world import document

from ingest import Chunk, Document, Korean, Ledger, Span, chunk
from kg import Graph, Ontology
from kg.name_index import NameIndex
from kg.open_names import PassageNames, Sentence, open_names, read_passage
from kg.passage_graph import Link, PassageGraph, fact_links, plain_aliases

# The fixtures of another package's tests are not ours to see; this analyser learns no names.


@pytest.fixture(scope="session")
def plain() -> Korean:
    return Korean()


def hold(ledger: Ledger, source: str, text: str) -> None:
    chunks = chunk(document(text, source))
    vectors = np.zeros((len(chunks), 2), dtype=np.float32)
    ledger.replace(document(text, source), chunks, vectors, [], path=source, sha256="", settings="")


def passage(chunk_id: str, *sentences: tuple[str, ...], headings: tuple[str, ...] = ()) -> PassageNames:
    return PassageNames(chunk_id, headings, tuple(Sentence(i * 10, i * 10 + 9, s) for i, s in enumerate(sentences)))


def assert_same(one: PassageGraph, other: PassageGraph) -> None:
    assert (one.chunk_ids, one.sentences, one.names) == (other.chunk_ids, other.sentences, other.names)
    assert dict(one.nodes) == dict(other.nodes)
    assert (one.weights != other.weights).nnz == 0
    assert np.array_equal(one.importance, other.importance)


# -- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("대표이사는 윤태경이다.", {"윤태경"}),
        ("본사는 강남구 서초동에 위치한다.", {"강남구", "서초동", "강남구 서초동"}),
        ("주력 제품으로 SolverX Fusion을 개발한다.", {"SolverX", "Fusion", "SolverX Fusion"}),
        ("그래프 신경망(GNN)을 사용한다.", {"GNN", "그래프 신경망"}),
        ("Fusion 3.1은 2025년에 출시되었습니다.", {"Fusion 3.1"}),
        ("너울 칼국수는 누름라인에서 만든다.", {"너울 칼국수"}),
        ("그는 『하늘만화총서』를 소장하고 있다.", {"하늘만화총서"}),
        ("가수 마이클 잭슨을 좋아한다.", {"마이클", "잭슨", "마이클 잭슨"}),
    ],
)
def test_names_are_found_without_an_ontology(plain: Korean, text: str, expected: set[str]) -> None:
    assert expected <= set(open_names(text, plain.tokenize(text)))


@pytest.mark.parametrize(
    "text",
    [
        "모르면 모른다고 말한다.",
        "회사가 지키려는 원칙은 세 가지다.",
        "빨리 많이 먹었다.",
        "15,800원과 3시간",
        "",
        "…?!",
    ],
)
def test_what_names_nothing_gives_no_name(plain: Korean, text: str) -> None:
    assert list(open_names(text, plain.tokenize(text))) == []


@pytest.mark.parametrize(("text", "name"), [("복주머니 만두 980g을 판다.", "복주머니 만두"), ("소장님들이 왔다.", "")])
def test_neither_numbers_that_count_nor_affixes_belong_to_a_name(plain: Korean, text: str, name: str) -> None:
    found = set(open_names(text, plain.tokenize(text)))
    assert not any("980" in each or each.endswith("들") for each in found)
    assert not name or name in found


def test_a_table_row_is_one_sentence_and_headings_count_for_the_whole_passage(plain: Korean) -> None:
    text = "| 부서 | 책임자 |\n|---|---|\n| 마케팅팀 | 윤태경 |\n\n한지우는 서울에 산다. 부산에는 가지 않는다."
    found = read_passage(Chunk(Span("d", 0, len(text)), "d.md", "facts", text, ("대전 연구소",)), plain)
    assert "대전 연구소" in found.headings
    held = {text[s.start : s.end]: set(s.names) for s in found.sentences}
    assert {"마케팅팀", "윤태경"} <= held["마케팅팀 | 윤태경"]
    assert {"한지우", "서울"} <= held["한지우는 서울에 산다."]
    assert "부산" in held["부산에는 가지 않는다."]


# -- the walk ----------------------------------------------------------------------------------------

CHAIN = [
    passage("1", ("너울 칼국수", "누름라인")),
    passage("2", ("누름라인", "군산 공장")),
    passage("3", ("군산 공장", "여진솔")),
    passage("4", ("쪽빛 간장", "충주 공장")),
    passage("5", ("쪽빛 간장", "메주방")),
]


def test_a_walk_reaches_passages_hops_away_and_nearer_ones_first() -> None:
    found = PassageGraph.build(CHAIN).search("너울 칼국수를 만드는 공장의 책임자는?")
    assert [chunk_id for chunk_id, _ in found] == ["1", "2", "3"]


@pytest.mark.parametrize("question", ["오늘 날씨는 어때요?", "너울칼국숫집은 어디야?", "", "칼국수"])
def test_a_question_that_names_nothing_held_finds_nothing(question: str) -> None:
    assert PassageGraph.build(CHAIN).search(question) == []


@pytest.mark.parametrize("question", ["너울칼국수의 값은?", "너울  칼국수는요?", "그 너울 칼국수에서", "NFD"])
def test_names_are_found_whatever_spaces_and_particles(question: str) -> None:
    graph = PassageGraph.build(CHAIN)
    text = unicodedata.normalize("NFD", "너울 칼국수의 값은?") if question == "NFD" else question
    assert next(chunk_id for chunk_id, _ in graph.search(text)) == "1"


def test_the_longest_name_is_meant_and_parts_of_words_are_not() -> None:
    graph = PassageGraph.build([passage("1", ("서울",)), passage("2", ("서울 사무소",)), passage("3", ("서울대",))])
    named = [graph.names[node - graph.first_name] for _, _, node in graph.mentions("서울 사무소와 서울대에서 서울로")]
    assert named == ["서울 사무소", "서울대", "서울"]


def test_a_walk_may_start_at_passages_too() -> None:
    graph = PassageGraph.build(CHAIN)
    mass = graph.passage_mass(graph.walk(graph.start([], ["4", "gone"])))
    reached = {chunk_id for chunk_id, part in zip(graph.chunk_ids, mass, strict=True) if part > 0}
    assert reached == {"4", "5"}


def test_the_walk_is_the_pagerank_of_networkx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.passage_graph._STEPS", 100)
    lonely = passage("6", ())
    graph = PassageGraph.build([*CHAIN, lonely], [Link("여진솔", "맛연구소", ("2",))], {"진솔": "여진솔"})
    start = graph.start([graph.nodes["누름라인"]], ["4", "6"])
    theirs = nx.pagerank(
        graph.network(), alpha=0.7, personalization={node: mass for node, mass in enumerate(start) if mass}, tol=1e-12
    )
    ours = graph.walk(start)
    assert ours.sum() == pytest.approx(1.0)
    assert [theirs[node] for node in range(len(ours))] == pytest.approx(ours.tolist(), abs=1e-9)


def test_rare_names_matter_more() -> None:
    many = [passage(str(n), ("SolverX",)) for n in range(5)]
    graph = PassageGraph.build([*many, passage("rare", ("SolverX", "윤태경"))])
    by_name = dict(zip(graph.names, graph.importance, strict=True))
    assert by_name["윤태경"] == 1.0
    assert by_name["SolverX"] < by_name["윤태경"]


def test_aliases_are_one_node_and_facts_join_names(ontology: Ontology, graph_of: object) -> None:
    facts: Graph = graph_of("SolverX의 본사는 서초동에 위치한다.")  # type: ignore[operator]
    links = fact_links(facts, lambda source, position: "1")
    assert Link("SolverX", "서초동", ("1",)) in links
    passages = [passage("1", ("솔버엑스",)), passage("2", ("서초동",)), passage("3", ("부산",))]
    graph = PassageGraph.build(passages, links, plain_aliases(ontology))
    assert graph.nodes["솔버엑스"] == graph.nodes["solverx"]
    assert "SolverX" in graph.names
    assert "솔버엑스" not in graph.names
    assert [chunk_id for chunk_id, _ in graph.search("솔버엑스는?")] == ["1", "2"]


@settings(max_examples=25)
@given(st.permutations(CHAIN))
def test_the_order_of_passages_does_not_matter(passages: list[PassageNames]) -> None:
    assert_same(PassageGraph.build(passages), PassageGraph.build(CHAIN))


def test_an_empty_graph_finds_nothing() -> None:
    graph = PassageGraph.build([])
    assert graph.search("서울은?") == []
    assert len(graph.network()) == 0
    assert PassageGraph.build([], [Link("서울", "한강")]).search("서울은?") == []


# -- the index ---------------------------------------------------------------------------------------

TEXTS = (
    "가람상회는 마포구에 위치한다.",
    "# 나루서점\n\n나루서점은 강남구에 있다. 나루서점의 대표는 윤태경이다.",
    "윤태경은 서울에서 태어났다.\n\n| 부서 | 책임자 |\n|---|---|\n| 마케팅팀 | 윤태경 |",
    "값은 없었다.",
)


@pytest.fixture
def index(tmp_path: Path, ledger: Ledger, plain: Korean) -> Iterator[NameIndex]:
    opened = NameIndex(tmp_path / "names.db", ledger, plain)
    yield opened
    opened.close()


steps = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, len(TEXTS) - 1), st.booleans()), max_size=6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_after_any_changes_the_graph_is_that_of_the_final_documents(
    tmp_path_factory: pytest.TempPathFactory, plain: Korean, steps: list[tuple[int, int, bool]]
) -> None:
    home = tmp_path_factory.mktemp("home")
    ledger = Ledger(home / "ledger.db")
    index = NameIndex(home / "names.db", ledger, plain)
    held: dict[str, str] = {}
    for place, text, reopen in steps:
        source = f"{place}.md"
        if text >= 0:
            held[source] = TEXTS[text]
            hold(ledger, source, TEXTS[text])
        elif held.pop(source, None) is not None:
            ledger.forget(source)
        index.passages()
        if reopen:
            index.close()
            index = NameIndex(home / "names.db", ledger, plain)
    fresh = Ledger(home / "fresh.db")
    for source, text in held.items():
        hold(fresh, source, text)
    anew = NameIndex(home / "anew.db", fresh, plain)
    assert_same(PassageGraph.build(index.passages()), PassageGraph.build(anew.passages()))
    for part in (index, anew, ledger, fresh):
        part.close()


def test_what_was_read_is_not_read_again(
    index: NameIndex, ledger: Ledger, tmp_path: Path, plain: Korean, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(ledger, "a.md", TEXTS[0])
    read = index.passages()
    index.close()
    monkeypatch.setattr("kg.name_index.read_passage", lambda chunk, korean: pytest.fail("read again"))
    again = NameIndex(tmp_path / "names.db", ledger, plain)
    assert again.passages() == read
    again.close()


def test_what_is_forgotten_leaves_the_file(index: NameIndex, ledger: Ledger, tmp_path: Path) -> None:
    hold(ledger, "a.md", TEXTS[0])
    hold(ledger, "b.md", TEXTS[1])
    index.passages()
    assert "가람상회".encode() in (tmp_path / "names.db").read_bytes()
    ledger.forget("a.md")
    index.drop_dead()
    assert "가람상회".encode() not in (tmp_path / "names.db").read_bytes()
    assert "나루서점".encode() in (tmp_path / "names.db").read_bytes()


def test_names_that_the_analyser_learns_change_only_the_passages_that_hold_them(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(ledger, "a.md", "두루해양구조와 협약을 맺었다.")
    hold(ledger, "b.md", TEXTS[0])
    own = Korean()
    index = NameIndex(tmp_path / "names.db", ledger, own)
    index.passages()
    own.add_names(["두루해양구조"])
    read: list[str] = []

    def reading(chunk: Chunk, korean: Korean) -> PassageNames:
        read.append(chunk.source)
        return read_passage(chunk, korean)

    monkeypatch.setattr("kg.name_index.read_passage", reading)
    later = index.passages()
    index.close()
    assert read == ["a.md"]
    anew = NameIndex(tmp_path / "anew.db", ledger, own)
    assert later == anew.passages()
    anew.close()


@pytest.mark.parametrize("damage", ["garbage", "other database", "row", "folder", "unwritable folder"])
def test_a_damaged_file_costs_only_time(tmp_path: Path, ledger: Ledger, plain: Korean, damage: str) -> None:
    hold(ledger, "a.md", TEXTS[0])
    path = tmp_path / "names.db"
    index = NameIndex(path, ledger, plain)
    read = index.passages()
    index.close()
    match damage:
        case "garbage":
            path.write_bytes(b"\0garbage" * 1000)
        case "other database":
            path.unlink()
            sqlite3.connect(path).execute("CREATE TABLE passages (a)").connection.close()
        case "row":
            with sqlite3.connect(path) as db:
                db.execute("UPDATE passages SET names = '[1'")
            db.close()
        case "folder":
            path.unlink()
            path.mkdir()
        case "unwritable folder":
            path = tmp_path / "missing" / "names.db"
    again = NameIndex(path, ledger, plain)
    assert again.passages() == read
    again.close()
    again.clear()
    assert again.passages() == read
    again.close()


def test_two_analysers_may_use_one_file(tmp_path: Path, ledger: Ledger, plain: Korean) -> None:
    other = Korean()
    other.add_names(["두루해양구조"])
    hold(ledger, "a.md", "두루해양구조와 협약을 맺었다.")
    one, two = (NameIndex(tmp_path / "names.db", ledger, korean) for korean in (plain, other))
    read = one.passages()
    assert two.passages() != read
    hold(ledger, "b.md", "두루해양구조는 부산에 있다.")
    assert [p.chunk_id for p in one.passages()] == [p.chunk_id for p in two.passages()]
    for opened, korean in ((one, plain), (two, other)):
        opened.close()
        again, anew = (NameIndex(tmp_path / name, ledger, korean) for name in ("names.db", f"{id(korean)}.db"))
        assert again.passages() == anew.passages()
        again.close()
        anew.close()


def test_only_facts_are_read(index: NameIndex, ledger: Ledger) -> None:
    hold(ledger, "a.md", TEXTS[0])
    story = Document("s", "s.txt", "", TEXTS[1], "creative")
    chunks = chunk(story)
    ledger.replace(story, chunks, np.zeros((len(chunks), 2), np.float32), [], path="s", sha256="", settings="")
    assert {name for p in index.passages() for s in p.sentences for name in s.names} == {"가람상회", "마포구"}
