"""Knowledge: ontologies, statements found in documents, what follows from them, and answers with proof.

Read ``kg.types`` and ``kg.ontology`` first. Imports ``ingest`` and ``rag``; needs no model.
"""

from kg.communities import Community, answer_overview, asks_for_overview, find_communities
from kg.contradictions import Contradiction
from kg.errors import KnowledgeError, OntologyError
from kg.exports import to_graphml, to_turtle
from kg.extraction import EXTRACTION_VERSION, extract
from kg.inference import proof
from kg.knowledge import Knowledge
from kg.mentions import Mention, Names
from kg.name_index import NameIndex
from kg.ontology import GENERAL, extend, general_ontology, general_text, parse_ontology
from kg.passage_graph import PassageGraph, fact_links, plain_aliases
from kg.qa import Asker
from kg.question_reading import asked_terms, named_in
from kg.retriever import GraphRetriever
from kg.review import Candidate, candidates
from kg.store import Graph
from kg.types import LITERALS, ROOT, Entity, Fact, Ontology, Relation, Rule
from kg.worlds import WorldExtractor, find_ontology, united

__all__ = [
    "EXTRACTION_VERSION",
    "GENERAL",
    "LITERALS",
    "ROOT",
    "Asker",
    "Candidate",
    "Community",
    "Contradiction",
    "Entity",
    "Fact",
    "Graph",
    "GraphRetriever",
    "Knowledge",
    "KnowledgeError",
    "Mention",
    "NameIndex",
    "Names",
    "Ontology",
    "OntologyError",
    "PassageGraph",
    "Relation",
    "Rule",
    "WorldExtractor",
    "answer_overview",
    "asked_terms",
    "asks_for_overview",
    "candidates",
    "extend",
    "extract",
    "fact_links",
    "find_communities",
    "find_ontology",
    "general_ontology",
    "general_text",
    "named_in",
    "parse_ontology",
    "plain_aliases",
    "proof",
    "to_graphml",
    "to_turtle",
    "united",
]
