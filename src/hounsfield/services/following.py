"""Follows the feed of changes and enqueues what rules say, so that nothing is missed and ingest does not wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import structlog

from hounsfield.index.arrivals import Arrivals, Arrived
from hounsfield.jobs.port import Jobs, Step
from hounsfield.model.jobs import NewJob

AT_ONCE = 500
IDLE_STEP_EVERY_S = 60.0
"""Where there is no rule, a follower need not note each step."""

AFTER_REBUILD = -1
"""A follower's position while the index is being rebuilt: all that will be numbered anew has been seen."""

Rule = TypeVar("Rule")

log = structlog.get_logger()


class Follower(Generic[Rule]):
    """Belongs to one thread; a second one, elsewhere, does no harm: the follower's steps are made one after the other.

    name: under which its position is kept. rules: as they are now. jobs_for: what follows from one arrival.
    """

    def __init__(
        self,
        name: str,
        arrivals: Arrivals,
        jobs: Jobs,
        rules: Callable[[], list[Rule]],
        jobs_for: Callable[[Sequence[Rule], Arrived], Iterable[NewJob]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._arrivals = arrivals
        self._jobs = jobs
        self._rules = rules
        self._jobs_for = jobs_for
        self._monotonic = monotonic
        self._next_idle_step_s = 0.0

    def follow(self) -> int:
        """One stretch of the feed; how many instances it had, 0 where there is nothing new. Raises: IndexUnavailable."""
        position = self._jobs.position(self.name)
        if position is None:
            # From the beginning: a rule holds only for what was received since it was made, and it may have been made already.
            position = 0
            self._jobs.begin_following(self.name, position)
        if position == AFTER_REBUILD:
            return 0
        if self._monotonic() >= self._next_idle_step_s:
            # Before the rules are read: what a rule that is made now concerns has a greater number.
            latest = self._arrivals.latest()
            self._next_idle_step_s = self._monotonic() + IDLE_STEP_EVERY_S
        else:
            latest = position
        rules = self._rules()
        if not rules:
            if latest != position:
                self._jobs.enqueue([], Step(self.name, position, latest))
            return 0
        arrived = self._arrivals.after(position, AT_ONCE)
        if not arrived:
            return 0
        # Once more: a rule that was made meanwhile concerns those of them that came after it.
        rules = self._rules()
        jobs = list({job.unique_key: job for one in arrived for job in self._jobs_for(rules, one)}.values())
        if added := self._jobs.enqueue(jobs, Step(self.name, position, arrived[-1].number)):
            log.info(f"{self.name}.enqueued", instances=len(arrived), jobs=added)
        return len(arrived)

    def follow_to_the_end(self) -> None:
        """Where nothing more comes in."""
        while self.follow():
            pass


def before_rebuild(jobs: Jobs, followers: Iterable[str]) -> None:
    """Before the derived tables are emptied: what is in them has been seen, under whatever number it comes back."""
    for name in followers:
        jobs.begin_following(name, AFTER_REBUILD)


def after_rebuild(arrivals: Arrivals, jobs: Jobs, followers: Iterable[str]) -> None:
    """When the index is whole again, also where the rebuilding was killed and recovery has finished it."""
    for name in followers:
        if jobs.position(name) == AFTER_REBUILD:
            jobs.begin_following(name, arrivals.latest())
