"""What each search selects; the columns stand in the order of the named tuples in `index.rows`."""

from __future__ import annotations

from hounsfield.index.orders import STUDY_SORT_COLUMNS, sort_columns
from hounsfield.index.plans import Projected
from hounsfield.index.rows import InstanceHit, PatientHit, SeriesHit, StudyHit
from hounsfield.index.tables import instance, series, study
from hounsfield.model.query import Level, Order

PATIENT_HIT = Projected("patient", Level.PATIENT, (study.c.patient_id, study.c.study_instance_uid, study.c.json))

STUDY_HIT = Projected(
    "study",
    Level.STUDY,
    (
        study.c.study_instance_uid,
        study.c.json,
        study.c.series_count,
        study.c.instance_count,
        study.c.modalities,
        study.c.sop_classes,
    ),
)

SERIES_HIT = Projected(
    "series",
    Level.SERIES,
    (
        study.c.study_instance_uid,
        series.c.series_instance_uid,
        series.c.json,
        series.c.instance_count,
        study.c.json,
        study.c.series_count,
        study.c.instance_count,
        study.c.modalities,
        study.c.sop_classes,
    ),
)

INSTANCE_HIT = Projected(
    "instance",
    Level.INSTANCE,
    (
        study.c.study_instance_uid,
        series.c.series_instance_uid,
        instance.c.sop_instance_uid,
        instance.c.json,
        series.c.json,
        study.c.json,
        series.c.instance_count,
        study.c.series_count,
        study.c.instance_count,
        study.c.modalities,
        study.c.sop_classes,
        instance.c.transfer_syntax_uid,
    ),
)

_STUDY_ROW = (
    "study_instance_uid",
    "patient_id",
    "issuer",
    "patient_name",
    "birth_date",
    "sex",
    "study_date",
    "study_time",
    "accession_number",
    "description",
    "referring_physician",
    "modalities",
    "series_count",
    "instance_count",
    "last_received_at_ns",
    "reading_status",
    "reading_priority",
)
"""As `model.worklist.StudyRow` has them."""

_SORTED_BY = ("name_fold", "patient_id_fold", "accession_fold", "description_fold")

_WORKLIST = ("id", *_STUDY_ROW, *_SORTED_BY)

WORKLIST = Projected("worklist", Level.STUDY, tuple(study.c[name] for name in _WORKLIST))

STUDY_ROW_END = 1 + len(_STUDY_ROW)
"""A worklist row is the study's key, the columns of a `StudyRow` up to here, and what else it may be sorted by."""

SORT_VALUES: dict[str, tuple[int, ...]] = {
    keyword: tuple(_WORKLIST.index(column.name) for column in sort_columns(Level.STUDY, Order(keyword))) for keyword in STUDY_SORT_COLUMNS
}
"""Where in a worklist row the values lie that it is sorted by."""

assert len(PATIENT_HIT.columns) == len(PatientHit._fields)
assert len(STUDY_HIT.columns) == len(StudyHit._fields)
assert len(SERIES_HIT.columns) == len(SeriesHit._fields)
assert len(INSTANCE_HIT.columns) == len(InstanceHit._fields)
