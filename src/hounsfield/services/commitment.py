"""Say whether instances are safe: only after their bytes were read again from the disk (PS3.4 J.3.3.1.2)."""

from __future__ import annotations

from collections.abc import Callable

from hounsfield.archive.reader import PackReader
from hounsfield.dicom.sop_classes import STORAGE_SOP_CLASSES
from hounsfield.index.holdings import Holding, Holdings
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, Failure, FailureReason, Reference
from hounsfield.model.errors import DamagedObject, PackUnavailable
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies

STANDARD_ROOT = "1.2.840.10008."


class JudgementStopped(Exception):
    """The process is ending; the request is judged by the next one."""


class CommitmentJudge:
    """Holds each instance of a request against what was received. Thread-safe."""

    def __init__(self, holdings: Holdings, packs: PackReader) -> None:
        self._holdings = holdings
        self._packs = packs

    def judge(
        self,
        partition_id: int,
        request: CommitmentRequest,
        stopping: Callable[[], bool] = lambda: False,
        visible: VisibleStudies = ALL_STUDIES,
        ae_title: str = "",
    ) -> CommitmentResult:
        """Both SHA-256 digests and the checksum of each instance, and of what was kept aside under its UID: it may be what the peer sent.

        visible: what the peer sees; an instance of another study is to it as if it were not here, unless it brought one of that UID itself.
        ae_title: the peer's.
        Raises: IndexUnavailable; JudgementStopped.
        """
        uids = tuple(dict.fromkeys(reference.sop_instance_uid for reference in request.references))
        # As they lie in the packs, so that the disk is read in one direction.
        held = sorted(self._holdings.held(partition_id, uids, visible, ae_title), key=_place)
        classes = {one.instance.sop_instance_uid: one.instance.sop_class_uid for one in held}
        asked = set(request.references)
        damaged = set()
        for one in held:
            if stopping():
                raise JudgementStopped
            named = Reference(one.instance.sop_class_uid, one.instance.sop_instance_uid)
            if named in asked and not self._is_whole(one):
                damaged.add(named.sop_instance_uid)
        committed, failed = [], []
        for reference in request.references:
            reason = _reason(reference, classes.get(reference.sop_instance_uid), reference.sop_instance_uid in damaged)
            if reason is None:
                committed.append(reference)
            else:
                failed.append(Failure(reference, reason))
        return CommitmentResult(request.transaction_uid, tuple(committed), tuple(failed))

    def _is_whole(self, holding: Holding) -> bool:
        try:
            for stored in (holding.instance.stored, *holding.aside):
                self._packs.verify(stored, from_disk=True)
        except (DamagedObject, PackUnavailable):
            return False
        return True


def refused(request: CommitmentRequest, reason: FailureReason) -> CommitmentResult:
    """The result where nothing of a request is committed, for one reason."""
    return CommitmentResult(request.transaction_uid, (), tuple(Failure(reference, reason) for reference in request.references))


def _place(holding: Holding) -> tuple[str, int]:
    location = holding.instance.stored.location
    return location.pack_id, location.offset_bytes


def _reason(reference: Reference, held_class: str | None, damaged: bool) -> FailureReason | None:
    """Why a reference is not committed, None where it is."""
    if held_class is None:
        is_ours = reference.sop_class_uid in STORAGE_SOP_CLASSES or not reference.sop_class_uid.startswith(STANDARD_ROOT)
        return FailureReason.NO_SUCH_OBJECT_INSTANCE if is_ours else FailureReason.REFERENCED_SOP_CLASS_NOT_SUPPORTED
    if held_class != reference.sop_class_uid:
        return FailureReason.CLASS_INSTANCE_CONFLICT
    return FailureReason.PROCESSING_FAILURE if damaged else None
