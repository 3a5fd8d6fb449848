"""Where routed objects arrive: DCMTK's storescp on a given port, and a slow one of ours that remembers the order."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from dimse_kit.dcmtk import free_port, run
from dimse_kit.objects import data_set_of
from dimse_kit.server import AnyCaller, MemoryStore, until
from hounsfield.dicom.part10 import read_prefix
from hounsfield.index.database import Database
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.identifiers import AETitle
from hounsfield.model.jobs import JobState
from hounsfield.model.origin import Origin
from hounsfield.servers.dimse.server import DimseServer
from hounsfield.services.store import Envelope, Reception
from services.databases import address_of
from services.server import Server

__all__ = ["Arrivals", "SlowStore", "count", "free_port", "queued", "send", "slow_destination", "storescp", "until"]


class Arrivals:
    """What storescp has written: a file for each reception, also of an object that comes twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def uids(self) -> list[str]:
        """SOP Instance UIDs in the order in which they arrived."""
        return [uid for uid, _ in self._read()]

    def data_sets(self) -> dict[str, bytes]:
        """Byte for byte, by SOP Instance UID."""
        return {uid: data_set_of(path) for uid, path in self._read()}

    def _read(self) -> list[tuple[str, Path]]:
        found = []
        for path in sorted(self._folder.iterdir(), key=lambda one: one.stat().st_mtime_ns):
            meta = read_prefix(path.read_bytes())
            if meta is not None:
                found.append((meta.sop_instance_uid, path))
        return found


ONLY_CT = """
[[TransferSyntaxes]]
[Plain]
TransferSyntax1 = LittleEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[[PresentationContexts]]
[Few]
PresentationContext1 = CTImageStorage\\Plain
[[Profiles]]
[OnlyCT]
PresentationContexts = Few
"""


@contextlib.contextmanager
def storescp(folder: Path, port: int, *, only_ct: bool = False) -> Iterator[Arrivals]:
    """On a port of the caller's choice, so that it can come up after it was named."""
    folder.mkdir(exist_ok=True)
    taken = ["+xa"]
    if only_ct:
        profile = folder.with_suffix(".cfg")
        profile.write_text(ONLY_CT)
        taken = ["-xf", str(profile), "OnlyCT"]
    command = ["storescp", "+B", *taken, "+uf", "-od", str(folder), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Arrivals(folder)
    finally:
        process.terminate()
        process.wait(10)


class SlowStore(MemoryStore):
    """Takes its time for each object, so that something can happen meanwhile."""

    pause_s = 0.02

    def receive(self, origin: Origin, envelope: Envelope) -> Reception:
        threading.Event().wait(self.pause_s)
        return super().receive(origin, envelope)

    def uids(self) -> list[str]:
        """SOP Instance UIDs in the order in which they arrived."""
        return [kept.envelope.sop_instance_uid for kept in self.kept]


@contextlib.contextmanager
def slow_destination() -> Iterator[tuple[SlowStore, int]]:
    """A store and its port. Its AE title is SLOW."""
    store = SlowStore()
    server = DimseServer(("127.0.0.1", 0), AETitle.parse("SLOW"), store, AnyCaller())
    server.start()
    try:
        yield store, server.address[1]
    finally:
        server.close(grace_s=0.2)


def send(server: Server, *files: Path) -> None:
    """By DCMTK's storescu, in this order."""
    done = run("storescu", "-aec", server.ae_title, server.host, server.dicom_port, *files)
    assert done.returncode == 0, done.stdout


@contextlib.contextmanager
def queued(server: Server) -> Iterator[EmbeddedJobs]:
    """The queue of a running server."""
    database = Database(address_of(server.data_dir))
    try:
        yield EmbeddedJobs(database)
    finally:
        database.close()


def count(jobs: EmbeddedJobs, state: JobState) -> int:
    """Of all queues."""
    return sum(queue.counts.get(state, 0) for queue in jobs.queues())
