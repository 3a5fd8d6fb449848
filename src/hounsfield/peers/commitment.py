"""Storage commitment across associations of our own: asking a peer for it, and reporting to a peer that asked us (PS3.4 annex J)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
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
from hounsfield.model.errors import InvalidInput
from hounsfield.network.association import Association
from hounsfield.network.dimse import CommandField, Element, decode_command, request, response
from hounsfield.network.errors import AssociationRefused
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import associate, finish
from hounsfield.network.status import Status, is_failure
from hounsfield.network.user_information import RoleSelection
from hounsfield.peers.dimse import IMPLEMENTATION, DimsePeer
from hounsfield.peers.normalized import invoke

REQUEST_STORAGE_COMMITMENT = 1
"""Action Type ID of the one action there is (PS3.4 table J.3-1)."""

_CONTEXT = ProposedContext(1, PUSH_MODEL_SOP_CLASS, (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN))
_LOOK_EVERY_S = 0.02


class Asked(NamedTuple):
    """What the peer answered to a request.

    status: of N-ACTION; a failure means that there will be no report. comment: for a person.
    result: where the report came on the same association; otherwise it comes on one that the peer opens, or never.
    """

    status: int
    comment: str
    result: CommitmentResult | None


def ask(peer: DimsePeer, wanted: CommitmentRequest, *, wait_s: float = 0.0, limits: AssociationLimits | None = None) -> Asked:
    """Asks the peer to commit. wait_s: how long its report is waited for on this association. Raises: NetworkError."""
    association = _associate(peer, limits or AssociationLimits(), RoleSelection(PUSH_MODEL_SOP_CLASS, scu=True, scp=False))
    try:
        command = request(
            CommandField.N_ACTION_RQ,
            1,
            PUSH_MODEL_SOP_CLASS,
            has_data_set=True,
            requested_sop_instance_uid=PUSH_MODEL_SOP_INSTANCE,
            action_type_id=REQUEST_STORAGE_COMMITMENT,
        )
        answer = invoke(association, 1, command, encode_request(wanted, implicit_vr=_is_implicit(association)))
        failed = is_failure(answer.status)
        result = None if failed else _wait_for_report(association, wanted.transaction_uid, wait_s)
        association.release()
        return Asked(answer.status, answer.text(Element.ERROR_COMMENT), result)
    finally:
        finish(association)


def _wait_for_report(association: Association, transaction_uid: str, wait_s: float) -> CommitmentResult | None:
    pause = threading.Event()
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if not association.has_input():
            pause.wait(_LOOK_EVERY_S)
            continue
        message = association.receive()
        if message is None:
            return None
        command = decode_command(message.command)
        raw = read_information(association) if command.has_data_set else b""
        status, result = read_report(command.field, command.number(Element.EVENT_TYPE_ID), raw, message.context.transfer_syntax)
        if result is not None and result.transaction_uid != transaction_uid:
            status, result = Status.INVALID_ARGUMENT_VALUE, None
        if not command.is_response:
            association.send(message.context.context_id, response(command, status))
        if result is not None:
            return result
    return None


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
    association = _associate(peer, limits or AssociationLimits(), RoleSelection(PUSH_MODEL_SOP_CLASS, scu=False, scp=True))
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


def _associate(peer: DimsePeer, limits: AssociationLimits, role: RoleSelection) -> Association:
    return associate(
        (peer.host, peer.port),
        peer.calling_ae_title,
        peer.ae_title,
        [_CONTEXT],
        IMPLEMENTATION,
        limits,
        tls_context=peer.tls_context,
        roles=(role,),
    )


def _is_implicit(association: Association) -> bool:
    return association.contexts[1].transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
