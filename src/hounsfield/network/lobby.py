"""Connections that are not, or no longer, associations: those that have yet to ask and those that have only to close.

Kept apart from associations so that neither takes a thread, and bounded on their own so that a flood of them keeps nobody
out: when the room is full the oldest connection of the host that holds most of it has to go.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections import Counter, OrderedDict
from typing import Generic, TypeVar

from hounsfield.network.errors import ProtocolError
from hounsfield.network.limits import KIB, AssociationLimits
from hounsfield.network.pdu import HEADER_LENGTH_BYTES, AbortReason, AssociateRequest, PDUType, check_length, decode_pdu
from hounsfield.network.state_machine import EVENT_OF_PDU_TYPE, Event, StateMachine

_HEADER = struct.Struct(">BxL")
_READ_BYTES = 64 * KIB


class Guest:
    """A connection in one of the rooms. deadline: on the monotonic clock, when ARTIM expires."""

    __slots__ = ("connection", "deadline", "handshaking", "host", "machine", "port")

    def __init__(self, connection: socket.socket, host: str, port: int, deadline: float, machine: StateMachine) -> None:
        self.connection = connection
        self.host = host
        self.port = port
        self.deadline = deadline
        self.machine = machine
        self.handshaking = isinstance(connection, ssl.SSLSocket)

    def shake_hands(self) -> bool:
        """Goes on with the TLS handshake; True when it is done. Raises: OSError where it failed."""
        if isinstance(self.connection, ssl.SSLSocket):
            try:
                self.connection.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
        self.handshaking = False
        return True

    def read(self) -> bytes | None:
        """What has arrived, b"" at the end of the stream, None where nothing has. Raises: OSError."""
        try:
            return self.connection.recv(_READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except ssl.SSLEOFError:
            return b""

    def close(self) -> None:
        """Never raises."""
        with contextlib.suppress(OSError):
            self.connection.close()


class Arrival(Guest):
    """State 2: an A-ASSOCIATE-RQ is awaited."""

    __slots__ = ("buffer",)

    def __init__(self, connection: socket.socket, host: str, port: int, deadline: float) -> None:
        super().__init__(connection, host, port, deadline, StateMachine(requestor=False))
        self.machine.fire(Event.CONNECTION_INDICATED)
        self.buffer = bytearray()

    def feed(self, data: bytes, limits: AssociationLimits) -> tuple[Event, AssociateRequest | None] | None:
        """Returns the event that a whole PDU makes, with the request where it is one; None where more bytes are needed.

        Raises: ProtocolError, at the first byte that shows it.
        """
        self.buffer += data
        kind = self.buffer[0]
        if kind not in EVENT_OF_PDU_TYPE:
            raise ProtocolError(f"a PDU of unknown type {kind:02X}", AbortReason.UNRECOGNIZED_PDU)
        if len(self.buffer) < HEADER_LENGTH_BYTES:
            return None
        kind, length = _HEADER.unpack_from(self.buffer)
        check_length(kind, length, limits)
        if kind != PDUType.ASSOCIATE_RQ:
            return EVENT_OF_PDU_TYPE[kind], None
        end = HEADER_LENGTH_BYTES + length
        if len(self.buffer) < end:
            return None
        with memoryview(self.buffer) as view, view[:end] as whole:
            request = decode_pdu(bytes(whole), limits)
        del self.buffer[:end]
        return (Event.ASSOCIATE_RQ_PDU, request) if isinstance(request, AssociateRequest) else None


class Departure(Guest):
    """State 13: the connection's close is awaited. What still arrives is looked at no closer than its PDU headers.

    is_framed: whether the next byte begins a PDU; where it is not, everything is dropped unseen.
    """

    __slots__ = ("_header", "_is_framed", "_skip")

    def __init__(self, connection: socket.socket, host: str, port: int, deadline: float, machine: StateMachine, is_framed: bool) -> None:
        super().__init__(connection, host, port, deadline, machine)
        self.handshaking = False
        self._header = bytearray()
        self._skip = 0
        self._is_framed = is_framed

    def feed(self, data: bytes, limits: AssociationLimits) -> list[Event]:
        """The events of the PDUs that begin in `data`."""
        events: list[Event] = []
        offset = 0
        while self._is_framed and offset < len(data):
            if self._skip:
                step = min(self._skip, len(data) - offset)
                self._skip -= step
                offset += step
                continue
            missing = HEADER_LENGTH_BYTES - len(self._header)
            self._header += data[offset : offset + missing]
            offset += missing
            if len(self._header) < HEADER_LENGTH_BYTES:
                break
            kind, length = _HEADER.unpack(self._header)
            self._header.clear()
            try:
                check_length(kind, length, limits)
            except ProtocolError:
                self._is_framed = False
                events.append(Event.INVALID_PDU)
            else:
                self._skip = length
                events.append(EVENT_OF_PDU_TYPE[kind])
        return events


G = TypeVar("G", bound=Guest)


class Room(Generic[G]):
    """Guests in order of their deadlines; bounded. One thread alone uses it."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._guests: OrderedDict[int, G] = OrderedDict()
        self._of_host: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    def __contains__(self, guest: G) -> bool:
        return id(guest) in self._guests

    def next_to_go(self) -> G | None:
        """Who has to leave before another may enter: the oldest of the host that holds most of a full room."""
        if len(self._guests) < self._capacity:
            return None
        largest = max(self._of_host.values())
        return next((guest for guest in self._guests.values() if self._of_host[guest.host] == largest), None)

    def enter(self, guest: G) -> None:
        """Its deadline must be no earlier than that of those inside."""
        self._guests[id(guest)] = guest
        self._of_host[guest.host] += 1

    def leave(self, guest: G) -> None:
        """No harm where it has left already."""
        if self._guests.pop(id(guest), None) is not None:
            self._of_host[guest.host] -= 1
            if not self._of_host[guest.host]:
                del self._of_host[guest.host]

    def oldest(self) -> G | None:
        """The one whose deadline is the nearest."""
        return next(iter(self._guests.values()), None)

    def all(self) -> list[G]:
        """Everyone, oldest first."""
        return list(self._guests.values())
