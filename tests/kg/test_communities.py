"""Overviews: what belongs together, and the sentences that say it, verbatim and with their places."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from kg_world import document

from ingest import Korean, Ledger, chunk
from kg.communities import answer_overview, asks_for_overview, find_communities
from kg.name_index import NameIndex
from kg.passage_graph import PassageGraph

FOODS = """# 느루찬식품

느루찬식품은 충주 공장과 군산 공장을 운영한다. 쪽빛 간장은 충주 공장에서 만든다.

군산 공장에는 누름라인이 있다. 너울 칼국수는 누름라인에서 만든다. 너울 칼국수는 군산 공장의 첫 제품이다.

쪽빛 간장은 느루찬식품의 첫 제품이다. 충주 공장에서는 쪽빛 간장을 담근다.
"""
LIBRARY = """# 하늘도서관

달무리도서관은 달빛독서회를 진행한다. 솔재도서관은 하늘만화총서를 소장한다.

달빛독서회는 달무리도서관에서 금요일에 모인다. 솔재도서관과 달무리도서관은 하늘도서관의 분관이다.

하늘도서관은 솔재도서관의 하늘만화총서를 빌려준다. 달빛독서회는 하늘도서관이 연다.
"""


@pytest.fixture
def graph(tmp_path: Path, ledger: Ledger, korean: Korean) -> PassageGraph:
    for source, text in (("foods.md", FOODS), ("library.md", LIBRARY)):
        chunks = chunk(document(text, source))
        vectors = np.zeros((len(chunks), 2), dtype=np.float32)
        ledger.replace(document(text, source), chunks, vectors, [], path=source, sha256="", settings="")
    index = NameIndex(tmp_path / "names.db", ledger, korean)
    built = PassageGraph.build(index.passages())
    index.close()
    return built


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("자료는 전체적으로 어떤 주제를 다루나요?", True),
        ("느루찬식품을 요약해 줘.", True),
        ("전반적인 내용을 알려 주세요.", True),
        (unicodedata.normalize("NFD", "전체적으로 어떤가요?"), True),
        ("무슨 내용이야?", True),
        ("느루찬식품의 대표는 누구인가요?", False),
        ("전체 직원은 몇 명이야?", False),
        ("", False),
    ],
)
def test_overview_questions_are_told_from_others(question: str, expected: bool) -> None:
    assert asks_for_overview(question) is expected


def test_communities_are_of_names_that_stand_together(graph: PassageGraph) -> None:
    found = find_communities(graph)
    together = [set(community.names) for community in found]
    assert any({"쪽빛 간장", "충주 공장"} <= names for names in together)
    assert any({"달무리도서관", "달빛독서회"} <= names for names in together)
    assert not any({"쪽빛 간장", "달빛독서회"} <= names for names in together)
    assert find_communities(graph) == found


def test_an_overview_of_all_has_a_sentence_of_each_community(
    graph: PassageGraph, ledger: Ledger, korean: Korean
) -> None:
    answer = answer_overview("자료는 전체적으로 어떤 주제를 다루나요?", graph, ledger, korean)
    assert answer is not None
    assert {citation.source for citation in answer.citations} == {"foods.md", "library.md"}
    for citation in answer.citations:
        assert citation.text in answer.text
        assert ledger.document(citation.source).text[citation.start : citation.end] == citation.text


def test_an_overview_of_what_is_named_speaks_of_it_only(graph: PassageGraph, ledger: Ledger, korean: Korean) -> None:
    answer = answer_overview("느루찬식품은 전반적으로 어떤 곳인가요?", graph, ledger, korean)
    assert answer is not None
    assert answer.text == "\n".join(citation.text for citation in answer.citations)
    assert {citation.source for citation in answer.citations} == {"foods.md"}
    assert len(answer.citations) > 1


@pytest.mark.parametrize(
    "question",
    [
        "느루찬식품의 복지 제도를 요약해 줘.",
        "한빛소재를 요약해 줘.",
        "느루찬식품과 달무리도서관의 관계를 요약해 줘.",
        "느루찬식품의 공장은 어디야?",
        "느루찬식품의 2031년 계획을 요약해 줘.",
        "느루찬식품은 무슨 이야기를 부인했나요?",
        "3화는 어떤 내용이야?",
    ],
)
def test_what_no_passage_speaks_of_has_no_overview(
    graph: PassageGraph, ledger: Ledger, korean: Korean, question: str
) -> None:
    assert answer_overview(question, graph, ledger, korean) is None


def test_what_was_forgotten_is_in_no_overview(graph: PassageGraph, ledger: Ledger, korean: Korean) -> None:
    ledger.forget("library.md")  # the graph has not caught up yet
    answer = answer_overview("전체적으로 무슨 내용이야?", graph, ledger, korean)
    assert answer is not None
    assert {citation.source for citation in answer.citations} == {"foods.md"}


def test_nothing_held_gives_no_overview(ledger: Ledger, korean: Korean) -> None:
    assert answer_overview("전체적으로 무슨 내용이야?", PassageGraph.build([]), ledger, korean) is None
    assert find_communities(PassageGraph.build([])) == ()
