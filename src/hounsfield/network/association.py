"""One association over one connected socket, driven by one thread; acceptor and requestor (PS3.8 section 7)."""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from hounsfield.model.peers import Admission
from hounsfield.network.dimse import CommandField, decode_command
from hounsfield.network.errors import AbortedByPeer, AssociationLost, ConnectionClosed, ProtocolError, TimedOut
from hounsfield.network.limits import KIB, AssociationLimits
from hounsfield.network.pdu import (
    PDU,
    Abort,
    AbortReason,
    AbortSource,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ReleaseRequest,
    ReleaseResponse,
    decode_pdu,
    encode_pdu,
)
from hounsfield.network.registry import AssociationRecord
from hounsfield.network.state_machine import EVENT_OF_PDU_TYPE, Action, Event, State, StateMachine
from hounsfield.network.transport import NOTHING_YET, Buffer, Transport
from hounsfield.network.user_information import UserInformation
from hounsfield.network.wire_reader import ControlPDU, Fragment, WireReader

RECEIVE_BUFFER_BYTES = 256 * KIB
LONGEST_SENT_PDU_BYTES = 256 * KIB
"""Where the peer sets no limit, or a higher one."""

_P_DATA_HEADER = struct.Struct(">BxLLBB")
_COMMAND = 1
_LAST = 2
_VALUE_OVERHEAD_BYTES = 6


@dataclass(frozen=True, slots=True)
class AcceptedContext:
    """A presentation context both sides agreed on."""

    context_id: int
    abstract_syntax: str
    transfer_syntax: str


class Message(NamedTuple):
    """A command set as it came, Implicit VR Little Endian, and the context it came on (PS3.7 6.3)."""

    context: AcceptedContext
    command: bytes


class Association:
    """An association from its acceptance to its end.

    All methods belong to the thread that drives it; `interrupt()` and `drain()` alone may come from another.
    Methods that wait raise AssociationLost when the association has ended, ProtocolError when the peer broke the
    protocol (it has then been aborted already).
    """

    def __init__(
        self,
        transport: Transport,
        machine: StateMachine,
        limits: AssociationLimits,
        record: AssociationRecord,
        already_read: bytes | bytearray = b"",
    ) -> None:
        self.record = record
        self.contexts: Mapping[int, AcceptedContext] = {}
        self.peer = UserInformation()
        """What the peer told of itself."""
        self.answer = UserInformation()
        """What the acceptor answered, whichever side that is: roles, extended negotiation and window hold as they stand here."""
        self.admission: Admission | None = None
        """Whom the acceptor's policy let in, where this side is the acceptor."""
        self.host = record.host
        self.calling_ae_title = record.calling_ae_title
        self.called_ae_title = record.called_ae_title
        self.stream_is_framed = True
        """Whether what the peer sends next would still begin with a PDU header."""
        self._transport = transport
        self._machine = machine
        self._limits = limits
        self._reader = WireReader(limits, RECEIVE_BUFFER_BYTES, already_read)
        self._longest_value = LONGEST_SENT_PDU_BYTES - _VALUE_OVERHEAD_BYTES
        self._deadline_of_pdu = -1
        self._deadline = 0.0
        self._draining = False
        self._context_of_data_set = 0
        self._early: deque[Message] = deque()

    @property
    def state(self) -> State:
        """Where the association stands in table 9-10."""
        return self._machine.state

    @property
    def transport(self) -> Transport:
        """The connection, for the one who waits for its close."""
        return self._transport

    def accept(self, request: AssociateRequest, answer: AssociateAccept) -> None:
        """Sends A-ASSOCIATE-AC (AE-7)."""
        self._machine.fire(Event.ACCEPT_PRIMITIVE)
        self._agree(request, answer, peer=request.user)
        self._send([encode_pdu(answer)])

    def reject(self, answer: AssociateReject) -> None:
        """Sends A-ASSOCIATE-RJ (AE-8)."""
        self.record.state = "rejected"
        self._machine.fire(Event.REJECT_PRIMITIVE)
        self._send([encode_pdu(answer)])

    def request(self, request: AssociateRequest) -> AssociateAccept | AssociateReject:
        """Sends A-ASSOCIATE-RQ on a fresh connection and waits for the answer (AE-2)."""
        self._machine.fire(Event.ASSOCIATE_REQUEST_PRIMITIVE)
        self._machine.fire(Event.CONNECTION_CONFIRMED)
        self._send([encode_pdu(request)])
        pdu = self._next(self._limits.artim_s)
        if isinstance(pdu, AssociateAccept):
            self._agree(request, pdu, peer=pdu.user)
        elif isinstance(pdu, AssociateReject):
            self.record.state = "rejected"
            self._transport.close()
        else:
            self._refuse(ProtocolError("an answer to A-ASSOCIATE-RQ was due", AbortReason.UNEXPECTED_PDU))
        return pdu

    def _agree(self, request: AssociateRequest, answer: AssociateAccept, peer: UserInformation) -> None:
        proposed = {context.context_id: context for context in request.contexts}
        self.contexts = {
            context.context_id: AcceptedContext(context.context_id, proposed[context.context_id].abstract_syntax, context.transfer_syntax)
            for context in answer.contexts
            if context.result == 0
            and context.context_id in proposed
            and context.transfer_syntax in proposed[context.context_id].transfer_syntaxes
        }
        self.peer = peer
        self.answer = answer.user
        longest = min(peer.max_length_bytes or LONGEST_SENT_PDU_BYTES, LONGEST_SENT_PDU_BYTES)
        self._longest_value = max((longest - _VALUE_OVERHEAD_BYTES) & ~1, 1)
        self.record.state = "established"

    def extension(self, sop_class_uid: str) -> bytes:
        """What was agreed by extended negotiation for a SOP class; empty where nothing was (PS3.7 D.3.3.5)."""
        return next((one.information for one in self.answer.extended if one.sop_class_uid == sop_class_uid), b"")

    def cancelled(self, message_id: int) -> bool:
        """Whether the peer has taken back the operation that is being performed (C-CANCEL, PS3.7 9.3.2.3), without waiting for it.

        Any other command that has come meanwhile is given by the next `receive`; until then nothing behind it is read.
        """
        while not self._early and self.has_input():
            message = self.receive()
            if message is None:
                raise AssociationLost("the peer released the association in the middle of an operation")
            command = decode_command(message.command)
            if command.field != CommandField.C_CANCEL_RQ:
                self._early.append(message)
            elif command.message_id_responded_to == message_id:
                return True
        return False

    def receive(self) -> Message | None:
        """Waits for the next command. Returns None when the peer has released the association (and has been answered)."""
        if self._early:
            return self._early.popleft()
        if self._draining:
            self._give_up("the server is closing")
        gathered = b""
        pause_s = self._limits.idle_timeout_s
        while True:
            event = self._next(pause_s)
            if not isinstance(event, Fragment):
                if isinstance(event, ReleaseRequest):
                    self._machine.fire(Event.RELEASE_RESPONSE_PRIMITIVE)
                    self._send([encode_pdu(ReleaseResponse())])
                    self.record.state = "released"
                    return None
                self._refuse(ProtocolError("a PDU that is not due", AbortReason.UNEXPECTED_PDU))
            context = self.contexts.get(event.context_id)
            if context is None or not event.is_command:
                self._refuse(ProtocolError("data where a command is due, or an unknown context", AbortReason.INVALID_PARAMETER))
            if gathered and event.context_id != self._context_of_data_set:
                self._refuse(ProtocolError("a command that changes its context", AbortReason.INVALID_PARAMETER))
            if len(gathered) + len(event.data) > self._limits.max_command_bytes:
                self._refuse(ProtocolError(f"a command of more than {self._limits.max_command_bytes} octets"))
            gathered += event.data
            self._context_of_data_set = event.context_id
            if event.is_last:
                return Message(context, gathered)
            pause_s = self._limits.pdu_deadline_s

    def read_data_set(self, sink: Callable[[memoryview], object]) -> int:
        """Feeds the data set that follows the last command to `sink`, in pieces on the reusable buffer; returns its length.

        Where the sink raises, the rest is still read off the wire and only then the error is raised: the association
        lives on.
        """
        failure: Exception | None = None
        total = 0
        context_id = self._context_of_data_set
        pause_s = self._limits.pdu_deadline_s
        while True:
            event = self._next(pause_s)
            if not isinstance(event, Fragment) or event.is_command or event.context_id != context_id:
                self._refuse(ProtocolError("something else where a data set is due", AbortReason.UNEXPECTED_PDU))
            data = event.data
            total += len(data)
            if failure is None:
                try:
                    sink(data)
                except Exception as exc:  # noqa: BLE001  whatever it is, it is raised below; the peer must not hang on it
                    failure = exc
            if event.is_last:
                break
        self.record.bytes_received += total
        if failure is not None:
            raise failure
        return total

    def message(self, context_id: int, command: bytes, data_set: Buffer | None = None) -> list[Buffer]:
        """A command and its data set in PDUs no longer than the peer takes, ready for `send_message`. Nothing is copied."""
        parts = self._values(context_id, command, _COMMAND, is_last=True)
        return parts if data_set is None else parts + self._values(context_id, data_set, 0, is_last=True)

    def send_message(self, message: list[Buffer]) -> None:
        """Sends what `message` made (DT-1)."""
        self._machine.fire(Event.P_DATA_PRIMITIVE)
        self._send(message)

    def send(self, context_id: int, command: bytes, data_set: Buffer | Iterable[Buffer] | None = None) -> None:
        """Sends a command and the data set that belongs to it, in PDUs no longer than the peer takes (DT-1).

        data_set: the bytes, or pieces of them that are sent one after the other. Nothing is copied; a piece may be of any length.
        """
        if data_set is None or isinstance(data_set, bytes | bytearray | memoryview):
            self.send_message(self.message(context_id, command, data_set))
            return
        self._machine.fire(Event.P_DATA_PRIMITIVE)
        parts = self._values(context_id, command, _COMMAND, is_last=True)
        waiting: Buffer = b""
        for piece in _even(data_set):
            if len(waiting):
                self._send(parts + self._values(context_id, waiting, 0, is_last=False))
                parts = []
            waiting = piece
        self._send(parts + self._values(context_id, waiting, 0, is_last=True))

    def has_input(self, wait_s: float = 0.0) -> bool:
        """Whether something of the peer waits to be read: a C-CANCEL, perhaps; so long that is waited for."""
        return self._reader.mid_pdu or self._transport.has_input(wait_s)

    def release(self) -> None:
        """Releases the association and waits for the confirmation; what still arrives before it is dropped (AR-1)."""
        self._machine.fire(Event.RELEASE_REQUEST_PRIMITIVE)
        self._send([encode_pdu(ReleaseRequest())])
        while self.state not in (State.IDLE, State.AWAITING_CLOSE):
            self._next(self._limits.artim_s)
            if self.state in (State.COLLISION_REQUESTOR_RESPONSE, State.COLLISION_ACCEPTOR_RESPONSE):
                self._machine.fire(Event.RELEASE_RESPONSE_PRIMITIVE)
                self._send([encode_pdu(ReleaseResponse())])
        self.record.state = "released"
        if self.state is State.IDLE:
            self._transport.close()

    def abort(self) -> None:
        """Sends A-ABORT on behalf of the local user (AA-1). Never raises."""
        if (self.state, Event.ABORT_PRIMITIVE) in _ABORTABLE:
            self._machine.fire(Event.ABORT_PRIMITIVE)
            self._say_goodbye(Abort(AbortSource.SERVICE_USER))

    def wait_for_close(self) -> None:
        """Reads and drops until the peer closes or ARTIM expires, then closes (state 13). Never raises."""
        if self.state is State.AWAITING_CLOSE:
            room = memoryview(bytearray(16 * KIB))
            deadline = time.monotonic() + self._limits.artim_s
            try:
                while time.monotonic() < deadline and self._transport.receive_into(room):
                    pass
            except OSError:
                pass
        self.close()

    def close(self) -> None:
        """Closes the connection, whatever the state. Never raises."""
        self._machine.state = State.IDLE
        self._transport.close()

    def drain(self) -> None:
        """Asks the association to end by itself at its next pause between two messages; from any thread."""
        self._draining = True

    def interrupt(self) -> None:
        """Breaks the connection under a waiting thread; from any thread."""
        self._transport.shutdown()

    def _next(self, pause_s: float) -> Fragment | PDU:
        """The next thing the peer says that is due in this state. pause_s: how long it may take before it begins."""
        reader = self._reader
        while True:
            try:
                event = reader.next_event()
            except ProtocolError as exc:
                self.stream_is_framed = False
                self._machine.fire(Event.INVALID_PDU)
                self._violated(exc)
            if event is None:
                self._fill(pause_s)
                continue
            if isinstance(event, Fragment):
                action = self._machine.fire(Event.P_DATA_PDU)
                if action is Action.DT_2:
                    return event
                if action is Action.AR_6:
                    continue
            else:
                pdu = self._decode(event)
                action = self._machine.fire(EVENT_OF_PDU_TYPE[event.kind])
                if action is Action.AA_3:
                    self._aborted(pdu)
                if action is not Action.AA_8:
                    return pdu
            self._violated(ProtocolError("a PDU that is not due in this state", AbortReason.UNEXPECTED_PDU))

    def _decode(self, event: ControlPDU) -> PDU:
        try:
            return decode_pdu(event.raw, self._limits)
        except ProtocolError as exc:
            self._machine.fire(Event.INVALID_PDU)
            self._violated(exc)

    def _fill(self, pause_s: float) -> None:
        reader = self._reader
        now = time.monotonic()
        if not reader.mid_pdu:
            deadline = now + pause_s
        else:
            if self._deadline_of_pdu != reader.finished_pdus:
                self._deadline_of_pdu = reader.finished_pdus
                self._deadline = now + self._limits.pdu_deadline_s
            deadline = self._deadline
            if now > deadline:
                self._give_up("the peer does not finish a PDU")
        while True:
            try:
                count = self._transport.receive_into(reader.space())
            except OSError as exc:
                self._lost(exc)
            if count > 0:
                reader.filled(count)
                return
            if count != NOTHING_YET:
                self._lost(None)
            if self._draining and pause_s == self._limits.idle_timeout_s and not reader.mid_pdu:
                self._give_up("the server is closing")
            if time.monotonic() > deadline:
                self._give_up("the peer is silent")

    def _values(self, context_id: int, data: Buffer, kind: int, *, is_last: bool) -> list[Buffer]:
        """P-DATA-TF headers and slices for `data`, one value a PDU."""
        longest = self._longest_value
        length = len(data)
        if length <= longest:
            return [_P_DATA_HEADER.pack(4, length + 6, length + 2, context_id, kind | _LAST if is_last else kind), data]
        parts: list[Buffer] = []
        view = memoryview(data)
        for offset in range(0, length, longest):
            piece = view[offset : offset + longest]
            control = kind | _LAST if is_last and offset + longest >= length else kind
            parts.append(_P_DATA_HEADER.pack(4, len(piece) + 6, len(piece) + 2, context_id, control))
            parts.append(piece)
        return parts

    def _send(self, parts: list[Buffer]) -> None:
        try:
            self._transport.send(parts)
        except TimeoutError:
            self._give_up("the peer takes nothing of what is sent")
        except OSError as exc:
            self._lost(exc)

    def _refuse(self, error: ProtocolError) -> NoReturn:
        """The message, rather than the PDU, is not allowed: the local user aborts in the provider's name (AA-8)."""
        self._machine.state = State.AWAITING_CLOSE
        self._violated(error)

    def _violated(self, error: ProtocolError) -> NoReturn:
        self._say_goodbye(Abort(AbortSource.SERVICE_PROVIDER, error.reason))
        raise error

    def _give_up(self, why: str) -> NoReturn:
        self.stream_is_framed = not self._reader.mid_pdu
        self._machine.fire(Event.ABORT_PRIMITIVE)
        self._say_goodbye(Abort(AbortSource.SERVICE_USER))
        raise TimedOut(why)

    def _say_goodbye(self, abort: Abort) -> None:
        self.record.state = "aborted"
        try:
            self._transport.send([encode_pdu(abort)])
        except OSError:
            self.close()

    def _aborted(self, pdu: PDU) -> NoReturn:
        self.record.state = "aborted by peer"
        self._transport.close()
        source, reason = (pdu.source, pdu.reason) if isinstance(pdu, Abort) else (0, 0)
        raise AbortedByPeer(f"the peer aborted (source {source}, reason {reason})")

    def _lost(self, cause: OSError | None) -> NoReturn:
        self._machine.fire(Event.CONNECTION_CLOSED)
        self.record.state = "connection lost"
        self._transport.close()
        raise ConnectionClosed("the connection was closed without a release") from cause


def _even(pieces: Iterable[Buffer]) -> Iterator[Buffer]:
    """The same bytes in pieces of an even length: there are peers (DCMTK) that take no others as a presentation data value."""
    odd = b""
    for piece in pieces:
        view = memoryview(piece)
        if odd and len(view):
            yield odd + bytes(view[:1])
            view, odd = view[1:], b""
        if len(view) % 2:
            view, odd = view[:-1], bytes(view[-1:])
        if len(view):
            yield view
    if odd:
        yield odd


_ABORTABLE = frozenset(
    (state, Event.ABORT_PRIMITIVE) for state in State if state not in (State.IDLE, State.AWAITING_REQUEST, State.AWAITING_CLOSE)
)

__all__ = ["AcceptedContext", "Association", "AssociationLost", "Message"]
