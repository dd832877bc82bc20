"""From lines back to paragraphs: lines of pages, and plain text that was cut at a fixed width. Pure; knows no format.

A line was cut by layout where what follows would not have fitted on it. Whether the cut goes through a word (Korean
may be cut between any two syllables) the text itself tells: by the spaces that its lines keep at their ends, else by
how it spaces the same syllables elsewhere (``Spacing``).
"""

from __future__ import annotations

import math
import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TypeGuard

_BULLET = re.compile(r"[-–—•‣◦∙·ㆍ*※○●◎◇◆□■△▲▷▶➢✓✔](?:\s|$)|[①-⑳㉠-㉻]")
# Numbers of items and clauses; below a full line that ends within a sentence, part of it (있습니|다., 의료법|제3조).
_LABEL = re.compile(
    r"(?:\(?\d{1,3}[.)]|\(?[a-zA-Z]\)|[a-zA-Z]\.|[(（]\w[)）]|[가나다라마바사아자차카타파하][.)]|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]\.)(?:\s|$)"
    r"|제\s?\d+\s?[조장절관편항](?:의\s?\d+)?(?:[\s.(（]|$)|\d+(?:\.\d+)+\.?\s"
)
_SPEAKER = re.compile(r"[가-힣A-Za-z]\S{0,9}\s?[:：]\s")
_SPEECH = re.compile(r"[“\"「『]")
_SPEECH_END = re.compile(r"[”\"」』]$")
_FINISHED = re.compile(r"[.!?…:;][\"'”’」』)\]]*$")
_INNER_END = re.compile(r"[.!?…][\"'”’」』)\]]*\s")
_LEADERS = re.compile(r"(?:\s?[.·‥…]){5,}\s*(?=[\divxlc]{1,6}$)")
_NOTE = re.compile(r"\(?(?:\d{1,3}|[*†‡]+|주)\s?[).\]]?\s?\S")
_NUMBER = re.compile(r"\d+")
_PAGE_WORDS = re.compile(r"쪽|페이지|page|p\.|of", re.IGNORECASE)
_ROMAN = re.compile(r"[ivxlc]+", re.IGNORECASE)
_HANGUL = re.compile("[가-힣]")
_ADDRESS = re.compile(r"(?:https?://|ftp://|www\.)\S*$")
_ADDRESS_PART = re.compile(r"[!-~]*[/?=&#%._-]")
_HYPHENATED = re.compile(r"([A-Za-z]+)[-\u00ad\u2010\u2011]$")
_LATIN = re.compile(r"[A-Za-z]+")
_OPENING = "/([{<“‘「『《〈【"
_CLOSING = ".,!?)]}>”’」』》〉】"
_WORD = re.compile(r"\S+")
# What moves to the next line in one piece where lines are cut inside words.
_PIECE = re.compile(r"(?:[!-~]+|.)[.,!?…)\]”’」』]*")

# Letters of headings and of small print, compared with those of the body.
_TALLER = 1.15
_SMALLER = 0.93
_HEADING_CHARACTERS = 120
# More large letters than this are no headings but, for instance, slides.
_MOST_HEADINGS = 0.3
_LEARNT_CHARACTERS = 100_000
# Of our own texts: of 100 long lines that end within a sentence, 85 to 100 in prose, up to 75 in verse.
_NEARLY_ALL = 0.8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page, in points, measured from the top left. ``text`` has no space at its ends.

    ``is_fixed``: in typewriter letters. ``is_tabular``: columns stand side by side in it.
    """

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    ends_in_space: bool = False
    is_fixed: bool = False
    is_tabular: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table in its place on the page: rows of cells of lines. A cell that another one covers has no lines."""

    rows: tuple[tuple[tuple[Line, ...], ...], ...]
    left: float
    right: float
    top: float
    bottom: float


Item = Line | Table
Grid = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Running text in reading order: paragraphs and headings as text, tables as cells.

    ``heading`` is the first of the largest headings; ``dropped`` counts the lines of page furniture.
    """

    blocks: tuple[str | Grid, ...]
    heading: str
    dropped: int


def flow(pages: Sequence[Sequence[Item]]) -> Flow:
    """The running text of ``pages``, whose lines may come in any order.

    Lines of clearly larger letters become ``#`` headings, by the rank of their sizes. Notes at the foot of a page
    follow the paragraph that they would interrupt.
    """
    kept, dropped = drop_furniture(pages)
    columns = _with_margins([column for page in kept for column in _columns(page)])
    measures = _Measures.of(columns)
    body, notes = _without_notes(columns, measures)
    words = _Words.of(_cuts(_units(body, measures)), [place.item for place in body])
    units = [_units(places, measures, move_whole=words.move_whole) for places in (body, notes)]
    blocks: list[str | Grid] = []
    headings: list[tuple[int, str]] = []
    previous: _Unit = []
    for unit in _in_turn(*units):
        block = _block(unit, words)
        level = measures.level(unit[0].item)
        if level and isinstance(block, str):
            headings.append((level, block))
            block = f"{'#' * level} {block}"
        if isinstance(block, str) and _is_next_line(previous, unit, measures):
            blocks[-1] = f"{blocks[-1]}\n{block}"
        else:
            blocks.append(block)
        previous = unit
    heading = min(headings, key=lambda ranked: ranked[0], default=(0, ""))[1]
    return Flow(tuple(blocks), heading, dropped)


# Page furniture: running heads, running feet and page numbers


def drop_furniture(pages: Sequence[Sequence[Item]]) -> tuple[list[list[Item]], int]:
    """``pages`` without the lines that stand at one height on many pages and repeat; and how many these were.

    A height at the head or foot of the pages is judged as a whole: most lines there repeat or count the pages. So
    a running head that names each section goes with those that come twice.
    """
    body_size = _body_size(item for page in pages for item in page)
    dropped: set[tuple[int, Item]] = set()
    for slot in _slots(pages):
        occupied = len({number for number, _ in slot})
        running = occupied >= max(3, 0.3 * len(pages)) and _repeating(slot, body_size) >= 0.6 * len(slot)
        counting = occupied >= max(2, 0.5 * len(pages)) and all(_is_page_number(line.text) for _, line in slot)
        if running or (counting and _repeating(slot, body_size) == len(slot)):
            dropped.update(slot)
    kept = [[item for item in page if (number, item) not in dropped] for number, page in enumerate(pages)]
    return kept, len(dropped)


def _slots(pages: Sequence[Sequence[Item]]) -> Iterator[list[tuple[int, Line]]]:
    """Lines of the same height, from the three outermost rows at the head and at the foot of every page."""
    for at_foot in (False, True):
        edge: list[tuple[int, Line]] = []
        for number, page in enumerate(pages):
            rows = _rows([item for item in page if isinstance(item, Line)])
            for row in rows[-3:] if at_foot else rows[:3]:
                edge.extend((number, line) for line in row)
        edge.sort(key=lambda entry: entry[1].bottom)
        slot: list[tuple[int, Line]] = []
        for entry in edge:
            if slot and entry[1].bottom - slot[-1][1].bottom > 2:
                yield slot
                slot = []
            slot.append(entry)
        if slot:
            yield slot


def _repeating(slot: Sequence[tuple[int, Line]], body_size: float) -> int:
    """How many lines of a slot repeat on another page, by their words or by counting the pages."""
    keys = [{("".join(line.text.split()),), *_counts(number, line, body_size)} for number, line in slot]
    seen = Counter(key for each in keys for key in each)
    return sum(
        any(seen[key] > 1 for key in each) or bool(_ROMAN.fullmatch(line.text))
        for each, (_, line) in zip(keys, slot, strict=True)
    )


def _counts(page: int, line: Line, body_size: float) -> Iterator[tuple[str, int, int]]:
    """For each number of a line: the words around it, its place, and how far it is from the page's own number.

    Larger letters that count are numbered headings.
    """
    if line.size < _TALLER * body_size:
        around = _NUMBER.sub("#", "".join(line.text.split()))
        for place, number in enumerate(_NUMBER.findall(line.text)):
            yield around, place, int(number[-9:]) - page


def _is_page_number(text: str) -> bool:
    return bool(_ROMAN.fullmatch(text)) or not any(map(str.isalpha, _PAGE_WORDS.sub("", text)))


# Reading order


@dataclass(frozen=True, slots=True)
class _Column:
    """What is read from top to bottom. ``right`` is how far its lines may reach, and all do that ``is_justified``."""

    items: tuple[Item, ...]
    left: float
    right: float
    is_justified: bool = False


def _columns(page: Sequence[Item]) -> Iterator[_Column]:
    for region in _regions(sorted(page, key=lambda item: item.top)):
        items: list[Item] = [item for item in region if isinstance(item, Table)]
        items.extend(_merged(row) for row in _rows([item for item in region if isinstance(item, Line)]))
        items.sort(key=lambda item: item.bottom)
        # Not by small print, which may stand in the margins.
        size = _body_size(items)
        measured = [item for item in items if not _is_small(item, size)]
        yield _Column(tuple(items), min(item.left for item in measured), max(item.right for item in measured))


def _rows(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines that stand side by side, from top to bottom, each row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.top + line.bottom):
        first = rows[-1][0] if rows else None
        if first and line.top + line.bottom - first.top - first.bottom < min(line.size, first.size):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _merged(row: Sequence[Line]) -> Line:
    if len(row) == 1:
        return row[0]
    is_item = len(row) == 2 and bool(_BULLET.fullmatch(row[0].text) or _LABEL.fullmatch(row[0].text))
    return replace(
        max(row, key=lambda line: len(line.text)),
        text=(" " if is_item else "  ").join(line.text for line in row),
        left=row[0].left,
        right=max(line.right for line in row),
        top=min(line.top for line in row),
        bottom=max(line.bottom for line in row),
        ends_in_space=row[-1].ends_in_space,
        is_tabular=not is_item,
    )


def _regions(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Items of one column each, in reading order; what stands across columns parts those above from those below.

    Recursive cuts at white columns, after Nagy and Seth, "Hierarchical representation of optically scanned
    documents" (1984).
    """
    gutter = _gutter([item for item in items if isinstance(item, Line)])
    if gutter is None:
        if items:
            yield list(items)
        return
    for across, group in groupby(items, key=lambda item: item.left < gutter < item.right):
        band = list(group)
        if across:
            yield band
        else:
            yield from _regions([item for item in band if item.right <= gutter])
            yield from _regions([item for item in band if item.left >= gutter])


def _gutter(lines: Sequence[Line]) -> float | None:
    """Where a white column parts running text into two, each of many well-filled lines."""
    if len(lines) < 10:
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    size = statistics.median(line.size for line in lines)
    crossing = [0] * (int(right - left) + 2)
    for line in lines:
        crossing[int(line.left - left)] += 1
        crossing[int(line.right - left) + 1] -= 1
    covered = 0
    white: list[list[int]] = [[]]
    for point, change in enumerate(crossing):
        covered += change
        if covered <= 0.1 * len(lines) and 0.2 < point / len(crossing) < 0.8:
            white[-1].append(point)
        elif white[-1]:
            white.append([])
    widest = max(white, key=len)
    if len(widest) < size:
        return None
    gutter = left + statistics.fmean(widest)
    halves = [line for line in lines if line.right <= gutter], [line for line in lines if line.left >= gutter]
    if not all(_is_running(half, size) or _gutter(half) is not None for half in halves):
        return None
    return gutter if _are_level(*halves) else None


def _is_running(lines: Sequence[Line], size: float) -> bool:
    """Whether lines look like a column of text and not like cells, labels or page numbers."""
    if len(lines) < 5:
        return False
    width = max(line.right for line in lines) - min(line.left for line in lines)
    filled = sum(line.right - line.left > 0.8 * width for line in lines)
    return width > 8 * size and filled >= 0.4 * len(lines)


def _are_level(one: Sequence[Line], other: Sequence[Line]) -> bool:
    heights = [(min(line.top for line in half), max(line.bottom for line in half)) for half in (one, other)]
    shared = min(end for _, end in heights) - max(start for start, _ in heights)
    return shared > 0.5 * min(end - start for start, end in heights)


def _with_margins(columns: Sequence[_Column]) -> list[_Column]:
    """Columns that know how far their lines may reach, also where none of their own lines does.

    An edge that many lines share is the margin; else it is where the longest lines of such columns end.
    """
    edges = [_shared_edge(column) for column in columns]
    reaches: dict[int, list[float]] = defaultdict(list)
    for column, edge in zip(columns, edges, strict=True):
        if len(column.items) >= 5:
            reaches[round(column.left / 20)].append(edge or column.right)
    placed = []
    for column, edge in zip(columns, edges, strict=True):
        alike = reaches[round(column.left / 20)]
        usual = statistics.quantiles(alike, n=5)[-1] if len(alike) > 1 else column.right
        placed.append(replace(column, right=edge or max(usual, column.right), is_justified=edge is not None))
    return placed


def _shared_edge(column: _Column) -> float | None:
    """The right edge that most long lines of a column share to the point, as those of justified text do."""
    width = column.right - column.left
    long = [item for item in column.items if isinstance(item, Line) and item.right > column.left + 0.8 * width]
    edge, _ = Counter(round(line.right) for line in long).most_common(1)[0] if long else (0, 0)
    ends = [line for line in long if round(line.right) == edge]
    # Verses of as many syllables end at one edge, too, but are equal in words and spaces.
    if len(ends) < max(3, 0.4 * len(long)) or len({_width(line.text) for line in ends}) < 2:
        return None
    return statistics.fmean(line.right for line in ends)


@dataclass(frozen=True, slots=True)
class _Measures:
    """What is usual in a document: the size of its letters in points, the distance of its lines in sizes.

    ``indent``: how far from the left paragraphs begin, in sizes. ``is_dense``: neither that nor a distance sets them
    apart. ``wraps``: lines are cut by layout, and not by their writer as verse is. ``sizes``: those of headings, the
    largest first.
    """

    size: float
    leading: float
    indent: float
    is_dense: bool
    wraps: bool
    sizes: tuple[float, ...]

    @classmethod
    def of(cls, columns: Sequence[_Column]) -> _Measures:
        """Measure the columns of a document."""
        size = _body_size(item for column in columns for item in column.items)
        pairs = [
            (column, above, below)
            for column in columns
            for above, below in pairwise(column.items)
            if isinstance(above, Line) and isinstance(below, Line) and abs(above.size - below.size) < 0.03 * size
        ]
        leading = statistics.median([(below.bottom - above.bottom) / above.size for _, above, below in pairs] or [1.6])
        close = [pair for pair in pairs if pair[2].bottom - pair[1].bottom < 1.3 * leading * pair[1].size]
        indent = _usual_indent(close)
        is_dense = indent == math.inf and len(close) > 0.95 * len(pairs)
        return cls(size, leading, indent, is_dense, _wraps(close, 3), _heading_sizes(columns, size))

    def level(self, item: Item) -> int:
        """The level of a heading, 1 to 6; 0 for all else."""
        if not _is_large(item, self.size) or _half_points(item.size) not in self.sizes:
            return 0
        return min(self.sizes.index(_half_points(item.size)) + 1, 6)


_Pair = tuple[_Column, Line, Line]


def _usual_indent(pairs: Iterable[_Pair]) -> float:
    """How far to the right of the other lines paragraphs begin, in sizes; infinite where they do not."""
    votes: Counter[float] = Counter()
    for column, above, below in pairs:
        indent, next_indent = ((line.left - column.left) / line.size for line in (above, below))
        if indent > 0.7 and column.right - above.right < above.size and not _is_item(above):
            # A full line begins a paragraph if the next one does not stand as far to the right.
            votes[round(indent, 1)] += (next_indent < 0.3) - (abs(indent - next_indent) < 0.3)
    indent, votes_for = max(votes.items(), key=lambda entry: entry[1], default=(0.0, 0))
    return indent if votes_for > 0 else math.inf


def _wraps(pairs: Iterable[_Pair], least: int) -> bool:
    """Whether lines are cut by layout: at least so many, and nearly all that end within a sentence.

    Either they all end at one edge, or where the next word would not have fitted. The latter may be true of verse by
    accident; then sentences end within its lines, too.
    """
    unfinished = [
        (column.right - above.right, column.is_justified, above.text, below)
        for column, above, below in pairs
        if above.right > column.left + 0.6 * (column.right - column.left) and not _FINISHED.search(above.text)
    ]
    at_edge = sum(is_justified and abs(room) < 1 for room, is_justified, _, _ in unfinished)
    full = [text for room, _, text, below in unfinished if room < _needed(below, move_whole=True)]
    inner_ends = sum(len(_INNER_END.findall(text)) for text in full)
    is_prose = len(full) >= _NEARLY_ALL * len(unfinished) and inner_ends >= 0.1 * len(full)
    return len(full) >= least and (is_prose or at_edge > 0.3 * len(unfinished))


def _heading_sizes(columns: Iterable[_Column], body_size: float) -> tuple[float, ...]:
    sizes: Counter[float] = Counter()
    letters = 0
    for column in columns:
        for item in column.items:
            if isinstance(item, Line):
                letters += len(item.text)
                if _is_large(item, body_size):
                    sizes[_half_points(item.size)] += len(item.text)
    return tuple(sorted(sizes, reverse=True)) if sizes.total() <= _MOST_HEADINGS * letters else ()


def _is_large(item: Item, body_size: float) -> TypeGuard[Line]:
    return (
        isinstance(item, Line)
        and item.size >= _TALLER * body_size
        and len(item.text) <= _HEADING_CHARACTERS
        and not item.is_tabular
        and any(character.isalnum() for character in item.text)
    )


def _body_size(items: Iterable[Item]) -> float:
    """The size of most letters."""
    sizes: Counter[float] = Counter()
    for item in items:
        if isinstance(item, Line):
            sizes[_half_points(item.size)] += len(item.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _half_points(size: float) -> float:
    return round(2 * size) / 2


# Paragraphs


@dataclass(frozen=True, slots=True)
class _Place:
    """An item, and the column that it stands in."""

    item: Item
    column: _Column
    number: int
    right: float

    @property
    def indent(self) -> float:
        """In points, from the left edge of the column."""
        return self.item.left - self.column.left

    @property
    def room(self) -> float:
        """In points, up to where lines may reach."""
        return self.right - self.item.right


_Unit = list[_Place]


def _places(column: _Column, number: int) -> Iterator[_Place]:
    """The items of a column; justified lines of a narrower block, such as a quotation, have its edge."""
    for _, group in groupby(column.items, key=lambda item: (isinstance(item, Table), round(item.left))):
        block = list(group)
        edge = max(item.right for item in block)
        # Equal ends of unequal words are no accident.
        ends = {_width(item.text) for item in block if isinstance(item, Line) and edge - item.right < 1}
        right = edge if len(ends) > 1 else column.right
        yield from (_Place(item, column, number, right) for item in block)


def _without_notes(columns: Sequence[_Column], measures: _Measures) -> tuple[_Unit, _Unit]:
    """The items of all columns: body, and notes at the foot, which begin with a mark in smaller letters."""
    body: _Unit = []
    notes: _Unit = []
    for number, column in enumerate(columns):
        start = len(column.items)
        while start and _is_small(column.items[start - 1], measures.size):
            start -= 1
        while start < len(column.items) and not _NOTE.match(_text(column.items[start])):
            start += 1
        places = list(_places(column, number))
        # A page of small letters is no page of notes.
        start = start if start else len(places)
        body.extend(places[:start])
        notes.extend(places[start:])
    return body, notes


def _text(item: Item) -> str:
    return item.text if isinstance(item, Line) else ""


def _is_small(item: Item, body_size: float) -> bool:
    return isinstance(item, Line) and item.size <= _SMALLER * body_size


def _in_turn(body: Iterable[_Unit], notes: Iterable[_Unit]) -> Iterator[_Unit]:
    """Units of the body, with the notes of each column behind the unit that ends it or goes on from it."""
    waiting = list(notes)
    for unit in body:
        while waiting and waiting[0][0].number < unit[0].number:
            yield waiting.pop(0)
        yield unit
    yield from waiting


def _units(places: Iterable[_Place], measures: _Measures, *, move_whole: bool = False) -> list[_Unit]:
    """Items that make one paragraph, heading or table each. ``move_whole``: words go to the next line uncut."""
    units: list[_Unit] = []
    for place in places:
        if units and _goes_on(units[-1], place, measures, move_whole):
            units[-1].append(place)
        else:
            units.append([place])
    return units


def _goes_on(unit: _Unit, place: _Place, measures: _Measures, move_whole: bool) -> bool:
    """Whether ``place`` continues the paragraph or heading that ``unit`` is so far."""
    above, below = unit[-1].item, place.item
    if isinstance(above, Table) or isinstance(below, Table) or above.is_tabular or below.is_tabular:
        return False
    if abs(above.size - below.size) > 0.08 * max(above.size, below.size) or (above.is_fixed and below.is_fixed):
        return False
    is_same_column = unit[-1].number == place.number
    if is_same_column and below.bottom - above.bottom > 1.3 * measures.leading * above.size:
        return False
    if measures.level(below):
        return is_same_column and len(unit) < 3 and not _is_item(below)
    if _LEADERS.search(above.text) or _begins(below.text, above.text, is_dense=measures.is_dense):
        return False
    if _is_indented(unit, (place.indent - unit[-1].indent) / below.size, place, measures):
        return False
    return measures.wraps and unit[-1].room < _needed(below, move_whole=move_whole)


def _begins(text: str, above: str, *, is_dense: bool) -> bool:
    """Whether the words of a line begin an item, a clause or a speech below the full line ``above``."""
    if _BULLET.match(text):
        return True
    if not _FINISHED.search(above):
        return False
    # Speech may also stand within a paragraph. Where nothing else sets paragraphs apart, it is one of its own.
    is_speech = bool(_SPEECH.match(text)) and (is_dense or bool(_SPEECH_END.search(above)))
    return is_speech or bool(_LABEL.match(text) or _SPEAKER.match(text))


def _is_item(item: Item) -> bool:
    return bool(_BULLET.match(_text(item)) or _LABEL.match(_text(item)))


def _is_indented(unit: _Unit, shift: float, place: _Place, measures: _Measures) -> bool:
    """Whether the left edge of a line, ``shift`` sizes to the right of the one above, begins a new paragraph."""
    is_first = len(unit) == 1
    is_item = _is_item(unit[0].item)
    if shift > 0.7:
        hangs = is_item or not _FINISHED.search(_text(unit[-1].item))
        return not (is_first and hangs) or _is_item(place.item)
    if shift < -0.7:
        return not is_first
    return is_first and not is_item and abs(unit[-1].indent / measures.size - measures.indent) < 0.3


def _needed(line: Line, *, move_whole: bool) -> float:
    """The room in points that the first piece of ``line`` wants on the line above, with a space before it."""
    piece = (_WORD if move_whole else _PIECE).match(line.text)
    share = _width(piece.group()) / _width(line.text.replace(" ", "")) if piece else 1.0
    return share * (line.right - line.left) + 0.2 * line.size


def _width(text: str) -> int:
    """In columns of a terminal, two for each Hangul syllable."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _block(unit: _Unit, words: _Words) -> str | Grid:
    first = unit[0].item
    if isinstance(first, Table):
        return tuple(tuple(words.join(cell) for cell in row) for row in first.rows)
    if first.is_fixed and len(unit) == 1:
        letter = (first.right - first.left) / len(first.text)
        return " " * round(unit[0].indent / letter) + first.text
    return words.join([place.item for place in unit if isinstance(place.item, Line)])


def _is_next_line(previous: _Unit, unit: _Unit, measures: _Measures) -> bool:
    """Whether two units are lines of one block: verse, code, addresses, the items of a close list."""
    if not previous or previous[0].number != unit[0].number:
        return False
    above, below = previous[-1].item, unit[0].item
    if isinstance(above, Table) or isinstance(below, Table) or measures.level(above) or measures.level(below):
        return False
    if below.bottom - above.bottom > 1.3 * measures.leading * above.size:
        return False
    if (above.is_fixed and below.is_fixed) or (above.is_tabular and below.is_tabular):
        return True
    if _is_item(previous[0].item) and _is_item(below):
        return True
    if abs(unit[0].indent / measures.size - measures.indent) < 0.3:
        return False
    return len(previous) == len(unit) == 1 and abs(unit[0].indent - previous[0].indent) < 0.7 * below.size


# Words that a line cut in two


@dataclass(frozen=True, slots=True)
class _Cut:
    """The texts on both sides of the end of a full line."""

    before: str
    after: str
    has_space: bool


def _cuts(units: Iterable[_Unit]) -> list[_Cut]:
    return [
        _Cut(above.item.text, below.item.text, above.item.ends_in_space)
        for unit in units
        for above, below in pairwise(unit)
        if isinstance(above.item, Line) and isinstance(below.item, Line)
    ]


@dataclass(frozen=True, slots=True)
class _Words:
    """How a document cuts its lines.

    ``keeps_spaces``: at the end of a line a space is there, or there was none. ``share``: of all cuts, those at spaces.
    """

    keeps_spaces: bool
    share: float
    spacing: Spacing
    latin: frozenset[str]

    @classmethod
    def of(cls, cuts: Sequence[_Cut], items: Iterable[Item]) -> _Words:
        """Judge by cuts that are surely of layout, and by what stands within the lines."""
        texts = [_text(item) for item in items]
        latin = frozenset(word for text in texts for word in _LATIN.findall(text))
        cuts = [cut for cut in cuts if _HANGUL.match(cut.before[-1]) and _HANGUL.match(cut.after)]
        spaces = sum(cut.has_space for cut in cuts)
        if spaces > 0.05 * len(cuts):
            return cls(True, spaces / len(cuts), Spacing(()), latin)
        spacing = Spacing(texts)
        return cls(False, _share([spacing.log_odds(cut.before, cut.after) for cut in cuts]), spacing, latin)

    @property
    def move_whole(self) -> bool:
        """Whether words move to the next line whole, nearly always."""
        return self.share > 0.9

    def join(self, lines: Sequence[Line]) -> str:
        """One text of the lines of a paragraph or a cell."""
        if not lines:
            return ""
        text = lines[0].text
        for above, below in pairwise(lines):
            text = self._joined(text, below.text, above.ends_in_space)
        return _LEADERS.sub(" … ", text)

    def _joined(self, text: str, after: str, has_space: bool) -> str:
        hyphen = _HYPHENATED.search(text)
        start = _LATIN.match(after)
        if hyphen and start:
            is_made = text[-1] == "\u00ad" or hyphen[1] + start[0] in self.latin
            return (text[:-1] if is_made else text) + after
        return text + (" " if self._is_space(text, after, has_space) else "") + after

    def _is_space(self, before: str, after: str, has_space: bool) -> bool:
        """Whether a space stood where a line was cut."""
        if self.keeps_spaces:
            return has_space
        if before[-1] in _OPENING or after[0] in _CLOSING:
            return False
        if _width(before[-1]) == _width(after[0]) == 1:
            return not (_ADDRESS.search(before) and _ADDRESS_PART.match(after))
        return self.spacing.log_odds(before, after) + _logit(self.share) > 0


def _share(odds: Sequence[float]) -> float:
    """How many of the places with these log odds are spaces.

    By expectation maximisation: Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to new
    a priori probabilities" (2002). A few spaces more than there are keep few doubtful places from making a rule.
    """
    share = 0.5
    for _ in range(20):
        expected = sum(1 / (1 + math.exp(-(each + _logit(share)))) for each in odds)
        share = min((expected + 5) / (len(odds) + 5.2), 0.99)
    return share


class Spacing:
    """How a text spaces its words, learnt from the text alone.

    Spaces are counted behind up to three letters, before up to three, and between both. Each longer context is
    smoothed by the shorter one (MacKay and Peto, "A hierarchical Dirichlet language model", 1995). What the three
    kinds of context say adds up as log odds, at less than its worth, because they overlap.
    """

    _LADDERS = (((1, 0), (2, 0), (3, 0)), ((0, 1), (0, 2), (0, 3)), ((1, 1), (2, 1), (1, 2), (2, 2)))
    _WEIGHT = 2.0
    _WORTH = 0.8

    def __init__(self, texts: Iterable[str]) -> None:
        """Learn from the insides of ``texts``, up to a limit past which little is gained."""
        self._counts: dict[tuple[int, int, str], list[int]] = {}
        learnt = 0
        for text in texts:
            self._learn(text)
            learnt += len(text)
            if learnt > _LEARNT_CHARACTERS:
                break
        self._base = self._chance("", "", 0, 0, 0.3)

    def log_odds(self, before: str, after: str) -> float:
        """By how much ``before`` and ``after`` make a space between them likelier than it is at any place."""
        before, after = _letters(before[-8:])[0][-3:], _letters(after[:8])[0][:3]
        odds = 0.0
        for ladder in self._LADDERS:
            chance = self._base
            for back, ahead in ladder:
                chance = self._chance(before, after, back, ahead, chance)
            odds += _logit(chance) - _logit(self._base)
        return self._WORTH * odds

    def _chance(self, before: str, after: str, back: int, ahead: int, prior: float) -> float:
        inside, spaced = self._counts.get(_context(before, after, back, ahead), (0, 0))
        return (spaced + self._WEIGHT * prior) / (inside + spaced + self._WEIGHT)

    def _learn(self, text: str) -> None:
        letters, spaced = _letters(text)
        for at in range(1, len(letters)):
            before, after = letters[max(0, at - 3) : at], letters[at : at + 3]
            for back, ahead in ((0, 0), *(rung for ladder in self._LADDERS for rung in ladder)):
                self._counts.setdefault(_context(before, after, back, ahead), [0, 0])[spaced[at]] += 1


def _letters(text: str) -> tuple[str, list[int]]:
    """``text`` without spaces, its Latin letters and digits made alike; and before which of them a space stood."""
    letters = []
    spaced = []
    after_space = 0
    for character in text:
        if character.isspace():
            after_space = 1
            continue
        is_latin = character.isascii() and character.isalpha()
        letters.append("a" if is_latin else "0" if character.isdigit() else character)
        spaced.append(after_space)
        after_space = 0
    return "".join(letters), spaced


def _context(before: str, after: str, back: int, ahead: int) -> tuple[int, int, str]:
    return back, ahead, before[max(0, len(before) - back) :] + after[:ahead]


def _logit(chance: float) -> float:
    return math.log(chance / (1 - chance))


# Plain text that was cut at a fixed width

_TABLE_LINE = re.compile(r"\s*[|>#+=━─│┃]|.*\S(?: {3,}|\t)\S|\s*[-=_*~]{3,}\s*$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
# A page of a poem is often shorter.
_LEAST_WRAPPED = 8


def unwrap(text: str) -> tuple[str, int]:
    """Plain text with the lines of its paragraphs joined where it was cut at a fixed width; and how many were.

    Nothing changes unless all of the text bears witness: nearly all of its long lines that end within a sentence
    reach the same width as near as words allow, and other sentences end within them. Verse, dialogue, scripts,
    lists, tables and code keep their lines.
    """
    raws = text.split("\n")
    lines = list(_text_lines(raws))
    column = _Column((), 0.0, _reach(lines))
    pairs = [
        (column, above, below)
        for above, below in pairwise(lines)
        if below.top == above.top + 1 and not above.is_tabular and not below.is_tabular
    ]
    if not _wraps(pairs, _LEAST_WRAPPED):
        return text, 0
    is_dense = len(pairs) > 0.95 * len(lines)
    measures = _Measures(size=2.0, leading=0.5, indent=math.inf, is_dense=is_dense, wraps=True, sizes=())
    places = [_Place(line, column, 0, column.right) for line in lines]
    words = _Words.of(_cuts(_units(places, measures)), lines)
    gone = set()
    for unit in _units(places, measures, move_whole=words.move_whole):
        paragraph = [place.item for place in unit if isinstance(place.item, Line)]
        first, *others = (int(line.top) for line in paragraph)
        raws[first] = raws[first][: len(raws[first]) - len(raws[first].lstrip())] + words.join(paragraph)
        gone.update(others)
    return "\n".join(raw for row, raw in enumerate(raws) if row not in gone), len(gone)


def _text_lines(raws: Iterable[str]) -> Iterator[Line]:
    """Lines in columns and rows of a terminal, without the blank ones."""
    fenced = False
    for row, raw in enumerate(raws):
        if not raw.strip():
            continue
        is_fence = bool(_FENCE.match(raw))
        fenced ^= is_fence
        text = raw.strip()
        left = len(raw) - len(raw.lstrip())
        yield Line(
            text, left, left + _width(text), row, row + 1, 2.0,
            ends_in_space=raw.endswith(" "),
            is_tabular=fenced or is_fence or bool(_TABLE_LINE.match(raw)),
        )  # fmt: skip


def _reach(lines: Sequence[Line]) -> float:
    """The width that nearly all lines keep to."""
    widths = sorted(line.right for line in lines if not line.is_tabular)
    return widths[int(0.98 * (len(widths) - 1))] if widths else 0.0
