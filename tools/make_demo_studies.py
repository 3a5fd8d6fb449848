"""Makes the demo studies of `src/hounsfield/app/demo/data`: `python tools/make_demo_studies.py [--ct FOLDER]`.

Phantoms come from numpy with fixed seeds, UIDs and dates, so that the same libraries write the same bytes. `--ct` names the folder of
the licensed CT series of which some slices are copied as they are; without it those already in the data folder are left alone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from demo_anatomy import NoiseBlock, blur, smooth_noise
from demo_colour import US_MM_PER_PIXEL, retina, tracer, ultrasound_frame
from demo_head import CT_NUMBERS, T1_SIGNAL, T2_SIGNAL, Head, mixed
from demo_headers import HTJ2K, JPEG_2000, JPEG_BASELINE, JPEG_LS, Person, Series, Study, code, place, set_pixels
from demo_projections import Coronaries, breast, chest

DATA = Path(__file__).resolve().parent.parent / "src" / "hounsfield" / "app" / "demo" / "data"
LICENSED_SLICES = range(74, 100)

CT, MR, PT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128"
DX, MG = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.2"
US_MULTIFRAME, XA, SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.7"

# Names are the standard's own examples (PS3.5 annexes H, I, J and K) or say what they are.
YAMADA = Person("Yamada^Tarou=山田^太郎=やまだ^たろう", "DEMO-0001", "19520320", "M", ("", "ISO 2022 IR 87"))
HONG = Person("Hong^Gildong=洪^吉洞=홍^길동", "DEMO-0002", "19880117", "M", ("", "ISO 2022 IR 149"))
PHANTOM = Person("Phantôme^Zoë Éléonore", "DEMO-0003", "19610608", "F", ("ISO_IR 100",))
ARABIC = Person("قباني^لنزار", "DEMO-0004", "19750903", "M", ("ISO_IR 127",))
GREEK = Person("Διονυσιος^Δοκιμή", "DEMO-0005", "19680229", "F", ("ISO_IR 126",))
CYRILLIC = Person("Люксембург^Фантом", "DEMO-0006", "19490511", "M", ("ISO_IR 144",), 78.0, 1.76)
WANG = Person("Wang^XiaoDong=王^小东", "DEMO-0007", "19930725", "F", ("GB18030",))
LATIN = Person("Phantom^Łucja Çağla", "DEMO-0008", "19570130", "M", ("ISO_IR 192",))

AXIAL, SAGITTAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def head_ct(current: bool) -> Iterator[Dataset]:
    """A bleeding in the left basal ganglia, and the same head fourteen months before it."""
    study = (
        Study(YAMADA, "head ct", "20260914", "081502", "DEMO26091401", "CT Head without contrast")
        if current
        else Study(YAMADA, "head ct before", "20250711", "103318", "DEMO25071107", "CT Head without contrast")
    )
    common = {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "KVP": "120",
        "XRayTubeCurrent": "280",
        "ExposureTime": "1000",
        "Exposure": "280",
        "DataCollectionDiameter": "250",
        "ReconstructionDiameter": "230",
        "ConvolutionKernel": "H31",
        "PatientPosition": "HFS",
        "GantryDetectorTilt": "0",
        "ScanOptions": "SEQUENCE",
        "FilterType": "",
        "AcquisitionNumber": 1,
        "RescaleIntercept": "-1024",
        "RescaleSlope": "1",
        "RescaleType": "HU",
        "WindowCenter": ["40", "500"],
        "WindowWidth": ["80", "2500"],
        "WindowCenterWidthExplanation": ["BRAIN", "BONE"],
    }
    series = Series(study, 2, "CT", CT, "Head 5 mm", "HEAD", common)
    head = Head(NoiseBlock(21, 101), NoiseBlock(40, 102, octaves=2), bleeding=current)
    size, fov, step = 512, 230.0, 5.0
    x, y = _plane(size, fov)
    shift = 0.0 if current else 1.7
    for number in range(1, 25):
        z = -38.0 + step * (number - 1) + shift
        numbers = blur(mixed(head.tissue(x, y, np.full_like(x, z)), CT_NUMBERS), 0.75)
        noise = _noise(numbers.shape, 103 + number + 1000 * current, 0.7) * np.where(numbers > -600, 2.9, 0.0)
        ds = series.new_object(number)
        place(ds, study, (-fov / 2 + fov / size / 2, -fov / 2 + fov / size / 2, z - shift), AXIAL, fov / size, step)
        ds.SliceLocation, ds.TableHeight = f"{z - shift:g}", "140"
        set_pixels(
            ds,
            [np.clip(np.rint(numbers + noise + 1024), 0, 4095).astype(np.uint16)],
            HTJ2K if current else JPEG_2000,
            16 if current else 12,
        )
        yield ds


def head_mr() -> Iterator[Dataset]:
    """T1 and T2 axial, T1 sagittal; spots in the white matter that T2 shows."""
    study = Study(HONG, "head mr", "20260902", "143010", "DEMO26090203", "MR Brain")
    head = Head(NoiseBlock(20, 201), NoiseBlock(42, 202, octaves=2), white_matter_spots=True)
    size, fov = 256, 230.0
    plans = (
        (2, "T1 axial", T1_SIGNAL, AXIAL, 19, 6.5, "SE", "500", "12"),
        (3, "T2 axial", T2_SIGNAL, AXIAL, 19, 6.5, "SE", "4200", "98"),
        (4, "T1 sagittal", T1_SIGNAL, SAGITTAL, 16, 7.5, "SE", "520", "12"),
    )
    for series_number, description, signal, orientation, count, step, technique, repetition, echo in plans:
        common = {
            "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
            "ScanningSequence": technique,
            "SequenceVariant": "NONE",
            "ScanOptions": "",
            "MRAcquisitionType": "2D",
            "RepetitionTime": repetition,
            "EchoTime": echo,
            "EchoTrainLength": "1",
            "MagneticFieldStrength": "1.5",
            "ImagingFrequency": "63.87",
            "ImagedNucleus": "1H",
            "NumberOfAverages": "2",
            "PixelBandwidth": "180",
            "FlipAngle": "90",
            "SpacingBetweenSlices": f"{step:g}",
            "PatientPosition": "HFS",
            "WindowCenter": "520" if signal is T2_SIGNAL else "400",
            "WindowWidth": "1000" if signal is T2_SIGNAL else "760",
        }
        series = Series(study, series_number, "MR", MR, description, "BRAIN", common)
        across, down = _plane(size, fov)
        for number in range(1, count + 1):
            offset = (number - (count + 1) / 2) * step
            if orientation is AXIAL:
                x, y, z = across, down, np.full_like(across, offset + 20)
                position = (-fov / 2, -fov / 2, offset + 20)
            else:
                x, y, z = np.full_like(across, offset), across, 12 - down
                position = (offset, -fov / 2, 12 + fov / 2)
            weight = mixed(head.tissue(x, y, z), signal)
            coil = 1.12 - 0.00002 * (across**2 + (down + 20) ** 2)
            seed = 210 + series_number * 100 + number
            real, imaginary = blur(weight, 0.55) * coil + _noise(weight.shape, seed, 0.5) * 13, _noise(weight.shape, seed + 50, 0.5) * 13
            ds = series.new_object(number)
            place(ds, study, position, orientation, fov / size, step - 0.5)
            ds.SliceLocation = f"{offset:g}"
            set_pixels(ds, [np.clip(np.rint(np.hypot(real, imaginary)), 0, 4095).astype(np.uint16)], JPEG_LS, 12)
            yield ds


def _digital_x_ray(view: str) -> dict[str, object]:
    return {
        "PresentationIntentType": "FOR PRESENTATION",
        "PixelIntensityRelationship": "LOG",
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "US",
        "PresentationLUTShape": "IDENTITY",
        "BurnedInAnnotation": "NO",
        "DetectorType": "DIRECT",
        "DetectorConfiguration": "AREA",
        "DetectorID": "DEMO",
        "ViewPosition": view,
        "AcquisitionDeviceProcessingDescription": "",
        "AcquisitionContextSequence": [],
        "PositionerType": "NONE",
        "PatientOrientation": ["L", "F"],
    }


def chest_radiograph(current: bool) -> Iterator[Dataset]:
    """MONOCHROME1, as many detectors send it; the current one has a nodule in the right lung."""
    study = (
        Study(PHANTOM, "chest", "20260911", "091244", "DEMO26091105", "XR Chest PA")
        if current
        else Study(PHANTOM, "chest before", "20240305", "155930", "DEMO24030511", "XR Chest PA")
    )
    common = _digital_x_ray("PA") | {
        "ImageType": ["ORIGINAL", "PRIMARY", ""],
        "PresentationLUTShape": "INVERSE",
        "PixelIntensityRelationshipSign": -1,
        "KVP": "125",
        "Exposure": "2",
        "ImageLaterality": "U",
        "ImagerPixelSpacing": ["0.31", "0.31"],
        "PixelSpacing": ["0.31", "0.31"],
        "WindowCenter": "2100",
        "WindowWidth": "3000",
        "PhotometricInterpretation": "MONOCHROME1",
        "DistanceSourceToDetector": "1800",
        "PatientOrientation": ["L", "F"],
        "Grid": "NONE",
    }
    common["AnatomicRegionSequence"] = [code("51185008", "SCT", "Chest")]
    series = Series(study, 1, "DX", DX, "Chest PA", "CHEST", common)
    rows, columns = 1280, 1200
    attenuation = chest(rows, columns, 301, nodule=current)
    values = 3900 - 3560 * attenuation + _noise(attenuation.shape, 302 + current, 0.6) * 4
    ds = series.new_object(1)
    ds.AcquisitionDateTime = ds.StudyDate + ds.StudyTime
    set_pixels(ds, [np.clip(np.rint(values), 0, 4095).astype(np.uint16)], JPEG_LS, 12)
    yield ds


def echocardiogram() -> Iterator[Dataset]:
    """A colour clip with a calibrated region (PS3.3 C.8.5.5)."""
    study = Study(ARABIC, "echo", "20260908", "101530", "DEMO26090802", "Echocardiography")
    count = 24
    common = {
        "ImageType": ["ORIGINAL", "PRIMARY", "", "0011"],
        "FrameTime": "41.67",
        "FrameIncrementPointer": 0x00181063,
        "NumberOfFrames": count,
        "CineRate": 24,
        "RecommendedDisplayFrameRate": 24,
        "HeartRate": 60,
        "StartTrim": 1,
        "StopTrim": count,
        "PreferredPlaybackSequencing": 0,
        "UltrasoundColorDataPresent": 1,
        "BurnedInAnnotation": "NO",
        "TransducerData": "PHANTOM",
    }
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 2, 2
    region.RegionLocationMinX0, region.RegionLocationMinY0, region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 50, 30, 590, 465
    region.ReferencePixelX0, region.ReferencePixelY0 = 270, 4
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.ReferencePixelPhysicalValueX = region.ReferencePixelPhysicalValueY = 0.0
    region.PhysicalDeltaX = region.PhysicalDeltaY = US_MM_PER_PIXEL / 10
    series = Series(study, 1, "US", US_MULTIFRAME, "Apical four chamber, colour", "HEART", common)
    ds = series.new_object(1)
    ds.SequenceOfUltrasoundRegions = [region]
    set_pixels(ds, [ultrasound_frame(index, count, 401) for index in range(count)], JPEG_BASELINE, 8)
    yield ds


def mammogram() -> Iterator[Dataset]:
    """Both breasts in two views; a mass with calcifications in the left one."""
    study = Study(GREEK, "mammography", "20260830", "090455", "DEMO26083001", "Mammography screening")
    rows, columns = 1300, 1000
    views = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
    series = Series(study, 1, "MG", MG, "Screening", "BREAST", {})
    for number, (laterality, view) in enumerate(views, start=1):
        attenuation = breast(rows, columns, 501 if laterality == "R" else 502, oblique=view == "MLO", mass=laterality == "L")
        if laterality == "R":
            attenuation = attenuation[:, ::-1]
        towards = "L" if laterality == "R" else "R"
        view_code = code("399162004", "SCT", "cranio-caudal") if view == "CC" else code("399368009", "SCT", "medio-lateral oblique")
        view_code.ViewModifierCodeSequence = []
        ds = series.new_object(number)
        for keyword, value in (
            _digital_x_ray(view)
            | {
                "ImageType": ["ORIGINAL", "PRIMARY"],
                "PixelIntensityRelationshipSign": 1,
                "ImageLaterality": laterality,
                "OrganExposed": "BREAST",
                "AnatomicRegionSequence": [code("76752008", "SCT", "Breast")],
                "ViewCodeSequence": [view_code],
                "PositionerType": "MAMMOGRAPHIC",
                "PatientOrientation": ["A" if laterality == "L" else "P", towards if view == "CC" else "F" + towards],
                "ImagerPixelSpacing": ["0.18", "0.18"],
                "KVP": "28",
                "Exposure": "90",
                "BodyPartThickness": "52",
                "CompressionForce": "110",
                "WindowCenter": "1650",
                "WindowWidth": "3200",
                "PositionerPrimaryAngle": "0" if view == "CC" else "45",
                "BreastImplantPresent": "NO",
                "PartialView": "NO",
            }
        ).items():
            setattr(ds, keyword, value)
        ds.AcquisitionDateTime = ds.StudyDate + ds.StudyTime
        noise = _noise(attenuation.shape, 510 + number, 0.7) * 5 * (attenuation > 0.02)
        values = np.clip(np.rint(attenuation * 3600 + noise), 0, 4095).astype(np.uint16)
        set_pixels(ds, [np.ascontiguousarray(values)], JPEG_2000, 12)
        yield ds


def positron_emission() -> Iterator[Dataset]:
    """FDG in a torso with a few hot spots, with all that the standardised uptake value asks for."""
    study = Study(CYRILLIC, "pet", "20260821", "113000", "DEMO26082104", "PET torso FDG")
    weight_kg, dose_bq, half_life_s, waited_s = CYRILLIC.weight_kg, 350e6, 6586.2, 3600
    bq_per_suv = dose_bq * 0.5 ** (waited_s / half_life_s) / (weight_kg * 1000)
    pharmaceutical = Dataset()
    pharmaceutical.Radiopharmaceutical, pharmaceutical.RadiopharmaceuticalRoute = "Fluorodeoxyglucose", "INTRAVENOUS"
    pharmaceutical.RadiopharmaceuticalStartTime, pharmaceutical.RadiopharmaceuticalStartDateTime = "103000", "20260821103000"
    pharmaceutical.RadionuclideTotalDose, pharmaceutical.RadionuclideHalfLife = f"{dose_bq:.0f}", f"{half_life_s}"
    pharmaceutical.RadionuclidePositronFraction = "0.967"
    pharmaceutical.RadionuclideCodeSequence = [code("77004003", "SCT", "^18^Fluorine")]
    pharmaceutical.RadiopharmaceuticalCodeSequence = [code("35321007", "SCT", "Fluorodeoxyglucose F^18^")]
    size, fov, step, count = 128, 416.0, 6.5, 58
    common = {
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "Units": "BQML",
        "CountsSource": "EMISSION",
        "SeriesType": ["STATIC", "IMAGE"],
        "NumberOfSlices": count,
        "CorrectedImage": ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"],
        "DecayCorrection": "START",
        "RandomsCorrectionMethod": "DLYD",
        "AttenuationCorrectionMethod": "phantom",
        "ScatterCorrectionMethod": "phantom",
        "ReconstructionMethod": "none",
        "CollimatorType": "NONE",
        "RadiopharmaceuticalInformationSequence": [pharmaceutical],
        "FrameReferenceTime": "90000",
        "ActualFrameDuration": "180000",
        "PatientOrientationCodeSequence": [code("102538003", "SCT", "recumbent")],
        "PatientGantryRelationshipCodeSequence": [code("102540008", "SCT", "headfirst")],
        "RescaleIntercept": "0",
        "DecayFactor": "1",
        "AcquisitionTime": "113000",
        "SeriesTime": "113000",
    }
    common["PatientOrientationCodeSequence"][0].PatientOrientationModifierCodeSequence = [code("40199007", "SCT", "supine")]
    series = Series(study, 1, "PT", PT, "Torso, attenuation corrected", "CHEST", common)
    slope = 0.8
    for number in range(1, count + 1):
        z = ((count + 1) / 2 - number) * step
        uptake = tracer(z, size, fov, 601)
        counted = uptake * (1 + 0.05 * smooth_noise(uptake.shape, 4.0, 610 + number)) + 0.012 * np.abs(
            smooth_noise(uptake.shape, 4.0, 710 + number)
        )
        ds = series.new_object(number)
        place(ds, study, (-fov / 2, -fov / 2, z), AXIAL, fov / size, step)
        ds.SliceLocation, ds.ImageIndex, ds.RescaleSlope = f"{z:g}", number, f"{slope:g}"
        ds.WindowCenter, ds.WindowWidth = f"{3 * bq_per_suv:.0f}", f"{6 * bq_per_suv:.0f}"
        set_pixels(ds, [np.clip(np.rint(counted * bq_per_suv / slope), 0, 32767).astype(np.uint16)], str(RLELossless), 16)
        yield ds


def fundus() -> Iterator[Dataset]:
    """Colour, as a secondary capture."""
    study = Study(WANG, "fundus", "20260817", "160201", "DEMO26081706", "Fundus photograph")
    common = {
        "ConversionType": "DI",
        "ImageType": ["DERIVED", "SECONDARY"],
        "BurnedInAnnotation": "NO",
        "PatientOrientation": ["L", "F"],
        "Laterality": "R",
    }
    series = Series(study, 1, "OT", SECONDARY_CAPTURE, "Right fundus", "EYE", common)
    ds = series.new_object(1)
    set_pixels(ds, [retina(768, 900, 701)], JPEG_LS, 8)
    yield ds


def angiogram() -> Iterator[Dataset]:
    """A cine run of 30 frames at 15 frames a second (PS3.3 C.8.7)."""
    study = Study(LATIN, "angiography", "20260905", "134410", "DEMO26090509", "Coronary angiography")
    count, size = 30, 512
    common = {
        "ImageType": ["ORIGINAL", "PRIMARY", "SINGLE PLANE"],
        "NumberOfFrames": count,
        "FrameTime": "66.67",
        "FrameIncrementPointer": 0x00181063,
        "CineRate": 15,
        "RecommendedDisplayFrameRate": 15,
        "PixelIntensityRelationship": "DISP",
        "RadiationSetting": "GR",
        "KVP": "80",
        "ExposureTime": "7",
        "XRayTubeCurrent": "600",
        "PositionerMotion": "STATIC",
        "PositionerPrimaryAngle": "30",
        "PositionerSecondaryAngle": "20",
        "DistanceSourceToDetector": "1000",
        "DistanceSourceToPatient": "750",
        "ImagerPixelSpacing": ["0.4", "0.4"],
        "PatientOrientation": "",
        "WindowCenter": "128",
        "WindowWidth": "256",
        "Exposure": "5",
        "IntensifierSize": "200",
    }
    series = Series(study, 1, "XA", XA, "Left coronary artery", "HEART", common)
    run = Coronaries(size, 801)
    frames = []
    for index in range(count):
        shown = (1.0 - run.frame(index, count) - 0.08) / 0.78
        grain = _noise((size, size), 810 + index, 0.9)
        frames.append(np.clip(np.rint(shown * 235 + 10 + grain * 1.2), 0, 255).astype(np.uint8))
    ds = series.new_object(1)
    set_pixels(ds, frames, JPEG_LS, 8)
    yield ds


def _plane(size: int, fov_mm: float) -> tuple[np.ndarray, np.ndarray]:
    axis = ((np.arange(size) - (size - 1) / 2) * fov_mm / size).astype(np.float32)
    across, down = np.meshgrid(axis, axis)
    return across, down


def _noise(shape: tuple[int, ...], seed: int, grain: float) -> np.ndarray:
    """Deviation 1, smoothed over `grain` pixels as reconstruction smooths it."""
    noise = blur(np.random.default_rng(seed).standard_normal(shape).astype(np.float32), grain)
    return noise / noise.std()


STUDIES = {
    "head-ct": lambda: head_ct(True),
    "head-ct-prior": lambda: head_ct(False),
    "head-mr": head_mr,
    "chest": lambda: chest_radiograph(True),
    "chest-prior": lambda: chest_radiograph(False),
    "echocardiogram": echocardiogram,
    "mammogram": mammogram,
    "pet": positron_emission,
    "fundus": fundus,
    "angiogram": angiogram,
}


def main(arguments: list[str]) -> int:
    """Writes the data files and prints their sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ct", type=Path, help="folder of the licensed CT series")
    parser.add_argument("--only", nargs="*", default=list(STUDIES), help="names of studies")
    options = parser.parse_args(arguments)
    for name in options.only:
        folder = DATA / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        total = 0
        for ds in STUDIES[name]():
            path = folder / f"{ds.SeriesNumber:02d}-{ds.InstanceNumber:03d}.dcm"
            ds.save_as(path, enforce_file_format=True)
            total += path.stat().st_size
        print(f"{name}: {len(list(folder.iterdir()))} files, {total / 1e6:.2f} MB, {ds.StudyInstanceUID}")
    if options.ct is not None:
        folder = DATA / "acrin-flt-breast-ct"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for number in LICENSED_SLICES:
            shutil.copyfile(options.ct / f"1-{number:03d}.dcm", folder / f"1-{number:03d}.dcm")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
