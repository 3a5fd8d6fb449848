"""Unified Procedure Steps that have come to their end, and are to be kept no longer."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam, delete, exists, literal_column, select

from hounsfield.model.connections import Connections
from hounsfield.model.procedure_step import StepState
from hounsfield.records.tables import workitem, workitem_key, workitem_subscription
from hounsfield.records.workitems import WorkitemRecords

ENDED = (StepState.COMPLETED, StepState.CANCELED)


class EndedWorkitems:
    """Of every partition. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections, records: WorkitemRecords) -> None:
        self._records = records
        self._listed = database.dialect.listed
        locked = exists(
            select(literal_column("1")).where(
                workitem_subscription.c.workitem_id == workitem.c.id, workitem_subscription.c.deletion_lock == literal_column("TRUE")
            )
        )
        states: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in ENDED]
        ended = select(workitem.c.id, workitem.c.uid).where(
            workitem.c.state.in_(states), workitem.c.changed_at_s < bindparam("before"), ~locked
        )
        self._find = database.compile(ended.order_by(workitem.c.id).limit(bindparam("most")).offset(literal_column("0"))).sql
        among = database.dialect.among
        self._delete = [
            database.compile(delete(table).where(among(column, "ids"))).sql
            for table, column in (
                (workitem_key, workitem_key.c.workitem_id),
                (workitem_subscription, workitem_subscription.c.workitem_id),
                (workitem, workitem.c.id),
            )
        ]

    def remove(self, before_s: int, most: int) -> list[str]:
        """The UIDs of steps that ended before this moment, changed no more since, and have no Deletion Lock: they are gone now."""
        with self._records.change() as change:
            found = change.connection.execute(self._find, (before_s, most)).fetchall()
            ids = self._listed([int(row[0]) for row in found])
            for statement in self._delete if found else ():
                change.connection.execute(statement, (ids,))
        return [str(row[1]) for row in found]
