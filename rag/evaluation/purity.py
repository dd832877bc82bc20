"""How Korean a set of outputs is: shares of responses with foreign characters, by script, with intervals.

The main figure counts code points. LCB's line and word pass rates (Marchisio et al., EMNLP 2024) are given for
comparison: they are blind to single foreign words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from rag.decoding.alarms import language
from rag.decoding.policy import KOREAN, CharacterPolicy, Purity, measure_purity
from rag.evaluation.data import Row, malformed, numbered_rows
from rag.evaluation.intervals import share
from rag.evaluation.record import Item

_TEXT_KEYS = ("text", "completion", "output", "response", "answer")
_LATIN_WORD = re.compile(r"[A-Za-z]{4,}")
_SCORE = 0.3
# Chinese or Japanese that comes back in Latin letters: tone marks, or common words of them in a row. A heuristic.
_COMMON = "ni|wo|ta|men|shi|de|bu|hao|zai|you|xie|ma|watashi|anata|desu|wa|ga|no|arigatou|konnichiwa"
_ROMANISED = re.compile(rf"[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]|\b(?:{_COMMON})(?: (?:{_COMMON}))+\b")


def load_outputs(path: Path) -> list[str]:
    """The texts of a JSONL file: ``text``, ``completion``, ``output``, ``response`` or ``answer`` of each row.

    Raises:
        MalformedRecord: a row has none of them.
    """
    return [_text(path, number, row) for number, row in numbered_rows(path)]


def _text(path: Path, number: int, row: Row) -> str:
    known = [row[key] for key in _TEXT_KEYS if isinstance(row.get(key), str)]
    if not known:
        raise malformed(path, number, "글이 든 항목이 없습니다.", '각 줄은 {"text": "…"} 꼴이어야 합니다.')
    return str(known[0])


def purity_report(outputs: Sequence[str], policy: CharacterPolicy = KOREAN) -> dict[str, Any]:
    """Figures over outputs; shares carry 95 % Wilson intervals."""
    measured = [measure_purity(text, policy) for text in outputs]
    scripts = Counter(script for purity in measured for script, _ in purity.scripts)
    passing = [text for text in outputs if _lines_are_korean(text)]
    n = len(outputs)
    return {
        "n": n,
        "contaminated": share(sum(purity.disallowed > 0 for purity in measured), n),
        "contaminated_by_script": {script: share(count, n) for script, count in scripts.most_common()},
        "disallowed_per_10k": round(1e4 * sum(p.disallowed for p in measured) / max(1, sum(map(len, outputs))), 3),
        "hangul_ratio": round(fmean(purity.hangul_ratio for purity in measured), 4) if measured else None,
        "line_pass_rate": share(len(passing), n),
        "word_pass_rate": share(sum(not _LATIN_WORD.search(text) for text in passing), len(passing)),
        "romanised": share(sum(bool(_ROMANISED.search(text)) for text in outputs), n),
    }


def _lines_are_korean(text: str) -> bool:
    """Every line of five words or more is identified as Korean."""
    lines = [line for line in text.splitlines() if len(line.split()) >= 5]
    return all(code == "ko" and score > _SCORE for code, score in map(language, lines))


def purity_items(outputs: Sequence[str], policy: CharacterPolicy = KOREAN) -> list[Item]:
    """The same figures text by text, so that two runs can be compared."""
    return [_item(number, text, measure_purity(text, policy)) for number, text in enumerate(outputs, start=1)]


def _item(number: int, text: str, purity: Purity) -> Item:
    passes = _lines_are_korean(text)
    scores = {
        "contaminated": float(purity.disallowed > 0),
        "hangul_ratio": purity.hangul_ratio,
        "line_pass_rate": float(passes),
        "romanised": float(bool(_ROMANISED.search(text))),
    }
    if passes:
        scores["word_pass_rate"] = float(not _LATIN_WORD.search(text))
    return Item(str(number), scores, note=text)
