"""What the index records of patient, study, series and instance, as read from one object's header.

Texts are decoded and trimmed of padding; an attribute that is absent or empty is the empty string. Dates are `YYYYMMDD`,
times `HHMMSS[.FFFFFF]` as stored; what is not a date is kept in the fragment and left out of the typed column.
`json` is a fragment of the DICOM JSON model (PS3.18 annex F), UTF-8, without the enclosing braces, ordered by tag.
"""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.model.identifiers import UID


@dataclass(frozen=True, slots=True)
class PatientAttributes:
    """The patient as this object names them (PS3.3 C.7.1.1).

    name: alphabetic, ideographic and phonetic groups joined by `=`.
    """

    patient_id: str
    issuer: str
    name: str
    birth_date: str
    sex: str


@dataclass(frozen=True, slots=True)
class StudyAttributes:
    """General Study (PS3.3 C.7.2.1).

    json: three segments joined by a line feed: tags up to (0008,0050); (0008,0090) to (0008,1030); (0010,0010) on.
    Between them go, at reading time: (0008,0056) and (0008,0061); (0008,1190); behind them (0020,1206) and (0020,1208).
    Where the object names a character set the first says that the JSON is UTF-8, and a fourth holds (0008,0005) as the object has it.
    """

    study_instance_uid: UID
    study_id: str
    date: str
    time: str
    accession_number: str
    description: str
    referring_physician: str
    json: bytes


@dataclass(frozen=True, slots=True)
class SeriesAttributes:
    """General Series (PS3.3 C.7.3.1).

    json: three segments joined by a line feed, split where (0008,1190) and (0020,1209) go; the third may be empty.
    """

    series_instance_uid: UID
    number: int | None
    modality: str
    description: str
    body_part: str
    date: str
    time: str
    performed_step_date: str
    performed_step_time: str
    station_name: str
    json: bytes


@dataclass(frozen=True, slots=True)
class InstanceAttributes:
    """SOP Common and what the viewer needs to choose a picture (PS3.3 C.12.1, C.7.6.3).

    frames: Number of Frames (0028,0008); 1 where the header does not say.
    json: two segments joined by a line feed, split where (0008,1190) goes.
    """

    sop_class_uid: UID
    sop_instance_uid: UID
    number: int | None
    rows: int | None
    columns: int | None
    frames: int
    json: bytes


@dataclass(frozen=True, slots=True)
class ObjectAttributes:
    """All four levels, and how the bytes are written."""

    transfer_syntax_uid: UID
    patient: PatientAttributes
    study: StudyAttributes
    series: SeriesAttributes
    instance: InstanceAttributes
