"""How a clause says something: as true, denied, planned, by hearsay, as past; and from when until when. Pure."""

from __future__ import annotations

import re

from ingest import Mode
from kg.literals import DATE, canonical

# Syllables that end in ㄹ, as the adnominal ending of what is still to come does (할, 될, 갈).
_FUTURE = "[" + "".join(chr(code) for code in range(0xAC00, 0xD7A4) if (code - 0xAC00) % 28 == 8) + "]"
_PAST = "[" + "".join(chr(code) for code in range(0xAC00, 0xD7A4) if (code - 0xAC00) % 28 == 20) + "]"
_DENIED = re.compile(
    r"지(?:는|도|를|조차)?\s?(?:않|못|말|아니)|아니[다며고지었라]|아닌|아닙|아님|아니었|없[다는으지고습었을]|말고|대신"
)
_NOT = re.compile(r"(?<![가-힣])(?:안|못)\s?$")
_UNSAID = re.compile(
    rf"{_FUTURE}\s수|가능성|(?:[다라자]|으|[가-힣])면(?=[\s,]|$)|려면|거나(?=[\s,]|$)|{_FUTURE}지(?=[\s,도]|$)|"
    r"[아어여해]야|더라도|도록(?=[\s,]|$)|는지(?=[\s,도]|$)|든지"
)  # fmt: skip
_PLANNED = re.compile(
    rf"예정|계획|방침|목표|구상|검토|려고|고자\s|기로\s?(?:했|하|결정|합의|함)|{_FUTURE}\s(?:것이|것입|거|것\b)|겠[다습어]|추진"
)  # fmt: skip
_REPORTED = re.compile(
    r"것으로\s?(?:알려|전해|보|추정|추측|여겨)|(?:다|라)고\s?(?:한다|합니다|했다|하며|하는|하였|말|밝|알려|전|주장|보도|발표)|"
    r"(?:다|라)는\s?(?:소문|말|이야기|얘기|주장|설|관측)|소문|추정|추측|듯하|듯싶"
)  # fmt: skip
_FORMER_TAIL = re.compile(rf"{_PAST}었|[가-힣]던(?=\s|$)|(?:였|이었)으나|(?:였|이었)지만|(?:였|이었)다가")
_FORMER = re.compile(
    r"(?<![가-힣])(?:한때|과거에?는?|예전에?는?|이전에는|전에는|종전에?는?|당초에?는?|옛|전직)(?![가-힣])"
)

_DATE = rf"(?:{DATE}|\d{{1,4}}\s?화)"  # a date, or an episode of a story
_SINCE = re.compile(rf"({_DATE})\s?(?:[가-힣]{{1,4}}분)?(?:부터|이후|이래|자로|을 기해|를 기해)")
_UNTIL = re.compile(rf"({_DATE})\s?(?:[가-힣]{{1,4}}분)?(?:까지|이전까지)")
_RANGE = re.compile(rf"({_DATE})\s?[~∼〜–]\s?({_DATE}|현재|지금)?")
_MONTH = re.compile(r"(?<![\d년]\s)(?<!\d)(\d{1,2})월(?:\s?(\d{1,2})일)?\s?(부터|까지)")
_AT = re.compile(rf"({_DATE})에")
# What begins when it happens: '2021년에 취임했다' holds since then.
_BEGINNINGS = (
    "취임", "선임", "임명", "합류", "입사", "부임", "되", "맡", "옮기", "이전", "바꾸", "변경", "열", "인수", "전환",
    "편입", "승진", "오르", "선출", "이사", "체결", "맺", "시작",
)  # fmt: skip


# What a notice or an episode says with one of these begins then.
_FROM_NOW = re.compile(r"(?<![가-힣])(?:이제|앞으로|오늘부터|이날부터|같은 날부터|이번부터|새로|이 화부터)(?![가-힣])")


def begins_then(sentence: str, stem: str) -> bool:
    """Whether what a sentence says with the predicate ``stem`` begins on the day of which it tells."""
    return stem in _BEGINNINGS or _FROM_NOW.search(sentence) is not None


def mode_of(before: str, tail: str, negated: bool = False) -> Mode | None:
    """How a predicate is said, by the words ``before`` it in its clause and its endings, ``tail``.

    None where it is said neither to be nor not to be: conditions, possibilities, duties.
    """
    if re.search(rf"{_FUTURE}\s(?:수|필요)", tail):
        return None
    if negated != bool(_DENIED.search(tail)) or _NOT.search(before):
        return "denied"
    if _REPORTED.search(tail):
        return "reported"
    if _PLANNED.search(tail):
        return "planned"
    if _UNSAID.search(tail):
        return None
    if _FORMER_TAIL.search(tail) or _FORMER.search(before):
        return "former"
    return "asserted"


def period_of(clause: str, stem: str, year: str = "") -> tuple[str, str]:
    """(since, until) of a clause with the predicate ``stem``, '' where it does not say.

    ``year`` ('2025년') completes dates without one, as a dated notice uses them.
    """
    since = until = ""
    if found := _RANGE.search(clause):
        since = canonical("날짜", found.group(1)) or ""
        until = canonical("날짜", found.group(2) or "") or ""
        return since, until
    if found := _SINCE.search(clause):
        since = canonical("날짜", found.group(1)) or ""
    if found := _UNTIL.search(clause):
        until = canonical("날짜", found.group(1)) or ""
    if not since and stem in _BEGINNINGS and (found := _AT.search(clause)):
        since = canonical("날짜", found.group(1)) or ""
    for month in _MONTH.finditer(clause) if year else ():
        date = f"{year} {int(month.group(1))}월" + (f" {int(month.group(2))}일" if month.group(2) else "")
        if month.group(3) == "부터":
            since = since or date
        else:
            until = until or date
    return since, until
