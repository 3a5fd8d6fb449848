"""Data sets to test with, written by hand so that reader and writer are not held against each other alone."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

LONG_FORM = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV")

Write = Callable[[int, bytes, bytes], bytes]


def explicit(tag: int, vr: bytes, value: bytes, mark: str = "<") -> bytes:
    """One element with its VR stated."""
    if vr in LONG_FORM:
        return struct.pack(f"{mark}HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, len(value)) + value
    return struct.pack(f"{mark}HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def explicit_big(tag: int, vr: bytes, value: bytes) -> bytes:
    """The same in big endian; the value as given."""
    return explicit(tag, vr, value, ">")


def implicit(tag: int, vr: bytes, value: bytes) -> bytes:
    """One element without its VR."""
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def item(body: bytes) -> bytes:
    """An item of defined length."""
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(body)) + body


def open_item(body: bytes) -> bytes:
    """An item of undefined length."""
    return b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + body + b"\xfe\xff\x0d\xe0\0\0\0\0"


SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def identifiers(write: Write = explicit) -> bytes:
    """The least that makes an object: two groups of UIDs."""
    return write(0x00080016, b"UI", b"1.2.840.10008.5.1.4.1.1.2\0") + write(0x00080018, b"UI", b"1.2.3.4\0")


def rest(write: Write = explicit) -> bytes:
    """Study and series, in order behind `identifiers`."""
    return write(0x0020000D, b"UI", b"1.2.3\0") + write(0x0020000E, b"UI", b"1.2.3.3\0")


class Bytes:
    """The functions above, as a fixture: test modules are not importable by one another."""

    explicit = staticmethod(explicit)
    explicit_big = staticmethod(explicit_big)
    implicit = staticmethod(implicit)
    item = staticmethod(item)
    open_item = staticmethod(open_item)
    identifiers = staticmethod(identifiers)
    rest = staticmethod(rest)
    SEQUENCE_END = SEQUENCE_END

    @staticmethod
    def image(
        rows: int, columns: int, bits: int, *, frames: int | None = None, samples: int = 1, photometric: bytes = b"MONOCHROME2 "
    ) -> bytes:
        """A header up to Pixel Data, explicit little endian."""
        parts = [identifiers(), rest(), explicit(0x00280002, b"US", struct.pack("<H", samples)), explicit(0x00280004, b"CS", photometric)]
        if frames is not None:
            text = str(frames).encode()
            parts.append(explicit(0x00280008, b"IS", text + b" " * (len(text) % 2)))
        parts.append(explicit(0x00280010, b"US", struct.pack("<H", rows)) + explicit(0x00280011, b"US", struct.pack("<H", columns)))
        parts.append(explicit(0x00280100, b"US", struct.pack("<H", bits)))
        return b"".join(parts)

    @staticmethod
    def encapsulated(*items: bytes, ended: bool = True) -> bytes:
        """A Pixel Data element of fragments; the first item is the Basic Offset Table."""
        head = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
        return head + b"".join(item(body) for body in items) + (SEQUENCE_END if ended else b"")


@pytest.fixture(scope="session")
def data() -> type[Bytes]:
    """Builders of bytes."""
    return Bytes
