"""Objects and frames in transfer syntaxes that they are not stored in; what comes is read by pydicom and its decoders."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import UID

from codec_kit.by_gdcm import gdcm_frame
from dicomweb_kit.objects import as_file, ct, pixels
from dicomweb_kit.pacs import Pacs, open_pacs, parts_of
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.capabilities import ENCODABLE
from hounsfield.codecs.decode import decode
from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.codecs.pool import CodecPool
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.rewritten_file import rewritten_file

DEFLATED, DEFLATED_FRAMES = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1"
EXPLICIT, BASELINE, LOSSLESS, JLS, RLE = (f"1.2.840.10008.1.2.{end}" for end in ("1", "4.50", "4.70", "4.80", "5"))
DEFLATED_BY_OTHERS = "ts/1.2.840.10008.1.2.8.1/liver_nonbyte_aligned_deflate.dcm"
SERIES = "/studies/2.25.100/series/2.25.101"

MEDIA_TYPES = {"4.70": "image/jpeg", "4.80": "image/jls", "4.90": "image/jp2", "4.201": "image/jphc", "5": "image/dicom-rle"}

FILES = {
    "CT in big endian": "ts/cornerstone3D/CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
    "CT, deflated": "ts/cornerstone3D/CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
    "CT in RLE": "ts/cornerstone3D/CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",
    "CT in JPEG baseline": "ts/cornerstone3D/CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm",
    "colour": "ts/cornerstone3D/TestPattern_JPEG-Lossless_RGB.dcm",
    "colour in HTJ2K": "ts/1.2.840.10008.1.2.4.201/HTJ2KLossless_08_RGB.dcm",
    "single bits": "image/pydicom-data/liver.dcm",
    "a report": "modality/SR_RDSR/CT-RDSR-GEPixelMed.dcm",
    "a film": "synth/ES_video_h264_hp41.dcm",
}


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("pacs")) as opened:
        yield opened


@pytest.fixture(scope="module")
def stored(pacs: Pacs, corpus: Path) -> dict[str, str]:
    """Resources by name: the files of the corpus under UIDs of their own, in one series."""
    resources = {}
    for number, (name, path) in enumerate(FILES.items(), 1):
        data_set = pydicom.dcmread(corpus / path)
        data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.{number}")
        data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.PatientID = "2.25.100", "2.25.101", "many syntaxes"
        target = io.BytesIO()
        pydicom.dcmwrite(target, data_set)
        response = pacs.request("POST", "/studies", content=target.getvalue(), headers={"content-type": "application/dicom"})
        assert response.status_code == 200, (name, response.text)
        resources[name] = f"{SERIES}/instances/2.25.{number}"
    return resources


def read(body: bytes) -> pydicom.FileDataset:
    return pydicom.dcmread(io.BytesIO(body))


def described(file: pydicom.FileDataset, uid: str) -> ImageDescription:
    header = io.BytesIO()
    plain = pydicom.Dataset({tag: element for tag, element in file.items() if tag != 0x7FE00010})
    pydicom.dcmwrite(header, plain, implicit_vr=False, little_endian=True, enforce_file_format=False)
    return describe(header.getvalue(), uid)


def samples(file: pydicom.FileDataset) -> bytes:
    """Of the first frame, by our own decoder, which others hold to account elsewhere."""
    frame = next(pydicom.encaps.generate_frames(file.PixelData, number_of_frames=int(file.get("NumberOfFrames", 1))))
    return decode(frame, described(file, file.file_meta.TransferSyntaxUID).frame(0)).data


@pytest.mark.parametrize("name", ["CT in big endian", "CT, deflated", "CT in RLE", "CT in JPEG baseline", "colour", "colour in HTJ2K"])
def test_objects_in_every_syntax_that_we_write(pacs: Pacs, stored: dict[str, str], name: str) -> None:
    plain = read(pacs.get(stored[name], f"application/dicom; transfer-syntax={EXPLICIT}").content)
    for target in ENCODABLE:
        response = pacs.get(stored[name], f'multipart/related; type="application/dicom"; transfer-syntax={target}')
        assert response.status_code == 200, (target, response.text)
        ((kind, body),) = parts_of(response)
        assert kind == f"application/dicom; transfer-syntax={target}"
        file = read(body)
        assert file.file_meta.TransferSyntaxUID == target
        assert file.file_meta.MediaStorageSOPInstanceUID == file.SOPInstanceUID == plain.SOPInstanceUID
        assert samples(file) == plain.PixelData[: plain.Rows * plain.Columns * plain.SamplesPerPixel * plain.BitsAllocated // 8]
        changed = {element.tag for element in plain if element != file.get(element.tag)}
        assert changed <= {0x7FE00010, 0x00280004, 0x00280006}, target
        if name == "CT in JPEG baseline":
            assert file.LossyImageCompression == "01"


@pytest.mark.parametrize("name", ["CT in big endian", "CT in JPEG baseline", "colour", "single bits", "a report"])
def test_objects_deflated(pacs: Pacs, stored: dict[str, str], name: str) -> None:
    """What pydicom inflates is what is given in Explicit VR Little Endian."""
    plain = pacs.get(stored[name], f"application/dicom; transfer-syntax={EXPLICIT}").content
    for path in (stored[name], f"/wado?{query(stored[name])}&contentType=application/dicom&transferSyntax={DEFLATED}"):
        response = pacs.get(path, f"application/dicom; transfer-syntax={DEFLATED}")
        assert (response.status_code, response.headers["content-type"]) == (200, f"application/dicom; transfer-syntax={DEFLATED}")
        assert len(response.content) % 2 == 0
        file = read(response.content)
        assert file.file_meta.TransferSyntaxUID == DEFLATED
        assert file.to_json() == read(plain).to_json()


def query(resource: str) -> str:
    _, _, study, _, series, _, instance = resource.split("/")
    return f"requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={instance}"


def test_single_bits_in_deflated_frames(pacs: Pacs, corpus: Path) -> None:
    """Frames of a number of bits that fills no byte: those that other software deflated of the same object."""
    path, known = corpus / "image/pydicom-data/liver_nonbyte_aligned.dcm", pydicom.dcmread(corpus / DEFLATED_BY_OTHERS)
    plain = pydicom.dcmread(path)
    assert pacs.store(path.read_bytes()).status_code == 200
    resource = f"/studies/{plain.StudyInstanceUID}/series/{plain.SeriesInstanceUID}/instances/{plain.SOPInstanceUID}"
    found = read(pacs.get(resource, f"application/dicom; transfer-syntax={DEFLATED_FRAMES}").content)
    assert found.file_meta.TransferSyntaxUID == DEFLATED_FRAMES
    frames = [[zlib.decompress(frame, -zlib.MAX_WBITS) for frame in frames_of(file)] for file in (found, known)]
    assert frames[0] == frames[1]
    assert len(frames[0]) == known.NumberOfFrames > 1


def frames_of(file: pydicom.FileDataset) -> list[bytes]:
    return list(pydicom.encaps.generate_frames(file.PixelData, number_of_frames=int(file.NumberOfFrames)))


def test_frames_in_every_syntax_that_we_write(pacs: Pacs, stored: dict[str, str]) -> None:
    for name in ("CT in big endian", "CT in RLE", "colour"):
        frame = pacs.get(f"{stored[name]}/frames/1", "application/octet-stream").content
        plain = read(pacs.get(stored[name], f"application/dicom; transfer-syntax={EXPLICIT}").content)
        assert frame == plain.PixelData
        for target, kind in MEDIA_TYPES.items():
            uid = f"1.2.840.10008.1.2.{target}"
            for accept in (kind, f"{kind}; transfer-syntax={uid}", f"application/octet-stream; transfer-syntax={uid}"):
                response = pacs.get(f"{stored[name]}/frames/1", accept)
                assert response.status_code == 200, (accept, response.text)
                assert response.headers["content-type"] == f"{kind}; transfer-syntax={uid}"
            if target in ("4.70", "4.80", "4.90", "5"):
                assert decoded_by_gdcm(response.content, plain, uid) == frame, (name, kind)


def decoded_by_gdcm(frame: bytes, plain: pydicom.FileDataset, uid: str) -> bytes:
    found = gdcm_frame(frame, described(plain, uid).frame(0))
    assert found is not None
    return found.tobytes()


def test_several_frames(pacs: Pacs) -> None:
    assert pacs.store(as_file(ct(1, frames=3), RLE)).status_code == 200
    frames = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1/frames"
    parts = parts_of(pacs.get(f"{frames}/3,1", 'multipart/related; type="image/jls"'))
    assert [kind for kind, _ in parts] == [f"image/jls; transfer-syntax={JLS}"] * 2
    plain = read(pacs.get(frames.removesuffix("/frames"), f"application/dicom; transfer-syntax={EXPLICIT}").content)
    whole = pixels(1, 3).reshape(3, -1)
    for index, (_, frame) in zip((2, 0), parts, strict=True):
        assert decoded_by_gdcm(frame, plain, JLS) == whole[index].tobytes()


@pytest.mark.parametrize(
    ("name", "accept"),
    [
        ("single bits", f"application/dicom; transfer-syntax={JLS}"),
        ("a report", f"application/dicom; transfer-syntax={JLS}"),
        ("a film", f"application/dicom; transfer-syntax={EXPLICIT}"),
        ("a film", f"application/dicom; transfer-syntax={JLS}"),
        ("CT in RLE", f"application/dicom; transfer-syntax={BASELINE}"),
        ("CT in RLE", "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.91"),
    ],
)
def test_objects_that_cannot_be_had(pacs: Pacs, stored: dict[str, str], name: str, accept: str) -> None:
    assert pacs.get(stored[name], accept).status_code == 406
    response = pacs.get(stored[name], f"{accept}, application/dicom; transfer-syntax=*; q=0.5")
    assert response.status_code == 200, "the second choice"


def test_frames_that_cannot_be_had(pacs: Pacs, stored: dict[str, str]) -> None:
    """Nothing is coded lossily on the fly; that is what rendered resources are for (docs/adr/0017)."""
    for name, accept in (
        ("CT in RLE", f"image/jpeg; transfer-syntax={BASELINE}"),
        ("CT in RLE", "image/jxl"),
        ("single bits", "image/jls"),
        ("CT in RLE", f"image/jls; transfer-syntax={RLE}"),
    ):
        assert pacs.get(f"{stored[name]}/frames/1", accept).status_code == 406, (name, accept)
    kept = pacs.get(f"{stored['CT in JPEG baseline']}/frames/1", "image/jpeg")
    assert kept.headers["content-type"] == f"image/jpeg; transfer-syntax={BASELINE}"
    assert kept.headers["etag"].startswith('"')


def test_a_series_of_many_kinds(pacs: Pacs, stored: dict[str, str]) -> None:
    """Each part says what it is in, and what cannot be had is told."""
    response = pacs.get(SERIES, f'multipart/related; type="application/dicom"; transfer-syntax={JLS}')
    assert response.status_code == 206
    assert response.headers["warning"].startswith("299 ")
    parts = parts_of(response)
    assert len(parts) == 6
    assert {read(body).file_meta.TransferSyntaxUID for _, body in parts} == {JLS}
    wide = pacs.get(SERIES, f'multipart/related; type="application/dicom"; transfer-syntax={JLS}, */*; q=0.1')
    assert wide.status_code == 200
    for kind, body in parts_of(wide):
        assert kind == f"application/dicom; transfer-syntax={read(body).file_meta.TransferSyntaxUID}"
    assert len(parts_of(wide)) == len(FILES)


def test_one_bad_picture_does_not_cost_the_others(pacs: Pacs) -> None:
    """It goes out as it is stored where no transfer syntax was asked for, says so, and is refused where it is the only one."""
    bad = read(as_file(ct(1, study="1.2.8", series="1.2.8.1"), RLE))
    bad.PixelData = bad.PixelData[:20] + bytes(64) + bad.PixelData[84:]
    target = io.BytesIO()
    pydicom.dcmwrite(target, bad)
    assert pacs.store(target.getvalue(), as_file(ct(2, study="1.2.8", series="1.2.8.1"), RLE)).status_code == 200
    for accept in ("*/*", f'multipart/related; type="application/dicom"; transfer-syntax={JLS}, */*; q=0.5'):
        response = pacs.get("/studies/1.2.8", accept)
        parts = parts_of(response)
        assert [kind.rpartition("=")[2] for kind, _ in parts] == [RLE, EXPLICIT if accept == "*/*" else JLS]
        assert parts[0][1] == target.getvalue()
    assert len(zipfile.ZipFile(io.BytesIO(pacs.get("/studies/1.2.8", "application/zip").content)).namelist()) == 2
    assert pacs.get("/studies/1.2.8/series/1.2.8.1/instances/1.2.8.1.1").status_code == 422


def test_pieces_of_an_object_that_is_rewritten_stay_small(pacs: Pacs) -> None:
    """48 MB of frames pass by in pieces of a megabyte."""
    data_set = ct(1, study="1.2.9", series="1.2.9.1", Rows=1024, Columns=1024, NumberOfFrames=24)
    data_set.PixelData = np.zeros(24 << 20, "<u2").tobytes()
    assert pacs.store(as_file(data_set, "1.2.840.10008.1.2")).status_code == 200
    instance = next(one for one in pacs.reader.all_instances() if one.study_instance_uid == "1.2.9")
    packs = PackReader(pacs.archive_root)
    with CodecPool() as codecs:
        rewriter = Rewriter(Retrieve(pacs.reader, packs), packs, codecs)
        lengths = [len(piece) for piece in rewritten_file(rewriter, instance, EXPLICIT)]
    packs.close()
    assert max(lengths) <= 2 << 20
    assert sum(lengths) > 48 << 20


def test_a_small_series_of_which_a_later_object_cannot_be_written_anew_is_an_error_and_not_cut_short(tmp_path: Path) -> None:
    broken = as_file(ct(2), RLE)
    rle_header = broken.index((2).to_bytes(4, "little") + (64).to_bytes(4, "little"))  # two segments, the first behind this header
    broken = broken[: rle_header + 4] + b"\xff" * 8 + broken[rle_header + 12 :]
    with open_pacs(tmp_path) as pacs:
        assert pacs.store(as_file(ct(1)), broken).status_code == 200
        accept = f'multipart/related; type="application/dicom"; transfer-syntax={JLS}'
        response = pacs.get("/studies/1.2.3/series/1.2.3.1", accept)
        assert (response.status_code, response.json()["error"]["code"]) == (422, "undecodable-pixels")
        assert pacs.get("/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1", accept).status_code == 200
        assert pacs.get("/studies/1.2.3/series/1.2.3.1/pixeldata", 'multipart/related; type="image/jls"').status_code == 422
