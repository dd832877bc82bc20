from __future__ import annotations

import io
import logging
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.errors import (
    DamagedFile,
    DistributionNotice,
    EmptyDocument,
    EncryptedFile,
    FileTooLarge,
    IngestError,
    UnreadableFile,
    UnsupportedFormat,
)
from ingest.loaders import hwp
from ingest.loaders.hwp import load_hwp

NOTICE = (
    "이 문서는 상위 버전의 배포용 문서입니다.\n"
    "문서를 읽으려면 최신 버전의 \uf53a글 또는 \uf53a글 전용 뷰어가 필요합니다.\n"
    "(주의! 현재 상태에서 문서를 저장하는 경우 원래 문서의 내용이 사라집니다.)"
)
BODY = "서윤은 등대 아래에서 편지를 태웠다."
SECTION = "BodyText/Section0"
VIEW = "ViewText/Section0"
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


# A small OLE container (version 3) around given streams


def padded(blob: bytes, size: int) -> bytes:
    return blob + bytes(-len(blob) % size)


def ole(streams: dict[str, bytes]) -> bytes:
    sectors: list[bytes] = []
    fat: list[int] = []

    def store(blob: bytes) -> int:
        first, count = len(sectors), -(-len(blob) // 512)
        sectors.extend(padded(blob, 512)[at : at + 512] for at in range(0, count * 512, 512))
        fat.extend([*range(first + 1, first + count), END] if count else [])
        return first if count else END

    small, small_fat = b"", []
    starts = {}
    for name, blob in streams.items():
        if len(blob) >= 4096:
            starts[name] = store(blob)
            continue
        starts[name] = first = len(small) // 64 if blob else END
        small += padded(blob, 64)
        if blob:
            small_fat += [*range(first + 1, len(small) // 64), END]
    small_start, small_fat_start = store(small), store(struct.pack(f"<{len(small_fat)}I", *small_fat))

    folders = sorted({name.split("/")[0] for name in streams if "/" in name})
    names = ["", *folders, *streams]
    children: dict[str, list[str]] = {folder: [] for folder in ["", *folders]}
    for name in sorted(names[1:], key=lambda name: (len(name.split("/")[-1]), name.split("/")[-1].upper())):
        children[name.rpartition("/")[0]].append(name)
    after = {a: b for row in children.values() for a, b in pairwise(row)}
    directory = b""
    for name in names:
        label = (name.split("/")[-1] if name else "Root Entry").encode("utf-16-le") + b"\0\0"
        first_child = children.get(name, [])[:1]
        directory += label.ljust(64, b"\0") + struct.pack(
            "<HBBIII36xIQ",
            len(label),
            5 if not name else 1 if name in folders else 2,
            1,
            FREE,
            names.index(after[name]) if name in after else FREE,
            names.index(first_child[0]) if first_child else FREE,
            small_start if not name else starts.get(name, 0),
            len(small) if not name else len(streams.get(name, b"")),
        )
    directory_start = store(directory)
    fat_count = 1
    while fat_count * 128 < len(sectors) + fat_count:
        fat_count += 1
    fat_places = list(range(len(sectors), len(sectors) + fat_count))
    fat += [FAT_SECTOR] * fat_count
    fat += [FREE] * (fat_count * 128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, fat_count, directory_start, 0, 4096,
                          small_fat_start, -(-len(small_fat) // 128), END, 0)  # fmt: skip
    header += struct.pack("<109I", *fat_places, *[FREE] * (109 - fat_count))
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


# A small HWP 5 document


def record(tag: int, level: int, payload: bytes) -> bytes:
    return struct.pack("<I", tag | level << 10 | min(len(payload), 0xFFF) << 20) + (
        struct.pack("<I", len(payload)) if len(payload) >= 0xFFF else b""
    ) + payload  # fmt: skip


def paragraphs(*texts: str, shape: int = 0) -> bytes:
    return b"".join(
        record(66, 0, struct.pack("<IIHBBHHHI", len(text) + 1, 0, shape, 0, 0, 0, 0, 0, 0))
        + record(67, 1, f"{text}\r".encode("utf-16-le"))
        for text in texts
    )


def packed(blob: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(blob) + engine.flush()


def file_header(flags: int = 1, major: int = 5) -> bytes:
    return b"HWP Document File".ljust(32, b"\0") + struct.pack("<BBBBI", 1, 0, 0, major, flags) + bytes(216)


def document_info(sections: int = 1) -> bytes:
    """The number of sections; paragraph shapes: plain, outline, number, bullet, bullet of the second level."""
    shapes = (0, 1 << 23, 2 << 23, 3 << 23, 3 << 23 | 1 << 25)
    return record(16, 0, struct.pack("<H24x", sections)) + b"".join(
        record(25, 0, struct.pack("<I50x", shape)) for shape in shapes
    )


def hwp5(*texts: str, flags: int = 1, body: bytes | None = None, **more: bytes) -> bytes:
    pack = packed if flags & 1 else bytes
    streams = {
        "FileHeader": file_header(flags),
        "DocInfo": pack(document_info()),
        SECTION: pack(paragraphs(*texts) if body is None else body),
    }
    return ole(streams | {name.replace("__", "/"): blob for name, blob in more.items()})


def summary(title: str) -> bytes:
    text = f"{title}\0".encode("utf-16-le")
    value = struct.pack("<II", 31, len(title) + 1) + padded(text, 4)
    section = struct.pack("<IIII", 16 + len(value), 1, 2, 16) + value
    return struct.pack("<HHI16xI16xI", 0xFFFE, 0, 0, 1, 48) + section


# A document for distribution: its body is under AES-128, with the key masked in its own first record


def aes_box() -> list[int]:
    box, p, q = [0x63] * 256, 1, 1
    while True:
        p ^= (p << 1) & 0xFF ^ (0x1B if p & 0x80 else 0)
        for shift in (1, 2, 4):
            q = (q ^ q << shift) & 0xFF
        q ^= 0x09 if q & 0x80 else 0
        box[p] = q ^ 0x63
        for turn in range(1, 5):
            box[p] ^= (q << turn | q >> (8 - turn)) & 0xFF
        if p == 1:
            return box


def aes_encrypted(key: bytes, plain: bytes) -> bytes:
    box = aes_box()
    twice = [(a << 1) & 0xFF ^ (0x1B if a & 0x80 else 0) for a in range(256)]
    words = [key[at : at + 4] for at in range(0, 16, 4)]
    for turn in range(10):
        a, b, c, d = words[-1]
        rcon = (1, 2, 4, 8, 16, 32, 64, 128, 27, 54)[turn]
        last = bytes((box[b] ^ rcon, box[c], box[d], box[a]))
        for _ in range(4):
            last = bytes(x ^ y for x, y in zip(words[-4], last, strict=True))
            words.append(last)
    keys = [b"".join(words[at : at + 4]) for at in range(0, 44, 4)]
    out = b""
    for at in range(0, len(plain), 16):
        state = [x ^ y for x, y in zip(plain[at : at + 16], keys[0], strict=True)]
        for turn in range(1, 11):
            state = [box[state[(place + place % 4 * 4) % 16]] for place in range(16)]
            if turn < 10:
                for column in range(0, 16, 4):
                    a, b, c, d = state[column : column + 4]
                    state[column : column + 4] = [
                        twice[w] ^ twice[x] ^ x ^ y ^ z
                        for w, x, y, z in ((a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c))
                    ]
            state = [x ^ y for x, y in zip(state, keys[turn], strict=True)]
        out += bytes(state)
    return out


def mask(seed: int) -> Iterator[int]:
    while True:
        seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
        value = seed >> 16 & 0xFF
        seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
        yield from [value] * ((seed >> 16 & 0x0F) + 1)


def distributed(body: bytes) -> bytes:
    seed, key = 0x1234_5675, b"0123456789abcdef"
    clear = bytes(4 + (seed & 15)) + key
    head = bytes(x ^ y for x, y in zip(clear.ljust(256, b"\0"), islice(mask(seed), 256), strict=True))
    return record(28, 0, struct.pack("<I", seed) + head[4:]) + aes_encrypted(key, padded(packed(body), 16))


# A small HWPX document

NAMESPACES = " ".join(
    f'xmlns:{prefix}="http://www.hancom.co.kr/hwpml/2011/{name}"'
    for prefix, name in (("hp", "paragraph"), ("hs", "section"), ("hh", "head"), ("hc", "core"))
)
HEADS = ("NONE", 0), ("OUTLINE", 0), ("OUTLINE", 1), ("BULLET", 0), ("NUMBER", 1)


def p(inner: str, shape: int = 0) -> str:
    content = inner if inner.startswith("<hp:run") else f"<hp:run charPrIDRef='0'><hp:t>{inner}</hp:t></hp:run>"
    return f"<hp:p id='0' paraPrIDRef='{shape}' styleIDRef='0'>{content}</hp:p>"


def run(inner: str) -> str:
    return f"<hp:run charPrIDRef='0'>{inner}</hp:run>"


def table(*rows: tuple[str, ...]) -> str:
    cells = "".join(
        "<hp:tr>"
        + "".join(
            f"<hp:tc><hp:subList>{cell if cell.startswith('<hp:p') else p(cell)}</hp:subList>"
            f"<hp:cellAddr colAddr='{x}' rowAddr='{y}'/><hp:cellSpan colSpan='1' rowSpan='1'/></hp:tc>"
            for x, cell in enumerate(row)
        )
        + "</hp:tr>"
        for y, row in enumerate(rows)
    )
    return p(run(f"<hp:tbl rowCnt='{len(rows)}' colCnt='{len(rows[0])}'>{cells}</hp:tbl>"))


def section(*inner: str, prolog: str = "") -> str:
    return f"<?xml version='1.0' encoding='UTF-8'?>{prolog}<hs:sec {NAMESPACES}>{''.join(inner)}</hs:sec>"


def hwpx(*inner: str, title: str = "", **more: str | bytes | None) -> bytes:
    """``more`` replaces parts by path, with ``__`` for ``/`` and ``_xml`` for ``.xml``; None leaves one out."""
    shapes = "".join(
        f"<hh:paraPr id='{at}'><hh:heading type='{kind}' idRef='0' level='{level}'/></hh:paraPr>"
        for at, (kind, level) in enumerate(HEADS)
    )
    parts: dict[str, str | bytes | None] = {
        "mimetype": "application/hwp+zip",
        "META-INF/manifest.xml": "<manifest/>",
        "Contents/content.hpf": (
            f"<opf:package xmlns:opf='http://www.idpf.org/2007/opf/'><opf:metadata><opf:title>{title}</opf:title>"
            "<opf:meta name='creator'>누군가</opf:meta></opf:metadata><opf:manifest>"
            "<opf:item id='section0' href='Contents/section0.xml'/></opf:manifest></opf:package>"
        ),
        "Contents/header.xml": f"<hh:head {NAMESPACES}><hh:charPr id='0' height='1000'/>{shapes}</hh:head>",
        "Contents/section0.xml": section(*inner),
    }
    parts |= {name.replace("__", "/").replace("_xml", ".xml"): part for name, part in more.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            if part is not None:
                package.writestr(name, part)
    return out.getvalue()


def text_of(data: bytes, name: str = "원고.hwp") -> str:
    (part,) = load_hwp(Path(name), data).parts
    assert part.example is None
    return part.text


def refused(kind: type[IngestError], data: bytes, reason: str | None = None, name: str = "원고.hwp") -> None:
    with pytest.raises(kind, match=reason) as caught:
        load_hwp(Path(name), data)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"{name}: ")
    assert caught.value.hint


# HWP 5: what is read


@pytest.mark.parametrize("flags", [0, 1], ids=["plain", "packed"])
def test_paragraphs_of_hwp5_stand_as_they_are(flags: int) -> None:
    assert text_of(hwp5(f"  {BODY}", "", "“갈까?” 하고 물었다. | 펲시 😀", flags=flags)) == (
        f"  {BODY}\n\n“갈까?” 하고 물었다. | 펲시 😀"
    )


def test_private_use_characters_are_left_for_cleaning() -> None:
    assert text_of(hwp5("\uf53a글 2005 예제")) == "\uf53a글 2005 예제"


def test_outlines_are_headings_and_numbers_and_bullets_list_items() -> None:
    body = b"".join(
        paragraphs(text, shape=shape) for text, shape in (("1장", 1), ("하나", 2), ("둘", 3), ("둘의 둘", 4), ("끝", 0))
    )
    assert text_of(hwp5(body=body)) == "# 1장\n\n- 하나\n- 둘\n  - 둘의 둘\n\n끝"


def test_a_section_with_a_zlib_header_is_read() -> None:
    assert text_of(hwp5(**{"BodyText__Section0": zlib.compress(paragraphs(BODY))})) == BODY


def test_a_long_document_is_read_whole_with_its_big_streams() -> None:
    lines = [f"{number}번째 문단은 {zlib.crc32(str(number).encode())}이다." for number in range(3000)]
    data = hwp5(*lines, BinData__BIN0001_png=bytes(range(256)) * 40)
    assert len(data) > 30_000
    assert text_of(data) == "\n\n".join(lines)


def test_the_title_of_hwp5_is_the_documents_own_then_its_first_heading_then_the_stem() -> None:
    heading = paragraphs("1장", shape=1)
    own = hwp5(body=heading, **{"\x05HwpSummaryInformation": summary("  등대의\n겨울 ")})
    assert load_hwp(Path("원고.hwp"), own).title == "등대의 겨울"
    assert load_hwp(Path("원고.hwp"), hwp5(body=heading)).title == "1장"
    assert load_hwp(Path("원고.hwp"), hwp5(BODY)).title == "원고"


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "broken",
    [
        summary("제목")[:50],
        summary("제목")[:52] + b"\xff" * 4 + summary("제목")[56:60] + b"\xff" * 40,
        summary("제목")[:56] + struct.pack("<IIII", 9, 16, 0x101F, 0x7FFFFFFF) + bytes(64),
    ],
    ids=["cut", "forged number of properties", "forged vector"],
)
def test_a_broken_summary_costs_neither_the_body_nor_time(broken: bytes) -> None:
    data = hwp5(BODY, **{"\x05HwpSummaryInformation": broken})
    loaded = load_hwp(Path("원고.hwp"), data)
    assert (loaded.title, loaded.parts[0].text) == ("원고", BODY)


# HWP 5: documents for distribution


@pytest.fixture(params=["dochan", "syhwp"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two real readers alone."""
    if request.param == "syhwp":
        monkeypatch.setattr("dochan.Dochan", dochan_result([], ["ERR: 문서 파싱 실패"]))
    else:
        monkeypatch.setattr("syhwp.open", unreachable)
    return str(request.param)


def test_the_real_body_of_a_document_for_distribution_is_read(reader: str) -> None:
    assert text_of(hwp5(NOTICE, flags=5, ViewText__Section0=distributed(paragraphs(BODY)))) == BODY


@pytest.mark.parametrize(
    "view",
    [
        {},
        {"ViewText__Section0": distributed(paragraphs(BODY))[:200]},
        {"ViewText__Section0": distributed(paragraphs(BODY))[:-16] + bytes(16)},
        {"ViewText__Section0": distributed(paragraphs(*NOTICE.split("\n")))},
    ],
    ids=["missing", "cut", "wrong key", "itself the notice"],
)
def test_the_notice_of_a_document_for_distribution_is_never_its_body(view: dict[str, bytes]) -> None:
    refused(DistributionNotice, hwp5(NOTICE, flags=5, **view), "배포용")


@pytest.mark.parametrize("tail", ["", "추리논증 20 짝수형"])
def test_a_notice_that_stands_for_the_body_is_refused_without_the_flag_too(tail: str) -> None:
    refused(DistributionNotice, hwp5(*NOTICE.split("\n"), tail), "배포용")
    refused(DistributionNotice, hwpx(*map(p, [*NOTICE.split("\n"), tail])), "배포용", "원고.hwpx")


def test_a_document_that_quotes_the_notice_is_read() -> None:
    text = text_of(hwp5("배포용 문서를 열면 이런 말이 나온다.", NOTICE.replace("\n", " "), *[BODY] * 20))
    assert "상위 버전의 배포용 문서입니다" in text


# HWP 5: the choice of reader


def unreachable(*_: object, **__: object) -> Any:
    raise ValueError("this reader must not be needed")


def dochan_result(texts: list[str], errors: list[str]) -> Callable[..., Any]:
    from dochan.model.document import Document, Paragraph, Section, TextRun

    elements = [Paragraph(runs=[TextRun(text)]) for text in texts]
    document = Document(sections=[Section(elements=elements)], errors=errors)
    return lambda *_, **__: SimpleNamespace(doc=document)


def syhwp_result(*blocks: Any) -> Callable[..., Any]:
    import syhwp

    return lambda *_: syhwp.Document(format="hwp5", blocks=list(blocks))


def test_dochan_reads_first_and_a_sound_body_needs_no_second_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syhwp.open", unreachable)
    assert text_of(hwp5(BODY)) == BODY


@pytest.mark.parametrize(
    "first",
    [
        unreachable,
        dochan_result([], []),
        dochan_result(["반쪽"], ["ERR: 섹션 1 파싱 실패: 무엇"]),
        dochan_result([NOTICE], []),
    ],
    ids=["raises", "finds nothing", "loses a part", "reads the notice"],
)
def test_syhwp_reads_what_dochan_cannot(monkeypatch: pytest.MonkeyPatch, first: Callable[..., Any]) -> None:
    monkeypatch.setattr("dochan.Dochan", first)
    assert text_of(hwp5(BODY, "둘째 문단")) == f"{BODY}\n\n둘째 문단"


@pytest.mark.parametrize(
    "message",
    [
        "WARN: HWP 그림 2개가 크기 상한을 넘어 생략됨",
        "ERR: HWP revision partial [overlap]; unresolved content preserved",
    ],
)
def test_a_loss_of_pictures_or_looks_is_no_loss_of_text(monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    monkeypatch.setattr("dochan.Dochan", dochan_result([BODY], [message]))
    monkeypatch.setattr("syhwp.open", unreachable)
    assert text_of(hwp5("다른 글")) == BODY


def test_tables_of_syhwp_keep_stray_cells_and_drop_signs_for_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    import syhwp

    cells = [
        syhwp.Cell(0, 0, "이름"),
        syhwp.Cell(0, 1, "나이 [그림]"),
        syhwp.Cell(1, 0, "서|윤"),
        syhwp.Cell(7, 0, "밖"),
    ]
    blocks = (
        syhwp.Image(),
        syhwp.Table(2, 2, cells),
        syhwp.Table(1, 1, [syhwp.Cell(0, 0, "[그림]")]),
        syhwp.Equation("x"),
    )
    monkeypatch.setattr("dochan.Dochan", unreachable)
    monkeypatch.setattr("syhwp.open", syhwp_result(*blocks))
    assert text_of(hwp5("가")) == "| 이름 | 나이 |\n| --- | --- |\n| 서\\|윤 |  |\n\n밖\n\n$x$"


def test_what_neither_reader_reads_is_damaged_and_never_half_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dochan.Dochan", dochan_result(["반쪽"], ["ERR: 섹션 1 파싱 실패"]))
    monkeypatch.setattr("syhwp.open", unreachable)
    refused(DamagedFile, hwp5(BODY), "본문을 읽을 수 없습니다")


def test_a_limit_inside_dochan_is_not_taken_around_by_the_second_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dochan.Dochan", dochan_result(["반쪽"], ["ERR: HWP document record count exceeds limit: 9"]))
    monkeypatch.setattr("syhwp.open", unreachable)
    refused(FileTooLarge, hwp5(BODY))


def test_a_lock_that_only_syhwp_sees_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import syhwp

    def locked(*_: object) -> Any:
        raise syhwp.EncryptedDocumentError("locked")

    monkeypatch.setattr("dochan.Dochan", unreachable)
    monkeypatch.setattr("syhwp.open", locked)
    refused(EncryptedFile, hwp5(BODY))


def test_a_huge_declared_table_of_syhwp_is_not_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import syhwp

    monkeypatch.setattr("dochan.Dochan", unreachable)
    monkeypatch.setattr("syhwp.open", syhwp_result(syhwp.Table(65535, 65535, [])))
    refused(FileTooLarge, hwp5(BODY), "칸")


# HWP 5: what is refused


@pytest.mark.parametrize("bit", [1, 4, 8, 10], ids=["password", "DRM", "certificate", "certificate DRM"])
def test_locked_hwp5_is_encrypted(bit: int) -> None:
    refused(EncryptedFile, hwp5(BODY, flags=1 | 1 << bit))


@pytest.mark.parametrize("texts", [(), ("", "  ")], ids=["no paragraphs", "blank paragraphs"])
def test_hwp5_without_text_is_empty(texts: tuple[str, ...]) -> None:
    refused(EmptyDocument, hwp5(*texts), "글자가 없습니다")


def without(name: str, **replaced: bytes) -> bytes:
    streams = {"FileHeader": file_header(), "DocInfo": packed(document_info()), SECTION: packed(paragraphs(BODY))}
    return ole({key: blob for key, blob in (streams | replaced).items() if key != name})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (hwp5(BODY)[:700], "깨져"),
        (hwp5(BODY)[:8] + bytes(3000), "깨져"),
        (without(SECTION), "본문"),
        (without("", DocInfo=packed(document_info(sections=2))), "일부가 없습니다"),
        (without("", FileHeader=b"HWP Document File"), "머리 정보"),
        (hwp5(body=paragraphs(BODY)[:-9]), "중간에 잘렸습니다"),
        (hwp5(BodyText__Section0=packed(paragraphs(BODY))[:-5]), "깨져"),
        (hwp5(BodyText__Section0=b"\xff" * 300), "깨져"),
        ("서윤은 웃었다.".encode(), "표시로 시작하지 않습니다"),
    ],
    ids=[
        "cut",
        "zeros",
        "no body",
        "a section missing",
        "short header",
        "cut record",
        "cut packing",
        "no packing",
        "no format",
    ],
)
def test_broken_hwp5_is_damaged(data: bytes, reason: str) -> None:
    refused(DamagedFile, data, reason)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HWP Document File V3.00 \x1a\x01\x02" + bytes(200), "HWP 3"),
        (without("", FileHeader=file_header(major=4)), "옛 형식"),
        (ole({"WordDocument": bytes(600)}), "한글 문서가 아닙니다"),
        (b"<?xml version='1.0'?><HWPML Version='2.8'></HWPML>", "한글 문서"),
        (b"%PDF-1.7\n", "한글 문서"),
    ],
    ids=["HWP 3", "version 4", "Word", "HWPML", "PDF"],
)
def test_other_formats_under_the_suffix_are_unsupported(data: bytes, reason: str) -> None:
    refused(UnsupportedFormat, data, reason)


def test_a_wrapper_of_document_protection_is_encrypted() -> None:
    refused(EncryptedFile, b"\x9b DRMONE  This Document is encrypted and protected by Fasoo DRM" + bytes(99))


def test_no_bytes_are_an_empty_document() -> None:
    refused(EmptyDocument, b"", "0바이트")


@pytest.mark.parametrize(
    ("limit", "value", "streams"),
    [
        ("MAX_FILE_BYTES", 100, {}),
        ("MAX_MEMBERS", 2, {}),
        ("MAX_BODY_BYTES", 50_000, {"BodyText__Section0": packed(record(67, 0, bytes(60_000)))}),
        ("MAX_UNPACKED_BYTES", 50_000, {"BinData__BIN0001_bmp": packed(bytes(60_000))}),
    ],
)
def test_hwp5_over_a_limit_is_too_large(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int, streams: dict[str, bytes]
) -> None:
    data = hwp5(BODY, **streams)
    monkeypatch.setattr(hwp, limit, value)
    refused(FileTooLarge, data)


def test_a_bomb_is_not_unpacked_past_the_limit() -> None:
    bomb = packed(bytes(hwp.MAX_BODY_BYTES + 2**20))
    assert len(bomb) < 100_000
    refused(FileTooLarge, hwp5(BodyText__Section0=bomb), "본문")


# HWPX: what is read


def test_headings_lists_tables_and_notes_of_hwpx_become_markdown() -> None:
    note = (
        "<hp:ctrl><hp:footNote number='1'><hp:subList>"
        + p("등대는 1903년에 세워졌다.")
        + "</hp:subList></hp:footNote></hp:ctrl>"
    )
    data = hwpx(
        p("1부 등대", 1),
        p("첫째 장", 2),
        p(run("<hp:t>등대에 불이</hp:t>" + note + "<hp:t> 켜졌다.</hp:t>")),
        p("쌀", 3),
        p("소금", 3),
        p("굵은 소금", 4),
        table(("이름", "나이"), ("서|윤", "열아홉")),
        p("끝."),
    )
    assert text_of(data, "원고.hwpx") == (
        "# 1부 등대\n\n## 첫째 장\n\n등대에 불이[^1] 켜졌다.\n\n- 쌀\n- 소금\n  - 굵은 소금\n\n"
        "| 이름 | 나이 |\n| --- | --- |\n| 서\\|윤 | 열아홉 |\n\n끝.\n\n[^1]: 등대는 1903년에 세워졌다."
    )


def test_a_table_of_one_cell_is_a_frame_and_a_table_without_text_is_left_out() -> None:
    data = hwpx(table((p("첫 문단") + p("둘째 문단") + table(("가", "나")),)), table(("", ""), (" ", "")), p("끝"))
    assert text_of(data) == "첫 문단\n\n둘째 문단\n\n| 가 | 나 |\n| --- | --- |\n\n끝"


def test_what_is_no_running_text_is_left_out() -> None:
    def control(inner: str) -> str:
        return run(f"<hp:ctrl>{inner}</hp:ctrl>")

    data = hwpx(
        p(
            control("<hp:header><hp:subList>" + p("머리말") + "</hp:subList></hp:header>")
            + control("<hp:hiddenComment><hp:subList>" + p("숨은 설명") + "</hp:subList></hp:hiddenComment>")
            + control("<hp:bookmark name='여기'/>")
            + run(f"<hp:t>{BODY}</hp:t>")
        )
    )
    assert text_of(data) == BODY


def test_tracked_deletions_are_left_out_and_insertions_stay() -> None:
    changed = (
        "<hp:t>서윤은 <hp:deleteBegin Id='1' TcId='1'/>울었다<hp:deleteEnd Id='1' TcId='1' paraend='0'/>"
        "<hp:insertBegin Id='2' TcId='2'/>웃었다<hp:insertEnd Id='2' TcId='2' paraend='0'/>.</hp:t>"
    )
    header = (
        f"<hh:head {NAMESPACES}><hh:trackChanges><hh:trackChange type='Delete' id='1'/>"
        "<hh:trackChange type='Insert' id='2'/></hh:trackChanges></hh:head>"
    )
    assert text_of(hwpx(p(run(changed)), Contents__header_xml=header)) == "서윤은 웃었다."


def test_the_title_of_hwpx_is_the_documents_own_then_its_first_heading_then_the_stem() -> None:
    heading = p("1장", 1)
    assert load_hwp(Path("원고.hwpx"), hwpx(heading, title="등대의 &amp; 겨울")).title == "등대의 & 겨울"
    assert load_hwp(Path("원고.hwpx"), hwpx(heading, title=" ")).title == "1장"
    assert load_hwp(Path("원고.hwpx"), hwpx(p(BODY))).title == "원고"


@pytest.mark.parametrize(("data", "name"), [(hwpx(p(BODY)), "원고.hwp"), (hwp5(BODY), "원고.hwpx")])
def test_the_bytes_decide_which_format_it_is_and_not_the_suffix(data: bytes, name: str) -> None:
    assert text_of(data, name) == BODY


# HWPX: what is refused

TWO_SECTIONS = "<package><item href='section0.xml'/><item href='section1.xml'/></package>"


def test_hwpx_with_a_password_is_encrypted() -> None:
    manifest = "<m:manifest xmlns:m='x'><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>"
    data = hwpx(p(BODY), **{"META-INF__manifest_xml": manifest})
    refused(EncryptedFile, data, name="원고.hwpx")


def test_a_locked_member_is_encrypted() -> None:
    data = bytearray(hwpx(p(BODY)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    refused(EncryptedFile, bytes(data))


@pytest.mark.parametrize(
    "inner",
    [(), (p("  "),), (table(("", "")),), (p(run("<hp:pic><hp:shapeComment>그림입니다.</hp:shapeComment></hp:pic>")),)],
)
def test_hwpx_without_text_is_empty(inner: tuple[str, ...]) -> None:
    refused(EmptyDocument, hwpx(*inner), "글자가 없습니다")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (hwpx(p(BODY))[:300], "ZIP"),
        (hwpx(p(BODY), mimetype=None), "mimetype"),
        (hwpx(p(BODY), Contents__section0_xml=None), "빠져"),
        (hwpx(p(BODY), Contents__section0_xml=section(p(BODY))[:-20]), "일부"),
        (hwpx(p(BODY), Contents__section1_xml="<깨진", **{"Contents__content.hpf": TWO_SECTIONS}), "일부"),
    ],
    ids=["cut", "no mimetype", "no section", "cut section", "one broken section of two"],
)
def test_broken_hwpx_is_damaged(data: bytes, reason: str) -> None:
    refused(DamagedFile, data, reason)


def test_another_zip_is_unsupported() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
    refused(UnsupportedFormat, out.getvalue(), "압축 파일")


@pytest.mark.parametrize("where", ["Contents__section0_xml", "Contents__header_xml", "Contents__content.hpf"])
@pytest.mark.parametrize(
    "entity", ["<!ENTITY x SYSTEM 'file:///etc/hostname'>", "<!ENTITY a '하하하'><!ENTITY x '&a;&a;&a;'>"]
)
def test_entities_are_never_expanded(where: str, entity: str) -> None:
    prolog = f"<!DOCTYPE d [{entity}]>"
    content = section(p(BODY), p("&x;"), prolog=prolog) if "section" in where else f"{prolog}<d><title>&x;</title></d>"
    data = hwpx(p(BODY), **{where: content})
    if "section" in where:
        refused(DamagedFile, data, "일부")
    else:
        loaded = load_hwp(Path("원고.hwpx"), data)
        assert (loaded.title, loaded.parts[0].text) == ("원고", BODY)


@pytest.mark.parametrize(
    ("limit", "value"),
    [("MAX_MEMBERS", 3), ("MAX_UNPACKED_BYTES", 900), ("MAX_BODY_BYTES", 900), ("MAX_CELLS", 3)],
)
def test_hwpx_over_a_limit_is_too_large(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(hwp, limit, value)
    refused(FileTooLarge, hwpx(table(("가", "나"), ("다", "라"))))


def test_a_packed_bomb_is_refused_by_its_ratio() -> None:
    data = hwpx(p(BODY), **{"BinData__image1.bmp": bytes(hwp.RATIO_COUNTS_FROM_BYTES + 1)})
    refused(FileTooLarge, data, "압축률")


def test_a_path_that_leaves_the_package_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "안" / "더안"
    folder.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    data = hwpx(p(BODY), **{"..__..__탈출.xml": "<x/>"})
    refused(DamagedFile, data)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# Both


@pytest.mark.parametrize("data", [hwpx(p(BODY)), hwp5(BODY)], ids=["hwpx", "hwp5"])
def test_no_copy_of_the_document_stays_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert text_of(data) == BODY
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_temporary_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "없는 폴더"))
    refused(UnreadableFile, hwp5(BODY), "임시 파일")


def test_the_readers_say_nothing_of_their_own(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text_of(hwp5(BODY, BinData__BINZZZZ_png=b"nothing"))
    refused(DamagedFile, hwpx(p(BODY), Contents__section0_xml="<깨진"))
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
