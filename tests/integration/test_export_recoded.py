"""Studies exported in transfer syntaxes that they are not stored in; read by pydicom, DCMTK and GDCM."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openjpeg
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import UID

from hounsfield.dicom.lossy_derivation import derived_uid
from services.command_line import Ran, hounsfield

BASELINE, EXTENDED, NEAR_LOSSLESS, JPEG_2000, HTJ2K = (f"1.2.840.10008.1.2.4.{end}" for end in ("50", "51", "81", "91", "203"))
DEFLATED, JPEG_LS = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.80"
STUDY = "2.25.100"

FILES = {
    "ct": "ts/cornerstone3D/CTImage.dcm",
    "us": "image/pydicom/examples_rgb_color.dcm",
    "enhanced": "modality/EnhancedCT/eCT_Supplemental.dcm",
    "lossy": "ts/cornerstone3D/CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm",
    "report": "modality/SR_RDSR/CT-RDSR-GEPixelMed.dcm",
    "labels": "image/pydicom/liver_1frame.dcm",
    "ybr": "ts/cornerstone3D/US-YBR_FULL_422-EVRLE.dcm",
}


@dataclass(frozen=True)
class Kept:
    """An archive with one study. sources: its files, as they came, by name."""

    data_dir: Path
    sources: dict[str, Dataset]

    def export(self, folder: Path, *words: str) -> tuple[Ran, dict[str, Path]]:
        """What the command said, and each file by the name of its source."""
        ran = hounsfield("export", "--study", STUDY, "--to", folder, "--data-dir", self.data_dir, *words)
        files: dict[str, Path] = {}
        for path in folder.rglob("*.dcm"):
            found = pydicom.dcmread(path, stop_before_pixels=True)
            assert path.stem == found.SOPInstanceUID == found.file_meta.MediaStorageSOPInstanceUID
            files[found.SeriesInstanceUID.rsplit(".", 1)[1]] = path
        return ran, {name: files[str(number)] for number, name in enumerate(FILES) if str(number) in files}


@pytest.fixture(scope="module")
def kept(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("recoded")
    sources = {}
    for number, (name, path) in enumerate(FILES.items()):
        source = pydicom.dcmread(corpus / path)
        source.StudyInstanceUID, source.SeriesInstanceUID, source.PatientID = STUDY, f"{STUDY}.{number}", "recoded"
        source.SOPInstanceUID = source.file_meta.MediaStorageSOPInstanceUID = UID(f"{STUDY}.{number}.1")
        pydicom.dcmwrite(folder / f"{name}.dcm", source)
        sources[name] = pydicom.dcmread(folder / f"{name}.dcm")
    assert hounsfield("import", *folder.glob("*.dcm"), "--data-dir", folder / "data").code == 0
    return Kept(folder / "data", sources)


def psnr_db(found: np.ndarray, source: np.ndarray) -> float:
    noise = ((found.astype(float) - source.astype(float)) ** 2).mean()
    return float(20 * np.log10(np.ptp(source.astype(float))) - 10 * np.log10(noise))


def by_dcmtk(path: Path, program: str) -> np.ndarray:
    """All frames; colour as RGB."""
    plain = path.with_suffix(".plain")
    subprocess.run([program, path, plain], check=True, capture_output=True)
    found: np.ndarray = pydicom.dcmread(plain).pixel_array
    return found


def by_openjpeg(found: Dataset) -> np.ndarray:
    frames = generate_frames(found.PixelData, number_of_frames=int(found.get("NumberOfFrames", 1)))
    return np.stack([np.asarray(openjpeg.decode(frame)) for frame in frames])


def check_derived(found: Dataset, source: Dataset, uid: str, amount: float, method: str) -> None:
    """Every attribute that tells the loss, and no other change (PS3.3 C.7.6.1.1.5)."""
    assert found.file_meta.TransferSyntaxUID == uid
    assert found.SOPInstanceUID == derived_uid(source.SOPInstanceUID, uid, amount)
    assert list(found.ImageType) == ["DERIVED", *list(source.ImageType)[1:]]
    assert (found.LossyImageCompression, _values(found.LossyImageCompressionMethod)[-1]) == ("01", method)
    frames = list(generate_frames(found.PixelData, number_of_frames=int(found.get("NumberOfFrames", 1))))
    uncompressed = len(frames) * found.Rows * found.Columns * found.SamplesPerPixel * found.BitsAllocated // 8
    ratio = float(_values(found.LossyImageCompressionRatio)[-1])
    # A frame of an odd length has a byte of padding.
    assert uncompressed / sum(map(len, frames)) * 0.9999 <= ratio <= uncompressed / (sum(map(len, frames)) - len(frames)) * 1.0001
    assert f"ratio {ratio:.4g}" in found.DerivationDescription
    assert found.DerivationCodeSequence[-1].CodeValue == "113040"
    assert found.SourceImageSequence[-1].ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert found.SourceImageSequence[-1].ReferencedSOPClassUID == source.SOPClassUID
    told = {"SOPInstanceUID", "ImageType", "PixelData", "PhotometricInterpretation", "PlanarConfiguration", "SmallestImagePixelValue"}
    told |= {"LargestImagePixelValue", "InstanceCreationDate", "InstanceCreationTime", "InstanceCreatorUID", "DerivationDescription"}
    told |= {"DerivationCodeSequence", "SourceImageSequence", "LossyImageCompression", "LossyImageCompressionRatio"}
    told |= {"LossyImageCompressionMethod", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"}
    for element in source:
        if element.keyword not in told and element.tag.element:
            assert _plain(found[element.tag]) == _plain(element), element


def _plain(element: Any) -> Any:
    return element.value.rstrip(b"\0") if isinstance(element.value, bytes) else element.value


def _values(value: Any) -> list[Any]:
    return list(value) if isinstance(value, pydicom.multival.MultiValue) else [value]


def test_a_ct_near_lossless(kept: Kept, tmp_path: Path) -> None:
    _, files = kept.export(tmp_path, "--transfer-syntax", NEAR_LOSSLESS, "--near", "3")
    found, source = pydicom.dcmread(files["ct"]), kept.sources["ct"]
    check_derived(found, source, NEAR_LOSSLESS, 3, "ISO_14495_1")
    assert found.SourceImageSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue == "121320"
    apart = by_dcmtk(files["ct"], "dcmdjpls").astype(int) - source.pixel_array.astype(int)
    assert np.abs(apart).max() == 3


@pytest.mark.parametrize(("uid", "method"), [(JPEG_2000, "ISO_15444_1"), (HTJ2K, "ISO_15444_15")])
def test_wavelets(kept: Kept, tmp_path: Path, uid: str, method: str) -> None:
    ran, files = kept.export(tmp_path, "--transfer-syntax", uid, "--psnr", "48")
    assert ran.code == 3
    for name in ("ct", "us", "enhanced"):
        found, source = pydicom.dcmread(files[name]), kept.sources[name]
        check_derived(found, source, uid, 48, method)
        frames = (-1, source.Rows, source.Columns, source.SamplesPerPixel)
        for came, meant in zip(by_openjpeg(found).reshape(frames), source.pixel_array.reshape(frames), strict=True):
            assert psnr_db(came, meant) >= 48
    assert pydicom.dcmread(files["us"]).PhotometricInterpretation == "YBR_ICT"
    assert pydicom.dcmread(files["ct"]).PhotometricInterpretation == kept.sources["ct"].PhotometricInterpretation


def test_frames_of_an_enhanced_image_say_it_too(kept: Kept, tmp_path: Path) -> None:
    """Frame Type, and one derivation for all frames; ratio and method are of the image alone."""
    _, files = kept.export(tmp_path, "--transfer-syntax", JPEG_2000, "--psnr", "40")
    found, source = pydicom.dcmread(files["enhanced"]), kept.sources["enhanced"]
    assert found.NumberOfFrames == source.NumberOfFrames > 1
    groups = [*found.SharedFunctionalGroupsSequence, *found.PerFrameFunctionalGroupsSequence]
    types = [kind.FrameType[0] for group in groups for kind in group.get("CTImageFrameTypeSequence", [])]
    assert set(types) == {"DERIVED"}
    (derivation,) = found.SharedFunctionalGroupsSequence[0].DerivationImageSequence
    assert derivation.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    for group in groups:
        assert not [element for element in group.iterall() if element.keyword.startswith("LossyImageCompression")]


def test_colour_in_jpeg_baseline(kept: Kept, tmp_path: Path) -> None:
    ran, files = kept.export(tmp_path, "--transfer-syntax", BASELINE, "--quality", "95")
    found, source = pydicom.dcmread(files["us"]), kept.sources["us"]
    check_derived(found, source, BASELINE, 95, "ISO_10918_1")
    assert (found.PhotometricInterpretation, found.PlanarConfiguration) == ("YBR_FULL_422", 0)
    assert psnr_db(by_dcmtk(files["us"], "dcmdjpeg"), source.pixel_array) > 32
    # What cannot be coded so comes as it is stored, and is named.
    for name, reason in (("ct", "no sign"), ("lossy", "8 bits"), ("labels", "segmentations"), ("report", "no pixel data")):
        assert files[name].read_bytes() == (kept.data_dir.parent / f"{name}.dcm").read_bytes()
        assert any(kept.sources[name].SOPInstanceUID in line and reason in line for line in ran.err.splitlines()), ran.err
    assert ran.code == 3


def test_luminance_and_chrominance_stay_what_they_are(kept: Kept, tmp_path: Path) -> None:
    """JPEG takes them as they come; of native pixels that share their chrominance it is counted once."""
    _, files = kept.export(tmp_path, "--transfer-syntax", BASELINE, "--quality", "92")
    found, source = pydicom.dcmread(files["ybr"]), kept.sources["ybr"]
    assert source.PhotometricInterpretation == found.PhotometricInterpretation == "YBR_FULL_422"
    assert psnr_db(by_dcmtk(files["ybr"], "dcmdjpeg"), source.pixel_array) > 35
    (frame,) = generate_frames(found.PixelData, number_of_frames=1)
    ratio = pytest.approx(source.Rows * source.Columns * 2 / len(frame), rel=1e-4)
    assert list(found.LossyImageCompressionRatio) == [source.LossyImageCompressionRatio, ratio]


def test_one_loss_after_another(kept: Kept, tmp_path: Path) -> None:
    """The first one is of the transfer syntax in which the source is stored."""
    _, files = kept.export(tmp_path, "--transfer-syntax", NEAR_LOSSLESS, "--near", "2")
    found, source = pydicom.dcmread(files["lossy"]), kept.sources["lossy"]
    check_derived(found, source, NEAR_LOSSLESS, 2, "ISO_14495_1")
    assert len(_values(found.LossyImageCompressionRatio)) == len(_values(found.LossyImageCompressionMethod)) == 2
    assert found.LossyImageCompressionMethod[0] == "ISO_10918_1"
    assert found.SourceImageSequence[-1].PurposeOfReferenceCodeSequence[0].CodeValue == "121330"


def test_what_is_stored_so_is_not_compressed_again(kept: Kept, tmp_path: Path) -> None:
    _, files = kept.export(tmp_path, "--transfer-syntax", EXTENDED, "--quality", "10")
    assert files["lossy"].read_bytes() == (kept.data_dir.parent / "lossy.dcm").read_bytes()


def test_the_same_question_has_the_same_answer(kept: Kept, tmp_path: Path) -> None:
    options = ("--transfer-syntax", HTJ2K, "--psnr")
    exports = [kept.export(tmp_path / str(number), *options, amount)[1] for number, amount in enumerate(("45", "45.0", "46"))]
    once, again, other = ({path.name: path.read_bytes() for path in files.values()} for files in exports)
    assert once == again
    derived = {kept.sources[name].SOPInstanceUID for name in FILES} - {name.removesuffix(".dcm") for name in once}
    assert len(derived) == 5, "ct, us, enhanced, lossy, ybr"
    assert len(once.keys() & other.keys()) == 2


def test_without_loss(kept: Kept, tmp_path: Path) -> None:
    """The same images: names and pixels stay."""
    ran, files = kept.export(tmp_path / "jls", "--transfer-syntax", JPEG_LS)
    for name in ("ct", "us", "enhanced"):
        found, source = pydicom.dcmread(files[name]), kept.sources[name]
        assert (found.SOPInstanceUID, found.file_meta.TransferSyntaxUID) == (source.SOPInstanceUID, JPEG_LS)
        assert np.array_equal(found.pixel_array, source.pixel_array)
        assert "DERIVED" not in list(found.ImageType) or list(found.ImageType) == list(source.ImageType)
    assert ran.code == 3, "single bits are not coded in JPEG-LS"
    ran, files = kept.export(tmp_path / "deflated", "--transfer-syntax", DEFLATED)
    assert ran.code == 0
    assert {pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID for path in files.values()} == {DEFLATED}
    assert np.array_equal(pydicom.dcmread(files["labels"]).pixel_array, kept.sources["labels"].pixel_array)
    assert len(files["report"].read_bytes()) < len((kept.data_dir.parent / "report.dcm").read_bytes()) / 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--transfer-syntax", JPEG_2000), "psnr"),
        (("--transfer-syntax", JPEG_2000, "--quality", "90"), "psnr"),
        (("--transfer-syntax", BASELINE, "--quality", "0"), "1 to 100"),
        (("--transfer-syntax", JPEG_LS, "--near", "2"), "lossy"),
        (("--near", "2"), "lossy"),
        (("--transfer-syntax", "1.2.840.10008.1.2.2"), "not written"),
        (("--transfer-syntax", JPEG_LS, "--original"), "--original"),
    ],
)
def test_a_question_that_makes_no_sense(kept: Kept, tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    ran, files = kept.export(tmp_path, *words)
    assert ran.code == 2
    assert reason in ran.err
    assert not files
