"""What people see of durable work, and what they may do about it."""

from __future__ import annotations

from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import InvalidInput, NotFound
from hounsfield.model.jobs import Job, JobQueue, JobState
from hounsfield.model.origin import Origin, Role
from hounsfield.services.accounts import require

MOST_LISTED = 1000


class Queues:
    """For administrators: the peers of a site and what goes to them. Each method raises: AccessDenied, IndexUnavailable."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def all(self, origin: Origin) -> list[JobQueue]:
        """By name."""
        require(origin.principal, Role.ADMINISTRATOR)
        return self._jobs.queues()

    def jobs(self, origin: Origin, *, queue: str = "", state: JobState | None = None, before: int = 0, limit: int = 100) -> list[Job]:
        """The latest first. before: only those of a lesser identifier. Raises: InvalidInput."""
        require(origin.principal, Role.ADMINISTRATOR)
        if not 0 < limit <= MOST_LISTED or not 0 <= before < 1 << 62:
            raise InvalidInput(f"a list has 1 to {MOST_LISTED} jobs")
        return self._jobs.find(queue=queue, state=state, before=before, limit=limit)

    def job(self, origin: Origin, job_id: int) -> Job:
        """Raises: NotFound."""
        require(origin.principal, Role.ADMINISTRATOR)
        found = self._jobs.job(job_id) if 0 < job_id < 1 << 62 else None
        if found is None:
            raise NotFound(f"there is no job {job_id}")
        return found

    def cancel(self, origin: Origin, job_id: int) -> Job:
        """One that is not done. Raises: NotFound, InvalidInput."""
        found = self.job(origin, job_id)
        if not self._jobs.cancel(job_id=job_id):
            raise InvalidInput(f"job {job_id} is {found.state} already")
        return self.job(origin, job_id)

    def retry(self, origin: Origin, job_id: int) -> Job:
        """At once, one that is waiting, failed or cancelled. Raises: NotFound, InvalidInput."""
        found = self.job(origin, job_id)
        if not self._jobs.retry(job_id=job_id):
            raise InvalidInput(f"job {job_id} is {found.state}")
        return self.job(origin, job_id)

    def cancel_all(self, origin: Origin, queue: str) -> int:
        """All unfinished jobs of a queue; how many. Raises: NotFound."""
        self._require_queue(origin, queue)
        return self._jobs.cancel(queue=queue)

    def retry_all(self, origin: Origin, queue: str) -> int:
        """All waiting and failed jobs of a queue, at once; how many. Raises: NotFound."""
        self._require_queue(origin, queue)
        return self._jobs.retry(queue=queue)

    def _require_queue(self, origin: Origin, queue: str) -> None:
        if queue not in (one.name for one in self.all(origin)):
            raise NotFound(f"there is no queue {queue[:64]!r}")
