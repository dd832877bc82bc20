"""Which entity a name means: other names that a document gives, and which of several entities of one name. Pure.

Never an entity that merely is the most alike: a name is taken for another only where the document says so, where it
is the same name in another script, or where one slip of the finger parts it from a long one. Otherwise it stays open.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from ingest import Korean
from kg.mentions import PARTICLE, Mention, Names, key
from kg.patterns import TITLES
from kg.types import Entity, Ontology

# A name that differs by one letter (자모) from a known one must have at least this many.
TYPO_LETTERS = 10
_LONG = 4
# How much of the consonants two spellings in different scripts share (Ratcliff and Obershelp 1988).
SAME_SOUND = 0.6

_MARKER = (
    "(?:이하|줄여서|줄임말|약칭|약자|일명|별칭|별명|애칭|본명|예명|필명|법명|아명|가명|별호|아호|코드명|제품명|상품명|영문명?|"
    "영어명?|한자|옛 이름|구|옛|현|통칭)"
)
_IN_BRACKETS = re.compile(r"\s?\(([^()\n]{1,60})\)")
_PART = re.compile(
    rf"\s*(?:(?P<marker>{_MARKER})\s*[:：]?\s*)?[‘'“\"「『]?(?P<name>[^‘’'“”\"「」『』]+?)[’'”\"」』]?(?:이라\s한다|라\s한다)?\s*"
)
_CALLED = re.compile(
    r"(?:\s?\([^()\n]{1,60}\))?(?:[은는을를]|께서는)\s[^.!?\n]{0,24}?"
    r"(?:[‘'“\"「『](?P<quoted>[^‘’'“”\"「」『』\n]{2,20})[’'”\"」』]|(?<![^\s])(?P<bare>[가-힣A-Za-z0-9]{2,15}?))"
    r"(?:이라고도|라고도|이라고|라고|으로도|로도|으로|로)\s?(?:부르|부른|불리|불린|불러|합니다|한다|하며|하고|하는데)"
)
_NICKNAMED = re.compile(
    r"[.!?]\s+[^.!?\n]{0,24}?(?:흔히|줄여서|보통|그냥|쉽게|짧게|달리)\s+"
    r"(?:[‘'“\"「『](?P<quoted>[^‘’'“”\"「」『』\n]{2,20})[’'”\"」』]|(?P<bare>[가-힣A-Za-z0-9]{2,15}?))"
    r"(?:이라고|라고)도?\s?(?:부르|부른|부릅|불리|불린|불러|합니다|한다|하며|하는데)"
)
_HANJA = re.compile(r"[가-힣]*[\u3400-\u9fff\uf900-\ufaff][\u3400-\u9fff\uf900-\ufaff가-힣]*")
_LATIN = re.compile(r"[A-Z][A-Za-z.&'\- ]{1,39}")
_HANGUL = re.compile(r"[가-힣]{2,15}")
_NO_NAME = re.compile(r"\d|같음|포함|제외|기준|현재|예정|참고|단위")
_NUMBERED = re.compile(r"제\s?\d+\s?[가-힣]")
_WORD = re.compile(r"[가-힣A-Za-z]{3,24}")
_ENDING = re.compile(rf"(?:{PARTICLE}){{0,3}}")
PEOPLE = ("사람", "인물")

# Rough consonants of Hangul initials and finals, and of Latin letters: enough to tell 솔버엑스 = SolverX.
_INITIALS = ("k", "kk", "n", "d", "tt", "l", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h")
_FINALS = (
    "", "k", "k", "k", "n", "n", "n", "d", "l", "l", "l", "l", "l", "l", "l", "l", "m", "b", "b", "s", "s", "ng", "j",
    "ch", "k", "t", "p", "h",
)  # fmt: skip
_LATIN_SOUNDS = str.maketrans(
    {"v": "b", "f": "p", "r": "l", "z": "j", "q": "k", "c": "k", "g": "k", "t": "d", "x": "ks"}
)


@dataclass(frozen=True, slots=True)
class Given:
    """Another name of an entity; ``start`` is a character of the sentence that gives it."""

    alias: str
    entity: Entity
    start: int


@dataclass(frozen=True, slots=True)
class Aliases:
    """Names that a document uses besides those of the ontology, each with all that it may mean.

    ``doubtful`` are keys of names that rest on likeness alone, ``given`` are those that the document itself gives.
    """

    names: Mapping[str, tuple[Entity, ...]] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    given: tuple[Given, ...] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.names)


def chosen(entities: tuple[Entity, ...], seen: set[str]) -> tuple[Entity, ...]:
    """Of entities of one name and class, the one that was named without doubt nearby; all where that is not one."""
    by_class: dict[str, list[Entity]] = defaultdict(list)
    for entity in entities:
        by_class[entity.cls].append(entity)
    kept: list[Entity] = []
    for same in by_class.values():
        known = [entity for entity in same if entity.name in seen]
        kept += known if len(same) > 1 and len(known) == 1 else same
    return tuple(kept)


def find_aliases(text: str, ontology: Ontology, names: Names, korean: Korean) -> Aliases:
    """The other names that ``text`` introduces for entities, and misspelt ones.

    '하늘도서관(이하 중앙관)', '솔버엑스(SolverX)', '…을 흔히 복만두라고 부른다', '유하' where 서유하 is named in full,
    '윤 대표' for the one Yun. A name that may be two entities', or an entity's own name, is none.
    """
    found: dict[str, set[str]] = defaultdict(set)
    mentions = names.find(text)
    given = [*_introduced(text, mentions), *_nicknamed(text, mentions)]
    pairs = [(each.alias, each.entity) for each in given] + list(_short_names(text, mentions, ontology, korean))
    for alias, entity in pairs:
        if len(key(alias)) > 1 and not names.knows(alias):
            found[alias].add(entity.name)
    sure = {alias: (ontology.entities[held.pop()],) for alias, held in found.items() if len(held) == 1}
    near = misspelt(text, mentions, ontology, korean)
    doubtful = {alias: (entity,) for alias, entity in near.items() if alias not in found}
    untitled = {alias: held for alias, held in _untitled(ontology).items() if not names.knows(alias) and alias in text}
    told = tuple(each for each in given if each.alias in sure)
    return Aliases({**untitled, **doubtful, **sure}, frozenset(key(alias) for alias in doubtful), told)


@lru_cache(maxsize=4)
def _untitled(ontology: Ontology) -> dict[str, tuple[Entity, ...]]:
    """Names of people without the title that tells them apart ('한지우 소장'): whom one means, the text must say."""
    found: dict[str, list[Entity]] = defaultdict(list)
    for entity in ontology.entities.values():
        titled = re.fullmatch(rf"([가-힣]{{2,4}})\s(?:{TITLES})", entity.name)
        if titled and any(ontology.is_a(entity.cls, cls) for cls in PEOPLE):
            found[titled.group(1)].append(entity)
    return {name: tuple(entities) for name, entities in found.items()}


def _introduced(text: str, mentions: list[Mention]) -> Iterator[Given]:
    named = Counter((mention.start, mention.end) for mention in mentions)
    for mention in mentions:
        if named[mention.start, mention.end] > 1:
            continue
        name = text[mention.start : mention.end]
        if bracket := _IN_BRACKETS.match(text, mention.end):
            for part in re.split(r"[,;/·]", bracket.group(1)):
                if alias := _alias_in_brackets(name, part):
                    yield Given(alias, mention.entity, mention.start)
        elif text[mention.end : mention.end + 1] == ")" and text[mention.start - 1 : mention.start] == "(":
            before = re.search(r"([^\s()]+)\s?$", text[: mention.start - 1])
            if before and same_sound(before.group(1), name):
                yield Given(before.group(1), mention.entity, mention.start)
        elif called := _CALLED.match(text, mention.end):
            yield Given(called["quoted"] or called["bare"], mention.entity, mention.start)


def _nicknamed(text: str, mentions: list[Mention]) -> Iterator[Given]:
    """'A는 크다. 사람들은 흔히 B라고 부른다': what the sentence before names first has another name."""
    for found in _NICKNAMED.finditer(text):
        start = max(text.rfind(mark, 0, found.start()) for mark in (". ", "! ", "? ", "\n"))
        named = [m for m in mentions if start < m.start < found.start()]
        first = [m for m in named if m.start == named[0].start]
        if len(first) == 1:
            yield Given(found["quoted"] or found["bare"], first[0].entity, found.end() - 1)


def _alias_in_brackets(name: str, part: str) -> str | None:
    read = _PART.fullmatch(part)
    if read is None or (_NO_NAME.search(part) and not _NUMBERED.search(part)):
        return None
    alias = read["name"].strip()
    if _ends_alike(alias, name):
        return alias
    if read["marker"]:
        return alias if 1 < len(alias) <= 30 else None
    if _HANJA.fullmatch(alias):
        return alias
    if _LATIN.fullmatch(alias) and re.search("[가-힣]", name):
        return alias
    return alias if _HANGUL.fullmatch(alias) and same_sound(alias, name) else None


def _ends_alike(alias: str, name: str) -> bool:
    """'군산 공장(제2공장)': both end in the last word of the name."""
    last = name[name.rfind(" ") + 1 :]
    return last != name and alias != last and alias.endswith(last) and _HANGUL.fullmatch(last) is not None


def same_sound(one: str, other: str) -> bool:
    """Whether a Hangul and a Latin spelling may be of one name, by their consonants."""
    hangul, latin = (one, other) if re.search("[가-힣]", one) else (other, one)
    if re.search("[A-Za-z]", hangul) or not re.search("[A-Za-z]", latin) or re.search("[가-힣]", latin):
        return False
    skeletons = _hangul_sounds(hangul), _latin_sounds(latin)
    if min(map(len, skeletons)) < 2:
        return False
    return SequenceMatcher(None, *skeletons, autojunk=False).ratio() >= SAME_SOUND


def _hangul_sounds(text: str) -> str:
    sounds = []
    for letter in text:
        if "가" <= letter <= "힣":
            code = ord(letter) - 0xAC00
            sounds.append(_INITIALS[code // 588] + _FINALS[code % 28])
    return "".join(sounds).translate(_LATIN_SOUNDS)


def _latin_sounds(text: str) -> str:
    letters = re.sub("[^a-z]", "", unicodedata.normalize("NFD", text).casefold())
    return re.sub("[aeiouyw]", "", letters.translate(_LATIN_SOUNDS))


def _short_names(
    text: str, mentions: list[Mention], ontology: Ontology, korean: Korean
) -> Iterator[tuple[str, Entity]]:
    """Given names and surnames with a title, of people whom the text names in full."""
    people = {
        mention.entity.name: mention.entity
        for mention in mentions
        if any(ontology.is_a(mention.entity.cls, cls) for cls in PEOPLE)
    }
    full = {name: entity for name, entity in people.items() if re.fullmatch("[가-힣]{3}", name) and name in text}
    for name, entity in full.items():
        if not any(other != name and other[1:3] == name[1:] for other in full) and _is_given(name[1:], text, korean):
            yield name[1:], entity
        if sum(other[0] == name[0] for other in full) == 1:
            for titled in set(
                re.findall(rf"(?<![가-힣]){name[0]}\s(?:{TITLES})(?:님)?(?=[은는이가을를의도과와,.\s])", text)
            ):
                yield titled, entity


def _is_given(word: str, text: str, korean: Korean) -> bool:
    """Whether a word stands for a person: one is addressed or given something by it, or it is a proper noun."""
    if re.search(rf"(?<![가-힣]){word}(?:에게|한테|께|이에게|야|아)(?![가-힣])", text):
        return True
    if not re.search(rf"(?<![가-힣]){word}(?:{PARTICLE})?(?![가-힣])", text):
        return False
    tokens = korean.tokenize(word)
    return len(tokens) == 1 and tokens[0].tag == "NNP"


def misspelt(text: str, mentions: list[Mention], ontology: Ontology, korean: Korean) -> dict[str, Entity]:
    """Words of the text that are one letter away from one long name, and no words of their own."""
    near = _near_names(ontology)
    taken = bytearray(len(text))
    for mention in mentions:
        taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
    found: dict[str, Entity] = {}
    words = {word.group() for word in _WORD.finditer(text) if not any(taken[word.start() : word.end()])}
    for word in sorted(words):
        for length in range(len(word), 2, -1):
            stem = word[:length]
            if length < len(word) and not _ENDING.fullmatch(word, length):
                continue
            letters = _letters(key(stem))
            entities = (
                {near[deleted] for deleted in _deletions(letters) if deleted in near}
                if len(letters) >= TYPO_LETTERS - 1
                else set()
            )
            entities = {
                e
                for e in entities
                if e and _within_one(letters, [_letters(key(n)) for n in ontology.entities[e].names])
            }
            if len(entities) == 1:
                found[stem] = ontology.entities[next(iter(entities))]
                break
    return {alias: entity for alias, entity in found.items() if _is_unknown(alias, korean)}


def _is_unknown(word: str, korean: Korean) -> bool:
    """Whether the analyser has to piece a word together or takes it for a name; no dictionary word is as long."""
    tokens = korean.tokenize(word)
    return len(tokens) > 1 or tokens[0].tag in ("NNP", "SL", "UN") or len(word) >= _LONG


@lru_cache(maxsize=4)
def _near_names(ontology: Ontology) -> dict[str, str]:
    """Letters of long names, also with one left out, to the entity; '' where there are two."""
    near: dict[str, str] = {}
    for entity in ontology.entities.values():
        for name in entity.names:
            letters = _letters(key(name))
            if len(letters) < TYPO_LETTERS:
                continue
            for deleted in _deletions(letters):
                near[deleted] = entity.name if near.get(deleted, entity.name) == entity.name else ""
    return near


def _letters(word: str) -> str:
    return unicodedata.normalize("NFD", word)


def _deletions(letters: str) -> Iterator[str]:
    """The word itself and the word without each of its letters (symmetric deletes: W. Garbe, SymSpell)."""
    yield letters
    for index in range(len(letters)):
        yield letters[:index] + letters[index + 1 :]


def _within_one(letters: str, names: list[str]) -> bool:
    return any(_distance_at_most_one(letters, name) for name in names)


def _distance_at_most_one(one: str, other: str) -> bool:
    """Levenshtein distance of at most one."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    if len(one) == len(other):
        return one[start + 1 :] == other[start + 1 :]
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[start + 1 :] == shorter[start:]
