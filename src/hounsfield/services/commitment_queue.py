"""Requests for storage commitment between their acceptance and the peer's confirmation of the report; no threads of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, FailureReason
from hounsfield.model.errors import ArchiveBusy
from hounsfield.services.pending_commitments import PendingCommitment, PendingFiles

FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Beyond these, nothing more is accepted. One AE title may take half of each.

    confirm_within_s: a report that the peer has not answered by then is sent again.
    first_pause_s, longest_pause_s: between two attempts to reach a peer; each pause is twice the one before.
    keep_trying_s: a request is dropped when so much time has passed since it was accepted.
    """

    max_requests: int = 1000
    max_references: int = 200_000
    confirm_within_s: float = 30.0
    first_pause_s: float = 10.0
    longest_pause_s: float = 600.0
    keep_trying_s: float = 72 * 3600.0


@dataclass(slots=True)
class _Entry:
    """result: None until judged. busy_until: when a judgement or report that was begun counts as failed (monotonic)."""

    pending: PendingCommitment
    result: CommitmentResult | None = None
    busy_until: float = 0.0


@dataclass(slots=True)
class _Caller:
    """attended: associations of its own that wait for results. not_before: of the next attempt to call it (monotonic)."""

    attended: int = 0
    failures: int = 0
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """A result on its way to the peer; ends with `confirm` or `put_back`, or runs out."""

    key: str
    result: CommitmentResult


class CommitmentQueue:
    """Thread-safe. now: wall clock, monotonic: for pauses; both in seconds."""

    def __init__(
        self,
        files: PendingFiles,
        limits: QueueLimits | None = None,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._limits = limits or QueueLimits()
        self._now = now
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._entries: dict[str, _Entry] = {}
        self._callers: dict[str, _Caller] = {}
        self._version = 0

    def load(self) -> int:
        """Takes up what an earlier run accepted; returns how much. Raises: PackUnavailable."""
        loaded = {pending.key: _Entry(pending) for pending in self._files.load()}
        with self._changed:
            self._entries |= loaded
            self._tell()
        return len(loaded)

    def accept(self, ae_title: str, partition_id: int, request: CommitmentRequest) -> None:
        """Returns once the request is durable: from then on it is reported, whatever happens. One that is repeated is reported once.

        Raises: ArchiveBusy where too much waits already; OutOfSpace, PackUnavailable.
        """
        pending = PendingCommitment(ae_title, partition_id, self._now(), request)
        with self._changed:
            if pending.key in self._entries:
                return
            self._require_room(pending)
            if any(_names_same_transaction(entry.pending, pending) for entry in self._entries.values()):
                pending = PendingCommitment(ae_title, partition_id, self._now(), request, FailureReason.DUPLICATE_TRANSACTION_UID)
            self._files.add(pending)
            self._entries[pending.key] = _Entry(pending)
            self._tell()

    def _require_room(self, pending: PendingCommitment) -> None:
        sizes = [(entry.pending.ae_title, len(entry.pending.request.references)) for entry in self._entries.values()]
        sizes.append((pending.ae_title, len(pending.request.references)))
        own = [size for ae_title, size in sizes if ae_title == pending.ae_title]
        limits = self._limits
        if len(sizes) > limits.max_requests or sum(size for _, size in sizes) > limits.max_references:
            raise ArchiveBusy("too many requests for storage commitment are waiting")
        if len(own) > limits.max_requests // 2 or sum(own) > limits.max_references // 2:
            raise ArchiveBusy("too many requests for storage commitment of this AE title are waiting")

    # Judging

    def next_to_judge(self) -> PendingCommitment | None:
        """The oldest without a result; it is this caller's until `judged` or `judge_later`."""
        now = self._monotonic()
        with self._changed:
            for entry in self._entries.values():
                if entry.result is None and entry.busy_until <= now:
                    entry.busy_until = FOREVER
                    return entry.pending
        return None

    def judged(self, pending: PendingCommitment, result: CommitmentResult) -> None:
        """From now on it can be reported."""
        with self._changed:
            entry = self._entries[pending.key]
            entry.result, entry.busy_until = result, 0.0
            self._tell()

    def judge_later(self, pending: PendingCommitment) -> None:
        """It could not be judged now."""
        with self._changed:
            self._entries[pending.key].busy_until = self._monotonic() + self._limits.first_pause_s

    # Reporting on an association that the peer opened

    @contextlib.contextmanager
    def attending(self, ae_title: str) -> Iterator[None]:
        """Meanwhile nobody calls the peer: what is judged is left to the one who attends."""
        with self._changed:
            self._caller(ae_title).attended += 1
        try:
            yield
        finally:
            with self._changed:
                self._caller(ae_title).attended -= 1
                self._forget_idle(ae_title)
                self._tell()

    def expects(self, ae_title: str) -> bool:
        """Whether something that this peer asked for is not settled. What is on its way back may still fail, and be had again."""
        with self._changed:
            return bool(self._of(ae_title))

    def take(self, ae_title: str) -> Report | None:
        """A result to report to the peer; None where there is none."""
        now = self._monotonic()
        with self._changed:
            for entry in self._of(ae_title):
                if entry.result is not None and entry.busy_until <= now:
                    entry.busy_until = now + self._limits.confirm_within_s
                    return Report(entry.pending.key, entry.result)
        return None

    def confirm(self, report: Report) -> None:
        """The peer has it: the request is forgotten. Raises: PackUnavailable."""
        with self._changed:
            entry = self._entries.pop(report.key, None)
            if entry is not None:
                self._caller(entry.pending.ae_title).failures = 0
                self._forget_idle(entry.pending.ae_title)
        if entry is not None:
            self._files.remove(entry.pending)

    def put_back(self, report: Report) -> None:
        """The peer does not have it: it is reported again."""
        with self._changed:
            entry = self._entries.get(report.key)
            if entry is not None:
                entry.busy_until = 0.0
                self._tell()

    # Reporting on an association that we open

    def next_to_call(self) -> str | None:
        """The AE title of a peer for which there are results, which nobody attends and which was not tried in vain a moment ago."""
        now = self._monotonic()
        with self._changed:
            for entry in self._entries.values():
                ae_title = entry.pending.ae_title
                caller = self._caller(ae_title)
                if entry.result is None or entry.busy_until > now or caller.attended or caller.not_before > now:
                    continue
                if not any(other.result is not None and other.busy_until > now for other in self._of(ae_title)):
                    return ae_title
        return None

    def call_failed(self, ae_title: str) -> float:
        """The peer could not be reached, or did not take a report; returns the pause before the next attempt, in seconds."""
        with self._changed:
            caller = self._caller(ae_title)
            pause_s = min(self._limits.first_pause_s * 2.0 ** min(caller.failures, 30), self._limits.longest_pause_s)
            caller.failures += 1
            caller.not_before = self._monotonic() + pause_s
            return pause_s

    def expire(self) -> list[PendingCommitment]:
        """Drops what has been waiting too long, and returns it. Raises: PackUnavailable."""
        oldest = self._now() - self._limits.keep_trying_s
        with self._changed:
            late = [
                entry.pending for entry in self._entries.values() if entry.pending.accepted_at_s < oldest and entry.busy_until != FOREVER
            ]
            for pending in late:
                del self._entries[pending.key]
                self._forget_idle(pending.ae_title)
        for pending in late:
            self._files.remove(pending)
        return late

    @property
    def version(self) -> int:
        """Another one after every change."""
        return self._version

    def wait(self, version: int, longest_s: float) -> None:
        """Until something changes, or has changed since `version`."""
        with self._changed:
            if self._version == version:
                self._changed.wait(longest_s)

    def wake(self) -> None:
        """Ends every wait."""
        with self._changed:
            self._tell()

    def __len__(self) -> int:
        with self._changed:
            return len(self._entries)

    def _tell(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _of(self, ae_title: str) -> list[_Entry]:
        return [entry for entry in self._entries.values() if entry.pending.ae_title == ae_title]

    def _forget_idle(self, ae_title: str) -> None:
        """Titles come from the wire: only those are remembered for which there is something to do."""
        if not self._caller(ae_title).attended and not self._of(ae_title):
            del self._callers[ae_title]

    def _caller(self, ae_title: str) -> _Caller:
        return self._callers.setdefault(ae_title, _Caller())


def _names_same_transaction(one: PendingCommitment, other: PendingCommitment) -> bool:
    return (one.ae_title, one.request.transaction_uid) == (other.ae_title, other.request.transaction_uid)
