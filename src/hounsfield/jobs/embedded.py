"""Durable work in the site's own database: a table, short transactions, and one row a queue to be locked while claiming."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hounsfield.jobs.port import Step
from hounsfield.jobs.statements import Statements
from hounsfield.model.connections import Connection, Connections
from hounsfield.model.jobs import SECOND_NS, Backoff, Job, JobQueue, JobState, NewJob

MOST_ATTEMPTS = 12
LONGEST_ERROR = 300
MOST_PURGED_AT_ONCE = 1000
_AFTER_ALL = 1 << 62


class EmbeddedJobs:
    """Answers `jobs.port.Jobs`.

    most_attempts: of one job, before it counts as failed. chance: between 0 and 1, for the jitter of a backoff.
    """

    def __init__(
        self,
        database: Connections,
        *,
        backoff: Backoff | None = None,
        most_attempts: int = MOST_ATTEMPTS,
        clock_ns: Callable[[], int] = time.time_ns,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._sql = Statements(database)
        self._backoff = backoff or Backoff()
        self._most_attempts = most_attempts
        self._clock_ns = clock_ns
        self._chance = chance

    # Enqueueing

    def enqueue(self, jobs: Sequence[NewJob], step: Step | None = None) -> int | None:
        """As the port says."""
        with self._database.control() as connection:
            if step is not None and not connection.execute(self._sql.step, (step.after, step.follower, step.before)).rowcount:
                return None
            self._lock(connection, jobs)
            return self._add(connection, jobs)

    def _lock(self, connection: Connection, new: Sequence[NewJob], *queues: str) -> None:
        """Whatever changes several jobs of a queue locks it first, and several queues in one order: so no two wait for each other."""
        for queue in sorted({one.queue for one in new}):
            connection.execute(self._sql.add_queue, (queue,))
        for queue in sorted({*queues, *(one.queue for one in new)}):
            connection.execute(self._sql.lock_queue, (queue,))

    def _add(self, connection: Connection, new: Sequence[NewJob]) -> int:
        now = self._clock_ns()
        rows = [
            (
                one.queue,
                one.unique_key,
                one.group,
                json.dumps(dict(one.payload), sort_keys=True),
                one.rank,
                now + int(one.delay_s * SECOND_NS) if one.delay_s else 0,
                now,
            )
            for one in new
        ]
        return self._database.dialect.execute_many(connection, self._sql.add, rows) if rows else 0

    def position(self, follower: str) -> int | None:
        """As the port says."""
        rows = self._database.fetch(self._sql.position, (follower,))
        return int(rows[0][0]) if rows else None

    def begin_following(self, follower: str, position: int) -> None:
        """As the port says."""
        with self._database.control() as connection:
            connection.execute(self._sql.begin_following, (follower, position))

    # Working

    def claimable(self) -> list[str]:
        """As the port says."""
        now = self._clock_ns()
        return [str(row[0]) for row in self._database.fetch(self._sql.claimable, (now, now, now))]

    def claim(self, queue: str, owner: str, *, most: int, parallel: int, lease_s: float) -> list[Job]:
        """As the port says."""
        sql, now = self._sql, self._clock_ns()
        with self._database.control() as connection:
            locked = connection.execute(sql.lock_queue, (queue,)).fetchone()
            if locked is None or locked[0] > now:
                return []
            connection.execute(sql.release_lapsed, (queue, now))
            if connection.execute(sql.running_groups, (queue,)).fetchone()[0] >= parallel:
                return []
            group = connection.execute(sql.next_group, (queue, now)).fetchone()
            if group is None:
                return []
            rows = connection.execute(sql.next_jobs, (queue, now, group[0], most)).fetchall()
            until = now + int(lease_s * SECOND_NS)
            connection.execute(sql.claim, (owner, until, self._database.dialect.listed([row[0] for row in rows])))
        return [_job(row, state=JobState.RUNNING, owner=owner) for row in rows]

    def hold(self, batch: Sequence[Job], owner: str, lease_s: float) -> set[int]:
        """As the port says."""
        if not batch:
            return set()
        these = self._listed(batch)
        with self._database.control() as connection:
            self._lock(connection, (), batch[0].queue)
            connection.execute(self._sql.hold, (self._clock_ns() + int(lease_s * SECOND_NS), these, owner))
            return {int(row[0]) for row in connection.execute(self._sql.held, (these, owner)).fetchall()}

    def complete(self, batch: Sequence[Job], owner: str, then: Sequence[NewJob] = ()) -> None:
        """As the port says."""
        if batch:
            with self._database.control() as connection:
                self._lock(connection, then, batch[0].queue)
                connection.execute(self._sql.end[JobState.DONE], ("", self._clock_ns(), self._listed(batch), owner))
                connection.execute(self._sql.in_order, (batch[0].queue,))
                self._add(connection, then)

    def release(self, batch: Sequence[Job], owner: str) -> None:
        """As the port says."""
        if batch:
            with self._database.control() as connection:
                self._lock(connection, (), batch[0].queue)
                connection.execute(self._sql.release, (self._listed(batch), owner))

    def release_all(self, owner: str, besides: Sequence[int] = ()) -> int:
        """As the port says."""
        with self._database.control() as connection:
            return connection.execute(self._sql.release_all, (owner, self._database.dialect.listed(besides))).rowcount

    def fail(self, job: Job, owner: str, error: str, *, permanently: bool = False, then: Sequence[NewJob] = ()) -> None:
        """As the port says."""
        attempts = job.attempts + 1
        last = permanently or attempts >= self._most_attempts
        later = 0 if last else self._clock_ns() + int(self._backoff.delay_s(attempts, self._chance()) * SECOND_NS)
        with self._database.control() as connection:
            state = JobState.FAILED if last else JobState.WAITING
            finished = self._clock_ns() if last else 0
            if last:
                self._lock(connection, then, job.queue)
            failed = connection.execute(self._sql.fail[state], (later, error[:LONGEST_ERROR], finished, self._listed([job]), owner))
            if last and failed.rowcount:
                self._add(connection, then)

    def discard(self, job: Job, owner: str, reason: str, then: Sequence[NewJob] = ()) -> None:
        """As the port says."""
        with self._database.control() as connection:
            self._lock(connection, then, job.queue)
            ended = connection.execute(
                self._sql.end[JobState.CANCELLED], (reason[:LONGEST_ERROR], self._clock_ns(), self._listed([job]), owner)
            )
            if ended.rowcount:
                self._add(connection, then)

    def park(self, batch: Sequence[Job], owner: str, ticket: str, within_s: float) -> None:
        """As the port says."""
        if batch:
            until = self._clock_ns() + int(within_s * SECOND_NS)
            with self._database.control() as connection:
                self._lock(connection, (), batch[0].queue)
                connection.execute(self._sql.park, (until, ticket, self._listed(batch), owner))
                connection.execute(self._sql.in_order, (batch[0].queue,))

    def wake(self, queue: str, ticket: str) -> int:
        """As the port says."""
        with self._database.control() as connection:
            self._lock(connection, (), queue)
            return connection.execute(self._sql.wake, (ticket, queue)).rowcount

    def pause(self, queue: str, error: str) -> float:
        """As the port says."""
        with self._database.control() as connection:
            locked = connection.execute(self._sql.lock_queue, (queue,)).fetchone()
            if locked is None:
                return 0.0
            failures = locked[1] + 1
            delay_s = self._backoff.delay_s(failures, self._chance())
            until = self._clock_ns() + int(delay_s * SECOND_NS)
            connection.execute(self._sql.pause, (until, failures, error[:LONGEST_ERROR], queue))
        return delay_s

    # Looking

    def job(self, job_id: int) -> Job | None:
        """As the port says."""
        rows = self._database.fetch(self._sql.job, (job_id,))
        return _job(rows[0]) if rows else None

    def named(self, unique_keys: Sequence[str]) -> list[Job]:
        """As the port says."""
        return list(map(_job, self._database.fetch(self._sql.named, (self._database.dialect.listed(unique_keys),))))

    def find(self, *, queue: str = "", state: JobState | None = None, before: int = 0, limit: int = 100) -> list[Job]:
        """As the port says."""
        values: list[object] = [before or _AFTER_ALL]
        if queue:
            values.append(queue)
        if state is not None:
            values.append(state.value)
        return list(map(_job, self._database.fetch(self._sql.find[bool(queue), state is not None], (*values, limit))))

    def queues(self) -> list[JobQueue]:
        """As the port says."""
        counts: dict[str, dict[JobState, int]] = {}
        for name, state, count in self._database.fetch(self._sql.counts):
            counts.setdefault(name, {})[JobState(state)] = int(count)
        return [JobQueue(row[0], row[1], row[2], row[3], counts.get(row[0], {})) for row in self._database.fetch(self._sql.queues)]

    # Deciding

    def cancel(self, *, job_id: int = 0, queue: str = "") -> int:
        """As the port says."""
        sql, key = (self._sql.cancel_queue, queue) if queue else (self._sql.cancel_job, job_id)
        with self._database.control() as connection:
            if queue:
                self._lock(connection, (), queue)
            return connection.execute(sql, ("cancelled by hand", self._clock_ns(), key)).rowcount

    def retry(self, *, job_id: int = 0, queue: str = "") -> int:
        """As the port says."""
        sql, key = (self._sql.retry_queue, queue) if queue else (self._sql.retry_job, job_id)
        with self._database.control() as connection:
            row = (queue,) if queue else connection.execute(self._sql.queue_of, (key,)).fetchone()
            if row is None:
                return 0
            self._lock(connection, (), row[0])
            changed = connection.execute(sql, (key,)).rowcount
            if changed:
                connection.execute(self._sql.end_pause, (row[0],))
        return changed

    def purge(self, older_than_s: float) -> int:
        """As the port says."""
        before = self._clock_ns() - int(older_than_s * SECOND_NS)
        rows = self._database.fetch(self._sql.finished, (before, MOST_PURGED_AT_ONCE))
        if rows:
            with self._database.control() as connection:
                self._database.dialect.execute_many(connection, self._sql.drop, [(row[0],) for row in rows])
        return len(rows)

    def _listed(self, batch: Iterable[Job]) -> Any:
        return self._database.dialect.listed([one.id for one in batch])


def _job(row: Any, *, state: JobState | None = None, owner: str = "") -> Job:
    key, queue, unique_key, group, payload, rank, stored_state, attempts, not_before_ns, stored_owner, *rest = row
    found, by = state or JobState(stored_state), owner or stored_owner
    return Job(key, queue, unique_key, group, json.loads(payload), rank, found, attempts, not_before_ns, by, *rest)
