"""The one table from domain errors to a protocol's answers."""

from __future__ import annotations

import inspect

import pytest

from hounsfield.model import errors
from hounsfield.network.errors import TimedOut
from hounsfield.servers.outcomes import OUTCOMES, UNKNOWN, outcome_of

TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.HounsfieldError)]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_domain_error_has_an_answer_of_its_family(kind: type[errors.HounsfieldError]) -> None:
    outcome = outcome_of(kind)
    family = next((ancestor for ancestor in (errors.InvalidInput, errors.NotFound, errors.AccessDenied, errors.Unavailable)
                   if issubclass(kind, ancestor)), None)  # fmt: skip
    allowed = {
        errors.InvalidInput: range(400, 500),
        errors.NotFound: (404,),
        errors.AccessDenied: (401, 403, 429),
        errors.Unavailable: (503, 507),
        None: range(400, 600),
    }[family]
    assert outcome.http in allowed
    assert outcome.dimse != 0


@pytest.mark.parametrize(
    ("kind", "dimse", "http"),
    [
        (errors.OutOfSpace, 0xA700, 507),
        (errors.UnreadableObject, 0xC000, 400),
        (errors.MismatchedIdentifiers, 0xA900, 409),
        (errors.IndexUnavailable, 0x0110, 503),
        (errors.PackUnavailable, 0x0110, 503),
        (errors.Gone, 0x0112, 410),
        (errors.StudyNotFound, 0x0112, 404),
        (errors.NotSignedIn, 0x0124, 401),
        (TimedOut, 0x0110, 502),
        (ZeroDivisionError, 0x0110, 500),
    ],
)
def test_answers_that_others_rely_on(kind: type[Exception], dimse: int, http: int) -> None:
    assert (outcome_of(kind).dimse, outcome_of(kind).http) == (dimse, http)


def test_codes_are_not_used_twice() -> None:
    codes = [outcome.code for outcome in OUTCOMES.values()]
    assert len(codes) == len(set(codes))
    assert UNKNOWN in OUTCOMES.values()
