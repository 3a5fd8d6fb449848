"""Structured documents of every class as a tree that people can read (PS3.3 C.17.3), bounded in depth and size."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.frame_times import numbers
from hounsfield.reports.content import (
    CONCEPT_CODE,
    CONTENT_DATE,
    CONTENT_TIME,
    DATE,
    DATE_TIME,
    GRAPHIC_DATA,
    GRAPHIC_TYPE,
    MEASURED,
    NUMERIC,
    PERSON_NAME,
    RELATIONSHIP,
    TEXT,
    TIME,
    UID,
    UNITS,
    VALUE_TYPE,
    Reference,
    children,
    code_of,
    person,
    references_of,
    words_of,
)

DEEPEST = 32
MOST_ITEMS = 5000
MOST_CHARACTERS = 20_000
"""Of one value; what is longer is cut."""

_COMPLETION, _VERIFICATION, _SERIES_DESCRIPTION = 0x0040A491, 0x0040A493, 0x0008103E
_MANUFACTURER, _INSTITUTION = 0x00080070, 0x00080080
_QUALIFIER, _BY_REFERENCE, _RANGE_TYPE = 0x0040A301, 0x0040DB73, 0x0040A130
_VERIFYING_OBSERVERS, _VERIFYING_NAME, _VERIFIED_AT = 0x0040A073, 0x0040A075, 0x0040A030
_TIMED = {"DATE": DATE, "TIME": TIME, "DATETIME": DATE_TIME}
_NO_UNIT = "1"


@dataclass(frozen=True, slots=True)
class ContentItem:
    """One content item.

    relationship: to the item above it, such as CONTAINS. name: the concept in words.
    value: as text; of a number as it is written, of dates and times as DICOM has them; of graphics their type.
    unit: its meaning, else its code. points: how many of a graphic.
    """

    relationship: str
    value_type: str
    name: str
    value: str
    unit: str
    points: int
    references: tuple[Reference, ...]
    items: tuple[ContentItem, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """Who vouches for a document, and since when (a DICOM date and time)."""

    name: str
    at: str


@dataclass(frozen=True, slots=True)
class Document:
    """completion, verification: as the standard names them, such as COMPLETE and VERIFIED. content_time: a DICOM date and time.

    cut: whether there is more of it than is told here.
    """

    title: str
    description: str
    completion: str
    verification: str
    verified_by: tuple[Verification, ...]
    content_time: str
    manufacturer: str
    institution: str
    items: tuple[ContentItem, ...]
    cut: bool


def read_document(document: DataSet) -> Document:
    """What cannot be read is left out."""
    reader = _Reader()
    items = reader.items(document, DEEPEST)
    verified = tuple(
        Verification(person(one.text(_VERIFYING_NAME)), one.text(_VERIFIED_AT)[:26]) for one in document.items(_VERIFYING_OBSERVERS)[:20]
    )
    return Document(
        _short(words_of(document)),
        _short(document.text(_SERIES_DESCRIPTION)),
        _short(document.text(_COMPLETION)),
        _short(document.text(_VERIFICATION)),
        verified,
        (document.text(CONTENT_DATE) + document.text(CONTENT_TIME))[:26],
        _short(document.text(_MANUFACTURER)),
        _short(document.text(_INSTITUTION)),
        items,
        reader.cut or not document.whole,
    )


class _Reader:
    def __init__(self) -> None:
        self.left = MOST_ITEMS
        self.cut = False

    def items(self, above: DataSet, depth: int) -> tuple[ContentItem, ...]:
        found = []
        for item in children(above):
            if self.left == 0 or depth == 0:
                self.cut = True
                break
            self.left -= 1
            found.append(self._item(item, depth - 1))
        return tuple(found)

    def _item(self, item: DataSet, depth: int) -> ContentItem:
        value_type = _short(item.text(VALUE_TYPE))
        value, unit, points = self._value(item, value_type)
        if len(value) > MOST_CHARACTERS:
            value, self.cut = value[:MOST_CHARACTERS], True
        return ContentItem(
            _short(item.text(RELATIONSHIP)),
            value_type,
            _short(words_of(item)),
            value,
            _short(unit),
            points,
            references_of(item),
            self.items(item, depth),
        )

    def _value(self, item: DataSet, value_type: str) -> tuple[str, str, int]:
        """Value, unit and number of points."""
        if value_type == "NUM":
            return *_number(item), 0
        if value_type in ("SCOORD", "SCOORD3D"):
            graphic = item.get(GRAPHIC_DATA)
            size = 12 if value_type == "SCOORD3D" else 8
            return item.text(GRAPHIC_TYPE), "", len(graphic.value) // size if graphic is not None else 0
        if value_type == "CODE":
            value, _scheme, meaning = code_of(item, CONCEPT_CODE)
            return meaning or value, "", 0
        if value_type in _TIMED:
            return item.text(_TIMED[value_type]), "", 0
        simple = {"TEXT": item.text(TEXT), "UIDREF": item.text(UID), "TCOORD": item.text(_RANGE_TYPE)}
        if value_type == "PNAME":
            return person(item.text(PERSON_NAME)), "", 0
        if value_type == "" and _BY_REFERENCE in item:
            return ".".join(str(int(number)) for number in numbers(item, _BY_REFERENCE)[:DEEPEST]), "", 0
        return simple.get(value_type, ""), "", 0


def _number(item: DataSet) -> tuple[str, str]:
    """As it is written, and its unit; where there is none, why (PS3.3 C.18.1)."""
    measured = next(iter(item.items(MEASURED)), None)
    if measured is None:
        return code_of(item, _QUALIFIER)[2], ""
    code, _scheme, meaning = code_of(measured, UNITS)
    return measured.text(NUMERIC), "" if code == _NO_UNIT else meaning or code


def _short(text: str) -> str:
    return text[:256]
