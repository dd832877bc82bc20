from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ingest.layout import Grid, Item, Line, Spacing, Table, drop_furniture, flow, unwrap

CORPORA = Path(__file__).parents[2] / "corpora" / "creative"
LEFT = 50.0


def ems(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.5 for letter in text)


def line(
    text: str,
    row: float,
    *,
    indent: float = 0,
    right: float | None = None,
    size: float = 10,
    at: float = LEFT,
    has_space: bool = False,
    is_fixed: bool = False,
) -> Line:
    """A line in a row of 16 points; ``indent`` in letters."""
    left = at + 10 * indent
    bottom = 60 + 16 * row
    end = left + size * ems(text) if right is None else right
    return Line(text, left, end, bottom - size, bottom, size, has_space, is_fixed)


def texts(items: Sequence[Item]) -> list[str | Grid]:
    return list(flow([items]).blocks)


def corpus(name: str) -> list[str]:
    return [json.loads(row)["text"] for row in (CORPORA / f"{name}.jsonl").read_text("utf-8").splitlines()]


def folded(paragraph: str, width: int, *, at_words: bool, keeps_spaces: bool = False) -> Iterator[str]:
    """The lines of a paragraph, as a program with a fixed width writes them."""
    row = ""
    for piece in re.findall(r"\S+ ?" if at_words else r"[!-~]+ ?|\S ?", paragraph):
        if row and 2 * ems(row + piece.rstrip()) > width:
            yield row if keeps_spaces else row.rstrip()
            row = ""
        row += piece
    yield row.rstrip()


def letters(text: str) -> str:
    return "".join(text.split())


# Full lines: 20 letters wide, justified, so that whatever follows a short one is a new paragraph.

FILL = [
    "할머니는 저울을 쓰지 않고 손으로 소금을",
    "재었고 그 손은 한 번도 틀린 적이 없어",
    "우리는 그 손을 저울이라고 불렀다.",
]


def filling(row: float = 0, indent: float = 0) -> list[Line]:
    """A paragraph that shows where the margin is, followed by a gap."""
    return [
        *(line(text, row + at, indent=indent, right=250) for at, text in enumerate(FILL[:2])),
        line(FILL[2], row + 2, indent=indent),
        *(line(text, row + 4 + at, indent=indent, right=250) for at, text in enumerate(FILL[:2])),
        line(FILL[2], row + 6, indent=indent),
    ]


PARAGRAPH = " ".join(FILL)


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        pytest.param("민호는 등대의 문을 열고 계단을 오르며", "숨을 골랐다.", " ", id="sentence"),
        pytest.param(
            "민호는 문이 잠긴 것을 보고 돌아섰습니", "다. 그리고 갔다.", "", id="the end of a sentence, no item"
        ),
        pytest.param(
            "민호가 든 서류는 보험업법과 의료법", "제3조(의료기관)에 따른 것이다.", " ", id="a clause named, no clause"
        ),
        pytest.param("민호는 그 서류를 다 읽고 덮었다.", "제3조(의료기관) 의료기관은 이렇다.", None, id="clause"),
        pytest.param("민호는 그 서류를 다 읽고 덮었다.", "가. 의료기관은 이렇다.", None, id="clause of a syllable"),
        pytest.param("민호는 그 서류를 다 읽고 덮었다.", "2. 의료기관은 이렇다.", None, id="number"),
        pytest.param("민호가 챙긴 것은 지도와 나침반과 물", "• 그리고 편지", None, id="bullet"),
        pytest.param("민호가 챙긴 것은 지도와 나침반과 물", "③ 그리고 편지", None, id="number in a circle"),
        pytest.param("주소는 https://www.example.org/ko/", "novel?id=3 입니다.", "", id="address"),
        pytest.param("그 문서의 이름은 Moonlit Archive and", "other stories이다.", " ", id="Latin words"),
        pytest.param("그 문서의 이름은 Moonlit Archive CD-", "ROM이다.", "", id="a hyphen that stays"),
        pytest.param("그 모임의 이름은 늘푸른 읽기 모임(", "서울)이다.", "", id="open bracket"),
    ],
)
def test_a_full_line_goes_on_unless_a_new_thing_begins(above: str, below: str, expected: str | None) -> None:
    """``expected`` is what stands between the two; None: a new line or paragraph."""
    items = [*filling(), line(above, 8, right=250), line(below, 9)]
    ending = "\n\n".join(str(block) for block in texts(items)[2:])
    if expected is None:
        assert ending in (f"{above}\n{below}", f"{above}\n\n{below}")
    else:
        assert ending == above + expected + below


def test_made_hyphens_go_where_the_word_is_known() -> None:
    items = [
        *filling(),
        line("그 파일의 이름은 preconfiguration이다.", 8),
        line("민호는 그 파일을 고쳤는데 preconfigura-", 10, right=250),
        line("tion 파일은 하나뿐이었다.", 11),
    ]
    assert str(texts(items)[-1]).endswith("고쳤는데 preconfiguration 파일은 하나뿐이었다.")


def test_a_short_line_ends_its_paragraph() -> None:
    items = [
        *filling(),
        line("민호는 갔다.", 8),
        line("서윤은 남아서 편지를 태우고 재를 모아", 9, right=250),
        line("묻었다.", 10),
    ]
    assert texts(items)[2:] == ["민호는 갔다.", "서윤은 남아서 편지를 태우고 재를 모아 묻었다."]


def test_an_indent_begins_a_paragraph() -> None:
    """Also below a full line, and also where that was the first of its own."""
    items = [
        line("할머니는 저울을 쓰지 않고 손으로 소금", 0, indent=1, right=250),
        line("재었으며 그 손은 한 번도 틀린 적이 없어", 1, right=250),
        line("우리는 그 손을 저울이라고 불렀다고 한다.", 2, right=250),
        line("할아버지는 저울을 쓰고도 자주 틀렸으며", 3, indent=1, right=250),
        line("우리는 그 손을 저울이라고 부르지 않았다.", 4, right=250),
        line("아무도 그 까닭을 묻지 않았다고 한다네.", 5, indent=1, right=250),
        line("나는 저울이 없어 늘 사 먹는다.", 6, indent=1),
    ]
    assert [str(block)[:3] for block in texts(items)] == ["할머니", "할아버", "아무도", "나는 "]


def test_an_item_hangs_over_its_lines() -> None:
    items = [
        *filling(),
        line("1. 야간 조명이 없는 구장의 낮 경기는", 8, right=250),
        line("해가 지기 전에 새 회에 들어가지 않", 9, indent=1.5, right=250),
        line("는다.", 10, indent=1.5),
        line("2. 조명이 있으면 켠다.", 11),
        line("3. 비가 오면 쉰다.", 12),
    ]
    (block,) = texts(items)[2:]
    assert str(block).split("\n") == [
        "1. 야간 조명이 없는 구장의 낮 경기는 해가 지기 전에 새 회에 들어가지 않는다.",
        "2. 조명이 있으면 켠다.",
        "3. 비가 오면 쉰다.",
    ]


def test_a_narrower_block_has_its_own_edge() -> None:
    quotation = [
        line("“저울은 손보다 정확하다고들 하지만", 8, indent=2, right=230),
        line("그 손을 아는 사람은 그 말을 하지", 9, indent=2, right=230),
        line("못한다.”", 10, indent=2),
    ]
    assert (
        texts([*filling(), *quotation])[2]
        == "“저울은 손보다 정확하다고들 하지만 그 손을 아는 사람은 그 말을 하지 못한다.”"
    )


VERSE = ["첫눈이 왔다", "아무도 밟지 않은 골목에", "발자국 하나", "그것이 네 것이면 좋겠다", "오래 서 있었다"]


@pytest.mark.parametrize("name", ["poem", "screenplay", "webnovel"])
def test_lines_of_a_writer_stay_lines(name: str) -> None:
    for text in corpus(name):
        rows = text.splitlines()
        items = [line(row.strip(), at) for at, row in enumerate(rows) if row.strip()]
        found = "\n".join(map(str, texts(items)))
        assert [row for row in found.splitlines() if row] == [row.strip() for row in rows if row.strip()]


def test_verse_keeps_its_stanzas() -> None:
    items = [line(text, row) for row, text in enumerate(VERSE)] + [
        line(text, 7 + row) for row, text in enumerate(VERSE)
    ]
    assert texts(items) == ["\n".join(VERSE), "\n".join(VERSE)]


def test_verses_of_equal_length_are_not_justified() -> None:
    verses = ["바람이 분다 살아야겠다", "눈이 내린다 걸어야겠다", "비가 그친다 말해야겠다", "해가 진다네 울어야겠다"]
    assert texts([line(text, row) for row, text in enumerate(verses)]) == ["\n".join(verses)]


def test_code_keeps_its_lines_and_indents() -> None:
    code = ["for name in names:", "    print(name, end=separator)", "return separator.join(names)"]
    rows = [
        line(text.strip(), 8 + row, at=LEFT + 5 * (len(text) - len(text.lstrip())), is_fixed=True)
        for row, text in enumerate(code)
    ]
    assert texts([*filling(), *rows])[2:] == ["\n".join(code)]


def test_leaders_of_contents_shrink_and_dots_of_a_story_stay() -> None:
    items = [
        line("1.1 등대 . . . . . . . . . . . . 7", 0, right=250),
        line("1.2 편지 . . . . . . . . . . . 12", 1, right=250),
        line("그는 말했다........ 그만", 3),
    ]
    assert texts(items) == ["1.1 등대 … 7\n1.2 편지 … 12", "그는 말했다........ 그만"]


# Spaces at the ends of lines


def test_spaces_that_lines_keep_decide() -> None:
    items = [
        line("할머니는 저울을 쓰지 않고 손으로 소금", 0, right=250),
        line("을 재었으며 그 손은 한 번도 틀린 적이", 1, right=250, has_space=True),
        line("없어 우리는 그 손을 저울이라고 부르", 2, right=250),
        line("고는 했다.", 3),
    ]
    (block,) = texts(items)
    assert "소금을 재었으며" in block
    assert "적이 없어" in block
    assert "부르고는" in block


def wrong_spaces(name: str, *, at_words: bool) -> tuple[int, int, int]:
    """Words joined, words cut, and cuts in all, of a corpus whose paragraphs are cut at 40 letters."""
    paragraphs = [row for text in corpus(name) for row in text.splitlines() if row.strip()]
    joined = cut = total = 0
    items: list[Line] = []
    for paragraph in paragraphs:
        rows = list(folded(paragraph, 80, at_words=at_words))
        total += len(rows) - 1
        top = items[-1].bottom + 26 if items else 60
        items.extend(
            Line(row, 50, 50 + 10 * ems(row), top + 16 * at - 10, top + 16 * at, 10) for at, row in enumerate(rows)
        )
    found = "\n".join(str(block) for block in flow([items]).blocks)
    truth = "\n".join(paragraphs)
    assert letters(found) == letters(truth)
    for one, other in zip(re.findall(r"\S(\s*)", found), re.findall(r"\S(\s*)", truth), strict=True):
        joined += bool(other) and not one
        cut += bool(one) and not other
    return joined, cut, total


@pytest.mark.parametrize("name", ["essay", "fantasy"])
def test_words_come_back_whole(name: str) -> None:
    """Bounds on what was measured: of the cuts through words 1 in 300 is wrong at words, 1 in 14 at syllables."""
    joined, cut, total = wrong_spaces(name, at_words=True)
    assert joined + cut <= 0.01 * total
    joined, cut, total = wrong_spaces(name, at_words=False)
    assert cut <= 0.04 * total
    assert joined <= 0.07 * total


def test_spacing_learns_from_the_text_itself() -> None:
    spacing = Spacing(["서윤은 등대로 갔다. 민호는 등대를 보았다. 서윤은 민호를 보았다."] * 3)
    assert spacing.log_odds("서윤은", "등대에") > 0 > spacing.log_odds("그 등", "대를 보")
    assert Spacing(()).log_odds("서윤은", "등대에") == 0


# Reading order


def column(prefix: str, at: float, rows: int = 12) -> list[Line]:
    return [
        line(f"{prefix}{number:02} 할머니는 저울을 쓰지 않", number, at=at, right=at + 150) for number in range(rows)
    ]


def order(items: Sequence[Item]) -> str:
    return "".join(re.findall(r"[가-하]\d\d", " ".join(map(str, texts(items)))))


def numbered(*prefixes: str, rows: int = 12) -> str:
    return "".join(f"{prefix}{number:02}" for prefix in prefixes for number in range(rows))


@pytest.mark.parametrize("seed", range(3))
def test_columns_are_read_one_after_the_other(seed: int) -> None:
    items = [*column("가", 50), *column("나", 230), *column("다", 410)]
    random.Random(seed).shuffle(items)
    assert order(items) == numbered("가", "나", "다")


def test_what_stands_across_columns_parts_them() -> None:
    across = line("파00 두 단에 걸친 제목은 위와 아래를 나누어 놓는다", 12, right=380)
    below = [*column("다", 50), *column("라", 230)]
    moved = [Line(i.text, i.left, i.right, i.top + 208, i.bottom + 208, i.size) for i in below]
    items = [*column("가", 50), *column("나", 230), across, *moved]
    assert order(items) == numbered("가", "나") + "파00" + numbered("다", "라")


def test_a_label_and_its_text_are_no_columns() -> None:
    items = [line(f"가{row:02}", row) for row in range(12)] + [
        line(f"나{row:02} 할머니는 저울을", row, at=230, right=380) for row in range(12)
    ]
    assert order(items) == "".join(f"가{row:02}나{row:02}" for row in range(12))


def test_a_number_before_its_item_is_no_column() -> None:
    assert texts([*filling(), line("1.", 8), line("등대의 문을 연다.", 8, indent=3)])[2] == "1. 등대의 문을 연다."


# Headings, notes, tables


def test_headings_rank_by_size_and_the_largest_names_the_document() -> None:
    items = [
        line("등대", 0, size=14),
        line("여름의 끝", 2, size=20),
        *filling(4),
        line("편지", 12, size=14),
        *filling(14),
    ]
    result = flow([items])
    assert [block for block in result.blocks if str(block).startswith("#")] == ["## 등대", "# 여름의 끝", "## 편지"]
    assert result.heading == "여름의 끝"


def test_large_letters_everywhere_are_no_headings() -> None:
    items = [line("발표 자료의 글은 크다", row, size=20) for row in range(0, 8, 2)] + [
        line("작은 글이 더 많은 쪽이다 그렇다", 10 + r) for r in range(6)
    ]
    assert not any(str(block).startswith("#") for block in texts(items))


def test_notes_at_the_foot_follow_the_paragraph_that_they_interrupt() -> None:
    first = [*filling(), line(FILL[0], 8, right=250), line("1 소금은 바다에서 왔다.", 12, size=8)]
    second = [line(FILL[1], 0, right=250), line(FILL[2], 1), *filling(3)]
    blocks = list(flow([first, second]).blocks)
    assert blocks[2:4] == [PARAGRAPH, "1 소금은 바다에서 왔다."]


def test_small_print_that_is_no_note_stays_in_its_place() -> None:
    items = [line("작은 글씨의 안내문이다.", 0, size=8), *filling(2)]
    assert texts(items)[0] == "작은 글씨의 안내문이다."


def test_a_table_stands_between_paragraphs() -> None:
    rows = (((line("이름", 8),), ()), ((line("서윤", 9),), (line("등대의 문을", 9), line("열었다", 10))))
    table = Table(rows, 50, 250, 180, 230)
    assert texts([*filling(), table, *filling(12)])[2] == (("이름", ""), ("서윤", "등대의 문을 열었다"))


# Page furniture


def page(head: str, foot: str, body: str, *, size: float = 10) -> list[Item]:
    return [line(head, 0, size=size), line(body, 4), line(f"{body} 끝", 30), line(foot, 40)]


BODIES = ["등대", "편지", "바다", "여름", "골목", "첫눈", "저울", "소금"]


@pytest.mark.parametrize(
    ("heads", "feet", "dropped"),
    [
        pytest.param(["여름의 끝"] * 8, [str(number) for number in range(1, 9)], 16, id="title and number"),
        pytest.param(["1장"] * 4 + ["2장"] * 4, [f"- {number} -" for number in range(7, 15)], 16, id="chapters"),
        pytest.param(["여름"] * 8, ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"], 16, id="Roman"),
        pytest.param(
            [f"{n} 여름의 끝" for n in range(8)], [f"{n}/8쪽" for n in range(1, 9)], 16, id="numbers with words"
        ),
        pytest.param([f"{body}의 이야기" for body in BODIES], ["끝"] * 8, 8, id="heads of sections that come once"),
        pytest.param(["여름의 끝", "작가 서윤"] * 4, ["1"] * 8, 16, id="left and right"),
        pytest.param([f"{body}!" for body in BODIES], [f"{body}?" for body in BODIES], 0, id="text"),
    ],
)
def test_what_repeats_at_one_height_is_furniture(heads: list[str], feet: list[str], dropped: int) -> None:
    pages = [page(head, foot, body) for head, foot, body in zip(heads, feet, BODIES, strict=True)]
    kept, count = drop_furniture(pages)
    assert count == dropped
    left = {item.text for page in kept for item in page if isinstance(item, Line)}
    assert {*BODIES, *(f"{body} 끝" for body in BODIES)} <= left


@pytest.mark.parametrize("pages", [1, 2])
def test_too_few_pages_have_no_furniture(pages: int) -> None:
    made = [page("여름의 끝", "작가의 말", body) for body in BODIES[:pages]]
    assert drop_furniture(made) == (made, 0)


def test_numbers_in_order_count_even_two_pages() -> None:
    made = [page(f"{body}!", str(number), body) for number, body in enumerate(BODIES[:2], 5)]
    kept, count = drop_furniture(made)
    assert count == 2
    assert [len(page) for page in kept] == [3, 3]


def test_headings_that_count_are_no_furniture() -> None:
    made = [page(f"제{number}장", "", body, size=16)[:3] for number, body in enumerate(BODIES, 1)]
    assert drop_furniture(made) == (made, 0)


# The law: nothing but furniture is lost


@pytest.mark.parametrize("seed", range(20))
def test_every_letter_comes_out_once(seed: int) -> None:
    dice = random.Random(seed)
    words = [
        "할머니는",
        "저울을",
        "쓰지",
        "소금을",
        "재었다.",
        "1.",
        "•",
        "“네”",
        "(가)",
        "abc",
        "def.com",
        "제3조(목적)",
    ]
    items = [
        line(
            " ".join(dice.choices(words, k=dice.randint(1, 6))),
            dice.choice((row, row + 0.5)),
            indent=dice.choice((0, 0, 0, 1, 3, 18)),
            right=dice.choice((None, 250, 250)),
            size=dice.choice((10, 10, 10, 8, 14)),
            has_space=dice.random() < 0.3,
            is_fixed=dice.random() < 0.1,
        )
        for row in range(30)
    ]
    found = "".join(map(str, texts(items)))
    assert sorted(letters(found.replace("#", ""))) == sorted(letters("".join(item.text for item in items)))


def test_nothing_makes_nothing() -> None:
    assert flow([]).blocks == flow([[], []]).blocks == ()


# Plain text


@pytest.mark.parametrize("at_words", [True, False])
@pytest.mark.parametrize("name", ["essay", "history", "romance"])
def test_wrapped_text_is_unwrapped(name: str, at_words: bool) -> None:
    truth = "\n\n".join(corpus(name))
    wrapped = "\n".join(row for paragraph in truth.split("\n") for row in folded(paragraph, 76, at_words=at_words))
    found, joined = unwrap(wrapped)
    assert joined == wrapped.count("\n") - truth.count("\n") > 200
    assert [letters(row) for row in found.split("\n")] == [letters(row) for row in truth.split("\n")]
    if at_words:
        assert sum(one != other for one, other in zip(found.split(), truth.split(), strict=True)) <= 2


@pytest.mark.parametrize("path", sorted(CORPORA.glob("*.jsonl")), ids=lambda path: path.stem)
def test_text_that_nobody_wrapped_stays(path: Path) -> None:
    for text in [*corpus(path.stem), "\n\n".join(corpus(path.stem)), "\n".join(corpus(path.stem))]:
        assert unwrap(text) == (text, 0)


PROSE = "\n\n".join(corpus("essay"))
WRAPPED = "\n".join(row for paragraph in PROSE.split("\n") for row in folded(paragraph, 60, at_words=True))


@pytest.mark.parametrize(
    "block",
    [
        pytest.param("\n".join(VERSE), id="verse"),
        pytest.param(
            "“왔어?”\n“응, 지금 막 도착했어. 그런데 비가 너무 많이 와서 우산이 소용없더라.”\n“들어와.”", id="dialogue"
        ),
        pytest.param("서윤: 왔어? 비가 이렇게 많이 오는데 우산도 없이 어떻게 왔어?\n민호: 걸어서.", id="script"),
        pytest.param(
            "- 소금 한 되를 아주 굵은 것으로 골라서 물에 씻어 말려 둔 것\n- 배추 열 포기\n- 고춧가루", id="list"
        ),
        pytest.param("1. 배추를 소금물에 하룻밤 절였다가 아침에 세 번 헹구어 둔다.\n2. 속을 버무린다.", id="numbers"),
        pytest.param(
            "이름          한 일                                    나이\n서윤          등대의 문을 열었다      17",
            id="table",
        ),
        pytest.param(
            "| 이름 | 한 일 |\n|---|---|\n| 서윤 | 등대의 문을 열고 계단을 올라 불을 켠 사람이다 |\n| 민호 | 갔다 |",
            id="pipes",
        ),
        pytest.param(
            "```\nfor name in all_of_the_names_that_we_have_collected_so_far:\n    print(name)\n```", id="code"
        ),
        pytest.param("# 소금과 저울과 할머니의 손에 관한 아주 길고 긴 이야기의 처음\n본문이다.", id="heading"),
        pytest.param("> 소금은 바다에서 왔고 지금 소금은 가게에서 왔으니 손이 모르지\n> 그렇지", id="quotation"),
    ],
)
def test_other_things_among_wrapped_prose_keep_their_lines(block: str) -> None:
    found, joined = unwrap(f"{WRAPPED}\n\n{block}\n\n끝.")
    assert joined > 300
    assert found.endswith(f"\n\n{block}\n\n끝.")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("\n\n", id="blank"),
        pytest.param("첫눈이 왔다.", id="one line"),
        pytest.param(WRAPPED[:150], id="too little"),
        pytest.param(
            "\n".join(f"2024-01-{n:02} 서버 {n:02} 정상 응답 {n * 37 % 90 + 10} ms" for n in range(1, 29)), id="log"
        ),
        pytest.param(
            "\n".join(f"제{n:02}화 등대로 가는 길 위에서 만난 사람들 {n:02}" for n in range(1, 40)), id="titles"
        ),
        pytest.param(
            "\n".join(["서윤은 소금을 샀다.", "민호는 배추를 샀다.", "둘은 담갔다."] * 12), id="a sentence a line"
        ),
        pytest.param("\n".join(VERSE * 10), id="verse"),
        pytest.param("\n".join(f"def function_{n:02}(first, second): return first" for n in range(30)), id="code"),
    ],
)
def test_what_bears_no_witness_stays(text: str) -> None:
    assert unwrap(text) == (text, 0)


def test_paragraphs_without_blank_lines_end_where_their_lines_are_short() -> None:
    """Where the last line is full by accident, nothing tells: so it is with every seventh."""
    found = unwrap(re.sub("\n+", "\n", WRAPPED))[0].split("\n")
    truth = re.sub("\n+", "\n", PROSE).split("\n")
    assert 0 < len(set(truth) - set(found)) <= 0.15 * len(truth)


def test_an_indented_text_keeps_its_indent() -> None:
    found, joined = unwrap(re.sub("(?m)^(?=.)", "    ", WRAPPED))
    assert joined > 300
    assert all(row.startswith("    ") for row in found.split("\n") if row)
    assert [row.strip() for row in found.split("\n")] == unwrap(WRAPPED)[0].split("\n")


def test_spaces_at_line_ends_tell_words_from_cuts() -> None:
    """As mail programs write it (RFC 3676)."""
    rows = (row for paragraph in PROSE.split("\n") for row in folded(paragraph, 60, at_words=False, keeps_spaces=True))
    assert unwrap("\n".join(rows))[0] == PROSE
