"""A DICOM JSON data set taken apart into the texts of its elements, digits and all, without building anything anew (PS3.18 F.2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

_scan = json.JSONDecoder(parse_float=str, parse_int=str).raw_decode

_VALUE_BEGINS = len('"GGGGEEEE":')


def elements_of(data_set: str) -> dict[str, str]:
    """`"GGGGEEEE":{...}` of each element by its tag; of one that comes twice the last. data_set: `{...}` without spaces between."""
    found = {}
    position = 1
    while data_set[position] == '"':
        _value, end = _scan(data_set, position + _VALUE_BEGINS)
        found[data_set[position + 1 : position + 9]] = data_set[position:end]
        position = end + 1
        if data_set[end] == "}":
            break
    return found


def data_set_of(elements: Mapping[str, str]) -> str:
    """The data set of such elements, in order of tag."""
    return "{" + ",".join(_ordered(elements)) + "}"


def _ordered(elements: Mapping[str, str]) -> Iterable[str]:
    return (elements[name] for name in sorted(elements))
