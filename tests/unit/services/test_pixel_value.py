"""Pixel Data as it is written."""

from __future__ import annotations

import struct

import pytest
from pydicom.encaps import generate_frames, parse_basic_offsets

from hounsfield.model.errors import ObjectTooLarge
from hounsfield.services.pixel_value import encapsulated, native

PIXEL_DATA = 0x7FE00010


def test_fragments_are_even_and_the_table_says_where_they_begin() -> None:
    frames = [b"a", b"bc", b"def"]
    changed, pieces = encapsulated(frames, [1, 2, 3])
    raw = b"".join(pieces)[12:]
    assert changed == {}
    assert parse_basic_offsets(raw) == [0, 10, 20]
    assert list(generate_frames(raw, number_of_frames=3)) == [b"a\0", b"bc", b"def\0"]


def test_beyond_four_gibibytes_the_table_is_the_extended_one() -> None:
    lengths = [(1 << 31) + 1, 1 << 31, 10]
    changed, _ = encapsulated([], lengths)
    offsets = struct.unpack("<3Q", changed[0x7FE00001].value)  # type: ignore[arg-type]
    assert offsets == (0, (1 << 31) + 10, (1 << 32) + 18)
    assert struct.unpack("<3Q", changed[0x7FE00002].value) == tuple(lengths)  # type: ignore[arg-type]
    with pytest.raises(ObjectTooLarge):
        encapsulated([], [0xFFFFFFFE])


def test_a_native_value_that_no_element_holds() -> None:
    with pytest.raises(ObjectTooLarge):
        native([], 8 << 32, PIXEL_DATA, "OW", implicit_vr=False)
