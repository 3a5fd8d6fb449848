"""Which earlier studies are wanted."""

from __future__ import annotations

import pytest

from hounsfield.model.errors import InvalidInput
from hounsfield.model.priors import Relevance, ScheduledStudy, issuers_meant


@pytest.mark.parametrize(
    ("modalities", "found", "expected"),
    [((), ("US",), True), (("CT", "MR"), ("SR", "MR"), True), (("CT",), ("MR", "SR"), False), (("CT",), (), True), (("CT",), ("",), True)],
)
def test_a_study_has_one_of_the_modalities_or_says_none(modalities: tuple[str, ...], found: tuple[str, ...], expected: bool) -> None:
    assert Relevance(modalities).has_modality(found) is expected


@pytest.mark.parametrize(
    ("body_part", "found", "expected"),
    [
        ("", ["KNEE"], True),
        ("CHEST", ["", "Chest"], True),
        ("*CHEST*", ["UPPERCHEST"], True),
        ("CHEST", ["KNEE", ""], False),
        ("CHEST", ["", ""], True),
        ("CHEST", [], True),
    ],
)
def test_a_series_shows_the_body_part_or_none_says_what_it_shows(body_part: str, found: list[str], expected: bool) -> None:
    assert Relevance(body_part=body_part).has_body_part(found) is expected


@pytest.mark.parametrize(
    ("issuer", "found", "meant"),
    [
        ("A", ["A", "B", ""], {"A", ""}),
        ("", ["A", "A", ""], {"A", ""}),
        ("", ["A", "B", ""], {""}),
        ("", [], {""}),
    ],
)
def test_one_id_of_two_issuers_is_two_patients(issuer: str, found: list[str], meant: set[str]) -> None:
    assert issuers_meant(issuer, found) == meant


def test_what_is_in_order_is_taken() -> None:
    ScheduledStudy("P 1", "H", "A1", ("WS",), ("OLD",), Relevance(("CT", "MR"), "*CHEST*", 50)).check()


@pytest.mark.parametrize(
    "study",
    [
        ScheduledStudy("", destinations=("WS",)),
        ScheduledStudy("P*", destinations=("WS",)),
        ScheduledStudy("P\\Q", destinations=("WS",)),
        ScheduledStudy("P" * 65, destinations=("WS",)),
        ScheduledStudy("P", "I" * 65, destinations=("WS",)),
        ScheduledStudy("P", occasion="O" * 65, destinations=("WS",)),
        ScheduledStudy("P"),
        ScheduledStudy("P", destinations=("WS",) * 10, sources=("OLD",) * 7),
        ScheduledStudy("P", destinations=("WS",), relevance=Relevance(("ct",))),
        ScheduledStudy("P", destinations=("WS",), relevance=Relevance(("CT",) * 17)),
        ScheduledStudy("P", destinations=("WS",), relevance=Relevance(body_part="x" * 65)),
        ScheduledStudy("P", destinations=("WS",), relevance=Relevance(most=0)),
        ScheduledStudy("P", destinations=("WS",), relevance=Relevance(most=51)),
    ],
)
def test_what_is_out_of_bounds_is_refused(study: ScheduledStudy) -> None:
    with pytest.raises(InvalidInput):
        study.check()
