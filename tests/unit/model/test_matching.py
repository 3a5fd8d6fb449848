"""Values of keys as ranges and patterns."""

from __future__ import annotations

import pytest

from hounsfield.model.matching import (
    LAST_CHARACTER,
    date_bounds,
    date_column,
    has_wild_card,
    is_universal,
    literal_prefix,
    literal_runs,
    matches_wild_card,
    prefix_range,
    time_bounds,
    time_column,
)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("20240131", "20240131"),
        ("2024.01.31", "20240131"),
        ("2024-01-31 ", "20240131"),
        ("20241301", ""),
        ("2024", ""),
        ("", ""),
        ("x", ""),
    ],
)
def test_dates(text: str, column: str) -> None:
    assert date_column(text) == column


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("101112", "101112"),
        ("10:11:12", "101112"),
        ("1011", "101100"),
        ("10", "100000"),
        ("101112.500", "101112.5"),
        ("101112.000000", "101112"),
        ("250000", ""),
        ("106000", ""),
        ("9", ""),
        ("", ""),
    ],
)
def test_times(text: str, column: str) -> None:
    assert time_column(text) == column


def test_bounds_of_dates() -> None:
    assert date_bounds("20240101", "20240131") == ("20240101", "20240131")
    assert date_bounds("20240101", "") == ("20240101", LAST_CHARACTER)
    assert date_bounds("", "20240131") == ("0", "20240131")
    assert date_bounds("2024", "") is None
    assert date_bounds("", "never") is None


@pytest.mark.parametrize(
    ("first", "last", "inside", "outside"),
    [
        ("10", "11", ["100000", "115959.9", "110000"], ["095959", "120000", ""]),
        ("1015", "1015", ["101500", "101559.999999"], ["101600", "101459"]),
        ("101500", "101530", ["101530", "101530.5"], ["101531"]),
        ("", "101530.5", ["000000", "101530.5", "101530"], ["101530.6"]),
        ("101530.5", "", ["101530.5", "235959"], ["101530"]),
        ("", "103000.000", ["103000"], ["103000.5"]),
    ],
)
def test_bounds_of_times(first: str, last: str, inside: list[str], outside: list[str]) -> None:
    bounds = time_bounds(first, last)
    assert bounds is not None
    assert all(bounds[0] <= one <= bounds[1] for one in inside)
    assert not any(bounds[0] <= one <= bounds[1] for one in outside)


def test_wild_cards() -> None:
    assert has_wild_card("a*")
    assert has_wild_card("?")
    assert not has_wild_card("a")
    assert is_universal("")
    assert is_universal("**")
    assert not is_universal("?")
    assert literal_prefix("ab?c*") == "ab"
    assert literal_runs("ab*c?d") == [("ab", True, False), ("c", False, False), ("d", False, True)]
    assert literal_runs("abc") == [("abc", True, True)]
    assert literal_runs("*") == []


def test_a_prefix_range_holds_what_begins_with_it() -> None:
    first, last = prefix_range("ab")
    assert all(first <= text <= last for text in ("ab", "abz", "ab山", "ab\U0001f600"))
    assert not any(first <= text <= last for text in ("a", "aa", "ac", "b"))


@pytest.mark.parametrize(
    ("text", "pattern", "matches"),
    [
        ("", "", True),
        ("", "*", True),
        ("", "?", False),
        ("abc", "abc", True),
        ("abc", "a?c", True),
        ("abc", "a*", True),
        ("abc", "*c", True),
        ("abc", "*b*", True),
        ("abc", "b*", False),
        ("abcabd", "*ab?", True),
        ("aXbXc", "a*b*d", False),
        ("a[b]", "a[b]", True),
        ("a" * 5000, "*a" * 500 + "*b", False),
    ],
)
def test_a_pattern_and_a_text(text: str, pattern: str, matches: bool) -> None:
    assert matches_wild_card(text, pattern) is matches
