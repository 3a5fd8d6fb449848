"""Data sets around the demo phantoms' pixels: the modules of PS3.3 with their type 1 and 2 attributes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import imagecodecs
import jpeg_ls
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
HTJ2K = "1.2.840.10008.1.2.4.201"

ACKNOWLEDGEMENT = "Synthetic phantom: no person, no device"


def uid(*words: object) -> str:
    """The same UID for the same words, for ever (PS3.5 B.2)."""
    digest = hashlib.sha256("/".join(["hounsfield demo 1", *map(str, words)]).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


@dataclass(frozen=True)
class Person:
    """A phantom's papers. name: alphabetic, ideographic and phonetic groups joined by `=`."""

    name: str
    patient_id: str
    birth_date: str
    sex: str
    character_set: tuple[str, ...] = ()
    weight_kg: float = 70.0
    size_m: float = 1.70


@dataclass(frozen=True)
class Study:
    """One examination of a person."""

    person: Person
    key: str
    date: str
    time: str
    accession_number: str
    description: str
    referring: str = "Referring^Demo"

    @property
    def instance_uid(self) -> str:
        return uid("study", self.key)


@dataclass(frozen=True)
class Series:
    """One series; `common` are attributes that all its objects share."""

    study: Study
    number: int
    modality: str
    sop_class_uid: str
    description: str
    body_part: str
    common: dict[str, Any] = field(default_factory=dict)

    def new_object(self, number: int) -> Dataset:
        """All but the pixels."""
        study, person = self.study, self.study.person
        ds = Dataset()
        if person.character_set:
            ds.SpecificCharacterSet = list(person.character_set) if len(person.character_set) > 1 else person.character_set[0]
        ds.SOPClassUID, ds.SOPInstanceUID = self.sop_class_uid, uid("object", study.key, self.number, number)
        ds.InstanceCreationDate, ds.InstanceCreationTime = study.date, study.time
        ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = study.date
        ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = study.time
        ds.AccessionNumber, ds.Modality = study.accession_number, self.modality
        ds.Manufacturer, ds.ManufacturerModelName, ds.InstitutionName = "Hounsfield", "Phantom maker", "Demo Hospital"
        ds.DeviceSerialNumber, ds.SoftwareVersions, ds.StationName = "0", "1", "DEMO"
        ds.ReferringPhysicianName, ds.StudyDescription, ds.SeriesDescription = study.referring, study.description, self.description
        ds.PatientName, ds.PatientID = person.name, person.patient_id
        ds.PatientBirthDate, ds.PatientSex = person.birth_date, person.sex
        ds.PatientAge = f"{int(study.date[:4]) - int(person.birth_date[:4]) - (study.date[4:] < person.birth_date[4:]):03d}Y"
        ds.PatientWeight, ds.PatientSize, ds.PatientComments = person.weight_kg, person.size_m, ACKNOWLEDGEMENT
        ds.BodyPartExamined = self.body_part
        ds.StudyInstanceUID, ds.SeriesInstanceUID = study.instance_uid, uid("series", study.key, self.number)
        ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", self.number, number
        ds.PatientOrientation, ds.Laterality = "", ""
        ds.QualityControlImage = "YES"
        for keyword, value in self.common.items():
            if value is None:
                ds.pop(keyword, None)
            else:
                setattr(ds, keyword, value)
        if ds.Laterality == "":
            del ds.Laterality
        return ds


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """One item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def place(
    ds: Dataset, study: Study, position: tuple[float, float, float], orientation: tuple[float, ...], spacing: float, thickness: float
) -> None:
    """Image Plane and Frame of Reference (PS3.3 C.7.6.2, C.7.4.1)."""
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = uid("frame of reference", study.key), ""
    ds.ImagePositionPatient = [f"{value:.3f}" for value in position]
    ds.ImageOrientationPatient = [f"{value:g}" for value in orientation]
    ds.PixelSpacing = [f"{spacing:.6g}", f"{spacing:.6g}"]
    ds.SliceThickness = f"{thickness:g}"
    ds.PatientOrientation = _letters(orientation[:3]) + "\\" + _letters(orientation[3:])


def _letters(direction: tuple[float, ...]) -> str:
    axis = max(range(3), key=lambda index: abs(direction[index]))
    return ("RL", "AP", "FH")[axis][direction[axis] > 0]


def set_pixels(ds: Dataset, frames: list[NDArray[Any]], syntax: str, bits_stored: int) -> None:
    """Image Pixel module, encoded; frames of (rows, columns) or (rows, columns, 3), unsigned."""
    first = frames[0]
    allocated = first.dtype.itemsize * 8
    ds.SamplesPerPixel = 3 if first.ndim == 3 else 1
    if first.ndim == 3:
        ds.PhotometricInterpretation, ds.PlanarConfiguration = ("YBR_FULL_422" if syntax == JPEG_BASELINE else "RGB"), 0
    elif "PhotometricInterpretation" not in ds:
        ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = first.shape[:2]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, bits_stored, bits_stored - 1, 0
    streams = [_encode(frame, syntax, bits_stored) for frame in frames]
    if syntax == JPEG_BASELINE:
        ds.LossyImageCompression = "01"
        ds.LossyImageCompressionRatio = f"{sum(frame.nbytes for frame in frames) / sum(map(len, streams)):.4g}"
        ds.LossyImageCompressionMethod = "ISO_10918_1"
    else:
        ds.LossyImageCompression = "00"
    ds.PixelData = encapsulate(streams)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.ImplementationClassUID = uid("implementation")
    ds.file_meta.ImplementationVersionName = "HOUNSFIELD_DEMO"


def _encode(frame: NDArray[Any], syntax: str, bits_stored: int) -> bytes:
    if syntax == RLELossless:
        return _encode_rle(frame)
    if syntax == JPEG_LS:
        interleave = {"interleave_mode": 2} if frame.ndim == 3 else {}
        samples = frame.shape[2] if frame.ndim == 3 else 1
        return bytes(jpeg_ls.encode_buffer(frame.tobytes(), *frame.shape[:2], samples, bits_stored, 0, **interleave))
    if syntax == JPEG_2000:
        return bytes(imagecodecs.jpeg2k_encode(frame, reversible=True, bitspersample=bits_stored, codecformat="J2K", numthreads=1))
    if syntax == HTJ2K:
        return bytes(imagecodecs.htj2k_encode(frame, reversible=True))
    if syntax == JPEG_BASELINE:
        return bytes(imagecodecs.jpeg8_encode(frame, level=88, subsampling="422"))
    assert syntax == ExplicitVRLittleEndian
    return frame.tobytes()


def _encode_rle(frame: NDArray[Any]) -> bytes:
    """PS3.5 annex G: byte planes, the most significant first, each row on its own."""
    planes = frame.reshape(*frame.shape[:2], -1).view(np.uint8).reshape(*frame.shape[:2], -1)
    size = frame.dtype.itemsize
    order = [sample * size + size - 1 - byte for sample in range(planes.shape[2] // size) for byte in range(size)]
    segments = []
    for plane in order:
        packed = b"".join(bytes(imagecodecs.packbits_encode(np.ascontiguousarray(row).tobytes())) for row in planes[:, :, plane])
        segments.append(packed + b"\0" * (len(packed) % 2))
    offsets = np.zeros(16, "<u4")
    offsets[0], position = len(segments), 64
    for index, segment in enumerate(segments):
        offsets[index + 1] = position
        position += len(segment)
    return offsets.tobytes() + b"".join(segments)
