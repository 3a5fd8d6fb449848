"""Encoding of one frame without loss: RLE, JPEG lossless, JPEG-LS, JPEG 2000, High-Throughput JPEG 2000, deflate (PS3.5 8.2).

What a codec of ours cannot code so that every reader gets the same samples is refused: the precision of a stream must be
Bits Stored, and each stream is decoded again and held against the samples before it is handed out.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from hounsfield.codecs.capabilities import DEFLATED_FRAMES, ENCODABLE
from hounsfield.codecs.codestream import with_precision
from hounsfield.codecs.decode import decode_samples
from hounsfield.codecs.frame import MAX_FRAME_BYTES, EncodedFrame, FrameDescription, SampleKind
from hounsfield.codecs.native import Samples, pack_bits
from hounsfield.model.errors import UndecodablePixels

Encoder = Callable[[Samples, FrameDescription], bytes]

_MOST_RLE_SEGMENTS = 15


def encode(frame: bytes | memoryview, description: FrameDescription, target_uid: str, limit_bytes: int = MAX_FRAME_BYTES) -> EncodedFrame:
    """Returns a frame of any syntax that can be decoded in one of `ENCODABLE`. Raises: UndecodablePixels."""
    encoder = ENCODERS.get(target_uid)
    if encoder is None:
        raise UndecodablePixels(f"no encoder for transfer syntax {target_uid}")
    if description.kind is not SampleKind.INTEGER:
        raise UndecodablePixels("floating point samples are not compressed")
    if description.bits_allocated == 1 and target_uid != DEFLATED_FRAMES:
        raise UndecodablePixels("single bits are deflated or not compressed at all")
    if description.high_bit != description.bits_stored - 1:
        raise UndecodablePixels("samples that do not begin at the lowest bit are not compressed")
    samples, photometric = decode_samples(frame, description, limit_bytes)
    try:
        stream = encoder(samples, description)
    except (RuntimeError, ValueError, TypeError) as exc:
        raise UndecodablePixels(f"{target_uid}: {exc}") from exc
    coded = replace(
        description,
        transfer_syntax_uid=target_uid,
        photometric_interpretation=photometric,
        planar_configuration=0,
        bit_offset=0,
        swapped_bytes=False,
    )
    again, photometric_again = decode_samples(stream, coded, limit_bytes)
    if photometric_again != photometric or not np.array_equal(again, samples):
        raise UndecodablePixels(f"the frame cannot be coded in {target_uid} without loss")
    return EncodedFrame(stream, photometric)


def _encode_rle(samples: Samples, description: FrameDescription) -> bytes:
    """Byte planes, the most significant first, each row for itself (PS3.5 G.2 to G.5)."""
    from imagecodecs import packbits_encode  # only a child that encodes pays for it

    rows, columns, colours = samples.shape
    size = samples.dtype.itemsize
    if colours * size > _MOST_RLE_SEGMENTS:
        raise UndecodablePixels("more byte planes than RLE has segments")
    octets = np.ascontiguousarray(samples).view(np.uint8).reshape(rows, columns, colours, size)
    segments = []
    for colour in range(colours):
        for byte in reversed(range(size)):
            plane = np.ascontiguousarray(octets[:, :, colour, byte])
            segment = b"".join(packbits_encode(row.tobytes()) for row in plane)
            segments.append(segment + bytes(len(segment) % 2))
    offsets, offset = [], 64
    for segment in segments:
        offsets.append(offset)
        offset += len(segment)
    header = struct.pack("<16L", len(segments), *offsets, *[0] * (_MOST_RLE_SEGMENTS - len(segments)))
    return header + b"".join(segments)


def _encode_deflated(samples: Samples, description: FrameDescription) -> bytes:
    """The native frame as a raw deflate stream (PS3.5 A.4.13), single bits packed."""
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    native = pack_bits(samples) if description.bits_allocated == 1 else samples.tobytes()
    return engine.compress(native) + engine.flush()


def _encode_jpeg_ls(samples: Samples, description: FrameDescription) -> bytes:
    from jpeg_ls import encode_buffer  # only a child that encodes pays for it

    if samples.shape[2] not in (1, 3):
        raise UndecodablePixels("JPEG-LS is written for one or three samples per pixel")
    plain = without_signs(samples, description.bits_stored, "JPEG-LS")
    interleaved_by_sample = 2 if samples.shape[2] > 1 else 0
    return bytes(encode_buffer(plain.tobytes(), *samples.shape, description.bits_stored, 0, interleaved_by_sample))


def _encode_jpeg_lossless(samples: Samples, description: FrameDescription) -> bytes:
    """By the left neighbour, selection value 1 (PS3.5 A.4.2)."""
    from imagecodecs import jpeg8_encode  # only a child that encodes pays for it

    if samples.shape[2] not in (1, 3):
        raise UndecodablePixels("JPEG lossless is written for one or three samples per pixel")
    plain = without_colour_axis(without_signs(samples, description.bits_stored, "JPEG lossless"))
    # Whatever the samples mean, they go in as they are.
    colour: dict[str, Any] = {} if samples.shape[2] == 1 else {"colorspace": "RGB", "outcolorspace": "RGB"}
    return bytes(jpeg8_encode(plain, lossless=True, predictor=1, bitspersample=description.bits_stored, **colour))


def _encode_jpeg_2000(samples: Samples, description: FrameDescription) -> bytes:
    from imagecodecs import jpeg2k_encode  # only a child that encodes pays for it

    if samples.dtype.itemsize > 2:
        raise UndecodablePixels("JPEG 2000 is written for samples of 8 and 16 bits")
    return bytes(
        jpeg2k_encode(
            without_colour_axis(samples),
            level=0,
            codecformat="J2K",
            bitspersample=description.bits_stored,
            reversible=True,
            mct=False,
            numthreads=1,
        )
    )


def _encode_high_throughput(samples: Samples, description: FrameDescription) -> bytes:
    from imagecodecs import htj2k_encode  # only a child that encodes pays for it

    if samples.dtype.itemsize > 2:
        raise UndecodablePixels("High-Throughput JPEG 2000 is written for samples of 8 and 16 bits")
    if samples.shape[2] not in (1, 3):
        raise UndecodablePixels("High-Throughput JPEG 2000 is written for one or three samples per pixel")
    # RPCL is the encoder's order of progression; with tile-part lengths it is what HTJ2K Lossless RPCL wants as well (PS3.5 10.18).
    options: dict[str, Any] = {"reversible": True, "tlm": True, "resolutions": _decompositions(min(samples.shape[:2]))}
    if samples.shape[2] == 3:
        options["rgb"] = False  # components as they are, not rotated
    if description.bits_stored == samples.dtype.itemsize * 8:
        return bytes(htj2k_encode(without_colour_axis(samples), **options))
    # The encoder takes the precision from the type of the samples. Signed ones are coded as they are: what the level shift of
    # an unsigned stream would take off (15444-1 G.1) is taken off here, and the precision is written afterwards.
    shift = 0 if description.signed else 1 << description.bits_stored - 1
    shifted = (without_colour_axis(samples).astype(np.int32) - shift).astype(np.int16)
    return with_precision(bytes(htj2k_encode(shifted, **options)), description.bits_stored, signed=description.signed)


def _decompositions(shorter_side: int) -> int:
    """The usual five, or as many as leave 64 pixels of it: a thumbnail (PS3.5 10.18)."""
    return max(5, ((shorter_side - 1) // 64).bit_length())


def without_signs(samples: Samples, bits_stored: int, name: str) -> Samples:
    """Two's complement as it stands, cut to the bits that count: JPEG and JPEG-LS know no sign."""
    if not 2 <= bits_stored <= 16:
        raise UndecodablePixels(f"{name} is written for 2 to 16 bits stored")
    wide: Samples = samples.astype(np.int64) & ((1 << bits_stored) - 1)
    return wide.astype(np.uint8 if bits_stored <= 8 else np.uint16)


def without_colour_axis(samples: Samples) -> Samples:
    """(rows, columns) of what has one sample a pixel, as the encoders want it."""
    return samples[:, :, 0] if samples.shape[2] == 1 else samples


ENCODERS: dict[str, Encoder] = {
    "1.2.840.10008.1.2.4.57": _encode_jpeg_lossless,
    "1.2.840.10008.1.2.4.70": _encode_jpeg_lossless,
    "1.2.840.10008.1.2.4.80": _encode_jpeg_ls,
    "1.2.840.10008.1.2.4.90": _encode_jpeg_2000,
    "1.2.840.10008.1.2.4.201": _encode_high_throughput,
    "1.2.840.10008.1.2.4.202": _encode_high_throughput,
    "1.2.840.10008.1.2.5": _encode_rle,
    DEFLATED_FRAMES: _encode_deflated,
}

assert frozenset(ENCODERS) == frozenset(ENCODABLE)
