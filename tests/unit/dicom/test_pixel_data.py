"""Where the frames of an object are found, proper and odd (PS3.5 8 and A.4)."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from hounsfield.dicom import pixel_data
from hounsfield.dicom.header import ScannedObject, scan

EXPLICIT = "1.2.840.10008.1.2.1"
JPEG = "1.2.840.10008.1.2.4.70"
RLE = "1.2.840.10008.1.2.5"
VIDEO = "1.2.840.10008.1.2.4.102"
SOI = b"\xff\xd8\xff\xe0"
SOC = b"\xff\x4f\xff\x51"


def frames_of(data_set: bytes, transfer_syntax_uid: str) -> tuple[list[bytes], ScannedObject]:
    """The bytes of every frame, checked."""
    scanned = scan(data_set, transfer_syntax_uid)
    frames = []
    for index in range(scanned.frame_table.count):
        span = scanned.frame_table.frame(index)
        frame = b"".join(data_set[offset : offset + length] for offset, length in span.fragments)
        assert span.matches(frame)
        frames.append(frame)
    return frames, scanned


def native(data: Any, header: bytes, pixels: bytes, vr: bytes = b"OW") -> bytes:
    """An object with native pixel data."""
    return bytes(header + data.explicit(0x7FE00010, vr, pixels))


def test_native_frames(data: Any) -> None:
    header = data.image(2, 3, 16, frames=2)
    frames, scanned = frames_of(native(data, header, bytes(range(24))), EXPLICIT)
    assert frames == [bytes(range(12)), bytes(range(12, 24))]
    assert scanned.header_length_bytes == len(header)
    assert scanned.problems == ()
    assert scanned.attributes.instance.frames == 2


def test_odd_frames_have_no_padding_between_them(data: Any) -> None:
    frames, scanned = frames_of(native(data, data.image(3, 3, 8, frames=3), bytes(range(27)) + b"\0", b"OB"), EXPLICIT)
    assert frames == [bytes(range(9)), bytes(range(9, 18)), bytes(range(18, 27))]
    assert scanned.problems == ()


def test_one_bit_frames_that_begin_inside_a_byte(data: Any) -> None:
    _frames, scanned = frames_of(native(data, data.image(3, 3, 1, frames=4), bytes(6), b"OB"), EXPLICIT)
    assert scanned.frame_table.packed_bits
    assert [scanned.frame_table.frame(i).bit_offset for i in range(4)] == [0, 1, 2, 3]


def test_half_rate_chrominance(data: Any) -> None:
    header = data.image(2, 4, 8, frames=2, samples=3, photometric=b"YBR_FULL_422")
    frames, scanned = frames_of(native(data, header, bytes(32), b"OB"), EXPLICIT)
    assert [len(frame) for frame in frames] == [16, 16]
    assert scanned.problems == ()


@pytest.mark.parametrize(("tag", "vr", "bits"), [(0x7FE00008, b"OF", 32), (0x7FE00009, b"OD", 64)])
def test_float_pixel_data(data: Any, tag: int, vr: bytes, bits: int) -> None:
    header = data.image(2, 2, bits, frames=2)
    frames, scanned = frames_of(header + data.explicit(tag, vr, bytes(bits)), EXPLICIT)
    assert [len(frame) for frame in frames] == [bits // 2, bits // 2]
    assert scanned.header_length_bytes == len(header)


def test_truncated_native_pixels_keep_the_whole_frames(data: Any) -> None:
    frames, scanned = frames_of(native(data, data.image(2, 2, 8, frames=4), bytes(range(16)), b"OB")[:-5], EXPLICIT)
    assert frames == [bytes(range(4)), bytes(range(4, 8))]
    assert scanned.problems == ("pixel data claims 16 bytes, 11 are there", "pixel data holds 2 whole frames of 4")


def test_a_number_of_frames_that_lies(data: Any) -> None:
    _frames, scanned = frames_of(native(data, data.image(1, 1, 8, frames=2147483647), bytes(4), b"OB"), EXPLICIT)
    assert scanned.frame_table.count == 4
    assert scanned.problems == ("pixel data holds 4 whole frames of 2147483647",)


def test_pixels_without_a_description_are_one_frame(data: Any) -> None:
    frames, scanned = frames_of(native(data, data.identifiers() + data.rest(), b"abcdef", b"OB"), EXPLICIT)
    assert frames == [b"abcdef"]
    assert len(scanned.problems) == 1


def test_more_pixels_than_described_are_said(data: Any) -> None:
    frames, scanned = frames_of(native(data, data.image(2, 2, 8), bytes(12), b"OB"), EXPLICIT)
    assert frames == [bytes(4)]
    assert scanned.problems == ("pixel data has 12 bytes, 4 are described",)


def test_empty_pixel_data(data: Any) -> None:
    for pixels in (data.explicit(0x7FE00010, b"OW", b""), data.encapsulated(), data.encapsulated(b"")):
        frames, scanned = frames_of(data.image(2, 2, 8) + pixels, EXPLICIT)
        assert frames == []
        assert scanned.problems


def offsets(*values: int) -> bytes:
    """A Basic Offset Table."""
    return struct.pack(f"<{len(values)}L", *values)


def test_one_frame_of_several_fragments(data: Any) -> None:
    frames, scanned = frames_of(data.image(2, 2, 8, frames=1) + data.encapsulated(b"", SOI + b"ab", b"cd", b"ef"), JPEG)
    assert frames == [SOI + b"abcdef"]
    assert scanned.problems == ()


def test_basic_offset_table(data: Any) -> None:
    table = offsets(0, 18, 28)
    frames, scanned = frames_of(data.image(2, 2, 8, frames=3) + data.encapsulated(table, b"a1", b"", b"b1", b"c1", b"c2c3"), JPEG)
    assert frames == [b"a1", b"b1", b"c1c2c3"]
    assert scanned.problems == ()


def test_basic_offset_table_without_a_number_of_frames(data: Any) -> None:
    frames, _scanned = frames_of(data.image(2, 2, 8) + data.encapsulated(offsets(0, 10), b"a1", b"b1"), JPEG)
    assert frames == [b"a1", b"b1"]


@pytest.mark.parametrize("table", [offsets(0, 11), offsets(4, 10), offsets(10, 0), offsets(0), offsets(0, 10, 20), offsets(0, 0)])
def test_a_basic_offset_table_that_does_not_fit_is_passed_over(data: Any, table: bytes) -> None:
    frames, scanned = frames_of(data.image(2, 2, 8, frames=2) + data.encapsulated(table, b"a1", b"b1"), JPEG)
    assert frames == [b"a1", b"b1"]
    assert scanned.problems == ("the basic offset table does not fit the fragments",)


def test_a_basic_offset_table_that_leaves_out_the_first_fragment_is_passed_over(data: Any) -> None:
    fragments = (SOI + b"a", b"a2", SOI + b"b")
    frames, _scanned = frames_of(data.image(2, 2, 8, frames=2) + data.encapsulated(offsets(13, 23), *fragments), JPEG)
    assert frames == [SOI + b"aa2", SOI + b"b"]


def test_full_rate_chrominance_that_calls_itself_half(data: Any) -> None:
    header = data.image(2, 4, 8, frames=2, samples=3, photometric=b"YBR_FULL_422")
    frames, _scanned = frames_of(native(data, header, bytes(48), b"OB"), EXPLICIT)
    assert [len(frame) for frame in frames] == [24, 24]


def test_a_run_length_frame_is_one_fragment_whatever_it_begins_with(data: Any) -> None:
    frames, scanned = frames_of(data.image(2, 2, 8, frames=2) + data.encapsulated(b"", SOI, b"22", SOI), RLE)
    assert frames == [SOI, b"22"]
    assert scanned.problems == ("3 fragments for 2 frames",)


def test_more_frames_than_any_object_has_are_left_out(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_data, "FRAME_LIMIT", 10)
    monkeypatch.setattr(pixel_data, "FRAGMENT_LIMIT", 10)
    _frames, scanned = frames_of(native(data, data.image(1, 1, 8, frames=12), bytes(12), b"OB"), EXPLICIT)
    assert (scanned.frame_table.count, scanned.problems) == (0, ("more than 10 frames",))
    _frames, scanned = frames_of(data.image(1, 1, 8, frames=12) + data.encapsulated(b"", *[b"ab"] * 12), JPEG)
    assert (scanned.frame_table.count, scanned.problems[0]) == (0, "more than 10 fragments")


def test_no_table_and_as_many_fragments_as_frames(data: Any) -> None:
    frames, scanned = frames_of(data.image(2, 2, 8, frames=2) + data.encapsulated(b"", b"a1", b"b1"), RLE)
    assert frames == [b"a1", b"b1"]
    assert scanned.problems == ()


@pytest.mark.parametrize("start", [SOI, SOC, b"\xff\x0a"])
def test_no_table_and_more_fragments_than_frames(data: Any, start: bytes) -> None:
    fragments = (start + b"1", b"22", start + b"3", b"44", b"55")
    frames, scanned = frames_of(data.image(2, 2, 8, frames=2) + data.encapsulated(b"", *fragments), JPEG)
    assert frames == [start + b"122", start + b"34455"]
    assert scanned.problems == ()


def test_streams_and_number_of_frames_that_disagree_are_said(data: Any) -> None:
    frames, scanned = frames_of(data.image(2, 2, 8, frames=4) + data.encapsulated(b"", SOI, b"22", SOI), JPEG)
    assert frames == [SOI + b"22", SOI]
    assert scanned.problems == ("2 streams begin in pixel data, Number of Frames says 4",)
    frames, scanned = frames_of(data.image(2, 2, 8, frames=4) + data.encapsulated(b"", b"11", b"22", b"33"), RLE)
    assert frames == [b"11", b"22", b"33"]
    assert scanned.problems == ("3 fragments for 4 frames",)


def extended(data: Any, starts: list[int], lengths: list[int]) -> bytes:
    """The elements of an Extended Offset Table."""
    return bytes(
        data.explicit(0x7FE00001, b"OV", struct.pack(f"<{len(starts)}Q", *starts))
        + data.explicit(0x7FE00002, b"OV", struct.pack(f"<{len(lengths)}Q", *lengths))
    )


def test_extended_offset_table(data: Any) -> None:
    head = data.image(2, 2, 8, frames=2)
    frames, scanned = frames_of(head + extended(data, [0, 12], [3, 2]) + data.encapsulated(b"", b"a1a\0", b"b1"), JPEG)
    assert frames == [b"a1a", b"b1"]  # without the padding
    assert scanned.problems == ()
    assert scanned.header_length_bytes == len(head) + 2 * (12 + 16)


@pytest.mark.parametrize("starts", [[0, 13], [0], [5, 12]])
def test_an_extended_offset_table_that_does_not_fit_is_passed_over(data: Any, starts: list[int]) -> None:
    frames, scanned = frames_of(
        data.image(2, 2, 8, frames=2) + extended(data, starts, [4, 2]) + data.encapsulated(b"", b"a1a1", b"b1"), JPEG
    )
    assert frames == [b"a1a1", b"b1"]
    assert scanned.problems == ("the extended offset table does not fit the fragments",)


def test_video_is_one_stream(data: Any) -> None:
    frames, scanned = frames_of(data.image(2, 2, 8, frames=50) + data.encapsulated(b"", b"movi", b"e!"), VIDEO)
    assert frames == [b"movie!"]
    assert scanned.attributes.instance.frames == 50
    assert scanned.problems == ()


def test_encapsulated_pixels_cut_short(data: Any) -> None:
    whole = data.image(2, 2, 8, frames=2) + data.encapsulated(b"", b"a1", b"b1b2", ended=False)
    frames, scanned = frames_of(whole, JPEG)
    assert frames == [b"a1", b"b1b2"]
    assert scanned.problems == ("pixel data ends without a sequence delimitation",)
    frames, scanned = frames_of(whole[:-1], JPEG)
    assert frames == [b"a1"]
    assert scanned.problems[0] == "fragment 2 claims 4 bytes, 3 are there"


def test_compressed_pixels_in_a_native_transfer_syntax(data: Any) -> None:
    frames, _scanned = frames_of(data.image(2, 2, 8) + data.encapsulated(b"", b"a1"), EXPLICIT)
    assert frames == [b"a1"]


def test_compressed_pixels_with_a_defined_length(data: Any) -> None:
    items = data.item(b"") + data.item(b"a1") + data.SEQUENCE_END
    frames, scanned = frames_of(data.image(2, 2, 8) + data.explicit(0x7FE00010, b"OB", items), JPEG)
    assert frames == [b"a1"]
    assert scanned.problems == ("encapsulated pixel data has a defined length",)


def test_something_else_among_the_fragments_ends_them(data: Any) -> None:
    head = data.encapsulated(b"", b"a1", ended=False)
    frames, scanned = frames_of(data.image(2, 2, 8) + head + data.explicit(0xFFFCFFFC, b"OB", b"padding!"), JPEG)
    assert frames == [b"a1"]
    assert scanned.problems == ("(FFFC,FFFC) among the fragments of pixel data",)
