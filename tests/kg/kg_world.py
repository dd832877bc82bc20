"""A small world of its own: the tests do not change when the corpora or the general ontology do."""

from __future__ import annotations

from collections.abc import Callable

from ingest import Document, Korean, Span, chunk
from kg import Asker, Graph, Ontology, extract
from rag import Citation, Hit

Triple = tuple[str, str, str]

WORLD = """
name = "world"
title = "시험 세계"
subject = "SolverX"
facts = [   # "이 문자열은 | 사실이 | 아니다"
  "서초동 | located_in | 강남구",
  '강남구 | located_in | 서울',
  "서울 | located_in | 대한민국",
]

[classes."장소"]
[classes."조직"]
[classes."회사"]
parent = "조직"
[classes."부서"]
parent = "조직"
[classes."사람"]
[classes."제품"]
[classes."소프트웨어"]
parent = "제품"

[relations.located_in]
label = "위치"
domain = "것"
range = "장소"
transitive = true
patterns = ["{object}에 위치", "위치는 {object}"]
questions = ["위치", "어디", "있다"]
answer = "{subject}은 {object}에 있습니다."

[relations.headquarters]
label = "본사 소재지"
domain = "회사"
range = "장소"
patterns = ["본사는 {object}에 위치", "본사: {object}"]
questions = ["본사"]
answer = "{subject}의 본사는 {object}에 있습니다."

[relations.founded_in]
label = "설립 연도"
domain = "조직"
range = "연도"
functional = true
patterns = ["{object}에 설립"]
questions = ["설립"]
answer = "{subject}은 {object}에 설립되었습니다."

[relations.has_ceo]
label = "대표"
domain = "회사"
range = "사람"
functional = true
inverse = "ceo_of"
patterns = ["대표는 {object}", "{subject}의 대표인 {object}"]
questions = ["대표"]
answer = "{subject}의 대표는 {object}입니다."

[relations.ceo_of]
label = "대표로 있는 회사"
domain = "사람"
range = "회사"
inverse = "has_ceo"
questions = ["대표"]
answer = "{subject}은 {object}의 대표입니다."

[relations.develops]
label = "개발"
domain = "회사"
range = "제품"
patterns = ["{object}을 개발", "{subject}이 개발한 {object}"]
questions = ["개발", "만들다"]
answer = "{subject}은 {object}을 개발합니다."

[relations.works_at]
label = "근무"
domain = "사람"
range = "조직"
patterns = ["{object}에서 근무"]
questions = ["근무", "일하다"]
answer = "{subject}은 {object}에서 근무합니다."

[relations.part_of]
label = "소속"
domain = "조직"
range = "조직"
transitive = true
patterns = ["{object} 소속"]
questions = ["소속", "속하다"]
answer = "{subject}은 {object}에 속합니다."

[relations.partner_of]
label = "협력"
domain = "조직"
range = "조직"
symmetric = true
patterns = ["{object}과 협력"]
questions = ["협력"]
answer = "{subject}은 {object}과 협력합니다."

[relations.staff]
label = "인원"
domain = "조직"
range = "수량"
functional = true
patterns = ["직원은 {object}", "{subject}의 인원은 … {object}"]
questions = ["직원", "인원"]
answer = "{subject}의 인원은 {object}입니다."

[[rules]]
name = "본사가 있는 곳에 회사가 있다"
if = ["headquarters", "located_in"]
then = "located_in"

[[rules]]
name = "부서에서 일하면 회사에서 일한다"
if = ["works_at", "part_of"]
then = "works_at"

[[entities]]
name = "SolverX"
class = "회사"
aliases = ["솔버엑스", "(주)솔버엑스"]
[[entities]]
name = "한빛소재"
class = "회사"
[[entities]]
name = "SolverX Fusion"
class = "소프트웨어"
aliases = ["퓨전"]
[[entities]]
name = "이안"
class = "사람"
[[entities]]
name = "윤태경"
class = "사람"
aliases = ["윤 대표"]
[[entities]]
name = "연구팀"
class = "부서"
[[entities]]
name = "서초동"
class = "장소"
aliases = ["강남구 서초동"]
[[entities]]
name = "강남구"
class = "장소"
[[entities]]
name = "서울"
class = "장소"
[[entities]]
name = "부산"
class = "장소"
[[entities]]
name = "대한민국"
class = "장소"
"""

EMPTY = 'name = "base"'


def document(text: str, name: str = "안내.md") -> Document:
    return Document(name, name, "", text, "facts")


def asking(text: str, world: Ontology, korean: Korean) -> Callable[[str], str | None]:
    """Asks one document in a world of its own; None where nothing proves an answer."""
    korean.add_names(name for entity in world.entities.values() for name in entity.names)
    held = document(text)

    def cite(span: Span) -> Citation:
        return Citation(held.source, span.start, span.end, text[span.start : span.end])

    graph = Graph.build(world, extract(held, world, korean), cite)
    asker = Asker(graph, world, korean, [held], lambda _: [Hit(c, 1.0, ("words",)) for c in chunk(held)])

    def ask(question: str) -> str | None:
        found = asker.answer(question)
        return found.text if found else None

    return ask
