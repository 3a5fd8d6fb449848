"""The DICOM JSON model from outside: judged element by element, before anything is made of it (PS3.18 annex F)."""

from __future__ import annotations

import binascii
import json
import re
import struct
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hounsfield.dicom.data_set_writer import NUMBER_CODES
from hounsfield.dicom.dictionary import vr_of
from hounsfield.dicom.element_tree import DEPTH_LIMIT
from hounsfield.dicom.json_values import SINGLE_VALUED
from hounsfield.dicom.tags import tag_text
from hounsfield.dicom.value_representations import VR_NAMES
from hounsfield.model.errors import UnreadableObject

MOST_BRACKETS: Final = 1_000_000
"""Objects and arrays of one document: an element has one of each, and takes some hundred bytes of memory for it."""
MOST_COMMAS: Final = 2_000_000
URI_MAX_CHARACTERS: Final = 4096

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_VRS = frozenset(VR_NAMES.values())
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_DS_MAX_CHARACTERS = 16
_NUMBER_MAX_CHARACTERS = 64
_TAG_WORDS = struct.Struct("<HH")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A value that comes apart from the metadata. uri: its BulkDataURI, as written."""

    uri: str


class GivenElement(NamedTuple):
    """One element. value: text, raw bytes little endian, items of a sequence, or where it is; None for an empty one."""

    tag: int
    vr: str
    value: str | bytes | tuple[GivenDataSet, ...] | Elsewhere | None


GivenDataSet = tuple[GivenElement, ...]
"""Elements in order of tag."""


def read_json_document(raw: bytes | bytearray) -> list[Any]:
    """The data sets of a document, which is an array of them or one alone; numbers are left as text. Raises: UnreadableObject."""
    if raw.count(b"{") + raw.count(b"[") > MOST_BRACKETS or raw.count(b",") > MOST_COMMAS:
        raise UnreadableObject("the metadata has more elements or values than are read at once")
    try:
        document = json.loads(raw, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as exc:
        raise UnreadableObject("the metadata is not JSON") from exc
    if isinstance(document, dict):
        return [document]
    if not isinstance(document, list):
        raise UnreadableObject("the metadata is no array of data sets")
    return document


def read_given(document: object, depth: int = 0) -> GivenDataSet:
    """One data set. Raises: UnreadableObject, naming the attribute."""
    if not isinstance(document, Mapping):
        raise UnreadableObject("a data set is an object")
    if depth > DEPTH_LIMIT:
        raise UnreadableObject(f"sequences are nested deeper than {DEPTH_LIMIT}")
    elements: dict[int, GivenElement] = {}
    for name, element in document.items():
        if not isinstance(name, str) or _TAG.fullmatch(name) is None:
            raise UnreadableObject("an attribute is named by eight hexadecimal digits")
        tag = int(name, 16)
        if tag in elements:
            raise UnreadableObject(f"{tag_text(tag)} stands twice in one data set")
        if tag >> 16 in (0x0000, 0xFFFE) or tag >> 16 == 0xFFFC:
            raise UnreadableObject(f"{tag_text(tag)} does not belong into a data set")
        if tag & 0xFFFF:  # group lengths say nothing (PS3.5 7.2)
            elements[tag] = _read_element(tag, element, depth)
    return tuple(elements[tag] for tag in sorted(elements))


def _read_element(tag: int, element: object, depth: int) -> GivenElement:
    if not isinstance(element, Mapping):
        raise UnreadableObject(f"{tag_text(tag)} is no object")
    vr = element.get("vr", vr_of(tag))
    if not isinstance(vr, str) or vr not in _VRS:
        raise UnreadableObject(f"{tag_text(tag)} has no VR")
    if sum(name in element for name in ("Value", "InlineBinary", "BulkDataURI")) > 1:
        raise UnreadableObject(f"{tag_text(tag)} has several values")
    if "BulkDataURI" in element:
        return GivenElement(tag, vr, _read_uri(tag, vr, element["BulkDataURI"]))
    if "InlineBinary" in element:
        return GivenElement(tag, vr, _read_binary(tag, vr, element["InlineBinary"]))
    values = element.get("Value")
    if values is None:
        return GivenElement(tag, vr, () if vr == "SQ" else None)
    if not isinstance(values, list):
        raise UnreadableObject(f"the Value of {tag_text(tag)} is no array")
    if vr == "SQ":
        return GivenElement(tag, vr, tuple(read_given({} if item is None else item, depth + 1) for item in values))
    if not values:
        return GivenElement(tag, vr, None)
    if vr in _BINARY:
        raise UnreadableObject(f"the value of {tag_text(tag)} is InlineBinary or bulk data")
    if vr == "AT":
        return GivenElement(tag, vr, b"".join([_read_tag(tag, value) for value in values]))
    if vr in NUMBER_CODES:
        return GivenElement(tag, vr, _read_numbers(tag, vr, values))
    return GivenElement(tag, vr, "\\".join([_read_text(tag, vr, value) for value in values]))


def _read_uri(tag: int, vr: str, uri: object) -> Elsewhere:
    if vr == "SQ" or not isinstance(uri, str) or not 0 < len(uri) <= URI_MAX_CHARACTERS:
        raise UnreadableObject(f"{tag_text(tag)} has no usable BulkDataURI")
    return Elsewhere(uri)


def _read_binary(tag: int, vr: str, text: object) -> bytes:
    if vr == "SQ" or not isinstance(text, str):
        raise UnreadableObject(f"{tag_text(tag)} has no usable InlineBinary")
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise UnreadableObject(f"the InlineBinary of {tag_text(tag)} is not base64") from exc


def _read_tag(tag: int, value: object) -> bytes:
    if not isinstance(value, str) or _TAG.fullmatch(value) is None:
        raise UnreadableObject(f"a value of {tag_text(tag)} is no tag")
    return _TAG_WORDS.pack(int(value[:4], 16), int(value[4:], 16))


def _read_numbers(tag: int, vr: str, values: Sequence[object]) -> bytes:
    """Numbers are text by now; `true` and nested things are none."""
    numbers: list[float] = []
    try:
        for value in values:
            if not isinstance(value, str) or len(value) > _NUMBER_MAX_CHARACTERS or not value.isascii() or "_" in value:
                raise UnreadableObject(f"a value of {tag_text(tag)} is no number")
            numbers.append(float(value) if vr in ("FD", "FL") else int(value))
        return struct.pack(f"<{len(numbers)}{NUMBER_CODES[vr]}", *numbers)
    except (ValueError, OverflowError, struct.error) as exc:
        raise UnreadableObject(f"a value of {tag_text(tag)} is no number of VR {vr}") from exc


def _read_text(tag: int, vr: str, value: object) -> str:
    if value is None:
        return ""
    if vr == "PN" and isinstance(value, Mapping):
        groups = [value.get(group, "") for group in _GROUPS]
        if not all(isinstance(group, str) for group in groups):
            raise UnreadableObject(f"a name in {tag_text(tag)} has a component group that is no text")
        return "=".join(groups).rstrip("=")
    if not isinstance(value, str):
        raise UnreadableObject(f"a value of {tag_text(tag)} is no text")
    if vr not in SINGLE_VALUED and "\\" in value:
        raise UnreadableObject(f"a value of {tag_text(tag)} holds a backslash, which parts values")
    return _fitting_decimal(value) if vr == "DS" else value


def _fitting_decimal(text: str) -> str:
    """A number of at most 16 characters: what JSON writes with more digits is rounded (PS3.5 table 6.2-1)."""
    if len(text) <= _DS_MAX_CHARACTERS:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    for digits in range(_DS_MAX_CHARACTERS - 1, 0, -1):
        shorter = f"{number:.{digits}g}"
        if len(shorter) <= _DS_MAX_CHARACTERS:
            return shorter
    return text
