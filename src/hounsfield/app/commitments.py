"""Storage commitment in the archive process: the queue, the thread that works it off, the service."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import structlog

from hounsfield.app.bootstrap import Owning, jobs_of, peers_of
from hounsfield.app.calling import dimse_peer
from hounsfield.app.settings import Settings
from hounsfield.archive.reader import PackReader
from hounsfield.index.holdings import Holdings
from hounsfield.model.commitment import CommitmentResult
from hounsfield.model.errors import PeerUnknown
from hounsfield.model.peers import Peer
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies
from hounsfield.network.limits import AssociationLimits
from hounsfield.peers.commitment import report
from hounsfield.servers.dimse.commitment import CommitmentService
from hounsfield.services.ask_to_keep import queue_of
from hounsfield.services.asked_commitments import AskedCommitment, AskedCommitments, OnSettled
from hounsfield.services.commitment import CommitmentJudge
from hounsfield.services.commitment_queue import CommitmentQueue, QueueLimits
from hounsfield.services.commitment_worker import CommitmentWorker
from hounsfield.services.pending_commitments import PendingFiles

log = structlog.get_logger(__name__)


@contextlib.contextmanager
def commitment_service(
    parts: Owning, settings: Settings, packs: PackReader, limits: AssociationLimits, reachable: Callable[[str], Peer]
) -> Iterator[CommitmentService]:
    """reachable: where to call an AE title; raises PeerUnknown. The index has caught up with the packs by now."""

    def call_back(ae_title: str, results: Sequence[CommitmentResult]) -> Iterator[bool]:
        return report(dimse_peer(settings, reachable(ae_title)), results, limits)

    files = PendingFiles(settings.data_dir / "commitments", _unreadable)
    queue = CommitmentQueue(files, QueueLimits(keep_trying_s=settings.commitment_retry_hours * 3600.0))
    known = peers_of(parts.database, settings)
    seen = partial(visible_to, settings, known.find)
    worker = CommitmentWorker(queue, CommitmentJudge(Holdings(parts.database), packs), call_back, seen)
    jobs = jobs_of(parts.database)

    def wake(settled: AskedCommitment) -> None:
        jobs.wake(queue_of(settled.ae_title), settled.request.transaction_uid)

    asked = asked_commitments(settings, wake)
    asked.drop_old()
    worker.start()
    try:
        yield CommitmentService(queue, asked.take, attend_s=settings.idle_timeout_s)
    finally:
        worker.close()


def visible_to(settings: Settings, find: Callable[[str], Peer | None], ae_title: str) -> VisibleStudies:
    """What the application entity of a title sees that has asked before. Raises: PeerUnknown where it is a peer no more."""
    peer = None if settings.open_access else find(ae_title)
    if peer is not None:
        return peer.visible
    if settings.open_access or settings.accept_any_caller:
        return ALL_STUDIES
    raise PeerUnknown(f"{ae_title!r} is no peer any more")


def asked_commitments(settings: Settings, on_settled: OnSettled = lambda _settled: None) -> AskedCommitments:
    """The requests of ours to peers; for any process."""
    return AskedCommitments(settings.data_dir / "commitments-asked", on_settled)


def _unreadable(name: str, reason: str) -> None:
    log.error("commitment.unreadable", file=name, reason=reason)
