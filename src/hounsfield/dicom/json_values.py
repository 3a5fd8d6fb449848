"""Values of one element in the DICOM JSON model (PS3.18 F.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from json.encoder import encode_basestring as quote

from hounsfield.dicom.character_sets import CharacterSet

_DECIMAL = re.compile(r"([+-]?)0*([0-9]+)(?:\.([0-9]*))?([eE][+-]?[0-9]{1,2})?|([+-]?)\.([0-9]+)([eE][+-]?[0-9]{1,2})?")
_PLAIN_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?")
_INTEGER = re.compile(r"([+-]?)0*([0-9]{1,15})")

SINGLE_VALUED = frozenset({"LT", "ST", "UT", "UR"})
"""Text VRs in which a backslash is text (PS3.5 6.2)."""


def decimal_json(text: str) -> str:
    """A DS value as a JSON number with all its digits; what is not a decimal stays a string (PS3.18 F.2.3)."""
    if _PLAIN_DECIMAL.fullmatch(text):
        return text
    bare = text.strip()
    matched = _DECIMAL.fullmatch(bare)
    if matched is None:
        return quote(text) if text else "null"
    sign, whole, fraction, exponent, sign_2, fraction_2, exponent_2 = matched.groups()
    if whole is None:
        sign, whole, fraction, exponent = sign_2, "0", fraction_2, exponent_2
    return ("-" if sign == "-" else "") + whole + (f".{fraction}" if fraction else "") + (exponent or "")


def integer_json(text: str) -> str:
    """An IS value as a JSON number; what is not an integer, or too long for a double to hold, stays a string."""
    if text.isdecimal() and text.isascii() and len(text) < 16 and (text[0] != "0" or text == "0"):
        return text
    bare = text.strip()
    matched = _INTEGER.fullmatch(bare)
    if matched is None:
        return quote(text) if text else "null"
    return ("-" if matched[1] == "-" and matched[2] != "0" else "") + matched[2]


def person_name_json(text: str) -> str:
    """One PN value as an object of its component groups; text behind a third `=` stays with the third group."""
    if not text:
        return "null"
    groups = text.split("=", 2)
    return (
        "{"
        + ",".join(
            [f'"{name}":{quote(group)}' for name, group in zip(("Alphabetic", "Ideographic", "Phonetic"), groups, strict=False) if group]
        )
        + "}"
    )


def string_json(text: str) -> str:
    """One value of any other text VR."""
    return quote(text) if text else "null"


_ENCODERS: dict[str, Callable[[str], str]] = {"DS": decimal_json, "IS": integer_json, "PN": person_name_json}


def text_element(name: str, vr: str, raw: bytes, characters: CharacterSet) -> str:
    """`"GGGGEEEE":{"vr":..,"Value":[..]}` of a text VR; without `Value` where it is empty. name: the eight digits of the tag."""
    text = characters.decode(raw).rstrip("\0 ")
    if not text:
        return f'"{name}":{{"vr":"{vr}"}}'
    if vr in SINGLE_VALUED:
        return f'"{name}":{{"vr":"{vr}","Value":[{quote(text)}]}}'
    encode = _ENCODERS.get(vr, string_json)
    if "\\" not in text:
        return f'"{name}":{{"vr":"{vr}","Value":[{encode(text)}]}}'
    return f'"{name}":{{"vr":"{vr}","Value":[{",".join([encode(part.rstrip(" " + chr(0))) for part in text.split(chr(92))])}]}}'
