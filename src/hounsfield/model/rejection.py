"""Why objects are rejected: the titles of rejection notes (IHE RAD TF-1 Imaging Object Change Management; PS3.16 CID 7011)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hounsfield.model.errors import InvalidInput

CODING_SCHEME = "DCM"


class RejectionCode(enum.StrEnum):
    """Code values of the coding scheme DCM."""

    QUALITY = "113001"
    PATIENT_SAFETY = "113037"
    INCORRECT_WORKLIST_ENTRY = "113038"
    RETENTION_EXPIRED = "113039"

    @property
    def meaning(self) -> str:
        """The code's meaning, as PS3.16 annex D has it."""
        return _MEANINGS[self]

    @classmethod
    def parse(cls, text: str) -> RejectionCode:
        """From `113001` or `113001^DCM`. Raises: InvalidInput."""
        value, _, scheme = text.partition("^")
        try:
            code = cls(value)
        except ValueError as exc:
            raise InvalidInput(
                f"no rejection code; there are {', '.join(f'{one}^{CODING_SCHEME} ({one.meaning})' for one in cls)}"
            ) from exc
        if scheme not in ("", CODING_SCHEME):
            raise InvalidInput(f"rejection codes are of the coding scheme {CODING_SCHEME}")
        return code


@dataclass(frozen=True, slots=True)
class StandingRejection:
    """A decision by which something is hidden. series_instance_uid, sop_instance_uid: empty above its level."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    code: str
    principal: str
    reason: str
    decided_at_ns: int


_MEANINGS = {
    RejectionCode.QUALITY: "Rejected for Quality Reasons",
    RejectionCode.PATIENT_SAFETY: "Rejected for Patient Safety Reasons",
    RejectionCode.INCORRECT_WORKLIST_ENTRY: "Incorrect Modality Worklist Entry",
    RejectionCode.RETENTION_EXPIRED: "Data Retention Policy Expired",
}
