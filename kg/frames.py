"""What a relation's answer, label and question words let a clause say, without a pattern of the author's. Pure.

A relation names its object ('대표이사', '값') or is a verb with two places ('…은 …에서 일한다'). Both are read off
the sentences that an ontology must have anyway, by the reader that reads documents (``kg.clauses``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ingest import Korean
from kg.clauses import COPULA, NOMINATIVE, Case, Clause, Noun, read_clauses
from kg.mentions import key
from kg.patterns import Place
from kg.synonyms import are_converse, same
from kg.types import LITERALS, ROOT, Ontology, Relation

_HOLE = re.compile(r"\{(subject|object)\}")
_ASKING = ("누구", "누가", "어디", "언제", "얼마", "몇", "무엇", "뭐", "어느", "어떤", "무슨", "왜", "어떻게")
# Nouns that name what the subject is to the object: 'A는 B 소속이다' says that A belongs to B.
MEMBERSHIP = ("소속", "출신", "산하", "직속", "태생", "부설", "계열", "소유", "소장")
# Verbs too general to mean a relation, unless the relation's own answer uses them.
_GENERAL_VERBS = (
    "하", "되", "있", "없", "이", "아니", "보", "주", "알", "가", "오", "나", "나오", "두", "같", "말", "말하", "부르",
    "가지", "갖", "들", "쓰", "받", "사", "내", "지", COPULA,
)  # fmt: skip
_PLACES = ("장소", "사무소")
_ACTING = ("사람", "조직", "인물")
# What is made of a verbal noun: where it happens, when, and who does it (출생지, 출시일, 개발사).
_OF_PLACE = re.compile(r"(.{2,}?)(?:지|장소|곳)")
_OF_TIME = re.compile(r"(.{2,}?)(?:일|일자|날짜|연도|년도|시기|연월일)")
_OF_AGENT = re.compile(r"(.{2,}?)(?:자|사|처|인|업체|회사|기관|기업|단체)")
# Nouns for where something is, and verbs that say it.
_WHERE = ("위치", "소재지", "주소", "있는곳")
# 'A에 B가 있다' is also 'A는 B를 갖추다'.
_HAVING = ("갖추", "구비", "보유", "두", "가지", "갖", "지니", "운영")
_STANDING = ("있", "위치", "자리", "자리하", "소재")
# Verbs that say the same as a verbal noun.
_SYNONYMS = {
    "출생": ("태어나",),
    "사망": ("죽", "숨지", "별세", "서거", "타계"),
    "설립": ("세우", "창립", "창설", "창업"),
    "창립": ("세우", "설립", "창설", "창업"),
    "개관": ("열",),
    "지도": ("이끌",),
    "대표": ("이끌",),
    "책임": ("이끌", "맡", "총괄"),
    "담당": ("맡",),
    "제작": ("만들",),
    "제조": ("만들",),
    "개발": ("만들",),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a clause names the subject or the object: the case, and the noun between name and particle ('뒤를')."""

    case: Case
    link: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A verb that says a relation. ``loose`` where it was only a question word: the verb's cases are a guess."""

    relation: Relation
    stem: str
    passive: bool
    subject: Slot
    object: Slot
    fixed: tuple[str, ...] = ()
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """A noun that names what the object is to the subject, or (``of_subject``) the subject to the object."""

    relation: Relation
    of_subject: bool = False


class Frames:
    """The verbs and the nouns by which clauses say the relations of an ontology."""

    def __init__(self, ontology: Ontology, korean: Korean) -> None:
        self._ontology = ontology
        self._korean = korean
        self.verbs: dict[str, list[Frame]] = defaultdict(list)
        self.roles: dict[str, list[Role]] = defaultdict(list)
        for relation in ontology.relations.values():
            self._read(relation)

    # -- reading an ontology ---------------------------------------------------------------------

    def _read(self, relation: Relation) -> None:
        frame = self._from_answer(relation)
        for pattern in relation.patterns:
            if (
                "…" not in pattern
                and "..." not in pattern
                and (read := self._template(relation, self._finite(pattern)))
            ):
                self._add_frame(read)
        self._add_role(relation, relation.label)
        self._derive(relation, relation.label)
        for word in relation.questions:
            if word in _ASKING:
                continue
            if self._is_noun(word) and are_converse(word, relation.label):
                self._add_role(relation, word, of_subject=True)
            elif self._is_noun(word) and self._names_object(relation, word):
                self._add_role(relation, word)
                self._derive(relation, word)
            stem = self._stem(word)
            if not stem or stem in _GENERAL_VERBS:
                continue
            if frame is not None:
                for one in (stem, *same(stem)):
                    if one not in _GENERAL_VERBS:
                        self._add_frame(replace(frame, stem=one, loose=one != frame.stem))
            elif self._is_done_by(relation) and not self._is_noun(word):
                self._add_frame(Frame(relation, stem, False, Slot("acc"), Slot("nom"), loose=True))

    def _from_answer(self, relation: Relation) -> Frame | None:
        frame = self._template(relation, relation.answer)
        if frame is None:
            return None
        stands = frame.stem == "있" and frame.object.case == "e"
        for stem in _STANDING if stands else (frame.stem,):
            self._add_frame(replace(frame, stem=stem))
        if (frame.stem, frame.subject, frame.object) == ("있", Slot("e"), Slot("nom")):
            for stem in _HAVING:
                self._add_frame(Frame(relation, stem, False, Slot("nom"), Slot("acc")))
        return frame

    def _derive(self, relation: Relation, noun: str) -> None:
        """The verb of which a noun is made: who has a 출생지 출생 there, what has a 개발사 is 개발 by it."""
        noun = key(noun)
        if noun in _WHERE and relation.range not in LITERALS:
            for stem in _STANDING:
                self._add_frame(Frame(relation, stem, False, Slot("nom"), Slot("e")))
            return
        cases: list[tuple[Case, Case, bool]]
        if (found := _OF_PLACE.fullmatch(noun)) and relation.range not in LITERALS:
            cases = [("nom", "eseo", False), ("nom", "e", False)]
        elif (found := _OF_TIME.fullmatch(noun)) and relation.range in ("연도", "날짜"):
            cases = [("nom", "e", False), ("nom", "e", True)]
        elif (found := _OF_AGENT.fullmatch(noun)) and relation.range not in LITERALS:
            cases = [("acc", "nom", False)]
        else:
            return
        base = found.group(1)
        tokens = self._korean.tokenize(base)
        if len(tokens) != 1 or not tokens[0].tag.startswith(("NNG", "XR")):
            return
        for stem in (base, *_SYNONYMS.get(base, ())):
            for subject, object_, passive in cases:
                self._add_frame(Frame(relation, stem, passive, Slot(subject), Slot(object_)))

    def _template(self, relation: Relation, template: str) -> Frame | None:
        """The frame of a sentence with holes; where a noun is its predicate or topic, a role is noted instead."""
        text, holes = _filled(template)
        reading = read_clauses(text, list(holes.values()), self._korean, lambda _: False)
        if "object" not in holes or not reading.clauses:
            return None
        clause = reading.clauses[-1]
        nouns = [noun for one in reading.clauses[-2:] for noun in one.nouns]
        subject = _slot(nouns, holes.get("subject"))
        object_ = _slot(nouns, holes["object"])
        if clause.stem == COPULA and clause.complement is not None:
            self._copula(relation, holes, clause)
            return None
        if object_ is None:
            return None
        if subject is None:
            if "subject" in holes:
                return None
            subject = Slot("nom")
        if (subject.case, object_.case) == ("nom", "nom") and not clause.passive and clause.stem not in _GENERAL_VERBS:
            subject = replace(subject, case="acc")  # 'A는 B가 만든다' says that B makes A
        fixed = tuple(noun.label for noun in clause.nouns if noun.place is None and noun.owner is None and noun.label)
        return Frame(relation, clause.stem, clause.passive, subject, object_, fixed)

    def _copula(self, relation: Relation, holes: dict[str, Place], clause: Clause) -> None:
        complement = clause.complement
        assert complement is not None
        topic = next((noun for noun in reversed(clause.nouns) if noun.case in NOMINATIVE), None)
        if complement.place == holes["object"] and topic is not None and topic.label:
            if topic.owner is not None or "subject" not in holes:
                self._add_role(relation, topic.label)
        elif complement.label and complement.owner is not None and complement.owner.place == holes["object"]:
            self._add_role(relation, complement.label, of_subject=True)

    def _add_frame(self, frame: Frame) -> None:
        if frame not in self.verbs[frame.stem]:
            self.verbs[frame.stem].append(frame)

    def _add_role(self, relation: Relation, word: str, of_subject: bool = False) -> None:
        role = Role(relation, of_subject or word in MEMBERSHIP)
        if role not in self.roles[key(word)]:
            self.roles[key(word)].append(role)

    def _finite(self, pattern: str) -> str:
        """A pattern as a sentence, where it ends in a name or in a noun that may stand before 하다."""
        if pattern.endswith("}"):
            return f"{pattern}이다."
        last = pattern.split()[-1]
        return f"{pattern}했다." if "}" not in last and self._is_noun(last) else pattern

    def _is_noun(self, word: str) -> bool:
        """Whether a word or phrase names something; '소비자가' is read as 소비자 and a particle, and still does."""
        tags = [token.tag for token in self._korean.tokenize(word)]
        verbal = ("V", "E", "XSV", "XSA", "MAG", "MM", "JKO", "JKB", "JX")
        return any(tag.startswith("N") for tag in tags) and not any(tag.startswith(verbal) for tag in tags)

    def _stem(self, word: str) -> str:
        """The stem of a dictionary form, or a noun that may stand before 하다; '' for anything else."""
        tokens = self._korean.tokenize(word)
        if not tokens:
            return ""
        if len(tokens) == 1 and tokens[0].tag.startswith("NNG"):
            return str(tokens[0].form)
        content = [token for token in tokens if not token.tag.startswith(("E", "XSV", "XSA"))]
        if len(content) == 1 and content[0].tag.startswith(("VV", "VA", "NNG", "XR")):
            return str(content[0].form)
        return ""

    def _names_object(self, relation: Relation, word: str) -> bool:
        """Whether a noun that asks for a relation can only be what its object is to its subject.

        Classes tell subject and object apart; where they do not, the noun must ask for no other relation.
        """
        up = self._ontology.is_a
        if relation.range in LITERALS or relation.range == ROOT:
            return relation.range in LITERALS
        if relation.domain == ROOT or not (up(relation.domain, relation.range) or up(relation.range, relation.domain)):
            return True
        others = (other for other in self._ontology.relations.values() if not self._mean_the_same(relation, other))
        return not any(word in (other.label, *other.questions) for other in others)

    def _mean_the_same(self, one: Relation, other: Relation) -> bool:
        """Whether a world has a relation of its own for one of the general ontology: the label of one asks for both."""
        up = self._ontology.is_a
        alike = (up(a, b) or up(b, a) for a, b in ((one.domain, other.domain), (one.range, other.range)))
        named = one.label in (other.label, *other.questions) or other.label in (one.label, *one.questions)
        return one is other or (named and all(alike))

    def _is_done_by(self, relation: Relation) -> bool:
        """Whether the object is somebody who can do something to the subject, and not the other way round."""
        up = self._ontology.is_a
        acts = any(up(relation.range, cls) for cls in _ACTING)
        return acts and relation.domain != ROOT and not any(up(relation.domain, cls) for cls in _ACTING)

    def holds_place(self, relation: Relation) -> bool:
        """Whether the relation's object is where something is."""
        return any(self._ontology.is_a(relation.range, cls) for cls in _PLACES)


def _filled(template: str) -> tuple[str, dict[str, Place]]:
    parts: list[str] = []
    holes: dict[str, Place] = {}
    length = position = 0
    for found in _HOLE.finditer(template):
        parts.append(template[position : found.start()])
        length += len(parts[-1])
        parts.append("이름")
        holes[found.group(1)] = Place(length, length + 2, ())
        length += 2
        position = found.end()
    parts.append(template[position:])
    return "".join(parts), holes


def _slot(nouns: list[Noun], hole: Place | None) -> Slot | None:
    for noun in nouns:
        if noun.place is not None and noun.place == hole:
            return Slot(_role_case(noun.case))
        if noun.owner is not None and noun.owner.place == hole and noun.label:
            return Slot(_role_case(noun.case), noun.label)
    return None


def _role_case(case: Case) -> Case:
    return "nom" if case in NOMINATIVE else case


def fillers(clause: Clause, slot: Slot, stands_for_accusative: bool = False) -> Iterator[Noun]:
    """The phrases of a clause that a slot admits, the nearest to the predicate first."""
    for noun in reversed(clause.nouns):
        if slot.link:
            filler = noun.owner if noun.label == slot.link and noun.owner is not None else None
        else:
            filler = noun if not noun.label else None
        if filler is not None and _admits(slot.case, noun.case, stands_for_accusative):
            yield filler


def _admits(wanted: Case, case: Case, stands_for_accusative: bool) -> bool:
    if wanted == "nom":
        return case in NOMINATIVE
    if wanted == "acc":
        return case in ("acc", "also") or (case == "topic" and stands_for_accusative)
    if wanted == "by":
        return case in ("by", "eseo", "ege")
    return wanted == case
