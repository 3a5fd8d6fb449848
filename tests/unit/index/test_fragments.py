"""Matching on the DICOM JSON of a row."""

from __future__ import annotations

import json

import pytest

from hounsfield.index.fragments import FRAGMENT_LEVELS, item_matches, level_of, read_fragment
from hounsfield.model.query import AnyOf, Empty, Items, Key, Level, Match, Range, SingleValue, UIDList, WildCard

ELEMENTS = {
    "00080021": {"vr": "DA", "Value": ["2024.01.02"]},
    "00080031": {"vr": "TM", "Value": ["1011"]},
    "00080070": {"vr": "LO", "Value": [" ACME ", "Second"]},
    "00080080": {"vr": "LO"},
    "00081070": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg^^", "Ideographic": "山田"}]},
    "00101030": {"vr": "DS", "Value": [70.50]},
    "0020000E": {"vr": "UI", "Value": ["1.2.3"]},
    "00400275": {
        "vr": "SQ",
        "Value": [
            {"00400007": {"vr": "LO", "Value": ["one"]}, "00400009": {"vr": "SH", "Value": ["A"]}},
            {"00400007": {"vr": "LO", "Value": ["two"]}, "00400009": {"vr": "SH", "Value": ["B"]}},
        ],
    },
}
FRAGMENT = read_fragment(json.dumps(ELEMENTS)[1:-1].replace(', "00081070"', '\n"00081070"').encode())

DESCRIPTION, STEP = "ScheduledProcedureStepDescription", "ScheduledProcedureStepID"


@pytest.mark.parametrize(
    ("keyword", "match", "matches"),
    [
        ("Manufacturer", SingleValue("ACME"), True),
        ("Manufacturer", SingleValue("Second"), True),
        ("Manufacturer", SingleValue("acme"), False),
        ("Manufacturer", WildCard("?CM*"), True),
        ("Manufacturer", AnyOf(("x", "Sec*")), True),
        ("Manufacturer", Empty(), False),
        ("InstitutionName", Empty(), True),
        ("InstitutionName", SingleValue("x"), False),
        ("InstitutionName", WildCard("*"), True),
        ("InstitutionName", WildCard("?*"), False),
        ("StationName", Empty(), True),
        ("OperatorsName", SingleValue("MULLER^jorg"), True),
        ("OperatorsName", SingleValue("Müller^Jörg=山田"), True),
        ("OperatorsName", SingleValue("Müller^Jörg=山"), False),
        ("OperatorsName", WildCard("山*"), True),
        ("SeriesDate", SingleValue("20240102"), True),
        ("SeriesDate", Range("20240101", ""), True),
        ("SeriesDate", Range("", "20240101"), False),
        ("SeriesDate", AnyOf(("20230101", "2024.01.01-2024.01.03")), True),
        ("SeriesDate", AnyOf(("20230101", "-20240101")), False),
        ("SeriesTime", SingleValue("101100"), True),
        ("SeriesTime", Range("10", "1011"), True),
        ("SeriesTime", Range("1012", ""), False),
        ("PatientWeight", SingleValue("70.5"), True),
        ("PatientWeight", SingleValue("71"), False),
        ("SeriesInstanceUID", UIDList(("1.2", "1.2.3")), True),
        ("SeriesInstanceUID", UIDList(("1.2",)), False),
        ("RequestAttributesSequence", Items((Key(DESCRIPTION, SingleValue("one")), Key(STEP, SingleValue("A")))), True),
        ("RequestAttributesSequence", Items((Key(DESCRIPTION, SingleValue("one")), Key(STEP, SingleValue("B")))), False),
        ("RequestAttributesSequence", Items(()), True),
        ("ProcedureCodeSequence", Items((Key("CodeValue", SingleValue("x")),)), False),
    ],
)
def test_kinds_of_matching(keyword: str, match: Match, matches: bool) -> None:
    assert item_matches(FRAGMENT, (Key(keyword, match),)) is matches


def test_each_attribute_has_a_level() -> None:
    assert level_of("PatientName") is Level.PATIENT
    assert level_of("PatientAge") is Level.STUDY
    assert level_of("TimezoneOffsetFromUTC") is Level.STUDY
    assert level_of("Manufacturer") is Level.SERIES
    assert level_of("Rows") is Level.INSTANCE
    assert level_of("ImageComments") is None
    assert 0x00080005 not in FRAGMENT_LEVELS
