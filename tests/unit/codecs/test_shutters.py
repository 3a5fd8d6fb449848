"""Display shutters (PS3.3 C.7.6.11)."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

from hounsfield.codecs.covering import Overlay, Shutter
from hounsfield.codecs.describe import describe
from hounsfield.codecs.masks import close_shutter

LITTLE = "1.2.840.10008.1.2.1"
Header = Callable[..., bytes]
GROUND = np.full((20, 30), 100, np.uint8)


def seen(shutter: Shutter, aspect_ratio: float = 1.0) -> np.ndarray:
    return close_shutter(GROUND, shutter, aspect_ratio) == 100


def test_all_shapes_are_read(header: Header) -> None:
    shutter = (
        describe(
            header(
                (0x00181600, "CS", b"RECTANGULAR\\CIRCULAR\\POLYGONAL"),
                *((0x00181602 + 2 * at, "IS", value) for at, value in enumerate((b"2", b"5", b"1", b"4"))),
                (0x00181610, "IS", b"7\\9"),
                (0x00181612, "IS", b"3"),
                (0x00181620, "IS", b"1\\2\\3\\4\\5\\6"),
                (0x00181622, "US", struct.pack("<H", 0x8000)),
            ),
            LITTLE,
        )
        .presentation()
        .shutter
    )
    assert shutter == Shutter((2, 5, 1, 4), (9, 7, 3), ((2, 1), (4, 3), (6, 5)), None, 0x80)


@pytest.mark.parametrize("shape", [b"", b"BITMAP", b"RECTANGULAR", b"POLYGONAL", b"CIRCULAR", b"NONSENSE"])
def test_a_shutter_without_its_numbers_is_none(header: Header, shape: bytes) -> None:
    assert describe(header((0x00181600, "CS", shape), (0x00181620, "IS", b"1\\x")), LITTLE).presentation().shutter is None


def test_rectangle() -> None:
    found = seen(Shutter((3, 10, 2, 5)))
    assert np.argwhere(found).min(0).tolist() == [1, 2] and np.argwhere(found).max(0).tolist() == [4, 9] and found.sum() == 4 * 8


def test_circle() -> None:
    found = seen(Shutter(circle=(15, 10, 5)))
    rows, columns = np.mgrid[1:21, 1:31]
    assert np.array_equal(found, (rows - 10) ** 2 + (columns - 15) ** 2 <= 25)
    tall = seen(Shutter(circle=(15, 10, 5)), 2.0)
    assert tall.any(axis=0).sum() == 11 and tall.any(axis=1).sum() == 5


def test_polygon() -> None:
    found = seen(Shutter(polygon=((5, 5), (15, 5), (15, 10), (5, 10))))
    assert np.argwhere(found).min(0).tolist() == [4, 4] and np.argwhere(found).max(0).tolist() == [9, 14]


def test_bitmap_and_shade() -> None:
    shut = close_shutter(GROUND, Shutter(bitmap=Overlay(0x6000, 20, 30, 0, 0, b"\xff" * 75), shade=33), 1.0)
    assert (shut == 33).all()


def test_shapes_together_show_what_is_inside_of_each() -> None:
    both = seen(Shutter((1, 15, 1, 20), (15, 10, 5)))
    assert np.array_equal(both, seen(Shutter((1, 15, 1, 20))) & seen(Shutter(circle=(15, 10, 5))))


def test_edges_far_outside() -> None:
    assert seen(Shutter((-500, 5000, -500, 5000))).all() and not seen(Shutter((500, 600, 1, 20))).any()
