"""PDUs as they were seen on the wire, octet by octet, and what they mean.

The captures are of DCMTK 3.6.7 and pynetdicom 3.0.4 talking to a bare socket; those of user information that neither sends
are written out after the tables of PS3.7 annex D.
"""

from __future__ import annotations

import re

import pytest

from hounsfield.network.dimse import CommandField, Element, decode_command, encode_command, request
from hounsfield.network.limits import AssociationLimits
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
from hounsfield.network.status import Status
from hounsfield.network.store_messages import StoreRequest, decode_store_request, encode_store_response
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
VERIFICATION = "1.2.840.10008.1.1"
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def octets(annotated: str) -> bytes:
    """Hexadecimal octets; what stands behind `#` is for the reader, what stands in quotes is text."""
    raw = bytearray()
    for line in annotated.splitlines():
        for quoted, digits in re.findall(r"'([^']*)'|\b([0-9a-f]{2})\b", line.split("#")[0]):
            raw += bytes.fromhex(digits) if digits else quoted.encode("ascii")
    return bytes(raw)


DCMTK_ECHOSCU_REQUEST = octets("""
    01 00 00 00 00 cd                          # A-ASSOCIATE-RQ, 205 octets follow
    00 01 00 00                                # protocol version 1, reserved
    'HOUNSFIELD      '                         # called AE title
    'MODALITY1       '                         # calling AE title
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    10 00 00 15 '1.2.840.10008.3.1.1.1'        # application context
    20 00 00 2e                                # presentation context, 46 octets
      01 00 ff 00                              # ID 1; the third octet is reserved and not tested: DCMTK writes FF
      30 00 00 11 '1.2.840.10008.1.1'          # abstract syntax: Verification
      40 00 00 11 '1.2.840.10008.1.2'          # transfer syntax: Implicit VR Little Endian
    50 00 00 3a                                # user information, 58 octets
      51 00 00 04 00 00 40 00                  # maximum length 16384
      52 00 00 1b '1.2.276.0.7230010.3.0.3.6.7'
      55 00 00 0f 'OFFIS_DCMTK_367'
""")

PYNETDICOM_ECHOSCU_REQUEST = octets("""
    01 00 00 00 01 19                          # A-ASSOCIATE-RQ, 281 octets follow
    00 01 00 00
    'HOUNSFIELD      ' 'MODALITY1       '
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    10 00 00 15 '1.2.840.10008.3.1.1.1'
    20 00 00 76
      01 00 00 00
      30 00 00 11 '1.2.840.10008.1.1'
      40 00 00 13 '1.2.840.10008.1.2.1'
      40 00 00 11 '1.2.840.10008.1.2'
      40 00 00 16 '1.2.840.10008.1.2.1.99'
      40 00 00 13 '1.2.840.10008.1.2.2'
    50 00 00 3e
      51 00 00 04 00 00 3f fe                  # maximum length 16382
      52 00 00 20 '1.2.826.0.1.3680043.9.3811.3.0.4'
      55 00 00 0e 'PYNETDICOM_304'
""")

ACCEPT = octets("""
    02 00 00 00 00 9f                          # A-ASSOCIATE-AC, 159 octets follow
    00 01 00 00
    'HOUNSFIELD      ' 'MODALITY1       '      # repeated from the request
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    10 00 00 15 '1.2.840.10008.3.1.1.1'
    21 00 00 19                                # presentation context answer, 25 octets
      01 00 00 00                              # ID 1, result 0: acceptance
      40 00 00 11 '1.2.840.10008.1.2'
    21 00 00 08
      03 00 03 00                              # ID 3, result 3: abstract syntax not supported
      40 00 00 00
    50 00 00 15
      51 00 00 04 00 04 00 00                  # maximum length 262144
      52 00 00 05 '2.25.'
      55 00 00 00
""")

DCMTK_C_ECHO = octets("""
    04 00 00 00 00 4a                          # P-DATA-TF, 74 octets
    00 00 00 46 01 03                          # one value of 70 octets, context 1, command, last
    00 00 00 00 04 00 00 00 38 00 00 00        # (0000,0000) group length 56
    00 00 02 00 12 00 00 00 '1.2.840.10008.1.1' 00
    00 00 00 01 02 00 00 00 30 00              # (0000,0100) C-ECHO-RQ
    00 00 10 01 02 00 00 00 01 00              # (0000,0110) message 1
    00 00 00 08 02 00 00 00 01 01              # (0000,0800) no data set
""")

DCMTK_C_STORE_COMMAND = octets("""
    00 00 00 00 04 00 00 00 92 00 00 00        # (0000,0000) group length 146
    00 00 02 00 1a 00 00 00 '1.2.840.10008.5.1.4.1.1.2' 00
    00 00 00 01 02 00 00 00 01 00              # (0000,0100) C-STORE-RQ
    00 00 10 01 02 00 00 00 01 00              # (0000,0110) message 1
    00 00 00 07 02 00 00 00 00 00              # (0000,0700) medium priority
    00 00 00 08 02 00 00 00 01 00              # (0000,0800) a data set follows
    00 00 00 10 40 00 00 00 '1.2.826.0.1.3680043.8.498.80677515873804535167239873213264055833'
""")

C_STORE_SUCCESS = octets("""
    00 00 00 00 04 00 00 00 5a 00 00 00        # (0000,0000) group length 90
    00 00 02 00 1a 00 00 00 '1.2.840.10008.5.1.4.1.1.2' 00
    00 00 00 01 02 00 00 00 01 80              # (0000,0100) C-STORE-RSP
    00 00 20 01 02 00 00 00 07 00              # (0000,0120) answers message 7
    00 00 00 08 02 00 00 00 01 01              # (0000,0800) no data set
    00 00 00 09 02 00 00 00 00 00              # (0000,0900) success
    00 00 00 10 08 00 00 00 '1.2.3.45'
""")

C_STORE_FAILURE = octets("""
    00 00 00 00 04 00 00 00 6a 00 00 00        # (0000,0000) group length 106
    00 00 02 00 1a 00 00 00 '1.2.840.10008.5.1.4.1.1.2' 00
    00 00 00 01 02 00 00 00 01 80
    00 00 20 01 02 00 00 00 07 00
    00 00 00 08 02 00 00 00 01 01
    00 00 00 09 02 00 00 00 00 a7              # (0000,0900) A700: out of resources
    00 00 02 09 08 00 00 00 'no room '         # (0000,0902) error comment
    00 00 00 10 08 00 00 00 '1.2.3.45'
""")

USER_INFORMATION = octets("""
    51 00 00 04 00 00 00 00                    # D.1: no maximum length
    52 00 00 05 '1.2.3'                        # D.3.3.2
    53 00 00 04 00 05 00 00                    # D.3.3.3: 5 operations invoked, any number performed
    54 00 00 09 00 05 '1.2.4' 01 00            # D.3.3.4: SCU, not SCP
    55 00 00 01 'V'                            # D.3.3.2
    56 00 00 0a 00 05 '1.2.5' 02 00 03         # D.3.3.5: three octets of the service class' own
    57 00 00 17 00 05 '1.2.6' 00 05 '1.2.7'    # D.3.3.6: SOP class, service class
      00 07 00 05 '1.2.8'                      #   related general SOP classes, 7 octets
    58 00 00 10 02 01 00 04 'user' 00 06 'secret'   # D.3.3.7: user name and passcode, a response is wanted
""")

BOTH_WAYS: list[tuple[str, bytes, PDU]] = [
    (
        "A-ASSOCIATE-RQ of pynetdicom",
        PYNETDICOM_ECHOSCU_REQUEST,
        AssociateRequest(
            "HOUNSFIELD",
            "MODALITY1",
            (
                ProposedContext(
                    1, VERIFICATION, ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
                ),
            ),
            UserInformation(16382, "1.2.826.0.1.3680043.9.3811.3.0.4", "PYNETDICOM_304"),
        ),
    ),
    ("A-ASSOCIATE-RJ, called AE title", octets("03 00 00 00 00 04  00 01 01 07"), AssociateReject(1, 1, 7)),
    ("A-ASSOCIATE-RJ, calling AE title", octets("03 00 00 00 00 04  00 01 01 03"), AssociateReject(1, 1, 3)),
    ("A-ASSOCIATE-RJ, local limit", octets("03 00 00 00 00 04  00 02 03 02"), AssociateReject(2, 3, 2)),
    ("P-DATA-TF, C-ECHO of DCMTK", DCMTK_C_ECHO, DataTransfer((PDV(1, True, True, DCMTK_C_ECHO[12:]),))),
    (
        "P-DATA-TF of two values",
        octets("""
            04 00 00 00 00 0f
            00 00 00 05 03 00 'abc'            # data set, more to come
            00 00 00 02 03 02                  # data set, last, empty
        """),
        DataTransfer((PDV(3, False, False, b"abc"), PDV(3, False, True, b""))),
    ),
    ("A-RELEASE-RQ", octets("05 00 00 00 00 04  00 00 00 00"), ReleaseRequest()),
    ("A-RELEASE-RP", octets("06 00 00 00 00 04  00 00 00 00"), ReleaseResponse()),
    ("A-ABORT of the user", octets("07 00 00 00 00 04  00 00 00 00"), Abort(0, 0)),
    ("A-ABORT of the provider, unexpected PDU", octets("07 00 00 00 00 04  00 00 02 02"), Abort(2, 2)),
]


@pytest.mark.parametrize(("raw", "pdu"), [row[1:] for row in BOTH_WAYS], ids=[row[0] for row in BOTH_WAYS])
def test_captures_both_ways(raw: bytes, pdu: PDU) -> None:
    assert decode_pdu(raw, LIMITS) == pdu
    assert encode_pdu(pdu) == raw


def test_the_request_of_dcmtk() -> None:
    pdu = decode_pdu(DCMTK_ECHOSCU_REQUEST, LIMITS)
    assert pdu == AssociateRequest(
        "HOUNSFIELD",
        "MODALITY1",
        (ProposedContext(1, VERIFICATION, ("1.2.840.10008.1.2",)),),
        UserInformation(16384, "1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367"),
    )
    ours = encode_pdu(pdu)
    differing = [index for index, (one, other) in enumerate(zip(ours, DCMTK_ECHOSCU_REQUEST, strict=True)) if one != other]
    assert differing == [DCMTK_ECHOSCU_REQUEST.index(b"\x01\x00\xff\x00") + 2], "only a reserved octet"


def test_an_acceptance() -> None:
    assert decode_pdu(ACCEPT, LIMITS) == AssociateAccept(
        "HOUNSFIELD",
        "MODALITY1",
        (AnsweredContext(1, 0, "1.2.840.10008.1.2"), AnsweredContext(3, 3, "")),
        UserInformation(262144, "2.25.", ""),
    )


def test_user_information_both_ways() -> None:
    user = UserInformation(
        max_length_bytes=0,
        implementation_class_uid="1.2.3",
        implementation_version_name="V",
        window=AsynchronousWindow(5, 0),
        roles=(RoleSelection("1.2.4", scu=True, scp=False),),
        extended=(ExtendedNegotiation("1.2.5", b"\2\0\3"),),
        common_extended=(CommonExtendedNegotiation("1.2.6", "1.2.7", ("1.2.8",)),),
        identity=UserIdentityRequest(2, response_requested=True, primary=b"user", secondary=b"secret"),
    )
    assert decode_user_information(memoryview(USER_INFORMATION), LIMITS) == user
    assert encode_user_information(user) == USER_INFORMATION


def test_the_answer_to_a_user_identity_both_ways() -> None:
    raw = octets("51 00 00 04 00 00 10 00  59 00 00 07 00 05 'token'")
    user = UserInformation(4096, identity=UserIdentityResponse(b"token"))
    assert decode_user_information(memoryview(raw), LIMITS) == user
    assert encode_user_information(user) == raw


def test_c_echo_command_both_ways() -> None:
    raw = DCMTK_C_ECHO[12:]
    command = decode_command(raw)
    assert (command.field, command.message_id, command.sop_class_uid, command.has_data_set) == (
        CommandField.C_ECHO_RQ,
        1,
        VERIFICATION,
        False,
    )
    assert request(CommandField.C_ECHO_RQ, 1, VERIFICATION, has_data_set=False) == raw
    assert encode_command(command.values) == raw


def test_c_store_command_of_dcmtk_both_ways() -> None:
    asked = decode_store_request(DCMTK_C_STORE_COMMAND)
    assert asked == StoreRequest(1, CT_IMAGE_STORAGE, "1.2.826.0.1.3680043.8.498.80677515873804535167239873213264055833", has_data_set=True)
    ours = request(
        CommandField.C_STORE_RQ, 1, CT_IMAGE_STORAGE, has_data_set=True, priority=0, affected_sop_instance_uid=asked.sop_instance_uid
    )
    assert ours == DCMTK_C_STORE_COMMAND


def test_c_store_responses() -> None:
    asked = StoreRequest(7, CT_IMAGE_STORAGE, "1.2.3.45", has_data_set=True)
    assert encode_store_response(asked, Status.SUCCESS) == C_STORE_SUCCESS
    assert encode_store_response(asked, Status.OUT_OF_RESOURCES, "no room") == C_STORE_FAILURE
    assert decode_command(C_STORE_FAILURE).text(Element.ERROR_COMMENT) == "no room"
