"""Storage commitment: what is asked for, and what came of it (PS3.4 annex J, PS3.3 C.14)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FailureReason(enum.IntEnum):
    """Why an instance is not committed (PS3.3 C.14.1.1)."""

    PROCESSING_FAILURE = 0x0110
    NO_SUCH_OBJECT_INSTANCE = 0x0112
    CLASS_INSTANCE_CONFLICT = 0x0119
    REFERENCED_SOP_CLASS_NOT_SUPPORTED = 0x0122
    DUPLICATE_TRANSACTION_UID = 0x0131
    RESOURCE_LIMITATION = 0x0213


class EventType(enum.IntEnum):
    """Event Type ID of the notification (PS3.4 table J.3-2)."""

    SUCCESSFUL = 1
    FAILURES_EXIST = 2


@dataclass(frozen=True, slots=True)
class Reference:
    """An instance that somebody names."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An instance that is not committed. reason: a `FailureReason`, or whatever else a peer wrote."""

    reference: Reference
    reason: int


@dataclass(frozen=True, slots=True)
class CommitmentRequest:
    """The wish that instances be kept safe. references: each once, at least one."""

    transaction_uid: str
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class CommitmentResult:
    """The answer to a request; together the two lists hold every instance it named."""

    transaction_uid: str
    committed: tuple[Reference, ...]
    failed: tuple[Failure, ...] = ()

    @property
    def event_type(self) -> EventType:
        """As which event it is reported."""
        return EventType.FAILURES_EXIST if self.failed else EventType.SUCCESSFUL
