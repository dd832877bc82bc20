"""Figures of the creative corpus: lengths, variety, repetition, near-duplicates, what there is of each kind.

``python -m benchmarks.corpora`` prints them; ``tests/test_corpora.py`` holds the limits. ``--write-manifest`` renews
``corpora/manifest.toml``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median, quantiles
from typing import Any

CREATIVE = Path(__file__).parent.parent / "corpora" / "creative"
_SHINGLE = 5
_PHRASE = 5
_WINDOW = 100
_HANGUL_WORD = re.compile(r"[가-힣]+")

Row = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """Figures over ``pieces`` pieces. Lengths are in characters, words are spaced words (어절)."""

    pieces: int
    heldout: int
    genres: dict[str, int]
    points_of_view: dict[str, int]
    speech_levels: dict[str, int]
    tenses: dict[str, int]
    length_tenth: float
    length_median: float
    length_ninetieth: float
    within_150_to_700: float
    requests: int
    # Types among each piece's first hundred words, mean over pieces: does not fall with length.
    type_token_ratio: float
    # Runs of five words that stand in more than one piece.
    shared_phrases: list[str]
    # Pairs whose sets of five-character shingles overlap by 0.7 (Jaccard, exact) or more, and the nearest pair.
    near_duplicates: list[tuple[str, str, float]]
    nearest_pair: tuple[str, str, float]
    repeated_openings: list[str]
    common_words: list[tuple[str, int]]


def load_rows(folder: Path = CREATIVE) -> list[Row]:
    """All rows of the folder's JSONL files."""
    return [
        json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()
    ]


def report(rows: Sequence[Row], threshold: float = 0.7) -> Report:
    """Measure the rows."""
    lengths = sorted(len(row["text"]) for row in rows)
    pairs = sorted(_similarities(rows), key=lambda pair: -pair[2])
    openings = Counter(row["text"][:12] for row in rows)
    return Report(
        pieces=len(rows),
        heldout=sum(row["split"] == "heldout" for row in rows),
        genres=_counts(rows, "genre"),
        points_of_view=_counts(rows, "point_of_view"),
        speech_levels=_counts(rows, "speech_level"),
        tenses=_counts(rows, "tense"),
        length_tenth=quantiles(lengths, n=10)[0],
        length_median=median(lengths),
        length_ninetieth=quantiles(lengths, n=10)[-1],
        within_150_to_700=sum(150 <= length <= 700 for length in lengths) / len(lengths),
        requests=sum(1 + len(row["other_requests"]) for row in rows),
        type_token_ratio=_type_token_ratio(rows),
        shared_phrases=_shared_phrases(rows),
        near_duplicates=[pair for pair in pairs if pair[2] >= threshold],
        nearest_pair=pairs[0],
        repeated_openings=[opening for opening, count in openings.items() if count > 1],
        common_words=_common_words(rows),
    )


def _counts(rows: Sequence[Row], key: str) -> dict[str, int]:
    return dict(Counter(row[key] for row in rows).most_common())


def _similarities(rows: Sequence[Row]) -> Iterator[tuple[str, str, float]]:
    """(id, id, Jaccard) of every pair. A few hundred pieces need no MinHash."""
    shingles = {row["id"]: _shingles(row["text"]) for row in rows}
    for (first, a), (second, b) in combinations(shingles.items(), 2):
        shared = len(a & b)
        yield first, second, shared / (len(a) + len(b) - shared)


def _shingles(text: str) -> frozenset[str]:
    letters = "".join(_HANGUL_WORD.findall(text))
    return frozenset(letters[start : start + _SHINGLE] for start in range(len(letters) - _SHINGLE + 1))


def _type_token_ratio(rows: Sequence[Row]) -> float:
    openings = [_HANGUL_WORD.findall(row["text"])[:_WINDOW] for row in rows]
    long_enough = [words for words in openings if len(words) == _WINDOW]
    return sum(len(set(words)) / len(words) for words in long_enough) / len(long_enough)


def _shared_phrases(rows: Sequence[Row]) -> list[str]:
    seen: Counter[str] = Counter()
    for row in rows:
        words = _HANGUL_WORD.findall(row["text"])
        seen.update({" ".join(words[start : start + _PHRASE]) for start in range(len(words) - _PHRASE + 1)})
    return [phrase for phrase, count in seen.most_common() if count > 1]


def _common_words(rows: Sequence[Row], count: int = 30) -> list[tuple[str, int]]:
    """Words of two syllables and more by how many pieces they stand in."""
    seen: Counter[str] = Counter()
    for row in rows:
        seen.update({word for word in _HANGUL_WORD.findall(row["text"]) if len(word) > 1})
    return seen.most_common(count)


def manifest(corpora: Path) -> str:
    """The text of ``manifest.toml``: what every file holds, and its hash."""
    lines = [
        "# Made by `python -m benchmarks.corpora --write-manifest`.",
        'licence = "CC-BY-4.0"',
        'authors = "the Loop AI authors"',
    ]
    for path in sorted(path for path in corpora.rglob("*") if path.parent != corpora and path.is_file()):
        text = path.read_text("utf-8")
        lines += [
            "",
            f'["{path.relative_to(corpora).as_posix()}"]',
            f"rows = {text.count(chr(10))}" if path.suffix == ".jsonl" else f"characters = {len(text)}",
            f'sha256 = "{hashlib.sha256(text.encode()).hexdigest()}"',
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the figures, one per line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write-manifest", action="store_true")
    if arguments.parse_args().write_manifest:
        (CREATIVE.parent / "manifest.toml").write_text(manifest(CREATIVE.parent), "utf-8")
        return
    for name, value in report(load_rows()).__dict__.items():
        print(f"{name}: {json.dumps(value, ensure_ascii=False)}")


if __name__ == "__main__":
    main()
