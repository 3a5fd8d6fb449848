"""Decisions to reject and to restore, applied to the derived tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hounsfield.index.aside import decode_entry
from hounsfield.index.changes import ChangeKind
from hounsfield.index.contention import admit, reconsider
from hounsfield.index.entry import IndexEntry
from hounsfield.index.projection import Projection
from hounsfield.index.removal import Removed
from hounsfield.index.rowforms import HeldRow
from hounsfield.index.withholding import Instance, hide, no_longer_rejected, take_back, withheld_in
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identity import ObjectIdentity, Rejection, Standing, holding

KINDS = ("reject", "restore")


def read_rejection(record: Mapping[str, Any], decided_at_ns: int | None = None) -> Rejection:
    """A record of the decision pack as a rule. decided_at_ns: of a record that is not dated yet. Raises: InvalidInput."""
    try:
        level = record["level"]
        if record["kind"] not in KINDS or level not in ("study", "series", "instance"):
            raise InvalidInput(f"no such decision: {record['kind']!r} of a {level!r}")
        return Rejection(
            int(record.get("partition_id", 1)),
            str(record["study_instance_uid"]),
            Standing(
                str(record["series_instance_uid"]) if level != "study" else "",
                str(record["sop_instance_uid"]) if level == "instance" else "",
                int(record["decided_at_ns"]) if decided_at_ns is None else decided_at_ns,
                record["kind"] == "reject",
            ),
        )
    except KeyError as exc:
        raise InvalidInput(f"a decision to reject or to restore lacks {exc}") from exc


def apply_rejection(projection: Projection, record: Mapping[str, Any], now_ns: int) -> Removed:
    """Hide what the decision rejects, or bring back what it restores; to do it twice is to do it once."""
    decision = read_rejection(record)
    partition_id, study_uid, standing = decision.partition_id, decision.study_instance_uid, decision.standing
    projection.flush()
    for other in projection.standing(partition_id, study_uid):
        if other[:2] == standing[:2] and other.decided_at_ns >= standing.decided_at_ns:
            return Removed(0, 0)
    words = (str(record.get("code", "")), str(record.get("principal", "")), str(record.get("reason", "")))
    projection.stand(partition_id, study_uid, standing, *words)
    withheld = withheld_in(projection, partition_id, study_uid)
    instances = _rejected_instances(projection, decision, withheld)
    hidden = hide(projection, partition_id, study_uid, instances) if instances else []
    restored = _released(projection, partition_id, study_uid, withheld)
    reconsider(projection, partition_id, hidden)
    projection.flush()
    kind = ChangeKind.REJECTED if standing.rejects else ChangeKind.RESTORED
    subject = "\n".join((study_uid, standing.series_instance_uid, standing.sop_instance_uid))
    count = len(hidden) if standing.rejects else restored
    projection.execute(projection.sql.insert_change, (projection.allocate(), int(kind), partition_id, 0, 0, count, now_ns, subject))
    return Removed(len(hidden), 0)


def release(projection: Projection, partition_id: int, study_instance_uid: str) -> int:
    """Let the objects of a study count for which no rejection holds any more; how many there were."""
    return _released(projection, partition_id, study_instance_uid, withheld_in(projection, partition_id, study_instance_uid))


def _released(projection: Projection, partition_id: int, study_instance_uid: str, withheld: Mapping[int, IndexEntry]) -> int:
    free = no_longer_rejected(projection, partition_id, study_instance_uid, dict(withheld))
    take_back(projection, free)
    projection.flush()
    projection.foresee(free.values())
    for entry in sorted(free.values(), key=lambda one: one.stored.precedence):
        admit(projection, entry)
    return len(free)


def _rejected_instances(projection: Projection, decision: Rejection, withheld: Mapping[int, IndexEntry]) -> set[Instance]:
    """The instances with objects that are not hidden, and for which a rejection holds now."""
    partition_id, study_uid = decision.partition_id, decision.study_instance_uid
    sql = projection.sql
    first: dict[Instance, int] = {}

    def meet(identity: ObjectIdentity) -> Instance:
        instance = (identity.series_instance_uid, identity.sop_instance_uid)
        first[instance] = min(identity.precedence[0], first.get(instance, identity.precedence[0]))
        return instance

    for entry in withheld.values():
        meet(entry.identity)
    visible = {meet(row.entry().identity) for row in map(HeldRow._make, projection.all(sql.held_of["study"], (partition_id, study_uid)))}
    visible |= {
        meet(decode_entry(bytes(raw)).identity) for _key, raw in projection.all(sql.kept_aside_of["study"], (partition_id, study_uid))
    }
    decided = projection.standing(partition_id, study_uid)
    found = set()
    for instance in visible:
        holds = holding(decided, *instance)
        if decision.standing.names(*instance) and holds is not None and holds.rejects and first[instance] <= holds.decided_at_ns:
            found.add(instance)
    return found
