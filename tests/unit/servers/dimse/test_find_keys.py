"""Identifiers as queries."""

from __future__ import annotations

import pytest

from hounsfield.dicom.character_sets import DEFAULT_CHARACTER_SET
from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.model.query import AnyOf, DateTimeRange, Empty, Items, Key, Level, Match, Range, SingleValue, UIDList, WildCard
from hounsfield.model.time_zone import UTC, QueryZone
from hounsfield.servers.dimse.find_keys import Agreed, FindRequest, read_find_request, read_matches
from hounsfield.servers.dimse.identifier import Asked, Identifier, UnfitIdentifier
from hounsfield.servers.dimse.information_model import PATIENT_ROOT, STUDY_ROOT

ALL = Agreed(relational=True, date_time=True, fuzzy=True, time_zone=True, empty_value=True, multiple_value=True)


def _asked(keyword: str, text: str) -> Asked:
    tag = tag_of(keyword)
    assert tag is not None
    return Asked(tag, vr_of(tag), text)


def _request(agreed: Agreed, **keys: str) -> FindRequest:
    elements = {one.tag: one for one in (_asked(keyword, text) for keyword, text in keys.items())}
    time_zone = keys.get("TimezoneOffsetFromUTC", "")
    return read_find_request(Identifier(DEFAULT_CHARACTER_SET, time_zone, elements), STUDY_ROOT, agreed, UTC)


@pytest.mark.parametrize(
    ("keyword", "text", "match"),
    [
        ("PatientName", "", None),
        ("PatientName", "**", None),
        ("PatientName", "Doe^John", SingleValue("Doe^John")),
        ("PatientName", "Doe*", WildCard("Doe*")),
        ("PatientName", "Doe*\\Roe", AnyOf(("Doe*", "Roe"))),
        ("PatientName", '""', Empty()),
        ("StudyInstanceUID", "1.2", SingleValue("1.2")),
        ("StudyInstanceUID", "1.2\\1.3\\1.2", UIDList(("1.2", "1.3"))),
        ("StudyInstanceUID", "*", None),
        ("StudyDate", "20240102", SingleValue("20240102")),
        ("StudyDate", "20240102-", Range("20240102", "")),
        ("StudyDate", " 20240102 - 20240103 ", Range("20240102", "20240103")),
        ("StudyDate", "20240102\\20240104", AnyOf(("20240102", "20240104"))),
        ("StudyDate", "20240102-20240103\\20240107-", AnyOf(("20240102-20240103", "20240107-"))),
        ("StudyTime", "-1030", Range("", "1030")),
        ("AcquisitionDateTime", "20240102-0500", SingleValue("20240102-0500")),
        ("AcquisitionDateTime", "20240102-", Range("20240102", "")),
        ("AcquisitionDateTime", "2024\\2025-2026", AnyOf(("2024", "2025-2026"))),
        ("SeriesNumber", "3", SingleValue("3")),
        ("PatientWeight", "70.5", SingleValue("70.5")),
        ("PatientAge", "042Y", SingleValue("042Y")),
        ("ModalitiesInStudy", "C*\\MR", AnyOf(("C*", "MR"))),
        ("Modality", "CT\\MR", AnyOf(("CT", "MR"))),
        ("PatientComments", "a\\b", SingleValue("a\\b")),
    ],
)
def test_kinds_of_matching(keyword: str, text: str, match: Match | None) -> None:
    assert read_matches(_asked(keyword, text), ALL) == (() if match is None else (match,))


def test_two_quotation_marks_are_a_text_unless_agreed_otherwise() -> None:
    assert read_matches(_asked("PatientID", '""'), Agreed()) == (SingleValue('""'),)


def test_each_of_several_values_must_match_where_that_was_agreed() -> None:
    """Of attributes that have several values (PS3.4 C.2.2.2.8); without an agreement any may."""
    asked = _asked("ModalitiesInStudy", "CT\\PT\\CT")
    assert read_matches(asked, ALL) == (SingleValue("CT"), SingleValue("PT"))
    assert read_matches(asked, Agreed(relational=True)) == (AnyOf(("CT", "PT", "CT")),)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("StudyDate", "-"),
        ("StudyDate", "2024"),
        ("StudyDate", "20240102-20240103\\tomorrow"),
        ("StudyTime", "noon"),
        ("AcquisitionDateTime", "noon"),
        ("AcquisitionDateTime", "20240102\\-"),
        ("SeriesNumber", "1*"),
        ("SeriesNumber", "9" * 13),
        ("PatientWeight", "heavy"),
        ("StudyInstanceUID", "1.2*"),
        ("PatientID", "x" * 1025),
        ("PatientID", "\\".join(["x"] * 1001)),
    ],
)
def test_values_that_are_none(keyword: str, text: str) -> None:
    with pytest.raises(UnfitIdentifier) as raised:
        read_matches(_asked(keyword, text), ALL)
    assert raised.value.offending_elements == (tag_of(keyword),)


def test_keys_inside_a_sequence() -> None:
    inner = {one.tag: one for one in (_asked("RequestedProcedureID", "RP*"), _asked("ScheduledProcedureStepID", ""))}
    asked = Asked(0x00400275, "SQ", "", (inner,))
    assert read_matches(asked, ALL) == (Items((Key("RequestedProcedureID", WildCard("RP*")),)),)
    assert read_matches(Asked(0x00400275, "SQ", "", ({},)), ALL) == ()
    assert read_matches(Asked(0x00400275, "SQ", "", ()), ALL) == ()


def test_what_is_asked_for_and_what_nobody_knows() -> None:
    request = _request(Agreed(), QueryRetrieveLevel="STUDY", PatientName="", Modality="CT", ImageComments="")
    assert request.query.keys == ()
    assert [one.tag for one in request.asked] == [0x00100010, 0x0020000D]  # the unique key, asked or not
    assert request.partial
    assert not _request(Agreed(), QueryRetrieveLevel="STUDY", NumberOfStudyRelatedSeries="").partial


def test_date_and_time_go_together_where_agreed() -> None:
    keys = {"QueryRetrieveLevel": "STUDY", "StudyDate": "20240101-", "StudyTime": "1000-1100"}
    separate, combined = _request(Agreed(), **keys).query.keys, _request(ALL, **keys).query.keys
    assert separate == (Key("StudyDate", Range("20240101", "")), Key("StudyTime", Range("1000", "1100")))
    assert combined == (Key("StudyDate", DateTimeRange("StudyTime", ("20240101", "1000"), ("", "1100"))),)


def test_agreements() -> None:
    assert Agreed.of(b"") == Agreed()
    assert Agreed.of(bytes((1, 0, 1))) == Agreed(relational=True, fuzzy=True)
    assert Agreed.of(bytes((1, 1, 1, 1, 0, 1, 1))) == ALL
    assert Agreed.of(bytes((0, 0, 0, 1))) == Agreed(time_zone=True)


def test_the_time_zone_of_a_request() -> None:
    keys = {"QueryRetrieveLevel": "STUDY", "StudyDate": "20240101"}
    zoned = _request(ALL, **keys, TimezoneOffsetFromUTC="-0330")
    assert zoned.zone == QueryZone(-210, UTC)
    assert [one.tag for one in zoned.asked] == [0x00080020, 0x0020000D]
    for agreed, text in ((Agreed(), "-0330"), (Agreed(), "local"), (ALL, "")):
        request = _request(agreed, **keys, TimezoneOffsetFromUTC=text)
        assert request.zone is None
        assert [one.tag for one in request.asked] == [0x00080020, 0x00080201, 0x0020000D]
        assert [key.keyword for key in request.query.keys] == ["StudyDate"]
    assert _request(ALL, **keys).zone is None
    with pytest.raises(UnfitIdentifier) as raised:
        _request(ALL, **keys, TimezoneOffsetFromUTC="local")
    assert raised.value.offending_elements == (0x00080201,)


def test_levels_above() -> None:
    assert PATIENT_ROOT.above(Level.SERIES) == (Level.PATIENT, Level.STUDY)
    assert STUDY_ROOT.above(Level.STUDY) == ()
