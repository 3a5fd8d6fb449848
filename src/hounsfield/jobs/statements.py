"""The SQL of the embedded adapter, built once. Each text's parameters stand in the order in which `names` says them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, Text, and_, bindparam, delete, exists, func, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.jobs.tables import follower, job, job_queue
from hounsfield.model.connections import Connections
from hounsfield.model.jobs import JobEvent, JobState, from_which

ZERO: ColumnElement[int] = literal_column("0")
ONE: ColumnElement[int] = literal_column("1")
EMPTY: ColumnElement[str] = literal_column("''", Text)

COLUMNS = (
    job.c.id,
    job.c.queue,
    job.c.unique_key,
    job.c.batch,
    job.c.payload,
    job.c.rank,
    job.c.state,
    job.c.attempts,
    job.c.not_before_ns,
    job.c.owner,
    job.c.last_error,
    job.c.enqueued_at_ns,
    job.c.finished_at_ns,
    job.c.ticket,
)
"""In the order of `model.jobs.Job`."""


def word(state: JobState) -> ColumnElement[str]:
    """A state as SQL has it."""
    return literal_column(f"'{state.value}'", Text)


def state_in(states: Iterable[JobState]) -> ColumnElement[bool]:
    """Whether a job stands in one of these."""
    return or_(*(job.c.state == word(state) for state in states))


class Statements:
    """Texts named by what they do."""

    def __init__(self, database: Connections) -> None:
        p = bindparam
        upsert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert

        def text(statement: Executable, *names: str) -> str:
            compiled = database.compile(statement)
            assert compiled.parameters == names, compiled
            return compiled.sql

        def read(statement: Select[Any], *names: str) -> str:
            return text(statement, *names)

        new = upsert(job).values(
            queue=p("queue"),
            unique_key=p("key"),
            batch=p("group"),
            payload=p("payload"),
            rank=p("rank"),
            state=word(JobState.WAITING),
            attempts=ZERO,
            not_before_ns=p("not_before"),
            owner=EMPTY,
            lease_until_ns=ZERO,
            last_error=EMPTY,
            enqueued_at_ns=p("now"),
            finished_at_ns=ZERO,
            ticket=EMPTY,
        )
        # What has come to nothing is taken up for a new occasion, which the payload names: the same payload is the same step made twice.
        came_to_nothing = state_in((JobState.FAILED, JobState.CANCELLED))
        anew = {column.name: new.excluded[column.name] for column in job.c if column.name not in ("id", "unique_key")}
        self.add = text(
            new.on_conflict_do_update(
                index_elements=["unique_key"], set_=anew, where=and_(came_to_nothing, job.c.payload != new.excluded.payload)
            ),
            *("queue", "key", "group", "payload", "rank", "not_before", "now"),
        )
        added = upsert(job_queue).values(name=p("name"), paused_until_ns=ZERO, failures=ZERO, last_error=EMPTY)
        self.add_queue = text(added.on_conflict_do_nothing(index_elements=["name"]), "name")

        self.position = read(select(follower.c.position).where(follower.c.name == p("name")), "name")
        self.step = text(
            update(follower).values(position=p("after")).where(follower.c.name == p("name"), follower.c.position == p("before")),
            "after",
            "name",
            "before",
        )
        begun = upsert(follower).values(name=p("name"), position=p("position"))
        self.begin_following = text(
            begun.on_conflict_do_update(index_elements=["name"], set_={"position": begun.excluded.position}), "name", "position"
        )
        self._claiming(text, database)
        self._settling(text, database)
        self._looking(text, database)
        self._deciding(text)

    def _claiming(self, text: Any, database: Connections) -> None:
        p = bindparam
        waiting, running = word(JobState.WAITING), word(JobState.RUNNING)
        due = exists().where(job.c.queue == job_queue.c.name, job.c.state == waiting, job.c.not_before_ns <= p("due"))
        lapsed = exists().where(job.c.queue == job_queue.c.name, job.c.state == running, job.c.lease_until_ns < p("lapsed"))
        self.claimable = text(
            select(job_queue.c.name).where(job_queue.c.paused_until_ns <= p("now"), or_(due, lapsed)).order_by(job_queue.c.name),
            "now",
            "due",
            "lapsed",
        )
        self.lock_queue = text(
            select(job_queue.c.paused_until_ns, job_queue.c.failures).where(job_queue.c.name == p("name")).with_for_update(), "name"
        )
        untouched = {"state": waiting, "owner": EMPTY, "lease_until_ns": ZERO}
        self.release_lapsed = text(
            update(job).values(**untouched).where(job.c.queue == p("the_queue"), job.c.state == running, job.c.lease_until_ns < p("now")),
            "the_queue",
            "now",
        )
        known = database.dialect.among(job.c.id, "known")
        self.release_all = text(
            update(job).values(**untouched).where(job.c.owner == p("the_owner"), job.c.state == running, ~known), "the_owner", "known"
        )
        self.running_groups = text(
            select(func.count(job.c.batch.distinct())).where(job.c.queue == p("queue"), job.c.state == running), "queue"
        )
        other = job.alias("other")
        busy = exists().where(other.c.queue == job.c.queue, other.c.batch == job.c.batch, other.c.state == running)
        ready = and_(job.c.queue == p("queue"), job.c.state == waiting, job.c.not_before_ns <= p("now"))
        self.next_group = text(
            select(job.c.batch).where(ready, ~busy).order_by(job.c.rank, job.c.id).limit(ONE).offset(ZERO), "queue", "now"
        )
        self.next_jobs = text(
            select(*COLUMNS).where(ready, job.c.batch == p("group")).order_by(job.c.rank, job.c.id).limit(p("most")).offset(ZERO),
            "queue",
            "now",
            "group",
            "most",
        )

    def _settling(self, text: Any, database: Connections) -> None:
        p = bindparam
        running = word(JobState.RUNNING)
        these = database.dialect.among(job.c.id, "these")
        mine = and_(these, job.c.state == running, job.c.owner == p("the_owner"))
        self.claim = text(
            update(job).values(state=running, owner=p("new_owner"), lease_until_ns=p("until")).where(these), "new_owner", "until", "these"
        )
        self.hold = text(update(job).values(lease_until_ns=p("until")).where(mine), "until", "these", "the_owner")
        self.held = text(select(job.c.id).where(mine), "these", "the_owner")
        nobodys = {"owner": EMPTY, "lease_until_ns": ZERO}
        self.end = {
            state: text(
                update(job)
                .values(state=word(state), not_before_ns=ZERO, last_error=p("error"), finished_at_ns=p("finished"), **nobodys)
                .where(mine),
                "error",
                "finished",
                "these",
                "the_owner",
            )
            for state in (JobState.DONE, JobState.CANCELLED)
        }
        # Whoever was asked about a job that failed is asked anew, under another ticket.
        again = {"attempts": job.c.attempts + ONE, "last_error": p("error"), "ticket": EMPTY}
        self.fail = {
            state: text(
                update(job)
                .values(state=word(state), not_before_ns=p("not_before"), finished_at_ns=p("finished"), **again, **nobodys)
                .where(mine),
                "not_before",
                "error",
                "finished",
                "these",
                "the_owner",
            )
            for state in (JobState.WAITING, JobState.FAILED)
        }
        self.release = text(
            update(job).values(state=word(JobState.WAITING), not_before_ns=ZERO, **nobodys).where(mine), "these", "the_owner"
        )
        self.park = text(
            update(job).values(state=word(JobState.WAITING), not_before_ns=p("until"), ticket=p("new_ticket"), **nobodys).where(mine),
            "until",
            "new_ticket",
            "these",
            "the_owner",
        )
        self.wake = text(
            update(job)
            .values(not_before_ns=ZERO)
            .where(
                job.c.ticket == p("the_ticket"), job.c.ticket != EMPTY, job.c.queue == p("the_queue"), job.c.state == word(JobState.WAITING)
            ),
            "the_ticket",
            "the_queue",
        )
        self.pause = text(
            update(job_queue)
            .values(paused_until_ns=p("until"), failures=p("count"), last_error=p("error"))
            .where(job_queue.c.name == p("queue")),
            "until",
            "count",
            "error",
            "queue",
        )
        self.in_order = text(
            update(job_queue)
            .values(paused_until_ns=ZERO, failures=ZERO, last_error=EMPTY)
            .where(job_queue.c.name == p("queue"), job_queue.c.failures > ZERO),
            "queue",
        )

    def _looking(self, text: Any, database: Connections) -> None:
        p = bindparam
        these = database.dialect.among(job.c.unique_key, "these")
        self.named = text(select(*COLUMNS).where(these).order_by(job.c.id), "these")
        self.job = text(select(*COLUMNS).where(job.c.id == p("id")), "id")
        self.find: dict[tuple[bool, bool], str] = {}
        for by_queue in (False, True):
            for by_state in (False, True):
                found = select(*COLUMNS).where(job.c.id < p("before"))
                names = ["before"]
                if by_queue:
                    found = found.where(job.c.queue == p("queue"))
                    names.append("queue")
                if by_state:
                    found = found.where(job.c.state == p("state"))
                    names.append("state")
                self.find[by_queue, by_state] = text(found.order_by(job.c.id.desc()).limit(p("limit")).offset(ZERO), *names, "limit")
        self.queues = text(
            select(job_queue.c.name, job_queue.c.paused_until_ns, job_queue.c.failures, job_queue.c.last_error).order_by(job_queue.c.name)
        )
        self.counts = text(select(job.c.queue, job.c.state, func.count()).group_by(job.c.queue, job.c.state))
        self.finished = text(
            select(job.c.id)
            .where(state_in((JobState.DONE, JobState.CANCELLED)), job.c.finished_at_ns < p("before"))
            .order_by(job.c.id)
            .limit(p("most"))
            .offset(ZERO),
            "before",
            "most",
        )

    def _deciding(self, text: Any) -> None:
        p = bindparam
        cancelled = {
            "state": word(JobState.CANCELLED),
            "owner": EMPTY,
            "lease_until_ns": ZERO,
            "last_error": p("reason"),
            "finished_at_ns": p("now"),
        }
        ends = state_in(from_which(JobEvent.CANCEL))
        unfinished = state_in((JobState.WAITING, JobState.RUNNING))
        self.cancel_job = text(update(job).values(**cancelled).where(job.c.id == p("key"), ends), "reason", "now", "key")
        self.cancel_queue = text(update(job).values(**cancelled).where(job.c.queue == p("key"), unfinished), "reason", "now", "key")
        again = {"state": word(JobState.WAITING), "attempts": ZERO, "not_before_ns": ZERO, "finished_at_ns": ZERO, "ticket": EMPTY}
        retried = state_in(from_which(JobEvent.RETRY))
        failed = state_in((JobState.WAITING, JobState.FAILED))
        self.retry_job = text(update(job).values(**again).where(job.c.id == p("key"), retried), "key")
        self.retry_queue = text(update(job).values(**again).where(job.c.queue == p("key"), failed), "key")
        self.end_pause = text(update(job_queue).values(paused_until_ns=ZERO, failures=ZERO).where(job_queue.c.name == p("queue")), "queue")
        self.queue_of = text(select(job.c.queue).where(job.c.id == p("key")), "key")
        self.drop = text(delete(job).where(job.c.id == p("key"), state_in((JobState.DONE, JobState.CANCELLED))), "key")
