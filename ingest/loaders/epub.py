"""EPUB 2 and 3 by way of ``zipfile`` and the HTML loader: the pages of the spine, in its order."""

from __future__ import annotations

import posixpath
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ingest.errors import DamagedFile, EmptyDocument, EncryptedFile
from ingest.loaders.archive import open_archive, read_member
from ingest.loaders.html import read_page
from ingest.loaders.parts import Loaded, Part

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
# Fonts are scrambled by these in books without DRM.
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_AGAIN = "책을 다시 받거나, 전자책 프로그램에서 EPUB으로 다시 저장한 뒤 넣어 주세요."


@dataclass(frozen=True, slots=True)
class _Book:
    path: Path
    archive: zipfile.ZipFile
    entries: dict[str, zipfile.ZipInfo]

    def read(self, name: str) -> bytes:
        """The bytes of a file that the book names."""
        if name not in self.entries:
            raise DamagedFile(f"{self.path}: 책 안에 있어야 할 파일이 없습니다({name[:80]}).", _AGAIN)
        return read_member(self.path, self.archive, self.entries[name])

    def xml(self, name: str) -> Any:
        """The root of one of the book's own XML files; entities stay unread."""
        from lxml import etree  # type: ignore[import-untyped]

        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        try:
            return etree.fromstring(self.read(name), parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise DamagedFile(f"{self.path}: 책의 목록 파일이 깨졌습니다({name[:80]}).", _AGAIN) from error


def load_epub(path: Path, data: bytes) -> Loaded:
    """A book as running text; its title is that of its package.

    Raises:
        EncryptedFile: pages are under DRM, or the archive wants a password.
        DamagedFile: no EPUB, or a page of the spine is missing or broken.
        EmptyDocument: the pages hold pictures only.
        FileTooLarge, UnsupportedFormat: as ``open_archive``.
    """
    archive, entries = open_archive(path, data)
    with archive:
        book = _Book(path, archive, entries)
        package_name = _package_name(book)
        package = book.xml(package_name)
        pages = list(_spine(package, posixpath.dirname(package_name)))
        _refuse_drm(book, pages)
        texts = [read_page(path / name, book.read(name)).text for name in pages]
    text = "\n\n".join(filter(None, texts))
    if not text:
        raise EmptyDocument(
            f"{path}: 책에 읽을 글이 없습니다(그림으로만 된 책일 수 있습니다).",
            "글자로 된 EPUB인지 확인하거나, 글자를 알아보는 프로그램(OCR)으로 뽑은 TXT를 넣어 주세요.",
        )
    return Loaded(_title(package) or path.stem, (Part(text),))


def _package_name(book: _Book) -> str:
    for element in _named(book.xml(_CONTAINER), "rootfile"):
        if name := element.get("full-path"):
            return _inside("", name)
    raise DamagedFile(f"{book.path}: EPUB의 책 정보를 찾을 수 없습니다.", _AGAIN)


def _spine(package: Any, folder: str) -> Iterator[str]:
    """Names of the pages in reading order; the table of contents of EPUB 3 is none of them."""
    manifest = {item.get("id"): item for item in _named(package, "item")}
    seen = set()
    for reference in _named(package, "itemref"):
        item = manifest.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        name = _inside(folder, item.get("href") or "")
        if (item.get("media-type") or "").lower() in _PAGES and name not in seen:
            seen.add(name)
            yield name


def _inside(folder: str, href: str) -> str:
    """The name in the archive that ``href`` points to; it is only looked up, so one that leads out finds nothing."""
    place = posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))
    return unicodedata.normalize("NFC", place.lstrip("/"))


def _refuse_drm(book: _Book, pages: list[str]) -> None:
    if _ENCRYPTION not in book.entries:
        return
    for data in _named(book.xml(_ENCRYPTION), "EncryptedData"):
        method = next((element.get("Algorithm") for element in _named(data, "EncryptionMethod")), "")
        names = {_inside("", element.get("URI") or "") for element in _named(data, "CipherReference")}
        if method not in _FONT_SCRAMBLING and names & set(pages):
            raise EncryptedFile(
                f"{book.path}: DRM이 걸린 전자책이라 읽을 수 없습니다.",
                "DRM이 없는 EPUB을 넣거나, 직접 쓴 원고라면 원본 파일을 넣어 주세요.",
            )


def _title(package: Any) -> str:
    return next((text for element in _named(package, "title") if (text := " ".join((element.text or "").split()))), "")


def _named(root: Any, name: str) -> Iterator[Any]:
    """Elements of that name in any namespace: books of every age write another one."""
    yield from root.iter(f"{{*}}{name}")
