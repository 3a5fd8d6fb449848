"""The JSON of `/api/routes` and `/api/queue`. Times are ISO 8601 UTC, empty where there is none."""

from __future__ import annotations

from pydantic import Field

from hounsfield.model.jobs import Job, JobQueue, JobState
from hounsfield.model.priors import Relevance, ScheduledStudy
from hounsfield.model.routing import Condition, Priority, Route, RouteKind, Window
from hounsfield.servers.webapi.schemas import Answer, Asked, iso_time
from hounsfield.services.routes import Verdict


class ConditionAsked(Asked):
    """One attribute matches one of several patterns."""

    keyword: str = Field(max_length=64)
    patterns: list[str] = Field(max_length=32)


class RouteAsked(Asked):
    """A new rule.

    destinations: of the kind `prefetch` the peers that are asked for priors.
    window: like `mon-fri 18:00-07:00`, local time; empty: at any time.
    """

    name: str = Field(max_length=64)
    destinations: list[str] = Field(max_length=16)
    conditions: list[ConditionAsked] = Field(default=[], max_length=32)
    callers: list[str] = Field(default=[], max_length=32)
    window: str = Field(default="", max_length=64)
    priority: Priority = Priority.MEDIUM
    kind: RouteKind = RouteKind.SEND
    priors: int = Field(default=3, ge=1, le=50)
    commit: bool = False

    def route(self) -> Route:
        """As the services know it. Raises: InvalidInput."""
        return Route(
            self.name,
            tuple(self.destinations),
            tuple(Condition(one.keyword, tuple(one.patterns)) for one in self.conditions),
            tuple(self.callers),
            Window.parse(self.window) if self.window else None,
            self.priority,
            kind=self.kind,
            priors=self.priors,
            commit=self.commit,
        )


class ConditionAnswer(Answer):
    """One attribute matches one of several patterns."""

    keyword: str
    patterns: list[str]


class RouteAnswer(Answer):
    """A rule."""

    name: str
    destinations: list[str]
    conditions: list[ConditionAnswer]
    callers: list[str]
    window: str
    priority: Priority
    kind: RouteKind
    priors: int
    commit: bool
    created_at: str

    @classmethod
    def of(cls, route: Route) -> RouteAnswer:
        """Of a rule."""
        return cls(
            name=route.name,
            destinations=list(route.destinations),
            conditions=[ConditionAnswer(keyword=one.keyword, patterns=list(one.patterns)) for one in route.conditions],
            callers=list(route.callers),
            window="" if route.window is None else str(route.window),
            priority=route.priority,
            kind=route.kind,
            priors=route.priors,
            commit=route.commit,
            created_at=iso_time(route.created_at_s * 1000),
        )


class RoutesAnswer(Answer):
    """All rules. keywords: the attributes that rules can look at."""

    routes: list[RouteAnswer]
    keywords: list[str]


class RouteTestAsked(Asked):
    """A study that is here."""

    study_instance_uid: str = Field(max_length=64)


class ScheduledStudyAsked(Asked):
    """A study that is going to be made.

    destinations: AE titles to which the patient's earlier studies go. sources: of archives that are asked for those that are not here.
    modalities, body_part: of studies that matter; empty: all. priors: so many, the latest ones.
    occasion: names the visit, for example an accession number; empty: today.
    """

    patient_id: str = Field(min_length=1, max_length=64)
    issuer: str = Field(default="", max_length=64)
    destinations: list[str] = Field(default=[], max_length=16)
    sources: list[str] = Field(default=[], max_length=16)
    modalities: list[str] = Field(default=[], max_length=16)
    body_part: str = Field(default="", max_length=64)
    priors: int = Field(default=3, ge=1, le=50)
    occasion: str = Field(default="", max_length=64)

    def study(self) -> ScheduledStudy:
        """As the services know it."""
        relevance = Relevance(tuple(self.modalities), self.body_part, self.priors)
        return ScheduledStudy(self.patient_id, self.issuer, self.occasion, tuple(self.destinations), tuple(self.sources), relevance)


class VerdictAnswer(Answer):
    """What a rule does with some objects of a series. why_not: empty where it matches."""

    series_instance_uid: str
    rule: str
    destinations: list[str]
    why_not: str
    instances: int

    @classmethod
    def of(cls, series_instance_uid: str, verdict: Verdict, instances: int) -> VerdictAnswer:
        """Of a verdict."""
        return cls(
            series_instance_uid=series_instance_uid,
            rule=verdict.rule,
            destinations=list(verdict.destinations),
            why_not=verdict.why_not,
            instances=instances,
        )


class RouteTestAnswer(Answer):
    """What the rules do with a study."""

    verdicts: list[VerdictAnswer]


class QueueAnswer(Answer):
    """What goes to one peer (`send`), is brought from it (`prefetch`) or kept by it (`commit`). next_try: while all of it is paused."""

    name: str
    kind: str
    peer: str
    waiting: int
    running: int
    done: int
    failed: int
    cancelled: int
    next_try: str
    failures: int
    last_error: str

    @classmethod
    def of(cls, queue: JobQueue) -> QueueAnswer:
        """Of a queue."""
        return cls(
            name=queue.name,
            kind=queue.kind,
            peer=queue.peer,
            waiting=queue.counts.get(JobState.WAITING, 0),
            running=queue.counts.get(JobState.RUNNING, 0),
            done=queue.counts.get(JobState.DONE, 0),
            failed=queue.counts.get(JobState.FAILED, 0),
            cancelled=queue.counts.get(JobState.CANCELLED, 0),
            next_try=_moment(queue.paused_until_ns),
            failures=queue.failures,
            last_error=queue.last_error,
        )


class JobAnswer(Answer):
    """One object on its way to a peer, or one study whose priors are brought from it: then series and instance are empty.

    All three are empty where the study is still to be made: of whom it is, is not shown.

    transaction_uid: under which a peer was asked to keep an object.
    """

    id: int
    queue: str
    rule: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    state: JobState
    attempts: int
    next_try: str
    last_error: str
    enqueued_at: str
    finished_at: str
    transaction_uid: str

    @classmethod
    def of(cls, job: Job) -> JobAnswer:
        """Of a job."""
        say = job.payload
        return cls(
            id=job.id,
            queue=job.queue,
            rule=say.get("rule", ""),
            study_instance_uid=say.get("study", ""),
            series_instance_uid=say.get("series", ""),
            sop_instance_uid=say.get("instance", ""),
            state=job.state,
            attempts=job.attempts,
            next_try=_moment(job.not_before_ns),
            last_error=job.last_error,
            enqueued_at=_moment(job.enqueued_at_ns),
            finished_at=_moment(job.finished_at_ns),
            transaction_uid=job.ticket,
        )


class JobsAnswer(Answer):
    """What is done, or was done already, about what was asked."""

    jobs: list[JobAnswer]


class QueuesAnswer(Answer):
    """The queues and a page of jobs, the latest first. next: to be sent as `before` for the following page; 0 on the last."""

    queues: list[QueueAnswer]
    jobs: list[JobAnswer]
    next: int


class QueueAsked(Asked):
    """A queue by its name."""

    queue: str = Field(max_length=64)


class CountAnswer(Answer):
    """How many jobs were concerned."""

    count: int


def _moment(at_ns: int) -> str:
    return iso_time(at_ns // 1_000_000) if at_ns else ""
