"""Files of an index: what they hold in a few words, so that any change behind our back is seen; and their removal.

Knows no index.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path


def fingerprint(files: Sequence[Path]) -> str:
    """Names, sizes and contents (SHA-256) of ``files``.

    Times do not count: a copied folder is as good as its original, and a flipped bit leaves no trace in them.
    """
    return json.dumps([[*_name_and_size(path), _sha256(path)] for path in files])


def matches(files: Sequence[Path], recorded: str) -> bool:
    """Whether ``fingerprint(files)`` is ``recorded``; False also where a file cannot be read.

    Sizes are compared first: a damaged index can seem to be hundreds of gigabytes long.
    """
    try:
        held = json.loads(recorded)
        if [_name_and_size(path) for path in files] != [[name, size] for name, size, _ in held]:
            return False
        return [_sha256(path) for path in files] == [digest for _, _, digest in held]
    except (OSError, ValueError):
        return False


def remove(path: Path) -> None:
    """Remove whatever is there, if anything is.

    Raises:
        OSError: it cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _name_and_size(path: Path) -> list[str | int]:
    return [f"{path.parent.name}/{path.name}", path.stat().st_size]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
