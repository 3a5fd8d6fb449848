"""Files that browser tests let fall onto the worklist, and what its panel says of them."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

ROW = "[data-testid=study-row]"
"""Of the worklist."""


def secondary_capture(patient_name: str, description: str, **values: str) -> bytes:
    """A small image with a gradient, of a study of its own. values: by keyword, in the place of what it would have."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.PatientName, data.PatientID = patient_name, "CANARY-1"
    data.StudyDescription = data.SeriesDescription = data.InstitutionName = description
    data.StudyDate, data.StudyTime, data.Modality = "20260101", "120000", "OT"
    data.PhotometricInterpretation, data.SamplesPerPixel = "MONOCHROME2", 1
    data.Rows = data.Columns = 64
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = np.tile(np.arange(0, 256, 4, dtype=np.uint8), 64).tobytes()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def drop(page: Any, **files: bytes) -> None:
    """Lets files fall onto the page."""
    page.evaluate(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, text] of files) {
                const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            }
            for (const type of ['dragenter', 'dragover', 'drop']) {
                document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
            }
        }""",
        [[name, base64.b64encode(content).decode()] for name, content in files.items()],
    )


def upload_counts(page: Any) -> dict[str, int]:
    """What the panel says when the upload has ended."""
    page.wait_for_selector("[data-testid=upload-panel] [role=status]:text('Finished')")
    names = ("stored", "duplicates", "kept", "rejected", "failed")
    counts = {name: int(page.inner_text(f"[data-testid=upload-{name}]")) for name in names}
    return {name: count for name, count in counts.items() if count}
