"""Routing rules: what matches, when, and where it goes."""

from __future__ import annotations

import re
import time as clock
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.model.errors import InvalidInput
from hounsfield.model.routing import Arrival, Condition, Priority, Route, RouteKind, Window, conditions_from, matches, onward

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def arrival(caller: str = "CT1", received: datetime = MONDAY, at_s: float = 1000.0, **attributes: str) -> Arrival:
    """An object with these attributes."""
    return Arrival({keyword: tuple(value.split("\\")) for keyword, value in attributes.items()}, caller, received, at_s)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("CT", "CT", True),
        ("ct", "CT", True),
        ("CT", "CTA", False),
        ("*", "", True),
        ("", "", True),
        ("", "x", False),
        ("?", "", False),
        ("*chest*", "CT CHEST W/O", True),
        ("c?est", "chest", True),
        ("c?est", "cest", False),
        ("a*b*c", "aXbXbXc", True),
        ("a*b*c", "aXbXbX", False),
        ("**", "x", True),
        ("[ab]*", "a", False),
        ("[ab]*", "[ab]c", True),
        ("STRASSE", "straße", True),
    ],
)
def test_wild_cards(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_wild_cards_mean_what_a_regular_expression_would(pattern: str, text: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    assert matches(pattern, text) is (re.fullmatch(expression, text) is not None)


def test_no_pattern_takes_long() -> None:
    began = clock.monotonic()
    assert not matches("*a" * 100 + "b", "a" * 4096)
    assert clock.monotonic() - began < 2


@pytest.mark.parametrize(
    ("condition", "attributes", "expected"),
    [
        (Condition("Modality", ("CT", "MR")), {"Modality": "MR"}, True),
        (Condition("Modality", ("CT", "MR")), {"Modality": "US"}, False),
        (Condition("Modality", ("CT",)), {}, False),
        (Condition("Modality", ("*",)), {}, True),
        (Condition("Modality", ("",)), {}, True),
        (Condition("OtherPatientNames", ("B*",)), {"OtherPatientNames": "Adams\\Baker"}, True),
    ],
)
def test_conditions(condition: Condition, attributes: dict[str, str], expected: bool) -> None:
    assert condition.holds(arrival(**attributes).attributes) is expected


def at(day: int, hours: int, minutes: int = 0) -> datetime:
    """day: 0 is Monday."""
    return datetime(2026, 11, 16 + day, hours, minutes, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("mon-fri 08:00-17:00", [at(0, 8), at(4, 16, 59)], [at(0, 7, 59), at(4, 17), at(5, 12)]),
        ("22:00-06:00", [at(0, 22), at(0, 3), at(6, 5, 59)], [at(0, 6), at(0, 21, 59)]),
        ("fri 22:00-06:00", [at(4, 23), at(5, 3)], [at(4, 3), at(5, 23)]),
        ("sat,sun", [at(5, 0), at(6, 23, 59)], [at(0, 0), at(4, 23, 59)]),
        ("sat-mon", [at(5, 1), at(6, 1), at(0, 1)], [at(1, 1)]),
        ("Sun 20:00-02:00", [at(6, 21), at(0, 1)], [at(6, 1), at(0, 3)]),
    ],
)
def test_windows(text: str, inside: list[datetime], outside: list[datetime]) -> None:
    window = Window.parse(text)
    assert [window.holds(moment) for moment in inside + outside] == [True] * len(inside) + [False] * len(outside)
    assert Window.parse(str(window)) == window


@given(st.sets(st.integers(0, 6), min_size=1), st.times(), st.times())
def test_windows_are_written_as_they_are_read(days: set[int], begins: time, ends: time) -> None:
    begins, ends = begins.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0)
    window = Window(frozenset(days), begins, ends)
    again = Window.parse(str(window))
    assert (again.days, again.begins == again.ends) == (window.days, begins == ends)
    assert begins == ends or again == window


@pytest.mark.parametrize(
    "text", ["", " ", "sometimes", "mon-fri 8-17", "25:00-26:00", "12:60-13:00", "mon 08:00", "08:00-", "xyz 08:00-09:00"]
)
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(InvalidInput):
        Window.parse(text)


def test_all_of_a_rule_must_hold() -> None:
    route = Route("r", ("A",), (Condition("Modality", ("CT",)),), ("CT?", "MR*"), Window.parse("mon"))
    assert route.mismatch(arrival(Modality="CT")) == ""
    assert route.mismatch(arrival(Modality="MR")) == "not Modality=CT"
    assert route.mismatch(arrival("US1", Modality="CT")) == "not from CT? | MR*"
    assert route.mismatch(arrival(received=at(1, 1), Modality="CT")) == "not received mon"


def test_each_destination_once_with_the_highest_priority_and_never_back() -> None:
    routes = [
        Route("low", ("A", "B"), priority=Priority.LOW),
        Route("high", ("B", "CT1"), priority=Priority.HIGH),
        Route("medium", ("B", "C")),
        Route("other", ("D",), (Condition("Modality", ("XA",)),)),
    ]
    assert [(one.peer, one.route.name) for one in onward(routes, arrival(Modality="CT"))] == [("A", "low"), ("B", "high"), ("C", "medium")]
    assert onward(routes, arrival(Modality="CT"), RouteKind.PREFETCH) == []


def test_a_destination_is_asked_to_keep_what_any_rule_says_it_shall() -> None:
    routes = [Route("plain", ("A", "B"), priority=Priority.HIGH), Route("safe", ("A",), commit=True), Route("third", ("A",))]
    assert [(one.peer, one.route.name, one.commit) for one in onward(routes, arrival())] == [("A", "plain", True), ("B", "plain", False)]
    with pytest.raises(InvalidInput):
        Route("r", ("A",), kind=RouteKind.PREFETCH, commit=True).check([])


@pytest.mark.parametrize(
    ("study_date", "expected"),
    [("20261116", True), ("20261109", True), ("20261108", False), ("20270101", True), ("", True), ("none", True), ("20261399", True)],
)
def test_priors_are_asked_for_where_a_study_is_new(study_date: str, expected: bool) -> None:
    route = Route("r", ("PACS2",), kind=RouteKind.PREFETCH)
    assert bool(onward([route], arrival(StudyDate=study_date), RouteKind.PREFETCH)) is expected
    assert onward([route], arrival("PACS2", StudyDate=study_date), RouteKind.PREFETCH) == []


def test_a_rule_holds_from_when_it_was_made() -> None:
    route = Route("r", ("A",), created_at_s=1000)
    assert onward([route], arrival(at_s=999.9)) == []
    assert len(onward([route], arrival(at_s=1000.0))) == 1


def test_conditions_given_for_one_keyword_are_alternatives() -> None:
    assert conditions_from(["Modality=CT", "StudyDescription=*a=b*", "Modality = MR"]) == (
        Condition("Modality", ("CT", "MR")),
        Condition("StudyDescription", ("*a=b*",)),
    )
    with pytest.raises(InvalidInput):
        conditions_from(["Modality"])


@pytest.mark.parametrize(
    "route",
    [
        Route("", ("A",)),
        Route("x" * 65, ("A",)),
        Route("a\nb", ("A",)),
        Route("r", ()),
        Route("r", tuple(map(str, range(17)))),
        Route("r", ("A",), (Condition("PixelData", ("x",)),)),
        Route("r", ("A",), (Condition("Modality", ()),)),
        Route("r", ("A",), (Condition("Modality", ("x" * 257,)),)),
        Route("r", ("A",), (Condition("Modality", ("x",) * 33),)),
        Route("r", ("A",), (Condition("Modality", ("x",)),) * 33),
        Route("r", ("A",), callers=("x",) * 33),
        Route("r", ("A",), priors=0),
        Route("r", ("A",), priors=51),
    ],
)
def test_rules_out_of_bounds(route: Route) -> None:
    with pytest.raises(InvalidInput):
        route.check({"Modality"})
