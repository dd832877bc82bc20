from __future__ import annotations

import pytest

from ingest import Korean
from kg import Names, Ontology, extend, parse_ontology
from kg.resolution import Aliases, chosen, find_aliases, same_sound
from kg.types import Entity

WORLD = """
name = "w"
[classes."사람"]
[classes."회사"]
[[entities]]
name = "SolverX"
class = "회사"
[[entities]]
name = "하늘중앙도서관"
class = "회사"
[[entities]]
name = "한들콩영농조합"
class = "회사"
[[entities]]
name = "서유하"
class = "사람"
[[entities]]
name = "나루 공방"
class = "회사"
[[entities]]
name = "윤태경"
class = "사람"
[[entities]]
name = "이안"
class = "사람"
"""


@pytest.fixture(scope="module")
def world() -> Ontology:
    return extend(parse_ontology('name = "base"', "base.toml"), parse_ontology(WORLD, "w.toml"))


@pytest.fixture
def given(world: Ontology, korean: Korean) -> object:
    return lambda text: find_aliases(text, world, Names(world), korean)


def names(aliases: Aliases) -> dict[str, str]:
    return {alias: entities[0].name for alias, entities in aliases.names.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("솔버엑스(SolverX)는 크다.", {"솔버엑스": "SolverX"}),
        ("SolverX(솔버엑스)는 크다.", {"솔버엑스": "SolverX"}),
        ("하늘중앙도서관(이하 중앙관)은 크다.", {"중앙관": "하늘중앙도서관"}),
        (
            "하늘중앙도서관(줄여서 ‘중앙관’, Haneul Library)은 크다.",
            {"중앙관": "하늘중앙도서관", "Haneul Library": "하늘중앙도서관"},
        ),
        ("서유하(徐流河)는 붓을 든다.", {"徐流河": "서유하"}),
        ("하늘중앙도서관은 흔히 ‘큰집’이라고 부른다.", {"큰집": "하늘중앙도서관"}),
        ("하늘중앙도서관은 크다. 시민들은 흔히 큰집이라고 부릅니다.", {"큰집": "하늘중앙도서관"}),
        ("서유하가 왔다. 유하에게 붓을 주었다.", {"유하": "서유하"}),
        ("윤태경 대표가 말했다. 윤 대표는 웃었다.", {"윤 대표": "윤태경"}),
        ("윤태경이 왔다. 태경의 말이다.", {"태경": "윤태경"}),
        ("나루 공방(제2공방)은 크다.", {"제2공방": "나루 공방"}),  # both end in the same word
        ("나루 공방(분점)은 크다.", {}),
        ("SolverX(본사)는 크다.", {}),
        ("SolverX(2022년 설립)는 크다.", {}),
        ("SolverX(이안)는 크다.", {}),  # another entity's name
        ("유하에게 붓을 주었다.", {}),  # who is named nowhere
    ],
)
def test_names_that_a_text_gives(given: object, text: str, expected: dict[str, str]) -> None:
    assert names(given(text)) == expected  # type: ignore[operator]


def test_one_letter_parts_a_typo_from_a_long_name_and_is_doubted(given: object) -> None:
    aliases = given("한들콩영농조함은 콩을 판다.")  # type: ignore[operator]
    assert names(aliases) == {"한들콩영농조함": "한들콩영농조합"}
    assert aliases.doubtful == {"한들콩영농조함"}


@pytest.mark.parametrize("text", ["이앙은 논에서 한다.", "한들콩영농법인은 다르다.", "서유화는 다른 사람이다."])
def test_what_is_merely_alike_stays_open(given: object, text: str) -> None:
    assert names(given(text)) == {}  # type: ignore[operator]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("솔버엑스", "SolverX", True),
        ("카카오", "Kakao", True),
        ("네이버", "NAVER", True),
        ("본사", "SolverX", False),
        ("퓨전", "SolverX", False),
        ("가나", "나다", False),
    ],
)
def test_the_same_name_in_two_scripts(one: str, other: str, same: bool) -> None:
    assert same_sound(one, other) is same


def test_homonyms_are_told_apart_by_who_was_named_nearby() -> None:
    one, two, shop = Entity("한지우 소장", "사람"), Entity("한지우 매니저", "사람"), Entity("한지우", "가게")
    assert chosen((one, two, shop), {"한지우 소장"}) == (one, shop)
    assert chosen((one, two), set()) == (one, two)
    assert chosen((one, two), {"한지우 소장", "한지우 매니저"}) == (one, two)
