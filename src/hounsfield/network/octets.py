"""Reading and writing the items that PDUs are made of: big endian, a type, a reserved octet, a length (PS3.8 9.3)."""

from __future__ import annotations

import struct

from hounsfield.model.identifiers import UID_MAX_CHARACTERS
from hounsfield.network.errors import ProtocolError

INVALID_PARAMETER = 6
"""A-ABORT reason "invalid-PDU-parameter value" (PS3.8 table 9-26)."""

_ITEM_HEADER = struct.Struct(">BxH")
_U16 = struct.Struct(">H")
_U32 = struct.Struct(">L")


def item(kind: int, body: bytes) -> bytes:
    """An item or sub-item: type, reserved, two octets of length, body."""
    return _ITEM_HEADER.pack(kind, len(body)) + body


def counted(body: bytes) -> bytes:
    """Two octets of length, then the body."""
    return _U16.pack(len(body)) + body


def uid_bytes(uid: str) -> bytes:
    """A UID as PDUs carry it: not padded (PS3.8 annex F)."""
    return uid.encode("latin-1")


class Cursor:
    """Takes values off the front of a view, never past its end.

    Raises: ProtocolError, from every method, where the view is too short.
    """

    __slots__ = ("_end", "_offset", "_view")

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._offset = 0
        self._end = len(view)

    @property
    def left(self) -> int:
        """Octets not yet taken."""
        return self._end - self._offset

    def take(self, count: int) -> memoryview:
        """The next `count` octets."""
        start = self._offset
        end = start + count
        if end > self._end:
            raise ProtocolError(f"an item of {count} octets where {self._end - start} are left", INVALID_PARAMETER)
        self._offset = end
        return self._view[start:end]

    def rest(self) -> memoryview:
        """All that is left."""
        return self.take(self.left)

    def u8(self) -> int:
        """One octet."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Two octets."""
        value: int = _U16.unpack(self.take(2))[0]
        return value

    def u32(self) -> int:
        """Four octets."""
        value: int = _U32.unpack(self.take(4))[0]
        return value

    def item(self) -> tuple[int, Cursor]:
        """The next item's type and a cursor on its body."""
        kind, length = _ITEM_HEADER.unpack(self.take(4))
        return kind, Cursor(self.take(length))

    def counted(self) -> memoryview:
        """Two octets of length, then as many octets."""
        return self.take(self.u16())

    def counted_uid(self) -> str:
        """Two octets of length, then a UID."""
        return _uid(self.counted())

    def rest_as_uid(self) -> str:
        """All that is left, as a UID."""
        return _uid(self.rest())


def _uid(raw: memoryview) -> str:
    # Some makers pad with a NUL or a space, as if it were a data element; what is inside is judged where it is used.
    if len(raw) > UID_MAX_CHARACTERS + 2:
        raise ProtocolError(f"a UID of {len(raw)} octets", INVALID_PARAMETER)
    return bytes(raw).decode("latin-1").strip("\0 ")
