"""Overlay planes: of one frame or many, within the samples, beside the image (PS3.3 C.9.2)."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hounsfield.codecs.covering import Overlay
from hounsfield.codecs.describe import describe
from hounsfield.codecs.frame import FrameDescription
from hounsfield.codecs.masks import plane_of
from hounsfield.codecs.presentation import PictureFormat, Presentation, RenderRequest, Window
from hounsfield.codecs.render import render

LITTLE, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
Header = Callable[..., bytes]

PLANE = np.array([[1, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 0]], np.uint8)


def packed(*planes: np.ndarray) -> bytes:
    return np.packbits(np.concatenate([plane.reshape(-1) for plane in planes]), bitorder="little").tobytes()


def overlay_elements(group: int = 0x6000, **more: tuple[str, bytes]) -> list[tuple[int, str, bytes]]:
    found = {0x10: ("US", struct.pack("<H", 3)), 0x11: ("US", struct.pack("<H", 4)), 0x50: ("SS", struct.pack("<2h", 1, 1))}
    found |= {0x100: ("US", struct.pack("<H", 1)), 0x102: ("US", bytes(2)), 0x3000: ("OW", packed(PLANE))}
    found |= {int(key[1:], 16): value for key, value in more.items()}
    return [(group << 16 | element, *found[element]) for element in sorted(found)]


def test_a_plane_with_its_origin(header: Header) -> None:
    image = describe(header(*overlay_elements(_50=("SS", struct.pack("<2h", 2, 3)))), LITTLE)
    (overlay,) = image.overlays(0)
    expected = np.zeros((4, 6), bool)
    expected[1:4, 2:6] = PLANE
    assert np.array_equal(plane_of(overlay, 4, 6, None), expected)


@pytest.mark.parametrize(("row", "column"), [(-1, -2), (3, 5), (-9, 1), (1, 60), (-32768, 32767)])
def test_a_plane_that_reaches_beyond_the_image(row: int, column: int) -> None:
    found = plane_of(Overlay(0x6000, 3, 4, row, column, packed(PLANE)), 4, 6, None)
    for y in range(4):
        for x in range(6):
            inside = 0 <= y - row < 3 and 0 <= x - column < 4
            assert found[y, x] == (inside and bool(PLANE[y - row, x - column]))


def test_planes_of_several_frames(header: Header) -> None:
    data = packed(PLANE, 1 - PLANE)
    many = overlay_elements(_15=("IS", b"2"), _51=("US", struct.pack("<H", 2)), _3000=("OW", data))
    image = describe(header((0x00280008, "IS", b"4"), *many), LITTLE)
    assert [len(image.overlays(index)) for index in range(4)] == [0, 1, 1, 0]
    assert np.array_equal(plane_of(image.overlays(1)[0], 3, 4, None), PLANE.astype(bool))
    assert np.array_equal(plane_of(image.overlays(2)[0], 3, 4, None), ~PLANE.astype(bool))


def test_one_plane_lies_over_every_frame(header: Header) -> None:
    image = describe(header((0x00280008, "IS", b"3"), *overlay_elements(0x601E)), LITTLE)
    assert image.overlays(0) == image.overlays(2) and image.overlays(0)[0].group == 0x601E


@pytest.mark.parametrize(
    "changed", [{"_3000": ("OW", b"")}, {"_10": ("US", bytes(2))}, {"_11": ("US", b"\xff\xff"), "_10": ("US", b"\xff\xff")}]
)
def test_what_is_no_plane(header: Header, changed: dict[str, tuple[str, bytes]]) -> None:
    assert describe(header(*overlay_elements(**changed)), LITTLE).overlays(0) == ()


def test_within_the_samples(header: Header) -> None:
    elements = [entry for entry in overlay_elements() if entry[0] not in (0x60003000, 0x60000100, 0x60000102, 0x60000010, 0x60000011)]
    elements += [(0x60000100, "US", struct.pack("<H", 16)), (0x60000102, "US", struct.pack("<H", 15))]
    image = describe(header(*elements), LITTLE)
    (overlay,) = image.overlays(0)
    samples = np.zeros((4, 6), np.uint16)
    samples[2, 3] = 0x8000
    assert np.argwhere(plane_of(overlay, 4, 6, samples)).tolist() == [[2, 3]]
    presentation = replace(image.presentation(), window=Window(2048, 4096), overlays=(overlay,))
    shown = np.asarray(Image.open(io.BytesIO(render(samples.tobytes(), image.frame(0), presentation, RenderRequest(PictureFormat.PNG)))))
    assert np.argwhere(shown == 255).tolist() == [[2, 3]] and shown.sum() == 255


def test_big_endian_words() -> None:
    """Overlay Data of VR OW in Explicit VR Big Endian: the bytes of each word the other way round."""

    def element(tag: int, vr: str, value: bytes) -> bytes:
        length = struct.pack(">HI", 0, len(value)) if vr == "OW" else struct.pack(">H", len(value))
        return struct.pack(">HH2s", tag >> 16, tag & 0xFFFF, vr.encode()) + length + value

    words = packed(PLANE, 1 - PLANE, PLANE).ljust(6, b"\0")
    swapped = b"".join(words[at : at + 2][::-1] for at in range(0, 6, 2))
    numbers = {0x00280010: 3, 0x00280011: 4, 0x00280100: 8, 0x60000010: 3, 0x60000011: 4, 0x60000100: 1, 0x60000102: 0}
    parts = {tag: element(tag, "US", struct.pack(">H", value)) for tag, value in numbers.items()}
    parts |= {0x60000015: element(0x60000015, "IS", b"3 "), 0x60003000: element(0x60003000, "OW", swapped)}
    image = describe(b"".join(parts[tag] for tag in sorted(parts)), BIG)
    for index, plane in enumerate((PLANE, 1 - PLANE, PLANE)):
        assert np.array_equal(plane_of(image.overlays(index)[0], 3, 4, None), plane.astype(bool))


def test_drawn_white_over_grey_and_colour(described: Callable[..., FrameDescription]) -> None:
    overlay = Overlay(0x6000, 1, 2, 0, 1, b"\x01")
    grey = described(bits_allocated=8, bits_stored=8, high_bit=7)
    shown = render(bytes(6), grey, Presentation(window=Window(128, 256), overlays=(overlay,)), RenderRequest(PictureFormat.PNG))
    assert np.asarray(Image.open(io.BytesIO(shown))).tolist() == [[0, 255, 0], [0, 0, 0]]
    colour = replace(grey, samples_per_pixel=3, photometric_interpretation="RGB")
    shown = render(bytes(18), colour, Presentation(overlays=(overlay,)), RenderRequest(PictureFormat.PNG))
    assert np.asarray(Image.open(io.BytesIO(shown)))[0].tolist() == [[0, 0, 0], [255, 255, 255], [0, 0, 0]]
