"""What readers measure on images: kinds, points, values and where lengths come from. Pure.

Points are (column, row) in image coordinates as PS3.3 C.18.6.1.2 has them: 0,0 is the upper left corner of the upper left pixel, whose
centre is 0.5,0.5; the lower right corner of the picture is Columns,Rows.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hounsfield.model.errors import InvalidInput

Point = tuple[float, float]
"""Column, row."""

MOST_LABEL_CHARACTERS = 256
MOST_OUTLINE_POINTS = 2000
TOLERANCE = 1e-3
"""Of a value that was computed elsewhere from the same points: relative, or absolute below 1."""


class Kind(enum.StrEnum):
    """OTHER: what other makers measure and we list without drawing it."""

    LENGTH = "length"
    BIDIRECTIONAL = "bidirectional"
    ANGLE = "angle"
    COBB = "cobb"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    FREEHAND = "freehand"
    PROBE = "probe"
    ARROW = "arrow"
    TEXT = "text"
    OTHER = "other"


REGIONS = frozenset({Kind.RECTANGLE, Kind.ELLIPSE, Kind.FREEHAND})
POINT_COUNTS: Mapping[Kind, tuple[int, int]] = MappingProxyType(
    {
        Kind.LENGTH: (2, 2),
        Kind.BIDIRECTIONAL: (4, 4),
        Kind.ANGLE: (3, 3),
        Kind.COBB: (4, 4),
        Kind.RECTANGLE: (4, 4),
        Kind.ELLIPSE: (4, 4),
        Kind.FREEHAND: (3, MOST_OUTLINE_POINTS),
        Kind.PROBE: (1, 1),
        Kind.ARROW: (2, 2),
        Kind.TEXT: (1, 1),
    }
)
"""Least and most. Bidirectional: ends of the long axis, then of the short one. Angle: the corner is the second. Cobb: two lines.
Rectangle: corners in the order of the outline. Ellipse: ends of the major axis, then of the minor one. Freehand: the outline, not closed
by its first point again. Arrow: the head is the first. Text: where it stands."""


class Quantity(enum.StrEnum):
    """VALUE: of the one pixel under a probe. SD: of the population of pixels."""

    LENGTH = "length"
    LONG_AXIS = "long-axis"
    SHORT_AXIS = "short-axis"
    ANGLE = "angle"
    COBB_ANGLE = "cobb-angle"
    AREA = "area"
    MEAN = "mean"
    SD = "sd"
    MIN = "min"
    MAX = "max"
    VALUE = "value"


STATISTICS = frozenset({Quantity.MEAN, Quantity.SD, Quantity.MIN, Quantity.MAX})
"""Of the pixels whose centres lie within the outline, after rescaling."""

MILLIMETRES, SQUARE_MILLIMETRES, DEGREES, PIXELS, HOUNSFIELD_UNITS, BECQUEREL_PER_ML, NO_UNIT = (
    "mm",
    "mm2",
    "deg",
    "{pixels}",
    "[hnsf'U]",
    "Bq/ml",
    "1",
)
"""UCUM."""


class SpacingSource(enum.StrEnum):
    """What makes millimetres of pixels."""

    PIXEL_SPACING = "pixel-spacing"
    """Pixel Spacing (0028,0030): in the patient, or calibrated."""
    DETECTOR_PLANE = "detector-plane"
    """Pixel Spacing that is no other than Imager Pixel Spacing (0018,1164): in the plane of the detector."""
    DETECTOR_CORRECTED = "detector-corrected"
    """Imager Pixel Spacing by Estimated Radiographic Magnification Factor (0018,1114)."""
    ULTRASOUND_REGION = "ultrasound-region"
    """The calibration of the region that all points are in (PS3.3 C.8.5.5)."""
    NONE = "none"
    """Nothing: lengths are in pixels."""


@dataclass(frozen=True, slots=True)
class PixelScale:
    """From one row to the next and from one column to the next, in mm; 1 without a source."""

    source: SpacingSource
    row_mm: float = 1.0
    column_mm: float = 1.0


NO_SCALE = PixelScale(SpacingSource.NONE)


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """name: a `Quantity`, or another maker's words. unit: UCUM."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement on one frame.

    tracking_uid: names it through all its states (PS3.16 TID 4108). frame: its number, from 1.
    spacing: what lengths and areas rest on; for another maker's the words it uses, empty where it has none.
    series_instance_uid, observer: of what is stored; empty before.
    """

    tracking_uid: str
    label: str
    kind: Kind
    sop_instance_uid: str
    frame: int
    points: tuple[Point, ...]
    values: tuple[MeasuredValue, ...]
    spacing: str = SpacingSource.NONE
    series_instance_uid: str = ""
    observer: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """A measurement that a reader took away again; the image is the one it was on."""

    tracking_uid: str
    label: str
    sop_instance_uid: str
    frame: int


@dataclass(frozen=True, slots=True)
class Measurable:
    """What of one frame decides what can be measured on it.

    pixel_unit: UCUM, after rescaling; empty where pixels are not measured. least, most: what a stored value can be in that unit.
    """

    rows: int
    columns: int
    pixel_unit: str
    least: float = -math.inf
    most: float = math.inf


def geometry(kind: Kind, points: Sequence[Point], scale: PixelScale) -> dict[Quantity, tuple[float, str]]:
    """Value and unit of what the points alone say."""
    placed = [(column * scale.column_mm, row * scale.row_mm) for column, row in points]
    in_mm = scale.source is not SpacingSource.NONE
    length_unit = MILLIMETRES if in_mm else PIXELS
    if kind is Kind.LENGTH:
        return {Quantity.LENGTH: (math.dist(placed[0], placed[1]), length_unit)}
    if kind is Kind.BIDIRECTIONAL:
        long, short = math.dist(placed[0], placed[1]), math.dist(placed[2], placed[3])
        return {Quantity.LONG_AXIS: (long, length_unit), Quantity.SHORT_AXIS: (short, length_unit)}
    if kind is Kind.ANGLE:
        return {Quantity.ANGLE: (_angle(*placed), DEGREES)}
    if kind is Kind.COBB:
        return {Quantity.COBB_ANGLE: (_cobb_angle(placed), DEGREES)}
    area_unit = SQUARE_MILLIMETRES if in_mm else PIXELS
    if kind is Kind.RECTANGLE:
        return {Quantity.AREA: (abs(_cross(placed[0], placed[1], placed[0], placed[3])), area_unit)}
    if kind is Kind.ELLIPSE:
        return {Quantity.AREA: (abs(_cross(placed[0], placed[1], placed[2], placed[3])) * math.pi / 4, area_unit)}
    if kind is Kind.FREEHAND:
        return {Quantity.AREA: (_area(placed), area_unit)}
    return {}


def check(measurement: Measurement, image: Measurable, scale: PixelScale) -> None:
    """That it can be drawn on the image, has the values of its kind, and that they follow from its points. Raises: InvalidInput."""
    kind = measurement.kind
    if kind not in POINT_COUNTS:
        raise InvalidInput(f"a measurement is one of these: {', '.join(POINT_COUNTS)}")
    check_label(measurement.label)
    fewest, most = POINT_COUNTS[kind]
    if not fewest <= len(measurement.points) <= most:
        wanted = str(most) if fewest == most else f"{fewest} to {most}"
        raise InvalidInput(f"a measurement of kind {kind} has {wanted} points, not {len(measurement.points)}")
    # What is drawn over the edge is kept; what is a whole picture away was not drawn on this image.
    margin = max(image.rows, image.columns)
    for column, row in measurement.points:
        if not (-margin <= column <= image.columns + margin and -margin <= row <= image.rows + margin):
            raise InvalidInput(f"a point lies outside an image of {image.columns} columns and {image.rows} rows")
    if measurement.spacing != scale.source:
        raise InvalidInput(f"lengths on this image rest on {scale.source!r}, not on {measurement.spacing[:40]!r}")
    _check_values(measurement, image, scale)


def check_label(label: str) -> None:
    """Raises: InvalidInput."""
    if not label.strip() or len(label) > MOST_LABEL_CHARACTERS or not label.isprintable():
        raise InvalidInput(f"a label is 1 to {MOST_LABEL_CHARACTERS} printable characters")


def _check_values(measurement: Measurement, image: Measurable, scale: PixelScale) -> None:
    given = {value.name: value for value in measurement.values}
    if len(given) != len(measurement.values):
        raise InvalidInput("a value is given twice")
    expected = geometry(measurement.kind, measurement.points, scale)
    for quantity, (number, unit) in expected.items():
        value = given.pop(quantity, None)
        if value is None or value.unit != unit:
            raise InvalidInput(f"a measurement of kind {measurement.kind} has its {quantity} in {unit!r}")
        if not abs(value.value - number) <= TOLERANCE * max(1.0, abs(number)):
            raise InvalidInput(f"the {quantity} is {value.value:.6g}, the points say {number:.6g}")
    if Quantity.LONG_AXIS in expected and expected[Quantity.LONG_AXIS] < expected[Quantity.SHORT_AXIS]:
        raise InvalidInput("the long axis is shorter than the short one")
    wanted = STATISTICS if measurement.kind in REGIONS else {Quantity.VALUE} if measurement.kind is Kind.PROBE else set()
    if given and given.keys() != wanted:
        raise InvalidInput(f"a measurement of kind {measurement.kind} does not have just these values: {', '.join(sorted(given))[:200]}")
    if any(value.unit != image.pixel_unit or not math.isfinite(value.value) for value in given.values()):
        raise InvalidInput(f"values of pixels of this image are finite and in {image.pixel_unit!r}")
    beyond = TOLERANCE * max(1.0, abs(image.least), abs(image.most)) if math.isfinite(image.least + image.most) else 0.0
    if any(not image.least - beyond <= value.value <= image.most + beyond for value in given.values() if value.name != Quantity.SD):
        raise InvalidInput(f"pixels of this image have {image.least:.6g} to {image.most:.6g} {image.pixel_unit}")
    if Quantity.MEAN in given:
        mean, sd, least, most = (given[name].value for name in (Quantity.MEAN, Quantity.SD, Quantity.MIN, Quantity.MAX))
        slack = TOLERANCE * max(1.0, abs(least), abs(most))
        if not (least - slack <= mean <= most + slack and 0 <= sd <= most - least + slack):
            raise InvalidInput("mean, standard deviation, minimum and maximum contradict each other")


def _angle(first: Point, corner: Point, last: Point) -> float:
    one, other = (first[0] - corner[0], first[1] - corner[1]), (last[0] - corner[0], last[1] - corner[1])
    return math.degrees(abs(math.atan2(one[0] * other[1] - one[1] * other[0], one[0] * other[0] + one[1] * other[1])))


def _cross(start: Point, end: Point, other_start: Point, other_end: Point) -> float:
    return (end[0] - start[0]) * (other_end[1] - other_start[1]) - (end[1] - start[1]) * (other_end[0] - other_start[0])


def _cobb_angle(points: Sequence[Point]) -> float:
    """0 to 180. Both lines are taken in the direction in which they cross the line between their centres from the same side."""
    spine = tuple((points[2][axis] + points[3][axis] - points[0][axis] - points[1][axis]) / 2 for axis in (0, 1))
    lines = []
    for start, end in (points[:2], points[2:]):
        along = end[0] - start[0], end[1] - start[1]
        lines.append(along if spine[0] * along[1] - spine[1] * along[0] >= 0 else (-along[0], -along[1]))
    return _angle(lines[0], (0.0, 0.0), lines[1])


def _area(outline: Sequence[Point]) -> float:
    """Of a polygon that does not cross itself, by the trapezoids under its sides."""
    sides = zip(outline, (*outline[1:], outline[0]), strict=True)
    return abs(sum(start[0] * end[1] - end[0] * start[1] for start, end in sides)) / 2
