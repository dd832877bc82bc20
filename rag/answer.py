"""The whole of answering, in reading order: prove, else find evidence, else say that it is not known.

A question that the graph can prove is answered without a model. Otherwise passages are found; if they do
not speak of what is asked, the answer is an abstention, again without a model. Only then is a model asked,
and what it says beyond its passages is not passed on. Knows no concrete model and no graph.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ingest import Korean
from rag.decoding import KOREAN
from rag.decoding.allowance import FOREIGN, NUMBER, quoting
from rag.generation.answerer import Answerer
from rag.prompting import answer_prompt
from rag.retrieval import Retriever
from rag.types import Answer, Citation, Hit

ABSTENTION = "정보가 공개되지 않았습니다."
_PASSAGES = 3
_SENTENCE = re.compile(r"[^\n.!?]+(?:[.!?](?!\s|$)[^\n.!?]*)*[.!?]*")


@dataclass(frozen=True)
class Answering:
    """What answering needs. ``prove`` asks the graph; ``asked_terms`` says what a question is about:
    for each thing, the words by which a passage may name it."""

    retriever: Retriever
    korean: Korean
    prove: Callable[[str], Answer | None]
    asked_terms: Callable[[str], Sequence[Sequence[str]]]
    answerer: Answerer | None


def answer(question: str, with_: Answering) -> Answer:
    """Answer with proof or citations, or abstain."""
    timings: dict[str, float] = {}

    def finish(result: Answer) -> Answer:
        return replace(result, timings=timings)

    with _timed(timings, "graph"):
        proved = with_.prove(question)
    if proved is not None:
        return finish(proved)
    with _timed(timings, "retrieval"):
        hits = with_.retriever.search(question, _PASSAGES, "facts")
        evident = is_evident(with_.asked_terms(question), hits, with_.korean)
    if not evident or with_.answerer is None:
        return finish(abstain())
    with _timed(timings, "model"):
        reply = ask_model(question, hits, with_.answerer)
    if not is_grounded(reply, question, hits):
        return finish(abstain())
    return finish(Answer(reply, False, cite(reply, hits, with_.korean)))


def abstain() -> Answer:
    """The one way to say that it is not known."""
    return Answer(ABSTENTION, abstained=True)


def is_evident(asked: Sequence[Sequence[str]], hits: Sequence[Hit], korean: Korean) -> bool:
    """Whether one passage speaks of everything that is asked, in whatever inflection or by whatever name."""
    for hit in hits:
        said = set(korean.terms(hit.chunk.search_text))
        if all(any(set(korean.terms(name)) <= said for name in names) for names in asked):
            return True
    return False


def ask_model(question: str, hits: Sequence[Hit], answerer: Answerer) -> str:
    """The model's reply; foreign words and numbers are possible only where question or passages hold them."""
    policy = quoting(KOREAN, question, *(hit.chunk.text for hit in hits), lock_numbers=True)
    return answerer.reply(answer_prompt(question, hits), policy)


def is_grounded(reply: str, question: str, hits: Sequence[Hit]) -> bool:
    """Whether the reply is an answer at all and all its numbers and foreign words come from the passages."""
    if not reply or ABSTENTION.rstrip(".") in reply:
        return False
    shown = "\n".join([question, *(hit.chunk.text for hit in hits)])
    numbers = set(NUMBER.findall(shown))
    words = set(FOREIGN.findall(shown))
    return set(NUMBER.findall(reply)) <= numbers and all(
        any(word in known for known in words) for word in FOREIGN.findall(reply)
    )


def cite(reply: str, hits: Sequence[Hit], korean: Korean, most: int = 2) -> tuple[Citation, ...]:
    """The sentences of the passages that share most with the reply, best first; at least one."""
    wanted = set(korean.terms(reply))
    scored = []
    for hit in hits:
        for match in _SENTENCE.finditer(hit.chunk.text):
            text = match.group().strip()
            if text:
                start = hit.chunk.span.start + match.start() + match.group().index(text)
                shared = len(wanted & set(korean.terms(text)))
                scored.append((shared, Citation(hit.chunk.source, start, start + len(text), text)))
    scored.sort(key=lambda pair: -pair[0])
    best = scored[0][0] if scored else 0
    return tuple(citation for shared, citation in scored[:most] if shared and shared >= best / 2)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Note the seconds of the block as ``timings[stage]``."""
    started = time.perf_counter()
    yield
    timings[stage] = round(time.perf_counter() - started, 4)
