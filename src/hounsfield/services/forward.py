"""Jobs of the kind `send`: the objects of one study go to one peer, over one association as long as it holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import structlog

from hounsfield.index.reader import IndexReader
from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import ConfigurationError, PeerUnknown
from hounsfield.model.jobs import Job, NewJob
from hounsfield.model.peers import Peer
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.errors import NetworkError
from hounsfield.peers.object_source import Kind, kind_of
from hounsfield.services.delivery import Deliver, Delivered, Fate
from hounsfield.services.send_jobs import commit_job, version_of, wants_commitment

SETTLE_EVERY_S = 0.5
"""What was sent within this time before a kill is sent once more."""
HOLD_EVERY_S = 2.0
LEASE_S = 600.0

log = structlog.get_logger()


class Forward:
    """Answers `services.work.Handler`. destination: the peer of an AE title, raises PeerUnknown. stopping: nothing more is begun."""

    def __init__(
        self,
        jobs: Jobs,
        reader: IndexReader,
        destination: Callable[[str], Peer],
        deliver: Deliver,
        stopping: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._reader = reader
        self._destination = destination
        self._deliver = deliver
        self._stopping = stopping
        self._monotonic = monotonic
        self._now = now

    def parallel(self, peer: str) -> int:
        """Studies at once, each over an association of its own."""
        try:
            return self._destination(peer).max_associations
        except PeerUnknown:
            return 1

    def __call__(self, peer: str, batch: Sequence[Job], owner: str) -> None:
        """Every job of the batch is settled or given back when this returns. Raises: IndexUnavailable; the lease then lapses."""
        ledger = _Ledger(self._jobs, peer, batch, owner, self._monotonic, self._now)
        pending = _Pending(self._sendable(batch, ledger), ledger, self._stopping)
        try:
            if pending.kinds:
                for delivered in self._deliver(self._destination(peer), pending):
                    ledger.note(delivered)
        except (NetworkError, PeerUnknown, ConfigurationError) as exc:
            # What is done says that its queue is in order: it has to be said before.
            ledger.settle()
            pause_s = self._jobs.pause(batch[0].queue, str(exc))
            log.warning("routing.paused", peer=peer, error=type(exc).__name__, pause_s=round(pause_s, 1))
        finally:
            ledger.close()
        if ledger.sent:
            log.info("routing.sent", peer=peer, instances=ledger.sent)

    def _sendable(self, batch: Sequence[Job], ledger: _Ledger) -> list[StoredInstance]:
        """Those that are still here as they were when they were enqueued."""
        found = []
        for job in batch:
            say = job.payload
            instances = self._reader.instances(int(say["partition"]), say["study"], say["series"], say["instance"])
            if not instances:
                ledger.discard(job, "it was deleted here before it was sent")
            elif version_of(instances[0]) != say["version"]:
                ledger.discard(job, "another object counts under its UID by now")
            else:
                ledger.expect(job, instances[0])
                found.append(instances[0])
        return found


class _Ledger:
    """What becomes of a batch, noted in the database now and then and at the end."""

    def __init__(
        self, jobs: Jobs, peer: str, batch: Sequence[Job], owner: str, monotonic: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self.sent = 0
        self._jobs = jobs
        self._peer = peer
        self._owner = owner
        self._monotonic = monotonic
        self._now = now
        self._open = {job.id: job for job in batch}
        self._by_uid: dict[str, Job] = {}
        self._done: list[Job] = []
        self._then: list[NewJob] = []
        self._settled_at = self._held_at = monotonic()

    def expect(self, job: Job, instance: StoredInstance) -> None:
        """The instance that the job is about."""
        self._by_uid[instance.sop_instance_uid] = job

    def discard(self, job: Job, reason: str) -> None:
        """Nothing is left to be sent."""
        self._jobs.discard(job, self._owner, reason)
        del self._open[job.id]

    def wanted(self, instance: StoredInstance) -> bool:
        """Whether it is still to be sent; the lease is renewed on the way."""
        if self._monotonic() - self._held_at > HOLD_EVERY_S:
            held = self._jobs.hold(list(self._open.values()), self._owner, LEASE_S)
            self._open = {key: job for key, job in self._open.items() if key in held}
            self._held_at = self._monotonic()
        return self._by_uid[instance.sop_instance_uid].id in self._open

    def note(self, delivered: Delivered) -> None:
        """One instance's fate."""
        job = self._by_uid[delivered.instance.sop_instance_uid]
        if self._open.pop(job.id, None) is None:
            return
        if delivered.fate is Fate.STORED:
            self.sent += 1
            self._done.append(job)
            if wants_commitment(job):
                self._then.append(commit_job(self._peer, job, delivered.instance.sop_class_uid, self._now()))
            if self._monotonic() - self._settled_at > SETTLE_EVERY_S:
                self.settle()
        else:
            self._jobs.fail(job, self._owner, delivered.comment, permanently=delivered.fate is Fate.REFUSED)

    def close(self) -> None:
        """The rest is given back untried."""
        self.settle()
        self._jobs.release(list(self._open.values()), self._owner)

    def settle(self) -> None:
        """What is done is noted."""
        done, then, self._done, self._then = self._done, self._then, [], []
        self._jobs.complete(done, self._owner, then)
        self._settled_at = self._monotonic()


class _Pending:
    """The batch as a sender sees it: what was cancelled meanwhile is left out."""

    def __init__(self, instances: Sequence[StoredInstance], ledger: _Ledger, stopping: Callable[[], bool]) -> None:
        self.kinds: Sequence[Kind] = list(dict.fromkeys(map(kind_of, instances)))
        self._instances = instances
        self._ledger = ledger
        self._stopping = stopping

    def of(self, kinds: Collection[Kind]) -> Iterable[StoredInstance]:
        """The instances of these kinds, in order."""
        return self._still_wanted([one for one in self._instances if kind_of(one) in kinds])

    def _still_wanted(self, instances: Sequence[StoredInstance]) -> Iterator[StoredInstance]:
        for instance in instances:
            if self._stopping():
                return
            if self._ledger.wanted(instance):
                yield instance
