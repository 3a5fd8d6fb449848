"""Pictures: size, proportions, colour, region, format."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hounsfield.codecs.describe import describe
from hounsfield.codecs.frame import FrameDescription
from hounsfield.codecs.picture_size import picture_size
from hounsfield.codecs.presentation import LookUpTable, Palette, PictureFormat, Presentation, RenderRequest, Window
from hounsfield.codecs.render import render
from hounsfield.model.errors import InvalidInput

Described = Callable[..., FrameDescription]

PNG = RenderRequest(PictureFormat.PNG)
FULL = Presentation(window=Window(128, 256))


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.fixture
def eight_bits(described: Described) -> FrameDescription:
    return described(rows=60, columns=80, bits_allocated=8, bits_stored=8, high_bit=7)


def ramp(rows: int = 60, columns: int = 80) -> bytes:
    return np.tile(np.linspace(0, 255, columns).astype(np.uint8), (rows, 1)).tobytes()


def test_png_holds_the_shades_exactly(eight_bits: FrameDescription) -> None:
    shown = picture(render(ramp(), eight_bits, FULL, PNG))
    assert (shown.format, shown.mode, shown.size) == ("PNG", "L", (80, 60))
    assert np.asarray(shown).tobytes() == ramp()


def test_jpeg_is_grey_and_close(eight_bits: FrameDescription) -> None:
    shown = picture(render(ramp(), eight_bits, FULL, RenderRequest(quality=90)))
    assert (shown.format, shown.mode) == ("JPEG", "L")
    assert np.abs(np.asarray(shown).astype(int) - np.frombuffer(ramp(), np.uint8).reshape(60, 80)).max() <= 4


def test_quality_changes_the_size(eight_bits: FrameDescription) -> None:
    noise = np.random.default_rng(1).integers(0, 255, 4800, dtype=np.uint8).tobytes()
    sizes = [len(render(noise, eight_bits, FULL, RenderRequest(quality=quality))) for quality in (1, 30, 85, 100, 1000)]
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3] == sizes[4]


@pytest.mark.parametrize(
    ("viewport", "enlarge", "size"),
    [
        ((40, 40), True, (40, 30)),
        ((160, 400), True, (160, 120)),
        ((160, 400), False, (80, 60)),
        ((1, 1), True, (1, 1)),
        (None, True, (80, 60)),
    ],
)
def test_a_viewport_keeps_proportions(
    eight_bits: FrameDescription, viewport: tuple[int, int] | None, enlarge: bool, size: tuple[int, int]
) -> None:
    request = RenderRequest(viewport=viewport, enlarge=enlarge)
    assert picture(render(ramp(), eight_bits, FULL, request)).size == size


@pytest.mark.parametrize(("ratio", "size"), [(2.0, (80, 120)), (0.5, (160, 60))])
def test_pixels_that_are_not_square(eight_bits: FrameDescription, ratio: float, size: tuple[int, int]) -> None:
    assert picture(render(ramp(), eight_bits, replace(FULL, aspect_ratio=ratio), PNG)).size == size


@pytest.mark.parametrize("viewport", [(0, 5), (-1, 5), (100000, 5)])
def test_an_impossible_viewport_is_the_askers_fault(eight_bits: FrameDescription, viewport: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput):
        render(ramp(), eight_bits, FULL, RenderRequest(viewport=viewport))


def test_too_large_a_picture_is_refused_before_it_is_made() -> None:
    with pytest.raises(InvalidInput):
        picture_size(60, 80, 1.0, RenderRequest(viewport=(16000, 16000)))


def test_fine_detail_is_averaged_not_skipped(described: Described) -> None:
    checkers = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8).tobytes()
    description = described(rows=256, columns=256, bits_allocated=8, bits_stored=8, high_bit=7)
    shown = np.asarray(picture(render(checkers, description, FULL, RenderRequest(PictureFormat.PNG, (64, 64)))))
    assert shown.min() > 110 and shown.max() < 145


@pytest.mark.parametrize("width", [20, -20])
@pytest.mark.parametrize("height", [10, -10])
def test_a_region_and_its_mirror_image(eight_bits: FrameDescription, width: int, height: int) -> None:
    values = np.arange(4800).astype(np.uint8).reshape(60, 80)
    request = RenderRequest(PictureFormat.PNG, region=(30, 5, width, height))
    part = values[5:15, 30:50][:: 1 if height > 0 else -1, :: 1 if width > 0 else -1]
    assert np.array_equal(np.asarray(picture(render(values.tobytes(), eight_bits, FULL, request))), part)


def test_a_region_outside_of_the_picture(eight_bits: FrameDescription) -> None:
    with pytest.raises(InvalidInput):
        render(ramp(), eight_bits, FULL, RenderRequest(region=(80, 0, 5, 5)))


def test_big_endian_frames_are_shown_like_others(described: Described) -> None:
    values = np.arange(0, 60000, 10000).reshape(2, 3)
    shown = [
        render(values.astype(dtype).tobytes(), described(transfer_syntax_uid=syntax), Presentation(window=Window(32768, 65536)), PNG)
        for syntax, dtype in (("1.2.840.10008.1.2.1", "<u2"), ("1.2.840.10008.1.2.2", ">u2"))
    ]
    assert shown[0] == shown[1] and np.asarray(picture(shown[0])).reshape(-1).tolist() == [0, 39, 78, 117, 156, 195]


def colour_description(described: Described, photometric: str, **changes: object) -> FrameDescription:
    basic = {"rows": 1, "columns": 2, "samples_per_pixel": 3, "bits_allocated": 8, "bits_stored": 8, "high_bit": 7}
    return described(**basic | {"photometric_interpretation": photometric} | changes)


def test_rgb(described: Described) -> None:
    shown = picture(render(bytes((250, 10, 20, 1, 2, 3)), colour_description(described, "RGB"), Presentation(), PNG))
    assert np.asarray(shown).reshape(-1).tolist() == [250, 10, 20, 1, 2, 3]


def test_16_bits_of_colour_are_not_cut_at_the_wrong_end(described: Described) -> None:
    description = colour_description(described, "RGB", bits_allocated=16, bits_stored=16, high_bit=15)
    frame = np.array([0xFF00, 0x8000, 0x00FF, 0x1234, 0xFFFF, 0x0100], "<u2").tobytes()
    assert np.asarray(picture(render(frame, description, Presentation(), PNG))).reshape(-1).tolist() == [0xFF, 0x80, 0, 0x12, 0xFF, 1]


def test_ybr_full(described: Described) -> None:
    """PS3.3 C.7.6.3.1.2: red is about (76, 85, 255), blue about (29, 255, 107)."""
    shown = np.asarray(picture(render(bytes((76, 85, 255, 29, 255, 107)), colour_description(described, "YBR_FULL"), Presentation(), PNG)))
    assert shown[0, 0].tolist() == pytest.approx([254, 0, 0], abs=1) and shown[0, 1].tolist() == pytest.approx([0, 0, 254], abs=1)


def test_palette_colour(described: Described) -> None:
    def table(*values: int) -> LookUpTable:
        return LookUpTable(10, np.array(values, "<u2").tobytes(), 16)

    palette = Palette(table(0, 0xFFFF, 0x8000), table(0, 0, 0x4000), table(0xFFFF, 0, 0))
    description = described(rows=1, columns=5, photometric_interpretation="PALETTE COLOR", bits_allocated=8, bits_stored=8, high_bit=7)
    shown = np.asarray(picture(render(bytes((0, 10, 11, 12, 99)), description, Presentation(palette=palette), PNG)))
    assert shown[0].tolist() == [[0, 0, 255], [0, 0, 255], [255, 0, 0], [128, 64, 0], [128, 64, 0]] or shown[0, 3].tolist() == [127, 63, 0]
    assert shown[0, 2].tolist() == [255, 0, 0]


def test_segmented_palette(header: Callable[..., bytes]) -> None:
    """Two discrete values, a line from the second, and both again by reference (PS3.3 C.7.9.2)."""
    words = (
        struct.pack("<H", 0)
        + struct.pack("<H", 2)
        + struct.pack("<2H", 0, 1000)
        + struct.pack("<3H", 1, 4, 5000)
        + struct.pack("<4H", 2, 2, 0, 0)
    )
    elements: list[tuple[int, str, bytes]] = [(0x00280004, "CS", b"PALETTE COLOR")]
    for colour in range(3):
        elements += [(0x00281101 + colour, "US", struct.pack("<3H", 12, 0, 16)), (0x00281221 + colour, "OW", words)]
    palette = describe(header(*elements), "1.2.840.10008.1.2.1").presentation().palette
    assert palette is not None
    assert np.frombuffer(palette.green.entries, "<u2").tolist() == [0, 1000, 2000, 3000, 4000, 5000, 0, 1000, 2000, 3000, 4000, 5000]


def test_a_palette_image_without_palette_is_shown_grey(described: Described) -> None:
    description = described(photometric_interpretation="PALETTE COLOR", bits_allocated=8, bits_stored=8, high_bit=7)
    assert picture(render(bytes(range(6)), description, Presentation(), PNG)).mode == "L"


def test_single_bits_are_black_and_white(described: Described) -> None:
    description = described(rows=2, columns=4, bits_allocated=1, bits_stored=1, high_bit=0)
    assert np.asarray(picture(render(b"\x35", description, Presentation(), PNG))).tolist() == [[255, 0, 255, 0], [255, 255, 0, 0]]


def test_a_supplemental_palette_colours_the_values_that_it_maps(described: Described) -> None:
    """PS3.3 C.7.6.19: the others go through the grey scale pipeline."""

    def table(*values: int) -> LookUpTable:
        return LookUpTable(4000, np.array(values, "<u2").tobytes(), 8)

    palette = Palette(table(255, 0), table(0, 255), table(0, 0))
    presentation = Presentation(window=Window(128, 256), palette=palette, supplemental=True)
    description = described(rows=1, columns=5, bits_stored=12, high_bit=11)
    frame = np.array([0, 255, 4000, 4001, 4095], "<u2").tobytes()
    shown = np.asarray(picture(render(frame, description, presentation, PNG)))
    assert shown[0].tolist() == [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 255, 0]]


def test_indices_of_a_palette_do_not_take_in_what_stands_above_them(described: Described) -> None:
    ramp = LookUpTable(0, np.arange(256, dtype="<u2").tobytes(), 8)
    description = described(rows=1, columns=2, photometric_interpretation="PALETTE COLOR", bits_stored=8, high_bit=7)
    shown = picture(render(struct.pack("<2H", 0x8007, 9), description, Presentation(palette=Palette(ramp, ramp, ramp)), PNG))
    assert np.asarray(shown)[0, :, 0].tolist() == [7, 9]


def test_gif(eight_bits: FrameDescription, described: Described) -> None:
    grey = picture(render(ramp(), eight_bits, FULL, RenderRequest(PictureFormat.GIF)))
    assert grey.format == "GIF" and np.asarray(grey.convert("L")).tobytes() == ramp()
    colour = colour_description(described, "RGB")
    shown = picture(render(bytes((250, 10, 20, 1, 2, 3)), colour, Presentation(), RenderRequest(PictureFormat.GIF)))
    assert np.abs(np.asarray(shown.convert("RGB")).astype(int).reshape(-1) - [250, 10, 20, 1, 2, 3]).max() <= 8
