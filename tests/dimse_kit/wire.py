"""A bare socket that speaks PDUs, correct ones and others."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple, Self

from hounsfield.network.dimse import Command, CommandField, decode_command, request
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import (
    PDU,
    PDV,
    AssociateAccept,
    AssociateRequest,
    DataTransfer,
    ProposedContext,
    decode_pdu,
    encode_pdu,
)
from hounsfield.network.user_information import UserInformation

VERIFICATION = "1.2.840.10008.1.1"
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"

GENEROUS = AssociationLimits(max_pdu_length_bytes=1 << 24)


ECHO_AND_CT = (ProposedContext(1, VERIFICATION, (IMPLICIT,)), ProposedContext(3, CT_IMAGE_STORAGE, (EXPLICIT,)))


def a_request(
    contexts: Sequence[ProposedContext] = ECHO_AND_CT,
    *,
    calling: str = "TESTER",
    called: str = "HOUNSFIELD",
    max_length_bytes: int = 16384,
) -> AssociateRequest:
    """An A-ASSOCIATE-RQ for C-ECHO in context 1 and CT in context 3."""
    return AssociateRequest(called, calling, tuple(contexts), UserInformation(max_length_bytes, "1.2.3.4", "TESTER"))


def echo_command(message_id: int = 1) -> bytes:
    """C-ECHO-RQ."""
    return request(CommandField.C_ECHO_RQ, message_id, VERIFICATION, has_data_set=False)


def store_command(message_id: int = 1, instance: str = "1.2.3.5") -> bytes:
    """C-STORE-RQ of a CT."""
    return request(CommandField.C_STORE_RQ, message_id, CT_IMAGE_STORAGE, has_data_set=True, priority=0, affected_sop_instance_uid=instance)


class Said(NamedTuple):
    """One message. data: of its data set; empty where there is none."""

    command: Command
    data: bytes


class Wire:
    """A client without manners of its own."""

    def __init__(self, address: tuple[str, int], timeout_s: float = 10.0) -> None:
        self.socket = socket.create_connection(address, timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *pdus: PDU | bytes) -> None:
        """All of them in one write."""
        self.socket.sendall(b"".join(pdu if isinstance(pdu, bytes) else encode_pdu(pdu) for pdu in pdus))

    def receive(self) -> PDU | None:
        """The next PDU; None where the peer has closed."""
        header = self._exactly(6)
        if header is None:
            return None
        body = self._exactly(struct.unpack(">L", header[2:])[0])
        return None if body is None else decode_pdu(header + body, GENEROUS)

    def message(self) -> Said:
        """The next message, whatever it is."""
        command: Command | None = None
        data = b""
        while True:
            pdu = self.receive()
            assert isinstance(pdu, DataTransfer), pdu
            for value in pdu.values:
                if value.is_command:
                    command = decode_command(value.data)
                else:
                    data += value.data
                assert command is not None
                if value.is_last and value.is_command != command.has_data_set:
                    return Said(command, data)

    def closed(self) -> bool:
        """Waits for the peer's close; False where it says something instead."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def associate(self, request: AssociateRequest | None = None) -> AssociateAccept:
        """Asks, and expects to be accepted."""
        self.send(request or a_request())
        answer = self.receive()
        assert isinstance(answer, AssociateAccept), answer
        return answer

    def command(self, context_id: int, command: bytes) -> None:
        """Sends one command in one PDU."""
        self.send(DataTransfer((PDV(context_id, is_command=True, is_last=True, data=command),)))

    def data(self, context_id: int, data: bytes, *, is_last: bool = True) -> None:
        """Sends one piece of a data set in one PDU."""
        self.send(DataTransfer((PDV(context_id, is_command=False, is_last=is_last, data=data),)))

    def _exactly(self, count: int) -> bytes | None:
        gathered = b""
        while len(gathered) < count:
            try:
                piece = self.socket.recv(count - len(gathered))
            except ConnectionResetError:
                return None
            if not piece:
                return None
            gathered += piece
        return gathered
