"""The whole of answering, in reading order: prove, else find evidence, else say that it is not known.

A question that the graph can prove is answered without a model. Otherwise passages are found; if they do
not speak of what is asked, the answer is an abstention, again without a model. Only then is a model asked,
and its reply is passed on only if the passages hold it: every name, number and foreign word, and one sentence
that says both what is asked and what is answered. Knows no concrete model and no graph.
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
from rag.types import Answer, Citation, Hit, ProofStep

ABSTENTION = "정보가 공개되지 않았습니다."
_PASSAGES = 3
# How much of what is asked the sentence behind a reply must say itself, names aside.
_ENOUGH = 0.5
_SAYING = frozenset(["이", "하", "되", "있", "것", "수", "네", "예"])
_SENTENCE = re.compile(r"[^\n.!?]+(?:[.!?](?!\s|$)[^\n.!?]*)*[.!?]*")


@dataclass(frozen=True)
class Answering:
    """What answering needs. ``prove`` asks the graph a question as of a date ('' for now); ``asked_terms`` says what
    a question is about: for each thing, the words by which a passage may name it; ``nearby`` gives facts about it."""

    retriever: Retriever
    korean: Korean
    prove: Callable[[str, str], Answer | None]
    asked_terms: Callable[[str], Sequence[Sequence[str]]]
    answerer: Answerer | None
    nearby: Callable[[str], Sequence[ProofStep]] = lambda _: ()


def answer(question: str, with_: Answering, at: str = "") -> Answer:
    """Answer with proof or citations, or abstain. ``at`` is the date as of which the answer holds ('' for now)."""
    timings: dict[str, float] = {}

    def finish(result: Answer) -> Answer:
        nearby = tuple(with_.nearby(question)) if result.abstained else ()
        return replace(result, timings=timings, nearby=nearby)

    with _timed(timings, "graph"):
        proved = with_.prove(question, at)
    if proved is not None:
        return finish(proved)
    with _timed(timings, "retrieval"):
        hits = with_.retriever.search(question, _PASSAGES, "facts")
        asked = with_.asked_terms(question)
        evident = is_evident(asked, hits, with_.korean)
    # What a passage says is not dated, so a question about another time is left to the graph.
    if not evident or at or with_.answerer is None:
        return finish(abstain())
    with _timed(timings, "model"):
        reply = ask_model(question, hits, with_.answerer)
    if not is_grounded(reply, question, hits):
        return finish(abstain())
    support = supporting(reply, question, asked, hits, with_.korean)
    return finish(Answer(reply, False, (support,)) if support else abstain())


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
    shown = "\n".join([question, *(hit.chunk.search_text for hit in hits)])
    numbers = set(NUMBER.findall(shown))
    words = set(FOREIGN.findall(shown))
    return set(NUMBER.findall(reply)) <= numbers and all(
        any(word in known for known in words) for word in FOREIGN.findall(reply)
    )


def supporting(
    reply: str, question: str, asked: Sequence[Sequence[str]], hits: Sequence[Hit], korean: Korean
) -> Citation | None:
    """The sentence that says what the reply adds to the question, and of what it adds it; None where there is none.

    All new words of the reply must stand in it, all things that are asked about in it or in its headings (a row about
    another of the kind would do for a passage), and of the other words of the question at least half. A reply that
    adds nothing ('예.') is supported by nothing.
    """
    told = set(korean.terms(question))
    new = set(korean.terms(reply)) - told - _SAYING
    if not new:
        return None
    things = [[set(korean.terms(name)) for name in names] for names in asked]
    wanted = set(korean.asked_terms(question)) - _SAYING - {term for names in things for term in names[0]}
    best: tuple[float, Citation] | None = None
    for hit in hits:
        headings = set(korean.terms("\n".join(hit.chunk.headings)))
        for sentence in sentences(hit):
            said = set(korean.terms(sentence.text))
            here = said | headings
            if not new <= said or not all(any(name <= here for name in names) for names in things):
                continue
            share = len(wanted & said) / len(wanted) if wanted else 1.0
            if share >= _ENOUGH and (best is None or share > best[0]):
                best = share, sentence
    return best[1] if best else None


def sentences(hit: Hit) -> Iterator[Citation]:
    """The sentences and table rows of a passage, each with its place in the document."""
    for match in _SENTENCE.finditer(hit.chunk.text):
        if text := match.group().strip():
            start = hit.chunk.span.start + match.start() + match.group().index(text)
            yield Citation(hit.chunk.source, start, start + len(text), text)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Note the seconds of the block as ``timings[stage]``."""
    started = time.perf_counter()
    yield
    timings[stage] = round(time.perf_counter() - started, 4)
