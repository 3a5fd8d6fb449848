"""Storage commitment over the web: asked, judged as for DIMSE, and fetched (PS3.18 chapter 13, PS3.4 annex J)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from hounsfield.model.commitment import CommitmentRequest
from hounsfield.model.errors import AlreadyExists, ArchiveBusy, NotFound, Unavailable
from hounsfield.model.origin import Origin
from hounsfield.records.web_commitments import WebCommitment, WebCommitmentRecords
from hounsfield.services.commitment import CommitmentJudge, JudgementStopped

KEPT_S: Final = 30 * 86_400
LEASE_S: Final = 900
"""For so long whoever has begun to judge a request is left alone; should its process end, the next one who asks judges anew."""
MOST_WAITING: Final = 1000

log = structlog.get_logger(__name__)


class WebCommitments:
    """One judgement at a time in each process. Everything raises IndexUnavailable."""

    def __init__(self, records: WebCommitmentRecords, judge: CommitmentJudge, *, now: Callable[[], float] = time.time) -> None:
        self._records = records
        self._judge = judge
        self._now = now
        self._stopping = threading.Event()
        self._judging = ThreadPoolExecutor(1, thread_name_prefix="commitment")

    def ask(self, origin: Origin, request: CommitmentRequest, places: dict[str, tuple[str, str]]) -> None:
        """Returns once the request is durable. Raises: AlreadyExists where its Transaction UID is in use; ArchiveBusy."""
        partition_id = origin.principal.partition_id
        now_s = int(self._now())
        self._records.drop_older_than(now_s - KEPT_S)
        if self._records.waiting(partition_id) >= MOST_WAITING:
            raise ArchiveBusy("too many requests for storage commitment are waiting")
        if not self._records.add(partition_id, request, places, now_s):
            raise AlreadyExists("this Transaction UID is in use already")

    def find(self, origin: Origin, transaction_uid: str) -> WebCommitment:
        """Raises: NotFound."""
        found = self._records.find(origin.principal.partition_id, transaction_uid)
        if found is None:
            raise NotFound("no storage commitment was requested under this Transaction UID")
        return found

    def judge(self, origin: Origin, transaction_uid: str) -> Future[None]:
        """Begins to judge a request, unless somebody does; done when there is nothing more to wait for here."""
        return self._judging.submit(self._judge_one, origin.principal.partition_id, transaction_uid)

    def close(self) -> None:
        """Ends after the instance at hand; what is not judged is judged when it is next asked for."""
        self._stopping.set()
        self._judging.shutdown(wait=True, cancel_futures=True)

    def _judge_one(self, partition_id: int, transaction_uid: str) -> None:
        now_s = int(self._now())
        try:
            if not self._records.claim(partition_id, transaction_uid, now_s, now_s + LEASE_S):
                return
            asked = self._records.find(partition_id, transaction_uid)
            if asked is None:
                return
            result = self._judge.judge(partition_id, asked.request, self._stopping.is_set)
            self._records.settle(partition_id, result)
            log.info("commitment.judged", transaction_uid=transaction_uid, committed=len(result.committed), failed=len(result.failed))
        except JudgementStopped:
            self._records.release(partition_id, transaction_uid)
        except Unavailable as exc:
            log.warning("commitment.not_judged", transaction_uid=transaction_uid, error=type(exc).__name__)
