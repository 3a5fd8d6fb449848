"""DICOM JSON from outside, checked and brought into one form (PS3.18 annex F.2): what is behind it may believe its structure.

Tags become upper case, an element gets the VR that the data dictionary gives it, numbers that come as text become numbers. Refused are
bulk data, values that do not fit their VR, and what is nested or long beyond the limits.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from hounsfield.dicom.dictionary import UNKNOWN_VR, vr_of
from hounsfield.dicom.value_representations import VALUE_REPRESENTATIONS
from hounsfield.model.errors import InvalidInput

MAX_DEPTH: Final = 16
MAX_ELEMENTS: Final = 20_000

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_VRS: Final = frozenset(vr.decode() for vr in VALUE_REPRESENTATIONS)
_INTEGERS: Final = frozenset({"IS", "US", "UL", "SS", "SL", "SV", "UV"})
_DECIMALS: Final = frozenset({"DS", "FL", "FD"})
_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_GROUPS: Final = frozenset({"Alphabetic", "Ideographic", "Phonetic"})


def read_json_data_set(raw: bytes, max_elements: int = MAX_ELEMENTS) -> dict[str, Any]:
    """One data set: an object, or an array of one. Raises: InvalidInput."""
    try:
        document = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise InvalidInput("the body is not JSON") from exc
    if isinstance(document, list):
        if len(document) != 1:
            raise InvalidInput("the body holds one data set, not an array of several")
        document = document[0]
    return checked_data_set(document, max_elements)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def checked_data_set(document: Any, max_elements: int = MAX_ELEMENTS) -> dict[str, Any]:
    """A copy in the one form, in order of tag. Raises: InvalidInput."""
    return _Checker(max_elements).data_set(document, 0)


class _Checker:
    def __init__(self, max_elements: int) -> None:
        self._left = max_elements

    def data_set(self, document: Any, depth: int) -> dict[str, Any]:
        if not isinstance(document, Mapping):
            raise InvalidInput("a data set is a JSON object of elements by tag")
        if depth > MAX_DEPTH:
            raise InvalidInput(f"sequences are nested deeper than {MAX_DEPTH}")
        self._left -= len(document)
        if self._left < 0:
            raise InvalidInput("too many elements")
        found: dict[str, Any] = {}
        for name, element in document.items():
            if _TAG.fullmatch(name) is None:
                raise InvalidInput(f"{name[:40]!r} is not a tag of eight hexadecimal digits")
            tag = name.upper()
            if tag in found:
                raise InvalidInput(f"{tag} stands twice in one data set")
            found[tag] = self._element(tag, element, depth)
        return dict(sorted(found.items()))

    def _element(self, tag: str, element: Any, depth: int) -> dict[str, Any]:
        if not isinstance(element, Mapping):
            raise InvalidInput(f"{tag} is not an object with vr and Value")
        if "BulkDataURI" in element:
            raise InvalidInput(f"{tag}: bulk data is not taken here")
        vr = self._vr(tag, element)
        values = element.get("Value")
        if "InlineBinary" in element:
            return {"vr": vr, "InlineBinary": _base64(tag, vr, element["InlineBinary"])}
        if values is None or values == []:
            return {"vr": vr}
        if not isinstance(values, list) or vr in _BINARY:
            raise InvalidInput(f"{tag}: the Value does not fit its VR {vr}")
        self._left -= len(values)
        if self._left < 0:
            raise InvalidInput("too many values")
        if vr == "SQ":
            return {"vr": vr, "Value": [self.data_set(item or {}, depth + 1) for item in values]}
        return {"vr": vr, "Value": [None if value is None or value == "" else _value(tag, vr, value) for value in values]}

    @staticmethod
    def _vr(tag: str, element: Mapping[str, Any]) -> str:
        """The dictionary's where it knows one; never a sequence for something else, or the reverse."""
        given, known = element.get("vr"), vr_of(int(tag, 16))
        if given is None and known in _VRS:
            given = known
        if not isinstance(given, str) or given not in _VRS:
            raise InvalidInput(f"{tag} has no value representation")
        if known not in _VRS or known == UNKNOWN_VR or given == known:
            return given
        if "SQ" in (given, known) or known in _BINARY:
            raise InvalidInput(f"{tag} has the value representation {known}")
        return known


def _base64(tag: str, vr: str, text: Any) -> str:
    if vr not in _BINARY or not isinstance(text, str):
        raise InvalidInput(f"{tag}: InlineBinary does not fit its VR {vr}")
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidInput(f"{tag}: InlineBinary is not base64") from exc
    return text


def _value(tag: str, vr: str, value: Any) -> Any:
    if vr == "PN":
        if isinstance(value, str):
            value = {"Alphabetic": value}
        if isinstance(value, Mapping) and _GROUPS.issuperset(value):
            return {group: _text(tag, vr, text) for group, text in value.items() if text}
    elif vr in _INTEGERS:
        if isinstance(value, str):
            try:
                value = int(value)
            except ValueError:
                value = None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 64:
            return value
    elif vr in _DECIMALS:
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                value = None
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value):
            return value
    elif isinstance(value, str):
        return _text(tag, vr, value)
    raise InvalidInput(f"{tag}: a value does not fit its VR {vr}")


def _text(tag: str, vr: str, text: Any) -> str:
    if not isinstance(text, str) or _UNFIT.search(text):
        raise InvalidInput(f"{tag}: a value does not fit its VR {vr}")
    return text
