"""The DICOM JSON model of a whole instance, losing nothing (PS3.18 annex F).

Where the annex leaves a choice:

- IS and DS are numbers where they are valid ones (a DS keeps all its digits), strings otherwise; SV and UV beyond 2^53 are strings.
- FL and FD that are no number are the strings `NaN`, `Infinity`, `-Infinity`: JSON has no number for them, and number parsers take these.
- A value whose length does not fit its VR, and a sequence that cannot be read or is nested too deep, keeps its bytes as VR `UN`.
- Binary values are little endian, whatever the data set's order (F.2.7).
- Specific Character Set says what the object was written in, the JSON is UTF-8 (F.2.2, note 3).
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable, Iterable

from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.element_tree import DataSet, Element, read_data_set
from hounsfield.dicom.json_values import text_element
from hounsfield.dicom.tags import PIXEL_TAGS

BULK_LIMIT_BYTES = 1024

_NUMBERS = {"FD": ("d", 8), "FL": ("f", 4), "SL": ("l", 4), "SS": ("h", 2), "SV": ("q", 8), "UL": ("L", 4), "US": ("H", 2), "UV": ("Q", 8)}
_WORDS = {"OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "UN": 1}
"""Bytes of one word of the binary VRs, for the byte order."""

_SIZES = {"AT": 2} | {vr: size for vr, (_code, size) in _NUMBERS.items()}

_SAFE_INTEGER = 2**53


def data_set_json(
    data_set: Buffer,
    transfer_syntax_uid: str,
    *,
    bulk_data_uri: Callable[[str], str] | None,
    header_length_bytes: int | None = None,
    bulk_limit_bytes: int = BULK_LIMIT_BYTES,
    more: Iterable[Element] = (),
) -> bytes:
    """One DICOM JSON model object, UTF-8, elements in order of tag.

    bulk_data_uri: gives the address of a value by its path (`7FE00010`, or `54000100/0/54001010`: tags and item indexes from 0), for Pixel
    Data and binary values longer than `bulk_limit_bytes`; None leaves Pixel Data without a value and puts every other value inline.
    header_length_bytes: where the Pixel Data element begins: nothing behind it is read, and no more than 12 bytes of it.
    more: elements to add where the data set has none of their tag.
    Raises: UnreadableObject where a deflated data set cannot be inflated.
    """
    tree = read_data_set(data_set, transfer_syntax_uid, header_length_bytes=header_length_bytes)
    if added := {element.tag: element for element in more if element.tag not in tree}:
        tree.elements = dict(sorted({**tree.elements, **added}.items()))
    return _Writer(bulk_data_uri, bulk_limit_bytes).data_set(tree, "").encode("utf-8", "replace")


def bulk_data(data_set: Buffer, transfer_syntax_uid: str, path: str) -> bytes | None:
    """The value that `data_set_json` named by `path`, little endian; None where there is none.

    Of encapsulated pixel data the items as they stand.
    """
    return value_at(read_data_set(data_set, transfer_syntax_uid), path)


def value_at(scope: DataSet, path: str) -> bytes | None:
    """The same, of a data set that has been read."""
    steps = path.split("/")
    while True:
        try:
            element = scope.get(int(steps[0], 16))
            if element is None:
                return None
            if len(steps) == 1:
                return little_endian(element, scope.encoding.little_endian)
            scope = (element.items or ())[int(steps[1])]
            steps = steps[2:]
        except (ValueError, IndexError):
            return None


def sequence_json(tag: int, items: tuple[DataSet, ...]) -> str:
    """`"GGGGEEEE":{"vr":"SQ",...}` of one sequence, all values inline; for fragments of an object's JSON."""
    return _Writer(None, BULK_LIMIT_BYTES).sequence(f"{tag:08X}", items, "")


class _Writer:
    def __init__(self, bulk_data_uri: Callable[[str], str] | None, bulk_limit_bytes: int) -> None:
        self.uri = bulk_data_uri
        self.limit = bulk_limit_bytes

    def data_set(self, data_set: DataSet, path: str) -> str:
        """`{...}` of a data set or item. path: of the item, ending in a slash."""
        characters = data_set.characters
        little = data_set.encoding.little_endian
        parts: list[str] = []
        for element in data_set:
            tag, vr, value, items, _encapsulated = element
            if not tag & 0xFFFF:
                continue
            name = f"{tag:08X}"
            if items is not None:
                parts.append(self.sequence(name, items, path))
            elif vr in _WORDS:
                parts.append(self._binary(name, element, little, path))
            elif vr in _NUMBERS:
                parts.append(_numbers(name, vr, value, little) or self._binary(name, Element(tag, "UN", value), True, path))
            elif vr == "AT":
                parts.append(_tags(name, value, little) or self._binary(name, Element(tag, "UN", value), True, path))
            else:
                parts.append(text_element(name, vr, bytes(value), characters))
        return "{" + ",".join(parts) + "}"

    def sequence(self, name: str, items: tuple[DataSet, ...], path: str) -> str:
        if not items:
            return f'"{name}":{{"vr":"SQ"}}'
        inner = [self.data_set(item, f"{path}{name}/{index}/") for index, item in enumerate(items)]
        return f'"{name}":{{"vr":"SQ","Value":[{",".join(inner)}]}}'

    def _binary(self, name: str, element: Element, little: bool, path: str) -> str:
        length = len(element.value)
        pixels = element.tag in PIXEL_TAGS and not path
        if length == 0 and not pixels:
            return f'"{name}":{{"vr":"{element.vr}"}}'
        if self.uri is not None and (pixels or element.encapsulated or length > self.limit):
            address = self.uri(path + name).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{name}":{{"vr":"{element.vr}","BulkDataURI":"{address}"}}'
        if pixels or element.encapsulated:
            return f'"{name}":{{"vr":"{element.vr}"}}'
        return f'"{name}":{{"vr":"{element.vr}","InlineBinary":"{b64encode(little_endian(element, little)).decode("ascii")}"}}'


def little_endian(element: Element, little: bool) -> bytes:
    raw = bytes(element.value)
    size = _WORDS.get(element.vr) or _SIZES.get(element.vr, 1)
    if little or size == 1 or element.encapsulated or len(raw) % size:
        return raw
    return b"".join([raw[i : i + size][::-1] for i in range(0, len(raw), size)])


def _numbers(name: str, vr: str, value: memoryview, little: bool) -> str:
    """Empty where the length is no multiple of the VR's."""
    code, size = _NUMBERS[vr]
    count, rest = divmod(len(value), size)
    if rest:
        return ""
    if not count:
        return f'"{name}":{{"vr":"{vr}"}}'
    numbers = struct.unpack(f"{'<' if little else '>'}{count}{code}", value)
    if count == 1 and code in "hHlL":
        return f'"{name}":{{"vr":"{vr}","Value":[{numbers[0]}]}}'
    return f'"{name}":{{"vr":"{vr}","Value":[{",".join([_number(number) for number in numbers])}]}}'


def _number(number: float) -> str:
    if isinstance(number, int):
        return str(number) if -_SAFE_INTEGER <= number <= _SAFE_INTEGER else f'"{number}"'
    if number != number:
        return '"NaN"'
    if number in (float("inf"), float("-inf")):
        return '"Infinity"' if number > 0 else '"-Infinity"'
    return repr(number)


def _tags(name: str, value: memoryview, little: bool) -> str:
    if len(value) % 4:
        return ""
    if not value:
        return f'"{name}":{{"vr":"AT"}}'
    words = struct.unpack(f"{'<' if little else '>'}{len(value) // 2}H", value)
    tags = [f'"{group:04X}{element:04X}"' for group, element in zip(words[::2], words[1::2], strict=True)]
    return f'"{name}":{{"vr":"AT","Value":[{",".join(tags)}]}}'
