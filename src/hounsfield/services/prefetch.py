"""Jobs of the kind `prefetch`: a patient's prior studies are brought from a peer, by C-FIND and C-MOVE to ourselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

import structlog

from hounsfield.dicom.dictionary import tag_of
from hounsfield.index.reader import IndexReader
from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import ConfigurationError, Gone, InvalidQuery, PeerUnknown, StudyNotFound
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.jobs import Job
from hounsfield.model.priors import NOT_TO_BE_ASKED_FOR, Relevance, issuers_meant
from hounsfield.model.query import Level
from hounsfield.network.errors import AssociationRefused, NetworkError, NeverEstablished, Unreachable
from hounsfield.peers.dimse import DimsePeer
from hounsfield.peers.pull import Progress, Wanted, move
from hounsfield.peers.query import Key, find
from hounsfield.services.prior_jobs import jobs_behind, relevance_of
from hounsfield.services.work import until_stopping

MOST_ANSWERS = 500
"""Studies of one patient that a peer may name, and series of one study."""
MOST_LOOKED_INTO = 50
"""Studies whose series a peer is asked for, to learn which body part they show."""

HOLD_EVERY_S = 10.0
LEASE_S = 900.0
"""Longer than a source that is asked may say nothing (`network.limits`)."""

T = TypeVar("T")

_ASKED = {
    keyword: tag_of(keyword) or 0
    for keyword in ("PatientID", "IssuerOfPatientID", "StudyInstanceUID", "StudyDate", "NumberOfStudyRelatedInstances", "ModalitiesInStudy")
}
_MODALITIES = _ASKED["ModalitiesInStudy"]
_SERIES_ASKED = {keyword: tag_of(keyword) or 0 for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "BodyPartExamined")}

log = structlog.get_logger()


class Prior(NamedTuple):
    """A study that a peer has. instances: how many it says; 0 where it does not say."""

    date: str
    study_instance_uid: str
    instances: int
    modalities: tuple[str, ...]


class _Sought(NamedTuple):
    """Whose priors a job seeks. study: for which study; empty where it is still to be made."""

    patient_id: str
    issuer: str
    study: str
    relevance: Relevance


class Source(Protocol):
    """A peer that has studies."""

    def find(self, peer: DimsePeer, level: Level, keys: Sequence[Key]) -> Iterator[Mapping[str, Any]]:
        """Its studies or series that match, as DICOM JSON. Raises: NetworkError, InvalidQuery."""
        ...

    def move(self, peer: DimsePeer, wanted: Wanted, destination: str) -> Iterator[Progress]:
        """Has it send a study to an AE title. Raises: NetworkError."""
        ...


class DimseSource:
    """By C-FIND and C-MOVE of the Study Root (PS3.4 C.6.2)."""

    def find(self, peer: DimsePeer, level: Level, keys: Sequence[Key]) -> Iterator[Mapping[str, Any]]:
        """As the protocol says."""
        return find(peer, level, keys, most=MOST_ANSWERS)

    def move(self, peer: DimsePeer, wanted: Wanted, destination: str) -> Iterator[Progress]:
        """As the protocol says."""
        return move(peer, wanted, destination)


class _NotOurs(Exception):
    """The job was cancelled, or another has it by now."""


class _Lease:
    """Of a job and those behind it in its batch: renewed while the source works, however long that takes."""

    def __init__(self, jobs: Jobs, batch: Sequence[Job], owner: str, monotonic: Callable[[], float]) -> None:
        self._jobs = jobs
        self._batch = batch
        self._owner = owner
        self._monotonic = monotonic
        self._held_at: float | None = None

    def during(self, steps: Iterable[T]) -> Iterator[T]:
        """The steps. Raises: _NotOurs."""
        self._renew()
        for step in steps:
            yield step
            self._renew()

    def _renew(self) -> None:
        if self._held_at is not None and self._monotonic() - self._held_at < HOLD_EVERY_S:
            return
        if self._batch[0].id not in self._jobs.hold(self._batch, self._owner, LEASE_S):
            raise _NotOurs
        self._held_at = self._monotonic()


class Prefetch:
    """Answers `services.work.Handler`.

    call: how a peer is called, by its AE title; raises PeerUnknown, ConfigurationError. own_ae_title: where the studies are sent.
    """

    def __init__(
        self,
        jobs: Jobs,
        reader: IndexReader,
        call: Callable[[str], DimsePeer],
        own_ae_title: str,
        source: Source,
        stopping: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._reader = reader
        self._call = call
        self._own_ae_title = own_ae_title
        self._source = source
        self._stopping = stopping
        self._monotonic = monotonic

    def parallel(self, peer: str) -> int:
        """One patient after the other: a source has other things to do."""
        return 1

    def __call__(self, peer: str, batch: Sequence[Job], owner: str) -> None:
        """Every job of the batch is settled or given back when this returns. Raises: IndexUnavailable; the lease then lapses."""
        for left in until_stopping(self._jobs, batch, owner, self._stopping):
            job = left[0]
            try:
                self._bring(peer, job, owner, _Lease(self._jobs, left, owner, self._monotonic))
            except _NotOurs:
                log.info("prefetch.broken_off", peer=peer, job=job.id)
            except (Unreachable, AssociationRefused, NeverEstablished, PeerUnknown, ConfigurationError) as exc:
                pause_s = self._jobs.pause(job.queue, str(exc))
                log.warning("prefetch.paused", peer=peer, error=type(exc).__name__, pause_s=round(pause_s, 1))
                self._jobs.release(left, owner)
                return
            except (NetworkError, InvalidQuery) as exc:
                # It came to nothing on this job: others must not wait for it.
                self._jobs.fail(job, owner, str(exc), then=jobs_behind(peer, job, in_part=True))

    def _bring(self, peer: str, job: Job, owner: str, lease: _Lease) -> None:
        partition_id = int(job.payload["partition"])
        sought = self._sought(partition_id, job)
        if isinstance(sought, str):
            self._jobs.discard(job, owner, sought)
            return
        called = self._call(peer)
        wanted = self._wanted(called, partition_id, sought, lease)
        before = self._here(partition_id, wanted)
        moved = failed = 0
        for prior in wanted:
            for progress in lease.during(self._source.move(called, Wanted(prior.study_instance_uid), self._own_ae_title)):
                if progress.is_final:
                    moved += progress.completed + progress.warning
                    failed += progress.failed
        if failed:
            # Everything else is moved each time: where that has brought nothing for the second time, it will not.
            in_vain = job.attempts > 0 and moved > 0 and self._here(partition_id, wanted) == before
            said = f"{peer} could not send {failed} objects"
            self._jobs.fail(job, owner, said, permanently=in_vain, then=jobs_behind(peer, job, in_part=True))
            return
        self._jobs.complete([job], owner, jobs_behind(peer, job))
        log.info("prefetch.brought", peer=peer, studies=len(wanted))

    def _sought(self, partition_id: int, job: Job) -> _Sought | str:
        """Or why nothing is."""
        say, relevance = job.payload, relevance_of(job)
        if "patient" in say:
            return _Sought(say["patient"], say["issuer"], "", relevance)
        try:
            study = self._reader.study_detail(partition_id, say["study"]).study
        except (StudyNotFound, Gone):
            return "the study was deleted before its priors were asked for"
        if not study.patient_id or NOT_TO_BE_ASKED_FOR & set(study.patient_id):
            return "the study has no Patient ID that could be asked for"
        return _Sought(study.patient_id, study.issuer, study.study_instance_uid, relevance)

    def _here(self, partition_id: int, wanted: Sequence[Prior]) -> int:
        """How many objects of these studies."""
        return sum(self._instances_here(partition_id, prior.study_instance_uid) for prior in wanted)

    def _instances_here(self, partition_id: int, study_instance_uid: str) -> int:
        try:
            return self._reader.study_detail(partition_id, study_instance_uid).study.instance_count
        except (StudyNotFound, Gone):
            return 0

    def _wanted(self, called: DimsePeer, partition_id: int, sought: _Sought, lease: _Lease) -> list[Prior]:
        """The latest that are not here."""
        relevance = sought.relevance
        known = (one for one in self._priors(called, sought, lease) if relevance.has_modality(one.modalities))
        missing = (one for one in known if self._is_wanted(partition_id, one))
        if relevance.body_part:
            looked_into = islice(missing, MOST_LOOKED_INTO)
            missing = (one for one in looked_into if relevance.has_body_part(self._body_parts(called, one, lease)))
        return list(islice(missing, relevance.most))

    def _priors(self, called: DimsePeer, sought: _Sought, lease: _Lease) -> list[Prior]:
        """Of the same patient, the latest first. What the peer answers beyond what it was asked is left out."""
        keys = [Key(tag, sought.patient_id if keyword == "PatientID" else "") for keyword, tag in _ASKED.items()]
        found = []
        for answer in lease.during(self._source.find(called, Level.STUDY, keys)):
            patient_id, issuer, uid, date, count, _ = (_text(answer, tag) for tag in _ASKED.values())
            if patient_id == sought.patient_id and is_usable_uid(uid) and uid != sought.study:
                instances = int(count) if count.isdecimal() and len(count) < 10 else 0
                found.append((issuer, Prior(date, uid, instances, tuple(_texts(answer, _MODALITIES)))))
        meant = issuers_meant(sought.issuer, [issuer for issuer, _ in found])
        return sorted({one.study_instance_uid: one for issuer, one in found if issuer in meant}.values(), reverse=True)

    def _body_parts(self, called: DimsePeer, prior: Prior, lease: _Lease) -> list[str]:
        """Of its series, as far as the peer says."""
        keys = [Key(tag, prior.study_instance_uid if keyword == "StudyInstanceUID" else "") for keyword, tag in _SERIES_ASKED.items()]
        answers = lease.during(self._source.find(called, Level.SERIES, keys))
        return [_text(answer, _SERIES_ASKED["BodyPartExamined"]) for answer in answers]

    def _is_wanted(self, partition_id: int, prior: Prior) -> bool:
        """Not deleted here, and not here already, or only a part of what the peer says it has: an earlier attempt broke off."""
        try:
            here = self._reader.study_detail(partition_id, prior.study_instance_uid).study
        except Gone:
            return False
        except StudyNotFound:
            return True
        return here.instance_count < prior.instances


def _text(answer: Mapping[str, Any], tag: int) -> str:
    return (_texts(answer, tag) or [""])[0]


def _texts(answer: Mapping[str, Any], tag: int) -> list[str]:
    """Whatever is no text counts as empty."""
    values = answer.get(f"{tag:08X}", {}).get("Value") or []
    return [str(value).strip() if isinstance(value, str | int) else "" for value in values]
