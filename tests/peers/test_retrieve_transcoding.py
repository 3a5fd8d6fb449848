"""What is rewritten on its way out says the same: every element of the shared corpus, and every sample of its pictures."""

from __future__ import annotations

import csv
import io
import subprocess
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openjpeg
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.processing import convert_color_space
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from dimse_kit.retrieving import STUDY_GET, Receiver, Retrieving, keys, responses_of, retrieving
from hounsfield.dicom.transfer_syntaxes import TRANSFER_SYNTAXES
from hounsfield.peers.dimse import DimsePeer, send

PIXELS = frozenset((0x7FE00010, 0x7FE00001, 0x7FE00002))
CHANGED_WITH_PIXELS = PIXELS | {0x00280004, 0x00280006, 0x00282110}
"""Photometric Interpretation, Planar Configuration, Lossy Image Compression."""


@pytest.fixture(scope="module")
def archive(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retrieving]:
    """All of the corpus that is not broken on purpose."""
    with (corpus / "MANIFEST.tsv").open() as lines:
        paths = [row["path"] for row in csv.DictReader(lines, delimiter="\t")]
    wanted = [corpus / path for path in paths if path.split("/")[0] in ("ts", "image", "modality", "edge", "synth")]
    with retrieving(tmp_path_factory.mktemp("archive")) as running:
        stored = [sent for sent in send(DimsePeer("HOUNSFIELD", *running.address), wanted) if sent.ok]
        assert len(stored) > 150
        yield running


def retrieved(archive: Retrieving, syntaxes: list[str], instances: Sequence[Any]) -> dict[str, tuple[Any, Dataset, str]]:
    """By SOP Instance UID: the instance, what came of it, in which syntax. Each class is offered in these syntaxes alone."""
    classes = list(dict.fromkeys(one.sop_class_uid for one in instances))
    found = {}
    for first in range(0, len(classes), 60):
        contexts: dict[str, Any] = dict.fromkeys(classes[first : first + 60], tuple(syntaxes))
        receiver = Receiver()
        wanted = [one for one in instances if one.sop_class_uid in contexts]
        with receiver.associated(archive.address, contexts) as association:
            uids = "\\".join(one.sop_instance_uid for one in wanted)
            responses_of(association.send_c_get(keys("IMAGE", SOPInstanceUID=uids), STUDY_GET))
        for one in wanted:
            if one.sop_instance_uid in receiver.came:
                syntax = receiver.syntaxes[one.sop_instance_uid]
                found[one.sop_instance_uid] = (one, parsed(receiver.came[one.sop_instance_uid], syntax), syntax)
    return found


def parsed(data_set: bytes, syntax: str) -> Dataset:
    known = TRANSFER_SYNTAXES[syntax]
    data_set = zlib.decompress(data_set, -zlib.MAX_WBITS) if known.deflated else data_set
    result: Dataset = pydicom.filereader.read_dataset(io.BytesIO(data_set), known.implicit_vr, known.little_endian)
    result.file_meta = pydicom.dataset.FileMetaDataset()
    result.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    return result


def original(archive: Retrieving, instance: Any) -> Dataset:
    file = archive.packs.read_object(instance.stored.location, instance.stored.digests)
    return pydicom.dcmread(io.BytesIO(file), force=True)


def differences(one: Any, other: Any, ignored: frozenset[int] = frozenset()) -> list[str]:
    """Of two data sets, raw values held against each other; group lengths, padding and VRs nobody states aside."""
    tags = {tag for tag in (*one.keys(), *other.keys()) if tag & 0xFFFF and tag not in ignored}
    return [str(tag) for tag in sorted(tags) if not (tag in one and tag in other and _same(one[tag], other[tag]))]


def _same(one: Any, other: Any) -> bool:
    if one.VR == "SQ" or other.VR == "SQ":
        if one.VR != other.VR:
            return True  # a private sequence whose VR implicit encoding does not tell
        return len(one.value) == len(other.value) and not any(differences(*pair) for pair in zip(one.value, other.value, strict=True))
    if one.VR == other.VR:
        return bool(one.value == other.value) or _unpadded(one.value) == _unpadded(other.value)
    return True


def _unpadded(value: Any) -> Any:
    return value.rstrip(b"\0") if isinstance(value, bytes) else str(value).strip("\0 ")


def smaller_than(archive: Retrieving, limit_bytes: int) -> list[Any]:
    """All instances whose objects are."""
    return [one for one in archive.reader.all_instances() if one.stored.location.length_bytes < limit_bytes]


def all_small(archive: Retrieving) -> list[Any]:
    """What is encoded within seconds."""
    return smaller_than(archive, 2_000_000)


KIND = (
    *("PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PlanarConfiguration", "FloatPixelData", "DoubleFloatPixelData"),
)


def one_of_each_kind(archive: Retrieving) -> list[Any]:
    """The smallest instance of each kind of samples, of one frame and of several, and of each stored transfer syntax."""
    smallest: dict[object, Any] = {}
    for one in sorted(all_small(archive), key=lambda one: one.stored.location.length_bytes):
        header = original(archive, one)
        frames = header.get("NumberOfFrames", 1) not in (1, None)
        smallest.setdefault((frames, *(str(header.get(keyword, ""))[:20] for keyword in KIND)), one)
        smallest.setdefault(one.transfer_syntax_uid, one)
    return list({one.sop_instance_uid: one for one in smallest.values()}.values())


Choice = Callable[[Retrieving], list[Any]]


LIMITS_BYTES = {ExplicitVRLittleEndian: 20_000_000, ImplicitVRLittleEndian: 20_000_000, DeflatedExplicitVRLittleEndian: 30_000}


@pytest.mark.parametrize("syntax", LIMITS_BYTES)
def test_uncompressed(archive: Retrieving, syntax: str) -> None:
    found = retrieved(archive, [syntax], smaller_than(archive, LIMITS_BYTES[syntax]))
    wrong, rewritten, decoded = [], 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for uid, (instance, came, came_in) in found.items():
            assert came_in == syntax
            if instance.transfer_syntax_uid == syntax:
                continue
            rewritten += 1
            tags = list(came.keys())
            assert [tag for tag in tags if not tag.elem] == [], "group lengths of another encoding"
            before = original(archive, instance)
            compressed = TRANSFER_SYNTAXES[instance.transfer_syntax_uid].encapsulated and "PixelData" in before
            odd = differences(before, came, CHANGED_WITH_PIXELS if compressed else PIXELS)
            if odd:
                wrong.append((uid, instance.transfer_syntax_uid, odd))
            if "PixelData" in before and came.get("NumberOfFrames", 1) is not None and not _same_samples(before, came):
                wrong.append((uid, instance.transfer_syntax_uid, ["samples"]))
            decoded += compressed
    assert wrong == []
    assert rewritten > 30
    assert decoded > 10


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, HTJ2KLossless, HTJ2KLosslessRPCL, JPEGLosslessSV1, JPEGLSLossless, RLELossless])
@pytest.mark.parametrize("chosen", [one_of_each_kind, pytest.param(all_small, marks=pytest.mark.prove)])
def test_compressed_without_loss(archive: Retrieving, syntax: str, chosen: Choice) -> None:
    found = retrieved(archive, [syntax], chosen(archive))
    wrong, encoded = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for uid, (instance, came, came_in) in found.items():
            assert came_in == syntax
            if instance.transfer_syntax_uid == syntax:
                continue
            encoded += 1
            before = original(archive, instance)
            odd = differences(before, came, CHANGED_WITH_PIXELS)
            if odd:
                wrong.append((uid, instance.transfer_syntax_uid, odd))
            if not _same_samples(before, came):
                wrong.append((uid, instance.transfer_syntax_uid, ["samples"]))
    assert wrong == []
    assert encoded > 20


HIGH_THROUGHPUT = (HTJ2KLossless, HTJ2KLosslessRPCL)


def _decoded(came: Dataset, shape: tuple[int, ...]) -> np.ndarray:
    """As OpenJPEG reads HTJ2K, DCMTK lossless JPEG (GDCM, which pydicom takes, ends the process on some), CharLS JPEG-LS."""
    syntax = came.file_meta.TransferSyntaxUID
    if syntax in HIGH_THROUGHPUT:
        frames = generate_frames(came.PixelData, number_of_frames=int(came.get("NumberOfFrames", 1) or 1))
        samples = np.stack([np.asarray(openjpeg.decode(frame)) for frame in frames]).reshape(shape)
        is_luminance = came.PhotometricInterpretation.startswith("YBR")  # which pydicom turns to RGB elsewhere
        return convert_color_space(samples, "YBR_FULL", "RGB", per_frame=samples.ndim == 4) if is_luminance else samples
    if syntax == JPEGLosslessSV1:
        return pixel_array(_decompressed(came))
    return pixel_array(came, decoding_plugin="pyjpegls" if syntax == JPEGLSLossless else "")


def _decompressed(came: Dataset) -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        compressed, plain = Path(folder, "compressed.dcm"), Path(folder, "plain.dcm")
        pydicom.dcmwrite(compressed, came, enforce_file_format=True)
        subprocess.run(["dcmdjpeg", "--conv-never", compressed, plain], check=True, capture_output=True)
        found = pydicom.dcmread(plain)
        _ = found.PixelData
        return found


def _same_samples(before: Dataset, came: Dataset) -> bool:
    """As pydicom reads them; lossy JPEG, which decoders round differently, within two steps."""
    try:
        expected = pixel_array(before)
    except (AttributeError, NotImplementedError, RuntimeError, ValueError, TypeError, KeyError):
        return True  # pydicom cannot read what was stored
    try:
        found = _decoded(came, expected.shape)
    except (AttributeError, NotImplementedError, RuntimeError, ValueError, TypeError, KeyError):
        return False
    return expected.shape == found.shape and int(np.abs(expected.astype(int) - found.astype(int)).max()) <= 2
