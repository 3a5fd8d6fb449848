"""A modality that asks for commitment with PDUs of its own making: nothing but the wire between it and the archive."""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator, Sequence

from dimse_kit.committing import CT, PUSH_MODEL, PUSH_MODEL_INSTANCE
from dimse_kit.wire import EXPLICIT, IMPLICIT, Said, Wire, a_request, store_command
from hounsfield.dicom.commitment import encode_request, read_result
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, Reference
from hounsfield.network.dimse import CommandField, request, response
from hounsfield.network.pdu import ProposedContext

COMMIT_CONTEXT, CT_CONTEXT = 1, 3
PIECE_BYTES = 16_000
CONTEXTS = (ProposedContext(COMMIT_CONTEXT, PUSH_MODEL, (EXPLICIT,)), ProposedContext(CT_CONTEXT, CT, (EXPLICIT, IMPLICIT)))


class RawModality:
    """On one association."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._last_message_id = 0

    def _next_id(self) -> int:
        self._last_message_id += 1
        return self._last_message_id

    def ask(self, wanted: CommitmentRequest | bytes | None, *, action_type: int = 1, instance: str = PUSH_MODEL_INSTANCE) -> int:
        """Sends an N-ACTION and waits for nothing; its message ID. bytes: the data set as it stands; None: without one."""
        number = self._next_id()
        data = encode_request(wanted, implicit_vr=False) if isinstance(wanted, CommitmentRequest) else wanted
        self.wire.command(
            COMMIT_CONTEXT,
            request(
                CommandField.N_ACTION_RQ,
                number,
                PUSH_MODEL,
                has_data_set=data is not None,
                requested_sop_instance_uid=instance,
                action_type_id=action_type,
            ),
        )
        if data is not None:
            self._send_data(COMMIT_CONTEXT, data)
        return number

    def store(self, sop_instance_uid: str, data_set: bytes) -> int:
        """Sends a C-STORE of a CT and waits for nothing; its message ID."""
        number = self._next_id()
        self.wire.command(CT_CONTEXT, store_command(number, sop_instance_uid))
        self._send_data(CT_CONTEXT, data_set)
        return number

    def _send_data(self, context_id: int, data: bytes) -> None:
        pieces = [data[begin : begin + PIECE_BYTES] for begin in range(0, len(data), PIECE_BYTES)] or [b""]
        for number, piece in enumerate(pieces, 1):
            self.wire.data(context_id, piece, is_last=number == len(pieces))

    def hear(self) -> Said:
        """The next message, whatever it is."""
        return self.wire.message()

    def hears_anything(self, within_s: float) -> bool:
        """Whether the archive says something by then."""
        return bool(select.select([self.wire.socket], [], [], within_s)[0])

    def hear_response(self, number: int) -> int:
        """The next message is the response to this one; its status."""
        said = self.hear()
        assert said.command.is_response, said
        assert said.command.message_id_responded_to == number
        return said.command.status

    def hear_report(self, *, status: int = 0x0000) -> CommitmentResult:
        """The next message is a report, which is answered."""
        said = self.hear()
        assert said.command.field == CommandField.N_EVENT_REPORT_RQ, said
        self.wire.command(COMMIT_CONTEXT, response(said.command, status))
        return read_result(said.data, EXPLICIT)


@contextlib.contextmanager
def raw_modality(address: tuple[str, int], *, calling: str = "MODALITY") -> Iterator[RawModality]:
    """An association for storage and commitment."""
    with Wire(address, timeout_s=30.0) as wire:
        wire.associate(a_request(CONTEXTS, calling=calling))
        yield RawModality(wire)


def wanted(transaction_uid: str, references: Sequence[tuple[str, str]]) -> CommitmentRequest:
    """A request."""
    return CommitmentRequest(transaction_uid, tuple(Reference(*one) for one in references))
