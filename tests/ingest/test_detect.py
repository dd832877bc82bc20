from __future__ import annotations

import contextlib
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from ingest import IngestError, UnsupportedFormat
from ingest.errors import EncryptedFile
from ingest.loaders.detect import KINDS, detect, is_zip


def packed(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.addfile(tarfile.TarInfo("글.txt"), io.BytesIO())
    return buffer.getvalue()


def compound(*streams: str) -> bytes:
    """A compound file with nothing but a directory of these names, over as many sectors as they need."""
    names = ["Root Entry", *streams]
    sectors = -(-len(names) // 4)
    directory = b""
    for name in names:
        raw = name.encode("utf-16-le")
        directory += raw.ljust(64, b"\0") + struct.pack("<H", len(raw) + 2) + bytes(62)
    chain = [*range(2, sectors + 1), 0xFFFFFFFE]
    table = struct.pack("<I", 0xFFFFFFFD) + b"".join(struct.pack("<I", sector) for sector in chain)
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    return bytes(header) + table.ljust(512, b"\xff") + directory.ljust(sectors * 512, b"\0")


EPUB = packed(mimetype="application/epub+zip", **{"META-INF/container.xml": "<a/>"})
DOCX = packed(**{"[Content_Types].xml": "<a/>", "word/document.xml": "<a/>"})
XLSX = packed(**{"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<a/>"})
PPTX = packed(**{"[Content_Types].xml": "<a/>", "ppt/presentation.xml": "<a/>"})
HWPX = packed(mimetype="application/hwp+zip", **{"Contents/content.hpf": "<a/>"})
HWP = compound("FileHeader", "DocInfo", "BodyText", "Section0", "BinData", "\x05HwpSummaryInformation")
HTML = b"<!DOCTYPE html><p>\xea\xb8\x80</p>"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("글.txt", "첫눈이 왔다.".encode(), "txt"),
        ("글.TXT", "첫눈이 왔다.".encode("cp949"), "txt"),
        ("글.txt", "첫눈이 왔다.".encode("utf-16"), "txt"),
        ("글.md", "# 1화".encode(), "md"),
        ("글.markdown", HTML, "md"),
        ("글.jsonl", b'{"text": "a"}', "jsonl"),
        ("글.ndjson", b'{"text": "a"}\n', "jsonl"),
        ("글.json", b'{"a": 1}', "json"),
        ("표.csv", "가,나\n1,2\n".encode("cp949"), "csv"),
        ("표.tsv", "가\t나\n".encode(), "csv"),
        ("글.html", b"<p>a", "html"),
        ("글.xhtml", b"<?xml version='1.0'?><html/>", "html"),
        ("세계/ontology.toml", b"[relations]\n", "toml"),
        ("글.pdf", PDF, "pdf"),
        ("글.docx", DOCX, "docx"),
        ("글.pdf", b"\n\r\xef\xbb\xbf\0" * 100 + PDF, "pdf"),
        ("글.docm", DOCX, "docx"),
        ("글.xlsx", XLSX, "xlsx"),
        ("글.xlsm", XLSX, "xlsx"),
        ("글.hwpx", HWPX, "hwpx"),
        ("글.hwp", HWP, "hwp"),
        ("글.epub", EPUB, "epub"),
        ("글.zip", packed(**{"글.txt": "a"}), "zip"),
    ],
)
def test_every_kind_is_known_by_its_own_name(name: str, data: bytes, kind: str) -> None:
    assert kind in KINDS
    assert detect(Path(name), data) == kind


@pytest.mark.parametrize("name", ["원고.txt", "원고.hwp", "원고.pdf", "원고.docx", "원고.zip", "원고", "1.5화"])
@pytest.mark.parametrize(
    ("data", "kind"),
    [(PDF, "pdf"), (DOCX, "docx"), (XLSX, "xlsx"), (HWPX, "hwpx"), (HWP, "hwp"), (EPUB, "epub"), (HTML, "html")],
)
def test_magic_overrules_the_suffix(name: str, data: bytes, kind: str) -> None:
    assert detect(Path(name), data) == kind


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        # Exports of Korean government sites.
        ("통계.xls", "<table><tr><td>가</table>".encode("cp949"), "html"),
        ("통계.xls", b"\n<style>td{}</style><table>", "html"),
        ("통계.xls", "가\t나\n1\t2\n".encode("cp949"), "csv"),
        ("원고.doc", "그냥 글".encode(), "txt"),
        ("원고.hwp", "그냥 글".encode(), "txt"),
        ("원고.txt", b'{"text": "a"}\n{"text": "b"}\n', "jsonl"),
        ("원고.json", b'{"text": "a"}\n{"text": "b"}\n', "jsonl"),
        ("원고.jsonl", b'[\n {"text": "a"}\n]', "json"),
        ("원고.txt", b'{"a": [1,\n 2]}', "json"),
        ("원고.txt", "[속보] 눈이 온다".encode(), "txt"),
        ("원고.txt", "{이름}은 웃었다.".encode(), "txt"),
        ("원고.txt", b"[1, 2]", "txt"),
        ("원고.txt", b"GIF89a is a format", "txt"),
        ("원고.txt", b"The new WAVE of %PDF- and MZ", "txt"),
        ("1.5화", "첫눈이 왔다.".encode(), "txt"),
        ("README", "첫눈이 왔다.".encode("cp949"), "txt"),
        ("빈.txt", b"", "txt"),
        ("빈.pdf", b"", "pdf"),
        # Their own loaders say what is broken.
        ("깨짐.docx", DOCX[:40], "docx"),
        ("깨짐.docm", DOCX[:40], "docx"),
        ("깨짐.xlsx", XLSX[:40], "xlsx"),
        ("깨짐.txt", DOCX[:40], "zip"),
        ("깨짐.txt", b"\xff\x81\x00\xfe" * 3, "txt"),
        ("깨짐.hwp", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "hwp"),
    ],
)
def test_text_is_told_by_content_and_then_by_suffix(name: str, data: bytes, kind: str) -> None:
    assert detect(Path(name), data) == kind


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("옛.doc", compound("WordDocument", "1Table"), "DOC"),
        ("옛.xls", compound("Workbook"), "XLS"),
        ("옛.xls", compound("가", "나", "다", "라", "Book"), "XLS"),
        ("옛.ppt", compound("PowerPoint Document"), "PPT"),
        ("옛.hwp", b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05\0\0", "3.0"),
        ("글.hwp", compound("WordDocument", "FileHeader"), "DOC"),
        ("글.hml", b"<?xml version='1.0'?><HWPML Version='2.1'>", "HWPML"),
        ("글.txt", b"{\\rtf1\\ansi", "RTF"),
        ("글.doc", b"{\\rtf1\\ansi", "RTF"),
        ("글.mht", b"From: <a>\nMIME-Version: 1.0\n", "MHTML"),
        ("글.odt", packed(mimetype="application/vnd.oasis.opendocument.text"), "ODT"),
        ("글.pptx", PPTX, "파워포인트"),
        ("글.7z", b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
        ("글.alz", b"ALZ\x01\x0a\0\0\0", "ALZ"),
        ("글.egg", b"EGGA\0\1\0\0", "EGG"),
        ("글.tar", tarred(), "TAR"),
        ("그림.png", b"\x89PNG", "PNG"),
        ("그림.txt", b"\xff\xd8\xff\xe0\0", "JPEG"),
        ("설정.xml", b"<?xml version='1.0'?><a/>", "XML"),
        ("모름.bin", b"\x00\x01\x02\x03", "지원하지 않는"),
        ("모름.xls", b"\x00\x01\x02\x03", "지원하지 않는"),
    ],
)
def test_known_formats_that_are_not_read_are_named_with_a_way_out(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnsupportedFormat, match=reason) as caught:
        detect(Path(name), data)
    assert name in str(caught.value)
    assert "저장" in caught.value.hint or "압축" in caught.value.hint


def test_an_office_file_with_a_password_is_encrypted() -> None:
    with pytest.raises(EncryptedFile) as caught:
        detect(Path("글.docx"), compound("EncryptionInfo", "EncryptedPackage"))
    assert caught.value.hint


@pytest.mark.parametrize("data", [b"\x9b DRMONE  This Document is encrypted\0\xff", b"SCDSA002\0\0\xff\xfe"])
@pytest.mark.parametrize("name", ["글.docx", "글.xlsx", "글.hwp", "글.pdf", "글.txt"])
def test_a_file_under_a_companys_drm_is_encrypted(name: str, data: bytes) -> None:
    with pytest.raises(EncryptedFile, match="DRM") as caught:
        detect(Path(name), data)
    assert caught.value.hint


def test_a_text_about_drm_is_text() -> None:
    assert detect(Path("글.txt"), "DRMONE이라는 표시로 시작한다.".encode()) == "txt"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("글.zip", packed(a="b"), True),
        ("글.txt", packed(a="b"), True),
        # The archive's own reader says what is wrong with these.
        ("글.zip", packed(a="b")[:40], True),
        ("글.zip", packed(), True),
        ("글.zip", b"", True),
        ("글.docx", packed(a="b")[:40], False),
        ("글.zip", DOCX, False),
        ("글.zip", EPUB, False),
        ("글.zip", PPTX, False),
        ("글.tar", tarred(), False),
        ("글.zip", "그냥 글".encode(), False),
        ("글.txt", b"", False),
    ],
)
def test_archives_are_told_from_packed_documents(name: str, data: bytes, expected: bool) -> None:
    assert is_zip(Path(name), data) is expected


@pytest.mark.parametrize("length", range(0, 1536, 97))
def test_no_cut_file_breaks_the_detector(length: int) -> None:
    for data in (HWP, EPUB, DOCX, PDF, tarred(), compound("EncryptedPackage")):
        with contextlib.suppress(IngestError):
            assert detect(Path("잘림.dat"), data[:length]) in KINDS


def test_a_file_of_comments_is_told_at_once() -> None:
    assert detect(Path("글.txt"), b"<!---->" * 10_000) == "txt"
    assert detect(Path("글.txt"), b"<!-- a --> <!-- b -->\n<html>") == "html"
