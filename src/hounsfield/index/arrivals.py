"""What came in after a point of the feed, in the order in which it was committed; for those who follow it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, literal_column, select

from hounsfield.index.database import Database
from hounsfield.index.reader import stored_instance
from hounsfield.index.reading import INSTANCE
from hounsfield.index.tables import allocator, instance, series, study
from hounsfield.model.stored_instance import StoredInstance

_JSON_COLUMNS = 3


class Arrived(NamedTuple):
    """An instance that counts. number: of the index's allocator. fragments: of study, series and instance, as `model.entities` has them."""

    number: int
    instance: StoredInstance
    fragments: tuple[bytes, bytes, bytes]


class Arrivals:
    """Reads the feed by the numbers of the rows themselves.

    Rows and changes are numbered by one allocator, whose lock every writer takes first: whoever has read up to a number never meets
    a lesser one later. So the instances behind the changes up to a number are those numbered up to it.
    Raises: IndexUnavailable where the database does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        fragments = (study.c.json, series.c.json, instance.c.json)
        after = instance.c.id > bindparam("after")
        found = INSTANCE.add_columns(instance.c.id, *fragments).order_by(instance.c.id)
        self._after = database.compile(found.where(after).limit(bindparam("most")).offset(literal_column("0"))).sql
        in_study = and_(study.c.partition_id == bindparam("partition"), study.c.study_instance_uid == bindparam("study"))
        self._of_study = database.compile(found.where(in_study)).sql
        self._latest = database.compile(select(allocator.c.last)).sql

    def after(self, number: int, most: int) -> list[Arrived]:
        """Of a number greater than this, in order."""
        return list(map(_arrived, self._database.fetch(self._after, (number, most))))

    def of_study(self, partition_id: int, study_instance_uid: str) -> list[Arrived]:
        """All of a study, in the order in which they came."""
        return list(map(_arrived, self._database.fetch(self._of_study, (partition_id, study_instance_uid))))

    def latest(self) -> int:
        """The last number given to anything."""
        return int(self._database.fetch(self._latest)[0][0])


def _arrived(row: Any) -> Arrived:
    cut = len(row) - _JSON_COLUMNS
    study_json, series_json, instance_json = map(bytes, row[cut:])
    return Arrived(int(row[cut - 1]), stored_instance(row[: cut - 1]), (study_json, series_json, instance_json))
