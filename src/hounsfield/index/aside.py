"""Index entries as bytes, for the table of what is kept aside."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

from hounsfield.index.entry import IndexEntry
from hounsfield.model.entities import InstanceAttributes, ObjectAttributes, PatientAttributes, SeriesAttributes, StudyAttributes
from hounsfield.model.location import Digests, Location, StoredObject


def encode_entry(entry: IndexEntry) -> bytes:
    """The entry as JSON, bytes in base64."""
    return json.dumps(dataclasses.asdict(entry), default=lambda raw: base64.b64encode(raw).decode(), ensure_ascii=False).encode(
        errors="replace"
    )


def decode_entry(raw: bytes) -> IndexEntry:
    """The inverse of `encode_entry`."""
    document: dict[str, Any] = json.loads(raw)
    stored, attributes = document["stored"], document["attributes"]
    digests, overlay = stored.pop("digests"), base64.b64decode(stored.pop("overlay", ""))
    return IndexEntry(
        stored=StoredObject(
            **(stored | {"location": Location(**stored["location"])}),
            digests=Digests(base64.b64decode(digests["prefix_sha256"]), base64.b64decode(digests["data_set_sha256"]), digests["checksum"]),
            overlay=overlay,
        ),
        attributes=ObjectAttributes(
            attributes["transfer_syntax_uid"],
            PatientAttributes(**attributes["patient"]),
            StudyAttributes(**_with_bytes(attributes["study"])),
            SeriesAttributes(**_with_bytes(attributes["series"])),
            InstanceAttributes(**_with_bytes(attributes["instance"])),
        ),
        header_length_bytes=document["header_length_bytes"],
        frame_table=base64.b64decode(document["frame_table"]),
        default_issuer=document["default_issuer"],
    )


def _with_bytes(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"json": base64.b64decode(fields["json"])}
