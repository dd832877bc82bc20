from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.cleaning import Change
from ingest.privacy import PERSONAL_DATA, PersonalData, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        # every form of a resident registration number
        ("주민번호 900101-1234567입니다", "주민번호 [주민등록번호]입니다"),
        ("９００１０１－１２３４５６７", "[주민등록번호]"),
        ("900101 - 1234567", "[주민등록번호]"),
        ("900101 1234567", "[주민등록번호]"),
        ("900101–1234567, 900101—1234567, 900101ㅡ1234567", "[주민등록번호], [주민등록번호], [주민등록번호]"),
        ("9001\u200b01-12\u200b34567", "[주민등록번호]"),
        ("9001011234567", "[주민등록번호]"),
        ("900101-\n1234567", "[주민등록번호]"),
        ("9 0 0 1 0 1 - 1 2 3 4 5 6 7", "[주민등록번호]"),
        ("홍길동,900101-1234567,남", "홍길동,[주민등록번호],남"),
        ("050315-3123456과 850505-6123456", "[주민등록번호]과 [외국인등록번호]"),
        ("주민등록번호: 990231-1234567", "주민등록번호: [주민등록번호]"),
        # and what only looks like one
        ("991301-1234567", "991301-1234567"),
        ("990230-1234567", "990230-1234567"),
        ("법인등록번호 110111-3123456", "법인등록번호 110111-3123456"),
        ("주문번호: 240512-3000123", "주문번호: 240512-3000123"),
        ("8801062267217", "8801062267217"),
        ("주민번호 8801062267217", "주민번호 [주민등록번호]"),
        ("9788936434120", "9788936434120"),
        ("1710201234567, 부칙키: 2006122808101", "1710201234567, 부칙키: 2006122808101"),
        ("240512\n1234567", "240512\n1234567"),
        ("A900101-1234567, 900101-12345678, 2900101-1234567", "A900101-1234567, 900101-12345678, 2900101-1234567"),
        # telephones
        ("010-1234-5678로 연락", "[전화번호]로 연락"),
        ("01012345678, 010.1234.5678, 010 1234 5678", "[전화번호], [전화번호], [전화번호]"),
        ("(010)1234-5678 / 010)1234-5678 / 010 - 1234 - 5678", "[전화번호] / [전화번호] / [전화번호]"),
        ("+82-10-1234-5678, +82 10 1234 5678, +821012345678", "[전화번호], [전화번호], [전화번호]"),
        ("０１０－１２３４－５６７８", "[전화번호]"),
        ("016-123-4567, 0507-1234-5678, 070-1234-5678", "[전화번호], [전화번호], [전화번호]"),
        ("02-123-4567, 02)1234-5678, (031) 123-4567", "[전화번호], [전화번호], [전화번호]"),
        ("TEL 02 123 4567, 전화 0311234567", "TEL [전화번호], 전화 [전화번호]"),
        ("02 123 4567, 군번 02-12345678, 0161234567", "02 123 4567, 군번 02-12345678, 0161234567"),
        ("휴대폰 0161234567, 접수번호 010-1234-5678", "휴대폰 [전화번호], 접수번호 010-1234-5678"),
        ("1588-1234, 112, 080-123-4567", "1588-1234, 112, 080-123-4567"),
        ("2010-1234-5678, 3.010-1234-5678", "2010-1234-5678, 3.010-1234-5678"),
        # mail
        ("hong.gildong+a@example.co.kr로", "[전자우편]로"),
        ("ｈｏｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ", "[전자우편]"),
        ("hong[at]example.com", "[전자우편]"),
        ("icon@2x.png, @scope/pkg, git@github.com:a/b, 4 @ 5", "icon@2x.png, @scope/pkg, git@github.com:a/b, 4 @ 5"),
        # cards
        ("4111-1111-1111-1111, 4111 1111 1111 1111", "[카드번호], [카드번호]"),
        ("5555555555554444, 3782-822463-10005", "[카드번호], [카드번호]"),
        ("9410-1234-5678-9010, 카드 9410123456789010", "[카드번호], 카드 [카드번호]"),
        ("9410123456789010, 2223000048400011", "9410123456789010, 2223000048400011"),
        ("4111-1111-1111-1112, 7000-0000-0012-3450", "4111-1111-1111-1112, 7000-0000-0012-3450"),
        ("4111-1111 1111-1111", "4111-1111 1111-1111"),
        # passports, licences, accounts
        ("여권 M12345678, 여권번호는 M123A4567", "여권 [여권번호], 여권번호는 [여권번호]"),
        ("모델 M12345678", "모델 M12345678"),
        ("11-22-123456-78", "[운전면허번호]"),
        ("면허번호 112212345678", "면허번호 [운전면허번호]"),
        ("서울 01-123456-12", "[운전면허번호]"),
        ("국민은행 123456-04-123456 예금주 홍길동", "국민은행 [계좌번호] 예금주 홍길동"),
        ("신한 110-234-567890, 계좌: 11023456789012", "신한 [계좌번호], 계좌: [계좌번호]"),
        ("110-234-567890", "110-234-567890"),
        ("은행 사업자등록번호 202-81-12345", "은행 사업자등록번호 202-81-12345"),
        ("계좌에 1234567890원 입금, 은행 080-123-4567", "계좌에 1234567890원 입금, 은행 080-123-4567"),
        ("은행 문의 02-1234-5678", "은행 문의 [전화번호]"),
    ],
)
def test_each_form(text: str, masked: str) -> None:
    assert mask(text)[0] == masked


def test_changes_are_named_and_counted() -> None:
    text = "900101-1234567 010-1234-5678 a@b.kr 010-2222-3333 850505-6123456"
    masked, changes = mask(text)
    assert masked == "[주민등록번호] [전화번호] [전자우편] [전화번호] [외국인등록번호]"
    assert changes == (
        Change("주민등록번호 가림", 1),
        Change("전화번호 가림", 2),
        Change("전자우편 가림", 1),
        Change("외국인등록번호 가림", 1),
    )


def test_only_the_kinds_asked_for_are_masked() -> None:
    text = "계좌 문의 02-1234-5678, a@b.kr"
    assert mask(text, {"email"})[0] == "계좌 문의 02-1234-5678, [전자우편]"
    assert mask(text, {"bank_account"}) == (text, ())
    assert mask(text, ()) == (text, ())


def test_masking_twice_changes_nothing_more() -> None:
    masked, _ = mask("계좌 110-234-567890, 여권 M12345678, 900101-1234567")
    assert mask(masked) == (masked, ())


@settings(deadline=None, database=None, derandomize=True, max_examples=300)
@given(st.text(st.sampled_from("0123456789-. @a,９－\u200b\n계좌여권주민가")))
def test_all_but_the_masked_stays_in_place(text: str) -> None:
    masked, changes = mask(text)
    pieces = [piece for piece in _split_at_masks(masked) if piece]
    position = 0
    for piece in pieces:
        position = text.index(piece, position) + len(piece)
    assert masked.count("[") == sum(change.count for change in changes)


def _split_at_masks(masked: str) -> list[str]:
    return [piece.rpartition("]")[2] for piece in masked.split("[")]


# Figures, on tables made by rule

EACH = 200
FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")


def number(rng: random.Random, digits: int) -> str:
    return "".join(rng.choices("0123456789", k=digits))


def luhn(body: str) -> str:
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def ean(body: str) -> str:
    return body + str(-sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(body)) % 10)


def resident(rng: random.Random) -> str:
    year = rng.randrange(1925, 2025)
    century = rng.choice("1256" if year < 2000 else "3478")
    front = f"{year % 100:02}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    back = century + number(rng, 6)
    form = rng.choice(("{}-{}", "{} - {}", "{} {}", "{}–{}", "{}－{}", "{}{}", "{}-\u200b{}", "full", "spaced"))
    match form:
        case "full":
            return f"{front}-{back}".translate(FULL_WIDTH)
        case "spaced":
            return " ".join(f"{front}-{back}")
        case _:
            return form.format(front, back)


def mobile(rng: random.Random) -> str:
    form = rng.choice(("0{}-{}-{}", "0{}.{}.{}", "0{} {} {}", "0{}{}{}", "(0{}){}-{}", "+82-{}-{}-{}", "+82 {} {} {}"))
    return form.format("10", rng.choice("23456789") + number(rng, 3), number(rng, 4))


def landline(rng: random.Random) -> str:
    area = rng.choice(("2", "31", "32", "33", "42", "43", "51", "54", "55", "61", "63", "64", "70"))
    form = rng.choice(("0{}-{}-{}", "0{}){}-{}", "(0{}) {}-{}", "+82-{}-{}-{}", "전화 0{} {} {}", "TEL. 0{}.{}.{}"))
    return form.format(area, rng.choice("23456789") + number(rng, rng.choice((2, 3))), number(rng, 4))


def email(rng: random.Random) -> str:
    name = "".join(rng.choices("abcdefghijklmnop", k=5)) + rng.choice(("", ".kim", "_01", "+news", "-z"))
    return name + rng.choice(("@", "@", "＠", "[at]")) + rng.choice(("naver.com", "mail.example.co.kr", "a-b.io"))


def card(rng: random.Random) -> str:
    digits = luhn(rng.choice(("4", "51", "55", "62", "94", "35")) + number(rng, 14))[:16]
    digits = luhn(digits[:15])
    groups = [digits[place : place + 4] for place in range(0, 16, 4)]
    return "카드 " + rng.choice(("-", " ", "", " - ")).join(groups)


def passport(rng: random.Random) -> str:
    letter = rng.choice("MSRODG")
    code = rng.choice((letter + number(rng, 8), f"{letter}{number(rng, 3)}{rng.choice('ABCDEFG')}{number(rng, 4)}"))
    return rng.choice(("여권번호: ", "여권번호는 ", "여권(", "Passport No. ")) + code


def licence(rng: random.Random) -> str:
    parts = (str(rng.randrange(11, 29)), number(rng, 2), number(rng, 6), number(rng, 2))
    return rng.choice(("면허번호 " + "".join(parts), "-".join(parts), "운전면허 " + " ".join(parts)))


def account(rng: random.Random) -> str:
    shape = rng.choice(((3, 3, 6), (6, 2, 6), (4, 3, 6), (3, 4, 4, 2), (4, 2, 7), (3, 6, 2, 3)))
    parts = [rng.choice("123456789") + number(rng, size - 1) for size in shape]
    where = rng.choice(("국민은행 ", "계좌번호: ", "카카오뱅크 ", "농협 ", "입금 계좌는 ", "신한 ", "우체국 "))
    return where + rng.choice(("-", "")).join(parts)


POSITIVES: dict[PersonalData, tuple[Callable[[random.Random], str], ...]] = {
    "resident_number": (resident,),
    "phone": (mobile, landline),
    "email": (email,),
    "card": (card,),
    "passport": (passport,),
    "driver_licence": (licence,),
    "bank_account": (account,),
}


def isbn(rng: random.Random) -> str:
    digits = ean(rng.choice(("97889", "97911")) + number(rng, 7))
    return rng.choice((digits, f"ISBN {digits[:3]}-{digits[3:5]}-{digits[5:9]}-{digits[9:12]}-{digits[12]}"))


def date(rng: random.Random) -> str:
    year, month, day = rng.randrange(1900, 2030), rng.randrange(1, 13), rng.randrange(1, 29)
    form = rng.choice(("{}-{:02}-{:02}", "{}.{:02}.{:02}", "{}년 {}월 {}일", "{}{:02}{:02}", "{}/{:02}/{:02} 13:05:22"))
    return form.format(year, month, day)


NEGATIVES: tuple[Callable[[random.Random], str], ...] = (
    lambda rng: f"{rng.randrange(10**11):,}원",
    lambda rng: f"{rng.randrange(10**6, 10**12)}원",
    lambda rng: f"계좌 잔액 {rng.randrange(10**9, 10**11)}원",
    lambda rng: f"은행 자산 {rng.randrange(10**9, 10**14):,}달러",
    date,
    lambda rng: f"{date(rng)} ~ {date(rng)}",
    isbn,
    lambda rng: ean("880" + number(rng, 9)),
    lambda rng: f"{rng.choice('ABMSR')}{rng.choice('ABC')}-{number(rng, 4)}-{number(rng, 6)}",
    lambda rng: f"모델명 {rng.choice('MSR')}{number(rng, 8)}",
    lambda rng: f"제{rng.randrange(1, 900)}조의{rng.randrange(2, 9)} 제{rng.randrange(1, 20)}항",
    lambda rng: f"법률 제{number(rng, 5)}호, 고시 제20{number(rng, 2)}-{number(rng, 3)}호",
    lambda rng: f"20{number(rng, 2)}다{number(rng, 6)} 판결",
    lambda rng: f"사업자등록번호 {number(rng, 3)}-{number(rng, 2)}-{number(rng, 5)}",
    lambda rng: f"법인등록번호 {rng.choice(('110111', '131111', '180111'))}-{number(rng, 7)}",
    lambda rng: f"{rng.choice(('1588', '1577', '1644', '1899'))}-{number(rng, 4)}",
    lambda rng: f"은행 고객센터 080-{number(rng, 3)}-{number(rng, 4)}",
    lambda rng: f"운송장번호 {number(rng, rng.choice((10, 11, 12, 13)))}",
    lambda rng: f"키 20{rng.randrange(10, 27)}{rng.randrange(10, 13)}{rng.randrange(10, 29)}{number(rng, 5)}",
    lambda rng: f"주문번호: {date(rng).replace('-', '')[:8]}-{number(rng, 7)}",
    lambda rng: f"17{number(rng, 8)} 초, 17{rng.randrange(30, 99)}{number(rng, 9)} 밀리초",
    lambda rng: ".".join(str(rng.randrange(256)) for _ in range(4)),
    lambda rng: f"v{rng.randrange(9)}.{rng.randrange(20)}.{rng.randrange(20)}, 0.{number(rng, 12)}",
    lambda rng: f"{rng.getrandbits(160):040x}",
    lambda rng: (
        f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{number(rng, 3)}-a{number(rng, 3)}-{number(rng, 12)}"
    ),
    lambda rng: f"위도 {rng.randrange(33, 39)}.{number(rng, 7)}, 경도 12{rng.randrange(5, 9)}.{number(rng, 7)}",
    lambda rng: f"{rng.randrange(10, 99)}가 {number(rng, 4)}, 우편번호 {number(rng, 5)}",
    lambda rng: f"arXiv:{number(rng, 4)}.{number(rng, 5)}, doi:10.1{number(rng, 3)}/j.{number(rng, 6)}",
    lambda rng: (
        f"점수 {rng.randrange(99)}-{rng.randrange(99)}, {rng.randrange(1900, 2030)}-{rng.randrange(1900, 2030)}"
    ),
    lambda rng: f"icon@{rng.randrange(2, 4)}x.png, 10@{number(rng, 3)}, @user{number(rng, 3)}",
    lambda rng: " ".join(number(rng, rng.choice((2, 3, 4))) for _ in range(5)),
    lambda rng: f"| {number(rng, 6)} | {number(rng, 7)} | {number(rng, 4)} |",
    lambda rng: f"문서번호 {number(rng, 4)}-{number(rng, 4)}-{number(rng, 4)}",
    lambda rng: f"승인번호 {number(rng, 8)}, 군번 {number(rng, 2)}-{number(rng, 8)}",
    lambda rng: f"{number(rng, 16)}번 상품",
)
SENTENCES = (
    "{}",
    "그는 {}라고 적었다.",
    "확인: {}",
    "기록은 {}, 그리고 다음 줄이다.",
    "“{}.” 그녀가 읽었다.",
    "(표 3) {}을 보라",
)


def table(makers: tuple[Callable[[random.Random], str], ...], size: int, seed: str) -> Iterator[str]:
    rng = random.Random(seed)
    for row in range(size):
        yield rng.choice(SENTENCES).format(makers[row % len(makers)](rng))


def test_recall_and_precision_on_tables_made_by_rule() -> None:
    hits = misses = false = 0
    for kind, makers in POSITIVES.items():
        for text in table(makers, EACH, kind):
            found = sum(change.count for change in mask(text, {kind})[1])
            hits, misses = (hits + 1, misses) if found == 1 else (hits, misses + 1)
            false += max(0, sum(change.count for change in mask(text)[1]) - 1)
    negatives = list(table(NEGATIVES, 40 * len(NEGATIVES), "negatives"))
    false += sum(sum(change.count for change in mask(text)[1]) for text in negatives)
    assert hits + misses >= 1000
    assert len(negatives) >= 1000
    assert hits / (hits + misses) >= 0.99
    assert hits / (hits + false) >= 0.98


@pytest.mark.parametrize("kind", PERSONAL_DATA)
def test_recall_of_each_kind(kind: PersonalData) -> None:
    missed = [text for text in table(POSITIVES[kind], EACH, f"each {kind}") if not mask(text, {kind})[1]]
    assert len(missed) <= 0.02 * EACH, missed
