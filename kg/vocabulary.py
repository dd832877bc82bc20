"""The words by which questions ask for the relations of an ontology. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from ingest import Korean
from kg.kinds import is_kind
from kg.questions import ASKED, Question
from kg.synonyms import same
from kg.types import Ontology, Relation

CONTENT = ("NN", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "XPN", "XSN", "SL", "SH", "SN", "W_")


class Vocabulary:
    """The words by which questions ask for each relation: its question words and its label.

    Verbs are compared by morphemes, nouns also as they are written, since the analyser cuts a rare noun one way
    alone and another way within a sentence.
    """

    def __init__(self, ontology: Ontology, korean: Korean) -> None:
        self._stems: dict[str, list[tuple[str, ...]]] = {}
        self._nouns: dict[str, list[re.Pattern[str]]] = {}
        for key, relation in ontology.relations.items():
            words = dict.fromkeys((*relation.questions, _without_kind(relation.label, ontology)))
            stems = dict.fromkeys(stem(word, korean) for word in words)
            alike = [tuple(word.split("+")) for held in stems for word in same("+".join(held))]
            self._stems[key] = list(dict.fromkeys((*stems, *alike)))
            self._nouns[key] = [_as_written(word) for word in words if word.split()[0] not in ASKED]
        self._alike: dict[str, set[str]] = {}
        for held in self._stems.values():
            single = {asked[0] for asked in held if len(asked) == 1}
            for form in single:
                self._alike.setdefault(form, set()).update(single)

    def words(self, question: Question, relation: Relation) -> frozenset[int]:
        """Indexes of the words that ask for ``relation`` or its inverse; question words (어디, 언제) do not count.

        Where the answer says that something exists, 있다 beside such a word is one, too.
        """
        found = self._asking(question, relation.key)
        # Between people both ways round are possible: there 후임 must not ask for 전임.
        if relation.inverse and (found or relation.domain != relation.range):
            found |= self._asking(question, relation.inverse)
        if found and relation.answer.endswith("있습니다."):
            found |= {word.index for word in question.words if word.form == "있"}
        return frozenset(found)

    def _asking(self, question: Question, key: str) -> set[int]:
        forms = ["있" if word.form == "없" else word.form for word in question.words]  # whether it is, or is not
        found: set[int] = set()
        for asked in self._stems[key]:
            for start in range(len(forms) - len(asked) + 1):
                if asked and tuple(forms[start : start + len(asked)]) == asked and asked[0] not in ASKED:
                    found.update(word.index for word in question.words[start : start + len(asked)])
        starts, ends = {word.start for word in question.words}, {word.end for word in question.words}
        for pattern in self._nouns[key]:
            for match in pattern.finditer(question.text):
                whole = match.end("word") in ends or match.end("word") < match.end()
                if match.start() in starts and whole and _begins_word(question.text, match.start()):
                    found.update(w.index for w in question.words if match.start() <= w.start < match.end())
        return found

    def asks(self, question: Question, relation: Relation) -> bool:
        """Whether a question word alone asks for ``relation`` ('본사는 어디야?')."""
        return any((word.form,) in self._stems[relation.key] for word in question.asks)

    def alike(self, form: str) -> frozenset[str]:
        """Words by which the same relations are asked for, itself included: 대다, 공급, 납품."""
        return frozenset({form, *(word for word in same(form) if "+" not in word), *self._alike.get(form, ())})


def _without_kind(label: str, ontology: Ontology) -> str:
    """A label without the noun that says what its objects are: '만든 배' is asked for by '만든'."""
    *words, last = label.split()
    return " ".join(words) if words and is_kind(last, ontology) else label


def _as_written(word: str) -> re.Pattern[str]:
    """A noun with or without its spaces; of a verb in 하다 also every form of 하다 behind it."""
    noun = word.removesuffix("하다") if word.endswith("하다") else word
    spelled = r"\s?".join(map(re.escape, noun.split()))
    return re.compile(rf"(?P<word>{spelled})" + (r"\s?[하한할함합해했]" if noun != word else ""))


def _begins_word(text: str, start: int) -> bool:
    return start == 0 or not text[start - 1].isalnum()


@lru_cache(maxsize=4)
def vocabulary_of(ontology: Ontology, korean: Korean) -> Vocabulary:
    """Made once per ontology (they compare by identity)."""
    return Vocabulary(ontology, korean)


def stem(word: str, korean: Korean) -> tuple[str, ...]:
    """The content morphemes of a dictionary form: 설립하다 → 설립, 이끌다 → 이끌."""
    tokens = korean.tokenize(word)
    return tuple(token.form for token in tokens if token.tag.startswith((*CONTENT, "VX")))
