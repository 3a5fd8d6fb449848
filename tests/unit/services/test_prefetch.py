"""Which studies are brought from a peer, and what becomes of the job when that does not succeed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.writer import IndexWriter
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.errors import PeerUnknown
from hounsfield.model.jobs import SECOND_NS, Job, JobState, NewJob
from hounsfield.model.priors import Relevance, ScheduledStudy
from hounsfield.model.query import Level
from hounsfield.network.errors import AssociationLost, NetworkError, NeverEstablished, ProtocolError, Unreachable
from hounsfield.peers.dimse import DimsePeer
from hounsfield.peers.pull import Progress, Wanted
from hounsfield.peers.query import Key, QueryFailed
from hounsfield.services.prefetch import Prefetch
from hounsfield.services.prior_jobs import scheduled_jobs
from index_kit.entries import Maker

QUEUE = "prefetch/OLDPACS"
W, D, F, C = JobState.WAITING, JobState.DONE, JobState.FAILED, JobState.CANCELLED


def study(uid: str, date: str = "", patient_id: str = "P1", issuer: str = "", instances: str = "", *modalities: str) -> dict[str, Any]:
    """An answer of the peer."""
    texts = {"00100020": patient_id, "00100021": issuer, "0020000D": uid, "00080020": date, "00201208": instances}
    answer: dict[str, Any] = {tag: {"vr": "LO", "Value": [value]} if value else {"vr": "LO"} for tag, value in texts.items()}
    return answer | {"00080061": {"vr": "CS", "Value": list(modalities)}}


@dataclass
class OldPacs:
    """Answers what it is told to. As `services.prefetch.Source`."""

    answers: list[Mapping[str, Any]] = field(default_factory=list)
    find_error: Exception | None = None
    failed: int = 0
    move_error: Exception | None = None
    meanwhile: Callable[[], object] = lambda: None
    body_parts: dict[str, list[str]] = field(default_factory=dict)
    asked: list[dict[int, str]] = field(default_factory=list)
    looked_into: list[str] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)

    def find(self, peer: DimsePeer, level: Level, keys: Sequence[Key]) -> Iterator[Mapping[str, Any]]:
        """C-FIND."""
        if level is Level.SERIES:
            (uid,) = (key.value for key in keys if key.value)
            self.looked_into.append(uid)
            return iter([{"00180015": {"vr": "CS", "Value": [part]}} if part else {} for part in self.body_parts.get(uid, [])])
        self.asked.append({key.tag: key.value for key in keys})
        if self.find_error is not None:
            raise self.find_error
        return iter(self.answers)

    def move(self, peer: DimsePeer, wanted: Wanted, destination: str) -> Iterator[Progress]:
        """C-MOVE."""
        self.moved.append((wanted.study, destination))
        for remaining in (3, 2, 1):
            yield Progress(remaining, 0, 0, 0, is_final=False)
            self.meanwhile()
        if self.move_error is not None:
            raise self.move_error
        yield Progress(0, 1, self.failed, 0, is_final=True)


@dataclass
class Site:
    """An index with study 1.2.1 of patient P1, 1.2.2 of P1, 1.2.3 of nobody, 1.2.4 of `P*`; 1.2.5 of P1 was deleted."""

    jobs: EmbeddedJobs
    reader: IndexReader
    store: Callable[[str], object]
    source: OldPacs = field(default_factory=OldPacs)
    now_s: float = 1_000_000.0

    def run(self, uid: str = "1.2.1", priors: int = 3, *, known: bool = True, stopping: bool = False) -> JobState:
        """One job that follows from the arrival of a study; what became of it."""
        self.jobs.enqueue([NewJob(QUEUE, uid, uid, {"partition": "1", "study": uid, "priors": str(priors), "rule": "r"})])
        return self.work(known=known, stopping=stopping)

    def scheduled(self, relevance: Relevance, patient_id: str = "P9", issuer: str = "") -> JobState:
        """One job that follows from a study still to be made."""
        self.jobs.enqueue(scheduled_jobs(1, ScheduledStudy(patient_id, issuer, "A1", ("WS",), ("OLDPACS",), relevance)))
        self.work()
        return self.jobs.find(queue=QUEUE)[0].state

    def work(self, *, known: bool = True, stopping: bool = False) -> JobState:
        """What is claimed; what became of it."""

        def call(ae_title: str) -> DimsePeer:
            if not known:
                raise PeerUnknown(f"there is no peer {ae_title}")
            return DimsePeer(ae_title, "127.0.0.1", 104)

        batch = self.jobs.claim(QUEUE, "me", most=10, parallel=1, lease_s=60)
        Prefetch(self.jobs, self.reader, call, "HOUNSFIELD", self.source, lambda: stopping, lambda: self.now_s)("OLDPACS", batch, "me")
        return self.jobs.find()[0].state

    def again(self) -> Job:
        """The job that was tried in vain is tried once more, as soon as that is due."""
        self.now_s += 3600
        self.work()
        return self.jobs.find(queue=QUEUE)[0]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """On SQLite."""
    database = Database(tmp_path / "index.sqlite")
    database.upgrade()
    maker = Maker()
    patients = {"1.2.1": "P1", "1.2.2": "P1", "1.2.3": "", "1.2.4": "P*", "1.2.5": "P1"}
    with IndexWriter(database) as writer:
        writer.add_all([maker.entry(uid, patient_id=patient_id) for uid, patient_id in patients.items()])
        named = {"kind": "delete", "level": "study", "partition_id": 1, "study_instance_uid": "1.2.5"}
        writer.apply_decision({**named, "decided_at_ns": maker.received_at_ns + 1, "principal": "ada", "reason": "test"})

        def store(uid: str) -> None:
            writer.add(maker.entry(uid, patient_id="P9"))

        site = Site(EmbeddedJobs(database), IndexReader(database), store)
        site.jobs = EmbeddedJobs(database, most_attempts=4, clock_ns=lambda: int(site.now_s * SECOND_NS))
        yield site
    database.close()


def test_the_latest_that_are_not_here_are_brought(site: Site) -> None:
    dates = {"1.3.1": "20010101", "1.3.2": "20040101", "1.3.3": "", "1.3.4": "20030101", "1.2.2": "20050101", "1.2.1": "20060101"}
    site.source.answers = [study(uid, date) for uid, date in dates.items()]
    assert site.run(priors=3) is D
    assert site.source.moved == [(uid, "HOUNSFIELD") for uid in ("1.3.2", "1.3.4", "1.3.1")]
    assert site.source.asked[0][0x00100020] == "P1"


def test_a_study_that_is_here_in_part_is_brought_again(site: Site) -> None:
    site.source.answers = [study("1.2.2", instances="2"), study("1.3.1", instances="x")]
    assert site.run() is D
    assert sorted(uid for uid, _ in site.source.moved) == ["1.2.2", "1.3.1"]
    site.source.answers = [study("1.2.2", instances="1")]
    site.source.moved = []
    assert site.run("1.2.2") is D
    assert site.source.moved == []


def test_what_the_peer_answers_beyond_what_was_asked_is_left_alone(site: Site) -> None:
    site.source.answers = [
        study("1.3.1", patient_id="P11"),
        study("1.3.2", patient_id=""),
        study("../../etc"),
        study(""),
        {"0020000D": {"vr": "UI", "Value": [{}]}, "00100020": {"vr": "LO", "Value": ["P1"]}},
        study("1.2.5", "20050101"),
        study("1.3.3"),
    ]
    assert site.run() is D
    assert [uid for uid, _ in site.source.moved] == ["1.3.3"], "not of others, not what was deleted here"


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.4", "1.2.5", "1.9.9"])
def test_nobody_is_asked_about_a_patient_without_an_id_of_its_own(site: Site, uid: str) -> None:
    assert site.run(uid) is C
    assert site.source.asked == []


@pytest.mark.parametrize("kind", [Unreachable, NeverEstablished])
def test_while_the_peer_is_down_the_queue_waits(site: Site, kind: type[NetworkError]) -> None:
    site.source.find_error = kind("it is down")
    assert site.run() is W
    assert (site.jobs.queues()[0].last_error, site.jobs.find()[0].attempts) == ("it is down", 0)


def test_an_unknown_peer_makes_the_queue_wait(site: Site) -> None:
    assert site.run(known=False) is W
    assert site.jobs.queues()[0].failures == 1


def test_a_query_that_the_peer_refuses_is_tried_again_and_others_go_on(site: Site) -> None:
    site.source.find_error = QueryFailed("OLDPACS answered C000", 0xC000)
    assert site.run() is W
    (job,) = site.jobs.find()
    assert (job.attempts, job.last_error, site.jobs.queues()[0].failures) == (1, "OLDPACS answered C000", 0)


def test_a_study_that_came_in_part_is_tried_again(site: Site) -> None:
    site.source.answers = [study("1.3.1")]
    site.source.failed = 2
    assert site.run() is W
    assert site.jobs.find()[0].last_error == "OLDPACS could not send 2 objects"


def test_when_told_to_stop_nothing_is_begun(site: Site) -> None:
    assert site.run(stopping=True) is W
    assert site.source.asked == []


def test_of_a_patient_who_is_not_here_yet_what_matters_is_brought_and_goes_on(site: Site) -> None:
    site.source.answers = [
        study("1.3.1", "20200101", "P9", "", "", "US"),
        study("1.3.2", "20210101", "P9", "", "", "CT", "SR"),
        study("1.3.3", "20220101", "P9", "", "", "CT"),
        study("1.3.4", "20230101", "P9", "", "", "CT"),
        study("1.3.5", "20240101", "P9"),
        study("1.3.6", "20250101", "P9", "ANOTHER", "", "CT"),
    ]
    site.source.body_parts = {"1.3.2": ["HEAD", "CHEST"], "1.3.3": ["KNEE", ""], "1.3.4": ["", ""], "1.3.5": ["CHEST"]}
    assert site.scheduled(Relevance(("CT",), "CHEST", 3), issuer="HERE") is D
    assert [uid for uid, _ in site.source.moved] == ["1.3.5", "1.3.4", "1.3.2"]
    assert site.source.looked_into == ["1.3.5", "1.3.4", "1.3.3", "1.3.2"], "not into what has another modality"
    assert site.source.asked[0][0x00100020] == "P9"
    assert [job.queue for job in site.jobs.find()] == ["priors/WS", QUEUE, "priors/WS"], "what was brought goes on"


def test_what_could_not_be_brought_does_not_go_on_yet(site: Site) -> None:
    site.source.answers = [study("1.3.1", "20200101", "P9")]
    site.source.failed = 1
    assert site.scheduled(Relevance()) is W
    assert [job.queue for job in site.jobs.find()] == [QUEUE, "priors/WS"]


@pytest.mark.parametrize("kind", [AssociationLost, ProtocolError])
def test_an_association_that_breaks_on_one_study_holds_up_no_other(site: Site, kind: type[NetworkError]) -> None:
    site.source.answers, site.source.move_error = [study("1.3.1")], kind("it broke")
    assert site.run() is W
    (job,) = site.jobs.find()
    assert (job.attempts, job.last_error, site.jobs.queues()[0].failures) == (1, "it broke", 0)
    site.source.move_error = None
    assert site.run("1.2.2") is D, "the next study"


def test_what_came_in_part_goes_on_when_the_rest_is_given_up(site: Site) -> None:
    site.source.answers, site.source.move_error = [study("1.3.1", "20200101", "P9")], AssociationLost("it broke")
    site.scheduled(Relevance())
    for _ in range(3):
        assert [job.queue for job in site.jobs.find()] == [QUEUE, "priors/WS"]
        site.again()
    assert site.again().state is F
    in_part, *_ = site.jobs.find()
    assert (in_part.queue, in_part.state, len(site.source.moved)) == ("priors/WS", W, 4)
    site.source.move_error = None
    site.jobs.retry(job_id=site.jobs.find(queue=QUEUE)[0].id)
    assert site.again().state is D
    assert [job.queue for job in site.jobs.find()] == ["priors/WS", "priors/WS", QUEUE, "priors/WS"], "and the rest when it has come"


def test_a_source_that_cannot_send_one_object_is_not_asked_for_all_the_others_again_and_again(site: Site) -> None:
    site.source.answers, site.source.failed = [study("1.3.1", "20200101", "P9", "", "9")], 1
    site.source.meanwhile = lambda: site.store("1.3.1")
    assert site.scheduled(Relevance()) is W
    assert site.again().state is W, "it has brought something new"
    site.source.meanwhile = lambda: None
    job = site.again()
    assert (job.state, job.last_error) == (F, "OLDPACS could not send 1 objects")
    assert [job.queue for job in site.jobs.find()] == ["priors/WS", QUEUE, "priors/WS"]


def test_while_a_source_sends_nobody_else_takes_the_job(site: Site) -> None:
    site.source.answers = [study("1.3.1")]
    taken: list[Job] = []

    def another_node() -> None:
        site.now_s += 400
        taken.extend(site.jobs.claim(QUEUE, "another", most=10, parallel=1, lease_s=60))

    site.source.meanwhile = another_node
    assert site.run() is D
    assert taken == []


def test_when_somebody_cancels_it_nothing_more_is_moved(site: Site) -> None:
    site.source.answers = [study("1.3.1"), study("1.3.2")]

    def cancel() -> None:
        site.now_s += 60
        site.jobs.cancel(queue=QUEUE)

    site.source.meanwhile = cancel
    assert site.run() is C
    assert len(site.source.moved) == 1
