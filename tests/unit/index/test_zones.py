"""Queries in another time zone than what is stored."""

from __future__ import annotations

import json

import pytest

from hounsfield.index.rows import SeriesHit, StudyHit
from hounsfield.index.zones import fragment_in, moment_matches, narrowed
from hounsfield.model.query import AnyOf, DateTimeRange, Empty, Key, Level, Match, Query, Range, SingleValue
from hounsfield.model.time_zone import QueryZone, fixed

STORED_AT = fixed(60)
UTC_QUERY = QueryZone(0, STORED_AT)


def _json(day: str, time: str, *, series: bool = False, own_offset: str = "", name: str = "Nobody") -> bytes:
    elements = {
        "00080021" if series else "00080020": {"vr": "DA"} | ({"Value": [day]} if day else {}),
        "00080031" if series else "00080030": {"vr": "TM"} | ({"Value": [time]} if time else {}),
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]},
    }
    if own_offset:
        elements["00080201"] = {"vr": "SH", "Value": [own_offset]}
    return json.dumps(elements)[1:-1].encode()


def _study(day: str, time: str, own_offset: str = "") -> StudyHit:
    return StudyHit("1.2", _json(day, time, own_offset=own_offset), 1, 1, " CT ", " 1.2 ")


@pytest.mark.parametrize(
    ("key", "kept", "judged"),
    [
        (Key("StudyDate", SingleValue("20240102")), Key("StudyDate", Range("20240101", "20240103")), True),
        (Key("StudyDate", Range("20240102", "")), Key("StudyDate", Range("20240101", "")), True),
        (Key("StudyDate", Range("2024.01.02", "")), Key("StudyDate", Range("20240101", "")), True),
        (Key("StudyDate", AnyOf(("20240102", "-20230304"))), Key("StudyDate", AnyOf(("20240101-20240103", "-20230305"))), True),
        (
            Key("StudyDate", DateTimeRange("StudyTime", ("20240102", "10"), ("20240105", ""))),
            Key("StudyDate", Range("20240101", "20240106")),
            True,
        ),
        (Key("StudyTime", SingleValue("10")), None, True),
        (Key("SeriesDate", SingleValue("20240102")), Key("SeriesDate", SingleValue("20240102")), False),  # of a level below
        (Key("StudyDate", Empty()), Key("StudyDate", Empty()), False),
        (Key("StudyTime", Empty()), Key("StudyTime", Empty()), False),
        (Key("PatientBirthDate", SingleValue("19600102")), Key("PatientBirthDate", SingleValue("19600102")), False),
    ],
)
def test_what_an_index_can_find_and_what_is_left_to_judge(key: Key, kept: Key | None, judged: bool) -> None:
    query, left = narrowed(Query(Level.STUDY, (key,)), UTC_QUERY)
    assert query.keys == ((kept,) if kept else ())
    assert left == ((key,) if judged else ())


@pytest.mark.parametrize(
    ("own_offset", "day", "time"),
    [("", "20231231", "233000"), ("-0500", "20240101", "053000"), ("+0000", "20240101", "003000"), ("here", "20231231", "233000")],
)
def test_a_fragment_in_a_zone(own_offset: str, day: str, time: str) -> None:
    fragment = fragment_in(UTC_QUERY, _study("20240101", "003000", own_offset), Level.PATIENT)
    assert (fragment["00080020"]["Value"], fragment["00080030"]["Value"]) == ([day], [time])
    assert fragment["00100010"]["Value"] == [{"Alphabetic": "Nobody"}]


def test_what_says_no_moment_stays() -> None:
    assert fragment_in(UTC_QUERY, _study("20240101", ""), Level.STUDY)["00080020"]["Value"] == ["20240101"]
    assert "Value" not in fragment_in(UTC_QUERY, _study("", "003000"), Level.STUDY)["00080020"]
    assert fragment_in(UTC_QUERY, _study("", "003000"), Level.STUDY)["00080030"]["Value"] == ["233000"]


def test_a_series_has_a_zone_of_its_own() -> None:
    hit = SeriesHit(
        "1.2", "1.2.3", _json("20240101", "0030", series=True), 1, _json("20240101", "0030", own_offset="-0500"), 1, 1, " CT ", " 1.2 "
    )
    assert fragment_in(UTC_QUERY, hit, Level.SERIES)["00080021"]["Value"] == ["20231231"]
    assert fragment_in(UTC_QUERY, hit, Level.STUDY)["00080020"]["Value"] == ["20240101"]


@pytest.mark.parametrize(
    ("keyword", "match", "matches"),
    [
        ("StudyDate", SingleValue("20231231"), True),
        ("StudyDate", SingleValue("20240101"), False),
        ("StudyDate", Range("20231231", "20231231"), True),
        ("StudyDate", Range("20240101", ""), False),
        ("StudyDate", AnyOf(("20200101", "20231230-20231231")), True),
        ("StudyTime", Range("2330", "2330"), True),
        ("StudyTime", Range("00", "01"), False),
        ("StudyDate", DateTimeRange("StudyTime", ("20231231", "2330"), ("20240101", "0000")), True),
        ("StudyDate", DateTimeRange("StudyTime", ("20231231", "2331"), ("20240101", "0000")), False),
        ("StudyDate", DateTimeRange("StudyTime", ("", ""), ("20231231", "2329")), False),
        ("StudyDate", DateTimeRange("StudyTime", ("", ""), ("20231231", "23")), True),
    ],
)
def test_moments(keyword: str, match: Match, matches: bool) -> None:
    assert moment_matches(UTC_QUERY, _study("20240101", "003000"), (Key(keyword, match),)) is matches


def test_an_unknown_time_is_at_the_beginning_of_its_day_and_not_at_its_end() -> None:
    def between(first: str, last: str) -> bool:
        key = Key("StudyDate", DateTimeRange("StudyTime", ("20240101", first), ("20240101", last)))
        return moment_matches(UTC_QUERY, _study("20240101", ""), (key,))

    assert between("", "")
    assert between("", "0000")
    assert not between("0000", "")
