from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

import pytest

from ingest import MalformedRecord
from rag import KOREAN, Draft, Request, write
from rag.decoding.alarms import alarms, foreign_sentences
from rag.decoding.allowance import quoting
from rag.evaluation.intervals import share, wilson
from rag.evaluation.purity import load_outputs, purity_report
from tests.fakes import ScriptedWriter


def test_what_was_read_may_be_quoted_and_nothing_else() -> None:
    policy = quoting(KOREAN, "SolverX Fusion의 기준값은 85점이고 단청(丹靑)은 2022년에 나왔다.", lock_numbers=True)
    assert policy.disallowed("SolverX Fusion, 85점, 2022년, 丹靑") == []
    assert policy.disallowed("Sunlight") == list("Sunlight")
    assert policy.disallowed("86점") == ["8", "6"]
    assert quoting(KOREAN, "85점").disallowed("86점") == []


def test_a_name_at_the_end_of_a_sentence_is_quoted_without_its_full_stop() -> None:
    assert quoting(KOREAN, "Made by SolverX Inc.").literals == ("SolverX Inc", "SolverX", "Made", "Inc", "by")


def test_whole_foreign_sentences_are_heard_and_short_or_korean_ones_are_not() -> None:
    korean = "그는 오래도록 창밖을 내다보며 아무 말도 하지 않았다."
    assert foreign_sentences(korean + " 응. 아니.") == []
    assert foreign_sentences(korean + " He looked out of the window for a long time.") == [
        "He looked out of the window for a long time."
    ]
    assert alarms(korean, KOREAN) == ()
    assert alarms(" \n", KOREAN) == ("빈 글",)
    assert len(alarms("他看了很久窗外的风景，一句话也没有说。", KOREAN)) == 2


def test_a_draft_that_gives_alarm_is_written_again_with_the_reason_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = ScriptedWriter(["이것은 中이다."])
    with caplog.at_level(logging.WARNING):
        *pieces, draft = write(Request("장면", seed=5), [], writer)
    assert isinstance(draft, Draft)
    assert len(writer.prompts) == 3
    assert pieces == ["이것은 中이다."]
    assert draft.seed == 7
    assert "허용 밖 글자 1자(中)" in caplog.text


@pytest.mark.parametrize(
    "request_", [Request("장면", free=True), Request("中을 쓰는 장면"), Request("장면", allow=("中",))]
)
def test_what_is_allowed_is_not_written_again(request_: Request) -> None:
    writer = ScriptedWriter(["이것은 中이다."])
    list(write(request_, [], writer, threading.Event()))
    assert len(writer.prompts) == 1


def test_the_score_interval_holds_at_the_ends() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 300)[1] == pytest.approx(0.0126, abs=1e-3)
    assert wilson(50, 100) == (pytest.approx(0.404, abs=1e-3), pytest.approx(0.596, abs=1e-3))
    assert share(1, 4)["share"] == 0.25


def test_purity_of_outputs_counts_responses_by_script() -> None:
    outputs = [
        "그는 창밖을 오래 내다보았다.",
        "그는 窗外를 오래 내다보았다.",
        "He looked out of the window for a long time.",
        "그는 ni hao 하고 인사를 건네며 웃었다.",
    ]
    report = purity_report(outputs)
    assert report["contaminated"]["hits"] == 3
    assert {name: value["hits"] for name, value in report["contaminated_by_script"].items()} == {"LATIN": 2, "CJK": 1}
    assert report["line_pass_rate"]["hits"] == 3
    assert report["romanised"]["hits"] == 1
    assert 0 < report["hangul_ratio"] < 1
    assert purity_report([])["contaminated"]["share"] is None


def test_a_file_of_outputs_names_the_line_that_breaks_it(tmp_path: Path) -> None:
    path = tmp_path / "결과.jsonl"
    path.write_text(json.dumps({"completion": "글"}) + "\n\n" + json.dumps({"text": "둘"}), "utf-8")
    assert load_outputs(path) == ["글", "둘"]
    for broken in ("{", "[]", '{"id": 1}'):
        path.write_text('{"text": "글"}\n' + broken, "utf-8")
        with pytest.raises(MalformedRecord, match="2번째 줄"):
            load_outputs(path)
