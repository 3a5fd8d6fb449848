"""From elements of the DICOM JSON model to elements to be written (PS3.18 annex F)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hounsfield.dicom.character_encoding import defined_terms, encode_text
from hounsfield.dicom.character_sets import CharacterSet
from hounsfield.dicom.data_set_writer import BINARY_VRS, NUMBER_CODES, UTF_8, NewElement, encode_data_set
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET


def element_from_json(tag: int, element: Mapping[str, Any]) -> NewElement:
    """One element. Its numbers may be numbers, or text as `json.loads(..., parse_float=str, parse_int=str)` leaves them."""
    vr = element["vr"]
    values: Sequence[Any] = element.get("Value") or ()
    if vr == "SQ":
        return NewElement(tag, vr, [[element_from_json(int(name, 16), inner) for name, inner in item.items()] for item in values])
    if "InlineBinary" in element:
        return NewElement(tag, vr, b64decode(element["InlineBinary"]))
    if not values or vr in BINARY_VRS:
        return NewElement(tag, vr, None)
    if vr == "AT":
        return NewElement(tag, vr, [int(value, 16) for value in values])
    if vr in NUMBER_CODES:
        convert = float if vr in ("FD", "FL") else int
        return NewElement(tag, vr, [convert(value) for value in values])
    return NewElement(tag, vr, "\\".join(map(_text, values)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "=".join(value.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return str(value)


def encode_in_one_of(elements: Iterable[NewElement], candidates: Iterable[CharacterSet], *, implicit_vr: bool) -> bytes:
    """A data set in the first of the character sets that expresses all of its text, else in UTF-8; named in (0008,0005) where needed."""
    ordered = list(elements)
    if _is_ascii(ordered):
        return encode_data_set(ordered, implicit_vr=implicit_vr)
    for characters in candidates:
        coded = _coded(ordered, characters)
        if coded is not None:
            coded.append(NewElement(SPECIFIC_CHARACTER_SET, "CS", defined_terms(characters)))
            return encode_data_set(coded, implicit_vr=implicit_vr)
    ordered.append(NewElement(SPECIFIC_CHARACTER_SET, "CS", defined_terms(UTF_8)))
    return encode_data_set(ordered, implicit_vr=implicit_vr, characters=UTF_8)


def _is_ascii(elements: Iterable[NewElement]) -> bool:
    for element in elements:
        value = element.value
        if isinstance(value, str):
            if not value.isascii() or "\x1b" in value:
                return False
        elif element.vr == "SQ" and isinstance(value, list) and not all(map(_is_ascii, value)):
            return False
    return True


def _coded(elements: Iterable[NewElement], characters: CharacterSet) -> list[NewElement] | None:
    """The elements with their texts as bytes; None where one cannot be expressed."""
    found = []
    for element in elements:
        value: Any = element.value
        if isinstance(value, str):
            value = encode_text(value, characters)
            if value is None:
                return None
        elif element.vr == "SQ" and isinstance(value, list):
            items = [_coded(item, characters) for item in value]
            if None in items:
                return None
            value = items
        found.append(NewElement(element.tag, element.vr, value))
    return found
