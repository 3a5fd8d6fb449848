"""A narrow look into an encoded data set: chosen elements of one level, and the items of chosen sequences.

Lookup tables, windows and image sizes are all that codecs want of a header, and it may be hostile: nothing is copied,
nesting is counted instead of recursed into, and what cannot be followed ends the walk instead of failing it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG_FORM = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_MAX_OPEN = 100_000
_PIXEL_DATA_GROUP = 0x7FE0


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a data set's elements are written (PS3.5 section 7)."""

    implicit_vr: bool
    little_endian: bool


@dataclass(frozen=True, slots=True)
class Element:
    """One element; `value` is a view of the header, empty for an undefined length that never ends."""

    tag: int
    vr: str
    value: memoryview
    encoding: Encoding

    def text(self) -> str:
        """The value as characters, without padding."""
        return bytes(self.value[:1024]).decode("latin-1").strip(" \0")

    def number(self, index: int = 0) -> float | None:
        """One value of a decimal string, of a binary float or of an integer string; None if it is no finite number."""
        if self.vr in ("FD", "FL"):
            values = self.binary("d" if self.vr == "FD" else "f")
            found = values[index] if index < len(values) else None
        else:
            parts = bytes(self.value[:16384]).decode("latin-1").split("\\")
            try:
                found = float(parts[index].strip(" \0")) if index < len(parts) else None
            except ValueError:
                found = None
        return found if found is not None and math.isfinite(found) else None

    def binary(self, code: str, maximum: int = 1024) -> tuple[float, ...]:
        """Values of the struct code `code`, as many as are whole, at most `maximum`."""
        size = struct.calcsize(code)
        count = min(len(self.value) // size, maximum)
        return struct.unpack_from(f"{'<' if self.encoding.little_endian else '>'}{count}{code}", self.value)

    def unsigned(self, index: int = 0) -> int | None:
        """One value of VR US."""
        values = self.binary("H")
        return int(values[index]) if index < len(values) else None


def read_elements(data: memoryview, encoding: Encoding, wanted: frozenset[int]) -> dict[int, Element]:
    """The first of each wanted element at the outermost level of `data`, up to Pixel Data, whose own header is included."""
    found: dict[int, Element] = {}
    for element in _walk(data, encoding):
        if element.tag in wanted or element.tag >> 16 == _PIXEL_DATA_GROUP:
            found.setdefault(element.tag, element)
        if element.tag >> 16 == _PIXEL_DATA_GROUP and element.tag & 0xFFFF in (0x0008, 0x0009, 0x0010):
            break
    return found


def items(sequence: Element) -> Iterator[memoryview]:
    """The items of a sequence; each is a data set for `read_elements`."""
    data, position = sequence.value, 0
    while position + 8 <= len(data):
        tag, length = _tag_and_length(data, position, sequence.encoding)
        if tag != _ITEM:
            return
        position += 8
        if length == _UNDEFINED:
            end, after = _end_of_undefined(data, position, sequence.encoding)
        else:
            end = after = min(position + length, len(data))
        yield data[position:end]
        position = after


def _walk(data: memoryview, encoding: Encoding) -> Iterator[Element]:
    position = 0
    while position + 8 <= len(data):
        header = _element_header(data, position, encoding)
        if header is None:
            return
        tag, vr, length, start = header
        inner = encoding
        if length == _UNDEFINED:
            if tag >> 16 == _PIXEL_DATA_GROUP:
                yield Element(tag, vr, data[start:start], encoding)
                return
            if vr == "UN":
                inner = Encoding(implicit_vr=True, little_endian=True)
            end, position = _end_of_undefined(data, start, inner)
        else:
            end = position = min(start + length, len(data))
        yield Element(tag, vr, data[start:end], inner)


def _element_header(data: memoryview, position: int, encoding: Encoding) -> tuple[int, str, int, int] | None:
    """Tag, VR, length and where the value begins; None at the end of what can be followed."""
    if encoding.implicit_vr:
        tag, length = _tag_and_length(data, position, encoding)
        return tag, "", length, position + 8
    order = "<" if encoding.little_endian else ">"
    group, number = struct.unpack_from(order + "HH", data, position)
    vr = bytes(data[position + 4 : position + 6])
    if group == 0xFFFE:
        return (group << 16) | number, "", struct.unpack_from(order + "I", data, position + 4)[0], position + 8
    if vr in _LONG_FORM:
        if position + 12 > len(data):
            return None
        length, start = struct.unpack_from(order + "I", data, position + 8)[0], position + 12
    else:
        length, start = struct.unpack_from(order + "H", data, position + 6)[0], position + 8
    return (group << 16) | number, vr.decode("latin-1"), length, start


def _tag_and_length(data: memoryview, position: int, encoding: Encoding) -> tuple[int, int]:
    group, number, length = struct.unpack_from("<HHI" if encoding.little_endian else ">HHI", data, position)
    return (group << 16) | number, length


def _end_of_undefined(data: memoryview, position: int, encoding: Encoding) -> tuple[int, int]:
    """Where the value that began at `position` ends, and where the next element begins (PS3.5 7.5)."""
    open_encodings = [encoding]
    while position + 8 <= len(data) and len(open_encodings) < _MAX_OPEN:
        header = _element_header(data, position, open_encodings[-1])
        if header is None:
            break
        tag, vr, length, start = header
        if tag in (_ITEM_END, _SEQUENCE_END):
            open_encodings.pop()
            if not open_encodings:
                return position, start
            position = start
        elif length == _UNDEFINED:
            open_encodings.append(Encoding(True, True) if vr == "UN" else open_encodings[-1])
            position = start
        else:
            position = start + length
    return len(data), len(data)
