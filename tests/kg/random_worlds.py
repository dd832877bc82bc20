"""Random small worlds for property tests: an ontology with random properties, and statements about it."""

from __future__ import annotations

from hypothesis import strategies as st

from ingest import Mode, Span, Statement
from kg import Entity, Ontology, Relation, Rule
from rag import Citation

NAMES = ("가온", "나래", "다솜", "라온", "마루", "바름")
CLASSES = {"조직": "것", "회사": "조직", "사람": "것"}
DATES = ("", "2020년", "2021년", "2021년 3월", "2022년 5월 1일")
DOCUMENTS = ("하나.md", "둘.md", "셋.md")


@st.composite
def ontologies(draw: st.DrawFn) -> Ontology:
    """Four relations, each perhaps transitive, symmetric, functional or an inverse; up to three rules."""
    keys = [f"r{number}" for number in range(4)]
    classes = st.sampled_from(["것", "것", "조직", "회사", "사람"])
    relations = {
        key: Relation(
            key,
            key.upper(),
            draw(classes),
            draw(classes),
            transitive=draw(st.booleans()),
            symmetric=draw(st.integers(0, 3)) == 0,
            functional=draw(st.booleans()),
            inverse=draw(st.sampled_from(["", "", *keys])),
        )
        for key in keys
    }
    relations["named"] = Relation("named", "이름", draw(classes), "글", functional=draw(st.booleans()))
    premises = st.tuples(st.sampled_from(keys), st.sampled_from(keys))
    rules = draw(st.lists(st.tuples(premises, st.sampled_from(keys)), max_size=3))
    entities = {name: Entity(name, draw(st.sampled_from(list(CLASSES)))) for name in NAMES}
    return Ontology(
        "w",
        "",
        "",
        "o.toml",
        CLASSES,
        relations,
        tuple(Rule(f"규칙 {index}", if_, then) for index, (if_, then) in enumerate(rules)),
        entities,
        disjoint={"조직": frozenset({"사람"}), "사람": frozenset({"조직"})},
        entries={name: Citation("o.toml", 0, 2, name) for name in NAMES},
    )


def statements(document: str, modes: tuple[Mode, ...] = ("asserted",)) -> st.SearchStrategy[list[Statement]]:
    """Up to six statements of one document; some that the ontology will not cover."""
    names = st.sampled_from(NAMES)
    one = st.builds(
        Statement,
        names,
        st.sampled_from(["r0", "r1", "r2", "r3", "named", "r0", "r1", "open:돕다"]),
        names,
        st.builds(lambda start: Span(document, start, start + 2), st.integers(0, 3)),
        st.sampled_from(modes),
        st.sampled_from(DATES),
        st.sampled_from(("", *DATES)),
        st.just(1.0),
        st.sampled_from(["approved", "approved", "approved", "candidate"]),
    )
    return st.lists(one, max_size=6)


def cite(span: Span) -> Citation:
    """A place that differs with the document and the span."""
    return Citation(span.document_id, span.start, span.end, f"{span.document_id} {span.start}")
