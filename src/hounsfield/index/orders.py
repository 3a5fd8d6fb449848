"""By what rows are sorted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement

from hounsfield.index.criteria import OWN_ATTRIBUTES, READING_PRIORITY, READING_STATUS
from hounsfield.index.tables import instance, series, study
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.query import Level, Order

STUDY_SORT_COLUMNS: dict[str, ColumnElement[Any]] = {
    "StudyDate": study.c.study_date,
    "PatientName": study.c.name_fold,
    "PatientID": study.c.patient_id_fold,
    "AccessionNumber": study.c.accession_fold,
    "StudyDescription": study.c.description_fold,
    "ModalitiesInStudy": study.c.modalities,
    "ReceivedAt": study.c.last_received_at_ns,
    READING_STATUS: study.c.reading_status,
    READING_PRIORITY: study.c.reading_priority,
}
_SERIES_SORT_COLUMNS: dict[str, ColumnElement[Any]] = {"SeriesNumber": series.c.number, "Modality": series.c.modality}
_INSTANCE_SORT_COLUMNS: dict[str, ColumnElement[Any]] = {"InstanceNumber": instance.c.number}
NUMBERS = frozenset({"SeriesNumber", "InstanceNumber"})
"""Columns without a value in some rows, which no comparison finds again."""

ORDERS_BY_WORDS = ("PatientName", "StudyDescription", "ModalitiesInStudy")
"""In these, studies with a word in common may stand all together, far from the beginning."""


def sort_columns(level: Level, order: Order | None) -> tuple[ColumnElement[Any], ...]:
    """What stands before the row's own key in the order asked for. Raises: InvalidQuery."""
    if order is None:
        return ()
    columns = dict(STUDY_SORT_COLUMNS) if level is Level.STUDY else {}
    if level is Level.SERIES:
        columns = _SERIES_SORT_COLUMNS
    if level is Level.INSTANCE:
        columns = _INSTANCE_SORT_COLUMNS
    column = columns.get(order.keyword)
    if column is None:
        raise InvalidQuery(f"cannot sort by {order.keyword[:64]!r}; by {', '.join(columns)} one can")
    return (column, study.c.study_date) if order.keyword in OWN_ATTRIBUTES else (column,)


def fits(place: Sequence[object], order: Order) -> bool:
    """Whether these may be the sort values and the key of a study in this order."""
    columns = (*sort_columns(Level.STUDY, order), study.c.id)
    return len(place) == len(columns) and all(
        isinstance(value, column.type.python_type) and not isinstance(value, bool) for value, column in zip(place, columns, strict=True)
    )
