"""Pixel Data as it is written: native frames one behind the other, or fragments, one a frame (PS3.5 8, annex A.4)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, chain
from typing import NamedTuple, Protocol

from hounsfield.codecs.frame import DecodedFrame, EncodedFrame, FrameDescription
from hounsfield.codecs.loss import Loss
from hounsfield.dicom.data_set_writer import NewElement
from hounsfield.dicom.packed_bits import BitRun, joined_bits
from hounsfield.dicom.tags import EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS, PIXEL_DATA
from hounsfield.model.errors import ObjectTooLarge, UndecodablePixels
from hounsfield.network.transport import Buffer

LONGEST_VALUE_BYTES = 0xFFFFFFFE
_PHOTOMETRIC, _PLANAR = 0x00280004, 0x00280006

Frame = Callable[[int], bytes | memoryview]
"""A stored frame by its index (from 0) in the stored object. Raises: DamagedObject, PackUnavailable."""

Description = Callable[[int], FrameDescription]
"""How the frame of an index is coded. Raises: UndecodablePixels."""


class FrameCodec(Protocol):
    """`codecs.pool.CodecPool` is one."""

    def decode(self, frame: bytes | memoryview, description: FrameDescription) -> DecodedFrame:
        """Raises: UndecodablePixels, Unavailable."""

    def encode(self, frame: bytes | memoryview, description: FrameDescription, target_uid: str) -> EncodedFrame:
        """Raises: UndecodablePixels, Unavailable."""

    def compress(self, frame: bytes | memoryview, description: FrameDescription, loss: Loss) -> EncodedFrame:
        """Raises: UndecodablePixels, Unavailable."""


class PixelValue(NamedTuple):
    """changed: the elements before Pixel Data that then hold. pieces: the element, header and all; each made when it is due."""

    changed: dict[int, NewElement]
    pieces: Iterator[Buffer]


def decoded(codec: FrameCodec, frame: Frame, description: Description, indices: Sequence[int], *, implicit_vr: bool) -> PixelValue:
    """The frames of these indices in native form. Raises, here or between two pieces: UndecodablePixels, ObjectTooLarge."""

    def one(index: int) -> DecodedFrame:
        return codec.decode(frame(index), description(index))

    first = one(indices[0])
    bits = first.rows * first.columns * first.samples_per_pixel if first.bits_allocated == 1 else 8 * len(first.data)

    def rest() -> Iterator[DecodedFrame]:
        for index in indices[1:]:
            other = one(index)
            if replace(other, data=b"") != replace(first, data=b"") or len(other.data) != len(first.data):
                raise UndecodablePixels(f"frame {index + 1} is of another kind than frame {indices[0] + 1}")
            yield other

    runs = (BitRun(each.data, 0, bits) for each in chain([first], rest()))
    value = native(runs, bits * len(indices), PIXEL_DATA, "OB" if first.bits_allocated <= 8 else "OW", implicit_vr=implicit_vr)
    return PixelValue(image_pixel(first.photometric_interpretation, first.samples_per_pixel), value)


def encoded(codec: FrameCodec, frame: Frame, description: Description, indices: Sequence[int], target_uid: str) -> PixelValue:
    """The same, compressed without loss, the Basic Offset Table empty. Raises, here or between two pieces: UndecodablePixels."""

    def one(index: int) -> EncodedFrame:
        return codec.encode(frame(index), description(index), target_uid)

    first = one(indices[0])

    def value() -> Iterator[Buffer]:
        yield _encapsulated_header(b"")
        for index in indices:
            coded = first if index == indices[0] else one(index)
            if coded.photometric_interpretation != first.photometric_interpretation:
                raise UndecodablePixels(f"frame {index + 1} is of another colour space than frame {indices[0] + 1}")
            yield from _fragment(coded.data)
        yield _SEQUENCE_DELIMITATION

    return PixelValue(image_pixel(first.photometric_interpretation, description(indices[0]).samples_per_pixel), value())


def native(runs: Iterable[BitRun], length_bits: int, tag: int, vr: str, *, implicit_vr: bool) -> Iterator[Buffer]:
    """Frames that are not compressed. length_bits: of all of them. Raises: ObjectTooLarge."""
    length = (length_bits + 7) // 8
    if length > LONGEST_VALUE_BYTES:
        raise ObjectTooLarge("the pixel data does not fit into one element that is not compressed")

    def value() -> Iterator[Buffer]:
        yield element_header(tag, vr, length + length % 2, implicit_vr)
        yield from joined_bits(runs)
        yield bytes(length % 2)

    return value()


def encapsulated(frames: Iterable[bytes | memoryview], lengths: Sequence[int]) -> PixelValue:
    """Compressed frames as they are, and where each begins. lengths: of the frames, in bytes.

    In the Basic Offset Table, or where its numbers do not reach so far in the Extended one (PS3.3 C.7.6.3.1.8). Raises: ObjectTooLarge.
    """
    if max(lengths) > LONGEST_VALUE_BYTES - 1:
        raise ObjectTooLarge("a frame does not fit into one fragment")
    offsets = list(accumulate((8 + length + length % 2 for length in lengths), initial=0))[:-1]
    changed: dict[int, NewElement] = {}
    table = b""
    if offsets[-1] <= 0xFFFFFFFF:
        table = struct.pack(f"<{len(offsets)}L", *offsets)
    else:
        for tag, values in ((EXTENDED_OFFSET_TABLE, offsets), (EXTENDED_OFFSET_TABLE_LENGTHS, lengths)):
            changed[tag] = NewElement(tag, "OV", struct.pack(f"<{len(values)}Q", *values))

    def value() -> Iterator[Buffer]:
        yield _encapsulated_header(table)
        for frame in frames:
            yield from _fragment(frame)
        yield _SEQUENCE_DELIMITATION

    return PixelValue(changed, value())


def element_header(tag: int, vr: str, length: int, implicit_vr: bool) -> bytes:
    """Tag, VR of a long length, length; little endian (PS3.5 7.1)."""
    if implicit_vr:
        return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, length)
    return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr.encode("ascii"), 0, length)


_SEQUENCE_DELIMITATION = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def _encapsulated_header(offset_table: bytes) -> bytes:
    return element_header(PIXEL_DATA, "OB", 0xFFFFFFFF, False) + struct.pack("<HHL", 0xFFFE, 0xE000, len(offset_table)) + offset_table


def _fragment(data: bytes | memoryview) -> Iterator[Buffer]:
    yield struct.pack("<HHL", 0xFFFE, 0xE000, len(data) + len(data) % 2)
    yield data
    yield bytes(len(data) % 2)


def image_pixel(photometric_interpretation: str, samples_per_pixel: int) -> dict[int, NewElement]:
    """What a codec may change of an image's description; colour comes by pixel."""
    code = photometric_interpretation.encode("ascii")
    found = {_PHOTOMETRIC: NewElement(_PHOTOMETRIC, "CS", code + b" " * (len(code) % 2))}
    if samples_per_pixel > 1:
        found[_PLANAR] = NewElement(_PLANAR, "US", b"\0\0")
    return found
