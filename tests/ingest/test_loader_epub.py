from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ingest import EmptyDocument, IngestError
from ingest.errors import DamagedFile, EncryptedFile, FileTooLarge
from ingest.loaders import archive
from ingest.loaders.epub import load_epub

PATH = Path("책.epub")
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>첫눈
 오는 날</dc:title></metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="b" href="Text/2%ED%99%94.xhtml#top" media-type="application/xhtml+xml"/>
<item id="a" href="Text/1.xhtml" media-type="application/xhtml+xml"/>
<item id="cover" href="cover.jpg" media-type="image/jpeg"/>
</manifest>
<spine><itemref idref="cover"/><itemref idref="nav"/><itemref idref="a"/><itemref idref="b"/></spine>
</package>"""


def page(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{body}</body></html>'
    )


FILES = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/content.opf": PACKAGE,
    "OEBPS/nav.xhtml": page("<nav epub:type='toc'><ol><li>차례</li></ol></nav>"),
    "OEBPS/Text/2화.xhtml": page("<h1>2화</h1><p>눈이 녹았다&nbsp;&hellip;</p>"),
    "OEBPS/Text/1.xhtml": page("<h1>1화</h1><p><ruby>初雪<rt>첫눈</rt></ruby>이 왔다.</p>"),
    "OEBPS/cover.jpg": "그림",
}


def book(**changed: str) -> bytes:
    """The book with files changed by name (dots and slashes as in FILES), or without those that are empty."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in (FILES | changed).items():
            if text:
                file.writestr(name, text)
    return buffer.getvalue()


def encryption(algorithm: str, name: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData><enc:CipherReference URI="{name}"/>'
        "</enc:CipherData></enc:EncryptedData></encryption>"
    )


AES = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"


def test_pages_come_in_the_order_of_the_spine() -> None:
    loaded = load_epub(PATH, book())
    assert loaded.title == "첫눈 오는 날"
    (part,) = loaded.parts
    assert part.text == "# 1화\n\n初雪(첫눈)이 왔다.\n\n# 2화\n\n눈이 녹았다\xa0…"


def test_a_book_without_a_title_has_the_name_of_its_file() -> None:
    assert load_epub(PATH, book(**{"OEBPS/content.opf": PACKAGE.replace("dc:title", "dc:source")})).title == "책"


@pytest.mark.parametrize("algorithm", ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"])
def test_scrambled_fonts_are_no_drm(algorithm: str) -> None:
    data = book(**{"META-INF/encryption.xml": encryption(algorithm, "OEBPS/fonts/바탕.otf")})
    assert "눈이 녹았다" in load_epub(PATH, data).parts[0].text


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "비밀.txt"
    secret.write_text("비밀", "utf-8")
    package = PACKAGE.replace("?>", f'?><!DOCTYPE package [<!ENTITY x SYSTEM "{secret.as_uri()}">]>', 1)
    loaded = load_epub(PATH, book(**{"OEBPS/content.opf": package.replace("첫눈\n", "&x;첫눈\n")}))
    assert "비밀" not in loaded.title + loaded.parts[0].text


BOMB = (
    "<!DOCTYPE p [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    + "]><package><item id='&a11;'/></package>"
)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"META-INF/container.xml": ""}, DamagedFile),
        ({"META-INF/container.xml": "<container/>"}, DamagedFile),
        ({"OEBPS/content.opf": "<package>"}, DamagedFile),
        ({"OEBPS/content.opf": BOMB}, DamagedFile),
        ({"OEBPS/Text/1.xhtml": ""}, DamagedFile),
        ({"OEBPS/content.opf": PACKAGE.replace("Text/1.xhtml", "../../../etc/passwd")}, DamagedFile),
        ({"META-INF/encryption.xml": encryption(AES, "OEBPS/Text/1.xhtml")}, EncryptedFile),
        ({"OEBPS/Text/1.xhtml": page("<img/>"), "OEBPS/Text/2화.xhtml": page("<svg/>")}, EmptyDocument),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(changed: dict[str, str], error: type[IngestError]) -> None:
    with pytest.raises(error, match=r"책\.epub") as caught:
        load_epub(PATH, book(**changed))
    assert caught.value.hint


def test_limits_of_archives_hold_for_books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 100)
    with pytest.raises(FileTooLarge):
        load_epub(PATH, book())


def test_what_is_no_archive_is_damaged() -> None:
    with pytest.raises(DamagedFile):
        load_epub(PATH, "책이 아닙니다".encode())
