from __future__ import annotations

import base64
import io
import json
import logging
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pypdf
import pytest
from pypdf.generic import NameObject, RectangleObject

from ingest.errors import (
    DamagedFile,
    EmptyDocument,
    EncryptedFile,
    FileTooLarge,
    IngestError,
    UndecodableText,
)
from ingest.loaders import pdf as loader
from ingest.loaders.pdf import load_pdf

PATH = Path("원고.pdf")
CORPORA = Path(__file__).parents[2] / "corpora" / "creative"
WIDTH, HEIGHT = 420.0, 600.0
SPACE = 0.3


# A small PDF of words in given places. The font has no outlines: each code is its own Unicode value.


@dataclass(frozen=True)
class Word:
    text: str
    left: float
    top: float
    size: float = 10
    matrix: str = "1 0 0 1"


def letter_width(letter: str) -> float:
    return SPACE if letter == " " else 0.5 if letter.isascii() else 1.0


def width(text: str) -> float:
    return sum(map(letter_width, text))


def show(word: Word) -> bytes:
    codes = word.text.encode("utf-16-be").hex()
    place = f"{word.matrix} {word.left:.3f} {HEIGHT - word.top:.3f} Tm"
    return f"BT /F {word.size} Tf {place} <{codes}> Tj ET\n".encode()


def to_unicode(letters: str, glyphs: dict[str, str]) -> bytes:
    rows = "".join(
        f"<{letter.encode('utf-16-be').hex()}> <{glyphs.get(letter, letter).encode('utf-16-be').hex()}>\n"
        for letter in letters
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(letters)} beginbfchar\n{rows}endbfchar\nendcmap end end"
    ).encode()


def stream(data: bytes, entries: str = "", *, packed: bool = True) -> bytes:
    if packed:
        data, entries = zlib.compress(data), f"/Filter /FlateDecode {entries}"
    return f"<< /Length {len(data)} {entries} >>\nstream\n".encode() + data + b"\nendstream"


def assembled(objects: Sequence[bytes], info: str = "") -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    out += f"trailer << /Size {size} /Root 1 0 R {info} >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def document(
    *pages: Sequence[Word],
    drawn: bytes = b"",
    contents: Sequence[bytes] = (),
    others: Sequence[bytes] = (),
    glyphs: dict[str, str] | None = None,
    knows_letters: bool = True,
    info: str = "",
) -> bytes:
    """Pages of words over ``drawn``, or of ready content streams; ``glyphs`` are codes that mean another text."""
    contents = contents or [stream(drawn + b"".join(map(show, page))) for page in pages]
    letters = "".join(sorted({letter for page in pages for word in page for letter in word.text}))
    kids = " ".join(f"{8 + 2 * number} 0 R" for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(contents)} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Test /Encoding /Identity-H /DescendantFonts [4 0 R]"
        + (b" /ToUnicode 6 0 R >>" if knows_letters else b" >>"),
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Test /DW 1000 /FontDescriptor 5 0 R"
        b" /W [32 [300] 33 126 500 8203 [0] 65279 [0]]"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        b"<< /Type /FontDescriptor /FontName /Test /Flags 4 /FontBBox [0 -120 1000 880] /ItalicAngle 0 /Ascent 880"
        b" /Descent -120 /CapHeight 700 /StemV 80 >>",
        stream(to_unicode(letters, glyphs or {})),
        stream(b"\xff" * 3, "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB"
               " /BitsPerComponent 8"),
    ]  # fmt: skip
    for number, content in enumerate(contents):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {9 + 2 * number} 0 R"
            " /Resources << /Font << /F 3 0 R >> /XObject << /P 7 0 R >> >> >>".encode()
        )
        objects.append(content)
    return assembled([*objects, *others], info)


def text_of(data: bytes) -> str:
    (part,) = load_pdf(PATH, data).parts
    return part.text


def lines(*texts: str, left: float = 50, top: float = 60, size: float = 10, pitch: float = 16) -> list[Word]:
    return [Word(text, left, top + row * pitch, size) for row, text in enumerate(texts)]


def edited(data: bytes, change: str) -> bytes:
    """``data`` after pypdf has written it again, turned, cropped or locked."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    for page in writer.pages:
        if change == "turned":
            page.rotate(90)
        elif change == "cropped":
            page[NameObject("/CropBox")] = RectangleObject((40, 300, WIDTH, HEIGHT))
        elif change == "far":
            page.mediabox = RectangleObject((-100, -200, WIDTH, HEIGHT))
    if change.startswith("password"):
        writer.encrypt("비밀", algorithm=change.removeprefix("password "))
    elif change.startswith("owner"):
        writer.encrypt("", "주인", algorithm=change.removeprefix("owner "))
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


# Typesetting: paragraphs in lines of 30 letters

Cut = Literal["word", "syllable"]


def broken(paragraph: str, cut: Cut, room: float, indent: float) -> Iterator[str]:
    """The lines of a paragraph; a space at the end of one is where the paragraph has it."""
    line = ""
    left = room - indent
    for piece in re.findall(r"\S+ ?" if cut == "word" else r"\S[.,!?’”'\"]* ?", paragraph):
        if line and width(line) + width(piece.rstrip()) > left:
            yield line
            line, left = "", room
        line += piece
    yield line


def typeset(
    paragraphs: Sequence[str],
    cut: Cut,
    *,
    justified: bool = False,
    spaces: Literal["drawn", "left out"] = "left out",
    indent: float = 0,
    gap: float = 8,
    room: float = 30,
    lefts: Sequence[float] = (50,),
) -> list[list[Word]]:
    """Pages of the paragraphs; ``lefts`` are the edges of the columns of each page."""
    size = 10.0
    pages: list[list[Word]] = [[]]
    column, top = 0, 60.0
    for paragraph in paragraphs:
        broken_lines = list(broken(paragraph, cut, room, indent))
        for number, line in enumerate(broken_lines):
            if top > HEIGHT - 60:
                column, top = column + 1, 60.0
                if column == len(lefts):
                    column = 0
                    pages.append([])
            first = indent if number == 0 else 0
            words = line.split()
            is_full = justified and number < len(broken_lines) - 1
            slack = room - first - sum(map(width, words)) if is_full else SPACE * (len(words) - 1)
            step = slack / max(len(words) - 1, 1)
            at = lefts[column] + first * size
            for place, word in enumerate(words):
                is_last = place == len(words) - 1
                drawn = spaces == "drawn" and (not is_last or line.endswith(" "))
                pages[-1].append(Word(word + " " * drawn, at, top, size))
                at += (width(word) + step) * size
            top += 16
        top += gap
    return pages


def corpus(name: str, count: int) -> list[str]:
    """Paragraphs of our own texts."""
    rows = [json.loads(row)["text"] for row in (CORPORA / f"{name}.jsonl").read_text("utf-8").splitlines()[:count]]
    return [paragraph.strip() for row in rows for paragraph in row.splitlines() if paragraph.strip()]


def letters(text: str) -> str:
    return "".join(text.split())


def spaced_places(text: str) -> list[bool]:
    return [bool(space) for space in re.findall(r"\S(\s*)", text)]


SETTINGS = [
    pytest.param({"cut": "word", "justified": True}, 0.001, id="words, justified"),
    pytest.param({"cut": "word"}, 0.001, id="words, ragged"),
    pytest.param({"cut": "word", "indent": 1, "gap": 0}, 0.001, id="words, indented"),
    pytest.param({"cut": "syllable", "spaces": "drawn"}, 0.0, id="syllables, spaces kept"),
    pytest.param({"cut": "syllable", "justified": True, "indent": 1, "gap": 0}, 0.01, id="syllables, justified"),
    pytest.param({"cut": "syllable", "lefts": (30, 225), "room": 17}, 0.02, id="two columns"),
]


@pytest.mark.parametrize(("setting", "wrong"), SETTINGS)
def test_paragraphs_come_back_from_their_lines(setting: dict[str, object], wrong: float) -> None:
    """``wrong`` is the share of places where a space may be wrong: where nothing but the words can tell."""
    paragraphs = corpus("essay", 6)
    found = text_of(document(*typeset(paragraphs, **setting)))  # type: ignore[arg-type]
    assert [letters(block) for block in found.split("\n\n")] == [letters(paragraph) for paragraph in paragraphs]
    pairs = list(zip(spaced_places(found), spaced_places("\n\n".join(paragraphs)), strict=True))
    assert sum(one != other for one, other in pairs) <= wrong * len(pairs)


def test_half_of_the_cuts_go_through_words_where_syllables_move() -> None:
    """What the test above would be worth without ``Spacing``: every line end a space, or none."""
    lines_of = [line for paragraph in corpus("essay", 6) for line in list(broken(paragraph, "syllable", 30, 0))[:-1]]
    inside = sum(not line.endswith(" ") for line in lines_of)
    assert 0.3 < inside / len(lines_of) < 0.7


def test_no_letter_is_lost() -> None:
    paragraphs = corpus("screenplay", 4) + corpus("poem", 4)
    found = text_of(document(*typeset(paragraphs, "syllable", justified=True)))
    assert letters(found) == letters("".join(paragraphs))


# Lines and letters


def test_lines_of_verse_stay_lines() -> None:
    poem = ["첫눈이 왔다", "아무도 밟지 않은 골목에", "발자국 하나", "", "그것이 네 것이면 좋겠다", "오래 서 있었다"]
    assert text_of(document(lines(*poem))) == "\n".join(poem)


SCAN = b"420 0 0 600 0 0 cm /P Do\n"
STORY = ["서윤은 창문을 열었다. 바다 냄새가 났다.", "민호는 대답하지 않았다. 파도 소리만 들렸다."]


@pytest.mark.parametrize(
    ("words", "glyphs", "expected"),
    [
        pytest.param([Word("서윤은\ue000왔다", 50, 60)], {"\ue000": "\0"}, "서윤은 왔다", id="NUL"),
        pytest.param([Word("등대", 50, 60)], {"등": "\u1103\u1173\u11bc"}, "등대", id="jamo"),
        pytest.param([Word("ﬁn와 oﬃce", 50, 60)], {}, "fin와 office", id="ligatures"),
        pytest.param([Word("五⾏과 ⼋月", 50, 60)], {}, "五行과 八月", id="radicals"),
        pytest.param([Word("서\u200b윤\ufeff은", 50, 60)], {}, "서윤은", id="letters without width"),
        pytest.param([Word("\uf0b7 첫째 까닭", 50, 60)], {}, "• 첫째 까닭", id="bullet of a symbol font"),
        pytest.param([Word("왔다", 50, 60), Word("왔다", 50.4, 60)], {}, "왔다", id="struck twice"),
        pytest.param([Word("all will", 50, 60)], {}, "all will", id="double letters"),
        pytest.param([Word(letter, 50 + 13 * at, 60) for at, letter in enumerate("서윤은왔다갔다")], {},
                     "서윤은왔다갔다", id="spread letters"),
        pytest.param([Word("서윤", 50, 60), Word("은", 70.5, 60), Word("왔다", 83, 60)], {}, "서윤은 왔다", id="gaps"),
        pytest.param([Word("지시", 50, 60, 0.5), Word("왔다", 50, 90)], {}, "왔다", id="too small to see"),
        pytest.param([Word("밖", 500, 60), Word("왔다", 50, 90)], {}, "왔다", id="outside the page"),
        pytest.param([Word("넓이는 m", 50, 60), Word("2", 88.2, 55, 6)], {}, "넓이는 m2", id="raised"),
    ],
)  # fmt: skip
def test_letters_become_the_words_that_people_see(words: list[Word], glyphs: dict[str, str], expected: str) -> None:
    assert text_of(document(words, glyphs=glyphs)) == expected


def test_a_page_on_its_side_is_read() -> None:
    up = [Word(text, 60 + 16 * row, 500, matrix="0 1 -1 0") for row, text in enumerate(STORY)]
    down = [Word(text, 300 - 16 * row, 60, matrix="0 -1 1 0") for row, text in enumerate(STORY)]
    for page in (up, down):
        assert text_of(document(page)) == "\n".join(STORY)


def test_a_note_in_the_margin_on_its_side_is_no_text() -> None:
    assert text_of(document([*lines(*STORY), Word("대외비", 20, 300, matrix="0 1 -1 0")])) == "\n".join(STORY)


@pytest.mark.parametrize("change", ["turned", "far", "owner RC4-128", "owner AES-256"])
def test_a_page_that_is_shown_otherwise_reads_the_same(change: str) -> None:
    assert text_of(edited(document(lines(*STORY)), change)) == "\n".join(STORY)


def test_what_is_cropped_away_is_no_text() -> None:
    assert text_of(edited(document([*lines(*STORY), Word("인쇄소용", 50, 400)]), "cropped")) == "\n".join(STORY)


def test_an_invisible_layer_over_a_scan_is_text() -> None:
    content = stream(b"q " + SCAN + b"Q 3 Tr\n" + b"".join(map(show, lines(*STORY))))
    assert text_of(document(lines(*STORY), contents=[content])) == "\n".join(STORY)


def test_a_form_holds_text_as_a_page_does() -> None:
    data = document(lines(*STORY), contents=[stream(b"/P Do")])
    form = stream(
        b"".join(map(show, lines(*STORY))), f"/Type /XObject /Subtype /Form /BBox [0 0 {WIDTH} {HEIGHT}]"
        " /Resources << /Font << /F 3 0 R >> >>"
    )  # fmt: skip
    start = data.index(b"7 0 obj\n") + 8
    end = data.index(b"\nendobj", start)
    assert text_of(data[:start] + form + data[end:]) == "\n".join(STORY)


# Pages


def running(count: int, head: str, foot: str) -> list[list[Word]]:
    return [
        [
            Word(head.format(number), 50, 30, 8),
            *lines(f"{'가나다라마바사아자차'[number]}동 이야기가 여기서 시작된다.", top=60),
            *lines(f"{'거너더러머버서어저처'[number]}동 이야기는 여기까지다.", top=500),
            Word(foot.format(number + 1), 200, 570, 8),
        ]
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "head", "foot"),
    [
        (5, "여름의 끝", "- {} -"),
        (5, "2024년 사업 보고서", "{}"),
        (4, "여름의 끝 {}", "{}/4"),
        (4, "여름의 끝", "여름의 끝 | {}쪽"),
    ],
)
def test_heads_and_feet_that_repeat_are_left_out(count: int, head: str, foot: str) -> None:
    text = text_of(document(*running(count, head, foot)))
    assert text.count("이야기가 여기서") == text.count("이야기는 여기까지") == count
    assert "끝" not in text
    assert not re.search(r"\d", text)


def test_numbers_count_two_pages_but_not_one() -> None:
    pages = [[*lines(text), Word(str(number), 200, 570)] for number, text in enumerate(STORY, 3)]
    assert text_of(document(*pages)) == "\n\n".join(STORY)
    assert text_of(document([*lines(STORY[0]), Word("12", 200, 570)])).endswith("12")


def test_chapters_that_count_are_no_furniture() -> None:
    pages = running(4, "", "")
    for number, page in enumerate(pages, 1):
        page.append(Word(f"제{number}장 {'봄여름갈겨울'[number]}", 50, 40, 18))
    assert re.findall(r"# 제\d장", text_of(document(*pages))) == [f"# 제{number}장" for number in range(1, 5)]


def test_a_paragraph_goes_on_over_the_page_and_its_note_follows() -> None:
    paragraphs = corpus("essay", 4)
    pages = typeset(paragraphs, "word")
    broken_paragraph = next(paragraph for paragraph in paragraphs if pages[1][0].text in paragraph.split())
    pages[0].append(Word("1) 등대는 1910년에 세워졌다.", 50, 565, 8))
    blocks = text_of(document(*pages)).split("\n\n")
    assert blocks[blocks.index("1) 등대는 1910년에 세워졌다.") - 1] == broken_paragraph
    assert len(blocks) == len(paragraphs) + 1


def test_larger_letters_are_headings_by_rank() -> None:
    words = [
        Word("여름의 끝", 50, 60, 24),
        Word("1. 등대", 50, 110, 15),
        *lines(*STORY, top=140),
        Word("2. 편지를 태우던 밤과", 50, 210, 15),
        Word("그다음 날의 일", 50, 232, 15),
        *lines(*STORY, top=262),
    ]
    loaded = load_pdf(PATH, document(words))
    assert loaded.parts[0].text.split("\n\n") == [
        "# 여름의 끝",
        "## 1. 등대",
        "\n".join(STORY),
        "## 2. 편지를 태우던 밤과 그다음 날의 일",
        "\n".join(STORY),
    ]
    assert loaded.title == "여름의 끝"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("여름의 끝", "여름의 끝"),
        ("Microsoft Word - 사업 보고서.docx", "사업 보고서"),
        ("2024_리그규정.hwp.pdf", "2024_리그규정"),
        ("제목 없음", "원고"),
        ("PowerPoint 프레젠테이션", "원고"),
        ("Untitled-1", "원고"),
        ("문서1", "원고"),
        ("¿©¸§ÀÇ ³¡", "원고"),
        ("", "원고"),
    ],
)
def test_titles_of_programs_are_no_titles(own: str, expected: str) -> None:
    title = "feff" + own.encode("utf-16-be").hex() if own else ""
    data = document(lines(*STORY), info=f"/Info << /Title <{title}> >>")
    assert load_pdf(PATH, data).title == expected


# Tables


def ruled(lefts: Sequence[float], tops: Sequence[float]) -> bytes:
    across = [f"{lefts[0]} {HEIGHT - top} m {lefts[-1]} {HEIGHT - top} l S\n" for top in tops]
    down = [f"{left} {HEIGHT - tops[0]} m {left} {HEIGHT - tops[-1]} l S\n" for left in lefts]
    return "".join(across + down).encode()


def test_a_ruled_table_keeps_its_place_and_its_cells() -> None:
    words = [
        *lines("표는 다음과 같다.", top=60),
        *lines("이름", "서윤", "민호", left=55, top=95, pitch=40),
        *lines("한 일", top=95, left=155),
        *lines("등대의 문을 열고", "계단을 올랐다", left=155, top=130),
        *lines("a|b", left=155, top=175),
        *lines("표는 여기까지다.", top=260),
    ]
    text = text_of(document(words, drawn=ruled((50, 150, 300), (80, 110, 155, 200))))
    assert text.split("\n\n") == [
        "표는 다음과 같다.",
        "| 이름 | 한 일 |\n|---|---|\n| 서윤 | 등대의 문을 열고 계단을 올랐다 |\n| 민호 | a\\|b |",
        "표는 여기까지다.",
    ]


def test_a_cell_over_several_rows_comes_once() -> None:
    rules = ruled((50, 150), (80, 160)) + ruled((150, 300), (80, 120, 160))
    words = [Word("평일", 60, 125), Word("17:00", 160, 105), Word("18:30", 160, 145)]
    assert text_of(document(words, drawn=rules)) == "| 평일 | 17:00 |\n|---|---|\n|  | 18:30 |"


@pytest.mark.parametrize("tops", [(50, 100), (50, 100, 400)])
def test_a_frame_is_no_table(tops: Sequence[float]) -> None:
    assert text_of(document(lines(*STORY), drawn=ruled((40, 390), tops))) == "\n".join(STORY)


def test_columns_without_rules_stay_side_by_side() -> None:
    words = [*lines("이름", "서윤", "민호"), *lines("나이", "17", "18", left=200)]
    assert text_of(document(words)) == "이름  나이\n서윤  17\n민호  18"


# What cannot be read


def refused(data: bytes, error: type[IngestError], reason: str = "원고") -> None:
    with pytest.raises(error, match=reason) as caught:
        load_pdf(PATH, data)
    assert type(caught.value) is error
    assert str(caught.value).startswith("원고.pdf: ")
    assert caught.value.hint


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256"])
def test_a_password_is_asked_for(algorithm: str) -> None:
    refused(edited(document(lines(*STORY)), f"password {algorithm}"), EncryptedFile, "암호")


def test_a_lock_that_nobody_knows_is_a_lock() -> None:
    data = document(lines(*STORY), info="/Encrypt << /Filter /Adobe.PubSec /V 4 >> /ID [<00> <00>]")
    refused(data, EncryptedFile)


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        pytest.param([SCAN], "스캔", id="scan"),
        pytest.param([b"q 420 0 0 300 0 0 cm /P Do Q q 420 0 0 300 0 300 cm /P Do Q"], "스캔", id="scan in strips"),
        pytest.param([b"q " + SCAN + b"Q " + show(Word("17", 200, 570))], "스캔", id="scan with a number"),
        pytest.param([ruled((50, 100), (50, 100))], "글자가 없습니다", id="drawing"),
        pytest.param([b""], "글자가 없습니다", id="nothing"),
        pytest.param([show(Word("  ", 50, 60))], "글자가 없습니다", id="spaces"),
    ],
)
def test_pages_without_letters_are_refused(contents: list[bytes], reason: str) -> None:
    refused(document([Word("17 ", 0, 0)], contents=[stream(content) for content in contents]), EmptyDocument, reason)


def test_a_picture_among_pages_is_no_scan() -> None:
    pages = [stream(b"".join(map(show, lines(*STORY)))), stream(SCAN)]
    assert text_of(document(lines(*STORY), contents=pages)) == "\n".join(STORY)


def test_signs_that_nobody_knows_are_refused_or_few() -> None:
    refused(document(lines(*STORY), knows_letters=False), UndecodableText, "ToUnicode")
    private = {letter: chr(0xE000 + number) for number, letter in enumerate(sorted(set("".join(STORY)) - {" "}))}
    refused(document(lines(*STORY), glyphs=private), UndecodableText)
    assert text_of(document(lines(*STORY), glyphs={"창": "\ufffd"})) == "\n".join(STORY).replace("창", "")


def test_damage_is_refused() -> None:
    whole = document(*typeset(corpus("essay", 6), "word"))
    assert len(text_of(whole)) > 1000
    for end in (0.3, 0.5, 0.7, 0.9):
        refused(whole[: int(end * len(whole))], DamagedFile)
    refused(b"%PDF-1.7\n", DamagedFile)
    refused("그냥 글".encode(), DamagedFile)
    refused(b"", EmptyDocument, "빈 파일")


def test_a_page_that_breaks_off_is_refused() -> None:
    content = zlib.compress(b"".join(map(show, lines(*corpus("essay", 1)[:20]))))
    cut = stream(content[: len(content) // 2], "/Filter /FlateDecode", packed=False)
    refused(document(lines("글"), contents=[cut]), DamagedFile, "잘렸습니다")
    without_checksum = stream(content[:-4], "/Filter /FlateDecode", packed=False)
    assert text_of(document([Word("".join(corpus("essay", 1)), 0, 0)], contents=[without_checksum]))


def test_a_page_without_its_content_is_refused() -> None:
    refused(document(lines(*STORY)).replace(b"/Contents 9 0 R", b"/Contents 7 9 R"), DamagedFile)
    assert text_of(document(lines(*STORY), contents=[stream(b"".join(map(show, lines(*STORY)))), stream(b"")]))


def test_lost_pages_are_missed() -> None:
    refused(document(lines(*STORY)).replace(b"/Count 1", b"/Count 3"), DamagedFile, "3쪽 가운데 1쪽")


def test_a_broken_stream_elsewhere_does_no_harm() -> None:
    broken_profile = stream(b"not packed at all", "/Filter /ASCII85Decode", packed=False)
    assert text_of(document(lines(*STORY), others=[broken_profile])) == "\n".join(STORY)


PACKED = zlib.compress(bytes(2_000_000))
IN_LETTERS = base64.a85encode(PACKED) + b"~>"


@pytest.mark.parametrize(
    ("content", "filters"),
    [
        (PACKED, "/FlateDecode"),
        (PACKED, "[/FlateDecode]"),
        (zlib.compress(PACKED), "[/FlateDecode /FlateDecode]"),
        (IN_LETTERS, "[/ASCII85Decode /FlateDecode]"),
    ],
)
def test_what_swells_is_refused(content: bytes, filters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "MAX_UNPACKED_BYTES", 1_000_000)
    bomb = stream(content, f"/Filter {filters}", packed=False)
    refused(document(lines(*STORY), contents=[bomb]), FileTooLarge, "풀면")
    refused(document(lines(*STORY), others=[bomb]), FileTooLarge, "풀면")


def test_pictures_may_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "MAX_UNPACKED_BYTES", 1_000_000)
    picture = stream(PACKED, "/Filter /FlateDecode /Subtype /Image", packed=False)
    assert text_of(document(lines(*STORY), others=[picture])) == "\n".join(STORY)


@pytest.mark.parametrize(
    ("limit", "value"),
    [("MAX_FILE_BYTES", 100), ("MAX_UNPACKED_BYTES", 50), ("MAX_PAGES", 1), ("MAX_LETTERS", 20)],
)
def test_limits_hold(limit: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = document(lines(*STORY), lines(*STORY))
    assert text_of(data)
    monkeypatch.setattr(loader, limit, value)
    refused(data, FileTooLarge)


def test_a_form_that_draws_itself_ends() -> None:
    data = document(lines(*STORY), contents=[stream(b"/P Do")])
    form = stream(
        b"/P Do", f"/Type /XObject /Subtype /Form /BBox [0 0 {WIDTH} {HEIGHT}] /Resources << /XObject << /P 7 0 R >> >>"
    )
    start = data.index(b"7 0 obj\n") + 8
    end = data.index(b"\nendobj", start)
    with pytest.raises(IngestError):
        load_pdf(PATH, data[:start] + form + data[end:])


def test_damaged_bytes_never_pass_as_another_error() -> None:
    dice = random.Random(17)
    whole = document(*typeset(corpus("essay", 1)[:6], "word"), drawn=ruled((50, 150), (80, 120, 160)))
    refusals = 0
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 10, 100))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.3:
            del data[dice.randrange(len(data)) :]
        try:
            load_pdf(PATH, bytes(data))
        except IngestError:
            refusals += 1
    assert refusals > 20


def test_nothing_is_printed_or_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    data = document(lines(*STORY))
    with caplog.at_level(logging.DEBUG):
        text_of(data.replace(b"startxref\n", b"startxref\n9"))
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
