"""Where the entries of a TOML text stand, which tomllib does not tell. Pure; takes the text to be valid TOML.

Entries are named as the messages about ontologies name them: ``relations.located_in.patterns[0]``,
``entities[3].name``. What stands inside inline tables and deeper lists has the place of what holds it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_TOKEN = re.compile(
    rf"""^[ \t]*\[\[[ \t]*(?P<tables>{_DOTTED})[ \t]*\]\]
    |^[ \t]*\[[ \t]*(?P<table>{_DOTTED})[ \t]*\](?=[ \t]*(?:\#|\r?$))
    |^[ \t]*(?P<key>{_DOTTED})[ \t]*=
    |\#[^\n]*|(?P<long>\"\"\"(?:\\.|[^\\])*?\"{{3,5}}|'''.*?'{{3,5}})
    |\"(?P<basic>(?:\\.|[^"\\\n])*)\"|'(?P<literal>[^'\n]*)'
    |(?P<open>[\[{{])|(?P<close>[\]}}])|(?P<comma>,)""",
    re.X | re.M | re.S,
)
_LAST_PART = re.compile(r"(?:\.[^.\[\]]*|\[\d+\])$")


class Places:
    """The lines of a text's entries, and the stretches of their one-line strings."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = [found.end() for found in re.finditer(r"\n", text)]
        self._starts: dict[str, int] = {}
        self._strings: dict[str, tuple[int, int]] = {}
        self._read(text)

    def lines(self) -> dict[str, int]:
        """The line, from 1, of every entry."""
        return {path: bisect_right(self._breaks, start) + 1 for path, start in self._starts.items()}

    def string(self, path: str) -> tuple[int, int] | None:
        """The characters between the quotation marks of a one-line string; None for any other value."""
        return self._strings.get(path)

    def entry(self, path: str) -> tuple[int, int]:
        """The characters from the beginning of an entry to the end of its line.

        Raises:
            KeyError: no such entry.
        """
        start = self._starts[path]
        end = self._text.find("\n", start)
        return start, end if end >= 0 else len(self._text)

    def _read(self, text: str) -> None:
        table, entry, depth, item = "", "", 0, 0
        count: Counter[str] = Counter()
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if depth == 0 and kind in ("tables", "table"):
                table, entry = _plain(token[kind]), ""
                if kind == "tables":
                    table, index = f"{table}[{count[table]}]", table
                    count[index] += 1
                self._starts.setdefault(table, token.start(kind))
            elif depth == 0 and kind == "key":
                entry, item = ".".join(part for part in (table, _plain(token["key"])) if part), 0
                self._starts.setdefault(entry, token.start("key"))
            elif kind == "open":
                if depth == 1:
                    self._starts.setdefault(f"{entry}[{item}]", token.start())
                depth += 1
            elif kind == "close":
                depth -= 1
            elif kind == "comma":
                item += depth == 1
            elif kind in ("basic", "literal", "long") and depth <= 1:
                path = f"{entry}[{item}]" if depth else entry
                self._starts.setdefault(path, token.start())
                if kind != "long":
                    self._strings.setdefault(path, token.span(kind))


def nearest_line(lines: Mapping[str, int], path: str) -> int:
    """The line of an entry or of the nearest one that holds it; 0 where none does."""
    while path not in lines:
        shorter = _LAST_PART.sub("", path)
        if shorter == path:
            return 0
        path = shorter
    return lines[path]


def _plain(dotted: str) -> str:
    """A key as messages write it: without quotation marks."""
    return ".".join(part.strip("\"'") for part in re.findall(_KEY, dotted))
