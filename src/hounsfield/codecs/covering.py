"""What lies over the pixels of an image: overlays, shutters, graphics and texts (PS3.3 C.7.6.11, C.9.2, C.10.5).

Here is only what it is: `overlays` and `shutters` read the first two and `masks` applies them, `drawing` draws the others.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

Point = tuple[float, float]
"""Column, then row."""

WHITE = 255


@dataclass(frozen=True, slots=True)
class Overlay:
    """A plane of single bits over one frame (PS3.3 C.9.2).

    group: 6000 to 601E, hexadecimal.
    row, column: in the image of the plane's first pixel, from 0; may lie outside of it.
    bits: row by row, beginning with bit `bit_offset`, from the least significant; empty where they stand in the samples.
    bit_position: of the bit of a sample that is the overlay's.
    shade: in which it is drawn, 0 to 255.
    """

    group: int
    rows: int
    columns: int
    row: int = 0
    column: int = 0
    bits: bytes = b""
    bit_offset: int = 0
    bit_position: int | None = None
    shade: int = WHITE


@dataclass(frozen=True, slots=True)
class Shutter:
    """What is hidden of an image: all that lies outside of any of the shapes (PS3.3 C.7.6.11, C.7.6.15).

    rectangle: left, right, upper and lower edge, the first and last column and row that are seen, from 1.
    circle: column and row of its centre, from 1, and radius in columns.
    polygon: vertices, from 1.
    bitmap: hides where its bits are set.
    shade: what is seen instead, 0 to 255.
    """

    rectangle: tuple[int, int, int, int] | None = None
    circle: tuple[float, float, float] | None = None
    polygon: tuple[Point, ...] = ()
    bitmap: Overlay | None = None
    shade: int = 0


class GraphicKind(enum.StrEnum):
    """Graphic Type (0070,0023) (PS3.3 C.10.5.1.2)."""

    POINT = "POINT"
    POLYLINE = "POLYLINE"
    INTERPOLATED = "INTERPOLATED"
    CIRCLE = "CIRCLE"
    ELLIPSE = "ELLIPSE"


@dataclass(frozen=True, slots=True)
class Graphic:
    """points: in pixels of the image, the corner of its first pixel being (0, 0); or, `relative`, in shares of the area shown."""

    kind: GraphicKind
    points: tuple[Point, ...]
    relative: bool
    filled: bool
    shade: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a presentation state (PS3.3 C.10.5.1.1). Points as those of `Graphic`.

    box: upper left and lower right corner of the area it is to stand in; None where only an anchor says where it belongs.
    justification: LEFT, CENTER or RIGHT within the box.
    anchor: what it points at. anchor_visible: whether a line leads there.
    """

    text: str
    box: tuple[Point, Point] | None
    box_relative: bool
    justification: str
    anchor: Point | None
    anchor_relative: bool
    anchor_visible: bool
    shade: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How a presentation state lays an image out (PS3.3 C.10.4 to C.10.7).

    area: first and last column and row shown, from 1, all within; may reach beyond the image.
    quarter_turns: clockwise; `flipped` then makes the left side the right one.
    """

    area: tuple[int, int, int, int] | None = None
    quarter_turns: int = 0
    flipped: bool = False
    graphics: tuple[Graphic, ...] = ()
    texts: tuple[Text, ...] = ()
