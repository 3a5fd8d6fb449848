"""The associations that are open now: the limits on their number, and a view of them for display."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hounsfield.network.limits import AssociationLimits


@dataclass(slots=True)
class AssociationRecord:
    """One association as others may see it. Its own thread alone writes to it.

    since: when it was asked for, UTC.
    state: `negotiating`, `established`, or how it ended.
    objects: objects stored or sent.
    doing: what the latest message was for, in the words of whoever serves it; empty before the first.
    """

    association_id: int
    host: str
    port: int
    calling_ae_title: str
    called_ae_title: str
    since: datetime
    encrypted: bool = False
    state: str = "negotiating"
    objects: int = 0
    bytes_received: int = 0
    doing: str = ""


class AssociationRegistry:
    """Counts and lists associations; safe to use from any thread."""

    def __init__(self, limits: AssociationLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._records: dict[int, AssociationRecord] = {}
        self._of_caller: dict[tuple[str, str], int] = {}

    def admit(self, host: str, port: int, calling: str, called: str, *, encrypted: bool = False) -> AssociationRecord | None:
        """Takes a place, or returns None where all, or all of this caller, are taken."""
        caller = (host, calling)
        with self._lock:
            taken = self._of_caller.get(caller, 0)
            if len(self._records) >= self._limits.max_associations or taken >= self._limits.max_associations_per_caller:
                return None
            record = AssociationRecord(next(self._numbers), host, port, calling, called, datetime.now(UTC), encrypted)
            self._records[record.association_id] = record
            self._of_caller[caller] = taken + 1
            return record

    def leave(self, record: AssociationRecord) -> None:
        """Gives the place back."""
        caller = (record.host, record.calling_ae_title)
        with self._lock:
            if self._records.pop(record.association_id, None) is None:
                return
            left = self._of_caller[caller] - 1
            if left:
                self._of_caller[caller] = left
            else:
                del self._of_caller[caller]

    def snapshot(self) -> list[AssociationRecord]:
        """Copies of all open associations, oldest first."""
        with self._lock:
            return [replace(record) for record in self._records.values()]

    def __len__(self) -> int:
        return len(self._records)
