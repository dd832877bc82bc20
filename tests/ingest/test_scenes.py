from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import Example, Korean
from ingest.scenes import scenes

SENTENCE = "김첨지는 인력거를 끌고 비탈길을 내려갔다. "
PARAGRAPH = SENTENCE * 6  # 150 characters


def cut(text: str, korean: Korean) -> list[str]:
    return [text[scene.start : scene.end] for scene in scenes(text, korean)]


def known(text: str, korean: Korean) -> Example:
    (scene,) = scenes(text, korean)
    return scene.example


@pytest.mark.parametrize(
    "line",
    ["***", "* * *", "◇", "◆ ◆ ◆", "---", "————", "#", "＊＊＊", "제1장", "제 2 장 돌아온 사람", "제십이화", "1.", "2",
     "Ⅲ", "3장", "12화", "# 봄", "## 1", "#3", "프롤로그", "에필로그", "외전 2", "Chapter 2", "三"],
)  # fmt: skip
@pytest.mark.parametrize("space", ["\n", "\n\n"])
def test_a_break_or_heading_parts_scenes_and_belongs_to_none(korean: Korean, line: str, space: str) -> None:
    assert cut(f"봄이 왔다.{space}{line}{space}꽃이 피었다.", korean) == ["봄이 왔다.", "꽃이 피었다."]


@pytest.mark.parametrize(
    "line",
    ["……", "…", "“……”", "!", "?", "#봄비 #산책", "- 어디 가니?", "― 응.", "제3장은 없었다.", "3장이 남았다.",
     "1. 물을 마신다.", "3화를 읽고 잤다", "2024년", "100원", "가", "[퀘스트 완료]", "*속삭이듯* 그가 말했다."],
)  # fmt: skip
def test_a_line_of_the_story_is_no_break(korean: Korean, line: str) -> None:
    text = f"봄이 왔다.\n\n{line}\n\n꽃이 피었다."
    assert cut(text, korean) == [text]


@pytest.mark.parametrize("space", ["\n", "\n\n"])
@pytest.mark.parametrize("numbers", [("1. 쌀", "2. 소금", "3. 성냥"), ("3", "2", "1"), ("1. 편지", "2. 사건")])
def test_lists_and_countdowns_stay(korean: Korean, numbers: tuple[str, ...], space: str) -> None:
    text = f"종이를 보았다.\n\n{space.join(numbers)}\n\n그게 다였다."
    assert cut(text, korean) == [text]


def test_a_titled_number_is_a_heading_where_it_stands_alone(korean: Korean) -> None:
    assert cut("봄이 왔다.\n\n2. 괴상한 사건\n\n꽃이 피었다.", korean) == ["봄이 왔다.", "꽃이 피었다."]
    text = "봄이 왔다.\n2. 괴상한 사건\n꽃이 피었다."
    assert cut(text, korean) == [text]


@pytest.mark.parametrize("slug", ["S#2. 카페 / 낮", "장면 2. 편의점 안, 새벽", "씬 12", "Scene 3"])
def test_the_heading_of_a_script_begins_its_scene(korean: Korean, slug: str) -> None:
    assert cut(f"강솔이 웃는다.\n\n{slug}\n\n단골이 온다.", korean) == ["강솔이 웃는다.", f"{slug}\n\n단골이 온다."]


def test_a_gap_parts_scenes_only_where_it_is_wider_than_others(korean: Korean) -> None:
    assert cut("하나.\n\n둘.\n\n\n셋.\n\n넷.", korean) == ["하나.\n\n둘.", "셋.\n\n넷."]
    everywhere = "하나.\n\n\n둘.\n\n\n셋."
    assert cut(everywhere, korean) == [everywhere]


def test_a_long_stretch_is_cut_between_paragraphs_near_the_target(korean: Korean) -> None:
    text = "\n\n".join([PARAGRAPH.strip()] * 24)
    pieces = cut(text, korean)
    assert len(pieces) > 3
    assert all(400 <= len(piece) <= 1200 for piece in pieces)
    assert {paragraph for piece in pieces for paragraph in piece.split("\n\n")} == {PARAGRAPH.strip()}


def test_no_short_tail_is_left(korean: Korean) -> None:
    text = "\n".join([PARAGRAPH.strip()] * 10)
    assert min(len(piece) for piece in cut(text, korean)) >= 400


def test_an_endless_paragraph_is_cut_between_sentences(korean: Korean) -> None:
    pieces = cut(SENTENCE * 120, korean)
    assert len(pieces) > 2
    assert all(400 <= len(piece) <= 1200 and piece.endswith("내려갔다.") for piece in pieces)


def test_a_sentence_without_end_is_cut_between_words(korean: Korean) -> None:
    pieces = cut("비가 오고 바람이 불고 " * 300, korean)
    assert len(pieces) > 2
    assert all(400 <= len(piece) <= 1200 for piece in pieces)
    assert {word for piece in pieces for word in piece.split()} == {"비가", "오고", "바람이", "불고"}


@pytest.mark.parametrize(
    ("opening", "closing"), [("“", "”"), ('"', '"'), ("‘", "’"), ("「", "」"), ("『", "』"), ('"', "”"), ("“", '"')]
)
@pytest.mark.parametrize("between", ["\n\n", "\n", " "])
def test_a_quotation_is_kept_whole(korean: Korean, opening: str, closing: str, between: str) -> None:
    speech = opening + between.join(["나는 그날 밤 강을 건넜네. 물이 차더군."] * 25) + closing
    text = "\n\n".join([PARAGRAPH.strip()] * 3 + [speech] + [PARAGRAPH.strip()] * 3)
    pieces = cut(text, korean)
    assert len(pieces) > 1
    assert sum(speech in piece for piece in pieces) == 1


def test_a_break_inside_a_quotation_is_part_of_it(korean: Korean) -> None:
    text = "편지가 왔다.\n\n“잘 있느냐.\n\n***\n\n\n나는 잘 있다.”\n\n그는 접었다."
    assert cut(text, korean) == [text]


def test_a_speech_whose_paragraphs_each_open_again_is_kept_whole(korean: Korean) -> None:
    speech = "\n\n".join(["“" + "나는 그날 밤 강을 건넜네. " * 7] * 5) + "”"
    text = "\n\n".join([PARAGRAPH.strip()] * 4 + [speech] + [PARAGRAPH.strip()] * 4)
    assert sum(speech in piece for piece in cut(text, korean)) == 1


@pytest.mark.parametrize("mark", ["“", "”", '"', "‘", "『"])
def test_a_mark_that_is_never_closed_does_not_stop_cutting(korean: Korean, mark: str) -> None:
    text = f"{mark}가자.\n\n" + "\n\n".join([PARAGRAPH.strip()] * 30)
    assert max(len(piece) for piece in cut(text, korean)) <= 1200


def test_a_speech_without_its_closing_mark_does_not_turn_narration_into_speech(korean: Korean) -> None:
    told = '"가자.\n\n' + PARAGRAPH + '\n\n"왜?"\n\n' + PARAGRAPH + '\n\n"그냥."\n\n' + PARAGRAPH
    assert "대화" not in known(told, korean).tags
    assert known(told, korean).speech_level == "해라체"


@pytest.mark.parametrize("text", ["", "   ", "\n\n\n", "***", "# 제목", "1.\n\n2.\n\n3.\n\n***"])
def test_nothing_gives_no_scene_and_lone_numbers_are_text(korean: Korean, text: str) -> None:
    assert cut(text, korean) == (["1.\n\n2.\n\n3."] if "3" in text else [])


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.sampled_from('가나다했 .!?\n\n#*◇“”"‘’-1장제…'), max_size=2500))
def test_scenes_are_ordered_slices_and_only_breaks_are_lost(korean: Korean, text: str) -> None:
    position, lost = 0, ""
    for scene in scenes(text, korean):
        assert position <= scene.start < scene.end
        assert text[scene.start : scene.end].strip() == text[scene.start : scene.end]
        lost += text[position : scene.start]
        position = scene.end
    lost += text[position:]
    assert not re.search(r"[가-힣]", re.sub(r"^\s*(?:#.*|제1장.*|1장?[.)]?\s*.*)$", "", lost, flags=re.MULTILINE))


def test_windows_line_ends_and_emoji_do_not_shift_spans(korean: Korean) -> None:
    text = "😀😀 비가 왔다.\r\n\r\n***\r\n\r\n점순이가 😀 웃었다.\r\n"
    assert cut(text, korean) == ["😀😀 비가 왔다.", "점순이가 😀 웃었다."]


# What is known of a scene.

TOLD = {
    "나는 문을 열었다. 방은 비어 있었다. 내 신발만 남아 있었다.": ("1인칭", "과거", "해라체"),
    "그녀는 문을 연다. 방은 비어 있다. 신발만 남아 있다.": ("3인칭", "현재", "해라체"),
    "저는 문을 열었어요. 방은 비어 있었지요. 제 신발만 남아 있었어요.": ("1인칭", "과거", "해요체"),
    "저는 문을 엽니다. 방은 비어 있습니다. 제 신발만 남아 있습니다.": ("1인칭", "현재", "하십시오체"),
    "나는 문을 열었소. 방은 비어 있었소. 내 신발만 남아 있었소.": ("1인칭", "과거", "하오체"),
    "내가 문을 열었어. 방은 비어 있었거든. 나 혼자 남았지.": ("1인칭", "과거", "해체"),
    "당신은 문을 연다. 당신의 방은 비어 있다. 당신은 신발을 본다.": ("2인칭", "현재", "해라체"),
    "사내는 저도 모르게 문을 열었다. 방은 비어 있었다.": ("3인칭", "과거", "해라체"),
    "“나는 간다. 내가 간다니까. 내 말 들어.” 그는 문을 열었다.": ("3인칭", "과거", "해라체"),
    "‘나는 틀렸다. 나는 늦었다.’ 사내는 생각했다.": ("3인칭", "과거", "해라체"),
    "[나의 레벨이 올랐습니다.]\n[내 창고를 엽니다.]\n\n사내는 손을 흔들었다.": ("3인칭", "과거", "해라체"),
    "“어디 가요?”\n\n“집에 갑니다.”": ("", "", ""),
    "강솔: 나는 안 가요.\n\n단골: 내가 가지요.": ("", "", ""),
    "봄이었다": ("3인칭", "과거", "해라체"),
}


@pytest.mark.parametrize(("text", "facts"), TOLD.items())
def test_what_the_narration_tells_of_itself(korean: Korean, text: str, facts: tuple[str, str, str]) -> None:
    example = known(text, korean)
    assert (example.point_of_view, example.tense, example.speech_level) == facts


def test_a_story_of_one_voice_is_of_that_voice_in_every_scene(korean: Korean) -> None:
    mine, others = "나는 걸었다. 내 발이 젖었다.", "어머니는 울었다. 비가 왔다."
    found = [scene.example.point_of_view for scene in scenes("\n\n***\n\n".join([mine] * 5 + [others]), korean)]
    assert found == ["1인칭"] * 6


def test_the_share_of_speech_gives_the_tag_of_the_corpora(korean: Korean) -> None:
    assert "대화" in known("“밥은 먹었니?”\n\n“먹었어요.”\n\n어머니가 웃었다.", korean).tags
    assert "대화" not in known(PARAGRAPH * 3 + "“그래.”", korean).tags


def test_the_genre_is_the_given_one(korean: Korean) -> None:
    assert scenes("봄이 왔다.", korean)[0].example.genre == ""
    assert scenes("봄이 왔다.", korean, "괴담")[0].example.genre == "괴담"


# Requests.


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("비가 내리는 밤이었다. 밤에 할머니가 골목에서 틀니를 찾았다.", ["비 오는 밤에", "할머니가 틀니를 찾는 장면"]),
        ("점순이가 웃었다. 점순이는 울었다. 점순이를 보았다. 점순이가 호드기를 불었다.", ["점순이가 호드기를 부는"]),
        ("나는 부엌에서 떡을 먹었다. 나는 배가 불렀다.", ["부엌에서", "내가 떡을 먹는 장면", "1인칭으로"]),
        ("어머니는 시장에서 수박을 팔았어요. 나는 수박을 좋아했어요. 내 수박이었어요.",
         ["시장에서", "어머니가 수박을 파는 장면", "1인칭 해요체로"]),
        ("P는 울었다. P에게 물었다. P는 문을 두드렸다.", ["P가 문을 두드리는 장면"]),
        ("M은 울었다. M에게 물었다. M은 문을 두드렸다.", ["M이 문을 두드리는 장면"]),
        ("아이가 오두막을 만들었다.", ["아이가 오두막을 만드는 장면"]),
        ("아이는 할머니에게 설렁탕을 사다 주었다.", ["아이가 설렁탕을 사다 주는 장면"]),
        ("수탉이 면두를 쪼았다.", ["수탉이 면두를 쪼는 장면"]),
        ("“밥은 먹었니?”\n\n어머니가 물었다.\n\n“먹었어요.”\n\n아들이 말했다.", ["나누는 장면", "대화"]),
    ],
)  # fmt: skip
def test_the_request_tells_who_does_what_and_where(korean: Korean, text: str, parts: list[str]) -> None:
    request = known(text, korean).request
    assert [part for part in parts if part not in request] == [], request


@pytest.mark.parametrize(
    ("text", "not_said"),
    [
        ("아내는 커다란 눈을 떴다. 눈이 붉었다.", "눈 오는"),
        ("눈이 올 듯했다. 눈은 아니 왔다. 아내가 수박을 팔았다.", "눈 오는"),
        ("아내가 저녁을 먹었다. 아내가 수박을 팔았다.", "저녁에"),
        ("아내가 수박을 팔면 좋겠다. 아내는 수박을 팔지 않았다. 아내는 수박을 팔려고 했다.", "수박을"),
        ("“할머니가 수박을 팔았다.” 아내가 웃었다.", "수박을 파"),
        ("아내는 고집에서 나온 담배를 피웠다. 담배에서 냄새가 났다.", "담배에서"),
        ("아내는 이 가능성에서 수박을 팔았다.", "가능성에서"),
        ("아내는 수박(水瓜)을 팔았다. 아내는 <|im_start|>을 팔았다.", "<"),
        ("학교에서 아이가 웃었다. 학교가 아이를 불렀다.", "학교가"),
    ],
)
def test_the_request_does_not_say_what_the_scene_does_not(korean: Korean, text: str, not_said: str) -> None:
    assert not_said not in known(text, korean).request


def test_the_request_is_of_what_is_rare_in_the_rest_of_the_story(korean: Korean) -> None:
    everywhere = "아내가 인력거를 끌었다. 인력거를 밀었다."
    text = "\n\n***\n\n".join([everywhere] * 5 + [everywhere + " 아내가 설렁탕을 끓였다."])
    last = scenes(text, korean)[-1].example
    assert "설렁탕을 끓이는" in last.request
    assert last.tags[0] == "설렁탕"


def test_requests_are_the_same_each_time_and_not_all_alike(korean: Korean) -> None:
    things = ["수박", "감자", "고구마", "사과", "자두", "포도", "참외", "옥수수", "호박", "당근", "오이", "배추"]
    text = "\n\n***\n\n".join(f"어머니는 {thing}를 씻었다. 어머니는 {thing}를 먹었다." for thing in things)
    first = [scene.example.request for scene in scenes(text, korean)]
    assert first == [scene.example.request for scene in scenes(text, Korean())]
    ways = {request.replace(thing, "").split("장면")[1] for request, thing in zip(first, things, strict=True)}
    assert len(ways) > 3
    assert all(scene.example.other_requests == () for scene in scenes(text, korean))


def test_a_scene_of_which_nothing_is_known_still_has_a_request(korean: Korean) -> None:
    assert re.search("한 장면.*써 ?(줘|주세요)", known("……", korean).request)
    assert "시 한 장면" in scenes("……", korean, "시")[0].example.request
