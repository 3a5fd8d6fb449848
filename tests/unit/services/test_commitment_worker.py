"""The thread that judges and calls back; it lives on whatever happens to one request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from dimse_kit.server import until
from hounsfield.archive.reader import PackReader
from hounsfield.index.holdings import Holding
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, FailureReason, Reference
from hounsfield.model.errors import IndexUnavailable, PeerUnknown
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies
from hounsfield.network.errors import AssociationLost, Unreachable
from hounsfield.services.commitment import CommitmentJudge
from hounsfield.services.commitment_queue import CommitmentQueue, QueueLimits
from hounsfield.services.commitment_worker import MOST_REPORTS_A_CALL, CommitmentWorker
from hounsfield.services.pending_commitments import PendingFiles

CT = "1.2.840.10008.5.1.4.1.1.2"
QUICK = QueueLimits(max_requests=1000, confirm_within_s=60.0, first_pause_s=0.02, longest_pause_s=0.02)

Answers = Callable[[str, Sequence[CommitmentResult]], Iterator[bool]]


class EmptyIndex:
    """Holds nothing. error: raised at the next question, once."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.asked = 0

    def held(
        self, partition_id: int, sop_instance_uids: Sequence[str], visible: VisibleStudies = ALL_STUDIES, ae_title: str = ""
    ) -> Iterator[Holding]:
        self.asked += 1
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return iter(())


class Bench:
    """A worker that calls back into `answers`; what a peer took is in `taken`, in order."""

    def __init__(self, folder: Path) -> None:
        self.index = EmptyIndex()
        self.queue = CommitmentQueue(PendingFiles(folder / "commitments"), QUICK)
        self.taken: list[tuple[str, str]] = []
        self.calls: list[int] = []
        self.answers: Answers = self.take_all
        judge = CommitmentJudge(self.index, PackReader(folder / "packs"))  # type: ignore[arg-type]
        self.results: list[CommitmentResult] = []
        self.unknown: set[str] = set()
        self.worker = CommitmentWorker(self.queue, judge, self._call_back, self._visible_to)

    def _visible_to(self, ae_title: str) -> VisibleStudies:
        if ae_title in self.unknown:
            raise PeerUnknown("removed")
        return ALL_STUDIES

    def _call_back(self, ae_title: str, results: Sequence[CommitmentResult]) -> Iterator[bool]:
        return self.answers(ae_title, results)

    def take_all(self, ae_title: str, results: Sequence[CommitmentResult]) -> Iterator[bool]:
        self.calls.append(len(results))
        for result in results:
            self.taken.append((ae_title, result.transaction_uid))
            self.results.append(result)
            yield True

    def accept(self, number: int, ae_title: str = "CT1") -> None:
        self.queue.accept(ae_title, 1, CommitmentRequest(f"1.2.{number}", (Reference(CT, "1.2.3"),)))

    def done(self) -> bool:
        return until(lambda: len(self.queue) == 0)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.worker.close()


def test_an_index_that_does_not_answer_is_asked_again(bench: Bench) -> None:
    bench.index.error = IndexUnavailable("down")
    bench.accept(1)
    bench.worker.start()
    assert bench.done()
    assert bench.index.asked == 2


def test_nothing_is_committed_to_who_is_a_peer_no_more(bench: Bench) -> None:
    bench.unknown.add("CT1")
    bench.accept(1)
    bench.worker.start()
    assert bench.done()
    (result,) = bench.results
    assert (result.committed, [failure.reason for failure in result.failed]) == ((), [FailureReason.PROCESSING_FAILURE])
    assert bench.index.asked == 0


def test_an_error_of_ours_does_not_end_the_thread(bench: Bench) -> None:
    bench.index.error = RuntimeError("a bug")
    bench.accept(1)
    bench.worker.start()
    assert bench.done()


def test_what_was_not_answered_before_an_association_broke_is_reported_again_and_nothing_else(bench: Bench) -> None:
    def break_after_one(ae_title: str, results: Sequence[CommitmentResult]) -> Iterator[bool]:
        bench.answers = bench.take_all
        bench.taken.append((ae_title, results[0].transaction_uid))
        yield True
        raise AssociationLost("gone")

    for number in range(3):
        bench.accept(number)
        pending = bench.queue.next_to_judge()
        assert pending is not None
        bench.queue.judged(pending, CommitmentResult(pending.request.transaction_uid, pending.request.references))
    bench.answers = break_after_one
    bench.worker._thread.start()
    assert bench.done()
    assert bench.taken == [("CT1", "1.2.0"), ("CT1", "1.2.1"), ("CT1", "1.2.2")]


def test_a_peer_that_cannot_be_reached_does_not_keep_others_from_being_told(bench: Bench) -> None:
    def only_ct2(ae_title: str, results: Sequence[CommitmentResult]) -> Iterator[bool]:
        if ae_title == "CT1":
            raise Unreachable("down")
        return bench.take_all(ae_title, results)

    bench.answers = only_ct2
    bench.accept(1, "CT1")
    bench.accept(2, "CT2")
    bench.worker.start()
    assert until(lambda: bench.taken == [("CT2", "1.2.2")])
    bench.answers = bench.take_all
    assert bench.done()


def test_many_results_go_by_few_calls(bench: Bench) -> None:
    for number in range(MOST_REPORTS_A_CALL + 20):
        bench.accept(number)
        pending = bench.queue.next_to_judge()
        assert pending is not None
        bench.queue.judged(pending, CommitmentResult(pending.request.transaction_uid, pending.request.references))
    bench.worker._thread.start()
    assert bench.done()
    assert bench.calls == [MOST_REPORTS_A_CALL, 20]


def test_it_ends_while_a_peer_keeps_it_waiting(bench: Bench) -> None:
    reached, release = threading.Event(), threading.Event()

    def wait(ae_title: str, results: Sequence[CommitmentResult]) -> Iterator[bool]:
        reached.set()
        release.wait(10)
        yield True

    bench.answers = wait
    bench.accept(1)
    bench.worker.start()
    assert reached.wait(5)
    bench.worker.close(wait_s=0.05)
    assert bench.worker._thread.is_alive()
    release.set()
    bench.worker.close()
    assert not bench.worker._thread.is_alive()
