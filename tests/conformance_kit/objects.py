"""The objects that the suite stores: small, made with pydicom, with fresh UIDs each time."""

from __future__ import annotations

import io
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    BasicTextSRStorage,
    CTImageStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

ROWS, COLUMNS = 32, 48
DOCUMENT = b"%PDF-1.4\n" + b"% padding\n" * 500 + b"1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Specimen:
    """One object. frames: of its pixel data, native in little endian; codestream: of its first frame where that is compressed."""

    name: str
    data_set: Dataset
    file: bytes
    transfer_syntax: str
    frames: tuple[bytes, ...] = ()
    codestream: bytes = b""

    @property
    def study(self) -> str:
        """Study Instance UID."""
        return str(self.data_set.StudyInstanceUID)

    @property
    def series(self) -> str:
        """Series Instance UID."""
        return str(self.data_set.SeriesInstanceUID)

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return str(self.data_set.SOPInstanceUID)

    @property
    def path(self) -> str:
        """Below the DICOMweb root."""
        return f"/studies/{self.study}/series/{self.series}/instances/{self.uid}"


@dataclass(frozen=True, slots=True)
class Series:
    """What the objects of one series have in common."""

    study: Dataset
    number: int
    modality: str
    description: str
    uid: str = field(default_factory=generate_uid)


def patient(identifier: str, name: str, character_set: str | list[str] = "ISO_IR 192", **more: Any) -> Dataset:
    """The Patient Module."""
    data_set = Dataset()
    data_set.SpecificCharacterSet = character_set
    data_set.PatientName, data_set.PatientID = name, identifier
    data_set.PatientBirthDate, data_set.PatientSex = "19700131", "F"
    for keyword, given in more.items():
        setattr(data_set, keyword, given)
    return data_set


def study(of: Dataset, **given: Any) -> Dataset:
    """The General Study Module upon that of a patient."""
    data_set = deepcopy(of)
    data_set.StudyInstanceUID = generate_uid()
    for keyword, text in given.items():
        setattr(data_set, keyword, text)
    return data_set


def instance(series: Series, number: int, sop_class: str, **given: Any) -> Dataset:
    """An object without pixels."""
    data_set = deepcopy(series.study)
    data_set.SOPClassUID, data_set.SOPInstanceUID = sop_class, generate_uid()
    data_set.SeriesInstanceUID, data_set.SeriesNumber, data_set.Modality = series.uid, series.number, series.modality
    data_set.SeriesDescription, data_set.InstanceNumber = series.description, number
    for keyword, given_value in given.items():
        setattr(data_set, keyword, given_value)
    return data_set


def describe_pixels(data_set: Dataset, array: np.ndarray[Any, Any], stored: int, photometric: str = "MONOCHROME2") -> None:
    """The Image Pixel Module of one frame, without the pixels; array: rows, columns, perhaps samples."""
    data_set.Rows, data_set.Columns = array.shape[:2]
    data_set.SamplesPerPixel = array.shape[2] if array.ndim == 3 else 1
    if array.ndim == 3:
        data_set.PlanarConfiguration = 0
    data_set.PhotometricInterpretation = photometric
    data_set.BitsAllocated = array.dtype.itemsize * 8
    data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = stored, stored - 1, 0


def gradient(shift: int = 0) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """(rows, columns), uint16, 12 bits: no two neighbours alike."""
    return ((np.arange(ROWS * COLUMNS, dtype=np.uint32) * 2 + shift) % 4096).astype(np.uint16).reshape(ROWS, COLUMNS)


def ct(series: Series, number: int, *, syntax: str = ExplicitVRLittleEndian, **given: Any) -> Specimen:
    """A CT of one frame with 12 of 16 bits, native or RLE; sequences, private elements and a large binary value in it."""
    data_set = instance(series, number, CTImageStorage, **given)
    array = gradient(number * 100)
    describe_pixels(data_set, array, 12)
    data_set.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data_set.WindowCenter, data_set.WindowWidth = "1000", "2000"
    data_set.RescaleIntercept, data_set.RescaleSlope = "0", "1"
    data_set.PixelSpacing = ["0.5", "0.5"]
    data_set.ImagePositionPatient = ["-12.5", "3.25", str(number)]
    data_set.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    data_set.FrameOfReferenceUID = series.study.StudyInstanceUID
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "T-D3000", "SRT", "Chest"
    data_set.ProcedureCodeSequence = Sequence([code])
    data_set.add_new(0x00090010, "LO", "HOUNSFIELD CONFORMANCE")
    data_set.add_new(0x00091001, "OB", bytes(range(256)) * 16)
    data_set.add_new(0x00091002, "FD", [1.5, -2.25])
    data_set.add_new(0x00091003, "LO", ["one", "two"])
    data_set.PixelData = array.tobytes()
    data_set["PixelData"].VR = "OW"
    frames = (array.astype("<u2").tobytes(),)
    if syntax == RLELossless:
        data_set.file_meta = FileMetaDataset()
        data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data_set.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    return specimen(f"{series.description} {number}", data_set, syntax, frames)


def multi_frame(series: Series, number: int, frames: int = 3) -> Specimen:
    """A secondary capture of several frames with 16 bits."""
    data_set = instance(series, number, MultiFrameGrayscaleWordSecondaryCaptureImageStorage, ConversionType="WSD")
    arrays = [gradient(frame * 700) for frame in range(frames)]
    describe_pixels(data_set, arrays[0], 12)
    data_set.NumberOfFrames = frames
    data_set.FrameIncrementPointer = 0x00181063
    data_set.FrameTime = "40"
    data_set.WindowCenter, data_set.WindowWidth = "2048", "4096"
    data_set.PixelData = b"".join(array.tobytes() for array in arrays)
    data_set["PixelData"].VR = "OW"
    return specimen("multi-frame", data_set, ExplicitVRLittleEndian, tuple(array.tobytes() for array in arrays))


def colour(series: Series, number: int) -> Specimen:
    """A secondary capture in RGB."""
    data_set = instance(series, number, SecondaryCaptureImageStorage, ConversionType="WSD")
    array = (np.arange(ROWS * COLUMNS * 3) % 251).astype(np.uint8).reshape(ROWS, COLUMNS, 3)
    describe_pixels(data_set, array, 8, "RGB")
    data_set.PixelData = array.tobytes()
    data_set["PixelData"].VR = "OB"
    return specimen("colour", data_set, ExplicitVRLittleEndian, (array.tobytes(),))


def jpeg_picture() -> bytes:
    """A grey JPEG baseline codestream."""
    across = np.linspace(0, 255, COLUMNS, dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(np.tile(across, (ROWS, 1))).save(target, "JPEG", quality=90)
    picture = target.getvalue()
    return picture + b"\0" * (len(picture) % 2)


def jpeg(series: Series, number: int) -> Specimen:
    """A secondary capture in JPEG baseline: only held with loss."""
    data_set = instance(series, number, SecondaryCaptureImageStorage, ConversionType="WSD")
    describe_pixels(data_set, np.zeros((ROWS, COLUMNS), np.uint8), 8)
    data_set.LossyImageCompression, data_set.LossyImageCompressionRatio = "01", "8"
    data_set.LossyImageCompressionMethod = "ISO_10918_1"
    codestream = jpeg_picture()
    data_set.PixelData = encapsulate([codestream])
    data_set["PixelData"].VR = "OB"
    data_set["PixelData"].is_undefined_length = True
    return specimen("jpeg", data_set, JPEGBaseline8Bit, codestream=codestream)


def report(series: Series, number: int) -> Specimen:
    """A Basic Text SR: no pixels, nested sequences."""
    data_set = instance(series, number, BasicTextSRStorage, CompletionFlag="COMPLETE", VerificationFlag="UNVERIFIED")
    data_set.ContentDate, data_set.ContentTime = "20260102", "120000"
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "18748-4", "LN", "Diagnostic Imaging Report"
    finding = Dataset()
    finding.CodeValue, finding.CodingSchemeDesignator, finding.CodeMeaning = "121071", "DCM", "Finding"
    text = Dataset()
    text.RelationshipType, text.ValueType, text.TextValue = "CONTAINS", "TEXT", "Unauffälliger Befund"
    text.ConceptNameCodeSequence = Sequence([finding])
    data_set.ValueType, data_set.ContinuityOfContent = "CONTAINER", "SEPARATE"
    data_set.ConceptNameCodeSequence = Sequence([title])
    data_set.ContentSequence = Sequence([text])
    return specimen("report", data_set, ExplicitVRLittleEndian)


def document(series: Series, number: int) -> Specimen:
    """An Encapsulated PDF."""
    data_set = instance(series, number, EncapsulatedPDFStorage, ConversionType="WSD", BurnedInAnnotation="NO")
    data_set.DocumentTitle = "Conformance"
    data_set.MIMETypeOfEncapsulatedDocument = "application/pdf"
    data_set.EncapsulatedDocument = DOCUMENT
    return specimen("document", data_set, ExplicitVRLittleEndian)


def presentation_state(series: Series, number: int, *shown: Specimen) -> Specimen:
    """A Grayscale Softcopy Presentation State of images of one series: a window as wide as their bits, and inverse."""
    data_set = instance(series, number, GrayscaleSoftcopyPresentationStateStorage, ContentLabel="INVERSE", ContentDescription="inverse")
    data_set.PresentationCreationDate, data_set.PresentationCreationTime, data_set.ContentCreatorName = "20260607", "010203", "Conformance"
    images, whole, window = [], Dataset(), Dataset()
    for one in shown:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = one.data_set.SOPClassUID, one.uid
        images.append(image)
    of_series = Dataset()
    of_series.SeriesInstanceUID, of_series.ReferencedImageSequence = shown[0].series, Sequence(images)
    data_set.ReferencedSeriesSequence = Sequence([of_series])
    whole.DisplayedAreaTopLeftHandCorner, whole.DisplayedAreaBottomRightHandCorner = [1, 1], [COLUMNS, ROWS]
    whole.PresentationSizeMode, whole.PresentationPixelAspectRatio = "SCALE TO FIT", ["1", "1"]
    data_set.DisplayedAreaSelectionSequence = Sequence([whole])
    window.WindowCenter, window.WindowWidth = "2048", "4096"
    data_set.SoftcopyVOILUTSequence = Sequence([window])
    data_set.PresentationLUTShape = "INVERSE"
    return specimen("presentation state", data_set, ExplicitVRLittleEndian)


def specimen(name: str, data_set: Dataset, syntax: str, frames: tuple[bytes, ...] = (), codestream: bytes = b"") -> Specimen:
    """With its Part 10 file."""
    written = deepcopy(data_set)
    written.file_meta = FileMetaDataset()
    written.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    written.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    written.file_meta.TransferSyntaxUID = syntax
    target = io.BytesIO()
    dcmwrite(target, written, enforce_file_format=True, little_endian=True, implicit_vr=syntax == ImplicitVRLittleEndian)
    return Specimen(name, data_set, target.getvalue(), syntax, frames, codestream)
