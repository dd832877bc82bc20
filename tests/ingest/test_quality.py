from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.quality import problems

PROSE = (
    "김첨지는 인력거를 끌고 비탈길을 내려갔다. 아침부터 흐리던 하늘에서 비가 추적추적 내렸다. "
    "정류장 앞에서 손님을 기다리는 동안 그는 아내의 기침 소리를 떠올렸다. 오늘은 설렁탕을 사다 주어야지."
)
SHORT_POEM = (
    "동지달 기나긴 밤을 한 허리를 베어 내어\n춘풍 이불 아래 서리서리 넣었다가\n어론님 오신 날 밤이어든 굽이굽이 펴리라"
)
DIALOGUE = "\n\n".join(
    [
        "“네.”",
        "“왜?”",
        "“네.”",
        "“이제 어디로 갈 건데요? 집에는 아무도 없어요.”",
        "“네.”",
        "“그럼 밥이나 먹어요.”",
        "“네.”",
    ]
)
SONG = "\n\n".join(
    f"{verse}\n{verse} 달이 뜨면\n아리랑 아리랑 아라리요\n아리랑 고개로 넘어간다"
    for verse in (
        "청천 하늘엔 잔별도 많고",
        "나를 버리고 가시는 님은",
        "저기 저 산이 백두산이라지",
        "강물은 흘러서 바다로 가고",
    )
)


def names(text: str) -> list[str]:
    return [problem.name for problem in problems(text)]


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        SHORT_POEM,
        SONG,
        DIALOGUE,
        "강솔: 이건 어제 거 아직 안 가져가셨잖아요.\n\n단골: 그랬나?\n\n강솔: 그저께 것도 있어요.\n\n단골: 그랬나?",
        "[퀘스트: 밭두둑 만들기]\n[현재 두둑의 기울기: 11도]\n[줄 맞추실 생각은 있으십니까?]\n\n" + PROSE,
        "<느린 우체통>이라는 간판이 걸려 있었다. <비밀> <시작> 같은 쪽지도 있었다. " + PROSE,
        "“아아아아아아아아악!” ㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋ ………………… " + PROSE,
        "운수(運數)가 좋은 날이었다. 동광학교(東光學校)까지 갔다. " + PROSE,
        "MacBook Pro를 든 Daniel이 Starbucks에 앉아 있었다. " + PROSE,
        "그는 화면에 print(1);을 쳤다. 그리고 { 하나를 지웠다. " + PROSE,
        "그 사람은 무단으로 결석했다. 로그인 창에 비밀번호를 쳤다. 구독을 끊었다. " + PROSE,
        "보낸 사람: 엄마\n받는 사람: 아들\n\n" + PROSE,
        "쌀 두 되, 소금 한 줌, 성냥 한 갑\n콩 두 되, 팥 한 줌, 초 한 갑\n깨 두 되, 엿 한 줌, 실 한 갑\n" + PROSE,
        "값은 1,234,567원이었다.\n아니 2,345,678원이었다.\n아니 3,456,789원이었다.\n" + PROSE,
        "**끝**이라고 쓰여 있었다.\n\n***\n\n## 2장\n\n- 하나\n- 둘\n\n> 그가 말했다.\n\n" + PROSE,
        "뷁이라는 말과 똠얌꿍과 펭귄과 햏이라는 말이 유행이었다. " + PROSE,
        "기온은 −3°C, 시속 4½km였다. 카페 이름은 Café Noël. " + PROSE,
        "ᄒᆞᆫ글로 쓴 옛 책을 폈다. " + PROSE,
        "나는 간다. 나는 온다. 나는 잔다. 나는 먹는다. 나는 운다. " + PROSE * 3,
    ],
)  # fmt: skip
def test_good_writing_has_no_problem(text: str) -> None:
    assert problems(text) == ()


@pytest.mark.parametrize(
    "text", ["", "……", "운수 좋은 날\n\n현진건", "“일 없다.”\n\n“흥.”", "― 『개벽』(1924.6)", "12345 " * 40]
)
def test_a_title_is_too_short(text: str) -> None:
    assert "너무 짧음" in names(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<p>" + PROSE, "서식 표지"),
        (PROSE + "<br/>", "서식 표지"),
        ('<a href="x">더 보기</a>' + PROSE, "서식 표지"),
        (PROSE + " 빵&nbsp;집", "서식 표지"),
        ("<!-- 광고 -->" + PROSE, "서식 표지"),
        ("[[현진건]]의 소설이다. " + PROSE, "서식 표지"),
        ("{{틀|값}} " + PROSE, "서식 표지"),
        ("'''운수 좋은 날'''은 소설이다. " + PROSE, "서식 표지"),
        ("== 줄거리 ==\n" + PROSE, "서식 표지"),
        ("[여기](https://example.com/a)를 보라. " + PROSE, "서식 표지"),
        ("| 가 | 나 |\n|---|---|\n| 다 | 라 |\n" + PROSE, "구조화 자료"),
        (PROSE + "<|im_end|>", "서식 표지"),
        (PROSE + "[/INST]", "서식 표지"),
        ("```python\n안녕\n```\n" + PROSE, "코드"),
        ("def f(x):\n    return x\nimport os\n" + PROSE, "코드"),
        ("for (int i = 0; i < n; i++) {\n  sum += i;\n}\n" + PROSE, "코드"),
        ("The night was cold and she waited by the door for a long time. " * 3, "다른 언어"),
        ("夜は寒かった。彼女は戸口で長い間待っていた。" * 3 + PROSE[:40], "다른 언어"),
        (json.dumps({"글": PROSE}, ensure_ascii=False), "구조화 자료"),
        (json.dumps([PROSE], ensure_ascii=False), "구조화 자료"),
        (f'{{"request": "장면 써 줘", "text": "{PROSE}', "구조화 자료"),
        (f'  "본문": "{PROSE}",', "구조화 자료"),
        (PROSE + ' "끝": true', "구조화 자료"),
        (PROSE.replace(". ", ".\\n"), "구조화 자료"),
        (PROSE + "\\uac00", "구조화 자료"),
        ("[\n{\n" + PROSE + "\n}\n]", "구조화 자료"),
        ("이름\t나이\t사는 곳\n종숙\t43\t군산\n봉길\t9\t제주\n" + PROSE, "구조화 자료"),
        ("이름,나이,사는 곳,하는 일\n종숙,43,군산,세신사\n봉길,9,제주,학생\n" + PROSE, "구조화 자료"),
        ("점순이는 감자를 내밀었다.\n" * 20, "반복"),
        ("점순이는 감자를 내밀었다. " * 30, "반복"),
        ("끝" * 200, "반복"),
        (PROSE + "그래서 " * 60, "반복"),
        (" ".join(f"{word} 감자를 내밀고 웃으며 돌아섰다." for word in ("봄", "여름", "가을", "겨울") * 5), "반복"),
        (PROSE + "\ufffd", "깨진 글자"),
        (PROSE + "\uf53a", "깨진 글자"),
        (PROSE + "\U000f0000", "깨진 글자"),
        (PROSE + "안녕하세요".encode().decode("cp1252", "ignore"), "깨진 글자"),
        (PROSE + "안녕하세요".encode().decode("latin-1"), "깨진 글자"),
        (PROSE + "안녕하세요".encode("cp949").decode("latin-1"), "깨진 글자"),
        (PROSE + "\ufffd\ufffd\ufffd".encode().decode("cp949", "ignore"), "깨진 글자"),
        (PROSE[:60] + "뷀꿴쒓뀉뙣뺥", "깨진 글자"),
        ("The Project Gutenberg eBook of 운수 좋은 날\n" + PROSE, "상용구"),
        (PROSE + "\n이 글은 CC BY-SA 4.0에 따라 쓸 수 있습니다.", "상용구"),
        (PROSE + "\n무단 전재 및 재배포 금지", "상용구"),
        ("이 사이트는 쿠키를 사용합니다. " + PROSE, "상용구"),
        ("Message-ID: <1@a.kr>\nMIME-Version: 1.0\n" + PROSE, "상용구"),
        ("보낸 사람: 종숙 <a@b.kr>\n받는 사람: 봉길 <c@d.kr>\n" + PROSE, "상용구"),
        (PROSE + "\n이용약관 | 개인정보처리방침 | 고객센터", "상용구"),
    ],
)  # fmt: skip
def test_what_is_left_of_files_pages_and_machines_is_named(text: str, name: str) -> None:
    assert name in names(text)


def test_the_detail_shows_what_was_found() -> None:
    (problem,) = problems("<p>" + PROSE + "</p>")
    assert problem.detail == "<p>, </p>"
    (problem,) = problems(PROSE + "\uf53a")
    assert "U+F53A" in problem.detail


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert all(problem.name and problem.detail for problem in problems(text))


def test_deep_brackets_do_not_stop_the_judge() -> None:
    assert "구조화 자료" not in names(PROSE)
    assert isinstance(problems("[" * 100_000), tuple)
