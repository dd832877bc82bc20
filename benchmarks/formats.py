"""Which real files are read and which are refused, by format; and how alike two files of one text come out.

    python -m benchmarks.formats FOLDER…
    python -m benchmarks.formats --same guide.txt guide.pdf [--after TEXT]

Files go through the child process, cleaning and chunking, as in ``loopai ingest``; nothing is stored. ``--same`` gives
the share of letters and digits that differ, the share of each file's that stand nowhere in the other (layout moves
footnotes and repeats titles), and whether the chunks are identical; ``--after TEXT`` leaves out what stands before the
last place of that text (a table of contents, which only one of the files may have).
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

from ingest import Document, IngestError, Korean, chunk
from ingest.files import entries, find_files
from ingest.reading import Wishes, read_document
from ingest.sandbox import Sandbox

_ANCHOR = 40
# Letters count as found elsewhere in runs of this length: shorter ones are found by chance.
_RUN = 12
# Only letters and digits are compared; ``b’’`` is what the Debian guide's PDF itself prints for lost bold type.
_NOT_COMPARED = re.compile(r"b(?:\s*[‘’']){2}|[\W_]+")


def read(path: Path, sandbox: Sandbox, korean: Korean) -> list[Document]:
    """The documents of one file."""
    found = []
    for file in find_files([path]):
        for entry in entries(file):
            loaded = sandbox.load(entry.path, entry.read())
            made = read_document(loaded, entry.path, Wishes("general"), korean, document_id="d", source=entry.name)
            found.append(made.document)
    return found


def table(folders: Iterable[Path], sandbox: Sandbox, korean: Korean) -> str:
    """A Markdown table: formats by what became of their files."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for file in (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()):
        try:
            read(file, sandbox, korean)
            result = "read"
        except IngestError as error:
            result = type(error).__name__
        counts[file.suffix.lower() or "(none)"][result] += 1
    results = sorted(
        {result for counter in counts.values() for result in counter}, key=lambda name: (name != "read", name)
    )
    rows = [[suffix, *(str(counts[suffix][result] or "") for result in results)] for suffix in sorted(counts)]
    lines = [["format", *results], ["---"] * (len(results) + 1), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def compare(one: Path, other: Path, after: str, sandbox: Sandbox, korean: Korean) -> str:
    """How far two files of one text (or folders of its pages) differ."""
    documents = [read(path, sandbox, korean) for path in (one, other)]
    wholes = ["\n\n".join(document.text for document in pages) for pages in documents]
    bodies = [whole[max(0, whole.rfind(after)) if after else 0 :] for whole in wholes]
    texts = [_NOT_COMPARED.sub("", unicodedata.normalize("NFKC", body)) for body in bodies]
    differing = _differing(*texts)
    same = _chunks(documents[0]) == _chunks(documents[1])
    return (
        f"{one.name} ~ {other.name}: {len(texts[0])} and {len(texts[1])} letters, {differing} differ"
        f" ({differing / max(map(len, texts)):.2%}); nowhere in the other: {_nowhere(*texts):.2%} of the first,"
        f" {_nowhere(*reversed(texts)):.2%} of the second; chunks {'identical' if same else 'differ'}"
    )


def _chunks(documents: Iterable[Document]) -> list[str]:
    return [c.text for document in documents for c in chunk(document)]


def _nowhere(one: str, other: str) -> float:
    """Share of the characters of ``one`` that are in none of its runs of ``_RUN`` which ``other`` holds, too."""
    held = {other[start : start + _RUN] for start in range(len(other) - _RUN + 1)}
    found = bytearray(len(one))
    for start in range(len(one) - _RUN + 1):
        if one[start : start + _RUN] in held:
            found[start : start + _RUN] = b"\x01" * _RUN
    return 1 - sum(found) / len(one)


def _differing(one: str, other: str) -> int:
    """Characters of the longer one that have no equal in the other."""
    # Long texts are aligned by rare runs first: comparing characters at once would take hours.
    anchors = _anchors(one, other, _ANCHOR)
    matched, at_one, at_other = 0, 0, 0
    for place_one, place_other, length in [*anchors, (len(one), len(other), 0)]:
        gap = SequenceMatcher(None, one[at_one:place_one], other[at_other:place_other], autojunk=False)
        matched += sum(block.size for block in gap.get_matching_blocks()) + length
        at_one, at_other = place_one + length, place_other + length
    return max(len(one), len(other)) - matched


def _anchors(one: str, other: str, size: int) -> list[tuple[int, int, int]]:
    """Runs of ``size`` characters that stand once in each text, in the same order in both."""
    places = _single(other, size)
    found: list[tuple[int, int, int]] = []
    at_one, at_other = 0, 0
    for start, run in ((start, one[start : start + size]) for start in range(len(one) - size + 1)):
        if start < at_one or (place := places.get(run)) is None or not at_other <= place <= at_other + 20_000:
            continue
        found.append((start, place, size))
        at_one, at_other = start + size, place + size
    return found


def _single(text: str, size: int) -> dict[str, int]:
    counts = Counter(text[start : start + size] for start in range(len(text) - size + 1))
    return {run: start for start in range(len(text) - size + 1) if counts[run := text[start : start + size]] == 1}


def main() -> None:
    """Print the table and the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--same", type=Path, nargs=2, action="append", default=[], metavar=("PATH", "PATH"))
    parser.add_argument("--after", default="", metavar="TEXT")
    options = parser.parse_args()
    korean = Korean()
    with Sandbox() as sandbox:
        if options.folders:
            print(table(options.folders, sandbox, korean))
        for one, other in options.same:
            print(compare(one, other, options.after, sandbox, korean))


if __name__ == "__main__":
    main()
