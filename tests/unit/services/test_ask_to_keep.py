"""What becomes of objects that were sent to a peer which is asked to keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hounsfield.index.database import Database
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, Failure, Reference
from hounsfield.model.errors import ConfigurationError, OutOfSpace, PeerUnknown
from hounsfield.model.jobs import SECOND_NS, Backoff, Job, JobState, NewJob
from hounsfield.network.errors import AssociationLost, AssociationRefused, NeverEstablished, NothingAccepted, ProtocolError, Unreachable
from hounsfield.peers.dimse import DimsePeer
from hounsfield.services.ask_to_keep import RESULT_WITHIN_S, AskToKeep, words_for
from hounsfield.services.asked_commitments import AskedCommitment, CommitmentRefused
from hounsfield.services.send_jobs import PAUSES_S, TOGETHER_S, commit_job

W, D, F, C = JobState.WAITING, JobState.DONE, JobState.FAILED, JobState.CANCELLED
CT = "1.2.840.10008.5.1.4.1.1.2"


@dataclass
class Keeper:
    """A peer that says at once, later or never what it keeps. As `services.ask_to_keep.Commitments`.

    reasons: by instance, why it does not keep it. silent: instances of which its result says nothing.
    late: its result comes by itself, when `report` is called. error: instead of an answer.
    """

    reasons: dict[str, int] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    late: bool = False
    error: Exception | None = None
    asked: list[list[str]] = field(default_factory=list)
    kept: dict[str, AskedCommitment] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    before_answer: Callable[[], object] = lambda: None

    def ask(self, peer: DimsePeer, references: Sequence[Reference], *, wait_s: float) -> AskedCommitment:
        """N-ACTION."""
        self.asked.append([reference.sop_instance_uid for reference in references])
        if self.error is not None:
            raise self.error
        uid = f"1.2.3.{len(self.asked)}"
        self.kept[uid] = AskedCommitment(peer.ae_title, 0.0, CommitmentRequest(uid, tuple(references)))
        if not self.late:
            self.report(uid)
        answered = self.kept[uid]
        self.before_answer()
        return answered

    def report(self, uid: str) -> None:
        """N-EVENT-REPORT."""
        asked = self.kept[uid]
        said = [one for one in asked.request.references if one.sop_instance_uid not in self.silent]
        committed = tuple(one for one in said if one.sop_instance_uid not in self.reasons)
        failed = tuple(Failure(one, self.reasons[one.sop_instance_uid]) for one in said if one.sop_instance_uid in self.reasons)
        self.kept[uid] = replace(asked, result=CommitmentResult(uid, committed, failed))

    def find(self, transaction_uid: str) -> AskedCommitment | None:
        """What is kept of it."""
        return self.kept.get(transaction_uid)

    def forget_instances(self, asked: AskedCommitment) -> None:
        """Nothing is."""
        self.forgotten.append(asked.request.transaction_uid)


@dataclass
class Site:
    """Three objects of one study that were sent to KEEPER."""

    database: Database
    jobs: EmbeddedJobs
    keeper: Keeper
    now_ns: int = 1_000_000 * SECOND_NS

    def send(self, key: str, round_number: int = 1) -> NewJob:
        """A job that sends one object."""
        say = {"partition": "1", "study": "1.2", "series": "1.2.1", "instance": key, "version": "ab", "rule": "r"}
        return NewJob("send/KEEPER", f"send/KEEPER/1/{key}/ab/{round_number}", "1/1.2", {**say, "round": str(round_number)}, 1)

    def sent(self) -> None:
        """All that is to be sent is sent."""
        batch = self.jobs.claim("send/KEEPER", "me", most=10, parallel=1, lease_s=60)
        self.jobs.complete(batch, "me", [commit_job("KEEPER", job, CT, self.now_ns / SECOND_NS) for job in batch])

    def pass_s(self, seconds: float) -> None:
        """Later."""
        self.now_ns += int(seconds * SECOND_NS)

    def run(self, *, known: bool = True, stopping: bool = False) -> dict[str, JobState]:
        """One batch; what became of what was asked for, in all rounds, by instance: the latest."""

        def call(ae_title: str) -> DimsePeer:
            if not known:
                raise PeerUnknown(f"there is no peer {ae_title}")
            return DimsePeer(ae_title, "127.0.0.1", 104)

        batch = self.jobs.claim("commit/KEEPER", "me", most=10, parallel=1, lease_s=60)
        if batch:
            AskToKeep(self.jobs, self.keeper, call, lambda: stopping)("KEEPER", batch, "me")
        return self.states()

    def settle(self) -> dict[str, JobState]:
        """Until there is nothing to do at this moment."""
        while "commit/KEEPER" in self.jobs.claimable():
            self.run()
        return self.states()

    def states(self) -> dict[str, JobState]:
        """By instance, of the latest round."""
        return {job.payload["instance"]: job.state for job in reversed(self.jobs.find(queue="commit/KEEPER"))}

    def job(self, key: str, queue: str = "commit/KEEPER") -> Job:
        """The latest of an instance."""
        return next(job for job in self.jobs.find(queue=queue) if job.payload["instance"] == key)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """On SQLite; the queue itself is tested on every database."""
    database = Database(tmp_path / "index.sqlite")
    database.upgrade()
    made = Site(database, EmbeddedJobs(database), Keeper())
    made.jobs = EmbeddedJobs(database, backoff=Backoff(2.0, 60.0), most_attempts=3, clock_ns=lambda: made.now_ns, chance=lambda: 1.0)
    made.jobs.enqueue([made.send(key) for key in ("1.1", "1.2", "1.3")])
    made.sent()
    yield made
    database.close()


def test_what_was_sent_together_is_asked_for_in_one_request(site: Site) -> None:
    assert site.jobs.claimable() == [], "not at once"
    site.pass_s(PAUSES_S[0] + TOGETHER_S)
    assert site.settle() == {"1.1": D, "1.2": D, "1.3": D}
    assert site.keeper.asked == [["1.1", "1.2", "1.3"]]
    assert site.job("1.1").ticket == "1.2.3.1"
    assert site.keeper.forgotten == ["1.2.3.1"]


def test_moments_of_asking_are_few(site: Site) -> None:
    sent = site.jobs.find(queue="send/KEEPER")[0]
    due = {round(now + commit_job("KEEPER", sent, CT, now).delay_s, 6) for now in (100.0, 100.3, 101.0, 103.9, 104.0)}
    assert due == {105.0}


def test_a_result_that_comes_later_is_waited_for(site: Site) -> None:
    site.keeper.late = True
    site.pass_s(10)
    assert site.settle() == {"1.1": W, "1.2": W, "1.3": W}
    site.pass_s(3600)
    assert site.settle() == {"1.1": W, "1.2": W, "1.3": W}
    site.keeper.report("1.2.3.1")
    assert site.jobs.wake("commit/KEEPER", "1.2.3.1") == 3
    assert site.settle() == {"1.1": D, "1.2": D, "1.3": D}
    assert len(site.keeper.asked) == 1


def test_a_result_that_comes_before_anyone_waits_for_it_is_not_missed(site: Site) -> None:
    """It comes to another process, between the peer's answer and our noting that we wait."""
    site.keeper.late = True

    def meanwhile() -> None:
        site.keeper.report("1.2.3.1")
        assert site.jobs.wake("commit/KEEPER", "1.2.3.1") == 0

    site.keeper.before_answer = meanwhile
    site.pass_s(10)
    assert site.settle() == {"1.1": D, "1.2": D, "1.3": D}


def test_a_result_that_never_comes_is_asked_for_anew(site: Site) -> None:
    site.keeper.late = True
    site.pass_s(10)
    site.settle()
    site.pass_s(RESULT_WITHIN_S + 1)
    site.settle()
    job = site.job("1.1")
    assert (job.state, job.attempts, job.ticket, job.last_error) == (W, 1, "", "no result of 1.2.3.1 has come")
    site.keeper.late = False
    site.pass_s(2)
    assert site.settle() == {"1.1": D, "1.2": D, "1.3": D}
    assert len(site.keeper.asked) == 2


@pytest.mark.parametrize("reason", [0x0112, 0x0110, 0x9999])
def test_what_is_not_kept_is_sent_again_three_times_in_all_and_then_is_an_error(site: Site, reason: int) -> None:
    site.keeper.reasons = {"1.2": reason}
    site.pass_s(10)
    assert site.settle() == {"1.1": D, "1.2": C, "1.3": D}
    assert site.job("1.2").last_error == f"KEEPER does not keep it: {words_for(reason)}; it is sent again"
    for number, pause_s in enumerate(PAUSES_S[1:], 2):
        again = site.jobs.find(queue="send/KEEPER", state=W)
        assert [(job.payload["instance"], job.payload["round"]) for job in again] == [("1.2", str(number))]
        site.sent()
        site.pass_s(pause_s - 1)
        assert site.jobs.claimable() == [], "it is given some time"
        site.pass_s(1 + TOGETHER_S)
        site.settle()
    job = site.job("1.2")
    assert (job.state, job.last_error) == (F, f"KEEPER does not keep it: {words_for(reason)}")
    assert site.jobs.claimable() == []
    assert site.keeper.asked == [["1.1", "1.2", "1.3"], ["1.2"], ["1.2"]]
    site.keeper.reasons = {}
    site.jobs.retry(job_id=job.id)
    assert site.settle()["1.2"] is D


@pytest.mark.parametrize("reason", [0x0119, 0x0122])
def test_what_will_never_be_kept_is_an_error_at_once(site: Site, reason: int) -> None:
    site.keeper.reasons = {"1.2": reason}
    site.pass_s(10)
    assert site.settle() == {"1.1": D, "1.2": F, "1.3": D}
    assert site.jobs.find(queue="send/KEEPER", state=W) == []


@pytest.mark.parametrize("reason", [0x0131, 0x0213, None])
def test_what_the_peer_cannot_say_now_is_asked_again_and_not_sent(site: Site, reason: int | None) -> None:
    site.keeper.reasons, site.keeper.silent = ({"1.2": reason}, set()) if reason is not None else ({}, {"1.2"})
    site.pass_s(10)
    assert site.settle() == {"1.1": D, "1.2": W, "1.3": D}
    site.keeper.reasons, site.keeper.silent = {}, set()
    site.pass_s(2)
    assert site.settle()["1.2"] is D
    assert site.jobs.find(queue="send/KEEPER", state=W) == []


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("it is down"),
        NeverEstablished("it went away before it had said anything"),
        AssociationRefused("it is congested"),
        ConfigurationError("no such file"),
        OutOfSpace("the disk is full"),
    ],
)
def test_while_the_peer_cannot_be_asked_the_queue_waits(site: Site, error: Exception) -> None:
    site.keeper.error = error
    site.pass_s(10)
    assert site.settle() == {"1.1": W, "1.2": W, "1.3": W}
    queue = site.jobs.queues()[0]
    assert (queue.name, queue.last_error, queue.failures) == ("commit/KEEPER", str(error), 1)
    assert site.job("1.1").attempts == 0
    site.keeper.error = None
    site.pass_s(2)
    assert site.settle() == {"1.1": D, "1.2": D, "1.3": D}


@pytest.mark.parametrize(
    "error",
    [
        AssociationLost("it went away"),
        ProtocolError("it answered 8001 to message 1"),
        CommitmentRefused("KEEPER refused with 0213", 0x0213),
        CommitmentRefused("KEEPER refused with 0110", 0x0110),
    ],
)
def test_a_request_that_the_peer_cannot_digest_steps_aside_and_in_the_end_fails(site: Site, error: Exception) -> None:
    site.keeper.error = error
    site.jobs.enqueue([replace(site.send("1.9"), group="1/1.9")])
    site.sent()
    site.pass_s(10)
    site.run()
    site.keeper.error = None
    assert site.settle() == {"1.1": W, "1.2": W, "1.3": W, "1.9": D}, "the next study is not held up"
    assert (site.job("1.1").attempts, site.job("1.1").last_error, site.job("1.1").ticket) == (1, str(error), "")
    assert site.jobs.queues()[0].failures == 0
    site.keeper.error = error
    for _ in range(2):
        site.pass_s(60)
        site.settle()
    assert site.states() == {"1.1": F, "1.2": F, "1.3": F, "1.9": D}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NothingAccepted("no presentation context was accepted"), "KEEPER does not offer storage commitment"),
        (CommitmentRefused("KEEPER refused with 0211", 0x0211), "KEEPER refused with 0211"),
    ],
)
def test_a_peer_that_does_not_do_that_is_an_error(site: Site, error: Exception, said: str) -> None:
    site.keeper.error = error
    site.pass_s(10)
    assert site.settle() == {"1.1": F, "1.2": F, "1.3": F}
    assert site.job("1.1").last_error == said
    assert len(site.keeper.asked) == 1


def test_a_peer_that_is_not_known_makes_its_queue_wait(site: Site) -> None:
    site.pass_s(10)
    assert site.run(known=False) == {"1.1": W, "1.2": W, "1.3": W}
    assert site.jobs.queues()[0].last_error == "there is no peer KEEPER"


def test_when_told_to_stop_nobody_is_asked(site: Site) -> None:
    site.pass_s(10)
    assert site.run(stopping=True) == {"1.1": W, "1.2": W, "1.3": W}
    assert site.keeper.asked == []


def test_reasons_are_said_in_words() -> None:
    assert [words_for(code) for code in (0x0112, 0x0122, 0xABC)] == [
        "0112 no such object instance",
        "0122 referenced SOP class not supported",
        "0ABC",
    ]
