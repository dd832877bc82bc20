"""The graph's evidence as LangChain sees it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from kg_world import document
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda
from pydantic import ValidationError

from ingest import Ledger, chunk
from kg.open_names import PassageNames, Sentence
from kg.passage_graph import PassageGraph
from kg.retriever import GraphRetriever

TEXT = """# 공장

너울 칼국수는 누름라인에서 만든다.

## 군산

누름라인은 군산 공장에 있다.

## 충주

쪽빛 간장은 충주에서 만든다.
"""


@pytest.fixture
def retriever(ledger: Ledger) -> GraphRetriever:
    """Of three passages, the first two joined by a name."""
    chunks = chunk(document(TEXT, "안내.md"))
    vectors = np.zeros((len(chunks), 2), dtype=np.float32)
    ledger.replace(document(TEXT, "안내.md"), chunks, vectors, [], path="안내.md", sha256="", settings="")
    names = [("너울 칼국수", "누름라인"), ("누름라인", "군산 공장"), ("쪽빛 간장",)]
    passages = [PassageNames(c.id, (), (Sentence(0, 5, held),)) for c, held in zip(chunks, names, strict=True)]
    return GraphRetriever(ledger=ledger, search=PassageGraph.build(passages).search)


def test_documents_are_the_passages_with_their_places(retriever: GraphRetriever, ledger: Ledger) -> None:
    first, second = retriever.invoke("너울 칼국수는 어디서 만들어?")
    assert first.page_content == "너울 칼국수는 누름라인에서 만든다."
    assert second.page_content == "누름라인은 군산 공장에 있다."
    assert second.metadata["headings"] == ["공장", "군산"]
    assert 0 > first.metadata["score"] > second.metadata["score"]
    for found in (first, second):
        held = ledger.document(found.metadata["source"]).text
        assert held[found.metadata["start"] : found.metadata["end"]] == found.page_content
        assert ledger.chunks([str(found.id)])[str(found.id)].text == found.page_content


def test_the_number_of_documents_can_be_chosen(retriever: GraphRetriever) -> None:
    question = "너울 칼국수는?"
    assert len(retriever.invoke(question, k=1)) == 1
    assert len(retriever.model_copy(update={"k": 1}).invoke(question)) == 1
    with pytest.raises(ValidationError):
        GraphRetriever(ledger=retriever.ledger, search=retriever.search, k=0)


def test_it_works_without_waiting_in_batches_and_in_chains(retriever: GraphRetriever) -> None:
    question = "너울 칼국수는?"
    found = retriever.invoke(question)
    assert asyncio.run(retriever.ainvoke(question)) == found
    assert retriever.batch([question, "오늘 날씨는?"]) == [found, []]

    def texts(documents: list[Document]) -> list[str]:
        return [document.page_content for document in documents]

    assert (retriever | RunnableLambda(texts)).invoke(question) == [document.page_content for document in found]


def test_what_was_forgotten_is_not_given(retriever: GraphRetriever, ledger: Ledger) -> None:
    ledger.forget("안내.md")
    assert retriever.invoke("너울 칼국수는?") == []
