"""What a sender puts on the wire, as DCMTK's `storescp +B` keeps it: each data set to the bit, in the order of arrival."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom

from hounsfield.dicom.part10 import read_prefix
from services.server import free_port

IMPLICIT_LITTLE, EXPLICIT_LITTLE = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One data set. announced_uid: the SOP Instance UID of the request (or of a file's meta information), which may be another."""

    announced_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    patient: tuple[str, str]
    transfer_syntax_uid: str
    data_set: bytes

    @property
    def duplicate_key(self) -> tuple[str, str, bytes]:
        """What makes two arrivals the same object."""
        return self.sop_instance_uid, self.transfer_syntax_uid, hashlib.sha256(self.data_set).digest()


def split(raw: bytes) -> tuple[str, bytes]:
    """Transfer syntax and data set of a Part 10 file."""
    meta = read_prefix(raw)
    assert meta is not None
    return meta.transfer_syntax_uid, raw[meta.length_bytes :]


def read(path: Path) -> Arrived:
    """A file as somebody else's reader (pydicom) identifies it."""
    raw = path.read_bytes()
    try:
        found = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    except zlib.error:
        # dcmjs-dimse announces the deflated transfer syntax for bytes that are not deflated.
        return Arrived("", "", "", "", ("", ""), *split(raw))
    if raw[128:132] == b"DICM":
        transfer_syntax_uid, data_set = split(raw)
    else:
        transfer_syntax_uid = IMPLICIT_LITTLE if found.original_encoding[0] else EXPLICIT_LITTLE
        data_set = raw[raw.index(b"\x08\x00") :]
    return Arrived(
        str(found.file_meta.get("MediaStorageSOPInstanceUID", "")),
        str(found.get("SOPInstanceUID", "")),
        str(found.get("StudyInstanceUID", "")),
        str(found.get("SeriesInstanceUID", "")),
        (str(found.get("PatientID", "") or "").strip(), str(found.get("IssuerOfPatientID", "") or "").strip()),
        transfer_syntax_uid,
        data_set,
    )


@contextlib.contextmanager
def storescp(folder: Path) -> Iterator[int]:
    """Yields its port; every object in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    process = subprocess.Popen(
        ["storescp", "+B", "-tn", "+xa", "-pdu", "131072", "-od", str(folder), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while subprocess.run(["echoscu", "127.0.0.1", str(port)], capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, "storescp did not start"
        yield port
    finally:
        process.terminate()
        process.wait()


def arrivals(folder: Path) -> list[Arrived]:
    """In the order in which they came: by the file system's clock, for storescp takes the second and its fraction at two moments."""
    return [read(path) for path in sorted(folder.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))]


@dataclass(frozen=True, slots=True)
class Expected:
    """counting: the object of each UID that counts. aside: the UIDs of those that must be kept beside them, as often as they are.

    refused: how many lack the UIDs that an archive needs, or are not what the request announced.
    """

    counting: dict[str, Arrived]
    aside: list[str]
    refused: int


def expected(arrived: Sequence[Arrived], *, by_dimse: bool) -> Expected:
    """The identity rules once more, written for the test: first come counts; another study's, patient's or other bytes are kept aside.

    by_dimse: a request that announces another SOP Instance UID than its data set has is refused (PS3.4 B.2.3, A900).
    """
    counting: dict[str, Arrived] = {}
    patients: dict[str, tuple[str, str]] = {}
    series: dict[str, str] = {}
    aside: set[tuple[str, str, bytes]] = set()
    refused = 0
    for one in arrived:
        complete = one.sop_instance_uid and one.study_instance_uid and one.series_instance_uid
        if not complete or (by_dimse and one.announced_uid != one.sop_instance_uid):
            refused += 1
            continue
        known = counting.get(one.sop_instance_uid)
        if known is not None:
            if known.duplicate_key != one.duplicate_key:
                aside.add(one.duplicate_key)
            continue
        foreign_patient = patients.get(one.study_instance_uid, one.patient) != one.patient
        foreign_series = series.get(one.series_instance_uid, one.study_instance_uid) != one.study_instance_uid
        if foreign_patient or foreign_series:
            aside.add(one.duplicate_key)
            continue
        counting[one.sop_instance_uid] = one
        patients[one.study_instance_uid] = one.patient
        series[one.series_instance_uid] = one.study_instance_uid
    return Expected(counting, sorted(uid for uid, _, _ in aside), refused)
