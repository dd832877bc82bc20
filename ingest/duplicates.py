"""Near-duplicates: texts that are an earlier one again, with some words changed, added or left out.

Pure but for what an index remembers. Nothing is decided here: the caller learns which earlier texts are alike and how
much, and keeps which it likes.
"""

from __future__ import annotations

import unicodedata
from functools import partial
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

THRESHOLD = 0.7  # Jaccard similarity of the shingles
_SHINGLE = 5  # characters
# 32 bands of 4 rows propose 99.98 of 100 pairs at the threshold; a false proposal costs one comparison.
_BANDS, _ROWS = 32, 4
_SEED = 1

_Shingles = npt.NDArray[np.uint64]


class NearDuplicates:
    """Finds earlier texts by MinHash (Broder 1997) and banding (Leskovec, Rajaraman, Ullman, chapter 3).

    What MinHash proposes is confirmed by the exact Jaccard similarity, so no text is called alike by chance. The same
    texts in the same order always give the same answers.
    """

    def __init__(self) -> None:
        from datasketch import MinHash, MinHashLSH  # half a second, because of scipy

        self._sketch = partial(MinHash, num_perm=_BANDS * _ROWS, seed=_SEED, hashfunc=_lower_half)
        self._proposals = MinHashLSH(num_perm=_BANDS * _ROWS, params=(_BANDS, _ROWS))
        self._shingles: dict[str, _Shingles] = {}

    def add(self, key: str, text: str) -> list[tuple[str, float]]:
        """Remember ``text``; the keys of earlier texts that are alike with their similarity, the most alike first.

        White space, punctuation, case and width do not count. A text without letters and digits is like nothing.
        ValueError where ``key`` was added before.
        """
        if key in self._shingles:
            raise ValueError(f"{key} was added before")
        shingles = _shingles(text)
        sketch = self._sketch()
        sketch.update_batch(shingles)
        proposed = self._proposals.query(sketch) if len(shingles) else []
        found = [(other, _jaccard(shingles, self._shingles[other])) for other in proposed]
        self._shingles[key] = shingles
        if len(shingles):
            self._proposals.insert(key, sketch)
        alike = [(other, similarity) for other, similarity in found if similarity >= THRESHOLD]
        return sorted(alike, key=lambda pair: (-pair[1], pair[0]))


def _shingles(text: str) -> _Shingles:
    """Hashes of the runs of five letters and digits, each once, sorted; of all of them where they are fewer."""
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    runs = {letters[start : start + _SHINGLE] for start in range(max(1, len(letters) - _SHINGLE + 1)) if letters}
    hashes = (int.from_bytes(blake2b(run.encode(), digest_size=8).digest()) for run in runs)
    return np.sort(np.fromiter(hashes, dtype=np.uint64, count=len(runs)))


def _lower_half(shingle: np.uint64) -> int:
    """What MinHash permutes: 32 bits."""
    return int(shingle) & 0xFFFFFFFF


def _jaccard(one: _Shingles, other: _Shingles) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
