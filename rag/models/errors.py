"""Errors of model provisioning, each with a hint that can be shown to people (Korean).

ModelError
├── UnknownModel       no entry of that name or role
├── MissingModel       not fetched yet
├── CatalogError       a catalog file breaks its format
├── DownloadFailed     the registry or hub did not give a file (retryable)
├── HashMismatch       what came is not what was pinned
├── UnsafeModel        it would need code or pickles to be loaded
├── NotEnoughSpace     the disk is too full
└── ConversionFailed   the file could not be turned into the form that is served
"""

from __future__ import annotations


class ModelError(Exception):
    """Something that a person can act on. ``retryable`` says whether trying again may help."""

    retryable = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UnknownModel(ModelError):
    """No entry of that name or role."""


class MissingModel(ModelError):
    """The model has not been fetched."""


class CatalogError(ModelError):
    """A catalog file breaks its format."""


class DownloadFailed(ModelError):
    """A file could not be fetched."""

    retryable = True


class HashMismatch(ModelError):
    """A file is not the pinned one."""


class UnsafeModel(ModelError):
    """Loading the model would run code."""


class NotEnoughSpace(ModelError):
    """The disk is too full."""


class ConversionFailed(ModelError):
    """The conversion did not give a usable model."""
