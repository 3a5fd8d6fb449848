"""More associations that carry what one alone would carry, each in a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator

import structlog

from hounsfield.network.association import Association
from hounsfield.network.errors import NetworkError
from hounsfield.network.requestor import finish
from hounsfield.peers.lanes import Lanes
from hounsfield.peers.store_operations import Sent, StoreOperations
from hounsfield.peers.store_work import StoreWork

log = structlog.get_logger(__name__)

MOST_OUTCOMES_WAITING = 256

LATE_S = 2.0
"""A peer that answers later, when all has been carried, was busy with the first association."""


class StoreHelpers:
    """Helps one sender with the instances of `work`; its methods belong to that sender's thread.

    associate: opens an association. operate: makes the operations over it, with a source of their own.
    is_stopping: whether no further instance is to be sent.
    """

    def __init__(
        self,
        ae_title: str,
        work: StoreWork,
        associate: Callable[[], Association],
        operate: Callable[[Association], StoreOperations],
        is_stopping: Callable[[], bool],
        lanes: Lanes,
    ) -> None:
        self._ae_title = ae_title
        self._work = work
        self._associate = associate
        self._operate = operate
        self._is_stopping = is_stopping
        self._lanes = lanes
        self._outcomes: queue.Queue[Sent | None] = queue.Queue(MOST_OUTCOMES_WAITING)
        self._lock = threading.Lock()
        self._is_over = False
        self._associations: list[Association] = []
        self._at_work = 0
        self._called = 0

    def call(self, most: int) -> None:
        """Opens as many more associations as may be open beside the sender's own, unless that was done before.

        Nobody waits for them: one that the peer does not answer, or that has no thread, carries nothing.
        """
        while self._called + 1 < most and self._lanes.enter_beside(self._ae_title, most):
            self._called += 1
            try:
                threading.Thread(target=self._help, name=f"store-helper-{self._called}", daemon=True).start()
            except RuntimeError as exc:  # there is no thread to be had
                self._lanes.leave(self._ae_title)
                log.warning("store_helper.not_started", peer=self._ae_title, reason=str(exc))
                break
        self._called = most

    def outcomes(self) -> Iterator[Sent]:
        """What has come to be known since the last call."""
        while not self._outcomes.empty():
            yield from self._next()

    def rest(self) -> Iterator[Sent]:
        """All further outcomes; afterwards no association carries anything."""
        with self._lock:
            self._is_over = True
        while self._at_work:
            yield from self._next()

    def abandon(self) -> None:
        """Breaks the associations where they stand: nobody wants to know any more."""
        with self._lock:
            self._is_over = True
            for association in self._associations:
                association.interrupt()
        while self._at_work:
            for _ in self._next():
                pass

    def _next(self) -> Iterator[Sent]:
        sent = self._outcomes.get()
        if sent is not None:
            yield sent
            return
        with self._lock:
            self._at_work -= 1

    def _help(self) -> None:
        try:
            association = self._answered()
            if association is None:
                return
            try:
                self._carry(association)
            finally:
                self._outcomes.put(None)
                finish(association)
        finally:
            self._lanes.leave(self._ae_title)

    def _answered(self) -> Association | None:
        """An association, if the peer takes one more while there is something to carry."""
        asked_s = time.monotonic()
        try:
            association = self._associate()
        except NetworkError as exc:
            self._lanes.takes_one_alone(self._ae_title)
            log.info("store_helper.refused", peer=self._ae_title, reason=str(exc))
            return None
        with self._lock:
            if not self._is_over:
                self._associations.append(association)
                self._at_work += 1
                return association
        if time.monotonic() - asked_s > LATE_S:
            self._lanes.takes_one_alone(self._ae_title)
        with contextlib.suppress(NetworkError):
            association.release()
        finish(association)
        return None

    def _carry(self, association: Association) -> None:
        operations = self._operate(association)
        why = "internal error, see the server's log"
        try:
            for sent in operations.run(self._work):
                self._outcomes.put(sent)
                operations.stopping = self._is_stopping()
            association.release()
            return
        except NetworkError as exc:
            why = str(exc)
        except Exception:
            log.exception("store_helper.failed", peer=self._ae_title)
        for lost in self._work.take_back(operations, why):
            self._outcomes.put(lost)
