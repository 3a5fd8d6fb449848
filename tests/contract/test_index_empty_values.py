"""Empty value matching of each attribute that has a column (PS3.4 C.2.2.2.7), and matching of counts."""

from __future__ import annotations

import pytest

from find_kit.synthetic import entry
from hounsfield.index.criteria import ATTRIBUTES
from hounsfield.model.query import AnyOf, Empty, Key, Level, Match, Query, SingleValue
from index_kit.databases import Addresses, Indexed, opened

NEVER_EMPTY = {
    "StudyInstanceUID": "1.2.1",
    "SeriesInstanceUID": "1.2.1.1",
    "SOPInstanceUID": "1.2.1.1.1",
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
}
COUNTED = {
    "SOPClassesInStudy",
    "AvailableTransferSyntaxUID",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
    "NumberOfSeriesRelatedInstances",
}
VALUES = {
    "PatientID": "P1",
    "IssuerOfPatientID": "HOSPITAL",
    "PatientName": "Doe^Jane",
    "PatientBirthDate": "19700102",
    "PatientSex": "F",
    "StudyDate": "20240102",
    "StudyTime": "101112",
    "AccessionNumber": "A1",
    "StudyID": "S1",
    "StudyDescription": "Thorax",
    "ReferringPhysicianName": "Who^Doctor",
    "Modality": "CT",
    "SeriesNumber": "1",
    "SeriesDescription": "Lung",
    "BodyPartExamined": "CHEST",
    "SeriesDate": "20240102",
    "SeriesTime": "101112",
    "PerformedProcedureStepStartDate": "20240102",
    "PerformedProcedureStepStartTime": "101112",
    "StationName": "CT1",
    "InstanceNumber": "1",
}
SAYS_NOTHING = {
    "PatientName": "^^",
    "ReferringPhysicianName": "=^",
    "PatientBirthDate": "19700231x",
    "StudyDate": "yesterday",
    "StudyTime": "10:60",
    "SeriesDate": "0",
    "SeriesTime": "x",
    "PerformedProcedureStepStartDate": "2024",
    "PerformedProcedureStepStartTime": "25",
    "SeriesNumber": "one",
    "InstanceNumber": "x",
}
"""Values that are none for their VR."""


def _add(index: Indexed, **changed: str) -> str:
    number = index.reader.count(Query(Level.INSTANCE))[0] + 1
    uids = {"StudyInstanceUID": f"1.2.{number}", "SeriesInstanceUID": f"1.2.{number}.1", "SOPInstanceUID": f"1.2.{number}.1.1"}
    values = NEVER_EMPTY | VALUES | {"PatientID": f"P{number}"} | uids | changed
    index.writer.add(entry(number, {name: (text,) for name, text in values.items() if text}, []))
    return uids["StudyInstanceUID"]


def _found(index: Indexed, level: Level, keyword: str, match: Match) -> list[str]:
    stream = index.reader.stream(Query(level, (Key(keyword, match),)))
    assert stream.unmatched == ()
    return [hit.study_instance_uid for page in stream.pages for hit in page]


def test_every_attribute_with_a_column_is_tried() -> None:
    assert set(ATTRIBUTES) == {*NEVER_EMPTY, *VALUES, *COUNTED, "ModalitiesInStudy"}


def test_empty_values(addresses: Addresses) -> None:
    with opened(addresses.new()) as index:
        _add(index)
        empty = {keyword: [_add(index, **{keyword: ""})] for keyword in VALUES}
        for keyword, text in SAYS_NOTHING.items():
            empty[keyword].append(_add(index, **{keyword: text}))
        empty["ModalitiesInStudy"] = empty["Modality"]
        for keyword, attribute in ATTRIBUTES.items():
            for level in Level:
                if level >= attribute.level:
                    assert sorted(_found(index, level, keyword, Empty())) == sorted(empty.get(keyword, [])), (keyword, level)


@pytest.mark.parametrize(
    ("keyword", "match", "studies"),
    [
        ("NumberOfStudyRelatedInstances", SingleValue("1"), ["1.2.1"]),
        ("NumberOfStudyRelatedInstances", SingleValue("2"), ["1.2.2", "1.2.2"]),
        ("NumberOfStudyRelatedSeries", SingleValue("2"), ["1.2.2", "1.2.2"]),
        ("NumberOfStudyRelatedSeries", AnyOf(("1", "2")), ["1.2.1", "1.2.2", "1.2.2"]),
        ("NumberOfSeriesRelatedInstances", SingleValue("1"), ["1.2.1", "1.2.2", "1.2.2"]),
        ("NumberOfSeriesRelatedInstances", SingleValue("2"), []),
    ],
)
def test_counts(index: Indexed, keyword: str, match: Match, studies: list[str]) -> None:
    _add(index)
    second = _add(index)
    _add(index, PatientID="P2", StudyInstanceUID=second, SeriesInstanceUID=f"{second}.9", SOPInstanceUID=f"{second}.9.1")
    assert sorted(_found(index, Level.SERIES, keyword, match)) == studies
