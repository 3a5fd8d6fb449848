"""What the rules of routing say of what arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from hounsfield.index.arrivals import Arrivals, Arrived
from hounsfield.jobs.port import Jobs
from hounsfield.model.jobs import NewJob
from hounsfield.model.routing import Route, RouteKind, onward
from hounsfield.services.arrival import arrival_of
from hounsfield.services.following import Follower
from hounsfield.services.prior_jobs import PREFETCH
from hounsfield.services.send_jobs import send_job

FOLLOWER = "routing"


class Router(Follower[Route]):
    """routes: the rules as they are now."""

    def __init__(
        self,
        arrivals: Arrivals,
        jobs: Jobs,
        routes: Callable[[], list[Route]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(FOLLOWER, arrivals, jobs, routes, _jobs, monotonic)


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
