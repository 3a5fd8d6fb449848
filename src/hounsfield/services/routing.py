"""Follows the feed of changes and enqueues what the rules say, so that nothing is missed and ingest does not wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import structlog

from hounsfield.index.arrivals import Arrivals, Arrived
from hounsfield.jobs.port import Jobs, Step
from hounsfield.model.jobs import NewJob
from hounsfield.model.routing import Route, RouteKind, onward
from hounsfield.services.arrival import arrival_of
from hounsfield.services.prior_jobs import PREFETCH
from hounsfield.services.send_jobs import send_job

FOLLOWER = "routing"
AT_ONCE = 500
IDLE_STEP_EVERY_S = 60.0
"""Where there is no rule, the follower need not note each step."""

AFTER_REBUILD = -1
"""A follower's position while the index is being rebuilt: all that will be numbered anew has been seen."""

log = structlog.get_logger()


class Router:
    """Belongs to one thread; a second one, elsewhere, does no harm: the follower's steps are made one after the other.

    routes: the rules as they are now.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        jobs: Jobs,
        routes: Callable[[], list[Route]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arrivals = arrivals
        self._jobs = jobs
        self._routes = routes
        self._monotonic = monotonic
        self._next_idle_step_s = 0.0

    def follow(self) -> int:
        """One stretch of the feed; how many instances it had, 0 where there is nothing new. Raises: IndexUnavailable."""
        position = self._jobs.position(FOLLOWER)
        if position is None:
            # From the beginning: a rule holds only for what was received since it was made, and it may have been made already.
            position = 0
            self._jobs.begin_following(FOLLOWER, position)
        if position == AFTER_REBUILD:
            return 0
        if self._monotonic() >= self._next_idle_step_s:
            # Before the rules are read: what a rule that is made now concerns has a greater number.
            latest = self._arrivals.latest()
            self._next_idle_step_s = self._monotonic() + IDLE_STEP_EVERY_S
        else:
            latest = position
        routes = self._routes()
        if not routes:
            if latest != position:
                self._jobs.enqueue([], Step(FOLLOWER, position, latest))
            return 0
        arrived = self._arrivals.after(position, AT_ONCE)
        if not arrived:
            return 0
        # Once more: a rule that was made meanwhile concerns those of them that came after it.
        routes = self._routes()
        jobs = list({job.unique_key: job for one in arrived for job in _jobs(routes, one)}.values())
        if added := self._jobs.enqueue(jobs, Step(FOLLOWER, position, arrived[-1].number)):
            log.info("routing.enqueued", instances=len(arrived), jobs=added)
        return len(arrived)


def follow_to_the_end(router: Router) -> None:
    """Where nothing more comes in."""
    while router.follow():
        pass


def before_rebuild(jobs: Jobs) -> None:
    """Before the derived tables are emptied: what is in them has been seen, under whatever number it comes back."""
    jobs.begin_following(FOLLOWER, AFTER_REBUILD)


def after_rebuild(arrivals: Arrivals, jobs: Jobs) -> None:
    """When the index is whole again, also where the rebuilding was killed and recovery has finished it."""
    if jobs.position(FOLLOWER) == AFTER_REBUILD:
        jobs.begin_following(FOLLOWER, arrivals.latest())


def _jobs(routes: Sequence[Route], arrived: Arrived) -> Iterable[NewJob]:
    """What follows from one arrival.

    A key names the peer and what goes there, in which version: no second rule and no rebuilding of the index does it again.
    """
    instance, arrival = arrived.instance, arrival_of(arrived)
    stored, study = instance.stored, instance.study_instance_uid
    for one in onward(routes, arrival):
        rule, rank = one.route.name, one.route.priority.rank
        yield send_job(one.peer, instance, rule=rule, occasion=f"arrival {arrived.number}", rank=rank, commit=one.commit)
    for one in onward(routes, arrival, RouteKind.PREFETCH):
        yield NewJob(
            queue=f"{PREFETCH}/{one.peer}",
            unique_key=f"{PREFETCH}/{one.peer}/{stored.partition_id}/{study}",
            group=f"{stored.partition_id}/{study}",
            payload={
                "rule": one.route.name,
                "partition": str(stored.partition_id),
                "study": study,
                "priors": str(one.route.priors),
                # Once a day: objects of one study do not each ask again for what has failed.
                "occasion": f"arrival on {arrival.received.date()}",
            },
            rank=one.route.priority.rank,
        )
