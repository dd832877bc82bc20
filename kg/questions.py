"""Reads a Korean question: whom it names, which words say what is asked, and whether it asks yes or no. Pure.

Everything that the reading does not understand stays visible as a word left over, so that a question is
answered from the graph only if each of its words is accounted for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from kiwipiepy import Token

from ingest import Korean
from kg.literals import PATTERNS as LITERAL_PATTERNS
from kg.literals import canonical
from kg.mentions import Names
from kg.patterns import Place, places
from kg.types import LITERALS, Ontology, Relation

# What a question word asks for: classes of the general ontology, and literals.
ASKED: dict[str, tuple[str, ...]] = {
    "누구": ("사람", "조직"),
    "누가": ("사람", "조직"),
    "어디": ("장소", "조직"),
    "언제": ("연도", "날짜"),
    "얼마": ("수량",),
    "몇": ("수량", "연도", "날짜"),
    "무엇": (),
    "뭐": (),
    "무어": (),
    "뭣": (),
    "어느": (),
    "어떤": (),
    "무슨": (),
}
_HOW_AND_WHY = frozenset(["왜", "어떻게", "어찌", "얼마나", "어떠하", "어떻"])
# Words that ask or point but say nothing about what is asked.
_EMPTY = re.compile(
    "알|알리|알려주|말하|주|드리|부탁|궁금|가르치|보|싶|하|되|이|그|것|거|곳|분|데|수|좀|혹시|지금|현재|이제|이름|"
    "우리|저희|당사|중|때|질문|들|님|씨|측"
)
_CONTENT = ("NN", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "XPN", "XSN", "SL", "SH", "SN", "W_")
_LIMITED = re.compile(r"(?:님|씨)?(?:에서|에|으로|로)?(?:만|부터|까지|보다|처럼|밖에|마다|조차|뿐|말고)")
_SUBJECT = re.compile(r"(?:\s?\([^()]*\))?(?:님|씨)?(?:께서는|께서|은|는|이|가|의)(?![가-힣])")
_OTHER = re.compile(r"(?:\s?\([^()]*\))?(?:님|씨)?(?:을|를|에|에서|에게|에는|에서는|로|으로|와|과)(?![가-힣])")
_GOAL = re.compile(r"(?:\s?\([^()]*\))?(?:님|씨)?(?:에|을|를)(?![가-힣])")


@dataclass(frozen=True, slots=True)
class Word:
    """A content morpheme outside of names. ``index`` counts the question's morphemes."""

    index: int
    form: str
    start: int
    end: int
    noun: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question as far as it is understood without the graph. ``text`` is NFC; offsets count in it."""

    text: str
    named: tuple[Place, ...]
    tokens: tuple[Token, ...]
    words: tuple[Word, ...]

    @property
    def asks(self) -> tuple[Word, ...]:
        """Its question words (누구, 어디, …)."""
        return tuple(word for word in self.words if word.form in ASKED)

    @property
    def is_open(self) -> bool:
        """Whether it asks who, what, where: by a question word, or as a mere noun phrase ('대표는?')."""
        if self.asks or any(word.form in ("알리", "말하", "가르치", "알려주") for word in self.words):
            return True
        spoken = [token for token in self.tokens if not token.tag.startswith(("SF", "SP", "SS", "SE", "SW"))]
        last = spoken[-1] if spoken else None
        return last is not None and (last.tag.startswith(("N", "XSN", "SL", "JKS")) or last.form in ("은", "는", "ᆫ"))

    @property
    def is_answerable(self) -> bool:
        """False for how and why, for denials, and for names narrowed by 만, 부터, 보다 and the like."""
        if any(word.form in _HOW_AND_WHY for word in self.words):
            return False
        if any(t.tag == "VCN" or t.form in ("않", "못하", "안", "못", "없", "말") for t in self.tokens):
            return False
        return not any(_LIMITED.match(self.text, place.end) for place in self.named)

    def is_subject(self, place: Place) -> bool:
        """Whether its particle makes a name topic, subject or owner."""
        return _SUBJECT.match(self.text, place.end) is not None

    def is_other(self, place: Place) -> bool:
        """Whether its particle makes a name anything but the subject."""
        return _OTHER.match(self.text, place.end) is not None

    def is_goal(self, place: Place) -> bool:
        """Whether its particle is 에, 을 or 를."""
        return _GOAL.match(self.text, place.end) is not None

    def literal(self, relation: Relation) -> tuple[str, tuple[int, int]] | None:
        """The one literal of the relation's kind that stands outside of names, in its canonical form."""
        if relation.range not in LITERALS or relation.range == "글":
            return None
        found = [
            match
            for match in re.finditer(LITERAL_PATTERNS[relation.range], self.text)
            if not any(place.start < match.end() and match.start() < place.end for place in self.named)
        ]
        value = canonical(relation.range, found[0].group()) if len(found) == 1 else None
        return (value, found[0].span()) if value else None


def read_question(text: str, names: Names, korean: Korean) -> Question:
    """What is named in a question and which words are left. Accepts NFD."""
    text = unicodedata.normalize("NFC", text).strip()
    found = places(names.find(text))
    named = tuple({place.entities: place for place in reversed(found)}.values())[::-1]
    tokens = tuple(korean.tokenize(text))
    words = tuple(
        Word(index, token.form, token.start, token.start + token.len, token.tag.startswith(("N", "X", "S")))
        for index, token in enumerate(tokens)
        if token.tag.startswith(_CONTENT)
        and not any(p.start < token.start + token.len and token.start < p.end for p in found)
    )
    return Question(text, named, tokens, words)


class Vocabulary:
    """The words by which questions ask for each relation, as the morphemes that questions hold."""

    def __init__(self, ontology: Ontology, korean: Korean) -> None:
        self._stems = {
            key: [_stem(word, korean) for word in relation.questions] for key, relation in ontology.relations.items()
        }

    def words(self, question: Question, relation: Relation) -> frozenset[int]:
        """Indexes of the words that ask for ``relation``; question words (어디, 언제) do not count.

        Where the answer says that something exists, 있다 beside such a word is one, too.
        """
        forms = [word.form for word in question.words]
        found: set[int] = set()
        for asked in self._stems[relation.key]:
            for start in range(len(forms) - len(asked) + 1):
                if asked and tuple(forms[start : start + len(asked)]) == asked and asked[0] not in ASKED:
                    found.update(word.index for word in question.words[start : start + len(asked)])
        if found and relation.answer.endswith("있습니다."):
            found.update(word.index for word in question.words if word.form == "있")
        return frozenset(found)

    def asks(self, question: Question, relation: Relation) -> bool:
        """Whether a question word alone asks for ``relation`` ('본사는 어디야?')."""
        return any((word.form,) in self._stems[relation.key] for word in question.asks)


def left_over(question: Question, understood: frozenset[int]) -> list[Word]:
    """Words that are neither understood nor empty nor question words."""
    return [
        word
        for word in question.words
        if word.index not in understood and not _EMPTY.fullmatch(word.form) and word.form not in ASKED
    ]


def question_terms(question: str, ontology: Ontology, korean: Korean) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(names of the entities that a question names, its other nouns that the ontology does not explain).

    The nouns are what evidence must speak of: no name, no word of a relation, no class, no question word.
    """
    read = read_question(question, names_of(ontology), korean)
    understood: set[int] = set()
    vocabulary = Vocabulary(ontology, korean)
    for relation in ontology.relations.values():
        understood |= vocabulary.words(read, relation)
    entities = dict.fromkeys(entity.name for place in read.named for entity in place.entities)
    left = (word for word in left_over(read, frozenset(understood)) if word.noun)
    tags = {word.index: read.tokens[word.index].tag for word in read.words}
    terms = dict.fromkeys(
        word.form for word in left if not tags[word.index].startswith("NNB") and word.form not in ontology.classes
    )
    return tuple(entities), tuple(terms)


@lru_cache(maxsize=4)
def names_of(ontology: Ontology) -> Names:
    """Compiled once per ontology (they compare by identity)."""
    return Names(ontology)


def _stem(word: str, korean: Korean) -> tuple[str, ...]:
    """The content morphemes of a dictionary form: 설립하다 → 설립, 이끌다 → 이끌."""
    tokens = korean.tokenize(word)
    return tuple(token.form for token in tokens if token.tag.startswith((*_CONTENT, "VX")))
