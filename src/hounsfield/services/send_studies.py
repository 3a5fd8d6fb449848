"""Send studies to a peer because somebody asks for it now: one job a study, from which a job for each object follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from hounsfield.index.reader import IndexReader
from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identifiers import new_uid, parse_uid
from hounsfield.model.jobs import Job, NewJob
from hounsfield.model.origin import Origin, Role
from hounsfield.model.peers import Peer
from hounsfield.model.routing import Priority
from hounsfield.services.accounts import require
from hounsfield.services.send_jobs import send_job
from hounsfield.services.work import until_stopping

STUDY = "study"
"""The kind of the queues of studies that somebody sends to a peer."""
BY_HAND = "by hand"
"""Stands for the rule's name in what follows."""
MOST_STUDIES = 500
ENQUEUED_AT_ONCE = 500

log = structlog.get_logger()


class SendStudies:
    """destination: the peer of an AE title, raises PeerUnknown. occasion: names one asking; asked again, it is sent again."""

    def __init__(self, jobs: Jobs, destination: Callable[[str], Peer], occasion: Callable[[], str] = new_uid) -> None:
        self._jobs = jobs
        self._destination = destination
        self._occasion = occasion

    def __call__(self, origin: Origin, study_instance_uids: Sequence[str], ae_title: str) -> int:
        """How many studies are on their way. Raises: AccessDenied, InvalidInput, InvalidUID, PeerUnknown, IndexUnavailable."""
        require(origin.principal, Role.EDITOR)
        if not 1 <= len(study_instance_uids) <= MOST_STUDIES:
            raise InvalidInput(f"1 to {MOST_STUDIES} studies at once")
        peer = self._destination(ae_title).ae_title
        occasion = self._occasion()
        new = [_study_job(peer, origin.principal.partition_id, parse_uid(uid), occasion) for uid in dict.fromkeys(study_instance_uids)]
        return self._jobs.enqueue(new) or 0


def _study_job(peer: str, partition_id: int, study_instance_uid: str, occasion: str) -> NewJob:
    group = f"{partition_id}/{study_instance_uid}"
    payload = {"rule": BY_HAND, "partition": str(partition_id), "study": study_instance_uid, "occasion": occasion}
    return NewJob(f"{STUDY}/{peer}", f"{STUDY}/{peer}/{group}/{occasion}", group, payload, Priority.HIGH.rank)


class EnqueueStudies:
    """Answers `services.work.Handler` for jobs of the kind `study`."""

    def __init__(self, jobs: Jobs, reader: IndexReader, stopping: Callable[[], bool] = lambda: False) -> None:
        self._jobs = jobs
        self._reader = reader
        self._stopping = stopping

    def parallel(self, peer: str) -> int:
        """One study after the other: they are only enqueued here."""
        return 1

    def __call__(self, peer: str, batch: Sequence[Job], owner: str) -> None:
        """Every job of the batch is settled or given back when this returns. Raises: IndexUnavailable; the lease then lapses."""
        for left in until_stopping(self._jobs, batch, owner, self._stopping):
            job, say = left[0], left[0].payload
            instances = self._reader.instances(int(say["partition"]), say["study"])
            # Asked for by a person: what had been sent before goes once more.
            new = [send_job(peer, one, rule=say["rule"], occasion=say["occasion"], rank=job.rank) for one in instances]
            new = [replace(one, unique_key=f"{one.unique_key}/{say['occasion']}") for one in new]
            for begin in range(0, len(new), ENQUEUED_AT_ONCE):
                self._jobs.enqueue(new[begin : begin + ENQUEUED_AT_ONCE])
            self._jobs.complete([job], owner)
            log.info("study.enqueued", peer=peer, instances=len(new))
