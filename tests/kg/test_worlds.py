from __future__ import annotations

from pathlib import Path

from kg_world import document

from ingest import ONTOLOGY_FILE, Document, Korean
from kg import WorldExtractor, united

FIRST = """
name = "first"
[relations.sells]
label = "파는 것"
domain = "회사"
range = "제품"
answer = "{subject}은 {object}을 팝니다."
[[entities]]
name = "가온상사"
class = "회사"
[[entities]]
name = "물감"
class = "제품"
"""
SECOND = 'name = "second"\n[[entities]]\nname = "나래상회"\nclass = "회사"'


def ontology(text: str, name: str) -> Document:
    return document(text, f"{name}/{ONTOLOGY_FILE}")


def test_a_file_without_an_ontology_reads_the_same_whatever_came_first(korean: Korean, tmp_path: Path) -> None:
    held: list[Document] = []
    extract = WorldExtractor(korean, lambda: held)
    text = document("가온상사는 물감을 판다. 나래상회도 물감을 판다.")
    path = tmp_path / "글.md"
    said = []
    for order in ([FIRST, SECOND], [SECOND, FIRST]):
        held[:] = [ontology(each, each[8:14]) for each in order]
        said.append((extract(text, path), extract.settings(path)))
    assert said[0] == said[1]
    assert {s.subject for s in said[0][0]} == {"가온상사", "나래상회"}


def test_settings_change_with_what_is_held(korean: Korean, tmp_path: Path) -> None:
    held: list[Document] = []
    extract = WorldExtractor(korean, lambda: held)
    path = tmp_path / "글.md"
    before = extract.settings(path)
    held.append(ontology(FIRST, "first"))
    assert extract.settings(path) != before


def test_an_ontology_beside_the_file_comes_first(korean: Korean, tmp_path: Path) -> None:
    (tmp_path / ONTOLOGY_FILE).write_text(SECOND, "utf-8")
    extract = WorldExtractor(korean, lambda: [ontology(FIRST, "first")])
    assert extract(document("가온상사는 물감을 판다."), tmp_path / "글.md") == []


def test_equal_ontologies_are_united_once() -> None:
    assert united([ontology(FIRST, "a")]) is united([ontology(FIRST, "a")])
