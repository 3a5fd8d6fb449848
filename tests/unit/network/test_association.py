"""One association over a connected socket, both roles; the other end is driven by hand."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from dimse_kit.server import until
from dimse_kit.wire import CT_IMAGE_STORAGE, EXPLICIT, Wire, a_request, echo_command, store_command
from hounsfield.model.errors import OutOfSpace
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import NO_DATA_SET, CommandField, Element, encode_command
from hounsfield.network.errors import AbortedByPeer, ConnectionClosed, ProtocolError, TimedOut
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation, Terms, acceptance
from hounsfield.network.pdu import (
    PDU,
    PDV,
    Abort,
    AssociateAccept,
    AssociateRequest,
    DataTransfer,
    ReleaseRequest,
    ReleaseResponse,
    encode_pdu,
)
from hounsfield.network.registry import AssociationRecord
from hounsfield.network.state_machine import Event, State, StateMachine
from hounsfield.network.transport import prepare, transport_over

LIMITS = AssociationLimits(
    max_pdu_length_bytes=4096, max_command_bytes=1000, artim_s=2.0, pdu_deadline_s=0.2, idle_timeout_s=5.0, send_timeout_s=0.3
)


IMPLEMENTATION = Implementation("1.2", "T")


class Pair:
    """The association under test, accepted, and the peer's end of its connection."""

    def __init__(self, association: Association, peer: Wire) -> None:
        self.association = association
        self.peer = peer


def _connected(limits: AssociationLimits, *, requestor: bool) -> tuple[Association, Wire]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer = Wire(listening.getsockname())
        connection, _ = listening.accept()
    prepare(connection)
    record = AssociationRecord(1, "127.0.0.1", 1, "TESTER", "HOUNSFIELD", datetime(2026, 1, 1, tzinfo=UTC))
    machine = StateMachine(requestor=requestor)
    return Association(transport_over(connection, limits.tick_s, limits.send_timeout_s), machine, limits, record), peer


@pytest.fixture
def accept() -> Iterator[Callable[..., Pair]]:
    opened: list[Pair] = []

    def build(request: AssociateRequest | None = None, limits: AssociationLimits = LIMITS) -> Pair:
        association, peer = _connected(limits, requestor=False)
        asked = request or a_request()
        association._machine.fire(Event.CONNECTION_INDICATED)
        association._machine.fire(Event.ASSOCIATE_RQ_PDU)
        association.accept(asked, acceptance(asked, Terms(lambda context: context.transfer_syntaxes[0]), IMPLEMENTATION, limits))
        assert isinstance(peer.receive(), AssociateAccept)
        opened.append(Pair(association, peer))
        return opened[-1]

    yield build
    for pair in opened:
        pair.association.close()
        pair.peer.socket.close()


def test_a_command_in_pieces(accept: Callable[..., Pair]) -> None:
    pair = accept()
    command = echo_command()
    pair.peer.send(
        DataTransfer((PDV(1, True, False, command[:10]), PDV(1, True, False, b""))), DataTransfer((PDV(1, True, True, command[10:]),))
    )
    message = pair.association.receive()
    assert isinstance(message, Message)
    assert message.command == command
    assert message.context.context_id == 1


def test_a_data_set_in_pieces_goes_to_the_sink(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.command(3, store_command())
    pair.peer.data(3, b"one ", is_last=False)
    pair.peer.send(DataTransfer((PDV(3, False, False, b"two "), PDV(3, False, True, b"three"))))
    pair.association.receive()
    pieces: list[bytes] = []
    assert pair.association.read_data_set(lambda data: pieces.append(bytes(data))) == 13
    assert b"".join(pieces) == b"one two three"
    assert pair.association.record.bytes_received == 13


@pytest.mark.parametrize("error", [OutOfSpace("full"), RuntimeError("a bug")])
def test_a_sink_that_fails_leaves_the_association_alive(accept: Callable[..., Pair], error: Exception) -> None:
    pair = accept()
    pair.peer.command(3, store_command())
    for last in (False, False, True):
        pair.peer.data(3, bytes(1000), is_last=last)
    pair.peer.command(1, echo_command())
    pair.association.receive()
    calls = 0

    def sink(data: memoryview) -> None:
        nonlocal calls
        calls += 1
        raise error

    with pytest.raises(type(error)) as raised:
        pair.association.read_data_set(sink)
    assert raised.value is error
    assert calls == 1
    message = pair.association.receive()
    assert message is not None
    assert message.command == echo_command()


@pytest.mark.parametrize("longest", [128, 1000, 1001, 16384])
def test_no_pdu_is_longer_than_the_peer_takes(accept: Callable[..., Pair], longest: int) -> None:
    pair = accept(a_request(max_length_bytes=longest))
    data = bytes(range(256)) * 157
    pieces = [data[:7], b"", data[7:8], data[8:9999], data[9999:]]
    pair.association.send(3, bytes(500), data)
    pair.association.send(3, bytes(500), iter(pieces))
    pair.association.send(3, bytes(500), iter([]))
    for expected in (data, data, b""):
        for is_command, wanted in ((True, bytes(500)), (False, expected)):
            gathered, last = b"", False
            while not last:
                pdu = pair.peer.receive()
                assert isinstance(pdu, DataTransfer)
                (value,) = pdu.values
                assert len(encode_pdu(pdu)) - 6 <= longest
                assert len(value.data) % 2 == 0, "DCMTK takes no odd one"
                assert (value.context_id, value.is_command) == (3, is_command)
                gathered += value.data
                last = value.is_last
            assert gathered == wanted


def test_release_is_confirmed(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.send(ReleaseRequest())
    assert pair.association.receive() is None
    assert pair.peer.receive() == ReleaseResponse()
    assert pair.association.state is State.AWAITING_CLOSE
    assert pair.association.record.state == "released"


def test_our_release_drops_what_was_on_its_way(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.command(1, echo_command())
    pair.peer.send(ReleaseResponse())
    pair.association.release()
    assert pair.peer.receive() == ReleaseRequest()
    assert pair.association.state is State.IDLE
    assert pair.peer.closed()


def test_release_collision_of_the_acceptor(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.send(ReleaseRequest(), ReleaseResponse())
    pair.association.release()
    assert pair.peer.receive() == ReleaseRequest()
    assert pair.peer.receive() == ReleaseResponse()
    assert pair.association.state is State.AWAITING_CLOSE


def test_release_collision_of_the_requestor() -> None:
    association, peer = _connected(LIMITS, requestor=True)
    request = a_request()
    answer = acceptance(request, Terms(lambda context: context.transfer_syntaxes[0]), IMPLEMENTATION, LIMITS)
    with peer:
        peer.send(answer, ReleaseRequest(), ReleaseResponse())
        assert association.request(request) == answer
        assert peer.receive() == request
        association.release()
        assert peer.receive() == ReleaseRequest()
        assert peer.receive() == ReleaseResponse()
        assert association.state is State.IDLE


@pytest.mark.parametrize("chosen", ["1.2.840.10008.1.2.5", ""])
def test_an_acceptor_cannot_choose_what_was_not_proposed(chosen: str) -> None:
    association, peer = _connected(LIMITS, requestor=True)
    request = a_request()
    with peer:
        peer.send(
            acceptance(
                request, Terms(lambda context: context.transfer_syntaxes[0] if context.context_id == 1 else chosen), IMPLEMENTATION, LIMITS
            )
        )
        association.request(request)
        assert list(association.contexts) == [1]
        association.close()


def test_the_peers_abort_is_told(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.send(Abort(2, 6))
    with pytest.raises(AbortedByPeer, match="source 2, reason 6"):
        pair.association.receive()
    assert pair.association.state is State.IDLE
    assert pair.peer.closed()


def test_a_close_without_release_is_told(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.command(3, store_command())
    pair.peer.data(3, b"half", is_last=False)
    pair.peer.socket.shutdown(socket.SHUT_WR)
    pair.association.receive()
    with pytest.raises(ConnectionClosed):
        pair.association.read_data_set(lambda _: None)


def test_abort_is_said_and_the_close_is_waited_for(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.association.abort()
    pair.association.abort()
    assert pair.peer.receive() == Abort(0, 0)
    assert pair.association.state is State.AWAITING_CLOSE
    pair.peer.socket.shutdown(socket.SHUT_WR)
    pair.association.wait_for_close()
    assert pair.association.state is State.IDLE


BROKEN: dict[str, tuple[list[PDU | bytes], Abort]] = {
    "unknown type": ([b"\x09\0\0\0\0\4\0\0\0\0"], Abort(2, 1)),
    "4 GiB": ([b"\x04\0\xff\xff\xff\xff"], Abort(2, 6)),
    "more than advertised": ([b"\x04\0\0\0\x10\x01"], Abort(2, 6)),
    "second request": ([a_request()], Abort(2, 2)),
    "release response": ([ReleaseResponse()], Abort(2, 2)),
    "unknown context": ([DataTransfer((PDV(99, True, True, echo_command()),))], Abort(2, 6)),
    "data first": ([DataTransfer((PDV(1, False, True, b"data"),))], Abort(2, 6)),
    "command that changes context": (
        [DataTransfer((PDV(1, True, False, b"12"), PDV(3, True, True, b"34")))],
        Abort(2, 6),
    ),
    "endless command": ([DataTransfer((PDV(1, True, False, bytes(600)),))] * 2, Abort(2, 0)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_protocol_is_aborted(accept: Callable[..., Pair], name: str) -> None:
    said, abort = BROKEN[name]
    pair = accept()
    pair.peer.send(*said)
    with pytest.raises(ProtocolError):
        pair.association.receive()
    assert pair.peer.receive() == abort
    assert pair.association.state is State.AWAITING_CLOSE


@pytest.mark.parametrize("said", [PDV(1, False, True, b"other context"), PDV(3, True, True, b"another command")])
def test_something_else_where_a_data_set_is_due_is_aborted(accept: Callable[..., Pair], said: PDV) -> None:
    pair = accept()
    pair.peer.command(3, store_command())
    pair.peer.send(DataTransfer((said,)))
    pair.association.receive()
    with pytest.raises(ProtocolError):
        pair.association.read_data_set(lambda _: None)
    assert pair.peer.receive() == Abort(2, 2)


def test_a_pdu_that_is_not_finished_is_given_up(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.socket.sendall(b"\x04\0\0\0\x01\0\0")
    with pytest.raises(TimedOut):
        pair.association.receive()
    assert pair.peer.receive() == Abort(0, 0)
    assert not pair.association.stream_is_framed


def test_a_trickle_does_not_keep_a_pdu_open(accept: Callable[..., Pair]) -> None:
    pair = accept()
    enough = threading.Event()

    def trickle() -> None:
        pair.peer.socket.sendall(b"\x04\0\0\0\x10\0\0\0\x0f\xfc\x03\0")
        while not enough.wait(LIMITS.pdu_deadline_s / 20):
            try:
                pair.peer.socket.sendall(b"x")
            except OSError:
                return

    pair.association._context_of_data_set = 3
    trickler = threading.Thread(target=trickle)
    trickler.start()
    try:
        with pytest.raises(TimedOut):
            pair.association.read_data_set(lambda _: None)
    finally:
        enough.set()
        trickler.join()


def test_silence_between_the_pdus_of_a_message_is_given_up(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.command(3, store_command())
    pair.peer.data(3, b"one", is_last=False)
    pair.association.receive()
    with pytest.raises(TimedOut):
        pair.association.read_data_set(lambda _: None)


def test_idleness_is_given_up(accept: Callable[..., Pair]) -> None:
    pair = accept(limits=AssociationLimits(idle_timeout_s=0.1))
    with pytest.raises(TimedOut):
        pair.association.receive()


def test_a_peer_that_takes_nothing_is_given_up(accept: Callable[..., Pair]) -> None:
    pair = accept()
    with pytest.raises(TimedOut):
        pair.association.send(3, b"\0\0", bytes(64 << 20))


def test_draining_ends_an_association_that_waits(accept: Callable[..., Pair]) -> None:
    pair = accept()
    with pytest.raises(TimedOut, match="closing"), drained_soon(pair.association):
        pair.association.receive()
    assert pair.peer.receive() == Abort(0, 0)


def test_draining_ends_a_busy_association_between_two_messages(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.command(1, echo_command())
    pair.peer.command(1, echo_command())
    assert pair.association.receive() is not None
    pair.association.drain()
    with pytest.raises(TimedOut, match="closing"):
        pair.association.receive()


@contextlib.contextmanager
def drained_soon(association: Association) -> Iterator[None]:
    timer = threading.Timer(0.05, association.drain)
    timer.start()
    yield
    timer.join()


def test_input_is_seen_without_waiting(accept: Callable[..., Pair]) -> None:
    pair = accept()
    assert not pair.association.has_input()
    pair.peer.send(ReleaseRequest())
    assert until(pair.association.has_input)


def test_data_set_of_ct_context_is_what_was_agreed(accept: Callable[..., Pair]) -> None:
    pair = accept()
    context = pair.association.contexts[3]
    assert (context.abstract_syntax, context.transfer_syntax) == (CT_IMAGE_STORAGE, EXPLICIT)


def _cancel(message_id: int) -> DataTransfer:
    command = encode_command(
        {
            Element.COMMAND_FIELD: CommandField.C_CANCEL_RQ,
            Element.MESSAGE_ID_RESPONDED_TO: message_id,
            Element.DATA_SET_TYPE: NO_DATA_SET,
        }
    )
    return DataTransfer((PDV(1, True, True, command),))


def test_a_cancel_is_seen_without_waiting(accept: Callable[..., Pair]) -> None:
    pair = accept()
    assert not pair.association.cancelled(7)
    pair.peer.send(_cancel(6), _cancel(7))
    assert pair.association.cancelled(7)


def test_what_comes_beside_a_cancel_is_not_lost(accept: Callable[..., Pair]) -> None:
    pair = accept()
    pair.peer.send(DataTransfer((PDV(1, True, True, echo_command()),)), _cancel(7))
    assert not pair.association.cancelled(7), "what stands before it may have a data set: it is not read past"
    message = pair.association.receive()
    assert message is not None
    assert message.command == echo_command()
    assert pair.association.cancelled(7)
