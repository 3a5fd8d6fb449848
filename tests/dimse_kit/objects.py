"""Small Part 10 files made for the tests."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from hounsfield.dicom.part10 import read_prefix

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def write_ct(path: Path, number: int, *, sop_class_uid: str = CT_IMAGE_STORAGE, pixel_bytes: int = 8000) -> Path:
    """A CT of one row, its UIDs made of its number."""
    data_set = Dataset()
    data_set.SOPClassUID = sop_class_uid
    data_set.SOPInstanceUID = f"1.2.826.0.1.3680043.10.999.1.{number + 1}"
    data_set.StudyInstanceUID = "1.2.826.0.1.3680043.10.999.2"
    data_set.SeriesInstanceUID = "1.2.826.0.1.3680043.10.999.3"
    data_set.Modality = "CT"
    data_set.PatientID = "T1"
    data_set.PatientName = "Test^Object"
    data_set.InstanceNumber = number
    data_set.Rows, data_set.Columns = max(1, pixel_bytes // 1000), min(500, pixel_bytes // 2)
    data_set.BitsAllocated = data_set.BitsStored = 16
    data_set.HighBit, data_set.PixelRepresentation, data_set.SamplesPerPixel = 15, 0, 1
    data_set.PhotometricInterpretation = "MONOCHROME2"
    data_set.PixelData = bytes((number + index) % 256 for index in range(pixel_bytes))
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.save_as(path, enforce_file_format=True)
    return path


def data_set_of(path: Path) -> bytes:
    """A Part 10 file's data set, byte for byte."""
    raw = path.read_bytes()
    meta = read_prefix(raw)
    assert meta is not None
    return raw[meta.length_bytes :]
