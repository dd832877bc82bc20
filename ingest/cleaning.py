"""Cleaning that never harms a manuscript. Pure: text in, text and a count of the changes out.

Quotation marks, ellipses, full-width forms, ligatures, tabs, HTML entities and emoji of the manuscript stay. What is
repaired is certain, what is removed is never seen on paper, and every kind of change has a name and a count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import ftfy

_Step = Callable[[str], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change and how often it was made."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Cleaned text and what was done to it."""

    text: str
    changes: tuple[Change, ...]


def clean(text: str) -> Cleaned:
    """Repair and normalise ``text``; the result is NFC with ``\\n`` line ends, and cleaning it again changes nothing.

    Characters that were lost earlier (U+FFFD, 占쏙옙) stay, and their number is the last change. The one line end that
    closes a text is taken off uncounted.
    """
    counts: dict[str, int] = {}
    # Tidying may uncover damage. No step brings back what another takes away, so this ends.
    while True:
        before = text
        text = _through(_TIDYING, _repaired(text, counts), counts)
        if text == before:
            break
    if lost := len(_LOST.findall(text)):
        counts["깨진 글자 남음"] = lost
    return Cleaned(text, tuple(Change(name, count) for name, count in counts.items()))


def hangul_ratio(text: str) -> float:
    """Hangul syllables among letters, 0.0 to 1.0; 0.0 where there is no letter."""
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return 0.0
    return sum(map(_is_syllable, letters)) / len(letters)


def _repaired(text: str, counts: dict[str, int]) -> str:
    """Damage below damage too: CP949 read as Latin-1, then kept as UTF-8, then read as Latin-1 again."""
    while True:
        before = text
        text = _through(_REPAIRS, text, counts)
        if text == before:
            return text


def _through(steps: Sequence[tuple[str, _Step]], text: str, counts: dict[str, int]) -> str:
    for name, step in steps:
        text, count = step(text)
        if count:
            counts[name] = counts.get(name, 0) + count
    return text


def _is_syllable(character: str) -> bool:
    return "가" <= character <= "힣"


def _replacing(pattern: str, replacement: str) -> _Step:
    compiled = re.compile(pattern)
    return lambda text: compiled.subn(replacement, text)


_LOST = re.compile("\ufffd|占쏙옙")

# What is no character, or is seen by nobody

_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_HANJA = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Tags are invisible letters; the flags of England, Scotland and Wales are the only words in them.
_TAGS = ("".join(chr(0xE0000 + ord(letter)) for letter in region) for region in ("gbeng", "gbsct", "gbwls"))
_FLAG = f"\U0001f3f4(?:{'|'.join(_TAGS)})\U000e007f"
# Soft hyphens and the second half of the controls wait: mojibake is made of them.
_UNSEEN = re.compile(
    f"({_FLAG})|[\u034f\u061c\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    # Joiners and variation selectors that join or vary nothing.
    f"|\u200d(?![{_EMOJI}])|(?<![{_EMOJI}\ufe0f])\u200d"
    f"|(?<![{_EMOJI}{_HANJA}0-9#*])[\ufe00-\ufe0f]|(?<=[0-9#*])[\ufe00-\ufe0f](?!\u20e3)"
    f"|(?<![{_HANJA}])[\U000e0100-\U000e01ef]"
)
_SURROGATES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_LAST_TWO_OF_PLANES = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))


def _remove_unseen(text: str) -> tuple[str, int]:
    seen = _UNSEEN.sub(r"\1", text)
    return seen, len(text) - len(seen)


def _join_surrogates(text: str) -> tuple[str, int]:
    """Pairs, as broken JSON leaves them, become their character; a half alone becomes U+FFFD, like any lost one."""
    return _SURROGATES.subn(
        lambda found: found.group().encode("utf-16", "surrogatepass").decode("utf-16", "replace"), text
    )


# Private use: the symbols of the word processor Hangul (HWP), and Wingdings, which it shows in any font

# Runs of code points. Wingdings by the Unicode characters made for it (Unicode 7.0), Hangul's by comparing documents
# with what Hangul prints of them (edwardkim/rhwp issues 509, 588, 5599), boxed numbers as circled ones; what is in
# neither is not guessed. The table of old Hangul in the same area (Hanyang, U+E0BC to U+F8F7) leaves this part free.
_PRIVATE_RUNS = (
    (0xF022, "✂"),
    (0xF045, "☜☞☝☟"),
    (0xF04A, "☺"),
    (0xF06C, "●❍■□□❑❒⬧⧫◆❖⬥"),
    (0xF080, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿"),
    (0xF09E, "·•·○○○◉◎"),
    (0xF0A7, "▪◻"),
    (0xF0AA, "✦★✶✴✹"),
    (0xF0B7, "•"),  # not Wingdings but Symbol: the bullet of Word
    (0xF0D8, "➢"),
    (0xF0E0, "→"),
    (0xF0E8, "➔"),
    (0xF0EF, "⇦⇨⇧⇩"),
    (0xF0FB, "✗✔☒☑"),
    (0xF003B, "↓"),
    (0xF0090, "✺"),
    (0xF0288, "⓪①②"),
    (0xF028C, "④⑤⑥⑦⑧⑨"),
    (0xF02B1, "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳⑫"),
    (0xF02EC, "◇"),
    (0xF02EF, "·"),
    (0xF02FB, "▸►"),
    (0xF031C, "■"),
    (0xF03A0, "↵"),
    (0xF03A7, "⊟⊞"),
    (0xF03C5, "□"),
    (0xF03DA, "□"),
    (0xF03EF, "한글과컴퓨터"),
    (0xF03FF, "□"),
    (0xF0806, "┌┬┐"),
    (0xF080C, "└"),
    (0xF080E, "┘━│"),
    (0xF081C, "┈"),
    (0xF0832, "═"),
    (0xF0848, "━"),
    (0xF0854, "《》"),
)
_PRIVATE = {
    **{chr(start + place): symbol for start, run in _PRIVATE_RUNS for place, symbol in enumerate(run)},
    "\U000f012b": "(인)",
    "\uf53a": "\u1112\u119e\u11ab",  # the first syllable of the word processor's own name, the one seen in the wild
}
_KNOWN_PRIVATE = re.compile(f"[{''.join(_PRIVATE)}]")


def _name_private(text: str) -> tuple[str, int]:
    return _KNOWN_PRIVATE.subn(lambda found: _PRIVATE[found.group()], text)


# Mojibake: bytes that were read in the wrong encoding. Only what goes back without loss and then reads as Korean

# The 100 most frequent syllables of running text, about two thirds of it.
_COMMON = frozenset(
    "다이는고가에을지하그어아나은서니리를도한로요기의사었자라게시으것면내있들인보만일장소주여무오대마수부말"
    "해거러두까없구제려습저안야람데았물우정모였전세상문음생집않동신원더래때번머르치손비간바스조했"
)
# Latin-1, with the control codes as Windows-1252 and the Turkish letters as Windows-1254 show them.
_BYTES = {
    character: byte
    for codec in ("latin-1", "cp1252", "cp1254")
    for byte in range(0x80, 0x100)
    if (character := bytes([byte]).decode(codec, "ignore"))
}
_BYTE_RUN = re.compile(f"[!-~{re.escape(''.join(_BYTES))}]+")
# Quotation marks and the like stand beside Hangul everywhere, so they alone are no sign of damage.
_BYTE_LETTER = re.compile("[\u00a1-\u00ffĞİŞğış]")
_SOME_HANJA = re.compile(f"[{_HANJA}]")
_WORD = re.compile(r"\S+")


def _repair_bytes(text: str, encoding: str) -> tuple[str, int]:
    """Bytes of ``encoding`` read as Latin-1 or Windows-1252 ('ê°€', '°¡'), word by word.

    A text that is all so is judged as a whole, any other line by line: a name in French stays what it is.
    """
    if not _BYTE_LETTER.search(text):
        return text, 0
    readings = [_reread(run, encoding) for run in _BYTE_RUN.findall(text) if _BYTE_LETTER.search(run)]
    known = [reading for reading in readings if reading]
    lines = text.split("\n")
    if len(lines) == 1 or len(known) >= 0.9 * len(readings):
        if len(known) < 0.5 * len(readings) or not _reads_as_korean("".join(known)):
            return text, 0
        return _BYTE_RUN.sub(lambda run: _reread(run.group(), encoding) or run.group(), text), len(known)
    repaired = [_repair_bytes(line, encoding) for line in lines]
    return "\n".join(line for line, _ in repaired), sum(count for _, count in repaired)


def _reread(run: str, encoding: str) -> str:
    """What the bytes of ``run`` say; empty where they say nothing, or are no more than punctuation."""
    if not _BYTE_LETTER.search(run):
        return ""
    try:
        return bytes(_BYTES.get(character, ord(character)) for character in run).decode(encoding)
    except UnicodeDecodeError:
        return ""


def _reads_as_korean(text: str) -> bool:
    """Whether this is more than chance: several syllables, some of them frequent, outnumbering the hanja."""
    syllables = list(filter(_is_syllable, text))
    hanja = _SOME_HANJA.findall(text)
    return len(set(syllables)) > 1 and len(syllables) > len(hanja) and _common(text) >= max(1, 0.1 * len(syllables))


def _common(text: str) -> int:
    return sum(character in _COMMON for character in text)


def _repair_accents(text: str) -> tuple[str, int]:
    """What is left of UTF-8 read as a single-byte encoding ('Ã©', 'â€œ'), line by line, by ftfy (Robyn Speer, 2019).

    Runs after the others: ftfy damages CP949 for good (rspeer/python-ftfy issue 29), and with parts of lines it would
    find UTF-8 where there is none.
    """
    lines = text.split("\n")
    fixed = [ftfy.fix_encoding(line, fix_c1_controls=False, decode_inconsistent_utf8=False) for line in lines]
    return "\n".join(fixed), sum(map(str.__ne__, lines, fixed))


def _repair_utf8_as_cp949(text: str) -> tuple[str, int]:
    """UTF-8 read as CP949 ('媛숈씠'). Most of it is lost; a word of an even number of syllables may be whole."""
    if not _SOME_HANJA.search(text):
        return text, 0
    repaired = 0

    def repair(word: re.Match[str]) -> str:
        nonlocal repaired
        candidate = _as_utf8(word.group())
        if _SOME_HANJA.search(candidate) or _common(candidate) <= _common(word.group()):
            return word.group()
        if not _reads_as_korean(candidate):
            return word.group()
        repaired += 1
        return candidate

    return _WORD.sub(repair, text), repaired


def _as_utf8(word: str) -> str:
    try:
        return word.encode("cp949").decode("utf-8")
    except UnicodeError:
        return ""


# Windows-1252 read as Latin-1: quotation marks and dots among the control codes. The HTML standard reads them so.

_C1_TYPOGRAPHY = {byte: bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)}
# Not the one that is a line end of its own (NEL), unless others stand by it.
_TYPOGRAPHY = re.compile("[\x80\x82-\x84\x86-\x8c\x8e\x91-\x9c\x9e\x9f]")


def _restore_typography(text: str) -> tuple[str, int]:
    if not _TYPOGRAPHY.search(text):
        return text, 0
    return re.subn("[\x80-\x9f]", lambda found: _C1_TYPOGRAPHY[ord(found.group())], text)


# One form for one character

_JAMO = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[가-힣][\u11a8-\u11c2]")
_MARKS = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code)))
# Ordering marks takes quadratic time. 30 is where the Stream-Safe Text Format ends a row of them (UAX #15).
_PILE_OF_MARKS = f"([{_MARKS}]{{30}})[{_MARKS}]+"
_HALFWIDTH = {
    chr(code): chr(int(unicodedata.decomposition(chr(code)).removeprefix("<narrow> "), 16))
    for code in range(0xFFA1, 0xFFDD)
    if unicodedata.decomposition(chr(code))
}
_HALFWIDTH_JAMO = re.compile(f"[{''.join(_HALFWIDTH)}]")


def _compose_jamo(text: str) -> tuple[str, int]:
    """Syllables of modern Hangul taken apart (NFD), as file systems and PDFs leave them; old Hangul stays apart."""
    composed = 0

    def compose(jamo: re.Match[str]) -> str:
        nonlocal composed
        syllable = unicodedata.normalize("NFC", jamo.group())
        composed += syllable != jamo.group()
        return syllable

    return _JAMO.sub(compose, text), composed


def _normalize(text: str) -> tuple[str, int]:
    """The rest of NFC, counted in words: accents, and hanja that Korean standards hold once for each reading."""
    if unicodedata.is_normalized("NFC", text):
        return text, 0
    normal = unicodedata.normalize("NFC", text)
    return normal, sum(map(str.__ne__, text.split(), normal.split()))


def _widen_jamo(text: str) -> tuple[str, int]:
    return _HALFWIDTH_JAMO.subn(lambda found: _HALFWIDTH[found.group()], text)


# Control tokens of chat templates: in a document they are words, but a tokenizer would read them as its own

_CONTROL_TOKEN = re.compile(
    r"<\|[A-Za-z0-9_.-]{1,40}\|>"  # ChatML, Llama 3 and 4, Qwen, Phi, EXAONE 4, HyperCLOVA X, gpt-oss
    r"|<｜[^<>｜\n]{1,40}｜>"  # DeepSeek
    r"|\[\|[a-z]{1,20}\|\]"  # EXAONE 3
    r'|<\|(?:turn|channel|think|tool|tool_call|tool_response|image|audio|")>'  # Gemma 4
    r"|<(?:turn|channel|tool|tool_call|tool_response|image|audio)\|>"
    r"|</?(?:start|end)_of_(?:turn|image)>|<(?:bos|eos|pad|unk|mask|sop|eop)>|<unused\d{1,4}>"  # Gemma, GLM
    r"|</?s>|<</?SYS>>"  # Llama 2, Mistral
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|gMASK)\]"
    r"|</?(?:think|tool_call|tool_response)>"  # Qwen 3
)


def _neutralise(text: str) -> tuple[str, int]:
    """'<|im_start|>' becomes '‹im_start›', which any reader understands and no tokenizer does."""
    return _CONTROL_TOKEN.subn(lambda token: f"‹{token.group().strip('<>[]|｜')}›", text)


# Lines

_BLANKS = " \t\u3000"


def _trim(text: str) -> tuple[str, int]:
    """Without blank lines at both ends. The first line keeps its indent."""
    trimmed = text.strip("\n")
    return trimmed, int(trimmed != text.removesuffix("\n"))


# All that mojibake is made of is still there while it is repaired: soft hyphens, odd spaces, controls from U+0080 on.
_REPAIRS: tuple[tuple[str, _Step], ...] = (
    ("짝 잃은 코드 정리", _join_surrogates),
    ("글자 아닌 코드 제거", _replacing(f"[\ufdd0-\ufdef\ufffc{_LAST_TWO_OF_PLANES}]", "")),
    ("제어 문자 제거", _replacing(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0e-\x1f\x7f]", "")),
    ("보이지 않는 글자 제거", _remove_unseen),
    ("사용자 정의 기호 바꿈", _name_private),
    ("사용자 정의 글자 제거", _replacing("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]", "")),
    ("UTF-8 깨짐 복구", partial(_repair_bytes, encoding="utf-8")),
    ("CP949 깨짐 복구", partial(_repair_bytes, encoding="cp949")),
    ("UTF-8 깨짐 복구", _repair_utf8_as_cp949),
    ("UTF-8 깨짐 복구", _repair_accents),
)
_TIDYING: tuple[tuple[str, _Step], ...] = (
    ("문장 부호 복구", _restore_typography),
    ("줄 끝 통일", _replacing("\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n")),
    ("제어 문자 제거", _replacing("[\x80-\x9f]", "")),
    ("보이지 않는 글자 제거", _replacing("\u00ad", "")),
    ("결합 부호 줄임", _replacing(_PILE_OF_MARKS, r"\1")),
    ("풀어진 자모 합침", _compose_jamo),
    ("글자 정규화", _normalize),
    ("반각 자모 바꿈", _widen_jamo),
    ("특수 공백 정리", _replacing("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3164\uffa0]", " ")),
    ("줄 끝 빈칸 제거", _replacing(f"(?<![{_BLANKS}])[{_BLANKS}]++(?=\n|\\Z)", "")),
    ("빈 줄 정리", _replacing("\n{4,}", "\n\n\n")),
    ("모델 제어 표지 무력화", _neutralise),
    ("앞뒤 빈 줄 제거", _trim),
)
