from __future__ import annotations

import re

import pytest
from kg_world import WORLD

from ingest import Document
from kg import Ontology, OntologyError, extend, general_ontology, parse_ontology, united

BASE = """
name = "w"
[classes."회사"]
[relations.r]
label = "관계"
domain = "회사"
range = "회사"
answer = "{subject}은 {object}."
[[entities]]
name = "가나"
class = "회사"
"""


def test_facts_cite_the_content_of_their_string(ontology: Ontology) -> None:
    assert [fact.triple for fact in ontology.facts][:2] == [
        ("서초동", "located_in", "강남구"),
        ("강남구", "located_in", "서울"),
    ]
    for fact in ontology.facts:
        (citation,) = fact.evidence
        assert citation.source == "world.toml"
        assert WORLD[citation.start : citation.end] == citation.text == " | ".join(fact.triple)


@pytest.mark.parametrize(
    ("cls", "ancestor", "expected"),
    [
        ("회사", "조직", True),
        ("회사", "것", True),
        ("조직", "회사", False),
        ("연도", "것", False),
        ("연도", "연도", True),
        ("없는 클래스", "조직", False),
    ],
)
def test_is_a(ontology: Ontology, cls: str, ancestor: str, expected: bool) -> None:
    assert ontology.is_a(cls, ancestor) is expected


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("name = ", ""),
        ('name = "w"\ncolour = 1', "colour"),
        ("title = '이름 없음'", "name"),
        (BASE + 'aliases = "글자"', "entities[0].aliases"),
        (BASE + '[[entities]]\nname = "가나"\nclass = "회사"', "entities[1].name"),
        (BASE + '[[entities]]\nname = "다라"\nclass = "회사"\naliases = ["가 나"]', "entities(다라).aliases"),
        ('facts = ["가나 | r"]\n' + BASE, "facts[0]"),
        ('facts = ["가나 | r | "]\n' + BASE, "facts[0]"),
        (BASE + '[classes.a]\nparent = "b"\n[classes.b]\nparent = "a"', "classes.a.parent"),
        (BASE + '[classes."연도"]', "classes.연도"),
        (BASE.replace("relations.r", 'relations."관계"'), "relations.관계"),
        (BASE.replace("{object}.", "{thing}."), "relations.r.answer"),
        (BASE.replace("answer =", 'patterns = ["{subject}만 있다"]\nanswer ='), "relations.r.patterns[0]"),
        (BASE + '[[rules]]\nname = "하나"\nif = ["r"]\nthen = "r"', "rules[0].if"),
        (BASE.replace("label =", 'transitive = "yes"\nlabel ='), "relations.r.transitive"),
    ],
)
def test_errors_of_one_file_name_the_key(text: str, key: str) -> None:
    with pytest.raises(OntologyError) as caught:
        parse_ontology(text, "세계/ontology.toml")
    assert caught.value.key == key
    assert str(caught.value).startswith("세계/ontology.toml: ")
    assert re.search("[가-힣]", caught.value.hint)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (BASE.replace('domain = "회사"', 'domain = "기업"'), "relations.r.domain"),
        (BASE.replace('label = "관계"', ""), "relations.r.label"),
        (BASE.replace("answer =", 'inverse = "s"\nanswer ='), "relations.r.inverse"),
        (BASE + '[classes.x]\nparent = "y"', "classes.x.parent"),
        (BASE + '[[entities]]\nname = "다라"\nclass = "대학"', "entities(다라).class"),
        (BASE + '[[rules]]\nname = "없다"\nif = ["r", "s"]\nthen = "r"', "rules[0](없다)"),
        ('facts = ["가나 | s | 가나"]\n' + BASE, "facts(가나 | s | 가나)"),
        ('facts = ["가나 | r | 마바"]\n' + BASE, "facts(가나 | r | 마바)"),
        ('subject = "마바"\n' + BASE, "subject"),
    ],
)
def test_errors_of_reference_name_the_key(text: str, key: str) -> None:
    with pytest.raises(OntologyError) as caught:
        extend(parse_ontology('name = "base"', "base.toml"), parse_ontology(text, "ontology.toml"))
    assert caught.value.key == key
    assert caught.value.hint


def test_a_world_adds_ways_to_say_and_ask() -> None:
    general = parse_ontology(BASE.replace("answer =", 'patterns = ["{object}을 산"]\nanswer ='), "general.toml")
    world = parse_ontology('name = "v"\n[relations.r]\npatterns = ["{object}을 인수"]\nquestions = ["인수"]', "o.toml")
    relation = extend(general, world).relations["r"]
    assert relation.patterns == ("{object}을 산", "{object}을 인수")
    assert (relation.label, relation.questions) == ("관계", ("인수",))


def test_a_world_may_not_redefine_a_relation() -> None:
    general = parse_ontology(BASE, "general.toml")
    world = parse_ontology('name = "v"\n[relations.r]\nrange = "것"', "o.toml")
    with pytest.raises(OntologyError, match=r"relations\.r\.range"):
        extend(general, world)


def test_the_general_ontology_is_sound() -> None:
    general = general_ontology()
    assert general.relations["located_in"].transitive


def test_a_question_without_a_name_has_a_subject_only_where_one_world_is_held() -> None:
    def world(name: str, subject: str) -> Document:
        head = f'name = "{name}"\ntitle = "{subject}"\nsubject = "{subject}"\n'
        text = head + f'[[entities]]\nname = "{subject}"\nclass = "회사"\n'
        return Document(name, f"{name}/ontology.toml", name, text, "facts")

    first, second = world("a", "가온상사"), world("b", "나래식품")
    assert united([first]).subject == "가온상사"
    both = united([first, second])
    assert both.subject == ""
    assert {"가온상사", "나래식품"} <= set(both.entities)
