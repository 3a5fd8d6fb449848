"""Read measurements out of structured reports of template TID 1500, ours and other makers' (PS3.16 TID 1500, 1501, 1410, 300).

By tree, with tolerance: what is not understood is left out or listed as `Kind.OTHER`, and nothing of it is believed further than it goes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.frame_times import numbers
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.measurement import (
    MOST_LABEL_CHARACTERS,
    MOST_OUTLINE_POINTS,
    Kind,
    MeasuredValue,
    Measurement,
    Point,
    Quantity,
    Removal,
)
from hounsfield.reports.concepts import (
    DERIVATION,
    FINDINGS,
    FREE_TEXTS,
    IMAGING_MEASUREMENTS,
    MEASUREMENT_GROUP,
    METHODS,
    PERSON_OBSERVER_NAME,
    PLACE_ALONE,
    QUANTITY_OF,
    REMOVED,
    REPORT_TITLES,
    SPACING_OF,
    STATE,
    TRACKING_IDENTIFIER,
    TRACKING_UID,
)

_VALUE_TYPE, _CONTENT, _CONCEPT_NAME, _CONCEPT_CODE = 0x0040A040, 0x0040A730, 0x0040A043, 0x0040A168
_CODE_VALUES, _SCHEME, _MEANING = (0x00080100, 0x00080119, 0x00080120), 0x00080102, 0x00080104
_TEXT, _UID, _PERSON_NAME = 0x0040A160, 0x0040A124, 0x0040A123
_MEASURED, _NUMERIC, _UNITS = 0x0040A300, 0x0040A30A, 0x004008EA
_GRAPHIC_TYPE, _GRAPHIC_DATA = 0x00700023, 0x00700022
_REFERENCED, _REFERENCED_UID, _REFERENCED_FRAMES = 0x00081199, 0x00081155, 0x00081160
_TEMPLATES, _TEMPLATE = 0x0040A504, 0x0040DB00
_CONTENT_DATE, _CONTENT_TIME = 0x00080023, 0x00080033

MOST_GROUPS = 2000
_DEEPEST = 8
_STRAIGHT = 1e-3
"""Cosine of the angle between two sides that count as perpendicular."""

Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """content_time: as its Content Date and Time have it; it orders the states of one measurement."""

    content_time: str
    found: tuple[Measurement | Removal, ...]


def read_report(document: DataSet) -> Report | None:
    """None of what is no measurement report."""
    templates = {item.text(_TEMPLATE) for item in document.items(_TEMPLATES)}
    if "1500" not in templates and _name(document) not in REPORT_TITLES:
        return None
    observer = next((_person(item.text(_PERSON_NAME)) for item in _children(document) if _name(item) == PERSON_OBSERVER_NAME), "")
    found = []
    for container in _children(document):
        if _name(container) == IMAGING_MEASUREMENTS:
            groups = [group for group in _children(container) if _name(group) == MEASUREMENT_GROUP]
            found += [one for group in groups[:MOST_GROUPS] if (one := _group(group, observer)) is not None]
    return Report(document.text(_CONTENT_DATE) + document.text(_CONTENT_TIME), tuple(found))


def _group(group: DataSet, observer: str) -> Measurement | Removal | None:
    """None where it does not say what it measures on, or has no UID to be known by."""
    uid = next((item.text(_UID) for item in _children(group) if _name(item) == TRACKING_UID), "")
    label = next((item.text(_TEXT) for item in _children(group) if _name(item) == TRACKING_IDENTIFIER), "")[:MOST_LABEL_CHARACTERS]
    graphics = [item for item in _below(group) if item.text(_VALUE_TYPE) == "SCOORD"]
    images = [item for item in _below(graphics[0] if graphics else group) if item.text(_VALUE_TYPE) == "IMAGE"]
    reference = next((item for image in images for item in image.items(_REFERENCED)), None)
    image_uid = reference.text(_REFERENCED_UID) if reference is not None else ""
    if reference is None or not (is_usable_uid(uid) and is_usable_uid(image_uid)):
        return None
    frames = reference.text(_REFERENCED_FRAMES).split("\\")[0].strip()
    frame = int(frames) if frames.isascii() and frames.isdigit() and len(frames) < 10 else 1
    if any(_name(item) == STATE[:2] and _code(item, _CONCEPT_CODE)[:2] == REMOVED[:2] for item in _children(group)):
        return Removal(uid, label, image_uid, frame)
    # Other makers' tools track by the tool's name, and say in a finding what the reader called it.
    label = next((found for item in _children(group) if _name(item) in FINDINGS and (found := _free_text(item))), label)
    numeric = [item for item in _below(group) if item.text(_VALUE_TYPE) == "NUM"]
    values = [value for item in numeric if (value := _value(item)) is not None]
    kind, points = _shape(graphics, {value.name for value in values})
    return Measurement(
        uid, label or _words(group), kind, image_uid, max(frame, 1), points, tuple(values), _spacing(numeric), observer=observer
    )


def _free_text(finding: DataSet) -> str:
    value, _scheme, meaning = _code(finding, _CONCEPT_CODE)
    return meaning[:MOST_LABEL_CHARACTERS] if value in FREE_TEXTS else ""


def _value(item: DataSet) -> MeasuredValue | None:
    measured = next(iter(item.items(_MEASURED)), None)
    number = next(iter(numbers(measured, _NUMERIC)), math.nan) if measured is not None else math.nan
    name = _name(item)
    if measured is None or not math.isfinite(number) or name == PLACE_ALONE:
        return None
    derivation = next((_code(child, _CONCEPT_CODE) for child in _children(item) if _name(child) == DERIVATION), None)
    quantity = QUANTITY_OF.get(derivation[:2]) if derivation is not None else None
    quantity = quantity or (QUANTITY_OF.get(name) if derivation is None else None)
    words = " ".join(part for part in (_words(item), derivation[2] if derivation else "") if part)
    return MeasuredValue(quantity or words[:64], number, _code(measured, _UNITS)[0])


def _spacing(numeric: list[DataSet]) -> str:
    """Ours by its code; another maker's by its words."""
    for item in numeric:
        for child in _children(item):
            if _name(child) in METHODS:
                code = _code(child, _CONCEPT_CODE)
                return SPACING_OF.get(code[:2]) or code[2][:64]
    return ""


def _shape(graphics: list[DataSet], names: set[str]) -> tuple[Kind, tuple[Point, ...]]:
    """What can be drawn of it; points none where it is not one graphic, or two axes."""
    if len(graphics) == 2 and {Quantity.LONG_AXIS, Quantity.SHORT_AXIS} <= names:
        axes = [_points(graphic) for graphic in graphics]
        if all(len(axis) == 2 for axis in axes):
            long, short = sorted(axes, key=lambda axis: -math.dist(*axis))
            return Kind.BIDIRECTIONAL, (*long, *short)
    if len(graphics) != 1:
        return Kind.OTHER, ()
    points, graphic_type = _points(graphics[0]), graphics[0].text(_GRAPHIC_TYPE)
    if graphic_type == "POINT" and len(points) == 1:
        return (Kind.PROBE if names else Kind.TEXT), points
    if graphic_type == "ELLIPSE" and len(points) == 4:
        return Kind.ELLIPSE, points
    if graphic_type == "CIRCLE" and len(points) == 2:
        (x, y), radius = points[0], math.dist(*points)
        return Kind.ELLIPSE, ((x - radius, y), (x + radius, y), (x, y - radius), (x, y + radius))
    if graphic_type == "POLYLINE":
        if len(points) == 2:
            return (Kind.LENGTH if Quantity.LENGTH in names else Kind.OTHER if names else Kind.ARROW), points
        if len(points) == 3 and Quantity.ANGLE in names:
            return Kind.ANGLE, points
        if len(points) == 4 and Quantity.COBB_ANGLE in names:
            return Kind.COBB, points
        if len(points) == 5 and points[0] == points[4] and _is_upright(points[:4]):
            return Kind.RECTANGLE, points[:4]
        outline = points[:-1] if len(points) > 3 and points[0] == points[-1] else points
        if 3 <= len(outline) <= MOST_OUTLINE_POINTS and (Quantity.AREA in names or len(outline) < len(points)):
            return Kind.FREEHAND, outline
    return Kind.OTHER, points


def _is_upright(corners: tuple[Point, ...]) -> bool:
    """Whether the sides run along rows and columns."""
    sides = [(one[0] - other[0], one[1] - other[1]) for one, other in zip(corners, (*corners[1:], corners[0]), strict=True)]
    straight = [abs(x) <= _STRAIGHT or abs(y) <= _STRAIGHT for x, y in sides]
    return all(straight) and abs(sides[0][0] + sides[2][0]) <= _STRAIGHT and abs(sides[0][1] + sides[2][1]) <= _STRAIGHT


def _points(graphic: DataSet) -> tuple[Point, ...]:
    element = graphic.get(_GRAPHIC_DATA)
    if element is None or element.vr not in ("FL", "UN") or len(element.value) % 8 or len(element.value) > 1 << 16:
        return ()
    found = struct.unpack(f"{graphic.encoding.mark}{len(element.value) // 4}f", element.value)
    return tuple(zip(found[::2], found[1::2], strict=True)) if all(map(math.isfinite, found)) else ()


def _children(item: DataSet) -> tuple[DataSet, ...]:
    return item.items(_CONTENT)


def _below(item: DataSet, depth: int = _DEEPEST) -> Iterator[DataSet]:
    for child in _children(item):
        yield child
        if depth:
            yield from _below(child, depth - 1)


def _name(item: DataSet) -> Code:
    return _code(item, _CONCEPT_NAME)[:2]


def _words(item: DataSet) -> str:
    return _code(item, _CONCEPT_NAME)[2]


def _code(item: DataSet, tag: int) -> tuple[str, str, str]:
    """Value, scheme, meaning (PS3.3 8.8); empty where there is none."""
    coded = next(iter(item.items(tag)), None)
    if coded is None:
        return "", "", ""
    value = next((text for one in _CODE_VALUES if (text := coded.text(one))), "")
    return value, coded.text(_SCHEME), coded.text(_MEANING)


def _person(name: str) -> str:
    """The alphabetic group as people read it."""
    return " ".join(name.partition("=")[0].replace("^", " ").split())
