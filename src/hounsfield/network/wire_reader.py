"""Cuts the byte stream of an association into events, without input or output.

P-DATA-TF is never gathered: each piece of a presentation data value is handed out as a view on the one reusable buffer as
soon as it has arrived, so that memory stays flat whatever a PDU or an object measures. Only the short PDUs are waited for
as a whole.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from hounsfield.network.errors import ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.octets import INVALID_PARAMETER
from hounsfield.network.pdu import HEADER_LENGTH_BYTES, PDUType, check_length

_PDU_HEADER = struct.Struct(">BxL")
_PDV_HEADER = struct.Struct(">LBB")
_PDV_HEADER_BYTES = 6
_COMMAND = 0x01
_LAST = 0x02
_ROOM_WORTH_A_READ_BYTES = 4096


class Fragment(NamedTuple):
    """A piece of a presentation data value.

    data: valid until the reader's `space()` is called again.
    is_last: this piece ends the command or the data set.
    """

    context_id: int
    is_command: bool
    is_last: bool
    data: memoryview


class ControlPDU(NamedTuple):
    """Any other PDU, whole, header included. raw: valid until the reader's `space()` is called again."""

    kind: int
    raw: memoryview


class WireReader:
    """Fed through `space()` and `filled()`, asked through `next_event()`.

    capacity_bytes: of the buffer; it bounds what one read from the socket can bring.
    """

    __slots__ = (
        "_buffer",
        "_capacity",
        "_context_id",
        "_control",
        "_end",
        "_limits",
        "_pdu_left",
        "_pdv_left",
        "_start",
        "_view",
        "finished_pdus",
    )

    def __init__(self, limits: AssociationLimits, capacity_bytes: int, already_read: bytes | bytearray = b"") -> None:
        self._limits = limits
        self._capacity = max(capacity_bytes, len(already_read), _ROOM_WORTH_A_READ_BYTES * 2)
        self._buffer = bytearray(self._capacity)
        self._view = memoryview(self._buffer)
        self._view[: len(already_read)] = already_read
        self._start = 0
        self._end = len(already_read)
        self._pdu_left = 0
        self._pdv_left = 0
        self._context_id = 0
        self._control = 0
        self.finished_pdus = 0
        """How many PDUs have been taken off the stream entirely: tells a deadline's owner when a new one begins."""

    @property
    def mid_pdu(self) -> bool:
        """Whether a PDU has begun and not ended."""
        return self._pdu_left > 0 or self._start != self._end

    def space(self) -> memoryview:
        """Room for the next bytes; never empty. Views handed out before are void from here on."""
        start, end = self._start, self._end
        if start == end:
            self._start = self._end = 0
            return self._view
        if start and self._capacity - end < _ROOM_WORTH_A_READ_BYTES:
            rest = end - start
            self._buffer[:rest] = self._buffer[start:end]
            self._start, self._end = 0, rest
        elif end == self._capacity:
            self._grow()
        return self._view[self._end :]

    def filled(self, count: int) -> None:
        """`count` bytes were written into `space()`."""
        self._end += count

    def next_event(self) -> Fragment | ControlPDU | None:
        """The next event, or None where more bytes are needed. Raises: ProtocolError; the stream cannot be read on after it."""
        while True:
            if self._pdv_left:
                return self._piece()
            if self._pdu_left:
                empty_last = self._begin_value()
                if empty_last is None:
                    return None
                if empty_last:
                    return Fragment(self._context_id, bool(self._control & _COMMAND), True, self._view[:0])
                continue
            start = self._start
            available = self._end - start
            if available < HEADER_LENGTH_BYTES:
                if available:
                    self._refuse_unknown(self._buffer[start])
                return None
            kind, length = _PDU_HEADER.unpack_from(self._buffer, start)
            check_length(kind, length, self._limits)
            if kind == PDUType.P_DATA_TF:
                self._start = start + HEADER_LENGTH_BYTES
                self._pdu_left = length
                if not length:
                    self.finished_pdus += 1
                continue
            if available < HEADER_LENGTH_BYTES + length:
                return None
            end = start + HEADER_LENGTH_BYTES + length
            self._start = end
            self.finished_pdus += 1
            return ControlPDU(kind, self._view[start:end])

    def _piece(self) -> Fragment | None:
        start = self._start
        count = min(self._end - start, self._pdv_left)
        if not count:
            return None
        self._start = start + count
        self._pdv_left -= count
        self._pdu_left -= count
        if not self._pdu_left:
            self.finished_pdus += 1
        control = self._control
        is_last = not self._pdv_left and control & _LAST != 0
        return Fragment(self._context_id, control & _COMMAND != 0, is_last, self._view[start : start + count])

    def _begin_value(self) -> bool | None:
        """Takes a value's header. None: more bytes are needed; True: the value is empty and the last of its message."""
        if self._pdu_left < _PDV_HEADER_BYTES:
            raise ProtocolError("a P-DATA-TF that ends within the header of a value", INVALID_PARAMETER)
        if self._end - self._start < _PDV_HEADER_BYTES:
            return None
        length, self._context_id, self._control = _PDV_HEADER.unpack_from(self._buffer, self._start)
        if not 2 <= length <= self._pdu_left - 4:
            raise ProtocolError(f"a value of {length} octets where {self._pdu_left - 4} are left in its PDU", INVALID_PARAMETER)
        self._start += _PDV_HEADER_BYTES
        self._pdu_left -= _PDV_HEADER_BYTES
        self._pdv_left = length - 2
        if not self._pdu_left:
            self.finished_pdus += 1
        return not self._pdv_left and self._control & _LAST != 0

    def _refuse_unknown(self, kind: int) -> None:
        # Judged by its first octet, so that what is no DICOM at all does not wait for a header that never comes.
        if not PDUType.ASSOCIATE_RQ <= kind <= PDUType.ABORT:
            check_length(kind, 0, self._limits)

    def _grow(self) -> None:
        # Only a control PDU longer than the buffer comes here; its length has been judged before.
        rest = self._end - self._start
        capacity = self._capacity * 2
        buffer = bytearray(capacity)
        buffer[:rest] = self._buffer[self._start : self._end]
        self._buffer, self._view, self._capacity = buffer, memoryview(buffer), capacity
        self._start, self._end = 0, rest
