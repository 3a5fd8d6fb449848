"""Where each frame of an object's pixel data lies, so that frame N is one read (PS3.5 8.2, A.4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from xxhash import xxh3_64, xxh3_64_intdigest

from hounsfield.dicom.buffer import LET_GO_AFTER_BYTES, Buffer, Pages
from hounsfield.model.errors import FrameNotFound

FORMAT = 1

_NATIVE = 0
_ONE_FRAGMENT = 1
_FRAGMENTS = 2

_INFLATED = 0x01

_HEADER = struct.Struct("<BBHLQQ")
HEAD_BYTES = _HEADER.size
"""Of a compact frame table: what stands before its frames."""

"""format, kind, flags, count, offset of the first frame, bits of a native frame"""
_CHECKSUM = struct.Struct("<Q")
_SINGLE = struct.Struct("<QLQ")
"""offset, length, checksum"""
_SEVERAL = struct.Struct("<LLQ")
"""index of the first fragment, number of fragments, checksum"""
_FRAGMENT = struct.Struct("<QL")


class FramesDamaged(ValueError):
    """Bytes that are not a frame table of this format."""


class FrameSpan(NamedTuple):
    """The bytes of one frame.

    fragments: (offset_bytes, length_bytes) in order, from the data set's first byte (the inflated one's where the table says `inflated`).
    checksum: XXH3-64, seed 0, of the fragments' bytes one after the other.
    bit_offset: where the frame begins in the first byte, from the least significant bit; not 0 only where frames are packed bits.
    bit_length: of the frame; 0 where it is as long as its fragments.
    """

    fragments: tuple[tuple[int, int], ...]
    checksum: int
    bit_offset: int = 0
    bit_length: int = 0

    @property
    def length_bytes(self) -> int:
        """Of all fragments."""
        return sum(length for _offset, length in self.fragments)

    def matches(self, data: Buffer) -> bool:
        """Whether `data`, the fragments' bytes one after the other, is what was received."""
        return xxh3_64_intdigest(data) == self.checksum


class FrameTable(Protocol):
    """Where the frames of one object are."""

    @property
    def count(self) -> int:
        """Frames that are there whole, which may be fewer than Number of Frames claims."""

    @property
    def inflated(self) -> bool:
        """Whether offsets count in the inflated data set (deflated transfer syntax): the object must be inflated to read a frame."""

    @property
    def packed_bits(self) -> bool:
        """Whether frames begin inside a byte: 1-bit frames whose pixels are no multiple of eight (PS3.5 8.1.1)."""

    def frame(self, index: int) -> FrameSpan:
        """index: from 0. Raises: FrameNotFound."""

    def to_bytes(self) -> bytes:
        """The compact form that `frames_from_bytes` reads."""


@dataclass(frozen=True, slots=True)
class NativeFrames:
    """Frames of equal length one after the other.

    offset_bytes: of the first frame. frame_length_bits: of each; frame N begins N times that behind the first.
    """

    offset_bytes: int
    frame_length_bits: int
    checksums: tuple[int, ...]
    inflated: bool = False

    @property
    def count(self) -> int:
        """Frames that are there whole."""
        return len(self.checksums)

    @property
    def packed_bits(self) -> bool:
        """Whether frames begin inside a byte."""
        return self.frame_length_bits % 8 != 0

    def frame(self, index: int) -> FrameSpan:
        """Raises: FrameNotFound."""
        _check_index(index, self.count)
        return _native_span(self.offset_bytes, self.frame_length_bits, index, self.checksums[index])

    def to_bytes(self) -> bytes:
        """Header and one checksum a frame."""
        head = _HEADER.pack(FORMAT, _NATIVE, _INFLATED if self.inflated else 0, self.count, self.offset_bytes, self.frame_length_bits)
        return head + struct.pack(f"<{self.count}Q", *self.checksums)


@dataclass(frozen=True, slots=True)
class EncapsulatedFrames:
    """Frames of one or more fragments each."""

    spans: tuple[FrameSpan, ...]
    inflated: bool = False

    @property
    def count(self) -> int:
        """Frames that are there whole."""
        return len(self.spans)

    @property
    def packed_bits(self) -> bool:
        """Never: each fragment begins with a byte."""
        return False

    def frame(self, index: int) -> FrameSpan:
        """Raises: FrameNotFound."""
        _check_index(index, self.count)
        return self.spans[index]

    def to_bytes(self) -> bytes:
        """Header and one record a frame; behind them the fragments, where any frame has not exactly one."""
        flags = _INFLATED if self.inflated else 0
        if all(len(span.fragments) == 1 for span in self.spans):
            head = _HEADER.pack(FORMAT, _ONE_FRAGMENT, flags, self.count, 0, 0)
            return head + b"".join([_SINGLE.pack(*span.fragments[0], span.checksum) for span in self.spans])
        parts = [_HEADER.pack(FORMAT, _FRAGMENTS, flags, self.count, 0, 0)]
        fragments: list[bytes] = []
        for span in self.spans:
            parts.append(_SEVERAL.pack(len(fragments), len(span.fragments), span.checksum))
            fragments += [_FRAGMENT.pack(*fragment) for fragment in span.fragments]
        return b"".join(parts + fragments)


NO_FRAMES = NativeFrames(0, 0, ())


def frames_from_bytes(blob: Buffer) -> FrameTable:
    """The inverse of `FrameTable.to_bytes`. Raises: FramesDamaged."""
    kind, flags, count, offset, bits = _read_header(blob)
    if kind == _NATIVE:
        return NativeFrames(offset, bits, struct.unpack_from(f"<{count}Q", blob, _HEADER.size), bool(flags & _INFLATED))
    return EncapsulatedFrames(tuple(frame_from_bytes(blob, index) for index in range(count)), bool(flags & _INFLATED))


def frame_from_bytes(blob: Buffer, index: int) -> FrameSpan:
    """Frame `index` (from 0) of a table in its compact form, without reading the others. Raises: FrameNotFound, FramesDamaged."""
    kind, _flags, count, offset, bits = _read_header(blob)
    _check_index(index, count)
    if kind == _NATIVE:
        return _native_span(offset, bits, index, _CHECKSUM.unpack_from(blob, _HEADER.size + 8 * index)[0])
    if kind == _ONE_FRAGMENT:
        start, length, checksum = _SINGLE.unpack_from(blob, _HEADER.size + _SINGLE.size * index)
        return FrameSpan(((start, length),), checksum)
    first, number, checksum = _SEVERAL.unpack_from(blob, _HEADER.size + _SEVERAL.size * index)
    base = _HEADER.size + _SEVERAL.size * count + _FRAGMENT.size * first
    if base + _FRAGMENT.size * number > len(blob):
        raise FramesDamaged("fragments of a frame table are missing")
    return FrameSpan(tuple(_FRAGMENT.unpack_from(blob, base + _FRAGMENT.size * i) for i in range(number)), checksum)


def is_inflated(blob: Buffer) -> bool:
    """Whether the offsets of a table in its compact form count in the inflated data set. Raises: FramesDamaged."""
    return bool(_read_header(blob)[1] & _INFLATED)


def is_native(blob: Buffer) -> bool:
    """Whether the frames of a table in its compact form are of equal length, one after the other. Raises: FramesDamaged."""
    return _read_header(blob)[0] == _NATIVE


def frame_count(blob: Buffer) -> int:
    """How many frames a table in its compact form has. Raises: FramesDamaged."""
    return _read_header(blob)[2]


def count_in_head(head: Buffer) -> int:
    """The same of its first `HEAD_BYTES` alone. Raises: FramesDamaged."""
    if len(head) < HEAD_BYTES or head[0] != FORMAT:
        raise FramesDamaged("not a frame table of format 1")
    return int(_HEADER.unpack_from(head)[3])


def checksum_of(view: memoryview, fragments: tuple[tuple[int, int], ...], pages: Pages | None = None) -> int:
    """XXH3-64 of fragments of `view` one after the other."""
    if pages is not None and pages.many:
        return _checksum_in_pieces(view, fragments, pages)
    if len(fragments) == 1:
        offset, length = fragments[0]
        return xxh3_64_intdigest(view[offset : offset + length])
    digest = xxh3_64()
    for offset, length in fragments:
        digest.update(view[offset : offset + length])
    return digest.intdigest()


def _checksum_in_pieces(view: memoryview, fragments: tuple[tuple[int, int], ...], pages: Pages) -> int:
    digest = xxh3_64()
    for offset, length in fragments:
        for start in range(offset, offset + length, LET_GO_AFTER_BYTES):
            piece = view[start : min(start + LET_GO_AFTER_BYTES, offset + length)]
            digest.update(piece)
            pages.read(len(piece))
    return digest.intdigest()


def native_frames(view: memoryview, offset_bytes: int, frame_length_bits: int, count: int, *, inflated: bool = False) -> NativeFrames:
    """A table of `count` frames, with the checksum of each."""
    pages = Pages(view)
    if frame_length_bits % 8 or pages.many:
        spans = (_native_span(offset_bytes, frame_length_bits, index, 0) for index in range(count))
        checksums = tuple([checksum_of(view, span.fragments, pages) for span in spans])
    else:
        size = frame_length_bits // 8
        starts = range(offset_bytes, offset_bytes + count * size, size)
        checksums = tuple([xxh3_64_intdigest(view[start : start + size]) for start in starts])
    return NativeFrames(offset_bytes, frame_length_bits, checksums, inflated)


def _native_span(offset: int, bits: int, index: int, checksum: int) -> FrameSpan:
    first_bit = bits * index
    first_byte = first_bit >> 3
    length = ((first_bit + bits + 7) >> 3) - first_byte
    return FrameSpan(((offset + first_byte, length),), checksum, first_bit & 7, bits if bits & 7 else 0)


def _read_header(blob: Buffer) -> tuple[int, int, int, int, int]:
    if len(blob) < _HEADER.size:
        raise FramesDamaged("a frame table is cut short")
    form, kind, flags, count, offset, bits = _HEADER.unpack_from(blob)
    record = {_NATIVE: 8, _ONE_FRAGMENT: _SINGLE.size, _FRAGMENTS: _SEVERAL.size}.get(kind)
    if form != FORMAT or record is None or _HEADER.size + record * count > len(blob):
        raise FramesDamaged("not a frame table of format 1")
    return kind, flags, count, offset, bits


def _check_index(index: int, count: int) -> None:
    if not 0 <= index < count:
        raise FrameNotFound(f"frame {index + 1} of {count}")
