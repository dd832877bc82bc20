"""The graph: closure, growth, memory, one document more and one less, and what indexing costs.

    python -m benchmarks.graph facts 1000 10000 100000     the graph alone, each size in a process of its own
    python -m benchmarks.graph ledger 10000                one document changed in a ledger of so many
    python -m benchmarks.graph extract                     statements of the shipped worlds: speed, models loaded

The world is made up with a fixed seed: companies with dated chief executives and with offices in places that lie in
places (a tree of six children each), partners, people in departments of companies. A document states ten facts.
``build_seconds`` is what each change would cost if the graph were made anew; ``memory_mib`` is what the graph needs
beside the statements, and with every fact and its proof asked for once. Results are JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

import numpy as np
import psutil

from ingest import ONTOLOGY_FILE, Document, Korean, Ledger, Span, Statement
from kg import Entity, Graph, Knowledge, extend, extract, general_ontology, parse_ontology
from rag import Citation

_CORPORA = Path(__file__).parent.parent / "corpora"
_SEED = 20261121
_FACTS_OF_A_DOCUMENT = 10
_CHANGES = 100
_COMPARED_WHOLE = 10_000  # stated facts up to which the changed graph is compared with one built anew, proofs and all
_CHILDREN = 6
_MODELS = ("torch", "transformers", "sentence_transformers", "xllamacpp", "openai")
_WORLD = """
name = "made up"
[relations.has_ceo]
label = "대표"
domain = "회사"
range = "사람"
functional = true
inverse = "ceo_of"
answer = "{subject}의 대표는 {object}입니다."
[relations.ceo_of]
label = "대표인 회사"
domain = "사람"
range = "회사"
inverse = "has_ceo"
answer = "{subject}은 {object}의 대표입니다."
"""

T = TypeVar("T")


class World:
    """Names, fourteen for every twenty facts, and statements about them."""

    def __init__(self, facts: int) -> None:
        self._draw = random.Random(_SEED)
        size = max(facts // 20, _CHILDREN)
        kinds = {"장소": 1, "회사": 2, "사무소": 2, "부서": 3, "사람": 6}
        self.names = {cls: [f"{cls} {number}" for number in range(size * share)] for cls, share in kinds.items()}
        places = self.names["장소"]
        tree = [(place, places[(n - 1) // _CHILDREN]) for n, place in enumerate(places) if n]
        self.places = [self._statement(n, place, "located_in", around) for n, (place, around) in enumerate(tree)]

    def toml(self) -> str:
        """The ontology file."""
        entities = [
            f'[[entities]]\nname = "{name}"\nclass = "{cls}"\n' for cls, each in self.names.items() for name in each
        ]
        return _WORLD + "".join(entities)

    def statements(self, count: int) -> list[Statement]:
        """The tree of places, and then whatever the seed brings."""
        rest = [self._any(number) for number in range(len(self.places), count)]
        return [*self.places, *rest][:count]

    def document(self, number: int) -> list[Statement]:
        """The statements of one document more."""
        return [self._any(number * _FACTS_OF_A_DOCUMENT + place) for place in range(_FACTS_OF_A_DOCUMENT)]

    def _any(self, number: int) -> Statement:
        match self._draw.randrange(6):
            case 0:
                return self._statement(number, self._one("사무소"), "located_in", self._one("장소"))
            case 1:
                return self._statement(number, self._one("회사"), "headquarters", self._one("사무소"))
            case 2:
                year = f"{self._draw.randrange(1990, 2026)}년"
                return self._statement(number, self._one("회사"), "has_ceo", self._one("사람"), year)
            case 3:
                return self._statement(number, self._one("회사"), "partner_of", self._one("회사"))
            case 4:
                return self._statement(number, self._one("사람"), "works_at", self._one("부서"))
            case _:
                return self._statement(number, self._one("부서"), "part_of", self._one("회사"))

    def _one(self, cls: str) -> str:
        return self._draw.choice(self.names[cls])

    def _statement(self, number: int, subject: str, relation: str, object_: str, since: str = "") -> Statement:
        document, place = divmod(number, _FACTS_OF_A_DOCUMENT)
        return Statement(subject, relation, object_, Span(f"문서 {document}", place * 40, place * 40 + 30), since=since)


def measure_facts(count: int) -> dict[str, Any]:
    """One size, in this process."""
    world = World(count)
    ontology = extend(general_ontology(), parse_ontology(_WORLD, "made_up.toml"))
    named = {name: Entity(name, cls) for cls, names in world.names.items() for name in names}
    ontology = replace(ontology, entities={**ontology.entities, **named})
    statements = world.statements(count)
    process = psutil.Process()
    before = process.memory_info().rss
    build_seconds, graph = _timed(lambda: Graph.build(ontology, statements, _cite))
    memory = process.memory_info().rss - before
    graph.versions()
    in_use = process.memory_info().rss - before
    documents = [world.document(count + number) for number in range(_CHANGES)]
    adding = [_timed(lambda said=said: graph.add(said, _cite))[0] for said in documents]
    removing = [_timed(lambda said=said: graph.remove(said))[0] for said in documents]
    companies = world.names["회사"][:_CHANGES]
    return {
        "stated": count,
        "documents": -(-count // _FACTS_OF_A_DOCUMENT),
        "asserted_facts": len(graph),
        "build_seconds": round(build_seconds, 3),
        "memory_mib": round(memory / 2**20, 1),
        "memory_every_fact_asked_mib": round(in_use / 2**20, 1),
        "add_document_ms": _spread(adding),
        "remove_document_ms": _spread(removing),
        "query_ms": _spread([_timed(lambda name=name: graph.facts(subject=name))[0] for name in companies]),
        "query_at_ms": _spread(
            [_timed(lambda name=name: graph.facts(subject=name, at="2010년"))[0] for name in companies]
        ),
        "contradictions_seconds": round(_timed(graph.contradictions)[0], 3),
        "equals_built_anew": _equal(graph, Graph.build(ontology, statements, _cite), count),
    }


def _equal(graph: Graph, anew: Graph, count: int) -> bool:
    if count > _COMPARED_WHOLE:
        return len(graph) == len(anew)
    return graph.to_json() == anew.to_json()


def measure_ledger(documents: int) -> dict[str, Any]:
    """One document more, changed and less in a ledger, until the graph shows it."""
    world = World(10_000)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.db")
        _put(ledger, f"made_up/{ONTOLOGY_FILE}", world.toml(), ())
        for number in range(documents):
            _put(ledger, f"문서 {number}", "가" * 400, world.document(number))
        knowledge = Knowledge(ledger, Korean())
        first_seconds, (graph, _, _) = _timed(knowledge.current)
        times: dict[str, list[float]] = {"added": [], "edited": [], "forgotten": []}
        for number in range(documents, documents + 10):
            name = f"문서 {number}"
            for change, said in (("added", world.document(number)), ("edited", world.document(number))):
                _put(ledger, name, "가" * 400, said)
                times[change].append(_timed(knowledge.current)[0])
            ledger.forget(name)
            times["forgotten"].append(_timed(knowledge.current)[0])
        facts = len(graph)
        ledger.close()
    return {
        "documents": documents,
        "stated": documents * _FACTS_OF_A_DOCUMENT,
        "asserted_facts": facts,
        "first_seconds": round(first_seconds, 3),
        **{f"{change}_ms": _spread(seconds) for change, seconds in times.items()},
    }


def measure_extraction() -> dict[str, Any]:
    """The documents of the shipped worlds, with the ontologies beside them."""
    korean = Korean()
    characters = found = 0
    seconds = 0.0
    for folder in sorted(file.parent for file in _CORPORA.glob(f"facts/*/{ONTOLOGY_FILE}")):
        file = folder / ONTOLOGY_FILE
        ontology = extend(general_ontology(), parse_ontology(file.read_text("utf-8"), file.name))
        korean.add_names(name for entity in ontology.entities.values() for name in entity.names)
        for path in sorted(path for path in folder.iterdir() if path.suffix in (".md", ".txt")):
            document = Document(path.name, path.name, "", path.read_text("utf-8"), "facts")
            spent, statements = _timed(lambda document=document, ontology=ontology: extract(document, ontology, korean))
            seconds += spent
            characters += len(document.text)
            found += len(statements)
    return {
        "characters": characters,
        "statements": found,
        "seconds": round(seconds, 2),
        "characters_per_second": round(characters / seconds),
        "model_libraries_loaded": [name for name in _MODELS if name in sys.modules],
    }


def _put(ledger: Ledger, name: str, text: str, said: Sequence[Statement]) -> None:
    own = [replace(statement, span=replace(statement.span, document_id=name)) for statement in said]
    document = Document(name, name, "", text, "facts")
    ledger.replace(
        document, [], np.zeros((0, 4), np.float32), own, path=name, sha256=repr(hash(tuple(own))), settings=""
    )


def _cite(span: Span) -> Citation:
    return Citation(
        span.document_id, span.start, span.end, f"{span.document_id}: 서른 글자쯤 되는 문장 하나가 여기 있다."
    )


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    return {
        "median": round(1000 * median(seconds), 3),
        "p95": round(1000 * quantiles(seconds, n=20)[-1], 3),
        "n": len(seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("facts", "ledger", "extract"))
    parser.add_argument("sizes", nargs="*", type=int)
    asked = parser.parse_args()
    match asked.what, asked.sizes:
        case "extract", []:
            result: Any = measure_extraction()
        case "ledger", [size]:
            result = measure_ledger(size)
        case "facts", [size]:
            result = measure_facts(size)
        case "facts", [_, *_]:  # memory that one size has freed must not be lent to the next
            command = [sys.executable, "-m", "benchmarks.graph", "facts"]
            result = [
                json.loads(subprocess.run([*command, str(size)], capture_output=True, text=True, check=True).stdout)
                for size in asked.sizes
            ]
        case _:
            parser.error("facts N…, ledger N, extract")
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
