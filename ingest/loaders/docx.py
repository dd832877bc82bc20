"""DOCX as a reader of the final document sees it: changes accepted, hidden text and comments gone, as Markdown.

lxml parses and the parts are walked here: python-docx passes over insertions, content controls, text boxes and notes,
and opens no document with macros, of Strict Open XML, or with a picture missing. Also left out are headers and
footers, tables of contents, unfilled form fields, charts, SmartArt and pictures. A text box follows its paragraph.

Names are those of ECMA-376, part 1, section 17, without their namespaces, of which Strict Open XML has its own.
libxml2 stops at 256 levels of nesting, so functions here may call themselves.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.errors import DamagedFile, EmptyDocument, FileTooLarge, UnsupportedFormat
from ingest.loaders.archive import open_archive, read_member
from ingest.loaders.parts import Loaded, Part
from ingest.loaders.table import MAX_CELLS, markdown, too_large

MAX_XML_BYTES = 64 * 2**20
MAX_TITLE_CHARACTERS = 200
# Styles that build on each other; Word itself allows eleven.
MAX_STYLES = 20
MAX_COLUMNS = 1_000
MAX_LABEL_CHARACTERS = 50

# Lists of Word have nine levels, from 0.
_DEEPEST = 8
_AGAIN = "워드에서 열어 다시 저장하거나, 파일을 다시 받아 넣어 주세요."
_PARTS = ("styles", "numbering", "footnotes", "endnotes", "core-properties")
# What wraps paragraphs, rows, cells or runs and is not seen itself.
_WRAPPERS = frozenset(["ins", "moveTo", "customXml", "smartTag", "hyperlink", "fldSimple", "dir", "bdo", "sdtContent"])
_HEADING = re.compile(r"(?:heading|제목|개요) ?([1-9])", re.I)
_CONTENTS = re.compile(r"(?:toc|목차) ?[1-9]|toc heading|table of figures", re.I)
_PLACE = re.compile("%([1-9])")

_HANGUL_LETTERS = "가나다라마바사아자차카타파하"
_HANGUL_CONSONANTS = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_NUMERALS = {
    "ganada": _HANGUL_LETTERS,
    "chosung": _HANGUL_CONSONANTS,
    "decimalEnclosedCircle": _CIRCLED,
    "decimalEnclosedCircleChinese": _CIRCLED,
    "lowerLetter": _LETTERS,
    "upperLetter": _LETTERS.upper(),
    "koreanDigital": "일이삼사오육칠팔구",
    "koreanDigital2": "一二三四五六七八九",
    "koreanCounting": "일이삼사오육칠팔구십",
    "ideographDigital": "一二三四五六七八九",
    "chineseCounting": "一二三四五六七八九十",
}
# The signs of Symbol and Wingdings that have a certain counterpart, by the last byte of their code.
_SIGNS = {
    "symbol": {
        **dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)),
        **dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)),
        **dict(zip(b"\xa3\xa5\xab\xac\xad\xae\xaf\xb0", "≤∞↔←↑→↓°", strict=True)),
        **dict(zip(b"\xb1\xb3\xb4\xb7\xb8\xb9\xba\xbb", "±≥×•÷≠≡≈", strict=True)),
    },
    "wingdings": dict(zip(b"lnou\x9f\xa7\xa8\xd8\xdf\xe0\xfb\xfc\xfd\xfe", "●■□◆•▪◻➢←→✗✓☒☑", strict=True)),
}
# Formulas on one line, where concatenation alone would change what they say.
_FORMULAS = {
    "f": ("({})/({})", ("num", "den")),
    "sSup": ("{}^({})", ("e", "sup")),
    "sSub": ("{}_({})", ("e", "sub")),
    "sSubSup": ("{}_({})^({})", ("e", "sub", "sup")),
    "rad": ("{}√({})", ("deg", "e")),
    "d": ("({})", ("e",)),
}


def load_docx(path: Path, data: bytes) -> Loaded:
    """A document as one part; the title is its own, else its first heading, else the file's stem.

    Headings by outline level or style are ``#`` headings, list items ``- `` with the number or letter that Word shows,
    tables pipe rows with a merged cell once; notes are marked ``[^1]`` and stand at the end. A table of one column is
    a frame around paragraphs and is read as those.

    Raises:
        DamagedFile: no document, or a part of it is missing or broken.
        EmptyDocument: the body holds no text.
        FileTooLarge: over the limits on bytes, cells or those of ``open_archive``.
        UnsupportedFormat: another document is embedded in place of text, or as ``open_archive``.
        EncryptedFile: as ``open_archive``.
    """
    archive, entries = open_archive(path, data)
    package = _Package(path, archive, entries)
    main = package.related("").get("officeDocument", "word/document.xml")
    related = {**package.related(""), **package.related(main)}
    roots = {name: package.xml(related[name]) for name in _PARTS if name in related}
    notes = {
        (kind, note.get("id", "")): note
        for kind in ("footnote", "endnote")
        for note in _named(roots.get(f"{kind}s"), kind)
    }
    reader = _Reader(path, _Styles(roots.get("styles")), _Numbering(roots.get("numbering")), notes)
    text = reader.read(package.xml(main))
    if not text:
        raise EmptyDocument(
            f"{path}: 본문에 글자가 없습니다(그림이나 머리말만 있는 문서일 수 있습니다).",
            "글자가 있는 원본인지 확인하거나, 스캔한 문서라면 글자 인식(OCR)을 거친 뒤 넣어 주세요.",
        )
    title = next((_one_line(element.text or "") for element in _named(roots.get("core-properties"), "title")), "")
    return Loaded(title[:MAX_TITLE_CHARACTERS] or reader.heading or path.stem, (Part(text),))


# The package


@dataclass(frozen=True, slots=True)
class _Package:
    path: Path
    archive: zipfile.ZipFile
    entries: Mapping[str, zipfile.ZipInfo]

    def related(self, name: str) -> dict[str, str]:
        """The parts that the part ``name`` points to ("": the package), by the last word of their relationship."""
        folder, file = posixpath.split(name)
        relations = posixpath.join(folder, "_rels", f"{file}.rels")
        if relations not in self.entries:
            return {}
        return {
            element.get("Type", "").rpartition("/")[2]: posixpath.normpath(
                posixpath.join("/", folder, element.get("Target", ""))
            ).lstrip("/")
            for element in _named(self.xml(relations), "Relationship")
        }

    def xml(self, name: str) -> Any:
        """The root of an XML part. A document type, the way to entities, is against the standard."""
        from lxml import etree  # type: ignore[import-untyped]

        info = self.entries.get(name)
        if info is None:
            raise _damaged(self.path, f"문서의 일부가 없습니다({name[:80]})")
        if info.file_size > MAX_XML_BYTES:
            raise FileTooLarge(
                f"{self.path}: 본문의 압축을 풀면 {MAX_XML_BYTES >> 20}MB보다 큽니다.",
                "여러 문서로 나누어 넣어 주세요.",
            )
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        try:
            root = etree.fromstring(read_member(self.path, self.archive, info), parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise _damaged(self.path, f"문서의 일부가 깨져 있습니다({name[:80]})") from error
        if root.getroottree().docinfo.doctype:
            raise _damaged(self.path, f"문서에 있을 수 없는 선언이 있습니다({name[:80]})")
        return _bare(root)


# Styles and numbers


@dataclass(frozen=True, slots=True)
class _Style:
    """What a style says of paragraphs and runs; ``level`` 0 is body text, ``numbering`` is (numId, ilvl) as written."""

    level: int = 0
    numbering: tuple[str, str] = ("", "")
    is_hidden: bool = False
    is_contents: bool = False


class _Styles:
    def __init__(self, root: Any) -> None:
        self._elements = {element.get("styleId", ""): element for element in _named(root, "style")}
        self._styles: dict[str, _Style] = {}

    def __getitem__(self, name: str) -> _Style:
        """The style of that id together with those that it builds on; an unknown one says nothing."""
        if name not in self._styles:
            self._styles[name] = self._resolved(name)
        return self._styles[name]

    def _resolved(self, name: str) -> _Style:
        chain: list[Any] = []
        while (element := self._elements.get(name)) is not None and len(chain) < MAX_STYLES:
            chain.append(element)
            name = _value(element, "basedOn")
        vanish = (element.find("rPr/vanish") for element in chain)
        return _Style(
            next((level for element in chain if (level := _style_level(element)) is not None), 0),
            (
                next(filter(None, (_value(element, "pPr/numPr/numId") for element in chain)), ""),
                next(filter(None, (_value(element, "pPr/numPr/ilvl") for element in chain)), ""),
            ),
            next((_is_on(element) for element in vanish if element is not None), False),
            any(_CONTENTS.fullmatch(_value(element, "name")) for element in chain),
        )


def _style_level(style: Any) -> int | None:
    if (outline := _value(style, "pPr/outlineLvl")).isdecimal():
        return _outline(outline)
    name = _value(style, "name")
    if heading := _HEADING.fullmatch(name):
        return int(heading.group(1))
    return 1 if name.lower() in ("title", "제목") else None


def _outline(value: str) -> int:
    """1 to 9; 0 for body text, which Word writes as 9."""
    return (_natural(value) + 1) % 10


@dataclass(frozen=True, slots=True)
class _Level:
    """How paragraphs of one depth are numbered; they start anew after one of a depth below ``restarts_below``."""

    numeral: str
    text: str
    start: int
    restarts_below: int
    style: str


@dataclass(slots=True)
class _List:
    abstract: str
    levels: dict[int, _Level]
    starts: dict[int, int]


class _Numbering:
    """The labels that Word shows before numbered paragraphs; asked for in the order of the document."""

    def __init__(self, root: Any) -> None:
        abstracts = {element.get("abstractNumId", ""): element for element in _named(root, "abstractNum")}
        self._lists: dict[str, _List] = {}
        for number in _named(root, "num"):
            abstract = _value(number, "abstractNumId")
            overrides = list(_named(number, "lvlOverride"))
            starts = {_natural(element.get("ilvl", "")): _value(element, "startOverride") for element in overrides}
            self._lists[number.get("numId", "")] = _List(
                abstract,
                {**_levels(abstracts.get(abstract)), **_levels(number)},
                {depth: _natural(start) for depth, start in starts.items() if start},
            )
        self._counts: dict[str, dict[int, int]] = {}

    def depth(self, name: str, depth: str, style: str) -> int | None:
        """The depth of a paragraph in the list ``name``; where it says none, its style may. None: in no list."""
        found = self._lists.get(name)
        if found is None:
            return None
        linked = next((number for number, level in found.levels.items() if style and level.style == style), 0)
        return min(_natural(depth) if depth else linked, _DEEPEST)

    def label(self, name: str, depth: int) -> str:
        """Count one more paragraph, and its number as Word writes it; empty for bullets."""
        found = self._lists[name]
        counts = self._counts.setdefault(found.abstract, {})
        while found.starts:
            # A list that starts anew does so once.
            place, start = found.starts.popitem()
            counts[place] = start - 1
        for deeper in [place for place, level in found.levels.items() if depth < place]:
            if depth < found.levels[deeper].restarts_below:
                counts.pop(deeper, None)
        level = found.levels.get(depth)
        if level is None:
            return ""
        counts[depth] = counts.get(depth, level.start - 1) + 1
        if level.numeral in ("bullet", "none"):
            return ""

        def number(place: re.Match[str]) -> str:
            above = found.levels.get(int(place.group(1)) - 1, level)
            return _numeral(counts.get(int(place.group(1)) - 1, above.start), above.numeral)

        return _PLACE.sub(number, level.text).strip()


def _levels(parent: Any) -> dict[int, _Level]:
    levels = {}
    for element in _named(parent, "lvl"):
        depth = min(_natural(element.get("ilvl", "")), _DEEPEST)
        levels[depth] = _Level(
            _value(element, "numFmt"),
            _value(element, "lvlText")[:MAX_LABEL_CHARACTERS],
            _natural(_value(element, "start"), 1),
            min(_natural(_value(element, "lvlRestart"), depth), depth),
            _value(element, "pStyle"),
        )
    return levels


def _numeral(number: int, kind: str) -> str:
    if 0 < number <= len(numerals := _NUMERALS.get(kind, "")):
        return numerals[number - 1]
    if kind in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        text = ""
        for value, letters in _ROMAN:
            text += letters * (number // value)
            number %= value
        return text if kind == "lowerRoman" else text.upper()
    return f"{number:02}" if kind == "decimalZero" else str(number)


# The text


@dataclass(slots=True)
class _Paragraph:
    """A paragraph while it is read. ``fields`` are those that are open, and whether what is read is their result."""

    is_hidden: bool
    level: int = 0
    depth: int | None = None
    label: str = ""
    texts: list[str] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    fields: list[bool] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts)


class _Reader:
    """Reads a document once, in its order."""

    def __init__(
        self, path: Path, styles: _Styles, numbering: _Numbering, notes: Mapping[tuple[str, str], Any]
    ) -> None:
        self.heading = ""
        self._path = path
        self._styles = styles
        self._numbering = numbering
        self._notes = notes
        self._cited: list[tuple[str, str]] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._blocks: list[list[str]] = []
        self._in_list = False
        self._cells = 0

    def read(self, root: Any) -> str:
        """The text of the document, its notes last."""
        for body in _named(root, "body"):
            self._write(body)
        # A note may cite another one, and itself.
        for number, key in enumerate(self._cited, start=1):
            if text := self._flat(self._notes[key]):
                self._add(f"[^{number}]: {text}")
        return "\n\n".join(map("\n".join, self._blocks))

    def _write(self, parent: Any) -> None:
        """Add the paragraphs and tables in ``parent``."""
        for element in self._elements(parent):
            if not isinstance(element, _Paragraph):
                self._table(element)
                continue
            self._paragraph(element)
            for box in element.boxes:
                self._write(box)

    def _paragraph(self, paragraph: _Paragraph) -> None:
        text = paragraph.text
        if not text.strip():
            return
        labelled = f"{paragraph.label} {text.strip()}".strip()
        if paragraph.level:
            line = _one_line(labelled)
            self.heading = self.heading or line
            self._add(f"{'#' * min(paragraph.level, 6)} {line}")
        elif paragraph.depth is not None:
            indent = "  " * paragraph.depth
            self._item(f"{indent}- " + labelled.replace("\n", f"\n{indent}  "))
        else:
            self._add(text.strip("\n"))

    def _item(self, item: str) -> None:
        if self._in_list:
            self._blocks[-1].append(item)
        else:
            self._add(item)
            self._in_list = True

    def _add(self, block: str) -> None:
        self._blocks.append([block])
        self._in_list = False

    def _table(self, table: Any) -> None:
        rows = [cells for row in _content(self._path, table, "tr") if (cells := self._row(row))]
        if all(len(cells) == 1 for cells in rows):
            for (cell,) in rows:
                self._write(cell)
            return
        texts = [self._texts(cells) for cells in rows]
        if any(map(any, texts)):
            self._add(markdown(self._path, texts))

    def _row(self, row: Any) -> list[Any]:
        if row.find("trPr/del") is not None or _is_on(row.find("trPr/hidden")):
            return []
        return [cell for cell in _content(self._path, row, "tc") if cell.find("tcPr/cellDel") is None]

    def _texts(self, cells: list[Any]) -> list[str]:
        """The cells of a row in their columns: one that is merged with that above or before it is empty."""
        texts: list[str] = []
        for cell in cells:
            merges = (cell.find(path) for path in ("tcPr/vMerge", "tcPr/hMerge"))
            goes_on = any(merge is not None and merge.get("val") != "restart" for merge in merges)
            columns = min(max(_natural(_value(cell, "tcPr/gridSpan")), 1), MAX_COLUMNS)
            texts += ["" if goes_on else self._flat(cell), *[""] * (columns - 1)]
        self._cells += len(texts)
        if self._cells > MAX_CELLS:
            raise too_large(self._path, f"표의 칸이 {MAX_CELLS:,}개를 넘습니다")
        return texts

    def _flat(self, parent: Any) -> str:
        """The text of a cell or a note on one line; cells of tables within it are set apart by slashes."""
        texts: list[str] = []
        for element in self._elements(parent):
            if isinstance(element, _Paragraph):
                texts += [element.label, element.text, *map(self._flat, element.boxes)]
            else:
                cells = (cell for row in _content(self._path, element, "tr") for cell in self._row(row))
                texts.append(" / ".join(filter(None, map(self._flat, cells))))
        return _one_line(" ".join(texts))

    def _elements(self, parent: Any) -> Iterator[Any]:
        """The paragraphs in ``parent``, read, and its tables, unread. A paragraph whose end is deleted, and a large
        first letter, go on in the next one."""
        begun: _Paragraph | None = None
        for element in _content(self._path, parent, "p", "tbl"):
            if element.tag == "tbl":
                yield from filter(None, [begun])
                begun = None
                yield element
                continue
            style = self._styles[_value(element, "pPr/pStyle")]
            if style.is_contents:
                continue
            paragraph = _Paragraph(style.is_hidden)
            if begun is not None:
                paragraph.texts, paragraph.boxes = begun.texts, begun.boxes
            self._gather(element, paragraph)
            begun = paragraph if _runs_on(element) else None
            if begun is None:
                self._place(element, style, paragraph)
                yield paragraph
        yield from filter(None, [begun])

    def _place(self, element: Any, style: _Style, paragraph: _Paragraph) -> None:
        """Find the level of a paragraph and its number."""
        outline = _value(element, "pPr/outlineLvl")
        paragraph.level = _outline(outline) if outline.isdecimal() else style.level
        if not paragraph.text.strip() and _is_on(element.find("pPr/rPr/vanish")):
            return
        name = _value(element, "pPr/numPr/numId")
        depth = _value(element, "pPr/numPr/ilvl") or ("" if name else style.numbering[1])
        name = name or style.numbering[0]
        paragraph.depth = self._numbering.depth(name, depth, _value(element, "pPr/pStyle"))
        if paragraph.depth is not None:
            paragraph.label = self._numbering.label(name, paragraph.depth)

    def _gather(self, parent: Any, paragraph: _Paragraph) -> None:
        """Add what stands in the runs below ``parent``."""
        for child in _children(parent):
            tag = child.tag
            if tag == "r":
                self._run(child, paragraph)
            elif tag in ("oMath", "oMathPara"):
                paragraph.texts.append(f"${_one_line(_formula(child))}$")
            elif tag in _WRAPPERS or (tag == "sdt" and not _is_unfilled(child)):
                self._gather(child, paragraph)

    def _run(self, run: Any, paragraph: _Paragraph) -> None:
        vanish = run.find("rPr/vanish")
        style = self._styles[_value(run, "rPr/rStyle")]
        is_hidden = _is_on(vanish) if vanish is not None else style.is_hidden or paragraph.is_hidden
        for child in _children(run):
            if child.tag == "fldChar":
                _follow(child.get("fldCharType", ""), paragraph.fields)
            elif not is_hidden and all(paragraph.fields):
                self._character(child, paragraph)

    def _character(self, element: Any, paragraph: _Paragraph) -> None:
        match element.tag:
            case "t":
                paragraph.texts.append((element.text or "").replace("\n", " "))
            case "tab" | "ptab":
                paragraph.texts.append("\t")
            case "br" | "cr":
                paragraph.texts.append("\n")
            case "noBreakHyphen":
                paragraph.texts.append("-")
            case "sym":
                paragraph.texts.append(_sign(element))
            case "footnoteReference" | "endnoteReference" as tag:
                paragraph.texts.append(self._mark((tag.removesuffix("Reference"), element.get("id", ""))))
            case "ruby":
                for base in _named(element, "rubyBase"):
                    self._gather(base, paragraph)
                for reading in _named(element, "rt"):
                    paragraph.texts.append("(")
                    self._gather(reading, paragraph)
                    paragraph.texts.append(")")
            case "drawing" | "pict" | "object":
                paragraph.boxes.extend(_boxes(element))

    def _mark(self, key: tuple[str, str]) -> str:
        if key not in self._notes:
            return ""
        if key not in self._numbers:
            self._cited.append(key)
            self._numbers[key] = len(self._cited)
        return f"[^{self._numbers[key]}]"


def _content(path: Path, parent: Any, *names: str) -> Iterator[Any]:
    """The elements of these names in ``parent``, also within wrappers."""
    for child in _children(parent):
        tag = child.tag
        if tag in names:
            yield child
        elif tag in ("altChunk", "subDoc"):
            raise UnsupportedFormat(
                f"{path}: 다른 문서를 통째로 끼워 넣은 워드 문서라 본문을 다 읽을 수 없습니다.",
                "워드에서 열어 한 번 다시 저장한 뒤 넣어 주세요.",
            )
        elif tag in _WRAPPERS or (tag == "sdt" and not _is_unfilled(child)):
            yield from _content(path, child, *names)


def _children(parent: Any) -> Iterator[Any]:
    """The children; of what is written in several ways for programs of several ages, the newest."""
    for child in parent:
        if child.tag != "AlternateContent":
            yield child
        elif (newest := next((way for way in child if len(way)), None)) is not None:
            yield from _children(newest)


def _boxes(drawing: Any) -> Iterator[Any]:
    """The contents of the text boxes in a drawing."""
    for child in _children(drawing):
        if child.tag == "txbxContent":
            yield child
        else:
            yield from _boxes(child)


def _is_unfilled(control: Any) -> bool:
    """Whether a content control shows a placeholder, or a table of contents."""
    gallery = _value(control, "sdtPr/docPartObj/docPartGallery")
    return _is_on(control.find("sdtPr/showingPlcHdr")) or gallery == "Table of Contents"


def _runs_on(paragraph: Any) -> bool:
    mark = paragraph.find("pPr/rPr")
    is_deleted = mark is not None and any(child.tag in ("del", "moveFrom") for child in mark)
    frame = paragraph.find("pPr/framePr")
    return is_deleted or (frame is not None and frame.get("dropCap") in ("drop", "margin"))


def _follow(kind: str, fields: list[bool]) -> None:
    """A field is an instruction, which is not shown, and its result."""
    if kind == "begin":
        fields.append(False)
    elif fields and kind == "separate":
        fields[-1] = True
    elif fields and kind == "end":
        fields.pop()


def _sign(element: Any) -> str:
    try:
        code = int(element.get("char", ""), 16)
        if signs := _SIGNS.get(element.get("font", "").lower()):
            return signs.get(code & 0xFF, "")
        # Other fonts of signs say with their own pictures what their codes mean.
        return "" if 0xF000 <= code <= 0xF0FF else chr(code)
    except (ValueError, OverflowError):
        return ""


def _formula(element: Any) -> str:
    tag = element.tag
    if tag == "t":
        return str(element.text or "")
    if tag == "chr":
        # The sign of a sum or a product.
        return str(element.get("val", ""))
    if tag in _FORMULAS:
        pattern, names = _FORMULAS[tag]
        return pattern.format(*(", ".join(map(_formula, _named(element, name))) for name in names))
    return "".join(map(_formula, element))


# Elements


def _bare(root: Any) -> Any:
    """``root`` with all its names stripped of their namespaces."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for name, value in element.attrib.items():
            if "}" in name:
                element.set(name.rpartition("}")[2], value)
    return root


def _value(element: Any, path: str) -> str:
    child = element.find(path)
    return "" if child is None else child.get("val", "")


def _named(parent: Any, name: str) -> Iterator[Any]:
    """The children of that name; none of no parent."""
    return iter(()) if parent is None else parent.iterchildren(name)


def _is_on(switch: Any) -> bool:
    return switch is not None and switch.get("val") not in ("0", "false", "off")


def _natural(value: str, default: int = 0) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else default


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _damaged(path: Path, reason: str) -> DamagedFile:
    return DamagedFile(f"{path}: {reason}.", _AGAIN)
