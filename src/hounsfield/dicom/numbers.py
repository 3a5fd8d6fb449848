"""Numbers of single elements, understood as far as they can be."""

from __future__ import annotations

import re
import struct

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")
_INT32 = range(-(2**31), 2**31)


def number_of(raw: bytes | None) -> int | None:
    """The first value of an IS element; None where it is absent or not a number of 32 bits (PS3.5 6.2)."""
    if not raw:
        return None
    text = raw[:64].decode("latin-1").partition("\\")[0].strip(" \0")
    if _NUMBER.fullmatch(text) is None:
        return None
    number = int(text)
    return number if number in _INT32 else None


_US_LITTLE = struct.Struct("<H")
_US_BIG = struct.Struct(">H")
_UL_LITTLE = struct.Struct("<L")
_UL_BIG = struct.Struct(">L")


def unsigned_of(raw: bytes | None, little_endian: bool) -> int | None:
    """The first value of a US element; a UL or a number written as text is understood too."""
    if not raw:
        return None
    if len(raw) == 2:
        number: int = (_US_LITTLE if little_endian else _US_BIG).unpack(raw)[0]
        return number
    text_number = number_of(raw)
    if text_number is not None and 0 <= text_number <= 0xFFFF:
        return text_number
    if len(raw) == 4:
        number = (_UL_LITTLE if little_endian else _UL_BIG).unpack(raw)[0]
        return number if number <= 0xFFFF else None
    return (_US_LITTLE if little_endian else _US_BIG).unpack_from(raw)[0] if len(raw) > 2 else None
