from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import clean, hangul_ratio


def changes(text: str) -> dict[str, int]:
    return {change.name: change.count for change in clean(text).changes}


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


# What is taken away or brought into one form


@pytest.mark.parametrize(
    ("dirty", "tidy", "counts"),
    [
        ("안녕하세요", "안녕하세요", {}),
        ("", "", {}),
        # line ends
        ("줄\r\n바꿈\r끝", "줄\n바꿈\n끝", {"줄 끝 통일": 2}),
        ("쪽\x0c칸\x0b줄\x85글\u2028단\u2029끝", "쪽\n칸\n줄\n글\n단\n끝", {"줄 끝 통일": 5}),
        ("글\n", "글", {}),
        ("글\r\n", "글", {"줄 끝 통일": 1}),
        ("\n\n글\n\n", "글", {"앞뒤 빈 줄 제거": 1}),
        ("  \n 첫 줄은 들여 쓴다", " 첫 줄은 들여 쓴다", {"줄 끝 빈칸 제거": 1, "앞뒤 빈 줄 제거": 1}),
        ("빈\n\n\n\n\n\n줄", "빈\n\n\n줄", {"빈 줄 정리": 1}),
        ("하나  \n둘\t \n셋\u3000", "하나\n둘\n셋", {"줄 끝 빈칸 제거": 3}),
        # what nobody sees
        ("영\u200b폭\u00ad과 \u202e방향", "영폭과 방향", {"보이지 않는 글자 제거": 3}),
        ("\ufeff머리 \u2066꼬리\u2069 \U000e0041\U000e007f표", "머리 꼬리 표", {"보이지 않는 글자 제거": 5}),
        ("널\x00과 종\x07과 지움\x7f", "널과 종과 지움", {"제어 문자 제거": 3}),
        ("색 \x1b[31m빨강\x1b[0m", "색 빨강", {"제어 문자 제거": 2}),
        ("\x81이것\x9d", "이것", {"제어 문자 제거": 2}),
        ("비\ufdd0글자\uffff와 \U0001fffe그림\ufffc", "비글자와 그림", {"글자 아닌 코드 제거": 4}),
        ("반쪽 \ud83d 글자", "반쪽 \ufffd 글자", {"짝 잃은 코드 정리": 1, "깨진 글자 남음": 1}),
        ("나뉜 \ud83d\ude00 글자", "나뉜 😀 글자", {"짝 잃은 코드 정리": 1}),
        # joiners and selectors that join and vary nothing
        ("가\u200d나\ufe0f", "가나", {"보이지 않는 글자 제거": 2}),
        ("1\ufe0f번, a\u200d😀, 😀\u200d끝", "1번, a😀, 😀끝", {"보이지 않는 글자 제거": 3}),
        ("❤\ufe0f\ufe0f", "❤\ufe0f", {"보이지 않는 글자 제거": 1}),
        ("글\U000e0100자", "글자", {"보이지 않는 글자 제거": 1}),
        ("가\ufe0f\u200d😀", "가😀", {"보이지 않는 글자 제거": 2}),
        # spaces
        ("특수\u00a0공백\u2003둘\u3164셋", "특수 공백 둘 셋", {"특수 공백 정리": 3}),
        # one form for one character
        (nfd("서윤은 웃었다."), "서윤은 웃었다.", {"풀어진 자모 합침": 6}),
        ("가\u11a8 " + nfd("각"), "각 각", {"풀어진 자모 합침": 2}),
        (nfd("café") + " naïve " + nfd("Čapek"), "café naïve Čapek", {"글자 정규화": 2}),
        ("\uf934人, \uf9f4\u3000\u6797", "老人, 林\u3000林", {"글자 정규화": 2}),
        ("ﾡￂﾤ", "ㄱㅏㄴ", {"반각 자모 바꿈": 3}),
        ("a" + "\u0301" * 100, "á" + "\u0301" * 29, {"결합 부호 줄임": 1, "글자 정규화": 1}),
        # Windows-1252 read as Latin-1; NEL is an ellipsis only in such company
        ("\x93그래\x85\x94", "“그래…”", {"문장 부호 복구": 3}),
    ],
)
def test_dirt_is_removed_named_and_counted(dirty: str, tidy: str, counts: dict[str, int]) -> None:
    assert clean(dirty).text == tidy
    assert changes(dirty) == counts


@pytest.mark.parametrize(
    "manuscript",
    [
        "“정말?” ‘그럴 리가.’ …",
        "“그래…” “어디…’ 하고",
        "「책」과 《영화》 — 그리고 · ～",
        "ＡＢＣ 전각 １２３",
        "ﬁ 이음글자",
        "ㅋㅋㅋ ㅠㅠ ㄱㄴㄷ",
        "大韓民國(대한민국) 老人과 바다, 嗚呼라 丕顯",
        "뷁 햏 똠방각하 펲시 쀍뛟",
        "나랏\u302e말\u302f \u1112\u119e\u11ab글 \u1107\u119e\u11af",
        "café naïve Ångström São Paulo Übermäßig ÇÃO Łódź",
        "“¿¡Qué?!” — así…” ‘aquí…’ mangé…”",
        "À ÉLÈVE, INFORMAÇÃO E COMUNICAÇÃO, ÄÄÄÄ! Çiğ köfte",
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß",
        "°±²³´µ¶·¸¹º»¼½¾¿ 25°C±2, 3 m²·K, ××대학, «말»",
        "a &lt; b &amp; c",
        "x = 1\n\n    y = 2\n\tz",
        "\u3000들여 쓴 문단",
        "👨\u200d👩\u200d👧\u200d👦 ❤️\u200d🔥 👩🏽\u200d🚀 🏳️\u200d🌈 ☺︎ ©️",
        "1️⃣ #️⃣ 🇰🇷 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "葛\U000e0100城 辻\U000e0101",
        "<b>굵게</b> <strong>더</strong> <span>글</span> <br> <small>s</small> a<s b>s",
        "[상태창] <상태창> <|상태창|> [힘: 3] |x| <- <| f |> <<주의>>",
        "‹im_start›",
        "日本語の文章と中文句子，混在。",
    ],
)
def test_a_manuscript_is_not_edited(manuscript: str) -> None:
    cleaned = clean(manuscript)
    assert cleaned.text == manuscript
    assert cleaned.changes == ()


# Private use


@pytest.mark.parametrize(
    ("dirty", "tidy", "counts"),
    [
        ("\uf0b7 하나\n\uf0a7 둘\n\uf06c 셋", "• 하나\n▪ 둘\n● 셋", {"사용자 정의 기호 바꿈": 3}),
        ("\uf0fc 예 \uf0fd 아니요", "✔ 예 ☒ 아니요", {"사용자 정의 기호 바꿈": 2}),
        ("\uf081\uf08a\uf08c\uf095", "①⑩❶❿", {"사용자 정의 기호 바꿈": 4}),
        ("\U000f02b1 \U000f02c4 \U000f02c5", "① ⑳ ⑫", {"사용자 정의 기호 바꿈": 3}),
        ("\U000f03da 제품\U000f02ef서비스", "□ 제품·서비스", {"사용자 정의 기호 바꿈": 2}),
        ("신청인 홍길동 \U000f012b", "신청인 홍길동 (인)", {"사용자 정의 기호 바꿈": 1}),
        ("\U000f0854책\U000f0855", "《책》", {"사용자 정의 기호 바꿈": 2}),
        ("\uf53a글 2005 예제", "ᄒᆞᆫ글 2005 예제", {"사용자 정의 기호 바꿈": 1}),
        ("가\ue123나\U000f0001다\U00100000", "가나다", {"사용자 정의 글자 제거": 3}),
        ("\uf0b7\ue000", "•", {"사용자 정의 기호 바꿈": 1, "사용자 정의 글자 제거": 1}),
    ],
)
def test_private_characters_are_named_or_removed(dirty: str, tidy: str, counts: dict[str, int]) -> None:
    assert clean(dirty).text == tidy
    assert changes(dirty) == counts


# Mojibake

SENTENCES = (
    "안녕하세요, 반갑습니다.",
    "“비가 오네.” 그가 말했다.",
    "제3조 ① 이 법은 공포한 날부터 시행한다.",
    "한국어 OCR 엔진을 config.toml에서 켠다.",
    "※ 주의: 온도는 25℃를 넘지 않게 한다.",
    "똠방각하는 펲시를 마시며 아햏햏 웃었다.",
    "중국 문학(中國文學)의 시작",
    "닉네임 생성",
)


def windows_1252(data: bytes) -> str:
    """As Windows shows bytes: the five codes that it does not know become control codes."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)


def turkish(data: bytes) -> str:
    return "".join(bytes([byte]).decode("cp1254", "ignore") or chr(byte) for byte in data)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
@pytest.mark.parametrize("read", [lambda data: data.decode("latin-1"), windows_1252, turkish])
def test_bytes_read_in_a_western_encoding_are_read_again(
    sentence: str, encoding: str, read: Callable[[bytes], str]
) -> None:
    garbled = read(sentence.encode(encoding))
    assert garbled != sentence
    assert clean(garbled).text == sentence
    assert set(changes(garbled)) == {"CP949 깨짐 복구" if encoding == "cp949" else "UTF-8 깨짐 복구"}
    assert clean(f"멀쩡한 줄과\n{garbled}\ncafé").text == f"멀쩡한 줄과\n{sentence}\ncafé"


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_a_word_too_short_to_judge_is_judged_by_its_text(encoding: str) -> None:
    text = "그가 물었다.\n“네?”\n형\n그녀는 웃었다."
    assert clean(windows_1252(text.encode(encoding))).text == text
    alone = windows_1252("형".encode("cp949"))
    assert clean(alone).text == alone


@pytest.mark.parametrize("sentence", SENTENCES)
def test_damage_below_damage_is_repaired(sentence: str) -> None:
    once = sentence.encode("cp949").decode("latin-1")
    assert clean(once.encode().decode("latin-1")).text == sentence
    assert clean(windows_1252(windows_1252(sentence.encode()).encode())).text == sentence


@pytest.mark.parametrize(
    ("garbled", "text"),
    [
        ("Ã©tÃ© â€œquotedâ€\x9d", "été “quoted”"),
        ("媛숈씠", "같이"),
        ("그는 媛숈씠 갔다", "그는 같이 갔다"),
        ("ê°€ë‚˜ë‹¤ 한글 ì•ˆë…•", "가나다 한글 안녕"),
        ("¾È³ç 한글 ÇÏ¼¼¿ä", "안녕 한글 하세요"),
        ("resumé ¾È³ç ÇÏ¼¼¿ä", "resumé 안녕 하세요"),
    ],
)
def test_other_damage_is_repaired(garbled: str, text: str) -> None:
    assert clean(garbled).text == text


@pytest.mark.parametrize(
    ("lost", "count"),
    [
        ("占쏙옙체 占쌉시뱄옙 占쏙옙", 2),
        ("�궫�엯 �꽦怨�", 4),
        ("글\ufffd자", 1),
        ("占사람이 占친다", 0),
    ],
)
def test_what_is_lost_stays_and_is_reported(lost: str, count: int) -> None:
    assert clean(lost).text == lost
    assert changes(lost).get("깨진 글자 남음", 0) == count


# Control tokens


@pytest.mark.parametrize(
    ("token", "inert"),
    [
        ("<|im_start|>", "‹im_start›"),
        ("<|im_end|>", "‹im_end›"),
        ("<|eot_id|>", "‹eot_id›"),
        ("<|reserved_special_token_12|>", "‹reserved_special_token_12›"),
        ("<｜begin▁of▁sentence｜>", "‹begin▁of▁sentence›"),
        ("[|assistant|]", "‹assistant›"),
        ("<start_of_turn>", "‹start_of_turn›"),
        ("<end_of_turn>", "‹end_of_turn›"),
        ("<|turn>", "‹turn›"),
        ("<turn|>", "‹turn›"),
        ('<|">', '‹"›'),
        ("<bos>", "‹bos›"),
        ("<unused42>", "‹unused42›"),
        ("<s>", "‹s›"),
        ("</s>", "‹/s›"),
        ("<<SYS>>", "‹SYS›"),
        ("<</SYS>>", "‹/SYS›"),
        ("[INST]", "‹INST›"),
        ("[/INST]", "‹/INST›"),
        ("[gMASK]", "‹gMASK›"),
        ("</think>", "‹/think›"),
        ("<|im_\u200bstart|>", "‹im_start›"),
        ("<|im_\x00end|>", "‹im_end›"),
        ("<|im_\ue000end|>", "‹im_end›"),
    ],
)
def test_control_tokens_of_models_are_words(token: str, inert: str) -> None:
    cleaned = clean(f"그는 {token}system이라고 썼다.")
    assert cleaned.text == f"그는 {inert}system이라고 썼다."
    assert changes(f"{token}{token}")["모델 제어 표지 무력화"] == 2


def test_no_token_arises_from_pieces_of_tokens() -> None:
    text = clean("<|im_<|im_end|>start|> [[INST]INST] <</s>/s>").text
    assert text == "<|im_‹im_end›start|> [‹INST›INST] <‹/s›/s>"
    assert clean(text).text == text


# Properties

PUNCTUATION = "“”‘’…—·.,!?()「」『』《》〈〉~-:;0123456789"
WORD = st.text(
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
    | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
    | st.sampled_from(PUNCTUATION),
    min_size=1,
)
PIECES = (
    *("¾È³ç", "ÇÏ¼¼¿ä", "ê°€ë‚˜", "Ã‡Ã‘Â±Ã›", "媛숈씠", "Ã©", "â€œ", "占쏙옙", "그래", "老人"),
    *("<|im_start|>", "[INST]", "</s>", "im_start", "INST", "\x1b[", "31m"),
    *"é° \t\r\n\x85\x93\u00a0\u00ad\u200b\u200d\ud83d\ude00😀\ufe0f1\u20e3🏴\U000e0067\U000e007f<|>[]",
    *"\u1112\u1161\u11ab가각\u0301ﾡ\uf0b7\ue000\ufffd",
)
DIRT = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=30).map("".join)
ALWAYS_THE_SAME = settings(deadline=None, database=None, derandomize=True, max_examples=500)


@ALWAYS_THE_SAME
@given(st.lists(st.lists(WORD, min_size=1).map(" ".join)).map("\n".join))
def test_hangul_hanja_and_punctuation_pass_unchanged(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.text == text
    assert cleaned.changes == ()


@ALWAYS_THE_SAME
@given(DIRT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once.text).text == once.text
    assert {change.name for change in clean(once.text).changes} <= {"깨진 글자 남음"}
    assert unicodedata.is_normalized("NFC", once.text)
    once.text.encode()


@ALWAYS_THE_SAME
@given(DIRT)
def test_a_change_of_the_text_is_reported(text: str) -> None:
    cleaned = clean(text)
    assert all(change.count > 0 for change in cleaned.changes)
    assert (cleaned.text != text.removesuffix("\n")) == bool({c.name for c in cleaned.changes} - {"깨진 글자 남음"})


@pytest.mark.parametrize(("text", "ratio"), [("가나 다", 1.0), ("abc", 0.0), ("", 0.0), ("가a", 0.5), ("123", 0.0)])
def test_hangul_ratio(text: str, ratio: float) -> None:
    assert hangul_ratio(text) == ratio
