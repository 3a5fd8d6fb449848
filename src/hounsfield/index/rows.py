"""What the reader answers with. Rows are named tuples: the driver makes the tuple, the name costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from hounsfield.model.location import Digests, Location, StoredObject


class StudyHit(NamedTuple):
    """A study that matches. json: as `StudyAttributes.json`. modalities, sop_classes: sorted, separated by spaces."""

    study_instance_uid: str
    json: bytes
    series_count: int
    instance_count: int
    modalities: str
    sop_classes: str


class SeriesHit(NamedTuple):
    """A series that matches, with its study. json: as `SeriesAttributes.json`."""

    study_instance_uid: str
    series_instance_uid: str
    json: bytes
    instance_count: int
    study_json: bytes
    study_series_count: int
    study_instance_count: int
    modalities: str
    sop_classes: str


class InstanceHit(NamedTuple):
    """An instance that matches, with its series and study. json: as `InstanceAttributes.json`."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    json: bytes
    series_json: bytes
    study_json: bytes
    series_instance_count: int
    study_series_count: int
    study_instance_count: int
    modalities: str
    sop_classes: str


class InstanceRow(NamedTuple):
    """An instance to be retrieved: where its bytes lie and what proves them.

    checksum: XXH3-64 as a signed number, as databases hold it; `digests` has it unsigned.
    """

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    number: int | None
    rows: int | None
    columns: int | None
    frames: int
    header_length_bytes: int
    pack_id: str
    sequence: int
    member_offset_bytes: int
    offset_bytes: int
    prefix_length_bytes: int
    data_set_length_bytes: int
    prefix_sha256: bytes
    data_set_sha256: bytes
    checksum: int
    received_at_ns: int
    node: str
    source: str
    partition_id: int

    @property
    def location(self) -> Location:
        """Where the Part 10 file lies."""
        return Location(
            self.pack_id,
            self.sequence,
            self.member_offset_bytes,
            self.offset_bytes,
            self.prefix_length_bytes,
            self.data_set_length_bytes,
        )

    @property
    def digests(self) -> Digests:
        """What proves it."""
        return Digests(self.prefix_sha256, self.data_set_sha256, self.checksum % (1 << 64))

    @property
    def stored(self) -> StoredObject:
        """The member of its pack."""
        return StoredObject(
            self.partition_id, self.location, self.digests, self.received_at_ns, self.node, self.transfer_syntax_uid, self.source
        )


class FrameTableRow(NamedTuple):
    """An instance and where its frames lie. frame_table: as `dicom.frames.FrameTable.to_bytes` made it."""

    instance: InstanceRow
    frame_table: bytes


class WorklistRow(NamedTuple):
    """A study as a list shows it. modalities: separated by spaces. Times are nanoseconds since 1970-01-01 UTC."""

    id: int
    study_instance_uid: str
    patient_id: str
    issuer: str
    patient_name: str
    birth_date: str
    sex: str
    study_date: str
    study_time: str
    study_id: str
    accession_number: str
    description: str
    referring_physician: str
    modalities: str
    series_count: int
    instance_count: int
    first_received_at_ns: int
    last_received_at_ns: int
    version: int


class SeriesRow(NamedTuple):
    """A series as a list shows it. frame_count: of all its instances."""

    series_instance_uid: str
    number: int | None
    modality: str
    description: str
    body_part: str
    series_date: str
    series_time: str
    instance_count: int
    frame_count: int
    version: int


class KeptAsideRow(NamedTuple):
    """An object that does not count, and why."""

    partition_id: int
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    outcome: str
    reason: str
    received_at_ns: int
    pack_id: str
    offset_bytes: int


class Totals(NamedTuple):
    """How much there is. bytes_stored: of the Part 10 files that count."""

    studies: int
    series: int
    instances: int
    bytes_stored: int


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A stretch of an answer.

    more: whether rows follow.
    unsupported: keywords of the query that were not matched, because the index has no column for them.
    """

    rows: list[Row]
    more: bool = False
    unsupported: tuple[str, ...] = ()
