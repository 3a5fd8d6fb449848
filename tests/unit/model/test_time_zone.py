"""Dates and times in another time zone."""

from __future__ import annotations

import pytest

from hounsfield.model.time_zone import QueryZone, fixed, offset_text, parse_offset

BERLIN_IN_WINTER = fixed(60)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("+0000", 0), ("-0000", 0), ("+0100", 60), ("-0330", -210), ("+1400", 840), ("-1200", -720), (" +0100 ", 60)],
)
def test_offsets(text: str, minutes: int) -> None:
    assert parse_offset(text) == minutes
    assert parse_offset(offset_text(minutes)) == minutes


@pytest.mark.parametrize("text", ["", "0100", "+01:00", "+1", "+0160", "+1401", "-1201", "CET", "+0100\\+0200", "+٠١٠٠"])
def test_what_is_no_offset(text: str) -> None:
    assert parse_offset(text) is None


@pytest.mark.parametrize(
    ("offset", "own", "stored", "read"),
    [
        (60, "", ("20240102", "101112"), ("20240102", "101112")),
        (0, "", ("20240102", "101112"), ("20240102", "091112")),
        (0, "", ("20240101", "003000"), ("20231231", "233000")),
        (0, "-0500", ("20240101", "235959.999"), ("20240102", "045959.999")),
        (840, "-1200", ("20240227", "2230"), ("20240229", "0030")),
        (330, "+0000", ("20240102", "10"), ("20240102", "1530")),
        (120, "+0000", ("20240102", "10"), ("20240102", "12")),
        (120, "+0000", ("2024.01.02", "10:11:60"), ("20240102", "121160")),
        (0, "nonsense", ("20240102", "1000"), ("20240102", "0900")),  # as if it said none
        (0, "", ("20240102", ""), ("20240102", "")),  # no moment
        (0, "", ("20240102", "noon"), ("20240102", "noon")),
        (0, "", ("20240102", "1060"), ("20240102", "1060")),
        (0, "", ("", "0030"), ("", "2330")),
        (0, "", ("20240230", "0030"), ("20240230", "2330")),  # in no calendar
        (0, "", ("00010101", "0030"), ("00010101", "0030")),
        (120, "", ("99991231", "2359"), ("99991231", "2359")),
    ],
)
def test_a_stored_moment(offset: int, own: str, stored: tuple[str, str], read: tuple[str, str]) -> None:
    assert QueryZone(offset, BERLIN_IN_WINTER).read(*stored, own) == read


@pytest.mark.parametrize(
    ("offset", "asked", "stored"),
    [
        (60, ("20240102", "20240102"), ("20240101", "20240103")),
        (0, ("20240102", "20240110"), ("20240101", "20240111")),
        (840, ("20240301", "20240301"), ("20240228", "20240301")),
        (-720, ("20240228", "20240228"), ("20240228", "20240301")),
        (0, ("20240102", ""), ("20240101", "")),
        (0, ("", "20240102"), ("", "20240103")),
        (0, ("20230231", "20230231"), ("20230131", "20230305")),
        (0, ("00010101", "99991231"), ("", "")),
        (0, ("00000101", "00000101"), ("", "")),
    ],
)
def test_days_on_which_something_may_be_stored(offset: int, asked: tuple[str, str], stored: tuple[str, str]) -> None:
    assert QueryZone(offset, BERLIN_IN_WINTER).stored_days(*asked) == stored


@pytest.mark.parametrize("offset", [-720, -210, 0, 60, 840])
@pytest.mark.parametrize("own", range(-720, 841, 30))
def test_no_moment_lies_outside_those_days(offset: int, own: int) -> None:
    zone = QueryZone(offset, fixed(own))
    for day in ("20240228", "20231231"):
        for clock in ("000000", "120000", "235959"):
            read, _time = zone.read(day, clock, "")
            first, last = zone.stored_days(read, read)
            assert first <= day <= last
