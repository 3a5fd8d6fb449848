"""What takes the room, slice by slice: the index keeps no counts by modality and day, so they are summed up beside the requests."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, func, literal_column, select

from hounsfield.index.changes import ChangeKind
from hounsfield.index.database import Database
from hounsfield.index.tables import BIG, allocator, change, instance, series, total

DAY_NS = 86_400 * 1_000_000_000


class DayUse(NamedTuple):
    """Instances of one modality received on one day. day: whole days since 1970-01-01 UTC."""

    partition_id: int
    modality: str
    day: int
    instances: int
    bytes_stored: int


class Usage:
    """Reads instances by the numbers of their rows: what is added later has a greater one (`index.arrivals`).

    Raises: IndexUnavailable where the database does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        after, through = instance.c.id > bindparam("after"), instance.c.id <= bindparam("through")
        ids = select(instance.c.id).where(after).order_by(instance.c.id).limit(bindparam("most")).offset(literal_column("0")).subquery()
        self._end = database.compile(select(func.max(ids.c.id)))
        day = instance.c.received_at_ns // literal_column(str(DAY_NS), BIG)
        length = instance.c.prefix_length_bytes + instance.c.data_set_length_bytes
        keys = (instance.c.partition_id, series.c.modality, day)
        counted = select(*keys, func.count(), func.sum(length)).join(series, series.c.id == instance.c.series_key)
        self._slice = database.compile(counted.where(after, through).group_by(*keys))
        harmless = (int(ChangeKind.INSTANCES_ADDED), int(ChangeKind.MARKED))
        otherwise = change.c.kind.not_in([literal_column(str(kind)) for kind in harmless])
        gone = select(change.c.sequence).where(change.c.sequence > bindparam("after"), otherwise)
        self._gone = database.compile(gone.limit(literal_column("1")).offset(literal_column("0")))
        self._latest = database.compile(select(allocator.c.last))
        self._totals = database.compile(select(total.c.partition_id, total.c.instances))

    def slice(self, after: int, most: int) -> tuple[int, list[DayUse]]:
        """Of the next so many instances, and the number of the last of them; `after` where there are none."""
        found = self._database.fetch(self._end.sql, (after, most))
        if not found or found[0][0] is None:
            return after, []
        through = int(found[0][0])
        rows = self._database.fetch(self._slice.sql, (after, through))
        return through, [DayUse(int(part), modality, int(day), int(count), int(size)) for part, modality, day, count, size in rows]

    def only_grew(self, after: int) -> bool:
        """Whether since this number instances were added only: none was deleted, rejected, restored or displaced."""
        return not self._database.fetch(self._gone.sql, (after,))

    def latest(self) -> int:
        """The last number given to anything."""
        return int(self._database.fetch(self._latest.sql)[0][0])

    def totals(self) -> dict[int, int]:
        """Instances by partition, as counted while they were written."""
        return {int(partition_id): int(instances) for partition_id, instances in self._database.fetch(self._totals.sql)}
