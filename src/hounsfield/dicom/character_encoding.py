"""Encoding of text by Specific Character Set, with code extensions, and nothing lost (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hounsfield.dicom.character_sets import CharacterSet

_WHOLE = {"ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
"""Sets that are used alone."""


class _Set(NamedTuple):
    """A set that code extensions bring in. in_g0: as two bytes below 0x80 in place of ASCII; otherwise above 0x7F beside it."""

    escape: bytes
    codec: str
    in_g0: bool = False


_SETS = {
    "ISO_IR 13": _Set(b"\x1b)I", "shift_jis"),
    "ISO_IR 100": _Set(b"\x1b-A", "iso8859-1"),
    "ISO_IR 101": _Set(b"\x1b-B", "iso8859-2"),
    "ISO_IR 109": _Set(b"\x1b-C", "iso8859-3"),
    "ISO_IR 110": _Set(b"\x1b-D", "iso8859-4"),
    "ISO_IR 126": _Set(b"\x1b-F", "iso8859-7"),
    "ISO_IR 127": _Set(b"\x1b-G", "iso8859-6"),
    "ISO_IR 138": _Set(b"\x1b-H", "iso8859-8"),
    "ISO_IR 144": _Set(b"\x1b-L", "iso8859-5"),
    "ISO_IR 148": _Set(b"\x1b-M", "iso8859-9"),
    "ISO_IR 166": _Set(b"\x1b-T", "iso8859-11"),
    "ISO_IR 203": _Set(b"\x1b-b", "iso8859-15"),
    "ISO_IR 58": _Set(b"\x1b$)A", "gb2312"),
    "ISO_IR 149": _Set(b"\x1b$)C", "euc_kr"),
    "ISO_IR 87": _Set(b"\x1b$B", "iso2022_jp", in_g0=True),
    "ISO_IR 159": _Set(b"\x1b$(D", "iso2022_jp_2", in_g0=True),
}
_DELIMITERS = frozenset("\\^=\r\n\f\t")


def encode_text(text: str, characters: CharacterSet) -> bytes | None:
    """The bytes that decode to `text` in this character set; None where it cannot express the text."""
    if text.isascii():
        return None if "\x1b" in text else text.encode("ascii")
    whole = _whole(characters)
    if whole:
        try:
            return text.encode(_WHOLE[whole])
        except UnicodeEncodeError:
            return None
    raw = _extended(text, characters.terms)
    return raw if raw is not None and characters.decode(raw) == text else None


def defined_terms(characters: CharacterSet) -> str:
    """The value of Specific Character Set (0008,0005), as the standard spells it (PS3.3 tables C.12-2 to C.12-5)."""
    whole = _whole(characters)
    if whole or len(characters.terms) == 1:
        return whole or characters.terms[0]
    return "\\".join(term.replace("ISO_IR", "ISO 2022 IR") for term in characters.terms)


def _whole(characters: CharacterSet) -> str:
    return next((term for term in characters.terms if term in _WHOLE), "")


def _extended(text: str, terms: tuple[str, ...]) -> bytes | None:
    """ISO 2022: sets change by escape sequences, and the first value's are back before each delimiter and at the end (PS3.5 6.1.2.5.3)."""
    initial_g0 = b"\x1b(J" if terms[0] == "ISO_IR 13" else b"\x1b(B"
    usable = [(index, _SETS[term]) for index, term in enumerate(terms) if term in _SETS]
    g0, g1 = initial_g0, _SETS[terms[0]].escape if terms[0] in _SETS else b""
    initial_g1 = g1
    out = bytearray()
    for letter in text:
        if letter == "\x1b":
            return None
        if letter.isascii():
            if g0 != initial_g0:
                out += initial_g0
                g0 = initial_g0
            out += letter.encode("ascii")
            if letter in _DELIMITERS:
                g1 = initial_g1
            continue
        # The set in use goes on as long as it can; then the first that can.
        found = None
        for index, one in sorted(usable, key=lambda pair: pair[1].escape not in (g0, g1)):
            coded = _in_set(letter, one)
            if coded is not None and (index or not one.in_g0):
                found = one, coded
                break
        if found is None:
            return None
        one, coded = found
        if one.in_g0:
            if g0 != one.escape:
                out += one.escape
                g0 = one.escape
        else:
            if g0 != initial_g0:
                out += initial_g0
                g0 = initial_g0
            if g1 != one.escape:
                out += one.escape
                g1 = one.escape
        out += coded
    return bytes(out if g0 == initial_g0 else out + initial_g0)


@lru_cache(maxsize=4096)
def _in_set(letter: str, one: _Set) -> bytes | None:
    try:
        coded = letter.encode(one.codec)
    except UnicodeEncodeError:
        return None
    if one.in_g0:
        size = len(one.escape)
        return coded[size : size + 2] if coded.startswith(one.escape) and coded[size + 2 :] == b"\x1b(B" else None
    if one.codec == "shift_jis":
        return coded if len(coded) == 1 else None  # katakana of half width; kanji are not of this set
    return coded if coded[0] > 0x7F else None
