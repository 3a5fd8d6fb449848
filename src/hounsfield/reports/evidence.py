"""What every object of ours is built on: the images it is about, who it is by, and how it becomes a file."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pydicom
from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr.coding import CodedConcept
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from hounsfield import __version__
from hounsfield.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from hounsfield.dicom.sop_classes import RETIRED_STORAGE_SOP_CLASSES, STORAGE_SOP_CLASSES
from hounsfield.model.errors import InconsistentObject
from hounsfield.reports.concepts import MANUFACTURER, OURS, Concept

_TYPE_2 = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime")
"""Of patient and study: empty where the image leaves them out."""
_JUDGED = ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime")
"""highdicom refuses values beyond the standard's. They are not ours to judge: the object has them as the image has."""
_STAND_IN = "1.2.840.10008.5.1.4.1.1.7"
"""highdicom knows no retired and no private SOP class: it is told of a secondary capture, and the references are put right afterwards."""
_REFUSALS = (AttributeError, EOFError, KeyError, NotImplementedError, OverflowError, TypeError, ValueError, InvalidDicomError, struct.error)
"""What pydicom and highdicom raise for values of images that no object can have."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Of the object that is made, and who makes it when. instance_number: within its series. now: of the content."""

    series_instance_uid: str
    sop_instance_uid: str
    instance_number: int
    maker: str
    now: datetime


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A Part 10 file up to its pixels. is_multi_frame: references to it name the frame (PS3.3 10.3)."""

    head: bytes
    is_multi_frame: bool


class Evidence:
    """The images that an object is about, as highdicom takes them. data_sets: by SOP Instance UID, in the order given."""

    def __init__(self, images: Mapping[str, ImageFile]) -> None:
        self.images = images
        self.data_sets = {uid: pydicom.dcmread(io.BytesIO(image.head), stop_before_pixels=True) for uid, image in images.items()}
        first = next(iter(self.data_sets.values()))
        self._judged = [first[keyword] for keyword in _JUDGED if keyword in first]
        self._stood_in = {uid: str(image.SOPClassUID) for uid, image in self.data_sets.items() if not _is_known(image.SOPClassUID)}
        for uid, image in self.data_sets.items():
            _complete(image)
            if uid in self._stood_in:
                image.SOPClassUID = _STAND_IN

    def file(self, document: Dataset) -> bytes:
        """A Part 10 file of what was built on these images, in Explicit VR Little Endian."""
        for element in self._judged:
            document[element.tag] = element
        if self._stood_in:
            _name_classes(document, self._stood_in)
        document.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
        document.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
        file = io.BytesIO()
        document.save_as(file, enforce_file_format=True)
        return file.getvalue()


@contextlib.contextmanager
def refusing(what: str) -> Iterator[None]:
    """Raises: InconsistentObject where what the images say of themselves cannot be written. what: is to be made of them."""
    try:
        yield
    except _REFUSALS as exc:
        raise InconsistentObject(f"no {what} can be written about these images: {exc}") from exc


def of_ours(identity: Identity) -> dict[str, Any]:
    """What every constructor of highdicom wants to know of the object and its equipment. Texts are in UTF-8."""
    return {
        "series_instance_uid": identity.series_instance_uid,
        "sop_instance_uid": identity.sop_instance_uid,
        "instance_number": identity.instance_number,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": "Hounsfield",
        "device_serial_number": "0",
        "software_versions": __version__,
        "specific_character_set": "ISO_IR 192",
    }


def at_time(identity: Identity) -> dict[str, Any]:
    """When its content was made, of a document."""
    return {"content_date": identity.now.date(), "content_time": identity.now.time()}


def our_coding_scheme() -> CodingSchemeIdentificationItem:
    """For an object that has codes of ours (PS3.3 C.12.1.1.7)."""
    return CodingSchemeIdentificationItem(OURS, name="Hounsfield", responsible_organization="Hounsfield")


def observer_of(identity: Identity) -> sr.ObserverContext:
    """The person who made it (PS3.16 TID 1003)."""
    person = sr.PersonObserverIdentifyingAttributes(person_name(identity.maker), login_name=identity.maker[:64])
    return sr.ObserverContext(CodedConcept("121006", "DCM", "Person"), person)


def person_name(account: str) -> str:
    """One component of a name (PS3.5 6.2.1.1): accounts have no family and given name apart."""
    return "".join(" " if character in "^=\\" else character for character in account)[:64] + "^"


def coded(concept: Concept) -> CodedConcept:
    """As highdicom has it."""
    return CodedConcept(concept.value, concept.scheme, concept.meaning)


def _complete(image: Dataset) -> None:
    """As highdicom takes it."""
    for keyword in _TYPE_2:
        if keyword in _JUDGED:
            image.pop(keyword, None)
        if keyword not in image:
            setattr(image, keyword, "")


def _is_known(sop_class_uid: str) -> bool:
    return sop_class_uid in STORAGE_SOP_CLASSES and sop_class_uid not in RETIRED_STORAGE_SOP_CLASSES


def _name_classes(data_set: Dataset, classes: Mapping[str, str]) -> None:
    """In every reference to these instances."""
    if data_set.get("ReferencedSOPInstanceUID") in classes:
        data_set.ReferencedSOPClassUID = classes[data_set.ReferencedSOPInstanceUID]
    for element in data_set:
        if element.VR == "SQ":
            for item in element.value:
                _name_classes(item, classes)
