"""Slices with a place in the patient, and the volume that they make together. Pure. Lengths in mm.

Axes are those of the patient (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

Vector = tuple[float, float, float]


class LeftOut(enum.StrEnum):
    """Why a frame is part of no volume."""

    LOCALIZER = "localizer"
    NO_PLANE = "no-plane"
    """It says neither where it lies nor how."""
    COLOUR = "colour"
    SAME_PLACE = "same-place"
    """Another one lies in the same place, and nothing that we know of tells the two apart."""
    TOO_MANY_KINDS = "too-many-kinds"
    """The series has more orientations and sizes than are looked at."""


class Finding(enum.StrEnum):
    """What is to be said of a volume before it is looked at."""

    TOO_FEW = "too-few"
    """It cannot be reformatted."""
    TILTED = "tilted"
    """Its slices are sheared: the line through their origins is not the normal, as with a tilted gantry."""
    SHIFTED = "shifted"
    """Its slices do not even lie on one line."""
    GAPS = "gaps"
    UNEVEN = "uneven"


@dataclass(frozen=True, slots=True)
class PlacedSlice:
    """One frame.

    frame: its number, from 1. row, column: unit vectors along a row and down a column. position: the centre of the first pixel.
    spacing_mm: between rows, between columns. traits: what may tell it from others in the same place, by keyword.
    """

    sop_instance_uid: str
    frame: int
    instance_number: int
    frame_of_reference_uid: str
    row: Vector
    column: Vector
    position: Vector
    rows: int
    columns: int
    spacing_mm: tuple[float, float]
    traits: Mapping[str, str] = field(default_factory=dict)

    @property
    def normal(self) -> Vector:
        """The cross product of row and column."""
        return cross(self.row, self.column)


@dataclass(frozen=True, slots=True)
class Gap:
    """slices: how many are missing after the slice of this index (from 0)."""

    after: int
    slices: int


@dataclass(frozen=True, slots=True)
class Volume:
    """Slices in order along their normal.

    told_apart_by: the traits that set it apart from others of the series.
    step_mm: the usual distance of neighbours along the normal; 0 for a single slice. least, most: of all neighbours.
    tilt_degrees: between the normal and the line through the origins. off_line_mm: how far an origin is from that line at most.
    """

    slices: tuple[PlacedSlice, ...]
    told_apart_by: Mapping[str, str]
    step_mm: float
    least_step_mm: float
    most_step_mm: float
    tilt_degrees: float
    off_line_mm: float
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]


def dot(one: Vector, other: Vector) -> float:
    """The scalar product."""
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def cross(one: Vector, other: Vector) -> Vector:
    """The vector product."""
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )


def along_normal(placed: PlacedSlice, normal: Vector) -> float:
    """Where a slice lies on the normal, mm."""
    return dot(placed.position, normal)
