"""Answers questions from tables, by row and column: look up, count, choose, compare. In doubt it does not answer.

A question is answered only if the names in it stand in cells, headers or headings of one table and its other words
in the headers that are used. Knows tables and names; the graph and its relations are none of its business.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ingest import Korean
from kg.cues import BOUNDING, Choice, choice, counted_unit, stated_number, wants_most
from kg.josa import fill
from kg.kinds import is_kind, is_of_kind
from kg.mentions import Names, key
from kg.quantities import TIME, WRITTEN_AMOUNT, Amount, amount_of, fits_unit, unit_dimension
from kg.questions import ASIDE, ASKED, Question, Slot, Word, left_over
from kg.synonyms import same
from kg.table_conditions import bounds, denied_after, is_polar, polarity
from kg.tables import Cell, Table
from kg.types import Ontology
from kg.vocabulary import Vocabulary
from rag import ProofStep

_OWNER = re.compile(ASIDE + r"의(?![가-힣])")
_WORD = re.compile(r"[^\W_]")
_NUMBERING = re.compile(r"번호|순번|No\.?|#", re.I)
_EXISTS = ("있", "없", "오", "되")
_RECORDED = ("나누", "정하", "다루", "논의", "적", "실리", "나오")  # how what stands under a heading came about
# How an amount in a question bounds what is asked: '100명이 넘나요?'
_BOUNDS: dict[str, Callable[[float, float], bool]] = {
    "이상": operator.ge,
    "이하": operator.le,
    "넘": operator.gt,
    "초과": operator.gt,
    "미만": operator.lt,
}
_MEASURES = frozenset(
    ["길이", "무게", "부피", "넓이", "시간", "크기", "비율", "나이", "년", "월", "시", "원", "도", "℃"]
)
_MOST = 24
_SHORTEST_HEADER = 3
_BY_WHEN = re.compile(r"언제\s?까지")
_DEADLINE = re.compile("기한|마감|만료|까지")
_CARRIERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("시간", "초", "분"), ("걸리",)),
    "명": ("들어가", "수용", "앉", "타"),
    "시": ("열", "닫", "문", "시작", "끝나", "마치"),
    "원": ("들", "내", "하", "받"),
}
_LISTED = re.compile(r"\s?[,·/]\s?")
_HOURS = re.compile(r"\d{1,2}:\d{2}\s?[~∼–-]\s?\d{1,2}:\d{2}")
_DAYS = re.compile("평일|주말")
_DAY = re.compile(r"평일|주말|([월화수목금토일])요일")
# What goes without saying beside a column of 가능 and 불가, and what asks for a column of prices and 무료.
_POLAR_WORDS = frozenset(["수", "있", "없", "되", "안", "못", "않", "가능", "필요", "하", "곳", "것"])
_WHICH = frozenset(["무엇", "뭐", "무어", "뭣", "어디", "어느", "어떤", "무슨"])
_FREE = frozenset(["무료", "공짜"])
_MONEY = frozenset(["돈", "비용", "요금", "내", "들", "받"])
_CHOSEN_MOST, _CHOSEN_LEAST = "가장 큰 값", "가장 작은 값"


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """What a table says: the names or values, in words, with each cell that it rests on."""

    names: tuple[str, ...]
    text: str
    steps: tuple[ProofStep, ...]
    weight: int


@dataclass(frozen=True, slots=True)
class _View:
    """A table made ready: the words of each header, of the headings, and the entities that each cell names."""

    table: Table
    headers: tuple[frozenset[str], ...]
    headings: frozenset[str]
    heading_names: frozenset[str]
    names: tuple[tuple[frozenset[str], ...], ...]
    all_names: frozenset[str]
    numbering: frozenset[int]
    head: int
    days: frozenset[int]  # columns of opening hours that hold on some days only


@dataclass(frozen=True, slots=True)
class _Filter:
    """Rows that hold what a question names, each with the column in which they do; ``owner``: 'X의 …'."""

    rows: dict[int, int]
    words: frozenset[int] = frozenset()
    owner: bool = False
    start: int = 0  # of a condition, the stretch of the question that says it
    end: int = 0

    @property
    def is_condition(self) -> bool:
        """Whether it is a bound or a denial, and no name."""
        return self.end > self.start

    def covers(self, place: int) -> bool:
        """Whether a character of the question belongs to the condition."""
        return self.start <= place < self.end


class TableReader:
    """All tables that are held, ready to be asked."""

    def __init__(
        self, tables: Iterable[Table], names: Names, ontology: Ontology, vocabulary: Vocabulary, korean: Korean
    ) -> None:
        self._names = names
        self._ontology = ontology
        self._vocabulary = vocabulary
        self._korean = korean
        self._views = [view for table in tables for view in self._both_ways(table)]

    def answers(self, question: Question) -> list[TableAnswer]:
        """What each table answers that accounts for the whole question, most words of headers first."""
        if question.asks_how_or_why or question.is_limited:
            return []
        found = [answer for view in self._views for answer in self._ask(view, question)]
        return sorted(found, key=lambda answer: -answer.weight)

    # -- preparation -----------------------------------------------------------------------------

    def _both_ways(self, table: Table) -> Iterator[_View]:
        yield self._view(table)
        if any(self._entities(cell.text) for cell in table.header[1:]):
            yield self._view(table.turned())

    def _view(self, table: Table) -> _View:
        headings = " ".join((table.title, *table.headings))
        names = tuple(tuple(self._entities(cell.text) for cell in row) for row in table.rows)
        numbering = frozenset(i for i, cell in enumerate(table.header) if _NUMBERING.search(cell.text))
        return _View(
            table,
            tuple(frozenset(self._korean.terms(cell.text)) for cell in table.header),
            frozenset(self._korean.terms(headings)),
            self._entities(headings),
            names,
            frozenset().union(*(cell for row in names for cell in row)),
            numbering,
            next((i for i in range(len(table.header)) if i not in numbering), 0),
            frozenset(i for i, cell in enumerate(table.header) if _DAYS.search(cell.text)),
        )

    def _entities(self, text: str) -> frozenset[str]:
        return frozenset(mention.entity.name for mention in self._names.find(text))

    # -- reading ---------------------------------------------------------------------------------

    def _ask(self, view: _View, question: Question) -> Iterator[TableAnswer]:
        filters = self._filters(view, question)
        if filters is None:
            return
        question = question.without(question.excepting())
        literal = {index for held in filters for index in held.words}
        is_bounded = any(held.is_condition for held in filters)
        chosen = choice(question) if not is_bounded else None
        expected, numeral = stated_number(question.without(literal))
        open_words = question.without(literal | numeral | (chosen.understood if chosen else frozenset()))
        headers = self._headers(view, open_words)
        asking = _Asking(self, view, open_words, headers, filters, expected)
        denied = [place for place in question.denials if not any(held.covers(place) for held in filters)]
        if polar := list(asking.by_polar_column(bool(denied))):
            yield from polar
            return
        if denied:
            return
        if chosen:
            yield from asking.choose(chosen)
        elif not question.is_open:
            yield from asking.decide()
            yield from asking.decide_amount()
        elif filters:
            yield from asking.look_up()
        else:
            yield from asking.count_all()

    def _headers(self, view: _View, question: Question) -> list[frozenset[int]]:
        """For each column, the words of a question that ask for it."""
        return [
            self._asked_of(terms, question) | _written_in(cell.text, question)
            for terms, cell in zip(view.headers, view.table.header, strict=True)
        ]

    def _asked_of(self, header: frozenset[str], question: Question) -> frozenset[int]:
        """The words of a question that a header says, also as the beginning of its words: 쓰다 in 사용량."""
        found: set[int] = set()
        for word in question.words:
            # What a kind of things is asked for by ('공장': 생산) is not what it is called.
            is_thing = word.noun and is_kind(word.form, self._ontology)
            alike = frozenset((word.form, *same(word.form))) if is_thing else self._vocabulary.alike(word.form)
            if (
                alike & header
                or (word.noun and question.compound(word) in header)
                or any(len(a) > 1 and term.startswith(a) for a in alike for term in header)
            ):
                found.add(word.index)
        return frozenset(found)

    def explained(self, view: _View, question: Question) -> frozenset[int]:
        """Words of a question that the headings above a table say."""
        return self._asked_of(view.headings, question)

    def _filters(self, view: _View, question: Question) -> list[_Filter] | None:
        """What each name and each quoted cell picks out; None where a name has nothing to do with the table."""
        filters = list(self._conditions(view, question))
        phrases = list(self._phrases(view, question))
        filters += [
            _Filter(rows, frozenset(w.index for w in question.words if start <= w.start and w.end <= end))
            for start, end, rows in phrases
        ]
        for slot in question.named:
            if any(start <= slot.start and slot.end <= end for start, end, _ in phrases):
                continue
            if view.days and _asks_hours(question) and _DAY.fullmatch(question.text, slot.start, slot.end):
                continue  # 'on Saturday' says which column is meant
            rows = self._rows_of(view, slot)
            if question.is_excepted(slot):
                filters.append(_Filter({row: view.head for row in range(len(view.names)) if row not in rows}))
            elif rows:
                filters.append(_Filter(rows, owner=_OWNER.match(question.text, slot.end) is not None))
            elif not self._is_context(view, slot):
                return None
        for start, end, rows in self._quoted(view, question):
            inside = frozenset(w.index for w in question.words if start <= w.start and w.end <= end)
            if any(held.start < end and start < held.end for held in filters if held.is_condition):
                continue
            if (denied := denied_after(question.text, end)) > end:
                column = next(iter(rows.values()))
                others = {row: column for row in range(len(view.names)) if row not in rows}
                within = frozenset(w.index for w in question.words if start <= w.start < denied)
                filters.append(_Filter(others, within, start=start, end=denied))
                continue
            if not any(inside <= self._asked_of(header, question) for header in view.headers):
                filters.append(_Filter(rows, inside))
        return filters

    def _conditions(self, view: _View, question: Question) -> Iterator[_Filter]:
        """'장서가 십만 권이 넘는 …': the rows within a bound, where it is asked which they are."""
        if not question.is_open:
            return
        headers = self._headers(view, question)
        for held in bounds(question.text, view.table, lambda column: bool(headers[column])):
            inside = frozenset(w.index for w in question.words if held.start <= w.start < held.end)
            yield _Filter(held.rows, inside, start=held.start, end=held.end)

    def _phrases(self, view: _View, question: Question) -> Iterator[tuple[int, int, dict[int, int]]]:
        """Stretches of the question that are the whole text of a cell that holds a name and more: '새우 계약 연장'."""
        for number, row in enumerate(view.table.rows):
            text = row[view.head].text
            if not view.names[number][view.head] or self._names.knows(text):
                continue
            found = re.search(r"\s?".join(map(re.escape, key(text))) + r"(?![0-9A-Za-z])", question.text, re.I)
            if found and any(slot.start < found.end() and found.start() < slot.end for slot in question.named):
                yield *found.span(), {number: view.head}

    def _quoted(self, view: _View, question: Question) -> Iterator[tuple[int, int, dict[int, int]]]:
        """Stretches of the question, outside of names, that are the whole text of cells or mean the same.

        The longest at each place.
        """
        cells: dict[str, dict[int, int]] = {}
        for number, row in enumerate(view.table.rows):
            for column, cell in enumerate(row):
                for text in map(key, (cell.text, *_LISTED.split(cell.text))):
                    if len(text) > 1 and not view.names[number][column] and not text[0].isdigit():
                        cells.setdefault(text, {}).setdefault(number, column)
        taken = [(slot.start, slot.end) for slot in question.named]
        for text in sorted(cells, key=len, reverse=True):
            pattern = r"(?<![0-9A-Za-z가-힣])" + r"\s?".join(map(re.escape, text))
            for found in re.finditer(pattern, question.text, re.I):
                if not any(start < found.end() and found.start() < end for start, end in taken):
                    taken.append(found.span())
                    yield *found.span(), cells[text]
        for word in question.words:
            if word.noun and not any(start <= word.start < end for start, end in taken):
                yield from ((word.start, word.end, cells[same]) for same in self._vocabulary.alike(word.form) if same
                            in cells)  # fmt: skip

    def _rows_of(self, view: _View, slot: Slot) -> dict[int, int]:
        wanted = view.all_names & {entity.name for entity in slot.entities}
        rows: dict[int, int] = {}
        if not wanted:
            return rows
        for number, names in enumerate(view.names):
            for column in (view.head, *range(len(names))):
                if names[column] & wanted and number not in rows:
                    rows[number] = column
        return rows

    def _is_context(self, view: _View, slot: Slot) -> bool:
        names = {entity.name for entity in slot.entities}
        return bool(names & view.heading_names) or names == {
            self._ontology.subject_of(view.table.header[0].place.source)
        }

    def kind_fits(self, header: str, cells: Sequence[tuple[Cell, frozenset[str]]], kind: str) -> bool:
        """Whether a noun of the question ('학교') calls what a column holds: by its header, or by its entities."""
        if header.split("(")[0].strip() == kind or all(cell.text.endswith(kind) for cell, _ in cells):
            return True  # '무슨 요일': 수요일
        entities = [self._ontology.entities[name] for _, names in cells for name in names]
        return bool(entities) and all(is_of_kind(e.name, e.cls, kind, self._ontology) for e in entities)

    def is_name(self, text: str) -> bool:
        """Whether a cell is a name and nothing else, a gloss aside."""
        return self._names.knows(text.split("(")[0].strip())

    def are_all(self, names: frozenset[str]) -> bool:
        """Whether these are all entities of their one class."""
        classes = {self._ontology.entities[name].cls for name in names}
        of_class = {e.name for e in self._ontology.entities.values() if e.cls in classes}
        return len(classes) == 1 and of_class == names

    def is_person_or_place(self, names: frozenset[str], kinds: Sequence[str]) -> bool:
        """Whether a cell names something of one of these classes."""
        found = [self._ontology.entities[name] for name in names]
        return any(self._ontology.is_a(entity.cls, kind) for entity in found for kind in kinds)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One question put to one table. ``headers`` holds, for each column, the words that ask for it."""

    reader: TableReader
    view: _View
    question: Question
    headers: list[frozenset[int]]
    filters: list[_Filter]
    expected: int

    # -- look up and count -----------------------------------------------------------------------

    def look_up(self) -> Iterator[TableAnswer]:
        rows = self._matching()
        if not rows or len(rows) > _MOST:
            return
        unit = counted_unit(self.question)
        used = self._filter_columns(rows)
        for column in range(len(self.headers)):
            if column in used.values() or self._is_of_another(column, rows) or not self._is_of_day(column):
                continue
            cells = [self._cell(row, column) for row in rows]
            if not all(_WORD.search(cell.text) for cell in cells):  # '-': nothing is said
                continue
            values = tuple(dict.fromkeys(self._name(row, column) for row in rows))
            are_hours = _asks_hours(self.question) and all(_HOURS.search(cell.text) for cell in cells)
            is_value = are_hours or (unit is not None and all(_in_unit(cell.text, unit.form) for cell in cells))
            if unit is not None and not is_value and amount_of(cells[0].text) and column != self.view.head:
                continue
            kinds = self._kinds(column, rows)
            understood = self.headers[column] | kinds | self._words_of(used.values())
            understood |= frozenset([unit.index]) if unit else frozenset()
            signal = len(self.headers[column]) + 2 * len(kinds) + (2 if is_value else 0) + self._type_fits(column, rows)
            understood |= self._said_by(cells) | self._carriers(unit, cells) | self._days_of(column)
            if is_value and unit:  # '자리가 몇 석'
                understood |= {w.index for w in self.question.words if self.question.is_counted(w, unit)}
            if not signal or self._left(understood) or not (kinds or self._type_allows(column, rows)):
                continue
            if self.expected and len(values) != self.expected:
                continue
            if unit is not None and not is_value:
                if (kinds or self.headers[column]) and self._countable(column, rows, unit.form):
                    yield self._counted(column, rows, values, unit.form, signal)
            else:
                yield self._said(column, rows, values, signal)

    def by_polar_column(self, denied: bool) -> Iterator[TableAnswer]:
        """What a column of 가능 and 불가 answers."""
        column = self._polar_column()
        if column is not None:
            yield from self._list_polar(column, denied) if self.question.is_open else self._tell_polar(column)

    def _polar_column(self) -> int | None:
        """The column that is asked for and says 가능 or 불가 of each row; what is free or costs is one, too."""
        columns = range(len(self.headers))
        if any(word in self.question.text for word in _FREE):
            return None  # '무료인가요?' asks whether a cell holds it, see ``decide``
        if not self.question.is_open and (priced := [c for c in columns if self._is_priced(c)]):
            asks_price = any(word.form in _MONEY for word in self.question.words)
            asked = [c for c in priced if asks_price or self.headers[c]]
            if asked:
                return asked[0]
        asked = [c for c in columns if self.headers[c] and is_polar([r[c].text for r in self.view.table.rows])]
        return asked[0] if asked else None

    def _is_priced(self, column: int) -> bool:
        """Whether a column says what each row costs, and that some cost nothing."""
        cells = [row[column].text for row in self.view.table.rows]
        amounts = [amount_of(cell) for cell in cells if cell not in _FREE]
        return len(amounts) < len(cells) and any(amount and amount.dimension == "원" for amount in amounts)

    def _tell_polar(self, column: int) -> Iterator[TableAnswer]:
        """'A는 격자가 필요한가요?', 'A는 돈을 내야 하나요?': yes or no by A's cell."""
        rows = self._matching()
        if len(rows) != 1 or self._left(self._polar_words(column)):
            return
        cell = self._cell(rows[0], column).text
        amount = amount_of(cell)
        so = False if cell in _FREE else True if amount and amount.dimension == "원" else polarity(cell)
        if so is not None:
            word = "예" if so != self.question.is_denied else "아니요"
            yield TableAnswer((word,), f"{word}. {self._sentence(rows, column)}", self._steps(rows, column), 1)

    def _list_polar(self, column: int, denied: bool) -> Iterator[TableAnswer]:
        """'견학할 수 없는 공장은?': the rows whose cell says so."""
        head = self.view.head
        if any(word.form not in _WHICH for word in self.question.asks):
            return
        if any(column == head for held in self.filters for column in held.rows.values()):
            return  # which one is no question where it is named
        picked = self._matching() if self.filters else range(len(self.view.table.rows))
        rows = [row for row in picked if polarity(self._cell(row, column).text) is not denied]
        rows = [row for row in rows if polarity(self._cell(row, column).text) is not None]
        kinds = self._kinds(head, rows) if rows else frozenset()
        if not kinds or self._left(self._polar_words(column) | kinds) or counted_unit(self.question) is not None:
            return
        values = tuple(self._name(row, head) for row in rows)
        steps = self._steps(rows, column)
        yield TableAnswer(values, f"{', '.join(values)}입니다.", steps, len(self.headers[column]) + 2 * len(kinds))

    def _polar_words(self, column: int) -> frozenset[int]:
        said = frozenset(w.index for w in self.question.words if w.form in _POLAR_WORDS | _MONEY)
        return self.headers[column] | said | self._compared()

    def _days_of(self, column: int) -> frozenset[int]:
        """Words that say on which days a column of hours holds."""
        found = _DAY.search(self.question.text) if column in self.view.days else None
        return frozenset(w.index for w in self.question.words if found and found.start() <= w.start < found.end())

    def _is_of_day(self, column: int) -> bool:
        """Whether a column of hours holds on the day that is asked about; which day, the question has to say."""
        if column not in self.view.days or not _asks_hours(self.question):
            return True
        day = _asked_day(self.question.text)
        return bool(day) and day in self.view.table.header[column].text

    def _is_of_another(self, column: int, rows: Sequence[int]) -> bool:
        """Whether a cell says something of its row, and not of what another cell holds: '봉우리의 높이' is asked, and
        a hut on that peak has one."""
        head = self.view.head
        owners = [held for held in self.filters if held.owner]
        return column != head and any(held.rows.get(row, head) != head for held in owners for row in rows)

    def count_all(self) -> Iterator[TableAnswer]:
        """'배는 모두 몇 척?': the rows of a table of all entities of that kind that the ontology knows."""
        unit, head = counted_unit(self.question), self.view.head
        rows = range(len(self.view.table.rows))
        kinds = self._kinds(head, rows) if unit is not None else frozenset()
        if unit is None or not kinds or self._left(kinds | {unit.index}) or not self._countable(head, rows, unit.form):
            return
        names = [self.view.names[row][head] for row in rows]
        if all(len(held) == 1 for held in names) and self.reader.are_all(frozenset().union(*names)):
            yield self._counted(head, rows, tuple(self._name(row, head) for row in rows), unit.form, 1)

    def _countable(self, column: int, rows: Sequence[int], unit: str) -> bool:
        """Whether what a column holds is counted in a unit: 명 counts people only, 년 and 원 count nothing."""
        if unit_dimension(unit) in _MEASURES:
            return False
        if fits_unit(unit, "사람"):
            return all(self.reader.is_person_or_place(self.view.names[row][column], ("사람",)) for row in rows)
        return True

    def decide(self) -> Iterator[TableAnswer]:
        """'A의 책임자는 B인가요?': yes where one row holds both, no where A's row holds another in B's column."""
        if len(self.filters) != 2:
            return
        for first, second in ((0, 1), (1, 0)):
            rows = self.filters[first].rows
            columns = set(self.filters[second].rows.values())
            if len(rows) != 1 or len(columns) != 1:
                continue
            (row, held), (column,) = next(iter(rows.items())), columns
            is_asked_for = self.headers[column] or (self.filters[second].words and self._above())
            if held == column or held != self.view.head or not is_asked_for:
                continue
            if self._left(self.headers[column]):
                continue
            so = row in self.filters[second].rows
            said = self._sentence([row], column)
            yield TableAnswer(
                ("예" if so else "아니요",), f"{'예' if so else '아니요'}. {said}", self._steps([row], column), 1
            )

    def decide_amount(self) -> Iterator[TableAnswer]:
        """'A의 정원은 100명이 넘나요?': by the one amount in A's row that is of the same dimension."""
        said = [found for found in WRITTEN_AMOUNT.finditer(self.question.text) if not self._is_named(found)]
        claimed = amount_of(said[0].group()) if len(said) == 1 else None
        rows = self._matching()
        if claimed is None or len(rows) != 1:
            return
        inside = frozenset(w.index for w in self.question.words if said[0].start() <= w.start < said[0].end())
        bounds = [(w, _BOUNDS[w.form]) for w in self.question.words if w.form in _BOUNDS]
        understood = inside | frozenset(word.index for word, _ in bounds)
        holds = bounds[0][1] if bounds else operator.eq
        used = self._filter_columns(rows)
        for column in range(len(self.headers)):
            amount = amount_of(self._cell(rows[0], column).text)
            if column in used.values() or amount is None or amount.dimension != claimed.dimension:
                continue
            if not self.headers[column] - inside or self._left(self.headers[column] | understood):
                continue
            so = "예" if holds(amount.value, claimed.value) else "아니요"
            yield TableAnswer((so,), f"{so}. {self._sentence(rows, column)}", self._steps(rows, column), 1)

    def _is_named(self, found: re.Match[str]) -> bool:
        """Whether something stands inside of a name."""
        return any(slot.start < found.end() and found.start() < slot.end for slot in self.question.named)

    def _matching(self) -> list[int]:
        """Rows that every filter picks; where names of one column exclude each other, rows that one of them picks."""
        chosen: set[int] | None = None
        for held in self.filters:
            rows = set(held.rows)
            chosen = rows if chosen is None else chosen & rows
        return sorted(chosen or ())

    def _filter_columns(self, rows: Sequence[int]) -> dict[int, int]:
        return {number: held.rows[rows[0]] for number, held in enumerate(self.filters) if rows[0] in held.rows}

    # -- choose and compare ----------------------------------------------------------------------

    def choose(self, chosen: Choice) -> Iterator[TableAnswer]:
        rows = self._candidates(chosen)
        if len(rows) < 2:
            return
        for column in range(len(self.headers)):
            amounts = [amount_of(self._cell(row, column).text) for row in rows]
            known = [amount for amount in amounts if amount is not None]
            if column == self.view.head or column in self.view.numbering or len(known) != len(rows):
                continue
            if len({amount.dimension for amount in known}) != 1:
                continue
            signal = self._measures(column, known[0], chosen)
            if not signal:
                continue
            most = wants_most(chosen, known[0].dimension)
            value = (max if most else min)(amount.value for amount in known)
            winners = [row for row, amount in zip(rows, known, strict=True) if amount.value == value]
            kinds = self._kinds(self.view.head, rows) | self._compared()
            if len(winners) != 1 or self._left(self.headers[column] | kinds | self._words_of(self._columns(rows))):
                continue
            if self.expected and self.expected != len(rows):
                continue
            best = self._best(winners[0], column, rows, most, signal)
            yield self._confirmed(best, column, rows) if self.question.claimed_more else best

    def _confirmed(self, best: TableAnswer, column: int, rows: Sequence[int]) -> TableAnswer:
        """'A는 B보다 큰가요?' of what is the greater of the two."""
        slot = self.question.claimed_more
        so = "예" if slot and best.names[0] in {entity.name for entity in slot.entities} else "아니요"
        return replace(best, names=(so,), text=f"{so}. {self._sentence(rows, column)}")

    def _candidates(self, chosen: Choice) -> list[int]:
        """All rows, or those that the names in the question pick: in a comparison each of them at least one."""
        if not self.filters:
            return list(range(len(self.view.table.rows)))
        union: set[int] = set().union(*(held.rows for held in self.filters))
        if chosen.compares and len(self.filters) == 2:
            return sorted(union) if len(union) == 2 else []
        return self._matching()

    def _measures(self, column: int, amount: Amount, chosen: Choice) -> int:
        """How well a column is what the degree word measures; 0 for not at all."""
        header = self.view.table.header[column].text
        if any(word in header for word in chosen.implied):
            return 1 + len(self.headers[column])
        if any(word in cell.text for word in chosen.implied for cell in self.view.table.header):
            return 0  # 'the dearest of the products' is told by the prices, not by the products' numbers
        rows = range(len(self.view.table.rows))
        if self.headers[column] - self._kinds(self.view.head, rows):  # nor by what only has the products' name
            return 1 + len(self.headers[column])
        return 1 if chosen.timely and amount.dimension == TIME else 0

    def _columns(self, rows: Sequence[int]) -> set[int]:
        return {held.rows[row] for held in self.filters for row in rows if row in held.rows}

    def _compared(self) -> frozenset[int]:
        """'곳', '것', '쪽', '어느': words that stand for what is chosen."""
        return frozenset(w.index for w in self.question.words if w.form in ("곳", "것", "쪽", "데", "편") or
                         w.form in ASKED)  # fmt: skip

    # -- words -----------------------------------------------------------------------------------

    def _left(self, understood: frozenset[int]) -> list[Word]:
        above = self._above()
        left = left_over(self.question, understood | above)
        empty = (*_EXISTS, *BOUNDING, *(_RECORDED if len(above) > 1 else ()))
        return [word for word in left if word.form not in empty]

    def _carriers(self, unit: Word | None, cells: Sequence[Cell]) -> frozenset[int]:
        """Verbs that go without saying with what is asked for: '몇 초 걸리다', '얼마 들다'."""
        amount = amount_of(cells[0].text)
        fitting = _CARRIERS.get(unit.form if unit else "", ()) or _CARRIERS.get(amount.dimension if amount else "", ())
        return frozenset(word.index for word in self.question.words if word.form in fitting)

    def _above(self) -> frozenset[int]:
        """Words that the headings say."""
        return self.reader.explained(self.view, self.question)

    def _words_of(self, columns: Iterable[int]) -> frozenset[int]:
        return frozenset(index for column in columns for index in self.headers[column])

    def _said_by(self, cells: Sequence[Cell]) -> frozenset[int]:
        """Words of the question that the answer says itself: '며칠 전' in '14일 전'."""
        return frozenset(w.index for w in self.question.words if all(w.form in cell.text.split() for cell in cells))

    def _kinds(self, column: int, rows: Sequence[int]) -> frozenset[int]:
        """Nouns of the question that call what the column holds."""
        cells = [(self._cell(row, column), self.view.names[row][column]) for row in rows]
        header = self.view.table.header[column].text
        return frozenset(
            w.index for w in self.question.words if w.noun and self.reader.kind_fits(header, cells, w.form)
        )

    def _type_fits(self, column: int, rows: Sequence[int]) -> int:
        """1 where the question word itself asks for what the column holds: 누구 for people, 언제 for dates."""
        kinds = [kind for word in self.question.asks for kind in ASKED[word.form]]
        if "얼마" in {word.form for word in self.question.asks}:  # of itself it asks for a price
            amounts = [amount_of(self._cell(row, column).text) for row in rows]
            return 2 if all(amount and amount.dimension == "원" for amount in amounts) else 0
        return 1 if kinds and self._holds(column, rows, kinds) else 0

    def _type_allows(self, column: int, rows: Sequence[int]) -> bool:
        kinds = [kind for word in self.question.asks if word.form != "몇" for kind in ASKED[word.form]]
        header = self.view.table.header[column].text
        if _BY_WHEN.search(self.question.text) and _DEADLINE.search(header):  # '14일 전'
            return True
        return not kinds or self._holds(column, rows, kinds)

    def _holds(self, column: int, rows: Sequence[int], kinds: Sequence[str]) -> bool:
        for row in rows:
            names, amount = self.view.names[row][column], amount_of(self._cell(row, column).text)
            if names and self.reader.is_person_or_place(names, kinds):
                continue
            if amount and ("수량" in kinds or (amount.dimension == TIME and {"연도", "날짜"} & set(kinds))):
                continue
            if not names and not amount and {"장소", "사람"} & set(kinds) and self.headers[column]:
                continue
            return False
        return True

    def _cell(self, row: int, column: int) -> Cell:
        return self.view.table.rows[row][column]

    def _name(self, row: int, column: int) -> str:
        """The canonical name of the only entity that fills a cell, else the cell's text."""
        names, text = self.view.names[row][column], self._cell(row, column).text
        is_phrase = column == self.view.head and not self.reader.is_name(text)  # '새우 계약 연장'
        return next(iter(names)) if len(names) == 1 and not is_phrase else text

    def _steps(self, rows: Sequence[int], column: int) -> tuple[ProofStep, ...]:
        header = self.view.table.header
        head = self.view.head
        # Where the head itself is looked up, rows are shown by the columns that picked them.
        columns = (sorted(self._columns(rows) - {head}) if column == head else []) or [column]
        return tuple(
            ProofStep(self._name(row, head), header[c].text, self._cell(row, c).text, "", (self._cell(row, c).place,))
            for row in rows
            for c in columns
        )

    def _sentence(self, rows: Sequence[int], column: int) -> str:
        head, header = self.view.head, self.view.table.header[column].text
        said: dict[str, list[str]] = {}
        for row in rows:
            said.setdefault(self._name(row, head), []).append(self._cell(row, column).text)
        template = "{subject}의 {column}은 {object}입니다."
        return " ".join(
            fill(template, subject=subject, column=header, object=", ".join(dict.fromkeys(objects)))
            for subject, objects in said.items()
        )

    def _said(self, column: int, rows: Sequence[int], values: tuple[str, ...], weight: int) -> TableAnswer:
        text = f"{', '.join(values)}입니다." if column == self.view.head else self._sentence(rows, column)
        return TableAnswer(values, text, self._steps(rows, column), weight)

    def _counted(
        self, column: int, rows: Sequence[int], values: tuple[str, ...], unit: str, weight: int
    ) -> TableAnswer:
        text = f"{len(values)}{unit}입니다({', '.join(values)})."
        return TableAnswer((f"{len(values)}{unit}",), text, self._steps(rows, column), weight)

    def _best(self, winner: int, column: int, rows: Sequence[int], most: bool, weight: int) -> TableAnswer:
        name, value = self._name(winner, self.view.head), self._cell(winner, column)
        header = self.view.table.header[column].text
        compared = self._steps(rows, column)
        sources = tuple(dict.fromkeys(source for step in compared for source in step.sources))
        last = ProofStep(name, header, value.text, _CHOSEN_MOST if most else _CHOSEN_LEAST, sources)
        return TableAnswer((name,), f"{name}입니다({header} {value.text}).", (*compared, last), weight)


def _asks_hours(question: Question) -> bool:
    """Whether it asks '몇 시'."""
    unit = counted_unit(question)
    return unit is not None and unit.form == "시"


def _asked_day(text: str) -> str:
    """'평일' or '주말' where a question says on which days, '' where it does not."""
    found = _DAY.search(text)
    if found is None:
        return ""
    if found[1] is None:
        return found.group()
    return "주말" if found[1] in "토일" else "평일"


def _written_in(header: str, question: Question) -> frozenset[int]:
    """The words of a question that make up a header as it is written: the analyser may cut '소비기한' otherwise."""
    name = key(header)
    if len(name) < _SHORTEST_HEADER:
        return frozenset()
    spelled = re.search(r"\s?".join(map(re.escape, name)), question.text, re.I)
    return frozenset(w.index for w in question.words if spelled and spelled.start() <= w.start < spelled.end())


def _in_unit(text: str, unit: str) -> bool:
    amount = amount_of(text)
    return amount is not None and (fits_unit(unit, amount.dimension) or (unit in ("년", "월", "일") and
                                   amount.dimension == TIME))  # fmt: skip
