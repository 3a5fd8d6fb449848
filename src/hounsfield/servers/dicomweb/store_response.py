"""The answer to a store request: the Store Instances Response Module in DICOM JSON (PS3.18 annex I and F.2)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from hounsfield.model.errors import HounsfieldError, ObjectTooLarge, OutOfSpace, Unavailable, UnreadableObject
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.outcomes import StoreResult
from hounsfield.servers.dicomweb.multipart import MalformedMultipart
from hounsfield.servers.outcomes import outcome_of

KEPT_ASIDE: Final = 0xB007
"""Warning Reason: the data set does not fit what is known (PS3.18 table I.2-1)."""

_Attributes = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Failure:
    """A part that was not stored. The UIDs are those of its file meta information, empty where it has none."""

    sop_class_uid: str
    sop_instance_uid: str
    error: HounsfieldError


@dataclass(slots=True)
class Outcomes:
    """What became of the parts of one request, in their order."""

    results: list[StoreResult] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def response_status(outcomes: Outcomes) -> int:
    """Table 10.5.3-1: 200 all stored; 202 some, or some with a warning; else what kept all of them out."""
    if outcomes.results:
        return 202 if outcomes.failures or any(result.kept_aside for result in outcomes.results) else 200
    errors = [failure.error for failure in outcomes.failures]
    for kind, status in (
        (OutOfSpace, 507),
        (Unavailable, 503),
        (ObjectTooLarge, 413),
        ((UnreadableObject, MalformedMultipart), 400),
    ):
        if errors and all(isinstance(error, kind) for error in errors):
            return status
    return 409 if errors else 400


def outcome_counts(outcomes: Outcomes) -> bytes:
    """`stored=2, duplicate=1`: what the response module has no word for, for our own app in a header of its own."""
    counts = Counter(result.outcome.value for result in outcomes.results)
    if outcomes.failures:
        counts["failed"] = len(outcomes.failures)
    return ", ".join(f"{name}={count}" for name, count in counts.items()).encode()


def encode_response(outcomes: Outcomes, base_url: str) -> bytes:
    """DICOM JSON, ordered by tag; Retrieve URL is always there, empty where it would name no study or several (table I.1-1, type 2)."""
    document: _Attributes = {"00081190": {"vr": "UR"}}
    studies = {result.study_instance_uid for result in outcomes.results}
    if len(studies) == 1:
        document["00081190"]["Value"] = [f"{base_url}/studies/{studies.pop()}"]
    named = [failure for failure in outcomes.failures if is_usable_uid(failure.sop_instance_uid)]
    others = [failure for failure in outcomes.failures if not is_usable_uid(failure.sop_instance_uid)]
    if named:
        document["00081198"] = _sequence([_failed_item(failure) for failure in named])
    if outcomes.results:
        document["00081199"] = _sequence([_referenced_item(result, base_url) for result in outcomes.results])
    if others:
        document["0008119A"] = _sequence([{"00081197": _reason(failure)} for failure in others])
    return json.dumps(document, separators=(",", ":")).encode()


def _referenced_item(result: StoreResult, base_url: str) -> _Attributes:
    path = f"/studies/{result.study_instance_uid}/series/{result.series_instance_uid}/instances/{result.sop_instance_uid}"
    item: _Attributes = {
        "00081150": {"vr": "UI", "Value": [result.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [result.sop_instance_uid]},
        "00081190": {"vr": "UR", "Value": [base_url + path]},
    }
    if result.kept_aside:
        item["00081196"] = {"vr": "US", "Value": [KEPT_ASIDE]}
    return item


def _failed_item(failure: Failure) -> _Attributes:
    return {
        "00081150": {"vr": "UI", "Value": [failure.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [failure.sop_instance_uid]},
        "00081197": _reason(failure),
    }


def _reason(failure: Failure) -> dict[str, Any]:
    return {"vr": "US", "Value": [int(outcome_of(failure.error).dimse)]}


def _sequence(items: list[_Attributes]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": items}
