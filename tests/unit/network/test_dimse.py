"""Command sets both ways; the short way of C-STORE against the general one."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import dimse_messages, dimse_primitives
from pynetdicom.dsutils import encode

from hounsfield.network.dimse import (
    NO_DATA_SET,
    Command,
    CommandField,
    Element,
    Value,
    decode_command,
    encode_command,
    error_comment,
    request,
    response,
)
from hounsfield.network.errors import ProtocolError
from hounsfield.network.status import Status, is_failure, is_pending, is_warning
from hounsfield.network.store_messages import StoreRequest, decode_store_request, encode_store_response

uids = st.from_regex(r"[0-2](\.(0|[1-9][0-9]{0,8})){1,5}", fullmatch=True)
words = st.integers(0, 0xFFFF)
texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=16)
tags = st.lists(st.integers(0, 0xFFFFFFFF), max_size=4).map(tuple)

_TEXT = (Element.MOVE_DESTINATION, Element.MOVE_ORIGINATOR_AE_TITLE, Element.ERROR_COMMENT)
_UID = (
    Element.AFFECTED_SOP_CLASS_UID,
    Element.REQUESTED_SOP_CLASS_UID,
    Element.AFFECTED_SOP_INSTANCE_UID,
    Element.REQUESTED_SOP_INSTANCE_UID,
)
_TAGS = (Element.OFFENDING_ELEMENT, Element.ATTRIBUTE_IDENTIFIER_LIST)


def _value_of(element: Element) -> st.SearchStrategy[object]:
    if element in _TEXT:
        return texts
    if element in _UID:
        return uids
    return tags if element in _TAGS else words


command_sets = st.fixed_dictionaries(
    {Element.COMMAND_FIELD: words, Element.DATA_SET_TYPE: words},
    optional={
        element: _value_of(element)
        for element in Element
        if element not in (Element.GROUP_LENGTH, Element.COMMAND_FIELD, Element.DATA_SET_TYPE)
    },
)


@given(command_sets)
def test_what_is_encoded_is_decoded(values: dict[int, int | str | tuple[int, ...] | bytes]) -> None:
    raw = encode_command(values)
    assert int.from_bytes(raw[8:12], "little") == len(raw) - 12
    assert len(raw) % 2 == 0
    assert decode_command(raw) == Command(dict(values))


cut_off = command_sets.map(encode_command).flatmap(lambda raw: st.integers(0, len(raw)).map(lambda length: raw[:length]))


@given(st.one_of(st.binary(max_size=120), cut_off))
def test_noise_raises_protocol_error_or_nothing(raw: bytes) -> None:
    for decode in (decode_command, decode_store_request):
        with contextlib.suppress(ProtocolError):
            decode(raw)


@given(words, uids, uids, st.sampled_from((NO_DATA_SET, 0, 1, 0x0102)), st.booleans())
def test_the_short_way_of_c_store_is_the_general_one(message_id: int, sop_class: str, instance: str, kind: int, moved: bool) -> None:
    values: dict[int, int | str | tuple[int, ...] | bytes] = {
        Element.AFFECTED_SOP_CLASS_UID: sop_class,
        Element.COMMAND_FIELD: CommandField.C_STORE_RQ,
        Element.MESSAGE_ID: message_id,
        Element.PRIORITY: 2,
        Element.DATA_SET_TYPE: kind,
        Element.AFFECTED_SOP_INSTANCE_UID: instance,
    }
    if moved:
        values |= {Element.MOVE_ORIGINATOR_AE_TITLE: "MOVER", Element.MOVE_ORIGINATOR_MESSAGE_ID: 7}
    raw = encode_command(values)
    general = decode_command(raw)
    expected = StoreRequest(general.message_id, general.sop_class_uid, general.sop_instance_uid, general.has_data_set)
    assert decode_store_request(raw) == expected == StoreRequest(message_id, sop_class, instance, kind != NO_DATA_SET)
    answer = decode_command(encode_store_response(expected, Status.SUCCESS))
    assert answer == decode_command(response(general, Status.SUCCESS))


@given(st.integers(0, 100), st.binary(min_size=1, max_size=3))
def test_a_damaged_c_store_is_read_as_the_general_way_reads_it(offset: int, damage: bytes) -> None:
    raw = bytearray(request(CommandField.C_STORE_RQ, 9, "1.2.3", has_data_set=True, priority=0, affected_sop_instance_uid="1.2.3.4"))
    raw[offset : offset + len(damage)] = damage
    try:
        general = decode_command(bytes(raw))
    except ProtocolError:
        general = None
    try:
        short = decode_store_request(bytes(raw))
    except ProtocolError:
        short = None
    if general is None:
        assert short is None
    elif general.field == CommandField.C_STORE_RQ:
        assert short == StoreRequest(
            general.message_id,
            general.text(Element.AFFECTED_SOP_CLASS_UID),
            general.text(Element.AFFECTED_SOP_INSTANCE_UID),
            general.has_data_set,
        )
    else:
        assert short is None


def test_other_commands_are_not_taken_for_c_store() -> None:
    assert decode_store_request(request(CommandField.C_ECHO_RQ, 1, "1.2.840.10008.1.1", has_data_set=False)) is None


def test_a_refusal_says_why_in_what_the_comment_can_hold() -> None:
    asked = StoreRequest(7, "1.2", "1.2.3", has_data_set=True)
    answer = decode_command(encode_store_response(asked, Status.OUT_OF_RESOURCES, "no space left\\on the volume: " + "x" * 100))
    assert answer.status == 0xA700
    assert answer.field == CommandField.C_STORE_RSP
    assert answer.message_id_responded_to == 7
    assert answer.text(Element.ERROR_COMMENT).startswith("no space left?on the volume: xxx")
    assert len(answer.text(Element.ERROR_COMMENT)) == 64


def test_comments_keep_to_the_default_repertoire() -> None:
    assert error_comment("größer\nals 5 µs") == "gr??er?als 5 ?s"


def test_offending_elements_are_named() -> None:
    asked = decode_command(request(CommandField.C_STORE_RQ, 1, "1.2", has_data_set=True))
    answer = decode_command(response(asked, Status.DATA_SET_DOES_NOT_MATCH, offending_elements=(0x00080018, 0x00080016)))
    assert answer.values[Element.OFFENDING_ELEMENT] == (0x00080018, 0x00080016)


def test_every_request_has_its_response() -> None:
    for field in CommandField:
        if field.name.endswith("_RQ") and field is not CommandField.C_CANCEL_RQ:
            assert CommandField(field | 0x8000).name == field.name.replace("_RQ", "_RSP")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Status.SUCCESS, "success"),
        (Status.PENDING, "pending"),
        (Status.PENDING_WITHOUT_OPTIONAL_KEYS, "pending"),
        (Status.COERCION_OF_DATA_ELEMENTS, "warning"),
        (0xB123, "warning"),
        (Status.ATTRIBUTE_LIST_ERROR, "warning"),
        (Status.OUT_OF_RESOURCES, "failure"),
        (Status.CANNOT_UNDERSTAND, "failure"),
        (0xC123, "failure"),
        (Status.PROCESSING_FAILURE, "failure"),
        (Status.CANCEL, "cancel"),
    ],
)
def test_kinds_of_status(status: int, kind: str) -> None:
    assert (is_pending(status), is_warning(status), is_failure(status)) == (kind == "pending", kind == "warning", kind == "failure")


N_SERVICES = [
    (CommandField.N_EVENT_REPORT_RQ, {"affected_sop_instance_uid": "1.2.3.4", "event_type_id": 2}, "N_EVENT_REPORT"),
    (CommandField.N_GET_RQ, {"requested_sop_instance_uid": "1.2.3.4", "attribute_identifier_list": (0x00100010, 0x00100020)}, "N_GET"),
    (CommandField.N_SET_RQ, {"requested_sop_instance_uid": "1.2.3.4"}, "N_SET"),
    (CommandField.N_ACTION_RQ, {"requested_sop_instance_uid": "1.2.3.4", "action_type_id": 1}, "N_ACTION"),
    (CommandField.N_CREATE_RQ, {"affected_sop_instance_uid": "1.2.3.4"}, "N_CREATE"),
    (CommandField.N_DELETE_RQ, {"requested_sop_instance_uid": "1.2.3.4"}, "N_DELETE"),
]


@pytest.mark.parametrize(("field", "more", "name"), N_SERVICES, ids=[name for _, _, name in N_SERVICES])
def test_n_requests_are_those_of_pynetdicom(field: CommandField, more: dict[str, Value], name: str) -> None:
    primitive = getattr(dimse_primitives, name)()
    primitive.MessageID = 7
    if "affected_sop_instance_uid" in more:
        primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = "1.2.3", "1.2.3.4"
    else:
        primitive.RequestedSOPClassUID, primitive.RequestedSOPInstanceUID = "1.2.3", "1.2.3.4"
    if "event_type_id" in more:
        primitive.EventTypeID, primitive.EventInformation = 2, io.BytesIO(b"data")
    elif "action_type_id" in more:
        primitive.ActionTypeID, primitive.ActionInformation = 1, io.BytesIO(b"data")
    elif "attribute_identifier_list" in more:
        primitive.AttributeIdentifierList = [0x00100010, 0x00100020]
    elif name == "N_SET":
        primitive.ModificationList = io.BytesIO(b"data")
    elif name == "N_CREATE":
        primitive.AttributeList = io.BytesIO(b"data")
    has_data_set = name not in ("N_GET", "N_DELETE")
    assert request(field, 7, "1.2.3", has_data_set=has_data_set, **more) == _as_pynetdicom_writes_it(primitive, f"{name}_RQ")


def test_n_responses_repeat_what_they_answer() -> None:
    for field, more, _ in N_SERVICES:
        asked = decode_command(request(field, 7, "1.2.3", has_data_set=False, **more))
        answer = decode_command(response(asked, Status.SUCCESS))
        assert answer.field == field | 0x8000
        assert answer.text(Element.AFFECTED_SOP_CLASS_UID) == "1.2.3"
        assert answer.text(Element.AFFECTED_SOP_INSTANCE_UID) == "1.2.3.4"
        assert Element.REQUESTED_SOP_CLASS_UID not in answer.values
        for element in (Element.EVENT_TYPE_ID, Element.ACTION_TYPE_ID):
            assert answer.values.get(element) == asked.values.get(element)


def _as_pynetdicom_writes_it(primitive: object, name: str) -> bytes:
    message = getattr(dimse_messages, name)()
    message.primitive_to_message(primitive)
    written: bytes = encode(message.command_set, True, True)
    return written
