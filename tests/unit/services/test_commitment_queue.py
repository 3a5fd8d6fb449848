"""The queue of storage commitment requests; the clocks stand still."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, FailureReason, Reference
from hounsfield.model.errors import ArchiveBusy, PackUnavailable
from hounsfield.services.commitment_queue import CommitmentQueue, QueueLimits, Report
from hounsfield.services.pending_commitments import PendingCommitment, PendingFiles

CT = "1.2.840.10008.5.1.4.1.1.2"
LIMITS = QueueLimits(max_requests=6, max_references=20, confirm_within_s=30, first_pause_s=10, longest_pause_s=60, keep_trying_s=3600)


class Clock:
    """Both clocks at once."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> CommitmentQueue:
    return CommitmentQueue(PendingFiles(tmp_path / "commitments"), LIMITS, now=clock, monotonic=clock)


def a_request(number: int = 1, references: int = 1) -> CommitmentRequest:
    return CommitmentRequest(f"1.2.{number}", tuple(Reference(CT, f"1.2.{number}.{one}") for one in range(references)))


def judge(queue: CommitmentQueue) -> PendingCommitment:
    pending = queue.next_to_judge()
    assert pending is not None
    queue.judged(pending, CommitmentResult(pending.request.transaction_uid, pending.request.references))
    return pending


def take(queue: CommitmentQueue, ae_title: str = "CT1") -> Report:
    report = queue.take(ae_title)
    assert report is not None
    return report


def test_from_acceptance_to_confirmation(queue: CommitmentQueue, tmp_path: Path) -> None:
    queue.accept("CT1", 1, a_request())
    assert queue.take("CT1") is None
    judge(queue)
    assert queue.next_to_judge() is None
    report = take(queue)
    assert report.result.transaction_uid == "1.2.1"
    assert queue.take("CT1") is None, "it is on its way"
    assert len(queue) == 1
    queue.confirm(report)
    assert len(queue) == 0
    assert list((tmp_path / "commitments").iterdir()) == []
    queue.confirm(report)


def test_another_peer_does_not_get_it(queue: CommitmentQueue) -> None:
    queue.accept("CT1", 1, a_request())
    judge(queue)
    assert queue.take("CT2") is None
    assert not queue.expects("CT2")


def test_what_is_not_confirmed_in_time_is_reported_again(queue: CommitmentQueue, clock: Clock) -> None:
    queue.accept("CT1", 1, a_request())
    judge(queue)
    first = take(queue)
    clock.now_s += 29
    assert queue.next_to_call() is None
    clock.now_s += 1
    assert queue.next_to_call() == "CT1"
    assert take(queue) == first


def test_what_another_tries_to_report_is_still_expected(queue: CommitmentQueue) -> None:
    """Or an association that falls idle while a call back is failing would not be attended, and never hear of it."""
    queue.accept("CT1", 1, a_request())
    judge(queue)
    report = take(queue)
    assert queue.expects("CT1")
    queue.put_back(report)
    assert queue.expects("CT1")
    queue.confirm(take(queue))
    assert not queue.expects("CT1")


def test_nobody_is_called_while_an_association_of_its_own_is_attended(queue: CommitmentQueue) -> None:
    queue.accept("CT1", 1, a_request())
    with queue.attending("CT1"):
        judge(queue)
        assert queue.next_to_call() is None
    assert queue.next_to_call() == "CT1"


def test_nobody_is_called_while_an_answer_of_its_own_is_awaited(queue: CommitmentQueue) -> None:
    for number in (1, 2):
        queue.accept("CT1", 1, a_request(number))
        judge(queue)
    with queue.attending("CT1"):
        report = take(queue)
    assert queue.next_to_call() is None
    queue.put_back(report)
    assert queue.next_to_call() == "CT1"


def test_pauses_grow_up_to_a_limit_and_start_again_after_a_success(queue: CommitmentQueue, clock: Clock) -> None:
    queue.accept("CT1", 1, a_request())
    judge(queue)
    pauses = []
    for _ in range(5):
        pauses.append(queue.call_failed("CT1"))
        clock.now_s += pauses[-1] - 1
        assert queue.next_to_call() is None
        clock.now_s += 1
        assert queue.next_to_call() == "CT1"
    assert pauses == [10, 20, 40, 60, 60]
    queue.confirm(take(queue))
    assert queue.call_failed("CT1") == 10


def test_one_peer_that_does_not_answer_does_not_hold_up_another(queue: CommitmentQueue) -> None:
    for title in ("DEAD", "ALIVE"):
        queue.accept(title, 1, a_request())
        judge(queue)
    queue.call_failed("DEAD")
    assert queue.next_to_call() == "ALIVE"


def test_titles_are_forgotten_with_their_last_request(queue: CommitmentQueue, clock: Clock) -> None:
    for title in ("CT1", "CT2"):
        queue.accept(title, 1, a_request())
        judge(queue)
        queue.call_failed(title)
    with queue.attending("CT1"):
        queue.confirm(take(queue, "CT1"))
    with queue.attending("CT3"):
        pass
    clock.now_s += 3601
    queue.expire()
    assert queue._callers == {}


def test_what_could_not_be_judged_is_judged_later(queue: CommitmentQueue, clock: Clock) -> None:
    queue.accept("CT1", 1, a_request())
    pending = queue.next_to_judge()
    assert pending is not None
    assert queue.next_to_judge() is None
    queue.judge_later(pending)
    assert queue.next_to_judge() is None
    clock.now_s += 10
    assert queue.next_to_judge() == pending


def test_too_much_waiting_is_refused_and_nothing_of_it_is_kept(queue: CommitmentQueue, tmp_path: Path) -> None:
    for number in range(3):
        queue.accept("CT1", 1, a_request(number))
    with pytest.raises(ArchiveBusy, match="of this AE title"):
        queue.accept("CT1", 1, a_request(3))
    queue.accept("CT1", 1, a_request(2))  # known already
    for number in range(3):
        queue.accept("CT2", 1, a_request(number))
    with pytest.raises(ArchiveBusy):
        queue.accept("CT3", 1, a_request())
    assert len(list((tmp_path / "commitments").iterdir())) == len(queue) == 6


@pytest.mark.parametrize(("sizes", "fits"), [([10], True), ([11], False), ([5, 5], True), ([5, 6], False)])
def test_references_are_counted(queue: CommitmentQueue, sizes: list[int], fits: bool) -> None:
    for number, size in enumerate(sizes[:-1]):
        queue.accept("CT1", 1, a_request(number, size))
    if fits:
        queue.accept("CT1", 1, a_request(9, sizes[-1]))
    else:
        with pytest.raises(ArchiveBusy):
            queue.accept("CT1", 1, a_request(9, sizes[-1]))


def test_what_is_too_old_is_dropped(queue: CommitmentQueue, clock: Clock, tmp_path: Path) -> None:
    queue.accept("CT1", 1, a_request(1))
    clock.now_s += 3600
    queue.accept("CT1", 1, a_request(2))
    assert queue.expire() == []
    clock.now_s += 1
    assert [pending.request.transaction_uid for pending in queue.expire()] == ["1.2.1"]
    assert len(list((tmp_path / "commitments").iterdir())) == len(queue) == 1


def test_a_later_run_takes_up_what_was_accepted_in_order(queue: CommitmentQueue, clock: Clock, tmp_path: Path) -> None:
    for number in (3, 1, 2):
        queue.accept("CT1", 1, a_request(number, references=2))
        clock.now_s += 1
    queue.accept("CT2", 2, a_request(1))
    later = CommitmentQueue(PendingFiles(tmp_path / "commitments"), LIMITS, now=clock, monotonic=clock)
    assert later.load() == 4
    found = [judge(later) for _ in range(4)]
    assert [(one.ae_title, one.partition_id, one.request) for one in found] == [
        ("CT1", 1, a_request(3, 2)),
        ("CT1", 1, a_request(1, 2)),
        ("CT1", 1, a_request(2, 2)),
        ("CT2", 2, a_request(1)),
    ]


def test_a_transaction_uid_in_use_stays_refused_after_a_restart(queue: CommitmentQueue, clock: Clock, tmp_path: Path) -> None:
    queue.accept("CT1", 1, a_request(1))
    queue.accept("CT1", 1, a_request(1, references=2))
    queue.accept("CT2", 1, a_request(1, references=2))  # another peer's transactions are its own
    later = CommitmentQueue(PendingFiles(tmp_path / "commitments"), LIMITS, now=clock, monotonic=clock)
    later.load()
    refusals = {(one.ae_title, len(one.request.references)): one.refusal for one in (judge(later) for _ in range(3))}
    assert refusals == {("CT1", 1): None, ("CT1", 2): FailureReason.DUPLICATE_TRANSACTION_UID, ("CT2", 2): None}


def test_what_cannot_be_kept_is_not_accepted(clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "commitments").write_text("not a folder")
    queue = CommitmentQueue(PendingFiles(tmp_path / "commitments"), LIMITS, now=clock, monotonic=clock)
    with pytest.raises(PackUnavailable):
        queue.accept("CT1", 1, a_request())
    assert len(queue) == 0


def test_a_change_between_a_look_and_a_wait_is_not_missed(queue: CommitmentQueue) -> None:
    version = queue.version
    queue.accept("CT1", 1, a_request())
    done = threading.Event()
    thread = threading.Thread(target=lambda: (queue.wait(version, 60), done.set()))
    thread.start()
    assert done.wait(5)
    thread.join()


def test_files_that_are_torn_or_unknown_are_reported_and_the_others_read(clock: Clock, tmp_path: Path) -> None:
    folder = tmp_path / "commitments"
    files = PendingFiles(folder)
    files.add(PendingCommitment("CT1", 1, clock(), a_request()))
    (whole,) = folder.iterdir()
    text = whole.read_text()
    (folder / "a.json").write_text(text[:40])
    (folder / "b.json").write_text(text.replace('"format": 1', '"format": 2'))
    (folder / "c.json").write_text("[]")
    (folder / "f.json").mkdir()
    (folder / "d.unfinished").write_text(text)
    (folder / "e.txt").write_text("somebody's own")
    told: list[str] = []
    found = list(PendingFiles(folder, lambda name, _reason: told.append(name)).load())
    assert [one.request for one in found] == [a_request()]
    assert sorted(told) == ["a.json", "b.json", "c.json", "f.json"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([whole.name, "a.json", "b.json", "c.json", "e.txt", "f.json"])
    assert whole.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
