"""Read measurements out of structured reports of template TID 1500, ours and other makers' (PS3.16 TID 1500, 1501, 1410, 300).

By tree, with tolerance: what is not understood is left out or listed as `Kind.OTHER`, and nothing of it is believed further than it goes.
"""

from __future__ import annotations

import math
import re
import struct
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
from hounsfield.reports.content import (
    CONCEPT_CODE,
    CONTENT_DATE,
    CONTENT_TIME,
    GRAPHIC_DATA,
    GRAPHIC_TYPE,
    MEASURED,
    NUMERIC,
    PERSON_NAME,
    TEMPLATE,
    TEMPLATES,
    TEXT,
    UID,
    UNITS,
    VALUE_TYPE,
    below,
    children,
    code_of,
    name_of,
    person,
    references_of,
    words_of,
)

MOST_GROUPS = 2000
_TOOL = re.compile(r"^cornerstone\w*@[^:]*:", re.IGNORECASE)
"""Before the name of the tool in a tracking identifier of the viewers of that family."""
_STRAIGHT = 1e-3
"""Cosine of the angle between two sides that count as perpendicular."""


@dataclass(frozen=True, slots=True)
class Report:
    """content_time: as its Content Date and Time have it; it orders the states of one measurement."""

    content_time: str
    found: tuple[Measurement | Removal, ...]


def read_report(document: DataSet) -> Report | None:
    """None of what is no measurement report."""
    templates = {item.text(TEMPLATE) for item in document.items(TEMPLATES)}
    if "1500" not in templates and name_of(document) not in REPORT_TITLES:
        return None
    observer = next((person(item.text(PERSON_NAME)) for item in children(document) if name_of(item) == PERSON_OBSERVER_NAME), "")
    found = []
    for container in children(document):
        if name_of(container) == IMAGING_MEASUREMENTS:
            groups = [group for group in children(container) if name_of(group) == MEASUREMENT_GROUP]
            found += [one for group in groups[:MOST_GROUPS] if (one := _group(group, observer)) is not None]
    return Report(document.text(CONTENT_DATE) + document.text(CONTENT_TIME), tuple(found))


def _group(group: DataSet, observer: str) -> Measurement | Removal | None:
    """None where it does not say what it measures on, or has no UID to be known by."""
    uid = next((item.text(UID) for item in children(group) if name_of(item) == TRACKING_UID), "")
    label = next((item.text(TEXT) for item in children(group) if name_of(item) == TRACKING_IDENTIFIER), "")[:MOST_LABEL_CHARACTERS]
    graphics = [item for item in below(group) if item.text(VALUE_TYPE) == "SCOORD"]
    images = [item for item in below(graphics[0] if graphics else group) if item.text(VALUE_TYPE) == "IMAGE"]
    reference = next((found for image in images for found in references_of(image)), None)
    if reference is None or not is_usable_uid(uid):
        return None
    image_uid, frame = reference.sop_instance_uid, next(iter(reference.frames), 1)
    if any(name_of(item) == STATE[:2] and code_of(item, CONCEPT_CODE)[:2] == REMOVED[:2] for item in children(group)):
        return Removal(uid, label, image_uid, frame)
    # Other makers' tools track by the tool's name, and say in a finding what the reader called it.
    label = next((found for item in children(group) if name_of(item) in FINDINGS and (found := _free_text(item))), _TOOL.sub("", label))
    numeric = [item for item in below(group) if item.text(VALUE_TYPE) == "NUM"]
    values = [value for item in numeric if (value := _value(item)) is not None]
    kind, points = _shape(graphics, {value.name for value in values})
    return Measurement(uid, label or words_of(group), kind, image_uid, frame, points, tuple(values), _spacing(numeric), observer=observer)


def _free_text(finding: DataSet) -> str:
    value, _scheme, meaning = code_of(finding, CONCEPT_CODE)
    return meaning[:MOST_LABEL_CHARACTERS] if value in FREE_TEXTS else ""


def _value(item: DataSet) -> MeasuredValue | None:
    measured = next(iter(item.items(MEASURED)), None)
    number = next(iter(numbers(measured, NUMERIC)), math.nan) if measured is not None else math.nan
    name = name_of(item)
    if measured is None or not math.isfinite(number) or name == PLACE_ALONE:
        return None
    derivation = next((code_of(child, CONCEPT_CODE) for child in children(item) if name_of(child) == DERIVATION), None)
    quantity = QUANTITY_OF.get(derivation[:2]) if derivation is not None else None
    quantity = quantity or (QUANTITY_OF.get(name) if derivation is None else None)
    words = " ".join(part for part in (words_of(item), derivation[2] if derivation else "") if part)
    return MeasuredValue(quantity or words[:64], number, code_of(measured, UNITS)[0])


def _spacing(numeric: list[DataSet]) -> str:
    """Ours by its code; another maker's by its words."""
    for item in numeric:
        for child in children(item):
            if name_of(child) in METHODS:
                code = code_of(child, CONCEPT_CODE)
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
    points, graphic_type = _points(graphics[0]), graphics[0].text(GRAPHIC_TYPE)
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
    element = graphic.get(GRAPHIC_DATA)
    if element is None or element.vr not in ("FL", "UN") or len(element.value) % 8 or len(element.value) > 1 << 16:
        return ()
    found = struct.unpack(f"{graphic.encoding.mark}{len(element.value) // 4}f", element.value)
    return tuple(zip(found[::2], found[1::2], strict=True)) if all(map(math.isfinite, found)) else ()
