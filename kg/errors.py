"""Errors of the knowledge graph, each with a hint that can be shown to people (Korean).

KnowledgeError
└── OntologyError    an ontology file breaks its format or contradicts itself
"""

from __future__ import annotations


class KnowledgeError(Exception):
    """Something that a person can act on. ``str(error)`` names the thing and the reason."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class OntologyError(KnowledgeError):
    """An ontology cannot be used; the message names the file, the line (0: unknown) and the key."""

    def __init__(self, source: str, key: str, reason: str, hint: str = "", line: int = 0) -> None:
        place = f"{source}:{line}" if line else source
        super().__init__(": ".join(part for part in (place, key, reason) if part), hint)
        self.source = source
        self.key = key
        self.reason = reason
        self.line = line
