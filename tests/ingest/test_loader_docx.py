from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE

from ingest import EmptyDocument, IngestError, UnsupportedFormat
from ingest.errors import DamagedFile, EncryptedFile, FileTooLarge
from ingest.loaders import archive, load
from ingest.loaders import docx as loader
from ingest.loaders.docx import load_docx
from ingest.loaders.parts import Loaded
from tests.ingest.test_detect import compound

PATH = Path("원고.docx")
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_W = "http://purl.oclc.org/ooxml/wordprocessingml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
STYLED = '<w:pStyle w:val="1"/>'
NAMES = (
    f'xmlns:w="{W}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def relations(targets: dict[str, str]) -> str:
    found = (f'<Relationship Id="r{t}" Type="{RELATIONS}/{t}" Target="{name}"/>' for t, name in targets.items())
    return f"<Relationships>{''.join(found)}</Relationships>"


def package(body: str, main: str = "word/document.xml", **parts: str) -> bytes:
    """A document as Word writes it: ``body`` is what stands in the body, ``parts`` what stands in other parts."""
    files = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations({"officeDocument": main}),
        "word/_rels/document.xml.rels": relations({name: f"{name}.xml" for name in parts}),
        main: f"<w:document {NAMES}><w:body>{body}<w:sectPr/></w:body></w:document>",
        **{f"word/{name}.xml": f"<w:{name} {NAMES}>{text}</w:{name}>" for name, text in parts.items()},
    }
    return zipped(files)


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
    return buffer.getvalue()


def unzipped(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{r(text)}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def val(name: str, value: object) -> str:
    return f'<w:{name} w:val="{value}"/>'


def text(body: str, **parts: str) -> str:
    (part,) = load_docx(PATH, package(body, **parts)).parts
    assert part.example is None
    return part.text


def saved(document: docx.document.Document) -> Loaded:
    buffer = io.BytesIO()
    document.save(buffer)
    return load_docx(PATH, buffer.getvalue())


# What another program writes


def test_a_document_of_another_writer_is_read_in_its_order() -> None:
    document = docx.Document()
    document.core_properties.title = "눈의 왕국"
    document.add_heading("건국", 1)
    document.add_paragraph("첫눈이 왔다.\t탭\n줄바꿈")
    table = document.add_table(3, 3)
    for row in range(3):
        for column in range(3):
            table.cell(row, column).text = f"{row}행 {column}열"
    table.cell(0, 0).merge(table.cell(0, 1)).text = "가로"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "세로"
    document.add_heading("전쟁", 2)
    document.add_paragraph("왕이 죽었다.")
    document.add_paragraph("창", style="List Bullet")
    document.add_paragraph("방패", style="List Bullet")
    document.add_paragraph("끝.")
    loaded = saved(document)
    assert loaded.title == "눈의 왕국"
    assert loaded.parts[0].text == (
        "# 건국\n\n첫눈이 왔다.\t탭\n줄바꿈\n\n"
        "| 가로 |  | 0행 2열 |\n|---|---|---|\n| 1행 0열 | 1행 1열 | 세로 |\n| 2행 0열 | 2행 1열 |  |\n\n"
        "## 전쟁\n\n왕이 죽었다.\n\n- 창\n- 방패\n\n끝."
    )


def test_a_style_that_builds_on_a_heading_is_one() -> None:
    document = docx.Document()
    style = document.styles.add_style("내 제목", WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("제1화 첫눈", style="내 제목")
    document.add_paragraph("첫눈이 왔다.")
    loaded = saved(document)
    assert loaded.parts[0].text == "## 제1화 첫눈\n\n첫눈이 왔다."
    assert loaded.title == "제1화 첫눈"


# Paragraphs


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # Tracked changes are accepted.
        (f"<w:p>{r('나는 ')}<w:ins>{r('몹시 ')}</w:ins><w:del><w:r><w:delText>조금 </w:delText></w:r></w:del>"
         f"{r('기뻤다')}</w:p>", "나는 몹시 기뻤다"),
        (f"<w:p><w:moveFrom>{r('가')}</w:moveFrom>{r('나')}<w:moveTo>{r('가')}</w:moveTo></w:p>", "나가"),
        (f"<w:p><w:ins><w:del>{r('썼다 지움')}</w:del></w:ins>{r('남음')}</w:p>", "남음"),
        (p("첫눈이 ", "<w:rPr><w:del/></w:rPr>") + p("왔다."), "첫눈이 왔다."),
        (p("옛", '<w:framePr w:dropCap="drop"/>') + p("날에 왕이 살았다."), "옛날에 왕이 살았다."),
        # Hidden text.
        (f"<w:p>{r('보임')}{r('숨음', '<w:vanish/>')}{r('도 보임', val('vanish', 0))}</w:p>", "보임도 보임"),
        # Comments and their marks.
        (f'<w:p><w:commentRangeStart w:id="0"/>{r("글")}<w:commentRangeEnd w:id="0"/>'
         '<w:r><w:commentReference w:id="0"/></w:r></w:p>', "글"),
        # Fields show their result only, nested ones too.
        (f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>IF </w:instrText></w:r>{r("조건")}'
         '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText>'
         f'<w:fldChar w:fldCharType="separate"/></w:r>{r("7")}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
         f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{r("결과")}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
         f"{r(' 뒤')}</w:p>", "결과 뒤"),
        (f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{r("닫히지 않음")}</w:p>{p("다음 문단")}', "다음 문단"),
        (f"<w:p><w:fldSimple>{r('필드')}</w:fldSimple><w:hyperlink>{r(' 고리')}</w:hyperlink></w:p>", "필드 고리"),
        # Content controls, filled and not.
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{p('칸 안의 글')}</w:sdtContent></w:sdt>", "칸 안의 글"),
        (f"<w:p><w:sdt><w:sdtContent>{r('이름')}</w:sdtContent></w:sdt><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
         f"<w:sdtContent>{r('여기를 클릭하세요')}</w:sdtContent></w:sdt></w:p>", "이름"),
        # Ruby, signs, breaks.
        (f"<w:p><w:r><w:ruby><w:rt>{r('학교')}</w:rt><w:rubyBase>{r('學校')}</w:rubyBase></w:ruby></w:r>{r('에')}</w:p>",
         "學校(학교)에"),
        ('<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:font="Symbol" w:char="F061"/>'
         '<w:sym w:font="Webdings" w:char="F061"/><w:sym w:font="MS Gothic" w:char="2611"/><w:noBreakHyphen/>'
         "<w:t>글</w:t><w:softHyphen/><w:tab/><w:t>자</w:t><w:br/><w:t>줄</w:t></w:r></w:p>", "✓α☑-글\t자\n줄"),
        # Formulas.
        ("<w:p><m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
         "<m:r><m:t>+</m:t></m:r><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den>"
         "</m:f></m:oMath></w:p>", "$x^(2)+(a)/(b)$"),
        # A table of contents, by its control and by its styles.
        ("<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr>"
         f"<w:sdtContent>{p('1장 ..... 3')}</w:sdtContent></w:sdt>{p('본문')}", "본문"),
    ],
)  # fmt: skip
def test_a_paragraph_reads_as_in_the_final_document(body: str, expected: str) -> None:
    assert text(body) == expected


@pytest.mark.parametrize(
    ("style", "body", "expected"),
    [
        ('<w:name w:val="heading 3"/>', p("글", STYLED), "### 글"),
        ('<w:name w:val="제목 2"/>', p("글", STYLED), "## 글"),
        ('<w:name w:val="Title"/>', p("글", STYLED), "# 글"),
        ('<w:name w:val="큰 글"/><w:pPr><w:outlineLvl w:val="8"/></w:pPr>', p("글", STYLED), "###### 글"),
        ('<w:name w:val="heading 1"/>', p("글", STYLED + val("outlineLvl", 9)), "글"),
        ('<w:name w:val="heading 1"/><w:basedOn w:val="1"/>', p("글", STYLED), "# 글"),
        ('<w:name w:val="heading 1"/>', p("가\n나", STYLED), "# 가 나"),
        ('<w:name w:val="toc 1"/>', p("1장 3쪽", STYLED) + p("본문"), "본문"),
        ('<w:name w:val="숨김"/><w:rPr><w:vanish/></w:rPr>', p("숨음", STYLED) + p("본문"), "본문"),
        ('<w:name w:val="숨김"/><w:rPr><w:vanish/></w:rPr>',
         f"<w:p>{r('숨음', val('rStyle', 1))}{r('본문')}</w:p>", "본문"),
    ],
)  # fmt: skip
def test_styles_say_what_is_a_heading_and_what_is_hidden(style: str, body: str, expected: str) -> None:
    assert text(body, styles=f'<w:style w:styleId="1">{style}</w:style>') == expected


# Lists


def level(depth: int, numeral: str, label: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{numeral}"/>{more}'
        f'<w:lvlText w:val="{label}"/></w:lvl>'
    )


def numbering(*levels: str, more: str = "") -> str:
    return (
        f'<w:abstractNum w:abstractNumId="0">{"".join(levels)}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>{more}'
    )


def item(words: str, depth: int = 0, number: int = 1) -> str:
    return p(words, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>')


@pytest.mark.parametrize(
    ("numeral", "label", "expected"),
    [
        ("bullet", "●", ["- 가", "- 나"]),
        ("none", "", ["- 가", "- 나"]),
        ("decimal", "%1.", ["- 1. 가", "- 2. 나"]),
        ("decimal", "제%1조", ["- 제1조 가", "- 제2조 나"]),
        ("ganada", "%1.", ["- 가. 가", "- 나. 나"]),
        ("chosung", "%1)", ["- ㄱ) 가", "- ㄴ) 나"]),
        ("decimalEnclosedCircle", "%1", ["- ① 가", "- ② 나"]),
        ("upperLetter", "(%1)", ["- (A) 가", "- (B) 나"]),
        ("lowerRoman", "%1.", ["- i. 가", "- ii. 나"]),
        ("decimalZero", "%1", ["- 01 가", "- 02 나"]),
        ("모름", "%1", ["- 1 가", "- 2 나"]),
    ],
)
def test_items_have_the_label_that_word_shows(numeral: str, label: str, expected: list[str]) -> None:
    assert text(item("가") + item("나"), numbering=numbering(level(0, numeral, label))).split("\n") == expected


@pytest.mark.parametrize(
    ("numeral", "number", "expected"),
    [("ganada", 15, "15"), ("lowerRoman", 1994, "mcmxciv"), ("upperRoman", 4000, "4000"), ("upperLetter", 27, "27")],
)
def test_numerals_beyond_their_signs_are_digits(numeral: str, number: int, expected: str) -> None:
    start = f'<w:lvlOverride w:ilvl="0">{val("startOverride", number)}</w:lvlOverride>'
    more = f'<w:num w:numId="2">{val("abstractNumId", 0)}{start}</w:num>'
    assert text(item("글", number=2), numbering=numbering(level(0, numeral, "%1"), more=more)) == f"- {expected} 글"


def test_deeper_levels_start_anew_and_articles_do_not() -> None:
    rules = numbering(
        level(0, "decimal", "제%1장"),
        level(1, "decimal", "제%2조", '<w:lvlRestart w:val="0"/>'),
        level(2, "decimal", "%1.%2.%3"),
    )
    words = [("총칙", 0), ("목적", 1), ("하나", 2), ("둘", 2), ("인사", 0), ("채용", 1), ("셋", 2)]
    assert text("".join(item(*each) for each in words), numbering=rules).split("\n") == [
        "- 제1장 총칙",
        "  - 제1조 목적",
        "    - 1.1.1 하나",
        "    - 1.1.2 둘",
        "- 제2장 인사",
        "  - 제2조 채용",
        "    - 2.2.1 셋",
    ]


def test_another_list_of_the_same_kind_counts_on_unless_it_starts_anew() -> None:
    again = '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
    anew = (
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/>'
        '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    )
    body = item("가") + item("나", number=2) + item("다", number=3) + item("라", number=3)
    rules = numbering(level(0, "decimal", "%1."), more=again + anew)
    assert text(body, numbering=rules).split("\n") == ["- 1. 가", "- 2. 나", "- 1. 다", "- 2. 라"]


def test_headings_are_numbered_by_their_styles_and_deleted_items_are_not() -> None:
    styles = "".join(
        f'<w:style w:styleId="{depth}"><w:name w:val="heading {depth}"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        for depth in (1, 2)
    )
    rules = numbering(
        level(0, "decimal", "제%1장", '<w:pStyle w:val="1"/>'), level(1, "decimal", "%1.%2", '<w:pStyle w:val="2"/>')
    )
    deleted = f'<w:p><w:pPr><w:pStyle w:val="2"/><w:rPr><w:del/></w:rPr></w:pPr><w:del>{r("x")}</w:del></w:p>'
    plain = p("번호 없음", '<w:pStyle w:val="2"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    body = p("총칙", '<w:pStyle w:val="1"/>') + deleted + p("목적", '<w:pStyle w:val="2"/>') + plain
    assert text(body, styles=styles, numbering=rules) == "# 제1장 총칙\n\n## 1.1 목적\n\n## 번호 없음"


def test_a_list_that_says_nothing_of_its_levels_has_no_labels() -> None:
    assert text(item("가") + item("나", 3), numbering=numbering()) == "- 가\n      - 나"


def test_an_item_of_several_lines_stays_one() -> None:
    body = f"<w:p><w:pPr><w:numPr>{val('numId', 1)}</w:numPr></w:pPr><w:r><w:t>가</w:t><w:br/><w:t>나</w:t></w:r></w:p>"
    assert text(body + p("글"), numbering=numbering(level(0, "bullet", "●"))) == "- 가\n  나\n\n글"


# Tables, boxes and notes


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


def cell(content: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content if content.startswith('<') else p(content)}</w:tc>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (table(cell("가|나") + cell(p("둘") + p("문단")), cell("1") + cell("2")),
         "| 가\\|나 | 둘 문단 |\n|---|---|\n| 1 | 2 |"),
        (table(cell("넓음", '<w:gridSpan w:val="2"/>') + cell("끝"),
               cell("가", '<w:vMerge w:val="restart"/>') + cell("나") + cell("다"),
               cell("숨은 글", "<w:vMerge/>") + cell("라") + cell("마")),
         "| 넓음 |  | 끝 |\n|---|---|---|\n| 가 | 나 | 다 |\n|  | 라 | 마 |"),
        # Rows and cells that are deleted or hidden, and such as stand in a content control.
        (table(cell("가") + cell("나"), f"<w:trPr><w:del/></w:trPr>{cell('지움')}{cell('지움')}",
               f"<w:trPr><w:hidden/></w:trPr>{cell('숨김')}{cell('숨김')}",
               cell("1") + cell("x", "<w:cellDel/>") + cell("2")),
         "| 가 | 나 |\n|---|---|\n| 1 | 2 |"),
        (f"<w:tbl><w:tr>{cell('가')}{cell('나')}</w:tr><w:sdt><w:sdtContent><w:tr><w:sdt><w:sdtContent>{cell('1')}"
         f"</w:sdtContent></w:sdt>{cell('2')}</w:tr></w:sdtContent></w:sdt></w:tbl>",
         "| 가 | 나 |\n|---|---|\n| 1 | 2 |"),
        # A frame of one column holds paragraphs, and tables of its own.
        (table(cell(p("글") + table(cell("가") + cell("나")) + p("끝"))), "글\n\n| 가 | 나 |\n|---|---|\n\n끝"),
        (table(cell("가") + cell(table(cell("나") + cell("다")) + p("")), cell("1") + cell("2")),
         "| 가 | 나 / 다 |\n|---|---|\n| 1 | 2 |"),
        (table(cell("") + cell("")) + p("글"), "글"),
    ],
)  # fmt: skip
def test_tables_become_pipe_rows(body: str, expected: str) -> None:
    assert text(body) == expected


@pytest.mark.parametrize("columns", [1, 2])
def test_deep_nesting_costs_no_stack(columns: int) -> None:
    body = p("속")
    for _ in range(70):
        body = table(cell(body) + cell("옆") * (columns - 1))
    assert "속" in text(body)
    assert text(f"<w:p>{'<w:ins>' * 240}{r('속')}{'</w:ins>' * 240}</w:p>") == "속"


def test_the_header_comes_again_in_a_long_table() -> None:
    body = table(*(cell(f"{number}") + cell("값") for number in range(91)))
    blocks = text(body).split("\n\n")
    assert [block.count("\n") - 1 for block in blocks] == [40, 40, 10]
    assert all(block.startswith("| 0 | 값 |\n") for block in blocks)


def test_a_text_box_is_read_once_and_after_its_paragraph() -> None:
    box = f"<w:txbxContent>{p('상자')}</w:txbxContent>"
    drawing = (
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    old = f"<w:r><w:pict><v:textbox>{box.replace('상자', '옛 상자')}</v:textbox></w:pict></w:r>"
    assert text(f"<w:p>{r('앞')}{drawing}{old}{r('뒤')}</w:p>{p('다음')}") == "앞뒤\n\n상자\n\n옛 상자\n\n다음"
    assert text(table(cell(f"<w:p>{drawing}</w:p>") + cell("나"))).startswith("| 상자 | 나 |")


def test_notes_are_marked_and_stand_at_the_end() -> None:
    body = (
        f'<w:p>{r("개성")}<w:r><w:endnoteReference w:id="1"/></w:r>{r("과 평양")}'
        '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    )
    footnotes = f'<w:footnote w:id="0" w:type="separator">{p("선")}</w:footnote><w:footnote w:id="2">'
    footnotes += f'<w:p><w:r><w:footnoteRef/></w:r>{r(" 지금의")}<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    footnotes += f"{p('수도')}</w:footnote>"
    endnotes = f'<w:endnote w:id="1">{p("송도")}</w:endnote><w:endnote w:id="9">{p("부르지 않은 주")}</w:endnote>'
    assert text(body, footnotes=footnotes, endnotes=endnotes) == (
        "개성[^1]과 평양[^2][^2]\n\n[^1]: 송도\n\n[^2]: 지금의[^2] 수도"
    )


# Packages


def test_strict_open_xml_macros_and_other_names_are_read() -> None:
    files = {
        name: content.replace(W, STRICT_W).replace(RELATIONS, STRICT_RELATIONS)
        for name, content in unzipped(package(p("글", STYLED), main="word/document2.xml")).items()
    }
    files["word/_rels/document2.xml.rels"] = (
        f'<a><Relationship Type="{STRICT_RELATIONS}/styles" Target="/word/styles.xml"/>'
        f'<Relationship Type="{STRICT_RELATIONS}/image" Target="NULL"/></a>'
    )
    files["word/styles.xml"] = (
        f'<w:styles xmlns:w="{STRICT_W}"><w:style w:styleId="1"><w:name w:val="heading 1"/></w:style></w:styles>'
    )
    assert load(Path("원고.docm"), zipped(files)).parts[0].text == "# 글"


@pytest.mark.parametrize(
    ("name", "content", "error", "reason"),
    [
        ("word/document.xml", None, DamagedFile, "document"),
        ("word/document.xml", "<w:document", DamagedFile, "깨져"),
        ("word/document.xml", "<a>" * 300 + "</a>" * 300, DamagedFile, "깨져"),
        ("word/document.xml", '<!DOCTYPE a [<!ENTITY b "글">]><a><body><p><r><t>&b;</t></r></p></body></a>',
         DamagedFile, "선언"),
        ("word/document.xml", "<a><body><p/><sectPr/></body></a>", EmptyDocument, "글자가 없습니다"),
        ("word/document.xml", "<a/>", EmptyDocument, "글자가 없습니다"),
        ("word/document.xml", "<a><body><altChunk/></body></a>", UnsupportedFormat, "끼워"),
        ("word/styles.xml", None, DamagedFile, "styles"),
        ("_rels/.rels", '<a><Relationship Type="x/officeDocument" Target="../../etc/passwd"/></a>',
         DamagedFile, "passwd"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_what_to_do(
    name: str, content: str | None, error: type[IngestError], reason: str
) -> None:
    files = unzipped(package(p("글"), styles=""))
    if content is None:
        del files[name]
    else:
        files[name] = content
    with pytest.raises(error, match=reason) as caught:
        load_docx(PATH, zipped(files))
    assert "원고.docx" in str(caught.value)
    assert caught.value.hint


def test_a_document_with_a_password_is_encrypted() -> None:
    with pytest.raises(EncryptedFile) as caught:
        load(PATH, compound("EncryptionInfo", "EncryptedPackage"))
    assert caught.value.hint


@pytest.mark.parametrize("length", range(0, 850, 53))
def test_a_cut_file_is_refused(length: int) -> None:
    data = package(p("글"))
    assert length < len(data)
    with pytest.raises(IngestError):
        load(PATH, data[:length])


@pytest.mark.parametrize(
    ("module", "limit", "value"),
    [(loader, "MAX_XML_BYTES", 100), (loader, "MAX_CELLS", 3), (archive, "MAX_UNPACKED", 500)],
)
def test_limits_hold(monkeypatch: pytest.MonkeyPatch, module: object, limit: str, value: int) -> None:
    body = table(cell("가") + cell("나"), cell("1") + cell("2"))
    assert text(body)
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(FileTooLarge) as caught:
        text(body)
    assert caught.value.hint


def test_a_cell_of_many_columns_makes_no_endless_row() -> None:
    assert text(table(cell("가", '<w:gridSpan w:val="999999"/>') + cell("나"))).count("|") < 3000
