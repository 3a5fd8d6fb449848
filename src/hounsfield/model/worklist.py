"""What the web app shows of studies and series, typed; the same rows that C-FIND and QIDO-RS find."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.model.reading import ReadingPriority, ReadingStatus


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One line of the worklist; texts as in `model.entities`, empty where absent. received_at_ns: of its latest object."""

    study_instance_uid: str
    patient_id: str
    issuer: str
    patient_name: str
    birth_date: str
    sex: str
    study_date: str
    study_time: str
    accession_number: str
    description: str
    referring_physician: str
    modalities: tuple[str, ...]
    series_count: int
    instance_count: int
    received_at_ns: int
    status: ReadingStatus = ReadingStatus.UNREAD
    priority: ReadingPriority = ReadingPriority.ROUTINE


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One thumbnail of the rail. frame_count: over all its instances."""

    series_instance_uid: str
    number: int | None
    modality: str
    description: str
    body_part: str
    instance_count: int
    frame_count: int


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """next: the opaque cursor of the following page, None on the last.

    count: of all that match, up to the cap. capped: there are or may be more, which are not looked for.
    change: of the feed of changes, where those begin that may not be in the page.
    """

    rows: tuple[StudyRow, ...]
    next: str | None
    count: int
    capped: bool
    change: int = 0


@dataclass(frozen=True, slots=True)
class StudyDetail:
    """A study, its series by number, and the other studies of the same patient (ID and issuer), the latest first."""

    study: StudyRow
    series: tuple[SeriesRow, ...]
    priors: tuple[StudyRow, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """How much the archive holds. bytes_stored: of the Part 10 files, without the packs' own headers."""

    studies: int
    series: int
    instances: int
    bytes_stored: int


@dataclass(frozen=True, slots=True)
class KeptAside:
    """An object kept beside the one that counts. outcome: a value of `StoreOutcome`; source: AE title or protocol that brought it."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    outcome: str
    reason: str
    source: str
    received_at_ns: int
