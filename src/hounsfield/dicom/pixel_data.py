"""From the Pixel Data element to the frame table (PS3.5 8 and annex A.4)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, repeat

from hounsfield.dicom.buffer import Pages
from hounsfield.dicom.encoding import ITEM, SEQUENCE_DELIMITATION, Encoding
from hounsfield.dicom.frames import NO_FRAMES, EncapsulatedFrames, FrameSpan, FrameTable, checksum_of, native_frames
from hounsfield.dicom.numbers import number_of, unsigned_of
from hounsfield.dicom.tags import (
    BITS_ALLOCATED,
    COLUMNS,
    EXTENDED_OFFSET_TABLE,
    EXTENDED_OFFSET_TABLE_LENGTHS,
    FLOAT_PIXEL_DATA,
    NUMBER_OF_FRAMES,
    PHOTOMETRIC_INTERPRETATION,
    PIXEL_DATA,
    ROWS,
    SAMPLES_PER_PIXEL,
)
from hounsfield.dicom.transfer_syntaxes import RLE_LOSSLESS
from hounsfield.dicom.value_representations import UNDEFINED_LENGTH

DESCRIPTION_TAGS = (SAMPLES_PER_PIXEL, PHOTOMETRIC_INTERPRETATION, EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS)

FRAME_LIMIT = 1_000_000
FRAGMENT_LIMIT = 1_000_000
"""More than the tiles of any whole slide; a hostile object must not hold a thread or the memory."""

READ_AROUND_BYTES = 64 << 10
"""The kernel maps pages around the one that is touched."""

_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\xff\x0a", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ")
"""How a JPEG or JPEG-LS, JPEG 2000, JPEG XL stream begins (the latter two bare and in a file's box)."""

_VIDEO = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(100, 109))
"""MPEG-2, MPEG-4 and HEVC: one stream for all frames."""

_ITEM_LITTLE = struct.pack("<HH", ITEM >> 16, ITEM & 0xFFFF)


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the first of Float, Double Float and Pixel Data stands.

    offset_bytes: of the element's tag; value_offset_bytes: of its value; length_bytes: as written, may be UNDEFINED_LENGTH.
    """

    tag: int
    offset_bytes: int
    value_offset_bytes: int
    length_bytes: int


def build_frame_table(
    view: memoryview,
    pixels: PixelElement,
    values: Mapping[int, bytes],
    encoding: Encoding,
    transfer_syntax_uid: str,
    *,
    inflated: bool = False,
) -> tuple[FrameTable, tuple[str, ...]]:
    """The table, and what was odd. Never raises: pixel data that cannot be understood has no frames and a problem."""
    problems: list[str] = []
    claimed = number_of(values.get(NUMBER_OF_FRAMES))
    if pixels.length_bytes == UNDEFINED_LENGTH or _looks_encapsulated(view, pixels, transfer_syntax_uid):
        table: FrameTable = _encapsulated(view, pixels, values, claimed, transfer_syntax_uid, problems, inflated)
    else:
        table = _native(view, pixels, values, max(claimed or 1, 1), encoding.little_endian, problems, inflated)
    return table, tuple(problems)


def _looks_encapsulated(view: memoryview, pixels: PixelElement, transfer_syntax_uid: str) -> bool:
    """Compressed pixel data written with a length, which the standard does not allow."""
    start = pixels.value_offset_bytes
    return transfer_syntax_uid.startswith(("1.2.840.10008.1.2.4", RLE_LOSSLESS)) and view[start : start + 4] == _ITEM_LITTLE


def _native(
    view: memoryview,
    pixels: PixelElement,
    values: Mapping[int, bytes],
    count: int,
    little_endian: bool,
    problems: list[str],
    inflated: bool,
) -> FrameTable:
    available = min(pixels.length_bytes, len(view) - pixels.value_offset_bytes)
    if available < pixels.length_bytes:
        problems.append(f"pixel data claims {pixels.length_bytes} bytes, {available} are there")
    if available == 0:
        problems.append("pixel data is empty")
        return NO_FRAMES
    bits = _frame_bits(pixels, values, count, available, little_endian)
    if bits == 0:
        problems.append("rows, columns or bits allocated are missing: pixel data is taken for equal frames")
        bits = 8 * (pixels.length_bytes // count)
    whole = min(count, available * 8 // bits) if bits else 0
    if whole < count:
        problems.append(f"pixel data holds {whole} whole frames of {count}")
    elif pixels.length_bytes > (bits * count + 7) // 8 + 1:
        problems.append(f"pixel data has {pixels.length_bytes} bytes, {(bits * count + 7) // 8} are described")
    if whole > FRAME_LIMIT:
        problems.append(f"more than {FRAME_LIMIT} frames")
        return NO_FRAMES
    return native_frames(view, pixels.value_offset_bytes, bits, whole, inflated=inflated) if whole else NO_FRAMES


def _frame_bits(pixels: PixelElement, values: Mapping[int, bytes], count: int, available: int, little_endian: bool) -> int:
    """Bits of one native frame; 0 where the description is missing."""
    rows = unsigned_of(values.get(ROWS), little_endian) or 0
    columns = unsigned_of(values.get(COLUMNS), little_endian) or 0
    samples = unsigned_of(values.get(SAMPLES_PER_PIXEL), little_endian) or 1
    allocated = unsigned_of(values.get(BITS_ALLOCATED), little_endian) or 0
    if pixels.tag != PIXEL_DATA:
        allocated, samples = (32 if pixels.tag == FLOAT_PIXEL_DATA else 64), 1
    bits = rows * columns * samples * allocated
    photometric = (values.get(PHOTOMETRIC_INTERPRETATION) or b"")[:16].strip(b" \0")
    if photometric in (b"YBR_FULL_422", b"YBR_PARTIAL_422") and samples == 3 and available * 8 < bits * count:
        bits = rows * columns * 2 * allocated  # chrominance is sampled at half the rate (PS3.3 C.7.6.3.1.2)
    return bits


def _encapsulated(
    view: memoryview,
    pixels: PixelElement,
    values: Mapping[int, bytes],
    claimed: int | None,
    transfer_syntax_uid: str,
    problems: list[str],
    inflated: bool,
) -> FrameTable:
    end = len(view)
    if pixels.length_bytes != UNDEFINED_LENGTH:
        end = min(end, pixels.value_offset_bytes + pixels.length_bytes)
        problems.append("encapsulated pixel data has a defined length")
    items = _read_items(view, pixels.value_offset_bytes, end, problems)
    if not items:
        problems.append("pixel data is empty")
        return NO_FRAMES
    pages = Pages(view)
    basic, fragments = items[0], items[1:]
    if not fragments:
        problems.append("pixel data has no fragments")
        return NO_FRAMES
    frames = _group(view, basic, fragments, values, claimed, transfer_syntax_uid, problems)
    return EncapsulatedFrames(tuple([FrameSpan(frame, checksum_of(view, frame, pages)) for frame in frames]), inflated)


_Fragment = tuple[int, int]
_Frame = tuple[_Fragment, ...]


def _read_items(view: memoryview, offset: int, end: int, problems: list[str]) -> list[_Fragment]:
    """Offset and length of the value of each item, the Basic Offset Table first; one that is cut short is left out."""
    items: list[_Fragment] = []
    unpack = struct.Struct("<HHL").unpack_from
    pages = Pages(view)
    for _ in repeat(None, FRAGMENT_LIMIT + 1):
        if offset + 8 > end:
            problems.append("pixel data ends without a sequence delimitation")
            return items
        group, element, length = unpack(view, offset)
        tag = group << 16 | element
        if tag == SEQUENCE_DELIMITATION:
            return items
        if tag != ITEM:
            problems.append(f"({group:04X},{element:04X}) among the fragments of pixel data")
            return items
        offset += 8
        if length > end - offset:
            problems.append(f"fragment {len(items)} claims {length} bytes, {end - offset} are there")
            return items
        items.append((offset, length))
        offset += length
        pages.read(min(length, READ_AROUND_BYTES))
    problems.append(f"more than {FRAGMENT_LIMIT} fragments")
    return []


def _group(
    view: memoryview,
    basic: _Fragment,
    fragments: list[_Fragment],
    values: Mapping[int, bytes],
    claimed: int | None,
    uid: str,
    problems: list[str],
) -> list[_Frame]:
    """Which fragments make up which frame: by offset table, else by number, else by how the streams begin (PS3.5 A.4)."""
    count = max(claimed or 1, 1)
    if uid.startswith(_VIDEO):
        return [tuple(fragments)]
    extended = values.get(EXTENDED_OFFSET_TABLE)
    if extended:
        found = _by_extended_table(extended, values.get(EXTENDED_OFFSET_TABLE_LENGTHS) or b"", fragments, count)
        if found:
            return found
        problems.append("the extended offset table does not fit the fragments")
    if count == 1 and (claimed is not None or basic[1] <= 4):
        return [tuple(fragments)]
    if basic[1] >= 4:
        found = _by_basic_table(view, basic, fragments, count if claimed is not None else None)
        if found:
            return found
        problems.append("the basic offset table does not fit the fragments")
    if len(fragments) == count:
        return [(fragment,) for fragment in fragments]
    if claimed is None:
        return [tuple(fragments)]
    if uid != RLE_LOSSLESS:
        found = _by_stream_starts(view, fragments)
        if len(found) == count:
            return found
        if len(found) > 1:
            problems.append(f"{len(found)} streams begin in pixel data, Number of Frames says {count}")
            return found[:count]
    problems.append(f"{len(fragments)} fragments for {count} frames")
    return [(fragment,) for fragment in fragments[:count]]


def _by_extended_table(table: bytes, lengths: bytes, fragments: list[_Fragment], count: int) -> list[_Frame]:
    """PS3.3 C.7.6.3.1.8: one fragment a frame, with its length before padding. Empty where the table contradicts the fragments."""
    if len(table) < 8 * count or len(fragments) < count:
        return []
    offsets = struct.unpack_from(f"<{count}Q", table)
    sizes = struct.unpack_from(f"<{count}Q", lengths) if len(lengths) >= 8 * count else None
    by_offset = {start - 8 - (fragments[0][0] - 8): (start, length) for start, length in fragments}
    frames: list[_Frame] = []
    for index, offset in enumerate(offsets):
        fragment = by_offset.get(offset)
        if fragment is None:
            return []
        start, length = fragment
        if sizes is not None and length - 1 <= sizes[index] <= length:
            length = sizes[index]
        frames.append(((start, length),))
    return frames


def _by_basic_table(view: memoryview, basic: _Fragment, fragments: list[_Fragment], count: int | None) -> list[_Frame]:
    """PS3.5 A.4: each entry points at the first item of a frame, from the first item behind the table.

    Empty where the table contradicts the fragments.
    """
    entries = basic[1] // 4
    if entries > len(fragments) or (count is not None and entries != count):
        return []
    starts = struct.unpack_from(f"<{entries}L", view, basic[0])
    if starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts)):
        return []
    first = fragments[0][0]
    positions = {start - first: index for index, (start, _length) in enumerate(fragments)}
    indexes = [positions.get(start) for start in starts]
    known = [index for index in indexes if index is not None]
    if len(known) < len(indexes):
        return []
    ends = [*known[1:], len(fragments)]
    return [tuple(fragments[begin:end]) for begin, end in zip(known, ends, strict=True)]


def _by_stream_starts(view: memoryview, fragments: list[_Fragment]) -> list[_Frame]:
    """A new frame at each fragment that begins a compressed stream. Empty where the first does not."""
    frames: list[list[_Fragment]] = []
    for offset, length in fragments:
        if bytes(view[offset : offset + min(length, 8)]).startswith(_STARTS):
            frames.append([(offset, length)])
        elif frames:
            frames[-1].append((offset, length))
        else:
            return []
    return [tuple(frame) for frame in frames]
