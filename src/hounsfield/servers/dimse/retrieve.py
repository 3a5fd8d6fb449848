"""Query/retrieve service class, SCP: what C-MOVE and C-GET have in common (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import structlog

from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.errors import DamagedObject, Unavailable
from hounsfield.model.frame_selection import (
    FramesNotExtractable,
    FramesNotFound,
    FramesRefused,
    InvalidFrameSelection,
    NoFrameTimes,
    SOPClassNotExtractable,
)
from hounsfield.model.origin import Origin
from hounsfield.model.peers import Permission
from hounsfield.model.retrieval import Named, NamedFrames, Tally
from hounsfield.network.association import AcceptedContext, Association, Message
from hounsfield.network.dimse import Command, CommandField, decode_command
from hounsfield.network.pdu import ContextResult, ProposedContext
from hounsfield.network.status import Status
from hounsfield.network.user_information import ExtendedNegotiation
from hounsfield.servers.dimse.identifier import UnfitIdentifier, receive_identifier
from hounsfield.servers.dimse.information_model import COMPOSITE_INSTANCE_ROOT, InformationModel
from hounsfield.servers.dimse.retrieve_identifier import asks_for_frames, named_by, named_frames
from hounsfield.servers.dimse.retrieve_responses import RetrieveResponses
from hounsfield.servers.dimse.service import Service, decline
from hounsfield.services.extraction import Extraction
from hounsfield.services.transfer import Plan, Transfer

log = structlog.get_logger(__name__)

IDENTIFIER_SYNTAXES = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)

FRAMES_REFUSED: Mapping[type[FramesRefused], Status] = MappingProxyType(
    {
        FramesNotFound: Status.FRAMES_NOT_FOUND,
        SOPClassNotExtractable: Status.UNABLE_TO_CREATE_OBJECT,
        FramesNotExtractable: Status.UNABLE_TO_EXTRACT_FRAMES,
        NoFrameTimes: Status.NO_FRAME_TIMES,
        InvalidFrameSelection: Status.INVALID_FRAME_REQUEST,
    }
)
"""How a retrieve at FRAME level fails before anything is sent (PS3.4 tables Y.4-1, Y.4-2)."""


class Refused(Exception):
    """The operation is answered with a status before anything is sent."""

    def __init__(self, status: Status, comment: str, offending_elements: tuple[int, ...] = ()) -> None:
        super().__init__(comment)
        self.status = status
        self.comment = comment
        self.offending_elements = offending_elements


class Operation(NamedTuple):
    """One retrieve that is being performed."""

    association: Association
    context: AcceptedContext
    command: Command
    origin: Origin
    responses: RetrieveResponses


class RetrieveService(Service):
    """Reads the request and plans it; how the instances go is the subclass's part.

    models: by SOP class. field: of the request.
    """

    permission = Permission.RETRIEVE
    extracts_frames = True

    def __init__(self, transfer: Transfer, models: Mapping[str, InformationModel], field: CommandField) -> None:
        self._transfer = transfer
        self._models = models
        self._field = field

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        """The first of the two little endian transfer syntaxes."""
        if context.abstract_syntax not in self._models:
            return None
        usable = (uid for uid in context.transfer_syntaxes if uid in IDENTIFIER_SYNTAXES)
        return next(usable, ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED)

    def extend(self, asked: ExtendedNegotiation) -> bytes | None:
        """Relational retrieve, and no conversion of enhanced multi-frame images (PS3.4 C.5.2.1, C.5.3.1)."""
        if asked.sop_class_uid not in self._models or not asked.information:
            return None
        return bytes([asked.information[0] == 1]) + bytes(min(len(asked.information), 2) - 1)

    def handle(self, association: Association, message: Message, origin: Origin) -> None:
        command = decode_command(message.command)
        if command.field != self._field or not command.has_data_set:
            decline(association, message, command, Status.UNRECOGNIZED_OPERATION, f"only {self._field.name} is understood here")
            return
        operation = Operation(association, message.context, command, origin, RetrieveResponses(association, message, command))
        try:
            self.perform(operation)
        except Refused as exc:
            self._log("retrieve.refused", operation, exc.status, reason=exc.comment)
            operation.responses.refuse(exc.status, exc.comment, exc.offending_elements)

    def perform(self, operation: Operation) -> None:
        """Raises: Refused."""
        raise NotImplementedError

    def named(self, operation: Operation) -> Named | NamedFrames:
        """What the identifier names. Raises: Refused."""
        model = self._models[operation.context.abstract_syntax]
        try:
            identifier = receive_identifier(operation.association, operation.context.transfer_syntax)
            if self.extracts_frames and model is COMPOSITE_INSTANCE_ROOT and asks_for_frames(identifier):
                return named_frames(identifier)
            return named_by(identifier, model)
        except UnfitIdentifier as exc:
            raise Refused(Status.DATA_SET_DOES_NOT_MATCH, str(exc), exc.offending_elements) from exc
        except FramesRefused as exc:
            raise Refused(FRAMES_REFUSED[type(exc)], str(exc)) from exc

    def plan(self, operation: Operation, named: Named | NamedFrames) -> Plan | Extraction:
        """The sub-operations. Raises: Refused."""
        plan: Plan | Extraction
        try:
            if isinstance(named, NamedFrames):
                plan = self._transfer.extract(operation.origin, named.sop_instance_uid, named.selection)
            else:
                plan = self._transfer.plan(operation.origin, named)
        except FramesRefused as exc:
            raise Refused(FRAMES_REFUSED[type(exc)], str(exc)) from exc
        except DamagedObject as exc:
            raise Refused(Status.UNABLE_TO_EXTRACT_FRAMES, str(exc)) from exc
        except Unavailable as exc:
            raise Refused(Status.UNABLE_TO_COUNT_MATCHES, str(exc)) from exc
        operation.responses.tally = Tally(len(plan))
        return plan

    def finish(self, operation: Operation, unsent: Iterable[str], *, cancelled: bool = False, gave_up: str = "") -> None:
        """The final response.

        unsent: SOP Instance UIDs of planned instances that were never tried. gave_up: why not.
        """
        tally = operation.responses.tally
        for uid in unsent:
            tally.fail(uid)
        status = operation.responses.finish(cancelled=cancelled and tally.remaining > 0, comment=gave_up)
        self._log("retrieve.done", operation, status, completed=tally.completed, failed=tally.failed, warning=tally.warning, reason=gave_up)

    def _log(self, event: str, operation: Operation, status: Status, **more: str | int) -> None:
        association = operation.association
        log.info(
            event,
            association_id=association.record.association_id,
            calling_ae_title=association.calling_ae_title,
            operation=self._field.name,
            status=f"{status:04X}",
            **more,
        )
