"""`hounsfield reindex`, `verify` and `delete`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hounsfield.app import bootstrap
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services.delete import delete_study
from hounsfield.services.verify import verify as check


def register(application: typer.Typer) -> None:
    """Add the commands."""
    application.command()(reindex)
    application.command()(verify)
    application.command()(delete)


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
    """Read every object and hold it against its digests. The server may be running."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    bootstrap.require_archive(settings)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with bootstrap.reading(settings) as parts, _progress(console) as progress:
        task = progress.add_task("Verifying", total=parts.reader.totals().instances)
        report = check(parts.reader, parts.packs, on_progress=lambda done: progress.update(task, completed=done))
    if as_json:
        damaged = [{"sop_instance_uid": one.sop_instance_uid, "reason": one.reason} for one in report.damaged]
        sys.stdout.write(json.dumps({"verified": report.verified, "damaged": damaged}) + "\n")
    else:
        console.print(f"{report.verified} objects are whole, {len(report.damaged)} are damaged")
        for one in report.damaged:
            console.print(f"  {one.sop_instance_uid}: {one.reason}", markup=False)
    raise typer.Exit(3 if report.damaged else 0)


def delete(
    study: Annotated[str, typer.Option("--study", help="Study Instance UID.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")],
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Delete a study. The decision is kept beside the packs, so that rebuilding the index does not bring the study back."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    bootstrap.require_archive(settings)
    with bootstrap.deciding(settings) as decide:
        delete_study(decide, Origin(Protocol.SYSTEM, SYSTEM), study, reason)
    Console(stderr=True).print("deleted")
