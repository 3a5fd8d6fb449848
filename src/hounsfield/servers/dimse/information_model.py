"""The query/retrieve information models: their SOP classes, levels and unique keys (PS3.4 C.3, C.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hounsfield.model.query import Level

LEVEL_NAMES: Mapping[str, Level] = MappingProxyType(
    {"PATIENT": Level.PATIENT, "STUDY": Level.STUDY, "SERIES": Level.SERIES, "IMAGE": Level.INSTANCE}
)
"""Values of Query/Retrieve Level (0008,0052), as PS3.4 C.6.1.1.1 has them."""

UNIQUE_KEYS: Mapping[Level, int] = MappingProxyType(
    {Level.PATIENT: 0x00100020, Level.STUDY: 0x0020000D, Level.SERIES: 0x0020000E, Level.INSTANCE: 0x00080018}
)
"""Patient ID, Study, Series and SOP Instance UID."""


@dataclass(frozen=True, slots=True)
class InformationModel:
    """One hierarchy. levels: from the root down."""

    name: str
    levels: tuple[Level, ...]

    def above(self, level: Level) -> tuple[Level, ...]:
        """The levels over `level`, from the root down."""
        return tuple(one for one in self.levels if one < level)


PATIENT_ROOT = InformationModel("Patient Root", (Level.PATIENT, Level.STUDY, Level.SERIES, Level.INSTANCE))
STUDY_ROOT = InformationModel("Study Root", (Level.STUDY, Level.SERIES, Level.INSTANCE))
PATIENT_STUDY_ONLY = InformationModel("Patient/Study Only", (Level.PATIENT, Level.STUDY))
COMPOSITE_INSTANCE_ROOT = InformationModel("Composite Instance Root", (Level.INSTANCE,))
"""Below it is the level of frames (PS3.4 Y.3), of which instances are made: `servers.dimse.retrieve_identifier` reads it."""

FIND_MODELS: Mapping[str, InformationModel] = MappingProxyType(
    {
        "1.2.840.10008.5.1.4.1.2.1.1": PATIENT_ROOT,
        "1.2.840.10008.5.1.4.1.2.2.1": STUDY_ROOT,
        "1.2.840.10008.5.1.4.1.2.3.1": PATIENT_STUDY_ONLY,
    }
)
"""By the SOP class of C-FIND (PS3.4 C.6)."""

MOVE_MODELS: Mapping[str, InformationModel] = MappingProxyType(
    {
        "1.2.840.10008.5.1.4.1.2.1.2": PATIENT_ROOT,
        "1.2.840.10008.5.1.4.1.2.2.2": STUDY_ROOT,
        "1.2.840.10008.5.1.4.1.2.3.2": PATIENT_STUDY_ONLY,
        "1.2.840.10008.5.1.4.1.2.4.2": COMPOSITE_INSTANCE_ROOT,
    }
)
"""By the SOP class of C-MOVE."""

GET_MODELS: Mapping[str, InformationModel] = MappingProxyType(
    {
        "1.2.840.10008.5.1.4.1.2.1.3": PATIENT_ROOT,
        "1.2.840.10008.5.1.4.1.2.2.3": STUDY_ROOT,
        "1.2.840.10008.5.1.4.1.2.3.3": PATIENT_STUDY_ONLY,
        "1.2.840.10008.5.1.4.1.2.4.3": COMPOSITE_INSTANCE_ROOT,
    }
)
"""By the SOP class of C-GET."""

WITHOUT_BULK_DATA_MODELS: Mapping[str, InformationModel] = MappingProxyType({"1.2.840.10008.5.1.4.1.2.5.3": COMPOSITE_INSTANCE_ROOT})
"""By the SOP class of C-GET of instances without their bulk data (PS3.4 annex Z)."""
