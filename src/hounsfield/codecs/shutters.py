"""Display shutters, read from a header (PS3.3 C.7.6.11, C.7.6.15)."""

from __future__ import annotations

from hounsfield.codecs.covering import Overlay, Shutter
from hounsfield.codecs.elements import Element

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
