"""Storage commitment across associations of our own: asking a peer for it, and reporting to a peer that asked us (PS3.4 annex J)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from hounsfield.dicom.commitment import (
    MAX_INFORMATION_BYTES,
    PUSH_MODEL_SOP_CLASS,
    PUSH_MODEL_SOP_INSTANCE,
    encode_request,
    encode_result,
    read_result,
)
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, EventType
from hounsfield.model.errors import HounsfieldError, InvalidInput
from hounsfield.network.association import Association
from hounsfield.network.dimse import CommandField, Element, decode_command, request, response
from hounsfield.network.errors import AssociationLost, AssociationRefused, ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import finish
from hounsfield.network.status import Status, is_failure
from hounsfield.network.user_information import RoleSelection
from hounsfield.peers.dimse import DimsePeer, open_association
from hounsfield.peers.normalized import invoke

REQUEST_STORAGE_COMMITMENT = 1
"""Action Type ID of the one action there is (PS3.4 table J.3-1)."""

_CONTEXT = ProposedContext(1, PUSH_MODEL_SOP_CLASS, (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN))
_AS_USER = RoleSelection(PUSH_MODEL_SOP_CLASS, scu=True, scp=False)
_AS_PROVIDER = RoleSelection(PUSH_MODEL_SOP_CLASS, scu=False, scp=True)


class Asked(NamedTuple):
    """What the peer answered to a request.

    status: of N-ACTION; a failure means that there will be no report. comment: for a person.
    result: where the report came on the same association; otherwise it comes on one that the peer opens, or never.
    """

    status: int
    comment: str
    result: CommitmentResult | None


Keep = Callable[[CommitmentResult], object]


def ask(
    peer: DimsePeer,
    wanted: CommitmentRequest,
    *,
    wait_s: float = 0.0,
    keep: Keep = lambda _result: None,
    limits: AssociationLimits | None = None,
) -> Asked:
    """Asks the peer to commit. wait_s: how long its report is waited for on this association.

    keep: makes the report durable before it is acknowledged; where that fails, the peer is told so and the error raised.
    Raises: NetworkError.
    """
    association = open_association(peer, [_CONTEXT], limits or AssociationLimits(), (_AS_USER,))
    try:
        command = request(
            CommandField.N_ACTION_RQ,
            1,
            PUSH_MODEL_SOP_CLASS,
            has_data_set=True,
            requested_sop_instance_uid=PUSH_MODEL_SOP_INSTANCE,
            action_type_id=REQUEST_STORAGE_COMMITMENT,
        )
        association.send(1, command, encode_request(wanted, implicit_vr=_is_implicit(association)))
        talk = _Talk(association, wanted.transaction_uid, keep)
        talk.hear_answer()
        # What was answered holds, also where the association breaks then: the report may come on another.
        with contextlib.suppress(AssociationLost):
            if not is_failure(talk.status):
                talk.hear_report(wait_s)
            association.release()
        return Asked(talk.status, talk.comment, talk.result)
    finally:
        finish(association)


class _Talk:
    """What the peer says to a request: an answer, and perhaps a report, which some send before the answer."""

    def __init__(self, association: Association, transaction_uid: str, keep: Keep) -> None:
        self._association = association
        self._transaction_uid = transaction_uid
        self._keep = keep
        self._answered = False
        self.status = 0
        self.comment = ""
        self.result: CommitmentResult | None = None

    def hear_answer(self) -> None:
        """Raises: AssociationLost, ProtocolError."""
        while not self._answered:
            if not self._hear():
                raise AssociationLost("the peer released the association instead of answering")

    def hear_report(self, wait_s: float) -> None:
        """Until it is there, the time is over or the peer has released. Raises: AssociationLost, ProtocolError."""
        deadline = time.monotonic() + wait_s
        while self.result is None and (left_s := deadline - time.monotonic()) > 0:
            if self._association.has_input(left_s) and not self._hear():
                return

    def _hear(self) -> bool:
        """Takes one message; False where the peer has released the association."""
        message = self._association.receive()
        if message is None:
            return False
        command = decode_command(message.command)
        raw = read_information(self._association) if command.has_data_set else b""
        if command.is_response:
            if command.field != CommandField.N_ACTION_RSP or self._answered:
                raise ProtocolError(f"the peer answered {command.field:04X} to message {command.message_id_responded_to}")
            self._answered, self.status, self.comment = True, command.status, command.text(Element.ERROR_COMMENT)
            return True
        status, result = read_report(command.field, command.number(Element.EVENT_TYPE_ID), raw, message.context.transfer_syntax)
        if result is not None and result.transaction_uid != self._transaction_uid:
            status, result = Status.INVALID_ARGUMENT_VALUE, None
        try:
            if result is not None:
                self._keep(result)
        except HounsfieldError:
            self._association.send(message.context.context_id, response(command, Status.PROCESSING_FAILURE))
            raise
        self._association.send(message.context.context_id, response(command, status))
        self.result = result or self.result
        return True


def read_information(association: Association) -> bytes:
    """The data set behind a command, cut where it is longer than any that is understood: it is then found wanting by its reader."""
    gathered = bytearray()

    def gather(piece: memoryview) -> None:
        gathered.extend(piece[: MAX_INFORMATION_BYTES + 1 - len(gathered)])

    association.read_data_set(gather)
    return bytes(gathered)


def read_report(field: int, event_type: int, raw: bytes, transfer_syntax_uid: str) -> tuple[Status, CommitmentResult | None]:
    """What an N-EVENT-REPORT says, and the status that answers it; none where it says nothing that is understood."""
    if field != CommandField.N_EVENT_REPORT_RQ:
        return Status.UNRECOGNIZED_OPERATION, None
    if event_type not in (EventType.SUCCESSFUL, EventType.FAILURES_EXIST):
        return Status.NO_SUCH_EVENT_TYPE, None
    try:
        return Status.SUCCESS, read_result(raw, transfer_syntax_uid)
    except InvalidInput:
        return Status.INVALID_ARGUMENT_VALUE, None


def report(peer: DimsePeer, results: Sequence[CommitmentResult], limits: AssociationLimits | None = None) -> Iterator[bool]:
    """Opens an association as the provider and reports results; says of each whether the peer took it (PS3.4 J.3.3.1.2).

    A peer that says nothing of roles is reported to nevertheless: some listen and know only the default.
    Raises: NetworkError; what was not yielded was not taken.
    """
    association = open_association(peer, [_CONTEXT], limits or AssociationLimits(), (_AS_PROVIDER,))
    try:
        role = next((role for role in association.answer.roles if role.sop_class_uid == PUSH_MODEL_SOP_CLASS), None)
        if role is not None and not role.scp:
            raise AssociationRefused(f"{peer.ae_title} does not accept storage commitment results on an association of ours")
        for message_id, result in enumerate(results, 1):
            command = report_command(message_id, result)
            information = encode_result(result, implicit_vr=_is_implicit(association), retrieve_ae_title=peer.calling_ae_title)
            yield not is_failure(invoke(association, 1, command, information).status)
        association.release()
    finally:
        finish(association)


def report_command(message_id: int, result: CommitmentResult) -> bytes:
    """The N-EVENT-REPORT-RQ of a result."""
    return request(
        CommandField.N_EVENT_REPORT_RQ,
        message_id,
        PUSH_MODEL_SOP_CLASS,
        has_data_set=True,
        affected_sop_instance_uid=PUSH_MODEL_SOP_INSTANCE,
        event_type_id=result.event_type,
    )


def _is_implicit(association: Association) -> bool:
    return association.contexts[1].transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
