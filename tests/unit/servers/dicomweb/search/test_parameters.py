"""Query parameters of a search."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.model.errors import InvalidQuery
from hounsfield.model.query import AnyOf, Empty, Items, Key, Level, Match, Range, SingleValue, UIDList, WildCard
from hounsfield.servers.dicomweb.search.parameters import read_search
from hounsfield.services.search_values import MAX_LIST_VALUES, Matching, attribute_path, read_match, read_matches


@pytest.mark.parametrize(
    ("keyword", "value", "match"),
    [
        ("PatientID", "A1", SingleValue("A1")),
        ("PatientID", "A,1", SingleValue("A,1")),
        ("PatientName", "Doe*", WildCard("Doe*")),
        ("PatientName", "D?e", WildCard("D?e")),
        ("PatientName", "*", None),
        ("PatientName", " ", None),
        ("StudyInstanceUID", "1.2", SingleValue("1.2")),
        ("StudyInstanceUID", "1.2,1.3", UIDList(("1.2", "1.3"))),
        ("StudyInstanceUID", "1.2\\1.3\\", UIDList(("1.2", "1.3"))),
        ("StudyInstanceUID", ",", None),
        ("StudyDate", "20260101", SingleValue("20260101")),
        ("StudyDate", "20260101-20260131", Range("20260101", "20260131")),
        ("StudyDate", "-20260131", Range("", "20260131")),
        ("StudyDate", "20260101-", Range("20260101", "")),
        ("StudyTime", "10-1130", Range("10", "1130")),
        ("StudyTime", "101500.123", SingleValue("101500.123")),
        ("ModalitiesInStudy", "CT", SingleValue("CT")),
        ("ModalitiesInStudy", "CT\\MR", AnyOf(("CT", "MR"))),
        ("ModalitiesInStudy", "CT,MR", AnyOf(("CT", "MR"))),
        ("SeriesNumber", " 3 ", SingleValue("3")),
        ("SliceLocation", "-2.50", SingleValue("-2.50")),
        ("PatientAge", "042Y", SingleValue("042Y")),
        ("AcquisitionDateTime", "20260131", SingleValue("20260131")),
        ("AcquisitionDateTime", "202601-", Range("202601", "")),
        ("FrameIncrementPointer", "0018106a", SingleValue("0018106A")),
    ],
)
def test_matches(keyword: str, value: str, match: Match | None) -> None:
    assert read_match(keyword, value) == match


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "2026"),
        ("StudyDate", "20260101-2026"),
        ("StudyDate", "-"),
        ("StudyDate", "1-2-3"),
        ("StudyTime", "1"),
        ("StudyInstanceUID", "1.2,x"),
        ("StudyInstanceUID", ",".join(["1.2"] * (MAX_LIST_VALUES + 1))),
        ("PatientName", "x" * 2000),
        ("SeriesNumber", "three"),
        ("SeriesNumber", "3*"),
        ("SliceLocation", "1,5"),
        ("AcquisitionDateTime", "yesterday"),
    ],
)
def test_values_that_cannot_be_understood(keyword: str, value: str) -> None:
    with pytest.raises(InvalidQuery):
        read_match(keyword, value)


@pytest.mark.parametrize(
    ("keyword", "value", "matches"),
    [
        ("PatientName", '""', (Empty(),)),
        ("StudyDate", '""', (Empty(),)),
        ("ImageType", "AXIAL\\PRIMARY\\AXIAL", (SingleValue("AXIAL"), SingleValue("PRIMARY"))),
        ("ModalitiesInStudy", "CT,MR", (SingleValue("CT"), SingleValue("MR"))),
        ("SoftwareVersions", "1,0\\2", (SingleValue("1,0"), SingleValue("2"))),
        ("ImageType", "AXIAL", (SingleValue("AXIAL"),)),
        ("ImageType", "AX*", (WildCard("AX*"),)),
        ("StudyInstanceUID", "1.2\\1.3", (UIDList(("1.2", "1.3")),)),
        ("ImageType", "", ()),
        ("ProcedureCodeSequence", "", ()),
    ],
)
def test_what_is_switched_on(keyword: str, value: str, matches: tuple[Match, ...]) -> None:
    assert read_matches(keyword, value, Matching(empty_value=True, multiple_value=True)) == matches


def test_what_is_not_switched_on() -> None:
    assert read_matches("PatientName", '""', Matching()) == (SingleValue('""'),)
    assert read_matches("ModalitiesInStudy", "CT\\MR", Matching()) == (AnyOf(("CT", "MR")),)
    with pytest.raises(InvalidQuery):
        read_matches("ImageType", "AX*\\PRIMARY", Matching(multiple_value=True))
    with pytest.raises(InvalidQuery):
        read_matches("ProcedureCodeSequence", '""', Matching(empty_value=True))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("PatientID", ("PatientID",)),
        ("00100020", ("PatientID",)),
        ("0020000d", ("StudyInstanceUID",)),
        ("RequestAttributesSequence.00400009", ("RequestAttributesSequence", "ScheduledProcedureStepID")),
        ("00400275.00321064.00080100", ("RequestAttributesSequence", "RequestedProcedureCodeSequence", "CodeValue")),
        ("PatientID.CodeValue", ()),
        ("RequestAttributesSequence.", ()),
        ("RequestAttributesSequence.Nothing", ()),
        ("60000010", ()),
        ("00091001", ()),
        ("", ()),
    ],
)
def test_paths(name: str, path: tuple[str, ...]) -> None:
    assert attribute_path(name) == path


def test_a_whole_request() -> None:
    within = (Key("StudyInstanceUID", SingleValue("1.2")),)
    parameters = [
        ("00080060", "CT"),
        ("includefield", "all"),
        ("includefield", "00181030,PixelSpacing,Nonsense"),
        ("limit", "10"),
        ("offset", "20"),
        ("fuzzymatching", "TRUE"),
        ("accept", "application/json"),
        ("RequestAttributesSequence.ScheduledProcedureStepID", "1"),
        ("RequestAttributesSequence.00401001", "P"),
        ("SoftwareVersions", "1*"),
        ("ImageComments", "x"),
        ("00090010", "x"),
        ("", "x"),
    ]
    request = read_search(Level.SERIES, within, parameters, partition_id=7)
    items = Items((Key("ScheduledProcedureStepID", SingleValue("1")), Key("RequestedProcedureID", SingleValue("P"))))
    assert request.query.keys == (*within, Key("Modality", SingleValue("CT")), Key("RequestAttributesSequence", items))
    assert request.header_keys == (Key("SoftwareVersions", WildCard("1*")),)
    assert request.header_tags == {0x00181020}
    assert (request.query.limit, request.query.offset, request.query.fuzzy, request.query.partition_id) == (10, 20, True, 7)
    assert (request.included, request.everything) == ({0x00181030}, True)
    assert request.unsupported == ("includefield=PixelSpacing", "includefield=Nonsense", "ImageComments", "00090010", "")
    assert request.names[0x00400275] == ("RequestAttributesSequence.ScheduledProcedureStepID", "RequestAttributesSequence.00401001")


@pytest.mark.parametrize(
    "parameters",
    [
        [("limit", "1"), ("limit", "2")],
        [("limit", "-1")],
        [("offset", "9" * 13)],
        [("limit", "\u0661")],
        [("PatientID", "1"), ("00100020", "1")],
        [("StudyInstanceUID", "1.2")],
        [("fuzzymatching", "1")],
    ],
)
def test_requests_that_cannot_be_understood(parameters: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidQuery):
        read_search(Level.SERIES, (Key("StudyInstanceUID", SingleValue("1.2")),), parameters, partition_id=1)


@given(
    st.lists(
        st.tuples(st.sampled_from(["PatientName", "StudyDate", "0020000D", "limit", "offset", "includefield", "x"]), st.text()), max_size=4
    )
)
def test_nothing_else_is_raised(parameters: list[tuple[str, str]]) -> None:
    with contextlib.suppress(InvalidQuery):
        read_search(Level.STUDY, (), parameters, partition_id=1)
