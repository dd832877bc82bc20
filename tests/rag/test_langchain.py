"""LangChain's own tests of a retriever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from ingest import Korean
from rag import LoopRetriever
from tests.rag.test_retrieval import TEXTS, Library


class TestLoopRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def library(self, tmp_path: Path, korean: Korean) -> Iterator[None]:
        self.held = Library(tmp_path, korean)
        self.held.put(TEXTS)
        self.held.open()
        yield
        self.held.close()

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return LoopRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"retriever": self.held.retriever}

    @property
    def retriever_query_example(self) -> str:
        return "달빛궁의 관주는 누구인가요?"
