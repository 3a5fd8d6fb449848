"""Every key that the standard lists is answered, by the index or from objects' headers (PS3.4 tables C.6-1 to C.6-4)."""

from __future__ import annotations

import pytest

from hounsfield.dicom.dictionary import tag_of
from hounsfield.index.fragments import FRAGMENT_LEVELS
from hounsfield.model.query import Level
from hounsfield.services.computed_attributes import COMPUTED
from hounsfield.services.header_keys import header_level

TABLES = {
    Level.PATIENT: """
        PatientName PatientID IssuerOfPatientID ReferencedPatientSequence PatientBirthDate PatientBirthTime PatientSex
        OtherPatientIDsSequence OtherPatientNames EthnicGroup PatientComments NumberOfPatientRelatedStudies
        NumberOfPatientRelatedSeries NumberOfPatientRelatedInstances
    """,
    Level.STUDY: """
        StudyDate StudyTime AccessionNumber StudyID StudyInstanceUID ModalitiesInStudy SOPClassesInStudy
        ReferringPhysicianName StudyDescription ProcedureCodeSequence NameOfPhysiciansReadingStudy AdmittingDiagnosesDescription
        ReferencedStudySequence PatientAge PatientSize PatientWeight Occupation AdditionalPatientHistory OtherStudyNumbers
        NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances
    """,
    Level.SERIES: "Modality SeriesNumber SeriesInstanceUID NumberOfSeriesRelatedInstances",
    Level.INSTANCE: """
        InstanceNumber SOPInstanceUID SOPClassUID AvailableTransferSyntaxUID AlternateRepresentationSequence RelatedGeneralSOPClassUID
        ConceptNameCodeSequence ContentTemplateSequence ContainerIdentifier SpecimenDescriptionSequence
    """,
}
LISTED = [(keyword, level) for level, keywords in TABLES.items() for keyword in keywords.split()]


@pytest.mark.parametrize(("keyword", "level"), LISTED)
def test_listed_keys(keyword: str, level: Level) -> None:
    tag = tag_of(keyword)
    assert tag is not None
    assert FRAGMENT_LEVELS.get(tag, COMPUTED.get(tag, header_level(tag))) is level


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        (0x00080063, "Anatomic Regions in Study Code Sequence: nothing is known of it"),
        (0x00080053, "Query/Retrieve View: of queries alone"),
        (0x00091001, "private"),
        (0x0008FFFF, "in no dictionary"),
        (0x00020010, "file meta information"),
        (0x7FE00010, "pixel data"),
        (0x60003000, "overlay data"),
        (0x00281201, "a look-up table"),
    ],
)
def test_what_is_not_answered(tag: int, why: str) -> None:
    assert header_level(tag) is None, why
