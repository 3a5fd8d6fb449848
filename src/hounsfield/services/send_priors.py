"""Jobs of the kind `priors`: a patient's earlier studies that are here go to a peer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import structlog

from hounsfield.index.reader import IndexReader
from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import Gone, StudyNotFound
from hounsfield.model.jobs import Job, NewJob
from hounsfield.model.priors import Relevance, issuers_meant
from hounsfield.model.query import Key, Level, Order, Query, SingleValue
from hounsfield.model.worklist import StudyRow
from hounsfield.services.prior_jobs import relevance_of
from hounsfield.services.send_jobs import send_job
from hounsfield.services.work import until_stopping

MOST_STUDIES_SEEN = 200
ENQUEUED_AT_ONCE = 500

_LATEST_FIRST = Order("StudyDate", descending=True)

log = structlog.get_logger()


class SendPriors:
    """Answers `services.work.Handler`: what is found is enqueued to be sent like everything else that goes to the peer."""

    def __init__(self, jobs: Jobs, reader: IndexReader, stopping: Callable[[], bool] = lambda: False) -> None:
        self._jobs = jobs
        self._reader = reader
        self._stopping = stopping

    def parallel(self, peer: str) -> int:
        """One patient after the other."""
        return 1

    def __call__(self, peer: str, batch: Sequence[Job], owner: str) -> None:
        """Every job of the batch is settled or given back when this returns. Raises: IndexUnavailable; the lease then lapses."""
        for left in until_stopping(self._jobs, batch, owner, self._stopping):
            self._send(peer, left[0], owner)

    def _send(self, peer: str, job: Job, owner: str) -> None:
        partition_id, say, relevance = int(job.payload["partition"]), job.payload, relevance_of(job)
        found = self._studies(partition_id, say["patient"], say["issuer"], relevance)
        studies = list(islice(found, relevance.most))
        enqueued = 0
        for study in studies:
            new = [
                send_job(peer, instance, rule=say["rule"], occasion=say["occasion"], rank=job.rank)
                for instance in self._reader.instances(partition_id, study.study_instance_uid)
                if instance.stored.source != peer
            ]
            enqueued += self._enqueue(new)
        self._jobs.complete([job], owner)
        log.info("priors.found", peer=peer, studies=len(studies), instances=enqueued)

    def _enqueue(self, new: Sequence[NewJob]) -> int:
        """In short transactions: others want to write too. How many were not yet known."""
        begins = range(0, len(new), ENQUEUED_AT_ONCE)
        return sum(self._jobs.enqueue(new[begin : begin + ENQUEUED_AT_ONCE]) or 0 for begin in begins)

    def _studies(self, partition_id: int, patient_id: str, issuer: str, relevance: Relevance) -> Iterator[StudyRow]:
        """The latest first."""
        key = Key("PatientID", SingleValue(patient_id))
        query = Query(Level.STUDY, (key,), order=_LATEST_FIRST, limit=MOST_STUDIES_SEEN, partition_id=partition_id)
        rows = [row for row in self._reader.worklist(query, cap=1).rows if row.patient_id == patient_id]
        meant = issuers_meant(issuer, [row.issuer for row in rows])
        for study in rows:
            if study.issuer in meant and relevance.has_modality(study.modalities) and self._shows(partition_id, study, relevance):
                yield study

    def _shows(self, partition_id: int, study: StudyRow, relevance: Relevance) -> bool:
        if not relevance.body_part:
            return True
        try:
            series = self._reader.study_detail(partition_id, study.study_instance_uid).series
        except (StudyNotFound, Gone):
            return False
        return relevance.has_body_part([one.body_part for one in series])
