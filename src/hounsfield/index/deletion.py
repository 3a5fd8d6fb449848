"""Decisions to delete, applied to the derived tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hounsfield.index.aside import decode_entry
from hounsfield.index.changes import ChangeKind
from hounsfield.index.contention import reconsider
from hounsfield.index.marking import forget_mark
from hounsfield.index.projection import Projection
from hounsfield.index.rejection import release
from hounsfield.index.removal import Removed, remove_instances
from hounsfield.index.renditions import drop_renditions
from hounsfield.index.rowforms import HeldRow
from hounsfield.index.withholding import take_back, withheld_in
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identity import Deletion


def read_deletion(record: Mapping[str, Any], decided_at_ns: int | None = None) -> Deletion:
    """A record of the decision pack as a rule. decided_at_ns: of a record that is not dated yet. Raises: InvalidInput."""
    try:
        level = record["level"]
        if record["kind"] != "delete" or level not in ("study", "series", "instance"):
            raise InvalidInput(f"no such decision: {record['kind']!r} of a {level!r}")
        return Deletion(
            partition_id=int(record.get("partition_id", 1)),
            study_instance_uid=str(record["study_instance_uid"]),
            series_instance_uid=str(record["series_instance_uid"]) if level != "study" else "",
            sop_instance_uid=str(record["sop_instance_uid"]) if level == "instance" else "",
            decided_at_ns=int(record["decided_at_ns"]) if decided_at_ns is None else decided_at_ns,
        )
    except KeyError as exc:
        raise InvalidInput(f"a decision to delete lacks {exc}") from exc


def apply_deletion(projection: Projection, record: Mapping[str, Any], now_ns: int) -> Removed:
    """Remove what the decision covers and leave a tombstone; to do it twice is to do it once."""
    deletion = read_deletion(record)
    projection.flush()
    sql = projection.sql
    partition_id, study_uid = deletion.partition_id, deletion.study_instance_uid
    if deletion.sop_instance_uid:
        rows = projection.all(sql.held_of["sop"], (partition_id, deletion.sop_instance_uid))
    elif deletion.series_instance_uid:
        rows = projection.all(sql.held_of["series"], (partition_id, deletion.series_instance_uid))
    else:
        rows = projection.all(sql.held_of["study"], (partition_id, study_uid))
    held = [(one, one.entry().identity) for one in map(HeldRow._make, rows)]
    covered = [(one, identity) for one, identity in held if deletion.covers(identity)]
    remove_instances(projection, [one for one, _ in covered])
    kept_aside = [(key, decode_entry(bytes(raw))) for key, raw in projection.all(sql.kept_aside_of["study"], (partition_id, study_uid))]
    aside = {key: entry for key, entry in kept_aside if deletion.covers(entry.identity)}
    for key in aside:
        projection.execute(sql.delete_kept_aside, (key,))
    withheld = {key: entry for key, entry in withheld_in(projection, partition_id, study_uid).items() if deletion.covers(entry.identity)}
    take_back(projection, withheld)
    hidden = [entry.stored.location for entry in (*aside.values(), *withheld.values())]
    places = [(location.pack_id, location.offset_bytes) for location in hidden]
    drop_renditions(projection, places + [(one.pack_id, one.offset_bytes) for one, _ in covered])
    newly = _bury(projection, deletion, record)
    forget_mark(projection, deletion)
    if newly or covered or aside or withheld:
        kind = ChangeKind.STUDY_DELETED
        if deletion.series_instance_uid:
            kind = ChangeKind.INSTANCE_DELETED if deletion.sop_instance_uid else ChangeKind.SERIES_DELETED
        subject = "\n".join((study_uid, deletion.series_instance_uid, deletion.sop_instance_uid))
        values = (projection.allocate(), int(kind), partition_id, 0, 0, len(covered) + len(withheld), now_ns, subject)
        projection.execute(sql.insert_change, values)
    reconsider(projection, partition_id, [identity for _, identity in covered])
    if withheld:
        release(projection, partition_id, study_uid)
    return Removed(len(covered), len(aside), len(withheld))


def _bury(projection: Projection, deletion: Deletion, record: Mapping[str, Any]) -> bool:
    """Leave or renew the tombstone; False where one as late stands already."""
    sql = projection.sql
    key = (deletion.partition_id, deletion.study_instance_uid, deletion.series_instance_uid, deletion.sop_instance_uid)
    for series_uid, sop_uid, decided_at_ns in projection.all(sql.tombstones, key[:2]):
        if (series_uid, sop_uid) == key[2:]:
            if decided_at_ns >= deletion.decided_at_ns:
                return False
            projection.execute(sql.delete_tombstone, key)
    words = (str(record.get("principal", "")), str(record.get("reason", "")))
    projection.execute(sql.insert_tombstone, (*key, deletion.decided_at_ns, *words))
    projection.latest_deletion_ns = max(projection.latest_deletion_ns, deletion.decided_at_ns)
    return True
