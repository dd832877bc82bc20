"""How well statements are read from text, and how well names are told apart.

    python -m benchmarks.extraction worlds   [--relations]
    python -m benchmarks.extraction aliases
    python -m benchmarks.extraction k2nlg    --data DIR [--split val] [--limit N] [--relations] [--show]
    python -m benchmarks.extraction okbqa    --data DIR [--limit N] [--relations] [--show]
    python -m benchmarks.extraction mentions --data DIR [--limit N] [--show]

worlds: our four worlds. Recall: of the answerable questions of ``--split tune`` whose evidence is one sentence or table
row, the share for which an approved statement stands there that has an accepted answer at one end and a name of the
question at the other. Precision: of the statements that a person has judged (``extraction_judged.tsv``: every fourth,
by hash), the share that the text says. 'without patterns': the share of approved statements that are found with all
patterns taken out of the ontologies.

aliases: the worlds' own aliases are taken away. Right is a mention by an alias of the list that gets its entity all the
same: by what the text says, by title, by rule. Precision is of those that get any entity.

k2nlg: KAIST K2NLG. A text's ontology knows its entities, the properties' Korean names and the coarse classes of both
(of properties those that four of five triples of train.jsonl have), and no verb. Right is a triple that the authors
marked as said, whatever is true in the world.

okbqa: OKBQA-7 task 4, paragraphs of Wikipedia. Ontology as above. Only triples that three people judged count:
precision is of those judged, recall of those judged true.

mentions: OKBQA-7 task 1: the entities of a paragraph and of nine others are known by their titles alone; right is a
mention that gets its entity, at exactly its characters. 'hard' are those whose text is not the title.

Sets: their licences forbid commercial use; they are read from ``--data`` and not copied.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ingest import ONTOLOGY_FILE, Document, Korean, Statement, clean, load
from kg import Entity, Names, Ontology, Relation, extend, extract, general_ontology, parse_ontology
from kg.mentions import key
from kg.resolution import find_aliases
from rag.evaluation.intervals import share

_CORPORA = Path(__file__).parent.parent / "corpora"
_JUDGED = Path(__file__).parent / "extraction_judged.tsv"
_CLASSES = {"사람": "것", "장소": "것", "조직": "것"}
_KINDS = {"PS": "사람", "LC": "장소", "OG": "조직", "PE": "사람", "LO": "장소", "OR": "조직"}

# The sentence that states a property whose question in OKBQA-7 describes it and does not name it.
_SENTENCES = {
    **dict.fromkeys(("location", "region", "city", "locatedInArea"), "{subject}은 {object}에 있습니다."),
    "isPartOf": "{subject}은 {object}에 속합니다.",
    "birthPlace": "{subject}은 {object}에서 태어났습니다.",
    "deathPlace": "{subject}은 {object}에서 죽었습니다.",
    "spouse": "{subject}의 배우자는 {object}입니다.",
    "capital": "{subject}의 수도는 {object}입니다.",
    "largestCity": "{subject}의 가장 큰 도시는 {object}입니다.",
    "occupation": "{subject}의 직업은 {object}입니다.",
    "product": "{subject}은 {object}을 만듭니다.",
    "knownFor": "{subject}은 {object}으로 알려졌습니다.",
}

Triple = tuple[str, str, str]


@dataclass
class Score:
    """Counts of what was found and what should have been, by relation."""

    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)

    def add(self, found: Iterable[Triple], gold: Iterable[Triple]) -> None:
        """One text: what was found in it, and what it says."""
        found, gold = set(found), set(gold)
        self.found.update(relation for _, relation, _ in found)
        self.gold.update(relation for _, relation, _ in gold)
        self.right.update(relation for _, relation, _ in found & gold)
        self.hit.update(relation for _, relation, _ in found & gold)

    def summary(self, by_relation: bool) -> dict[str, Any]:
        """Precision and recall with Wilson intervals."""
        whole = {
            "precision": share(self.right.total(), self.found.total()),
            "recall": share(self.hit.total(), self.gold.total()),
        }
        if by_relation:
            names = sorted(self.gold | self.found, key=lambda name: -self.gold[name])
            whole["relations"] = {
                name: {
                    "precision": share(self.right[name], self.found[name]),
                    "recall": share(self.hit[name], self.gold[name]),
                }
                for name in names
            }
        return whole


def main() -> None:
    """Print one set's figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("task", choices=("worlds", "aliases", "k2nlg", "okbqa", "mentions"))
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--split", default="")
    arguments.add_argument("--limit", type=int)
    arguments.add_argument("--relations", action="store_true")
    arguments.add_argument("--show", action="store_true")
    options = arguments.parse_args()
    if options.task in ("k2nlg", "okbqa", "mentions") and options.data is None:
        arguments.error("--data")
    korean = Korean()
    match options.task:
        case "worlds":
            result = worlds(korean, options.split or "tune", options.relations, options.show)
        case "aliases":
            result = aliases(korean, options.show)
        case "k2nlg":
            rows = _json_lines(options.data / f"{options.split or 'val'}.jsonl", options.limit)
            types = _types(_json_lines(options.data / "train.jsonl", None))
            result = k2nlg(rows, types, korean, options.show).summary(options.relations)
        case "okbqa":
            rows = _json_lines(options.data / "task4_RE.jsonl", options.limit)
            result = okbqa(rows, korean, options.show).summary(options.relations)
        case _:
            rows = _json_lines(options.data / "task1_ELD.jsonl", options.limit)
            result = mentions(rows, korean, options.show)
    print(json.dumps(result, ensure_ascii=False, indent=2))


# -- our worlds ----------------------------------------------------------------------------------


def worlds(korean: Korean, split: str, by_relation: bool, show: bool) -> dict[str, Any]:
    """Recall over questions with one place of evidence, precision over judged statements."""
    judged = dict(line.rsplit("\t", 1) for line in _JUDGED.read_text("utf-8").splitlines()) if _JUDGED.exists() else {}
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    recall: dict[str, Counter[bool]] = defaultdict(Counter)
    unjudged = []
    reached = 0
    statements = Counter[str]()
    bare_hits = bare_found = all_found = 0
    for world, ontology, documents in _worlds():
        found = {document.source: extract(document, ontology, korean) for document in documents}
        texts = {document.source: document.text for document in documents}
        bare = replace(ontology, relations={k: replace(r, patterns=()) for k, r in ontology.relations.items()})
        for document in documents:
            whole = _turned(found[document.source], ontology)
            without = _turned(extract(document, bare, korean), ontology)
            all_found, bare_found, bare_hits = (
                all_found + len(whole),
                bare_found + len(without),
                bare_hits + len(whole & without),
            )
        for source, said in found.items():
            for statement in said:
                statements[f"{statement.status} {statement.mode}"] += 1
                line = _line(world, source, texts[source], statement)
                if statement.status == "approved" and _is_sampled(line):
                    verdict = judged.get(line)
                    verdicts[statement.relation][verdict or "unjudged"] += 1
                    unjudged += [] if verdict else [line]
        for question in _questions(world, split):
            evidence = question["evidence"][0]
            there = _at(found[evidence["source"]], texts[evidence["source"]], evidence["quote"])
            answers = [statement.status for statement in there if _answers(statement, question, ontology)]
            hit = "approved" in answers
            recall[question["kind"]][hit] += 1
            reached += bool(answers)
            if show and not hit:
                print("missed", world, question["question"], "→", question["answer"], "|", evidence["quote"])
    if show:
        print(*unjudged, sep="\n")
    right = sum(counts["right"] for counts in verdicts.values())
    wrong = sum(counts["wrong"] for counts in verdicts.values())
    result = {
        "statements": dict(statements),
        "recall over questions": share(sum(c[True] for c in recall.values()), sum(c.total() for c in recall.values())),
        "with candidates": share(reached, sum(c.total() for c in recall.values())),
        "by kind": {kind: share(counts[True], counts.total()) for kind, counts in sorted(recall.items())},
        "precision": share(right, right + wrong),
        "unjudged": len(unjudged),
        "without patterns": share(bare_hits, all_found),
        "only without patterns": bare_found - bare_hits,
    }
    if by_relation:
        result["relations"] = {
            relation: share(counts["right"], counts["right"] + counts["wrong"])
            for relation, counts in sorted(verdicts.items())
        }
    return result


def _turned(statements: Iterable[Statement], ontology: Ontology) -> set[tuple[object, ...]]:
    """What is approved, each with its span, in one of the two directions that inverse relations give it."""
    inverse = {name: relation.inverse for name, relation in ontology.relations.items() if relation.inverse}
    inverse.update({other: name for name, other in list(inverse.items()) if other not in inverse})
    inverse.update({name: name for name, relation in ontology.relations.items() if relation.symmetric})
    found: set[tuple[object, ...]] = set()
    for each in statements:
        if each.status == "approved":
            said = (each.subject, each.relation, each.object)
            other = (each.object, inverse[each.relation], each.subject) if each.relation in inverse else said
            found.add((*min(said, other), each.mode, each.span))
    return found


def _worlds() -> Iterator[tuple[str, Ontology, list[Document]]]:
    for folder in sorted((_CORPORA / "facts").iterdir()):
        texts = {path.name: clean(load(path).parts[0].text).text for path in sorted(folder.iterdir())}
        ontology = extend(general_ontology(), parse_ontology(texts.pop(ONTOLOGY_FILE), ONTOLOGY_FILE))
        yield folder.name, ontology, [Document(name, name, "", text, "facts") for name, text in texts.items()]


def _line(world: str, source: str, text: str, statement: Statement) -> str:
    """A statement as a line of the file of judgements."""
    evidence = " ".join(text[statement.span.start : statement.span.end].split())
    said = (statement.subject, statement.relation, statement.object, statement.mode)
    return "\t".join((world, source, *said, evidence))


def _is_sampled(line: str) -> bool:
    return int(hashlib.sha256(line.encode()).hexdigest(), 16) % 4 == 0


def _questions(world: str, split: str) -> Iterator[dict[str, Any]]:
    for row in _json_lines(_CORPORA / "questions" / f"{world}.jsonl", None):
        is_wanted = row["split"] == split and row["answerable"] and row["kind"] != "예아니오"
        if is_wanted and len(row["evidence"]) == 1 and row["evidence"][0]["source"] != ONTOLOGY_FILE:
            yield row


def _at(statements: Sequence[Statement], text: str, quote: str) -> list[Statement]:
    start = text.find(quote)
    return [
        statement
        for statement in statements
        if statement.status != "rejected" and start < statement.span.end and statement.span.start < start + len(quote)
    ]


def _answers(statement: Statement, question: dict[str, Any], ontology: Ontology) -> bool:
    """Whether a statement joins an accepted answer and a name of the question (or whose name the question omits)."""
    accepted = {key(text) for text in (*question["answer"].split(", "), *question["accepted"])}
    ends = [statement.subject, statement.object]
    names = [{key(n) for n in ontology.entities[end].names} if end in ontology.entities else {key(end)} for end in ends]
    asked = key(question["question"])
    return any(
        any(answer == name or answer.endswith(name) for answer in accepted for name in names[place])
        and (any(name in asked for name in names[1 - place]) or ends[1 - place] == ontology.subject)
        for place in (0, 1)
    )


def aliases(korean: Korean, show: bool) -> dict[str, Any]:
    """Mentions by another name than the canonical one, resolved without the ontology's list of them."""
    counts: Counter[str] = Counter()
    for world, ontology, documents in _worlds():
        bare = replace(ontology, entities={n: replace(e, aliases=()) for n, e in ontology.entities.items()})
        listed, names = Names(ontology), Names(bare)
        for document in documents:
            text = document.text
            given = Names(bare, find_aliases(text, bare, names, korean).names)
            gold = _unambiguous(listed, text)
            found = _unambiguous(given, text)
            for span, entity in gold.items():
                if key(text[slice(*span)]) == key(entity):
                    continue
                there = [e for other, e in sorted(found.items()) if other[0] < span[1] and span[0] < other[1]]
                verdict = "missed" if not there else "right" if there[-1] == entity else "wrong"
                counts[verdict] += 1
                if show and verdict != "right":
                    print(verdict, world, text[slice(*span)], "=", entity, *there)
            for span, entity in found.items():
                is_new = key(text[slice(*span)]) != key(entity)
                if is_new and not any(other[0] < span[1] and span[0] < other[1] for other in gold):
                    counts["not listed"] += 1
                    if show:
                        print("not listed", world, text[slice(*span)], "=", entity)
    right, wrong = counts["right"], counts["wrong"]
    return {
        "precision": share(right, right + wrong),
        "recall": share(right, right + wrong + counts["missed"]),
        "mentions that the list lacks": counts["not listed"],
    }


def _unambiguous(names: Names, text: str) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for mention in names.find(text):
        found[mention.start, mention.end].add(mention.entity.name)
    return {span: next(iter(entities)) for span, entities in found.items() if len(entities) == 1}


# -- sets of others ------------------------------------------------------------------------------


def _types(rows: Iterable[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """The coarse classes of a property's subjects and objects, where four of five share one."""
    seen: dict[str, tuple[Counter[str], Counter[str]]] = defaultdict(lambda: (Counter(), Counter()))
    for row in rows:
        kinds = {name: _KINDS.get(entity["ne_type"][:2], "것") for name, entity in row["entities"].items()}
        for triple in row["triple"]:
            for end, counts in zip((triple["s"], triple["o"]), seen[triple["p"]], strict=True):
                counts[kinds.get(end, "것")] += 1

    def common(counts: Counter[str]) -> str:
        cls, count = counts.most_common(1)[0]
        return cls if count >= 0.8 * counts.total() else "것"

    return {name: (common(subjects), common(objects)) for name, (subjects, objects) in seen.items()}


def k2nlg(rows: Iterable[dict[str, Any]], types: dict[str, tuple[str, str]], korean: Korean, show: bool) -> Score:
    """Triples that a short text says, from an ontology without patterns."""
    score = Score()
    for row in rows:
        properties = {triple["p"] for triple in row["triple"]}
        entities = {name: _KINDS.get(e["ne_type"][:2], "것") for name, e in row["entities"].items()}
        for triple in row["triple"]:
            entities.setdefault(triple["s"], "것")
            entities.setdefault(triple["o"], "것")
        ontology = _ontology({_plain(name): cls for name, cls in entities.items()}, properties, types)
        found = _triples(extract(_document(row["Text"]), ontology, korean))
        gold = {(_plain(t["s"]), _key(t["p"]), _plain(t["o"])) for t in row["triple"] if t["Rep"]}
        score.add(found, gold)
        if show and found != gold:
            print(row["Text"], "\n  wrong ", *sorted(found - gold), "\n  missed", *sorted(gold - found))
    return score


def okbqa(rows: Iterable[dict[str, Any]], korean: Korean, show: bool) -> Score:
    """Triples of a paragraph that people have judged."""
    score = Score()
    for row in rows:
        for paragraph in row["paragraphs"]:
            text = re.sub(r"[\[\]<>]", "", paragraph["text"]).replace("_", " ")
            entities = {_plain(name): "것" for name in re.findall(r"[\[<]([^\]>]+)[\]>]", paragraph["text"])}
            judged: dict[bool, set[Triple]] = {True: set(), False: set()}
            labels: dict[str, str] = {}
            for question in paragraph["questions"]:
                label = _label_of(question["nlq"])
                if label or question["rel"] in _SENTENCES:
                    labels[question["rel"]] = label
                    triple = (_plain(question["e1"][1:-1]), question["rel"], _plain(question["e2"][1:-1]))
                    judged[question["ans"] == "T"].add(triple)
            ontology = _ontology(entities, {f"{label}({relation})" for relation, label in labels.items()})
            found = _triples(extract(_document(text), ontology, korean)) & (judged[True] | judged[False])
            score.add(found, judged[True])
            if show and found != judged[True]:
                print(text, "\n  wrong ", *sorted(found - judged[True]), "\n  missed", *sorted(judged[True] - found))
    return score


def _label_of(question: str) -> str:
    """'[A]의 국가은(는) [B]인가요?' asks for 국가; '' where the question describes instead of naming."""
    found = re.match(r"[\[<].*?[\]>]의 ([가-힣 ]{1,12}?)은\(는\) ", question)
    return found.group(1) if found else ""


def mentions(rows: Sequence[dict[str, Any]], korean: Korean, show: bool) -> dict[str, Any]:
    """Mentions that get their entity, by titles alone."""
    counts: Counter[str] = Counter()
    for number, row in enumerate(rows):
        others = [rows[(number + step * 37) % len(rows)] for step in range(10)]
        kinds = {"PERSON": "사람", "LOCATION": "장소", "ORGANIZATION": "조직"}
        entities = {
            _title(entity["keyword"]): kinds.get(entity["ne_type"], "것")
            for other in others
            for entity in other["entities"]
        }
        ontology = _ontology(entities, set())
        text = row["plainText"]
        known = Names(ontology)
        names = Names(ontology, find_aliases(text, ontology, known, korean).names)
        found = {(m.start, m.end): m.entity.name for m in names.find(text)}
        for entity in row["entities"]:
            span, title = (entity["st_mention"], entity["en_mention"]), _title(entity["keyword"])
            if key(text[slice(*span)]) != key(entity["keyword"].strip("[]<>").replace("_", " ")):
                counts["hard"] += 1
                counts["hard right"] += found.get(span) == title
                counts["hard found"] += span in found
            counts["all"] += 1
            counts["right"] += found.get(span) == title
            counts["found"] += span in found
            if show and found.get(span) not in (title, None):
                print(text[slice(*span)], "→", found[span], "not", title)
    return {
        "precision": share(counts["right"], counts["found"]),
        "recall": share(counts["right"], counts["all"]),
        "hard precision": share(counts["hard right"], counts["hard found"]),
        "hard recall": share(counts["hard right"], counts["hard"]),
    }


def _ontology(
    entities: dict[str, str], properties: set[str], types: dict[str, tuple[str, str]] | None = None
) -> Ontology:
    relations: dict[str, Relation] = {}
    for name in sorted(properties):
        label, *others = [part.strip("~ ") for part in re.sub(r"\(.*\)$", "", name).split("/")]
        patterns = tuple(f"{{subject}}의 {other}은 {{object}}" for other in others)
        answer = f"{{subject}}의 {label}은 {{object}}입니다."
        sentence = _SENTENCES.get(_key(name), "")
        label = label or "관계"
        answer = sentence or answer
        domain, range_ = (types or {}).get(name, ("것", "것"))
        relations[_key(name)] = Relation(_key(name), label, domain, range_, patterns=patterns, answer=answer)
    named = {name: Entity(name, cls, tuple(_short(name))) for name, cls in entities.items()}
    return Ontology("benchmark", "", "", "benchmark", dict(_CLASSES), relations, (), named)


def _short(name: str) -> Iterator[str]:
    """The title of an article without what tells it from others of its name."""
    if bare := re.sub(r"\s*\([^()]*\)$", "", name):
        yield bare


def _triples(statements: Iterable[Statement]) -> set[Triple]:
    return {(s.subject, s.relation, s.object) for s in statements if s.status == "approved" and s.mode == "asserted"}


def _document(text: str) -> Document:
    return Document("text", "text", "", text, "facts")


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _title(keyword: str) -> str:
    return _plain(keyword.strip("[]<>"))


def _key(name: str) -> str:
    found = re.search(r"\((\w+)\)$", name)
    return found.group(1) if found else name


def _json_lines(path: Path, limit: int | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()[:limit]]


if __name__ == "__main__":
    main()
