"""An arriving object judged, also when it comes later than one that it precedes (`model.identity`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hounsfield.index.aside import decode_entry
from hounsfield.index.deletion import deleted_already, remove_instances
from hounsfield.index.entry import IndexEntry
from hounsfield.index.projection import Projection
from hounsfield.index.rowforms import HeldRow
from hounsfield.model.identity import Judgement, ObjectIdentity, precedence_bytes
from hounsfield.model.outcomes import StoreOutcome

DELETED = Judgement(StoreOutcome.STORED, "deleted by a decision made after it was received")


def admit(projection: Projection, entry: IndexEntry) -> Judgement:
    """Judge an entry and write what follows from it."""
    identity = entry.identity
    projection.note_pack(entry)
    if entry.stored.received_at_ns <= projection.latest_deletion_ns and deleted_already(projection, identity):
        return DELETED
    judgement, holder, series, study = projection.judge(entry, identity)
    precedence = precedence_bytes(identity.precedence)
    if judgement.outcome is StoreOutcome.STORED:
        if precedence < projection.latest_kept_aside and _aside_touched(projection, identity, precedence):
            return _judge_again(projection, entry, identity)
        projection.place(entry, identity, series, study)
        return judgement
    if holder is not None:
        if _same_place_in_pack(holder, entry):
            return Judgement(StoreOutcome.STORED)
        first = precedence >= holder.precedence
    else:
        first = not (series is not None and precedence < series.precedence) and not (study is not None and precedence < study.precedence)
    if not first:
        return _judge_again(projection, entry, identity)
    projection.keep_aside(entry, identity, judgement)
    return judgement


def _same_place_in_pack(holder: HeldRow, entry: IndexEntry) -> bool:
    """Whether recovery brings what is indexed already."""
    location = entry.stored.location
    return holder.pack_id == location.pack_id and holder.offset_bytes == location.offset_bytes


def _aside_touched(projection: Projection, identity: ObjectIdentity, precedence: bytes) -> bool:
    """Whether something kept aside comes after this object and might be judged otherwise because of it."""
    sql, partition_id = projection.sql, identity.partition_id
    rows = [
        *projection.all(sql.kept_aside_of_study, (partition_id, identity.study_instance_uid)),
        *projection.all(sql.kept_aside_of_series, (partition_id, identity.series_instance_uid)),
        *projection.all(sql.kept_aside_of_sop, (partition_id, identity.sop_instance_uid)),
    ]
    return any(precedence < precedence_bytes(decode_entry(bytes(row[1])).identity.precedence) for row in rows)


@dataclass(slots=True)
class Connected:
    """Objects that share a UID, directly or through others."""

    held: dict[int, HeldRow] = field(default_factory=dict)
    entries: dict[tuple[str, int], IndexEntry] = field(default_factory=dict)
    kept_aside: set[int] = field(default_factory=set)


def _judge_again(projection: Projection, arrival: IndexEntry, identity: ObjectIdentity) -> Judgement:
    """Judge an entry, and all that is connected with it, in order of precedence.

    A race lasts milliseconds, so that few objects are concerned; what a recovered pack brings late may concern a whole study.
    """
    projection.flush()
    connected = _connected(projection, arrival)
    for key in connected.kept_aside:
        projection.execute(projection.sql.delete_kept_aside, (key,))
    remove_instances(projection, list(connected.held.values()))
    projection.taken -= {(held.partition_id, held.sop_instance_uid) for held in connected.held.values()}
    verdict = Judgement(StoreOutcome.STORED)
    for entry in sorted(connected.entries.values(), key=lambda one: one.stored.precedence):
        its_identity = entry.identity
        judgement, _, series, study = projection.judge(entry, its_identity)
        if judgement.outcome is StoreOutcome.STORED:
            projection.place(entry, its_identity, series, study)
        else:
            projection.keep_aside(entry, its_identity, judgement)
        if its_identity == identity:
            verdict = judgement
    return verdict


def _connected(projection: Projection, arrival: IndexEntry) -> Connected:
    sql, partition_id = projection.sql, arrival.stored.partition_id
    found = Connected()
    asked: set[tuple[str, str]] = set()
    queue: list[tuple[str, str]] = []

    def add(entry: IndexEntry) -> None:
        location = entry.stored.location
        found.entries[location.pack_id, location.offset_bytes] = entry
        identity = entry.identity
        names = (
            ("study", identity.study_instance_uid),
            ("series", identity.series_instance_uid),
            ("sop", identity.sop_instance_uid),
        )
        queue.extend(name for name in names if name not in asked)
        asked.update(names)

    add(arrival)
    held_by = {"study": sql.held_of_study, "series": sql.held_of_series, "sop": sql.held}
    aside_by = {"study": sql.kept_aside_of_study, "series": sql.kept_aside_of_series, "sop": sql.kept_aside_of_sop}
    while queue:
        kind, uid = queue.pop()
        for row in projection.all(held_by[kind], (partition_id, uid)):
            held = HeldRow._make(row)
            if held.id not in found.held:
                found.held[held.id] = held
                large = projection.one(sql.large_frame_table, (held.id,)) if held.frame_table is None else None
                add(held.entry(bytes(large[0]) if large else b""))
        for key, raw, _ in projection.all(aside_by[kind], (partition_id, uid)):
            if key not in found.kept_aside:
                found.kept_aside.add(key)
                add(decode_entry(bytes(raw)))
    return found
