"""What clauses say by the verbs and nouns of an ontology (``kg.frames``), without any pattern of its author's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ingest import Mode
from kg.clauses import COPULA, NOMINATIVE, Case, Clause, Noun
from kg.discourse import SURE, Scope, Sentence, is_adverbial, only
from kg.frames import MEMBERSHIP, Frame, Frames, Role, Slot, fillers
from kg.literals import PATTERNS as LITERAL_PATTERNS
from kg.literals import canonical
from kg.mentions import key
from kg.modality import mode_of
from kg.patterns import Place
from kg.types import LITERALS, ROOT, Entity, Ontology, Relation
from kg.values import Values

_BEFORE_ROLE = re.compile(r"^(?:쌍둥이|친|막내|맏|첫|외동|큰|작은|새|현)(?=..)")  # '쌍둥이 동생 B'
_PLACING = ("있", "위치", "자리", "자리하", "잡", "소재", "두", "놓", "마련")
_INSIDE = re.compile(
    r"(?:(?:북|남|동|서|북동|북서|남동|남서|중|중앙)부|안|내|시내|도심|중심부?|한가운데|일대|전역|(?:지하\s?)?\d+층)"
)
_BEING = "이다|입니다|이며|이고|이에요|예요|였다|이었다"
_WORDED = re.compile(
    rf"(?:은|는|이|가)\s+(?:(?P<quoted>[\"“‘'「『][^\"”’'」』\n]+[\"”’'」』])(?:{_BEING}|다)|"
    rf"(?P<plain>[^\s,.;\"“‘'「『][^,.;|\n]{{0,79}}?)(?:{_BEING}))(?=[\s.,]|$)"
)
_NAMING = (
    "하", "삼", "정하", "바꾸", "변경", "선임", "임명", "지정", "뽑", "조정", "올리", "내리", "인상", "인하", "늘리",
    "줄이", "옮기", "이전", "두", "맞", "추대", "결정", "확정", "교체", "정",
)  # fmt: skip
_BECOMING = ("되", "취임", "선출", "임명", "선임", "뽑", "오르", "맡", "지명", "추대", "겸하", "겸임", "부임", "승진")
_SERVING = ("있", "일하", "활동", "근무")  # 'A가 책임자로 있다'

_Found = tuple[Entity, Relation, str, float]  # subject, relation, object, confidence


@dataclass(frozen=True, slots=True)
class Finding:
    """A subject, a relation and an object that ``clause`` joins, or that stand together where there is none."""

    subject: Entity
    relation: Relation
    object: str
    mode: Mode
    clause: Clause | None
    confidence: float


class ClauseReader:
    """Reads clauses by verbs with two places and by nouns that name an object."""

    def __init__(self, ontology: Ontology, frames: Frames, values: Values) -> None:
        self._ontology = ontology
        self._frames = frames
        self._values = values

    def read(self, sentence: Sentence, scope: Scope) -> Iterator[Finding]:
        """What the clauses of a sentence say, and names that stand beside such a noun; claims what it explains."""
        for clause in sentence.reading.clauses:
            mode = clause_mode(sentence, clause)
            if mode is None:
                continue
            found = [*self._by_verb(sentence, clause, scope), *self._by_role(sentence, clause, scope)]
            for subject, relation, object_, confidence in found:
                if object_ == subject.name:
                    continue
                if mode == "asserted":
                    sentence.claimed.append((clause.start, clause.end))
                yield Finding(subject, relation, object_, mode, clause, confidence)
        for subject, relation, object_, noun in self._by_apposition(sentence, scope):
            sentence.claimed.append((noun.start, noun.end))
            if object_ != subject.name:
                mode = "former" if noun.former else "asserted"
                yield Finding(subject, relation, object_, mode, None, 0.9)

    def asked(self, sentence: Sentence, scope: Scope) -> Iterator[tuple[Entity, Relation]]:
        """(whose, which relation) of every noun of a sentence that names a relation's object."""
        for noun in sentence.reading.nouns:
            for role in self._roles(noun) if noun.case in (*NOMINATIVE, "label") else ():
                owner = noun.owner.place if noun.owner is not None else None
                domain = role.relation.domain
                subject = only(owner, domain, self._ontology) if owner else scope.subject(role.relation, own_topic=True)
                if subject is not None and not role.of_subject and role.relation.range not in LITERALS:
                    yield subject, role.relation

    def _by_verb(self, sentence: Sentence, clause: Clause, scope: Scope) -> Iterator[_Found]:
        for frame in self._frames.verbs.get(clause.stem, ()):
            labels = {noun.label for noun in clause.nouns}
            if any(fixed not in labels for fixed in frame.fixed):
                continue
            subject_slot, object_slot = _turned(frame, clause.passive)
            relation = frame.relation
            confidence = 0.95 if not frame.loose else 0.85 if relation.range != ROOT else SURE - 0.05
            for noun, objects in self._object_nouns(sentence, clause, object_slot, relation):
                subject, carried = self._clause_subject(sentence, clause, subject_slot, frame, noun, scope)
                if subject is not None:
                    for one in self._listed(subject, (*clause.nouns, *clause.shared), relation):
                        for object_ in objects:
                            yield one, relation, object_, confidence - (0.1 if carried else 0)
                    break

    def _listed(self, subject: Entity, nouns: Iterable[Noun], relation: Relation) -> list[Entity]:
        """The subject and those listed before it: 'A와 B는 …'."""
        for noun in nouns:
            if noun.place is not None and subject in noun.place.entities:
                row = [only(one.place, relation.domain, self._ontology) for one in noun.row if one.place]
                return [*(entity for entity in row if entity is not None), subject]
        return [subject]

    def _object_nouns(
        self, sentence: Sentence, clause: Clause, slot: Slot, relation: Relation
    ) -> Iterator[tuple[Noun, list[str]]]:
        """The phrases of a clause that may be the object, with the values that they list."""
        if relation.range in LITERALS:
            for noun in reversed(clause.nouns):
                is_there = noun.case == slot.case and noun.place is None
                if is_there and (literal := self._values.literal(sentence, noun, relation)):
                    yield noun, [literal]
            head = self._head(sentence, clause) if clause.ending == "adnominal" else None  # '세운 것은 1985년이다'
            if head is not None and head.case == "cop" and (literal := self._values.literal(sentence, head, relation)):
                yield head, [literal]
            return
        if slot.case in ("e", "eseo") and not slot.link and self._frames.holds_place(relation):
            for noun in reversed(clause.nouns):
                inside = noun.owner if noun.case == slot.case and _INSIDE.fullmatch(noun.label) else None
                if inside is not None and (values := self._values.of_noun(sentence, inside, relation)):
                    yield inside, values
        acting = any(noun.case == "nom" and noun.place is not None for noun in clause.nouns)
        for noun in fillers(clause, slot, stands_for_accusative=acting):
            if values := self._values.of_noun(sentence, noun, relation):
                yield noun, values
        if slot.case == "nom" and self._ontology.is_a(relation.range, "조직"):  # '회사에서 운영한다'
            for noun in fillers(clause, replace(slot, case="eseo")):
                if values := self._values.of_noun(sentence, noun, relation):
                    yield noun, values
        head = self._head(sentence, clause)
        may_be_head = not slot.link and any(noun.case in (*NOMINATIVE, "acc") for noun in clause.nouns)
        if head is not None and may_be_head and (values := self._values.of_noun(sentence, head, relation)):
            yield head, values

    def _clause_subject(
        self, sentence: Sentence, clause: Clause, slot: Slot, frame: Frame, object_: Noun, scope: Scope
    ) -> tuple[Entity | None, bool]:
        """(whom a clause speaks of, whether that was carried over)."""
        relation = frame.relation
        acting = [n for n in clause.nouns if self._fills_other(n, frame, clause)]
        nominative = [
            n
            for n in clause.nouns
            if n.case in NOMINATIVE and n != object_ and n.label not in frame.fixed and n not in acting
        ]
        for noun in fillers(clause, slot, stands_for_accusative=object_.case == "nom"):
            if (
                noun != object_
                and noun not in acting
                and noun.place is not None
                and (entity := only(noun.place, relation.domain, self._ontology))
            ):
                return entity, False
        for fixed in clause.nouns:
            if fixed.label in frame.fixed and fixed.owner is not None:
                place = fixed.owner.place
                return (only(place, relation.domain, self._ontology) if place else None), False
        own_topic = bool(frame.fixed)
        if slot.link:
            if all(noun.label != slot.link for noun in clause.nouns):
                return None, False
            nominative = [noun for noun in nominative if noun.label != slot.link]
            own_topic = True
        if slot.case == "nom" and not clause.passive and frame.object.case != "acc":
            for noun in clause.nouns:  # '공장에서 된장을 만든다' of '된장은 공장에서 만든다'
                if noun.case == "acc" and noun is not object_ and noun.place is not None:
                    return only(noun.place, relation.domain, self._ontology), False
        elif slot.case not in NOMINATIVE:
            for noun in reversed(nominative):
                if (
                    noun.case == "topic"
                    and noun.place
                    and (entity := only(noun.place, relation.domain, self._ontology))
                ):
                    return entity, False
            if any(noun.case == slot.case and noun is not object_ for noun in clause.nouns):
                return None, False
        if clause.ending == "adnominal":
            return self._modified(sentence, clause, relation, object_, scope), False
        shared = [noun for noun in clause.shared if not self._fills_other(noun, frame, clause)]
        return self._left_out(clause, [*shared, *nominative], relation, own_topic, scope)

    def _fills_other(self, noun: Noun, frame: Frame, clause: Clause) -> bool:
        """Whether a subject has its part in another relation of the verb, so that it is not what this one speaks of.

        '종은 윤이 1988년에 만들었다': whoever makes is not what is made, though both are things.
        """
        if noun.case != "nom" or noun.place is None or frame.relation.domain != ROOT or clause.passive:
            return False
        others = (other for other in self._frames.verbs.get(clause.stem, ()) if other.object.case == "nom")
        return any(
            other.relation.domain == ROOT
            and other.relation.range != ROOT
            and only(noun.place, other.relation.range, self._ontology) is not None
            for other in others
        )

    def _modified(
        self, sentence: Sentence, clause: Clause, relation: Relation, object_: Noun, scope: Scope
    ) -> Entity | None:
        """Whom an adnominal clause modifies, or whom the noun that it modifies is said to be."""
        head = self._head(sentence, clause)
        if head is None or head is object_:
            return None
        if head.place is not None and (entity := only(head.place, relation.domain, self._ontology)):
            return entity
        if head.place is None and head.case == "cop":
            for noun in reversed(clause.outer):
                if noun.place is not None:
                    return only(noun.place, relation.domain, self._ontology)
        if head.case == "end" and not clause.outer:  # 'A — B가 돌보는 개.'
            return scope.subject(relation, own_topic=True)
        return None

    def _left_out(
        self, clause: Clause, spoken_of: Sequence[Noun], relation: Relation, own_topic: bool, scope: Scope
    ) -> tuple[Entity | None, bool]:
        """The last fitting of ``spoken_of``, the subjects before and in a clause; else whom its paragraph speaks of."""
        if any(noun.is_contrasted and noun.place is None and not is_adverbial(noun.label) for noun in clause.nouns):
            return None, False
        for noun in reversed(spoken_of):
            if noun.place is None:
                if noun.is_pronoun or is_adverbial(noun.label) or scope.is_carried(noun.label, relation, own_topic):
                    continue
                if noun not in clause.shared or not self._is_attribute(noun, relation):
                    return None, False
                if noun.owner is not None:
                    owner = noun.owner.place
                    return (only(owner, relation.domain, self._ontology) if owner else None), False
                continue
            entity = only(noun.place, relation.domain, self._ontology)
            if entity is not None or noun.case == "topic":
                return entity, False
        return scope.subject(relation, own_topic), True

    def _is_attribute(self, noun: Noun, relation: Relation) -> bool:
        """Whether a noun is an attribute that cannot itself be what ``relation`` speaks of.

        '고향은 여수시이고, 2001년에 입단했다': a home town joins nothing, so whose it is did.
        """
        denoted = [role.relation.domain if role.of_subject else role.relation.range for role in self._roles(noun)]
        return bool(denoted) and not any(
            self._ontology.is_a(cls, relation.domain) or self._ontology.is_a(relation.domain, cls) for cls in denoted
        )

    def _head(self, sentence: Sentence, clause: Clause) -> Noun | None:
        """What an adnominal clause modifies; in 'A가 개발한 것은 B이다' that is B."""
        head = clause.head
        if head is None or head.place is not None or head.case not in NOMINATIVE:
            return head
        later = (c for c in sentence.reading.clauses if c.stem == COPULA and head in c.nouns)
        copula = next(later, None)
        return copula.complement if copula is not None and not copula.negated else head

    def _by_role(self, sentence: Sentence, clause: Clause, scope: Scope) -> Iterator[_Found]:
        if clause.stem == COPULA and clause.complement is not None:
            yield from self._equated(sentence, clause, clause.complement, scope)
            return
        if not any(noun.case == "acc" and noun.place is not None for noun in clause.nouns):
            for noun in clause.nouns:  # 'A는 B의 분관으로 …에 있다'
                if noun.case == "ro" and noun.owner is not None and not noun.place:
                    yield from self._equated(sentence, clause, noun, scope)
        for noun in clause.nouns:
            for role in self._roles(noun):
                for value in self._role_values(clause, noun, role.relation):
                    subject, carried = self._role_subject(clause, noun, value, role.relation, scope)
                    for object_ in self._values.of_noun(sentence, value, role.relation) if subject else ():
                        yield subject, role.relation, object_, 0.85 if carried else 0.9  # type: ignore[misc]

    def _roles(self, noun: Noun) -> list[Role]:
        if not noun.label:
            return []
        if noun.label == "사람" and noun.owner is not None and noun.owner.place is not None:
            return [role for role in self._frames.roles.get("출신", []) if role.of_subject]  # '그는 버들내 사람이다'
        exact = self._frames.roles.get(key(noun.label), [])
        member = next((word for word in MEMBERSHIP if noun.label.startswith(word)), "")
        return exact or (self._frames.roles.get(member, []) if member else [])

    def _equated(self, sentence: Sentence, clause: Clause, complement: Noun, scope: Scope) -> Iterator[_Found]:
        """'A의 대표는 B이다', 'B는 A의 대표이다', 'A의 대표인 B'."""
        topics = [noun for noun in (*clause.shared, *clause.nouns) if noun.case in NOMINATIVE]
        topic = topics[-1] if topics else None
        for role in self._roles(topic) if topic is not None else ():
            assert topic is not None
            if role.of_subject:
                yield from self._reversed(topic, complement, role.relation)
                continue
            for object_ in self._values.of_noun(sentence, complement, role.relation):
                subject, carried = self._role_subject(clause, topic, complement, role.relation, scope)
                owners = (topic.owner,) if topic.owner is not None else ()
                for one in self._listed(subject, owners, role.relation) if subject is not None else ():
                    yield one, role.relation, object_, 0.85 if carried else 0.95
        holder = topic if topic is not None and topic.place else None
        if holder is not None and holder.case == "nom" and complement.owner is None:  # 'B가 짝이다', of whom is spoken
            yield from self._said_of_topic(holder, topics[:-1], complement, scope)
        if holder is None and clause.ending == "adnominal":
            holder = clause.head
        if holder is None or holder.place is None or complement.owner is None or complement.owner.place is None:
            return
        for role in self._roles(complement):
            relation = role.relation
            subject_place, object_place = complement.owner.place, holder.place
            if role.of_subject:
                subject_place, object_place = object_place, subject_place
            subject = only(subject_place, relation.domain, self._ontology)
            object_entity = only(object_place, relation.range, self._ontology)
            if subject is not None and object_entity is not None:
                yield subject, relation, object_entity.name, 0.9

    def _said_of_topic(self, holder: Noun, before: Sequence[Noun], complement: Noun, scope: Scope) -> Iterator[_Found]:
        """'A는 B가 고향이다', or 'B가 고향이다' of whom the text speaks."""
        topic = next((noun.place for noun in reversed(before) if noun.place is not None), None)
        for role in self._roles(complement):
            domain = role.relation.domain
            subject = only(topic, domain, self._ontology) if topic else scope.subject(role.relation, own_topic=True)
            object_ = only(holder.place, role.relation.range, self._ontology) if holder.place else None
            if subject is not None and object_ is not None and not role.of_subject:
                yield subject, role.relation, object_.name, 0.8

    def _reversed(self, noun: Noun, value: Noun, relation: Relation) -> Iterator[_Found]:
        """'A의 거점관은 B이다' where the relation says that B is A's."""
        if noun.owner is None or noun.owner.place is None or value.place is None:
            return
        subject, object_ = (
            only(value.place, relation.domain, self._ontology),
            only(noun.owner.place, relation.range, self._ontology),
        )
        if subject is not None and object_ is not None:
            yield subject, relation, object_.name, 0.9

    def _role_values(self, clause: Clause, noun: Noun, relation: Relation) -> Iterator[Noun]:
        """The phrases that a clause with a verb makes the value of the noun: 'N을 B로 바꾸다', 'B를 N으로 뽑다'."""
        others = [other for other in clause.nouns if other is not noun]
        stem = clause.stem
        if (noun.case == "acc" or (clause.passive and noun.case in NOMINATIVE)) and stem in _NAMING:
            yield from (other for other in others if other.case == "ro")
        if noun.case == "acc" and stem in ("맺", "체결"):
            yield from (other for other in others if other.case == "wa")
        if noun.case == "ro":
            wanted = "nom" if clause.passive or stem in ("취임", "오르", "부임", "승진", *_SERVING) else "acc"
            yield from (
                other for other in others if other.case == wanted or (wanted == "nom" and other.case in NOMINATIVE)
            )
        elif stem in _BECOMING and noun.case in ("acc", "nom", "e") and relation.range not in LITERALS:
            yield from (other for other in others if other.case in NOMINATIVE and other.place is not None)
        if stem in _PLACING and self._frames.holds_place(relation) and noun.case in (*NOMINATIVE, "acc"):
            yield from (other for other in others if other.case in ("e", "ro") and other.place is not None)

    def _role_subject(
        self, clause: Clause, noun: Noun, value: Noun, relation: Relation, scope: Scope
    ) -> tuple[Entity | None, bool]:
        """Whose the noun is: its owner's, else the clause's subject's, else whose the paragraph speaks of."""
        if noun.owner is not None:
            if noun.owner.place is not None:
                return only(noun.owner.place, relation.domain, self._ontology), False
            if not scope.is_carried(noun.owner.label, relation, True):
                return None, False
        nominative = [n for n in clause.nouns if n.case in NOMINATIVE and n is not noun and n is not value]
        if clause.ending == "adnominal" and not nominative:  # '정원이 180명인 배'
            head = clause.head.place if clause.head is not None and value is not clause.head else None
            return (only(head, relation.domain, self._ontology) if head is not None else None), False
        return self._left_out(clause, [*clause.shared, *nominative], relation, noun.owner is None, scope)

    def _by_apposition(self, sentence: Sentence, scope: Scope) -> Iterator[tuple[Entity, Relation, str, Noun]]:
        """'A의 대표 B는', '별호: 그믐붓', '직원 42명'."""
        nouns = sentence.reading.nouns
        for index, noun in enumerate(nouns):
            if noun.place is not None and noun.before:
                for role in self._frames.roles.get(key(_BEFORE_ROLE.sub("", noun.before)), []):
                    owner = noun.owner.place if noun.owner is not None else _lead(sentence)
                    subject = (
                        only(owner, role.relation.domain, self._ontology)
                        if owner
                        else self._spoken_of(sentence, noun, role.relation, scope)
                    )
                    object_ = only(noun.place, role.relation.range, self._ontology)
                    if subject is not None and object_ is not None and not role.of_subject:
                        yield subject, role.relation, object_.name, noun
            if noun.case == "end" and noun.place is not None and index and nouns[index - 1].case in NOMINATIVE:
                yield from self._noted(sentence, nouns[index - 1], noun, scope)
            if noun.case == "label" and index == 0:
                yield from self._labelled(sentence, noun, scope)
            elif noun.label and noun.case in ("end", "list", "cop"):
                yield from self._measured(sentence, noun, scope)
            elif noun.label and noun.case in NOMINATIVE:
                yield from self._worded(sentence, noun, scope)

    def _spoken_of(self, sentence: Sentence, noun: Noun, relation: Relation, scope: Scope) -> Entity | None:
        """Whose '산장지기 기태산' is: of the one fitting thing that stands before, else of what is spoken of."""
        fitting = {
            entity.name: (entity, place)
            for place in sentence.places
            if place != noun.place and (entity := only(place, relation.domain, self._ontology)) is not None
        }
        if not fitting or relation.domain == ROOT:
            carried = scope.subject(relation, own_topic=True)
            is_led = relation.domain != ROOT or (carried is not None and self._ontology.is_a(carried.cls, "조직"))
            return carried if is_led else None
        entity, place = next(iter(fitting.values()))
        return entity if len(fitting) == 1 and place.end <= noun.start else None

    def _noted(
        self, sentence: Sentence, noun: Noun, value: Noun, scope: Scope
    ) -> Iterator[tuple[Entity, Relation, str, Noun]]:
        """'대표는 윤태경.', as notes have it."""
        for role in self._roles(noun):
            relation = role.relation
            owner = noun.owner.place if noun.owner is not None else None
            subject = only(owner, relation.domain, self._ontology) if owner else scope.subject(relation, own_topic=True)
            for object_ in self._values.of_noun(sentence, value, relation):
                if subject is not None and not role.of_subject:
                    yield subject, relation, object_, noun

    def _worded(self, sentence: Sentence, noun: Noun, scope: Scope) -> Iterator[tuple[Entity, Relation, str, Noun]]:
        """'A의 표어는 ‘…’이다', whatever the words are."""
        for role in self._roles(noun):
            relation = role.relation
            found = _WORDED.match(sentence.text, noun.end) if relation.range == "글" else None
            object_ = canonical("글", found["quoted"] or found["plain"]) if found else None
            owner = noun.owner.place if noun.owner is not None else None
            subject = only(owner, relation.domain, self._ontology) if owner else scope.subject(relation, own_topic=True)
            if object_ is not None and subject is not None:
                yield subject, relation, object_, noun

    def _labelled(self, sentence: Sentence, noun: Noun, scope: Scope) -> Iterator[tuple[Entity, Relation, str, Noun]]:
        colon = re.search(r"[:：]\s*", sentence.text[noun.end :])
        if colon is None:
            return
        start = noun.end + colon.end()
        for role in self._roles(noun):
            owner = noun.owner.place if noun.owner is not None else None
            relation = role.relation
            subject = only(owner, relation.domain, self._ontology) if owner else scope.subject(relation, own_topic=True)
            if subject is None or role.of_subject:
                continue
            for object_ in self._values.of_text(sentence, start, relation, ""):
                yield subject, relation, object_, noun

    def _measured(self, sentence: Sentence, noun: Noun, scope: Scope) -> Iterator[tuple[Entity, Relation, str, Noun]]:
        """'직원 42명': a noun and at once its quantity or date."""
        text = sentence.text[noun.start : noun.end]
        for cls in ("수량", "날짜"):
            found = re.search(rf"\s*({LITERAL_PATTERNS[cls]})$", text)
            if not found:
                continue
            label = text[: found.start()]
            if noun.owner is not None and noun.owner.place is not None and noun.owner.place.start >= noun.start:
                label = text[noun.owner.place.end - noun.start : found.start()]
            for role in self._frames.roles.get(key(label), []):
                relation = role.relation
                object_ = canonical(relation.range, found.group(1)) if relation.range in LITERALS else None
                if object_ is None or relation.range == "글":
                    continue
                owner = noun.owner.place if noun.owner is not None else _lead(sentence)
                subject = (
                    only(owner, relation.domain, self._ontology) if owner else scope.subject(relation, own_topic=True)
                )
                if subject is not None:
                    yield subject, relation, object_, noun


def _lead(sentence: Sentence) -> Place | None:
    """The name before a colon with which a sentence begins: 'A: 정원 180명'."""
    first = sentence.reading.nouns[0] if sentence.reading.nouns else None
    return first.place if first is not None and first.case == "label" else None


def _turned(frame: Frame, passive: bool) -> tuple[Slot, Slot]:
    """The slots of a frame in the voice of a clause."""
    slots = frame.subject, frame.object
    cases = {slot.case for slot in slots}
    if passive == frame.passive or (passive and "acc" not in cases):
        return slots
    turned: dict[Case, Case] = {"acc": "nom", "nom": "by"} if passive else {"nom": "acc", "by": "nom"}
    subject, object_ = (replace(slot, case=turned.get(slot.case, slot.case)) for slot in slots)
    return subject, object_


def clause_mode(sentence: Sentence, clause: Clause) -> Mode | None:
    """How a clause says what it says; None where it says neither yes nor no."""
    before = sentence.text[max(0, clause.start - 12) : clause.stem_start]
    return mode_of(before, sentence.text[clause.stem_end : clause.end], clause.negated)
