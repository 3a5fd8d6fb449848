"""Decisions to delete, applied to the derived tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hounsfield.index.aside import decode_entry
from hounsfield.index.changes import ChangeKind
from hounsfield.index.projection import Projection
from hounsfield.index.rowforms import HeldRow
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identity import Deletion, ObjectIdentity


@dataclass(frozen=True, slots=True)
class Removed:
    """instances: that counted. kept_aside: that did not."""

    instances: int
    kept_aside: int


def read_deletion(record: Mapping[str, Any]) -> Deletion:
    """A record of the decision pack as a rule. Raises: InvalidInput."""
    try:
        level = record["level"]
        if record["kind"] != "delete" or level not in ("study", "series", "instance"):
            raise InvalidInput(f"no such decision: {record['kind']!r} of a {level!r}")
        return Deletion(
            partition_id=int(record.get("partition_id", 1)),
            study_instance_uid=str(record["study_instance_uid"]),
            series_instance_uid=str(record["series_instance_uid"]) if level != "study" else "",
            sop_instance_uid=str(record["sop_instance_uid"]) if level == "instance" else "",
            decided_at_ns=int(record["decided_at_ns"]),
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
        rows = projection.all(sql.held, (partition_id, deletion.sop_instance_uid))
    elif deletion.series_instance_uid:
        rows = projection.all(sql.held_of_series, (partition_id, deletion.series_instance_uid))
    else:
        rows = projection.all(sql.held_of_study, (partition_id, study_uid))
    held = [one for one in map(HeldRow._make, rows) if deletion.covers(one.entry().identity)]
    remove_instances(projection, held)
    projection.taken -= {(one.partition_id, one.sop_instance_uid) for one in held}
    aside = [
        key
        for key, raw, _ in projection.all(sql.kept_aside_of_study, (partition_id, study_uid))
        if deletion.covers(decode_entry(bytes(raw)).identity)
    ]
    for key in aside:
        projection.execute(sql.delete_kept_aside, (key,))
    newly = _bury(projection, deletion, record)
    if newly or held or aside:
        kind = ChangeKind.STUDY_DELETED
        if deletion.series_instance_uid:
            kind = ChangeKind.INSTANCE_DELETED if deletion.sop_instance_uid else ChangeKind.SERIES_DELETED
        subject = "\n".join((study_uid, deletion.series_instance_uid, deletion.sop_instance_uid))
        projection.execute(sql.insert_change, (projection.allocate(), int(kind), partition_id, 0, 0, len(held), now_ns, subject))
    return Removed(len(held), len(aside))


def deleted_already(projection: Projection, identity: ObjectIdentity) -> bool:
    """Whether a decision that was applied before covers an object that reaches the index only now."""
    rows = projection.all(projection.sql.tombstones, (identity.partition_id, identity.study_instance_uid))
    return any(
        Deletion(identity.partition_id, identity.study_instance_uid, series_uid, sop_uid, decided_at_ns).covers(identity)
        for series_uid, sop_uid, decided_at_ns in rows
    )


def remove_instances(projection: Projection, held: list[HeldRow]) -> None:
    """Take rows out; series, studies and patients left without any go too, counters follow."""
    if not held:
        return
    sql = projection.sql
    keys = [(one.id,) for one in held]
    projection.many(sql.delete_instance, keys)
    projection.many(sql.delete_frame_table, keys)
    fewer: dict[int, int] = {}
    studies: dict[int, HeldRow] = {}
    for one in held:
        fewer[one.series_key] = fewer.get(one.series_key, 0) - 1
        studies[one.study_key] = one
    version = projection.allocate()
    projection.many(sql.count_series, [(count, version, key) for key, count in fewer.items()])
    for study_key, example in studies.items():
        count = -sum(one.study_key == study_key for one in held)
        _shrink_study(projection, study_key, example, count, version)


def _shrink_study(projection: Projection, study_key: int, example: HeldRow, more: int, version: int) -> None:
    sql, partition_id = projection.sql, example.partition_id
    empty = projection.all(sql.empty_series_of_study, (study_key,))
    for key, uid in empty:
        projection.execute(sql.delete_series, (key,))
        projection.drop_series(partition_id, uid)
    study = projection.study(partition_id, example.study_instance_uid)
    assert study is not None
    times = (study.first_received_at_ns, study.last_received_at_ns)
    projection.execute(sql.count_study, (version, *times, -len(empty), more, study_key))
    count, patient_key, words, modalities = projection.one(sql.study_counts, (study_key,))
    if count == 0:
        projection.remove_words(study_key, words, modalities.split())
        projection.execute(sql.delete_study, (study_key,))
        projection.execute(sql.delete_childless_patient, (patient_key,))
        projection.drop_study(partition_id, example.study_instance_uid)
        return
    projection.remove_words(study_key, "", study.modalities)
    study.modalities = {row[0] for row in projection.all(sql.modalities_of_study, (study_key,))} - {""}
    study.sop_classes = {row[0] for row in projection.all(sql.sop_classes_of_study, (study_key,))}
    projection.write_classes(study)


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
