"""HTML and XHTML: what a reader of the page sees, as Markdown.

lxml parses, nothing is fetched and no script runs. The page is walked by events and not by recursion, so that
deep nesting costs no stack; only lists, quotes, tables and the like hold text back until they close.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.errors import DamagedFile, EmptyDocument, FileTooLarge
from ingest.loaders.parts import Loaded, Part
from ingest.loaders.text import decode

MAX_BYTES = 20_000_000
MAX_CELLS = 500_000
# libxml2 compares every attribute of a tag with every other: 100,000 of them take 19 seconds.
MAX_ATTRIBUTES = 2_000
# Lists in lists in quotes: deeper ones lose their marks, never their words.
_DEEPEST = 24
# A cell that spans rows is repeated in each, so that every row can stand alone; a long one stands once.
_REPEATED_CELL = 80
# A form with less running text than this is a search box or a login; more, and it wraps the page (ASP.NET, 그누보드).
_PAGE_IN_FORM = 400


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = _words("ul ol dl menu dir")
_ITEMS = _words("li dt dd")
_INLINE_FRAMES = _words("ruby rt sup sub")
_BLOCK_FRAMES = _LISTS | _ITEMS | _HEADINGS.keys() | _words("blockquote pre xmp table td th caption")
_FRAMES = _BLOCK_FRAMES | _INLINE_FRAMES
_BLOCKS = _BLOCK_FRAMES | _words(
    "address article aside body center details dialog div fieldset figcaption figure footer form header hgroup html "
    "legend main nav noframes p section summary tr tbody tfoot thead"
)
_DROPPED = _words(
    "head script style noscript template svg nav iframe object embed applet canvas audio video map area rp annotation "
    "annotation-xml input select textarea button datalist meter progress colgroup col"
)
_NAVIGATION_ROLES = _words("navigation search banner contentinfo menu menubar tablist toolbar")
# The names that DocBook, Wikipedia and Korean sites give to navigation (gnb, lnb, snb) and to words for ears only.
_DROPPED_CLASSES = _words(
    "navheader navfooter navbar nav toc list-of-tables list-of-figures list-of-examples gnb lnb snb "
    "breadcrumb breadcrumbs pagination paging skipnav skip-nav "
    "blind sr-only visually-hidden screen-reader-text screen_out"
)
_CODE_CLASSES = _words("programlisting screen highlight code sourcecode prettyprint")
_HIDDEN_STYLE = re.compile(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?:\.0+)?(?:[a-z%]+)?\s*(?:;|!|$))",
    re.I,
)

_SPACE = re.compile("[ \t\r\n\f]+")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_END_OF_PAGE = re.compile(r"</(?:body|html)\s*>", re.I)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.S)
# Possessive, so that no text makes it go back.
_TAG = re.compile(r"""<[a-zA-Z](?:[^>"'=]|=\s*+"[^"]*+"|=\s*+'[^']*+'|["'=])*+""")
_QUOTED_VALUE = re.compile(r"""=\s*+(?:"[^"]*+"|'[^']*+')""")
_SUPERSCRIPT = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")

_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w:.-]+)", re.I)
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w:.-]+)", re.I)
_DECLARED_WITHIN = 4096
_WESTERN = {"iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"}
# Labels of the WHATWG Encoding Standard, and johab, which old Korean pages still carry.
_CODECS = {
    label: codec
    for codec, labels in (
        ("cp949", "euc-kr euckr ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean iso-ir-149"),
        ("cp949", "windows-949 cp949 ms949 x-windows-949 uhc"),
        ("cp932", "shift_jis shift-jis sjis x-sjis windows-31j ms932"),
        ("gb18030", "gb2312 gbk gb18030 x-gbk"),
        ("big5hkscs", "big5 big5-hkscs x-x-big5"),
        *((name, name) for name in ("johab", "euc-jp", "iso-2022-jp", "iso-2022-kr", "koi8-r")),
        *((name, name) for name in (f"windows-125{number}" for number in range(9))),
    )
    for label in labels.split()
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page as Markdown; ``title`` is its own title or first heading, empty where it has neither."""

    title: str
    text: str


def load_html(path: Path, data: bytes) -> Loaded:
    """One page as running text.

    Raises:
        UndecodableText: the bytes are in no known encoding.
        EmptyDocument: nothing is left once navigation, forms and hidden elements are gone.
        FileTooLarge: over the limits on bytes, depth, attributes or table cells.
        DamagedFile: no HTML at all.
    """
    page = read_page(path, data)
    if not page.text:
        raise EmptyDocument(
            f"{path}: 화면에 보이는 글이 없습니다(그림이나 스크립트뿐인 쪽일 수 있습니다).",
            "브라우저에서 글이 다 보일 때 본문을 복사해 TXT로 저장한 뒤 넣어 주세요.",
        )
    return Loaded(page.title or path.stem, (Part(page.text),))


def read_page(path: Path, data: bytes) -> Page:
    """The title and the visible text of a page; the text may be empty.

    Raises:
        UndecodableText, FileTooLarge, DamagedFile: as ``load_html``.
    """
    if len(data) > MAX_BYTES:
        raise _too_large(path, f"{MAX_BYTES // 1_000_000}MB가 넘는 HTML입니다")
    root = _tree(path, decode_html(path, data))
    if root is None:
        return Page("", "")
    writer = _Writer(path)
    writer.walk(root)
    return Page(_title(root) or writer.first_heading, writer.text())


def decode_html(path: Path, data: bytes) -> str:
    """Bytes of a page to text: byte order mark, else strict UTF-8, else the declared charset, else strict CP949.

    UTF-8 comes before the declaration because Korean pages were often saved anew as UTF-8 with their
    ``euc-kr`` left in; text in another encoding is hardly ever valid UTF-8 by chance.

    Raises:
        UndecodableText: none of them fits.
    """
    for start, encoding in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if data.startswith(start) and (text := _decoded(data, encoding)) is not None:
            return text
    for encoding in ("utf-8", *_declared(data)):
        if not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
            text = _decoded(data, encoding)
            if text is not None:
                return text
    return decode(path, data)


def _declared(data: bytes) -> tuple[str, ...]:
    head = data[:_DECLARED_WITHIN]
    found = _CHARSET.search(head) or _XML_ENCODING.search(head)
    label = found.group(1).decode("ascii", "ignore").lower() if found else ""
    if label in _WESTERN:
        # The default of old editors, on Korean pages too. Strict EUC-KR: Western bytes hardly ever come in such pairs.
        return ("euc_kr", "cp1252")
    codec = _CODECS.get(label)
    return (codec,) if codec else ()


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _tree(path: Path, text: str) -> Any:
    """The root element, or None where there is nothing to parse."""
    from lxml import etree  # type: ignore[import-untyped]

    _refuse_huge_tags(path, text)
    if text.lstrip("\ufeff \t\r\n").startswith("<?xml"):
        text = _CDATA.sub(lambda match: html.escape(match.group(1), quote=False), text)
    # libxml2 drops all that follows the first </html>, the rest of many a page glued together from several.
    text = _END_OF_PAGE.sub("", text.replace("\0", ""))
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        if not text.strip():
            return None
        raise DamagedFile(
            f"{path}: HTML로 읽을 수 없습니다.", "브라우저에서 열어 다시 저장하거나 본문을 TXT로 저장해 주세요."
        ) from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        # What lies deeper than 2,048 elements is lost in silence otherwise.
        raise _too_large(path, "HTML 태그가 너무 깊이 겹쳐 있습니다(닫히지 않은 태그가 많은 파일)")
    return root


def _refuse_huge_tags(path: Path, text: str) -> None:
    for tag in _TAG.finditer(text):
        if tag.end() - tag.start() > 2 * MAX_ATTRIBUTES:
            bare = _QUOTED_VALUE.sub("= ", tag.group())
            if max(bare.count("="), len(bare.split())) > MAX_ATTRIBUTES:
                raise _too_large(path, "HTML 태그 하나에 속성이 너무 많습니다")


def _title(root: Any) -> str:
    for element in root.iter("title"):
        if element.getparent().tag != "svg":
            return " ".join("".join(element.itertext()).split())
    return ""


def _too_large(path: Path, reason: str) -> FileTooLarge:
    return FileTooLarge(f"{path}: {reason}.", "브라우저에서 본문만 복사해 TXT로 저장한 뒤 넣어 주세요.")


@dataclass(slots=True)
class _Cell:
    text: str
    head: bool
    rows: int
    columns: int


@dataclass(slots=True)
class _Row:
    head: bool
    cells: list[_Cell] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    """An element that holds back its text until it closes."""

    tag: str
    element: Any = None
    verbatim: bool = False
    blocks: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)
    readings: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    caption: str = ""
    layout: bool = False
    number: int = 0

    def flush(self) -> None:
        """Close the paragraph that is open."""
        text = "".join(self.inline)
        self.inline.clear()
        if self.verbatim:
            self.blocks.extend([text.strip("\n")] if text.strip() else [])
            return
        lines = "\n".join(re.sub(" {2,}", " ", line).strip() for line in text.split("\n"))
        self.blocks.extend(part.strip("\n") for part in _PARAGRAPH_END.split(lines) if part.strip())

    def flat(self) -> str:
        """All its text on one line."""
        self.flush()
        return " ".join(" ".join(self.blocks).split())


class _Writer:
    """Writes Markdown while a tree is walked."""

    def __init__(self, path: Path) -> None:
        self.first_heading = ""
        self._path = path
        self._frames = [_Frame("page")]
        self._quotes = 0
        self._cells = 0
        self._page_in_form = False

    def text(self) -> str:
        """All that has been written."""
        self._frames[0].flush()
        return "\n\n".join(self._frames[0].blocks)

    def walk(self, root: Any) -> None:
        """Write ``root`` and all that is in it."""
        from lxml import etree

        events = etree.iterwalk(root, events=("start", "end"))
        skipped = None
        for event, element in events:
            tag = element.tag.rpartition(":")[2].lower() if isinstance(element.tag, str) else ""
            if event == "start":
                if not tag or self._is_dropped(tag, element):
                    skipped = element
                    events.skip_subtree()
                    self._break_at(tag)
                else:
                    self._start(tag, element)
                    self._write(element.text)
                continue
            if element is skipped:
                skipped = None
            else:
                self._end(tag, element)
            if element is not root:
                self._write(element.tail)

    def _is_dropped(self, tag: str, element: Any) -> bool:
        if tag in ("html", "body"):
            return False
        if tag in _DROPPED or (tag == "dialog" and element.get("open") is None):
            return True
        if tag == "form" and not self._page_in_form:
            self._page_in_form = _running_text(element) >= _PAGE_IN_FORM
            return not self._page_in_form
        return _is_hidden(element) or _is_navigation(element)

    def _start(self, tag: str, element: Any) -> None:
        self._break_at(tag)
        if tag == "br":
            self._top.inline.append("\n")
        elif tag == "hr":
            self._top.flush()
            self._top.blocks.append("***")
        elif tag == "q":
            self._write("‘" if self._quotes % 2 else "“")
            self._quotes += 1
        elif tag == "tr" and self._top.tag == "table":
            self._top.rows.append(_Row(element.getparent().tag == "thead"))
        elif tag in _FRAMES and self._takes(tag):
            self._top.layout |= tag == "table"
            verbatim = self._top.verbatim or tag in ("pre", "xmp")
            self._frames.append(_Frame(tag, element, verbatim))

    def _takes(self, tag: str) -> bool:
        """Whether this element may open a frame here."""
        if len(self._frames) > _DEEPEST:
            return False
        if tag in ("td", "th", "caption"):
            return self._top.tag == "table"
        return tag != "rt" or self._top.tag == "ruby"

    def _end(self, tag: str, element: Any) -> None:
        if self._top.element is element:
            self._close(self._frames.pop())
        elif tag == "q":
            self._quotes -= 1
            self._write("’" if self._quotes % 2 else "”")
        else:
            self._break_at(tag)

    def _close(self, frame: _Frame) -> None:
        if frame.tag in _INLINE_FRAMES:
            self._top.inline.append(self._inline(frame))
            return
        if frame.tag == "table":
            before = len(frame.blocks)
            frame.flush()
            frame.stray.extend(frame.blocks[before:])
        frame.flush()
        if frame.tag in ("td", "th"):
            self._add_cell(frame)
        elif frame.tag == "caption":
            self._top.caption = frame.flat()
        else:
            blocks = list(self._blocks(frame))
            self._top.blocks.extend(blocks)
            if self._top.tag == "table":
                self._top.stray.extend(blocks)

    def _inline(self, frame: _Frame) -> str:
        text = frame.flat()
        match frame.tag:
            case "rt":
                self._top.readings.append(text)
                return ""
            case "ruby":
                readings = "".join(frame.readings)
                return f"{text}({readings})" if readings else text
            case "sup" if _is_reference(frame.element):
                return text if text.startswith(("[", "(", "*")) else f"[{text}]"
            case "sup":
                return _shifted(text, _SUPERSCRIPT)
            case _:
                return _shifted(text, _SUBSCRIPT)

    def _blocks(self, frame: _Frame) -> Iterable[str]:
        if frame.tag in _HEADINGS:
            return self._heading(frame)
        if frame.tag == "table":
            return self._table(frame)
        if not frame.blocks:
            return ()
        if frame.tag in _ITEMS:
            return (self._item(frame),)
        if frame.tag in _LISTS:
            return ("\n".join(frame.blocks),)
        if frame.tag == "blockquote":
            return ("\n>\n".join(_prefixed(block, "> ", "> ") for block in frame.blocks),)
        return (_fenced(frame),)

    def _heading(self, frame: _Frame) -> Iterable[str]:
        if not frame.blocks:
            return
        # A heading that was never closed holds the page: only its first paragraph is the heading.
        running_on = len(frame.blocks) > 1 and sum(map(len, frame.blocks)) > 200
        text = " ".join((frame.blocks[0] if running_on else " ".join(frame.blocks)).split())
        self.first_heading = self.first_heading or text
        yield f"{'#' * _HEADINGS[frame.tag]} {text}"
        yield from frame.blocks[1:] if running_on else ()

    def _item(self, frame: _Frame) -> str:
        body = "\n".join(frame.blocks)
        if frame.tag == "dd":
            return _prefixed(body, "  ", "  ")
        marker = "- "
        if frame.tag == "li" and self._top.tag == "ol":
            marker = f"{self._number(frame.element)}. "
        return _prefixed(body, marker, " " * len(marker))

    def _number(self, item: Any) -> str:
        """The number or letter that a browser shows before an item of an ordered list."""
        ordered = self._top
        if ordered.number == 0:
            ordered.number = _natural(ordered.element.get("start"), 1) - 1
        ordered.number = _natural(item.get("value"), ordered.number + 1)
        first = ordered.element.get("type")
        if first in ("a", "A") and 0 < ordered.number <= 26:
            return chr(ord(first) + ordered.number - 1)
        return str(ordered.number)

    def _add_cell(self, frame: _Frame) -> None:
        table = self._top
        if not table.rows:
            table.rows.append(_Row(False))
        self._count(1)
        head = frame.tag == "th"
        if _is_layout_cell(frame):
            table.layout = True
        # Blocks are kept apart until the table is known to be one of data: a layout table gives them back whole.
        table.blocks.extend(frame.blocks)
        text = " ".join(" ".join(frame.blocks).split()).replace("|", "\\|")
        rows, columns = (_span(frame.element, name) for name in ("rowspan", "colspan"))
        table.rows[-1].cells.append(_Cell(text, head, rows, columns))

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > MAX_CELLS:
            raise _too_large(self._path, f"표의 칸이 {MAX_CELLS:,}개를 넘습니다")

    def _table(self, frame: _Frame) -> Iterable[str]:
        if frame.caption:
            yield frame.caption
        rows = [row for row in frame.rows if row.cells]
        widest = max((len(row.cells) for row in rows), default=0)
        if frame.layout or widest < 2 or (len(rows) < 2 and not any(cell.head for row in rows for cell in row.cells)):
            yield from frame.blocks
            return
        yield from frame.stray
        grid, heads = self._grid(rows)
        if max(map(len, grid)) * len(grid) > 4 * MAX_CELLS:
            raise _too_large(self._path, "표가 너무 큽니다")
        yield "\n".join(_table_lines(grid, heads))

    def _grid(self, rows: list[_Row]) -> tuple[list[list[str]], int]:
        """The rows with spanning cells laid out, and how many of them are header rows."""
        heads = 0
        while heads < len(rows) and rows[heads].head:
            heads += 1
        grid: list[list[str]] = []
        pending: dict[int, tuple[int, str]] = {}
        for number, row in enumerate(rows):
            line: list[str] = []
            grid.append(line)
            for cell in row.cells:
                self._carry(line, pending)
                again = cell.text if len(cell.text) <= _REPEATED_CELL else ""
                for offset in range(cell.columns):
                    # Across columns only a header repeats: it belongs to each of them.
                    repeats = offset == 0 or number < heads
                    if cell.rows > 1:
                        pending[len(line)] = (cell.rows - 1, again if repeats else "")
                    line.append(cell.text if offset == 0 else again if repeats else "")
                self._count(cell.columns)
            self._carry(line, pending)
        return grid, heads

    def _carry(self, line: list[str], pending: dict[int, tuple[int, str]]) -> None:
        """Fill the next places of a row with the cells that reach down into it."""
        while len(line) in pending:
            left, text = pending.pop(len(line))
            if left > 1:
                pending[len(line)] = (left - 1, text)
            line.append(text)
            self._count(1)

    def _write(self, text: str | None) -> None:
        if text:
            self._top.inline.append(text if self._top.verbatim else _SPACE.sub(" ", text))

    def _break_at(self, tag: str) -> None:
        if tag in _BLOCKS:
            before = len(self._top.blocks)
            self._top.flush()
            if self._top.tag == "table":
                self._top.stray.extend(self._top.blocks[before:])

    @property
    def _top(self) -> _Frame:
        return self._frames[-1]


def _is_hidden(element: Any) -> bool:
    hidden = element.get("hidden")
    if hidden is not None and hidden != "until-found":
        return True
    return element.get("aria-hidden") == "true" or bool(_HIDDEN_STYLE.search(element.get("style") or ""))


def _is_navigation(element: Any) -> bool:
    if (element.get("role") or "").lower() in _NAVIGATION_ROLES:
        return True
    return not _DROPPED_CLASSES.isdisjoint((element.get("class") or "").lower().split())


def _running_text(form: Any) -> int:
    """Characters of a form that stand outside its controls and links."""
    apart = {"script", "style", "select", "textarea", "button", "label", "legend", "option", "a", "noscript"}
    length = 0
    for element in form.iter():
        length += len((element.text or "").strip()) if element.tag not in apart else 0
        length += len((element.tail or "").strip())
    return length


def _is_reference(sup: Any) -> bool:
    """Whether a superscript is the mark of a footnote and not a power."""
    return sup.getparent().tag == "a" or next(sup.iter("a"), None) is not None


def _is_layout_cell(frame: _Frame) -> bool:
    """Whether a cell holds what no data cell does; old pages lay out their text in tables."""
    return frame.layout or len(frame.blocks) > 8 or any(block.startswith("#") for block in frame.blocks)


def _span(element: Any, name: str) -> int:
    return max(1, min(_natural(element.get(name), 1), 1000 if name == "colspan" else 65_534))


def _natural(value: str | None, default: int) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 6 else default


def _shifted(text: str, table: dict[int, int]) -> str:
    """Superscript or subscript characters, where all of them exist: m² and H₂O, but 2nd."""
    return text.translate(table) if all(ord(character) in table for character in text) else text


def _prefixed(block: str, first: str, rest: str) -> str:
    lines = block.split("\n")
    return "\n".join([first + lines[0], *((rest + line).rstrip() for line in lines[1:])])


def _fenced(frame: _Frame) -> str:
    """Preformatted text; only code is fenced, for old pages hold whole novels in ``pre``."""
    text = "\n".join(frame.blocks)
    classes = (frame.element.get("class") or "").lower().split()
    is_code = not _CODE_CLASSES.isdisjoint(classes) or next(frame.element.iter("code"), None) is not None
    return f"```\n{text}\n```" if is_code else text


def _table_lines(grid: list[list[str]], heads: int) -> Iterable[str]:
    width = max(len(row) for row in grid)
    padded = [row + [""] * (width - len(row)) for row in grid]
    head = [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*padded[: max(heads, 1)], strict=True)]
    yield _table_line(head)
    yield "|" + "---|" * width
    for row in padded[max(heads, 1) :]:
        yield _table_line(row)


def _table_line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
