"""`hounsfield transcode …`: rules by which objects are kept in High-Throughput JPEG 2000 too, and what has been made."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hounsfield.app import bootstrap
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.index.reader import IndexReader
from hounsfield.model.errors import StudyNotFound
from hounsfield.model.identifiers import DEFAULT_PARTITION, parse_uid
from hounsfield.model.jobs import JobState
from hounsfield.model.location import Digests, Location
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.routing import conditions_from
from hounsfield.model.transcoding import HTJ2K_LOSSLESS, TranscodeRule
from hounsfield.services.queues import Queues
from hounsfield.services.transcode_rules import QUEUE

transcoding = typer.Typer(help="Keep objects in High-Throughput JPEG 2000 too, beside what was received.", no_args_is_help=True)
rules = typer.Typer(help="Rules by which arriving objects are transcoded. Without one, nothing is.", no_args_is_help=True)
transcoding.add_typer(rules, name="rule")

ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)

Name = Annotated[str, typer.Argument(help="The rule's name.")]
Match = Annotated[
    list[str] | None,
    typer.Option(
        "--match",
        help="KEYWORD=PATTERN, for example Modality=CT. Different attributes must all match, patterns given for the same one are "
        "alternatives; case does not count.",
    ),
]
From = Annotated[list[str] | None, typer.Option("--from", help="Calling AE title, wild cards allowed; may be given several times.")]
Syntax = Annotated[str, typer.Option("--transfer-syntax", help="1.2.840.10008.1.2.4.201, or .202 (with RPCL options).")]
Wait = Annotated[int, typer.Option("--after-minutes", min=0, help="No sooner than so long after the object came.")]


@rules.command("add")
def add_rule(
    name: Name,
    match: Match = None,
    caller: From = None,
    transfer_syntax: Syntax = HTJ2K_LOSSLESS,
    after_minutes: Wait = 0,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Add a rule; it holds for what is received from now on. What was received is kept as it is in any case."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    rule = TranscodeRule(name, conditions_from(match or ()), tuple(caller or ()), transfer_syntax, after_minutes * 60)
    with bootstrap.database(settings) as opened:
        bootstrap.transcode_rules_of(opened).add(ORIGIN, rule)


@rules.command("list")
def list_rules(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the rules."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    with bootstrap.database(settings) as opened:
        found = bootstrap.transcode_rules_of(opened).all()
    if as_json:
        sys.stdout.write(json.dumps([_rule_as_json(rule) for rule in found]) + "\n")
        return
    table = Table("rule", "conditions", "from", "transfer syntax", "after")
    for rule in found:
        conditions = "\n".join(map(str, rule.conditions))
        table.add_row(rule.name, conditions, "\n".join(rule.callers), rule.transfer_syntax_uid, f"{rule.wait_s // 60} min")
    Console().print(table)


@rules.command("remove")
def remove_rule(name: Name, data_dir: DataDir = None, database: Database = None, config: Config = None) -> None:
    """Remove a rule. What it has put into the queue stays there; what was made by it is kept."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    with bootstrap.database(settings) as opened:
        bootstrap.transcode_rules_of(opened).remove(ORIGIN, name)


@transcoding.command("status")
def status(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """How much there is besides the originals, and what is still to be done."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    with bootstrap.database(settings) as opened:
        kept = IndexReader(opened).renditions.total()
        queue = next((one for one in Queues(bootstrap.jobs_of(opened)).all(ORIGIN) if one.name == QUEUE), None)
    jobs = {state.value: 0 if queue is None else queue.counts.get(state, 0) for state in JobState}
    if as_json:
        found = {"renditions": kept.number, "bytes": kept.length_bytes, "jobs": jobs, "last_error": queue.last_error if queue else ""}
        sys.stdout.write(json.dumps(found) + "\n")
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{kept.number} renditions, {kept.length_bytes / 1e6:.1f} MB")
    console.print(f"jobs of {QUEUE}: " + ", ".join(f"{count} {state}" for state, count in jobs.items()))


@transcoding.command("show")
def show(
    study: Annotated[str, typer.Argument(help="Study Instance UID of a study that is here.")],
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the objects of a study with what they were transcoded to, and the digests of both data sets."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    with bootstrap.database(settings) as opened:
        reader = IndexReader(opened)
        instances = reader.instances(DEFAULT_PARTITION, parse_uid(study))
        made = {(one.original.pack_id, one.original.offset_bytes): one for one in reader.renditions.of_study(DEFAULT_PARTITION, study)}
    if not instances:
        raise StudyNotFound(f"no study {study}")
    rows = []
    for instance in instances:
        place = instance.stored.location
        one = made.get((place.pack_id, place.offset_bytes))
        row: dict[str, object] = {"sop_instance_uid": instance.sop_instance_uid}
        row |= _file_as_json(instance.transfer_syntax_uid, place, instance.stored.digests)
        row["rendition"] = None if one is None else _file_as_json(one.transfer_syntax_uid, one.location, one.digests)
        rows.append(row)
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    table = Table("instance", "transfer syntax", "bytes", "SHA-256 of the data set")
    for row in rows:
        *original, rendition = row.values()
        table.add_row(*map(str, original))
        if isinstance(rendition, dict):
            table.add_row("", *map(str, rendition.values()))
    Console().print(table)


def _file_as_json(transfer_syntax_uid: str, location: Location, digests: Digests) -> dict[str, object]:
    return {
        "transfer_syntax_uid": transfer_syntax_uid,
        "length_bytes": location.length_bytes,
        "data_set_sha256": digests.data_set_sha256.hex(),
    }


def _rule_as_json(rule: TranscodeRule) -> dict[str, object]:
    return {
        "name": rule.name,
        "conditions": [{"keyword": one.keyword, "patterns": one.patterns} for one in rule.conditions],
        "callers": rule.callers,
        "transfer_syntax": rule.transfer_syntax_uid,
        "after_minutes": rule.wait_s // 60,
    }
