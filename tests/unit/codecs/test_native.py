"""Native, run length encoded and deflated frames against arrays made by numpy."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.codecs.decode import decode, decode_samples
from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.model.errors import UndecodablePixels

BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"

Described = Callable[..., FrameDescription]


def test_little_endian_comes_back_as_it_is(grey_16: FrameDescription) -> None:
    frame = np.arange(6, dtype="<u2").tobytes()
    decoded = decode(frame, grey_16)
    assert decoded.data == frame
    assert (decoded.photometric_interpretation, decoded.bits_allocated, decoded.planar_configuration) == ("MONOCHROME2", 16, 0)


def test_what_follows_the_last_pixel_is_left_out(described: Described) -> None:
    frame = bytes(range(9)) + b"\0"
    assert decode(frame, described(rows=3, bits_allocated=8, bits_stored=8, high_bit=7)).data == bytes(range(9))


def test_a_short_frame_is_refused(grey_16: FrameDescription) -> None:
    with pytest.raises(UndecodablePixels, match="11 of 12"):
        decode(bytes(11), grey_16)


@pytest.mark.parametrize("bits", [16, 32])
def test_big_endian_is_turned(described: Described, bits: int) -> None:
    values = (np.arange(6) * 259).astype(f">u{bits // 8}")
    decoded = decode(values.tobytes(), described(transfer_syntax_uid=BIG_ENDIAN, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1))
    assert np.array_equal(np.frombuffer(decoded.data, f"<u{bits // 8}"), values)


def test_bytes_in_big_endian_words_are_swapped(described: Described) -> None:
    description = described(transfer_syntax_uid=BIG_ENDIAN, bits_allocated=8, bits_stored=8, high_bit=7, swapped_bytes=True)
    assert decode(bytes((2, 1, 4, 3, 6, 5)), description).data == bytes((1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize(("kind", "dtype"), [(SampleKind.FLOAT, "<f4"), (SampleKind.DOUBLE, "<f8")])
def test_floats(described: Described, kind: SampleKind, dtype: str) -> None:
    values = np.linspace(-1, 1, 6).astype(dtype)
    size = values.dtype.itemsize * 8
    description = described(kind=kind, bits_allocated=size, bits_stored=size, high_bit=size - 1)
    assert decode(values.tobytes(), description).data == values.tobytes()


def test_planes_become_pixels(described: Described) -> None:
    planes = np.arange(18, dtype=np.uint8).reshape(3, 2, 3)
    description = described(
        samples_per_pixel=3, photometric_interpretation="RGB", planar_configuration=1, bits_allocated=8, bits_stored=8, high_bit=7
    )
    decoded = decode(planes.tobytes(), description)
    assert decoded.data == planes.transpose(1, 2, 0).tobytes()
    assert decoded.planar_configuration == 0


def test_shared_chrominance_is_repeated(described: Described) -> None:
    description = described(
        rows=1, columns=4, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422", bits_allocated=8, bits_stored=8, high_bit=7
    )
    decoded = decode(bytes((1, 2, 100, 101, 3, 4, 110, 111)), description)
    assert decoded.data == bytes((1, 100, 101, 2, 100, 101, 3, 110, 111, 4, 110, 111))
    assert decoded.photometric_interpretation == "YBR_FULL"


def test_chrominance_that_is_not_shared_after_all(described: Described) -> None:
    description = described(
        rows=1, columns=2, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422", bits_allocated=8, bits_stored=8, high_bit=7
    )
    decoded = decode(bytes((1, 100, 101, 2, 110, 111)), description)
    assert decoded.data == bytes((1, 100, 101, 2, 110, 111))
    assert decoded.photometric_interpretation == "YBR_FULL"


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 5))
def test_single_bits_run_on_across_frames(rows: int, columns: int, index: int) -> None:
    generator = np.random.default_rng(rows * 100 + columns)
    frames = generator.integers(0, 2, (6, rows, columns), dtype=np.uint8)
    stream = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    first_bit = index * rows * columns
    span = stream[first_bit // 8 : (first_bit + rows * columns + 7) // 8]
    description = FrameDescription("1.2.840.10008.1.2.1", rows, columns, 1, "MONOCHROME2", 0, 1, 1, 0, 0, bit_offset=first_bit % 8)
    samples, _ = decode_samples(span, description)
    assert np.array_equal(samples[:, :, 0], frames[index])
    assert decode(span, description).data == np.packbits(frames[index].reshape(-1), bitorder="little").tobytes()


def pack_rle(planes: list[bytes]) -> bytes:
    """Literal runs alone, at most 128 bytes each."""
    segments = []
    for plane in planes:
        packed = b"".join(bytes((len(run) - 1,)) + run for run in (plane[at : at + 128] for at in range(0, len(plane), 128)))
        segments.append(packed + b"\0" * (len(packed) % 2))
    offsets, position = [len(segments)], 64
    for segment in segments:
        offsets.append(position)
        position += len(segment)
    return struct.pack("<16I", *(offsets + [0] * 16)[:16]) + b"".join(segments)


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("samples", [1, 3])
def test_rle_of_every_depth(described: Described, bits: int, samples: int) -> None:
    values = np.random.default_rng(bits + samples).integers(0, 2**bits, (20, 30, samples)).astype(f"<u{bits // 8}")
    octets = values.view(np.uint8).reshape(20, 30, samples, bits // 8)
    planes = [octets[:, :, sample, byte].tobytes() for sample in range(samples) for byte in reversed(range(bits // 8))]
    description = described(
        transfer_syntax_uid=RLE, rows=20, columns=30, samples_per_pixel=samples, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1,
        photometric_interpretation="RGB" if samples == 3 else "MONOCHROME2",
    )  # fmt: skip
    assert decode(pack_rle(planes), description).data == values.tobytes()


def test_rle_runs(described: Described) -> None:
    segment = bytes((257 - 5, 7, 0, 9))  # five sevens, then one nine
    frame = struct.pack("<16I", 1, 64, *[0] * 14) + segment
    assert decode(frame, described(transfer_syntax_uid=RLE, bits_allocated=8, bits_stored=8, high_bit=7)).data == bytes((7, 7, 7, 7, 7, 9))


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        bytes(64),
        struct.pack("<16I", 2, 64, 60, *[0] * 13) + bytes(10),
        struct.pack("<16I", 2, 64, 2**32 - 1, *[0] * 13) + bytes(10),
        struct.pack("<16I", 2, 64, 66, *[0] * 13) + bytes((0, 1, 0, 2)),
        struct.pack("<16I", 15, *range(64, 79)) + bytes(20),
    ],
)
def test_rle_that_lies_is_refused(described: Described, frame: bytes) -> None:
    with pytest.raises(UndecodablePixels):
        decode(frame, described(transfer_syntax_uid=RLE))


def test_deflated_frame(grey_16: FrameDescription, described: Described) -> None:
    plain = np.arange(6, dtype="<u2").tobytes()
    deflater = zlib.compressobj(wbits=-15)
    frame = deflater.compress(plain) + deflater.flush()
    assert decode(frame, described(transfer_syntax_uid=DEFLATED_FRAME)).data == plain
    with pytest.raises(UndecodablePixels):
        decode(b"\xff" + frame, described(transfer_syntax_uid=DEFLATED_FRAME))


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": 0},
        {"columns": 70000},
        {"samples_per_pixel": 2},
        {"bits_allocated": 12},
        {"bits_allocated": 128},
        {"bits_stored": 0},
        {"bits_stored": 17},
        {"high_bit": 16},
        {"high_bit": 255},
        {"bits_stored": 12, "high_bit": 3},
        {"rows": 65535, "columns": 65535},
        {"kind": SampleKind.FLOAT},
    ],
)
def test_nonsense_is_refused_before_anything_is_allocated(described: Described, changes: dict[str, object]) -> None:
    with pytest.raises(UndecodablePixels):
        described(**changes).check()


def test_an_unknown_syntax_is_refused(described: Described) -> None:
    with pytest.raises(UndecodablePixels, match="no decoder"):
        decode(bytes(12), described(transfer_syntax_uid="1.2.840.10008.1.2.4.102"))
