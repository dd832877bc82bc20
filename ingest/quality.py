"""Why a piece of text is no good example of Korean prose or verse: what is left of its file, of its page, of a machine.

Pure, and a judge of form only: it knows nothing of style or of truth. The rules are those of web corpora (Gopher: Rae
et al. 2021, table A1; C4: Raffel et al. 2020, section 2.2), loosened where they would cost songs, scripts and short
poems, which repeat themselves and end no line with a full stop.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.cleaning import hangul_ratio

TOO_SHORT = "너무 짧음"
_FEWEST_LETTERS = 30  # a 시조 has about 45
_LEAST_HANGUL = 0.7  # of letters; the rest is names, Hanja, foreign words
# Share of lines and of characters in lines that stood before (Gopher: 0.3 and 0.2; half of a song may be its refrain).
_REPEATED_LINES = 0.5
# Share of characters in the most frequent sequence of n words (Gopher), where it comes back so often that it is a loop.
_REPEATED_WORDS = {2: 0.20, 3: 0.18, 4: 0.16}
_OFTEN = 5
_FEWEST_WORDS = 50  # Gopher's least length of a page: below it a refrain is a large share
_REPEATED_RUN = 0.2  # share of characters in one run that repeats up to 20 characters ten times and more
_CODE_LINES = 0.2  # share of lines
_SEVERAL = 3
_UNCOMMON_SYLLABLES = 0.05  # of Hangul; outside the 2,350 of KS X 1001, which prose hardly ever leaves

_MARKUP = re.compile(
    r"</[A-Za-z][\w:-]*\s*>|<[A-Za-z][\w:-]*\s[^<>=]{1,40}=[^<>]{0,500}>|<!(?:--|DOCTYPE|\[CDATA)|<\?xml"
    r"|<(?:br|hr|p|div|span|li|ul|ol|table|tr|td|th|img|script|style)\s*/?>"
    r"|&(?:nbsp|amp|lt|gt|quot|apos|#\d{2,6}|#x[0-9A-Fa-f]{2,6});"
    r"|\[\[[^\[\]\n]+\]\]|\{\{[^{}\n]+\}\}|'''[^'\n]+'''|^={2,6}[^=\n]+={2,6}[ \t]*$|^\{\|"
    r"|\]\((?:https?:|/|#)[^)\s]*\)"
    r"|<\|[A-Za-z_]+\|>|\[/?INST\]|<(?:start|end)_of_turn>",
    re.MULTILINE,
)
_CODE_LINE = re.compile(
    r"\s*(?:(?:def|class)\s+\w+.*:|(?:import|from)\s+[\w.]+.*|return\b[^가-힣]*|#include\b.*"
    r"|(?:function|const|let|var|public|private|static|void|int)\s+\w+.*[({;=].*"
    r"|(?:if|for|while|switch)\s*\(.*|[^가-힣\"“]*[;{]|[})\]]+[;,]?|<\?php.*|\$\w+\s*=.*|[\w.]+\([^가-힣]*\);?"
    r"|(?i:select\s.+\sfrom\s|insert\s+into\s|create\s+table\s).*)\s*"
)
_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)
_KEY = re.compile(
    r"[\"'][\w가-힣 -]{1,40}[\"']\s*:\s*[\"'\[{\d]|[\"'][\w가-힣 -]{1,40}[\"']\s*:\s*(?:true|false|null)\b"
)
_ESCAPE = re.compile(r"\\[nt\"]|\\u[0-9A-Fa-f]{4}")
_TABLE_RULE = frozenset("|-")
_LONE_BRACKET = re.compile(r"^[ \t]*[\[\]{}],?[ \t]*$", re.MULTILINE)

# UTF-8 read as Latin-1 or Windows-1252 (ì•ˆë…•), CP949 read as Latin-1 (¾È³ç), and what U+FFFD becomes when its UTF-8
# bytes are read as CP949 (占쏙옙).
_MOJIBAKE = re.compile(
    r"(?:[êëìí][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸ]{1,2}){2,}|[\u00a1-\u00ff]{4,}|占쏙옙"
    r"|(?:占[가-힣]{1,4}\s?){2,}"
)

_MAIL_HEADER = re.compile(
    r"^(?:Message-ID|MIME-Version|Received|Return-Path|Content-Type|Content-Transfer-Encoding|X-[\w-]+):\s"
    r"|^(?:From|To|Cc|Reply-To|보낸 ?사람|받는 ?사람|참조)\s*:.*\S@\S+\.\w",
    re.MULTILINE,
)
# One of these is enough; of those below, which a story may mention, it takes several.
_NOTICE = re.compile(
    r"Project Gutenberg|All rights reserved|무단 ?(?:전재|복제|배포)|재배포 ?(?:를 )?금지|저작권자 ?[ⓒ©(]"
    r"|(?i:lorem ipsum)"
    r"|쿠키를 (?:사용|허용)합니다|(?i:cookie policy|we use cookies)|자바스크립트를 (?:활성화|켜)|(?i:enable javascript)"
    r"|Creative Commons|크리에이티브 커먼즈|CC BY(?:-SA|-NC|-ND)*\b",
)
_FOOTER = re.compile(
    r"개인정보 ?(?:처리방침|취급방침)|이용 ?약관|사업자 ?등록 ?번호|통신판매업|회원 ?가입|로그인|고객 ?센터|사이트맵"
    r"|이전 ?글|다음 ?글|댓글 ?\d+|조회 ?수? ?\d+|좋아요 ?\d+|구독|공유하기|목록으로|본문 바로가기|Copyright|©|ⓒ"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to leave a text out, for people (Korean): what it is called and what was found."""

    name: str
    detail: str


def problems(text: str) -> tuple[Problem, ...]:
    """Every reason to leave ``text`` out of examples; empty for a good one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = {
        TOO_SHORT: _short(text),
        "다른 언어": _foreign(text),
        "깨진 글자": _broken(text),
        "서식 표지": _quoted(_MARKUP, text, 1),
        "코드": _code(text, lines),
        "구조화 자료": _structured(text, lines),
        "반복": _repeated(text, lines),
        "상용구": _boilerplate(text),
    }
    return tuple(Problem(name, detail) for name, detail in found.items() if detail)


def _short(text: str) -> str:
    letters = sum(character.isalpha() for character in text)
    return f"글자가 {letters}자뿐입니다." if letters < _FEWEST_LETTERS else ""


def _foreign(text: str) -> str:
    ratio = hangul_ratio(text)
    has_letters = any(character.isalpha() for character in text)
    return f"글자 가운데 한글이 {ratio:.0%}입니다." if has_letters and ratio < _LEAST_HANGUL else ""


def _broken(text: str) -> str:
    bad = sorted({c for c in text if c == "\ufffd" or unicodedata.category(c) in ("Co", "Cn", "Cs")})
    if bad:
        return "쓸 수 없는 글자가 있습니다: " + ", ".join(f"U+{ord(character):04X}" for character in bad[:_SEVERAL])
    if mojibake := _MOJIBAKE.search(text):
        return f"인코딩이 깨졌습니다: {mojibake.group()[:20]}"
    syllables = [character for character in text if "가" <= character <= "힣"]
    uncommon = [syllable for syllable in syllables if not _is_common(syllable)]
    if len(uncommon) >= _SEVERAL and len(uncommon) > _UNCOMMON_SYLLABLES * len(syllables):
        return f"쓰이지 않는 음절이 많습니다: {''.join(uncommon[:10])}"
    return ""


def _is_common(syllable: str) -> bool:
    """Whether it is one of the 2,350 syllables of KS X 1001; Python spells the others out in eight bytes."""
    return len(syllable.encode("euc_kr")) == 2


def _quoted(pattern: re.Pattern[str], text: str, fewest: int) -> str:
    """The first things that ``pattern`` finds, where it finds at least ``fewest`` different ones."""
    found = list(dict.fromkeys(match.group().strip() for match in pattern.finditer(text)))
    return ", ".join(part[:40] for part in found[:_SEVERAL]) if len(found) >= fewest else ""


def _code(text: str, lines: Sequence[str]) -> str:
    if len(_FENCE.findall(text)) > 1:
        return "```로 묶인 코드가 있습니다."
    code = [line for line in lines if _CODE_LINE.fullmatch(line)]
    if len(code) >= _SEVERAL and len(code) > _CODE_LINES * len(lines):
        return f"코드 같은 줄이 {len(code)}줄 있습니다: {code[0][:40]}"
    return ""


def _structured(text: str, lines: Sequence[str]) -> str:
    if _is_json(text):
        return "글 전체가 JSON입니다."
    if found := _quoted(_KEY, text, 1) or _quoted(_ESCAPE, text, 1):
        return f"JSON의 자취가 있습니다: {found}"
    if len(_LONE_BRACKET.findall(text)) > 1:
        return "괄호뿐인 줄이 있습니다."
    if any(_TABLE_RULE <= set(line) <= _TABLE_RULE | set(": ") for line in lines):
        return "표의 가로줄이 있습니다."
    for separator in ("\t", "|", ","):
        if row := _table_row(lines, separator):
            return f"표의 줄이 있습니다: {row[:40]}"
    return ""


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _table_row(lines: Sequence[str], separator: str) -> str:
    """A line that begins a table: this line and the next ones have as many separators, and more than prose has."""
    fewest = 2 if separator != "," else 3
    same = 1
    for before, line in pairwise(lines):
        count = line.count(separator)
        alike = count >= fewest and count == before.count(separator)
        if alike and separator == ",":
            alike = ", " not in line
        same = same + 1 if alike else 1
        if same >= _SEVERAL:
            return before
    return ""


def _repeated(text: str, lines: Sequence[str]) -> str:
    seen = Counter(lines)
    again = {line: count - 1 for line, count in seen.items() if count > 1}
    share_of_lines = sum(again.values()) / max(1, len(lines))
    share_of_characters = sum(len(line) * count for line, count in again.items()) / max(1, sum(map(len, lines)))
    if min(share_of_lines, share_of_characters) > _REPEATED_LINES:
        return f"앞에 나온 줄이 {share_of_lines:.0%}입니다."
    if run := next(_runs(text), ""):
        return f"같은 말이 이어집니다: {run[:20]}"
    return _looping_words(text.split())


def _runs(text: str) -> Iterator[str]:
    for match in re.finditer(r"(\S.{0,19}?)\1{9,}", text):
        if len(match.group()) > _REPEATED_RUN * len(text):
            yield match.group(1)


def _looping_words(words: Sequence[str]) -> str:
    if len(words) < _FEWEST_WORDS:
        return ""
    length = sum(map(len, words))
    for n, share in _REPEATED_WORDS.items():
        counts = Counter(zip(*(words[start:] for start in range(n)), strict=False))
        most, count = counts.most_common(1)[0]
        if count >= _OFTEN and count * sum(map(len, most)) > share * length:
            return f"‘{' '.join(most)}’이 {count}번 나옵니다."
    return ""


def _boilerplate(text: str) -> str:
    return _quoted(_NOTICE, text, 1) or _quoted(_MAIL_HEADER, text, 2) or _quoted(_FOOTER, text, _SEVERAL)
