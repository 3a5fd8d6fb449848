"""Which instances a retrieve names, and their rows a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from hounsfield.dicom.person_name import fold
from hounsfield.index.criteria import Shape
from hounsfield.index.database import Database
from hounsfield.index.dialect import Statement
from hounsfield.index.reader import stored_instance
from hounsfield.index.reading import INSTANCE, ZERO
from hounsfield.index.tables import instance, series, study
from hounsfield.index.visibility import Visibility
from hounsfield.model.retrieval import Named
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies

_LIMIT: ColumnElement[int] = bindparam("limit")


class NamedInstance(NamedTuple):
    """An instance in a plan. key: of its row, good for as long as nobody deletes it."""

    key: int
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str


class RetrievalReader:
    """Reads one database; thread-safe. Every method raises IndexUnavailable where it does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._visibility = Visibility(database)
        self._statements: dict[tuple[Shape, ...], Statement] = {}
        keyed = INSTANCE.add_columns(instance.c.id)
        among = database.dialect.among
        self._by_key = database.compile(keyed.where(instance.c.partition_id == bindparam("partition"), among(instance.c.id, "keys")))
        by_number = (series.c.number, series.c.id, instance.c.number, instance.c.id)
        self._columns = select(instance.c.id, instance.c.sop_instance_uid, instance.c.sop_class_uid, instance.c.transfer_syntax_uid)
        self._order = by_number
        of_study = self._columns.join_from(instance, series, instance.c.series_key == series.c.id).where(
            series.c.study_key == bindparam("study")
        )
        self._of_study = database.compile(of_study.order_by(*by_number).limit(_LIMIT).offset(ZERO))

    def named(self, partition_id: int, named: Named, most: int, visible: VisibleStudies = ALL_STUDIES) -> Iterator[NamedInstance]:
        """By series and instance number, study after study; `most` of each study at the most, one study at a time in memory."""
        seen = self._visibility.criterion(visible)
        values = {
            "partition": partition_id,
            "limit": most,
            "fold": fold(named.patient_id),
            "patient": named.patient_id,
            "issuer": named.issuer,
            "studies": self._database.dialect.listed(named.study_instance_uids),
            "series": self._database.dialect.listed(named.series_instance_uids),
            "instances": self._database.dialect.listed(named.sop_instance_uids),
        } | {f"seen{number}": value for number, value in enumerate(seen.values)}
        statement = self._statement(named, seen.shape)
        if named.series_instance_uids or named.sop_instance_uids:
            yield from map(NamedInstance._make, self._fetch(statement, values))
            return
        for (study_key,) in self._fetch(statement, values):
            yield from map(NamedInstance._make, self._fetch(self._of_study, {"study": study_key, "limit": most}))

    def by_keys(self, partition_id: int, keys: Sequence[int]) -> dict[int, StoredInstance]:
        """Those that are still there, by key."""
        rows = self._fetch(self._by_key, {"partition": partition_id, "keys": self._database.dialect.listed(keys)})
        return {row[-1]: stored_instance(row[:-1]) for row in rows}

    def _fetch(self, statement: Statement, values: dict[str, object]) -> list[Any]:
        return self._database.fetch(statement.sql, [values[name] for name in statement.parameters])

    def _statement(self, named: Named, seen: Shape) -> Statement:
        by = tuple(
            map(bool, (named.patient_id, named.issuer, named.study_instance_uids, named.series_instance_uids, named.sop_instance_uids))
        )
        if (by, seen) not in self._statements:
            self._statements[by, seen] = self._database.compile(self._select(seen, *by))
        return self._statements[by, seen]

    def _select(
        self, seen: Shape, by_patient: bool, by_issuer: bool, by_study: bool, by_series: bool, by_instance: bool
    ) -> Select[tuple[object, ...]]:
        """Instances where series or instances are named, else the keys of studies."""
        among = self._database.dialect.among
        numbers = count()
        conditions = self._visibility.conditions(seen, study, lambda: f"seen{next(numbers)}")
        if by_patient:
            conditions.append(study.c.patient_id == bindparam("patient"))
            if not (by_study or by_series or by_instance):
                conditions.append(study.c.patient_id_fold == bindparam("fold"))
        if by_issuer:
            conditions.append(study.c.issuer == bindparam("issuer"))
        if by_study:
            conditions.append(among(study.c.study_instance_uid, "studies"))
        if not by_series and not by_instance:
            of_partition = study.c.partition_id == bindparam("partition")
            return select(study.c.id).where(of_partition, *conditions).order_by(study.c.study_date, study.c.id)
        if by_series:
            conditions.append(among(series.c.series_instance_uid, "series"))
        if by_instance:
            conditions.append(among(instance.c.sop_instance_uid, "instances"))
        lowest = instance.c.partition_id if by_instance else series.c.partition_id
        joined = self._columns.join_from(instance, series, instance.c.series_key == series.c.id).join(
            study, series.c.study_key == study.c.id
        )
        return (
            joined.where(and_(lowest == bindparam("partition"), *conditions))
            .order_by(study.c.study_date, study.c.id, *self._order)
            .limit(_LIMIT)
            .offset(ZERO)
        )
