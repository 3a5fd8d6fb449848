"""The loads: 4 studies of 250 CT images of 512 x 512 x 16 bit (526 KB each), and 20 studies of 100 objects of 8 KB."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.10.1558.1"
CT_STUDIES, CT_IMAGES, CT_SIDE = 4, 250, 512
SMALL_STUDIES, SMALL_IMAGES, SMALL_SIDE = 20, 100, 60
LONG_IMAGES, LONG_NUMBER = 1000, 900


@dataclass(frozen=True, slots=True)
class Study:
    """One study of a load, one series in it."""

    study_instance_uid: str
    series_instance_uid: str
    patient_id: str
    folder: Path
    sop_instance_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """ct and small: as above. side: of the CT pictures."""

    ct: tuple[Study, ...]
    small: tuple[Study, ...]


def make(folder: Path) -> Load:
    """Write the files, or use those of an earlier run."""
    index = folder / "load.json"
    if not index.exists():
        loads = {
            "ct": [_study(folder, "ct", n, CT_IMAGES, CT_SIDE) for n in range(CT_STUDIES)],
            "small": [_study(folder, "small", n, SMALL_IMAGES, SMALL_SIDE) for n in range(SMALL_STUDIES)],
        }
        index.write_text(json.dumps(loads))
    raw = json.loads(index.read_text())
    return Load(*(tuple(map(_read_study, raw[kind])) for kind in ("ct", "small")))


def make_small(folder: Path, first: int) -> tuple[Study, ...]:
    """As many small studies as the load has, numbered from `first`: more objects of the same kind, with other UIDs."""
    target = folder / f"small-{first}"
    index = target / "load.json"
    if not index.exists():
        made = [_study(target, "small", first + n, SMALL_IMAGES, SMALL_SIDE) for n in range(SMALL_STUDIES)]
        index.write_text(json.dumps(made))
    return tuple(map(_read_study, json.loads(index.read_text())))


def make_long(folder: Path, side: int = SMALL_SIDE) -> Study:
    """One study of 1,000 images in one series, as a thin-slice CT has them. side: of a picture, in pixels."""
    target = folder / ("long" if side == SMALL_SIDE else f"long-{side}")
    index = target / "load.json"
    if not index.exists():
        target.mkdir(parents=True, exist_ok=True)
        index.write_text(json.dumps([_study(target, "long", LONG_NUMBER, LONG_IMAGES, side)]))
    (study,) = map(_read_study, json.loads(index.read_text()))
    return study


def _read_study(said: dict[str, str]) -> Study:
    return Study(said["study"], said["series"], said["patient"], Path(said["folder"]), tuple(said["sops"]))


def _study(folder: Path, kind: str, number: int, images: int, side: int) -> dict[str, object]:
    target = folder / kind / f"{number:02d}"
    target.mkdir(parents=True, exist_ok=True)
    base = f"{ROOT}.{1 if kind == 'ct' else 2}.{number + 1}"
    generator = np.random.default_rng([number, side])
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    sops = []
    for image in range(images):
        body = np.where(x**2 / 0.64 + y**2 / 0.81 < 1, 1040, 24) + 300 * ((x - 0.2) ** 2 + (y + 0.1) ** 2 < 0.02 * (1 + image / images))
        pixels = (body + generator.normal(0, 12, body.shape)).clip(0, 4095).astype("<u2")
        ds = _data_set(base, f"BENCH-{kind}-{number:02d}", number, image, side)
        ds.PixelData = pixels.tobytes()
        ds.save_as(target / f"{image:04d}.dcm", enforce_file_format=True)
        sops.append(ds.SOPInstanceUID)
    return {"study": f"{base}.0", "series": f"{base}.1", "patient": f"BENCH-{kind}-{number:02d}", "folder": str(target), "sops": sops}


def _data_set(base: str, patient_id: str, number: int, image: int, side: int) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = f"{base}.2.{image + 1}"
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = ds.AcquisitionDate = f"2026{1 + number % 12:02d}{1 + number % 28:02d}"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "101500"
    ds.AccessionNumber = f"A{number:06d}"
    ds.Modality = "CT"
    ds.Manufacturer = "Benchmark"
    ds.InstitutionName = "Benchmark"
    ds.ReferringPhysicianName = "Referring^Physician"
    ds.StudyDescription = "Abdomen with contrast"
    ds.SeriesDescription = "Axial 1.0 mm"
    ds.ManufacturerModelName = "Phantom"
    ds.PatientName = f"Benchmark^Number {number}"
    ds.PatientID = patient_id
    ds.PatientBirthDate = "19700101"
    ds.PatientSex = "O"
    ds.BodyPartExamined = "ABDOMEN"
    ds.SliceThickness = "1.0"
    ds.KVP = "120"
    ds.PatientPosition = "HFS"
    ds.StudyInstanceUID = f"{base}.0"
    ds.SeriesInstanceUID = f"{base}.1"
    ds.FrameOfReferenceUID = f"{base}.3"
    ds.StudyID = str(number)
    ds.SeriesNumber = 1
    ds.InstanceNumber = image + 1
    ds.ImagePositionPatient = [-180.0, -180.0, float(image)]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.SliceLocation = float(image)
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows = ds.Columns = side
    ds.PixelSpacing = [0.7, 0.7]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = 16, 400
    ds.RescaleIntercept, ds.RescaleSlope = -1024, 1
    return ds
