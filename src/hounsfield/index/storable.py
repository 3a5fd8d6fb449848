"""Values from a header as every database holds them."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_INTEGER_BOUND = 1 << 31


def storable(text: str) -> str:
    """The text without what no database takes: NUL and lone surrogates."""
    return _UNSTORABLE.sub("", text) if "\0" in text or not text.isascii() else text


def small(value: int | None) -> int | None:
    """A count or number, None where it does not fit its column."""
    return value if value is None or -_INTEGER_BOUND <= value < _INTEGER_BOUND else None


def signed(checksum: int) -> int:
    """An unsigned 64-bit number as databases hold it."""
    return checksum - (1 << 64) if checksum >> 63 else checksum


def unsigned(number: int) -> int:
    """The inverse of `signed`."""
    return number % (1 << 64)
