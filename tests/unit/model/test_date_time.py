"""Values of VR DT and keys for them."""

from __future__ import annotations

import pytest

from hounsfield.model.date_time import Moments, date_time_match, date_time_matches, in_offset
from hounsfield.model.query import Range, SingleValue


@pytest.mark.parametrize(
    ("text", "first", "last", "offset"),
    [
        ("2024", "2024-01-01T00:00:00", "2024-12-31T23:59:59.999999", None),
        ("202402", "2024-02-01T00:00:00", "2024-02-29T23:59:59.999999", None),
        ("20240131", "2024-01-31T00:00:00", "2024-01-31T23:59:59.999999", None),
        ("2024013110", "2024-01-31T10:00:00", "2024-01-31T10:59:59.999999", None),
        ("202401311011", "2024-01-31T10:11:00", "2024-01-31T10:11:59.999999", None),
        ("20240131101112", "2024-01-31T10:11:12", "2024-01-31T10:11:12.999999", None),
        ("20240131101112.5", "2024-01-31T10:11:12.5", "2024-01-31T10:11:12.5", None),
        ("20240131101160+0100 ", "2024-01-31T10:11:59", "2024-01-31T10:11:59.999999", 60),
        ("2024-0500", "2024-01-01T00:00:00", "2024-12-31T23:59:59.999999", -300),
        ("0001", "0001-01-01T00:00:00", "0001-12-31T23:59:59.999999", None),
    ],
)
def test_what_a_value_means(text: str, first: str, last: str, offset: int | None) -> None:
    moments = Moments.of(text)
    assert moments is not None
    assert moments.first.replace(tzinfo=None).isoformat().rstrip("0").rstrip(":") == first.rstrip("0").rstrip(":")
    assert moments.last.replace(tzinfo=None).isoformat().rstrip("0").rstrip(":") == last.rstrip("0").rstrip(":")
    assert moments.offset_minutes == offset


@pytest.mark.parametrize("text", ["", "24", "20241301", "20240230", "20240101.5", "2024010125", "20240101+1500", "now", "0000", "٢٠٢٤"])
def test_what_is_no_date_and_time(text: str) -> None:
    assert Moments.of(text) is None
    assert date_time_match(text) is None


@pytest.mark.parametrize(
    ("key", "match"),
    [
        ("20240101", SingleValue("20240101")),
        ("20240101-0500", SingleValue("20240101-0500")),
        ("20240101-20240102", Range("20240101", "20240102")),
        ("2024 - 2025", Range("2024", "2025")),
        ("20240101-0500-20240102", Range("20240101-0500", "20240102")),
        ("20240101+0500-20240102-0130", Range("20240101+0500", "20240102-0130")),
        ("-20240102", Range("", "20240102")),
        ("20240101-", Range("20240101", "")),
        ("20240101-0500-", Range("20240101-0500", "")),
        ("-", None),
        ("20240101-x", None),
        ("20240101-20241340", None),
        ("2024*", None),
    ],
)
def test_keys(key: str, match: SingleValue | Range | None) -> None:
    assert date_time_match(key) == match


@pytest.mark.parametrize(
    ("stored", "key", "matches"),
    [
        ("19980128103000", "19980128103000.0000", True),
        ("199801281030", "19980128103000", True),
        ("19980128103001", "199801281030", False),
        ("19980128073000-0300", "19980128103000+0000", True),
        ("19980128073000-0300", "19980128073000", True),  # as they stand, where one of them says no offset
        ("20240101000000", "20240101-20240101", True),
        ("20240101235959.999", "20240101-20240101", True),
        ("20240102", "20240101-20240101", False),
        ("20240101233000+0000", "20240102+0100-", True),
        ("20240101223000+0000", "20240102+0100-", False),
        ("20240101223000+0000", "-20240101+0100", True),
        ("2024", "2024-", True),
        ("nothing", "2024-", False),
    ],
)
def test_matching(stored: str, key: str, matches: bool) -> None:
    match = date_time_match(key)
    assert match is not None
    assert date_time_matches(stored, match) is matches


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("20240101", "20240101-0330"),
        ("20240101+0000", "20240101+0000"),
        ("20240101-20240102", "20240101-0330-20240102-0330"),
        ("-20240102", "-20240102-0330"),
        ("20240101-", "20240101-0330-"),
        ("x", "x"),
    ],
)
def test_a_key_in_a_zone(key: str, told: str) -> None:
    assert in_offset(key, -210) == told
