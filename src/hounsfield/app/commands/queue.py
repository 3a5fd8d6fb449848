"""`hounsfield queue …`: what waits to be sent or brought, what failed, and what to do about it."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from hounsfield.app import bootstrap
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.model.errors import InvalidInput
from hounsfield.model.jobs import SECOND_NS, Job, JobQueue, JobState
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services.prior_jobs import PREFETCH
from hounsfield.services.queues import Queues
from hounsfield.services.send_jobs import COMMIT, SEND

queues = typer.Typer(help="What waits to be sent to other application entities, or to be brought from them.", no_args_is_help=True)

ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)

To = Annotated[str, typer.Option("--to", help="What goes to this AE title.")]
From = Annotated[str, typer.Option("--from", help="What is brought from this AE title.")]
KeptBy = Annotated[str, typer.Option("--kept-by", help="What this AE title is asked to keep.")]
QueueName = Annotated[str, typer.Option("--queue", help="A queue by its name in the list, such as priors/WORKSTATION.")]
JobId = Annotated[int, typer.Argument(help="The job's number.", min=0, show_default=False)]


@contextlib.contextmanager
def _opened(config: Path | None, data_dir: Path | None, database: str | None) -> Iterator[Queues]:
    settings = settings_from(config, data_dir=data_dir, database=database)
    with bootstrap.database(settings) as opened:
        yield Queues(bootstrap.jobs_of(opened))


@queues.command("list")
def list_queue(
    to: To = "",
    source: From = "",
    keeper: KeptBy = "",
    queue_name: QueueName = "",
    state: Annotated[JobState | None, typer.Option("--state", help="Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Jobs at most, the latest first.")] = 20,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the queues with how many jobs each has, and the latest jobs."""
    queue = _queue_named(to, source, keeper, queue_name)
    with _opened(config, data_dir, database) as opened:
        summaries = [one for one in opened.all(ORIGIN) if queue in ("", one.name)]
        jobs = opened.jobs(ORIGIN, queue=queue, state=state, limit=limit)
    if as_json:
        said = {"queues": [_queue_json(one) for one in summaries], "jobs": [job_json(one) for one in jobs]}
        sys.stdout.write(json.dumps(said) + "\n")
        return
    console = Console()
    states = [Column(state.value, justify="right", no_wrap=True) for state in JobState]
    table = Table(Column("queue", no_wrap=True), *states, box=SIMPLE)
    for one in summaries:
        table.add_row(one.name, *(str(one.counts.get(state, 0)) for state in JobState))
    console.print(table)
    for one in summaries:
        if one.last_error:
            left_s = _seconds_until(one.paused_until_ns)
            console.print(f"  {one.name} goes on in {left_s:.0f} s: {one.last_error}", markup=False, soft_wrap=True)
    table = Table("job", Column("queue", no_wrap=True), "state", "tried", Column("about", overflow="fold"), box=SIMPLE)
    for job in jobs:
        left_s = _seconds_until(job.not_before_ns)
        later = f"again in {left_s:.0f} s" if left_s else ""
        asked = f"the answer to {job.ticket} is awaited" if later and job.ticket else later
        about = [job.payload.get("instance") or job.payload.get("study", ""), job.last_error, asked]
        table.add_row(str(job.id), job.queue, job.state.value, str(job.attempts), escape("\n".join(filter(None, about))))
    console.print(table)


@queues.command("show")
def show_job(number: JobId, data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show one job."""
    with _opened(config, data_dir, database) as opened:
        said = job_json(opened.job(ORIGIN, number))
    if as_json:
        sys.stdout.write(json.dumps(said) + "\n")
        return
    table = Table(show_header=False)
    for name, value in said.items():
        table.add_row(name, str(value))
    Console().print(table)


@queues.command("retry")
def retry(
    number: JobId = 0,
    to: To = "",
    source: From = "",
    keeper: KeptBy = "",
    queue_name: QueueName = "",
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Try one job, or all waiting and failed ones of a queue, at once."""
    queue = _one_of(number, to, source, keeper, queue_name)
    with _opened(config, data_dir, database) as opened:
        count = opened.retry_all(ORIGIN, queue) if queue else bool(opened.retry(ORIGIN, number))
    sys.stdout.write(f"{int(count)}\n")


@queues.command("cancel")
def cancel(
    number: JobId = 0,
    to: To = "",
    source: From = "",
    keeper: KeptBy = "",
    queue_name: QueueName = "",
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Take one job, or all unfinished ones of a queue, out of it."""
    queue = _one_of(number, to, source, keeper, queue_name)
    with _opened(config, data_dir, database) as opened:
        count = opened.cancel_all(ORIGIN, queue) if queue else bool(opened.cancel(ORIGIN, number))
    sys.stdout.write(f"{int(count)}\n")


def _queue_named(to: str, source: str, keeper: str, name: str) -> str:
    named = [f"{kind}/{peer}" for kind, peer in ((SEND, to), (PREFETCH, source), (COMMIT, keeper)) if peer] + [name] * bool(name)
    if len(named) > 1:
        raise InvalidInput("give one of --to, --from, --kept-by and --queue")
    return named[0] if named else ""


def _one_of(number: int, to: str, source: str, keeper: str, name: str) -> str:
    queue = _queue_named(to, source, keeper, name)
    if bool(number) == bool(queue):
        raise InvalidInput("give the number of a job, or a queue with --to, --from, --kept-by or --queue")
    return queue


def _queue_json(queue: JobQueue) -> dict[str, object]:
    counts = {state.value: queue.counts.get(state, 0) for state in JobState}
    pause = {"next_try": _moment(queue.paused_until_ns), "failures": queue.failures, "last_error": queue.last_error}
    return {"queue": queue.name, "kind": queue.kind, "peer": queue.peer, **counts, **pause}


def job_json(job: Job) -> dict[str, object]:
    """For machines."""
    return {
        "id": job.id,
        "queue": job.queue,
        "state": job.state.value,
        "attempts": job.attempts,
        "next_try": _moment(job.not_before_ns),
        "last_error": job.last_error,
        "enqueued": _moment(job.enqueued_at_ns),
        "finished": _moment(job.finished_at_ns),
        "transaction": job.ticket,
        **job.shown,
    }


def _moment(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / SECOND_NS, UTC).strftime("%Y-%m-%d %H:%M:%S") if at_ns else ""


def _seconds_until(at_ns: int) -> float:
    return max(0.0, (at_ns - time.time_ns()) / SECOND_NS)
