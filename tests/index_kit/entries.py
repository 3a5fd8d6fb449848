"""Index entries made up from a few words."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from hounsfield.dicom.frames import NativeFrames
from hounsfield.index.entry import IndexEntry
from hounsfield.model.entities import InstanceAttributes, ObjectAttributes, PatientAttributes, SeriesAttributes, StudyAttributes
from hounsfield.model.identifiers import UID
from hounsfield.model.location import Digests, Location, StoredObject

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
NOON_NS = 1_800_000_000_000_000_000
FILE_BYTES = 1300
ONE_FRAME = NativeFrames(0, 8, (1,)).to_bytes()


@dataclass
class Maker:
    """Makes entries as one node's packs would hold them: each later than the one before, at its own place."""

    pack_id: str = "a" * 32
    node: str = "local"
    made: int = 0
    received_at_ns: int = NOON_NS
    defaults: dict[str, object] = field(default_factory=dict)

    def entry(
        self,
        study: str = "1.2.3",
        series: str | None = None,
        sop: str | None = None,
        *,
        partition_id: int = 1,
        content: str = "",
        received_at_ns: int | None = None,
        patient_id: str = "P1",
        issuer: str = "",
        name: str = "Doe^John",
        birth_date: str = "19700101",
        sex: str = "M",
        study_id: str = "S1",
        study_date: str = "20240102",
        study_time: str = "101112.5",
        accession_number: str = "A1",
        description: str = "Thorax nativ",
        referring_physician: str = "Who^Doctor",
        series_number: int | None = 1,
        modality: str = "CT",
        series_description: str = "Lung",
        body_part: str = "CHEST",
        station_name: str = "CT1",
        number: int | None = None,
        rows: int | None = 512,
        frames: int = 1,
        frame_table: bytes = ONE_FRAME,
        sop_class: str = CT_IMAGE,
    ) -> IndexEntry:
        """The next one."""
        self.made += 1
        self.received_at_ns += 1000
        series = series or f"{study}.1"
        sop = sop or f"{series}.{self.made}"
        number = self.made if number is None else number
        offset = self.made * 4096
        stored = StoredObject(
            partition_id=partition_id,
            location=Location(self.pack_id, self.made, offset, offset + 2048, 300, FILE_BYTES - 300),
            digests=Digests(b"\1" * 32, hashlib.sha256(f"{sop} {content}".encode()).digest(), (1 << 63) + self.made),
            received_at_ns=self.received_at_ns if received_at_ns is None else received_at_ns,
            node=self.node,
            transfer_syntax_uid=EXPLICIT_LITTLE_ENDIAN,
            source="MODALITY",
        )
        attributes = ObjectAttributes(
            UID(EXPLICIT_LITTLE_ENDIAN),
            PatientAttributes(patient_id, issuer, name, birth_date, sex),
            StudyAttributes(
                UID(study),
                study_id,
                study_date,
                study_time,
                accession_number,
                description,
                referring_physician,
                _json(study=study, name=name),
            ),
            SeriesAttributes(
                UID(series),
                series_number,
                modality,
                series_description,
                body_part,
                study_date,
                study_time,
                study_date,
                "101010",
                station_name,
                _json(series=series),
            ),
            InstanceAttributes(UID(sop_class), UID(sop), number, rows, rows, frames, _json(sop=sop)),
        )
        return IndexEntry(stored, attributes, 800, frame_table)


def _json(**values: str) -> bytes:
    return json.dumps(values, ensure_ascii=False)[1:-1].encode(errors="replace")
