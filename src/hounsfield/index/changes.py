"""The feed of changes, in the order in which they were committed."""

from __future__ import annotations

import enum
from typing import NamedTuple


class ChangeKind(enum.IntEnum):
    """What happened."""

    INSTANCES_ADDED = 1
    STUDY_DELETED = 2
    SERIES_DELETED = 3
    INSTANCE_DELETED = 4
    KEPT_ASIDE = 5
    REJECTED = 6
    RESTORED = 7
    MARKED = 8
    """What is said of its reading (`model.reading`)."""


class Change(NamedTuple):
    """One change. Where the study has been deleted since, its UIDs are empty, and a later change says so.

    sequence: grows in commit order, with gaps; whoever has read up to one never meets a lesser one later.
    series_instance_uid, sop_instance_uid: of a decision, empty above its level.
    instances: how many were added, deleted, rejected or restored. What is restored is told as added as well.
    """

    sequence: int
    kind: ChangeKind
    partition_id: int
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    instances: int
    at_ns: int
