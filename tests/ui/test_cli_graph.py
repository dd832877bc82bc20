"""``loopai graph``: shown, exported and examined, with places that a person can open."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from typer.testing import CliRunner

from ingest import Document, Ledger, Span, Statement
from ui.cli import cli

ONTOLOGY = """name = "w"
facts = ["가온상사 | located_in | 마포구"]
[relations.has_ceo]
label = "대표"
domain = "회사"
range = "사람"
functional = true
answer = "{subject}의 대표는 {object}입니다."
[[entities]]
name = "가온상사"
class = "회사"
aliases = ["가온"]
[[entities]]
name = "김다솜"
class = "사람"
[[entities]]
name = "이라온"
class = "사람"
"""
TEXT = "2018년부터 대표는 김다솜이다. 2021년부터 대표는 이라온이다."
FIRST, SECOND = TEXT[:18], TEXT[19:]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    put(tmp_path, "w/ontology.toml", ONTOLOGY)
    return tmp_path


def put(home: Path, name: str, text: str, *statements: Statement) -> None:
    ledger = Ledger(home / "ledger.db")
    document = Document(name, name, "", text, "facts")
    ledger.replace(document, [], np.zeros((0, 4), np.float32), statements, path=name, sha256=text, settings="")
    ledger.close()


def ceo(name: str, since: str = "") -> Statement:
    start = TEXT.index(FIRST if name == "김다솜" else SECOND)
    return Statement("가온상사", "has_ceo", name, Span("안내.md", start, start + 18), since=since)


@pytest.fixture
def run(home: Path) -> Callable[..., Any]:
    def call(*arguments: str, status: int = 0) -> Any:
        result = CliRunner().invoke(cli, ["graph", *arguments, "--home", str(home)])
        assert result.exit_code == status, result.output
        return json.loads(result.stdout) if "--json" in arguments else result.stdout

    return call


def test_facts_of_an_entity_at_a_date(home: Path, run: Callable[..., Any]) -> None:
    put(home, "안내.md", TEXT, ceo("김다솜", "2018년"), ceo("이라온", "2021년"))
    for at, name in (("", "이라온"), ("2019-05", "김다솜"), ("2021년", "이라온")):
        facts = run("show", "가온", "--at", at, "--json")["facts"]
        (told,) = [fact for fact in facts if fact["relation"] == "has_ceo"]
        assert (told["object"], told["label"], told["rule"]) == (name, "대표", "")
        (source,) = told["sources"]
        assert TEXT[source["start"] : source["end"]] == source["text"]
        assert name in source["text"]
    shown = run("show", "가온상사")
    assert "가온상사 —위치→ 서울특별시  ← 위치: 이어진다(이행성)" in shown
    assert f"“{SECOND}” 안내.md 19–37" in shown
    assert "김다솜" not in shown
    assert run("show", "없는 회사", "--json", status=1)["facts"] == []
    assert run("validate", "--json") == {"ok": True, "problems": [], "contradictions": []}


def test_the_overview_counts_what_is_said_and_what_follows(home: Path, run: Callable[..., Any]) -> None:
    put(home, "안내.md", TEXT, replace(ceo("김다솜"), mode="denied"), replace(ceo("이라온"), object="없는 사람"))
    overview = run("show", "--json")
    assert overview["entities"] > 3
    assert overview["stated"] > 1
    assert overview["derived"] >= 2  # 가온상사 lies in 서울특별시 and in 대한민국
    assert (overview["not_asserted"], overview["not_covered"]) == ({"denied": 1}, 1)
    shown = run("show")
    assert "위치" in shown
    assert "아니라고 함 1" in shown
    assert "그래프 밖에 둔 것 1" in shown


@pytest.mark.parametrize("format_", ["graphml", "turtle", "json"])
def test_exports(run: Callable[..., Any], tmp_path: Path, format_: str) -> None:
    file = tmp_path / "그래프"
    assert run("export", "--format", format_, "--out", str(file)) == ""
    text = file.read_text("utf-8")
    assert run("export", "--format", format_).rstrip("\n") == text.rstrip("\n")
    if format_ == "graphml":
        assert nx.read_graphml(file).has_edge("가온상사", "서울특별시")
    if format_ == "json":
        links = json.loads(text)["links"]
        assert {"가온상사", "서울특별시"} in [{link["source"], link["target"]} for link in links]


@pytest.mark.parametrize(
    "arguments", [["export", "--format", "csv"], ["show", "가온", "--at", "어제"], ["validate", "없는.toml"]]
)
def test_wrong_use(run: Callable[..., Any], arguments: list[str]) -> None:
    run(*arguments, status=2)


def test_contradictions_are_shown_with_both_sentences(home: Path, run: Callable[..., Any]) -> None:
    put(home, "안내.md", TEXT, ceo("김다솜"), ceo("이라온"))
    document = run("validate", "--json", status=1)
    (found,) = document["contradictions"]
    assert found["kind"] == "functional"
    assert {fact["sources"][0]["text"] for fact in found["facts"]} == {FIRST, SECOND}
    shown = run("validate", status=1)
    assert FIRST in shown
    assert SECOND in shown


def test_errors_of_a_file_name_its_line(run: Callable[..., Any], tmp_path: Path) -> None:
    good, bad, not_text = tmp_path / "좋음.toml", tmp_path / "나쁨.toml", tmp_path / "글자.toml"
    good.write_text(ONTOLOGY, "utf-8")
    bad.write_text(ONTOLOGY.replace('range = "사람"', 'range = "직원"'), "utf-8")
    not_text.write_bytes(ONTOLOGY.encode("cp949"))
    assert "이상 없습니다." in run("validate", str(good))
    document = run("validate", str(good), str(bad), str(not_text), "--json", status=1)
    wrong, unreadable = document["problems"]
    assert (wrong["source"], wrong["line"], wrong["key"]) == (str(bad), 6, "relations.has_ceo.range")
    assert wrong["hint"]
    assert unreadable["source"] == str(not_text)


def test_held_ontologies_that_contradict_each_other(home: Path, run: Callable[..., Any]) -> None:
    put(home, "v/ontology.toml", ONTOLOGY.replace('name = "김다솜"\nclass = "사람"', 'name = "김다솜"\nclass = "회사"'))
    (problem,) = run("validate", "--json", status=1)["problems"]
    assert problem["line"]
    assert "김다솜" in problem["key"]


def test_what_is_unsure_waits_for_a_decision_that_stays(home: Path, run: Callable[..., Any]) -> None:
    unsure = replace(ceo("김다솜"), status="candidate", confidence=0.5)
    put(home, "안내.md", TEXT, unsure, replace(ceo("이라온"), relation="open:이끌다", status="candidate"))
    assert run("show", "김다솜", "--json", status=1)["facts"] == []
    (waiting,) = run("review", "--json")["statements"]
    assert (waiting["object"], waiting["text"], waiting["status"]) == ("김다솜", FIRST, "candidate")
    run("review", "--approve", "없는번호", status=1)
    assert run("review", "--approve", waiting["id"], "--json") == {"statements": [], "decided": 1}
    assert run("show", "김다솜", "--json")["facts"]
    run("review", "--status", "approved", "--reject", waiting["id"])
    assert run("show", "김다솜", "--json", status=1)["facts"] == []
