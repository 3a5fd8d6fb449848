"""Routing with a whole server: sent by DCMTK's storescu, forwarded to DCMTK's storescp or a slow destination of ours."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pydicom
import pytest

from dimse_kit.dcmtk import needs_dcmtk
from dimse_kit.objects import data_set_of, write_ct
from hounsfield.app import bootstrap
from hounsfield.model.jobs import JobState
from routing_kit.destination import count, free_port, queued, send, slow_destination, storescp, until
from services.databases import settings_of
from services.server import Server, launch, running

pytestmark = [needs_dcmtk, pytest.mark.long]

WITHIN_S = 90.0
"""Of a machine that is busy with other things; nothing here waits so long in vain."""


def add_destination(server: Server, port: int, ae_title: str = "DEST", *options: str) -> None:
    """A peer, and a rule that sends everything to it."""
    server.run("peer", "add", ae_title, f"127.0.0.1:{port}", "--max-associations", "1")
    server.run("route", "add", f"all to {ae_title}", "--to", ae_title, *options)


def objects(folder: Path, numbers: range) -> list[Path]:
    """CT of one series."""
    return [write_ct(folder / f"{number}.dcm", number) for number in numbers]


def uids(numbers: range) -> list[str]:
    """Of `objects`."""
    return [f"1.2.826.0.1.3680043.10.999.1.{number + 1}" for number in numbers]


def test_what_matches_arrives_byte_for_byte_and_nothing_else(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path / "data", "--open-access") as server, storescp(tmp_path / "dest", port) as arrived:
        server.run("peer", "add", "DEST", f"127.0.0.1:{port}")
        server.run("route", "add", "few", "--to", "DEST", "--match", "InstanceNumber=1?", "--match", "Modality=ct", "--from", "STORE*")
        files = objects(tmp_path, range(25))
        send(server, *files)
        assert until(lambda: len(arrived.uids()) >= 10, WITHIN_S)
        assert {uid: data_set_of(files[uids(range(25)).index(uid)]) for uid in uids(range(10, 20))} == arrived.data_sets()
        with queued(server) as jobs:
            assert until(lambda: count(jobs, JobState.DONE) == 10, WITHIN_S)
            assert len(jobs.find()) == 10
        assert server.run("route", "test", "1.2.826.0.1.3680043.10.999.2").code == 0


def test_a_destination_that_comes_up_later_gets_all_once_and_in_order(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path / "data", "--open-access") as server:
        add_destination(server, port)
        send(server, *objects(tmp_path, range(30)))
        with queued(server) as jobs:
            assert until(lambda: any(queue.failures for queue in jobs.queues()), WITHIN_S), server.output.read_text()[-3000:]
        send(server, *objects(tmp_path, range(30, 40)))
        with queued(server) as jobs:
            assert until(lambda: count(jobs, JobState.WAITING) == 40, WITHIN_S)
        listed = json.loads(server.run("queue", "list", "--json").out)["queues"][0]
        assert (listed["peer"], listed["waiting"]) == ("DEST", 40)
        assert "cannot be reached" in listed["last_error"]
        with storescp(tmp_path / "dest", port) as arrived:
            # The next try comes no later than the destination has been down so far, however slow this machine is now.
            assert until(lambda: len(arrived.uids()) >= 40, 2 * WITHIN_S)
            with queued(server) as jobs:
                assert until(lambda: count(jobs, JobState.DONE) == 40, WITHIN_S)
        assert arrived.uids() == uids(range(40))


def test_a_slow_destination_does_not_hold_up_a_quick_one_and_each_has_its_order(tmp_path: Path) -> None:
    """Objects of two studies by turns; two associations to each destination, so that the studies overtake each other and nothing else."""
    number, port = 40, free_port()
    files = [a_study(tmp_path, count, study=count % 2, study_date="20250101") for count in range(number)]
    arriving = {study: [uid for count, uid in enumerate(uids(range(number))) if count % 2 == study] for study in (0, 1)}
    with (
        slow_destination() as (slow, slow_port),
        storescp(tmp_path / "quick", port) as quick,
        running(tmp_path / "data", "--open-access") as server,
        queued(server) as jobs,
    ):
        slow.pause_s = 2.0
        for ae_title, there in (("SLOW", slow_port), ("QUICK", port)):
            server.run("peer", "add", ae_title, f"127.0.0.1:{there}", "--max-associations", "2")
        server.run("route", "add", "both", "--to", "SLOW", "--to", "QUICK")
        send(server, *files)
        assert until(lambda: len(quick.uids()) == number, WITHIN_S)
        assert len(slow.kept) < number
        slow.pause_s = 0.0
        assert until(lambda: count(jobs, JobState.DONE) == 2 * number, WITHIN_S)
        for came in (slow.uids(), quick.uids()):
            assert {study: [uid for uid in came if uid in arriving[study]] for study in (0, 1)} == arriving


@pytest.mark.parametrize("away_s", [1, pytest.param(60, marks=pytest.mark.prove)])
def test_a_destination_killed_midway_has_everything_once_when_it_is_back(tmp_path: Path, away_s: int) -> None:
    port, number = free_port(), 400
    files = objects(tmp_path, range(number))
    with running(tmp_path / "data", "--open-access") as server, queued(server) as jobs:
        add_destination(server, port)
        sending = threading.Thread(target=send, args=(server, *files))
        with storescp(tmp_path / "dest", port) as arrived:
            sending.start()
            assert until(lambda: len(arrived.uids()) >= 20, WITHIN_S)
        sending.join()
        before = arrived.data_sets()
        assert len(before) < number, "it was killed too late"
        threading.Event().wait(away_s)
        with storescp(tmp_path / "dest", port) as arrived:
            assert until(lambda: count(jobs, JobState.DONE) == number, 2 * WITHIN_S + away_s)
    came = arrived.uids()
    assert set(came) == set(uids(range(number)))
    # Only what it was busy with when it was killed had no answer, and comes again.
    assert len(came) - number <= 1
    assert arrived.data_sets() == {uid: data_set_of(file) for uid, file in zip(uids(range(number)), files, strict=True)}


def test_nothing_is_lost_when_everything_is_killed_in_between(tmp_path: Path) -> None:
    with slow_destination() as (store, port):
        server = launch(tmp_path / "data", "--open-access")
        try:
            add_destination(server, port, "SLOW")
            send(server, *objects(tmp_path, range(100)))
            assert until(lambda: len(store.kept) >= 20, WITHIN_S)
        finally:
            server.kill()
        assert len(store.kept) < 100
        with running(tmp_path / "data", "--open-access") as again, queued(again) as jobs:
            assert until(lambda: count(jobs, JobState.DONE) == 100, WITHIN_S)
        assert set(store.uids()) == set(uids(range(100)))
        # What was sent within half a second of the kill, and the one under way, may come twice; no more.
        assert len(store.kept) - 100 <= 0.6 / store.pause_s


def test_the_jobs_process_is_started_again_and_ingest_does_not_notice(tmp_path: Path) -> None:
    with slow_destination() as (store, port), running(tmp_path / "data", "--open-access") as server, queued(server) as jobs:
        add_destination(server, port, "SLOW")
        send(server, *objects(tmp_path, range(50)))
        assert until(lambda: len(store.kept) >= 5, WITHIN_S)
        server.process_of("jobs").kill()
        send(server, *objects(tmp_path, range(50, 60)))
        assert until(lambda: count(jobs, JobState.DONE) == 60, WITHIN_S)
        assert set(store.uids()) == set(uids(range(60)))


def test_jobs_are_cancelled_and_tried_again_by_hand(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path / "data", "--open-access") as server, queued(server) as jobs:
        add_destination(server, port)
        send(server, *objects(tmp_path, range(3)))
        is_paused = until(lambda: count(jobs, JobState.WAITING) == 3 and any(queue.failures for queue in jobs.queues()), WITHIN_S)
        assert is_paused, server.output.read_text()[-3000:]
        last, middle, first = (job.id for job in jobs.find())
        assert server.run("queue", "cancel", str(middle)).out == "1\n"
        assert json.loads(server.run("queue", "show", str(middle), "--json").out)["state"] == "cancelled"
        assert server.run("queue", "retry", "987654", check=False).code == 1
        assert server.run("queue", "cancel", check=False).code == 2
        with storescp(tmp_path / "dest", port) as arrived:
            assert server.run("queue", "retry", "--to", "DEST").code == 0
            assert until(lambda: count(jobs, JobState.DONE) == 2, WITHIN_S)
            assert arrived.uids() == [uids(range(3))[0], uids(range(3))[2]]
            assert server.run("queue", "retry", str(middle)).out == "1\n"
            assert until(lambda: count(jobs, JobState.DONE) == 3, WITHIN_S)
            assert server.run("queue", "cancel", str(first), check=False).code == 2, "it is done"
            assert sorted(arrived.uids()) == sorted(uids(range(3)))
        assert last > middle > first


def test_what_the_destination_does_not_take_fails_and_the_rest_goes_on(tmp_path: Path) -> None:
    port = free_port()
    ultrasound = "1.2.840.10008.5.1.4.1.1.6.1"
    scans = objects(tmp_path, range(2))
    others = [write_ct(tmp_path / f"us{number}.dcm", number, sop_class_uid=ultrasound) for number in (2, 3)]
    with (
        running(tmp_path / "data", "--open-access") as server,
        queued(server) as jobs,
        storescp(tmp_path / "dest", port, only_ct=True) as arrived,
    ):
        add_destination(server, port)
        send(server, others[0])
        assert until(lambda: count(jobs, JobState.FAILED) == 1, WITHIN_S), "of an association for it alone nothing is accepted"
        send(server, scans[0], others[1], scans[1])
        assert until(lambda: count(jobs, JobState.FAILED) == 2 and count(jobs, JobState.DONE) == 2, WITHIN_S)
        assert arrived.uids() == uids(range(2))
        assert [queue.failures for queue in jobs.queues()] == [0]


def test_a_rebuilt_index_sends_nothing_again(tmp_path: Path) -> None:
    with slow_destination() as (store, port):
        with running(tmp_path / "data", "--open-access") as server, queued(server) as jobs:
            add_destination(server, port, "SLOW")
            send(server, *objects(tmp_path, range(5)))
            assert until(lambda: count(jobs, JobState.DONE) == 5, WITHIN_S)
            assert server.stop() == 0
            with queued(server) as stopped:
                stopped.purge(-1)
            # This one is there, but nobody has followed it yet.
            server.run("import", str(write_ct(tmp_path / "late.dcm", 5)))
            server.run("reindex")
        with running(tmp_path / "data", "--open-access") as server, queued(server) as jobs:
            send(server, *objects(tmp_path, range(6, 8)))
            assert until(lambda: count(jobs, JobState.DONE) == 3, WITHIN_S)
        assert store.uids() == uids(range(8))


def test_priors_come_from_another_archive_when_a_new_study_arrives_or_is_scheduled(tmp_path: Path) -> None:
    with (
        slow_destination() as (workstation, workstation_port),
        running(tmp_path / "old", "--open-access", "--ae-title", "OLDPACS") as old,
        running(tmp_path / "data", "--open-access") as server,
        queued(server) as jobs,
    ):
        old.ae_title = "OLDPACS"
        old.run("peer", "add", "HOUNSFIELD", f"127.0.0.1:{server.dicom_port}")
        server.run("peer", "add", "OLDPACS", f"127.0.0.1:{old.dicom_port}")
        server.run("route", "add", "priors", "--prefetch-from", "OLDPACS", "--priors", "2", "--from", "STORESCU")
        send(old, *(a_study(tmp_path, number) for number in range(1, 6)))
        # The fourth of the patient's studies is here already, the fifth is another's.
        send(server, tmp_path / "study4.dcm", a_study(tmp_path, 9, study_date=""))
        assert until(lambda: count(jobs, JobState.DONE) == 1, WITHIN_S), server.output.read_text()[-2000:]
        with bootstrap.reading(settings_of(server.data_dir)) as parts:
            here = {one.study_instance_uid[-1] for one in parts.reader.all_instances()}
        assert here == {"9", "4", "3", "2"}
        listed = json.loads(server.run("queue", "list", "--from", "OLDPACS", "--json").out)
        assert [job["study"][-1] for job in listed["jobs"]] == ["9"]

        server.run("peer", "add", "SLOW", f"127.0.0.1:{workstation_port}")
        wanted = ("--patient-id", "OTHER", "--modality", "CT", "--body-part", "*CHEST*", "--priors", "2")
        order = ("route", "prefetch", "--to", "SLOW", "--from", "OLDPACS", *wanted)
        server.run(*order)
        assert until(lambda: len(workstation.kept) == 1, WITHIN_S), server.output.read_text()[-2000:]
        assert workstation.kept[0].data_set == data_set_of(tmp_path / "study5.dcm")
        server.run(*order)
        assert until(lambda: count(jobs, JobState.DONE) == 5, WITHIN_S), "found nothing, asked, went on, found, sent"
        assert len(workstation.kept) == 1
        assert "OTHER" not in server.run("queue", "list", "--json").out + server.output.read_text()


def a_study(folder: Path, number: int, *, study_date: str | None = None, study: int | None = None) -> Path:
    """An object in a study of its own, or in that of a number, made in a year of its own; without a date it is new.

    Of those in studies of their own the fifth is another patient's.
    """
    path = write_ct(folder / f"study{number}.dcm", number)
    data_set = pydicom.dcmread(path)
    data_set.StudyInstanceUID = f"1.2.826.0.1.3680043.10.999.9.{number if study is None else study}"
    data_set.SeriesInstanceUID = f"{data_set.StudyInstanceUID}.1"
    data_set.StudyDate = f"200{number}0101" if study_date is None else study_date
    data_set.PatientID = "OTHER" if number == 5 and study is None else "T1"
    data_set.save_as(path)
    return path
