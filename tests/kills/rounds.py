"""One round: start, four senders, SIGKILL to every process at once; and what must hold at the next start."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hounsfield.app import bootstrap
from hounsfield.index.database import Database
from hounsfield.model.errors import HounsfieldError
from hounsfield.network.errors import NetworkError
from hounsfield.peers.dimse import DimsePeer, send
from kills.objects import Made, make
from services.databases import address_of, destroy, settings_of
from services.server import Server, launch

SENDERS = 4
OBJECTS_A_SENDER = 120
LONGEST_RUN_S = 0.8


class BrokenPromise(AssertionError):
    """Something that was acknowledged is not there, or not what it was."""


@dataclass(slots=True)
class Tally:
    """What happened so far. acknowledged: every object that was answered with success."""

    acknowledged: list[Made] = field(default_factory=list)
    restarts_s: list[float] = field(default_factory=list)


def run_round(
    data_dir: Path, folder: Path, randomness: random.Random, number: int, tally: Tally, before: list[Made], **environment: str
) -> list[Made]:
    """Start (timed), hold what the round before acknowledged against what is there, send, kill; returns what this round acknowledged."""
    loads = [make(folder / str(sender), randomness, number, sender, OBJECTS_A_SENDER) for sender in range(SENDERS)]
    started = time.monotonic()
    server = launch(data_dir, "--open-access", ready_within_s=30, **environment)
    tally.restarts_s.append(time.monotonic() - started)
    try:
        check(data_dir, before)
    except BrokenPromise:
        server.kill()
        raise
    acknowledged: list[Made] = []
    first = threading.Event()
    threads = [threading.Thread(target=_send, args=(server, load, acknowledged, first)) for load in loads]
    for thread in threads:
        thread.start()
    first.wait(10)
    # The moment of the kill is the experiment: nothing is waited for.
    time.sleep(randomness.uniform(0.0, LONGEST_RUN_S))
    server.kill()
    for thread in threads:
        thread.join()
    tally.acknowledged += acknowledged
    return acknowledged


def _send(server: Server, load: list[Made], acknowledged: list[Made], first: threading.Event) -> None:
    by_path = {made.path: made for made in load}
    try:
        for sent in send(DimsePeer(server.ae_title, server.host, server.dicom_port, "KILLER"), list(by_path)):
            if sent.ok:
                acknowledged.append(by_path[sent.path])
                first.set()
    except (NetworkError, OSError):
        return


def check(data_dir: Path, acknowledged: Iterable[Made]) -> None:
    """Every acknowledged object is there once, byte for byte, once the index has caught up. Raises: BrokenPromise."""
    with bootstrap.reading(settings_of(data_dir)) as parts:
        for made in acknowledged:
            rows = parts.reader.instances(1, made.study_instance_uid, made.series_instance_uid, made.sop_instance_uid)
            if len(rows) != 1:
                raise BrokenPromise(f"{made.sop_instance_uid}: {len(rows)} rows")
            try:
                file = parts.retrieve.read(rows[0])
            except HounsfieldError as exc:
                raise BrokenPromise(f"{made.sop_instance_uid}: {exc}") from exc
            if file.data_set != made.data_set:
                raise BrokenPromise(f"{made.sop_instance_uid}: other bytes than were sent")


def check_one_row_each(data_dir: Path) -> int:
    """The number of instances. Raises: BrokenPromise where a UID has two rows."""
    database = Database(address_of(data_dir))
    try:
        rows, uids = database.fetch("SELECT count(*), count(DISTINCT sop_instance_uid) FROM instance")[0]
    finally:
        database.close()
    if rows != uids:
        raise BrokenPromise(f"{rows} rows for {uids} objects")
    return int(rows)


def check_packs_alone(data_dir: Path, acknowledged: Iterable[Made]) -> None:
    """The same with the database destroyed: the packs have it all. Raises: BrokenPromise."""
    destroy(data_dir)
    launch(data_dir, "--open-access", ready_within_s=300).stop()
    check(data_dir, acknowledged)
