"""Results as text in a terminal, in Korean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest import Outcome
from rag import Answer, Citation, Draft, Hit

_STATUS = {"added": "추가", "updated": "갱신", "unchanged": "그대로", "failed": "[red]실패[/red]"}


def show_outcome(console: Console, outcome: Outcome) -> None:
    """One ingested file."""
    if outcome.status == "unchanged":
        return
    detail = f"조각 {outcome.chunks} · 사실 {outcome.facts}"
    if outcome.changes:
        detail += " · " + ", ".join(f"{change.name} {change.count}" for change in outcome.changes)
    console.print(f"{_STATUS[outcome.status]} {escape(outcome.source)}  [dim]{escape(detail)}[/dim]")
    if outcome.error:
        console.print(f"  [red]{escape(outcome.error)}[/red] {escape(outcome.hint)}")


def show_answer(console: Console, answer: Answer) -> None:
    """The answer, then its proof or its citations."""
    console.print(f"[bold]{escape(answer.text)}[/bold]")
    for title, steps in (("근거", answer.proof), ("알려진 것", answer.nearby)):
        if steps:
            console.print(f"\n{title}")
        for number, step in enumerate(steps, start=1):
            rule = f"  ← {step.rule}" if step.rule else ""
            console.print(f"  {number}. {escape(f'{step.subject} —{step.relation}→ {step.object}{rule}')}")
            if not step.rule:
                for citation in step.sources:
                    _show_citation(console, citation)
    if not answer.proof:
        for citation in answer.citations:
            _show_citation(console, citation)


def show_draft(console: Console, draft: Draft) -> None:
    """The figures of a finished piece, below its text."""
    speed = draft.tokens / draft.seconds if draft.seconds else 0.0
    kept = f" · 초안 {len(draft.others) + 1}편에서 고름" if draft.others else ""
    console.print(
        f"\n[dim]{draft.model} · 어댑터 {draft.adapter} · {draft.preset} · 씨앗 {draft.seed} · "
        f"{len(draft.text)}자 · 초당 {speed:.1f}토큰 · 한글 {draft.purity.hangul_ratio:.1%} · "
        f"허용 밖 글자 {draft.purity.disallowed}{kept}[/dim]"
    )


def show_purity(console: Console, name: str, figures: Mapping[str, Any]) -> None:
    """Figures of ``rag.evaluation.purity``, one line each."""
    console.print(f"{escape(name)}: 글 {figures['n']}편")
    for label, key in (
        ("다른 문자가 섞인 글", "contaminated"),
        ("줄 통과율(LPR)", "line_pass_rate"),
        ("낱말 통과율(WPR)", "word_pass_rate"),
        ("로마자로 새어 나온 글", "romanised"),
    ):
        value = figures[key]
        share = "-" if value["share"] is None else f"{value['share']:.1%}"
        console.print(
            f"  {label}: {share} ({value['hits']}/{value['n']}, 95% 구간 {value['low']:.1%} ~ {value['high']:.1%})"
        )
    for script, value in figures["contaminated_by_script"].items():
        console.print(f"    {script}: {value['hits']}편")
    console.print(f"  만 자당 허용 밖 글자: {figures['disallowed_per_10k']} · 한글 비율: {figures['hangul_ratio']}")


def show_examples(console: Console, examples: Sequence[Hit]) -> None:
    """The worked examples shown to the model."""
    for hit in examples:
        request = hit.chunk.example.request if hit.chunk.example else ""
        why = f" — {', '.join(hit.why)}" if hit.why else ""
        console.print(f"[dim]예시: {escape(f'{request} ({hit.chunk.source}){why}')}[/dim]")


def show_hits(console: Console, hits: Sequence[Hit]) -> None:
    """Search hits in order."""
    for rank, hit in enumerate(hits, start=1):
        place = f"{hit.chunk.source} {hit.chunk.span.start}–{hit.chunk.span.end}"
        console.print(f"[bold]{rank}. {escape(place)}[/bold] [dim]{hit.score:.3f} {'+'.join(hit.via)}[/dim]")
        console.print(f"{escape(hit.chunk.text)}\n")


def table(*columns: str) -> Table:
    """A plain table."""
    made = Table(box=None, pad_edge=False)
    for column in columns:
        made.add_column(column)
    return made


def _show_citation(console: Console, citation: Citation) -> None:
    console.print(
        f"     “{escape(citation.text)}” [dim]{escape(citation.source)} {citation.start}–{citation.end}[/dim]"
    )
