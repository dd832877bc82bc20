"""A question as it was probably meant: names spelt otherwise, words run together, slips of the fingers. Pure.

For a question that is not understood as it stands; what is understood is never changed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ingest import Korean
from kg.mentions import WORD_ENDS, Names
from kg.resolution import misspelt
from kg.types import Ontology

_SHORTEST = 4  # characters of a name whose spaces may stand anywhere
# ㅅ for ㅆ, the commonest slip of all: 개관햇나요, 됫어요.
_SLIPS = str.maketrans("햇엇앗엿졋왓됏됫됬봣줫렷켯녓겻쳣겟", "했었았였졌왔됐됐됐봤줬렸켰녔겼쳤겠")
_SLIP = re.compile(r"(?<=[가-힣])[햇엇앗엿졋왓됏됫됬봣줫렷켯녓겻쳣겟](?=[가-힣])")


def mended(text: str, names: Names, ontology: Ontology, korean: Korean) -> str:
    """The question with known names and its spaces put right; as it is where there is nothing to mend."""
    text = unicodedata.normalize("NFC", text).strip()
    text = _SLIP.sub(lambda slip: slip.group().translate(_SLIPS), text)
    text = _with_names_right(_with_names_whole(text, ontology), names, ontology, korean)
    text = _with_names_whole(korean.spaced(text), ontology)
    return _with_names_right(text, names, ontology, korean)


def _with_names_right(text: str, names: Names, ontology: Ontology, korean: Korean) -> str:
    for wrong, entity in misspelt(text, names.find(text), ontology, korean).items():
        text = text.replace(wrong, entity.name)
    return text


def _with_names_whole(text: str, ontology: Ontology) -> str:
    """'꼬마별 어린이 도서관' as the name is written."""
    written, pattern = _loosely_spaced(ontology)
    return pattern.sub(lambda found: written["".join(found.group().split())], text)


@lru_cache(maxsize=4)
def _loosely_spaced(ontology: Ontology) -> tuple[dict[str, str], re.Pattern[str]]:
    """Names by their spelling without spaces, and what finds them with spaces anywhere."""
    names = (name for entity in ontology.entities.values() for name in entity.names)
    written = {"".join(name.split()): name for name in names if len("".join(name.split())) >= _SHORTEST}
    longest_first = sorted(written, key=len, reverse=True)
    spellings = "|".join(r"\s?".join(map(re.escape, name)) for name in longest_first)
    return written, re.compile(rf"(?<![^\W_])(?:{spellings or '(?!)'}){WORD_ENDS}")
