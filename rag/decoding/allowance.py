"""Which foreign words and numbers a text may quote: those that stand in what it is written from. Pure."""

from __future__ import annotations

import re

from rag.decoding.policy import CharacterPolicy

# Latin words (capitalised ones in a row are one name), Hanja, and numbers with their separators (1,200 · 3.2).
_WORD = r"[A-Za-z][A-Za-z0-9+#.&-]*[A-Za-z0-9+#]|[A-Za-z]"
FOREIGN = re.compile(rf"(?:(?=[A-Z])(?:{_WORD}) )*(?=[A-Z])(?:{_WORD})|{_WORD}|[㐀-鿿]+")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def quoting(policy: CharacterPolicy, *texts: str, lock_numbers: bool = False) -> CharacterPolicy:
    """``policy`` with the foreign words of ``texts``; with ``lock_numbers`` no other numbers than theirs.

    So 'SolverX Fusion' can be quoted where it was read, and 'Sunlight' cannot be invented.
    """
    names = [name for text in texts for name in FOREIGN.findall(text)]
    found = dict.fromkeys([*names, *(word for name in names for word in name.split())])
    if not lock_numbers:
        return policy.with_literals(tuple(found))
    numbers = dict.fromkeys(number for text in texts for number in NUMBER.findall(text))
    return policy.without_digits().with_literals((*found, *numbers))
