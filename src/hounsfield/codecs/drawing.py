"""Graphics and texts over a finished picture (PS3.3 C.10.5; PS3.18 8.3.5.1.1).

They are drawn at the picture's own resolution, whatever size, turn and mirroring it was given: lines stay thin and texts can be read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hounsfield.codecs.covering import WHITE, Graphic, GraphicKind, Layout, Point, Text
from hounsfield.codecs.geometry import Geometry

Pixels = NDArray[np.uint8]

_SMALLEST_FONT, _LARGEST_FONT = 9, 48
_STEPS_OF_A_CURVE = 8
_MOST_LINES, _MOST_CHARACTERS = 32, 256


def draw_layout(pixels: Pixels, layout: Layout, geometry: Geometry) -> Pixels:
    """Grey or RGB pixels with the graphics, then the texts of a presentation state."""
    image = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(image)
    for graphic in layout.graphics:
        _draw_graphic(canvas, graphic, _placed(graphic.relative, geometry))
    for text in layout.texts:
        _draw_text(canvas, text, geometry)
    return np.asarray(image)


def draw_captions(pixels: Pixels, captions: tuple[Sequence[str], Sequence[str]]) -> Pixels:
    """The first lines in the upper left corner, the others in the lower left one; what does not fit is made smaller, then cut."""
    image = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(image)
    width, height = image.size
    for lines, at_the_bottom in zip(captions, (False, True), strict=True):
        shown = [line for line in map(_plain, lines[:_MOST_LINES]) if line]
        if not shown:
            continue
        size = _font_size(width, height)
        while size > _SMALLEST_FONT and max(_font(size).getlength(line) for line in shown) > width - 8:
            size -= 1
        step = size + max(2, size // 5)
        top = height - 4 - step * len(shown) if at_the_bottom else 4
        for number, line in enumerate(shown):
            _write(canvas, (4, top + number * step), line, size, WHITE, "la")
    return np.asarray(image)


def _placed(relative: bool, geometry: Geometry) -> Callable[[Point], Point]:
    return geometry.from_share if relative else geometry.to_picture


def _draw_graphic(canvas: ImageDraw.ImageDraw, graphic: Graphic, place: Callable[[Point], Point]) -> None:
    shade = _colour(canvas, graphic.shade)
    points = graphic.points
    if graphic.kind is GraphicKind.POINT:
        for x, y in map(place, points):
            canvas.line([(x - 3, y), (x + 3, y)], fill=shade)
            canvas.line([(x, y - 3), (x, y + 3)], fill=shade)
        return
    if graphic.kind is GraphicKind.CIRCLE and len(points) >= 2:
        center, edge = points[:2]
        radius = math.dist(center, edge)
        points = _ellipse(center, (radius, 0.0), (0.0, radius))
    elif graphic.kind is GraphicKind.ELLIPSE and len(points) >= 4:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[:4]
        points = _ellipse(((ax + bx) / 2, (ay + by) / 2), ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2))
    elif graphic.kind is GraphicKind.INTERPOLATED:
        points = _curve(points)
    drawn = [place(point) for point in points]
    if len(drawn) < 2:
        return
    if graphic.filled and drawn[0] == drawn[-1] and len(drawn) > 3:
        canvas.polygon(drawn, fill=shade)
    canvas.line(drawn, fill=shade, width=max(1, min(canvas.im.size) // 512))


def _ellipse(center: Point, one: Point, other: Point) -> tuple[Point, ...]:
    """By its centre and the vectors from there to the ends of its axes."""
    turns = [2 * math.pi * step / 72 for step in range(72)]
    found = [
        (center[0] + math.cos(turn) * one[0] + math.sin(turn) * other[0], center[1] + math.cos(turn) * one[1] + math.sin(turn) * other[1])
        for turn in turns
    ]
    return (*found, found[0])


def _curve(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """A smooth curve through the points (Catmull-Rom); closed where the last is the first."""
    if len(points) < 3:
        return points
    closed = points[0] == points[-1]
    around = [points[-2] if closed else points[0], *points, points[1] if closed else points[-1]]
    found: list[Point] = []
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in zip(around, around[1:], around[2:], around[3:], strict=False):
        shares = (step / _STEPS_OF_A_CURVE for step in range(_STEPS_OF_A_CURVE))
        found += [(_between(ax, bx, cx, dx, share), _between(ay, by, cy, dy, share)) for share in shares]
    return (*found, points[-1])


def _between(before: float, start: float, end: float, after: float, share: float) -> float:
    return 0.5 * (
        2 * start
        + (end - before) * share
        + (2 * before - 5 * start + 4 * end - after) * share**2
        + (3 * start - before - 3 * end + after) * share**3
    )


def _draw_text(canvas: ImageDraw.ImageDraw, text: Text, geometry: Geometry) -> None:
    lines = [_plain(line) for line in text.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:_MOST_LINES]]
    width, height = canvas.im.size
    size = _font_size(width, height)
    anchor = None if text.anchor is None else _placed(text.anchor_relative, geometry)(text.anchor)
    if text.box is not None:
        corners = [_placed(text.box_relative, geometry)(corner) for corner in text.box]
        (left, right), (top, bottom) = (sorted(corner[axis] for corner in corners) for axis in (0, 1))
        if bottom - top >= _SMALLEST_FONT:
            size = max(_SMALLEST_FONT, min(size, int((bottom - top) / max(1, len(lines)) / 1.2)))
    elif anchor is not None:
        left, top = anchor
        right, bottom = left, top
    else:
        return
    x, code = {"CENTER": ((left + right) / 2, "ma"), "RIGHT": (right, "ra")}.get(text.justification, (left, "la"))
    if anchor is not None and text.anchor_visible and text.box is not None:
        end = min(max(anchor[0], left), right), min(max(anchor[1], top), bottom)
        canvas.line([anchor, end], fill=_colour(canvas, text.shade))
    step = size + max(2, size // 5)
    for number, line in enumerate(lines):
        _write(canvas, (x, top + number * step), line, size, text.shade, code)


def _write(canvas: ImageDraw.ImageDraw, place: Point, line: str, size: int, shade: int, code: str) -> None:
    """With an edge of the other shade, so that it can be read on any ground."""
    edge = 0 if shade >= 128 else WHITE
    canvas.text(place, line, fill=_colour(canvas, shade), font=_font(size), anchor=code, stroke_width=1, stroke_fill=_colour(canvas, edge))


def _colour(canvas: ImageDraw.ImageDraw, shade: int) -> Any:
    return shade if canvas.mode == "L" else (shade, shade, shade)


def _font_size(width: int, height: int) -> int:
    return min(max(min(width, height) // 32, _SMALLEST_FONT), _LARGEST_FONT)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The one that comes with Pillow; it has Latin letters, and a box for each of the others."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font


def _plain(text: str) -> str:
    """Without what is no character to be drawn."""
    kept = "".join(character if character.isprintable() else " " for character in text[:_MOST_CHARACTERS])
    return " ".join(kept.encode("utf-8", "replace").decode("utf-8").split())
