"""Composite Instance Root Retrieve at FRAME level: new instances with some frames of others (PS3.4 annex Y)."""

from __future__ import annotations

import csv
import io
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import generate_frames, parse_basic_offsets
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)
from pynetdicom import AE

from dimse_kit.dcmtk import needs_dcmtk, run, storescp
from dimse_kit.retrieving import STUDY_GET, Receiver, Response, Retrieving, keys, responses_of, retrieving
from hounsfield.codecs.pool import CodecPool
from hounsfield.dicom.transfer_syntaxes import TRANSFER_SYNTAXES
from hounsfield.model.errors import Unavailable
from hounsfield.model.frame_selection import FramesNotFound, SimpleFrameList
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.peers.dimse import DimsePeer, send
from hounsfield.services.frame_extraction import FrameExtractor
from hounsfield.services.retrieve import Retrieve

COMPOSITE_MOVE = "1.2.840.10008.5.1.4.1.2.4.2"
COMPOSITE_GET = "1.2.840.10008.5.1.4.1.2.4.3"
WITHOUT_BULK_DATA = "1.2.840.10008.5.1.4.1.2.5.3"
MULTI_FRAME_WORD = "1.2.840.10008.5.1.4.1.1.7.3"
MULTI_FRAME_BIT = "1.2.840.10008.5.1.4.1.1.7.1"
ROOT = "1.2.826.0.1.3680043.10.999.7"
FRAMES = 9


def word_image(number: int) -> Dataset:
    """Nine frames of 5 by 7 words, a tenth of a second apart, with a private element and a label for each frame."""
    data_set = Dataset()
    data_set.SOPClassUID, data_set.SOPInstanceUID = MULTI_FRAME_WORD, f"{ROOT}.{number}"
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = f"{ROOT}.100", f"{ROOT}.101"
    data_set.PatientID, data_set.Modality = "T1", "OT"
    data_set.NumberOfFrames, data_set.FrameTime, data_set.FrameIncrementPointer = FRAMES, 100, 0x00181063
    data_set.FrameLabelVector = [f"L{index}" for index in range(FRAMES)]
    data_set.Rows, data_set.Columns, data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 5, 7, 1, "MONOCHROME2"
    data_set.BitsAllocated = data_set.BitsStored = 16
    data_set.HighBit, data_set.PixelRepresentation = 15, 0
    data_set.private_block(0x0019, "TESTS", create=True).add_new(1, "LO", "of all frames")
    data_set.PixelData = np.random.default_rng(number).integers(0, 65536, FRAMES * 35).astype("<u2").tobytes()
    data_set["PixelData"].VR = "OW"
    return data_set


def bit_image(number: int) -> Dataset:
    """Nine frames of 35 bits: none of them but the first begins with a byte."""
    data_set = word_image(number)
    data_set.SOPClassUID = MULTI_FRAME_BIT
    data_set.BitsAllocated = data_set.BitsStored = 1
    data_set.HighBit = 0
    bits = np.random.default_rng(number).integers(0, 2, FRAMES * 35).astype(bool)
    packed = np.packbits(bits, bitorder="little").tobytes()
    data_set.PixelData = packed + bytes(len(packed) % 2)
    return data_set


def write(path: Path, data_set: Dataset, syntax: str = ExplicitVRLittleEndian) -> Path:
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    if syntax == ExplicitVRBigEndian:
        data_set.PixelData = np.frombuffer(data_set.PixelData, "<u2").astype(">u2").tobytes()
        data_set["PixelData"].VR = "OW"
    data_set.save_as(path, enforce_file_format=True)
    return path


WORDS, BITS, IMPLICIT, BIG_ENDIAN, DEFLATED, RLE, FLOATS, SINGLE = range(1, 9)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retrieving]:
    folder = tmp_path_factory.mktemp("objects")
    compressed = word_image(RLE)
    compressed.file_meta = FileMetaDataset()
    compressed.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    compressed.compress(RLELossless, generate_instance_uid=False)
    floats = word_image(FLOATS)
    del floats.PixelData, floats.BitsStored, floats.HighBit, floats.PixelRepresentation
    floats.BitsAllocated = 32
    floats.FloatPixelData = np.arange(FRAMES * 35, dtype="<f4").tobytes()
    single = word_image(SINGLE)
    del single.NumberOfFrames
    single.PixelData = single.PixelData[:70]
    files = [
        write(folder / "words.dcm", word_image(WORDS)),
        write(folder / "bits.dcm", bit_image(BITS)),
        write(folder / "implicit.dcm", word_image(IMPLICIT), ImplicitVRLittleEndian),
        write(folder / "big.dcm", word_image(BIG_ENDIAN), ExplicitVRBigEndian),
        write(folder / "deflated.dcm", word_image(DEFLATED), DeflatedExplicitVRLittleEndian),
        write(folder / "rle.dcm", compressed, RLELossless),
        write(folder / "floats.dcm", floats),
        write(folder / "single.dcm", single),
    ]
    with retrieving(tmp_path_factory.mktemp("archive")) as running:
        running.store(files)
        yield running


def stored(archive: Retrieving, sop_instance_uid: str) -> tuple[StoredInstance, Dataset]:
    (instance,) = archive.named(sop_instance_uids=(sop_instance_uid,))
    file = archive.packs.read_object(instance.stored.location, instance.stored.digests)
    return instance, pydicom.dcmread(io.BytesIO(file), force=True)


def parsed(raw: bytes, syntax: str) -> Dataset:
    known = TRANSFER_SYNTAXES[syntax]
    raw = zlib.decompress(raw, -zlib.MAX_WBITS) if known.deflated else raw
    result: Dataset = pydicom.filereader.read_dataset(io.BytesIO(raw), known.implicit_vr, known.little_endian)
    result.file_meta = FileMetaDataset()
    result.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    return result


def got(
    archive: Retrieving, sop_class_uid: str, syntaxes: list[str], level: str = "FRAME", **asked: Any
) -> tuple[list[Response], list[tuple[Dataset, str]]]:
    """The responses to one C-GET, and what came, each with its transfer syntax."""
    receiver = Receiver()
    with receiver.associated(archive.address, {sop_class_uid: tuple(syntaxes)}, model=COMPOSITE_GET) as association:
        responses = responses_of(association.send_c_get(keys(level, **asked), COMPOSITE_GET))
    return responses, [(parsed(raw, receiver.syntaxes[uid]), receiver.syntaxes[uid]) for uid, raw in receiver.came.items()]


def frame(archive: Retrieving, number: int, syntaxes: list[str], **asked: Any) -> tuple[Dataset, str]:
    instance, _ = stored(archive, f"{ROOT}.{number}")
    responses, came = got(archive, instance.sop_class_uid, syntaxes, SOPInstanceUID=instance.sop_instance_uid, **asked)
    assert (responses[-1].status, responses[-1].counts) == (0x0000, (1, 0, 0)), responses
    return came[0]


@pytest.mark.parametrize(
    ("number", "syntax"),
    [
        (WORDS, ExplicitVRLittleEndian),
        (WORDS, ImplicitVRLittleEndian),
        (WORDS, RLELossless),
        (BITS, ExplicitVRLittleEndian),
        (IMPLICIT, ImplicitVRLittleEndian),
        (BIG_ENDIAN, ExplicitVRLittleEndian),
        (DEFLATED, ExplicitVRLittleEndian),
        (WORDS, DeflatedExplicitVRLittleEndian),
        (RLE, DeflatedExplicitVRLittleEndian),
        (RLE, RLELossless),
        (RLE, ExplicitVRLittleEndian),
        (FLOATS, ExplicitVRLittleEndian),
    ],
)
def test_each_frame_is_that_of_the_source(number: int, syntax: str, archive: Retrieving) -> None:
    _, source = stored(archive, f"{ROOT}.{number}")
    came, came_in = frame(archive, number, [syntax], SimpleFrameList=[2, 3, 7])
    assert came_in == syntax
    assert came.NumberOfFrames == 3
    assert came.FrameExtractionSequence[0].MultiFrameSourceSOPInstanceUID == source.SOPInstanceUID
    assert np.array_equal(pixel_array(came), pixel_array(source)[[1, 2, 6]])


def test_what_the_new_instance_says_of_itself(archive: Retrieving) -> None:
    _, source = stored(archive, f"{ROOT}.{WORDS}")
    came, _ = frame(archive, WORDS, [ExplicitVRLittleEndian], CalculatedFrameList=[1, 5, 2, 9, 0xFFFFFFFF, 1])
    assert came.SOPClassUID == source.SOPClassUID
    assert came.SOPInstanceUID != source.SOPInstanceUID
    assert (came.StudyInstanceUID, came.SeriesInstanceUID) == (source.StudyInstanceUID, source.SeriesInstanceUID)
    (extraction,) = came.FrameExtractionSequence
    assert extraction.MultiFrameSourceSOPInstanceUID == source.SOPInstanceUID
    assert list(extraction.CalculatedFrameList) == [1, 5, 2, 9, 0xFFFFFFFF, 1]
    (equipment,) = came.ContributingEquipmentSequence
    assert equipment.PurposeOfReferenceCodeSequence[0].CodeValue == "109105"
    assert list(came.FrameLabelVector) == ["L0", "L2", "L4", "L8"]
    assert list(came.FrameTimeVector) == [0, 200, 200, 400]
    assert came.FrameIncrementPointer == 0x00181065
    assert not [element for element in came if element.tag.is_private]
    assert np.array_equal(pixel_array(came), pixel_array(source)[[0, 2, 4, 8]])


def test_frames_of_an_extract_can_be_taken_again(archive: Retrieving, tmp_path: Path) -> None:
    first, _ = frame(archive, WORDS, [ExplicitVRLittleEndian], SimpleFrameList=[2, 4, 6, 8])
    archive.store([write(tmp_path / "first.dcm", first)])
    asked = {"SOPInstanceUID": first.SOPInstanceUID, "SimpleFrameList": [2, 3]}
    _, ((second, _),) = got(archive, MULTI_FRAME_WORD, [ExplicitVRLittleEndian], **asked)
    _, source = stored(archive, f"{ROOT}.{WORDS}")
    assert [item.MultiFrameSourceSOPInstanceUID for item in second.FrameExtractionSequence] == [source.SOPInstanceUID, first.SOPInstanceUID]
    assert len(second.ContributingEquipmentSequence) == 2
    assert (second.FrameTime, second.FrameDelay) == (200, 300)
    assert np.array_equal(pixel_array(second), pixel_array(source)[[3, 5]])


def test_a_range_of_time(archive: Retrieving) -> None:
    _, source = stored(archive, f"{ROOT}.{WORDS}")
    came, _ = frame(archive, WORDS, [ExplicitVRLittleEndian], TimeRange=[0.15, 0.4])
    assert list(came.FrameExtractionSequence[0].TimeRange) == [0.15, 0.4]
    assert (came.FrameTime, came.FrameDelay) == (100, 200)
    assert np.array_equal(pixel_array(came), pixel_array(source)[2:5])


def test_one_fragment_a_frame_and_where_each_begins(archive: Retrieving) -> None:
    _, source = stored(archive, f"{ROOT}.{RLE}")
    came, _ = frame(archive, RLE, [RLELossless], SimpleFrameList=[1, 5, 9])
    frames = list(generate_frames(source.PixelData, number_of_frames=FRAMES))
    kept = [frames[index] for index in (0, 4, 8)]
    assert list(generate_frames(came.PixelData, number_of_frames=3)) == kept
    assert parse_basic_offsets(came.PixelData) == [0, 8 + len(kept[0]), 16 + len(kept[0]) + len(kept[1])]


@pytest.mark.parametrize(
    ("number", "asked", "status"),
    [
        (WORDS, {"SimpleFrameList": [10, 12]}, 0xAA00),
        (WORDS, {"TimeRange": [1.0, 2.0]}, 0xAA00),
        (99, {"SimpleFrameList": [1]}, 0xAA00),
        (SINGLE, {"SimpleFrameList": [1]}, 0xAA01),
        (WORDS, {}, 0xAA04),
        (WORDS, {"SimpleFrameList": [1], "TimeRange": [0.0, 2.0]}, 0xAA04),
        (WORDS, {"SimpleFrameList": [0]}, 0xAA04),
        (WORDS, {"SimpleFrameList": [2, 2]}, 0xAA04),
        (WORDS, {"SimpleFrameList": [3, 2]}, 0xAA04),
        (WORDS, {"CalculatedFrameList": [1, 5, 0]}, 0xAA04),
        (WORDS, {"CalculatedFrameList": [5, 1, 1]}, 0xAA04),
        (WORDS, {"CalculatedFrameList": [1, 5, 1, 5, 6, 1]}, 0xAA04),
        (WORDS, {"TimeRange": [2.0, 1.0]}, 0xAA04),
        (WORDS, {"TimeRange": [float("nan"), 1.0]}, 0xAA04),
    ],
)
def test_what_cannot_be_had_is_said(number: int, asked: dict[str, Any], status: int, archive: Retrieving) -> None:
    responses, came = got(archive, MULTI_FRAME_WORD, [ExplicitVRLittleEndian], SOPInstanceUID=f"{ROOT}.{number}", **asked)
    assert ([response.status for response in responses], came) == ([status], [])


def test_the_identifier_names_one_instance(archive: Retrieving) -> None:
    for uids in ("", f"{ROOT}.1\\{ROOT}.2"):
        responses, _ = got(archive, MULTI_FRAME_WORD, [ExplicitVRLittleEndian], SOPInstanceUID=uids, SimpleFrameList=[1])
        assert responses[-1].status == 0xA900


@pytest.mark.parametrize("model", [STUDY_GET, WITHOUT_BULK_DATA])
def test_other_models_have_no_frames(model: str, archive: Retrieving) -> None:
    with Receiver().associated(archive.address, {MULTI_FRAME_WORD: [ExplicitVRLittleEndian]}, model=model) as association:
        asked = keys("FRAME", SOPInstanceUID=f"{ROOT}.{WORDS}", SimpleFrameList=[1])
        assert responses_of(association.send_c_get(asked, model))[-1].status == 0xA900


def test_a_requestor_that_takes_no_such_object(archive: Retrieving) -> None:
    responses, _ = got(archive, MULTI_FRAME_BIT, [ExplicitVRLittleEndian], SOPInstanceUID=f"{ROOT}.{WORDS}", SimpleFrameList=[1])
    assert (responses[-1].status, responses[-1].counts) == (0xA702, (0, 1, 0))


def move(archive: Retrieving, destination: str, **asked: Any) -> Response:
    ae = AE("MOVER")
    ae.add_requested_context(COMPOSITE_MOVE, ExplicitVRLittleEndian)
    association = ae.associate(*archive.address, ae_title="HOUNSFIELD")
    responses = responses_of(association.send_c_move(keys("FRAME", **asked), destination, COMPOSITE_MOVE))
    association.release()
    return responses[-1]


@needs_dcmtk
@pytest.mark.parametrize("number", [WORDS, BITS, RLE])
def test_move_to_dcmtk(number: int, archive: Retrieving, tmp_path: Path) -> None:
    _, source = stored(archive, f"{ROOT}.{number}")
    with storescp(tmp_path) as port:
        archive.know("DCMTK", port)
        done = move(archive, "DCMTK", SOPInstanceUID=f"{ROOT}.{number}", SimpleFrameList=[4, 8])
    assert (done.status, done.counts) == (0x0000, (1, 0, 0)), done
    (path,) = tmp_path.iterdir()
    assert "ERROR" not in run("dcmdump", "-q", path).stdout.upper()
    assert np.array_equal(pixel_array(pydicom.dcmread(path)), pixel_array(source)[[3, 7]])


def test_an_unknown_destination_and_a_refused_selection(archive: Retrieving) -> None:
    assert move(archive, "NOWHERE", SOPInstanceUID=f"{ROOT}.{WORDS}", SimpleFrameList=[4]).status == 0xA801
    archive.know("UNREACHED", 1)
    assert move(archive, "UNREACHED", SOPInstanceUID=f"{ROOT}.{WORDS}", SimpleFrameList=[40]).status == 0xAA00
    done = move(archive, "UNREACHED", SOPInstanceUID=f"{ROOT}.{WORDS}", SimpleFrameList=[4])
    assert (done.status, done.counts) == (0xA702, (0, 1, 0))


def test_of_a_damaged_source_nothing_is_made(tmp_path: Path) -> None:
    with retrieving(tmp_path / "archive") as archive:
        archive.store([write(tmp_path / "words.dcm", word_image(WORDS))])
        archive.damage(f"{ROOT}.{WORDS}", from_end=FRAMES * 70 + 30)  # in its header
        responses, came = got(archive, MULTI_FRAME_WORD, [ExplicitVRLittleEndian], SOPInstanceUID=f"{ROOT}.{WORDS}", SimpleFrameList=[1])
    assert (responses[-1].status, came) == (0xAA02, [])


def test_one_header_at_a_time_is_taken_apart(archive: Retrieving) -> None:
    instance, _ = stored(archive, f"{ROOT}.{WORDS}")
    made = 0

    def uid() -> str:
        nonlocal made
        made += 1
        if made == 1:
            with pytest.raises(Unavailable):
                extractor.extract(instance, SimpleFrameList((2,)))
        return f"{ROOT}.200.{made}"

    with CodecPool() as codec:
        extractor = FrameExtractor(Retrieve(archive.reader, archive.packs), archive.packs, codec, uid, patience_s=0.0)
        assert extractor.extract(instance, SimpleFrameList((1,))).uids == [f"{ROOT}.200.1"]
        with pytest.raises(FramesNotFound):
            extractor.extract(instance, SimpleFrameList((FRAMES + 1,)))
        assert extractor.extract(instance, SimpleFrameList((3,))).uids == [f"{ROOT}.200.2"]


TOO_LONG_BYTES = 10_000_000


def test_the_corpus(corpus: Path, tmp_path: Path) -> None:
    """The second and the last frame of every multi-frame image that can be decoded."""
    with (corpus / "MANIFEST.tsv").open() as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if int(row["bytes"]) < TOO_LONG_BYTES]
    paths = [corpus / row["path"] for row in rows if row["path"].split("/")[0] in ("ts", "image", "modality", "edge", "synth", "series")]
    compared, refused = [], []
    with retrieving(tmp_path / "archive") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = [found for number, path in enumerate(paths) if (found := multi_frame(path, tmp_path / f"{number}.dcm")) is not None]
        list(send(DimsePeer("HOUNSFIELD", *archive.address), files))
        for instance in archive.reader.all_instances():
            _, source = stored(archive, instance.sop_instance_uid)
            asked = {"SOPInstanceUID": instance.sop_instance_uid, "SimpleFrameList": sorted({2, instance.frames})}
            responses, came = got(archive, instance.sop_class_uid, [instance.transfer_syntax_uid, ExplicitVRLittleEndian], **asked)
            if not came:
                refused.append((instance.sop_class_uid, responses[-1].comment))
                assert responses[-1].status in (0xAA01, 0xAA02), (instance, responses)
                continue
            ((made, made_in),) = came
            assert made_in in (instance.transfer_syntax_uid, ExplicitVRLittleEndian)
            try:
                expected = pixel_array(source)[[1, instance.frames - 1] if instance.frames > 2 else [1]]
            except (AttributeError, NotImplementedError, RuntimeError, ValueError, IndexError):
                continue  # pydicom cannot read what was stored
            assert np.array_equal(pixel_array(made).reshape(expected.shape), expected), instance
            compared.append(instance)
    assert len(compared) >= 30
    assert len(refused) <= 12


def multi_frame(path: Path, copy: Path) -> Path | None:
    """A copy under a UID of its own, for many files of the corpus share one; None of what is no image of several frames."""
    try:
        found = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["NumberOfFrames", "SOPInstanceUID"], force=True)
        if int(found.get("NumberOfFrames", 1) or 1) < 2:
            return None
    except Exception:  # noqa: BLE001  what pydicom cannot read is not compared
        return None
    uid = str(found.SOPInstanceUID).encode()
    copy.write_bytes(path.read_bytes().replace(uid, uid[:-5] + f"{1_0000 + int(copy.stem)}".encode()))
    return copy
