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
from ingest.ledger import Edition, Ledger, Source, Vectors
from ingest.loaders import ONTOLOGY_FILE, SUFFIXES, load
from ingest.pipeline import Embed, Extract, Job, Outcome, Progress, ingest
from ingest.types import KINDS, OPEN, Chunk, Document, Example, Kind, Mode, Record, ReviewStatus, Span, Statement

__all__ = [
    "KINDS",
    "ONTOLOGY_FILE",
    "OPEN",
    "SUFFIXES",
    "Change",
    "Chunk",
    "Cleaned",
    "Document",
    "Edition",
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
    "Mode",
    "Outcome",
    "Progress",
    "Record",
    "ReviewStatus",
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
