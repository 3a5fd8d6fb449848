"""The one thread that judges requests for storage commitment and calls peers back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import structlog

from hounsfield.model.commitment import CommitmentResult, FailureReason
from hounsfield.model.errors import HounsfieldError, PeerUnknown, Unavailable
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies
from hounsfield.services.commitment import CommitmentJudge, JudgementStopped, refused
from hounsfield.services.commitment_queue import CommitmentQueue, Report
from hounsfield.services.pending_commitments import PendingCommitment

log = structlog.get_logger(__name__)

MOST_REPORTS_A_CALL = 100
LONGEST_WAIT_S = 1.0


class CallBack(Protocol):
    """Calls a peer to report results to it."""

    def __call__(self, ae_title: str, results: Sequence[CommitmentResult]) -> Iterator[bool]:
        """For each result, in order, whether the peer took it. Raises: PeerUnknown, NetworkError; what was not yielded was not taken."""


class CommitmentWorker:
    """Runs from `start` to `close`.

    visible_to: the studies that the application entity of a title sees; raises PeerUnknown where it may no longer ask.
    """

    def __init__(
        self,
        queue: CommitmentQueue,
        judge: CommitmentJudge,
        call_back: CallBack,
        visible_to: Callable[[str], VisibleStudies] = lambda _: ALL_STUDIES,
    ) -> None:
        self._queue = queue
        self._judge = judge
        self._call_back = call_back
        self._visible_to = visible_to
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="storage-commitment", daemon=True)

    def start(self) -> None:
        """Takes up what an earlier run accepted. The index must have caught up with the packs by now. Raises: PackUnavailable."""
        loaded = self._queue.load()
        if loaded:
            log.info("commitment.resumed", requests=loaded)
        self._thread.start()

    def close(self, wait_s: float = 10.0) -> None:
        """Ends after the instance, or the report, that is at hand; what is not done is done by the next run."""
        self._stopping.set()
        self._queue.wake()
        self._thread.join(wait_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            # By turns, so that neither a long judgement nor a peer that does not answer holds up all of the other.
            steps: tuple[Callable[[], bool], ...] = (self._judge_one, self._call_one, self._expire)
            busy, version = False, self._queue.version
            for step in steps:
                try:
                    busy |= step()
                except JudgementStopped:
                    return
                except Exception:
                    # The thread's edge: it must live on for the other requests.
                    log.exception("commitment.failed")
                    self._stopping.wait(LONGEST_WAIT_S)
            if not busy and not self._stopping.is_set():
                self._queue.wait(version, LONGEST_WAIT_S)

    def _judge_one(self) -> bool:
        pending = self._queue.next_to_judge()
        if pending is None:
            return False
        try:
            result = self._result(pending)
        except Unavailable as exc:
            log.warning("commitment.not_judged", **_about(pending), error=type(exc).__name__)
            self._queue.judge_later(pending)
            return True
        except Exception:
            self._queue.judge_later(pending)
            raise
        log.info("commitment.judged", **_about(pending), committed=len(result.committed), failed=len(result.failed))
        self._queue.judged(pending, result)
        return True

    def _result(self, pending: PendingCommitment) -> CommitmentResult:
        if pending.refusal is not None:
            return refused(pending.request, pending.refusal)
        try:
            visible = self._visible_to(pending.ae_title)
        except PeerUnknown:
            log.warning("commitment.peer_unknown", **_about(pending))
            return refused(pending.request, FailureReason.PROCESSING_FAILURE)
        return self._judge.judge(pending.partition_id, pending.request, self._stopping.is_set, visible, pending.ae_title)

    def _call_one(self) -> bool:
        ae_title = self._queue.next_to_call()
        if ae_title is None or self._stopping.is_set():
            return False
        reports: list[Report] = []
        while len(reports) < MOST_REPORTS_A_CALL and (report := self._queue.take(ae_title)) is not None:
            reports.append(report)
        left = iter(list(reports))
        try:
            for taken in self._call_back(ae_title, [report.result for report in reports]):
                report = next(left)
                reports.remove(report)
                if taken:
                    self._queue.confirm(report)
                    log.info("commitment.reported", ae_title=ae_title, transaction_uid=report.result.transaction_uid)
                else:
                    self._put_back(ae_title, [report], "refused")
        except HounsfieldError as exc:
            self._put_back(ae_title, reports, type(exc).__name__)
        except Exception:
            self._put_back(ae_title, reports, "internal error")
            raise
        return True

    def _put_back(self, ae_title: str, reports: Sequence[Report], reason: str) -> None:
        pause_s = self._queue.call_failed(ae_title)
        log.warning("commitment.not_reported", ae_title=ae_title, reports=len(reports), reason=reason, next_attempt_s=pause_s)
        for report in reports:
            self._queue.put_back(report)

    def _expire(self) -> bool:
        for pending in self._queue.expire():
            log.error("commitment.dropped", **_about(pending))
        return False


def _about(pending: PendingCommitment) -> dict[str, str]:
    return {"ae_title": pending.ae_title, "transaction_uid": pending.request.transaction_uid}
