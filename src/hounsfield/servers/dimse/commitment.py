"""Storage Commitment Push Model, SCP: requests of peers (N-ACTION), and as SCU: their results for us (N-EVENT-REPORT) (PS3.4 annex J)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import structlog

from hounsfield.dicom.commitment import (
    PUSH_MODEL_SOP_CLASS,
    PUSH_MODEL_SOP_INSTANCE,
    TooManyReferences,
    encode_result,
    read_request,
)
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.commitment import CommitmentResult
from hounsfield.model.errors import ArchiveBusy, HounsfieldError, InvalidInput, OutOfSpace
from hounsfield.model.origin import Origin
from hounsfield.model.peers import Permission
from hounsfield.network.association import AcceptedContext, Association, Message
from hounsfield.network.dimse import Command, CommandField, Element, decode_command, response
from hounsfield.network.pdu import ContextResult, ProposedContext
from hounsfield.network.status import Status, is_failure
from hounsfield.network.user_information import RoleSelection
from hounsfield.peers.commitment import REQUEST_STORAGE_COMMITMENT, read_information, read_report, report_command
from hounsfield.servers.dimse.service import Service, decline
from hounsfield.services.commitment_queue import CommitmentQueue, Report

log = structlog.get_logger(__name__)

TRANSFER_SYNTAXES = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
LOOK_EVERY_S = 0.02
"""For a result, while the peer's next message is awaited."""

TakeResult = Callable[[Origin, CommitmentResult], bool]
"""Is given what a peer reports of a request of ours; False where no such request was made to it."""


def never_asked(origin: Origin, result: CommitmentResult) -> bool:
    """For a server that asks nobody."""
    return False


@dataclass(slots=True)
class _Conversation:
    """Reports on one association. context: in which they go, that of the latest request.

    sent: by message ID, those without a response: one at most, as nothing else was negotiated (PS3.7 D.3.3.3).
    closed: the peer has refused one; it hears of them by another association.
    """

    context: AcceptedContext
    origin: Origin
    last_message_id: int = 0
    sent: dict[int, Report] = field(default_factory=dict)
    closed: bool = False


class CommitmentService(Service):
    """Answers a request at once and leaves the work to others; reports whenever nothing else comes on the association.

    take_result: where results for requests of our own go. attend_s: how long an association with nothing else on it is kept for reports;
    then, or when it is needed for something else, they go by an association that we open.
    """

    permission: ClassVar[Permission | None] = Permission.COMMIT

    def __init__(self, queue: CommitmentQueue, take_result: TakeResult = never_asked, *, attend_s: float = 60.0) -> None:
        self._queue = queue
        self._take_result = take_result
        self._attend_s = attend_s
        self._conversations: dict[Association, _Conversation] = {}
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        if context.abstract_syntax != PUSH_MODEL_SOP_CLASS:
            return None
        usable = (uid for uid in context.transfer_syntaxes if uid in TRANSFER_SYNTAXES)
        return next(usable, ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED)

    def role(self, asked: RoleSelection) -> RoleSelection | None:
        """Either: a peer asks us as the user, and reports to us as the provider."""
        return asked if asked.sop_class_uid == PUSH_MODEL_SOP_CLASS else None

    def handle(self, association: Association, message: Message, origin: Origin) -> None:
        command = decode_command(message.command)
        if command.field == CommandField.N_EVENT_REPORT_RSP:
            self._on_response(association, message, command, origin)
        elif command.field == CommandField.N_EVENT_REPORT_RQ:
            self._on_report(association, message, command, origin)
        elif command.field == CommandField.N_ACTION_RQ and _may_ask(association):
            self._on_request(association, message, command, origin)
        else:
            decline(association, message, command, Status.UNRECOGNIZED_OPERATION, "not an operation of storage commitment in this role")

    def waiting(self, association: Association) -> None:
        """Waits for a result and reports it; the peer's response is handled like every other message of its.

        The peer has the floor: whatever comes from it ends the waiting.
        """
        conversation = self._conversations.get(association)
        if conversation is None or conversation.sent or conversation.closed:
            return
        ae_title = conversation.origin.calling_ae_title
        if not self._queue.expects(ae_title) or association.has_input():
            return
        deadline = time.monotonic() + self._attend_s
        with self._queue.attending(ae_title):
            while self._queue.expects(ae_title) and time.monotonic() < deadline:
                report = self._queue.take(ae_title)
                if report is not None:
                    _send(association, conversation, report)
                    return
                if association.has_input(LOOK_EVERY_S):
                    return

    def ended(self, association: Association) -> None:
        """What the peer has not confirmed on it goes by another one."""
        with self._lock:
            conversation = self._conversations.pop(association, None)
        for report in conversation.sent.values() if conversation is not None else ():
            self._queue.put_back(report)

    def _on_request(self, association: Association, message: Message, command: Command, origin: Origin) -> None:
        raw = read_information(association) if command.has_data_set else b""
        status, comment = self._accept(command, raw, message.context.transfer_syntax, origin)
        if status is not Status.SUCCESS:
            log.warning(
                "commitment.refused",
                association_id=association.record.association_id,
                calling_ae_title=origin.calling_ae_title,
                status=f"{status:04X}",
                reason=comment,
            )
        association.send(message.context.context_id, response(command, status, comment=comment))
        if status is Status.SUCCESS:
            with self._lock:
                conversation = self._conversations.setdefault(association, _Conversation(message.context, origin))
            conversation.context, conversation.closed = message.context, False

    def _accept(self, command: Command, raw: bytes, transfer_syntax_uid: str, origin: Origin) -> tuple[Status, str]:
        """The status of N-ACTION: whether the request was understood and kept, not whether anything is committed (PS3.4 J.3.2.1.3)."""
        if command.sop_class_uid != PUSH_MODEL_SOP_CLASS:
            return Status.NO_SUCH_SOP_CLASS, "not the Storage Commitment Push Model SOP Class"
        if command.sop_instance_uid != PUSH_MODEL_SOP_INSTANCE:
            return Status.NO_SUCH_SOP_INSTANCE, "not the Storage Commitment Push Model SOP Instance"
        if command.number(Element.ACTION_TYPE_ID) != REQUEST_STORAGE_COMMITMENT:
            return Status.NO_SUCH_ACTION, "the only action type is 1"
        try:
            with self._reading:  # a hostile request may take some 200 MB while it is read
                request = read_request(raw, transfer_syntax_uid)
            self._queue.accept(origin.calling_ae_title, origin.principal.partition_id, request)
        except (TooManyReferences, ArchiveBusy, OutOfSpace) as exc:
            return Status.RESOURCE_LIMITATION, str(exc)
        except InvalidInput as exc:
            return Status.INVALID_ARGUMENT_VALUE, str(exc)
        except HounsfieldError as exc:
            return Status.PROCESSING_FAILURE, type(exc).__name__
        return Status.SUCCESS, ""

    def _on_response(self, association: Association, message: Message, command: Command, origin: Origin) -> None:
        if command.has_data_set:
            read_information(association)
        with self._lock:
            conversation = self._conversations.get(association)
        report = conversation.sent.pop(command.message_id_responded_to, None) if conversation is not None else None
        if report is None or conversation is None:
            return
        about = {"ae_title": origin.calling_ae_title, "transaction_uid": report.result.transaction_uid}
        if is_failure(command.status):
            pause_s = self._queue.call_failed(origin.calling_ae_title)
            conversation.closed = True
            self._queue.put_back(report)
            log.warning("commitment.not_reported", **about, status=f"{command.status:04X}", next_attempt_s=pause_s)
            return
        self._queue.confirm(report)
        log.info("commitment.reported", **about)

    def _on_report(self, association: Association, message: Message, command: Command, origin: Origin) -> None:
        raw = read_information(association) if command.has_data_set else b""
        syntax = message.context.transfer_syntax
        status, result = read_report(command.field, command.number(Element.EVENT_TYPE_ID), raw, syntax)
        if result is not None:
            try:
                known = self._take_result(origin, result)
                status = Status.SUCCESS if known else Status.INVALID_ARGUMENT_VALUE
            except HounsfieldError as exc:
                log.warning("commitment.result_lost", ae_title=origin.calling_ae_title, error=type(exc).__name__)
                status = Status.PROCESSING_FAILURE
        association.send(message.context.context_id, response(command, status))


def _send(association: Association, conversation: _Conversation, report: Report) -> None:
    context = conversation.context
    conversation.last_message_id = conversation.last_message_id % 0xFFFF + 1
    conversation.sent[conversation.last_message_id] = report
    implicit_vr = context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
    information = encode_result(report.result, implicit_vr=implicit_vr, retrieve_ae_title=conversation.origin.called_ae_title)
    association.send(context.context_id, report_command(conversation.last_message_id, report.result), information)


def _may_ask(association: Association) -> bool:
    """Whether the peer is the user of the service: by default it is, unless it negotiated otherwise (PS3.7 D.3.3.4)."""
    roles = (role for role in association.answer.roles if role.sop_class_uid == PUSH_MODEL_SOP_CLASS)
    return all(role.scu for role in roles)
