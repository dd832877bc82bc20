from __future__ import annotations

from pathlib import Path

import pytest

from ingest import EmptyDocument, IngestError, UndecodableText
from ingest.errors import FileTooLarge
from ingest.loaders import html
from ingest.loaders.html import load_html

PATH = Path("글.html")
PANGRAM = "똠방각하와 펲시, 키스의 고유조건은 입술끼리 만나야 한다."


def text(source: str, encoding: str = "utf-8") -> str:
    return load_html(PATH, source.encode(encoding)).parts[0].text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<h1>제1장 <b>첫눈</b></h1><p>눈이 <i>왔다</i>.</p>", "# 제1장 첫눈\n\n눈이 왔다."),
        ("<h3>작은\n제목</h3>", "### 작은 제목"),
        ("<p>첫 줄<br>둘째 줄<br><br>새 단락", "첫 줄\n둘째 줄\n\n새 단락"),
        ("<p>가</p><p>&nbsp;</p><p>나</p>", "가\n\n나"),
        ("<ul><li>가<li>나<ul><li>다</ul></ul>", "- 가\n- 나\n  - 다"),
        ("<ol start=3><li>셋<li>넷<li value=9>아홉</ol>", "3. 셋\n4. 넷\n9. 아홉"),
        ("<ol type=a><li>첫째 목<li>둘째 목</ol>", "a. 첫째 목\nb. 둘째 목"),
        ("<dl><dt>낙심<dd>마음이 풀리다</dl>", "- 낙심\n  마음이 풀리다"),
        ("<blockquote><p>옛말에<p>이르기를</blockquote>", "> 옛말에\n>\n> 이르기를"),
        ("<ruby>漢<rp>(</rp><rt>한</rt><rp>)</rp>字<rt>자</rt></ruby>를 썼다", "漢字(한자)를 썼다"),
        ("<p><q>왔니?</q> 하고 물었다.</p>", "“왔니?” 하고 물었다."),
        ("왕국<sup><a href='#1'>1</a></sup>은 10<sup>2</sup>m, H<sub>2</sub>O", "왕국[1]은 10²m, H₂O"),
        ("<p>앞<hr>뒤", "앞\n\n***\n\n뒤"),
        ("<pre class=screen># apt\n  설치</pre>", "```\n# apt\n  설치\n```"),
        ("<pre>첫 줄\n  둘째 줄</pre>", "첫 줄\n  둘째 줄"),
        ("<p>앞</p></body></html><p>뒤에 붙은 둘째 문서</p>", "앞\n\n뒤에 붙은 둘째 문서"),
        ("<div>가<div>나</div>다</div>", "가\n\n나\n\n다"),
    ],
)
def test_marks_become_markdown(source: str, expected: str) -> None:
    assert text(source) == expected


def test_a_table_keeps_its_header_and_repeats_spanning_cells() -> None:
    source = (
        "<table><caption>표 1</caption><thead><tr><th rowspan=2>이름<th colspan=2>나이<tr><th>만<th>세는</thead>"
        "<tr><td rowspan=2>서윤<td>17<td>18<tr><td>a|b<td>끝</table>"
    )
    assert text(source) == (
        "표 1\n\n| 이름 | 나이 만 | 나이 세는 |\n|---|---|---|\n| 서윤 | 17 | 18 |\n| 서윤 | a\\|b | 끝 |"
    )


def test_a_table_that_only_lays_out_the_page_is_running_text() -> None:
    source = "<table><tr><td><h2>1화</h2><p>첫눈이 왔다.<p>아무도 없었다.</td></tr></table>"
    assert text(source) == "## 1화\n\n첫눈이 왔다.\n\n아무도 없었다."


def test_words_that_stand_in_no_cell_are_kept() -> None:
    assert "떠도는 말" in text("<table>떠도는 말<tr><th>가<th>나<tr><td>1<td>2</table>")


@pytest.mark.parametrize(
    "dropped",
    [
        "<script>숨김</script>",
        "<style>숨김</style>",
        "<!-- 숨김 -->",
        "<nav>숨김</nav>",
        "<div class='gnb wide'>숨김</div>",
        "<div role=navigation>숨김</div>",
        "<form>숨김<input value=숨김><button>숨김</button></form>",
        "<p hidden>숨김</p>",
        "<p style='DISPLAY : none'>숨김</p>",
        "<span style='font-size:0'>숨김</span>",
        "<span aria-hidden=true>숨김</span>",
        "<span class=blind>숨김</span>",
        "<template>숨김</template>",
        "<dialog>숨김</dialog>",
        "<iframe>숨김</iframe>",
        "<noscript>숨김</noscript>",
    ],
)
def test_what_no_reader_sees_is_dropped(dropped: str) -> None:
    assert text(f"<p>앞</p>{dropped}<p>뒤</p>") == "앞\n\n뒤"


def test_a_form_that_wraps_the_page_keeps_the_page() -> None:
    story = "긴 이야기가 이어졌다. " * 60
    written = text(f"<form id=aspnetForm><input value=숨김><p>{story}</p><button>숨김</button></form>")
    assert written == story.strip()


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("euc-kr", "cp949"),
        ("ks_c_5601-1987", "cp949"),
        ("utf-8", "utf-8"),
        ("", "cp949"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("", "utf-16-le"),
        ("johab", "johab"),
        # Wrong declarations: saved anew as UTF-8, never declared by an old editor.
        ("euc-kr", "utf-8"),
        ("utf-8", "cp949"),
    ],
)
def test_the_charset_is_found(declared: str, encoding: str) -> None:
    meta = f"<meta http-equiv=Content-Type content='text/html; charset={declared}'>" if declared else ""
    assert text(f"<html><head>{meta}</head><body><p>{PANGRAM}</p></body></html>", encoding) == PANGRAM


def test_a_western_declaration_hides_neither_korean_nor_french() -> None:
    meta = "<meta charset=iso-8859-1>"
    assert text(f"{meta}<p>첫눈이 왔다</p>", "euc-kr") == "첫눈이 왔다"
    assert text(f"{meta}<p>café était</p>", "cp1252") == "café était"


def test_xhtml_with_empty_elements_and_cdata_loses_nothing() -> None:
    source = (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
        '<script src="x"/></head><body><div/><p>앞<a id="p1"/><![CDATA[ <뒤> ]]></p></body></html>'
    )
    assert text(source) == "앞 <뒤>"


def test_entities_of_a_document_type_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "비밀.txt"
    secret.write_text("비밀", "utf-8")
    source = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]><p>앞 &x; 뒤</p>'
    assert "비밀" not in text(source)


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("<title>첫눈 :\n나의 블로그</title><h1>1화</h1>", "첫눈 : 나의 블로그"),
        ("<p>머리말</p><h2>1화 첫눈</h2>", "1화 첫눈"),
        ("<p>글</p>", "글"),
    ],
)
def test_the_title_is_the_pages_own(source: str, title: str) -> None:
    assert load_html(PATH, source.encode()).title == title


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (b"", EmptyDocument),
        (b"<script>1</script><img src=a.png>", EmptyDocument),
        (b"<!-- -->", EmptyDocument),
        (b"<p>\xff\x81\x00\xfe\xff\xff" * 3, UndecodableText),
        (b"<div>" * 3_000 + "깊다".encode(), FileTooLarge),
        (f"<p {' '.join(f'a{n}=1' for n in range(3_000))}>글".encode(), FileTooLarge),
        (("<table>" + "<tr><td rowspan=60000>가<td>나" * 3_000 + "</table>").encode(), FileTooLarge),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(source: bytes, error: type[IngestError]) -> None:
    with pytest.raises(error, match=r"글\.html") as caught:
        load_html(PATH, source)
    assert caught.value.hint


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MAX_BYTES", 10)
    with pytest.raises(FileTooLarge):
        load_html(PATH, b"<p>12345678</p>")


def test_deep_lists_lose_their_marks_and_no_words() -> None:
    assert text("<ul><li>가" * 300).count("가") == 300
