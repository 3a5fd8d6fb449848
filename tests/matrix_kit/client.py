"""What every client can be asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Address:
    """A DICOM server on this machine."""

    ae_title: str
    port: int


class Client(Protocol):
    """Each method raises AssertionError where the operation did not succeed."""

    def echo(self, at: Address) -> None:
        """C-ECHO."""

    def store(self, at: Address, files: Sequence[Path]) -> None:
        """C-STORE of each file."""

    def find(self, at: Address, patient_id: str) -> set[str]:
        """Study Instance UIDs by C-FIND on the study level."""

    def get(self, at: Address, study_instance_uid: str, folder: Path) -> set[str]:
        """SOP Instance UIDs that came by C-GET of a study."""

    def move(self, at: Address, study_instance_uid: str, destination: str) -> None:
        """C-MOVE of a study to a destination that the server knows."""
