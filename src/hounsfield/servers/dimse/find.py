"""Query/retrieve service class, SCP of C-FIND (PS3.4 C.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.errors import HounsfieldError, InvalidInput
from hounsfield.model.origin import Origin
from hounsfield.model.peers import Permission
from hounsfield.model.time_zone import UTC, OffsetAt
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import Command, CommandField, decode_command, response
from hounsfield.network.errors import NetworkError
from hounsfield.network.pdu import ContextResult, ProposedContext
from hounsfield.network.status import Status
from hounsfield.network.user_information import ExtendedNegotiation
from hounsfield.servers.dimse.ahead import Ahead
from hounsfield.servers.dimse.find_answer import AnswerWriter
from hounsfield.servers.dimse.find_keys import SUPPORTED, Agreed, FindRequest, read_find_request
from hounsfield.servers.dimse.identifier import UnfitIdentifier, receive_identifier
from hounsfield.servers.dimse.information_model import FIND_MODELS
from hounsfield.servers.dimse.service import Service, decline
from hounsfield.servers.outcomes import UNKNOWN, outcome_of
from hounsfield.services.header_attributes import HeaderAttributes
from hounsfield.services.search import Search
from hounsfield.services.search_results import Result, Results

log = structlog.get_logger(__name__)

MAX_ANSWERS = 100_000
"""Of one request; who wants more asks for less at a time."""

CANCEL_POLL_S = 0.1
CANCEL_ANSWERS = 20
"""How often, in time and in answers, the peer is asked whether it still wants them."""

UNABLE_TO_PROCESS = 0xC001

Page = list[Result]


class FindService(Service):
    """Answers C-FIND of the Patient Root, Study Root and Patient/Study Only models.

    headers: where optional keys are answered from that the index does not hold.
    max_answers: of one request; beyond them it ends with A700.
    stored_zone: of dates and times in objects that say no Timezone Offset From UTC.
    """

    permission = Permission.QUERY

    def __init__(self, search: Search, headers: HeaderAttributes, max_answers: int = MAX_ANSWERS, stored_zone: OffsetAt = UTC) -> None:
        self._search = search
        self._headers = headers
        self._max_answers = max_answers
        self._stored_zone = stored_zone

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        if context.abstract_syntax not in FIND_MODELS:
            return None
        usable = (uid for uid in context.transfer_syntaxes if uid in (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN))
        return next(usable, ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED)

    def extend(self, asked: ExtendedNegotiation) -> bytes | None:
        """What is asked for and supported, byte by byte (PS3.4 C.5.1.1.2)."""
        if asked.sop_class_uid not in FIND_MODELS:
            return None
        return bytes(int(want == 1 and can == 1) for want, can in zip(asked.information, SUPPORTED, strict=False)) or None

    def handle(self, association: Association, message: Message, origin: Origin) -> None:
        command = decode_command(message.command)
        if command.field != CommandField.C_FIND_RQ:
            decline(association, message, command, Status.UNRECOGNIZED_OPERATION, "only C-FIND is understood in this context")
            return
        if not command.has_data_set:
            decline(association, message, command, Status.MISTYPED_ARGUMENT, "C-FIND-RQ without an identifier")
            return
        context = message.context
        agreed = Agreed.of(association.extension(context.abstract_syntax))
        status: int
        offending: tuple[int, ...] = ()
        try:
            identifier = receive_identifier(association, context.transfer_syntax)
            request = read_find_request(identifier, FIND_MODELS[context.abstract_syntax], agreed, self._stored_zone)
            implicit = context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
            writer = AnswerWriter(request, association.called_ae_title, identifier.characters, implicit_vr=implicit)
            status, comment = self._answer(association, message, command, origin, request, writer)
        except NetworkError:
            raise
        except UnfitIdentifier as exc:
            status, comment, offending = Status.DATA_SET_DOES_NOT_MATCH, str(exc), exc.offending_elements
        except HounsfieldError as exc:
            status = outcome_of(exc).dimse if isinstance(exc, InvalidInput) else UNABLE_TO_PROCESS
            comment = str(exc)
        except Exception:
            # The edge of the protocol: the peer gets 0x0110 and the log the traceback.
            log.exception("find.failed", association_id=association.record.association_id)
            status, comment = UNKNOWN.dimse, "internal error, see the server's log"
        if status not in (Status.SUCCESS, Status.CANCEL):
            log.warning(
                "find.refused",
                association_id=association.record.association_id,
                calling_ae_title=association.calling_ae_title,
                status=f"{status:04X}",
                elements=[f"{tag:08X}" for tag in offending],
            )
        association.send(context.context_id, response(command, status, comment=comment, offending_elements=offending))

    def _answer(
        self, association: Association, message: Message, command: Command, origin: Origin, request: FindRequest, writer: AnswerWriter
    ) -> tuple[int, str]:
        """Sends an answer for each match; returns how it ended."""
        results = Results(self._search, self._headers, origin, request.wanted)
        if results.quick:
            return self._send(association, message, command, results.pages(), results, writer, partial=request.partial)
        ahead = Ahead(results.pages())
        try:
            pages = _watched(ahead, association, command)
            return self._send(association, message, command, pages, results, writer, partial=request.partial)
        except _Cancelled:
            return Status.CANCEL, ""
        finally:
            ahead.stop()

    def _send(
        self,
        association: Association,
        message: Message,
        command: Command,
        pages: Iterator[Page],
        results: Results,
        writer: AnswerWriter,
        *,
        partial: bool,
    ) -> tuple[int, str]:
        whole, incomplete = (
            response(command, status, has_data_set=True) for status in (Status.PENDING, Status.PENDING_WITHOUT_OPTIONAL_KEYS)
        )
        sent = 0
        for page in pages:
            if not page and association.cancelled(command.message_id):
                return Status.CANCEL, ""
            for result in page:
                if not sent % CANCEL_ANSWERS and association.cancelled(command.message_id):
                    return Status.CANCEL, ""
                if sent == self._max_answers:
                    return Status.OUT_OF_RESOURCES, f"more than {self._max_answers} matches, ask for less"
                lacking = partial or results.partial or (results.reads_headers and result.header is None)
                association.send(message.context.context_id, incomplete if lacking else whole, writer.encode(result))
                sent += 1
        return Status.SUCCESS, ""


class _Cancelled(Exception):
    """The peer has taken the request back while the database was thinking."""


def _watched(ahead: Ahead[Page], association: Association, command: Command) -> Iterator[Page]:
    """Pages as they come; while none does, the peer is listened to. Raises: _Cancelled."""
    while True:
        try:
            page = ahead.take(CANCEL_POLL_S)
        except StopIteration:
            return
        if page is not None:
            yield page
        elif association.cancelled(command.message_id):
            raise _Cancelled
