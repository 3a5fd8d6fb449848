"""Whether a coercion rule makes sense for its attribute (PS3.5 table 6.2-1)."""

from __future__ import annotations

import re

from hounsfield.dicom.json_values import SINGLE_VALUED
from hounsfield.dicom.texts import TEXT_VRS
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.errors import InvalidInput

MOST_CHARACTERS = 8192
"""Of the values of all rules of one peer: they go into the headers of every object that they change."""

_OF_PIXELS, _OF_RECORDS = 0x0028, 0x0400
"""Groups: Image Pixel and its like, without which frames are not found; Original Attributes Sequence, encryption, signatures."""
_UNTOUCHABLE = frozenset({0x00080005, 0x00080015, 0x00080051, 0x00080052})
"""Specific Character Set, which says how the other texts are read; Instance Coercion DateTime, which is ours; what is of queries."""

_FORMS = {
    "AE": r"[\x20-\x7e]{1,16}",
    "AS": r"[0-9]{3}[DWMY]",
    "CS": r"[A-Z0-9_ ]{1,16}",
    "DA": r"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
    "DS": r"(?=.{1,16}$)[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "DT": r"[0-9]{4,14}(?:\.[0-9]{1,6})?(?:[+-][0-9]{4})?",
    "IS": r"[+-]?[0-9]{1,11}",
    "LO": r".{1,64}",
    "PN": r"[^=]{1,64}(?:=[^=]{0,64}){0,2}|=[^=]{1,64}(?:=[^=]{0,64})?|==[^=]{1,64}",
    "SH": r".{1,16}",
    "TM": r"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?",
}
_WHOLE_ALONE = frozenset({"AS", "DA", "DS", "DT", "IS", "TM"})
"""Nothing can stand before or behind such a value."""


def check_meaning(rule: CoercionRule, tag: int, vr: str) -> None:
    """Raises: InvalidInput."""
    keyword = rule.attribute
    if tag in _UNTOUCHABLE or tag >> 16 in (_OF_PIXELS, _OF_RECORDS):
        raise InvalidInput(f"coercion: {keyword} cannot be coerced: the archive itself relies on it")
    if rule.action is CoercionAction.REMOVE:
        return
    if vr in _WHOLE_ALONE and rule.action in (CoercionAction.PREFIX, CoercionAction.SUFFIX):
        raise InvalidInput(f"coercion: nothing can stand before or behind a value of {keyword} (VR {vr})")
    if vr not in TEXT_VRS and not rule.value.isascii():
        raise InvalidInput(f"coercion: {keyword} (VR {vr}) has no letters beyond ASCII")
    if rule.action in (CoercionAction.PREFIX, CoercionAction.SUFFIX) and vr not in SINGLE_VALUED and not {"\\", "="}.isdisjoint(rule.value):
        raise InvalidInput(f"coercion: what goes before or behind {keyword} is part of one value, without a backslash or =")
    values = [rule.value] if vr in SINGLE_VALUED else rule.value.split("\\")
    form = _FORMS.get(vr)
    if form is not None and any(re.fullmatch(form, value) is None for value in values):
        raise InvalidInput(f"coercion: {rule.value[:64]!r} is no value for {keyword} (VR {vr})")


def check_extent(rules: tuple[CoercionRule, ...]) -> None:
    """Raises: InvalidInput."""
    if sum(len(rule.value) for rule in rules) > MOST_CHARACTERS:
        raise InvalidInput(f"coercion: all values together may have {MOST_CHARACTERS} characters")
