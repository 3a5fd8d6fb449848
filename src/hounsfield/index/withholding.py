"""Rejected instances: hidden, their bytes and their entries kept (`model.identity`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from hounsfield.index.aside import decode_entry, encode_entry
from hounsfield.index.entry import IndexEntry
from hounsfield.index.projection import Projection
from hounsfield.index.removal import held_entry, remove_instances
from hounsfield.index.rowforms import HeldRow
from hounsfield.model.identity import Judgement, ObjectIdentity, holding
from hounsfield.model.outcomes import StoreOutcome

REJECTED = Judgement(StoreOutcome.KEPT_ASIDE_UID, "the instance was rejected: what comes under its UID stays hidden until it is restored")

Instance = tuple[str, str]
"""Series and SOP Instance UID, within a study."""


def withheld_in(projection: Projection, partition_id: int, study_instance_uid: str) -> dict[int, IndexEntry]:
    """The rejected objects of a study, by row."""
    return {
        key: decode_entry(bytes(raw))
        for key, raw in projection.all(projection.sql.withheld_of["study"], (partition_id, study_instance_uid))
    }


def withhold(projection: Projection, entry: IndexEntry) -> None:
    """Note a rejected object; to do it twice is to do it once."""
    stored, identity = entry.stored, entry.identity
    place = (stored.location.pack_id, stored.location.offset_bytes)
    if projection.one(projection.sql.withheld_at, place) is not None:
        return
    projection.execute(
        projection.sql.insert_withheld,
        (projection.allocate(), stored.partition_id, *identity.instance, stored.received_at_ns, *place, encode_entry(entry)),
    )


def is_withheld(projection: Projection, entry: IndexEntry, identity: ObjectIdentity) -> bool:
    """Whether an object that reaches the index is of an instance that was rejected."""
    decided = projection.standing(identity.partition_id, identity.study_instance_uid)
    holds = holding(decided, identity.series_instance_uid, identity.sop_instance_uid)
    if holds is None or not holds.rejects:
        return False
    if entry.stored.received_at_ns <= holds.decided_at_ns:
        return True
    rows = projection.all(projection.sql.withheld_of["sop"], (identity.partition_id, identity.sop_instance_uid))
    return any(decode_entry(bytes(raw)).identity.instance == identity.instance for _key, raw in rows)


def hide(projection: Projection, partition_id: int, study_instance_uid: str, instances: Collection[Instance]) -> list[ObjectIdentity]:
    """Withhold all objects of these instances that count or are kept aside; those that counted come back, for others may count now."""
    projection.flush()
    sql = projection.sql
    if len(instances) == 1:
        ((_series_uid, sop_uid),) = instances
        by, uid = "sop", sop_uid
    else:
        by, uid = "study", study_instance_uid
    held = map(HeldRow._make, projection.all(sql.held_of[by], (partition_id, uid)))
    hidden = [
        row for row in held if row.study_instance_uid == study_instance_uid and (row.series_instance_uid, row.sop_instance_uid) in instances
    ]
    entries = [held_entry(projection, row) for row in hidden]
    remove_instances(projection, hidden)
    for key, raw in projection.all(sql.kept_aside_of[by], (partition_id, uid)):
        entry = decode_entry(bytes(raw))
        identity = entry.identity
        if identity.study_instance_uid == study_instance_uid and (identity.series_instance_uid, identity.sop_instance_uid) in instances:
            projection.execute(sql.delete_kept_aside, (key,))
            withhold(projection, entry)
    for entry in entries:
        withhold(projection, entry)
    return [entry.identity for entry in entries]


def take_back(projection: Projection, rows: Iterable[int]) -> None:
    """Forget rejected objects, which are to count again or are deleted."""
    for key in rows:
        projection.execute(projection.sql.delete_withheld, (key,))


def no_longer_rejected(
    projection: Projection, partition_id: int, study_instance_uid: str, withheld: dict[int, IndexEntry]
) -> dict[int, IndexEntry]:
    """Those of the rejected objects of a study for which no rejection holds any more, by row. withheld: all of the study."""
    decided = projection.standing(partition_id, study_instance_uid)
    by_instance: dict[Instance, dict[int, IndexEntry]] = {}
    for key, entry in withheld.items():
        identity = entry.identity
        by_instance.setdefault((identity.series_instance_uid, identity.sop_instance_uid), {})[key] = entry
    free: dict[int, IndexEntry] = {}
    for instance, entries in by_instance.items():
        holds = holding(decided, *instance)
        first_received_at_ns = min(entry.stored.received_at_ns for entry in entries.values())
        if holds is None or not holds.rejects or first_received_at_ns > holds.decided_at_ns:
            free |= entries
    return free
