"""Headers to descriptions: what is said, what is said twice, what is nonsense."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.codecs.describe import describe
from hounsfield.codecs.frame import SampleKind
from hounsfield.codecs.presentation import Window, WindowFunction
from hounsfield.model.errors import UndecodablePixels

LITTLE, BIG, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2"

Header = Callable[..., bytes]
Nested = Callable[..., bytes]


def test_the_image_pixel_module(header: Header) -> None:
    image = describe(header(), LITTLE)
    frame = image.frame(0)
    assert (frame.rows, frame.columns, frame.samples_per_pixel, frame.photometric_interpretation) == (4, 6, 1, "MONOCHROME2")
    assert (frame.bits_allocated, frame.bits_stored, frame.high_bit, frame.pixel_representation) == (16, 12, 11, 0)
    assert image.frame_count == 1


def test_window_rescale_and_padding(header: Header) -> None:
    presentation = describe(
        header(
            (0x00281050, "DS", b"40\\300"),
            (0x00281051, "DS", b"400 \\1500"),
            (0x00281052, "DS", b"-1024"),
            (0x00281053, "DS", b"2.5"),
            (0x00281056, "CS", b"SIGMOID"),
            (0x00280120, "US", struct.pack("<H", 4000)),
            (0x00280121, "US", struct.pack("<H", 4095)),
        ),
        LITTLE,
    ).presentation()
    assert presentation.window == Window(40, 400, WindowFunction.SIGMOID)
    assert (presentation.slope, presentation.intercept, presentation.padding) == (2.5, -1024, (4000, 4095))


@pytest.mark.parametrize("width", [b"0", b"-5", b"nonsense", b"", b"nan", b"inf"])
def test_a_window_that_cannot_be_is_none(header: Header, width: bytes) -> None:
    assert describe(header((0x00281050, "DS", b"40"), (0x00281051, "DS", width)), LITTLE).presentation().window is None


@pytest.mark.parametrize(
    ("tag", "value", "expected"),
    [
        (0x00280034, b"4\\3", 4 / 3),
        (0x00280030, b"0.5\\1", 0.5),
        (0x00181164, b"2\\1", 2.0),
        (0x00280034, b"0\\0", 1.0),
        (0x00280034, b"1\\1000", 1.0),
    ],
)
def test_the_shape_of_a_pixel(header: Header, tag: int, value: bytes, expected: float) -> None:
    assert describe(header((tag, "IS", value)), LITTLE).presentation().aspect_ratio == pytest.approx(expected)


def test_look_up_tables(header: Header, nested: Nested) -> None:
    entries = struct.pack("<4H", 0, 100, 200, 4000)
    table = nested([(0x00283002, "US", struct.pack("<3H", 4, 10, 12)), (0x00283006, "US", entries)])
    presentation = describe(header((0x00283000, "SQ", table), (0x00283010, "SQ", table)), LITTLE).presentation()
    assert presentation.modality_lut is not None and presentation.voi_lut is not None
    assert (presentation.modality_lut.first_value, presentation.modality_lut.count, presentation.modality_lut.bits) == (10, 4, 12)
    assert presentation.voi_lut.entries == entries


def test_a_table_of_65536_entries_says_none(header: Header, nested: Nested) -> None:
    table = nested([(0x00283002, "US", struct.pack("<3H", 0, 0, 16)), (0x00283006, "OW", bytes(131072))])
    voi = describe(header((0x00283010, "SQ", table)), LITTLE).presentation().voi_lut
    assert voi is not None and voi.count == 65536


def test_a_table_cut_short_gives_what_it_has(header: Header, nested: Nested) -> None:
    table = nested([(0x00283002, "US", struct.pack("<3H", 4096, 0, 16)), (0x00283006, "OW", struct.pack("<3H", 1, 2, 3))])
    voi = describe(header((0x00283010, "SQ", table)), LITTLE).presentation().voi_lut
    assert voi is not None and voi.count == 3


def test_frames_have_their_own_windows(header: Header, nested: Nested) -> None:
    def group(center: bytes) -> list[tuple[int, str, bytes]]:
        return [(0x00289132, "SQ", nested([(0x00281050, "DS", center), (0x00281051, "DS", b"10")]))]

    shared = nested([(0x00289145, "SQ", nested([(0x00281052, "DS", b"-5"), (0x00281053, "DS", b"3")]))])
    image = describe(
        header((0x00280008, "IS", b"3"), (0x52009229, "SQ", shared), (0x52009230, "SQ", nested(group(b"1"), group(b"2"), group(b"3")))),
        LITTLE,
    )
    assert image.frame_count == 3
    assert [image.presentation(index).window for index in range(3)] == [Window(1, 10), Window(2, 10), Window(3, 10)]
    assert (image.presentation(1).slope, image.presentation(1).intercept) == (3, -5)
    assert image.presentation(7).window is None


def test_single_bits_say_where_each_frame_begins(header: Header) -> None:
    one_bit = [
        (0x00280100, "US", b"\1\0"),
        (0x00280101, "US", b"\1\0"),
        (0x00280102, "US", b"\0\0"),
        (0x00280010, "US", b"\3\0"),
        (0x00280011, "US", b"\3\0"),
    ]
    image = describe(header(*one_bit), LITTLE)
    assert [image.frame(index).bit_offset for index in range(4)] == [0, 1, 2, 3]
    assert describe(header(*one_bit), "1.2.840.10008.1.2.5").frame(1).bit_offset == 0


def test_floats_are_told_by_the_element_that_holds_them(header: Header) -> None:
    depth = header((0x00280100, "US", b"\x20\0"))
    assert describe(depth + struct.pack("<HH2sHI", 0x7FE0, 0x0008, b"OF", 0, 96), LITTLE).frame(0).kind is SampleKind.FLOAT


@pytest.mark.parametrize("vr", [b"OB", b"OW"])
def test_the_order_of_bytes_in_big_endian_words_is_told_by_the_vr(vr: bytes) -> None:
    elements = {0x0002: 1, 0x0010: 4, 0x0011: 6, 0x0100: 8, 0x0101: 8, 0x0102: 7, 0x0103: 0}
    data = b"".join(struct.pack(">HH2sHH", 0x28, tag, b"US", 2, value) for tag, value in elements.items())
    frame = describe(data + struct.pack(">HH2sHI", 0x7FE0, 0x0010, vr, 0, 24), BIG).frame(0)
    assert frame.swapped_bytes == (vr == b"OW")


def test_an_object_without_picture_says_so(header: Header) -> None:
    with pytest.raises(UndecodablePixels, match="no picture"):
        describe(header()[:20], LITTLE)


def test_a_header_in_another_encoding_than_declared_is_read(header: Header) -> None:
    implicit = b"".join(struct.pack("<HHIH", 0x28, tag, 2, value) for tag, value in {0x0010: 4, 0x0011: 6, 0x0100: 16}.items())
    assert describe(implicit, LITTLE).frame(0).columns == 6


@pytest.mark.parametrize("depth", [1, 100, 20000])
def test_nesting_is_not_recursed_into(header: Header, depth: int) -> None:
    open_items = struct.pack("<HH2sHI", 0x52, 0x10, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    closing = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    image = describe(struct.pack("<HH2sH", 0x08, 0x60, b"CS", 2) + b"CT" + header() + open_items * depth + closing * depth, LITTLE)
    assert image.frame(0).rows == 4


@given(st.binary(max_size=300), st.integers(0, 200), st.sampled_from([LITTLE, BIG, IMPLICIT]))
def test_no_header_does_more_than_be_refused(noise: bytes, at: int, syntax: str) -> None:
    valid = b"".join(struct.pack("<HH2sHH", 0x28, tag, b"US", 2, value) for tag, value in {0x0010: 4, 0x0011: 6, 0x0100: 16}.items())
    for data in (noise, valid[:at] + noise, valid + noise):
        try:
            image = describe(data, syntax)
            image.frame(0)
            image.presentation(0)
        except UndecodablePixels:
            continue


@pytest.mark.parametrize(("shape", "inverse"), [(b"INVERSE", True), (b"IDENTITY", None), (b"", None)])
def test_the_presentation_lut_shape_of_an_image(header: Header, shape: bytes, inverse: bool | None) -> None:
    assert describe(header((0x20500020, "CS", shape)), LITTLE).presentation().inverse is inverse


def test_a_representative_frame(header: Header) -> None:
    assert describe(header((0x00286010, "US", struct.pack("<H", 7))), LITTLE).representative_frame == 7
    assert describe(header((0x00286010, "US", bytes(2))), LITTLE).representative_frame is None


@pytest.mark.parametrize(("presentation", "supplemental"), [(b"COLOR", True), (b"MIXED", True), (b"MONOCHROME", False), (b"", False)])
def test_a_supplemental_palette(header: Header, presentation: bytes, supplemental: bool) -> None:
    palette = [(0x00281101 + colour, "US", struct.pack("<3H", 2, 4000, 8)) for colour in range(3)]
    palette += [(0x00281201 + colour, "OW", struct.pack("<2H", 10, 200)) for colour in range(3)]
    found = describe(header((0x00089205, "CS", presentation), *palette), LITTLE).presentation()
    assert found.supplemental is supplemental and (found.palette is not None) is supplemental
