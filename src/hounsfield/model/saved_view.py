"""How a reader sees one frame, to be kept as a presentation state. Pure.

Points are (column, row) in image coordinates: 0,0 is the upper left corner of the upper left pixel (PS3.3 C.10.5.1.2).
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from hounsfield.model.errors import InvalidInput
from hounsfield.model.measurement import Point

MOST_NAME_CHARACTERS = 64
MOST_GRAPHICS = 500
MOST_POINTS = 2001
MOST_TEXT_CHARACTERS = 1024
_FARTHEST = 1 << 20


class Curve(enum.StrEnum):
    """VOI LUT Function (PS3.3 C.11.2.1.2)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


class FigureKind(enum.StrEnum):
    """Graphic Type (0070,0023), of those that are written here."""

    POINT = "POINT"
    POLYLINE = "POLYLINE"
    ELLIPSE = "ELLIPSE"


_NARROWEST = {Curve.LINEAR: 1.0, Curve.LINEAR_EXACT: 1e-6, Curve.SIGMOID: 1e-6}
_POINT_COUNTS = {FigureKind.POINT: (1, 1), FigureKind.POLYLINE: (2, MOST_POINTS), FigureKind.ELLIPSE: (4, 4)}


@dataclass(frozen=True, slots=True)
class Figure:
    """Ellipse: ends of the major axis, then of the minor one."""

    kind: FigureKind
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A text whose upper left corner is at a point."""

    text: str
    at: Point


@dataclass(frozen=True, slots=True)
class ViewWindow:
    """Centre and width after rescaling."""

    center: float
    width: float
    curve: Curve = Curve.LINEAR


@dataclass(frozen=True, slots=True)
class View:
    """name: what the reader calls it. frame: its number, from 1.

    window: None for images in colour. inverted: low values are bright.
    quarter_turns: clockwise; `flipped` then makes the left side the right one. area: first column, first row, last column and last row
    shown, from 1; may reach beyond the image.
    """

    name: str
    sop_instance_uid: str
    frame: int
    window: ViewWindow | None
    inverted: bool
    quarter_turns: int
    flipped: bool
    area: tuple[int, int, int, int]
    figures: tuple[Figure, ...] = ()
    labels: tuple[Label, ...] = ()


def check_view(view: View) -> None:
    """That it can be written. Raises: InvalidInput."""
    if not view.name.strip() or len(view.name) > MOST_NAME_CHARACTERS or not view.name.isprintable() or "\\" in view.name:
        raise InvalidInput(f"the name of a view is 1 to {MOST_NAME_CHARACTERS} printable characters without a backslash")
    window = view.window
    if window is not None and not (
        math.isfinite(window.center) and math.isfinite(window.width) and window.width >= _NARROWEST[window.curve]
    ):
        raise InvalidInput(f"a window has a finite centre and a width of {_NARROWEST[window.curve]:g} or more")
    left, top, right, bottom = view.area
    if not (left <= right and top <= bottom and all(abs(edge) <= _FARTHEST for edge in view.area)):
        raise InvalidInput("the area shown has a first and a last column and row")
    if len(view.figures) > MOST_GRAPHICS or len(view.labels) > MOST_GRAPHICS:
        raise InvalidInput(f"a view has no more than {MOST_GRAPHICS} figures and as many texts")
    for figure in view.figures:
        fewest, most = _POINT_COUNTS[figure.kind]
        if not fewest <= len(figure.points) <= most:
            raise InvalidInput(f"a figure of kind {figure.kind} has {fewest} to {most} points, not {len(figure.points)}")
        _check_points(figure.points)
    for label in view.labels:
        if not label.text.strip() or len(label.text) > MOST_TEXT_CHARACTERS:
            raise InvalidInput(f"a text has 1 to {MOST_TEXT_CHARACTERS} characters")
        _check_points((label.at,))


def _check_points(points: tuple[Point, ...]) -> None:
    if not all(math.isfinite(value) and abs(value) <= _FARTHEST for point in points for value in point):
        raise InvalidInput("a point is two finite numbers")
