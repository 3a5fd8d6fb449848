"""Taking rows out of the derived tables: counters, classes and parents follow."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.index.entry import IndexEntry
from hounsfield.index.known import KnownSeries, KnownStudy
from hounsfield.index.projection import Projection
from hounsfield.index.rowforms import HeldRow
from hounsfield.model.identity import Deletion, ObjectIdentity, precedence_bytes


@dataclass(frozen=True, slots=True)
class Removed:
    """What a decision took away. instances: that counted. kept_aside: that did not. withheld: that had been rejected."""

    instances: int
    kept_aside: int
    withheld: int = 0


def held_entry(projection: Projection, held: HeldRow) -> IndexEntry:
    """The entry of an instance that counts, its frame table with it."""
    if held.frame_table is not None:
        return held.entry()
    row = projection.one(projection.sql.large_frame_table, (held.id,))
    return held.entry(bytes(row[0]) if row is not None else b"")


def deleted_already(projection: Projection, identity: ObjectIdentity) -> bool:
    """Whether a decision that was applied before covers an object that reaches the index only now."""
    rows = projection.all(projection.sql.tombstones, (identity.partition_id, identity.study_instance_uid))
    return any(
        Deletion(identity.partition_id, identity.study_instance_uid, series_uid, sop_uid, decided_at_ns).covers(identity)
        for series_uid, sop_uid, decided_at_ns in rows
    )


def remove_instances(projection: Projection, held: list[HeldRow]) -> None:
    """Take instances out; series, studies and patients left without any go too.

    What remains of a study keeps the attributes it has, though the object that they came from be gone: the index has no others.
    """
    if not held:
        return
    projection.flush()
    sql = projection.sql
    keys = [(one.id,) for one in held]
    projection.many(sql.delete_instance, keys)
    projection.many(sql.delete_frame_table, keys)
    fewer: dict[int, dict[int, int]] = {}
    studies: dict[int, HeldRow] = {}
    for one in held:
        in_study = fewer.setdefault(one.study_key, {})
        in_study[one.series_key] = in_study.get(one.series_key, 0) - 1
        studies[one.study_key] = one
        projection.taken.discard((one.partition_id, one.sop_instance_uid))
        projection.add_to_total(one.partition_id, instances=-1, stored_bytes=-one.prefix_length_bytes - one.data_set_length_bytes)
    version = projection.allocate()
    for study_key, by_series in fewer.items():
        projection.many(sql.count_series, [(count, version, key) for key, count in by_series.items()])
        _shrink_study(projection, studies[study_key], by_series, version)


def _shrink_study(projection: Projection, example: HeldRow, fewer: dict[int, int], version: int) -> None:
    sql, partition_id, study_key = projection.sql, example.partition_id, example.study_key
    empty = projection.all(sql.empty_series_of_study, (study_key,))
    for key, uid in empty:
        projection.execute(sql.delete_series, (key,))
        projection.drop_series(partition_id, uid)
    study = projection.study(partition_id, example.study_instance_uid)
    assert study is not None
    times = (study.first_received_at_ns, study.last_received_at_ns)
    projection.execute(sql.count_study, (version, *times, -len(empty), sum(fewer.values()), study_key))
    projection.add_to_total(partition_id, series=-len(empty))
    count, patient_key = projection.one(sql.study_counts, (study_key,))
    if count == 0:
        projection.remove_words(study_key, study.words, study.modalities)
        projection.execute(sql.delete_study, (study_key,))
        projection.execute(sql.delete_childless_patient, (patient_key,))
        projection.drop_study(partition_id, example.study_instance_uid)
        projection.add_to_total(partition_id, studies=-1)
        return
    gone = {key for key, _ in empty}
    _renew_precedence(projection, study, [key for key in fewer if key not in gone], partition_id)
    projection.remove_words(study_key, "", study.modalities - set(study.words.split()))
    study.modalities = {row[0] for row in projection.all(sql.modalities_of_study, (study_key,))} - {""}
    study.sop_classes = {row[0] for row in projection.all(sql.sop_classes_of_study, (study_key,))}
    projection.write_classes(study)


def _renew_precedence(projection: Projection, study: KnownStudy, series_keys: list[int], partition_id: int) -> None:
    """The precedence of study and series is that of their first object that still counts."""
    sql = projection.sql
    row = projection.one(sql.first_of_study, (study.key,))
    precedence = precedence_bytes((row[0], row[1], row[2], row[3]))
    if precedence != study.precedence:
        study.precedence = precedence
        projection.execute(sql.precede_study, (precedence, study.key))
    for key in series_keys:
        uid, *first = projection.one(sql.first_of_series, (key,))
        precedence = precedence_bytes((first[0], first[1], first[2], first[3]))
        projection.execute(sql.precede_series, (precedence, key))
        known: KnownSeries | None = projection.series(partition_id, uid)
        if known is not None:
            known.precedence = precedence
