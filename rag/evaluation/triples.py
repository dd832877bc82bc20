"""Precision and recall of extracted facts against gold ones, by relation. Pure; equal means equal in letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from rag.evaluation.record import Item

Triple = tuple[str, str, str]


def triple_items(id_: str, found: Iterable[Triple], gold: Iterable[Triple]) -> list[Item]:
    """One item for each fact found (``precision``: is it a gold one?) or gold (``recall``: was it found?) in one text.

    Their means are micro-averaged precision and recall. Names are compared in NFC without spaces.
    """
    has, wants = {_plain(triple) for triple in found}, {_plain(triple) for triple in gold}
    return [_item(id_, triple, has, wants) for triple in sorted(has | wants)]


def _item(id_: str, triple: Triple, found: AbstractSet[Triple], gold: AbstractSet[Triple]) -> Item:
    scores = {}
    if triple in found:
        scores["precision"] = float(triple in gold)
    if triple in gold:
        scores["recall"] = float(triple in found)
    return Item(f"{id_} {' | '.join(triple)}", scores, triple[1])


def _plain(triple: Triple) -> Triple:
    subject, relation, object_ = ("".join(unicodedata.normalize("NFC", part).split()) for part in triple)
    return subject, relation, object_
