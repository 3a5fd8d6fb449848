"""What `jobs.port.Jobs` promises, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from hounsfield.index.database import Database
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.jobs.port import Jobs, Step
from hounsfield.model.errors import IndexUnavailable
from hounsfield.model.jobs import SECOND_NS, TRANSITIONS, Backoff, Job, JobEvent, JobState, NewJob
from index_kit.databases import Indexed

QUEUE = "send/PEER"


@dataclass
class Clock:
    """Stands still until it is moved."""

    now_ns: int = 1_000_000 * SECOND_NS

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        """Later."""
        self.now_ns += int(seconds * SECOND_NS)


@pytest.fixture
def clock() -> Clock:
    """Of the queue under test."""
    return Clock()


@pytest.fixture
def jobs(index: Indexed, clock: Clock) -> Jobs:
    """An empty queue that waits as long as its backoff allows, and gives a job up at the third failure."""
    return EmbeddedJobs(index.database, backoff=Backoff(2.0, 60.0), most_attempts=3, clock_ns=clock, chance=lambda: 1.0)


def new(key: str, *, group: str = "study", queue: str = QUEUE, rank: int = 0) -> NewJob:
    """A job to be enqueued."""
    return NewJob(queue, key, group, {"key": key}, rank)


def claim(jobs: Jobs, owner: str = "one", *, most: int = 10, parallel: int = 4, queue: str = QUEUE, lease_s: float = 60) -> list[Job]:
    """With generous bounds."""
    return jobs.claim(queue, owner, most=most, parallel=parallel, lease_s=lease_s)


def keys(found: list[Job]) -> list[str]:
    """In order."""
    return [job.unique_key for job in found]


def test_a_key_is_enqueued_once(jobs: Jobs) -> None:
    jobs.enqueue([new("a"), new("b"), new("a")])
    jobs.enqueue([new("b"), new("c")])
    assert keys(jobs.find()) == ["c", "b", "a"]
    done = claim(jobs)
    jobs.complete(done, "one")
    jobs.enqueue([new("a")])
    assert jobs.claimable() == []


@pytest.mark.parametrize("ended", [JobState.FAILED, JobState.CANCELLED])
def test_what_came_to_nothing_is_taken_up_on_a_new_occasion_and_not_on_the_same(jobs: Jobs, clock: Clock, ended: JobState) -> None:
    first = NewJob(QUEUE, "a", "study", {"occasion": "1", "rule": "r"}, 1)
    assert jobs.enqueue([first]) == 1
    batch = claim(jobs)
    jobs.park(batch, "one", "1.2.3", 60)
    jobs.wake(QUEUE, "1.2.3")
    (job,) = claim(jobs)
    if ended is JobState.FAILED:
        jobs.fail(job, "one", "no", permanently=True)
    else:
        jobs.cancel(job_id=job.id)
    clock.pass_s(60)
    assert jobs.enqueue([first, NewJob(QUEUE, "a", "study", {"rule": "r", "occasion": "1"}, 1)]) == 0, "the same step made twice"
    assert jobs.find()[0].state is ended
    again = NewJob(QUEUE, "a", "other study", {"occasion": "2", "rule": "r"}, 2, delay_s=5.0)
    assert jobs.enqueue([again, again, new("b")]) == 2
    _, found = jobs.find()
    due = clock() + 5 * SECOND_NS
    assert found == Job(job.id, QUEUE, "a", "other study", again.payload, 2, JobState.WAITING, 0, due, "", "", clock(), 0)


def test_what_is_under_way_or_done_is_not_taken_up_on_a_new_occasion(jobs: Jobs) -> None:
    jobs.enqueue([NewJob(QUEUE, name, name, {"occasion": "1"}) for name in ("waiting", "running", "done")])
    waiting = claim(jobs)
    running = claim(jobs)
    jobs.complete(claim(jobs), "one")
    jobs.release(waiting, "one")
    assert jobs.enqueue([NewJob(QUEUE, name, name, {"occasion": "2"}) for name in ("waiting", "running", "done")]) == 0
    assert [(job.state, job.payload["occasion"]) for job in jobs.find()] == [
        (JobState.DONE, "1"),
        (JobState.RUNNING, "1"),
        (JobState.WAITING, "1"),
    ]
    assert jobs.hold(running, "one", 60) == {running[0].id}


def test_what_was_enqueued_is_given_back_whole(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([NewJob(QUEUE, "k", "g", {"instance": "1.2", "rule": "näme"}, 2)])
    (job,) = jobs.find()
    assert job == Job(job.id, QUEUE, "k", "g", {"instance": "1.2", "rule": "näme"}, 2, JobState.WAITING, 0, 0, "", "", clock(), 0)
    assert jobs.job(job.id) == job
    assert jobs.job(job.id + 1) is None


def test_a_follower_steps_with_what_it_enqueues(jobs: Jobs) -> None:
    assert jobs.position("routing") is None
    jobs.begin_following("routing", 5)
    assert jobs.enqueue([new("a")], Step("routing", 5, 9)) == 1
    assert jobs.position("routing") == 9
    assert jobs.enqueue([new("b")], Step("routing", 5, 7)) is None, "another has stepped meanwhile"
    assert (jobs.position("routing"), keys(jobs.find())) == (9, ["a"])
    jobs.begin_following("routing", 3)
    assert jobs.position("routing") == 3


def test_jobs_of_a_group_are_claimed_together_in_order_and_not_side_by_side(jobs: Jobs) -> None:
    jobs.enqueue([new("a1", group="a"), new("b1", group="b"), new("a2", group="a"), new("a3", group="a")])
    assert keys(claim(jobs, most=2)) == ["a1", "a2"]
    assert keys(claim(jobs)) == ["b1"], "a3 waits until a1 and a2 are settled"
    assert claim(jobs) == []


def test_the_least_rank_goes_first(jobs: Jobs) -> None:
    jobs.enqueue([new("low", group="a", rank=2), new("medium", group="b", rank=1), new("high", group="a", rank=0)])
    assert [keys(claim(jobs)) for _ in range(3)] == [["high", "low"], ["medium"], []]


def test_so_many_groups_run_at_once_and_no_more(jobs: Jobs) -> None:
    jobs.enqueue([new(name, group=name) for name in "abc"])
    first = claim(jobs, parallel=2)
    assert keys(claim(jobs, parallel=2)) == ["b"]
    assert claim(jobs, parallel=2) == []
    jobs.complete(first, "one")
    assert keys(claim(jobs, parallel=2)) == ["c"]


def test_queues_do_not_wait_for_each_other(jobs: Jobs) -> None:
    jobs.enqueue([new("a", queue="send/ONE"), new("b", queue="send/TWO")])
    assert jobs.claimable() == ["send/ONE", "send/TWO"]
    jobs.pause("send/ONE", "it is down")
    assert jobs.claimable() == ["send/TWO"]
    assert claim(jobs, queue="send/ONE") == []
    assert keys(claim(jobs, queue="send/TWO")) == ["b"]


def test_claimed_at_once_from_many_threads_each_job_is_had_once(index: Indexed) -> None:
    EmbeddedJobs(index.database).enqueue([new(f"{number:03}", group=str(number % 7)) for number in range(70)])
    had: list[str] = []
    running: set[str] = set()
    lock = threading.Lock()
    clashes: list[str] = []

    def work(owner: str) -> None:
        database = Database(index.address)
        own = EmbeddedJobs(database)
        while batch := claim(own, owner, most=3, parallel=7):
            with lock:
                clashes.extend({job.group for job in batch} & running)
                running.update(job.group for job in batch)
                had.extend(keys(batch))
            with lock:
                running.difference_update(job.group for job in batch)
            own.complete(batch, owner)
        database.close()

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # A worker that finds every group running ends; what is left then is had by the last one.
    assert (sorted(had), clashes) == ([f"{number:03}" for number in range(70)], [])


def test_a_lapsed_lease_gives_the_jobs_back(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([new("a")])
    (lost,) = claim(jobs, "dead", lease_s=30)
    clock.pass_s(29)
    assert jobs.hold([lost], "dead", 30) == {lost.id}
    clock.pass_s(29)
    assert jobs.claimable() == []
    clock.pass_s(2)
    assert jobs.claimable() == [QUEUE]
    (again,) = claim(jobs, "alive")
    assert (again.id, again.attempts) == (lost.id, 0)
    assert jobs.hold([lost], "dead", 30) == set()
    jobs.complete([lost], "dead")
    assert jobs.job(lost.id).state is JobState.RUNNING, "it belongs to another by now"  # type: ignore[union-attr]


def test_an_owner_that_starts_again_gives_back_what_it_had(jobs: Jobs) -> None:
    jobs.enqueue([new("a", group="a"), new("b", group="b")])
    claim(jobs, "one")
    claim(jobs, "two")
    assert jobs.release_all("one") == 1
    assert [job.state for job in jobs.find()] == [JobState.RUNNING, JobState.WAITING]


def test_an_owner_keeps_what_it_knows_of(jobs: Jobs) -> None:
    jobs.enqueue([new("a"), new("b"), new("c", queue="send/OTHER")])
    first, _ = claim(jobs, "one")
    claim(jobs, "one", queue="send/OTHER")
    assert jobs.release_all("one", [first.id]) == 2
    assert keys(jobs.find(state=JobState.RUNNING)) == ["a"]


def test_a_failed_job_steps_aside_longer_each_time_and_then_for_good(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([new("bad"), new("good")])
    waits = (2, 4)
    for wait_s in waits:
        first = claim(jobs)[0]
        assert first.unique_key == "bad"
        jobs.fail(first, "one", "odd")
        jobs.release(claim_rest(jobs), "one")
        assert keys(claim(jobs)) == ["good"], "others do not wait for it"
        jobs.release_all("one")
        clock.pass_s(wait_s - 0.001)
        assert "bad" not in keys(claim(jobs))
        jobs.release_all("one")
        clock.pass_s(0.002)
    jobs.fail(claim(jobs)[0], "one", "odd")
    bad = jobs.find(state=JobState.FAILED)[0]
    assert (bad.attempts, bad.last_error, bad.finished_at_ns) == (3, "odd", clock())


def claim_rest(jobs: Jobs) -> list[Job]:
    """What is still running of the queue."""
    return jobs.find(queue=QUEUE, state=JobState.RUNNING)


def test_what_is_useless_to_repeat_fails_at_once(jobs: Jobs) -> None:
    jobs.enqueue([new("a")])
    jobs.fail(claim(jobs)[0], "one", "x" * 1000, permanently=True)
    (job,) = jobs.find()
    assert (job.state, job.last_error) == (JobState.FAILED, "x" * 300)


def test_what_follows_a_failure_follows_it_when_it_is_for_good(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([new("a")])
    for expected in (["a"], ["a"], ["then", "a"]):
        (job,) = claim(jobs)
        jobs.fail(job, "one", "no", then=[new("then", queue="priors/PEER")])
        assert keys(jobs.find()) == expected
        clock.pass_s(60)
    jobs.fail(job, "one", "once more", permanently=True, then=[new("never")])
    assert keys(jobs.find()) == ["then", "a"], "it was settled before"


def test_a_pause_doubles_and_ends_when_something_succeeds(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([new("a"), new("b")])
    for expected_s in (2, 4, 8, 16, 32, 60, 60):
        assert jobs.pause(QUEUE, "down") == expected_s
        assert claim(jobs) == []
        clock.pass_s(expected_s)
    (queue,) = jobs.queues()
    assert (queue.failures, queue.last_error, queue.kind, queue.peer) == (7, "down", "send", "PEER")
    batch = claim(jobs, most=1)
    jobs.complete(batch, "one")
    (queue,) = jobs.queues()
    assert (queue.failures, queue.last_error, queue.paused_until_ns) == (0, "", 0)
    assert queue.counts == {JobState.DONE: 1, JobState.WAITING: 1}


def test_a_peer_that_takes_what_it_is_asked_is_in_order(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([new("a")])
    jobs.pause(QUEUE, "unreachable")
    clock.pass_s(60)
    jobs.park(claim(jobs), "one", "1.2.3", 60)
    (queue,) = jobs.queues()
    assert (queue.failures, queue.last_error, queue.paused_until_ns) == (0, "", 0)


def test_retry_ends_a_pause_and_brings_failed_jobs_back(jobs: Jobs) -> None:
    jobs.enqueue([new("a"), new("b")])
    batch = claim(jobs)
    jobs.fail(batch[0], "one", "no", permanently=True)
    jobs.release(batch[1:], "one")
    jobs.pause(QUEUE, "down")
    assert jobs.retry(queue=QUEUE) == 2
    assert keys(claim(jobs)) == ["a", "b"]


def test_cancel_takes_jobs_from_their_worker(jobs: Jobs) -> None:
    jobs.enqueue([new("a"), new("b"), new("c")])
    batch = claim(jobs)
    assert jobs.cancel(job_id=batch[1].id) == 1
    assert jobs.hold(batch, "one", 60) == {batch[0].id, batch[2].id}
    jobs.complete(batch, "one")
    assert [job.state for job in jobs.find()] == [JobState.DONE, JobState.CANCELLED, JobState.DONE]
    assert jobs.cancel(queue=QUEUE) == 0


def test_discarded_jobs_are_cancelled_with_a_reason(jobs: Jobs) -> None:
    jobs.enqueue([new("a")])
    jobs.discard(claim(jobs)[0], "one", "it is gone")
    (job,) = jobs.find()
    assert (job.state, job.last_error) == (JobState.CANCELLED, "it is gone")


def test_lists_are_narrowed_and_paged(jobs: Jobs) -> None:
    jobs.enqueue([new(name, queue=f"send/{name.upper()}") for name in "abc"])
    assert keys(jobs.find(limit=2)) == ["c", "b"]
    assert keys(jobs.find(before=jobs.find(limit=2)[-1].id)) == ["a"]
    assert keys(jobs.find(queue="send/B")) == ["b"]
    assert keys(jobs.find(queue="send/B", state=JobState.DONE)) == []
    assert keys(jobs.named(["c", "a", "x"])) == ["a", "c"]


def test_what_is_finished_is_dropped_when_old_but_never_what_failed(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([new(name, group=name) for name in ("done", "failed", "cancelled", "waiting")])
    jobs.complete(claim(jobs), "one")
    jobs.fail(claim(jobs)[0], "one", "no", permanently=True)
    jobs.cancel(job_id=next(job.id for job in jobs.find() if job.unique_key == "cancelled"))
    assert jobs.purge(100) == 0
    clock.pass_s(101)
    assert jobs.purge(100) == 2
    assert sorted(keys(jobs.find())) == ["failed", "waiting"]


def test_what_is_delayed_is_not_begun_before(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([NewJob(QUEUE, "late", "study", delay_s=5.0), new("now")])
    assert keys(claim(jobs)) == ["now"]
    jobs.release_all("one")
    clock.pass_s(5.0)
    assert keys(claim(jobs)) == ["late", "now"]


def test_what_follows_is_enqueued_with_what_is_done(jobs: Jobs) -> None:
    jobs.enqueue([new("a"), new("b")])
    first, second = claim(jobs)
    jobs.complete([first], "one", [new("a2", queue="commit/PEER"), new("b")])
    jobs.discard(second, "one", "otherwise", [new("b2")])
    assert [(job.unique_key, job.queue, job.state) for job in jobs.find()] == [
        ("b2", QUEUE, JobState.WAITING),
        ("a2", "commit/PEER", JobState.WAITING),
        ("b", QUEUE, JobState.CANCELLED),
        ("a", QUEUE, JobState.DONE),
    ]
    jobs.discard(second, "one", "once more", [new("b3")])
    assert "b3" not in keys(jobs.find()), "it was settled before"


def test_who_waits_for_an_answer_is_woken_by_it_alone(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue([new("a", group="a"), new("b", group="b"), new("c", group="c")])
    first, second, third = (claim(jobs)[0] for _ in range(3))
    jobs.park([first], "one", "1.2.3", 60)
    jobs.park([second], "one", "1.2.4", 60)
    jobs.park([third], "one", "", 60)
    assert jobs.claimable() == []
    assert (jobs.wake("send/OTHER", "1.2.3"), jobs.wake(QUEUE, "1.2.5"), jobs.wake(QUEUE, "")) == (0, 0, 0)
    assert jobs.wake(QUEUE, "1.2.3") == 1
    (woken,) = claim(jobs)
    assert (woken.unique_key, woken.ticket, woken.attempts) == ("a", "1.2.3", 0)
    jobs.release([woken], "one")
    assert claim(jobs, lease_s=600)[0].ticket == "1.2.3", "it was not tried"
    clock.pass_s(61)
    assert [job.ticket for job in claim(jobs) + claim(jobs)] == ["1.2.4", ""], "nobody has answered in time"


def test_who_was_asked_in_vain_is_asked_under_another_ticket(jobs: Jobs) -> None:
    jobs.enqueue([new("a"), new("b"), new("c")])
    batch = claim(jobs)
    jobs.park(batch, "one", "1.2.3", 60)
    jobs.wake(QUEUE, "1.2.3")
    first, second, third = claim(jobs)
    jobs.fail(first, "one", "no")
    jobs.fail(second, "one", "never", permanently=True)
    jobs.complete([third], "one")
    assert [(job.state, job.ticket) for job in jobs.find()] == [
        (JobState.DONE, "1.2.3"),
        (JobState.FAILED, ""),
        (JobState.WAITING, ""),
    ]


def test_one_who_waits_for_an_answer_asks_anew_when_it_is_tried_again_by_hand(jobs: Jobs) -> None:
    jobs.enqueue([new("a")])
    jobs.park(claim(jobs), "one", "1.2.3", 60)
    assert jobs.retry(queue=QUEUE) == 1
    assert claim(jobs)[0].ticket == ""


def test_changing_many_jobs_from_many_sides_ends(index: Indexed) -> None:
    """Whoever changes several jobs locks their queue first: no two wait for each other, which a database would end with an error."""
    EmbeddedJobs(index.database).enqueue([new(f"{number:03}", group=str(number % 3)) for number in range(60)])
    errors: list[Exception] = []

    def repeatedly(change: Callable[[EmbeddedJobs, int], object]) -> None:
        database = Database(index.address)
        own = EmbeddedJobs(database)
        try:
            for number in range(25):
                change(own, number)
        except IndexUnavailable as exc:
            errors.append(exc)
        finally:
            database.close()

    def work(own: EmbeddedJobs, number: int) -> None:
        batch = claim(own, "worker", most=20)
        own.hold(batch, "worker", 60)
        own.complete(batch[:1], "worker", [new(f"then {number} {len(batch)}", queue=("commit/A", "a/B")[number % 2])])
        own.release(batch[1:], "worker")

    changes: list[Callable[[EmbeddedJobs, int], object]] = [
        work,
        work,
        lambda own, _: own.retry(queue=QUEUE),
        lambda own, _: own.cancel(queue=QUEUE),
        lambda own, number: own.enqueue([new(f"{key:03}", queue=("commit/A", QUEUE)[key % 2]) for key in range(90, 60, -1)]),
        lambda own, number: own.enqueue([new(f"{key:03}", queue=(QUEUE, "commit/A")[key % 2]) for key in range(60, 90)]),
    ]
    threads = [threading.Thread(target=repeatedly, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def _done(jobs: Jobs, job: Job) -> None:
    jobs.complete([job], "one")


def _failed(jobs: Jobs, job: Job) -> None:
    jobs.fail(job, "one", "no", permanently=True)


REACH: dict[JobState, Callable[[Jobs, Job], object] | None] = {
    JobState.WAITING: None,
    JobState.RUNNING: lambda jobs, job: None,
    JobState.DONE: _done,
    JobState.FAILED: _failed,
    JobState.CANCELLED: lambda jobs, job: jobs.cancel(job_id=job.id),
}
FIRE: dict[JobEvent, Callable[[Jobs, Job], object]] = {
    JobEvent.CLAIM: lambda jobs, job: claim(jobs),
    JobEvent.COMPLETE: _done,
    JobEvent.RELEASE: lambda jobs, job: jobs.release([job], "one"),
    JobEvent.POSTPONE: lambda jobs, job: jobs.fail(job, "one", "no"),
    JobEvent.GIVE_UP: _failed,
    JobEvent.CANCEL: lambda jobs, job: jobs.cancel(job_id=job.id),
    JobEvent.RETRY: lambda jobs, job: jobs.retry(job_id=job.id),
}


@pytest.mark.parametrize("event", JobEvent)
@pytest.mark.parametrize("state", JobState)
def test_every_cell_of_the_state_table(jobs: Jobs, state: JobState, event: JobEvent) -> None:
    jobs.enqueue([new("a")])
    (job,) = jobs.find()
    reach = REACH[state]
    if reach is not None:
        (job,) = claim(jobs)
        reach(jobs, job)
    FIRE[event](jobs, job)
    assert jobs.find()[0].state is TRANSITIONS.get((state, event), state)
