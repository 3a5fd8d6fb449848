"""`hounsfield import` and `hounsfield export`."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from hounsfield.app import bootstrap
from hounsfield.app.bootstrap import Reading
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.app.settings import Settings
from hounsfield.codecs.loss import MEASURES, Loss, Measure, loss_of
from hounsfield.codecs.pool import CodecPool
from hounsfield.model.errors import InvalidInput
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services.bring import Brought, Candidate, Fate, ImportJournal, bring, candidates, summary_json
from hounsfield.services.export import TARGETS, Exported, Recoding, export_study
from hounsfield.services.rewrite import Rewriter

REJECTS_SHOWN = 20


def register(application: typer.Typer) -> None:
    """Add the commands."""
    application.command(name="import")(import_)
    application.command()(export)


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, ZIP archives, media with a DICOMDIR.")],
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    again: Annotated[bool, typer.Option("--again", help="Read files of an earlier run of this import once more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring files into the archive, with the server running or not. A run that was cut goes on where it stopped."""
    settings = settings_from(config, data_dir=data_dir, database=database)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    found = list(candidates(paths))
    name = hashlib.sha256("\0".join(sorted(str(path.absolute()) for path in paths)).encode()).hexdigest()[:16]
    journal_path = settings.data_dir / "imports" / f"{name}.journal"
    if again:
        journal_path.unlink(missing_ok=True)
    journal = ImportJournal(journal_path)
    counts: Counter[Fate] = Counter()
    rejected: list[Brought] = []
    with bootstrap.file_store(settings) as store, _progress(console) as progress:
        task = progress.add_task("Importing", total=sum(one.size_bytes for one in found), files=f"0/{len(found)}")
        for number, brought in enumerate(bring(store, Origin(Protocol.IMPORT, SYSTEM), iter(found), journal), 1):
            counts[brought.fate] += 1
            if brought.fate in (Fate.REJECTED, Fate.KEPT_ASIDE):
                rejected.append(brought)
            progress.update(task, advance=brought.size_bytes, files=f"{number}/{len(found)}")
    journal.close()
    if as_json:
        sys.stdout.write(summary_json(counts, rejected) + "\n")
    else:
        _print_summary(console, found, counts, rejected)
    raise typer.Exit(3 if counts[Fate.REJECTED] or counts[Fate.KEPT_ASIDE] else 0)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[files]} files"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _print_summary(console: Console, found: list[Candidate], counts: Counter[Fate], rejected: list[Brought]) -> None:
    console.print(f"{len(found)} files: " + ", ".join(f"{counts[fate]} {fate.value}" for fate in Fate if counts[fate]))
    for one in rejected[:REJECTS_SHOWN]:
        console.print(f"  {one.fate.value}: {one.name}: {one.reason}", markup=False)
    if len(rejected) > REJECTS_SHOWN:
        console.print(f"  and {len(rejected) - REJECTS_SHOWN} more: --json lists them all")


def export(
    study: Annotated[list[str], typer.Option("--study", help="Study Instance UID; repeatable.")],
    to: Annotated[Path, typer.Option("--to", help="Folder to write to; made if missing.")],
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    original: Annotated[bool, typer.Option("--original", help="As they were received, also where attributes were coerced.")] = False,
    transfer_syntax: Annotated[str, typer.Option("--transfer-syntax", help="UID; else each as it is stored.")] = "",
    quality: Annotated[float | None, typer.Option("--quality", help="Of lossy JPEG: 1 to 100.")] = None,
    near: Annotated[float | None, typer.Option("--near", help="Of near-lossless JPEG-LS: by how much a sample may be off.")] = None,
    psnr: Annotated[float | None, typer.Option("--psnr", help="Of lossy JPEG 2000 and HTJ2K: dB that each frame has at least.")] = None,
) -> None:
    """Write studies as files: STUDY/SERIES/INSTANCE.dcm, each checked against its digests.

    An image that is compressed lossily is a new one, derived of the one that is stored, with a SOP Instance UID of its own.
    """
    if original and transfer_syntax:
        raise InvalidInput("--original is as they were received: no --transfer-syntax goes with it")
    loss = _loss(transfer_syntax, {Measure.QUALITY: quality, Measure.NEAR: near, Measure.PSNR: psnr})
    settings = settings_from(config, data_dir=data_dir, database=database)
    bootstrap.require_archive(settings)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    kept: list[Exported] = []
    with (
        bootstrap.reading(settings) as parts,
        _recoding(settings, parts, transfer_syntax, loss) as recoding,
        Progress(TextColumn("Exporting"), BarColumn(), MofNCompleteColumn(), console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("", total=None)
        written = 0
        for study_instance_uid in study:
            for one in export_study(parts.retrieve, study_instance_uid, to, original=original, recoding=recoding):
                written += 1
                kept += [one] if one.kept else []
                progress.update(task, total=one.total, completed=written)
    console.print(f"{written} files written to {to}", markup=False)
    for one in kept:
        console.print(f"  as stored: {one.instance.sop_instance_uid}: {one.kept}", markup=False)
    raise typer.Exit(3 if any(one.instance.frames for one in kept) else 0)


def _loss(transfer_syntax: str, amounts: Mapping[Measure, float | None]) -> Loss | None:
    """Of a lossy transfer syntax, which must tell it. Raises: InvalidInput."""
    if transfer_syntax in MEASURES:
        return loss_of(transfer_syntax, amounts)
    if transfer_syntax and transfer_syntax not in TARGETS:
        raise InvalidInput(f"{transfer_syntax[:80]} is not written; these are: {', '.join(TARGETS)}")
    if any(amount is not None for amount in amounts.values()):
        raise InvalidInput("--quality, --near and --psnr go with a lossy --transfer-syntax")
    return None


@contextlib.contextmanager
def _recoding(settings: Settings, parts: Reading, transfer_syntax: str, loss: Loss | None) -> Iterator[Recoding | None]:
    if not transfer_syntax:
        yield None
        return
    with CodecPool(settings.codec_children, settings.codec_memory_bytes) as codecs:
        yield Recoding(Rewriter(parts.retrieve, parts.packs, codecs), transfer_syntax, loss)
