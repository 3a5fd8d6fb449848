"""Display shutters: read from a header, and closed over a picture (PS3.3 C.7.6.11, C.7.6.15)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hounsfield.codecs.covering import Overlay, Shutter
from hounsfield.codecs.elements import Element
from hounsfield.codecs.overlays import plane_of

_SHAPE, _LEFT, _RIGHT, _UPPER, _LOWER = 0x00181600, 0x00181602, 0x00181604, 0x00181606, 0x00181608
_CENTER, _RADIUS, _VERTICES, _VALUE, BITMAP_GROUP = 0x00181610, 0x00181612, 0x00181620, 0x00181622, 0x00181623
WANTED = frozenset((_SHAPE, _LEFT, _RIGHT, _UPPER, _LOWER, _CENTER, _RADIUS, _VERTICES, _VALUE, BITMAP_GROUP))
_MOST_VERTICES = 10_000


def read_shutter(found: dict[int, Element], bitmap: Overlay | None = None) -> Shutter | None:
    """bitmap: the overlay that Shutter Overlay Group (0018,1623) names. None where there is no shape that can be read."""
    if _SHAPE not in found:
        return None
    shapes = {part.strip() for part in found[_SHAPE].text().upper().split("\\")}
    rectangle = _numbers(found, _LEFT, _RIGHT, _UPPER, _LOWER) if "RECTANGULAR" in shapes else ()
    circle = _circle(found) if "CIRCULAR" in shapes else None
    polygon = _polygon(found) if "POLYGONAL" in shapes else ()
    shutter = Shutter(
        (rectangle[0], rectangle[1], rectangle[2], rectangle[3]) if len(rectangle) == 4 else None,
        circle,
        polygon,
        bitmap if "BITMAP" in shapes else None,
        ((found[_VALUE].unsigned() or 0) >> 8) & 0xFF if _VALUE in found else 0,
    )
    return shutter if shutter.rectangle or shutter.circle or shutter.polygon or shutter.bitmap else None


def _numbers(found: dict[int, Element], *tags: int) -> tuple[int, ...]:
    numbers = [found[tag].number() for tag in tags if tag in found]
    return tuple(int(number) for number in numbers if number is not None and abs(number) < 1 << 20)


def _circle(found: dict[int, Element]) -> tuple[float, float, float] | None:
    if _CENTER not in found or _RADIUS not in found:
        return None
    row, column, radius = found[_CENTER].number(0), found[_CENTER].number(1), found[_RADIUS].number()
    return (column, row, radius) if row is not None and column is not None and radius is not None and radius > 0 else None


def _polygon(found: dict[int, Element]) -> tuple[tuple[float, float], ...]:
    """Row and column of each vertex, as columns and rows."""
    if _VERTICES not in found:
        return ()
    try:
        values = [float(part) for part in found[_VERTICES].text(16 * _MOST_VERTICES).split("\\")]
    except ValueError:
        return ()
    if len(values) < 6 or not all(abs(value) < 1 << 20 for value in values):
        return ()
    return tuple(zip(values[1::2], values[0::2], strict=False))


def close_shutter(pixels: NDArray[np.uint8], shutter: Shutter, aspect_ratio: float) -> NDArray[np.uint8]:
    """Grey or RGB pixels of a whole image with what is outside in the shutter's shade. aspect_ratio: height of a pixel over its width."""
    rows, columns = pixels.shape[:2]
    seen = np.ones((rows, columns), bool)
    if shutter.rectangle is not None:
        left, right, upper, lower = shutter.rectangle
        seen[: max(upper - 1, 0)] = False
        seen[max(lower, 0) :] = False
        seen[:, : max(left - 1, 0)] = False
        seen[:, max(right, 0) :] = False
    if shutter.circle is not None:
        center_column, center_row, radius = shutter.circle
        down = (np.arange(1, rows + 1, dtype=np.float32)[:, None] - center_row) * aspect_ratio
        across = np.arange(1, columns + 1, dtype=np.float32)[None, :] - center_column
        seen &= down * down + across * across <= radius * radius
    if shutter.polygon:
        from PIL import Image, ImageDraw  # only a child that meets such a shutter pays for it

        mask = Image.new("1", (columns, rows))
        ImageDraw.Draw(mask).polygon([(column - 1, row - 1) for column, row in shutter.polygon], fill=1)
        seen &= np.asarray(mask)
    if shutter.bitmap is not None:
        seen &= ~plane_of(shutter.bitmap, rows, columns, None)
    shut = pixels.copy()
    shut[~seen] = shutter.shade
    return shut
