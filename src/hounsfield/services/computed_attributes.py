"""What is known of an entity beyond what its objects say (PS3.4 C.3.4)."""

from __future__ import annotations

from collections.abc import Mapping

from hounsfield.index.rows import Hit, InstanceHit, PatientCounts, PatientHit, SeriesHit, StudyHit
from hounsfield.model.query import Level

RETRIEVE_AE_TITLE = 0x00080054
INSTANCE_AVAILABILITY = 0x00080056
MODALITIES_IN_STUDY = 0x00080061
SOP_CLASSES_IN_STUDY = 0x00080062
NUMBER_OF_PATIENT_RELATED_STUDIES = 0x00201200
NUMBER_OF_PATIENT_RELATED_SERIES = 0x00201202
NUMBER_OF_PATIENT_RELATED_INSTANCES = 0x00201204
NUMBER_OF_STUDY_RELATED_SERIES = 0x00201206
NUMBER_OF_STUDY_RELATED_INSTANCES = 0x00201208
NUMBER_OF_SERIES_RELATED_INSTANCES = 0x00201209
AVAILABLE_TRANSFER_SYNTAX_UID = 0x00083002

AVAILABILITY = "ONLINE"

PATIENT_COUNTS = frozenset({NUMBER_OF_PATIENT_RELATED_STUDIES, NUMBER_OF_PATIENT_RELATED_SERIES, NUMBER_OF_PATIENT_RELATED_INSTANCES})

JUDGED = frozenset({RETRIEVE_AE_TITLE, INSTANCE_AVAILABILITY, *PATIENT_COUNTS})
"""What no column and no object says, and that is matched on what is about to be answered."""

COMPUTED: Mapping[int, Level] = {
    RETRIEVE_AE_TITLE: Level.PATIENT,
    INSTANCE_AVAILABILITY: Level.PATIENT,
    **dict.fromkeys(PATIENT_COUNTS, Level.PATIENT),
    MODALITIES_IN_STUDY: Level.STUDY,
    SOP_CLASSES_IN_STUDY: Level.STUDY,
    NUMBER_OF_STUDY_RELATED_SERIES: Level.STUDY,
    NUMBER_OF_STUDY_RELATED_INSTANCES: Level.STUDY,
    NUMBER_OF_SERIES_RELATED_INSTANCES: Level.SERIES,
    AVAILABLE_TRANSFER_SYNTAX_UID: Level.INSTANCE,
}
"""By the level from which on it is known."""


def said_of_patient(patient: PatientCounts | None) -> dict[int, str]:
    """What is known at every level, by tag. patient: None where nobody asks how much there is."""
    found = {INSTANCE_AVAILABILITY: AVAILABILITY}
    if patient is not None:
        found[NUMBER_OF_PATIENT_RELATED_STUDIES] = str(patient.studies)
        found[NUMBER_OF_PATIENT_RELATED_SERIES] = str(patient.series)
        found[NUMBER_OF_PATIENT_RELATED_INSTANCES] = str(patient.instances)
    return found


def said_of_hit(hit: Hit, patient: PatientCounts | None) -> dict[int, str]:
    """All that is known of a hit, by tag; several values joined by backslashes."""
    found = said_of_patient(patient)
    if isinstance(hit, PatientHit):
        return found
    found[MODALITIES_IN_STUDY] = "\\".join(hit.modalities.split())
    found[SOP_CLASSES_IN_STUDY] = "\\".join(hit.sop_classes.split())
    if isinstance(hit, StudyHit):
        series, instances = hit.series_count, hit.instance_count
    else:
        series, instances = hit.study_series_count, hit.study_instance_count
        own = hit.instance_count if isinstance(hit, SeriesHit) else hit.series_instance_count
        found[NUMBER_OF_SERIES_RELATED_INSTANCES] = str(own)
    if isinstance(hit, InstanceHit):
        found[AVAILABLE_TRANSFER_SYNTAX_UID] = hit.transfer_syntax_uid
    found[NUMBER_OF_STUDY_RELATED_SERIES] = str(series)
    found[NUMBER_OF_STUDY_RELATED_INSTANCES] = str(instances)
    return found
