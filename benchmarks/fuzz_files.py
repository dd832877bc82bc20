"""Damaged files go the way of every file: sandbox, cleaning, chunking. What comes out is text or a typed error.

``python -m benchmarks.fuzz_files FOLDER… --n 10000 --seed 0 --out DIR`` damages files of the folders, and small ones
made here, one at a time: bits, runs of bytes, lengths, two files in one, the parts of packed formats. It prints how
often each outcome came, keeps every case that no loader foresaw in DIR, and ends with 1 if there was one: an error
outside the tree of ``ingest.errors``, one that a loader did not raise itself, one without a way out, or more than
ten seconds (unless the undamaged file takes half of that, too). A case depends on its number, the seed and the
folders only. One that ends this process stays in DIR.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import json
import random
import re
import resource
import struct
import sys
import time
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import docx
import olefile
import openpyxl
from lxml import etree

from ingest import SUFFIXES, Document, IngestError, chunk, clean
from ingest.loaders import is_zip, members
from ingest.sandbox import Fault, Sandbox

MAX_SEED_BYTES = 1_000_000
MAX_SECONDS = 10.0
_SLOWEST = 5
_MAGIC = (
    b"PK\x03\x04", b"PK\x05\x06", b"%PDF-1.7\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\0", b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0" * 16, b"\x80", b"-1", b"9" * 400,
    b"1e999", b"<!DOCTYPE a [<!ENTITY b '", b"]]>", b"<![CDATA[", b"&#x110000;", b"&#xD800;", b"<table>", b"</table>",
    b"<" * 2_000, b"[" * 5_000, b'{"a":' * 5_000, b"<div>" * 5_000, b"\\ud800", b'"', b",\n", b"\r", b"endobj",
    b"stream", b"/Kids[1 0 R]", "\u202e\u200b\u2028\U000e0041".encode(), "각".encode(), b"\xb0\xa1", b"\x85",
)  # fmt: skip
_NUMBERS = ("0", "-1", "1", "65536", "2147483648", "99999999999999999999", "1e308", "NaN")
_SUFFIXES = (
    ".txt", ".md", ".jsonl", ".json", ".csv", ".tsv", ".html", ".epub", ".hwp", ".hwpx", ".pdf", ".docx", ".xlsx",
    ".zip", ".xls", "",
)  # fmt: skip

Mutation = Callable[[random.Random, bytes], bytes]


@dataclass(frozen=True)
class Case:
    """A file; ``how`` is what was done to ``original``."""

    name: str
    data: bytes
    how: str = ""
    original: Case | None = None


@dataclass(frozen=True)
class Result:
    """What became of a case. ``fault`` is empty for text and for errors that say what is wrong."""

    outcome: str
    seconds: float
    fault: str = ""


# Seeds


def seeds(folders: Sequence[Path]) -> list[Case]:
    """The files below ``folders`` that are not too long, then the small ones made here."""
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    found = [path for path in found if 0 < path.stat().st_size <= MAX_SEED_BYTES]
    return [Case(path.name, path.read_bytes()) for path in found] + list(small_seeds())


def small_seeds() -> Iterator[Case]:
    """A file of each format that can be written in a few lines."""
    story = "# 첫눈\n\n“왔니?” 서윤이 물었다. 첫눈이 왔다.\n\n- 하나\n- 둘\n\n***\n\n끝났다.\n"
    rows = [{"request": "첫눈 장면", "text": "첫눈이 왔다.", "genre": "로맨스", "tags": ["눈", "겨울"]}] * 3
    table = '요청,글,장르\n첫눈 장면,“왔다.”,로맨스\n이별,"갔다,\n""끝""",\n'
    page = (
        "<html><head><title>첫눈</title></head><body><h1>1화</h1><p>눈이 <ruby>왔<rt>왓</rt></ruby>다.&nbsp;</p>"
        "<table><tr><th colspan=2>이름<tr><td>서윤<td>17</table><ul><li>하나<ul><li>둘</ul></ul></body></html>"
    )
    for encoding in ("utf-8", "cp949", "utf-16"):
        yield Case(f"이야기-{encoding}.txt", story.encode(encoding, "replace"))
        yield Case(f"표-{encoding}.csv", table.encode(encoding, "replace"))
        yield Case(f"쪽-{encoding}.html", page.encode(encoding, "replace"))
    yield Case("이야기.md", story.encode())
    yield Case("글.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())
    yield Case("글.json", json.dumps({"제목": "첫눈", "장면": rows}, ensure_ascii=False).encode())
    yield Case("문서.docx", _docx())
    yield Case("표.xlsx", _xlsx())
    yield Case("책.epub", _epub(page))
    yield Case("문서.pdf", _pdf())
    yield Case(
        "묶음.zip", zipped({"글/이야기.txt": story.encode(), "표.csv": table.encode(), "쪽.html": page.encode()})
    )


def _docx() -> bytes:
    document = docx.Document()
    document.add_heading("첫눈")
    document.add_paragraph("첫눈이 왔다.").add_run("굵게").bold = True
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "이름"
    table.cell(1, 0).text = "서윤"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["이름", "나이"], ["서윤", 17], ["하준", 3.5], ["=1+1", True]):
        sheet.append(row)
    sheet.merge_cells("A5:B6")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _epub(page: str) -> bytes:
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata><title>첫눈</title></metadata><manifest>'
        '<item id="a" href="1.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    container = '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
    files = {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "b.opf": package, "1.xhtml": page}
    return zipped({name: text.encode() for name, text in files.items()})


def _pdf() -> bytes:
    """Two unpacked pages in a Latin font, so that damage reaches operators and not only packed bytes."""
    content = b"BT /F1 12 Tf 72 720 Td (Loop AI) Tj 0 -20 Td [(first) -250 (snow)] TJ ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Outlines 7 0 R>>",
        b"<</Type/Pages/Count 2/Kids[3 0 R 4 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 6 0 R>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 6 0 R>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        b"<</Type/Outlines/First 8 0 R/Last 8 0 R/Count 1>>",
        b"<</Title(One)/Parent 7 0 R/Dest[3 0 R/Fit]>>",
    ]
    body, places = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return body + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        size, table, size, len(body),
    )  # fmt: skip


def zipped(files: dict[str, bytes]) -> bytes:
    """A ZIP of ``files``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


# Mutations


def flip_bits(rng: random.Random, data: bytes) -> bytes:
    """One to some dozens of bits."""
    changed = bytearray(data)
    for _ in range(2 ** rng.randrange(6)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite_run(rng: random.Random, data: bytes) -> bytes:
    """A run of one byte, or of random ones."""
    start, length = rng.randrange(len(data)), 2 ** rng.randrange(12)
    run = rng.randbytes(length) if rng.random() < 0.5 else bytes([rng.choice((0, 0x20, 0x7F, 0xFF))]) * length
    return data[:start] + run + data[start + length :]


def remove_run(rng: random.Random, data: bytes) -> bytes:
    """Bytes from the middle."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + 2 ** rng.randrange(12) :]


def repeat_run(rng: random.Random, data: bytes) -> bytes:
    """A piece of the file many times over."""
    start = rng.randrange(len(data))
    piece = data[start : start + 2 ** rng.randrange(8)]
    return data[:start] + piece * 2 ** rng.randrange(10) + data[start:]


def truncate(rng: random.Random, data: bytes) -> bytes:
    """The beginning of the file, as of a download that broke off."""
    return data[: rng.randrange(len(data))]


def insert_magic(rng: random.Random, data: bytes) -> bytes:
    """Bytes that mean something to a parser, in one to some places."""
    for _ in range(2 ** rng.randrange(4)):
        start = rng.randrange(len(data) + 1)
        data = data[:start] + rng.choice(_MAGIC) + data[start:]
    return data


def overwrite_number(rng: random.Random, data: bytes) -> bytes:
    """Four bytes as a length or an offset at the edge of its range."""
    start = rng.randrange(len(data))
    number = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data), rng.randrange(2**32)))
    return data[:start] + struct.pack(rng.choice(("<I", ">I")), number) + data[start + 4 :]


FLAT: tuple[Mutation, ...] = (
    flip_bits, overwrite_run, remove_run, repeat_run, truncate, insert_magic, overwrite_number,
)  # fmt: skip


def mutate_text(rng: random.Random, data: bytes) -> bytes:
    """Characters of a text, so that the damage gets past its decoding. The encoding stays, where it can hold them."""
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8", "cp949"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        for _ in range(2 ** rng.randrange(4)):
            text = _changed(rng, text)
        return text.encode(encoding, "ignore")
    return flip_bits(rng, data)


def _changed(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text) + 1)
    end = start + 2 ** rng.randrange(12)
    match rng.randrange(5):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return text[:start] + text[start:end] * 2 ** rng.randrange(8) + text[start:]
        case 2:
            return text[:start] + rng.choice(_MAGIC).decode("latin-1") + text[start:]
        case 3:
            numbers = list(re.finditer(r"\d+", text))
            if not numbers:
                return text[start:] + text[:start]
            number = rng.choice(numbers)
            return text[: number.start()] + rng.choice(_NUMBERS) + text[number.end() :]
        case _:
            lines = text.split("\n")
            rng.shuffle(lines)
            return "\n".join(lines)


def mutate_tree(rng: random.Random, data: bytes) -> bytes:
    """Elements of an XML file, so that the damage gets past its parser: gone, repeated, moved, with other values."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return mutate_text(rng, data)
    for _ in range(2 ** rng.randrange(5)):
        elements = [element for element in root.iter(etree.Element) if element is not root]
        if not elements:
            break
        _change_element(rng, rng.choice(elements), rng.choice(elements))
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _change_element(rng: random.Random, element: Any, other: Any) -> None:
    match rng.randrange(6):
        case 0:
            element.getparent().remove(element)
        case 1:
            for _ in range(2 ** rng.randrange(8)):
                element.addnext(deepcopy(element))
        case 2 if element is not other and element not in list(other.iterancestors()):
            other.append(element)
        case 3 if element is not other:
            element.tag = other.tag
        case 4 if element.attrib:
            name = rng.choice(list(element.attrib))
            if rng.random() < 0.3:
                del element.attrib[name]
            else:
                element.set(name, rng.choice((*_NUMBERS, *other.attrib.values(), "", "첫눈")))
        case _:
            element.text = rng.choice((*_NUMBERS, "", "첫눈 " * 2_000, other.text or ""))


def mutate_member(rng: random.Random, data: bytes) -> bytes:
    """A file of a ZIP damaged and packed again, so that the damage gets past the checksums."""
    files = _unzipped(data)
    names = [name for name in files if files[name]]
    if not names:
        return flip_bits(rng, data)
    name = rng.choice(names)
    mutation = mutate_tree if rng.random() < 0.7 else rng.choice(FLAT)
    return zipped(files | {name: mutation(rng, files[name])})


def swap_members(rng: random.Random, data: bytes) -> bytes:
    """Two files of a ZIP change places."""
    files = _unzipped(data)
    if len(files) < 2:
        return flip_bits(rng, data)
    first, second = rng.sample(list(files), 2)
    return zipped(files | {first: files[second], second: files[first]})


def remove_member(rng: random.Random, data: bytes) -> bytes:
    """One file of a ZIP is gone."""
    files = _unzipped(data)
    if not files:
        return flip_bits(rng, data)
    del files[rng.choice(list(files))]
    return zipped(files)


def _unzipped(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > 40 * MAX_SEED_BYTES:
                return {}
            return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError):
        return {}


def mutate_stream(rng: random.Random, data: bytes) -> bytes:
    """A stream of an OLE file (HWP 5) unpacked, damaged and packed again, if it still fits in its place."""
    file = io.BytesIO(data)
    try:
        with olefile.OleFileIO(file, write_mode=True) as container:
            name = rng.choice(container.listdir())
            raw = container.openstream(name).read()
            damaged = _repacked(rng, raw)
            if len(damaged) <= len(raw):
                container.write_stream(name, damaged.ljust(len(raw), b"\0"))
    except (OSError, ValueError, IndexError, struct.error):
        return flip_bits(rng, data)
    return file.getvalue()


def _repacked(rng: random.Random, raw: bytes) -> bytes:
    if not raw:
        return raw
    try:
        unpacked = zlib.decompress(raw, -zlib.MAX_WBITS)
    except zlib.error:
        return flip_bits(rng, raw)
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    damaged = rng.choice((flip_bits, overwrite_number, remove_run))(rng, unpacked or b"\0")
    return packer.compress(damaged) + packer.flush()


def case(number: int, seed: int, files: Sequence[Case]) -> Case:
    """The case of that number: a file, what is done to it once or twice, and perhaps another suffix."""
    rng = random.Random(f"{seed}:{number}")
    # By suffix first, for the formats come in very different numbers; most often one that is read at all.
    suffixes = sorted({Path(file.name).suffix.lower() for file in files})
    read = [suffix for suffix in suffixes if suffix in SUFFIXES]
    suffix = rng.choice(read if rng.random() < 0.9 else suffixes)
    file = rng.choice([file for file in files if Path(file.name).suffix.lower() == suffix])
    data, how = file.data, []
    for _ in range(rng.choice((1, 1, 2))):
        name, data = _mutated(rng, data or b"\0", files, is_damaged=data is not file.data)
        how.append(name)
    if rng.random() < 0.1:
        suffix = rng.choice(_SUFFIXES)
    return Case(f"{number:06}{suffix}", data, f"{file.name}: {', '.join(how)}", file)


def _mutated(rng: random.Random, data: bytes, files: Sequence[Case], *, is_damaged: bool) -> tuple[str, bytes]:
    if rng.random() < 0.05:
        other = rng.choice(files).data
        return "splice", data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]
    mutation = rng.choice(FLAT)
    if rng.random() < 0.7:
        if data.startswith(b"PK"):
            mutation = rng.choices((mutate_member, swap_members, remove_member), (8, 1, 1))[0]
        elif data.startswith(b"\xd0\xcf\x11\xe0"):
            # olefile follows a damaged chain of sectors for ever when it writes.
            mutation = mutation if is_damaged else mutate_stream
        elif not data.startswith(b"%PDF"):
            mutation = mutate_text
    return mutation.__name__, mutation(rng, data)


# The run


def tried(each: Case, box: Sandbox) -> Result:
    """One case on the way of every file, as ``ingest.pipeline`` goes it."""
    start = time.perf_counter()
    try:
        outcome, fault = _outcome(Path(each.name), lambda: each.data, box)
    except Exception as error:  # noqa: BLE001 (this is what is looked for)
        outcome, fault = f"unexpected {type(error).__name__}", traceback.format_exc()
    seconds = time.perf_counter() - start
    if seconds > MAX_SECONDS and not fault:
        if each.original and tried(each.original, box).seconds > MAX_SECONDS / 2:
            return Result("slow as its original", seconds)
        outcome, fault = f"slow: {outcome}", f"{seconds:.1f} seconds"
    return Result(outcome, seconds, fault)


def _outcome(path: Path, read: Callable[[], bytes], box: Sandbox) -> tuple[str, str]:
    """The outcome and the fault of a file; of a ZIP, those of its first member with a fault."""
    try:
        data = read()
        if is_zip(path, data):
            of_members = (
                _outcome(path / member.name, partial(getattr, member, "data"), box) for member in members(path, data)
            )
            return next((found for found in of_members if found[1]), ("members", ""))
        loaded = box.load(path, data)
    except IngestError as error:
        name = type(error).__name__
        if isinstance(error.__cause__, Fault):
            return f"fault: {str(error.__cause__).strip().rpartition(chr(10))[2][:60]}", str(error.__cause__)
        if type(error) is IngestError or not error.hint or path.parts[0] not in str(error):
            return f"untold: {name}", f"{error}\nhint: {error.hint}"
        return name, ""
    text = "\n\n".join(filter(None, (clean(part.text).text for part in loaded.parts)))
    for piece in chunk(Document("문서", path.name, loaded.title, text, "facts")):
        if piece.text != text[piece.span.start : piece.span.end]:
            return "span astray", repr(piece)
    return "text", ""


def main() -> int:
    """Run the cases and print the table; 1 if one of them met what no loader foresaw."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folders", nargs="*", type=Path)
    arguments.add_argument("--n", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--out", type=Path, required=True)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    files = seeds(given.folders)
    print(f"{len(files)} files, {given.n} cases, seed {given.seed}", flush=True)

    results: list[tuple[Case, Result]] = []
    with Sandbox(seconds=MAX_SECONDS) as box:
        for number in range(given.n):
            each = case(number, given.seed, files)
            kept = given.out / each.name
            kept.write_bytes(each.data)
            # A regular expression that never ends stops for no exception.
            faulthandler.dump_traceback_later(6 * MAX_SECONDS, exit=True)
            result = tried(each, box)
            faulthandler.cancel_dump_traceback_later()
            if result.fault:
                kept.with_name(f"{kept.name}.fault.txt").write_text(f"{each.how}\n{result.fault}\n", "utf-8")
            else:
                kept.unlink()
            results.append((Case(each.name, b"", each.how), result))
            if number % 100 == 99:
                print(f"{number + 1}: {sum(bool(result.fault) for _, result in results)} faults", flush=True)
    _print_table(results)
    return 1 if any(result.fault for _, result in results) else 0


def _print_table(results: Sequence[tuple[Case, Result]]) -> None:
    print("\noutcome | cases\n---|---")
    for outcome, count in Counter(result.outcome for _, result in results).most_common():
        print(f"{outcome} | {count}")
    print("\nslowest | seconds | how\n---|---|---")
    for each, result in sorted(results, key=lambda pair: -pair[1].seconds)[:_SLOWEST]:
        print(f"{each.name} | {result.seconds:.2f} | {each.how}")
    # Kilobytes on Linux, bytes on macOS; of the largest child, all of which have ended.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"\nlargest child: {peak / 2**20:.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
