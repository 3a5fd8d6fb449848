"""What we say of ourselves where a sender negotiates storage further (PS3.4 B.3.1)."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from dimse_kit.objects import CT_IMAGE_STORAGE, write_ct
from dimse_kit.server import running_server

PRIVATE_CLASS = "1.3.12.2.1107.5.9.1"
VERIFICATION = "1.2.840.10008.1.1"
MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"


def _asked(sop_class_uid: str, information: bytes) -> SOPClassExtendedNegotiation:
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = sop_class_uid, information
    return item


def test_full_storage_that_keeps_signatures_and_coerces_nothing(tmp_path: Path) -> None:
    entity = AE("SENDER")
    entity.add_requested_context(CT_IMAGE_STORAGE, "1.2.840.10008.1.2.1")
    entity.add_requested_context(PRIVATE_CLASS)
    entity.add_requested_context(VERIFICATION)
    scu_only = b"\3\0\0\0\2\0"
    asked = [_asked(uid, scu_only) for uid in (CT_IMAGE_STORAGE, PRIVATE_CLASS, VERIFICATION, MR_IMAGE_STORAGE)]
    with running_server() as server:
        association = entity.associate(*server.address, ae_title="HOUNSFIELD", ext_neg=asked)
        assert association.is_established
        answers = {str(uid): information for uid, information in association.acceptor.sop_class_extended.items()}
        # Not of verification, which has none, and not of a class for which there is no context.
        assert answers == dict.fromkeys((CT_IMAGE_STORAGE, PRIVATE_CLASS), b"\2\0\3\0\0\0")
        assert association.send_c_store(dcmread(write_ct(tmp_path / "1.dcm", 1))).Status == 0x0000
        association.release()


def test_nothing_is_said_to_who_does_not_ask() -> None:
    entity = AE("SENDER")
    entity.add_requested_context(CT_IMAGE_STORAGE)
    with running_server() as server:
        association = entity.associate(*server.address, ae_title="HOUNSFIELD")
        assert association.acceptor.sop_class_extended == {}
        association.release()
