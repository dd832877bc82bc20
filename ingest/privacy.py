"""Personal data of Korean documents, masked before anything is kept. Pure: text in, masked text and counts out.

Numbers are told by their form, their arithmetic and the words beside them; names and addresses are left to people.
Numbers that the public may see stay: of businesses and corporations, of products, of calls to a company (1588-0000).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from ingest.cleaning import Change

PersonalData = Literal["resident_number", "card", "phone", "email", "driver_licence", "passport", "bank_account"]
PERSONAL_DATA: tuple[PersonalData, ...] = get_args(PersonalData)


def mask(text: str, kinds: Collection[PersonalData] = PERSONAL_DATA) -> tuple[str, tuple[Change, ...]]:
    """``text`` with personal data of these ``kinds`` as '[주민등록번호]' and the like, and how many of each there were.

    Full-width digits, kinds of hyphens, spaces and zero-width characters in a number hide nothing.
    """
    seen = _Seen.of(text)
    parts: list[str] = []
    counts: dict[str, int] = {}
    end = 0
    for found in sorted(_find(seen.text), key=lambda found: found.start):
        if found.kind in kinds:
            parts += text[end : seen.places[found.start]], f"[{found.label}]"
            end = seen.places[found.end - 1] + 1
            counts[found.label] = counts.get(found.label, 0) + 1
    changes = tuple(Change(f"{label} 가림", count) for label, count in counts.items())
    return "".join([*parts, text[end:]]), changes


# One way to write for many

_HYPHENS = "‐‑‒–—―−﹘﹣ー─━ㅡ"


@dataclass(frozen=True, slots=True)
class _Seen:
    """``text`` as it is searched; character ``i`` of it stood at ``places[i]``."""

    text: str
    places: list[int]

    @classmethod
    def of(cls, text: str) -> _Seen:
        plain = {character: _plain(character) for character in set(text)}
        places = [place for place, character in enumerate(text) if plain[character]]
        return cls("".join(plain[text[place]] for place in places), places)


def _plain(character: str) -> str:
    """ASCII for what looks like it; nothing for what is not seen. Never more than one character."""
    if character.isascii():
        return character
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.decimal(character))
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    if character in _HYPHENS:
        return "-"
    if unicodedata.category(character) in ("Cf", "Mn"):
        return ""
    return " " if character.isspace() else character


# Where personal data stands


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    kind: PersonalData
    label: str


_Label = Callable[[re.Match[str]], str]


def _find(text: str) -> Iterator[_Found]:
    """Every piece once: what is one kind is no other, whether or not that kind is asked for."""
    taken = bytearray(len(text))
    for kind, pattern, label_of in _KINDS:
        for match in pattern.finditer(text):
            if not any(taken[match.start() : match.end()]) and (label := label_of(match)):
                taken[match.start() : match.end()] = b"\1" * len(match.group())
                yield _Found(match.start(), match.end(), kind, label)


def _digits(match: re.Match[str]) -> str:
    return "".join(filter(str.isdigit, match.group()))


def _near(match: re.Match[str], words: re.Pattern[str], before: int, after: int = 0) -> bool:
    start, end = match.span()
    return bool(words.search(match.string[max(0, start - before) : start] + "\n" + match.string[end : end + after]))


def _named_otherwise(match: re.Match[str]) -> bool:
    return bool(_OTHER_NUMBER.search(match.string[max(0, match.start() - 25) : match.start()]))


# Whole numbers only: nothing of the same number on either side, no code, no decimal, no longer row of groups.
_START = r"(?<![0-9A-Za-z_])(?<![0-9][-.])"
_END = r"(?![0-9A-Za-z_])(?![-.][0-9])"
_OTHER_NUMBER = re.compile(
    r"(?:법인|사업자|고유|승인|문서|접수|공고|주문|예약|송장|운송장|배송|택배|소포|등기|관리|사건|상품|제품|물품|품목|모델|부품|"
    r"일련|시리얼|증권|허가|신고|우편|거래|바코드|도서|자산|특허|출원)\s*(?:등록|조회)?\s*(?:번호|코드|No\.?)?\s*[:=#]?\s*$"
)


# Resident registration numbers, of citizens and of foreigners

_RESIDENT = re.compile(
    rf"{_START}(?:\d{{6}}(?: {{0,2}}-[ \n]{{0,2}}| {{0,2}})[1-8]\d{{6}}|(?:\d ){{5}}\d ?-? ?[1-8](?: \d){{6}}){_END}"
)
_RESIDENT_WORD = re.compile("주민|외국인|생년월일|민증")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _resident(match: re.Match[str]) -> str:
    """By the date in it and not by its checksum, which numbers given out since October 2020 no longer have."""
    digits = _digits(match)
    label = "외국인등록번호" if digits[6] in "5678" else "주민등록번호"
    if _near(match, _RESIDENT_WORD, 30):
        return label
    # Born between 1920 and 2039: others are rather numbers of corporations, moments in milliseconds and the like.
    is_living = int(digits[:2]) >= 20 if digits[6] in "1256" else int(digits[:2]) < 40
    if not is_living or not _is_day(digits[2:6]) or _named_otherwise(match):
        return ""
    return "" if match.group().isdigit() and (_is_barcode(digits) or _is_dated(digits)) else label


def _is_day(digits: str) -> bool:
    month, day = int(digits[:2]), int(digits[2:])
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]


def _is_barcode(digits: str) -> bool:
    """A barcode of Korea: 880 and a right check digit (GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits.startswith("880") and total % 10 == 0


def _is_dated(digits: str) -> bool:
    """A key of a registry that begins with year, month and day."""
    return digits.startswith(("19", "20")) and _is_day(digits[4:8])


# Payment cards

_CARD = re.compile(
    rf"{_START}(?:\d{{4}}(?P<four>[ ]?-?[ ]?)\d{{4}}(?P=four)\d{{4}}(?P=four)\d{{4}}"
    rf"|3\d{{3}}(?P<amex>[ ]?-?[ ]?)\d{{6}}(?P=amex)\d{{4,5}}){_END}"
)
_CARD_WORD = re.compile("카드|card", re.IGNORECASE)
# The first digits of issuers (ISO/IEC 7812): any, and those so common that a bare row of digits is enough.
_ISSUER = re.compile("4|5[1-5]|2[2-7]|3[4-8]|6|9")
_WELL_KNOWN_ISSUER = re.compile("4|5[1-5]|3[4-7]|62|65")


def _card(match: re.Match[str]) -> str:
    digits = _digits(match)
    shown = not match.group().isdigit() or _near(match, _CARD_WORD, 20)
    issuer = _ISSUER if shown else _WELL_KNOWN_ISSUER
    return "카드번호" if issuer.match(digits) and _is_luhn(digits) and not _named_otherwise(match) else ""


def _is_luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


# Telephones: of people and of places, not of companies as a whole

_GAP = r"[ ]{0,2}[-.)]?[ ]{0,2}"
_ABROAD = r"(?:\+[ ]?82|0082|82(?=-))[-. ]{0,2}(?:\(0\)|0)?"
_MOBILE = re.compile(rf"{_START}(?:{_ABROAD}|\(?0)(?:10{_GAP}\d{{4}}|1[16789]{_GAP}\d{{3,4}}){_GAP}\d{{4}}{_END}")
_LANDLINE = re.compile(
    rf"{_START}(?:{_ABROAD}|\(?0)(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d){_GAP}[1-9]\d{{2,3}}{_GAP}\d{{4}}{_END}"
)
_PHONE_WORD = re.compile(
    r"전화|연락|휴대|핸드폰|팩스|문의|대표|fax|tel|phone|☎|☏|📞|📱|\bT\b|\bF\b|\bM\b", re.IGNORECASE
)


def _mobile(match: re.Match[str]) -> str:
    """The old prefixes (011, 016 …) in a bare row of digits need the word."""
    shown = not match.group().isdigit() or match.group().startswith("010")
    return "전화번호" if (shown and not _named_otherwise(match)) or _near(match, _PHONE_WORD, 20) else ""


def _landline(match: re.Match[str]) -> str:
    """Hyphens or brackets between all groups show a telephone; anything else needs the word."""
    shown = len(re.findall("[-)]", match.group())) > 1
    return "전화번호" if (shown and not _named_otherwise(match)) or _near(match, _PHONE_WORD, 20) else ""


# Addresses of mail

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?!git@)[A-Za-z0-9_](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?+"
    r"(?:@| ?[\[(] ?(?:at|골뱅이) ?[\])] ?)"
    r"(?:[A-Za-z0-9-]{1,63}\.){1,8}(?!(?:png|jpe?g|gif|webp|svg)(?![A-Za-z]))[A-Za-z]{2,24}(?![A-Za-z0-9])"
)


# Licences, passports, accounts

_REGION = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_DRIVER = re.compile(
    rf"{_START}(?:(?:1[1-9]|2[0-8])(?P<gap>[- ]?)\d\d(?P=gap)\d{{6}}(?P=gap)\d\d"
    rf"|(?:{_REGION})[- ]?\d\d-\d{{6}}-\d\d){_END}"
)
_DRIVER_WORD = re.compile("면허")


def _driver(match: re.Match[str]) -> str:
    shown = "-" in match.group() and not _named_otherwise(match)
    return "운전면허번호" if shown or _near(match, _DRIVER_WORD, 25) else ""


_PASSPORT = re.compile(rf"{_START}[A-Za-z]{{1,2}} ?\d{{3}}(?: ?[A-Za-z] ?\d{{4}}|\d{{4,5}}){_END}")
_PASSPORT_WORD = re.compile("여권|passport", re.IGNORECASE)


def _passport(match: re.Match[str]) -> str:
    return "여권번호" if _near(match, _PASSPORT_WORD, 30, 12) else ""


_ACCOUNT = re.compile(
    rf"{_START}(?:\d{{2,6}}(?:-\d{{1,8}}){{1,3}}|\d{{2,6}}(?: \d{{2,8}}){{1,3}}|\d{{10,16}}){_END}"
    r"(?! ?(?:원|달러|엔|유로|명|건|개|주|회|%|KRW|USD))"
)
_ACCOUNT_WORD = re.compile("계좌|은행|뱅크|농협|수협|신협|축협|새마을금고|우체국|입금|송금|이체|예금주")
_BANK_ALONE = re.compile(
    r"(?:국민|신한|우리|하나|기업|산업|제일|씨티|부산|대구|광주|전북|경남|제주|토스|카카오|KB|NH|IBK|SC) ?$"
)
_PUBLIC_SHAPE = re.compile(r"\d{3}-\d\d-\d{5}|080-\d{3,4}-\d{4}|\d{6}-\d{7}|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-.*")


def _account(match: re.Match[str]) -> str:
    if not 10 <= len(_digits(match)) <= 16 or _PUBLIC_SHAPE.fullmatch(match.group()) or _named_otherwise(match):
        return ""
    return "계좌번호" if _near(match, _ACCOUNT_WORD, 25, 12) or _near(match, _BANK_ALONE, 6) else ""


_KINDS: tuple[tuple[PersonalData, re.Pattern[str], _Label], ...] = (
    ("email", _EMAIL, lambda _: "전자우편"),
    ("resident_number", _RESIDENT, _resident),
    ("card", _CARD, _card),
    ("phone", _MOBILE, _mobile),
    ("phone", _LANDLINE, _landline),
    ("driver_licence", _DRIVER, _driver),
    ("passport", _PASSPORT, _passport),
    ("bank_account", _ACCOUNT, _account),
)
