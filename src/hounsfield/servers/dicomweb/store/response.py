"""The answer to a store request: the Store Instances Response Module in DICOM JSON (PS3.18 annex I and F.2)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from hounsfield.dicom.xml_model import xml_of_json
from hounsfield.model.errors import HounsfieldError, ObjectTooLarge, OutOfSpace, Unavailable, UnreadableObject, UnsupportedMediaType
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.model.outcomes import StoreResult
from hounsfield.servers.dicomweb.exchange import Header
from hounsfield.servers.dicomweb.media_types import DICOM_JSON, DICOM_XML, JSON, MediaType, choose
from hounsfield.servers.dicomweb.multipart import MalformedMultipart
from hounsfield.servers.outcomes import outcome_of

KEPT_ASIDE: Final = 0xB007
"""Warning Reason: the data set does not fit what is known (PS3.18 table I.2-1)."""

MAX_WARNING_CHARACTERS: Final = 300

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
        (UnsupportedMediaType, 415),
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


def response_type(accept: Iterable[MediaType]) -> str:
    """The media type of the answer. Raises: NotAcceptable."""
    return choose(accept, _offer)


def _offer(wanted: MediaType) -> str | None:
    if wanted.is_multipart:
        return None
    return next((name for name in (DICOM_JSON, JSON, DICOM_XML) if wanted.covers(name)), None)


def response_headers(outcomes: Outcomes, status: int, media_type: str) -> list[Header]:
    """What the module has no words for: how many, why the first failure, and when to try again."""
    headers = [(b"content-type", media_type.encode()), (b"hounsfield-outcomes", outcome_counts(outcomes))]
    if outcomes.failures:
        words = str(outcomes.failures[0].error).encode("ascii", "replace").decode()[:MAX_WARNING_CHARACTERS]
        plain = "".join(letter if letter.isprintable() and letter not in '"\\' else "'" for letter in words)
        headers.append((b"warning", f'299 hounsfield "{plain}"'.encode()))
    if status == 503:
        headers.append((b"retry-after", b"5"))
    return headers


def encode_response(outcomes: Outcomes, base_url: str, media_type: str = DICOM_JSON) -> bytes:
    """DICOM JSON, ordered by tag, or the same as XML."""
    document = _encode_json(outcomes, base_url)
    return xml_of_json(document) if media_type == DICOM_XML else document


def _encode_json(outcomes: Outcomes, base_url: str) -> bytes:
    """Retrieve URL is always there, empty where it would name no study or several (table I.1-1, type 2)."""
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
