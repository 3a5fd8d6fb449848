"""`hounsfield peer echo|find|send|pull`: calls to a peer."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from hounsfield.app import bootstrap, locks, outgoing
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.app.commands.peer_options import FAILURES_SHOWN, PARTLY, OurTitle, Study, Title, called
from hounsfield.model.errors import ConfigurationError, HounsfieldError, InvalidInput
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.overlay import Treatment
from hounsfield.model.query import Level
from hounsfield.network.status import Status
from hounsfield.peers import dimse, pull, query
from hounsfield.services.pull import Pulling

Keys = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Keyword or tag, with or without a value to match.")]
LevelOption = Annotated[str, typer.Option("--level", help="patient, study, series or image.")]
Most = Annotated[int, typer.Option("--most", min=1, help="Cancel the query behind so many matches.")]
Paths = Annotated[list[Path] | None, typer.Argument(help="DICOM files, or folders of them.")]
Studies = Annotated[list[str] | None, typer.Option("--study", help="Study Instance UID of a study of the archive; repeatable.")]
Series = Annotated[str, typer.Option("--series", help="Series Instance UID; without it the whole study.")]
Instance = Annotated[str, typer.Option("--instance", help="SOP Instance UID; needs --series.")]
ByGet = Annotated[bool, typer.Option("--get", help="By C-GET, over this one association; needs no way back and no running server.")]

LEVELS = {"patient": Level.PATIENT, "study": Level.STUDY, "series": Level.SERIES, "image": Level.INSTANCE, "instance": Level.INSTANCE}


def register(application: typer.Typer) -> None:
    """Add the commands."""
    for command in (echo, find, send):
        application.command()(command)
    application.command("pull")(pull_)


def echo(
    peer_title: Title,
    ae_title: OurTitle = None,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask a peer whether it is there: C-ECHO."""
    with called(settings_from(config, data_dir=data_dir, database=database, ae_title=ae_title), peer_title) as peer:
        began = time.monotonic()
        status = dimse.echo(peer)
        taken_ms = (time.monotonic() - began) * 1000
    if as_json:
        sys.stdout.write(json.dumps({"ae_title": peer.ae_title, "status": f"{status:04X}", "milliseconds": round(taken_ms, 1)}) + "\n")
    else:
        words = "answers" if status == Status.SUCCESS else f"answered {status:04X}"
        sys.stdout.write(f"{peer.ae_title} at {peer.host}:{peer.port} {words} in {taken_ms:.0f} ms\n")
    raise typer.Exit(0 if status == Status.SUCCESS else 1)


def find(
    peer_title: Title,
    keys: Keys = None,
    level: LevelOption = "study",
    most: Most = 1000,
    ae_title: OurTitle = None,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask a peer what it holds: C-FIND. `hounsfield peer find PACS "PatientName=DOE*" StudyDate=20260101-`"""
    at = LEVELS.get(level.lower())
    if at is None:
        raise InvalidInput(f"{level!r} is no level: patient, study, series or image")
    wanted = query.keys_for(at, map(query.Key.parse, keys or ()))
    with called(settings_from(config, data_dir=data_dir, database=database, ae_title=ae_title), peer_title) as peer:
        answers = list(query.find(peer, at, wanted, most=most))
    if as_json:
        sys.stdout.write(json.dumps(answers) + "\n")
        return
    columns = [(f"{key.tag:08X}", query.name_of(key.tag)) for key in wanted]
    table = Table(*(Column(name, overflow="fold") for _, name in columns))
    for answer in answers:
        table.add_row(*(Text(query.text_of(answer.get(tag, {}))) for tag, _ in columns))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{len(answers)} match{'' if len(answers) == 1 else 'es'}{' (cut by --most)' if len(answers) == most else ''}")


def send(
    peer_title: Title,
    paths: Paths = None,
    study: Studies = None,
    ae_title: OurTitle = None,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send to a peer by C-STORE: DICOM files as they are, or studies of the archive."""
    if bool(paths) == bool(study):
        raise InvalidInput("say what to send: files and folders, or --study")
    settings = settings_from(config, data_dir=data_dir, database=database, ae_title=ae_title)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    failed: list[outgoing.Outcome] = []
    done = 0
    to_send = outgoing.studies(settings, peer_title.strip(), study) if study else outgoing.files(settings, peer_title.strip(), paths or [])
    with to_send as sending, _progress(console) as progress:
        task = progress.add_task("Sending", total=sending.total)
        try:
            for done, outcome in enumerate(sending.outcomes, 1):
                if not outcome.ok:
                    failed.append(outcome)
                progress.update(task, completed=done)
        except HounsfieldError as exc:
            console.print(f"broken off behind {done} of {sending.total}: {exc}", markup=False)
    stored = done - len(failed)
    if as_json:
        rows = [
            {"object": one.name, "status": None if one.status is None else f"{one.status:04X}", "reason": one.comment} for one in failed
        ]
        sys.stdout.write(json.dumps({"objects": sending.total, "stored": stored, "failed": rows}) + "\n")
    else:
        console.print(f"{stored} of {sending.total} stored by {sending.ae_title}", markup=False)
        for one in failed[:FAILURES_SHOWN]:
            console.print(f"  {one.name}: {one.comment or f'status {one.status or 0:04X}'}", markup=False)
    raise typer.Exit(0 if stored == sending.total else PARTLY if stored else 1)


def pull_(
    peer_title: Title,
    study: Study,
    series: Series = "",
    instance: Instance = "",
    by_get: ByGet = False,
    ae_title: OurTitle = None,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring a study, a series or an instance from a peer into the archive: C-MOVE to ourselves, or C-GET."""
    settings = settings_from(config, data_dir=data_dir, database=database, ae_title=ae_title)
    wanted = pull.Wanted.parse(study, series, instance)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    outcomes: Counter[Any] = Counter()
    with called(settings, peer_title) as peer, _progress(console) as progress:
        if by_get:
            with bootstrap.database(settings) as opened:
                treatment = Treatment.of(bootstrap.peers_of(opened, settings).get(peer.ae_title), settings.ae_title)
            with bootstrap.file_store(settings) as store:
                pulling = Pulling(store, Origin(Protocol.DIMSE, SYSTEM, peer.host, peer.ae_title, settings.ae_title), peer, treatment)
                last = _follow(pulling.run(wanted), progress)
                outcomes = pulling.outcomes
        else:
            if not locks.is_held(settings.data_dir / "archive.lock"):
                raise ConfigurationError("C-MOVE needs the server running to receive: start it, or use --get")
            last = _follow(pull.move(peer, wanted, settings.ae_title), progress)
    done = last.completed + last.warning
    if as_json:
        told = {"completed": last.completed, "failed": last.failed, "warning": last.warning}
        sys.stdout.write(json.dumps(told | {outcome.value: count for outcome, count in outcomes.items()}) + "\n")
    else:
        judged = ", ".join(f"{count} {outcome.value}" for outcome, count in outcomes.items())
        remarks = (
            [f"{last.failed} failed"] * bool(last.failed) + [f"{last.warning} with a remark"] * bool(last.warning) + [judged] * bool(judged)
        )
        console.print(f"{done} objects brought from {peer.ae_title}" + "".join(f", {remark}" for remark in remarks), markup=False)
    raise typer.Exit(PARTLY if last.failed and done else 1 if last.failed or not done else 0)


def _follow(account: Iterator[pull.Progress], progress: Progress) -> pull.Progress:
    task = progress.add_task("Pulling", total=None)
    last = pull.Progress(0, 0, 0, 0, True)
    for last in account:
        done = last.completed + last.failed + last.warning
        progress.update(task, total=done + last.remaining, completed=done)
    return last


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
