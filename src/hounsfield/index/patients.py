"""How much patients have, counted over the studies that are seen."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from sqlalchemy import bindparam, func, select

from hounsfield.index.criteria import Shape
from hounsfield.index.database import Database
from hounsfield.index.dialect import Statement
from hounsfield.index.rows import PatientCounts
from hounsfield.index.tables import study
from hounsfield.index.visibility import Visibility
from hounsfield.model.visibility import VisibleStudies


class Patients:
    """Reads one database; thread-safe. Every method raises IndexUnavailable where it does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._visibility = Visibility(database)
        self._statements: dict[Shape, Statement] = {}

    def counts(self, partition_id: int, study_instance_uids: Collection[str], visible: VisibleStudies) -> dict[str, PatientCounts]:
        """By Study Instance UID of one of the patient's studies."""
        seen = self._visibility.criterion(visible)
        statement = self._statements.get(seen.shape) or self._select(seen.shape)
        values = {"partition": partition_id, "studies": self._database.dialect.listed(study_instance_uids)}
        values |= {f"seen{number}": value for number, value in enumerate(seen.values)}
        rows = self._database.fetch(statement.sql, [values[name] for name in statement.parameters])
        return {uid: PatientCounts(*map(int, counts)) for uid, *counts in rows}

    def _select(self, seen: Shape) -> Statement:
        other = study.alias("other")
        numbers = count()
        conditions = self._visibility.conditions(seen, other, lambda: f"seen{next(numbers)}")
        of_partition = study.c.partition_id == bindparam("partition")
        statement = (
            select(study.c.study_instance_uid, func.count(other.c.id), func.sum(other.c.series_count), func.sum(other.c.instance_count))
            .join_from(study, other, other.c.patient_key == study.c.patient_key)
            .where(of_partition, self._database.dialect.among(study.c.study_instance_uid, "studies"), *conditions)
            .group_by(study.c.study_instance_uid)
        )
        self._statements[seen] = self._database.compile(statement)
        return self._statements[seen]
