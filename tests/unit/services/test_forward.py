"""What becomes of jobs as their objects are stored, refused, or cannot be sent now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dimse_kit.server import until
from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.writer import IndexWriter
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.errors import ConfigurationError, IndexUnavailable, PeerUnknown
from hounsfield.model.jobs import Job, JobState, NewJob
from hounsfield.model.peers import Peer
from hounsfield.network.errors import AssociationLost, Unreachable
from hounsfield.peers.object_source import Batch
from hounsfield.services.delivery import Delivered, Fate, fate_of
from hounsfield.services.forward import Forward
from hounsfield.services.work import MOST_THREADS, Workers
from index_kit.entries import Maker

QUEUE = "send/DEST"
CT = "1.2.840.10008.5.1.4.1.1.2"
PEER = Peer("DEST", "127.0.0.1", 104)


@dataclass
class Site:
    """An index of five objects of one study, a job for each, and a peer that does as it is told.

    fates: by position, what the peer does; stored where nothing is said. An error there breaks off.
    """

    database: Database
    jobs: EmbeddedJobs
    reader: IndexReader
    uids: list[str]
    versions: list[str]
    fates: dict[int, Fate | Exception] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    before_each: Callable[[int], object] = lambda _: None
    clock_s: float = 0.0

    def deliver(self, peer: Peer, batch: Batch) -> Iterator[Delivered]:
        """As `services.delivery.Deliver`."""
        assert peer is PEER
        for instance in batch.of(batch.kinds):
            position = self.uids.index(instance.sop_instance_uid)
            fate = self.fates.get(position, Fate.STORED)
            if isinstance(fate, Exception):
                raise fate
            self.tried.append(instance.sop_instance_uid)
            yield Delivered(instance, fate, "" if fate is Fate.STORED else "no")
            self.before_each(position)

    def enqueue(self, **more: str) -> None:
        """A job for each object."""
        say = {"partition": "1", "study": "1.2.3", "series": "1.2.3.1", **more}
        pairs = zip(self.uids, self.versions, strict=True)
        self.jobs.enqueue([NewJob(QUEUE, uid, "1/1.2.3", {**say, "instance": uid, "version": version}) for uid, version in pairs])

    def run(self, destination: Callable[[str], Peer] = lambda _: PEER, stopping: Callable[[], bool] = lambda: False) -> list[JobState]:
        """All of one batch; what became of each job, in order."""
        batch = self.jobs.claim(QUEUE, "me", most=10, parallel=1, lease_s=60)
        forward = Forward(self.jobs, self.reader, destination, self.deliver, stopping, lambda: self.clock_s)
        forward("DEST", batch, "me")
        return self.states()

    def states(self) -> list[JobState]:
        """In order."""
        return [job.state for job in reversed(self.jobs.find(queue=QUEUE))]


W, D, F, C = JobState.WAITING, JobState.DONE, JobState.FAILED, JobState.CANCELLED


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """On SQLite; the queue itself is tested on every database."""
    database = Database(tmp_path / "index.sqlite")
    database.upgrade()
    maker = Maker()
    entries = [maker.entry() for _ in range(5)]
    with IndexWriter(database) as writer:
        writer.add_all(entries)
        writer.apply_decision({"kind": "delete", "level": "study", "study_instance_uid": "1.9", "partition_id": 1, "decided_at_ns": 1})
    uids = [str(one.attributes.instance.sop_instance_uid) for one in entries]
    versions = [one.stored.digests.data_set_sha256.hex()[:32] for one in entries]
    made = Site(database, EmbeddedJobs(database), IndexReader(database), uids, versions)
    made.enqueue()
    yield made
    database.close()


def test_what_is_stored_is_done_in_order(site: Site) -> None:
    assert site.run() == [D] * 5
    assert site.tried == site.uids


def test_what_is_refused_fails_and_what_is_odd_waits_while_the_rest_goes_on(site: Site) -> None:
    site.fates = {1: Fate.REFUSED, 3: Fate.LATER}
    assert site.run() == [D, F, D, W, D]
    later = site.jobs.find(state=W)[0]
    assert (later.attempts, later.last_error, later.not_before_ns > 0) == (1, "no", True)


@pytest.mark.parametrize("error", [Unreachable("it is down"), AssociationLost("it went away"), ConfigurationError("no such file")])
def test_when_the_peer_cannot_go_on_its_queue_waits_and_nothing_counts_as_tried(site: Site, error: Exception) -> None:
    site.fates = {2: error}
    assert site.run() == [D, D, W, W, W]
    assert all(job.attempts == 0 and not job.not_before_ns for job in site.jobs.find(state=W))
    (queue,) = site.jobs.queues()
    assert (queue.last_error, queue.failures) == (str(error), 1)
    assert site.jobs.claimable() == []


def test_a_peer_that_is_not_known_makes_its_queue_wait(site: Site) -> None:
    def nobody(_: str) -> Peer:
        raise PeerUnknown("there is no peer DEST")

    assert site.run(nobody) == [W] * 5
    assert site.jobs.queues()[0].last_error == "there is no peer DEST"


def test_what_is_gone_or_replaced_is_not_sent(site: Site) -> None:
    site.jobs.cancel(queue=QUEUE)
    site.jobs.purge(-10)
    site.versions[1] = "0" * 32
    site.uids[3] = "1.2.3.1.99"
    site.enqueue()
    assert site.run() == [D, C, D, C, D]
    assert [job.last_error for job in site.jobs.find(state=C)] == [
        "it was deleted here before it was sent",
        "another object counts under its UID by now",
    ]


def test_what_was_sent_is_to_be_kept_where_the_rule_says_so(site: Site) -> None:
    site.jobs.cancel(queue=QUEUE)
    site.jobs.purge(-10)
    site.enqueue(round="1", rule="r")
    site.fates = {1: Fate.REFUSED, 3: Fate.LATER}
    assert site.run() == [D, F, D, W, D]
    kept = list(reversed(site.jobs.find(queue="commit/DEST")))
    assert [job.payload["instance"] for job in kept] == [site.uids[0], site.uids[2], site.uids[4]]
    assert kept[0].payload == {**site.jobs.find(queue=QUEUE)[-1].payload, "class": CT}
    assert (kept[0].group, kept[0].state) == ("1/1.2.3", W)


def test_what_is_cancelled_meanwhile_is_not_sent(site: Site) -> None:
    def cancel_the_last(position: int) -> None:
        if position == 1:
            site.jobs.cancel(job_id=site.jobs.find()[0].id)
            site.clock_s += 10

    site.before_each = cancel_the_last
    assert site.run() == [D, D, D, D, C]
    assert site.tried == site.uids[:4]


def test_when_told_to_stop_the_rest_is_given_back(site: Site) -> None:
    assert site.run(stopping=lambda: len(site.tried) >= 2) == [D, D, W, W, W]


def test_what_was_sent_is_noted_now_and_then(site: Site) -> None:
    noted: list[int] = []

    def look(position: int) -> None:
        site.clock_s += 0.3
        noted.append(site.states().count(D))

    site.before_each = look
    site.run()
    assert noted == [0, 0, 3, 3, 5], "each half second"


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (0x0000, Fate.STORED),
        (0xB000, Fate.STORED),
        (0xB007, Fate.STORED),
        (0x0111, Fate.STORED),
        (0xA700, Fate.LATER),
        (0xA7FF, Fate.LATER),
        (0x0110, Fate.LATER),
        (0x0213, Fate.LATER),
        (0xA900, Fate.REFUSED),
        (0xC123, Fate.REFUSED),
        (0x0122, Fate.REFUSED),
        (0x0124, Fate.REFUSED),
    ],
)
def test_what_a_status_means(status: int, fate: Fate) -> None:
    assert fate_of(status) is fate


class Shaky(EmbeddedJobs):
    """A database that goes away for a moment."""

    releases_to_fail = 2

    def release(self, batch: Sequence[Job], owner: str) -> None:
        """Twice in vain."""
        if self.releases_to_fail:
            self.releases_to_fail -= 1
            raise IndexUnavailable("gone for a moment")
        super().release(batch, owner)


class Deaf(EmbeddedJobs):
    """A database whose answer to the first claim is lost on its way."""

    lost = 1

    def claim(self, queue: str, owner: str, *, most: int, parallel: int, lease_s: float) -> list[Job]:
        """The claim itself stands."""
        claimed = super().claim(queue, owner, most=most, parallel=parallel, lease_s=lease_s)
        if self.lost:
            self.lost -= 1
            raise IndexUnavailable("gone for a moment")
        return claimed


class Odd:
    """A handler with a mistake in it, at first."""

    def __init__(self, error: Exception | None, jobs: EmbeddedJobs) -> None:
        self.error = error
        self.jobs = jobs
        self.done = threading.Event()

    def parallel(self, peer: str) -> int:
        """One batch at once."""
        return 1

    def __call__(self, peer: str, batch: list[Job], owner: str) -> None:
        """As `services.work.Handler`."""
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.jobs.complete(batch, owner)
        self.done.set()


def work_until_done(jobs: EmbeddedJobs, error: Exception | None) -> None:
    """Until the handler, which makes this mistake at first, has settled a batch."""
    handler = Odd(error, jobs)
    stop = threading.Event()
    thread = threading.Thread(target=Workers(jobs, {"send": handler}, "me").run, args=(stop,))
    thread.start()
    try:
        assert handler.done.wait(20)
    finally:
        stop.set()
        thread.join(20)


@pytest.mark.parametrize("error", [KeyError("ours"), IndexUnavailable("gone for a moment")])
def test_a_mistake_of_ours_loses_no_job(site: Site, error: Exception) -> None:
    work_until_done(Shaky(site.database), error)
    assert site.states() == [D] * 5


def test_what_was_claimed_without_our_hearing_of_it_is_not_left_lying(site: Site) -> None:
    work_until_done(Deaf(site.database), None)
    assert site.states() == [D] * 5


class Patient:
    """A handler that does not end before it is told to."""

    def __init__(self, jobs: EmbeddedJobs) -> None:
        self.jobs = jobs
        self.go_on = threading.Event()
        self.begun: list[str] = []

    def parallel(self, peer: str) -> int:
        """As many as there is room for."""
        return 1000

    def __call__(self, peer: str, batch: Sequence[Job], owner: str) -> None:
        """As `services.work.Handler`."""
        self.begun.append(peer)
        self.go_on.wait(30)
        self.jobs.complete(batch, owner)


def test_a_destination_with_much_to_do_leaves_room_for_the_others(site: Site) -> None:
    site.jobs.cancel(queue=QUEUE)
    site.jobs.enqueue([NewJob("send/A", f"a{number}", f"study {number}") for number in range(100)])
    site.jobs.enqueue([NewJob("send/B", "b", "study"), NewJob("other/C", "c", "study")])
    handler, stop = Patient(site.jobs), threading.Event()
    thread = threading.Thread(target=Workers(site.jobs, {"send": handler}, "me").run, args=(stop,))
    thread.start()
    try:
        assert until(lambda: len(handler.begun) == MOST_THREADS, 20)
        assert handler.begun.count("B") == 1
        handler.go_on.set()
        assert until(lambda: len(handler.begun) == 101, 20)
    finally:
        stop.set()
        handler.go_on.set()
        thread.join(20)
    assert [job.unique_key for job in site.jobs.find(state=W)] == ["c"], "nobody here knows what to do with it"
