"""ZIP archives, read in memory and never unpacked to disk. EPUB, DOCX and XLSX are read through the same door.

The sizes that the archive states are summed before anything is read; ``zipfile`` stops a member that is longer
than it states, so the sum holds.
"""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ingest.errors import DamagedFile, EmptyDocument, EncryptedFile, FileTooLarge, UnsupportedFormat
from ingest.loaders.detect import is_zip

MAX_BYTES = 200_000_000
MAX_MEMBERS = 2_000
MAX_UNPACKED = 200_000_000
# Prose shrinks to about a third; a large member that shrinks to a 200th was made to fill the memory.
MAX_RATIO = 200
RATIO_FROM = 10_000_000

# ``zipfile`` makes an object for each entry before anything can be counted: a million take 400 MB. The mark of an
# entry may also stand inside of a stored archive, hence the margin.
_ENTRY = b"PK\x01\x02"
_MAX_MARKS = 10 * MAX_MEMBERS
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_READABLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNPACK_HINT = "압축을 풀어 안에 든 파일을 바로 넣어 주세요."


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; ``name`` is a label with ``/`` between folders, never a place to write to."""

    name: str
    _path: Path = field(repr=False)
    _archive: zipfile.ZipFile = field(repr=False)
    _info: zipfile.ZipInfo = field(repr=False)

    @property
    def data(self) -> bytes:
        """Its bytes, unpacked at every access, so that one bad file does not hide the others.

        Raises:
            DamagedFile: its bytes break the format or are more than stated.
            UnsupportedFormat: it is an archive again.
        """
        data = read_member(self._path, self._archive, self._info)
        if is_zip(Path(self.name), data):
            raise UnsupportedFormat(
                f"{self._path}: 압축 파일 안에 또 압축 파일이 있습니다({self.name[:80]}).", _UNPACK_HINT
            )
        return data


def members(path: Path, data: bytes) -> Iterator[Member]:
    """The files of a ZIP in their order; leftovers of operating systems are passed over.

    An archive is judged as a whole before its first file is given out, and no file is unpacked before it is asked for.

    Raises:
        EncryptedFile: a file wants a password.
        FileTooLarge: too many files, too many bytes, or too good a compression.
        UnsupportedFormat: an unusual compression.
        DamagedFile: no ZIP, a broken one, or one with a name that leads out of it.
        EmptyDocument: no file in it.
    """
    archive, entries = open_archive(path, data)
    entries = {name: info for name, info in entries.items() if not _is_leftover(name)}
    if not entries:
        raise EmptyDocument(f"{path}: 압축 파일 안에 파일이 없습니다.", "빈 압축 파일이 아닌지 확인하세요.")
    return (Member(name, path, archive, info) for name, info in entries.items())


def open_archive(path: Path, data: bytes) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    """A ZIP within the limits, and its files by name.

    Raises:
        EncryptedFile, FileTooLarge, UnsupportedFormat, DamagedFile: as ``members``.
    """
    if len(data) > MAX_BYTES:
        raise _too_large(path, f"{MAX_BYTES // 1_000_000}MB가 넘는 압축 파일입니다")
    if data.count(_ENTRY) > _MAX_MARKS:
        raise _too_large(path, f"파일이 {MAX_MEMBERS:,}개가 넘게 들어 있습니다")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, OverflowError) as error:
        raise _damaged(path, "파일 구조(ZIP)가 깨져 있습니다") from error
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise _too_large(path, f"파일이 {MAX_MEMBERS:,}개가 넘게 들어 있습니다")
    if sum(info.file_size for info in infos) > MAX_UNPACKED:
        raise _too_large(path, f"풀면 {MAX_UNPACKED // 1_000_000}MB가 넘습니다")
    entries: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = _name(info)
        _check(path, name, info)
        if not name.endswith("/"):
            entries[_free(name, entries)] = info
    return archive, entries


def read_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of one file of ``archive``.

    Raises:
        DamagedFile: its bytes break the format or are more than stated.
    """
    try:
        with archive.open(info) as file:
            return file.read(info.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, f"안의 파일을 풀 수 없습니다({_name(info)})") from error


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its writer typed it, composed (macOS writes ㅎㅏㄴ for 한).

    Without the UTF-8 flag ``zipfile`` reads names as code page 437; Korean Windows wrote CP949, macOS UTF-8.
    """
    name = info.filename
    if not info.flag_bits & _UTF8_NAME:
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            raw = b""
        for encoding in ("utf-8", "cp949"):
            try:
                name = raw.decode(encoding) if raw else name
                break
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name)


def _check(path: Path, name: str, info: zipfile.ZipInfo) -> None:
    if not name:  # ``zipfile`` itself stumbles over it
        raise _damaged(path, "이름이 없는 파일이 들어 있습니다")
    # A backslash may also be the second byte of a CP949 syllable, which ``_name`` has put together by now.
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":" or _is_link(info):
        raise DamagedFile(
            f"{path}: 압축 파일 밖을 가리키는 이름이 들어 있습니다({name[:80]}).",
            "믿을 수 있는 파일인지 확인하고, 다시 압축하거나 풀어서 넣어 주세요.",
        )
    if info.flag_bits & _ENCRYPTED:
        raise EncryptedFile(
            f"{path}: 암호가 걸린 압축 파일입니다.", "암호를 넣어 압축을 푼 뒤 안에 든 파일을 넣어 주세요."
        )
    if info.compress_type not in _READABLE_METHODS:
        raise UnsupportedFormat(f"{path}: 읽을 수 없는 압축 방식입니다({name[:80]}).", _UNPACK_HINT)
    if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise _too_large(path, f"압축 비율이 비정상으로 높습니다({name[:80]})")


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _is_leftover(name: str) -> bool:
    """Whether an operating system left this file: resource forks, thumbnails, hidden files."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return hidden or parts[-1].lower() in ("thumbs.db", "desktop.ini")


def _free(name: str, taken: dict[str, zipfile.ZipInfo]) -> str:
    """``name``, numbered where an earlier file has it already."""
    place = PurePosixPath(name)
    number = 2
    while name in taken:
        name = str(place.with_name(f"{place.stem} ({number}){place.suffix}"))
        number += 1
    return name


def _damaged(path: Path, reason: str) -> DamagedFile:
    return DamagedFile(f"{path}: {reason}.", "파일을 다시 받거나, 만든 프로그램에서 다시 저장해 주세요.")


def _too_large(path: Path, reason: str) -> FileTooLarge:
    return FileTooLarge(f"{path}: {reason}.", "필요한 부분만 따로 저장하거나 풀어서 넣어 주세요.")
