"""Knowledge: ontologies, statements found in documents, what follows from them, and answers with proof.

Read ``kg.types`` and ``kg.ontology`` first. Imports ``ingest`` and ``rag``; needs no model.
"""

from kg.contradictions import Contradiction
from kg.errors import KnowledgeError, OntologyError
from kg.exports import to_graphml, to_turtle
from kg.extraction import EXTRACTION_VERSION, extract
from kg.inference import proof
from kg.knowledge import Knowledge
from kg.mentions import Mention, Names, find_mentions
from kg.ontology import GENERAL, extend, general_ontology, general_text, parse_ontology
from kg.qa import Asker, answer_from_graph
from kg.questions import question_terms
from kg.store import Graph
from kg.types import LITERALS, ROOT, Entity, Fact, Ontology, Relation, Rule
from kg.worlds import WorldExtractor, find_ontology, united

__all__ = [
    "EXTRACTION_VERSION",
    "GENERAL",
    "LITERALS",
    "ROOT",
    "Asker",
    "Contradiction",
    "Entity",
    "Fact",
    "Graph",
    "Knowledge",
    "KnowledgeError",
    "Mention",
    "Names",
    "Ontology",
    "OntologyError",
    "Relation",
    "Rule",
    "WorldExtractor",
    "answer_from_graph",
    "extend",
    "extract",
    "find_mentions",
    "find_ontology",
    "general_ontology",
    "general_text",
    "parse_ontology",
    "proof",
    "question_terms",
    "to_graphml",
    "to_turtle",
    "united",
]
