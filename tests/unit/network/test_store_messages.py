"""The quick reading of C-STORE-RSP says what the generic decoder says."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from hounsfield.network.dimse import CommandField, Element, Value, decode_command, encode_command
from hounsfield.network.errors import ProtocolError
from hounsfield.network.store_messages import StoreRequest, StoreResponse, decode_store_response, encode_store_response

CT = "1.2.840.10008.5.1.4.1.1.2"
uids = st.from_regex(r"[0-9]{1,5}(\.[0-9]{1,6}){0,5}", fullmatch=True)
numbers = st.integers(0, 0xFFFF)


def generic(command: bytes) -> StoreResponse | None:
    """The same by the decoder of all commands."""
    read = decode_command(command)
    if read.field != CommandField.C_STORE_RSP:
        return None
    return StoreResponse(read.message_id_responded_to, read.status, read.has_data_set, read.text(Element.ERROR_COMMENT))


@given(numbers, uids, numbers, st.sampled_from(["", "no space left"]))
def test_what_we_answer(message_id: int, instance: str, status: int, comment: str) -> None:
    command = encode_store_response(StoreRequest(message_id, CT, instance, True), status, comment)
    assert decode_store_response(command) == generic(command) == StoreResponse(message_id, status, False, comment)


@given(
    st.sampled_from([CommandField.C_STORE_RSP, CommandField.C_STORE_RQ, CommandField.C_CANCEL_RQ]),
    st.dictionaries(
        st.sampled_from([Element.AFFECTED_SOP_CLASS_UID, Element.AFFECTED_SOP_INSTANCE_UID]), st.one_of(uids, st.just("")), max_size=2
    ),
    st.dictionaries(st.sampled_from([Element.STATUS, Element.MESSAGE_ID_RESPONDED_TO, Element.MESSAGE_ID, Element.PRIORITY]), numbers),
    st.sampled_from([0x0101, 0x0001]),
)
def test_any_elements(field: CommandField, texts: dict[int, Value], more: dict[int, Value], data_set: int) -> None:
    command = encode_command({**texts, **more, Element.COMMAND_FIELD: field, Element.DATA_SET_TYPE: data_set})
    assert decode_store_response(command) == generic(command)


@given(st.data())
def test_damaged_bytes(data: st.DataObject) -> None:
    command = bytearray(encode_store_response(StoreRequest(7, CT, "1.2.3.4", True), 0))
    for _ in range(data.draw(st.integers(1, 3))):
        command[data.draw(st.integers(0, len(command) - 1))] = data.draw(st.integers(0, 255))
    raw = bytes(command[: data.draw(st.integers(0, len(command)))])
    expected: StoreResponse | str | None = "refused"
    with contextlib.suppress(ProtocolError):
        expected = generic(raw)
    found: StoreResponse | str | None = "refused"
    with contextlib.suppress(ProtocolError):
        found = decode_store_response(raw)
    assert found == expected
