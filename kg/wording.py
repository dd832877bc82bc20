"""Answers in words: templates of the ontology, filled with the particles that belong. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kg.josa import fill
from kg.store import Graph
from kg.types import Fact, Ontology

_HANGUL = re.compile(r"[가-힣]+")


def say(facts: Sequence[Fact], graph: Graph, ontology: Ontology) -> str:
    """Facts as sentences: one for all of one subject, or one for all subjects of one object."""
    objects: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        objects.setdefault((fact.subject, fact.relation), []).append(fact)
    groups: dict[tuple[str, tuple[str, ...]], list[Fact]] = {}
    for (_, relation), held in objects.items():
        groups.setdefault((relation, tuple(fact.object for fact in held)), []).extend(held)
    return " ".join(_sentence(held, graph, ontology) for held in groups.values())


def count_of(names: Sequence[str], unit: str) -> str:
    """'3가지입니다(깻잎, 부추, 양파).'"""
    return f"{len(names)}{unit}입니다({', '.join(names)})."


def reading(name: str, ontology: Ontology) -> str:
    """How a foreign name is read: its longest alias in Hangul; '' where it is Hangul itself."""
    entity = ontology.entities.get(name)
    if entity is None or _HANGUL.search(name[-1:]) or name[-1:].isdigit():
        return ""
    spelled = [alias for alias in entity.aliases if _HANGUL.search(alias[-1:])]
    return max(spelled, key=len, default="")


def _sentence(facts: Sequence[Fact], graph: Graph, ontology: Ontology) -> str:
    """Of one relation, either with one subject or with one list of objects."""
    subjects = list(dict.fromkeys(fact.subject for fact in facts))
    objects = list(dict.fromkeys(_as_written(fact, graph) for fact in facts))
    words = {"subject": ", ".join(subjects), "object": ", ".join(objects)}
    readings = {words["subject"]: reading(subjects[-1], ontology), words["object"]: reading(facts[-1].object, ontology)}
    return fill(ontology.relations[facts[0].relation].answer, readings, **words)


def _as_written(fact: Fact, graph: Graph) -> str:
    """The object as its source spells it where that says more: '강남구 서초동' for 서초동."""
    first = next((step for step in _leaves(fact) if step.object == fact.object), fact)
    written = [
        citation.text[mention.start : mention.end]
        for citation in first.evidence
        for mention in graph.names.find(citation.text)
        if mention.entity.name == fact.object
    ]
    return next((text for text in written if text != fact.object and text.endswith(fact.object)), fact.object)


def _leaves(fact: Fact) -> Iterator[Fact]:
    if not fact.premises:
        yield fact
    for premise in fact.premises:
        yield from _leaves(premise)
