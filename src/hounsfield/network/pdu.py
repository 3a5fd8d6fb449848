"""The seven PDU types of the DICOM upper layer, encoded and decoded without input or output (PS3.8 9.3)."""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from hounsfield.network.errors import ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.octets import INVALID_PARAMETER, Cursor, item, uid_bytes
from hounsfield.network.user_information import UserInformation, decode_user_information, encode_user_information

APPLICATION_CONTEXT_NAME = "1.2.840.10008.3.1.1.1"
"""The DICOM application context (PS3.7 annex A.2.1)."""

HEADER_LENGTH_BYTES = 6
"""Type, reserved octet and four octets of length, common to all PDUs."""

FIXED_PART_BYTES = 68
"""Of A-ASSOCIATE-RQ and -AC, behind the header: version, titles, reserved (PS3.8 tables 9-11, 9-17)."""

_HEADER = struct.Struct(">BxL")
_FIXED = struct.Struct(">H2x16s16s32x")

_APPLICATION_CONTEXT_ITEM = 0x10
_PROPOSED_CONTEXT_ITEM = 0x20
_ANSWERED_CONTEXT_ITEM = 0x21
_ABSTRACT_SYNTAX_ITEM = 0x30
_TRANSFER_SYNTAX_ITEM = 0x40
_USER_INFORMATION_ITEM = 0x50
_ITEMS_BESIDE_CONTEXTS = 32
"""Two are known; the others are for later editions and oddities."""


class PDUType(enum.IntEnum):
    """First octet of a PDU (PS3.8 9.3.1)."""

    ASSOCIATE_RQ = 0x01
    ASSOCIATE_AC = 0x02
    ASSOCIATE_RJ = 0x03
    P_DATA_TF = 0x04
    RELEASE_RQ = 0x05
    RELEASE_RP = 0x06
    ABORT = 0x07


class ContextResult(enum.IntEnum):
    """Result of a presentation context (PS3.8 table 9-18)."""

    ACCEPTANCE = 0
    USER_REJECTION = 1
    NO_REASON = 2
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


class AbortSource(enum.IntEnum):
    """Who aborts (PS3.8 table 9-26)."""

    SERVICE_USER = 0
    SERVICE_PROVIDER = 2


class AbortReason(enum.IntEnum):
    """Why the service provider aborts (PS3.8 table 9-26)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    UNRECOGNIZED_PARAMETER = 4
    UNEXPECTED_PARAMETER = 5
    INVALID_PARAMETER = INVALID_PARAMETER


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """Presentation context item of a request (PS3.8 9.3.2.2)."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnsweredContext:
    """Presentation context item of an acceptance (PS3.8 9.3.3.2). transfer_syntax: not significant unless accepted."""

    context_id: int
    result: int
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2). Titles without surrounding spaces, not yet judged."""

    called_ae_title: str
    calling_ae_title: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation = field(default_factory=UserInformation)
    application_context: str = APPLICATION_CONTEXT_NAME
    protocol_version: int = 1


@dataclass(frozen=True, slots=True)
class AssociateAccept:
    """A-ASSOCIATE-AC (PS3.8 9.3.3); the titles repeat those of the request."""

    called_ae_title: str
    calling_ae_title: str
    contexts: tuple[AnsweredContext, ...]
    user: UserInformation = field(default_factory=UserInformation)
    application_context: str = APPLICATION_CONTEXT_NAME
    protocol_version: int = 1


@dataclass(frozen=True, slots=True)
class AssociateReject:
    """A-ASSOCIATE-RJ (PS3.8 table 9-21): result 1 permanent, 2 transient; source 1 user, 2 and 3 provider; reason."""

    result: int
    source: int
    reason: int


NO_REASON_GIVEN = AssociateReject(1, 1, 1)
APPLICATION_CONTEXT_NOT_SUPPORTED = AssociateReject(1, 1, 2)
CALLING_AE_TITLE_NOT_RECOGNIZED = AssociateReject(1, 1, 3)
CALLED_AE_TITLE_NOT_RECOGNIZED = AssociateReject(1, 1, 7)
PROTOCOL_VERSION_NOT_SUPPORTED = AssociateReject(1, 2, 2)
TEMPORARY_CONGESTION = AssociateReject(2, 3, 1)
LOCAL_LIMIT_EXCEEDED = AssociateReject(2, 3, 2)


@dataclass(frozen=True, slots=True)
class PDV:
    """A presentation data value: a fragment of a command or data set (PS3.8 9.3.5.1, annex E.2)."""

    context_id: int
    is_command: bool
    is_last: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class DataTransfer:
    """P-DATA-TF (PS3.8 9.3.5)."""

    values: tuple[PDV, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A-RELEASE-RQ (PS3.8 9.3.6)."""


@dataclass(frozen=True, slots=True)
class ReleaseResponse:
    """A-RELEASE-RP (PS3.8 9.3.7)."""


@dataclass(frozen=True, slots=True)
class Abort:
    """A-ABORT (PS3.8 9.3.8)."""

    source: int
    reason: int = 0


PDU = AssociateRequest | AssociateAccept | AssociateReject | DataTransfer | ReleaseRequest | ReleaseResponse | Abort


def encode_pdu(pdu: PDU) -> bytes:
    """Returns the PDU with its header."""
    match pdu:
        case AssociateRequest():
            contexts = b"".join(_encode_proposed(context) for context in pdu.contexts)
            return _frame(PDUType.ASSOCIATE_RQ, _associate_body(pdu, contexts))
        case AssociateAccept():
            contexts = b"".join(_encode_answered(context) for context in pdu.contexts)
            return _frame(PDUType.ASSOCIATE_AC, _associate_body(pdu, contexts))
        case AssociateReject():
            return _frame(PDUType.ASSOCIATE_RJ, bytes((0, pdu.result, pdu.source, pdu.reason)))
        case DataTransfer():
            return _frame(PDUType.P_DATA_TF, b"".join(_encode_pdv(value) for value in pdu.values))
        case ReleaseRequest():
            return _frame(PDUType.RELEASE_RQ, bytes(4))
        case ReleaseResponse():
            return _frame(PDUType.RELEASE_RP, bytes(4))
        case Abort():
            return _frame(PDUType.ABORT, bytes((0, 0, pdu.source, pdu.reason)))


def decode_pdu(raw: bytes | bytearray | memoryview, limits: AssociationLimits) -> PDU:
    """Decodes one whole PDU, header included. Raises: ProtocolError, and nothing else, whatever the bytes."""
    view = memoryview(raw)
    if len(view) < HEADER_LENGTH_BYTES:
        raise ProtocolError("less than a PDU header")
    kind, length = _HEADER.unpack_from(view)
    if len(view) != HEADER_LENGTH_BYTES + length:
        raise ProtocolError(f"a PDU of {length} octets in {len(view) - HEADER_LENGTH_BYTES}")
    check_length(kind, length, limits)
    body = Cursor(view[HEADER_LENGTH_BYTES:])
    match kind:
        case 0x01:
            return _decode_request(body, limits)
        case 0x02:
            return _decode_accept(body, limits)
        case 0x03:
            body.u8()
            return AssociateReject(body.u8(), body.u8(), body.u8())
        case 0x04:
            return _decode_data_transfer(body)
        case 0x05:
            return ReleaseRequest()
        case 0x06:
            return ReleaseResponse()
        case _:
            body.u16()
            return Abort(body.u8(), body.u8())


def check_length(kind: int, length: int, limits: AssociationLimits) -> None:
    """Judges a header before its body is waited for. Raises: ProtocolError."""
    if kind == PDUType.P_DATA_TF:
        if length > limits.max_pdu_length_bytes:
            raise ProtocolError(f"a P-DATA-TF of {length} octets, we take {limits.max_pdu_length_bytes}", INVALID_PARAMETER)
    elif kind in (PDUType.ASSOCIATE_RQ, PDUType.ASSOCIATE_AC):
        if not FIXED_PART_BYTES <= length <= limits.max_associate_bytes:
            raise ProtocolError(f"an association PDU of {length} octets, we take {limits.max_associate_bytes}", INVALID_PARAMETER)
    elif kind in (PDUType.ASSOCIATE_RJ, PDUType.RELEASE_RQ, PDUType.RELEASE_RP, PDUType.ABORT):
        if length != 4:
            raise ProtocolError(f"a PDU of type {kind:02X} and {length} octets", INVALID_PARAMETER)
    else:
        raise ProtocolError(f"a PDU of unknown type {kind:02X}", AbortReason.UNRECOGNIZED_PDU)


def _frame(kind: PDUType, body: bytes) -> bytes:
    return _HEADER.pack(kind, len(body)) + body


def _associate_body(pdu: AssociateRequest | AssociateAccept, contexts: bytes) -> bytes:
    called = pdu.called_ae_title.encode("latin-1").ljust(16)
    calling = pdu.calling_ae_title.encode("latin-1").ljust(16)
    if len(called) > 16 or len(calling) > 16:
        raise ValueError("an AE title of more than 16 characters")
    return (
        _FIXED.pack(pdu.protocol_version, called, calling)
        + item(_APPLICATION_CONTEXT_ITEM, uid_bytes(pdu.application_context))
        + contexts
        + item(_USER_INFORMATION_ITEM, encode_user_information(pdu.user))
    )


def _encode_proposed(context: ProposedContext) -> bytes:
    syntaxes = b"".join(item(_TRANSFER_SYNTAX_ITEM, uid_bytes(uid)) for uid in context.transfer_syntaxes)
    abstract = item(_ABSTRACT_SYNTAX_ITEM, uid_bytes(context.abstract_syntax))
    return item(_PROPOSED_CONTEXT_ITEM, bytes((context.context_id, 0, 0, 0)) + abstract + syntaxes)


def _encode_answered(context: AnsweredContext) -> bytes:
    syntax = item(_TRANSFER_SYNTAX_ITEM, uid_bytes(context.transfer_syntax))
    return item(_ANSWERED_CONTEXT_ITEM, bytes((context.context_id, 0, context.result, 0)) + syntax)


def _encode_pdv(value: PDV) -> bytes:
    control = value.is_command | value.is_last << 1
    return struct.pack(">LBB", len(value.data) + 2, value.context_id, control) + value.data


def _decode_request(body: Cursor, limits: AssociationLimits) -> AssociateRequest:
    version, called, calling = _FIXED.unpack(body.take(FIXED_PART_BYTES))
    application_context = ""
    contexts: list[ProposedContext] = []
    user = UserInformation()
    seen: set[int] = set()
    for kind, content in _items(body, limits):
        if kind == _APPLICATION_CONTEXT_ITEM:
            application_context = content.rest_as_uid()
        elif kind == _PROPOSED_CONTEXT_ITEM:
            contexts.append(_decode_proposed(content, limits))
            _check_context_id(contexts[-1].context_id, seen, limits)
        elif kind == _USER_INFORMATION_ITEM:
            user = decode_user_information(content.rest(), limits)
    return AssociateRequest(_title(called), _title(calling), tuple(contexts), user, application_context, version)


def _decode_accept(body: Cursor, limits: AssociationLimits) -> AssociateAccept:
    version, called, calling = _FIXED.unpack(body.take(FIXED_PART_BYTES))
    application_context = ""
    contexts: list[AnsweredContext] = []
    user = UserInformation()
    seen: set[int] = set()
    for kind, content in _items(body, limits):
        if kind == _APPLICATION_CONTEXT_ITEM:
            application_context = content.rest_as_uid()
        elif kind == _ANSWERED_CONTEXT_ITEM:
            contexts.append(_decode_answered(content))
            _check_context_id(contexts[-1].context_id, seen, limits)
        elif kind == _USER_INFORMATION_ITEM:
            user = decode_user_information(content.rest(), limits)
    return AssociateAccept(_title(called), _title(calling), tuple(contexts), user, application_context, version)


def _items(body: Cursor, limits: AssociationLimits) -> Iterator[tuple[int, Cursor]]:
    for _ in range(limits.max_contexts + _ITEMS_BESIDE_CONTEXTS):
        if not body.left:
            return
        yield body.item()
    if body.left:
        raise ProtocolError("more items than an association PDU has use for", INVALID_PARAMETER)


def _check_context_id(context_id: int, seen: set[int], limits: AssociationLimits) -> None:
    if len(seen) >= limits.max_contexts:
        raise ProtocolError(f"more than {limits.max_contexts} presentation contexts", INVALID_PARAMETER)
    if context_id % 2 == 0 or context_id in seen:
        raise ProtocolError(f"presentation context {context_id} is even or comes twice", INVALID_PARAMETER)
    seen.add(context_id)


def _decode_proposed(content: Cursor, limits: AssociationLimits) -> ProposedContext:
    context_id = content.u8()
    content.take(3)
    abstract_syntax = ""
    syntaxes: list[str] = []
    while content.left:
        kind, name = content.item()
        if kind == _ABSTRACT_SYNTAX_ITEM:
            abstract_syntax = name.rest_as_uid()
        elif kind == _TRANSFER_SYNTAX_ITEM:
            if len(syntaxes) >= limits.max_transfer_syntaxes:
                raise ProtocolError(f"more than {limits.max_transfer_syntaxes} transfer syntaxes in a context", INVALID_PARAMETER)
            syntaxes.append(name.rest_as_uid())
    return ProposedContext(context_id, abstract_syntax, tuple(syntaxes))


def _decode_answered(content: Cursor) -> AnsweredContext:
    context_id = content.u8()
    content.u8()
    result = content.u8()
    content.u8()
    transfer_syntax = ""
    while content.left:
        kind, name = content.item()
        if kind == _TRANSFER_SYNTAX_ITEM:
            transfer_syntax = name.rest_as_uid()
    return AnsweredContext(context_id, result, transfer_syntax)


def _decode_data_transfer(body: Cursor) -> DataTransfer:
    values: list[PDV] = []
    while body.left:
        length = body.u32()
        if length < 2:
            raise ProtocolError(f"a presentation data value of {length} octets", INVALID_PARAMETER)
        content = body.take(length)
        values.append(PDV(content[0], bool(content[1] & 1), bool(content[1] & 2), bytes(content[2:])))
    return DataTransfer(tuple(values))


def _title(raw: bytes) -> str:
    return raw.decode("latin-1").strip("\0 ")
