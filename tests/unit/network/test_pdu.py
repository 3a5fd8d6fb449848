"""PDUs both ways, and what happens to bytes that are none."""

from __future__ import annotations

import contextlib
import dataclasses
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hounsfield.network.errors import ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.octets import counted, item
from hounsfield.network.pdu import (
    PDU,
    PDV,
    Abort,
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    DataTransfer,
    ProposedContext,
    ReleaseRequest,
    ReleaseResponse,
    decode_pdu,
    encode_pdu,
)
from hounsfield.network.user_information import (
    AsynchronousWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    RoleSelection,
    UserIdentityRequest,
    UserIdentityResponse,
    UserInformation,
    decode_user_information,
    encode_user_information,
)

LIMITS = AssociationLimits()

uids = st.from_regex(r"[0-2](\.(0|[1-9][0-9]{0,8})){1,5}", fullmatch=True)
titles = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=1, max_size=16)
octets = st.integers(0, 255)
context_ids = st.lists(st.integers(0, 127).map(lambda number: 2 * number + 1), unique=True, max_size=8)
identities = st.one_of(
    st.none(),
    st.builds(UserIdentityRequest, st.integers(1, 5), st.booleans(), st.binary(max_size=40), st.binary(max_size=40)),
    st.builds(UserIdentityResponse, st.binary(max_size=40)),
)
users = st.builds(
    UserInformation,
    max_length_bytes=st.integers(0, 2**32 - 1),
    implementation_class_uid=st.one_of(st.just(""), uids),
    implementation_version_name=st.one_of(st.just(""), titles),
    window=st.one_of(st.none(), st.builds(AsynchronousWindow, st.integers(0, 65535), st.integers(0, 65535))),
    roles=st.lists(st.builds(RoleSelection, uids, st.booleans(), st.booleans()), max_size=3).map(tuple),
    extended=st.lists(st.builds(ExtendedNegotiation, uids, st.binary(max_size=10)), max_size=3).map(tuple),
    common_extended=st.lists(st.builds(CommonExtendedNegotiation, uids, uids, st.lists(uids, max_size=3).map(tuple)), max_size=3).map(
        tuple
    ),
    identity=identities,
)
requests = st.builds(
    lambda called, calling, ids, abstract, syntaxes, user: AssociateRequest(
        called, calling, tuple(ProposedContext(number, abstract, tuple(syntaxes)) for number in ids), user
    ),
    titles, titles, context_ids, uids, st.lists(uids, max_size=4), users,
)  # fmt: skip
accepts = st.builds(
    lambda called, calling, ids, result, syntax, user: AssociateAccept(
        called, calling, tuple(AnsweredContext(number, result, syntax) for number in ids), user
    ),
    titles, titles, context_ids, st.integers(0, 4), uids, users,
)  # fmt: skip
transfers = st.builds(
    DataTransfer, st.lists(st.builds(PDV, octets, st.booleans(), st.booleans(), st.binary(max_size=100)), max_size=4).map(tuple)
)
pdus = st.one_of(
    requests,
    accepts,
    transfers,
    st.builds(AssociateReject, octets, octets, octets),
    st.builds(Abort, octets, octets),
    st.just(ReleaseRequest()),
    st.just(ReleaseResponse()),
)


@given(pdus)
def test_what_is_encoded_is_decoded(pdu: PDU) -> None:
    assert decode_pdu(encode_pdu(pdu), LIMITS) == pdu


@given(pdus, st.data())
def test_a_damaged_pdu_raises_protocol_error_or_nothing(pdu: PDU, data: st.DataObject) -> None:
    raw = bytearray(encode_pdu(pdu))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(octets)
    _decode_hostile(bytes(raw))
    _decode_hostile(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


@given(octets, st.binary(max_size=400))
def test_a_right_header_on_noise_raises_protocol_error_or_nothing(kind: int, body: bytes) -> None:
    _decode_hostile(struct.pack(">BxL", kind, len(body)) + body)


@given(st.binary(max_size=400))
def test_noise_as_user_information_raises_protocol_error_or_nothing(body: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode_user_information(memoryview(body), LIMITS)


def _decode_hostile(raw: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode_pdu(raw, LIMITS)


@settings(max_examples=50)
@given(users)
def test_unknown_user_items_are_ignored(user: UserInformation) -> None:
    raw = item(0x5F, b"what is this") + encode_user_information(user) + item(0x60, b"")
    assert decode_user_information(memoryview(raw), LIMITS) == user


def test_unknown_items_of_a_request_are_ignored() -> None:
    request = AssociateRequest("A", "B", (ProposedContext(1, "1.2", ("1.3",)),))
    raw = encode_pdu(request) + item(0x77, b"new in some later edition")
    raw = raw[:2] + struct.pack(">L", len(raw) - 6) + raw[6:]
    assert decode_pdu(raw, LIMITS) == request


def test_padding_of_uids_and_titles_is_not_significant() -> None:
    raw = encode_pdu(AssociateRequest("A", "B", (ProposedContext(1, "1.2\0", ("1.3 ",)),)))
    raw = raw.replace(b"A".ljust(16), b"  A\0".ljust(16, b"\0"))
    request = decode_pdu(raw, LIMITS)
    assert isinstance(request, AssociateRequest)
    assert request.contexts == (ProposedContext(1, "1.2", ("1.3",)),)
    assert request.called_ae_title == "A"


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack(">BxL", 4, 0xFFFFFFFF),
        struct.pack(">BxL", 1, 0xFFFFFFFF),
        struct.pack(">BxL", 5, 5) + bytes(5),
        struct.pack(">BxL", 9, 4) + bytes(4),
        struct.pack(">BxL", 4, 4) + struct.pack(">L", 0xFFFFFFFF),
        struct.pack(">BxL", 4, 5) + struct.pack(">LB", 1, 1),
        b"\1\0\0",
        b"",
    ],
    ids=["P-DATA of 4 GiB", "request of 4 GiB", "release of 5", "type 9", "value of 4 GiB", "value of 1", "half a header", "nothing"],
)
def test_lies_about_length_are_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_pdu(raw, LIMITS)


@pytest.mark.parametrize("numbers", [(2,), (0,), (1, 1), (1, 3, 1)])
def test_even_and_repeated_context_numbers_are_refused(numbers: tuple[int, ...]) -> None:
    contexts = tuple(ProposedContext(number, "1.2", ("1.3",)) for number in numbers)
    with pytest.raises(ProtocolError, match="even or comes twice"):
        decode_pdu(encode_pdu(AssociateRequest("A", "B", contexts)), LIMITS)


def test_counts_are_limited() -> None:
    few = dataclasses.replace(LIMITS, max_contexts=2, max_transfer_syntaxes=2, max_user_items=2)
    three = tuple(ProposedContext(number, "1.2", ()) for number in (1, 3, 5))
    for request in (
        AssociateRequest("A", "B", three),
        AssociateRequest("A", "B", (ProposedContext(1, "1.2", ("1", "2", "3")),)),
        AssociateRequest("A", "B", (), UserInformation(1, "1.2", "X")),
        AssociateRequest("A", "B", (), UserInformation(1, common_extended=(CommonExtendedNegotiation("1", "2", ("3", "4", "5")),))),
    ):
        decode_pdu(encode_pdu(request), LIMITS)
        with pytest.raises(ProtocolError, match="more than 2"):
            decode_pdu(encode_pdu(request), few)


def test_a_uid_without_end_is_refused() -> None:
    with pytest.raises(ProtocolError, match="UID"):
        decode_user_information(memoryview(item(0x54, counted(b"1" * 67) + b"\1\1")), LIMITS)


@pytest.mark.parametrize("kind", [0x10, 0x77])
def test_a_request_stuffed_with_items_is_refused_early(kind: int) -> None:
    raw = encode_pdu(AssociateRequest("A", "B", ()))[6:] + item(kind, b"") * 60_000
    whole = struct.pack(">BxL", 1, len(raw)) + raw
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError, match="more items"):
            decode_pdu(whole, LIMITS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 16
