"""Read key images out of Key Object Selection Documents, ours and other makers' (PS3.3 A.35.4; PS3.16 TID 2010)."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.dicom.element_tree import DataSet
from hounsfield.model.key_image import KeyImage
from hounsfield.model.rejection import RejectionCode
from hounsfield.reports.concepts import MANUFACTURER, PERSON_OBSERVER_NAME, WITHDRAWN
from hounsfield.reports.content import (
    CONCEPT_NAME,
    CONTENT_DATE,
    CONTENT_TIME,
    PERSON_NAME,
    TEXT,
    VALUE_TYPE,
    below,
    children,
    code_of,
    name_of,
    person,
    references_of,
)

_MANUFACTURER = 0x00080070
_DESCRIPTION = ("113012", "DCM")
_MOST_IMAGES = 2000
_MOST_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class KeyObjects:
    """ours: made by a Hounsfield. withdrawn: it takes back what was selected before in its series. images: without repetition."""

    ours: bool
    code: str
    words: str
    withdrawn: bool
    description: str
    observer: str
    content_time: str
    images: tuple[KeyImage, ...]


def read_key_objects(document: DataSet) -> KeyObjects | None:
    """None for a rejection note, which points nothing out."""
    value, scheme, meaning = code_of(document, CONCEPT_NAME)
    if scheme == "DCM" and value in set(RejectionCode):
        return None
    items = children(document)
    images: dict[KeyImage, None] = {}
    for item in below(document):
        if item.text(VALUE_TYPE) == "IMAGE":
            for reference in references_of(item):
                for frame in reference.frames or (0,):
                    if len(images) < _MOST_IMAGES:
                        images[KeyImage(reference.sop_instance_uid, frame)] = None
    return KeyObjects(
        document.text(_MANUFACTURER) == MANUFACTURER,
        value,
        meaning[:64],
        (value, scheme) == WITHDRAWN[:2],
        next((item.text(TEXT)[:_MOST_CHARACTERS] for item in items if name_of(item) == _DESCRIPTION), ""),
        next((person(item.text(PERSON_NAME)) for item in items if name_of(item) == PERSON_OBSERVER_NAME), ""),
        (document.text(CONTENT_DATE) + document.text(CONTENT_TIME))[:26],
        tuple(images),
    )
