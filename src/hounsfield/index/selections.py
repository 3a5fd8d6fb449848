"""What each search selects; the columns stand in the order of the named tuples in `index.rows`."""

from __future__ import annotations

from hounsfield.index.rows import InstanceHit, SeriesHit, StudyHit, WorklistRow
from hounsfield.index.search import Projected
from hounsfield.index.tables import instance, series, study
from hounsfield.model.query import Level

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
    ),
)

_SORTED_BY = ("name_fold", "patient_id_fold", "accession_fold", "description_fold")

WORKLIST = Projected(
    "worklist",
    Level.STUDY,
    (*(study.c[name] for name in WorklistRow._fields), *(study.c[name] for name in _SORTED_BY)),
)

SORT_VALUE: dict[str, int] = {
    "StudyDate": WorklistRow._fields.index("study_date"),
    "ModalitiesInStudy": WorklistRow._fields.index("modalities"),
    "ReceivedAt": 0,
} | {
    keyword: len(WorklistRow._fields) + _SORTED_BY.index(name)
    for keyword, name in {
        "PatientName": "name_fold",
        "PatientID": "patient_id_fold",
        "AccessionNumber": "accession_fold",
        "StudyDescription": "description_fold",
    }.items()
}
"""Where in a row of `WORKLIST` the value lies that it is sorted by."""

assert len(STUDY_HIT.columns) == len(StudyHit._fields)
assert len(SERIES_HIT.columns) == len(SeriesHit._fields)
assert len(INSTANCE_HIT.columns) == len(InstanceHit._fields)
