"""Objects kept in HTJ2K too: made by rule, proved, served instead of being coded, and never instead of the original."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openjpeg
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, HTJ2KLossless, HTJ2KLosslessRPCL, ImplicitVRLittleEndian, JPEGLosslessSV1

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import parts_of
from hounsfield.codecs.frame import DecodedFrame, FrameDescription
from hounsfield.codecs.pool import CodecPool
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.errors import OutOfSpace
from hounsfield.model.jobs import JobState
from hounsfield.model.overlay import Treatment
from hounsfield.services.object_source import PackSource
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.transcode_rules import FOLLOWER
from services.command_line import hounsfield
from transcoding_kit.site import Site, flip_a_bit, site

CT = "ts/cornerstone3D/CTImage.dcm"
SUITABLE = [
    CT,
    f"{CT}_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm",
    f"{CT}_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",
    f"{CT}_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm",
    f"{CT}_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm",
    f"{CT}_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm",
    f"{CT}_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm",
    "image/pydicom-data/SC_rgb_16bit_2frame.dcm",
    "image/pydicom-data/emri_small_RLE.dcm",
]
UNSUITABLE = {
    "image/pydicom/examples_palette.dcm": "PALETTE COLOR",
    "image/pydicom-data/liver.dcm": "1 bits",
    "image/pydicom-data/SC_rgb_32bit.dcm": "32 bits",
    "image/pydicom-data/parametric_map_float.dcm": "32 bits",
    "ts/cornerstone3D/US-YBR_FULL_422-EVRLE.dcm": "lossily",
}
NEVER = [
    f"{CT}_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm",
    f"{CT}_JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91.dcm",
    f"{CT}_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
]
MULTIPART = 'multipart/related; type="application/dicom"'
JPHC = 'multipart/related; type="image/jphc"'


def path_of(file: bytes | Path) -> str:
    data_set = pydicom.dcmread(io.BytesIO(file) if isinstance(file, bytes) else file, stop_before_pixels=True)
    return f"/studies/{data_set.StudyInstanceUID}/series/{data_set.SeriesInstanceUID}/instances/{data_set.SOPInstanceUID}"


def numbered(path: Path, number: int) -> bytes:
    """A file of the corpus under a UID of its own, its data set otherwise as it is."""
    data_set = pydicom.dcmread(path)
    data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = f"2.25.{number}"
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = f"2.25.9{number}", f"2.25.8{number}"
    target = io.BytesIO()
    pydicom.dcmwrite(target, data_set)
    return target.getvalue()


def made(file: bytes, tmp_path: Path, **more: str) -> str:
    """In an archive that has it in HTJ2K too; its path."""
    with site(tmp_path) as running:
        running.add_rule("Modality=CT")
        running.store(file)
        assert [job.state for job in running.transcode()] == [JobState.DONE]
    return path_of(file)


def retrieved(running: Site, path: str, syntax: str = HTJ2KLossless) -> pydicom.FileDataset:
    ((_type, body),) = parts_of(running.pacs.get(path, f"{MULTIPART}; transfer-syntax={syntax}"))
    data_set = pydicom.dcmread(io.BytesIO(body))
    assert data_set.file_meta.TransferSyntaxUID == syntax
    return data_set


def frames_of(data_set: pydicom.Dataset) -> list[bytes]:
    return list(pydicom.encaps.generate_frames(data_set.PixelData, number_of_frames=int(data_set.get("NumberOfFrames", 1))))


def samples(data_set: pydicom.Dataset) -> np.ndarray[Any, Any]:
    """By another decoder than ours, frame after frame, shaped as pydicom shapes them."""
    decoded = [np.asarray(openjpeg.decode(frame)) for frame in frames_of(data_set)]
    return decoded[0] if len(decoded) == 1 else np.stack(decoded)


def test_the_corpus_is_kept_without_loss_and_served_without_a_codec(corpus: Path, tmp_path: Path) -> None:
    files = {name: numbered(corpus / name, number) for number, name in enumerate([*SUITABLE, *UNSUITABLE, *NEVER])}
    with site(tmp_path) as running:
        running.add_rule()
        running.store(*files.values())
        jobs = {job.payload["instance"]: job for job in running.transcode()}
        outcomes = {name: jobs.get(f"2.25.{number}") for number, name in enumerate(files)}
        for name, words in UNSUITABLE.items():
            job = outcomes[name]
            assert job is not None
            assert (job.state, words in job.last_error) == (JobState.CANCELLED, True), job
        assert [outcomes[name] for name in NEVER] == [None] * len(NEVER)
        rewriter = Rewriter(running.retrieve, running.retrieve.packs, running.codec)
        source = PackSource(running.retrieve.packs, rewriter)
        for name in SUITABLE:
            assert outcomes[name].state is JobState.DONE, outcomes[name]  # type: ignore[union-attr]
            file, path = files[name], path_of(files[name])
            expected = pydicom.dcmread(io.BytesIO(file))
            data_set = retrieved(running, path)
            coded = parts_of(running.pacs.get(f"{path}/frames/1", JPHC))[0][1]
            assert next(pydicom.encaps.generate_frames(data_set.PixelData, number_of_frames=data_set.get("NumberOfFrames", 1))).startswith(
                coded
            )
            (instance,) = running.pacs.reader.instances(1, expected.StudyInstanceUID)
            assert source.syntaxes(instance, [HTJ2KLossless, ExplicitVRLittleEndian])[0] == (
                ExplicitVRLittleEndian if expected.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian else HTJ2KLossless
            )
            sent = b"".join(map(bytes, source.open(instance, HTJ2KLossless)))  # type: ignore[arg-type]
            assert parts_of(running.pacs.get(path, f"{MULTIPART}; transfer-syntax={HTJ2KLossless}"))[0][1].endswith(sent)
            assert running.codec.calls == 0, name
            assert np.array_equal(samples(data_set), expected.pixel_array), name
            assert {element.tag for element in data_set} - {element.tag for element in expected} == set()
            assert b"".join(running.retrieve.stream(instance, original=True)) == file, name
            if expected.file_meta.TransferSyntaxUID != ImplicitVRLittleEndian:  # which does not leave over the web
                assert running.pacs.get(path, "application/dicom; transfer-syntax=*").content == file, name
        assert running.pacs.reader.renditions.total().number == len(SUITABLE)
        assert running.transcode(), "and once more does nothing"
        assert running.pacs.reader.renditions.total().number == len(SUITABLE)
        assert list(running.folder.iterdir()) == [], "nothing is left where they were made"


def test_both_digests_are_shown_and_checked(tmp_path: Path) -> None:
    file = as_file(ct(1))
    path = made(file, tmp_path)
    (shown,) = hounsfield("transcode", "show", "1.2.3", "--json", "--data-dir", tmp_path).json
    with site(tmp_path) as running:
        served = parts_of(running.pacs.get(path, f"{MULTIPART}; transfer-syntax={HTJ2KLossless}"))[0][1]
    for said, whole in ((shown, file), (shown["rendition"], served)):
        meta = pydicom.dcmread(io.BytesIO(whole), stop_before_pixels=True).file_meta
        data_set = whole[132 + 12 + meta.FileMetaInformationGroupLength :]
        assert (said["length_bytes"], said["data_set_sha256"]) == (len(whole), hashlib.sha256(data_set).hexdigest())
    assert (shown["transfer_syntax_uid"], shown["rendition"]["transfer_syntax_uid"]) == (ExplicitVRLittleEndian, HTJ2KLossless)
    verified = hounsfield("verify", "--json", "--data-dir", tmp_path)
    assert (verified.code, verified.json) == (0, {"verified": 1, "damaged": [], "renditions": 1, "damaged_renditions": []})
    assert hounsfield("transcode", "status", "--json", "--data-dir", tmp_path).json["renditions"] == 1
    assert "1 renditions" in hounsfield("transcode", "status", "--data-dir", tmp_path).out
    assert HTJ2KLossless in hounsfield("transcode", "show", "1.2.3", "--data-dir", tmp_path).out.replace("\n", "")


@pytest.mark.parametrize("length", [2048, 6 << 20])
def test_a_damaged_one_is_found_not_used_and_made_anew(tmp_path: Path, length: int) -> None:
    noise = np.random.default_rng(1).integers(0, 4096, length // 2, dtype=np.uint16)
    columns = 32 if length < 4096 else 1024
    source = ct(1, Rows=length // 2 // columns, Columns=columns, PixelData=noise.tobytes())
    path = made(as_file(source), tmp_path)
    flip_a_bit(tmp_path)
    verified = hounsfield("verify", "--json", "--data-dir", tmp_path)
    assert verified.code == 3
    assert (verified.json["verified"], verified.json["damaged"], verified.json["renditions"]) == (1, [], 0)
    assert verified.json["damaged_renditions"][0]["sop_instance_uid"] == source.SOPInstanceUID
    assert "1 are damaged and not used" in hounsfield("verify", "--data-dir", tmp_path).err
    with site(tmp_path) as running:
        assert np.array_equal(samples(retrieved(running, path)).reshape(-1), noise)
        assert running.codec.calls == 1
        assert running.pacs.get(f"{path}/frames/1", JPHC).status_code == 200
        assert running.codec.calls == 2
        running.jobs.purge(-10)
        running.jobs.begin_following(FOLLOWER, 0)
        assert [job.state for job in running.transcode()] == [JobState.DONE]
        assert np.array_equal(samples(retrieved(running, path)).reshape(-1), noise)
        assert running.codec.calls == 2
    assert hounsfield("verify", "--data-dir", tmp_path).code == 0


def test_it_survives_reindex_and_goes_with_the_object(tmp_path: Path) -> None:
    file, other = as_file(ct(1)), as_file(ct(1, study="1.2.4", series="1.2.4.1"))
    path = made(file, tmp_path)
    with site(tmp_path) as running:
        running.store(other)
        running.transcode()
    before = hounsfield("transcode", "show", "1.2.3", "--json", "--data-dir", tmp_path).json
    assert hounsfield("reindex", "--data-dir", tmp_path).code == 0
    assert hounsfield("transcode", "show", "1.2.3", "--json", "--data-dir", tmp_path).json == before
    with site(tmp_path) as running:
        assert running.codec.calls == 0
        assert retrieved(running, path).SOPInstanceUID == "1.2.3.1.1"
        assert running.codec.calls == 0
        assert [job.state for job in running.transcode()] == [JobState.DONE] * 2, "nothing is enqueued once more"
    assert hounsfield("delete", "--study", "1.2.3", "--reason", "test", "--data-dir", tmp_path).code == 0
    for again in (False, True):
        if again:
            assert hounsfield("reindex", "--data-dir", tmp_path).code == 0
        assert hounsfield("transcode", "status", "--json", "--data-dir", tmp_path).json["renditions"] == 1
        assert hounsfield("transcode", "show", "1.2.3", "--data-dir", tmp_path).code == 1


def test_what_was_made_before_a_kill_and_not_indexed_is_found_at_the_next_start(tmp_path: Path) -> None:
    path = made(as_file(ct(1)), tmp_path)
    with site(tmp_path) as running:
        database = running.parts.database
        with database.control() as connection:
            connection.execute("DELETE FROM rendition")
            connection.execute("DELETE FROM pack WHERE pack_id NOT IN (SELECT p.pack_id FROM pack p JOIN instance i ON i.pack_key = p.id)")
        assert running.pacs.reader.renditions.total().number == 0
    with site(tmp_path) as running:
        retrieved(running, path)
        assert running.codec.calls == 0


def test_what_does_not_decode_to_the_same_samples_is_not_kept(tmp_path: Path) -> None:
    class Wrong(CodecPool):
        """As if its HTJ2K decoder and encoder shared a fault that the coder's own comparison cannot see."""

        def decode(self, frame: bytes | memoryview, description: FrameDescription) -> DecodedFrame:
            found = super().decode(frame, description)
            if description.transfer_syntax_uid == HTJ2KLossless:
                return replace(found, data=found.data[:-1] + bytes([found.data[-1] ^ 1]))
            return found

    file = as_file(ct(1))
    with site(tmp_path) as running, Wrong() as wrong:
        running.add_rule()
        running.store(file)
        (job,) = running.transcode(running.handler(wrong))
        assert job.state is JobState.FAILED
        assert "does not decode to the samples of the original" in job.last_error
        assert running.pacs.reader.renditions.total().number == 0
        assert list((running.pacs.archive_root / "renditions").iterdir()) == []
        assert running.pacs.get(path_of(file), "application/dicom; transfer-syntax=*").content == file


def test_what_was_lossy_before_it_came_is_left_alone(tmp_path: Path) -> None:
    with site(tmp_path) as running:
        running.add_rule()
        running.store(as_file(ct(1, LossyImageCompression="01")), as_file(ct(2, LossyImageCompression="00")))
        states = {job.payload["instance"]: (job.state, job.last_error) for job in running.transcode()}
        assert states["1.2.3.1.1"] == (JobState.CANCELLED, "it was compressed lossily before it came")
        assert states["1.2.3.1.2"][0] is JobState.DONE


def test_a_coerced_object_goes_out_as_it_counts(tmp_path: Path) -> None:
    rules = (CoercionRule("InstitutionName", CoercionAction.SET, "North"), CoercionRule("PatientID", CoercionAction.PREFIX, "A-"))
    file = as_file(ct(1))
    with site(tmp_path) as running:
        running.add_rule()
        running.store(file, treatment=Treatment(rules, "", "HOUNSFIELD"))
        assert [job.state for job in running.transcode()] == [JobState.DONE]
        data_set = retrieved(running, path_of(file))
        assert running.codec.calls == 0
        assert (data_set.InstitutionName, data_set.PatientID) == ("North", "A-PAT-1")
        (item,) = data_set.OriginalAttributesSequence
        assert item.ReasonForTheAttributeModification == "COERCE"
        (kept,) = running.pacs.reader.renditions.all()
        as_kept = pydicom.dcmread(io.BytesIO(running.retrieve.packs.read_object(kept.location, kept.digests)))
        assert (as_kept.PatientID, "InstitutionName" in as_kept) == ("PAT-1", False), "the overlay is not in it"
        assert np.array_equal(samples(data_set), pydicom.dcmread(io.BytesIO(file)).pixel_array)


def test_another_syntax_than_that_of_the_rule_is_made_as_ever(tmp_path: Path) -> None:
    file = as_file(ct(1))
    with site(tmp_path) as running:
        running.add_rule(transfer_syntax_uid=HTJ2KLosslessRPCL)
        running.store(file)
        running.transcode()
        retrieved(running, path_of(file), HTJ2KLosslessRPCL)
        assert running.codec.calls == 0
        for number, syntax in enumerate((HTJ2KLossless, JPEGLosslessSV1), 1):
            retrieved(running, path_of(file), syntax)
            assert running.codec.calls == number


def test_a_full_disk_pauses_the_queue(tmp_path: Path) -> None:
    with site(tmp_path) as running:
        running.add_rule()
        running.store(as_file(ct(1)))
        limits = running.parts.store.limits
        running.parts.store.limits = replace(limits, min_free_bytes=1 << 60)
        (job,) = running.transcode()
        assert (job.state, job.attempts) == (JobState.WAITING, 0)
        (queue,) = running.jobs.queues()
        assert queue.failures == 1
        assert "free" in queue.last_error
        with pytest.raises(OutOfSpace):
            running.parts.store.require_room_for(0)
        running.parts.store.limits = limits
        running.jobs.retry(queue=queue.name)
        assert [job.state for job in running.transcode()] == [JobState.DONE]


def test_an_object_deleted_meanwhile_is_not_made_anything_of(tmp_path: Path) -> None:
    with site(tmp_path) as running:
        running.add_rule()
        running.store(as_file(ct(1)))
        handler = running.handler(running.made_by)
        kept = handler._command

        def delete_first(name: str, said: dict[str, object]) -> bool:
            running.parts.decisions.decide(
                {"kind": "delete", "level": "study", "partition_id": 1, "study_instance_uid": "1.2.3", "principal": "p", "reason": "r"}
            )
            return bool(kept(name, said))

        handler._command = delete_first  # type: ignore[assignment]
        (job,) = running.transcode(handler)
        assert (job.state, "not here any more" in job.last_error) == (JobState.CANCELLED, True)
        assert running.pacs.reader.renditions.total().number == 0


def test_rules_on_the_command_line(tmp_path: Path) -> None:
    def run(*words: str) -> int:
        return hounsfield("transcode", "rule", *words, "--data-dir", tmp_path).code

    assert run("add", "ct", "--match", "Modality=CT", "--from", "CT*", "--after-minutes", "30") == 0
    assert run("add", "all", "--transfer-syntax", HTJ2KLosslessRPCL) == 0
    assert run("add", "all") == 1
    assert run("add", "bad", "--transfer-syntax", ExplicitVRLittleEndian) == 2
    assert run("add", "bad", "--match", "Colour=red") == 2
    assert hounsfield("transcode", "rule", "list", "--json", "--data-dir", tmp_path).json == [
        {"name": "all", "conditions": [], "callers": [], "transfer_syntax": HTJ2KLosslessRPCL, "after_minutes": 0},
        {
            "name": "ct",
            "conditions": [{"keyword": "Modality", "patterns": ["CT"]}],
            "callers": ["CT*"],
            "transfer_syntax": HTJ2KLossless,
            "after_minutes": 30,
        },
    ]
    assert "30 min" in hounsfield("transcode", "rule", "list", "--data-dir", tmp_path).out
    assert run("remove", "ct") == 0
    assert run("remove", "ct") == 1
