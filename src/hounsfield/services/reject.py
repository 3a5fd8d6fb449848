"""Reject and restore: decisions as well. What is rejected is hidden from everybody, its bytes stay, and it can be brought back."""

from __future__ import annotations

from hounsfield.model.origin import Origin
from hounsfield.model.rejection import RejectionCode
from hounsfield.services.delete import Decide, Subject, decision


def reject_objects(decide: Decide, origin: Origin, subject: Subject, code: RejectionCode, reason: str) -> None:
    """Hide every object of a study, series or instance that is here now, and what comes later under the same UIDs as one of them.

    Raises: AccessDenied, InvalidInput, NotFound, Gone, Unavailable.
    """
    decide({**decision("reject", origin, subject, reason), "code": code.value})


def restore_objects(decide: Decide, origin: Origin, subject: Subject, reason: str) -> None:
    """Bring back what was rejected of a study, series or instance. Raises: AccessDenied, InvalidInput, NotFound, Gone, Unavailable."""
    decide(decision("restore", origin, subject, reason))
