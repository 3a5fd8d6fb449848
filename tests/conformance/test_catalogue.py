"""The suite itself: how much it asserts, and that each assertion says where the standard demands it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from conformance_kit.catalogue import PROPERTY

LEAST = 300
CLAUSE = re.compile(r"PS3\.(3|4|5|10|18|19) ([A-Z]{1,2}|\d+)(\.\d+)*([.-]\d+)*( note \d)?|RFC \d{4} \d+(\.\d+)*")

TEMPLATE = re.compile(r"\{(study|series|instance)\}")
"""As the standard writes its resources."""


@pytest.fixture
def assertions(catalogue: list[pytest.Item]) -> list[tuple[str, str]]:
    """Clause and sentence of each case; only the whole suite can be counted."""
    if {item.path for item in catalogue} != set(Path(__file__).parent.glob("test_*.py")):
        pytest.skip("only a part of the suite was collected")
    return [tuple(dict(item.user_properties)[PROPERTY]) for item in catalogue if PROPERTY in dict(item.user_properties)]


def test_enough_is_asserted(assertions: list[tuple[str, str]]) -> None:
    assert len(assertions) >= LEAST


def test_no_assertion_is_counted_twice(assertions: list[tuple[str, str]]) -> None:
    assert [pair for pair, times in Counter(assertions).items() if times > 1] == []


def test_every_assertion_cites_its_clause(assertions: list[tuple[str, str]]) -> None:
    assert [pair for pair in assertions if not CLAUSE.fullmatch(pair[0]) or len(pair[1]) < 15] == []


def test_every_sentence_is_filled_in(assertions: list[tuple[str, str]]) -> None:
    assert [sentence for _, sentence in assertions if "{" in TEMPLATE.sub("", sentence)] == []


def test_every_case_is_an_assertion(catalogue: list[pytest.Item]) -> None:
    assert [item.name for item in catalogue if item.path != Path(__file__) and item.get_closest_marker("clause") is None] == []
