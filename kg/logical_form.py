"""What a question asks, as a form that the graph can run. Pure data; knows no Korean and no facts.

A ``Term`` denotes a set of names, a ``Form`` asks something of terms. '퓨전을 만든 회사의 대표는 누구?' is
``Ask(Follow(Follow(Named("퓨전"), "develops", forward=False), "has_ceo"))``.
"""

from __future__ import annotations

from dataclasses import dataclass

from rag import ProofStep


@dataclass(frozen=True, slots=True)
class Named:
    """The one thing of that canonical name."""

    name: str


@dataclass(frozen=True, slots=True)
class Given:
    """Names that a table or a sentence gave, each with its proof."""

    found: tuple[tuple[str, tuple[ProofStep, ...]], ...]


@dataclass(frozen=True, slots=True)
class Every:
    """All entities of a class."""

    cls: str


@dataclass(frozen=True, slots=True)
class Follow:
    """What a relation leads to from each of ``start``: its objects, or its subjects where not ``forward``.

    Only names of the class or with the ending ``kind`` count, where it is given; of a transitive relation's
    objects only those with nothing between them and the start.
    """

    start: Term
    relation: str
    forward: bool = True
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Both:
    """What is in the two terms."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Either:
    """What is in one of the terms."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """What is in ``term`` but not in ``excluded``."""

    term: Term
    excluded: Term


Term = Named | Given | Every | Follow | Both | Either | Without


@dataclass(frozen=True, slots=True)
class Ask:
    """Which are these?"""

    term: Term


@dataclass(frozen=True, slots=True)
class Count:
    """How many of these are there? ``unit`` is the counter asked for (곳, 명, 개)."""

    term: Term
    unit: str


@dataclass(frozen=True, slots=True)
class Holds:
    """Does a relation hold between a name and a name or literal? ``denied`` asks if it does not."""

    subject: str
    relation: str
    object: str
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Exists:
    """Is there any of these? ``denied`` asks if there is none."""

    term: Term
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Extreme:
    """Which of these has the greatest (``most``) or smallest value of a relation to literals?"""

    term: Term
    relation: str
    most: bool


Form = Ask | Count | Holds | Exists | Extreme
