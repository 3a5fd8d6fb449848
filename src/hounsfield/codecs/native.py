"""Samples that are not compressed, run length encoded (PS3.5 annex G) or deflated (PS3.5 A.4.13), as numpy arrays."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.model.errors import UndecodablePixels

Samples = NDArray[Any]

_RLE_HEADER_BYTES = 64


def sample_dtype(description: FrameDescription, *, big_endian: bool = False) -> np.dtype[Any]:
    """The dtype of one stored sample."""
    order = ">" if big_endian else "<"
    size = max(1, description.bits_allocated // 8)
    if description.kind is not SampleKind.INTEGER:
        return np.dtype(f"{order}f{size}")
    return np.dtype(f"{order}{'i' if description.signed else 'u'}{size}")


def unpack_native(frame: bytes | memoryview, description: FrameDescription, *, big_endian: bool = False) -> Samples:
    """Returns (rows, columns, samples) in little endian, colour by pixel. Raises: UndecodablePixels."""
    shape = (description.rows, description.columns, description.samples_per_pixel)
    count = description.pixels * description.samples_per_pixel
    if description.bits_allocated == 1:
        return _unpack_bits(frame, description.bit_offset, count).reshape(shape)
    # Some headers say YBR_FULL_422 of pixels that all have their own chrominance: the length tells.
    if description.subsampled and len(frame) < count * max(1, description.bits_allocated // 8):
        return _unpack_422(frame, description)
    if description.swapped_bytes and description.bits_allocated == 8:
        even = len(frame) // 2 * 2
        frame = np.frombuffer(frame, np.uint8, even).reshape(-1, 2)[:, ::-1].tobytes() + bytes(frame[even:])
    dtype = sample_dtype(description, big_endian=big_endian)
    _need(frame, count * dtype.itemsize)
    samples = np.frombuffer(frame, dtype, count)
    if big_endian and dtype.itemsize > 1:
        samples = samples.astype(dtype.newbyteorder("<"))
    if description.samples_per_pixel > 1 and description.planar_configuration == 1:
        return np.ascontiguousarray(samples.reshape(shape[2], shape[0], shape[1]).transpose(1, 2, 0))
    return samples.reshape(shape)


def unpack_rle(frame: bytes | memoryview, description: FrameDescription) -> Samples:
    """Decodes the byte planes of PS3.5 G.2 to G.5; the most significant byte of a sample comes first. Raises: UndecodablePixels."""
    from imagecodecs import packbits_decode  # only a child that meets such a frame pays for it

    _need(frame, _RLE_HEADER_BYTES)
    table = np.frombuffer(frame, "<u4", 16)
    sample_bytes = max(1, description.bits_allocated // 8)
    planes = description.samples_per_pixel * sample_bytes
    if table[0] != planes or planes > 15:
        raise UndecodablePixels(f"{table[0]} RLE segments where {planes} are needed")
    bounds = [*(int(offset) for offset in table[1 : planes + 1]), len(frame)]
    packed = description.bits_allocated == 1
    plane_bytes = (description.pixels + 7) // 8 if packed else description.pixels
    decoded = np.empty((description.samples_per_pixel, sample_bytes, plane_bytes), np.uint8)
    for index in range(planes):
        first, end = bounds[index], bounds[index + 1]
        if not _RLE_HEADER_BYTES <= first <= end <= len(frame):
            raise UndecodablePixels("an RLE segment lies outside of its frame")
        segment = bytes(frame[first:end])
        # The longest run turns two bytes into 128: nothing larger is decoded.
        room = min(plane_bytes + 128, len(segment) * 64 + 128)
        try:
            plane = packbits_decode(segment, out=room)
        except (RuntimeError, ValueError) as exc:
            raise UndecodablePixels(f"RLE segment {index + 1} cannot be decoded: {exc}") from exc
        if len(plane) < plane_bytes:
            raise UndecodablePixels(f"RLE segment {index + 1} ends after {len(plane)} of {plane_bytes} bytes")
        sample, byte = divmod(index, sample_bytes)
        decoded[sample, sample_bytes - 1 - byte] = np.frombuffer(plane, np.uint8, plane_bytes)
    if packed:
        return _unpack_bits(decoded.tobytes(), 0, description.pixels).reshape(description.rows, description.columns, 1)
    interleaved = np.ascontiguousarray(decoded.transpose(2, 0, 1))
    return interleaved.view(sample_dtype(description)).reshape(description.rows, description.columns, description.samples_per_pixel)


def inflate_frame(frame: bytes | memoryview, description: FrameDescription) -> Samples:
    """Deflated Image Frame Compression (PS3.5 A.4.13): raw deflate of a native little endian frame. Raises: UndecodablePixels."""
    expected = description.native_length_bytes
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(frame, expected + 1)
    except zlib.error as exc:
        raise UndecodablePixels(f"the deflated frame cannot be inflated: {exc}") from exc
    return unpack_native(plain, description)


def pack_bits(samples: Samples) -> bytes:
    """Single bits, the first pixel in the least significant one (PS3.5 8.1.1)."""
    return np.packbits(samples.reshape(-1).astype(bool), bitorder="little").tobytes()


def _unpack_bits(frame: bytes | memoryview, bit_offset: int, count: int) -> Samples:
    _need(frame, (bit_offset + count + 7) // 8)
    octets = np.frombuffer(frame, np.uint8, (bit_offset + count + 7) // 8)
    return np.unpackbits(octets, bitorder="little", count=bit_offset + count)[bit_offset:]


def _unpack_422(frame: bytes | memoryview, description: FrameDescription) -> Samples:
    """Two pixels share their chrominance: Y Y Cb Cr (PS3.3 C.7.6.3.1.2); it is repeated, so nothing is lost."""
    if description.bits_allocated != 8 or description.columns % 2:
        raise UndecodablePixels("YBR_FULL_422 needs 8 bits and an even number of columns")
    _need(frame, description.pixels * 2)
    pairs = np.frombuffer(frame, np.uint8, description.pixels * 2).reshape(-1, 4)
    samples = np.empty((len(pairs), 2, 3), np.uint8)
    samples[:, :, 0] = pairs[:, :2]
    samples[:, :, 1] = pairs[:, 2:3]
    samples[:, :, 2] = pairs[:, 3:4]
    return samples.reshape(description.rows, description.columns, 3)


def _need(frame: bytes | memoryview, length: int) -> None:
    if len(frame) < length:
        raise UndecodablePixels(f"the frame has {len(frame)} of {length} bytes")
