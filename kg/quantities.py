"""How much or when a text says, as values that can be compared: units converted, dates in order. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

TIME = "때"

# Unit: (dimension, factor to the dimension's own unit). A unit that is missing here compares with itself only.
UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("mm", "밀리미터"), ("길이", 0.001)),
    **dict.fromkeys(("cm", "센티미터"), ("길이", 0.01)),
    **dict.fromkeys(("m", "미터"), ("길이", 1.0)),
    **dict.fromkeys(("km", "킬로미터"), ("길이", 1000.0)),
    **dict.fromkeys(("mg", "밀리그램"), ("무게", 0.001)),
    **dict.fromkeys(("g", "그램"), ("무게", 1.0)),
    **dict.fromkeys(("kg", "킬로그램"), ("무게", 1000.0)),
    **dict.fromkeys(("t", "톤"), ("무게", 1_000_000.0)),
    **dict.fromkeys(("ml", "mL", "밀리리터"), ("부피", 0.001)),
    **dict.fromkeys(("L", "l", "리터"), ("부피", 1.0)),
    **dict.fromkeys(("㎡", "제곱미터"), ("넓이", 1.0)),
    "평": ("넓이", 3.3058),
    "초": ("시간", 1.0),
    "분": ("시간", 60.0),
    "시간": ("시간", 3600.0),
    "일": ("시간", 86_400.0),
    "주": ("시간", 604_800.0),
    "주일": ("시간", 604_800.0),
    "개월": ("시간", 2_629_800.0),
    "달": ("시간", 2_629_800.0),
    "MB": ("크기", 1.0),
    "GB": ("크기", 1024.0),
    "TB": ("크기", 1_048_576.0),
    **dict.fromkeys(("명", "인", "사람"), ("사람", 1.0)),
    **dict.fromkeys(("살", "세"), ("나이", 1.0)),
    **dict.fromkeys(("개", "가지", "종", "종류"), ("개", 1.0)),
    **dict.fromkeys(("곳", "군데", "개소"), ("곳", 1.0)),
    **dict.fromkeys(("%", "퍼센트"), ("비율", 1.0)),
    **dict.fromkeys(("번", "회", "차례"), ("횟수", 1.0)),
}
# Units that compare with themselves only.
_OWN_UNITS = (
    "원 달러 유로 엔 건 년 개국 단계 층 호 대 장 권 편 점 쪽 페이지 자 글자 위 배 석 채 척 마리 그루 송이 켤레 "
    "벌 병 봉 봉지 상자 통 캔 팩 세트 잔 그릇 알 조각 포기 자루 인분 량 칸 줄 매 헥타르 ha 마력 노트 픽셀 "
    "칼로리 kcal 볼트 V 와트 W kW MW kWh mAh dB 데시벨 MHz GHz ℃ 도"
)
COUNTERS = frozenset(_OWN_UNITS.split())
_POWERS = {"십": 10, "백": 100, "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12}
_DAYS = {
    "하루": 1,
    "이틀": 2,
    "사흘": 3,
    "나흘": 4,
    "닷새": 5,
    "엿새": 6,
    "이레": 7,
    "여드레": 8,
    "아흐레": 9,
    "열흘": 10,
}
# Native numerals as they stand before a counter.
_ONES = ("한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_TENS = {"열": 10, "스물": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90}
NUMERALS: dict[str, int] = {
    **{word: number for number, word in enumerate(_ONES, start=1)},
    **{"하나": 1, "둘": 2, "셋": 3, "넷": 4, "스무": 20, **_TENS},
    **{f"{ten}{word}": value + one for ten, value in _TENS.items() for one, word in enumerate(_ONES, start=1)},
    **{f"열 {word}": 10 + number for number, word in enumerate(_ONES, start=1)},
}
_DATE = re.compile(r"(\d{4})\s?(?:년도?|[-./])(?:\s?(\d{1,2})\s?(?:월|[-./])(?:\s?(\d{1,2})\s?일?)?)?")
_AMOUNT = re.compile(
    r"(?P<minus>지하\s?|영하\s?|-)?(?P<number>\d[\d,]*(?:\.\d+)?)\s?(?P<powers>(?:[십백천만억조]+(?:\s?\d[\d,]*)?\s?)*)"
    r"(?P<unit>[가-힣A-Za-z%㎡℃]{1,4})?"
)
# An amount in figures with its unit, as it stands in a text; ``amount_of`` reads it.
WRITTEN_AMOUNT = re.compile(r"\d[\d,]*(?:\.\d+)?\s?[십백천만억조]*\s?[가-힣A-Za-z%㎡℃]{1,4}")
NATIVE = re.compile(rf"(?<![가-힣])({'|'.join(sorted(NUMERALS, key=len, reverse=True))})\s?([가-힣]{{1,2}})")
_TAIL = re.compile(
    r"(?<=.)(?:에서|까지|부터|으로|남짓|정도|이상|이하|이나|이며|이고|이다|이었|이라|입니|였다|에|의|은|는|이|가|을|를|로|과|와|도|만|씩).*$"
)
_KNOWN = sorted(UNITS, key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class Amount:
    """``value`` in the own unit of ``dimension``; amounts of different dimensions do not compare."""

    dimension: str
    value: float


def amount_of(text: str) -> Amount | None:
    """The first amount or date that a text says; None where it says none.

    '3억 2천만 원' is 320,000,000 of 원, '1.5km' 1500 of 길이, '지하 1층' -1 of 층, '사흘' three days of 시간, and a
    date is a number of 때 that grows with time ('2024년' stands for its beginning).
    """
    text = text.strip()
    if date := _DATE.search(text):
        year, month, day = (int(part or 0) for part in date.groups())
        return Amount(TIME, year * 372.0 + month * 31 + day)
    if found := _AMOUNT.search(text):
        value = _number(found["number"], found["powers"]) * (-1 if found["minus"] else 1)
        return _in_dimension(value, found["unit"] or "")
    if days := next((word for word in _DAYS if text.startswith(word)), ""):
        return Amount("시간", _DAYS[days] * 86_400.0)
    if (native := NATIVE.search(text)) and (" " in native.group() or native[2] in COUNTERS or native[2] in UNITS):
        return _in_dimension(NUMERALS[native[1]], native[2])
    return None


def unit_dimension(unit: str) -> str:
    """The dimension that a unit counts: '살' and '세' both 나이; a unit of its own is its own dimension."""
    return UNITS.get(unit, (unit, 1.0))[0]


def fits_unit(unit: str, dimension: str) -> bool:
    """Whether an amount of a dimension is counted in a unit: 살 counts 나이."""
    return unit_dimension(unit) == dimension


def _in_dimension(value: float, tail: str) -> Amount:
    unit = next((known for known in _KNOWN if tail.startswith(known)), tail)
    dimension, factor = UNITS.get(unit, (_own(unit), 1.0))
    return Amount(dimension, value * factor)


def _own(tail: str) -> str:
    """A unit that is not in the table, without the particle or word behind it ('층에' is 층)."""
    return _TAIL.sub("", tail) or tail


def _number(digits: str, powers: str) -> float:
    """'3', '억 2천만' is 320,000,000: a power multiplies what stands before it since the last bigger one."""
    total, section = 0.0, float(digits.replace(",", ""))
    for part in re.findall(r"\d[\d,]*|[십백천만억조]", powers):
        if part in _POWERS:
            power = _POWERS[part]
            if power >= 10**4:
                total, section = total + (section or 1.0) * power, 0.0
            else:
                section = (section or 1.0) * power
        else:
            section += float(part.replace(",", ""))
    return total + section
