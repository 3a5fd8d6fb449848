"""What is held under SOP Instance UIDs that somebody names, wherever it belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, literal_column, or_, select

from hounsfield.index.aside import decode_entry
from hounsfield.index.criteria import Shape
from hounsfield.index.database import Database
from hounsfield.index.dialect import Statement
from hounsfield.index.reader import stored_instance
from hounsfield.index.reading import DUPLICATE, INSTANCE
from hounsfield.index.tables import instance, kept_aside, study
from hounsfield.index.visibility import Visibility
from hounsfield.model.location import StoredObject
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies

BATCH = 500
"""UIDs asked for in one statement."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What lies under one SOP Instance UID.

    instance: the one that counts.
    aside: objects of the same UID and other content, kept because they came from somebody; duplicates are not among them.
    """

    instance: StoredInstance
    aside: tuple[StoredObject, ...]


class Holdings:
    """Reads one database; thread-safe. Every method raises IndexUnavailable where it does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        among = database.dialect.among
        self._visibility = Visibility(database)
        self._instances: dict[Shape, Statement] = {}
        self._aside = database.compile(
            select(kept_aside.c.sop_instance_uid, kept_aside.c.entry).where(
                kept_aside.c.partition_id == bindparam("partition"),
                kept_aside.c.outcome != DUPLICATE,
                among(kept_aside.c.sop_instance_uid, "uids"),
            )
        )

    def held(
        self, partition_id: int, sop_instance_uids: Sequence[str], visible: VisibleStudies = ALL_STUDIES, ae_title: str = ""
    ) -> Iterator[Holding]:
        """Of those that are here and seen, in no order; a batch at a time in memory.

        ae_title: what it brought, or brought once more, is seen too.
        """
        seen = self._visibility.criterion(visible)
        instances = self._instances.get(seen.shape) or self._select(seen.shape)
        for first in range(0, len(sop_instance_uids), BATCH):
            uids = self._database.dialect.listed(sop_instance_uids[first : first + BATCH])
            values = {"partition": partition_id, "uids": uids, "brought_by": ae_title} | {
                f"seen{number}": value for number, value in enumerate(seen.values)
            }
            aside: dict[str, list[StoredObject]] = {}
            for uid, entry in self._fetch(self._aside, values):
                aside.setdefault(str(uid), []).append(decode_entry(entry).stored)
            for row in self._fetch(instances, values):
                found = stored_instance(row)
                yield Holding(found, tuple(aside.get(found.sop_instance_uid, ())))

    def _select(self, seen: Shape) -> Statement:
        named = self._database.dialect.among(instance.c.sop_instance_uid, "uids")
        numbers = count()
        conditions = self._visibility.conditions(seen, study, lambda: f"seen{next(numbers)}")
        if conditions:
            conditions = [or_(instance.c.source == bindparam("brought_by"), _brought_once_more(), and_(*conditions))]
        statement = INSTANCE.where(instance.c.partition_id == bindparam("partition"), named, *conditions)
        self._instances[seen] = self._database.compile(statement)
        return self._instances[seen]

    def _fetch(self, statement: Statement, values: dict[str, Any]) -> list[Any]:
        return self._database.fetch(statement.sql, [values[name] for name in statement.parameters])


def _brought_once_more() -> ColumnElement[bool]:
    """Whether the peer brought an object of the same UID that does not count beside this one."""
    return exists(
        select(literal_column("1")).where(
            kept_aside.c.partition_id == instance.c.partition_id,
            kept_aside.c.sop_instance_uid == instance.c.sop_instance_uid,
            kept_aside.c.source == bindparam("brought_by"),
        )
    )
