"""Answers questions with a sentence that says it: every word of the question is in it, and what is asked, too. Pure.

For what documents say beyond the relations of an ontology. The sentence itself is the answer; only where a
description is to be resolved ('보고서 작성기를 제안한 팀') the one fitting name in it is taken. Plans, denials and
what is said to be undecided answer no open question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from ingest import Chunk, Korean
from kg.cues import choice, counted_unit
from kg.discourse import is_adverbial
from kg.kinds import is_kind, is_of_kind
from kg.literals import DATE, canonical
from kg.mentions import Mention, Names
from kg.passages import passages
from kg.quantities import NATIVE, WRITTEN_AMOUNT, amount_of, fits_unit
from kg.questions import ASIDE, ASKED, NAME_WORDS, Question, Slot, Word, left_over
from kg.synonyms import opposites, told_by_other
from kg.types import Entity, Ontology
from kg.validity import first_day
from kg.vocabulary import Vocabulary
from rag import Citation, Hit, ProofStep

_UNDECIDED = re.compile(
    "미정|정하지|정해지지|밝히지|밝혀지지|알려지지|확정되지|공개하지|공개되지|나오지|예정|계획|검토|후보|목표로|소문|추정|"
    "다는 말|사실이 아|줄(?:로|을)?\\s?(?:알|안다|아는)|아직[^.]{0,20}(?:않|없|못)|의견|농담|할까|기로 함|기로 했|"
    "기로 하였|다시 이야기|받아들이지|미룸|미뤘|미루"
)
_FORMERLY = re.compile(r"(?<![가-힣])(?:한때|예전|옛날|지난날|전에는)")
# What a sentence says that it tells of the time before a change, and a value that gives way to another.
_BEFORE_CHANGE = re.compile(
    r"(?<![가-힣])(?:그때까지|그\s?전까지|그전에|이때까지|종전|이전에|전에|예전|옛|원래|당초|지금까지|여태까지)(?:에|의|에는|는|은|까지는)?(?![가-힣])"
    r"|까지는\s옛"
)
_GIVES_WAY = re.compile(
    r"에서\s[^.]{1,40}?(?:으로|로)[^.]{0,40}?(?:바꾸|바뀌|바꿨|바뀐|바꿉|바뀝|옮기|옮긴|옮겼|올리|올린|올렸|올랐|오른|내리|내린|내렸|늘|줄)"
)
_STILL = re.compile(r"(?<![가-힣])(?:아직|지금|여전히|현재|요즘)")
_NEGATION = ("않", "없", "못하", "못", "안", "아니", "말")
_ALL = re.compile(r"(?<![가-힣])(?:모두|전부|모든|다(?=\s))")
_ASKED_CASE = re.compile(r"(?:어느|어떤|무슨)\s[가-힣]+?(에서|에게|한테)(?![가-힣])|(?<=어디)(에서|서)(?![가-힣])")
_PART_OF = re.compile(r"(\d[\d,]*)\s?([가-힣]{1,2})\s(?:가운데|중)(?:에서)?\s(\d[\d,]*)\s?\2")
_DAYS = re.compile("하루|이틀|사흘|나흘|닷새|엿새|이레|여드레|아흐레|열흘|보름")
_WHEN = re.compile(
    r"\d{4}\s?년|\d{1,2}\s?월|\d{1,2}\s?일|\d{1,2}\s?시|[월화수목금토일]요일|(?:유|시|동짓|섣달)월|초하루|열(?:하루|이틀|사흘|나흘|닷새|엿새|이레|여드레|아흐레)|그믐|보름|아침|저녁|새벽|봄|여름|가을|겨울|평일|주말|\d+화"
)

_NUMBERED = re.compile(r"(?<!\d)(\d[\d,.]*)\s?([가-힣A-Za-z%]?)")

_CLAUSE = re.compile(r"(?<=[가-힣])(?:고|며|지만|으나|는데),\s|(?:[았었였했이]고|이며|으며|[았었였했]으나|지만)\s")
_PASSIVE = frozenset(
    ["열리", "불리", "바뀌", "팔리", "쓰이", "놓이", "잡히", "세워지", "만들어지", "지어지", "실리", "나뉘"]
)
_MARKUP = re.compile(r"\*\*|__|[*`]")
_WRITTEN = re.compile(r"[0-9A-Za-z가-힣]+")
_FOLLOWED = re.compile(ASIDE + r"\s(?=[가-힣A-Za-z0-9])")
_ROW = re.compile(r"\s?(?:와|과|하고|이랑|랑|및|,|·)\s*")
_STATES = r"[가-힣]{0,3}(?:\s?\([^()]*\))?(?:은|는|이|가|도|:|이다|다|입니다|이며|이고|이자|로|으로)"

Role = Literal["subject", "object", "owner", ""]
_ROLES: tuple[tuple[re.Pattern[str], Role], ...] = (
    (re.compile(ASIDE + r"(?:께서|이|가)(?![가-힣])"), "subject"),
    (re.compile(ASIDE + r"(?:을|를)(?![가-힣])"), "object"),
    (re.compile(ASIDE + r"의(?![가-힣])"), "owner"),
)
_TOPIC = re.compile(ASIDE + r"(?:께서는|은|는)(?![가-힣])")


@dataclass(frozen=True, slots=True)
class SentenceAnswer:
    """A sentence that answers. ``names`` are the fitting ones in it, ``weight`` how much of the question it holds."""

    names: tuple[str, ...]
    text: str
    step: ProofStep
    weight: int


@dataclass(frozen=True, slots=True)
class _Said:
    """A clause with what stands before it: the names and words of its headings and of its paragraph so far.

    ``last_named`` are those named before, the last one last: topics and subjects behind all others. ``place`` is the
    whole sentence. What one clause says of one thing and another of another must not be mixed.
    """

    text: str
    place: Citation
    mentions: tuple[Mention, ...]
    terms: frozenset[str]
    denied: frozenset[str]
    context: str
    context_terms: frozenset[str]
    heading_terms: frozenset[str]
    heading_names: frozenset[str]
    last_named: tuple[Entity, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(mention.entity.name for mention in self.mentions)


class SentenceReader:
    """Reads found passages with the names of an ontology."""

    def __init__(self, names: Names, ontology: Ontology, vocabulary: Vocabulary, korean: Korean) -> None:
        self._names = names
        self._ontology = ontology
        self._vocabulary = vocabulary
        self._korean = korean
        self._of = lru_cache(maxsize=512)(lambda chunk: tuple(self._sentences(chunk)))

    def answers(self, question: Question, hits: Sequence[Hit], before: str | None = None) -> list[SentenceAnswer]:
        """Sentences of ``hits`` that answer, those first that hold most of the question.

        ``before`` is a date at which what is asked held ('' for formerly): then only a sentence answers that tells of
        the time before a change, which came after that date. None asks for now.
        """
        if question.asks_how_or_why or (question.is_open and question.is_denied):
            return []
        if (chosen := choice(question)) and chosen.compares:
            return []
        said = [sentence for hit in hits for sentence in self._of(hit.chunk)]
        said = [sentence for sentence in said if _is_of_time(sentence, question, before)]
        found = [answer for sentence in said if (answer := self._answer(question, sentence))]
        return sorted(found, key=lambda answer: -answer.weight)

    # -- sentences -------------------------------------------------------------------------------

    def _sentences(self, chunk: Chunk) -> Iterator[_Said]:
        above = " ".join(chunk.headings)
        inside: list[tuple[int, str]] = []
        group, before, last = -1, "", ""
        for passage in passages(chunk.text):
            text = chunk.text[passage.start : passage.end]
            if passage.kind == "heading":
                inside = [*(held for held in inside if held[0] < passage.level), (passage.level, text)]
                group = -1
                continue
            if passage.kind == "cell":
                continue
            if passage.group != group:
                group, before, last = passage.group, "", ""
            start = chunk.span.start + passage.start
            place = Citation(chunk.source, start, start + len(text), text)
            headings = " ".join((above, *(heading for _, heading in inside)))
            told = last
            for clause in _clauses(_MARKUP.sub("", text)):
                yield self._said(clause, place, headings, before, last if self._has_subject(clause) else told)
                before, told = f"{before} {clause}", f"{told} {clause}"
            last = text

    def _has_subject(self, clause: str) -> bool:
        """Whether a clause says itself what it is about."""
        tokens = self._korean.tokenize(clause)
        return any(token.tag == "JKS" or (token.tag == "JX" and token.form in ("은", "는")) for token in tokens)

    def _said(self, text: str, place: Citation, headings: str, before: str, last: str) -> _Said:
        context = f"{headings} {before}"
        mentions = tuple(self._names.find(text))
        return _Said(
            text,
            place,
            mentions,
            self._terms(text, mentions),
            self._denied(text),
            context,
            frozenset(self._korean.terms(f"{headings} {last}")),
            frozenset(self._korean.terms(headings)),
            frozenset(mention.entity.name for mention in self._names.find(headings)),
            _spoken_of(context, self._names.find(context)),
        )

    def _terms(self, text: str, mentions: Sequence[Mention]) -> frozenset[str]:
        """The words of a text outside of names: '노은결 팀장' does not say that anybody leads anything."""
        inside: set[str] = set()
        outside = text
        for mention in mentions:
            inside.update(self._korean.terms(text[mention.start : mention.end]))
            blank = " " * (mention.end - mention.start)
            outside = outside[: mention.start] + blank + outside[mention.end :]
        return frozenset((set(self._korean.terms(text)) - inside) | set(self._korean.terms(outside)))

    def _denied(self, text: str) -> frozenset[str]:
        """The verbs, adjectives and nouns that a negation follows (or, for 안 and 못, precedes) in their clause."""
        tokens = self._korean.tokenize(text)
        denied: set[str] = set()
        clause: list[str] = []
        negated = False
        for token in tokens:
            if token.form in _NEGATION and token.tag.startswith(("VA", "VX", "VV", "VCN", "MAG")):
                negated = True
            elif token.tag.startswith(("NN", "VV", "VA", "XR", "SL")):
                clause.append(token.form)
            if token.tag.startswith(("EC", "EF", "SF", "SP")) and token.form not in ("지", "게", "어", "아", "고"):
                denied |= set(clause) if negated else set()
                clause, negated = [], False
        return frozenset(denied | (set(clause) if negated else set()))

    # -- matching --------------------------------------------------------------------------------

    def _answer(self, question: Question, said: _Said) -> SentenceAnswer | None:
        if not all(self._speaks_of(slot, said, question) for slot in question.named):
            return None
        kinds, words = self._wanted(question)
        if not _same_numbers(question, said):
            return None
        matched = [word for word in words if self._says(word, question, said)]
        missing = [word for word in words if word not in matched]
        if not question.is_open:
            if _some_of_all(question, said) and len(matched) == len(words):
                return self._decided(question, said, True, len(matched))
            contrary = [word for word in missing if self._says_contrary(word, said)]
            matched, missing = [*matched, *contrary], [word for word in missing if word not in contrary]
            if not all(self._goes_without_saying(word, question, said) for word in missing):
                return None  # what stood before may be what is no longer so
            if _ALL.search(question.text) and not _ALL.search(said.text):
                return None  # some are not all
        elif not all(self._is_carried(word, question, said) for word in missing):
            return None
        if (
            not matched
            and not self._is_told_how_many(question, said)
            and not (missing and _BEFORE_CHANGE.search(said.text))
        ):
            return None  # '종전에는 80이었다' tells of what the sentence before speaks of
        verbs = [w for w in matched if w.tag.startswith("V") or question.is_verbal(w)]
        predicates = verbs or matched[-1:]
        counts = counted_unit(question) is not None
        if (
            question.is_open
            and not verbs
            and not counts
            and not _is_stated(matched, said.text, any(word.form == "언제" for word in question.asks))
        ):
            return None
        denied = any(self._is_denied(word, said) for word in predicates)
        weight = len(matched) + sum(bool(_names(slot) & said.names) for slot in question.named)
        if not question.is_open:
            claimed = [word for word in words if word.noun and question.is_predicate(word)]
            if (claimed or not verbs) and not _is_predicate(claimed or matched, said.text):
                return None  # '다른 날짜의 제품은 …' does not say what a product is
            return self._decided(question, said, denied, weight)
        if denied or (_UNDECIDED.search(said.text) and not _UNDECIDED.search(question.text)):
            return None
        names = self._candidates(question, said, kinds)
        if names is None:
            return None
        if not self._are_joined(names, said):
            names = self._in_role(question, names, said)
        return SentenceAnswer(names, said.place.text, _step(said), weight)

    def _are_joined(self, names: tuple[str, ...], said: _Said) -> bool:
        """Whether several names stand in one row ('감귤과 청귤'), so that all of them are meant."""
        places = [m for m in said.mentions if m.entity.name in names]
        return all(_ROW.fullmatch(said.text, first.end, second.start) for first, second in pairwise(places))

    def _in_role(self, question: Question, names: tuple[str, ...], said: _Said) -> tuple[str, ...]:
        """Of several names those that have the part asked for: the subject, unless the question has one."""
        has_subject = any(token.tag == "JKS" for token in question.tokens)
        wanted = "object" if has_subject else "subject"
        places = [m for m in said.mentions if m.entity.name in names]
        fitting = {
            m.entity.name
            for m in places
            if _role(said.text, m.end) == wanted or (wanted == "subject" and _TOPIC.match(said.text, m.end))
        }
        return tuple(fitting) if len(fitting) == 1 else ()

    def _says(self, word: Word, question: Question, said: _Said) -> bool:
        """Whether a sentence holds a word or one like it, or as it is written; of a kind also a name that ends so."""
        if self._vocabulary.alike(word.form) & said.terms:
            return True
        if not word.noun and _written(question.text, word.start) in _WRITTEN.findall(said.text):
            return True  # the analyser reads '끌' now as 끌다 and now as 끄다
        if word.noun and (compound := question.compound(word)) != word.form and compound in said.text:
            return True  # and '응대실은' now as a noun and now with a verb in it
        if is_kind(word.form, self._ontology) and any(name.endswith(word.form) for name in said.names):
            return True
        is_asked_kind = any(word.index == asked.index + 1 for asked in question.asks)  # '무슨 요일': 수요일
        return is_asked_kind and any(term.endswith(word.form) for term in said.terms)

    def _says_contrary(self, word: Word, said: _Said) -> bool:
        """Whether the sentence says the opposite of a word, or the same deed from the other side."""
        return bool((opposites(word.form) | told_by_other(word.form)) & said.terms)

    def _is_denied(self, word: Word, said: _Said) -> bool:
        """Whether the sentence denies what a word says; to deny its opposite affirms it."""
        opposite = opposites(word.form) & said.terms
        if opposite and not self._vocabulary.alike(word.form) & said.terms:
            return not opposite & said.denied
        return bool((self._vocabulary.alike(word.form) | told_by_other(word.form)) & said.denied)

    def _goes_without_saying(self, word: Word, question: Question, said: _Said) -> bool:
        """Whether a question that wants yes or no may say a word that the sentence leaves out."""
        if self._is_headed(word, said) or question.is_pointing(word):
            return True
        return (word.noun or question.is_of_condition(word)) and bool(
            self._vocabulary.alike(word.form) & said.context_terms
        )

    def _is_headed(self, word: Word, said: _Said) -> bool:
        """Whether a noun stands in the headings."""
        return word.noun and bool(self._vocabulary.alike(word.form) & said.heading_terms)

    def _is_carried(self, word: Word, question: Question, said: _Said) -> bool:
        """Whether a noun, or the verb of a condition ('잃어버리면'), stands before the sentence."""
        if not word.noun and not question.is_condition(word):
            return False
        return bool(self._vocabulary.alike(word.form) & said.context_terms)

    def _decided(self, question: Question, said: _Said, denied: bool, weight: int) -> SentenceAnswer | None:
        if _UNDECIDED.search(said.text) and not denied:
            return None
        if _FORMERLY.search(said.text):
            if not _STILL.search(question.text):
                return None
            denied = True
        word = "아니요" if denied != question.is_denied else "예"
        return SentenceAnswer((word,), f"{word}. {said.place.text}", _step(said), weight)

    def _is_told_how_many(self, question: Question, said: _Said) -> bool:
        """Whether a question that only names something and asks 몇 is answered: the sentence is about it alone."""
        if counted_unit(question) is None or not question.named:
            return False
        asked = {name for slot in question.named for name in _names(slot)}
        whose = [m for m in said.mentions if _TOPIC.match(said.text, m.end) or _role(said.text, m.end) == "owner"]
        return bool(whose) and whose[-1].entity.name in asked

    def _speaks_of(self, slot: Slot, said: _Said, question: Question) -> bool:
        """Whether a sentence is about what is named: it names it in no other role, or is carried by its heading."""
        names = _names(slot)
        if names == {self._ontology.subject_of(said.place.source)}:
            return True
        mentions = [mention for mention in said.mentions if mention.entity.name in names]
        if mentions:
            asks_how_many = counted_unit(question) is not None  # 'A가 몇 %': 'A의 비율은 60%'
            roles = [_role(said.text, mention.end) for mention in mentions]
            asked = _asked_role(question, slot)
            return any(not _contradict(asked, role) or (asks_how_many and role == "owner") for role in roles)
        classes = {entity.cls for entity in slot.entities}
        if not any(self._last_of(cls, said) in names for cls in classes):
            return False  # whoever of the kind was named last is spoken of
        if not (question.is_open or question.is_subject(slot) or names & said.heading_names):
            return False  # of whom it speaks may stand before; where and with whom, it says itself
        return not any(
            mention.entity.cls in classes and (_TOPIC.match(said.text, mention.end) or
                                               _role(said.text, mention.end) == "subject")
            for mention in said.mentions
        )  # fmt: skip

    def _last_of(self, cls: str, said: _Said) -> str:
        """Who of a class, or of one above or below it, was named last before; '' for nobody."""
        up = self._ontology.is_a
        return next((e.name for e in reversed(said.last_named) if up(e.cls, cls) or up(cls, e.cls)), "")

    def _wanted(self, question: Question) -> tuple[list[str], list[Word]]:
        """The nouns that say of which kind the answer is, and the words that a sentence must say."""
        unit = counted_unit(question)
        numbered = {i for w in question.words if w.tag == "SN" for i in (w.index, w.index + 1)}  # see _same_numbers
        left = [w for w in left_over(question, frozenset(numbered)) if w != unit and w.form not in ("있", "없")]
        beside = {word.index + step for word in question.asks for step in (1, 2)}
        last = left[-1] if left and question.is_open and is_kind(left[-1].form, self._ontology) else None
        kinds = [word for word in left if unit is None and word.noun and (word.index in beside or word == last)]
        return [word.form for word in kinds], [word for word in left if word not in kinds]

    def _candidates(self, question: Question, said: _Said, kinds: Sequence[str]) -> tuple[str, ...] | None:
        """The names that may be the answer, () where it is a value or no known name, None where there is no answer."""
        asked = {name for slot in question.named for name in _names(slot)}
        beside = _in_row_with(asked, said)
        entities = [m.entity for m in said.mentions if m.entity.name not in asked | beside and not _modifies(m, said)]
        unit = counted_unit(question)
        forms = {word.form for word in question.asks}
        if unit is not None:
            is_former = _BEFORE_CHANGE.search(said.text) is not None
            return (
                ()
                if _has_unit(said.text, unit.form, question.text) or (is_former and _bare_number(said.text))
                else None
            )
        if "며칠" in forms or "얼마" in forms:
            return () if any(text not in question.text for text in _amounts(said.text, _DAYS)) else None
        if "언제" in forms:
            return () if any(text not in question.text for text in _WHEN.findall(said.text)) else None
        known = [kind for kind in kinds if is_kind(kind, self._ontology)]
        allowed = [] if known else [kind for word in question.asks for kind in ASKED[word.form]]
        if known or allowed:
            fitting = [
                e.name
                for e in entities
                if all(is_of_kind(e.name, e.cls, kind, self._ontology) for kind in known)
                and (not allowed or any(self._ontology.is_a(e.cls, kind) for kind in allowed))
            ]
            people = [e.name for e in entities if e.name in fitting and self._ontology.is_a(e.cls, "사람")]
            asks_who = bool({"누구", "누가"} & forms)
            names = tuple(dict.fromkeys(people if people and asks_who else fitting))
            return names or (() if _fills_asked_case(question, said) else None)
        if kinds:
            return tuple(dict.fromkeys(e.name for e in entities)) if any(k in said.text for k in kinds) else None
        said_already = {form for word in question.words for form in self._vocabulary.alike(word.form)}
        new = [term for term in said.terms if term not in said_already and term not in question.text]
        if any(word.form in NAME_WORDS for word in question.words):
            spellings = (said.text[m.start : m.end] for m in said.mentions if m.entity.name in asked)
            new += [spelling for spelling in spellings if spelling not in question.text]
        return tuple(dict.fromkeys(e.name for e in entities)) if new else None


def _is_predicate(nouns: Sequence[Word], text: str) -> bool:
    """Whether a sentence says that something is, or is not, one of these: '책이 아니라 사진이다'."""
    being = r"(?:이다|입니다|이며|이고|이자|이에요|예요|다(?=[.\s]|$)|[이가]?\s?아니|[은는이가]\s(?:[가-힣]+\s)?[없있])"
    return any(re.search(re.escape(noun.form) + being, text) for noun in nouns)


def _is_stated(nouns: Sequence[Word], text: str, asks_when: bool) -> bool:
    """Whether a sentence says what the last of these nouns is, or who: '강사는 …', '…는 강사이다', '강사: …'.

    When something is, it says of any of them.
    """
    if not nouns:
        return True
    asked = nouns if asks_when else nouns[-1:]
    return any(re.search(re.escape(noun.form) + _STATES, text) for noun in asked)


def _same_numbers(question: Question, said: _Said) -> bool:
    """Whether each number of the question, with what it counts, stands in the sentence or before it."""
    for number in _NUMBERED.finditer(question.text):
        inside = any(slot.start <= number.start() < slot.end for slot in question.named)
        pattern = rf"(?<!\d){re.escape(number[1])}(?!\d)\s?{re.escape(number[2])}"
        if not inside and not re.search(pattern, said.text) and not re.search(pattern, said.context):
            return False
    return True


def _clauses(text: str) -> Iterator[str]:
    """The coordinate clauses of a sentence."""
    position = 0
    for found in _CLAUSE.finditer(text):
        yield text[position : found.end()].strip()
        position = found.end()
    yield text[position:].strip()


def _written(text: str, start: int) -> str:
    """The stretch between spaces and signs that a word stands in."""
    return next((found.group() for found in _WRITTEN.finditer(text) if found.start() <= start < found.end()), "")


def _in_row_with(names: set[str], said: _Said) -> set[str]:
    """Names that stand in one row with others ('감귤, 설탕, 레몬즙'): they have the same part in the sentence."""
    found = set(names)
    for first, second in (*pairwise(said.mentions), *pairwise(said.mentions[::-1])):
        left, right = sorted((first, second), key=lambda mention: mention.start)
        if first.entity.name in found and _ROW.fullmatch(said.text, left.end, right.start):
            found.add(second.entity.name)
    return found - names


def _modifies(mention: Mention, said: _Said) -> bool:
    """Whether a name only begins a compound ('솔섬 음악회'): a noun follows it without a particle or a sign."""
    found = _FOLLOWED.match(said.text, mention.end)
    return found is not None and not any(other.start == found.end() for other in said.mentions)


def _is_of_time(said: _Said, question: Question, before: str | None) -> bool:
    """Whether a sentence tells of the time that is asked about: of now, or of that before a change."""
    tells_of_past = _BEFORE_CHANGE.search(said.text) is not None
    if before is None:
        return not (tells_of_past and question.is_open) or _BEFORE_CHANGE.search(question.text) is not None
    if not tells_of_past and not _GIVES_WAY.search(said.text):
        return False
    if not before:
        return True
    dates = [canonical("날짜", found) for found in re.findall(DATE, f"{said.context} {said.text}")]
    changed = next((date for date in reversed(dates) if date), "")
    return bool(changed) and first_day(before) < first_day(changed)


def _some_of_all(question: Question, said: _Said) -> bool:
    """'41점이 모두 …?' and '41점 가운데 29점': some are not all."""
    found = _PART_OF.search(said.text)
    if found is None or not _ALL.search(question.text) or found[2] not in question.text:
        return False
    return float(found[3].replace(",", "")) < float(found[1].replace(",", ""))


def _spoken_of(text: str, mentions: Sequence[Mention]) -> tuple[Entity, ...]:
    """Those whom a text names in order, topics and subjects behind all others: of them it goes on to speak."""
    leads = [bool(_TOPIC.match(text, m.end)) or _role(text, m.end) == "subject" for m in mentions]
    return tuple(
        mention.entity for leading in (False, True) for mention, leads_ in zip(mentions, leads, strict=True)
        if leads_ is leading
    )  # fmt: skip


def _names(slot: Slot) -> set[str]:
    return {entity.name for entity in slot.entities}


def _step(said: _Said) -> ProofStep:
    topic = said.mentions[0].entity.name if said.mentions else said.last_named[-1].name if said.last_named else ""
    return ProofStep(topic, "문장", said.place.text, "", (said.place,))


def _role(text: str, end: int) -> Role:
    return next((role for pattern, role in _ROLES if pattern.match(text, end)), "")


def _asked_role(question: Question, slot: Slot) -> Role:
    """The role of a name in the question; a topic is the subject unless the question asks for the subject."""
    if any(word.form in _PASSIVE for word in question.words) or any(t.tag == "XSV" and t.form == "되" for t in
                                                                    question.tokens):  # fmt: skip
        return ""  # '음악회는 언제 열리나요?': '음악회를 8월에 연다'
    if _TOPIC.match(question.text, slot.end):
        if any(token.tag == "JKS" and token.start > slot.end for token in question.tokens):
            return ""  # 'X는 이름이 무엇으로 바뀌었나요?'
        asks_subject = any(word.form == "누가" or _role(question.text, word.end) == "subject" for word in question.asks)
        return "" if asks_subject else "subject"
    return _role(question.text, slot.end)


def _contradict(asked: Role, said: Role) -> bool:
    return (asked, said) in {("subject", "object"), ("subject", "owner"), ("object", "subject")}


def _has_unit(text: str, unit: str, question: str) -> bool:
    """Whether a text says an amount in a unit that the question does not say itself."""
    found = _amounts(text)
    if unit in ("년", "월", "일", "시"):
        found = [f"{number}{unit}" for number in re.findall(rf"(\d+)\s?{unit}", text)]
        return any(part not in question for part in found)
    amounts = [(part, amount_of(part)) for part in found if part not in question]
    return any(amount is not None and fits_unit(unit, amount.dimension) for _, amount in amounts)


def _bare_number(text: str) -> bool:
    """Whether a text says that something is a number, without its unit."""
    return re.search(r"\d(?:이[었였]|였|입니다|이다)", text) is not None


def _fills_asked_case(question: Question, said: _Said) -> bool:
    """Whether a noun that no ontology knows stands where it is asked for: '어느 회사에서 …?', '너른밀제분에서 …'."""
    asked = _ASKED_CASE.search(question.text)
    if asked is None:
        return False
    case = asked[1] or "에서"
    named = {said.text[mention.start : mention.end] for mention in said.mentions}
    found = re.findall(rf"([가-힣A-Za-z0-9]{{2,}}){case}(?:는|도)?(?![가-힣])", said.text)
    return any(noun not in question.text and noun not in named and not is_adverbial(noun) for noun in found)


def _amounts(text: str, *others: re.Pattern[str]) -> list[str]:
    return [found.group() for pattern in (WRITTEN_AMOUNT, NATIVE, *others) for found in pattern.finditer(text)]
