"""An object that came in, as rules look at it."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from hounsfield.dicom.dictionary import keyword_of, vr_of
from hounsfield.dicom.index_attributes import ALL_TAGS
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET
from hounsfield.index.arrivals import Arrived
from hounsfield.model.jobs import SECOND_NS
from hounsfield.model.routing import Arrival, Attributes

TRANSFER_SYNTAX = "TransferSyntaxUID"

KEYWORDS = frozenset({keyword_of(tag) for tag in ALL_TAGS if tag != SPECIFIC_CHARACTER_SET and vr_of(tag) != "SQ"} | {TRANSFER_SYNTAX})
"""The attributes rules can look at: those of which the index keeps the values."""


def arrival_of(arrived: Arrived) -> Arrival:
    """From the index's rows alone: the object is not read again."""
    attributes: dict[str, tuple[str, ...]] = {}
    for fragment in arrived.fragments:
        attributes.update(_attributes(fragment))
    stored = arrived.instance.stored
    attributes[TRANSFER_SYNTAX] = (stored.transfer_syntax_uid,)
    received_at_s = stored.received_at_ns / SECOND_NS
    received = datetime.fromtimestamp(received_at_s).astimezone()
    return Arrival(attributes, stored.source, received, received_at_s, arrived.number)


@lru_cache(maxsize=2048)
def _attributes(fragment: bytes) -> Attributes:
    """Values by keyword of a fragment of the DICOM JSON model."""
    elements: dict[str, Any] = json.loads(b"{" + b",".join(filter(None, fragment.split(b"\n"))) + b"}")
    found = {}
    for tag, element in elements.items():
        keyword = keyword_of(int(tag, 16))
        values = tuple(_text(value) for value in element.get("Value", ()) if value is not None)
        if keyword in KEYWORDS and values:
            found[keyword] = values
    return found


def _text(value: Any) -> str:
    """A name counts by its alphabetic group, or by what it has instead."""
    if isinstance(value, dict):
        return str(value.get("Alphabetic") or value.get("Ideographic") or value.get("Phonetic") or "")
    return str(value)
