"""Rejection notes: Key Object Selections whose title is a reason for rejection (IHE RAD TF-1 37; PS3.3 C.17.6; PS3.16 CID 7011)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.tags import SERIES_INSTANCE_UID, STUDY_INSTANCE_UID
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.rejection import CODING_SCHEME, RejectionCode

KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"

_CONCEPT_NAME, _CODE_VALUE, _CODING_SCHEME = 0x0040A043, 0x00080100, 0x00080102
_EVIDENCE, _REFERENCED_SERIES, _REFERENCED_SOPS, _SOP_INSTANCE = 0x0040A375, 0x00081115, 0x00081199, 0x00081155


class Reference(NamedTuple):
    """An instance that a note rejects."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class RejectionNote:
    """code: the reason. references: without repetition; those of the note that are no UIDs are left out."""

    code: RejectionCode
    references: tuple[Reference, ...]


def read_rejection_note(document: DataSet) -> RejectionNote | None:
    """document: a whole Key Object Selection. None where its title is another one, such as Of Interest.

    What it refers to stands in Current Requested Procedure Evidence Sequence, of one study or of several (PS3.3 C.17.6.2.1).
    """
    code = _title(document)
    if code is None:
        return None
    found: dict[Reference, None] = {}
    for study in document.items(_EVIDENCE):
        for series in study.items(_REFERENCED_SERIES):
            for instance in series.items(_REFERENCED_SOPS):
                names = Reference(study.text(STUDY_INSTANCE_UID), series.text(SERIES_INSTANCE_UID), instance.text(_SOP_INSTANCE))
                if all(map(is_usable_uid, names)):
                    found[names] = None
    return RejectionNote(code, tuple(found))


def _title(document: DataSet) -> RejectionCode | None:
    for title in document.items(_CONCEPT_NAME)[:1]:
        value = title.text(_CODE_VALUE)
        if title.text(_CODING_SCHEME) == CODING_SCHEME and value in set(RejectionCode):
            return RejectionCode(value)
    return None
