"""Files in, documents and chunks out, and the ledger that remembers them.

Knows nothing of retrieval, models, graphs or screens. Imports nothing else of ours.
"""

from ingest.chunking import chunk
from ingest.cleaning import Change, Cleaned, clean, hangul_ratio
from ingest.errors import (
    EmptyDocument,
    IngestError,
    LedgerError,
    LedgerMismatch,
    MalformedRecord,
    UndecodableText,
    UnknownSource,
    UnreadableFile,
    UnsupportedFormat,
)
from ingest.korean import Korean
from ingest.ledger import Ledger, Source, Vectors
from ingest.loaders import ONTOLOGY_FILE, SUFFIXES, load
from ingest.pipeline import Embed, Extract, Job, Outcome, Progress, ingest
from ingest.types import KINDS, Chunk, Document, Example, Kind, Record, Span, Statement

__all__ = [
    "KINDS",
    "ONTOLOGY_FILE",
    "SUFFIXES",
    "Change",
    "Chunk",
    "Cleaned",
    "Document",
    "Embed",
    "EmptyDocument",
    "Example",
    "Extract",
    "IngestError",
    "Job",
    "Kind",
    "Korean",
    "Ledger",
    "LedgerError",
    "LedgerMismatch",
    "MalformedRecord",
    "Outcome",
    "Progress",
    "Record",
    "Source",
    "Span",
    "Statement",
    "UndecodableText",
    "UnknownSource",
    "UnreadableFile",
    "UnsupportedFormat",
    "Vectors",
    "chunk",
    "clean",
    "hangul_ratio",
    "ingest",
    "load",
]
