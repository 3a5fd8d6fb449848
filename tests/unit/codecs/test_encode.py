"""What is encoded comes back the same from our decoder and from those of others, at the precision that the header says."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import openjpeg
import pytest
from pydicom.pixels.decoders.rle import _rle_decode_frame

from codec_kit.by_gdcm import gdcm_frame
from hounsfield.codecs.capabilities import ENCODABLE
from hounsfield.codecs.codestream import read_jpeg2000_header, read_jpeg_header
from hounsfield.codecs.decode import decode_samples
from hounsfield.codecs.encode import encode
from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.codecs.pool import CodecPool
from hounsfield.model.errors import UndecodablePixels

EXPLICIT = "1.2.840.10008.1.2.1"
JPEG_LS, JPEG_2000, HTJ2K, RLE = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
HTJ2K_RPCL, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"


def described(bits: int = 16, stored: int = 12, samples: int = 1, *, signed: bool = False, planar: int = 0) -> FrameDescription:
    photometric = "MONOCHROME2" if samples == 1 else "RGB"
    return FrameDescription(EXPLICIT, 37, 41, samples, photometric, planar, bits, stored, stored - 1, int(signed))


def picture(description: FrameDescription) -> np.ndarray:
    """Noise over a ramp, with the least and the greatest value among it."""
    random = np.random.default_rng(7)
    low, high = (
        (-(1 << description.bits_stored - 1), (1 << description.bits_stored - 1) - 1)
        if description.signed
        else (0, (1 << description.bits_stored) - 1)
    )
    values = random.integers(low, high + 1, (37, 41, description.samples_per_pixel))
    values[0, 0], values[36, 40], values[10] = low, high, (low + high) // 2
    return values.astype(f"<{'i' if description.signed else 'u'}{description.bits_allocated // 8}")


CASES = [
    described(),
    described(signed=True),
    described(stored=16),
    described(stored=16, signed=True),
    described(stored=10),
    described(stored=15),
    described(stored=9, signed=True),
    described(8, 8),
    described(8, 6),
    described(8, 6, signed=True),
    described(8, 8, signed=True),
    described(8, 8, 3),
    described(16, 12, 3),
    described(32, 32),
]


def possible(target: str, description: FrameDescription) -> bool:
    """Whether the encoder of that syntax writes the precision that the header says."""
    return target in (RLE, DEFLATED_FRAMES) or description.bits_allocated < 32


@pytest.mark.parametrize("target", ENCODABLE)
@pytest.mark.parametrize(
    "description", CASES, ids=lambda d: f"{d.bits_stored}of{d.bits_allocated}x{d.samples_per_pixel}{'s' if d.signed else ''}"
)
def test_samples_come_back(description: FrameDescription, target: str) -> None:
    samples = picture(description)
    if not possible(target, description):
        with pytest.raises(UndecodablePixels):
            encode(samples.tobytes(), description, target)
        return
    coded = encode(samples.tobytes(), description, target)
    again, photometric = decode_samples(coded.data, replace(description, transfer_syntax_uid=target))
    assert np.array_equal(again, samples)
    assert photometric == coded.photometric_interpretation == description.photometric_interpretation
    if target in (JPEG_LS, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1):
        assert read_jpeg_header(coded.data).precision == description.bits_stored
        if description.bits_stored >= 8:  # GDCM knows no fewer in JPEG-LS
            other = gdcm_frame(coded.data, replace(description, transfer_syntax_uid=target))
            assert np.array_equal(low_bits(other, description), low_bits(samples, description))
    elif target == DEFLATED_FRAMES:
        assert zlib.decompress(coded.data, -zlib.MAX_WBITS) == samples.tobytes()
    elif target != RLE:
        header = read_jpeg2000_header(coded.data)
        assert (header.precision, header.signed, header.multiple_component_transform) == (
            description.bits_stored,
            description.signed,
            False,
        )
        other = np.asarray(openjpeg.decode(coded.data))
        assert np.array_equal(other.reshape(samples.shape), samples)
    else:
        other = _rle_decode_frame(coded.data, 37, 41, description.samples_per_pixel, description.bits_allocated)
        planes = np.frombuffer(other, samples.dtype).reshape(description.samples_per_pixel, 37, 41)
        assert np.array_equal(planes.transpose(1, 2, 0), samples)


def low_bits(samples: np.ndarray, description: FrameDescription) -> np.ndarray:
    """Those that count: GDCM does not extend a sign."""
    return samples.astype(np.int64) & ((1 << description.bits_stored) - 1)


@pytest.mark.parametrize(("rows", "columns"), [(37, 41), (300, 5000), (70, 70)])
def test_rpcl_ends_in_a_thumbnail(rows: int, columns: int) -> None:
    """Resolution by resolution, the last no wider or no higher than 64, tile-part lengths first (PS3.5 10.18)."""
    description = replace(described(), rows=rows, columns=columns)
    samples = np.arange(rows * columns, dtype="<u2").reshape(rows, columns) % 4096
    stream = encode(samples.tobytes(), description, HTJ2K_RPCL).data
    coding_style = stream.index(b"\xff\x52")
    order, decompositions = stream[coding_style + 5], stream[coding_style + 9]
    assert order == 2
    assert min(rows, columns) / 2**decompositions <= 64
    assert b"\xff\x55" in stream[: stream.index(b"\xff\x90")]


def test_single_bits_are_deflated_from_their_first_byte_on() -> None:
    bits = np.random.default_rng(3).integers(0, 2, 5 + 37 * 41, dtype=np.uint8)
    description = replace(described(1, 1), bit_offset=5)
    coded = encode(np.packbits(bits, bitorder="little").tobytes(), description, DEFLATED_FRAMES)
    plain = np.frombuffer(zlib.decompress(coded.data, -zlib.MAX_WBITS), np.uint8)
    assert np.array_equal(np.unpackbits(plain, bitorder="little", count=37 * 41), bits[5:])


def test_colour_by_plane_is_turned() -> None:
    description = described(8, 8, 3, planar=1)
    samples = picture(description)
    coded = encode(np.ascontiguousarray(samples.transpose(2, 0, 1)).tobytes(), description, JPEG_2000)
    again, _ = decode_samples(coded.data, replace(description, transfer_syntax_uid=JPEG_2000))
    assert np.array_equal(again, samples)


def test_what_would_not_come_back_is_refused() -> None:
    """Bits above Bits Stored, once used for overlays, do not fit into a stream of that precision."""
    samples = picture(described(stored=16))
    with pytest.raises(UndecodablePixels):
        encode(samples.tobytes(), described(stored=12), JPEG_2000)
    for unfit in (
        replace(described(), high_bit=15),
        replace(described(1, 1), high_bit=0),
        replace(described(32, 32), kind=SampleKind.FLOAT),
    ):
        with pytest.raises(UndecodablePixels):
            encode(samples.tobytes() * 2, unfit, RLE)
    with pytest.raises(UndecodablePixels, match="no encoder"):
        encode(samples.tobytes(), described(stored=16), EXPLICIT)


def test_the_pool_encodes_in_its_children() -> None:
    description = described()
    samples = picture(description)
    with CodecPool() as pool:
        coded = pool.encode(samples.tobytes(), description, JPEG_2000)
        with pytest.raises(UndecodablePixels):
            pool.encode(samples.tobytes()[:100], description, RLE)
        assert pool.encode(memoryview(samples.tobytes()), description, RLE).photometric_interpretation == "MONOCHROME2"
    again, _ = decode_samples(coded.data, replace(description, transfer_syntax_uid=JPEG_2000))
    assert np.array_equal(again, samples)
