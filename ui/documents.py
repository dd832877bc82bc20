"""Results as the JSON documents that other programs rely on. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ingest import Outcome, Source, Statement
from kg import Candidate, Contradiction, Fact, Graph, Ontology, OntologyError
from rag import Answer, Citation, Draft, Hit, ProofStep

Json = dict[str, Any]


def ingest_document(outcomes: Sequence[Outcome], seconds: float) -> Json:
    """Counts by status and one entry per file."""
    counts = {
        status: sum(o.status == status for o in outcomes) for status in ("added", "updated", "unchanged", "failed")
    }
    return {**counts, "seconds": round(seconds, 3), "outcomes": [asdict(outcome) for outcome in outcomes]}


def sources_document(sources: Sequence[Source]) -> Json:
    """One entry per source."""
    keys = ("kind", "chunks", "ingested_at", "sha256")
    return {
        "sources": [
            {"source": s.name, "facts": s.statements, **{key: getattr(s, key) for key in keys}} for s in sources
        ]
    }


def hits_document(hits: Sequence[Hit]) -> Json:
    """Hits with their rank and place."""
    return {
        "hits": [
            {"rank": rank, "score": round(hit.score, 4), **_place(hit), "text": hit.chunk.text, "via": list(hit.via)}
            for rank, hit in enumerate(hits, start=1)
        ]
    }


def answer_document(answer: Answer) -> Json:
    """An answer with citations and proof."""
    return {
        "answer": answer.text,
        "abstained": answer.abstained,
        "citations": [_citation(citation) for citation in answer.citations],
        "proof": [_step(step) for step in answer.proof],
        "nearby": [_step(step) for step in answer.nearby],
        "timings": answer.timings,
    }


def _step(step: ProofStep) -> Json:
    return {
        "subject": step.subject,
        "relation": step.relation,
        "object": step.object,
        "rule": step.rule,
        "sources": [_citation(citation) for citation in step.sources],
    }


def drafts_document(drafts: Sequence[Draft]) -> Json:
    """Texts of one request; figures are sums and worst cases over them."""
    first = drafts[0]
    return {
        "texts": [draft.text for draft in drafts],
        "others": [other for draft in drafts for other in draft.others],
        "examples": [{**_place(hit), "why": list(hit.why)} for hit in first.examples],
        "purity": {
            "hangul_ratio": round(min(draft.purity.hangul_ratio for draft in drafts), 4),
            "contamination": round(max(draft.purity.contamination for draft in drafts), 6),
            "disallowed": sum(draft.purity.disallowed for draft in drafts),
        },
        "model": first.model,
        "adapter": first.adapter,
        "preset": first.preset,
        "seed": first.seed,
        "tokens": sum(draft.tokens for draft in drafts),
        "seconds": round(sum(draft.seconds for draft in drafts), 3),
    }


def facts_document(facts: Sequence[Fact], ontology: Ontology) -> Json:
    """Facts with their rule, mode, time and evidence."""
    return {"facts": [{**_fact(fact), "label": ontology.relations[fact.relation].label} for fact in facts]}


def review_document(found: Sequence[Candidate], decided: int) -> Json:
    """Statements that wait, and at how many places a decision was taken just now."""
    rows = [{"id": each.id, **_statement(each.statement), **_citation(each.evidence)} for each in found]
    return {"statements": rows, "decided": decided}


def _statement(statement: Statement) -> Json:
    names = ("subject", "relation", "object", "mode", "since", "until", "confidence", "status")
    return {name: getattr(statement, name) for name in names}


def graph_document(graph: Graph) -> Json:
    """How much of what a graph holds. Facts of every time count, asserted ones as stated or derived."""
    stated: Counter[str] = Counter()
    derived: Counter[str] = Counter()
    modes: Counter[str] = Counter()
    for fact in graph.all_facts():
        modes[fact.mode] += 1
        if fact.mode == "asserted":
            (derived if fact.rule else stated)[fact.relation] += 1
    return {
        "entities": len(graph.ontology.entities),
        "stated": stated.total(),
        "derived": derived.total(),
        "not_asserted": {mode: count for mode, count in sorted(modes.items()) if mode != "asserted"},
        "not_covered": len(graph.ignored),
        "relations": [
            {"relation": key, "label": relation.label, "stated": stated[key], "derived": derived[key]}
            for key, relation in graph.ontology.relations.items()
            if stated[key] or derived[key]
        ],
    }


def validation_document(problems: Sequence[OntologyError], contradictions: Sequence[Contradiction]) -> Json:
    """What is wrong with ontologies, and which facts cannot both be true."""
    return {
        "ok": not problems and not contradictions,
        "problems": [
            {"source": p.source, "line": p.line, "key": p.key, "reason": p.reason, "hint": p.hint} for p in problems
        ],
        "contradictions": [
            {"kind": each.kind, "reason": each.reason, "facts": [_fact(fact) for fact in each.facts]}
            for each in contradictions
        ],
    }


def _fact(fact: Fact) -> Json:
    return {
        "subject": fact.subject,
        "relation": fact.relation,
        "object": fact.object,
        "rule": fact.rule,
        "mode": fact.mode,
        "since": fact.since,
        "until": fact.until,
        "superseded": fact.superseded,
        "sources": [_citation(citation) for citation in fact.evidence],
    }


def _place(hit: Hit) -> Json:
    return {"source": hit.chunk.source, "start": hit.chunk.span.start, "end": hit.chunk.span.end}


def _citation(citation: Citation) -> Json:
    return {"source": citation.source, "start": citation.start, "end": citation.end, "text": citation.text}
