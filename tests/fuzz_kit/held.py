"""What the server that is asked holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ROOT = "/dicom-web"


@dataclass(frozen=True, slots=True)
class Held:
    """instances: (study, series, instance) UIDs. files: Part 10 files to damage."""

    instances: Sequence[tuple[str, str, str]]
    files: Sequence[bytes]
