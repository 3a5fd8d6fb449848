"""A data set written of values that are at hand and values that lie elsewhere: as pieces, in Explicit VR Little Endian (PS3.5 7.1).

Nothing that lies elsewhere is read: its length is enough, so that an object of any size is written in the memory of its metadata.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

from hounsfield.dicom.character_sets import CharacterSet
from hounsfield.dicom.data_set_writer import UTF_8, NewElement, encode_data_set
from hounsfield.dicom.encoding import ITEM, SEQUENCE_DELIMITATION
from hounsfield.dicom.tags import EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS, PIXEL_DATA
from hounsfield.dicom.value_representations import LONG_VRS, UNDEFINED_LENGTH
from hounsfield.model.errors import ObjectTooLarge

MAX_DEFINED_LENGTH: Final = UNDEFINED_LENGTH - 1
LARGEST_FRAGMENT_BYTES: Final = 0x7FFFFFF0
"""A stream that is longer goes into several fragments."""

_HEADER: Final = struct.Struct("<HH2sHL")
_SHORT_HEADER: Final = struct.Struct("<HH2sH")
_ITEM: Final = struct.Struct("<HHL")


class Slice(NamedTuple):
    """Bytes that lie elsewhere: offset and length there."""

    offset_bytes: int
    length_bytes: int


Piece = bytes | Slice


@dataclass(frozen=True, slots=True)
class Value:
    """A value that lies elsewhere, its parts one after the other."""

    slices: tuple[Slice, ...]

    @property
    def length_bytes(self) -> int:
        """Without padding."""
        return sum(part.length_bytes for part in self.slices)


@dataclass(frozen=True, slots=True)
class Frames:
    """Encapsulated pixel data: a compressed frame each, or one stream for all (PS3.5 A.4)."""

    slices: tuple[Slice, ...]


class Composed(NamedTuple):
    """One element to write. value: as `NewElement` has it, or items, or a value that lies elsewhere."""

    tag: int
    vr: str
    value: str | bytes | tuple[tuple[Composed, ...], ...] | Value | Frames | None


def encode_composed(elements: Iterable[Composed], characters: CharacterSet = UTF_8) -> list[Piece]:
    """The pieces of a data set, in order of tag. Raises: ObjectTooLarge where a value is longer than its length field can say."""
    ordered = sorted(elements, key=lambda element: element.tag)
    pieces: list[Piece] = []
    for element in ordered:
        pieces += _element(element, characters)
    return pieces


def length_of(pieces: Iterable[Piece]) -> int:
    """In bytes, all together."""
    return sum(piece.length_bytes if isinstance(piece, Slice) else len(piece) for piece in pieces)


def _element(element: Composed, characters: CharacterSet) -> list[Piece]:
    tag, vr, value = element
    if isinstance(value, Frames):
        return _encapsulated(value.slices)
    if isinstance(value, Value):
        odd = value.length_bytes % 2
        padding = [] if not odd else [b" " if vr not in _PADDED_WITH_NUL else b"\0"]
        return [_header(tag, vr, value.length_bytes + odd), *value.slices, *padding]
    if isinstance(value, tuple):
        items: list[Piece] = []
        for item in value:
            body = encode_composed(item, characters)
            items.append(_ITEM.pack(ITEM >> 16, ITEM & 0xFFFF, _checked(length_of(body))))
            items += body
        return [_header(tag, "SQ", length_of(items)), *items]
    return [encode_data_set([NewElement(tag, vr, value)], implicit_vr=False, characters=characters)]


_PADDED_WITH_NUL: Final = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN", "UI"})


def _header(tag: int, vr: str, length: int) -> bytes:
    _checked(length)
    coded = vr.encode("ascii")
    if coded in LONG_VRS or length > 0xFFFF:  # PS3.5 6.2.2, note 2: a value too long for its VR's length field goes as UN
        return _HEADER.pack(tag >> 16, tag & 0xFFFF, coded if coded in LONG_VRS else b"UN", 0, length)
    return _SHORT_HEADER.pack(tag >> 16, tag & 0xFFFF, coded, length)


def _checked(length: int) -> int:
    if length > MAX_DEFINED_LENGTH:
        raise ObjectTooLarge(f"a value of {length} bytes is longer than 32 bits can say")
    return length


def _encapsulated(frames: Sequence[Slice]) -> list[Piece]:
    """Pixel Data with a fragment a frame; an offset table where there are several, the extended one where 32 bits do not reach."""
    fragments = [fragment for frame in frames for fragment in _fragments(frame)]
    sizes = [8 + fragment.length_bytes + fragment.length_bytes % 2 for fragment in fragments]
    starts = [0, *accumulate(sizes)][:-1]
    pieces: list[Piece] = []
    table = b""
    if len(frames) > 1 and len(fragments) == len(frames):
        if starts[-1] <= MAX_DEFINED_LENGTH:
            table = struct.pack(f"<{len(starts)}L", *starts)
        else:
            lengths = [frame.length_bytes for frame in frames]
            for tag, numbers in ((EXTENDED_OFFSET_TABLE, starts), (EXTENDED_OFFSET_TABLE_LENGTHS, lengths)):
                pieces.append(_header(tag, "OV", 8 * len(numbers)) + struct.pack(f"<{len(numbers)}Q", *numbers))
    pieces.append(_HEADER.pack(PIXEL_DATA >> 16, PIXEL_DATA & 0xFFFF, b"OB", 0, UNDEFINED_LENGTH))
    pieces.append(_ITEM.pack(ITEM >> 16, ITEM & 0xFFFF, len(table)) + table)
    for fragment in fragments:
        odd = fragment.length_bytes % 2
        pieces += [_ITEM.pack(ITEM >> 16, ITEM & 0xFFFF, fragment.length_bytes + odd), fragment]
        if odd:
            pieces.append(b"\0")
    pieces.append(_ITEM.pack(SEQUENCE_DELIMITATION >> 16, SEQUENCE_DELIMITATION & 0xFFFF, 0))
    return pieces


def _fragments(frame: Slice) -> list[Slice]:
    return [
        Slice(frame.offset_bytes + start, min(LARGEST_FRAGMENT_BYTES, frame.length_bytes - start))
        for start in range(0, frame.length_bytes, LARGEST_FRAGMENT_BYTES)
    ]
