"""Small objects made for a test."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless


def ct(instance: int, *, study: str = "1.2.3", series: str = "1.2.3.1", frames: int = 1, **values: Any) -> Dataset:
    """A small CT with a gradient; values differ from instance to instance."""
    data_set = Dataset()
    data_set.SpecificCharacterSet = "ISO_IR 192"
    data_set.SOPClassUID = CTImageStorage
    data_set.SOPInstanceUID = f"{series}.{instance}"
    data_set.StudyInstanceUID = study
    data_set.SeriesInstanceUID = series
    data_set.StudyDate, data_set.StudyTime, data_set.AccessionNumber = "20260102", "101112", "ACC-1"
    data_set.Modality, data_set.SeriesNumber, data_set.InstanceNumber = "CT", 1, instance
    data_set.PatientName, data_set.PatientID = "Müller^Ägidius", "PAT-1"
    data_set.PatientBirthDate, data_set.PatientSex, data_set.StudyID = "19700101", "M", "S1"
    data_set.ReferringPhysicianName = "Ärztin^Eva"
    data_set.StudyDescription, data_set.SeriesDescription = "Thorax", "axial"
    data_set.Rows, data_set.Columns, data_set.SamplesPerPixel = 32, 48, 1
    data_set.PhotometricInterpretation = "MONOCHROME2"
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = 16, 12, 11, 0
    data_set.WindowCenter, data_set.WindowWidth = 1000, 2000
    if frames > 1:
        data_set.NumberOfFrames = frames
    data_set.add_new(0x00090010, "LO", "SOMEBODY")
    data_set.add_new(0x00091001, "OB", bytes(range(256)) * 8)
    data_set.PixelData = pixels(instance, frames).tobytes()
    for keyword, value in values.items():
        setattr(data_set, keyword, value)
    return data_set


def pixels(instance: int, frames: int = 1) -> np.ndarray[Any, np.dtype[np.uint16]]:
    return (np.arange(frames * 32 * 48, dtype=np.uint16) * 7 + instance * 100).astype(np.uint16) % 4096


def as_file(data_set: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """A Part 10 file in a native transfer syntax, or RLE."""
    written = Dataset(data_set)
    written.file_meta = FileMetaDataset()
    written.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    written.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    written.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == RLELossless else syntax
    if syntax == RLELossless:
        written.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    if syntax == ExplicitVRBigEndian:
        written.PixelData = np.frombuffer(data_set.PixelData, "<u2").astype(">u2").tobytes()
        written["PixelData"].VR = "OW"
    else:
        written["PixelData"].VR = "OB" if syntax == RLELossless else "OW"
    target = BytesIO()
    pydicom.dcmwrite(
        target, written, enforce_file_format=True, little_endian=syntax != ExplicitVRBigEndian, implicit_vr=syntax == ImplicitVRLittleEndian
    )
    return target.getvalue()
