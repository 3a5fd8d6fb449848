"""An arriving object judged, also when it comes later than one that it precedes (`model.identity`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hounsfield.index.aside import decode_entry
from hounsfield.index.entry import IndexEntry
from hounsfield.index.projection import Projection
from hounsfield.index.removal import deleted_already, held_entry, remove_instances
from hounsfield.index.rowforms import HeldRow
from hounsfield.index.withholding import REJECTED, hide, is_withheld, withhold
from hounsfield.model.identity import Judgement, ObjectIdentity, judge_against_holder, precedence_bytes
from hounsfield.model.outcomes import StoreOutcome

DELETED = Judgement(StoreOutcome.STORED, "deleted by a decision made after it was received")

Name = tuple[str, str]
"""Of what a UID is the name (`study`, `series`, `sop`), and the UID."""


def admit(projection: Projection, entry: IndexEntry) -> Judgement:
    """Judge an entry and write what follows from it."""
    identity = entry.identity
    projection.note_pack(entry.stored.location, entry.stored.node)
    if entry.stored.received_at_ns <= projection.latest_deletion_ns and deleted_already(projection, identity):
        return DELETED
    if projection.latest_rejection_ns >= 0 and is_withheld(projection, entry, identity):
        instance = (identity.series_instance_uid, identity.sop_instance_uid)
        hidden = hide(projection, identity.partition_id, identity.study_instance_uid, [instance])
        withhold(projection, entry)
        reconsider(projection, identity.partition_id, hidden)
        return REJECTED
    judgement, holder, series, study = projection.judge(identity)
    precedence = precedence_bytes(identity.precedence)
    if judgement.outcome is StoreOutcome.STORED:
        # Whatever was kept aside stays so: one more object that counts takes nothing away from those it was measured against.
        projection.place(entry, identity, series, study)
        return judgement
    if holder is not None:
        if _same_place_in_pack(holder, entry):
            return Judgement(StoreOutcome.STORED)
        if precedence < holder.precedence:
            if identity.same_place(holder.entry().identity):
                return _replace(projection, entry, identity, holder)
            return _judge_again(projection, entry, identity)
    elif (series is not None and precedence < series.precedence) or (study is not None and precedence < study.precedence):
        return _judge_again(projection, entry, identity)
    projection.keep_aside(entry, identity, judgement)
    return judgement


def _same_place_in_pack(holder: HeldRow, entry: IndexEntry) -> bool:
    """Whether recovery brings what is indexed already."""
    location = entry.stored.location
    return holder.pack_id == location.pack_id and holder.offset_bytes == location.offset_bytes


def _replace(projection: Projection, entry: IndexEntry, identity: ObjectIdentity, holder: HeldRow) -> Judgement:
    """Let an object count instead of a later one of the same UID and place; nothing else can be touched by that."""
    sql, partition_id = projection.sql, identity.partition_id
    loser = held_entry(projection, holder)
    remove_instances(projection, [holder])
    judgement, _, series, study = projection.judge(identity)
    assert judgement.outcome is StoreOutcome.STORED
    projection.place(entry, identity, series, study)
    projection.keep_aside(loser, loser.identity, judge_against_holder(loser.identity, identity))
    for key, raw in projection.all(sql.kept_aside_of["sop"], (partition_id, identity.sop_instance_uid)):
        verdict = judge_against_holder(decode_entry(bytes(raw)).identity, identity)
        projection.execute(sql.judge_kept_aside, (verdict.outcome.value, verdict.reason, key))
    return judgement


def _judge_again(projection: Projection, arrival: IndexEntry, identity: ObjectIdentity) -> Judgement:
    """Judge an entry and all that is connected with it in order of precedence.

    A race lasts milliseconds, so that few objects are concerned; what a recovered pack brings late may concern a whole study.
    """
    judgements = judge_connected(projection, identity.partition_id, names_of(identity), [arrival])
    return judgements[_place_of(arrival)]


def reconsider(projection: Projection, partition_id: int, removed: Iterable[ObjectIdentity]) -> None:
    """After a deletion or rejection: what was kept aside on account of the removed objects may count now."""
    names = {name for identity in removed for name in names_of(identity)}
    if names and _kept_aside(projection, partition_id, names):
        judge_connected(projection, partition_id, names, [])


def names_of(identity: ObjectIdentity) -> set[Name]:
    """The UIDs of an object."""
    return {
        ("study", identity.study_instance_uid),
        ("series", identity.series_instance_uid),
        ("sop", identity.sop_instance_uid),
    }


@dataclass(slots=True)
class _Connected:
    """Objects that share a UID, directly or through others. entries: by pack and offset."""

    held: dict[int, HeldRow] = field(default_factory=dict)
    entries: dict[tuple[str, int], IndexEntry] = field(default_factory=dict)
    kept_aside: set[int] = field(default_factory=set)


def judge_connected(
    projection: Projection, partition_id: int, names: Iterable[Name], arrivals: Iterable[IndexEntry]
) -> dict[tuple[str, int], Judgement]:
    """Take out all that is connected with these UIDs, and judge it anew, arrivals among it, in order of precedence."""
    projection.flush()
    connected = _connected(projection, partition_id, set(names), arrivals)
    for key in connected.kept_aside:
        projection.execute(projection.sql.delete_kept_aside, (key,))
    remove_instances(projection, list(connected.held.values()))
    judgements = {}
    for place, entry in sorted(connected.entries.items(), key=lambda item: item[1].stored.precedence):
        identity = entry.identity
        judgement, _, series, study = projection.judge(identity)
        if judgement.outcome is StoreOutcome.STORED:
            projection.place(entry, identity, series, study)
        else:
            projection.keep_aside(entry, identity, judgement)
        judgements[place] = judgement
    return judgements


def _connected(projection: Projection, partition_id: int, asked: set[Name], arrivals: Iterable[IndexEntry]) -> _Connected:
    sql = projection.sql
    found = _Connected()
    queue = list(asked)

    def add(entry: IndexEntry) -> None:
        found.entries[_place_of(entry)] = entry
        news = names_of(entry.identity) - asked
        asked.update(news)
        queue.extend(news)

    for arrival in arrivals:
        add(arrival)
    while queue:
        kind, uid = queue.pop()
        for row in projection.all(sql.held_of[kind], (partition_id, uid)):
            held = HeldRow._make(row)
            if held.id not in found.held:
                found.held[held.id] = held
                add(held_entry(projection, held))
        for key, entry in _kept_aside(projection, partition_id, [(kind, uid)]).items():
            if key not in found.kept_aside:
                found.kept_aside.add(key)
                add(entry)
    return found


def _kept_aside(projection: Projection, partition_id: int, names: Iterable[Name]) -> dict[int, IndexEntry]:
    rows = [row for kind, uid in names for row in projection.all(projection.sql.kept_aside_of[kind], (partition_id, uid))]
    return {key: decode_entry(bytes(raw)) for key, raw in dict(rows).items()}


def _place_of(entry: IndexEntry) -> tuple[str, int]:
    return entry.stored.location.pack_id, entry.stored.location.offset_bytes
