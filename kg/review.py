"""The queue of statements that wait for a person's word. Reads the ledger; deciding is the ledger's ``review``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ingest import Ledger, ReviewStatus, Statement
from kg.knowledge import Citing
from rag import Citation


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement with the first place that says it; ``id`` is the same in every run."""

    id: str
    statement: Statement
    evidence: Citation


def candidates(ledger: Ledger, status: ReviewStatus = "candidate") -> list[Candidate]:
    """Statements of one status by relations of the ontology, each once, in reading order."""
    cite = Citing(ledger, ledger.editions())
    found: dict[str, Candidate] = {}
    for statement in ledger.statements(status):
        if not statement.is_open and (key := _id(statement)) not in found:
            found[key] = Candidate(key, statement, cite(statement.span))
    return list(found.values())


def _id(statement: Statement) -> str:
    return hashlib.sha256("\t".join(statement.said).encode()).hexdigest()[:8]
