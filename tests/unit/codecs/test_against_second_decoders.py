"""Real images of every transfer syntax, held against second decoders: DCMTK, GDCM and pydicom.

Lossless syntaxes agree to the bit, lossy ones within what their arithmetic leaves open.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import openjpeg
import pydicom
import pytest
from pydicom.pixels import pixel_array

from codec_kit.by_gdcm import array_type, gdcm_frame
from hounsfield.codecs.capabilities import DECODABLE, ENCODABLE, NATIVE
from hounsfield.codecs.decode import decode
from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.dicom.part10 import read_prefix
from hounsfield.model.errors import UndecodablePixels, UnreadableObject

LOSSY_JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55")
LOSSY = (*LOSSY_JPEG, "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203")
FOLDERS = ("ts", "image", "modality")

Open = Callable[[Path], Any]


def images(corpus: Path, image_at: Open, syntax: str) -> Iterator[tuple[Path, Any]]:
    """Readable images of one transfer syntax; long series are left to others."""
    for line in (corpus / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        path = corpus / line.split("\t")[0]
        if line.split("/")[0] not in FOLDERS or path.stat().st_size > 4 << 20:
            continue
        with path.open("rb") as stream:
            try:
                meta = read_prefix(stream.read(2048))
            except UnreadableObject:
                continue
        if meta is None or meta.transfer_syntax_uid != syntax:
            continue
        with contextlib.suppress(UnreadableObject, UndecodablePixels):  # no picture, or no object
            image = image_at(path)
            if image.frames:
                yield path, image


def as_rgb(samples: np.ndarray) -> np.ndarray:
    """By the floating point matrix of PS3.3 C.7.6.3.1.2."""
    y, cb, cr = (samples[:, :, plane].astype(np.float64) - (0 if plane == 0 else 128) for plane in range(3))
    return np.clip(np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=2), 0, 255)


def decoded_array(frame: bytes, description: FrameDescription) -> tuple[np.ndarray, str]:
    result = decode(frame, description)
    shape = (result.rows, result.columns, result.samples_per_pixel)
    return np.frombuffer(result.data, array_type(description)).reshape(shape), result.photometric_interpretation


ENCAPSULATED = [
    f"1.2.840.10008.1.2.{number}"
    for number in ("4.50", "4.51", "4.53", "4.55", "4.57", "4.70", "4.80", "4.81", "4.90", "4.91", "4.201", "5")
]


@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_gdcm_sees_the_same(corpus: Path, image_at: Open, syntax: str) -> None:
    compared = 0
    for path, image in images(corpus, image_at, syntax):
        description = image.description.frame(0)
        if description.bits_allocated == 1 or (syntax.endswith((".80", ".81")) and description.bits_stored < 8):
            continue  # GDCM does not decode these
        if syntax.endswith("1.2.5") and description.samples_per_pixel == 3 and description.bits_allocated > 8:
            continue  # nor these; pydicom and DCMTK do
        for index in sorted({0, len(image.frames) - 1}):
            theirs = gdcm_frame(image.frames[index], description)
            try:
                ours, photometric = decoded_array(image.frames[index], description)
            except UndecodablePixels:
                assert theirs is None, f"{path.name} can be decoded"
                continue
            if theirs is None:
                continue
            if syntax in LOSSY_JPEG and photometric == "RGB":
                compare_lossy_colour(ours, theirs, path)
            elif syntax in LOSSY:
                assert np.abs(ours.astype(np.int64) - theirs).max() <= 1, path.name
            else:
                assert same_bits(ours, theirs, description), path.name
            compared += 1
    assert compared


def same_bits(ours: np.ndarray, theirs: np.ndarray, description: FrameDescription) -> bool:
    """Neither GDCM nor DCMTK extends a sign into the bits above those stored."""
    return not ((ours.astype(np.int64) ^ theirs) & ((1 << description.bits_stored) - 1)).any()


def compare_lossy_colour(ours: np.ndarray, theirs: np.ndarray, path: Path) -> None:
    """GDCM may leave YCbCr as it is; chrominance is spread over its pixels in more than one permitted way."""
    distances = [np.abs(ours - candidate) for candidate in (theirs.astype(np.float64), as_rgb(theirs))]
    best = min(distances, key=lambda distance: float(distance.mean()))
    assert best.mean() < 2, path.name
    assert np.median(best) <= 2, path.name


TOOLS = {
    "dcmdjpeg": (*LOSSY_JPEG[:2], "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"),
    "dcmdjpls": ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"),
    "dcmdrle": ("1.2.840.10008.1.2.5",),
}


@pytest.mark.parametrize(("tool", "syntax"), [(tool, syntax) for tool, syntaxes in TOOLS.items() for syntax in syntaxes])
def test_dcmtk_sees_the_same(corpus: Path, image_at: Open, tmp_path: Path, tool: str, syntax: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    compared = 0
    for path, image in images(corpus, image_at, syntax):
        out = tmp_path / "out.dcm"
        out.unlink(missing_ok=True)
        description = image.description.frame(0)
        if subprocess.run([tool, str(path), str(out)], capture_output=True, timeout=60).returncode or description.bits_allocated == 1:
            continue
        ds = pydicom.dcmread(out)
        count = len(image.frames)
        theirs = np.frombuffer(ds.PixelData, array_type(description), count * description.pixels * description.samples_per_pixel)
        if ds.get("PlanarConfiguration", 0) == 1:
            theirs = theirs.reshape(count, 3, description.rows, description.columns).transpose(0, 2, 3, 1)
        theirs = theirs.reshape(count, description.rows, description.columns, description.samples_per_pixel)
        ours, photometric = decoded_array(image.frames[-1], description)
        if syntax in LOSSY_JPEG and description.samples_per_pixel == 3:
            compare_lossy_colour(ours, theirs[-1], path)
        elif syntax in LOSSY:
            assert np.abs(ours.astype(np.int64) - theirs[-1]).max() <= 1, path.name
        else:
            assert same_bits(ours, theirs[-1], description), path.name
            assert photometric == ds.PhotometricInterpretation.replace("_422", "")
        compared += 1
    assert compared or syntax.endswith(".57")


def test_native_and_rle_frames_are_what_pydicom_reads(corpus: Path, image_at: Open) -> None:
    compared = 0
    for syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"):
        for path, image in images(corpus, image_at, syntax):
            ds = pydicom.dcmread(path)
            if "PixelData" not in ds or path.name == "SC_rgb_jpeg.dcm":
                continue
            description = image.description.frame(0)
            if description.subsampled or description.bits_allocated == 1:
                continue
            decoder = {"decoding_plugin": "pydicom"} if syntax.endswith("1.2.5") else {}
            theirs = pixel_array(ds, raw=True, **decoder).reshape(
                len(image.frames), description.rows, description.columns, description.samples_per_pixel
            )
            if description.swapped_bytes and description.native_length_bytes % 2:
                continue  # an odd frame's last byte stands behind its padding
            for index in {0, len(image.frames) - 1}:
                assert np.array_equal(decoded_array(image.frames[index], image.description.frame(index))[0], theirs[index]), path.name
            compared += 1
    assert compared > 60


@pytest.mark.parametrize("name", ["liver.dcm", "liver_nonbyte_aligned.dcm"])
def test_a_segmentation_is_the_same_in_every_syntax(corpus: Path, image_at: Open, name: str) -> None:
    """One bit a pixel: native, big endian, run length encoded, JPEG 2000 and deflated."""
    folder = corpus / "image" / "pydicom-data"
    stem = name.removesuffix(".dcm")
    others = [folder / f"{stem}{suffix}.dcm" for suffix in ("_rle", "_j2k", "_expb")]
    others.append(corpus / "ts" / "1.2.840.10008.1.2.8.1" / f"{stem}_deflate.dcm")
    native = image_at(folder / name)
    truth = pydicom.dcmread(folder / name).pixel_array
    for path in (folder / name, *(other for other in others if other.is_file())):
        image = image_at(path)
        for index, frame in enumerate(image.frames):
            decoded = decode(frame, image.description.frame(index))
            bits = np.unpackbits(np.frombuffer(decoded.data, np.uint8), bitorder="little", count=truth[index].size)
            assert np.array_equal(bits.reshape(truth[index].shape), truth[index]), (path.name, index)
    assert len(native.frames) == len(truth)


def test_the_same_picture_in_many_syntaxes(corpus: Path, image_at: Open) -> None:
    """The lossless ones of one CT slice agree to the bit."""
    found = {}
    for path in sorted((corpus / "ts" / "cornerstone3D").glob("CTImage.dcm*")):
        image = image_at(path)
        if image.transfer_syntax_uid not in LOSSY:
            found[image.transfer_syntax_uid] = decode(image.frames[0], image.description.frame(0)).data
    assert len(found) >= 8 and len(set(found.values())) == 1


NATIVE_FLOATS = (SampleKind.FLOAT, SampleKind.DOUBLE)


def test_floats_are_what_pydicom_reads(corpus: Path, image_at: Open) -> None:
    compared = set()
    for syntax in sorted(NATIVE):
        for path, image in images(corpus, image_at, syntax):
            description = image.description.frame(0)
            if description.kind not in NATIVE_FLOATS:
                continue
            theirs = pixel_array(pydicom.dcmread(path), raw=True).reshape(len(image.frames), description.rows, description.columns)
            for index in {0, len(image.frames) - 1}:
                ours = np.frombuffer(decode(image.frames[index], image.description.frame(index)).data, theirs.dtype)
                assert np.array_equal(ours.reshape(theirs[index].shape), theirs[index], equal_nan=True), path.name
            compared.add(description.kind)
    assert compared


J2K = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201))


@pytest.mark.parametrize("syntax", J2K)
def test_openjpeg_sees_the_same(corpus: Path, image_at: Open, syntax: str) -> None:
    """HTJ2K, which OpenJPH decodes for us, as well as JPEG 2000: this is OpenJPEG in another build than ours."""
    compared = 0
    for path, image in images(corpus, image_at, syntax):
        description = image.description.frame(0)
        if description.bits_allocated == 1 or path.name == "J2K_pixelrep_mismatch.dcm":
            continue  # the latter says signed of a stream that is not: its sign is extended
        try:
            theirs = np.asarray(openjpeg.decode(image.frames[0])).astype(np.int64)
        except RuntimeError:
            continue
        ours, _ = decoded_array(image.frames[0], description)
        distance = np.abs(ours.astype(np.int64) - theirs.reshape(ours.shape)).max()
        assert distance <= (syntax in LOSSY), path.name
        compared += 1
    assert compared


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("bits", "samples"), [(8, 1), (16, 1), (8, 3)])
def test_lossy_htj2k_is_bounded(bits: int, samples: int, signed: bool) -> None:
    """.203, of which the corpus has no file. OpenJPH sees the same, but for what lies outside of the range, which it lets run over."""
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    random = np.random.default_rng(3)
    picture = np.where(random.random((61, 83, samples)) < 0.5, low, high).astype(f"{'i' if signed else 'u'}{bits // 8}")
    picture[:30] = np.linspace(low, high, 30 * 83 * samples).reshape(30, 83, samples)
    stream = bytes(imagecodecs.htj2k_encode(picture.squeeze(), level=0.01, reversible=False))
    photometric = "MONOCHROME2" if samples == 1 else "YBR_ICT"
    description = FrameDescription("1.2.840.10008.1.2.4.203", 61, 83, samples, photometric, 0, bits, bits, bits - 1, int(signed))
    ours = decoded_array(stream, description)[0].astype(np.int64)
    assert np.abs(ours - picture).max() < (1 << bits) * 0.03
    theirs = imagecodecs.htj2k_decode(stream).astype(np.int64)
    theirs = (theirs.transpose(1, 2, 0) if theirs.shape[0] == samples == 3 else theirs).reshape(ours.shape)
    half = 1 << bits - 1
    apart = np.abs((ours - theirs + half) % (2 * half) - half)
    assert apart[(ours > low) & (ours < high)].max() <= max(1, half >> 12)
    assert np.abs(ours - theirs).max() > high // 2 or (bits == 16 and not signed)


IN_THE_BROWSER = {f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112)}
"""JPEG XL: `tests/e2e` holds it against Chromium; .111 is a JPEG in another coat."""
SAME_CODESTREAM = {f"1.2.840.10008.1.2.4.{number}" for number in (92, 93)}
"""JPEG 2000 Part 2, decoded as far as it is Part 1."""


def test_no_syntax_is_decoded_without_a_second_opinion() -> None:
    """A new one must be added to a comparison here or in `test_encode`."""
    held = NATIVE | {*ENCAPSULATED, *J2K, *LOSSY, *ENCODABLE, "1.2.840.10008.1.2.8.1"}
    assert DECODABLE - held == IN_THE_BROWSER | SAME_CODESTREAM


def test_every_picture_of_the_corpus_can_be_decoded_but_video(corpus: Path) -> None:
    """Whatever transfer syntax the corpus has, outside of its hostile files, is one that is held against another decoder here."""
    found = set()
    for line in (corpus / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        if line.split("/")[0] == "fuzz":
            continue
        with contextlib.suppress(UnreadableObject), (corpus / line.split("\t")[0]).open("rb") as stream:
            if (meta := read_prefix(stream.read(2048))) is not None:
                found.add(meta.transfer_syntax_uid)
    assert found - DECODABLE - {""} == {"1.2.840.10008.1.2.4.102"}
