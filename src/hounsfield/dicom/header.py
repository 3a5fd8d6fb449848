"""One pass over an object's header: what the index wants, and where the frames lie."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import repeat

from hounsfield.dicom import index_attributes, pixel_data
from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.deflate import inflate
from hounsfield.dicom.encoding import (
    DELIMITATIONS,
    ELEMENT_LIMIT,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Encoding,
    Malformed,
    detect,
    read_element_header,
    skip_items,
)
from hounsfield.dicom.frames import NO_FRAMES, FrameTable
from hounsfield.dicom.pixel_data import PixelElement
from hounsfield.dicom.tags import EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS, PIXEL_TAGS, tag_text
from hounsfield.dicom.transfer_syntaxes import TransferSyntax, transfer_syntax
from hounsfield.dicom.value_representations import LONG_VRS, SHORT_VRS, UNDEFINED_LENGTH
from hounsfield.model.entities import ObjectAttributes
from hounsfield.model.errors import UnreadableObject
from hounsfield.model.identifiers import UID, is_usable_uid

_WANTED = frozenset(index_attributes.ALL_TAGS + pixel_data.DESCRIPTION_TAGS + PIXEL_TAGS)

_WANTED_LITTLE = {(tag & 0xFFFF) << 16 | tag >> 16: tag for tag in _WANTED}
"""The four bytes of a tag read as one little endian number, to the tag."""
_WANTED_BIG = {tag: tag for tag in _WANTED}


_KEPT_BYTES = index_attributes.VALUE_LIMIT_BYTES + 1


@dataclass(frozen=True, slots=True)
class ScannedObject:
    """What one pass over an object found.

    header_length_bytes: from the first byte to the Pixel Data element; the whole stored data set where it has none or is deflated.
    problems: what was odd, in words without a patient's data; empty for a proper object.
    """

    attributes: ObjectAttributes
    header_length_bytes: int
    frame_table: FrameTable
    problems: tuple[str, ...]


def scan(data_set: Buffer, transfer_syntax_uid: str) -> ScannedObject:
    """Reads the indexed attributes and the frame table; of Pixel Data only the frames' bytes, for their checksums.

    data_set: what follows the file meta information, as stored (deflated if the transfer syntax is).
    Raises: UnreadableObject where the SOP class, SOP instance, series or study UID cannot be found, and nothing else.
    """
    return _scan(data_set, transfer_syntax_uid, None)


def scan_header(header: Buffer, transfer_syntax_uid: str, frame_table: FrameTable | None = None) -> ScannedObject:
    """The same from the stored header alone, as a pack's catalogue keeps it. Raises: UnreadableObject."""
    return _scan(header, transfer_syntax_uid, frame_table or NO_FRAMES)


def attributes_with(header: Buffer, transfer_syntax_uid: str, values: Mapping[int, bytes | None]) -> ObjectAttributes:
    """The indexed attributes of a header, not deflated, where some of its elements have other values.

    values: by tag, as the header would have them; None of an element that is not to count. Raises: UnreadableObject.
    """
    syntax = transfer_syntax(transfer_syntax_uid)
    with memoryview(header) as whole, whole.cast("B") as view:
        encoding, _problem = detect(view, syntax.implicit_vr, syntax.little_endian)
        read: dict[int, bytes] = {}
        _walk(view, encoding, read, [])
    for tag, value in values.items():
        if value is None:
            read.pop(tag, None)
        else:
            read[tag] = value[:_KEPT_BYTES]
    return index_attributes.build(read, UID(syntax.uid), encoding)[0]


def _scan(data_set: Buffer, transfer_syntax_uid: str, frame_table: FrameTable | None) -> ScannedObject:
    if not is_usable_uid(transfer_syntax_uid):  # it goes out again in headers and file names
        raise UnreadableObject(f"the transfer syntax {transfer_syntax_uid[:80]!r} is not a UID")
    syntax = transfer_syntax(transfer_syntax_uid)
    stored_length = 0
    if syntax.deflated:
        stored_length = len(data_set)
        data_set = inflate(data_set)
    with memoryview(data_set) as whole, whole.cast("B") as view:  # let go even when raising: a mapped file must be closable
        scanned = _scan_view(view, syntax, frame_table)
    return replace(scanned, header_length_bytes=stored_length) if syntax.deflated else scanned


def _scan_view(view: memoryview, syntax: TransferSyntax, frame_table: FrameTable | None) -> ScannedObject:
    encoding, problem = detect(view, syntax.implicit_vr, syntax.little_endian)
    problems = [problem] if problem else []
    values: dict[int, bytes] = {}
    pixels = _walk(view, encoding, values, problems)
    attributes, value_problems = index_attributes.build(values, UID(syntax.uid), encoding)
    problems += value_problems
    if frame_table is None:
        frame_table = NO_FRAMES
        if pixels is not None:
            frame_table, found = pixel_data.build_frame_table(view, pixels, values, encoding, syntax.uid, inflated=syntax.deflated)
            problems += found
    header_length = len(view) if pixels is None else pixels.offset_bytes
    return ScannedObject(attributes, header_length, frame_table, tuple(problems))


def _walk(view: memoryview, encoding: Encoding, values: dict[int, bytes], problems: list[str]) -> PixelElement | None:
    """Collects wanted values up to the first Pixel Data element, which it returns.

    Plain elements go by in a tight loop, which stops at whatever is rare: undefined lengths, odd VRs, the last bytes. One such element is
    read here with care, and the loop goes on.
    """
    end = len(view)
    steps = repeat(None, ELEMENT_LIMIT)
    hurry = _hurry_implicit if encoding.implicit_vr else _hurry_explicit
    offset = 0
    try:
        for _ in steps:
            pixels, offset = hurry(view, offset, encoding, values, steps)
            if pixels is not None or offset >= end:
                return pixels
            tag, vr, value, length = read_element_header(view, offset, end, encoding)
            if tag in PIXEL_TAGS:
                return PixelElement(tag, offset, value, length)
            if tag == 0 and length == 0:
                problems.append(f"{end - offset} bytes of padding at the end")
                return None
            if tag in DELIMITATIONS:
                following = value  # a stray item or delimitation between elements: step into it
            elif length == UNDEFINED_LENGTH:
                following = skip_items(view, value, end, IMPLICIT_LITTLE if vr == b"UN" else encoding)
            else:
                following = value + length
            if following > end:
                raise Malformed(f"element {tag_text(tag)} claims {length} bytes, {end - value} are left")
            if tag in _WANTED and tag not in values:
                values[tag] = bytes(view[value : value + _kept(tag, following - value)])
            offset = following
        problems.append(f"more than {ELEMENT_LIMIT} elements")
    except Malformed as exc:
        problems.append(str(exc))
    return None


_Walked = tuple[PixelElement | None, int]


def _hurry_explicit(view: memoryview, offset: int, encoding: Encoding, values: dict[int, bytes], steps: Iterator[None]) -> _Walked:
    """From `offset` on, as far as elements are plain. Returns the Pixel Data element or None, and where it stopped."""
    end = len(view)
    last = end - 12
    little = encoding is EXPLICIT_LITTLE
    wanted = (_WANTED_LITTLE if little else _WANTED_BIG).get
    unpack = (_KEYED_LITTLE if little else _KEYED_BIG).unpack_from
    unpack_long = encoding.long.unpack_from
    short_vrs, long_vrs = SHORT_VRS, LONG_VRS
    for _ in steps:
        if offset > last:
            break
        key, vr, length = unpack(view, offset)
        if vr in short_vrs:
            value = offset + 8
        elif vr in long_vrs:
            length = unpack_long(view, offset + 8)[0]
            value = offset + 12
            if length == UNDEFINED_LENGTH:
                break
        else:
            break
        following = value + length
        if following > end:
            break
        tag = wanted(key)
        if tag is not None:
            if tag in PIXEL_TAGS:
                return PixelElement(tag, offset, value, length), offset
            if tag not in values:
                values[tag] = bytes(view[value : following if length <= _KEPT_BYTES else value + _kept(tag, length)])
        offset = following
    return None, offset


def _hurry_implicit(view: memoryview, offset: int, _encoding: Encoding, values: dict[int, bytes], steps: Iterator[None]) -> _Walked:
    """The same without VRs."""
    end = len(view)
    last = end - 8
    wanted = _WANTED_LITTLE.get
    unpack = _KEYED_IMPLICIT.unpack_from
    for _ in steps:
        if offset > last:
            break
        key, length = unpack(view, offset)
        value = offset + 8
        following = value + length
        if following > end or length == UNDEFINED_LENGTH or not key:
            break
        tag = wanted(key)
        if tag is not None:
            if tag in PIXEL_TAGS:
                return PixelElement(tag, offset, value, length), offset
            if tag not in values:
                values[tag] = bytes(view[value : following if length <= _KEPT_BYTES else value + _kept(tag, length)])
        offset = following
    return None, offset


def _kept(tag: int, length: int) -> int:
    """How many bytes of a wanted value are copied: only offset tables are long for a reason."""
    is_table = tag in (EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS)
    return min(length, 8 * pixel_data.FRAME_LIMIT if is_table else _KEPT_BYTES)


_KEYED_LITTLE = struct.Struct("<L2sH")
_KEYED_BIG = struct.Struct(">L2sH")
_KEYED_IMPLICIT = struct.Struct("<LL")
