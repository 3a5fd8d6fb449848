"""Composite Instance Root Retrieve and Composite Instance Retrieve Without Bulk Data (PS3.4 annexes Y and Z)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless
from pynetdicom import AE

from dimse_kit.objects import CT_IMAGE_STORAGE, data_set_of, write_ct
from dimse_kit.retrieving import Receiver, Retrieving, keys, responses_of, retrieving

COMPOSITE_MOVE = "1.2.840.10008.5.1.4.1.2.4.2"
COMPOSITE_GET = "1.2.840.10008.5.1.4.1.2.4.3"
WITHOUT_BULK_DATA = "1.2.840.10008.5.1.4.1.2.5.3"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
CT_ONLY: dict[str, Any] = {CT_IMAGE_STORAGE: [ExplicitVRLittleEndian]}


def uid(number: int) -> str:
    return f"1.2.826.0.1.3680043.10.999.1.{number + 1}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three CT, of which the last has an overlay, an icon and a private element behind its pixels; an ECG."""
    directory = tmp_path_factory.mktemp("objects")
    paths = [write_ct(directory / f"{number}.dcm", number) for number in range(3)]
    decorated = pydicom.dcmread(paths[2])
    decorated.add_new(0x60000010, "US", 8)
    decorated.add_new(0x60003000, "OW", bytes(64))
    icon = Dataset()
    icon.Rows = icon.Columns = 2
    icon.PixelData = b"\1\2\3\4"
    icon["PixelData"].VR = "OW"
    decorated.IconImageSequence = [icon]
    decorated.DataSetTrailingPadding = bytes(8)
    decorated.save_as(paths[2])
    waveform, ecg = Dataset(), pydicom.dcmread(paths[0])
    waveform.NumberOfWaveformChannels = 1
    waveform.WaveformBitsAllocated = 16
    waveform.add_new(0x54001010, "OW", bytes(100))
    del ecg.PixelData
    ecg.SOPClassUID, ecg.SOPInstanceUID, ecg.WaveformSequence = ECG, uid(3), [waveform]
    ecg.file_meta = FileMetaDataset()
    ecg.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ecg.save_as(directory / "3.dcm", enforce_file_format=True)
    return [*paths, directory / "3.dcm"]


@pytest.fixture(scope="module")
def archive(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retrieving]:
    with retrieving(tmp_path_factory.mktemp("archive")) as running:
        running.store(files)
        yield running


def test_get_of_instances_by_their_uid_alone(archive: Retrieving, files: list[Path]) -> None:
    receiver = Receiver()
    with receiver.associated(archive.address, CT_ONLY, model=COMPOSITE_GET) as association:
        found = responses_of(association.send_c_get(keys("IMAGE", SOPInstanceUID=f"{uid(0)}\\{uid(1)}"), COMPOSITE_GET))
        assert (found[-1].status, found[-1].counts) == (0x0000, (2, 0, 0))
        assert list(receiver.came.values()) == [data_set_of(path) for path in files[:2]]
        study = responses_of(association.send_c_get(keys("STUDY", StudyInstanceUID="1.2.826.0.1.3680043.10.999.2"), COMPOSITE_GET))
        assert study[-1].status == 0xA900, "there are no studies in this model"
        frames = responses_of(association.send_c_get(keys("FRAME", SOPInstanceUID=uid(0), SimpleFrameList=1), COMPOSITE_GET))
        assert frames[-1].status == 0xAA01, "a CT is no multi-frame image"


def test_move_of_an_instance(archive: Retrieving, files: list[Path]) -> None:
    receiver = Receiver()
    ae = AE("MOVER")
    ae.add_requested_context(COMPOSITE_MOVE, ExplicitVRLittleEndian)
    with receiver.listening(CT_ONLY) as port:
        archive.know("RECEIVER", port)
        association = ae.associate(*archive.address, ae_title="HOUNSFIELD")
        found = responses_of(association.send_c_move(keys("IMAGE", SOPInstanceUID=uid(1)), "RECEIVER", COMPOSITE_MOVE))
        association.release()
    assert found[-1].status == 0x0000
    assert receiver.came == {uid(1): data_set_of(files[1])}


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless])
def test_without_bulk_data(syntax: str, archive: Retrieving, files: list[Path]) -> None:
    receiver = Receiver()
    contexts: dict[str, Any] = {CT_IMAGE_STORAGE: [syntax], ECG: [syntax]}
    with receiver.associated(archive.address, contexts, model=WITHOUT_BULK_DATA) as association:
        wanted = "\\".join(uid(number) for number in range(4))
        found = responses_of(association.send_c_get(keys("IMAGE", SOPInstanceUID=wanted), WITHOUT_BULK_DATA))
    assert (found[-1].status, found[-1].counts) == (0x0000, (4, 0, 0))
    for path in files:
        expected = pydicom.dcmread(path)
        for tag in (0x7FE00010, 0x60003000):
            expected.pop(tag, None)
        for waveform in expected.get("WaveformSequence", []):
            del waveform[0x54001010]
        raw = io.BytesIO(receiver.came[expected.SOPInstanceUID])
        came = pydicom.filereader.read_dataset(raw, syntax == ImplicitVRLittleEndian, True)
        assert came == expected
        assert "PixelData" not in came
    assert came.WaveformSequence[0].NumberOfWaveformChannels == 1
