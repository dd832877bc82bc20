"""The graph in formats of other programs: GraphML and Turtle. Pure; JSON is the graph's own ``to_json``.

GraphML: http://graphml.graphdrawing.org/specification.html. Turtle: https://www.w3.org/TR/turtle/, with the
ontology in OWL 2 RL (https://www.w3.org/TR/owl2-profiles/#OWL_2_RL) and, for each fact, an rdf:Statement that
holds its evidence (PROV-O), its rule and its premises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import networkx as nx

from kg.store import Graph
from kg.types import LITERALS, ROOT, Fact, Ontology, Relation
from rag import Citation

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\%#?/:]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}

_Identity = tuple[object, ...]  # what tells a fact from every other one

_PREFIXES = """\
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix : <urn:loopai:term:> .
"""


def to_graphml(graph: Graph) -> str:
    """Nodes with label and class; edges with relation, label, mode, dates, rule, and evidence and premises as JSON.

    Characters that XML cannot hold become U+FFFD.
    """
    network = graph.network()
    flat: nx.MultiDiGraph = nx.MultiDiGraph()
    for name, cls in network.nodes(data="cls"):
        flat.add_node(_xml(name), label=_xml(name), cls=cls)
    for number, (subject, object_, fact) in enumerate(network.edges(data="fact")):
        flat.add_edge(_xml(subject), _xml(object_), f"e{number}", **_attributes(fact, graph.ontology))
    return "\n".join(nx.generate_graphml(flat, named_key_ids=True))


def _attributes(fact: Fact, ontology: Ontology) -> dict[str, str]:
    return {
        "relation": fact.relation,
        "label": _xml(ontology.relations[fact.relation].label),
        "mode": fact.mode,
        "since": fact.since,
        "until": fact.until,
        "superseded": fact.superseded,
        "rule": _xml(fact.rule),
        "premises": _xml(_json([premise.triple for premise in fact.premises])),
        "evidence": _xml(_json([[c.source, c.start, c.end, c.text] for c in fact.evidence])),
    }


def to_turtle(graph: Graph) -> str:
    """The ontology, its entities, the asserted facts that hold now as triples, and every fact as an rdf:Statement."""
    facts = graph.all_facts()
    numbers = {_identity(fact): number for number, fact in enumerate(facts)}
    lines = [
        _PREFIXES,
        *_ontology(graph.ontology),
        *(_triple(fact, graph.ontology) + " ." for fact in graph.facts()),
        *(_statement(fact, number, numbers, graph.ontology) for number, fact in enumerate(facts)),
    ]
    return "\n".join(lines) + "\n"


def _ontology(ontology: Ontology) -> Iterator[str]:
    for cls, parent in {ROOT: "", **ontology.classes}.items():
        parts = ["a owl:Class", f"rdfs:label {_text(cls)}"]
        parts += [f"rdfs:subClassOf {_iri('class', parent)}"] if parent else []
        parts += [f"owl:disjointWith {_iri('class', other)}" for other in sorted(ontology.disjoint.get(cls, ()))]
        yield _about(_iri("class", cls), parts)
    for relation in ontology.relations.values():
        chains = [rule.if_ for rule in ontology.rules if rule.then == relation.key]
        yield _about(_iri("relation", relation.key), _properties(relation, chains))
    for rule in ontology.rules:
        premises, conclusion = _relations(rule.if_), _relations([rule.then])
        parts = ["a :Rule", f"rdfs:label {_text(rule.name)}", f":if ({premises})", f":then {conclusion}"]
        yield _about(_iri("rule", rule.name), parts)
    for entity in ontology.entities.values():
        labels = [f"rdfs:label {_text(entity.name)}", *(f":alias {_text(alias)}" for alias in entity.aliases)]
        yield _about(_iri("entity", entity.name), [f"a {_iri('class', entity.cls)}", *labels])


def _properties(relation: Relation, chains: Sequence[tuple[str, str]]) -> list[str]:
    is_literal = relation.range in LITERALS
    flags = {
        "owl:TransitiveProperty": relation.transitive,
        "owl:SymmetricProperty": relation.symmetric,
        "owl:FunctionalProperty": relation.functional,
    }
    return [
        "a owl:DatatypeProperty" if is_literal else "a owl:ObjectProperty",
        *(f"a {kind}" for kind, holds in flags.items() if holds),
        f"rdfs:label {_text(relation.label)}",
        f"rdfs:domain {_iri('class', relation.domain)}",
        f"rdfs:range {'xsd:string' if is_literal else _iri('class', relation.range)}",
        *([f"owl:inverseOf {_relations([relation.inverse])}"] if relation.inverse else []),
        *(f"owl:propertyChainAxiom ({_relations(chain)})" for chain in chains),
    ]


def _statement(fact: Fact, number: int, numbers: Mapping[_Identity, int], ontology: Ontology) -> str:
    subject, predicate, object_ = _parts(fact, ontology)
    dates = {":since": fact.since, ":until": fact.until, ":superseded": fact.superseded}
    parts = [
        "a rdf:Statement",
        f"rdf:subject {subject}",
        f"rdf:predicate {predicate}",
        f"rdf:object {object_}",
        f":mode {_text(fact.mode)}",
        *(f"{name} {_text(date)}" for name, date in dates.items() if date),
        *([f":rule {_text(fact.rule)}"] if fact.rule else []),
        *(f":premise _:f{numbers[_identity(premise)]}" for premise in fact.premises),
        *(f"prov:wasDerivedFrom {_citation(citation)}" for citation in fact.evidence),
    ]
    return _about(f"_:f{number}", parts)


def _citation(citation: Citation) -> str:
    place = f":start {citation.start} ; :end {citation.end}"
    return f"[ a prov:Entity ; :source {_text(citation.source)} ; {place} ; prov:value {_text(citation.text)} ]"


def _about(subject: str, parts: Sequence[str]) -> str:
    return f"{subject} " + " ;\n    ".join(parts) + " ."


def _triple(fact: Fact, ontology: Ontology) -> str:
    return " ".join(_parts(fact, ontology))


def _parts(fact: Fact, ontology: Ontology) -> tuple[str, str, str]:
    is_literal = ontology.relations[fact.relation].range in LITERALS
    object_ = _text(fact.object) if is_literal else _iri("entity", fact.object)
    return _iri("entity", fact.subject), _iri("relation", fact.relation), object_


def _relations(keys: Sequence[str]) -> str:
    return " ".join(_iri("relation", key) for key in keys)


def _iri(kind: str, name: str) -> str:
    """Hangul stays readable: RFC 3987 allows it in an IRI."""
    return f"<urn:loopai:{kind}:{_NOT_IRI.sub(_percent, name)}>"


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found.group()):02X}"


def _text(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(c, c if c >= " " else f"\\u{ord(c):04X}") for c in text) + '"'


def _identity(fact: Fact) -> _Identity:
    return (*fact.triple, fact.mode, *fact.validity)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
