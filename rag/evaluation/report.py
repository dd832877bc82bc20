"""A run or a comparison as one page for people: Markdown, or HTML with plots drawn as inline SVG. Pure.

Plots show each metric with its 95 % interval on an axis of its own, the baseline or the run before in grey.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

Json = Mapping[str, Any]

_TITLES = {
    "retrieval": "찾기",
    "examples": "예시 고르기",
    "qa": "자료 문답",
    "extraction": "사실 뽑기",
    "purity": "다른 문자 섞임",
    "writing": "글쓰기",
}
_VERDICTS = {"better": "나아짐", "worse": "나빠짐", "same": "차이 없음"}
_WIDTH, _ROW, _LABEL, _NUMBERS = 640, 28, 170, 120
_MOST_ITEMS = 30
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #ccc;text-align:left}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}svg text{font-size:12px}"
)


@dataclass(frozen=True, slots=True)
class _Table:
    heading: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Mark:
    """One line of a plot: a mean with its interval, and what it is held against."""

    name: str
    mean: float
    interval: Sequence[float]
    other: float | None


def markdown(document: Json) -> str:
    """The page of a run or a comparison as Markdown."""
    title, summary, tables, _ = _content(document)
    parts = [f"# {title}", *summary]
    for table in tables:
        parts += [f"## {table.heading}", "\n".join(_markdown_lines(table))]
    return "\n\n".join(parts) + "\n"


def html(document: Json) -> str:
    """The same as one HTML file without any other file, with a plot."""
    title, summary, tables, marks = _content(document)
    body = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(line)}</p>" for line in summary), _plot(marks)]
    for table in tables:
        head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
        rows = "".join(f"<tr>{''.join(_cell(text) for text in row)}</tr>" for row in table.rows)
        body += [f"<h2>{escape(table.heading)}</h2>", f"<table><tr>{head}</tr>{rows}</table>"]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="ko"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _content(document: Json) -> tuple[str, list[str], list[_Table], list[_Mark]]:
    title = _TITLES.get(document["task"], str(document["task"]))
    if "changed" in document:
        return f"{title}: 두 결과", _comparison_summary(document), _comparison_tables(document), _differences(document)
    return title, [f"항목 {document['n']}개"], _run_tables(document), _means(document)


# -- one run ---------------------------------------------------------------------------------------


def _run_tables(run: Json) -> list[_Table]:
    columns: tuple[str, ...] = ("지표", "값", "95% 구간", "n")
    rows: list[tuple[str, ...]] = [
        (name, _number(mean), _ends(run["interval"][name]), str(run["counts"][name])) for name, mean in _metrics(run)
    ]
    if run["baseline"]:
        columns += (f"기준선({run['against']['name']})", "차이와 95% 구간", "p")
        rows = [row + _against(run, row[0]) for row in rows]
    tables = [_Table("지표", columns, rows)]
    if run["groups"]:
        names = [name for name, _ in _metrics(run)]
        by_group = [
            (group, str(each["n"]), *(_number(each["metrics"].get(name)) for name in names))
            for group, each in run["groups"].items()
        ]
        tables.append(_Table("갈래별", ("갈래", "n", *names), by_group))
    tables.append(_Table("실행", ("무엇", "값"), _about_rows(run["about"])))
    return tables


def _metrics(run: Json) -> list[tuple[str, float]]:
    return list(run["metrics"].items())


def _against(run: Json, name: str) -> tuple[str, str, str]:
    gain = run["against"]["difference"].get(name)
    other = _number(run["baseline"].get(name))
    return (other, f"{gain['mean']:+.4f} ({_ends(gain['interval'])})", f"{gain['p']:.4f}") if gain else (other, "", "")


def _means(run: Json) -> list[_Mark]:
    return [_Mark(name, mean, run["interval"][name], run["baseline"].get(name)) for name, mean in _metrics(run)]


# -- two runs --------------------------------------------------------------------------------------


def _comparison_summary(found: Json) -> list[str]:
    lines = [f"두 결과에 다 있는 항목 {found['n']}개에서 뒤의 것이 앞의 것보다 어떤지를 잽니다."]
    if found["only_before"] or found["only_after"]:
        lines.append(f"한쪽에만 있는 항목은 뺐습니다(앞 {found['only_before']}, 뒤 {found['only_after']}).")
    if not found["same_data"]:
        lines.append("자료 파일이 서로 다릅니다.")
    return lines


def _comparison_tables(found: Json) -> list[_Table]:
    rows = [
        (
            name,
            _number(row["before"]),
            _number(row["after"]),
            f"{row['difference']:+.4f} ({_ends(row['interval'])})",
            str(row["n"]),
            f"{row['p']:.4f}",
            _VERDICTS[row["verdict"]],
        )
        for name, row in found["metrics"].items()
    ]
    tables = [_Table("지표", ("지표", "앞", "뒤", "차이와 95% 구간", "n", "p", "판정"), rows)]
    if found["changed"]:
        changed = [
            (row["id"], f"{row['change']:+.3f}", _short(row["before"]), _short(row["after"]))
            for row in found["changed"][:_MOST_ITEMS]
        ]
        tables.append(_Table("달라진 항목(나빠진 것부터)", ("항목", "변화", "앞", "뒤"), changed))
    for side, name in (("before", "앞의 실행"), ("after", "뒤의 실행")):
        tables.append(_Table(name, ("무엇", "값"), _about_rows(found["about"][side])))
    return tables


def _differences(found: Json) -> list[_Mark]:
    return [_Mark(name, row["difference"], row["interval"], 0.0) for name, row in found["metrics"].items()]


# -- parts -----------------------------------------------------------------------------------------


def _about_rows(about: Json) -> list[tuple[str, ...]]:
    plain = [(name, str(value)) for name, value in about.items() if not isinstance(value, Mapping)]
    return plain + [(name, str(value)) for name, value in about.get("versions", {}).items()]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _ends(interval: Sequence[float]) -> str:
    return f"{interval[0]:.4f} ~ {interval[1]:.4f}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def _markdown_lines(table: _Table) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(table.columns), line(["---"] * len(table.columns)), *(line(row) for row in table.rows)]


def _cell(text: str) -> str:
    is_number = text.replace("+", "").replace("-", "").replace(".", "").isdigit()
    return f'<td class="n">{escape(text)}</td>' if is_number else f"<td>{escape(text)}</td>"


def _plot(marks: Sequence[_Mark]) -> str:
    height = _ROW * len(marks) + 8
    lines = "".join(_line(mark, _ROW * (place + 0.5) + 4) for place, mark in enumerate(marks))
    return f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img">{lines}</svg>'


def _line(mark: _Mark, y: float) -> str:
    """Name, axis with interval, mean and what it is held against, figures. The axis holds 0 and all that is drawn."""
    low, high = mark.interval
    drawn = [0.0, low, high, mark.mean, *([] if mark.other is None else [mark.other])]
    least, most = min(drawn), max(drawn)
    left, width = _LABEL, _WIDTH - _LABEL - _NUMBERS

    def x(value: float) -> float:
        return round(left + width * (value - least) / ((most - least) or 1.0), 1)

    other = "" if mark.other is None else f'<circle cx="{x(mark.other)}" cy="{y}" r="4" fill="none" stroke="#888"/>'
    return (
        f'<text x="0" y="{y + 4}">{escape(mark.name)}</text>'
        f'<line x1="{left}" x2="{left + width}" y1="{y}" y2="{y}" stroke="#eee"/>'
        f'<line x1="{x(low)}" x2="{x(high)}" y1="{y}" y2="{y}" stroke="#36c" stroke-width="3"/>'
        f'{other}<circle cx="{x(mark.mean)}" cy="{y}" r="4" fill="#36c"/>'
        f'<text x="{left + width + 12}" y="{y + 4}">{mark.mean:.4f}</text>'
    )
