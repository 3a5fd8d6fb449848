"""Responses of C-MOVE and C-GET: counts while it goes on, and what came of it (PS3.4 C.4.2.1.5 to C.4.2.3.1)."""

from __future__ import annotations

import time
from collections.abc import Callable

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.retrieval import Tally
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import (
    DATA_SET_FOLLOWS,
    NO_DATA_SET,
    RESPONSE_BIT,
    Command,
    Element,
    Value,
    encode_command,
    error_comment,
    response,
)
from hounsfield.network.status import Status
from hounsfield.peers.store_operations import Sent

PENDING_EVERY_S = 0.5
"""Between two pending responses. Thousands of objects go in that time; a user interface needs no more."""

FAILED_SOP_INSTANCE_UID_LIST = 0x00080058
_MOST_COUNTED = 0xFFFF


class RetrieveResponses:
    """Answers one C-MOVE or C-GET."""

    def __init__(
        self,
        association: Association,
        message: Message,
        command: Command,
        *,
        pending_every_s: float = PENDING_EVERY_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._association = association
        self._context = message.context
        self._command = command
        self._pending_every_s = pending_every_s
        self._now = now
        self._pending_due = now() + pending_every_s
        self._why = ""
        self.tally = Tally(0)

    def refuse(self, status: Status, comment: str, offending_elements: tuple[int, ...] = ()) -> None:
        """Nothing was begun."""
        self._association.send(
            self._context.context_id, response(self._command, status, comment=comment, offending_elements=offending_elements)
        )

    def count(self, sent: Sent) -> None:
        """One sub-operation is over; says so where it is time."""
        if sent.ok:
            self.tally.complete(with_warning=sent.warned)
        else:
            self.tally.fail(sent.instance.sop_instance_uid)
            self._why = self._why or sent.comment or f"the first failure was answered {sent.status or 0:04X}"
        if self._now() >= self._pending_due and self.tally.remaining:
            self._pending_due = self._now() + self._pending_every_s
            self._send(Status.PENDING)

    def finish(self, *, cancelled: bool = False, comment: str = "") -> Status:
        """The final response; its status. comment: else that of the first failure, if there was one."""
        status = final_status(self.tally, cancelled=cancelled)
        self._send(status, comment or self._why)
        return status

    def _send(self, status: Status, comment: str = "") -> None:
        tally = self.tally
        counts: dict[int, Value] = {
            Element.COMPLETED_SUBOPERATIONS: tally.completed,
            Element.FAILED_SUBOPERATIONS: tally.failed,
            Element.WARNING_SUBOPERATIONS: tally.warning,
        }
        if status in (Status.PENDING, Status.CANCEL):  # in other responses it shall not be (PS3.4 C.4.2.1.6)
            counts[Element.REMAINING_SUBOPERATIONS] = tally.remaining
        identifier = b"" if status is Status.PENDING or not tally.failed_uids else self._failed_list()
        values: dict[int, Value] = {
            Element.AFFECTED_SOP_CLASS_UID: self._command.sop_class_uid,
            Element.COMMAND_FIELD: self._command.field | RESPONSE_BIT,
            Element.MESSAGE_ID_RESPONDED_TO: self._command.message_id,
            Element.DATA_SET_TYPE: DATA_SET_FOLLOWS if identifier else NO_DATA_SET,
            Element.STATUS: status,
        }
        if comment:
            values[Element.ERROR_COMMENT] = error_comment(comment)
        values |= {element: min(number, _MOST_COUNTED) for element, number in counts.items() if isinstance(number, int)}
        self._association.send(self._context.context_id, encode_command(values), identifier or None)

    def _failed_list(self) -> bytes:
        element = NewElement(FAILED_SOP_INSTANCE_UID_LIST, "UI", "\\".join(self.tally.failed_uids))
        return encode_data_set([element], implicit_vr=transfer_syntax(self._context.transfer_syntax).implicit_vr)


def final_status(tally: Tally, *, cancelled: bool) -> Status:
    """What the counts amount to (PS3.4 C.4.2.3.1): nothing done is a failure, something not done a warning."""
    if cancelled:
        return Status.CANCEL
    if not tally.failed and not tally.warning:
        return Status.SUCCESS
    if tally.failed and not tally.completed and not tally.warning:
        return Status.UNABLE_TO_PERFORM_SUBOPERATIONS
    return Status.COERCION_OF_DATA_ELEMENTS
