"""Claims durable jobs and has them handled, each batch in a thread of its own."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import structlog

from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import Unavailable
from hounsfield.model.jobs import Job

MOST_THREADS = 16
MOST_IN_A_BATCH = 200
LEASE_S = 600.0
LOOK_EVERY_S = 0.25
STOP_WITHIN_S = 10.0

log = structlog.get_logger()


class Handler(Protocol):
    """Does the jobs of one kind of queue."""

    def parallel(self, peer: str) -> int:
        """How many batches of one queue at once."""
        ...

    def __call__(self, peer: str, batch: Sequence[Job], owner: str) -> None:
        """peer: what stands behind the kind in the queue's name. Settles each job, or gives it back."""
        ...


def until_stopping(jobs: Jobs, batch: Sequence[Job], owner: str, stopping: Callable[[], bool]) -> Iterator[Sequence[Job]]:
    """For each job of a batch in turn what is left of the batch, that job first; once the process is to end, the rest is given back."""
    for number in range(len(batch)):
        if stopping():
            jobs.release(batch[number:], owner)
            return
        yield batch[number:]


class Workers:
    """handlers: by kind. owner: of the leases, the same after a restart."""

    def __init__(self, jobs: Jobs, handlers: Mapping[str, Handler], owner: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._jobs = jobs
        self._handlers = handlers
        self._owner = owner
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._running: list[Sequence[Job]] = []
        self._owed: list[Sequence[Job]] = []
        self._in_doubt = False

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; then what is under way has a few seconds to end. What it leaves is given back at the next start."""
        while not stop.is_set():
            try:
                self._begin_what_is_due(stop)
            except Unavailable as exc:
                # The claim may have been committed all the same, and only its answer lost.
                self._in_doubt = True
                log.warning("jobs.not_claimed", error=type(exc).__name__)
            except Exception as exc:  # noqa: BLE001 - what cannot be claimed now is tried again; the process lives on
                log.error("jobs.claim_failed", error=type(exc).__name__, places=places_of(exc))
            with self._changed:
                self._changed.wait(LOOK_EVERY_S)
        deadline = self._monotonic() + STOP_WITHIN_S
        with self._changed:
            while self._running and self._monotonic() < deadline:
                self._changed.wait(LOOK_EVERY_S)

    def _begin_what_is_due(self, stop: threading.Event) -> None:
        """One batch of each queue in turn, the one that has least under way first: a busy destination leaves room for the others."""
        self._pay_debts()
        self._give_back_strays()
        began = True
        while began and not stop.is_set():
            queues = [queue for queue in self._jobs.claimable() if queue.partition("/")[0] in self._handlers]
            begun = [self._begin_one(queue) for queue in sorted(queues, key=self._under_way)]
            began = any(begun)

    def _begin_one(self, queue: str) -> bool:
        kind, _, peer = queue.partition("/")
        handler = self._handlers[kind]
        parallel = handler.parallel(peer)
        if not self._has_room(queue, parallel):
            return False
        batch = self._jobs.claim(queue, self._owner, most=MOST_IN_A_BATCH, parallel=parallel, lease_s=LEASE_S)
        if not batch:
            return False
        with self._changed:
            self._running.append(batch)
        thread = threading.Thread(target=self._handle, args=(handler, peer, batch), name=f"job-{batch[0].id}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there are too many threads on this machine
            self._ended(batch)
            self._give_back(batch)
            raise
        return True

    def _under_way(self, queue: str) -> int:
        with self._changed:
            return sum(batch[0].queue == queue for batch in self._running)

    def _has_room(self, queue: str, parallel: int) -> bool:
        return len(self._running) < MOST_THREADS and self._under_way(queue) < parallel

    def _handle(self, handler: Handler, peer: str, batch: Sequence[Job]) -> None:
        try:
            handler(peer, batch, self._owner)
        except Unavailable as exc:
            log.warning("jobs.unsettled", queue=batch[0].queue, error=type(exc).__name__)
            self._give_back(batch)
        except Exception as exc:  # noqa: BLE001 - a thread's edge: an unknown error is logged, and its jobs are not lost
            log.error("jobs.failed", queue=batch[0].queue, error=type(exc).__name__, places=places_of(exc))
            self._give_up_for_now(batch, type(exc).__name__)
        finally:
            self._ended(batch)

    def _ended(self, batch: Sequence[Job]) -> None:
        with self._changed:
            self._running = [other for other in self._running if other is not batch]
            self._changed.notify_all()

    def _give_back(self, batch: Sequence[Job]) -> None:
        try:
            self._jobs.release(batch, self._owner)
        except Unavailable:
            log.warning("jobs.not_released", queue=batch[0].queue)
            with self._changed:
                self._owed.append(batch)

    def _pay_debts(self) -> None:
        """What could not be given back while the database did not answer."""
        while self._owed:
            self._jobs.release(self._owed[0], self._owner)
            with self._changed:
                self._owed.pop(0)

    def _give_back_strays(self) -> None:
        """What was claimed in our name without our hearing of it."""
        if self._in_doubt:
            with self._changed:
                known = [job.id for batch in (*self._running, *self._owed) for job in batch]
            strays = self._jobs.release_all(self._owner, known)
            self._in_doubt = False
            if strays:
                log.warning("jobs.strays_given_back", jobs=strays)

    def _give_up_for_now(self, batch: Sequence[Job], error: str) -> None:
        try:
            self._jobs.pause(batch[0].queue, f"{error}, see the log")
        except Unavailable:
            log.warning("jobs.not_paused", queue=batch[0].queue)
        self._give_back(batch)


def places_of(error: BaseException) -> list[str]:
    """Where an error came from, innermost last, without what it says: that may hold patient data."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)][-12:]
