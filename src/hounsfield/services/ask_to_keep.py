"""Jobs of the kind `commit`: a peer is asked to keep what it was sent; what it does not keep is sent to it again (PS3.4 annex J)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import structlog

from hounsfield.jobs.port import Jobs
from hounsfield.model.commitment import CommitmentResult, FailureReason, Reference
from hounsfield.model.errors import ConfigurationError, OutOfSpace, PackUnavailable, PeerUnknown
from hounsfield.model.jobs import Job
from hounsfield.network.errors import AssociationRefused, NetworkError, NeverEstablished, NothingAccepted, Unreachable
from hounsfield.network.status import Status
from hounsfield.peers.dimse import DimsePeer
from hounsfield.services.asked_commitments import AskedCommitment, CommitmentRefused
from hounsfield.services.send_jobs import COMMIT, MOST_ROUNDS, round_of, send_again_job

RESULT_WITHIN_S = 24 * 3600.0
"""A peer that has not said its result by then is asked anew."""
ON_THE_ASSOCIATION_S = 2.0
"""So long the result is waited for where it was asked; many report on an association of their own instead."""

_ASK_AGAIN = frozenset({FailureReason.DUPLICATE_TRANSACTION_UID, FailureReason.RESOURCE_LIMITATION})
_IN_VAIN = frozenset({FailureReason.CLASS_INSTANCE_CONFLICT, FailureReason.REFERENCED_SOP_CLASS_NOT_SUPPORTED})
_LATER = frozenset({Status.PROCESSING_FAILURE, Status.RESOURCE_LIMITATION})

log = structlog.get_logger()


class Commitments(Protocol):
    """Requests to peers, which outlive this process; `services.asked_commitments.AskedCommitments` answers."""

    def ask(self, peer: DimsePeer, references: Sequence[Reference], *, wait_s: float) -> AskedCommitment:
        """With its result where that came on the same association. Raises: CommitmentRefused, NetworkError, OutOfSpace, PackUnavailable."""
        ...

    def find(self, transaction_uid: str) -> AskedCommitment | None:
        """With its result where that has come. Raises: PackUnavailable."""
        ...

    def forget_instances(self, asked: AskedCommitment) -> None:
        """It has been dealt with. Raises: PackUnavailable."""
        ...


class AskToKeep:
    """Answers `services.work.Handler`. call: how a peer is called, by its AE title; raises PeerUnknown, ConfigurationError."""

    def __init__(
        self,
        jobs: Jobs,
        commitments: Commitments,
        call: Callable[[str], DimsePeer],
        stopping: Callable[[], bool] = lambda: False,
        *,
        wait_s: float = ON_THE_ASSOCIATION_S,
    ) -> None:
        self._jobs = jobs
        self._commitments = commitments
        self._call = call
        self._stopping = stopping
        self._wait_s = wait_s

    def parallel(self, peer: str) -> int:
        """One request after the other: what becomes due meanwhile is asked for together."""
        return 1

    def __call__(self, peer: str, batch: Sequence[Job], owner: str) -> None:
        """Every job of the batch is settled, parked or given back when this returns. Raises: IndexUnavailable; the lease then lapses."""
        settling = _Settling(self._jobs, peer, batch, owner)
        try:
            for ticket in dict.fromkeys(job.ticket for job in batch if job.ticket):
                self._hear(ticket, settling)
            unasked = [job for job in batch if not job.ticket]
            if unasked and not self._stopping():
                self._ask(peer, unasked, settling)
        except (NetworkError, PeerUnknown, ConfigurationError, OutOfSpace, PackUnavailable) as exc:
            pause_s = self._jobs.pause(batch[0].queue, str(exc))
            log.warning("commitment.paused", peer=peer, error=type(exc).__name__, pause_s=round(pause_s, 1))
        finally:
            settling.close()

    def _hear(self, ticket: str, settling: _Settling) -> None:
        asked = self._commitments.find(ticket)
        waiting = settling.under(ticket)
        if asked is None or asked.result is None:
            for job in waiting:
                settling.fail(job, f"no result of {ticket} has come")
            return
        settling.judge(waiting, asked.result)
        if asked.is_committed and len(waiting) == len(asked.request.references):
            self._commitments.forget_instances(asked)

    def _ask(self, peer: str, unasked: Sequence[Job], settling: _Settling) -> None:
        references = [Reference(job.payload["class"], job.payload["instance"]) for job in unasked]
        try:
            asked = self._commitments.ask(self._call(peer), references, wait_s=self._wait_s)
        except CommitmentRefused as exc:
            if exc.status in _LATER:
                settling.fail_together(unasked, str(exc))
            else:
                settling.fail_for_good(unasked, str(exc))
            return
        except NothingAccepted:
            settling.fail_for_good(unasked, f"{peer} does not offer storage commitment")
            return
        except (Unreachable, AssociationRefused, NeverEstablished):
            raise
        except NetworkError as exc:
            # It broke on this request: others must not wait for it.
            settling.fail_together(unasked, str(exc))
            return
        ticket = asked.request.transaction_uid
        settling.park(unasked, ticket)
        log.info("commitment.asked", peer=peer, transaction_uid=ticket, instances=len(unasked))
        found = asked if asked.result is not None else self._commitments.find(ticket)
        if found is not None and found.result is not None:
            self._jobs.wake(unasked[0].queue, ticket)


class _Settling:
    """What becomes of a batch."""

    def __init__(self, jobs: Jobs, peer: str, batch: Sequence[Job], owner: str) -> None:
        self._jobs = jobs
        self._peer = peer
        self._owner = owner
        self._open = {job.id: job for job in batch}

    def under(self, ticket: str) -> list[Job]:
        """Those that were asked for under it."""
        return [job for job in self._open.values() if job.ticket == ticket]

    def judge(self, waiting: Sequence[Job], result: CommitmentResult) -> None:
        """As the peer says of each instance."""
        committed = {reference.sop_instance_uid for reference in result.committed}
        failed = {failure.reference.sop_instance_uid: failure.reason for failure in result.failed}
        kept = [job for job in waiting if job.payload["instance"] in committed and job.payload["instance"] not in failed]
        self._jobs.complete(kept, self._owner)
        self._forget(kept)
        for job in waiting:
            if job.id in self._open:
                self._not_kept(job, failed.get(job.payload["instance"]))
        log.info(
            "commitment.heard", peer=self._peer, transaction_uid=result.transaction_uid, kept=len(kept), failed=len(waiting) - len(kept)
        )

    def _not_kept(self, job: Job, reason: int | None) -> None:
        if reason is None:
            self.fail(job, f"{self._peer} did not say whether it keeps it")
            return
        said = f"{self._peer} does not keep it: {words_for(reason)}"
        if reason in _ASK_AGAIN:
            self.fail(job, said)
        elif reason in _IN_VAIN or round_of(job) >= MOST_ROUNDS:
            self.fail_for_good([job], said)
        else:
            self._jobs.discard(job, self._owner, f"{said}; it is sent again", [send_again_job(self._peer, job)])
            self._forget([job])

    def fail(self, job: Job, error: str) -> None:
        """Tried in vain; asked again later."""
        self._jobs.fail(job, self._owner, error)
        self._forget([job])

    def fail_together(self, failed: Sequence[Job], error: str) -> None:
        """Their request was in vain; asked again later, while others are asked for."""
        for job in failed:
            self.fail(job, error)

    def fail_for_good(self, failed: Sequence[Job], error: str) -> None:
        """Until somebody tries again."""
        for job in failed:
            self._jobs.fail(job, self._owner, error, permanently=True)
        self._forget(failed)

    def park(self, asked: Sequence[Job], ticket: str) -> None:
        """Until the peer has said its result."""
        self._jobs.park(asked, self._owner, ticket, RESULT_WITHIN_S)
        self._forget(asked)

    def close(self) -> None:
        """The rest is given back."""
        self._jobs.release(list(self._open.values()), self._owner)

    def _forget(self, settled: Iterable[Job]) -> None:
        for job in settled:
            self._open.pop(job.id, None)


def queue_of(ae_title: str) -> str:
    """Of what a peer is asked to keep."""
    return f"{COMMIT}/{ae_title}"


def words_for(reason: int) -> str:
    """A failure reason (PS3.3 C.14.1.1) for a person: `0112 no such object instance`."""
    name = next((one.name.replace("_", " ").lower().replace(" sop ", " SOP ") for one in FailureReason if one == reason), "")
    return f"{reason:04X} {name}".rstrip()
