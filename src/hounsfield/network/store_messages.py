"""C-STORE's two command sets, for the one path where every microsecond is spent thousands of times a second.

A stock sender writes the elements of C-STORE-RQ always in the same order with the same lengths; two reads at fixed places
take them all. Anything else goes through the generic decoder, with the same result (a property test holds them together).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from hounsfield.network.dimse import NO_DATA_SET, CommandField, Element, decode_command, encode_command, error_comment
from hounsfield.network.status import Status

_HEAD = struct.Struct("<HHLLHHL")
"""(0000,0000) with its value, the header of (0000,0002)."""
_MIDDLE = struct.Struct("<LLHLLHLLHLLHLL")
"""(0000,0100), (0000,0110), (0000,0700) and (0000,0800) with their values, the header of (0000,1000). Tags read as one number."""
_HEAD_BYTES = _HEAD.size
_MIDDLE_BYTES = _MIDDLE.size

_RESPONSE_MIDDLE = struct.Struct("<LLHLLHLLHLLH")
_RESPONSE_TAIL = struct.Struct("<LLHLLHLLHLLHLL")
"""(0000,0100), (0000,0120), (0000,0800) and (0000,0900) with their values, the header of (0000,1000)."""
_RESPONSE_TAIL_BYTES = _RESPONSE_TAIL.size

_FIELD_TAG = 0x0100 << 16
_ID_TAG = 0x0110 << 16
_RESPONDED_TAG = 0x0120 << 16
_PRIORITY_TAG = 0x0700 << 16
_DATA_SET_TAG = 0x0800 << 16
_STATUS_TAG = 0x0900 << 16
_INSTANCE_TAG = 0x1000 << 16
_UID_HEADER = struct.Struct("<LL")
_GROUP_LENGTH = struct.Struct("<LLL")
_CLASS_TAG = 0x0002 << 16


class StoreRequest(NamedTuple):
    """C-STORE-RQ (PS3.7 9.3.1.1). UIDs without padding."""

    message_id: int
    sop_class_uid: str
    sop_instance_uid: str
    has_data_set: bool


def decode_store_request(command: bytes) -> StoreRequest | None:
    """Returns None where the command is another one. Raises: ProtocolError."""
    size = len(command)
    if size >= _HEAD_BYTES:
        _, _, length, _, group, element, class_length = _HEAD.unpack_from(command)
        middle = _HEAD_BYTES + class_length
        instance = middle + _MIDDLE_BYTES
        if length == 4 and group == 0 and element == 2 and size >= instance:
            (tag1, len1, field, tag2, len2, message_id, tag3, len3, _, tag4, len4, data_set, tag5, len5) = _MIDDLE.unpack_from(
                command, middle
            )
            if (
                field == 1
                and (tag1, tag2, tag3, tag4, tag5) == (_FIELD_TAG, _ID_TAG, _PRIORITY_TAG, _DATA_SET_TAG, _INSTANCE_TAG)
                and len1 == len2 == len3 == len4 == 2
                and instance + len5 == size
                and command[:4] == b"\0\0\0\0"
            ):
                return StoreRequest(
                    message_id,
                    command[_HEAD_BYTES:middle].decode("latin-1").strip("\0 "),
                    command[instance:].decode("latin-1").strip("\0 "),
                    data_set != NO_DATA_SET,
                )
    generic = decode_command(command)
    if generic.field != CommandField.C_STORE_RQ:
        return None
    return StoreRequest(
        generic.message_id,
        generic.text(Element.AFFECTED_SOP_CLASS_UID),
        generic.text(Element.AFFECTED_SOP_INSTANCE_UID),
        generic.has_data_set,
    )


class StoreResponse(NamedTuple):
    """C-STORE-RSP (PS3.7 9.3.1.2). comment: (0000,0902), empty where absent."""

    message_id: int
    status: int
    has_data_set: bool
    comment: str


def decode_store_response(command: bytes) -> StoreResponse | None:
    """Returns None where the command is another one. Raises: ProtocolError."""
    size = len(command)
    if size >= _HEAD_BYTES and command[:4] == b"\0\0\0\0":
        _, _, length, _, group, element, class_length = _HEAD.unpack_from(command)
        middle = _HEAD_BYTES + class_length
        if length == 4 and group == 0 and element == 2 and size >= middle + _RESPONSE_TAIL_BYTES:
            (tag1, len1, field, tag2, len2, message_id, tag3, len3, data_set, tag4, len4, status, tag5, len5) = _RESPONSE_TAIL.unpack_from(
                command, middle
            )
            if (
                field == CommandField.C_STORE_RSP
                and (tag1, tag2, tag3, tag4, tag5) == (_FIELD_TAG, _RESPONDED_TAG, _DATA_SET_TAG, _STATUS_TAG, _INSTANCE_TAG)
                and len1 == len2 == len3 == len4 == 2
                and middle + _RESPONSE_TAIL_BYTES + len5 == size
            ):
                return StoreResponse(message_id, status, data_set != NO_DATA_SET, "")
    generic = decode_command(command)
    if generic.field != CommandField.C_STORE_RSP:
        return None
    return StoreResponse(generic.message_id_responded_to, generic.status, generic.has_data_set, generic.text(Element.ERROR_COMMENT))


def encode_store_response(request: StoreRequest, status: int, comment: str = "", offending: tuple[int, ...] = ()) -> bytes:
    """C-STORE-RSP (PS3.7 9.3.1.2). offending: tags of the elements that the status is about."""
    if comment or status != Status.SUCCESS:
        values: dict[int, int | str | tuple[int, ...] | bytes] = {
            Element.AFFECTED_SOP_CLASS_UID: request.sop_class_uid,
            Element.COMMAND_FIELD: CommandField.C_STORE_RSP,
            Element.MESSAGE_ID_RESPONDED_TO: request.message_id,
            Element.DATA_SET_TYPE: NO_DATA_SET,
            Element.STATUS: status,
            Element.AFFECTED_SOP_INSTANCE_UID: request.sop_instance_uid,
        }
        if offending:
            values[Element.OFFENDING_ELEMENT] = offending
        if comment:
            values[Element.ERROR_COMMENT] = error_comment(comment)
        return encode_command(values)
    sop_class = request.sop_class_uid.encode("latin-1")
    instance = request.sop_instance_uid.encode("latin-1")
    if len(sop_class) % 2:
        sop_class += b"\0"
    if len(instance) % 2:
        instance += b"\0"
    class_length, instance_length = len(sop_class), len(instance)
    return b"".join(
        (
            _GROUP_LENGTH.pack(0, 4, class_length + instance_length + 56),
            _UID_HEADER.pack(_CLASS_TAG, class_length),
            sop_class,
            _RESPONSE_MIDDLE.pack(
                *(_FIELD_TAG, 2, CommandField.C_STORE_RSP, _RESPONDED_TAG, 2, request.message_id),
                *(_DATA_SET_TAG, 2, NO_DATA_SET, _STATUS_TAG, 2, Status.SUCCESS),
            ),
            _UID_HEADER.pack(_INSTANCE_TAG, instance_length),
            instance,
        )
    )
