"""C-MOVE and C-GET as SCU: having a peer send what it holds (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hounsfield.dicom.sop_classes import RETIRED_STORAGE_SOP_CLASSES, STORAGE_SOP_CLASSES
from hounsfield.dicom.tags import SERIES_INSTANCE_UID, SOP_INSTANCE_UID, STUDY_INSTANCE_UID
from hounsfield.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    RLE_LOSSLESS,
    TRANSFER_SYNTAXES,
)
from hounsfield.model.errors import HounsfieldError, InvalidInput, OutOfSpace
from hounsfield.model.identifiers import parse_uid
from hounsfield.model.query import Level
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import Command, CommandField, Element, decode_command, request
from hounsfield.network.errors import AssociationLost, NetworkError, ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import finish
from hounsfield.network.status import Status, is_failure, is_pending
from hounsfield.network.store_messages import StoreRequest, decode_store_request, encode_store_response
from hounsfield.network.transport import Buffer
from hounsfield.network.user_information import RoleSelection
from hounsfield.peers.dimse import MOST_CONTEXTS, DimsePeer, open_association
from hounsfield.peers.query import MEDIUM_PRIORITY, Key, association_for, identifier, raise_failure, read_bounded

STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"

UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
COMMON = (
    *UNCOMPRESSED,
    *(f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 57, 70, 80, 81, 90, 91, 102, 103, 201, 202, 203)),
    RLE_LOSSLESS,
)
"""Offered together where there is no room for each alone: all syntaxes of all classes make a request longer than some peers bear."""

_MESSAGE_ID = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A study, one of its series, or one instance. UIDs; series and instance may be empty."""

    study: str
    series: str = ""
    instance: str = ""

    @classmethod
    def parse(cls, study: str, series: str = "", instance: str = "") -> Wanted:
        """Raises: InvalidUID; InvalidInput where an instance is named without its series."""
        if instance and not series:
            raise InvalidInput("an instance is pulled by its study, its series and its own UID: name all three")
        return cls(parse_uid(study), parse_uid(series) if series else "", parse_uid(instance) if instance else "")

    @property
    def level(self) -> Level:
        """Of the retrieval."""
        return Level.INSTANCE if self.instance else Level.SERIES if self.series else Level.STUDY

    @property
    def keys(self) -> list[Key]:
        """The unique keys down to the level (PS3.4 C.4.2.1.4.1)."""
        named = ((STUDY_INSTANCE_UID, self.study), (SERIES_INSTANCE_UID, self.series), (SOP_INSTANCE_UID, self.instance))
        return [Key(tag, uid) for tag, uid in named if uid]


class Progress(NamedTuple):
    """How many sub-operations are to come, are done, have failed, were done with a remark. is_final: no more follow."""

    remaining: int
    completed: int
    failed: int
    warning: int
    is_final: bool


class Arriving(Protocol):
    """One object on its way in; leaving the context without `finish` leaves no trace of it."""

    def write(self, data: Buffer) -> None:
        """The next bytes of the data set. Raises: HounsfieldError."""

    def finish(self) -> object:
        """Returns once the object is durable. Raises: HounsfieldError."""


Receive = Callable[[str, str, str], AbstractContextManager[Arriving]]
"""Takes an object by its SOP class, SOP Instance and transfer syntax UID. Raises: HounsfieldError."""


def move(peer: DimsePeer, wanted: Wanted, destination: str, limits: AssociationLimits | None = None) -> Iterator[Progress]:
    """Has the peer send to the AE title `destination`; yields its account as it goes on. Raises: QueryFailed and other NetworkErrors."""
    with association_for(peer, STUDY_ROOT_MOVE, limits) as association:
        syntax = association.contexts[1].transfer_syntax
        command = request(
            CommandField.C_MOVE_RQ, _MESSAGE_ID, STUDY_ROOT_MOVE, has_data_set=True, priority=MEDIUM_PRIORITY, move_destination=destination
        )
        association.send(1, command, identifier(wanted.level, wanted.keys, implicit_vr=syntax == IMPLICIT_VR_LITTLE_ENDIAN))
        while True:
            message = _next(association)
            progress = _account(association, message, CommandField.C_MOVE_RSP)
            yield progress
            if progress.is_final:
                return


def get(
    peer: DimsePeer,
    wanted: Wanted,
    sop_classes: Sequence[str],
    receive: Receive,
    limits: AssociationLimits | None = None,
) -> Iterator[Progress]:
    """Has the peer send on the association that asks; yields its account as it goes on.

    sop_classes: of what is wanted, as far as known. Where none are known, as many storage classes are offered as one association takes.
    Raises: QueryFailed and other NetworkErrors. What could not be received is answered with a failure, and is in the peer's account.
    """
    storage = storage_contexts(sop_classes)
    contexts = [ProposedContext(1, STUDY_ROOT_GET, UNCOMPRESSED), *storage]
    offered = dict.fromkeys(context.abstract_syntax for context in storage)
    roles = tuple(RoleSelection(uid, scu=False, scp=True) for uid in offered)
    association = open_association(peer, contexts, limits or AssociationLimits(), roles)
    try:
        if 1 not in association.contexts:
            raise ProtocolError("the peer does not offer C-GET of the Study Root")
        syntax = association.contexts[1].transfer_syntax
        command = request(CommandField.C_GET_RQ, _MESSAGE_ID, STUDY_ROOT_GET, has_data_set=True, priority=MEDIUM_PRIORITY)
        association.send(1, command, identifier(wanted.level, wanted.keys, implicit_vr=syntax == IMPLICIT_VR_LITTLE_ENDIAN))
        is_final = False
        while not is_final:
            message = _next(association)
            store = decode_store_request(message.command)
            if store is not None:
                if message.context.context_id == 1:
                    raise ProtocolError("a C-STORE on the context of C-GET")
                _take(association, message, store, receive)
                continue
            progress = _account(association, message, CommandField.C_GET_RSP)
            is_final = progress.is_final
            yield progress
        association.release()
    finally:
        finish(association)


def storage_contexts(sop_classes: Sequence[str]) -> list[ProposedContext]:
    """Contexts 3, 5, ... for the classes.

    A few classes get a context for each transfer syntax, so that every object can come as it is stored; where there are too many for
    that, each has one context of the common ones, in which the uncompressed come first: every peer can send those.
    """
    room = MOST_CONTEXTS - 1
    compressed = [uid for uid, syntax in TRANSFER_SYNTAXES.items() if syntax.encapsulated]
    each = [UNCOMPRESSED, *((uid,) for uid in compressed), (DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,), (EXPLICIT_VR_BIG_ENDIAN,)]
    classes = list(dict.fromkeys(sop_classes))
    if classes and len(classes) * len(each) <= room:
        pairs = [(uid, syntaxes) for uid in classes for syntaxes in each]
    else:
        current = [uid for uid in STORAGE_SOP_CLASSES if uid not in RETIRED_STORAGE_SOP_CLASSES]
        pairs = [(uid, COMMON) for uid in (classes or current)[:room]]
    return [ProposedContext(2 * number + 3, uid, syntaxes) for number, (uid, syntaxes) in enumerate(pairs)]


def _next(association: Association) -> Message:
    message = association.receive()
    if message is None:
        raise AssociationLost("the peer released the association in the middle of a retrieval")
    return message


def _account(association: Association, message: Message, field: CommandField) -> Progress:
    answer = decode_command(message.command)
    if answer.field != field or answer.message_id_responded_to != _MESSAGE_ID:
        raise ProtocolError(f"the peer answered {answer.field:04X} to a retrieval")
    read_bounded(association, answer)
    if is_failure(answer.status) and not _counted(answer, Element.FAILED_SUBOPERATIONS):
        raise_failure(association, answer)
    return Progress(
        _counted(answer, Element.REMAINING_SUBOPERATIONS),
        _counted(answer, Element.COMPLETED_SUBOPERATIONS),
        _counted(answer, Element.FAILED_SUBOPERATIONS),
        _counted(answer, Element.WARNING_SUBOPERATIONS),
        not is_pending(answer.status),
    )


def _counted(answer: Command, element: Element) -> int:
    return answer.number(element)


def _take(association: Association, message: Message, store: StoreRequest, receive: Receive) -> None:
    context = message.context
    unread = store.has_data_set
    status, comment = Status.SUCCESS, ""
    try:
        with receive(store.sop_class_uid or context.abstract_syntax, store.sop_instance_uid, context.transfer_syntax) as arriving:
            if unread:
                unread = False
                association.read_data_set(arriving.write)
            arriving.finish()
    except NetworkError:
        raise
    except HounsfieldError as exc:
        status, comment = _refusal(exc), str(exc)
    if unread:
        association.read_data_set(_drop)
    association.record.objects += status is Status.SUCCESS
    association.send(context.context_id, encode_store_response(store, status, comment))


def _refusal(error: HounsfieldError) -> Status:
    if isinstance(error, OutOfSpace):
        return Status.OUT_OF_RESOURCES
    return Status.CANNOT_UNDERSTAND if isinstance(error, InvalidInput) else Status.PROCESSING_FAILURE


def _drop(data: memoryview) -> None:
    """The data set of an object that was refused before its first byte."""
