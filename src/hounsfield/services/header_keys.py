"""Optional keys that the index does not hold: answered from an object's header where a query names what it is about (PS3.4 C.6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hounsfield.dicom.data_set_writer import BINARY_VRS
from hounsfield.dicom.dictionary import keyword_of, tag_of, vr_of
from hounsfield.model.query import Level

_KEYWORDS: Final = {
    Level.PATIENT: """
        ReferencedPatientSequence OtherPatientIDs OtherPatientIDsSequence OtherPatientNames IssuerOfPatientIDQualifiersSequence
        TypeOfPatientID PatientBirthName PatientMotherBirthName QualityControlSubject PatientSpeciesDescription
        PatientSpeciesCodeSequence PatientBreedDescription PatientBreedCodeSequence BreedRegistrationSequence
        ResponsiblePerson ResponsiblePersonRole ResponsibleOrganization EthnicGroupCodeSequence
        PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence
    """,
    Level.STUDY: """
        IssuerOfAccessionNumberSequence ProcedureCodeSequence ReferencedStudySequence OtherStudyNumbers
        ReferringPhysicianIdentificationSequence PhysiciansOfRecordIdentificationSequence
        PhysiciansReadingStudyIdentificationSequence ConsultingPhysicianName RequestingService RequestingServiceCodeSequence
        AdmittingDiagnosesCodeSequence ReasonForVisit ReasonForVisitCodeSequence ReasonForPerformedProcedureCodeSequence
        AdmissionID IssuerOfAdmissionIDSequence ServiceEpisodeID ServiceEpisodeDescription IssuerOfServiceEpisodeIDSequence
        PatientSizeCodeSequence PatientBodyMassIndex MedicalAlerts Allergies SmokingStatus PregnancyStatus LastMenstrualDate
        PatientState PatientSexNeutered ClinicalTrialTimePointID
    """,
    Level.SERIES: """
        SeriesDescriptionCodeSequence PerformingPhysicianIdentificationSequence OperatorIdentificationSequence
        ReferencedPerformedProcedureStepSequence RelatedSeriesSequence PerformedProcedureStepEndDate PerformedProcedureStepEndTime
        PerformedProtocolCodeSequence CommentsOnThePerformedProcedureStep InstitutionAddress InstitutionCodeSequence
        InstitutionalDepartmentTypeCodeSequence DeviceSerialNumber DeviceUID SoftwareVersions GantryID SpatialResolution
        DateOfLastCalibration TimeOfLastCalibration FrameOfReferenceUID SynchronizationFrameOfReferenceUID
        PositionReferenceIndicator AnatomicalOrientationType TreatmentSessionUID
    """,
}
"""Of the modules of the patient, study, series, equipment and frame of reference (PS3.3 C.7); all else is said of the instance."""


def _levels() -> dict[int, Level]:
    found = {}
    for level, keywords in _KEYWORDS.items():
        for keyword in keywords.split():
            tag = tag_of(keyword)
            assert tag is not None, keyword
            found[tag] = level
    return found


_LEVELS: Final[Mapping[int, Level]] = MappingProxyType(_levels())

_IN_NO_OBJECT: Final = frozenset(
    {"AnatomicRegionsInStudyCodeSequence", "QueryRetrieveView", "StorageMediaFileSetID", "StorageMediaFileSetUID"}
)
"""Attributes of queries alone (PS3.4 C.3.4, C.4.1.1.3)."""

_BULK_VRS: Final = BINARY_VRS | {"ox", "lt"}


def header_level(tag: int) -> Level | None:
    """The level of a standard attribute that objects have in their headers; None for all others."""
    keyword = keyword_of(tag)
    if not keyword or tag & 0x10000 or tag >> 16 < 0x0008 or keyword in _IN_NO_OBJECT or vr_of(tag) in _BULK_VRS:
        return None
    return _LEVELS.get(tag, Level.INSTANCE)
