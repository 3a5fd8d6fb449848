"""Storage SOP classes (PS3.4 annex B.5, GG.3), retired ones included."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hounsfield.dicom._uid_table import RETIRED_STORAGE_SOP_CLASSES, STORAGE_SOP_CLASS_NAMES

STORAGE_SOP_CLASSES: Mapping[str, str] = MappingProxyType(STORAGE_SOP_CLASS_NAMES)
"""UID to name, ordered by UID."""

OTHERS_UNDER_THE_STORAGE_ARC = frozenset(
    {f"1.2.840.10008.5.1.4.1.1.200.{number}" for number in (4, 5, 6)}
    | {f"1.2.840.10008.5.1.4.1.1.201.{number}" for number in (2, 3, 4, 5, 6)}
)
"""Protocol approval and inventory: query, retrieve and creation (PS3.4 annexes II and LL), registered beside what they find."""

VERIFICATION_SOP_CLASS = "1.2.840.10008.1.1"
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"

__all__ = [
    "MEDIA_STORAGE_DIRECTORY",
    "OTHERS_UNDER_THE_STORAGE_ARC",
    "RETIRED_STORAGE_SOP_CLASSES",
    "STORAGE_SOP_CLASSES",
    "VERIFICATION_SOP_CLASS",
]
