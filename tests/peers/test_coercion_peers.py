"""DCMTK and pynetdicom send as a caller with rules: what they are told, and what they and others get back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless
from pynetdicom import AE
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from dimse_kit.dcmtk import needs_dcmtk, run, storescp
from dimse_kit.objects import CT_IMAGE_STORAGE, data_set_of, write_ct
from dimse_kit.retrieving import STUDY_GET, Receiver, Retrieving, keys, retrieving
from hounsfield.app import bootstrap
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.peers import Peer
from services.databases import settings_of

STUDY = "1.2.826.0.1.3680043.10.999.2"
UID = "1.2.826.0.1.3680043.10.999.1.1"
MULTI_FRAME_WORD = "1.2.840.10008.5.1.4.1.1.7.3"
COMPOSITE_GET = "1.2.840.10008.5.1.4.1.2.4.3"
RULES = (
    CoercionRule("PatientID", CoercionAction.PREFIX, "N-"),
    CoercionRule("PatientName", CoercionAction.SUFFIX, "^^Dr."),
    CoercionRule("AccessionNumber", CoercionAction.SET_IF_EMPTY, "A1"),
    CoercionRule("Modality", CoercionAction.SET, "CT"),
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Retrieving]:
    """CT1 has rules, the others none."""
    settings = settings_of(tmp_path / "known")
    with bootstrap.owning(settings) as known, retrieving(tmp_path / "archive", bootstrap.callers_of(known.database, settings)) as running:
        peers = bootstrap.peers_of(known.database, settings)
        peers.put(Peer("CT1", coercion=RULES))
        for title in ("CT2", "GETTER", "MOVESCU"):
            peers.put(Peer(title))
        yield running


def sent_by(title: str, archive: Retrieving, path: Path) -> Any:
    """The response to C-STORE."""
    ae = AE(title)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
    data_set = pydicom.dcmread(path)
    ae.add_requested_context(data_set.SOPClassUID, data_set.file_meta.TransferSyntaxUID)
    association = ae.associate(*archive.address, ae_title="HOUNSFIELD")
    assert association.is_established
    try:
        return association.send_c_store(path)
    finally:
        association.release()


def got(archive: Retrieving, syntax: str) -> bytes:
    receiver = Receiver()
    with receiver.associated(archive.address, {CT_IMAGE_STORAGE: [syntax]}) as association:
        responses = list(association.send_c_get(keys("STUDY", StudyInstanceUID=STUDY), STUDY_GET))
    assert responses[-1][0].Status == 0x0000
    assert receiver.syntaxes == {UID: syntax}
    return receiver.came[UID]


def check(data_set: pydicom.Dataset) -> None:
    assert (data_set.PatientID, str(data_set.PatientName), data_set.AccessionNumber) == ("N-T1", "Test^Object^^Dr.", "A1")
    (item,) = data_set.OriginalAttributesSequence
    assert (item.ModifyingSystem, item.SourceOfPreviousValues, item.ReasonForTheAttributeModification) == ("HOUNSFIELD", "CT1", "COERCE")
    (previous,) = item.ModifiedAttributesSequence
    assert [element.keyword for element in previous] == ["AccessionNumber", "PatientName", "PatientID"]
    assert (previous.PatientID, str(previous.PatientName)) == ("T1", "Test^Object")


def test_pynetdicom_is_told_and_gets_it_coerced(archive: Retrieving, tmp_path: Path) -> None:
    path = write_ct(tmp_path / "1.dcm", 0)
    response = sent_by("CT1", archive, path)
    assert response.Status == 0xB000
    assert list(response.OffendingElement) == [0x00100020, 0x00100010, 0x00080050]
    assert archive.named(patient_id="T1") == []
    (instance,) = archive.named(patient_id="N-T1")
    location = instance.stored.location
    assert archive.packs.read(location.pack_id, location.data_set_offset_bytes, location.data_set_length_bytes) == data_set_of(path)
    for syntax, is_implicit in ((str(ExplicitVRLittleEndian), False), (str(ImplicitVRLittleEndian), True)):
        data_set = pydicom.filereader.read_dataset(io.BytesIO(got(archive, syntax)), is_implicit, True)
        check(data_set)
        assert data_set.PixelData == pydicom.dcmread(path).PixelData


@pytest.mark.parametrize(("title", "said"), [("CT1", b"\2\0\1\0\1\0"), ("CT2", b"\2\0\3\0\0\0")])
def test_who_asks_is_told_whether_elements_may_be_coerced(archive: Retrieving, title: str, said: bytes) -> None:
    asked = SOPClassExtendedNegotiation()
    asked.sop_class_uid, asked.service_class_application_information = CT_IMAGE_STORAGE, b"\3\0\0\0\2\0"
    ae = AE(title)
    ae.add_requested_context(CT_IMAGE_STORAGE)
    association = ae.associate(*archive.address, ae_title="HOUNSFIELD", ext_neg=[asked])
    assert association.acceptor.sop_class_extended == {CT_IMAGE_STORAGE: said}
    association.release()


def test_another_caller_has_its_objects_as_they_are(archive: Retrieving, tmp_path: Path) -> None:
    path = write_ct(tmp_path / "1.dcm", 0)
    assert sent_by("CT2", archive, path).Status == 0x0000
    assert got(archive, ExplicitVRLittleEndian) == data_set_of(path)


def test_fragments_pass_through_as_they_are(archive: Retrieving, tmp_path: Path) -> None:
    data_set = pydicom.dcmread(write_ct(tmp_path / "1.dcm", 0))
    data_set.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(range(256)) * 40])
    data_set["PixelData"].VR, data_set["PixelData"].is_undefined_length = "OB", True
    data_set.file_meta.TransferSyntaxUID = JPEG2000Lossless
    data_set.save_as(tmp_path / "2.dcm", enforce_file_format=True)
    assert sent_by("CT1", archive, tmp_path / "2.dcm").Status == 0xB000
    received, sent = data_set_of(tmp_path / "2.dcm"), got(archive, JPEG2000Lossless)
    pixels = b"\xe0\x7f\x10\x00OB"
    assert sent[sent.index(pixels) :] == received[received.index(pixels) :]
    check(pydicom.filereader.read_dataset(io.BytesIO(sent), False, True))


def test_frames_of_a_coerced_object_make_a_coerced_one(archive: Retrieving, tmp_path: Path) -> None:
    data_set = pydicom.dcmread(write_ct(tmp_path / "1.dcm", 0))
    data_set.SOPClassUID, data_set.NumberOfFrames, data_set.Rows, data_set.Columns = MULTI_FRAME_WORD, 4, 10, 100
    data_set.save_as(tmp_path / "2.dcm", enforce_file_format=True)
    assert sent_by("CT1", archive, tmp_path / "2.dcm").Status == 0xB000
    receiver = Receiver()
    with receiver.associated(archive.address, {MULTI_FRAME_WORD: [ExplicitVRLittleEndian]}, model=COMPOSITE_GET) as association:
        asked = keys("FRAME", SOPInstanceUID=UID, SimpleFrameList=[2, 4])
        assert list(association.send_c_get(asked, COMPOSITE_GET))[-1][0].Status == 0x0000
    (made,) = receiver.came.values()
    extracted = pydicom.filereader.read_dataset(io.BytesIO(made), False, True)
    check(extracted)
    assert extracted.FrameExtractionSequence[0].MultiFrameSourceSOPInstanceUID == UID
    assert extracted.PixelData == data_set.PixelData[2000:4000] + data_set.PixelData[6000:8000]


@needs_dcmtk
def test_dcmtk_is_told_and_is_sent_it_coerced(archive: Retrieving, tmp_path: Path) -> None:
    path = write_ct(tmp_path / "1.dcm", 0, pixel_bytes=5_000_000)
    told = run("storescu", "-v", "-aet", "CT1", "-aec", "HOUNSFIELD", *archive.address, path)
    assert "Coercion" in told.stdout, told.stdout
    (tmp_path / "came").mkdir()
    with storescp(tmp_path / "came") as port:
        archive.know("RECEIVER", port)
        study = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}")
        moved = run("movescu", "-v", "-S", "-aem", "RECEIVER", "-aec", "HOUNSFIELD", *study, *archive.address)
    assert moved.returncode == 0, moved.stdout
    (came,) = (tmp_path / "came").iterdir()
    check(pydicom.dcmread(came))
    assert pydicom.dcmread(came).PixelData == pydicom.dcmread(path).PixelData
    dumped = run("dcmdump", "-q", came)
    assert (dumped.returncode, "E:" in dumped.stdout, "W:" in dumped.stdout) == (0, False, False), dumped.stdout
