"""Command sets of DIMSE messages, encoded and decoded as Implicit VR Little Endian (PS3.7 6.3, annex E)."""

from __future__ import annotations

import enum
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hounsfield.network.errors import ProtocolError
from hounsfield.network.octets import INVALID_PARAMETER
from hounsfield.network.status import Status

NO_DATA_SET = 0x0101
"""Value of (0000,0800) where no data set follows."""

DATA_SET_FOLLOWS = 0x0001

ERROR_COMMENT_MAX_CHARACTERS = 64

RESPONSE_BIT = 0x8000

_ELEMENT = struct.Struct("<HHL")
_US = struct.Struct("<H")
_UL = struct.Struct("<L")
_AT = struct.Struct("<HH")

Value = int | str | tuple[int, ...] | bytes


class CommandField(enum.IntEnum):
    """Value of (0000,0100) (PS3.7 table E.1-1)."""

    C_STORE_RQ = 0x0001
    C_STORE_RSP = 0x8001
    C_GET_RQ = 0x0010
    C_GET_RSP = 0x8010
    C_FIND_RQ = 0x0020
    C_FIND_RSP = 0x8020
    C_MOVE_RQ = 0x0021
    C_MOVE_RSP = 0x8021
    C_ECHO_RQ = 0x0030
    C_ECHO_RSP = 0x8030
    N_EVENT_REPORT_RQ = 0x0100
    N_EVENT_REPORT_RSP = 0x8100
    N_GET_RQ = 0x0110
    N_GET_RSP = 0x8110
    N_SET_RQ = 0x0120
    N_SET_RSP = 0x8120
    N_ACTION_RQ = 0x0130
    N_ACTION_RSP = 0x8130
    N_CREATE_RQ = 0x0140
    N_CREATE_RSP = 0x8140
    N_DELETE_RQ = 0x0150
    N_DELETE_RSP = 0x8150
    C_CANCEL_RQ = 0x0FFF


class Element(enum.IntEnum):
    """Element numbers of group 0000 (PS3.7 table E.1-1)."""

    GROUP_LENGTH = 0x0000
    AFFECTED_SOP_CLASS_UID = 0x0002
    REQUESTED_SOP_CLASS_UID = 0x0003
    COMMAND_FIELD = 0x0100
    MESSAGE_ID = 0x0110
    MESSAGE_ID_RESPONDED_TO = 0x0120
    MOVE_DESTINATION = 0x0600
    PRIORITY = 0x0700
    DATA_SET_TYPE = 0x0800
    STATUS = 0x0900
    OFFENDING_ELEMENT = 0x0901
    ERROR_COMMENT = 0x0902
    ERROR_ID = 0x0903
    AFFECTED_SOP_INSTANCE_UID = 0x1000
    REQUESTED_SOP_INSTANCE_UID = 0x1001
    EVENT_TYPE_ID = 0x1002
    ATTRIBUTE_IDENTIFIER_LIST = 0x1005
    ACTION_TYPE_ID = 0x1008
    REMAINING_SUBOPERATIONS = 0x1020
    COMPLETED_SUBOPERATIONS = 0x1021
    FAILED_SUBOPERATIONS = 0x1022
    WARNING_SUBOPERATIONS = 0x1023
    MOVE_ORIGINATOR_AE_TITLE = 0x1030
    MOVE_ORIGINATOR_MESSAGE_ID = 0x1031


class _VR(enum.Enum):
    US = "US"
    UL = "UL"
    UI = "UI"
    AE = "AE"
    LO = "LO"
    AT = "AT"


_VR_OF: Mapping[int, _VR] = MappingProxyType[int, _VR](
    dict.fromkeys(map(int, Element), _VR.US)
    | {Element.GROUP_LENGTH: _VR.UL, Element.ERROR_COMMENT: _VR.LO}
    | dict.fromkeys((Element.MOVE_DESTINATION, Element.MOVE_ORIGINATOR_AE_TITLE), _VR.AE)
    | dict.fromkeys((Element.OFFENDING_ELEMENT, Element.ATTRIBUTE_IDENTIFIER_LIST), _VR.AT)
    | dict.fromkeys(
        (
            Element.AFFECTED_SOP_CLASS_UID,
            Element.REQUESTED_SOP_CLASS_UID,
            Element.AFFECTED_SOP_INSTANCE_UID,
            Element.REQUESTED_SOP_INSTANCE_UID,
        ),
        _VR.UI,
    )
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command set. values: by element number; UL and US int, UI, AE and LO str without padding, AT a tuple of tags.

    The group length is left out: it is written anew by `encode_command`.
    """

    values: Mapping[int, Value]

    def number(self, element: Element, default: int = 0) -> int:
        """A US or UL value."""
        value = self.values.get(element, default)
        return value if isinstance(value, int) else default

    def text(self, element: Element) -> str:
        """A UI, AE or LO value, empty where absent."""
        value = self.values.get(element, "")
        return value if isinstance(value, str) else ""

    @property
    def field(self) -> int:
        """The Command Field; may be one that we do not know."""
        return self.number(Element.COMMAND_FIELD)

    @property
    def is_response(self) -> bool:
        """Whether it answers a request."""
        return bool(self.field & RESPONSE_BIT)

    @property
    def message_id(self) -> int:
        """Of a request."""
        return self.number(Element.MESSAGE_ID)

    @property
    def message_id_responded_to(self) -> int:
        """Of a response, or of the request that C-CANCEL means."""
        return self.number(Element.MESSAGE_ID_RESPONDED_TO)

    @property
    def has_data_set(self) -> bool:
        """Whether a data set follows."""
        return self.number(Element.DATA_SET_TYPE, NO_DATA_SET) != NO_DATA_SET

    @property
    def status(self) -> int:
        """Of a response."""
        return self.number(Element.STATUS)

    @property
    def sop_class_uid(self) -> str:
        """The affected, or else the requested one."""
        return self.text(Element.AFFECTED_SOP_CLASS_UID) or self.text(Element.REQUESTED_SOP_CLASS_UID)

    @property
    def sop_instance_uid(self) -> str:
        """The affected, or else the requested one."""
        return self.text(Element.AFFECTED_SOP_INSTANCE_UID) or self.text(Element.REQUESTED_SOP_INSTANCE_UID)


def encode_command(values: Mapping[int, Value]) -> bytes:
    """Returns the command set with its group length, elements in ascending order."""
    body = b"".join(_encode_element(element, values[element]) for element in sorted(values) if element != Element.GROUP_LENGTH)
    return _ELEMENT.pack(0, 0, 4) + _UL.pack(len(body)) + body


def decode_command(raw: bytes) -> Command:
    """Elements in any order; those we do not know are kept as bytes. Raises: ProtocolError."""
    values: dict[int, Value] = {}
    offset, end = 0, len(raw)
    while offset < end:
        if end - offset < 8:
            raise ProtocolError("a command set that ends within an element", INVALID_PARAMETER)
        group, element, length = _ELEMENT.unpack_from(raw, offset)
        offset += 8
        if group or length > end - offset:
            raise ProtocolError(f"({group:04X},{element:04X}) of {length} octets in a command set", INVALID_PARAMETER)
        values[element] = _decode_value(element, raw[offset : offset + length])
        offset += length
    values.pop(Element.GROUP_LENGTH, None)
    if Element.COMMAND_FIELD not in values or Element.DATA_SET_TYPE not in values:
        raise ProtocolError("a command set without Command Field or Command Data Set Type", INVALID_PARAMETER)
    return Command(values)


_OF_A_REQUESTED_CLASS = frozenset({CommandField.N_GET_RQ, CommandField.N_SET_RQ, CommandField.N_ACTION_RQ, CommandField.N_DELETE_RQ})
"""What is done to an instance that exists names its class as the requested one (PS3.7 10.3)."""


def request(field: CommandField, message_id: int, sop_class_uid: str, *, has_data_set: bool, **more: Value) -> bytes:
    """Encodes a request. more: further elements by the names of `Element`, in lower case."""
    sop_class = Element.REQUESTED_SOP_CLASS_UID if field in _OF_A_REQUESTED_CLASS else Element.AFFECTED_SOP_CLASS_UID
    values: dict[int, Value] = {
        sop_class: sop_class_uid,
        Element.COMMAND_FIELD: field,
        Element.MESSAGE_ID: message_id,
        Element.DATA_SET_TYPE: DATA_SET_FOLLOWS if has_data_set else NO_DATA_SET,
    }
    values.update({Element[name.upper()]: value for name, value in more.items()})
    return encode_command(values)


def response(
    to: Command,
    status: int,
    *,
    has_data_set: bool = False,
    comment: str = "",
    offending_elements: tuple[int, ...] = (),
) -> bytes:
    """Encodes the response to a request. Class and instance, event and action type are repeated from it.

    comment: for a person; cut to what (0000,0902) can hold. offending_elements: tags.
    """
    values: dict[int, Value] = {
        Element.COMMAND_FIELD: (to.field | RESPONSE_BIT) & 0xFFFF,
        Element.MESSAGE_ID_RESPONDED_TO: to.message_id,
        Element.DATA_SET_TYPE: DATA_SET_FOLLOWS if has_data_set else NO_DATA_SET,
        Element.STATUS: status,
    }
    if to.sop_class_uid:
        values[Element.AFFECTED_SOP_CLASS_UID] = to.sop_class_uid
    if to.sop_instance_uid:
        values[Element.AFFECTED_SOP_INSTANCE_UID] = to.sop_instance_uid
    for element in (Element.EVENT_TYPE_ID, Element.ACTION_TYPE_ID):
        if element in to.values:
            values[element] = to.number(element)
    if comment:
        values[Element.ERROR_COMMENT] = error_comment(comment)
    if offending_elements:
        values[Element.OFFENDING_ELEMENT] = offending_elements
    return encode_command(values)


def error_comment(text: str) -> str:
    """What fits into (0000,0902): 64 characters of the default repertoire, without backslash or control characters."""
    printable = "".join(letter if " " <= letter <= "~" and letter != "\\" else "?" for letter in text)
    return printable[:ERROR_COMMENT_MAX_CHARACTERS]


def _encode_element(element: int, value: Value) -> bytes:
    vr = _VR_OF.get(element)
    match value:
        case int():
            body = _UL.pack(value) if vr is _VR.UL else _US.pack(value)
        case str():
            body = value.encode("latin-1")
            if len(body) % 2:
                body += b"\0" if vr is _VR.UI else b" "
        case tuple():
            body = b"".join(_AT.pack(tag >> 16, tag & 0xFFFF) for tag in value)
        case _:
            body = value
    return _ELEMENT.pack(0, element, len(body)) + body


def _decode_value(element: int, raw: bytes) -> Value:
    vr = _VR_OF.get(element)
    if vr is None:
        return raw
    if vr in (_VR.US, _VR.UL):
        if len(raw) != (2 if vr is _VR.US else 4):
            raise ProtocolError(f"(0000,{element:04X}) of {len(raw)} octets", INVALID_PARAMETER)
        return int.from_bytes(raw, "little")
    if vr is _VR.AT:
        if len(raw) % 4:
            raise ProtocolError(f"(0000,{element:04X}) of {len(raw)} octets", INVALID_PARAMETER)
        return tuple(group << 16 | number for group, number in _AT.iter_unpack(raw))
    return raw.decode("latin-1").strip("\0 ")


__all__ = [
    "DATA_SET_FOLLOWS",
    "NO_DATA_SET",
    "Command",
    "CommandField",
    "Element",
    "Status",
    "Value",
    "decode_command",
    "encode_command",
    "error_comment",
    "request",
    "response",
]
