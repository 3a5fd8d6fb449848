"""C-FIND: queries a second on one association, by Patient ID, by date and by name, and how long a list of all studies takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from bench.load import ROOT, Study
from bench.servers import Running
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.network.association import Association
from hounsfield.network.dimse import CommandField, decode_command, request
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.requestor import associate

STUDIES = 2_000
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
FAMILIES = ("Meier", "Huber", "Keller", "Weber", "Frei", "Moser", "Graf", "Roth", "Wyss", "Kunz")


def make_studies(folder: Path) -> Study:
    """As many studies of one short object each, in one folder."""
    target = folder / "find"
    target.mkdir(parents=True, exist_ok=True)
    uids = []
    for number in range(STUDIES):
        base = f"{ROOT}.3.{number + 1}"
        uids.append(f"{base}.2")
        path = target / f"{number:05d}.dcm"
        if path.exists():
            continue
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, uids[-1]
        ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{base}.0", f"{base}.1"
        ds.PatientID, ds.PatientName = f"FIND-{number:05d}", name_of(number)
        ds.StudyDate, ds.StudyTime = date_of(number), "101500"
        ds.AccessionNumber, ds.Modality, ds.StudyDescription = f"F{number:06d}", "OT", "Benchmark of C-FIND"
        ds.save_as(path, enforce_file_format=True)
    return Study(f"{ROOT}.3.1.0", f"{ROOT}.3.1.1", "FIND-00000", target, tuple(uids))


def name_of(number: int) -> str:
    """Of the patient of a study: 200 have each family name."""
    return f"{FAMILIES[number % len(FAMILIES)]}^Given{number // len(FAMILIES)}"


def date_of(number: int) -> str:
    """Of a study: about six have each."""
    return f"{2024 + number % 2}{1 + number % 12:02d}{1 + number // 12 % 28:02d}"


WORKS = ("by Patient ID", "by date", "by name", "all studies")


def keys_of(work: str) -> Sequence[dict[str, str]]:
    """The queries of one work, each of another value."""
    numbers = range(0, STUDIES, 17)
    if work == "by Patient ID":
        return [{"PatientID": f"FIND-{number:05d}"} for number in numbers]
    if work == "by date":
        return [{"StudyDate": date_of(number)} for number in numbers]
    if work == "by name":
        return [{"PatientName": f"{name_of(number)[:-1]}*"} for number in numbers]
    return [{}]


def answers_and_rate(running: Running, work: str, runs: int) -> tuple[int, float]:
    """How many answers a run brought, and queries a second; of the list of all, answers a second."""
    association = associate(
        ("127.0.0.1", running.dicom_port),
        "BENCH",
        running.ae_title,
        [ProposedContext(1, FIND, (ExplicitVRLittleEndian,))],
        Implementation("1.2.3.4", "BENCH"),
        AssociationLimits(),
    )
    identifiers = [_identifier(keys) for keys in keys_of(work)]
    answers = 0
    started = time.perf_counter()
    for _ in range(runs):
        answers = sum(_count_answers(association, identifier) for identifier in identifiers)
    took_s = (time.perf_counter() - started) / runs
    association.release()
    return answers, (len(identifiers) if len(identifiers) > 1 else answers) / took_s


def _count_answers(association: Association, identifier: bytes) -> int:
    """The client is ours, without decoding, so that it is the servers that are measured."""
    association.send(1, request(CommandField.C_FIND_RQ, 1, FIND, has_data_set=True, priority=0), identifier)
    answers = 0
    while True:
        message = association.receive()
        if message is None:
            raise RuntimeError("the association was released")
        command = decode_command(message.command)
        if not command.has_data_set:
            if command.status:
                raise RuntimeError(f"C-FIND ended with {command.status:04X}")
            return answers
        association.read_data_set(len)
        answers += 1


def _identifier(keys: dict[str, str]) -> bytes:
    asked = dict.fromkeys(("PatientName", "PatientID", "StudyDate", "AccessionNumber", "StudyInstanceUID"), "") | keys
    elements = [NewElement(tag_for_keyword(keyword) or 0, dictionary_VR(keyword), text) for keyword, text in asked.items()]
    return encode_data_set([NewElement(0x00080052, "CS", "STUDY"), *elements], implicit_vr=False)
