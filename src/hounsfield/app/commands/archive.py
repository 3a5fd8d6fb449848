"""`hounsfield reindex`, `verify`, `delete`, `reject` and `restore`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hounsfield.app import bootstrap
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.rejection import RejectionCode
from hounsfield.services.delete import Decide, Subject, delete_objects
from hounsfield.services.reject import reject_objects, restore_objects
from hounsfield.services.verify import Damage
from hounsfield.services.verify import verify as check


def register(application: typer.Typer) -> None:
    """Add the commands."""
    application.command()(reindex)
    application.command()(verify)
    application.command()(delete)
    application.command()(reject)
    application.command()(restore)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def reindex(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Rebuild the derived tables from the packs and the decisions. The server must be stopped; accounts and tokens stay."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    bootstrap.require_archive(settings)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with bootstrap.owning(settings) as parts, _progress(console) as progress:
        task = progress.add_task("Reading packs", total=None)
        report = bootstrap.rebuilt(parts, settings, on_progress=lambda done: progress.update(task, completed=done))
    if as_json:
        sys.stdout.write(json.dumps({"objects": report.objects, "decisions": report.decisions, "unreadable": report.unreadable}) + "\n")
    else:
        console.print(
            f"{report.objects} objects and {report.decisions} decisions read from the packs; {len(report.unreadable)} could not be indexed"
        )
        for line in report.unreadable:
            console.print(f"  {line}", markup=False)
    raise typer.Exit(3 if report.unreadable else 0)


def verify(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Read every object, and what was transcoded of it, and hold it against its digests. The server may be running."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    bootstrap.require_archive(settings)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with bootstrap.reading(settings) as parts, _progress(console) as progress:
        task = progress.add_task("Verifying", total=parts.reader.totals().instances)
        report = check(parts.reader, parts.packs, on_progress=lambda done: progress.update(task, completed=done))
    if as_json:
        found = {
            "verified": report.verified,
            "damaged": _as_json(report.damaged),
            "renditions": report.renditions,
            "damaged_renditions": _as_json(report.damaged_renditions),
        }
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        console.print(f"{report.verified} objects are whole, {len(report.damaged)} are damaged")
        for one in report.damaged:
            console.print(f"  {one.sop_instance_uid}: {one.reason}", markup=False)
        if report.renditions or report.damaged_renditions:
            console.print(f"{report.renditions} renditions are whole, {len(report.damaged_renditions)} are damaged and not used")
        for one in report.damaged_renditions:
            console.print(f"  {one.sop_instance_uid}: {one.reason}", markup=False)
    raise typer.Exit(3 if report.damaged or report.damaged_renditions else 0)


def _as_json(damaged: Sequence[Damage]) -> list[dict[str, str]]:
    return [{"sop_instance_uid": one.sop_instance_uid, "reason": one.reason} for one in damaged]


Study = Annotated[str, typer.Option("--study", help="Study Instance UID.")]
Series = Annotated[str, typer.Option("--series", help="Series Instance UID: only this series of the study.")]
Instance = Annotated[str, typer.Option("--instance", help="SOP Instance UID: only this instance of the series.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]
ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)


def delete(
    study: Study,
    reason: Reason,
    series: Series = "",
    instance: Instance = "",
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Delete a study, a series or an instance. The decision is kept beside the packs: rebuilding the index does not undo it."""
    with _deciding(data_dir, database, config) as decide:
        delete_objects(decide, ORIGIN, Subject(study, series, instance), reason)
    Console(stderr=True).print("deleted")


def reject(
    study: Study,
    code: Annotated[str, typer.Option("--code", help="113001 (quality), 113037 (patient safety), 113038 (worklist), 113039 (retention).")],
    reason: Reason = "",
    series: Series = "",
    instance: Instance = "",
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Hide a study, a series or an instance from everybody; its bytes stay, and `restore` brings it back."""
    parsed = RejectionCode.parse(code)
    with _deciding(data_dir, database, config) as decide:
        reject_objects(decide, ORIGIN, Subject(study, series, instance), parsed, reason or parsed.meaning)
    Console(stderr=True).print("rejected")


def restore(
    study: Study,
    reason: Reason,
    series: Series = "",
    instance: Instance = "",
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Bring back what was rejected of a study, a series or an instance."""
    with _deciding(data_dir, database, config) as decide:
        restore_objects(decide, ORIGIN, Subject(study, series, instance), reason)
    Console(stderr=True).print("restored")


def _deciding(data_dir: Path | None, database: str | None, config: Path | None) -> AbstractContextManager[Decide]:
    settings = settings_from(config, data_dir=data_dir, database=database)
    bootstrap.require_archive(settings)
    return bootstrap.deciding(settings)
