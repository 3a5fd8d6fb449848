"""What the reader answers with. Rows are named tuples: the driver makes the tuple, the name costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar


class PatientHit(NamedTuple):
    """A patient that matches. json: the latest study's, as `StudyAttributes.json`; what it says of the patient holds."""

    patient_id: str
    study_instance_uid: str
    json: bytes


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
    transfer_syntax_uid: str


Hit = PatientHit | StudyHit | SeriesHit | InstanceHit

Row = TypeVar("Row")


class Stream(NamedTuple):
    """All that matches a query.

    unmatched: keywords that are not matched.
    quick: whether an index leads straight to few rows.
    named: whether they are those of a patient, study, series or instance that the query names.
    judged: whether what the database finds is judged one by one before it counts as a match.
    pages: a page at a time in memory; each raises IndexUnavailable.
    """

    unmatched: tuple[str, ...]
    quick: bool
    named: bool
    judged: bool
    pages: Iterator[list[Hit]]


class PatientCounts(NamedTuple):
    """How much a patient has."""

    studies: int
    series: int
    instances: int


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A stretch of an answer.

    more: whether rows follow.
    unsupported: keywords of the query that were not matched, because the index has no column for them.
    """

    rows: list[Row]
    more: bool = False
    unsupported: tuple[str, ...] = ()
