"""`hounsfield route …`: rules by which arriving objects go on to other application entities."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hounsfield.app import bootstrap
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.app.commands.route_prefetch import prefetch
from hounsfield.index.arrivals import Arrivals
from hounsfield.model.errors import InvalidInput, StudyNotFound
from hounsfield.model.identifiers import DEFAULT_PARTITION, parse_uid
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.routing import Priority, Route, RouteKind, Window, conditions_from

routes = typer.Typer(help="Rules by which arriving objects go on to other application entities.", no_args_is_help=True)

routes.command("prefetch")(prefetch)

ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)

Name = Annotated[str, typer.Argument(help="The rule's name.")]
To = Annotated[list[str] | None, typer.Option("--to", help="AE title of a destination; may be given several times.")]
PrefetchFrom = Annotated[
    list[str] | None,
    typer.Option(
        "--prefetch-from", help="Instead of --to: AE title of a peer that is asked for the patient's prior studies when a new one arrives."
    ),
]
Priors = Annotated[int, typer.Option("--priors", help="With --prefetch-from: how many studies at most, the latest ones.")]
Match = Annotated[
    list[str] | None,
    typer.Option(
        "--match",
        help="KEYWORD=PATTERN, for example Modality=CT or StudyDescription='*chest*'. Different attributes must all match, "
        "patterns given for the same one are alternatives; case does not count.",
    ),
]
From = Annotated[list[str] | None, typer.Option("--from", help="Calling AE title, wild cards allowed; may be given several times.")]
Commit = Annotated[bool, typer.Option("--commit", help="Ask each destination to keep what it was sent: Storage Commitment.")]
When = Annotated[str, typer.Option("--when", help="When it was received, local time: 'mon-fri 18:00-07:00', 'sat,sun', '22:00-06:00'.")]
HowUrgent = Annotated[Priority, typer.Option("--priority", help="Higher goes first, to the same destination.")]


@routes.command("add")
def add_route(
    name: Name,
    to: To = None,
    prefetch_from: PrefetchFrom = None,
    match: Match = None,
    caller: From = None,
    when: When = "",
    priority: HowUrgent = Priority.MEDIUM,
    priors: Priors = 3,
    commit: Commit = False,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Add a rule; it holds for what is received from now on. The application entities that it names must be known peers."""
    if bool(to) == bool(prefetch_from):
        raise InvalidInput("say where objects go with --to, or who is asked for priors with --prefetch-from")
    kind = RouteKind.SEND if to else RouteKind.PREFETCH
    settings = settings_from(config, data_dir=data_dir, database=database)
    window = Window.parse(when) if when else None
    route = Route(
        name,
        tuple(to or prefetch_from or ()),
        conditions_from(match or ()),
        tuple(caller or ()),
        window,
        priority,
        kind=kind,
        priors=priors,
        commit=commit,
    )
    with bootstrap.database(settings) as opened:
        bootstrap.routes_of(opened, settings).add(ORIGIN, route)


@routes.command("list")
def list_routes(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the rules."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    with bootstrap.database(settings) as opened:
        found = bootstrap.routes_of(opened, settings).all()
    if as_json:
        sys.stdout.write(json.dumps([_as_json(route) for route in found]) + "\n")
        return
    table = Table("rule", "conditions", "from", "received", "does", "priority")
    for route in found:
        window = "" if route.window is None else str(route.window)
        conditions = "\n".join(map(str, route.conditions))
        table.add_row(route.name, conditions, "\n".join(route.callers), window, _deed(route), route.priority.value)
    Console().print(table)


@routes.command("remove")
def remove_route(name: Name, data_dir: DataDir = None, database: Database = None, config: Config = None) -> None:
    """Remove a rule. What it has put into the queue stays there; `hounsfield queue cancel` takes it out."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    with bootstrap.database(settings) as opened:
        bootstrap.routes_of(opened, settings).remove(ORIGIN, name)


@routes.command("test")
def test_routes(
    study: Annotated[str, typer.Argument(help="Study Instance UID of a study that is here.")],
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what each rule would do with the objects of a study, had it been there when they came; nothing is sent."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    rows: dict[tuple[str, str, tuple[str, ...], str], int] = {}
    with bootstrap.database(settings) as opened:
        arrivals = Arrivals(opened).of_study(DEFAULT_PARTITION, parse_uid(study))
        if not arrivals:
            raise StudyNotFound(f"no study {study}")
        for arrived, verdict in bootstrap.routes_of(opened, settings).judge(arrivals):
            row = (arrived.instance.series_instance_uid, verdict.rule, verdict.destinations, verdict.why_not)
            rows[row] = rows.get(row, 0) + 1
    if as_json:
        keys = ("series_instance_uid", "rule", "destinations", "why_not", "instances")
        sys.stdout.write(json.dumps([dict(zip(keys, (*row, count), strict=True)) for row, count in rows.items()]) + "\n")
        return
    table = Table("series", "rule", "peers", "why not", "objects")
    for (series, rule, peers, why_not), count in rows.items():
        table.add_row(series, rule, "\n".join(peers), why_not, str(count))
    Console().print(table)


def _deed(route: Route) -> str:
    peers = ", ".join(route.destinations)
    if route.kind is RouteKind.PREFETCH:
        return f"brings {route.priors} priors from {peers}"
    return f"sends to {peers}{', who shall keep it' if route.commit else ''}"


def _as_json(route: Route) -> dict[str, object]:
    return {
        "name": route.name,
        "kind": route.kind.value,
        "destinations": route.destinations,
        "conditions": [{"keyword": one.keyword, "patterns": one.patterns} for one in route.conditions],
        "callers": route.callers,
        "window": "" if route.window is None else str(route.window),
        "priority": route.priority.value,
        "priors": route.priors,
        "commit": route.commit,
    }
