"""Figures of answers to questions with gold answers: right, wrong, abstained; and whether citations are real."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal

from rag.evaluation.data import Row
from rag.evaluation.overlap import character_f1, exact_match
from rag.evaluation.record import Item
from rag.types import Answer

Verdict = Literal["right", "wrong", "abstained", "refused"]


def verdict(row: Row, answer: Answer) -> Verdict:
    """right, wrong, abstained (from an answerable question) or refused (an unanswerable one, rightly).

    'Right' means that the gold answer or another accepted spelling occurs in the answer (spaces ignored); yes and no
    must begin it; of a list ('가, 나') every member must occur.
    """
    if answer.abstained:
        return "abstained" if row["answerable"] else "refused"
    if not row["answerable"]:
        return "wrong"
    said = _plain(answer.text)
    accepted = [_plain(text) for text in _accepted(row)]
    if row["kind"] == "예아니오":
        return "right" if any(said.startswith(text) for text in accepted) else "wrong"
    if all(_plain(name) in said for name in row["answer"].split(", ")):
        return "right"
    return "right" if any(text in said for text in accepted) else "wrong"


def answer_items(rows: Iterable[Row], ask: Callable[[str], Answer], text_of: Callable[[str], str]) -> list[Item]:
    """One item per question, by kind.

    ``right`` and ``abstained`` count answerable questions, ``refused`` unanswerable ones, ``wrong`` all;
    ``exact_match`` and ``f1`` (characters) compare with the gold answer as KorQuAD does, so that whole sentences score
    low; ``verbatim`` says of an answer with citations whether each is, to the letter, the text at its place.
    """
    return [_item(row, ask(row["question"]), text_of) for row in rows]


def always_abstaining(rows: Iterable[Row]) -> list[Item]:
    """The figures of a system that answers nothing: what a bare refusal is worth on these questions."""
    return answer_items(rows, lambda _: Answer("", abstained=True), str)


def _item(row: Row, answer: Answer, text_of: Callable[[str], str]) -> Item:
    found = verdict(row, answer)
    scores = {"wrong": float(found == "wrong")}
    if row["answerable"]:
        text = "" if answer.abstained else answer.text
        scores["right"] = float(found == "right")
        scores["abstained"] = float(found == "abstained")
        scores["exact_match"] = exact_match(text, _accepted(row))
        scores["f1"] = character_f1(text, _accepted(row))
    else:
        scores["refused"] = float(found == "refused")
    cited = [*answer.citations, *(citation for step in answer.proof for citation in step.sources)]
    if cited:
        scores["verbatim"] = float(all(text_of(c.source)[c.start : c.end] == c.text for c in cited))
    return Item(row["id"], scores, row["kind"], f"{found}: {answer.text}")


def _accepted(row: Row) -> list[str]:
    return [row["answer"], *row["accepted"]]


def _plain(text: str) -> str:
    return re.sub(r"[\s.]", "", text)
