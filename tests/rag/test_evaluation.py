"""The measures against worked examples of their papers, and against other people's implementations."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import ndcg_score

from ingest import Chunk, Document, Example, Korean, MalformedRecord, Span
from rag import Answer, Citation, Hit, ProofStep
from rag.evaluation.answers import always_abstaining, answer_items, verdict
from rag.evaluation.compare import NotComparable, compare, load_run, worse
from rag.evaluation.data import data_sha256, load_rows
from rag.evaluation.intervals import holm, mean_interval, paired_difference, ratio_interval, wilson
from rag.evaluation.overlap import character_f1, chrf, distinct, exact_match, rouge, rouge_l, sentence_similarity
from rag.evaluation.purity import purity_items
from rag.evaluation.ranking import ndcg_at, recall_at, reciprocal_rank
from rag.evaluation.record import Item, Run, about, document
from rag.evaluation.report import html, markdown
from rag.evaluation.retrieval import example_items, passage_items
from rag.evaluation.triples import triple_items
from rag.evaluation.writing import Measure, Written
from tests.fakes import HashEmbedder

# -- intervals and tests ---------------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (9, 10), (37, 37), (81, 263)])
def test_wilson_agrees_with_scipy(hits: int, n: int) -> None:
    theirs = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-4)


def test_the_interval_of_a_mean_agrees_with_scipys_bootstrap() -> None:
    values = np.random.default_rng(3).gamma(2.0, size=60)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=1).confidence_interval
    assert mean_interval(list(values)) == pytest.approx((theirs.low, theirs.high), abs=0.05)


def test_the_interval_of_shares_is_wilsons_and_of_nothing_is_everything() -> None:
    assert mean_interval([1.0, 0.0, 1.0]) == wilson(2, 3)
    assert mean_interval([]) == (0.0, 1.0)


def test_the_randomisation_test_agrees_with_all_sign_flips() -> None:
    ours, theirs = [0.9, 0.7, 0.8, 0.4, 0.6, 0.7], [0.5, 0.6, 0.5, 0.5, 0.3, 0.2]
    gains = np.array(ours) - np.array(theirs)
    flips = np.array(list(product((-1, 1), repeat=len(gains)))) @ gains
    exact = float((np.abs(flips) >= abs(gains.sum()) - 1e-9).mean())
    found = paired_difference(ours, theirs)
    assert found.p == pytest.approx(exact, abs=0.01)
    assert found.low < found.mean < found.high
    assert found.mean == pytest.approx(gains.mean())


def test_no_difference_has_no_significance() -> None:
    found = paired_difference([0.5, 0.7], [0.5, 0.7])
    assert (found.mean, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)
    for ours, theirs in (([], []), ([1.0], [])):
        with pytest.raises(ValueError, match="pair"):
            paired_difference(ours, theirs)


def test_a_ratio_is_of_sums_and_its_interval_holds_it() -> None:
    bits, characters = [30.0, 60.0, 90.0, 400.0], [10.0, 20.0, 30.0, 100.0]
    low, high = ratio_interval(bits, characters)
    assert 3.0 <= low < sum(bits) / sum(characters) < high <= 4.0


def test_holm_agrees_with_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


# -- rankings --------------------------------------------------------------------------------------


def test_recall_and_reciprocal_rank() -> None:
    assert recall_at(2, ["a", "b", "c"], {"b", "c", "x"}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["a", "b", "c"], {"c", "b"}) == 0.5
    assert reciprocal_rank(["a"], {"x"}) == 0.0


@pytest.mark.parametrize("grades", [[2, 0, 1, 1, 0], [0, 0, 0, 2, 1], [0, 1, 0, 0, 0], [2, 1, 1, 0, 0]])
def test_ndcg_agrees_with_scikit_learn(grades: list[int]) -> None:
    names = [f"글{place}" for place in range(5)]
    theirs = ndcg_score([[2**grade - 1 for grade in grades]], [[5, 4, 3, 2, 1]], k=3)
    known = {name: grade for name, grade in zip(names, grades, strict=True) if grade}
    assert ndcg_at(3, names, known) == pytest.approx(theirs)


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "accepted", "match", "f1"),
    [
        ("2022년", ["2022년"], 1.0, 1.0),
        ("강남구 서초동.", ["강남구서초동"], 1.0, 1.0),
        (unicodedata.normalize("NFD", "서초동"), ["서초동"], 1.0, 1.0),
        ("서초동", ["부산", "강남구 서초동"], 0.0, 2 * 3 / (3 + 6)),
        ("모른다", ["서초동"], 0.0, 0.0),
        ("", ["서초동"], 0.0, 0.0),
    ],
)
def test_answers_are_compared_as_in_korquad(text: str, accepted: list[str], match: float, f1: float) -> None:
    assert exact_match(text, accepted) == match
    assert character_f1(text, accepted) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("text", "reference", "score"),
    [
        # The values of sacreBLEU's own tests (chrF3, effective order).
        (
            " Die    Beziehung zwischen  Obama und Netanjahu ist nicht gerade  freundlich. ",
            "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.",
            64.1302698,
        ),
        ("a b c", "abc", 100.0),
        ("aa", "ab", 25.0),
        ("a", "b", 0.0),
        ("", "reference", 0.0),
    ],
)
def test_chrf_agrees_with_sacrebleu(text: str, reference: str, score: float) -> None:
    assert chrf(text, reference, word_order=0, beta=3.0) == pytest.approx(score, abs=1e-4)


def test_chrf_with_words_by_hand() -> None:
    # Runs of one to five characters, then of one and two words (the full stop is one); nothing has six characters.
    late = [4 / 5, 2 / 4, 1 / 3, 0 / 2, 0 / 1, 2 / 3, 0 / 2]
    early = [4 / 5, 3 / 4, 2 / 3, 1 / 2, 0 / 1, 2 / 3, 1 / 2]
    assert chrf("비가 왔다.", "비가 왔네.") == pytest.approx(100 * sum(late) / 7)
    assert chrf("비가 왔다.", "눈가 왔다.") == pytest.approx(100 * sum(early) / 7)


def test_rouge_by_the_examples_of_its_paper() -> None:
    reference = ["police", "killed", "the", "gunman"]
    first, second = ["police", "kill", "the", "gunman"], ["the", "gunman", "kill", "police"]
    assert rouge_l(first, reference) == 0.75
    assert rouge_l(second, reference) == 0.5
    assert rouge(2, first, reference) == rouge(2, second, reference) == pytest.approx(1 / 3)


def test_rouge_of_equal_korean_is_one(korean: Korean) -> None:
    words = [token.form for token in korean.tokenize("비가 그친 골목에서 둘은 다시 만났다.")]
    assert rouge(1, words, words) == rouge(2, words, words) == rouge_l(words, words) == 1.0
    assert rouge_l(words, []) == 0.0


def test_sentences_are_matched_greedily() -> None:
    east, north = [1.0, 0.0], [0.0, 1.0]
    both, one = np.array([east, north], np.float32), np.array([east], np.float32)
    assert sentence_similarity(both, both) == pytest.approx(1.0)
    assert sentence_similarity(one, both) == pytest.approx(2 * 1.0 * 0.5 / 1.5)  # precision 1, recall .5
    assert sentence_similarity(one, both[:0]) == 0.0


@pytest.mark.parametrize(("words", "share"), [("가 나 가 나", 2 / 3), ("가 나 다", 1.0), ("가", 1.0)])
def test_distinct_is_the_share_of_different_pairs(words: str, share: float) -> None:
    assert distinct(2, words.split()) == pytest.approx(share)


# -- tasks -----------------------------------------------------------------------------------------


def passage(start: int, end: int, text: str = "글") -> Hit:
    return Hit(Chunk(Span("d", start, end), "안내/규정.md", "facts", text), 1.0, ())


def test_passages_are_relevant_when_they_hold_most_of_a_quote() -> None:
    text = "가" * 100 + "본사는 망원동에 있다. 이층이다." + "나" * 100 + "원고는 금요일에 받는다."
    first, second = text.index("본사"), text.index("원고")

    def quoting(*quotes: str, source: str = "규정.md") -> list[dict[str, str]]:
        return [{"source": source, "quote": quote} for quote in quotes]

    both = quoting("본사는 망원동에 있다.", "이층이다.", "원고는 금요일에 받는다.")
    rows = [
        {"id": "q1", "question": "본사와 원고", "kind": "두단계", "evidence": both},
        {"id": "q2", "question": "없는 근거", "evidence": quoting("여기 없는 글")},
        {"id": "q3", "question": "다른 자료", "evidence": quoting("본사는 망원동에 있다.", source="딴것.md")},
        {"id": "q4", "question": "찾을 수 없는 곳", "evidence": quoting("가가가")},
        {"id": "q5", "question": "한 대목에 다", "evidence": quoting("본사는 망원동에 있다.", "이층이다.")},
    ]
    found = [
        passage(0, first + 3),
        passage(first, first + 12),
        passage(first + 1, first + 19),
        passage(second - 5, 999),
    ]

    def chunk_at(source: str, place: int) -> str | None:
        return None if place < first else "첫 조각" if place < second else "둘째 조각"

    document_ = Document("d", "안내/규정.md", "", text, "facts")
    several, one = passage_items(rows, lambda question, k: found[:k], [document_], chunk_at)
    assert (several.id, several.group, one.id) == ("q1", "두단계", "q5")
    # The second passage of the first chunk earns nothing more: places 2 and 4 of 1 and 2.
    gain = [1 / np.log2(place + 1) for place in (1, 2, 4)]
    ndcg = (gain[1] + gain[2]) / (gain[0] + gain[1])
    assert several.scores == pytest.approx(
        {"recall@1": 0.0, "recall@5": 1.0, "recall@10": 1.0, "mrr": 0.5, "ndcg@10": ndcg}
    )
    assert one.scores["recall@5"] == 1.0
    assert one.scores["ndcg@10"] == pytest.approx(gain[1])


def test_examples_are_graded_by_the_pieces_ids() -> None:
    def choose(request: str, genre: str, k: int) -> list[Hit]:
        assert (request, genre, k) == ("재회", "로맨스", 5)
        made = [Example(name) for name in ("둘째", "첫째", "모름")]
        return [Hit(Chunk(Span("d", n, n + 1), "글", "creative", "글", (), e), 1.0, ()) for n, e in enumerate(made)]

    rows = [{"id": "r1", "request": "재회", "genre": "로맨스", "relevant": {"a-1": 2, "a-2": 1}}]
    (item,) = example_items(rows, choose, {"첫째": "a-1", "둘째": "a-2"})
    assert item.note.split()[:2] == ["a-2", "a-1"]
    assert item.scores["mrr"] == item.scores["recall@5"] == 1.0
    assert 0 < item.scores["ndcg@5"] < 1


ANSWERABLE: dict[str, Any] = {
    "id": "q",
    "question": "어디?",
    "answer": "강남구 서초동",
    "accepted": ["서초동"],
    "answerable": True,
    "kind": "직접",
}


@pytest.mark.parametrize(
    ("row", "answer", "expected"),
    [
        ({}, Answer("본사는 서초동에 있습니다.", False), "right"),
        ({}, Answer("부산에 있습니다.", False), "wrong"),
        ({}, Answer("정보가 공개되지 않았습니다.", True), "abstained"),
        ({"answerable": False}, Answer("정보가 공개되지 않았습니다.", True), "refused"),
        ({"answerable": False}, Answer("서초동", False), "wrong"),
        ({"kind": "예아니오", "answer": "예", "accepted": ["네"]}, Answer("네, 있습니다.", False), "right"),
        ({"kind": "예아니오", "answer": "예", "accepted": []}, Answer("아니요, 예전 일입니다.", False), "wrong"),
        ({"kind": "목록", "answer": "가나, 다라", "accepted": []}, Answer("다라와 가나입니다.", False), "right"),
        ({"kind": "목록", "answer": "가나, 다라", "accepted": []}, Answer("다라입니다.", False), "wrong"),
    ],
)
def test_verdicts(row: dict[str, Any], answer: Answer, expected: str) -> None:
    assert verdict({**ANSWERABLE, **row}, answer) == expected


def test_citations_must_be_the_very_text_at_their_place() -> None:
    real, false = Citation("규정", 0, 3, "서초동"), Citation("규정", 1, 4, "서초동")
    rows = [{**ANSWERABLE, "id": str(number)} for number in range(3)]
    answers = iter(
        [
            Answer("서초동", False, (real,)),
            Answer("서초동", False, (real,), (ProofStep("본사", "위치", "서초동", "", (false,)),)),
            Answer("서초동", False),
        ]
    )
    items = answer_items(rows, lambda question: next(answers), lambda source: {"규정": "서초동에 있다"}[source])
    assert [item.scores.get("verbatim") for item in items] == [1.0, 0.0, None]


def test_refusing_everything_is_right_about_what_cannot_be_answered_only() -> None:
    rows = [ANSWERABLE, {**ANSWERABLE, "id": "u", "answerable": False}]
    figures = document(Run("qa", always_abstaining(rows)))["metrics"]
    assert (figures["right"], figures["refused"], figures["wrong"]) == (0.0, 1.0, 0.0)


def test_precision_and_recall_are_over_facts() -> None:
    found = [("달빛", "본사", "망원동"), ("달빛", "대표", "김 하늘"), ("달빛", "설립", "2020년")]
    gold = [
        ("달빛", "본사", unicodedata.normalize("NFD", "망원동")),
        ("달빛", "대표", "김하늘"),
        ("달빛", "직원", "3명"),
    ]
    run = document(Run("extraction", triple_items("글1", found, gold)))
    assert run["metrics"] == {"precision": 0.6667, "recall": 0.6667}
    assert run["counts"] == {"precision": 3, "recall": 3}
    assert run["groups"]["설립"]["metrics"] == {"precision": 0.0}


def test_written_pieces_are_held_against_their_reference_and_a_strange_one(korean: Korean) -> None:
    pieces = [
        Written("1", "비가 그쳤다. 둘은 웃었다.", "비가 그쳤다. 둘은 웃었다."),
        Written("2", "용이 계곡을 날았다.", "용이 산맥 위를 날았다."),
        Written("3", "중국어 中이 샜다."),
    ]
    measure = Measure(korean, HashEmbedder())
    same, near, alone = measure.items(pieces)
    assert same.scores["chrf++"] == pytest.approx(100.0)
    assert same.scores["rouge-l"] == same.scores["length_ratio"] == 1.0
    assert same.scores["sentence_similarity"] == pytest.approx(1.0)
    assert 0 < near.scores["rouge-1"] < 1
    assert set(alone.scores) == {"distinct-2", "repetition", "disallowed"}
    assert alone.scores["disallowed"] == 1.0
    strange = measure.rotated(pieces)
    assert [item.id for item in strange] == ["1", "2"]
    assert strange[0].scores["chrf++"] < same.scores["chrf++"]


def test_purity_by_item() -> None:
    clean, mixed = purity_items(["비가 왔다.", "비가 rain 왔다."])
    assert (clean.scores["contaminated"], mixed.scores["contaminated"]) == (0.0, 1.0)


# -- runs ------------------------------------------------------------------------------------------


def run_of(values: Sequence[float], baseline: Sequence[float] = (), task: str = "retrieval") -> dict[str, Any]:
    def items(them: Sequence[float]) -> list[Item]:
        return [
            Item(f"q{n}", {"recall@5": value}, "직접" if n % 2 else "두단계", f"답 {n}") for n, value in enumerate(them)
        ]

    return document(Run(task, items(values), items(baseline), "낱말만" if baseline else "", about("0" * 64, 0)))


def test_a_run_has_figures_baseline_groups_items_and_what_was_run() -> None:
    run = json.loads(json.dumps(run_of([1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0])))
    assert (run["n"], run["metrics"], run["baseline"]) == (4, {"recall@5": 0.75}, {"recall@5": 0.25})
    assert run["interval"]["recall@5"] == pytest.approx(wilson(3, 4), abs=1e-4)
    assert run["against"]["difference"]["recall@5"]["mean"] == 0.5
    assert run["groups"] == {
        "두단계": {"n": 2, "metrics": {"recall@5": 0.5}},
        "직접": {"n": 2, "metrics": {"recall@5": 1.0}},
    }
    assert run["about"]["seed"] == 0
    assert run["about"]["versions"]["loopai"]
    assert len(run["items"]) == 4


def test_a_drop_beyond_chance_is_worse_and_one_within_it_is_the_same() -> None:
    before = run_of([1.0] * 40)
    assert worse(compare(before, run_of([1.0] * 30 + [0.0] * 10))) == ["recall@5"]
    slight = compare(before, run_of([1.0] * 39 + [0.0]))
    assert slight["metrics"]["recall@5"]["verdict"] == "same"
    assert slight["changed"] == [{"id": "q39", "change": -1.0, "before": "답 39", "after": "답 39"}]
    assert compare(run_of([0.0] * 40), before)["metrics"]["recall@5"]["verdict"] == "better"


def test_of_some_metrics_less_is_better() -> None:
    def wrong(values: Sequence[float]) -> dict[str, Any]:
        return document(Run("qa", [Item(str(n), {"wrong": value}) for n, value in enumerate(values)], about={}))

    assert worse(compare(wrong([0.0] * 20), wrong([1.0] * 20))) == ["wrong"]
    assert worse(compare(wrong([1.0] * 20), wrong([0.0] * 20))) == []


def test_only_shared_items_are_compared() -> None:
    found = compare(run_of([1.0, 1.0, 1.0]), run_of([1.0, 0.0]))
    assert (found["n"], found["only_before"], found["only_after"]) == (2, 1, 0)
    assert (found["metrics"]["recall@5"]["before"], found["metrics"]["recall@5"]["after"]) == (1.0, 0.5)


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotComparable, match="다른 평가"):
        compare(run_of([1.0]), run_of([1.0], task="qa"))
    with pytest.raises(NotComparable, match="같은 항목이 없습니다"):
        compare(run_of([1.0]), document(Run("retrieval", [Item("딴것", {"mrr": 1.0})], about={})))
    for text in ("{", "[1]", '{"n": 1}'):
        path = tmp_path / "결과.json"
        path.write_text(text, "utf-8")
        with pytest.raises(NotComparable) as caught:
            load_run(path)
        assert "--json" in caught.value.hint


def test_pages_show_the_figures_and_are_whole() -> None:
    run = run_of([1.0, 0.0, 1.0], [0.0, 0.0, 1.0])
    comparison = compare(run_of([1.0] * 30, task="<qa>"), run_of([0.0] * 30, task="<qa>"))
    for page in (markdown(run), html(run)):
        assert "0.6667" in page
        assert "낱말만" in page
    for page in (markdown(comparison), html(comparison)):
        assert "나빠짐" in page
        assert "-1.0000" in page
    for document_ in (run, comparison):
        body = html(document_).removeprefix("<!doctype html>").replace('<meta charset="utf-8">', "")
        tree = ElementTree.fromstring(body)
        assert tree.findall(".//svg/circle") or tree.findall(".//{*}circle")
        assert "<qa>" not in body


def test_an_interval_is_drawn_around_its_mean_inside_the_axis() -> None:
    body = html(run_of([0.2, 0.9, 0.4, 0.7])).removeprefix("<!doctype html>").replace('<meta charset="utf-8">', "")
    axis, interval = ElementTree.fromstring(body).findall(".//line")
    mean = ElementTree.fromstring(body).find(".//circle")
    assert mean is not None
    places = [float(each) for each in (axis.get("x1"), interval.get("x1"), mean.get("cx"), interval.get("x2"))]
    assert places == sorted(places)
    assert places[-1] <= float(axis.get("x2") or 0)


# -- data ------------------------------------------------------------------------------------------


def test_rows_of_a_file_or_a_folder_get_ids_and_a_hash(tmp_path: Path) -> None:
    (tmp_path / "나.jsonl").write_text('{"id": "나1", "question": "?"}\n', "utf-8")
    (tmp_path / "가.jsonl").write_text('\n{"question": "!"}\n', "utf-8")
    assert [row["id"] for row in load_rows(tmp_path, "question")] == ["가-2", "나1"]
    assert data_sha256(tmp_path) != data_sha256(tmp_path / "나.jsonl")


@pytest.mark.parametrize("broken", ["{", "[]", '{"id": 1}'])
def test_a_broken_row_is_named(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "문항.jsonl"
    path.write_text('{"question": "?"}\n' + broken, "utf-8")
    with pytest.raises(MalformedRecord, match="2번째 줄"):
        load_rows(path, "question")
