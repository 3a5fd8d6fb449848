"""Take rejection notes at their word: what a Key Object Selection document with such a title refers to is rejected (ADR 0014)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from hounsfield.dicom.element_tree import read_data_set
from hounsfield.dicom.rejection_note import KEY_OBJECT_SELECTION, Reference, RejectionNote, read_rejection_note
from hounsfield.index.retrieval import RetrievalReader
from hounsfield.model.errors import DamagedObject, Gone, NotFound, UnreadableObject
from hounsfield.model.identity import holding
from hounsfield.model.origin import Origin
from hounsfield.model.outcomes import StoreResult
from hounsfield.model.retrieval import Named
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.coercion import header_syntax
from hounsfield.services.delete import Decide, Subject
from hounsfield.services.reject import reject_objects
from hounsfield.services.retrieve import Retrieve

log = structlog.get_logger(__name__)

MOST_NOTE_BYTES: Final = 16 << 20
"""Some hundred thousand references."""

_MOST_INSTANCES: Final = 1 << 20


class RejectionNotes:
    """Told of every object that was stored. Thread-safe; calls block."""

    def __init__(self, retrieve: Retrieve, instances: RetrievalReader, decide: Decide) -> None:
        self._retrieve = retrieve
        self._instances = instances
        self._decide = decide

    def take(self, origin: Origin, result: StoreResult) -> None:
        """Reject what a note names, where whoever brings it may reject; else the note is stored alone, and the log says so.

        To be told twice of one note changes nothing, but for objects that were not here the first time: also what an editor has restored
        since stays. Raises: Unavailable, when not all may have been rejected: whoever brings the note is to bring it again.
        """
        if result.sop_class_uid != KEY_OBJECT_SELECTION or result.kept_aside:
            return
        try:
            stored = self._retrieve.instance(origin, result.study_instance_uid, result.series_instance_uid, result.sop_instance_uid)
            note = self._read(stored)
        except (NotFound, Gone, UnreadableObject, DamagedObject) as exc:
            log.warning("rejection_note.not_read", sop_instance_uid=result.sop_instance_uid, reason=type(exc).__name__)
            return
        if note is None:
            return
        said = {"sop_instance_uid": result.sop_instance_uid, "code": note.code.value, "references": len(note.references)}
        if not origin.may_reject:
            log.warning("rejection_note.stored_only", **said, principal=origin.principal.name, calling_ae_title=origin.calling_ae_title)
            return
        rejected = self._reject(origin, note, stored)
        log.info("rejection_note.taken", **said, rejected=rejected, principal=origin.principal.name)

    def _read(self, stored: StoredInstance) -> RejectionNote | None:
        if stored.header_length_bytes > MOST_NOTE_BYTES:
            raise UnreadableObject(f"a key object selection of more than {MOST_NOTE_BYTES} bytes")
        return read_rejection_note(read_data_set(self._retrieve.header(stored), header_syntax(stored)))

    def _reject(self, origin: Origin, note: RejectionNote, stored: StoredInstance) -> int:
        """How many instances are out of sight now that were not before."""
        wanted = [one for one in self._here(origin, note.references, stored) if one.sop_instance_uid != stored.sop_instance_uid]
        reason = f"{note.code.meaning}, by the rejection note {stored.sop_instance_uid}"
        rejected = 0
        for subject, count in self._subjects(origin, wanted):
            try:
                reject_objects(self._decide, origin, subject, note.code, reason)
            except (NotFound, Gone):
                continue  # somebody else decided on it in the meantime
            rejected += count
        return rejected

    def _here(self, origin: Origin, references: Sequence[Reference], stored: StoredInstance) -> list[Reference]:
        """Those that are here, in sight of whoever brings the note, and have not been restored since it came first."""
        partition_id = origin.principal.partition_id
        found: set[Reference] = set()
        for study in dict.fromkeys(reference.study_instance_uid for reference in references):
            uids = tuple(one.sop_instance_uid for one in references if one.study_instance_uid == study)
            named = Named(study_instance_uids=(study,), sop_instance_uids=uids)
            keys = [one.key for one in self._instances.named(partition_id, named, _MOST_INSTANCES, origin.visible)]
            decided = self._retrieve.reader.decided(partition_id, study)
            for one in self._instances.by_keys(partition_id, keys).values():
                holds = holding(decided, one.series_instance_uid, one.sop_instance_uid)
                if holds is None or holds.rejects or holds.decided_at_ns < stored.stored.received_at_ns:
                    found.add(Reference(one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid))
        return [reference for reference in references if reference in found]

    def _subjects(self, origin: Origin, wanted: Iterable[Reference]) -> list[tuple[Subject, int]]:
        """As few decisions as say the same, with how many instances each is about: one for a series all of which is named."""
        wanted = list(wanted)
        named = Counter((one.study_instance_uid, one.series_instance_uid) for one in wanted)
        whole = {
            series: count
            for series, count in named.items()
            if count > 1 and count == len(self._retrieve.reader.instances(origin.principal.partition_id, *series))
        }
        single = [(Subject(*one), 1) for one in wanted if one[:2] not in whole]
        return [(Subject(*series), count) for series, count in whole.items()] + single
