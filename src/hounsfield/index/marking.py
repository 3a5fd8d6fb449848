"""What people say of the reading of studies: kept in `study_mark`, which `reindex` leaves alone, and beside the study for searching."""

from __future__ import annotations

from hounsfield.index.changes import ChangeKind
from hounsfield.index.projection import Projection
from hounsfield.model.identity import Deletion
from hounsfield.model.reading import Mark


def apply_mark(projection: Projection, mark: Mark, now_ns: int) -> int:
    """How many of the studies are here; a study of which the same was said before is not told of as changed."""
    projection.flush()
    sql, found = projection.sql, 0
    for uid in mark.study_instance_uids:
        named = (mark.partition_id, uid)
        row = projection.one(sql.marked_study, named)
        if row is None:
            continue
        found += 1
        key, *before = row
        ranks = [
            before[0] if mark.status is None else mark.status.rank,
            before[1] if mark.priority is None else mark.priority.rank,
        ]
        if ranks == before:
            continue
        projection.execute(sql.delete_mark, named)
        projection.execute(sql.insert_mark, (*named, *ranks, now_ns, mark.principal))
        projection.execute(sql.mark_study, (*ranks, key))
        values = (projection.allocate(), int(ChangeKind.MARKED), mark.partition_id, key, 0, 0, now_ns, f"{uid}\n\n")
        projection.execute(sql.insert_change, values)
    return found


def forget_mark(projection: Projection, deletion: Deletion) -> None:
    """A study that is deleted as a whole, and comes again, begins anew; what was said of it after the deletion stands."""
    if not deletion.series_instance_uid:
        projection.execute(projection.sql.delete_mark_until, (deletion.partition_id, deletion.study_instance_uid, deletion.decided_at_ns))
