"""Routing with a whole server to destinations that are asked to keep what they were sent."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest

from dimse_kit.dcmtk import needs_dcmtk
from dimse_kit.keeper import Keeper
from dimse_kit.objects import write_ct
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.jobs import JobState
from routing_kit.destination import queued, send, until
from services.orthanc import needs_orthanc, orthanc
from services.server import Server, running

pytestmark = [needs_dcmtk, pytest.mark.long]

WITHIN_S = 90.0
"""Of a machine that is busy with other things; nothing here waits so long in vain."""
KEPT = "commit/KEEPER"


def add_keeper(server: Server, port: int) -> None:
    """A peer that gets everything and shall keep it."""
    server.run("peer", "add", "KEEPER", f"127.0.0.1:{port}")
    server.run("route", "add", "safe", "--to", "KEEPER", "--commit")


def states(jobs: EmbeddedJobs, queue: str = KEPT) -> list[JobState]:
    """In order."""
    return [job.state for job in reversed(jobs.find(queue=queue))]


@needs_orthanc
@pytest.mark.prove
def test_another_archive_keeps_what_it_was_sent_and_one_can_see_that(tmp_path: Path) -> None:
    """Orthanc, which reports on an association of its own."""
    files = [write_ct(tmp_path / f"{number}.dcm", number, pixel_bytes=2000) for number in range(12)]
    with (
        running(tmp_path / "data", "--open-access") as server,
        orthanc(tmp_path / "orthanc", "KEEPER", {"server": ("HOUNSFIELD", server.dicom_port)}) as keeper,
        queued(server) as jobs,
    ):
        add_keeper(server, keeper.dicom_port)
        send(server, *files)
        assert until(lambda: states(jobs) == [JobState.DONE] * len(files), WITHIN_S), server.output.read_text()[-3000:]
        listed = json.loads(server.run("queue", "list", "--kept-by", "KEEPER", "--json").out)
        assert (listed["queues"][0]["kind"], listed["queues"][0]["done"]) == ("commit", len(files))
        assert {job["transaction"][:5] for job in listed["jobs"]} == {"2.25."}


def test_what_is_not_kept_is_sent_again_and_asked_again(tmp_path: Path) -> None:
    """The destination reports on an association of its own; of one object it says at first that it has none."""
    files = [write_ct(tmp_path / f"{number}.dcm", number) for number in range(3)]
    lost = str(pydicom.dcmread(files[1]).SOPInstanceUID)
    keeper = Keeper()
    keeper.same = False
    keeper.fails = {lost: 0x0112}
    with keeper.serving() as port, running(tmp_path / "data", "--open-access") as server, queued(server) as jobs:
        add_keeper(server, port)
        send(server, *files)
        assert until(lambda: sum(len(instances) for _, instances in keeper.heard) == 3, WITHIN_S), server.output.read_text()[-3000:]
        assert until(lambda: len([job for job in jobs.find(queue=KEPT) if job.ticket]) == 3, WITHIN_S)
        for result in list(keeper.results):
            keeper.last = result
            assert keeper.report_to((server.host, server.dicom_port)) == 0x0000
        assert until(lambda: sorted(states(jobs)[:3]) == ["cancelled", "done", "done"], WITHIN_S)
        assert until(lambda: keeper.stored.count(lost) == 2, WITHIN_S)
        (cancelled,) = jobs.find(queue=KEPT, state=JobState.CANCELLED)
        assert cancelled.last_error == "KEEPER does not keep it: 0112 no such object instance; it is sent again"

        keeper.same, keeper.fails = True, {}
        assert until(lambda: len(states(jobs)) == 4, WITHIN_S), "it is asked for again"
        server.run("queue", "retry", "--kept-by", "KEEPER")
        assert until(lambda: states(jobs)[3] is JobState.DONE, WITHIN_S)
        assert keeper.heard[-1][1] == [(str(pydicom.dcmread(files[1]).SOPClassUID), lost)]
        assert sorted(states(jobs, "send/KEEPER")) == ["done"] * 4
