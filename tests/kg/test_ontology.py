from __future__ import annotations

import re

import pytest
from kg_world import WORLD

from ingest import Document
from kg import Ontology, OntologyError, extend, general_ontology, parse_ontology, united
from kg.toml_places import Places, nearest_line

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
    assert str(caught.value).startswith("세계/ontology.toml:")
    assert re.search("[가-힣]", caught.value.hint)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (BASE.replace('domain = "회사"', 'domain = "기업"'), "relations.r.domain"),
        (BASE.replace('label = "관계"', ""), "relations.r.label"),
        (BASE.replace("answer =", 'inverse = "s"\nanswer ='), "relations.r.inverse"),
        (BASE + '[classes.x]\nparent = "y"', "classes.x.parent"),
        (BASE + '[[entities]]\nname = "다라"\nclass = "대학"', "entities(다라).class"),
        (BASE + '[[rules]]\nname = "없다"\nif = ["r", "s"]\nthen = "r"', "rules(없다)"),
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
    world = parse_ontology('name = "v"\n[relations.r]\nrange = "글"', "o.toml")
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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name = ", 1),
        ('name = "w"\n\n[classes."회사"\n', 3),
        ('name = "w"\nfacts = [\n  "가 | r | 나",\n', 4),
        ('name = "w"\n# 색\ncolour = 1', 3),
        ("title = '이름 없음'", 0),
        (BASE + '[[entities]]\n\nname = "가나"\nclass = "회사"', 14),
        (BASE + '[[entities]]\nname = "다라"\nclass = "회사"\naliases = [\n  "다",\n  3,\n]', 15),
        (BASE + '[[entities]]\nname = "다라"\nclass = "회사"\naliases = ["가 나"]', 15),
        (BASE + 'aliases = [\n  "가", # 나\n  "나",\n]\n[[rules]]\nname = "하나"\nif = ["r"]\nthen = "r"', 18),
        ('facts = [\n  "가나 | r | 가나", # "x"\n  \'가나 | r\',\n]\n' + BASE, 3),
        (BASE.replace("answer =", 'patterns = [\n  "{object}을 산",\n  "{subject}만 있다",\n]\nanswer ='), 10),
        (BASE + "[classes.a]\nparent = 'b'\n\n[classes.b]\nparent = 'a'", 13),
    ],
)
def test_errors_name_the_line(text: str, line: int) -> None:
    with pytest.raises(OntologyError) as caught:
        parse_ontology(text, "ontology.toml")
    assert caught.value.line == line
    assert (f"ontology.toml:{line}: " in str(caught.value)) is (line > 0)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('name = "v"\n[relations.r]\nlabel = "관계"\nrange = "글"', 4),
        ('name = "v"\n\n[[rules]]\nname = "없다"\nif = ["r", "s"]\nthen = "r"', 3),
        ('name = "v"\nfacts = [\n  "가나 | r | 가나",\n  "가나 | r | 마바",\n]', 4),
        ('name = "v"\n[[entities]]\nname = "나다"\nclass = "대학"', 4),
        ('name = "v"\n[classes."부서"]\n[[entities]]\nname = "가나"\nclass = "부서"', 3),
        ('name = "v"\n[classes."부서"]\nparent = "회사"\ndisjoint = ["회사"]', 4),
        ('name = "v"\n[classes."부서"]\ndisjoint = ["기업"]', 3),
    ],
)
def test_errors_of_reference_name_the_line(text: str, line: int) -> None:
    with pytest.raises(OntologyError) as caught:
        extend(parse_ontology(BASE, "base.toml"), parse_ontology(text, "o.toml"))
    assert caught.value.line == line


def test_places_of_entries_in_any_way_of_writing_them() -> None:
    text = """
name = 'w' # name = "x"
facts = [ "가 | r | 나", '''
여러 줄''', "다 | r | 라" ]
entities = [{name = "가", class = "회사"},
  {name = "나", class = "회사"}]
[relations."r"]
label = \"\"\"
[classes.거짓]
\"\"\"
'domain' = "회사"
"""
    places = Places(text)
    strings = [places.string(path) for path in ("name", "facts[0]", "facts[2]")]
    assert [text[slice(*span)] for span in strings if span] == ["w", "가 | r | 나", "다 | r | 라"]
    assert places.string("facts[1]") is None
    assert text[slice(*places.entry("entities[1]"))] == '{name = "나", class = "회사"}]'
    lines = places.lines()
    assert [lines[path] for path in ("facts[2]", "entities[1]", "relations.r", "relations.r.domain")] == [4, 6, 7, 11]
    assert nearest_line(lines, "entities[1].aliases[0]") == 6
    assert nearest_line(lines, "classes.거짓") == 0


def test_disjoint_classes_hold_both_ways_and_for_those_below() -> None:
    world = parse_ontology(
        'name = "w"\n[classes."조직"]\ndisjoint = ["사람"]\n[classes."사람"]\n[classes."회사"]\nparent = "조직"',
        "o.toml",
    )
    assert world.excludes("회사", "사람")
    assert world.excludes("사람", "회사")
    assert not world.excludes("회사", "조직")
    assert not world.excludes("회사", "것")


@pytest.mark.parametrize(("domain", "united"), [("회사", "것"), ("것", "것"), ("", "것")])
def test_a_world_may_narrow_a_relation_for_itself_and_the_wider_one_counts(domain: str, united: str) -> None:
    world = parse_ontology(f'name = "w"\n[relations.led_by]\ndomain = "{domain}"\n', "w.toml")
    assert extend(general_ontology(), world).relations["led_by"].domain == united


def test_a_worlds_own_relation_of_a_shipped_key_wins_where_it_is_about_other_things() -> None:
    spirits = """
name = "spirits"
[classes."정령"]
[relations.child_of]
label = "근원"
domain = "정령"
range = "정령"
questions = ["근원"]
answer = "{subject}의 근원은 {object}입니다."
"""
    united = extend(general_ontology(), parse_ontology(spirits, "spirits.toml"))
    assert united.relations["child_of"].domain == "정령"
    assert "부모" not in united.relations["child_of"].questions
    assert "parent_of" not in united.relations  # whose inverse it was
    assert united.relations["spouse_of"].domain == "사람"
    # What a rule of the general ontology needs stays as it is.
    with pytest.raises(OntologyError, match="이미 사람"):
        extend(general_ontology(), parse_ontology(spirits.replace("child_of", "works_at"), "spirits.toml"))
