"""Ontology files (TOML, see docs/ontology.md) into ``Ontology`` values, with errors that name line and key.

Pure but for ``general_ontology``, which reads a file of this package. A world's file may name classes and
relations of the general ontology, so ``parse_ontology`` checks the form of one file and ``extend`` what
the names in it refer to.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import cast

from kg.errors import OntologyError
from kg.literals import canonical
from kg.mentions import key as spelling_key
from kg.toml_places import Places, nearest_line
from kg.types import LITERALS, ROOT, Entity, Fact, Ontology, Relation, Rule
from rag import Citation

GENERAL = "general.toml"
_TOP = {"name", "title", "subject", "facts", "classes", "relations", "rules", "entities"}
_FLAGS = ("transitive", "symmetric", "functional")
_TEXTS = ("label", "domain", "range", "inverse", "answer")
_LISTS = ("patterns", "questions")
_HOLES = re.compile(r"\{([^{}]*)\}")
_NUMBERED = re.compile(r"(rules|entities|facts)\[(\d+)\](.*)", re.S)
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")

_Table = Mapping[str, object]


def general_text() -> str:
    """The text that citations of ``GENERAL`` point into."""
    return resources.files("kg").joinpath(GENERAL).read_text(encoding="utf-8")


@cache
def general_ontology() -> Ontology:
    """The ontology that every world extends, read from this package."""
    ontology = parse_ontology(general_text(), GENERAL)
    _check(ontology, _Report(ontology.source, ontology.lines))
    return ontology


def parse_ontology(text: str, source: str) -> Ontology:
    """Read the text of one ontology file; ``source`` is its name in errors and citations.

    Facts cite their line: ``text[start:end]`` is what the quotation marks of the entry enclose.

    Raises:
        OntologyError: not TOML, an unknown or missing key, a wrong type, a malformed fact line, cyclic
            parents, one alias for two entities of one class. What refers to another file is checked
            by ``extend``.
    """
    try:
        data: _Table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        raise OntologyError(
            source,
            "",
            f"TOML 문법이 잘못되었습니다({error}).",
            "따옴표와 대괄호가 짝이 맞는지 확인하세요.",
            int(at[1]) if at else text.count("\n") + 1,
        ) from error
    places = Places(text)
    lines = places.lines()
    reader = _Reader(source, lines)
    reader.known(data, "", _TOP)
    classes, disjoint = _classes(reader, data)
    ontology = Ontology(
        name=reader.text(data, "name", "name", required=True),
        title=reader.text(data, "title", "title"),
        subject=reader.text(data, "subject", "subject"),
        source=source,
        classes=classes,
        relations=_relations(reader, data),
        rules=_rules(reader, data),
        entities=_entities(reader, data),
        facts=_facts(reader, data, text, places),
        disjoint=disjoint,
    )
    ontology = replace(
        ontology, entries=_entries(ontology, text, places), lines={**lines, **_lines_by_name(ontology, lines)}
    )
    report = _Report(source, ontology.lines)
    _check_cycles(ontology, report)
    _check_names(ontology, report)
    return ontology


def extend(general: Ontology, world: Ontology) -> Ontology:
    """``world`` on top of ``general``: classes, entities, rules and facts united.

    A relation that both have gains patterns and questions, and the upper of two classes counts; a world's own answer
    or label wins.

    Raises:
        OntologyError: a class, relation or entity that neither knows, a contradiction between the two,
            one alias for two entities of one class.
    """
    report = _Report(world.source, world.lines)
    for name, entity in world.entities.items():
        if name in general.entities and general.entities[name].cls != entity.cls:
            raise report.error(
                f"entities({name})", f"다른 온톨로지에서는 {general.entities[name].cls}입니다.",
                "같은 이름은 한 클래스로만 쓸 수 있습니다. 이름을 바꾸거나 클래스를 맞추세요.",
            )  # fmt: skip
    united = Ontology(
        name=world.name,
        title=world.title or general.title,
        subject=world.subject or general.subject,
        source=world.source,
        classes={**general.classes, **world.classes},
        relations=_united_relations(general, world, report),
        rules=tuple(dict.fromkeys((*general.rules, *world.rules))),
        entities=_united_entities(general, world),
        facts=tuple(dict.fromkeys((*general.facts, *world.facts))),
        disjoint=_both_ways([*general.disjoint.items(), *world.disjoint.items()]),
        entries={**general.entries, **world.entries},
        lines=world.lines,
    )
    _check(united, report)
    return united


@dataclass(frozen=True)
class _Report:
    """Makes the errors of one file, which name its line and the key."""

    source: str
    lines: Mapping[str, int]

    def error(self, key: str, reason: str, hint: str) -> OntologyError:
        return OntologyError(self.source, key, reason, hint, nearest_line(self.lines, key))


class _Reader(_Report):
    """Typed access to TOML tables."""

    def known(self, table: _Table, path: str, keys: set[str]) -> None:
        for name in table:
            if name not in keys:
                raise self.error(
                    f"{path}.{name}".lstrip("."),
                    "알 수 없는 항목입니다.",
                    f"쓸 수 있는 항목: {', '.join(sorted(keys))}",
                )

    def text(self, table: _Table, name: str, path: str, required: bool = False) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            raise self.error(path, "글자열이어야 합니다.", '값을 따옴표로 감싸세요. 예: "회사"')
        if required and not value.strip():
            raise self.error(path, "비어 있습니다.", "이 항목은 꼭 있어야 합니다.")
        return value.strip()

    def flag(self, table: _Table, name: str, path: str) -> bool:
        value = table.get(name, False)
        if not isinstance(value, bool):
            raise self.error(path, "true 또는 false여야 합니다.", "따옴표 없이 true 또는 false로 적으세요.")
        return value

    def texts(self, table: _Table, name: str, path: str) -> tuple[str, ...]:
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.error(path, "빈칸이 아닌 글자열의 목록이어야 합니다.", '예: ["솔버엑스", "SolverX"]')
        return tuple(cast(list[str], value))

    def table(self, table: _Table, name: str, path: str) -> _Table:
        value = table.get(name, {})
        if not isinstance(value, dict):
            raise self.error(path, "표여야 합니다.", f"[{path}] 아래에 항목을 적으세요.")
        return cast(_Table, value)

    def tables(self, table: _Table, name: str) -> list[_Table]:
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(name, "표의 목록이어야 합니다.", f"[[{name}]] 아래에 항목을 적으세요.")
        return cast(list[_Table], value)


def _classes(reader: _Reader, data: _Table) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    """Parents, and for each class those that exclude it."""
    classes: dict[str, str] = {}
    disjoint: list[tuple[str, Iterable[str]]] = []
    tables = reader.table(data, "classes", "classes")
    for name in tables:
        path = f"classes.{name}"
        table = reader.table(tables, name, path)
        reader.known(table, path, {"parent", "disjoint"})
        if name in LITERALS:
            raise reader.error(path, "리터럴의 이름입니다.", f"{', '.join(LITERALS)}은 클래스 이름으로 쓸 수 없습니다.")
        parent = reader.text(table, "parent", f"{path}.parent")
        if name != ROOT:
            classes[name] = parent or ROOT
        elif parent:
            raise reader.error(f"{path}.parent", "것은 맨 위 클래스입니다.", "것에는 parent를 두지 마세요.")
        disjoint.append((name, reader.texts(table, "disjoint", f"{path}.disjoint")))
    return classes, _both_ways(disjoint)


def _both_ways(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, frozenset[str]]:
    """Each class with those that exclude it, whichever of the two says so."""
    excluded: dict[str, set[str]] = {}
    for cls, others in pairs:
        for other in others:
            excluded.setdefault(cls, set()).add(other)
            excluded.setdefault(other, set()).add(cls)
    return {cls: frozenset(others) for cls, others in excluded.items()}


def _relations(reader: _Reader, data: _Table) -> dict[str, Relation]:
    relations: dict[str, Relation] = {}
    tables = reader.table(data, "relations", "relations")
    for name in tables:
        path = f"relations.{name}"
        table = reader.table(tables, name, path)
        reader.known(table, path, {*_FLAGS, *_TEXTS, *_LISTS})
        if not name.isascii():
            raise reader.error(path, "관계의 키는 ASCII여야 합니다.", "예: located_in. 한국어 이름은 label에 적으세요.")
        text = {key: reader.text(table, key, f"{path}.{key}") for key in _TEXTS}
        flag = {key: reader.flag(table, key, f"{path}.{key}") for key in _FLAGS}
        lists = {key: reader.texts(table, key, f"{path}.{key}") for key in _LISTS}
        _check_templates(reader, path, lists["patterns"], text["answer"])
        relations[name] = Relation(
            key=name, label=text["label"], domain=text["domain"], range=text["range"],
            transitive=flag["transitive"], symmetric=flag["symmetric"], functional=flag["functional"],
            inverse=text["inverse"], patterns=lists["patterns"], questions=lists["questions"], answer=text["answer"],
        )  # fmt: skip
    return relations


def _check_templates(reader: _Reader, path: str, patterns: tuple[str, ...], answer: str) -> None:
    places = [(f"{path}.patterns[{index}]", pattern) for index, pattern in enumerate(patterns)]
    for place, pattern in [*places, *([(f"{path}.answer", answer)] if answer else [])]:
        holes = _HOLES.findall(pattern)
        if "object" not in holes or len(set(holes)) < len(holes) or not {"subject", "object"} >= set(holes):
            raise reader.error(
                place,
                f"빈칸이 잘못되었습니다: {pattern}",
                "{object}는 꼭 한 번, {subject}는 많아야 한 번 쓸 수 있습니다.",
            )
        if not re.search(r"[^\W_]", _HOLES.sub("", pattern)):
            raise reader.error(place, f"낱말이 없습니다: {pattern}", "빈칸만으로는 문장을 알아볼 수 없습니다.")


def _rules(reader: _Reader, data: _Table) -> tuple[Rule, ...]:
    rules = []
    for index, table in enumerate(reader.tables(data, "rules")):
        path = f"rules[{index}]"
        reader.known(table, path, {"name", "if", "then"})
        premises = reader.texts(table, "if", f"{path}.if")
        if len(premises) != 2:
            raise reader.error(f"{path}.if", "관계 두 개가 있어야 합니다.", '예: if = ["headquarters", "located_in"]')
        name = reader.text(table, "name", f"{path}.name", required=True)
        then = reader.text(table, "then", f"{path}.then", required=True)
        rules.append(Rule(name, (premises[0], premises[1]), then))
    return tuple(rules)


def _entities(reader: _Reader, data: _Table) -> dict[str, Entity]:
    entities: dict[str, Entity] = {}
    for index, table in enumerate(reader.tables(data, "entities")):
        path = f"entities[{index}]"
        reader.known(table, path, {"name", "class", "aliases"})
        name = reader.text(table, "name", f"{path}.name", required=True)
        cls = reader.text(table, "class", f"{path}.class", required=True)
        if name in entities:
            raise reader.error(f"{path}.name", f"{name}이(가) 두 번 나옵니다.", "한 개체는 한 번만 적으세요.")
        entities[name] = Entity(name, cls, reader.texts(table, "aliases", f"{path}.aliases"))
    return entities


def _facts(reader: _Reader, data: _Table, text: str, places: Places) -> tuple[Fact, ...]:
    facts = []
    for index, line in enumerate(reader.texts(data, "facts", "facts")):
        path = f"facts[{index}]"
        span = places.string(path)
        if span is None:
            raise reader.error(
                path, "자리를 찾을 수 없습니다.", 'facts = [ "주어 | 관계 | 목적어", … ] 꼴로 파일 앞에 적으세요.'
            )
        facts.append(_fact(reader, line, path, text, span))
    return tuple(facts)


def _fact(reader: _Reader, line: str, path: str, text: str, span: tuple[int, int]) -> Fact:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) != 3 or not all(parts):
        raise reader.error(path, f"사실의 꼴이 아닙니다: {line}", '"주어 | 관계 | 목적어" 꼴로 적으세요.')
    start, end = span
    return Fact(parts[0], parts[1], parts[2], (Citation(reader.source, start, end, text[start:end]),))


def _entries(ontology: Ontology, text: str, places: Places) -> dict[str, Citation]:
    """The place of each entity: its name, or the line on which it begins."""
    entries = {}
    for index, name in enumerate(ontology.entities):
        start, end = places.string(f"entities[{index}].name") or places.entry(f"entities[{index}]")
        entries[name] = Citation(ontology.source, start, end, text[start:end])
    return entries


def _lines_by_name(ontology: Ontology, lines: Mapping[str, int]) -> dict[str, int]:
    """Lines of what the checks of a whole ontology know by its name and not by its number in the file."""
    names = {
        "rules": [rule.name for rule in ontology.rules],
        "entities": list(ontology.entities),
        "facts": [fact.evidence[0].text for fact in ontology.facts],
    }
    numbered = ((_NUMBERED.match(path), line) for path, line in lines.items())
    return {f"{at[1]}({names[at[1]][int(at[2])]}){at[3]}": line for at, line in numbered if at}


def _united_relations(general: Ontology, world: Ontology, report: _Report) -> dict[str, Relation]:
    relations = dict(general.relations)
    classes = Ontology("", "", "", "", {**general.classes, **world.classes})
    for name, ours in world.relations.items():
        base = relations.get(name)
        if base is not None and _gives_way(base, ours, general, classes):
            relations = {key: held for key, held in relations.items() if held.inverse != name or key in world.relations}
            base = None
        relations[name] = ours if base is None else _united_relation(base, ours, classes, report)
    return relations


def _gives_way(base: Relation, ours: Relation, general: Ontology, classes: Ontology) -> bool:
    """Whether a shipped relation makes room for a world's own of that key, which is about other things altogether.

    Those that a rule needs do not.
    """
    pairs = ((base.domain, ours.domain), (base.range, ours.range))
    clashes = any(a and b and not (classes.is_a(a, b) or classes.is_a(b, a)) for a, b in pairs)
    needed = any(base.key in (*rule.if_, rule.then) for rule in general.rules)
    return clashes and not needed and general_ontology().relations.get(base.key) == base


def _united_relation(base: Relation, ours: Relation, classes: Ontology, report: _Report) -> Relation:
    """Of two classes one above the other the upper one counts, so that worlds beside each other may differ."""

    def one(key: str) -> str:
        old, new = getattr(base, key), getattr(ours, key)
        if not (old and new) or old == new:
            return str(old or new)
        if key != "inverse" and (classes.is_a(new, old) or classes.is_a(old, new)):
            return str(old if classes.is_a(new, old) else new)
        raise report.error(
            f"relations.{ours.key}.{key}", f"이미 {old}(으)로 정해져 있습니다: {new}",
            "이 항목을 지우거나, 다른 키로 새 관계를 만드세요.",
        )  # fmt: skip

    return replace(
        base,
        label=ours.label or base.label,
        domain=one("domain"),
        range=one("range"),
        transitive=base.transitive or ours.transitive,
        symmetric=base.symmetric or ours.symmetric,
        functional=base.functional or ours.functional,
        inverse=one("inverse"),
        patterns=tuple(dict.fromkeys((*base.patterns, *ours.patterns))),
        questions=tuple(dict.fromkeys((*base.questions, *ours.questions))),
        answer=ours.answer or base.answer,
    )


def _united_entities(general: Ontology, world: Ontology) -> dict[str, Entity]:
    entities = dict(general.entities)
    for name, ours in world.entities.items():
        base = entities.get(name)
        aliases = tuple(dict.fromkeys((*(base.aliases if base else ()), *ours.aliases)))
        entities[name] = replace(ours, aliases=aliases)
    return entities


def _check(ontology: Ontology, report: _Report) -> None:
    """Everything that a name refers to exists, and the facts obey the relations."""
    _check_cycles(ontology, report)
    _check_names(ontology, report)
    for cls, parent in ontology.classes.items():
        _need_class(ontology, report, f"classes.{cls}.parent", parent)
    for relation in ontology.relations.values():
        _check_relation(ontology, report, relation)
    for cls, others in ontology.disjoint.items():
        _check_disjoint(ontology, report, cls, others)
    for rule in ontology.rules:
        for name in (*rule.if_, rule.then):
            _need_relation(ontology, report, f"rules({rule.name})", name)
    for entity in ontology.entities.values():
        _need_class(ontology, report, f"entities({entity.name}).class", entity.cls)
    if ontology.subject and ontology.subject not in ontology.entities:
        raise report.error("subject", f"개체에 없습니다: {ontology.subject}", "entities에 먼저 적으세요.")
    for fact in ontology.facts:
        _check_fact(ontology, report, fact)


def _check_disjoint(ontology: Ontology, report: _Report, cls: str, others: Iterable[str]) -> None:
    path = f"classes.{cls}.disjoint"
    for other in others:
        _need_class(ontology, report, path, other)
        if ontology.is_a(cls, other):
            raise report.error(path, f"{cls}은(는) {other}입니다.", "자기 자신이나 부모를 배제할 수 없습니다.")


def _check_relation(ontology: Ontology, report: _Report, relation: Relation) -> None:
    path = f"relations.{relation.key}"
    for key in ("label", "domain", "range", "answer"):
        if not getattr(relation, key):
            raise report.error(f"{path}.{key}", "비어 있습니다.", "새 관계에는 꼭 있어야 하는 항목입니다.")
    _need_class(ontology, report, f"{path}.domain", relation.domain)
    if relation.range not in LITERALS:
        _need_class(ontology, report, f"{path}.range", relation.range)
    if relation.inverse:
        _need_relation(ontology, report, f"{path}.inverse", relation.inverse)
    if relation.range in LITERALS and (relation.transitive or relation.symmetric or relation.inverse):
        raise report.error(path, "리터럴은 주어가 될 수 없습니다.", "transitive, symmetric, inverse를 지우세요.")


def _check_fact(ontology: Ontology, report: _Report, fact: Fact) -> None:
    path = f"facts({fact.evidence[0].text})"
    _need_relation(ontology, report, path, fact.relation)
    relation = ontology.relations[fact.relation]
    named = [(fact.subject, relation.domain)]
    if relation.range not in LITERALS:
        named.append((fact.object, relation.range))
    elif canonical(relation.range, fact.object) != fact.object:
        raise report.error(path, f"{relation.range}이(가) 아닙니다: {fact.object}", "예: 2022년, 2022년 3월 1일, 85점")
    for name, cls in named:
        if name not in ontology.entities:
            raise report.error(path, f"개체에 없습니다: {name}", "entities에 먼저 적으세요.")
        if not ontology.fits(name, cls):
            raise report.error(path, f"{name}은(는) {cls}이(가) 아닙니다.", "관계의 domain과 range를 확인하세요.")


def _check_cycles(ontology: Ontology, report: _Report) -> None:
    for cls in ontology.classes:
        path = [cls]
        while (parent := ontology.classes.get(path[-1])) is not None:
            if parent in path:
                raise report.error(
                    f"classes.{cls}.parent", f"부모가 돌고 돕니다: {' → '.join([*path, parent])}",
                    "클래스의 부모를 따라가면 것에 닿아야 합니다.",
                )  # fmt: skip
            path.append(parent)


def _check_names(ontology: Ontology, report: _Report) -> None:
    held: dict[tuple[str, str], str] = {}
    for entity in ontology.entities.values():
        for name in entity.names:
            other = held.setdefault((entity.cls, spelling_key(name)), entity.name)
            if other != entity.name:
                raise report.error(
                    f"entities({entity.name}).aliases", f"{name}은(는) 이미 {other}의 이름입니다.",
                    "한 클래스에서 한 이름은 한 개체만 가리켜야 합니다.",
                )  # fmt: skip


def _need_class(ontology: Ontology, report: _Report, path: str, cls: str) -> None:
    if cls != ROOT and cls not in ontology.classes:
        raise report.error(path, f"모르는 클래스입니다: {cls}", f"[classes.{cls}]를 먼저 적으세요.")


def _need_relation(ontology: Ontology, report: _Report, path: str, relation: str) -> None:
    if relation not in ontology.relations:
        raise report.error(path, f"모르는 관계입니다: {relation}", f"[relations.{relation}]를 먼저 적으세요.")
