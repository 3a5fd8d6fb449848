"""Verification service class, SCP: C-ECHO (PS3.4 annex A)."""

from __future__ import annotations

from hounsfield.dicom.sop_classes import VERIFICATION_SOP_CLASS
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.origin import Origin
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import CommandField, decode_command, response
from hounsfield.network.pdu import ContextResult, ProposedContext
from hounsfield.network.status import Status
from hounsfield.servers.dimse.service import Service, decline


class VerificationService(Service):
    """Answers C-ECHO."""

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        if context.abstract_syntax != VERIFICATION_SOP_CLASS:
            return None
        for uid in context.transfer_syntaxes:
            if uid in (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN):
                return uid
        # C-ECHO has no data set, so that any transfer syntax of the standard would do; a private one says nothing to us.
        return next(
            (uid for uid in context.transfer_syntaxes if uid.startswith("1.2.840.10008.1.2")),
            ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED,
        )

    def handle(self, association: Association, message: Message, origin: Origin) -> None:
        command = decode_command(message.command)
        if command.field != CommandField.C_ECHO_RQ or command.has_data_set:
            decline(association, message, command, Status.UNRECOGNIZED_OPERATION, "only C-ECHO is understood here")
            return
        association.send(message.context.context_id, response(command, Status.SUCCESS))
