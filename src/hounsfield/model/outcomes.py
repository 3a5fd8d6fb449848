"""What became of an object that was brought."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class StoreOutcome(enum.StrEnum):
    """How the archive judged an object; every one of them is durable or already was."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    """The same UID and the same bytes were here already: nothing to do."""
    KEPT_ASIDE_UID = "kept-aside-uid"
    """The same UID with other bytes, or in another study or series: the first counts, this one is kept beside it and reported."""
    KEPT_ASIDE_PATIENT = "kept-aside-patient"
    """A known study under another patient: kept aside and reported, never silently moved."""


KEPT_ASIDE = frozenset({StoreOutcome.KEPT_ASIDE_UID, StoreOutcome.KEPT_ASIDE_PATIENT})


@dataclass(frozen=True, slots=True)
class StoreResult:
    """The answer to one object brought.

    reason: for a person, empty when simply stored.
    coerced: keywords of the attributes that count with another value than the object brought.
    """

    outcome: StoreOutcome
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    reason: str = ""
    coerced: tuple[str, ...] = ()

    @property
    def kept_aside(self) -> bool:
        """Whether another object counts in its place."""
        return self.outcome in KEPT_ASIDE
