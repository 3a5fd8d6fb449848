"""Element headers in the three ways of writing them, read with tolerance (PS3.5 7.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import repeat

from hounsfield.dicom.tags import tag_text
from hounsfield.dicom.value_representations import LONG_VRS, SHORT_VRS, UNDEFINED_LENGTH, VALUE_REPRESENTATIONS

ITEM = 0xFFFEE000
ITEM_DELIMITATION = 0xFFFEE00D
SEQUENCE_DELIMITATION = 0xFFFEE0DD

DELIMITATIONS = frozenset({ITEM, ITEM_DELIMITATION, SEQUENCE_DELIMITATION})

ELEMENT_LIMIT = 4_000_000
"""No more elements and items than this are walked in one object: a hostile one must not hold a thread. An enhanced object of 10,000 frames
whose functional groups have undefined lengths comes to one or two million."""

NESTING_LIMIT = 10_000
"""Sequences nested deeper are a bomb. What stands before them is kept; what is behind them is not read."""


class Malformed(ValueError):
    """The bytes cannot be walked any further; says why."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How elements are written: VR stated or not, and the byte order."""

    implicit_vr: bool
    little_endian: bool
    tag: struct.Struct
    short: struct.Struct
    long: struct.Struct
    implicit: struct.Struct
    mark: str


EXPLICIT_LITTLE = Encoding(False, True, struct.Struct("<HH"), struct.Struct("<HH2sH"), struct.Struct("<L"), struct.Struct("<HHL"), "<")
IMPLICIT_LITTLE = Encoding(True, True, EXPLICIT_LITTLE.tag, EXPLICIT_LITTLE.short, EXPLICIT_LITTLE.long, EXPLICIT_LITTLE.implicit, "<")
EXPLICIT_BIG = Encoding(False, False, struct.Struct(">HH"), struct.Struct(">HH2sH"), struct.Struct(">L"), struct.Struct(">HHL"), ">")


def detect(view: memoryview, implicit_vr: bool, little_endian: bool) -> tuple[Encoding, str]:
    """The encoding a data set is really in, judged by its first element, and a word where that is not what was declared."""
    declared = IMPLICIT_LITTLE if implicit_vr else EXPLICIT_LITTLE if little_endian else EXPLICIT_BIG
    if len(view) < 8:
        return declared, ""
    group, _element, vr, length = EXPLICIT_LITTLE.short.unpack_from(view, 0)
    stated = vr in VALUE_REPRESENTATIONS
    if little_endian and stated and group & 0xFF == 0 and 0 < group >> 8 <= 0x80:
        return EXPLICIT_BIG, "the data set is big endian, though declared little endian"
    if not little_endian and 0 < group <= 0x80:
        return (EXPLICIT_LITTLE if stated else IMPLICIT_LITTLE), "the data set is little endian, though declared big endian"
    if implicit_vr and stated and (vr in LONG_VRS or length + 8 <= len(view)):
        return EXPLICIT_LITTLE, "the data set states its VRs, though declared implicit VR"
    if not implicit_vr and little_endian and not stated:
        implicit_length = EXPLICIT_LITTLE.long.unpack_from(view, 4)[0]
        if implicit_length + 8 <= len(view) or implicit_length == UNDEFINED_LENGTH:
            return IMPLICIT_LITTLE, "the data set is implicit VR, though declared explicit VR"
    return declared, ""


def read_element_header(view: memoryview, offset: int, end: int, encoding: Encoding) -> tuple[int, bytes, int, int]:
    """Tag, VR (empty where not stated), offset of the value, length (may be UNDEFINED_LENGTH; may reach beyond `end`).

    Raises: Malformed where not even a header fits.
    """
    if offset + 8 > end:
        raise Malformed("the last element header is cut short")
    group, element, vr, length = encoding.short.unpack_from(view, offset)
    tag: int = group << 16 | element
    if encoding.implicit_vr or group == 0xFFFE:
        return tag, b"", offset + 8, encoding.long.unpack_from(view, offset + 4)[0]
    if vr in LONG_VRS:
        if offset + 12 > end:
            raise Malformed("the last element header is cut short")
        return tag, vr, offset + 12, encoding.long.unpack_from(view, offset + 8)[0]
    if vr in VALUE_REPRESENTATIONS:
        return tag, vr, offset + 8, length
    return (tag, *_read_odd_vr(view, offset, end, encoding))


def _read_odd_vr(view: memoryview, offset: int, end: int, encoding: Encoding) -> tuple[bytes, int, int]:
    """An element of an explicit VR data set whose VR bytes are none: of a later edition, implicit, or damaged."""
    vr = bytes(view[offset + 4 : offset + 6])
    short_length = encoding.short.unpack_from(view, offset)[3]
    left = end - offset
    if vr.isalpha() and vr.isupper():
        if short_length == 0 and left >= 12:  # VRs of later editions have the long form (PS3.5 6.2)
            length = encoding.long.unpack_from(view, offset + 8)[0]
            if length == UNDEFINED_LENGTH or length <= left - 12:
                return b"UN", offset + 12, length
        return b"UN", offset + 8, short_length
    implicit_length = encoding.long.unpack_from(view, offset + 4)[0]
    if implicit_length <= left - 8 or implicit_length == UNDEFINED_LENGTH:
        return b"", offset + 8, implicit_length
    if short_length <= left - 8:
        return b"UN", offset + 8, short_length
    raise Malformed("an element has neither a VR nor a believable length")


_ITEMS = 0
_ELEMENTS = 1


def skip_items(view: memoryview, offset: int, end: int, encoding: Encoding) -> int:
    """From the first item of a value of undefined length to behind its sequence delimitation; no recursion, whatever the depth.

    Raises: Malformed where the bytes end first, or more than ELEMENT_LIMIT elements and items were met.
    """
    stack: list[tuple[int, Encoding]] = [(_ITEMS, encoding)]
    for _ in repeat(None, ELEMENT_LIMIT):
        mode, current = stack[-1]
        if offset + 8 > end:
            raise Malformed("a sequence is cut short")
        if mode == _ELEMENTS and not current.implicit_vr:
            _group, _element, stated, length = current.short.unpack_from(view, offset)
            if stated in SHORT_VRS:  # nearly all elements
                offset += 8 + length
                continue
        if mode == _ITEMS:
            group, element, length = current.implicit.unpack_from(view, offset)
            tag = group << 16 | element
            if tag == ITEM:
                offset += 8
                if length == UNDEFINED_LENGTH:
                    if len(stack) > 2 * NESTING_LIMIT:
                        raise Malformed(f"sequences are nested deeper than {NESTING_LIMIT}")
                    stack.append((_ELEMENTS, current))
                elif length > end - offset:
                    raise Malformed(f"an item claims {length} bytes, {end - offset} are left")
                else:
                    offset += length
                continue
            if tag in (SEQUENCE_DELIMITATION, ITEM_DELIMITATION):
                offset += 8
            if tag != ITEM_DELIMITATION:  # any other tag: the delimitation was forgotten
                stack.pop()
        else:
            tag, vr, value, length = read_element_header(view, offset, end, current)
            if tag == ITEM_DELIMITATION:
                stack.pop()
                offset = value
            elif tag == SEQUENCE_DELIMITATION:  # the item's own delimitation was forgotten
                stack.pop()
            elif length == UNDEFINED_LENGTH:
                stack.append((_ITEMS, IMPLICIT_LITTLE if vr == b"UN" else current))
                offset = value
            elif length > end - value:
                raise Malformed(f"element {tag_text(tag)} claims {length} bytes, {end - value} are left")
            else:
                offset = value + length
        if not stack:
            return offset
    raise Malformed(f"more than {ELEMENT_LIMIT} elements in one sequence")
