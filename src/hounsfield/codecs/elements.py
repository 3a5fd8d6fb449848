"""A narrow look into an encoded data set: chosen elements of one level, and the items of chosen sequences.

Lookup tables, windows and image sizes are all that codecs want of a header, which may be that of ten thousand frames: nothing is
copied, and nothing else is kept. What cannot be followed ends the walk instead of failing it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hounsfield.dicom.encoding import IMPLICIT_LITTLE as INSIDE_UNKNOWN
from hounsfield.dicom.encoding import ITEM, ITEM_DELIMITATION, Encoding, Malformed, read_element_header, skip_items
from hounsfield.dicom.numbers import unsigned_of
from hounsfield.dicom.value_representations import UNDEFINED_LENGTH

_PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_MAX_TEXT = 16384


@dataclass(frozen=True, slots=True)
class Element:
    """One element. vr: as stated, empty where it is not; value: a view of the header."""

    tag: int
    vr: str
    value: memoryview
    encoding: Encoding

    def text(self, maximum: int = 1024) -> str:
        """The value as characters, without padding; no more of it than `maximum` bytes."""
        return bytes(self.value[:maximum]).decode("latin-1").strip(" \0")

    def number(self, index: int = 0) -> float | None:
        """One value of a decimal string, of a binary float or of an integer string; None if it is no finite number."""
        if self.vr in ("FD", "FL"):
            values = self.binary("d" if self.vr == "FD" else "f")
            found = values[index] if index < len(values) else None
        else:
            parts = bytes(self.value[:_MAX_TEXT]).decode("latin-1").split("\\")
            try:
                found = float(parts[index].strip(" \0")) if index < len(parts) else None
            except ValueError:
                found = None
        return found if found is not None and math.isfinite(found) else None

    def binary(self, code: str, maximum: int = 1024) -> tuple[float, ...]:
        """Values of the struct code `code`, as many as are whole, at most `maximum`."""
        count = min(len(self.value) // struct.calcsize(code), maximum)
        return struct.unpack_from(f"{self.encoding.mark}{count}{code}", self.value)

    def unsigned(self) -> int | None:
        """The first value of VR US."""
        return unsigned_of(bytes(self.value[:8]), self.encoding.little_endian)


def read_elements(data: memoryview, encoding: Encoding, wanted: frozenset[int]) -> dict[int, Element]:
    """The first of each wanted element at the outermost level of `data`, up to the pixels, whose own header is included."""
    found: dict[int, Element] = {}
    position, end = 0, len(data)
    try:
        while position < end:
            tag, stated, start, length = read_element_header(data, position, end, encoding)
            vr = stated.decode("latin-1")
            if tag in _PIXELS:
                found.setdefault(tag, Element(tag, vr, data[start:start], encoding))
                break
            if tag == ITEM_DELIMITATION:
                break
            inner = INSIDE_UNKNOWN if vr == "UN" else encoding
            position = skip_items(data, start, end, inner) if length == UNDEFINED_LENGTH else min(start + length, end)
            if tag in wanted:
                found.setdefault(tag, Element(tag, vr, data[start:position], inner))
    except Malformed:
        pass  # what was read so far counts
    return found


def items(sequence: Element) -> Iterator[memoryview]:
    """The items of a sequence; each is a data set for `read_elements`."""
    data, position, encoding = sequence.value, 0, sequence.encoding
    try:
        while position + 8 <= len(data):
            tag, _, position, length = read_element_header(data, position, len(data), encoding)
            if tag != ITEM:
                return
            end = _end_of_item(data, position, encoding) if length == UNDEFINED_LENGTH else min(position + length, len(data))
            yield data[position:end]
            position = end
            if length == UNDEFINED_LENGTH:
                position += 8
    except Malformed:
        return


def _end_of_item(data: memoryview, position: int, encoding: Encoding) -> int:
    """Where the delimitation of the item of undefined length begins. Raises: Malformed."""
    while position < len(data):
        tag, stated, start, length = read_element_header(data, position, len(data), encoding)
        if tag == ITEM_DELIMITATION:
            return position
        if length == UNDEFINED_LENGTH:
            position = skip_items(data, start, len(data), INSIDE_UNKNOWN if stated == b"UN" else encoding)
        else:
            position = start + length
    return len(data)
