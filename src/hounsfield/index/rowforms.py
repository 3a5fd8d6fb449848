"""Rows of the derived tables made from entries, and entries from rows. Values stand in the order of the tables' columns."""

from __future__ import annotations

from typing import Any, NamedTuple

from hounsfield.index.entry import IndexEntry
from hounsfield.index.storable import signed, small, storable, unsigned
from hounsfield.index.words import StudyTexts
from hounsfield.model.entities import InstanceAttributes, ObjectAttributes, PatientAttributes, SeriesAttributes, StudyAttributes
from hounsfield.model.identifiers import UID
from hounsfield.model.identity import precedence_bytes
from hounsfield.model.location import Digests, Location, StoredObject
from hounsfield.model.matching import date_column, time_column

LARGEST_INLINE_FRAME_TABLE_BYTES = 512


def spaced(values: set[str]) -> str:
    """A set of codes or UIDs as its column holds it."""
    return f" {' '.join(sorted(values))} " if values else ""


def study_values(entry: IndexEntry, texts: StudyTexts) -> tuple[Any, ...]:
    """The columns of `study` from `patient_id` on."""
    patient, study = entry.attributes.patient, entry.attributes.study
    values = (
        patient.patient_id,
        texts.patient_id,
        patient.issuer or (entry.default_issuer if patient.patient_id else ""),
        patient.name,
        *texts.name,
        patient.birth_date,
        patient.sex,
        study.study_id,
        date_column(study.date),
        time_column(study.time),
        study.accession_number,
        texts.accession_number,
        study.description,
        texts.description,
        study.referring_physician,
        texts.referring_physician,
        texts.line,
    )
    return (*map(storable, values), study.json)


def series_values(entry: IndexEntry) -> tuple[Any, ...]:
    """The columns of `series` from `number` on."""
    series = entry.attributes.series
    texts = (
        series.modality,
        series.description,
        series.body_part,
        date_column(series.date),
        time_column(series.time),
        date_column(series.performed_step_date),
        time_column(series.performed_step_time),
        series.station_name,
    )
    return (small(series.number), *map(storable, texts), series.json)


def instance_values(row_id: int, series_key: int, pack_key: int, entry: IndexEntry, sop_class_uid: str) -> tuple[Any, ...]:
    """A row of `instance`."""
    stored, instance = entry.stored, entry.attributes.instance
    location, digests = stored.location, stored.digests
    return (
        row_id,
        stored.partition_id,
        instance.sop_instance_uid,
        series_key,
        sop_class_uid,
        stored.transfer_syntax_uid,
        small(instance.number),
        small(instance.rows),
        small(instance.columns),
        small(instance.frames) or 0,
        pack_key,
        location.sequence,
        location.member_offset_bytes,
        location.offset_bytes,
        location.prefix_length_bytes,
        location.data_set_length_bytes,
        entry.header_length_bytes,
        digests.prefix_sha256,
        digests.data_set_sha256,
        signed(digests.checksum),
        stored.received_at_ns,
        storable(stored.source),
        entry.frame_table if len(entry.frame_table) <= LARGEST_INLINE_FRAME_TABLE_BYTES else None,
        instance.json,
        stored.overlay or None,
    )


class HeldRow(NamedTuple):
    """An instance that counts, with all that is known of it: the columns that `index.held` selects."""

    id: int
    series_key: int
    study_key: int
    partition_id: int
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    number: int | None
    rows: int | None
    columns: int | None
    frames: int
    pack_id: str
    node: str
    sequence: int
    member_offset_bytes: int
    offset_bytes: int
    prefix_length_bytes: int
    data_set_length_bytes: int
    header_length_bytes: int
    prefix_sha256: bytes
    data_set_sha256: bytes
    checksum: int
    received_at_ns: int
    source: str
    overlay: bytes | None
    frame_table: bytes | None
    json: bytes
    series_instance_uid: str
    series_number: int | None
    modality: str
    series_description: str
    body_part: str
    series_date: str
    series_time: str
    performed_step_date: str
    performed_step_time: str
    station_name: str
    series_json: bytes
    study_instance_uid: str
    patient_id: str
    issuer: str
    patient_name: str
    birth_date: str
    sex: str
    study_id: str
    study_date: str
    study_time: str
    accession_number: str
    description: str
    referring_physician: str
    study_json: bytes

    def entry(self, large_frame_table: bytes = b"") -> IndexEntry:
        """The entry it came from; patient, study and series as the rows have them."""
        return IndexEntry(
            stored=StoredObject(
                partition_id=self.partition_id,
                location=Location(
                    self.pack_id,
                    self.sequence,
                    self.member_offset_bytes,
                    self.offset_bytes,
                    self.prefix_length_bytes,
                    self.data_set_length_bytes,
                ),
                digests=Digests(self.prefix_sha256, self.data_set_sha256, unsigned(self.checksum)),
                received_at_ns=self.received_at_ns,
                node=self.node,
                transfer_syntax_uid=self.transfer_syntax_uid,
                source=self.source,
                overlay=bytes(self.overlay or b""),
            ),
            attributes=ObjectAttributes(
                UID(self.transfer_syntax_uid),
                PatientAttributes(self.patient_id, self.issuer, self.patient_name, self.birth_date, self.sex),
                StudyAttributes(
                    UID(self.study_instance_uid),
                    self.study_id,
                    self.study_date,
                    self.study_time,
                    self.accession_number,
                    self.description,
                    self.referring_physician,
                    self.study_json,
                ),
                SeriesAttributes(
                    UID(self.series_instance_uid),
                    self.series_number,
                    self.modality,
                    self.series_description,
                    self.body_part,
                    self.series_date,
                    self.series_time,
                    self.performed_step_date,
                    self.performed_step_time,
                    self.station_name,
                    self.series_json,
                ),
                InstanceAttributes(
                    UID(self.sop_class_uid), UID(self.sop_instance_uid), self.number, self.rows, self.columns, self.frames, self.json
                ),
            ),
            header_length_bytes=self.header_length_bytes,
            frame_table=large_frame_table if self.frame_table is None else self.frame_table,
        )

    @property
    def precedence(self) -> bytes:
        """As `model.identity.precedence_bytes` has it."""
        return precedence_bytes((self.received_at_ns, self.node, self.pack_id, self.offset_bytes))
