"""Routing rules, and the queues of what goes to other application entities or comes from them; for administrators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Query

from hounsfield.index.arrivals import Arrived
from hounsfield.model.errors import StudyNotFound
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.jobs import JobState
from hounsfield.servers.webapi.parts import AdministratorOrigin
from hounsfield.servers.webapi.routing_schemas import (
    CountAnswer,
    JobAnswer,
    JobsAnswer,
    QueueAnswer,
    QueueAsked,
    QueuesAnswer,
    RouteAnswer,
    RouteAsked,
    RoutesAnswer,
    RouteTestAnswer,
    RouteTestAsked,
    ScheduledStudyAsked,
    VerdictAnswer,
)
from hounsfield.services.arrival import KEYWORDS
from hounsfield.services.priors import Priors
from hounsfield.services.queues import Queues
from hounsfield.services.routes import Routes, Verdict

MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class RoutingParts:
    """What these handlers work with. of_study: what is there of a partition's study."""

    routes: Routes
    queues: Queues
    of_study: Callable[[int, str], Sequence[Arrived]]
    priors: Priors


def add_routing_routes(app: FastAPI, parts: RoutingParts) -> None:
    """`/api/routes` and `/api/queue`."""
    _add_routes(app, parts)
    _add_queue(app, parts.queues)


def _add_routes(app: FastAPI, parts: RoutingParts) -> None:
    @app.get("/api/routes")
    def read_routes(origin: AdministratorOrigin) -> RoutesAnswer:
        return RoutesAnswer(routes=[RouteAnswer.of(route) for route in parts.routes.all()], keywords=sorted(KEYWORDS))

    @app.post("/api/routes", status_code=201)
    def add_route(asked: RouteAsked, origin: AdministratorOrigin) -> RouteAnswer:
        """It holds for what is received from now on."""
        return RouteAnswer.of(parts.routes.add(origin, asked.route()))

    @app.post("/api/routes/test")
    def try_routes(asked: RouteTestAsked, origin: AdministratorOrigin) -> RouteTestAnswer:
        """What each rule would do with the objects of a study, had it been there when they came; nothing is sent."""
        arrived = parts.of_study(origin.principal.partition_id, parse_uid(asked.study_instance_uid))
        if not arrived:
            raise StudyNotFound(f"no study {asked.study_instance_uid}")
        counts: Counter[tuple[str, Verdict]] = Counter()
        for one, verdict in parts.routes.judge(arrived):
            counts[one.instance.series_instance_uid, verdict] += 1
        return RouteTestAnswer(verdicts=[VerdictAnswer.of(*key, count) for key, count in counts.items()])

    @app.post("/api/routes/prefetch", status_code=202)
    def fetch_priors(asked: ScheduledStudyAsked, origin: AdministratorOrigin) -> JobsAnswer:
        """A study is scheduled: the patient's earlier ones go to where it will be read. Asked twice for one occasion, it is done once."""
        return JobsAnswer(jobs=[JobAnswer.of(job) for job in parts.priors.scheduled(origin, asked.study())])

    @app.delete("/api/routes/{name}", status_code=204)
    def remove_route(name: str, origin: AdministratorOrigin) -> None:
        parts.routes.remove(origin, name)


def _add_queue(app: FastAPI, queues: Queues) -> None:
    @app.get("/api/queue")
    def read_queue(
        origin: AdministratorOrigin,
        queue: Annotated[str, Query(max_length=64)] = "",
        state: JobState | None = None,
        before: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = 100,
    ) -> QueuesAnswer:
        jobs = queues.jobs(origin, queue=queue, state=state, before=before, limit=limit)
        return QueuesAnswer(
            queues=[QueueAnswer.of(one) for one in queues.all(origin)],
            jobs=[JobAnswer.of(job) for job in jobs],
            next=jobs[-1].id if len(jobs) == limit else 0,
        )

    @app.get("/api/queue/{job_id}")
    def read_job(job_id: int, origin: AdministratorOrigin) -> JobAnswer:
        return JobAnswer.of(queues.job(origin, job_id))

    @app.post("/api/queue/{job_id}/retry")
    def retry_job(job_id: int, origin: AdministratorOrigin) -> JobAnswer:
        return JobAnswer.of(queues.retry(origin, job_id))

    @app.post("/api/queue/{job_id}/cancel")
    def cancel_job(job_id: int, origin: AdministratorOrigin) -> JobAnswer:
        return JobAnswer.of(queues.cancel(origin, job_id))

    @app.post("/api/queue/retry")
    def retry_all(asked: QueueAsked, origin: AdministratorOrigin) -> CountAnswer:
        """All that waits in a queue or has failed, at once."""
        return CountAnswer(count=queues.retry_all(origin, asked.queue))

    @app.post("/api/queue/cancel")
    def cancel_all(asked: QueueAsked, origin: AdministratorOrigin) -> CountAnswer:
        """All of a queue that is not done."""
        return CountAnswer(count=queues.cancel_all(origin, asked.queue))
