"""How far a study has been read, and how soon it is to be: said by people, changed several times a day."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ReadingStatus(enum.StrEnum):
    """In the order in which they follow each other; a study that nobody has said anything of is unread."""

    UNREAD = "unread"
    IN_PROGRESS = "in-progress"
    READ = "read"

    @property
    def rank(self) -> int:
        """What it is sorted by."""
        return list(ReadingStatus).index(self)


class ReadingPriority(enum.StrEnum):
    """Three of the Requested Procedure Priorities (0040,1003); a study that nobody has said anything of is routine."""

    ROUTINE = "routine"
    HIGH = "high"
    STAT = "stat"

    @property
    def rank(self) -> int:
        """What it is sorted by: the most urgent has the greatest."""
        return list(ReadingPriority).index(self)


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody says of some studies of a partition. None: what was said before stays."""

    partition_id: int
    study_instance_uids: tuple[str, ...]
    status: ReadingStatus | None
    priority: ReadingPriority | None
    principal: str
