"""Hounsfield as a client of DIMSE services: C-ECHO and C-STORE (PS3.7 9.3.5, 9.3.1)."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hounsfield.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, PREFIX_LIMIT_BYTES, FileMeta, read_prefix
from hounsfield.dicom.sop_classes import VERIFICATION_SOP_CLASS
from hounsfield.dicom.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.errors import UnreadableObject
from hounsfield.network.association import Association
from hounsfield.network.dimse import Command, CommandField, Element, decode_command, request
from hounsfield.network.errors import AssociationLost, AssociationRefused, NeverEstablished, ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import associate, finish
from hounsfield.network.status import Status, is_failure
from hounsfield.network.user_information import RoleSelection

IMPLEMENTATION = Implementation(IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME)
MOST_CONTEXTS = 128
_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 4096
_MEDIUM_PRIORITY = 0


@dataclass(frozen=True, slots=True)
class DimsePeer:
    """Whom to call. calling_ae_title: who we say we are. tls_context: where given, the connection is TLS."""

    ae_title: str
    host: str
    port: int
    calling_ae_title: str = "HOUNSFIELD"
    tls_context: ssl.SSLContext | None = None


def open_association(
    peer: DimsePeer, contexts: Sequence[ProposedContext], limits: AssociationLimits, roles: tuple[RoleSelection, ...] = ()
) -> Association:
    """Returns an established association, at least one context accepted. Raises: Unreachable, AssociationRefused, NeverEstablished."""
    try:
        return associate(
            (peer.host, peer.port),
            peer.calling_ae_title,
            peer.ae_title,
            contexts,
            IMPLEMENTATION,
            limits,
            tls_context=peer.tls_context,
            roles=roles,
        )
    except (AssociationLost, ProtocolError) as exc:
        raise NeverEstablished(str(exc)) from exc


class Sent(NamedTuple):
    """What the peer answered to one file.

    status: None where it was never asked, because the file is not a Part 10 file or no context was accepted for it.
    comment: for a person.
    """

    path: Path
    status: int | None
    comment: str = ""

    @property
    def ok(self) -> bool:
        """Stored, perhaps with a warning."""
        return self.status is not None and not is_failure(self.status)


class _Outgoing(NamedTuple):
    path: Path
    meta: FileMeta


def echo(peer: DimsePeer, limits: AssociationLimits | None = None) -> int:
    """Returns the status of one C-ECHO. Raises: NetworkError."""
    context = ProposedContext(1, VERIFICATION_SOP_CLASS, (IMPLICIT_VR_LITTLE_ENDIAN,))
    association = open_association(peer, [context], limits or AssociationLimits())
    try:
        association.send(1, request(CommandField.C_ECHO_RQ, 1, VERIFICATION_SOP_CLASS, has_data_set=False))
        status = _answer(association, CommandField.C_ECHO_RSP, 1).status
        association.release()
        return status
    finally:
        finish(association)


def send(peer: DimsePeer, files: Iterable[Path], limits: AssociationLimits | None = None) -> Iterator[Sent]:
    """Sends Part 10 files as they are, one answer each, in an order that needs the fewest associations.

    Raises: NetworkError where the association breaks; files without an answer by then were not stored.
    """
    outgoing: dict[tuple[str, str], list[_Outgoing]] = {}
    for path in files:
        try:
            meta = _read_meta(path)
        except (UnreadableObject, OSError) as exc:
            yield Sent(path, None, str(exc))
            continue
        outgoing.setdefault((meta.sop_class_uid, meta.transfer_syntax_uid), []).append(_Outgoing(path, meta))
    kinds = list(outgoing)
    for first in range(0, len(kinds), MOST_CONTEXTS):
        yield from _send_kinds(peer, {kind: outgoing[kind] for kind in kinds[first : first + MOST_CONTEXTS]}, limits or AssociationLimits())


def _send_kinds(peer: DimsePeer, outgoing: dict[tuple[str, str], list[_Outgoing]], limits: AssociationLimits) -> Iterator[Sent]:
    # One context for each pair, so that what is accepted is what the files are: nothing has to be rewritten.
    contexts = [ProposedContext(2 * number + 1, *_offer(kind)) for number, kind in enumerate(outgoing)]
    try:
        association = open_association(peer, contexts, limits)
    except AssociationRefused as exc:
        for entry in (entry for entries in outgoing.values() for entry in entries):
            yield Sent(entry.path, None, str(exc))
        return
    message_id = 0
    try:
        for context, entries in zip(contexts, outgoing.values(), strict=True):
            for entry in entries:
                if context.context_id not in association.contexts:
                    yield Sent(entry.path, None, f"the peer takes no {entry.meta.sop_class_uid} in {entry.meta.transfer_syntax_uid}")
                    continue
                message_id = message_id % 0xFFFF + 1
                yield _send_file(association, context.context_id, message_id, entry)
        association.release()
    finally:
        finish(association)


def _offer(kind: tuple[str, str]) -> tuple[str, tuple[str]]:
    sop_class_uid, transfer_syntax_uid = kind
    return sop_class_uid, (transfer_syntax_uid,)


def _send_file(association: Association, context_id: int, message_id: int, entry: _Outgoing) -> Sent:
    command = request(
        CommandField.C_STORE_RQ,
        message_id,
        entry.meta.sop_class_uid,
        has_data_set=True,
        priority=_MEDIUM_PRIORITY,
        affected_sop_instance_uid=entry.meta.sop_instance_uid,
    )
    with entry.path.open("rb", buffering=0) as file:
        file.seek(entry.meta.length_bytes)
        association.send(context_id, command, iter(lambda: file.read(_CHUNK_BYTES), b""))
    answer = _answer(association, CommandField.C_STORE_RSP, message_id)
    association.record.objects += answer.status == Status.SUCCESS
    return Sent(entry.path, answer.status, _comment_of(answer))


def _read_meta(path: Path) -> FileMeta:
    with path.open("rb", buffering=0) as file:
        head = file.read(_HEAD_BYTES)
        meta = _try_prefix(head)
        if meta is None or not meta.length_bytes < len(head):
            meta = read_prefix(head + file.read(PREFIX_LIMIT_BYTES - len(head)))
    if meta is None or not (meta.sop_class_uid and meta.sop_instance_uid and meta.transfer_syntax_uid):
        raise UnreadableObject(f"{path.name} is not a DICOM file with its identifiers in the file meta information")
    return meta


def _try_prefix(head: bytes) -> FileMeta | None:
    try:
        return read_prefix(head)
    except UnreadableObject:
        return None  # it may go on behind these first bytes


def _answer(association: Association, field: CommandField, message_id: int) -> Command:
    message = association.receive()
    if message is None:
        raise AssociationLost("the peer released the association instead of answering")
    command = decode_command(message.command)
    if command.field != field or command.message_id_responded_to != message_id:
        raise ProtocolError(f"the peer answered {command.field:04X} to message {command.message_id_responded_to}")
    if command.has_data_set:
        association.read_data_set(_drop)
    return command


def _comment_of(answer: Command) -> str:
    return answer.text(Element.ERROR_COMMENT)


def _drop(data: memoryview) -> None:
    """C-ECHO and C-STORE are answered without a data set; whoever sends one is heard out."""
