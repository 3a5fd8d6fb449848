"""Unified Procedure Steps for the Worklist Service, as DICOM JSON (PS3.4 table CC.2.5-3)."""

from __future__ import annotations

import json
from typing import Any

import httpx
from pydicom.uid import generate_uid

from conformance_kit.client import JSON, Item, Server

STATE, TRANSACTION, PRIORITY, LABEL, WORKLIST = "00741000", "00081195", "00741200", "00741204", "00741202"
GLOBAL, FILTERED = "1.2.840.10008.5.1.4.34.5", "1.2.840.10008.5.1.4.34.5.1"


def _code(value: str, scheme: str, meaning: str) -> dict[str, Any]:
    return {
        "00080100": {"vr": "SH", "Value": [value]},
        "00080102": {"vr": "SH", "Value": [scheme]},
        "00080104": {"vr": "LO", "Value": [meaning]},
    }


def workitem(patient_id: str, **changes: dict[str, Any] | None) -> Item:
    """All that N-CREATE requires. changes: attributes by `t` and tag; None takes one out."""
    document: dict[str, Any] = {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        TRANSACTION: {"vr": "UI"},
        "00081080": {"vr": "LO"},
        "00081084": {"vr": "SQ"},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Workitem^Ägidius"}]},
        "00100020": {"vr": "LO", "Value": [patient_id]},
        "00100021": {"vr": "LO"},
        "00100024": {"vr": "SQ"},
        "00100030": {"vr": "DA", "Value": ["19700131"]},
        "00100040": {"vr": "CS", "Value": ["O"]},
        "00101002": {"vr": "SQ"},
        "0020000D": {"vr": "UI", "Value": [generate_uid()]},
        "00380010": {"vr": "LO"},
        "00380014": {"vr": "SQ"},
        "00400400": {"vr": "LT"},
        "00404005": {"vr": "DT", "Value": ["20260708090000"]},
        "00404018": {"vr": "SQ", "Value": [_code("110004", "DCM", "Computer Aided Diagnosis")]},
        "00404021": {"vr": "SQ"},
        "00404025": {"vr": "SQ"},
        "00404026": {"vr": "SQ"},
        "00404027": {"vr": "SQ"},
        "00404041": {"vr": "CS", "Value": ["READY"]},
        "0040A370": {"vr": "SQ"},
        STATE: {"vr": "CS", "Value": ["SCHEDULED"]},
        "00741002": {"vr": "SQ"},
        PRIORITY: {"vr": "CS", "Value": ["MEDIUM"]},
        WORKLIST: {"vr": "LO", "Value": ["Conformance"]},
        LABEL: {"vr": "LO", "Value": ["Read the thorax"]},
        "00741210": {"vr": "SQ"},
        "00741216": {"vr": "SQ"},
    }
    for name, change in changes.items():
        tag = name.removeprefix("t")
        if change is None:
            document.pop(tag)
        else:
            document[tag] = change
    return dict(sorted(document.items()))


def performed() -> Item:
    """What a step that is completed must have (PS3.4 table CC.2.5-3, Final State)."""
    item = {
        "00404019": {"vr": "SQ", "Value": [_code("110004", "DCM", "Computer Aided Diagnosis")]},
        "00404028": {"vr": "SQ", "Value": [_code("CONFORMANCE", "99CONF", "Conformance station")]},
        "00404033": {"vr": "SQ"},
        "00404050": {"vr": "DT", "Value": ["20260708091000"]},
        "00404051": {"vr": "DT", "Value": ["20260708091500"]},
    }
    return {"00741216": {"vr": "SQ", "Value": [item]}}


def body(document: Item) -> bytes:
    """As a payload: an array of one (PS3.18 F.2.1)."""
    return json.dumps([document]).encode()


class Worklist:
    """The Worklist Service of a server."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def create(self, document: Item, uid: str, content_type: str = JSON) -> httpx.Response:
        """POST /workitems?{workitem}."""
        return self.server.post(f"/workitems?{uid}", body(document), content_type)

    def made(self, patient_id: str, **changes: dict[str, Any] | None) -> str:
        """The UID of a new workitem. Raises: AssertionError where it is not created."""
        uid = generate_uid()
        answer = self.create(workitem(patient_id, **changes), uid)
        assert answer.status_code == 201, f"{answer.status_code} {answer.text[:200]}"
        return uid

    def retrieve(self, uid: str) -> Item:
        """The workitem. Raises: AssertionError."""
        answer = self.server.get(f"/workitems/{uid}", JSON)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:200]}"
        document = answer.json()
        found: Item = document[0] if isinstance(document, list) else document
        return found

    def update(self, uid: str, document: Item, transaction: str = "") -> httpx.Response:
        """POST /workitems/{workitem}?{transaction-uid}."""
        return self.server.post(f"/workitems/{uid}" + (f"?{transaction}" if transaction else ""), body(document), JSON)

    def change_state(self, uid: str, state: str, transaction: str = "") -> httpx.Response:
        """PUT /workitems/{workitem}/state."""
        document: dict[str, Any] = {STATE: {"vr": "CS", "Value": [state]}}
        if transaction:
            document = {TRANSACTION: {"vr": "UI", "Value": [transaction]}, **document}
        return self.server.request("PUT", f"/workitems/{uid}/state", accept=JSON, headers={"content-type": JSON}, content=body(document))

    def claimed(self, patient_id: str) -> tuple[str, str]:
        """A new workitem that is IN PROGRESS, and its Transaction UID. Raises: AssertionError."""
        uid, transaction = self.made(patient_id), generate_uid()
        answer = self.change_state(uid, "IN PROGRESS", transaction)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:200]}"
        return uid, transaction

    def request_cancel(self, uid: str) -> httpx.Response:
        """POST /workitems/{workitem}/cancelrequest."""
        return self.server.post(f"/workitems/{uid}/cancelrequest", body({"00741238": {"vr": "LT", "Value": ["not needed"]}}), JSON)
