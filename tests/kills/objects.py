"""Objects to send, many and quickly made: one template, the identifiers and the pixels of each its own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


@dataclass(frozen=True, slots=True)
class Made:
    """A file to send and what it holds."""

    path: Path
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    data_set: bytes


def make(folder: Path, randomness: random.Random, round_number: int, sender: int, count: int) -> list[Made]:
    """One series; every ninth object is large enough to be streamed."""
    folder.mkdir(parents=True, exist_ok=True)
    base = f"1.2.826.0.1.3680043.10.1557.{round_number + 1}"
    made = []
    for number in range(count):
        side = 512 if number % 9 == 8 else randomness.choice((16, 40, 64))
        uids = (f"{base}.1", f"{base}.2.{sender + 1}", f"{base}.3.{sender + 1}.{number + 1}")
        data_set = _data_set(uids, number, side, randomness)
        path = folder / f"{number:04d}.dcm"
        path.write_bytes(build_prefix(CT_IMAGE_STORAGE, uids[2], EXPLICIT_VR_LITTLE_ENDIAN) + data_set)
        made.append(Made(path, *uids, data_set))
    return made


def _data_set(uids: tuple[str, str, str], number: int, side: int, randomness: random.Random) -> bytes:
    study, series, sop = uids
    return encode_data_set(
        [
            NewElement(0x00080016, "UI", CT_IMAGE_STORAGE),
            NewElement(0x00080018, "UI", sop),
            NewElement(0x00080020, "DA", "20260101"),
            NewElement(0x00080060, "CS", "CT"),
            NewElement(0x00100010, "PN", "Kill^Test"),
            NewElement(0x00100020, "LO", f"KILL-{study[-4:]}"),
            NewElement(0x0020000D, "UI", study),
            NewElement(0x0020000E, "UI", series),
            NewElement(0x00200013, "IS", str(number + 1)),
            NewElement(0x00280002, "US", 1),
            NewElement(0x00280004, "CS", "MONOCHROME2"),
            NewElement(0x00280010, "US", side),
            NewElement(0x00280011, "US", side),
            NewElement(0x00280100, "US", 16),
            NewElement(0x00280101, "US", 16),
            NewElement(0x00280102, "US", 15),
            NewElement(0x00280103, "US", 0),
            NewElement(0x7FE00010, "OW", randomness.randbytes(side * side * 2)),
        ],
        implicit_vr=False,
    )
