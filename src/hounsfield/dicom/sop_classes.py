"""Storage SOP classes (PS3.4 annex B.5, GG.3), retired ones included."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hounsfield.dicom._uid_table import RETIRED_STORAGE_SOP_CLASSES, STORAGE_SOP_CLASS_NAMES

STORAGE_SOP_CLASSES: Mapping[str, str] = MappingProxyType(STORAGE_SOP_CLASS_NAMES)
"""UID to name, ordered by UID."""

VERIFICATION_SOP_CLASS = "1.2.840.10008.1.1"
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"

__all__ = ["MEDIA_STORAGE_DIRECTORY", "RETIRED_STORAGE_SOP_CLASSES", "STORAGE_SOP_CLASSES", "VERIFICATION_SOP_CLASS"]
