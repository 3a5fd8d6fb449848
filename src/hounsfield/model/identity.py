"""Who is who, and which of two objects counts: one set of rules for the live path and for `reindex`.

Identity is judged in order of precedence (`StoredObject.precedence`): an object is measured against those of lesser
precedence that already count. It is

1. a duplicate, where its SOP Instance UID is taken by an object of the same data set and transfer syntax;
2. kept aside, where its SOP Instance UID is taken by other bytes, or by an object of another study or series;
3. kept aside, where its series is known in another study;
4. kept aside, where its study is known under another patient (Patient ID and issuer; a name that differs alone is no conflict).

What is kept aside lays no claim: it opens no study, series or patient. A deletion covers all that it names and that was received
until it was decided: such objects are judged as if they had never come, so that what was kept aside on their account may count then.
A rejection hides what it names, and a restoration brings it back. Of all decisions to reject or to restore that name an instance the
latest holds, for every object of its study, series and SOP Instance UID, if one of them had been received by then: what was rejected
stays so when it is sent once more. A rejected object lays no claim either, and is not deleted.

The whole is therefore a function of the set of objects and decisions, not of the order in which they reached the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hounsfield.model.outcomes import StoreOutcome

Precedence = tuple[int, str, str, int]


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Patient ID and issuer; of a patient without an ID the study stands for both.

    study_instance_uid: empty wherever there is a Patient ID.
    """

    patient_id: str
    issuer: str
    study_instance_uid: str


def patient_identity(patient_id: str, issuer: str, study_instance_uid: str, default_issuer: str = "") -> PatientIdentity:
    """The patient whom an object names. default_issuer: the source's, used where the object names none."""
    if not patient_id:
        return PatientIdentity("", "", study_instance_uid)
    return PatientIdentity(patient_id, issuer or default_issuer, "")


@dataclass(frozen=True, slots=True)
class ObjectIdentity:
    """What the judgement of an object rests on."""

    partition_id: int
    patient: PatientIdentity
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    data_set_sha256: bytes
    transfer_syntax_uid: str
    precedence: Precedence

    @property
    def instance(self) -> tuple[str, str, str]:
        """Study, series and SOP Instance UID."""
        return (self.study_instance_uid, self.series_instance_uid, self.sop_instance_uid)

    def same_content(self, other: ObjectIdentity) -> bool:
        """Whether both are the same bytes in the same transfer syntax, whatever way they came."""
        return self.data_set_sha256 == other.data_set_sha256 and self.transfer_syntax_uid == other.transfer_syntax_uid

    def same_place(self, other: ObjectIdentity) -> bool:
        """Whether both are of one series of one study of one patient."""
        return (
            self.series_instance_uid == other.series_instance_uid
            and self.study_instance_uid == other.study_instance_uid
            and self.patient == other.patient
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """How an object was judged. reason: for a person, empty where it is simply stored; names no patient."""

    outcome: StoreOutcome
    reason: str = ""


STORED = Judgement(StoreOutcome.STORED)


def judge(
    arrival: ObjectIdentity,
    holder: ObjectIdentity | None,
    series_study_uid: str | None,
    study_patient: PatientIdentity | None,
) -> Judgement:
    """Judge an object against what counts already.

    holder: the object that holds its SOP Instance UID.
    series_study_uid: the study that its series is known in.
    study_patient: the patient that its study is known under.
    """
    if holder is not None:
        return judge_against_holder(arrival, holder)
    if series_study_uid is not None and series_study_uid != arrival.study_instance_uid:
        return Judgement(StoreOutcome.KEPT_ASIDE_UID, f"series {arrival.series_instance_uid} is known in study {series_study_uid}")
    if study_patient is not None and study_patient != arrival.patient:
        return Judgement(StoreOutcome.KEPT_ASIDE_PATIENT, f"study {arrival.study_instance_uid} is known under another patient")
    return STORED


def judge_against_holder(arrival: ObjectIdentity, holder: ObjectIdentity) -> Judgement:
    """Judge an object whose SOP Instance UID is taken."""
    uid = arrival.sop_instance_uid
    if arrival.study_instance_uid != holder.study_instance_uid:
        return Judgement(StoreOutcome.KEPT_ASIDE_UID, f"instance {uid} is known in study {holder.study_instance_uid}")
    if arrival.series_instance_uid != holder.series_instance_uid:
        return Judgement(StoreOutcome.KEPT_ASIDE_UID, f"instance {uid} is known in series {holder.series_instance_uid}")
    if arrival.same_content(holder):
        return Judgement(StoreOutcome.DUPLICATE, f"instance {uid} is here already with the same content")
    return Judgement(StoreOutcome.KEPT_ASIDE_UID, f"instance {uid} is here already with other content")


@dataclass(frozen=True, slots=True)
class Deletion:
    """A decision to delete.

    series_instance_uid, sop_instance_uid: empty above their level.
    """

    partition_id: int
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    decided_at_ns: int

    def covers(self, target: ObjectIdentity) -> bool:
        """Whether it removes this object."""
        return (
            target.precedence[0] <= self.decided_at_ns
            and target.partition_id == self.partition_id
            and target.study_instance_uid == self.study_instance_uid
            and self.series_instance_uid in ("", target.series_instance_uid)
            and self.sop_instance_uid in ("", target.sop_instance_uid)
        )


class Standing(NamedTuple):
    """A decision to reject a part of a study, or to restore it. series_instance_uid, sop_instance_uid: empty above its level."""

    series_instance_uid: str
    sop_instance_uid: str
    decided_at_ns: int
    rejects: bool

    def names(self, series_instance_uid: str, sop_instance_uid: str) -> bool:
        """Whether it is about this instance."""
        return self.series_instance_uid in ("", series_instance_uid) and self.sop_instance_uid in ("", sop_instance_uid)


def holding(decided: Iterable[Standing], series_instance_uid: str, sop_instance_uid: str) -> Standing | None:
    """Of the decisions on a study the one that holds for an instance: the latest that names it."""
    naming = [one for one in decided if one.names(series_instance_uid, sop_instance_uid)]
    return max(naming, key=lambda one: (one.decided_at_ns, one.series_instance_uid, one.sop_instance_uid), default=None)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A decision to reject or to restore, and the study that it is about."""

    partition_id: int
    study_instance_uid: str
    standing: Standing


@dataclass(slots=True)
class Settled:
    """The state that a set of objects and decisions comes to. Keys of the mappings begin with the partition."""

    counting: dict[tuple[int, str], ObjectIdentity] = field(default_factory=dict)
    kept_aside: dict[ObjectIdentity, Judgement] = field(default_factory=dict)
    rejected: set[ObjectIdentity] = field(default_factory=set)


def settle(objects: Iterable[ObjectIdentity], deletions: Iterable[Deletion] = (), rejections: Iterable[Rejection] = ()) -> Settled:
    """The reference that the index is held against: plain, and as slow as it is plain."""
    state = Settled()
    deleting, rejecting = list(deletions), list(rejections)
    left = [one for one in objects if not any(deletion.covers(one) for deletion in deleting)]
    state.rejected = {one for one in left if _is_rejected(one, left, rejecting)}
    for arrival in sorted(left, key=lambda candidate: candidate.precedence):
        if arrival in state.rejected:
            continue
        judgement = judge(
            arrival,
            state.counting.get((arrival.partition_id, arrival.sop_instance_uid)),
            _series_studies(state.counting).get((arrival.partition_id, arrival.series_instance_uid)),
            _study_patients(state.counting).get((arrival.partition_id, arrival.study_instance_uid)),
        )
        if judgement.outcome is StoreOutcome.STORED:
            state.counting[arrival.partition_id, arrival.sop_instance_uid] = arrival
        else:
            state.kept_aside[arrival] = judgement
    return state


def _is_rejected(target: ObjectIdentity, objects: Iterable[ObjectIdentity], rejections: Iterable[Rejection]) -> bool:
    place = (target.partition_id, target.study_instance_uid)
    decided = [one.standing for one in rejections if (one.partition_id, one.study_instance_uid) == place]
    holds = holding(decided, target.series_instance_uid, target.sop_instance_uid)
    first_received_at_ns = min(one.precedence[0] for one in objects if one.partition_id == place[0] and one.instance == target.instance)
    return holds is not None and holds.rejects and first_received_at_ns <= holds.decided_at_ns


def _series_studies(counting: Mapping[tuple[int, str], ObjectIdentity]) -> dict[tuple[int, str], str]:
    return {(one.partition_id, one.series_instance_uid): one.study_instance_uid for one in counting.values()}


def _study_patients(counting: Mapping[tuple[int, str], ObjectIdentity]) -> dict[tuple[int, str], PatientIdentity]:
    return {(one.partition_id, one.study_instance_uid): one.patient for one in counting.values()}


def precedence_bytes(precedence: Precedence) -> bytes:
    """The precedence as bytes that sort as it does, for a database column."""
    received_at_ns, node, pack_id, offset_bytes = precedence
    return b"%s%s\0%s\0%s" % (received_at_ns.to_bytes(8, "big"), node.encode(), pack_id.encode(), offset_bytes.to_bytes(8, "big"))
