from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
from pathlib import Path

import pytest

from ingest import EmptyDocument, IngestError, UnsupportedFormat
from ingest.errors import DamagedFile, EncryptedFile, FileTooLarge
from ingest.loaders import archive
from ingest.loaders.archive import members

PATH = Path("원고.zip")


def packed(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in files:
            file.writestr(name, data, compress_type=method)
    return buffer.getvalue()


def renamed(data: bytes, name: str, raw: bytes) -> bytes:
    """The archive as Korean Windows writes it: bytes of the name in CP949 without the UTF-8 flag."""
    assert len(name) == len(raw)
    return data.replace(name.encode(), raw)


def encrypted(data: bytes) -> bytes:
    """The archive with the flag of a password set on its first file."""
    changed = bytearray(data)
    changed[6] |= 1
    changed[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def test_files_come_in_order_and_leftovers_do_not() -> None:
    data = packed(
        ("2화.txt", "둘".encode()),
        ("폴더/", b""),
        ("폴더/1화.md", "# 하나".encode()),
        ("__MACOSX/._1화.md", b"x"),
        (".DS_Store", b"x"),
        ("폴더/Thumbs.db", b"x"),
    )
    found = [(member.name, member.data) for member in members(PATH, data)]
    assert found == [("2화.txt", "둘".encode()), ("폴더/1화.md", "# 하나".encode())]


@pytest.mark.parametrize("name", ["똠방각하.txt", "제1화 첫눈.txt", "폴더/펲시.txt"])
def test_names_in_cp949_are_repaired(name: str) -> None:
    raw = name.encode("cp949")
    placeholder = "x" * len(raw)
    data = renamed(packed((placeholder, b"a")), placeholder, raw)
    assert [member.name for member in members(PATH, data)] == [name]


def test_names_of_macos_are_repaired_and_composed() -> None:
    raw = unicodedata.normalize("NFD", "첫눈.txt").encode()
    placeholder = "x" * len(raw)
    data = renamed(packed((placeholder, b"a")), placeholder, raw)
    assert [member.name for member in members(PATH, data)] == ["첫눈.txt"]


def test_equal_names_lose_no_file() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = packed(("글.txt", b"1"), ("글.txt", b"2"))
    assert [(member.name, member.data) for member in members(PATH, data)] == [("글.txt", b"1"), ("글 (2).txt", b"2")]


@pytest.mark.parametrize("name", ["../밖.txt", "/etc/passwd", "C:\\밖.txt", "폴더\\..\\..\\밖.txt", "가/../../밖.txt"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(DamagedFile, match="밖을 가리키는"):
        members(PATH, packed((name, b"a")))


def test_a_file_without_a_name_is_damage() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a", "글")
    info = bytearray(buffer.getvalue())
    central = info.rindex(b"PK\x01\x02")
    info[central + 28 : central + 30] = b"\0\0"  # no characters of a name; one byte more of extra data
    info[central + 30 : central + 32] = b"\1\0"
    with pytest.raises(DamagedFile, match="이름이 없는"):
        list(members(Path("묶음.zip"), bytes(info)))


def test_links_are_refused() -> None:
    link = zipfile.ZipInfo("바로가기.txt")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DamagedFile):
        members(PATH, packed((link, b"/etc/passwd")))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"PK\x03\x04 broken", DamagedFile),
        (b"no archive", DamagedFile),
        (packed(("글.txt", b"a"))[:-30], DamagedFile),
        (packed(), EmptyDocument),
        (packed(("폴더/", b"")), EmptyDocument),
        (encrypted(packed(("글.txt", b"a"))), EncryptedFile),
        (packed((".DS_Store", b"a")), EmptyDocument),
        (packed(("글.txt", b"a"), method=zipfile.ZIP_LZMA), UnsupportedFormat),
        (packed(("큰.txt", bytes(11_000_000))), FileTooLarge),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(data: bytes, error: type[IngestError]) -> None:
    with pytest.raises(error, match=r"원고\.zip") as caught:
        members(PATH, data)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["안.zip", "안.txt", "폴더/안"])
def test_an_archive_in_the_archive_is_refused_alone(name: str) -> None:
    data = packed((name, packed(("안.txt", b"a"))), ("글.txt", b"b"))
    nested, plain = members(PATH, data)
    with pytest.raises(UnsupportedFormat, match="또 압축 파일") as caught:
        _ = nested.data
    assert name in str(caught.value)
    assert caught.value.hint
    assert plain.data == b"b"


def test_a_document_that_is_packed_as_zip_is_no_nested_archive() -> None:
    document = packed(("[Content_Types].xml", b"<a/>"), ("word/document.xml", b"<a/>"))
    assert [member.data for member in members(PATH, packed(("글.docx", document)))] == [document]


def test_a_damaged_member_is_named_and_hides_no_other() -> None:
    data = packed(("글.txt", "첫눈이 왔다".encode()), ("둘.txt", b"b"), method=zipfile.ZIP_STORED)
    damaged, whole = members(PATH, data.replace("첫눈".encode(), "둘눈".encode()))
    with pytest.raises(DamagedFile, match=r"글\.txt"):
        _ = damaged.data
    assert whole.data == b"b"


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_BYTES", 50), ("_MAX_MARKS", 1), ("MAX_MEMBERS", 1), ("MAX_UNPACKED", 15)]
)
def test_limits_hold(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(archive, limit, value)
    with pytest.raises(FileTooLarge) as caught:
        members(PATH, packed(("하나.txt", b"1234567890"), ("둘.txt", b"1234567890")))
    assert caught.value.hint
