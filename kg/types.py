"""The values of the knowledge graph: what may be said (ontology) and what is said (facts).

Knows nothing of files, patterns or questions. Every value is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest import Mode
from kg.validity import Validity
from rag import Citation

ROOT = "것"
BROAD = frozenset({ROOT, "사람", "장소", "조직"})  # much may be said between a thing and one of these
LITERALS = ("연도", "날짜", "수량", "글")
# The relation of the general ontology between a thing and another name that a document gives it.
ALSO_CALLED = "also_called"
_NO_CLASS: frozenset[str] = frozenset()

Triple = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Entity:
    """A named thing of one class. ``name`` is its canonical name and its identity in the graph."""

    name: str
    cls: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical name first, then the aliases."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Relation:
    """What may be said of a subject of class ``domain`` and an object of class (or literal) ``range``.

    ``patterns`` are the ways in which documents say it, ``questions`` the words by which a question asks
    for it, ``answer`` the sentence that states it; see docs/ontology.md.
    """

    key: str
    label: str
    domain: str
    range: str
    transitive: bool = False
    symmetric: bool = False
    functional: bool = False
    inverse: str = ""
    patterns: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """x ``if_[0]`` y and y ``if_[1]`` z, hence x ``then`` z."""

    name: str
    if_: tuple[str, str]
    then: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement with its evidence, which is never empty.

    A derived fact names its ``rule`` and its ``premises``; its evidence is that of its premises.
    ``since`` and ``until`` are dates as far as a source gives them ('2021년', '2021년 3월', '2021년 3월 2일', ''
    where it does not), both included; a derived fact holds while its premises do. ``superseded`` is the
    date from which on a newer fact stands in its place, '' where none does.
    """

    subject: str
    relation: str
    object: str
    evidence: tuple[Citation, ...]
    rule: str = ""
    premises: tuple[Fact, ...] = field(default=(), hash=False)
    mode: Mode = "asserted"
    since: str = ""
    until: str = ""
    superseded: str = ""

    def __post_init__(self) -> None:
        """Refuse a fact without evidence."""
        if not self.evidence:
            raise ValueError(f"fact without evidence: {self.triple}")

    @property
    def triple(self) -> Triple:
        """(subject, relation, object): what is said, whatever the mode and the time."""
        return self.subject, self.relation, self.object

    @property
    def validity(self) -> Validity:
        """When it holds."""
        return Validity(self.since, self.until, self.superseded)


@dataclass(frozen=True, eq=False)
class Ontology:
    """Classes with their parents, relations, rules, entities and the facts that the file itself states.

    ``source`` is the file's name as people see it; the facts cite it. ``subjects`` tells who each world is about, by
    the folder of its ontology, where several are united. ``disjoint`` gives for a class those that exclude it,
    ``entries`` the place of each entity in its file, ``lines`` the line of each entry of the file ``source``, by the
    key that messages name.
    """

    name: str
    title: str
    subject: str
    source: str
    classes: Mapping[str, str] = field(default_factory=dict)
    relations: Mapping[str, Relation] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    entities: Mapping[str, Entity] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    disjoint: Mapping[str, frozenset[str]] = field(default_factory=dict)
    entries: Mapping[str, Citation] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)

    def subject_of(self, source: str) -> str:
        """Who a document is about where it does not say so: the subject of its world, '' for none."""
        folders = [folder for folder in self.subjects if source.startswith(folder)]
        return self.subjects[max(folders, key=len)] if folders else self.subject

    def is_a(self, cls: str, ancestor: str) -> bool:
        """Whether ``cls`` is ``ancestor`` or below it. Every class is a 것; literals are below nothing."""
        if ancestor == ROOT:
            return cls not in LITERALS
        return ancestor in self._line(cls)

    def excludes(self, cls: str, other: str) -> bool:
        """Whether nothing can be of both classes, by their own or their ancestors' ``disjoint``."""
        others = self._line(other)
        return any(not self.disjoint.get(each, _NO_CLASS).isdisjoint(others) for each in self._line(cls))

    def _line(self, cls: str) -> dict[str, None]:
        """The class and its ancestors, upwards."""
        line: dict[str, None] = {}
        while cls and cls not in line:
            line[cls] = None
            cls = self.classes.get(cls, "")
        return line

    def fits(self, name: str, cls: str) -> bool:
        """Whether the entity ``name`` is of class ``cls``; False for what is no entity."""
        entity = self.entities.get(name)
        return entity is not None and self.is_a(entity.cls, cls)
