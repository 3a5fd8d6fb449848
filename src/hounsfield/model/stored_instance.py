"""An instance as the index knows it: who it is, and where its bytes lie."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.model.location import StoredObject


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """One instance that counts.

    header_length_bytes: of the data set, up to Pixel Data; the whole data set where there is none.
    frames: that are there whole, as the frame table has them: these can be had. 0 where there are none, or none can be told apart.
    claimed_frames: Number of Frames (0028,0008), 1 where the header does not say; what the object ought to have, if it is an image.
    """

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    number: int | None
    rows: int | None
    columns: int | None
    frames: int
    claimed_frames: int
    header_length_bytes: int
    stored: StoredObject

    @property
    def transfer_syntax_uid(self) -> str:
        """In which the data set is stored."""
        return self.stored.transfer_syntax_uid
