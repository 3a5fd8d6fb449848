"""What the services ask of a queue of durable work. Every adapter passes `tests/contract/test_jobs.py`.

Every method raises IndexUnavailable where the database does not answer; what it changed is flushed when it returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from hounsfield.model.jobs import Job, JobQueue, JobState, NewJob


class Step(NamedTuple):
    """A follower's move along the feed of changes, made in the transaction that enqueues what it has found."""

    follower: str
    before: int
    after: int


class Jobs(Protocol):
    """Safe to use from any thread and from several processes."""

    def enqueue(self, jobs: Sequence[NewJob], step: Step | None = None) -> int | None:
        """All of them, but for those whose key is known; how many. None, and nothing is enqueued, where the follower stands elsewhere.

        A known job that failed or was cancelled is waiting again where its payload is another now: there is a new occasion for it.
        """
        ...

    def position(self, follower: str) -> int | None:
        """How far a follower has come; None where it has not begun."""
        ...

    def begin_following(self, follower: str, position: int) -> None:
        """Where a follower begins, or goes on; for the first start and for a feed that was rebuilt."""
        ...

    def claimable(self) -> list[str]:
        """Queues in which there is something to claim."""
        ...

    def claim(self, queue: str, owner: str, *, most: int, parallel: int, lease_s: float) -> list[Job]:
        """The next jobs of one group, in order; none where the queue is paused, or `parallel` of its groups are running.

        owner: of the lease; when that lapses, the jobs are waiting again.
        """
        ...

    def hold(self, batch: Sequence[Job], owner: str, lease_s: float) -> set[int]:
        """Renews the lease; the identifiers of those that are still to be done: a job may have been cancelled meanwhile."""
        ...

    def complete(self, batch: Sequence[Job], owner: str, then: Sequence[NewJob] = ()) -> None:
        """They are done, and their queue is in order. then: what follows, enqueued in the same transaction."""
        ...

    def release(self, batch: Sequence[Job], owner: str) -> None:
        """They were not tried."""
        ...

    def release_all(self, owner: str, besides: Sequence[int] = ()) -> int:
        """All that an owner has claimed and knows nothing of: it was started again, or never heard what it was given; how many.

        besides: identifiers of the jobs that it does know of.
        """
        ...

    def fail(self, job: Job, owner: str, error: str, *, permanently: bool = False, then: Sequence[NewJob] = ()) -> None:
        """It was tried in vain: later again, or, after too many attempts or where that is useless, never.

        then: what follows where it is never, enqueued in the same transaction.
        """
        ...

    def discard(self, job: Job, owner: str, reason: str, then: Sequence[NewJob] = ()) -> None:
        """There is nothing left to do: it counts as cancelled. then: what is done instead, enqueued in the same transaction."""
        ...

    def park(self, batch: Sequence[Job], owner: str, ticket: str, within_s: float) -> None:
        """Somebody else has been asked, who answers under this ticket: they wait for `wake`, and no longer than this.

        Their queue is in order. Whoever parks looks once more whether the answer has come meanwhile: it may have come before there was a
        ticket to wake.
        """
        ...

    def wake(self, queue: str, ticket: str) -> int:
        """The answer is there: what waits for it is to be claimed at once; how many."""
        ...

    def pause(self, queue: str, error: str) -> float:
        """The whole queue cannot go on now; for how many seconds it is left alone."""
        ...

    def job(self, job_id: int) -> Job | None:
        """By its identifier."""
        ...

    def named(self, unique_keys: Sequence[str]) -> list[Job]:
        """Those that are known by these keys, the earliest first."""
        ...

    def find(self, *, queue: str = "", state: JobState | None = None, before: int = 0, limit: int = 100) -> list[Job]:
        """The latest first. before: only those of a lesser identifier; 0: all."""
        ...

    def queues(self) -> list[JobQueue]:
        """By name."""
        ...

    def cancel(self, *, job_id: int = 0, queue: str = "") -> int:
        """One job, or all unfinished ones of a queue; how many."""
        ...

    def retry(self, *, job_id: int = 0, queue: str = "") -> int:
        """One job at once, or all failed and waiting ones of a queue; how many. The queue's pause ends."""
        ...

    def purge(self, older_than_s: float) -> int:
        """Drops what was done or cancelled that long ago; failed jobs stay until somebody decides. How many were dropped."""
        ...
