"""What a retrieve names, and the account of its sub-operations (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hounsfield.model.frame_selection import FrameSelection

MOST_FAILED_NAMED = 1000
"""Of the SOP Instance UIDs that failed, so many are named: a UI value of Explicit VR holds 65,534 bytes (PS3.5 7.1.2)."""


@dataclass(frozen=True, slots=True)
class Named:
    """The unique keys of a retrieve (PS3.4 C.6); what is empty is not asked. At least one is not.

    Each instance retrieved agrees with all of them.
    """

    patient_id: str = ""
    issuer: str = ""
    study_instance_uids: tuple[str, ...] = ()
    series_instance_uids: tuple[str, ...] = ()
    sop_instance_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedFrames:
    """What a retrieve at FRAME level asks for (PS3.4 Y.3.2)."""

    sop_instance_uid: str
    selection: FrameSelection


@dataclass(slots=True)
class Tally:
    """The sub-operations of one retrieve; remaining, completed, failed and warning together are always `total`."""

    total: int
    completed: int = 0
    failed: int = 0
    warning: int = 0
    failed_uids: list[str] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        """Not yet begun, or not yet answered."""
        return self.total - self.completed - self.failed - self.warning

    def complete(self, *, with_warning: bool = False) -> None:
        """One was stored by the other side."""
        if with_warning:
            self.warning += 1
        else:
            self.completed += 1

    def fail(self, sop_instance_uid: str) -> None:
        """One was not."""
        self.failed += 1
        if len(self.failed_uids) < MOST_FAILED_NAMED:
            self.failed_uids.append(sop_instance_uid)
