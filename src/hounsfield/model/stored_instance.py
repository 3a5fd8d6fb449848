"""An instance as the index knows it: who it is, and where its bytes lie."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.model.location import StoredObject


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """One instance that counts.

    header_length_bytes: of the data set, up to Pixel Data; the whole data set where there is none.
    frames: frames that are there whole; 0 where there is no pixel data.
    """

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    number: int | None
    rows: int | None
    columns: int | None
    frames: int
    header_length_bytes: int
    stored: StoredObject

    @property
    def transfer_syntax_uid(self) -> str:
        """In which the data set is stored."""
        return self.stored.transfer_syntax_uid
