"""`hounsfield doctor`: look at this machine and this data directory as an administrator would."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from hounsfield import __version__
from hounsfield.app import bootstrap, locks
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.app.settings import Settings
from hounsfield.model.errors import HounsfieldError

OK, WARNING, WRONG = "ok", "warning", "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. advice: what to do, empty when all is well."""

    what: str
    state: str
    found: str
    advice: str = ""


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command()(doctor)


def doctor(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Check the machine, the data directory and the settings, and say what to do about what is wrong."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    findings = list(examine(settings))
    if as_json:
        values = {name: str(value) for name, value in settings.model_dump().items()}
        sys.stdout.write(json.dumps({"findings": [vars_of(one) for one in findings], "settings": values}) + "\n")
    else:
        console = Console(highlight=False)
        table = Table("", "what", "found", "what to do")
        colours = {OK: "green", WARNING: "yellow", WRONG: "red"}
        for one in findings:
            table.add_row(f"[{colours[one.state]}]{one.state}[/]", one.what, one.found, one.advice)
        console.print(table)
        listing = Table("setting", "value", "meaning")
        for name, field in Settings.model_fields.items():
            listing.add_row(name, str(getattr(settings, name)), field.description)
        console.print(listing)
    raise typer.Exit(1 if any(one.state == WRONG for one in findings) else 0)


def vars_of(finding: Finding) -> dict[str, str]:
    """As JSON would have it."""
    return {"what": finding.what, "state": finding.state, "found": finding.found, "advice": finding.advice}


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, the cheap ones first."""
    yield Finding("version", OK, f"hounsfield {__version__}, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    folder = settings.data_dir if settings.data_dir.exists() else next(p for p in settings.data_dir.parents if p.exists())
    if not os.access(folder, os.W_OK):
        yield Finding("data directory", WRONG, f"{folder} is not writable", "run as the user who owns it, or choose another --data-dir")
        return
    yield _disk_space(settings, folder)
    yield _flushes(folder)
    running = locks.is_held(settings.data_dir / "serve.lock")
    yield Finding("server", OK, "running" if running else "not running")
    if settings.data_dir.exists():
        yield _encryption(settings.data_dir)
        yield _index(settings)


def _disk_space(settings: Settings, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{free / (1 << 30):.1f} GiB free"
    if free < settings.min_free_bytes:
        return Finding("disk", WRONG, text, "objects are being refused: free some space, or lower min_free_bytes")
    if free < 20 * settings.min_free_bytes:
        return Finding("disk", WARNING, text, "plan for more space soon")
    return Finding("disk", OK, text)


def _flushes(folder: Path) -> Finding:
    path = folder / f".doctor-{os.getpid()}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        started = time.perf_counter()
        count = 0
        while count < 200 and time.perf_counter() - started < 2.0:
            os.pwrite(descriptor, b"x" * 8192, count * 8192)
            os.fdatasync(descriptor)
            count += 1
        rate = count / (time.perf_counter() - started)
    finally:
        os.close(descriptor)
        path.unlink()
    if rate < 50:
        return Finding(
            "flushes", WARNING, f"{rate:.0f} fdatasync a second", "each object waits for one: use an SSD or a controller with a battery"
        )
    return Finding("flushes", OK, f"{rate:.0f} fdatasync a second")


def _encryption(data_dir: Path) -> Finding:
    device = data_dir.stat().st_dev
    uuid = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/dm/uuid")
    if uuid.exists() and uuid.read_text().startswith("CRYPT-"):
        return Finding("encryption", OK, "the volume is encrypted (dm-crypt)")
    return Finding("encryption", WARNING, "no dm-crypt volume found below the data directory", "keep patient data on an encrypted volume")


def _index(settings: Settings) -> Finding:
    try:
        with bootstrap.reading(settings) as parts:
            totals = parts.reader.totals()
    except HounsfieldError as exc:
        return Finding("index", WRONG, str(exc), "is the database reachable? `hounsfield reindex` rebuilds it from the packs")
    return Finding("index", OK, f"{totals.studies} studies, {totals.series} series, {totals.instances} instances")
