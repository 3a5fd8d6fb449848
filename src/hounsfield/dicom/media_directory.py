"""The DICOMDIR of a file-set: a directory of its files by patient, study and series (PS3.3 annex F; PS3.10 8)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.encoding import ITEM
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.tags import (
    INSTANCE_NUMBER,
    SERIES_INSTANCE_UID,
    SERIES_NUMBER,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_INSTANCE_UID,
)
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from hounsfield.dicom.tree_elements import new_elements

FILE_NAME: Final = "DICOMDIR"
_MEDIA_STORAGE_DIRECTORY: Final = "1.2.840.10008.1.3.10"

_FILE_SET_ID, _FIRST_ROOT, _LAST_ROOT, _CONSISTENCY, _RECORDS = 0x00041130, 0x00041200, 0x00041202, 0x00041212, 0x00041220
_NEXT, _IN_USE, _LOWER, _RECORD_TYPE = 0x00041400, 0x00041410, 0x00041420, 0x00041430
_FILE_ID, _SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX = 0x00041500, 0x00041510, 0x00041511, 0x00041512
_MODALITY, _PATIENT_ID, _STUDY_ID = 0x00080060, 0x00100020, 0x00200010
_CONTENT_DATE, _CONTENT_TIME, _CONCEPT_NAME = 0x00080023, 0x00080033, 0x0040A043

_VRS = {_MODALITY: "CS", _PATIENT_ID: "LO", _STUDY_ID: "SH"}
"""Of what may have to be filled in, where it is not IS."""

_PATIENT = (0x00100010, _PATIENT_ID)
_STUDY = (0x00080020, 0x00080030, 0x00080050, 0x00081030, STUDY_INSTANCE_UID, _STUDY_ID)
_SERIES = (_MODALITY, SERIES_INSTANCE_UID, SERIES_NUMBER)
_DOCUMENT = (_CONTENT_DATE, _CONTENT_TIME, _CONCEPT_NAME)
_CONTENT = (_CONTENT_DATE, _CONTENT_TIME, 0x00700080, 0x00700081, 0x00700084)

_TYPES: Final[Sequence[tuple[str, str, tuple[int, ...]]]] = (
    ("88.59", "KEY OBJECT DOC", _DOCUMENT),
    ("88.", "SR DOCUMENT", (*_DOCUMENT, 0x0040A030, 0x0040A491, 0x0040A493)),
    ("11.", "PRESENTATION", (0x00700080, 0x00700081, 0x00700082, 0x00700083, 0x00700084, 0x00081115)),
    ("9.", "WAVEFORM", (_CONTENT_DATE, _CONTENT_TIME)),
    ("104.", "ENCAP DOC", (*_DOCUMENT, 0x00420010, 0x00420012, 0x0040E001)),
    ("481.2", "RT DOSE", (0x3004000A,)),
    ("481.3", "RT STRUCTURE SET", (0x30060002, 0x30060008, 0x30060009)),
    ("481.5", "RT PLAN", (0x300A0002, 0x300A0006, 0x300A0007)),
    ("481.8", "RT PLAN", (0x300A0002, 0x300A0006, 0x300A0007)),
    ("481.4", "RT TREAT RECORD", (0x30080250, 0x30080251)),
    ("481.6", "RT TREAT RECORD", (0x30080250, 0x30080251)),
    ("481.7", "RT TREAT RECORD", (0x30080250, 0x30080251)),
    ("481.9", "RT TREAT RECORD", (0x30080250, 0x30080251)),
    ("4.2", "SPECTROSCOPY", (_CONTENT_DATE, _CONTENT_TIME)),
    ("66.1", "REGISTRATION", _CONTENT),
    ("66.3", "REGISTRATION", _CONTENT),
    ("66.2", "FIDUCIAL", _CONTENT),
    ("66.5", "SURFACE", _CONTENT),
    ("66", "RAW DATA", _CONTENT),
    ("67", "VALUE MAP", _CONTENT),
)
"""By what stands behind the root of the standard's storage classes: a whole number, or where it ends in a point all below it; the record's
type and keys (PS3.3 F.5). All others, images, are of the type IMAGE."""

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_ITEM_HEADER_BYTES = 8
_NEXT_AT, _LOWER_AT = 16, 38
"""Where the values of (0004,1400) and (0004,1420) stand from the beginning of a record's item: both are the same length in every record."""


@dataclass(slots=True)
class _Record:
    """item: with its header, the offsets still 0."""

    item: bytearray
    below: list[_Record] = field(default_factory=list)


class MediaDirectory:
    """Of one study or several. Holds a few hundred bytes for each file.

    Studies with the same Patient ID, name and character set are one patient's; what has no Patient ID is a patient by itself.
    """

    def __init__(self) -> None:
        self._patients: dict[bytes, _Record] = {}
        self._studies: dict[str, _Record] = {}
        self._series: dict[tuple[str, str], _Record] = {}

    def add(self, header: DataSet, file_id: Sequence[str], sop_class_uid: str, transfer_syntax_uid: str) -> None:
        """header: of the object as the file has it, up to its pixels. file_id: folders and name, of 8 characters A to Z, 0 to 9, _ each.
        transfer_syntax_uid: of the file.

        What an object leaves empty and a record must have (type 1) is numbered; dates stay empty. Raises: UndecodablePixels.
        """
        study_uid = header.text(STUDY_INSTANCE_UID)
        study = self._studies.get(study_uid)
        if study is None:
            study = self._studies[study_uid] = _record("STUDY", _keys(header, _STUDY, {_STUDY_ID: str(len(self._studies) + 1)}))
            patient = _record("PATIENT", _keys(header, _PATIENT, {_PATIENT_ID: str(len(self._patients) + 1)}))
            self._patients.setdefault(bytes(patient.item), patient).below.append(study)
        named = (study_uid, header.text(SERIES_INSTANCE_UID))
        series = self._series.get(named)
        if series is None:
            number = str(len(study.below) + 1)
            series = self._series[named] = _record("SERIES", _keys(header, _SERIES, {_MODALITY: "OT", SERIES_NUMBER: number}))
            study.below.append(series)
        kind, keys = _type_of(sop_class_uid)
        reference = [
            NewElement(_FILE_ID, "CS", "\\".join(file_id)),
            NewElement(_SOP_CLASS, "UI", sop_class_uid),
            NewElement(_SOP_INSTANCE, "UI", header.text(SOP_INSTANCE_UID)),
            NewElement(_TRANSFER_SYNTAX, "UI", transfer_syntax_uid),
        ]
        own = _keys(header, (INSTANCE_NUMBER, *keys), {INSTANCE_NUMBER: str(len(series.below) + 1)})
        series.below.append(_record(kind, [*reference, *own]))

    def to_bytes(self, sop_instance_uid: str) -> bytes:
        """The file. sop_instance_uid: of the directory itself."""
        roots = list(self._patients.values())
        prefix = build_prefix(_MEDIA_STORAGE_DIRECTORY, sop_instance_uid, EXPLICIT_VR_LITTLE_ENDIAN)
        records = _in_order(roots)
        offset = len(prefix) + len(_head(0)) + len(_sequence_header(0))
        places: dict[int, int] = {}
        for record in records:
            places[id(record)] = offset
            offset += len(record.item)
        for siblings in (roots, *(record.below for record in records)):
            for one, following in pairwise(siblings):
                struct.pack_into("<L", one.item, _NEXT_AT, places[id(following)])
        for record in records:
            if record.below:
                struct.pack_into("<L", record.item, _LOWER_AT, places[id(record.below[0])])
        body = b"".join(record.item for record in records)
        head = _head(places[id(roots[0])], places[id(roots[-1])]) if roots else _head(0)
        return b"".join((prefix, head, _sequence_header(len(body)), body))


def _in_order(records: Sequence[_Record]) -> list[_Record]:
    return [one for record in records for one in (record, *_in_order(record.below))]


def _head(root: int, last_root: int = 0) -> bytes:
    return encode_data_set(
        [
            NewElement(_FILE_SET_ID, "CS", None),
            NewElement(_FIRST_ROOT, "UL", root),
            NewElement(_LAST_ROOT, "UL", last_root),
            NewElement(_CONSISTENCY, "US", 0),
        ],
        implicit_vr=False,
    )


def _sequence_header(length: int) -> bytes:
    return struct.pack("<HH2sHL", _RECORDS >> 16, _RECORDS & 0xFFFF, b"SQ", 0, length)


def _record(kind: str, keys: Sequence[NewElement]) -> _Record:
    body = encode_data_set(
        [
            NewElement(_NEXT, "UL", 0),
            NewElement(_IN_USE, "US", 0xFFFF),
            NewElement(_LOWER, "UL", 0),
            NewElement(_RECORD_TYPE, "CS", kind),
            *keys,
        ],
        implicit_vr=False,
    )
    return _Record(bytearray(struct.pack("<HHL", ITEM >> 16, ITEM & 0xFFFF, len(body)) + body))


def _keys(header: DataSet, tags: Sequence[int], otherwise: dict[int, str]) -> list[NewElement]:
    """The elements of these tags, with the character set in which they are written. otherwise: what stands where one has no value."""
    wanted = {tag: element for tag in (SPECIFIC_CHARACTER_SET, *tags) if (element := header.get(tag)) is not None}
    found = new_elements(DataSet(wanted, header.characters, header.encoding))
    for tag, text in otherwise.items():
        if not header.text(tag):
            found[tag] = NewElement(tag, _VRS.get(tag, "IS"), text)
    return list(found.values())


def _type_of(sop_class_uid: str) -> tuple[str, tuple[int, ...]]:
    number = sop_class_uid.removeprefix(_STORAGE) if sop_class_uid.startswith(_STORAGE) else ""
    for named, kind, keys in _TYPES:
        if number == named or (named.endswith(".") and number.startswith(named)):
            return kind, keys
    return "IMAGE", ()
