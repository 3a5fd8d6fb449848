"""The stream cut into events: fed whole, byte by byte, and with whatever follows."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.network.errors import ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import PDV, Abort, AssociateAccept, DataTransfer, ReleaseRequest, encode_pdu
from hounsfield.network.wire_reader import ControlPDU, Fragment, WireReader

LIMITS = AssociationLimits(max_pdu_length_bytes=1 << 16)

values = st.builds(PDV, st.integers(0, 255), st.booleans(), st.booleans(), st.binary(max_size=300))
transfers = st.lists(values, min_size=1, max_size=4).map(lambda group: DataTransfer(tuple(group)))


def _drain(reader: WireReader) -> list[tuple[int, bool, bool, bytes] | tuple[int, bytes]]:
    events: list[tuple[int, bool, bool, bytes] | tuple[int, bytes]] = []
    while (event := reader.next_event()) is not None:
        if isinstance(event, Fragment):
            events.append((event.context_id, event.is_command, event.is_last, bytes(event.data)))
        else:
            events.append((event.kind, bytes(event.raw)))
    return events


def _feed(reader: WireReader, raw: bytes, steps: list[int]) -> list[tuple[int, bool, bool, bytes] | tuple[int, bytes]]:
    """Feeds in steps of the given sizes, over and over."""
    events = []
    offset = number = 0
    while offset < len(raw):
        room = reader.space()
        assert len(room) > 0
        step = min(max(1, steps[number % len(steps)]), len(room), len(raw) - offset)
        room[:step] = raw[offset : offset + step]
        reader.filled(step)
        offset += step
        number += 1
        events += _drain(reader)
    return events


def _joined(events: list[tuple[int, bool, bool, bytes] | tuple[int, bytes]]) -> list[object]:
    """Fragments of one value and message put together, so that only what was sent remains."""
    joined: list[object] = []
    gathered = b""
    for event in events:
        if len(event) == 2:
            joined.append(event)
            continue
        context_id, is_command, is_last, data = event
        gathered += data
        if is_last:
            joined.append((context_id, is_command, gathered))
            gathered = b""
    return joined


@given(st.lists(transfers, max_size=5), st.lists(st.integers(1, 700), min_size=1, max_size=5))
def test_any_cutting_gives_the_same_bytes(pdus: list[DataTransfer], steps: list[int]) -> None:
    raw = b"".join(encode_pdu(pdu) for pdu in pdus) + encode_pdu(ReleaseRequest())
    reader = WireReader(LIMITS, 8192)
    events = _feed(reader, raw, steps)
    assert not reader.mid_pdu
    assert reader.finished_pdus == len(pdus) + 1
    assert b"".join(event[3] for event in events if len(event) == 4) == b"".join(value.data for pdu in pdus for value in pdu.values)
    assert events[-1] == (5, encode_pdu(ReleaseRequest()))
    lasts = sum(1 for event in events if len(event) == 4 and event[2])
    assert lasts == sum(value.is_last for pdu in pdus for value in pdu.values)


def test_byte_by_byte_is_the_same_as_whole() -> None:
    pdus = [DataTransfer((PDV(1, True, True, b"command"), PDV(1, False, False, b"da"))), DataTransfer((PDV(1, False, True, b"ta"),))]
    raw = b"".join(encode_pdu(pdu) for pdu in pdus) + encode_pdu(Abort(2, 6))
    whole = _joined(_feed(WireReader(LIMITS, 8192), raw, [len(raw)]))
    assert whole == [(1, True, b"command"), (1, False, b"data"), (7, encode_pdu(Abort(2, 6)))]
    assert _joined(_feed(WireReader(LIMITS, 8192), raw, [1])) == whole


def test_an_empty_last_value_ends_its_message() -> None:
    raw = encode_pdu(DataTransfer((PDV(1, False, False, b"all of it"),))) + encode_pdu(DataTransfer((PDV(1, False, True, b""),)))
    assert _feed(WireReader(LIMITS, 8192), raw, [len(raw)]) == [(1, False, False, b"all of it"), (1, False, True, b"")]


def test_bytes_read_before_are_not_lost() -> None:
    raw = encode_pdu(ReleaseRequest())
    reader = WireReader(LIMITS, 8192, already_read=raw[:7])
    assert reader.next_event() is None
    assert _feed(reader, raw[7:], [100]) == [(5, raw)]


def test_a_control_pdu_longer_than_the_buffer_is_taken() -> None:
    accept = AssociateAccept("A", "B", ())
    raw = encode_pdu(accept)[6:] + b"\x77\0\x27\x10" + bytes(10000)
    raw = struct.pack(">BxL", 2, len(raw)) + raw
    assert _feed(WireReader(LIMITS, 100), raw, [5000]) == [(2, raw)]


@given(st.binary(min_size=1, max_size=200))
def test_noise_raises_protocol_error_or_waits(raw: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        _feed(WireReader(LIMITS, 8192), raw, [7])


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack(">BxL", 4, 0xFFFFFFFF),
        struct.pack(">BxL", 4, (1 << 16) + 1),
        struct.pack(">BxL", 1, 0xFFFFFFFF),
        struct.pack(">BxLL", 4, 10, 7) + b"\1\1",
        struct.pack(">BxLL", 4, 10, 1) + b"\1\1",
        struct.pack(">BxL", 4, 5) + bytes(5),
        b"GET / HTTP/1.1\r\n",
        b"\x16",
    ],
    ids=["4 GiB", "one more than advertised", "request of 4 GiB", "value beyond its PDU", "value of 1", "PDU of 5", "HTTP", "TLS"],
)
def test_lies_are_found_at_the_header_and_cost_nothing(raw: bytes) -> None:
    reader = WireReader(LIMITS, 8192)
    with pytest.raises(ProtocolError):
        _feed(reader, raw, [len(raw)])
    assert len(reader.space()) <= 8192


def test_the_buffer_does_not_grow_with_the_object() -> None:
    reader = WireReader(AssociationLimits(), 8192)
    piece = encode_pdu(DataTransfer((PDV(1, False, False, bytes(100_000)),)))
    for _ in range(10):
        events = _feed(reader, piece, [8192])
        assert sum(len(event[3]) for event in events if len(event) == 4) == 100_000
    assert len(reader.space()) <= 8192


def test_kinds_of_events() -> None:
    reader = WireReader(LIMITS, 8192, already_read=encode_pdu(ReleaseRequest()))
    assert isinstance(reader.next_event(), ControlPDU)
