"""Writing small data sets: identifiers, command sets, answers (PS3.5 7.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hounsfield.dicom.character_sets import CharacterSet, character_set
from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.encoding import ITEM
from hounsfield.dicom.value_representations import LONG_VRS

BINARY_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
NUMBER_CODES = {"FD": "d", "FL": "f", "SL": "l", "SS": "h", "SV": "q", "UL": "L", "US": "H", "UV": "Q"}

UTF_8 = character_set(b"ISO_IR 192")


class NewElement(NamedTuple):
    """One element to write.

    value: text (values joined by backslashes) for text VRs; a number or a sequence of numbers for FL, FD and the integer VRs; one tag
    or several as integers for AT; items for SQ; bytes for the binary VRs. Bytes for any VR are written as they are; None writes an empty
    value.
    """

    tag: int
    vr: str
    value: str | bytes | float | Sequence[float] | Sequence[Sequence[NewElement]] | None


def encode_data_set(
    elements: Iterable[NewElement], *, implicit_vr: bool, characters: CharacterSet = UTF_8, group_length: bool = False
) -> bytes:
    """A data set, little endian, in order of tag, sequences and items with defined lengths.

    characters: how text outside the default repertoire is written; naming it in (0008,0005) is the caller's. What it cannot express
    becomes `?`.
    group_length: puts (gggg,0000) before them; for command sets and file meta, whose elements are of one group.
    Raises: ValueError where a value does not fit its VR.
    """
    ordered = sorted(elements, key=lambda element: element.tag)
    body = b"".join([_element(element, implicit_vr, characters) for element in ordered])
    if not group_length or not ordered:
        return body
    return _element(NewElement(ordered[0].tag & 0xFFFF0000, "UL", len(body)), implicit_vr, characters) + body


def with_encoded_sequences(elements: Iterable[NewElement], *, implicit_vr: bool) -> dict[int, NewElement]:
    """The elements by tag, the items of each sequence as the bytes that `encode_data_set` writes: a small part of their memory."""
    return {
        element.tag: element if element.vr != "SQ" else element._replace(value=_value_field(element, implicit_vr, UTF_8))
        for element in elements
    }


def encode_tree(data_set: DataSet, *, implicit_vr: bool) -> bytes:
    """A data set that was read, written anew: every value as it stands, sequences with defined lengths. It must have been little endian."""
    return encode_data_set(_from_tree(data_set), implicit_vr=implicit_vr)


def _from_tree(data_set: DataSet) -> list[NewElement]:
    return [
        NewElement(element.tag, element.vr, bytes(element.value) if element.items is None else [_from_tree(item) for item in element.items])
        for element in data_set
    ]


def _element(element: NewElement, implicit_vr: bool, characters: CharacterSet) -> bytes:
    tag, vr, _value = element
    value = _value_field(element, implicit_vr, characters)
    if implicit_vr:
        return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value
    coded = vr.encode("ascii")
    if coded in LONG_VRS:
        return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, coded, 0, len(value)) + value
    if len(value) > 0xFFFF:  # PS3.5 6.2.2, note 2: a value too long for its VR's length field goes as UN
        return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, b"UN", 0, len(value)) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, coded, len(value)) + value


def _value_field(element: NewElement, implicit_vr: bool, characters: CharacterSet) -> bytes:
    tag, vr, value = element
    if value is None:
        return b""
    if isinstance(value, bytes):
        raw = value
    elif isinstance(value, str):
        raw = characters.encode(value)
    else:
        values = list(value) if isinstance(value, Sequence) else [value]
        raw = _sequence(values, implicit_vr, characters) if vr == "SQ" else _numbers(tag, vr, values)
    if len(raw) % 2:
        raw += b"\0" if vr == "UI" or vr in BINARY_VRS else b" "
    return raw


def _numbers(tag: int, vr: str, values: Sequence[object]) -> bytes:
    try:
        if vr == "AT":
            return b"".join([struct.pack("<HH", number >> 16, number & 0xFFFF) for number in values if isinstance(number, int)])
        if vr in NUMBER_CODES:
            return struct.pack(f"<{len(values)}{NUMBER_CODES[vr]}", *values)
    except struct.error as exc:
        raise ValueError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}): {exc}") from exc
    if vr in ("DS", "IS"):
        return "\\".join(map(str, values)).encode("ascii")
    raise ValueError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}): numbers do not go into VR {vr}")


def _sequence(items: Sequence[object], implicit_vr: bool, characters: CharacterSet) -> bytes:
    parts = []
    for item in items:
        if not isinstance(item, Sequence) or isinstance(item, str | bytes):
            raise ValueError("an item of a sequence is a sequence of elements")
        body = encode_data_set(item, implicit_vr=implicit_vr, characters=characters)
        parts.append(struct.pack("<HHL", ITEM >> 16, ITEM & 0xFFFF, len(body)) + body)
    return b"".join(parts)
