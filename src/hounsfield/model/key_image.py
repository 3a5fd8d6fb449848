"""Key images: frames that a reader points out, and why. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass

MOST_KEY_IMAGES = 200
"""Of one selection."""


class KeyTitle(enum.StrEnum):
    """Titles that readers choose from, of Key Object Selection Document Titles (PS3.16 CID 7010): code values of the scheme DCM."""

    OF_INTEREST = "113000"
    FOR_REFERRING_PROVIDER = "113002"
    FOR_SURGERY = "113003"
    FOR_TEACHING = "113004"
    FOR_CONFERENCE = "113005"
    FOR_PEER_REVIEW = "113008"
    FOR_RESEARCH = "113009"

    @property
    def meaning(self) -> str:
        """As PS3.16 annex D has it."""
        return _MEANINGS[self]


_MEANINGS = {
    KeyTitle.OF_INTEREST: "Of Interest",
    KeyTitle.FOR_REFERRING_PROVIDER: "For Referring Provider",
    KeyTitle.FOR_SURGERY: "For Surgery",
    KeyTitle.FOR_TEACHING: "For Teaching",
    KeyTitle.FOR_CONFERENCE: "For Conference",
    KeyTitle.FOR_PEER_REVIEW: "For Peer Review",
    KeyTitle.FOR_RESEARCH: "For Research",
}


@dataclass(frozen=True, slots=True, order=True)
class KeyImage:
    """frame: its number (from 1); 0 for all frames."""

    sop_instance_uid: str
    frame: int
    series_instance_uid: str = ""


@dataclass(frozen=True, slots=True)
class KeySelection:
    """One Key Object Selection that counts.

    code: of the title, `words` its meaning. content_time: a DICOM date and time. mine: whether it is of whoever asks.
    """

    sop_instance_uid: str
    code: str
    words: str
    description: str
    observer: str
    content_time: str
    mine: bool
    images: tuple[KeyImage, ...]
