"""Errors of ingestion, each with a hint that can be shown to people (Korean).

IngestError
├── UnreadableFile      missing, no permission, a folder where a file is expected
├── UnsupportedFormat   no loader for this kind of file
├── UndecodableText     neither UTF-8, UTF-16 with a mark, nor CP949
├── MalformedRecord     a row of a structured file breaks the format
├── EmptyDocument       nothing is left to ingest: empty, or pictures of pages only
├── EncryptedFile       a password is needed
├── DistributionNotice  a document for distribution whose real body cannot be read
├── DamagedFile         the bytes break the format
├── FileTooLarge        more than the limits on size, pages or unpacked bytes allow
└── LedgerError         the ledger cannot be opened or is of another make
    ├── LedgerMismatch  made with another embedder
    └── UnknownSource   no such source
"""

from __future__ import annotations


class IngestError(Exception):
    """Something that a person can act on. ``str(error)`` names the thing and the reason."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UnreadableFile(IngestError):
    """The path cannot be read."""


class UnsupportedFormat(IngestError):
    """No loader reads this kind of file."""


class UndecodableText(IngestError):
    """The bytes are no text in a known encoding."""


class MalformedRecord(IngestError):
    """A row of a structured file breaks its format."""


class EmptyDocument(IngestError):
    """The file holds no text once cleaned."""


class EncryptedFile(IngestError):
    """The file wants a password."""


class DistributionNotice(IngestError):
    """What can be read is only the notice that the document is for distribution."""


class DamagedFile(IngestError):
    """The bytes break the file's own format."""


class FileTooLarge(IngestError):
    """The file is over a limit that protects the machine."""


class LedgerError(IngestError):
    """The ledger cannot be used."""


class LedgerMismatch(LedgerError):
    """The ledger's vectors were made by another embedder."""


class UnknownSource(LedgerError):
    """No source of that name is held."""
