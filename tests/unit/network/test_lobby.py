"""Connections before and after their association, without a server."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from hounsfield.network.errors import ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.lobby import Arrival, Departure, Room
from hounsfield.network.pdu import Abort, AssociateRequest, ProposedContext, ReleaseRequest, encode_pdu
from hounsfield.network.state_machine import Event, State, StateMachine

LIMITS = AssociationLimits()
REQUEST = AssociateRequest("A", "B", (ProposedContext(1, "1.2", ("1.3",)),))


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    one, other = socket.socketpair()
    with one, other:
        yield one


def _arrival(connection: socket.socket, host: str = "10.0.0.1") -> Arrival:
    return Arrival(connection, host, 104, 0.0)


def test_a_request_byte_by_byte(connection: socket.socket) -> None:
    arrival = _arrival(connection)
    raw = encode_pdu(REQUEST)
    for index in range(len(raw) - 1):
        assert arrival.feed(raw[index : index + 1], LIMITS) is None
    assert arrival.feed(raw[-1:] + b"what follows", LIMITS) == (Event.ASSOCIATE_RQ_PDU, REQUEST)
    assert arrival.buffer == b"what follows"


def test_another_pdu_is_named(connection: socket.socket) -> None:
    assert _arrival(connection).feed(encode_pdu(ReleaseRequest()), LIMITS) == (Event.RELEASE_RQ_PDU, None)


@pytest.mark.parametrize("raw", [b"G", b"\x01\0\xff\xff\xff\xff", b"\x01\0\0\0\0\x01", b"\x04\0\xff\xff\xff\xff"])
def test_what_is_no_request_is_refused_at_its_first_bytes(connection: socket.socket, raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        _arrival(connection).feed(raw, LIMITS)


def _departure(connection: socket.socket, *, is_framed: bool = True) -> Departure:
    return Departure(connection, "10.0.0.1", 104, 0.0, StateMachine(requestor=False, state=State.AWAITING_CLOSE), is_framed)


@pytest.mark.parametrize("step", [1, 5, 1000])
def test_in_state_13_only_headers_are_looked_at(connection: socket.socket, step: int) -> None:
    raw = encode_pdu(REQUEST) + encode_pdu(ReleaseRequest()) + encode_pdu(Abort(0))
    departure = _departure(connection)
    events = [event for index in range(0, len(raw), step) for event in departure.feed(raw[index : index + step], LIMITS)]
    assert events == [Event.ASSOCIATE_RQ_PDU, Event.RELEASE_RQ_PDU, Event.ABORT_PDU]


def test_in_state_13_noise_is_one_invalid_pdu(connection: socket.socket) -> None:
    departure = _departure(connection)
    assert departure.feed(b"GET / HTTP/1.1\r\n\r\n", LIMITS) == [Event.INVALID_PDU]
    assert departure.feed(encode_pdu(Abort(0)), LIMITS) == []


def test_a_stream_without_framing_is_dropped_unseen(connection: socket.socket) -> None:
    assert _departure(connection, is_framed=False).feed(encode_pdu(Abort(0)), LIMITS) == []


def test_a_full_room_lets_the_oldest_go(connection: socket.socket) -> None:
    room: Room[Arrival] = Room(2)
    first, second = (_arrival(connection) for _ in range(2))
    room.enter(first)
    assert room.next_to_go() is None
    room.enter(second)
    assert room.next_to_go() is first
    room.leave(first)
    assert room.next_to_go() is None
    assert first not in room
    assert room.all() == [second]
    assert room.oldest() is second


def test_the_largest_party_makes_room(connection: socket.socket) -> None:
    room: Room[Arrival] = Room(3)
    quiet = _arrival(connection, "10.0.0.9")
    flood = [_arrival(connection, "10.0.0.1") for _ in range(2)]
    for guest in (quiet, *flood):
        room.enter(guest)
    assert room.oldest() is quiet
    assert room.next_to_go() is flood[0]


def test_leaving_twice_is_no_harm(connection: socket.socket) -> None:
    room: Room[Arrival] = Room(2)
    guest = _arrival(connection)
    room.enter(guest)
    room.leave(guest)
    room.leave(guest)
    assert len(room) == 0
    assert room.oldest() is None
