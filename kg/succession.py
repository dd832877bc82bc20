"""A newer fact ends an older one where only one can hold: the same subject and a functional relation.

Pure. Stated facts alone end others (read in both directions of an inverse), derived ones do not. Who says since
when something holds tells of a change: a fact without a start is taken to be what held before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from kg.inference import Key, inverses
from kg.types import Ontology, Relation
from kg.validity import first_day, last_day

_Scope = tuple[str, str]  # a functional relation and its subject
_Member = tuple[str, Key]  # the object there, and the stated fact


class Succession:
    """Stated facts, each with the date from which on a newer one stands in its place.

    Facts come and go by keys without ``superseded``; ``update`` tells which complete keys change thereby.
    """

    def __init__(self, ontology: Ontology) -> None:
        self._relations = ontology.relations
        self._inverses = inverses(ontology)
        self._scopes: defaultdict[_Scope, set[_Member]] = defaultdict(set)
        self._ended: dict[Key, Key] = {}  # stated to complete, where they differ

    def complete(self, stated: Key) -> Key:
        """The key of a stated fact, ``superseded`` filled in."""
        return self._ended.get(stated, stated)

    def update(self, gone: Iterable[Key], new: Iterable[Key]) -> tuple[set[Key], set[Key]]:
        """Take facts out and put others in; the complete keys that thereby go and come."""
        gone, new = set(gone), set(new)
        touched: set[_Scope] = set()
        for keys, change in ((gone, set.discard), (new, set.add)):
            for key in keys:
                for scope, member in self._places(key):
                    change(self._scopes[scope], member)
                    touched.add(scope)
        affected = gone | new | {key for scope in touched for _, key in self._scopes[scope]}
        before = {key: self.complete(key) for key in affected - new}
        for key in affected:
            self._ended.pop(key, None)
            if key not in gone and (end := self._end(key)):
                self._ended[key] = key._replace(validity=key.validity._replace(superseded=end))
        for scope in touched:
            if not self._scopes[scope]:
                del self._scopes[scope]
        after = {key: self.complete(key) for key in affected - gone}
        return set(before.values()) - set(after.values()), set(after.values()) - set(before.values())

    def _places(self, key: Key) -> Iterator[tuple[_Scope, _Member]]:
        """Where a fact stands beside others of which only one can hold at a time."""
        if self._relations[key.relation].functional:
            yield (key.relation, key.subject), (key.object, key)
        for relation, _ in self._inverses.get(key.relation, ()):
            if self._relations[relation].functional:
                yield (relation, key.object), (key.subject, key)

    def _end(self, key: Key) -> str:
        """The earliest date from which on another fact stands in the place of ``key``, '' where none does."""
        own = key.validity
        starts = [
            start
            for scope, (object_, _) in self._places(key)
            for rival, other in self._scopes[scope]
            if (start := other.validity.since)
            and not agree(self._relations[scope[0]], object_, rival)
            and not (own.since and last_day(own.since) >= first_day(start))
            and not (own.until and last_day(own.until) < first_day(start))
        ]
        return min(starts, key=lambda date: (first_day(date), date), default="")


def agree(relation: Relation, object_: str, other: str) -> bool:
    """Whether two objects can both be true of one subject of a functional relation: a date and a less precise one."""
    return object_ == other or (
        relation.range == "날짜" and (object_.startswith(f"{other} ") or other.startswith(f"{object_} "))
    )
