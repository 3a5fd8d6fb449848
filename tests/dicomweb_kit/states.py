"""Objects without pixels: presentation states above all."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from dicomweb_kit.objects import ct


def without_pixels(data_set: Dataset, sop_class_uid: str, modality: str) -> Dataset:
    """The same as an object of another class."""
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"):
        delattr(data_set, keyword)
    for keyword in ("PhotometricInterpretation", "WindowCenter", "WindowWidth"):
        delattr(data_set, keyword)
    data_set.SOPClassUID, data_set.Modality = sop_class_uid, modality
    return data_set


def reference(sop_instance_uid: str, *frames: int) -> Dataset:
    """An item of Referenced Image Sequence."""
    found = Dataset()
    found.ReferencedSOPClassUID, found.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", sop_instance_uid
    if frames:
        found.ReferencedFrameNumber = list(frames)
    return found


def state(study: str, series: str, *references: Dataset, **values: Any) -> Dataset:
    """A greyscale presentation state that inverts."""
    found = without_pixels(ct(1, study=study, series=series), "1.2.840.10008.5.1.4.1.1.11.1", "PR")
    listed = Dataset()
    listed.SeriesInstanceUID, listed.ReferencedImageSequence = "1.2.3.1", Sequence(references)
    found.ReferencedSeriesSequence = Sequence([listed])
    found.PresentationLUTShape = "INVERSE"
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def written(data_set: Dataset) -> bytes:
    """A Part 10 file of an object that may have no pixels."""
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    target = BytesIO()
    pydicom.dcmwrite(target, data_set, enforce_file_format=True)
    return target.getvalue()
