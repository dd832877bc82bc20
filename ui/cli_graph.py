"""``loopai graph``: what the graph holds, the graph for other programs, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.markup import escape

from ingest import ReviewStatus
from kg import (
    Contradiction,
    Fact,
    Graph,
    Ontology,
    OntologyError,
    candidates,
    extend,
    general_ontology,
    parse_ontology,
    to_graphml,
    to_turtle,
)
from kg.literals import canonical
from ui import documents, render
from ui.console import Home, Json, complain, err, open_app, out, print_json

graph = typer.Typer(help="사실 그래프와 온톨로지.", no_args_is_help=True)

_FORMATS = ("graphml", "turtle", "json")
_MODES = {"denied": "아니라고 함", "planned": "계획", "reported": "전해 들음", "former": "예전에"}


@graph.command("show")
def graph_show(
    entity: Annotated[str, typer.Argument(help="대상의 이름이나 별칭 (비우면 그래프의 개요)")] = "",
    at: Annotated[str, typer.Option("--at", help="이때의 사실만: 2024년, 2024-03-02")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """한 대상에 관한 사실을 근거와 함께, 또는 그래프의 개요를 보입니다.

    예: loopai graph show SolverX --at 2023년
    """
    date = canonical("날짜", at) if at else ""
    if date is None:
        raise typer.BadParameter("2024년, 2024년 3월, 2024-03-02처럼 적으세요.", param_hint="--at")
    with open_app(home) as app:
        knowledge, ontology = app.knowledge()
    if not entity:
        _show_overview(knowledge, as_json)
        return
    facts = _about(knowledge, entity, date)
    if as_json:
        print_json(documents.facts_document(facts, ontology))
    else:
        for fact in facts:
            _show_fact(fact, ontology)
    if not facts:
        complain(f"'{entity}'에 관한 사실이 없습니다.", "`loopai graph show`로 그래프의 개요를 보세요.")
        raise typer.Exit(1)


def _about(knowledge: Graph, name: str, at: str) -> list[Fact]:
    """What is asserted about an entity at a date (now, without one), then what is told of it in another way."""
    found = knowledge.entity(name)
    if found is None:
        return []
    held = [*knowledge.facts(subject=found.name, at=at), *knowledge.facts(object=found.name, at=at)]
    told = [f for f in knowledge.all_facts() if f.mode != "asserted" and found.name in (f.subject, f.object)]
    return list(dict.fromkeys((*held, *told)))


def _show_overview(knowledge: Graph, as_json: bool) -> None:
    document = documents.graph_document(knowledge)
    if as_json:
        print_json(document)
        return
    out.print(
        f"대상 {document['entities']} · 사실 {document['stated'] + document['derived']}"
        f" (말한 것 {document['stated']}, 따라 나온 것 {document['derived']})"
    )
    for mode, count in document["not_asserted"].items():
        out.print(f"{_MODES[mode]} {count}")
    if document["not_covered"]:
        out.print(f"온톨로지에 맞지 않아 그래프 밖에 둔 것 {document['not_covered']}")
    table = render.table("관계", "이름", "말한 것", "따라 나온 것")
    for row in document["relations"]:
        table.add_row(row["relation"], row["label"], str(row["stated"]), str(row["derived"]))
    out.print(table)


def _show_fact(fact: Fact, ontology: Ontology) -> None:
    details = [
        *([_MODES[fact.mode]] if fact.mode != "asserted" else []),
        *([f"{fact.since}부터"] if fact.since else []),
        *([f"{fact.until}까지"] if fact.until else []),
        *([f"{fact.superseded}에 바뀜"] if fact.superseded else []),
    ]
    told = f" ({', '.join(details)})" if details else ""
    rule = f"  ← {fact.rule}" if fact.rule else ""
    label = ontology.relations[fact.relation].label
    out.print(f"{fact.subject} —{label}→ {fact.object}{told}{rule}", markup=False)
    if not fact.rule:
        _show_sources(fact)


def _show_sources(fact: Fact) -> None:
    for citation in fact.evidence:
        place = f"{citation.source} {citation.start}–{citation.end}"
        out.print(f"  “{escape(citation.text)}” [dim]{escape(place)}[/dim]")


@graph.command("review")
def graph_review(
    approve: Annotated[list[str] | None, typer.Option("--approve", help="사실로 받아들일 것의 번호")] = None,
    reject: Annotated[list[str] | None, typer.Option("--reject", help="버릴 것의 번호")] = None,
    status: Annotated[str, typer.Option("--status", help="candidate · approved · rejected")] = "candidate",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """글에서 읽었지만 확실하지 않은 사실을 보이고, 받아들이거나 버립니다. 같은 글을 다시 넣어도 결정은 남습니다.

    예: loopai graph review --approve 1f3a9c02 --reject 77b0e1d4
    """
    kept = next((known for known in get_args(ReviewStatus) if known == status), None)
    if kept is None:
        raise typer.BadParameter(f"{', '.join(get_args(ReviewStatus))} 가운데 하나여야 합니다.", param_hint="--status")
    wishes: dict[str, ReviewStatus] = dict.fromkeys(approve or (), "approved")
    wishes |= dict.fromkeys(reject or (), "rejected")
    with open_app(home) as app:
        found = candidates(app.ledger, kept)
        known = {each.id: each.statement for each in found}
        if missing := wishes.keys() - known.keys():
            complain(f"그런 번호가 없습니다: {', '.join(sorted(missing))}", "`loopai graph review`로 번호를 보세요.")
            raise typer.Exit(1)
        decided = sum(app.ledger.review(known[id_], wish) for id_, wish in wishes.items())
    left = [each for each in found if wishes.get(each.id, kept) == kept]
    if as_json:
        print_json(documents.review_document(left, decided))
        return
    if decided:
        err.print(f"{decided}곳에서 결정했습니다.")
    for each in left:
        told = each.statement
        mode = f" ({_MODES[told.mode]})" if told.mode in _MODES else ""
        out.print(f"{each.id}  {told.subject} —{told.relation}→ {told.object}{mode}", markup=False)
        out.print(f"  “{escape(each.evidence.text)}” [dim]{escape(each.evidence.source)}[/dim]")
    if not left:
        out.print("기다리는 것이 없습니다.")


@graph.command("export")
def graph_export(
    format_: Annotated[str, typer.Option("--format", help="graphml · turtle · json")] = "json",
    file: Annotated[Path | None, typer.Option("--out", help="쓸 파일 (없으면 표준 출력)")] = None,
    home: Home = None,
) -> None:
    """그래프를 근거와 규칙까지 다른 프로그램의 형식으로 냅니다.

    예: loopai graph export --format graphml --out 그래프.graphml
    """
    if format_ not in _FORMATS:
        raise typer.BadParameter(f"{', '.join(_FORMATS)} 가운데 하나여야 합니다.", param_hint="--format")
    with open_app(home) as app:
        knowledge, _ = app.knowledge()
    match format_:
        case "graphml":
            text = to_graphml(knowledge)
        case "turtle":
            text = to_turtle(knowledge)
        case _:
            text = json.dumps(knowledge.to_json(), ensure_ascii=False, indent=2)
    if file is None:
        typer.echo(text)
    else:
        file.write_text(text, "utf-8")
        err.print(f"저장했습니다: {file} (사실 {len(knowledge.all_facts())}개)", markup=False)


@graph.command("validate")
def graph_validate(
    files: Annotated[
        list[Path] | None, typer.Argument(help="ontology.toml (비우면 넣은 자료 모두)", exists=True)
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """온톨로지의 잘못을 줄 번호와 함께, 서로 어긋나는 사실을 두 문장과 함께 보입니다.

    예: loopai graph validate 내자료/ontology.toml
    """
    problems: list[OntologyError] = []
    contradictions: list[Contradiction] = []
    if files:
        for file in files:
            try:
                ontology = extend(general_ontology(), parse_ontology(_text(file), str(file)))
                contradictions.extend(Graph(ontology, ontology.facts).contradictions())
            except OntologyError as error:
                problems.append(error)
    else:
        with open_app(home) as app:
            try:
                contradictions.extend(app.knowledge()[0].contradictions())
            except OntologyError as error:
                problems.append(error)
    _report(problems, contradictions, as_json)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OntologyError(str(file), "", "UTF-8이 아닙니다.", "UTF-8로 저장하세요.") from error


def _report(problems: Sequence[OntologyError], contradictions: Sequence[Contradiction], as_json: bool) -> None:
    if as_json:
        print_json(documents.validation_document(problems, contradictions))
    else:
        for problem in problems:
            complain(str(problem), problem.hint)
        for contradiction in contradictions:
            out.print(f"[yellow]어긋남:[/yellow] {escape(contradiction.reason)}")
            for fact in contradiction.facts:
                _show_sources(fact)
        if not problems and not contradictions:
            out.print("이상 없습니다.")
    if problems or contradictions:
        raise typer.Exit(1)
