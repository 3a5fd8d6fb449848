"""What the first headers of a compressed frame say, and that a lie in them is not believed."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.codecs.codestream import read_jpeg2000_header, read_jpeg_header, read_jpeg_xl_size
from hounsfield.codecs.decode import decode
from hounsfield.codecs.frame import FrameDescription
from hounsfield.model.errors import UndecodablePixels

Described = Callable[..., FrameDescription]

BASELINE, LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"
JPEG_2000, HTJ2K, JPEG_XL = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.110"

PICTURE = (np.add.outer(np.arange(40) * 3, np.arange(60) * 2) % 256).astype(np.uint8)
COLOUR = np.dstack([PICTURE, PICTURE[::-1], 255 - PICTURE])


def test_jpeg_header() -> None:
    header = read_jpeg_header(imagecodecs.jpeg8_encode(COLOUR, level=90, subsampling="420"))
    assert (header.rows, header.columns, header.components, header.precision) == (40, 60, 3, 8)
    assert header.jfif and header.subsampled and header.adobe_transform is None and not header.lossless


def test_jpeg_ls_header() -> None:
    header = read_jpeg_header(imagecodecs.jpegls_encode(PICTURE.astype(np.uint16) * 200))
    assert (header.rows, header.columns, header.components, header.precision) == (40, 60, 1, 16)


def test_jpeg_2000_header() -> None:
    header = read_jpeg2000_header(imagecodecs.jpeg2k_encode(COLOUR, codecformat="J2K", reversible=True))
    assert (header.rows, header.columns, header.components, header.precision, header.signed) == (40, 60, 3, 8, False)
    assert header.multiple_component_transform and not header.high_throughput and header.codestream_offset_bytes == 0


def test_high_throughput_is_told_from_the_stream() -> None:
    assert read_jpeg2000_header(imagecodecs.htj2k_encode(PICTURE, reversible=True)).high_throughput


@pytest.mark.parametrize("size", [(40, 60), (64, 64), (8, 8), (300, 400), (100, 200), (700, 3), (1200, 1000), (1, 1)])
@pytest.mark.parametrize("boxed", [False, True])
def test_jpeg_xl_size(size: tuple[int, int], boxed: bool) -> None:
    stream = imagecodecs.jpegxl_encode(np.zeros(size, np.uint8), lossless=True, usecontainer=boxed)
    assert read_jpeg_xl_size(stream) == size


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_lossless_jpeg_leaves_colours_as_they_are(described: Described, photometric: str) -> None:
    stream = bytes(imagecodecs.jpeg8_encode(COLOUR, lossless=True))
    basic = {"transfer_syntax_uid": LOSSLESS, "rows": 40, "columns": 60, "bits_allocated": 8, "bits_stored": 8, "high_bit": 7}
    decoded = decode(stream, described(**basic, samples_per_pixel=3, photometric_interpretation=photometric))
    assert decoded.data == COLOUR.tobytes() and decoded.photometric_interpretation == photometric


def test_the_boxes_of_a_jp2_file_are_passed_over(described: Described) -> None:
    boxed = imagecodecs.jpeg2k_encode(PICTURE, codecformat="JP2", reversible=True)
    assert read_jpeg2000_header(boxed).codestream_offset_bytes > 0
    description = described(transfer_syntax_uid=JPEG_2000, rows=40, columns=60, bits_allocated=8, bits_stored=8, high_bit=7)
    assert decode(boxed, description).data == PICTURE.tobytes()


STREAMS = {
    LOSSLESS: imagecodecs.jpeg8_encode(PICTURE, lossless=True),
    JPEG_LS: imagecodecs.jpegls_encode(PICTURE),
    JPEG_2000: imagecodecs.jpeg2k_encode(PICTURE, codecformat="J2K", reversible=True),
    HTJ2K: imagecodecs.htj2k_encode(PICTURE, reversible=True),
    JPEG_XL: imagecodecs.jpegxl_encode(PICTURE, lossless=True),
}


@pytest.mark.parametrize("syntax", STREAMS)
def test_lossless_streams_come_back_exactly(described: Described, syntax: str) -> None:
    description = described(transfer_syntax_uid=syntax, rows=40, columns=60, bits_allocated=8, bits_stored=8, high_bit=7)
    assert decode(STREAMS[syntax], description).data == PICTURE.tobytes()


@pytest.mark.parametrize("syntax", STREAMS)
@pytest.mark.parametrize("changes", [{"rows": 41}, {"columns": 6000}, {"samples_per_pixel": 3, "photometric_interpretation": "RGB"}])
def test_a_stream_of_another_size_is_refused(described: Described, syntax: str, changes: dict[str, object]) -> None:
    description = described(
        **{"transfer_syntax_uid": syntax, "rows": 40, "columns": 60, "bits_allocated": 8, "bits_stored": 8, "high_bit": 7} | changes
    )
    with pytest.raises(UndecodablePixels):
        decode(STREAMS[syntax], description)


@pytest.mark.parametrize("syntax", STREAMS)
def test_a_padded_stream_is_the_same(described: Described, syntax: str) -> None:
    description = described(transfer_syntax_uid=syntax, rows=40, columns=60, bits_allocated=8, bits_stored=8, high_bit=7)
    assert decode(STREAMS[syntax] + b"\0", description).data == PICTURE.tobytes()


@pytest.mark.parametrize(
    ("syntax", "bits"),
    [*itertools.product([LOSSLESS, JPEG_LS, JPEG_2000], [10, 12, 16]), (HTJ2K, 16)],  # this encoder writes 16 bits alone
)
def test_signed_samples_of_few_bits_keep_their_sign(described: Described, syntax: str, bits: int) -> None:
    """The codec sees bit patterns; the header says that they are two's complement (J2K may say it itself, and does not here)."""
    values = (np.add.outer(np.arange(40) * 7, np.arange(60) * 5) % (1 << bits)).astype(np.uint16)
    encode = {
        LOSSLESS: lambda: imagecodecs.jpeg8_encode(values, lossless=True, bitspersample=bits),
        JPEG_LS: lambda: _jpeg_ls(values, bits),
        JPEG_2000: lambda: imagecodecs.jpeg2k_encode(values, codecformat="J2K", reversible=True, bitspersample=bits),
        HTJ2K: lambda: imagecodecs.htj2k_encode(values, reversible=True),
    }
    description = described(transfer_syntax_uid=syntax, rows=40, columns=60, bits_stored=bits, high_bit=bits - 1, pixel_representation=1)
    expected = values.astype(np.int32)
    expected[expected >= 1 << (bits - 1)] -= 1 << bits
    assert np.array_equal(np.frombuffer(decode(bytes(encode[syntax]()), description).data, "<i2").reshape(40, 60), expected)


def _jpeg_ls(values: np.ndarray, bits: int) -> bytes:
    import jpeg_ls

    return bytes(jpeg_ls.encode_buffer(values.tobytes(), *values.shape, 1, bits))


def test_large_dimensions_in_a_small_stream_are_not_believed(described: Described) -> None:
    stream = bytearray(STREAMS[JPEG_2000])
    stream[8:16] = (60000).to_bytes(4, "big") * 2
    description = described(transfer_syntax_uid=JPEG_2000, rows=40, columns=60, bits_allocated=8, bits_stored=8, high_bit=7)
    with pytest.raises(UndecodablePixels, match="60000x60000"):
        decode(bytes(stream), description)


class TestColourOfBaselineJPEG:
    """A decoder that takes every three components for YCbCr turns unmarked RGB pink."""

    RED = np.full((16, 16, 3), (200, 30, 40), np.uint8)

    def description(self, described: Described, photometric: str) -> FrameDescription:
        return described(
            transfer_syntax_uid=BASELINE, rows=16, columns=16, samples_per_pixel=3, photometric_interpretation=photometric,
            bits_allocated=8, bits_stored=8, high_bit=7,
        )  # fmt: skip

    def decoded(self, stream: bytes, description: FrameDescription) -> list[int]:
        result = decode(stream, description)
        assert result.photometric_interpretation == "RGB"
        return np.frombuffer(result.data, np.uint8).reshape(16, 16, 3)[8, 8].tolist()

    def test_ycbcr_is_turned_into_rgb(self, described: Described) -> None:
        stream = bytes(imagecodecs.jpeg8_encode(self.RED, level=98, subsampling="444"))
        for photometric in ("YBR_FULL_422", "YBR_FULL", "RGB"):  # JFIF says what it is, whatever the header was left to say
            assert self.decoded(stream, self.description(described, photometric)) == pytest.approx([200, 30, 40], abs=3)

    def test_unmarked_rgb_stays_rgb(self, described: Described) -> None:
        stream = _without_application_segments(
            imagecodecs.jpeg8_encode(self.RED, level=98, colorspace="RGB", outcolorspace="RGB", subsampling="444")
        )
        header = read_jpeg_header(stream)
        assert header.adobe_transform is None and not header.jfif
        renamed = _with_component_ids(stream, (1, 2, 3))
        assert self.decoded(stream, self.description(described, "RGB")) == pytest.approx([200, 30, 40], abs=3)
        assert self.decoded(renamed, self.description(described, "RGB")) == pytest.approx([200, 30, 40], abs=3)

    def test_unmarked_ycbcr_stays_ycbcr(self, described: Described) -> None:
        stream = _without_application_segments(imagecodecs.jpeg8_encode(self.RED, level=98, subsampling="444"))
        assert self.decoded(stream, self.description(described, "YBR_FULL")) == pytest.approx([200, 30, 40], abs=3)

    def test_shared_chrominance_cannot_be_rgb(self, described: Described) -> None:
        stream = _without_application_segments(imagecodecs.jpeg8_encode(self.RED, level=98, subsampling="420"))
        assert self.decoded(stream, self.description(described, "RGB")) == pytest.approx([200, 30, 40], abs=3)


def _without_application_segments(stream: bytes) -> bytes:
    result, position = bytes(stream[:2]), 2
    while stream[position + 1] >> 4 == 0xE:
        position += 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
    return result + bytes(stream[position:])


def _with_component_ids(stream: bytes, names: tuple[int, int, int]) -> bytes:
    renamed = bytearray(stream)
    frame, scan = stream.index(b"\xff\xc0"), stream.index(b"\xff\xda")
    for number, name in enumerate(names):
        renamed[frame + 10 + 3 * number] = name
        renamed[scan + 5 + 2 * number] = name
    return bytes(renamed)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_header_or_are_refused(noise: bytes) -> None:
    for reader, start in ((read_jpeg_header, b"\xff\xd8"), (read_jpeg2000_header, b"\xff\x4f\xff\x51"), (read_jpeg_header, b"")):
        try:
            reader(start + noise)
        except UndecodablePixels:
            continue
