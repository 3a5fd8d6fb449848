"""Objects computed for a test: what is in them is known to the pixel."""

from __future__ import annotations

import io
from typing import Any

from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from web_kit.pages import Site

OVERLAY_VR = {0x10: "US", 0x11: "US", 0x40: "CS", 0x50: "SS", 0x100: "US", 0x102: "US", 0x3000: "OW"}


def blank(sop_class: str, study: str) -> FileDataset:
    """An object of a class with identifiers of its own, alone in its series; nothing is in it yet."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
        ExplicitVRLittleEndian,
        sop_class,
        generate_uid(),
    )
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = study, generate_uid()
    return data


def part10(data: FileDataset) -> bytes:
    """The file of an object."""
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def phantom(pixels: NDArray[Any], *, study: str, number: int, name: str, **attributes: Any) -> tuple[str, str, bytes]:
    """A series of one image. pixels: (rows, columns[, samples]) or, with NumberOfFrames, frames first.

    overlay: elements of group 6000. Returns the series' and the instance's UID and a Part 10 file.
    """
    overlay = attributes.pop("overlay", {})
    data = blank(attributes.pop("SOPClassUID", SecondaryCaptureImageStorage), study)
    data.PatientName, data.PatientID, data.Modality, data.StudyDate = "Phantom^Display", "DISPLAY", "OT", "19990101"
    data.SeriesNumber, data.InstanceNumber, data.SeriesDescription = number, 1, name
    frame = pixels[0] if "NumberOfFrames" in attributes else pixels
    data.Rows, data.Columns = frame.shape[:2]
    data.SamplesPerPixel = 1 if frame.ndim == 2 else frame.shape[2]
    data.PhotometricInterpretation = "MONOCHROME2" if frame.ndim == 2 else "RGB"
    if frame.ndim == 3:
        data.PlanarConfiguration = 0
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.BitsAllocated = data.BitsStored = 8 * pixels.dtype.itemsize
    data.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    for element, value in overlay.items():
        data.add_new(0x60000000 | element, OVERLAY_VR[element], value)
    data.HighBit = attributes.get("HighBit", data.BitsStored - 1)
    data["PixelData"].VR = "OW" if data.BitsAllocated > 8 else "OB"
    return data.SeriesInstanceUID, data.SOPInstanceUID, part10(data)


def item(**attributes: Any) -> Dataset:
    """An item of a sequence."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def table(entries: NDArray[Any], first: int, bits: int, explanation: str = "") -> Dataset:
    """An item of a Modality LUT Sequence or VOI LUT Sequence."""
    made = item(LUTExplanation=explanation)
    made.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    made.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return made


def store(page: Any, site: Site, content: bytes) -> None:
    """Through STOW-RS, as a person who is signed in."""
    token = page.request.get(f"{site.url}/api/session").json()["csrf_token"]
    headers = {"Content-Type": "application/dicom", "X-CSRF-Token": token}
    answer = page.request.post(f"{site.url}/dicom-web/studies", data=content, headers=headers)
    assert answer.status == 200, answer.text()
