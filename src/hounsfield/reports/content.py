"""Content items of structured documents, read with tolerance (PS3.3 C.17.3, C.18)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hounsfield.dicom.element_tree import DataSet
from hounsfield.model.identifiers import is_usable_uid

VALUE_TYPE, RELATIONSHIP, CONTENT = 0x0040A040, 0x0040A010, 0x0040A730
CONCEPT_NAME, CONCEPT_CODE = 0x0040A043, 0x0040A168
TEXT, DATE_TIME, DATE, TIME, PERSON_NAME, UID = 0x0040A160, 0x0040A120, 0x0040A121, 0x0040A122, 0x0040A123, 0x0040A124
MEASURED, NUMERIC, UNITS = 0x0040A300, 0x0040A30A, 0x004008EA
GRAPHIC_TYPE, GRAPHIC_DATA = 0x00700023, 0x00700022
TEMPLATES, TEMPLATE = 0x0040A504, 0x0040DB00
CONTENT_DATE, CONTENT_TIME = 0x00080023, 0x00080033
_CODE_VALUES, _SCHEME, _MEANING = (0x00080100, 0x00080119, 0x00080120), 0x00080102, 0x00080104
_REFERENCED, _REFERENCED_CLASS, _REFERENCED_UID, _REFERENCED_FRAMES = 0x00081199, 0x00081150, 0x00081155, 0x00081160

_DEEPEST = 8
_MOST_FRAMES = 1000

Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reference:
    """Of an IMAGE, COMPOSITE or WAVEFORM. frames: their numbers (from 1); none for all of it."""

    sop_class_uid: str
    sop_instance_uid: str
    frames: tuple[int, ...]


def children(item: DataSet) -> tuple[DataSet, ...]:
    """The content items that an item or a document holds."""
    return item.items(CONTENT)


def below(item: DataSet, depth: int = _DEEPEST) -> Iterator[DataSet]:
    """All content items in an item, its own first."""
    for child in children(item):
        yield child
        if depth:
            yield from below(child, depth - 1)


def name_of(item: DataSet) -> Code:
    """Value and scheme of the concept that an item is about."""
    return code_of(item, CONCEPT_NAME)[:2]


def words_of(item: DataSet) -> str:
    """The concept in words."""
    return code_of(item, CONCEPT_NAME)[2]


def code_of(item: DataSet, tag: int) -> tuple[str, str, str]:
    """Value, scheme, meaning (PS3.3 8.8); empty where there is none."""
    coded = next(iter(item.items(tag)), None)
    if coded is None:
        return "", "", ""
    value = next((text for one in _CODE_VALUES if (text := coded.text(one))), "")
    return value, coded.text(_SCHEME), coded.text(_MEANING)


def references_of(item: DataSet) -> tuple[Reference, ...]:
    """What it refers to, as far as it has UIDs."""
    found = []
    for reference in item.items(_REFERENCED):
        uid = reference.text(_REFERENCED_UID)
        if is_usable_uid(uid):
            found.append(Reference(reference.text(_REFERENCED_CLASS), uid, _frames(reference.text(_REFERENCED_FRAMES))))
    return tuple(found)


def _frames(text: str) -> tuple[int, ...]:
    numbers = (part.strip() for part in text.split("\\", _MOST_FRAMES)[:_MOST_FRAMES])
    return tuple(int(part) for part in numbers if part.isascii() and part.isdigit() and len(part) < 10 and int(part))


def person(name: str) -> str:
    """The alphabetic group as people read it."""
    return " ".join(name.partition("=")[0].replace("^", " ").split())
