"""UPS-RS by chance (PS3.18 11): workitems made, changed, claimed, cancelled and subscribed to, mostly with something wrong."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from fuzz_kit.asking import headers
from fuzz_kit.held import ROOT, Held
from fuzz_kit.mutations import damaged
from fuzz_kit.raw_http import Request
from fuzz_kit.storing import data_set

UIDS = ("1.2.7.1", "1.2.7.2", "1.2.840.10008.5.1.4.34.5", "1.2.840.10008.5.1.4.34.5.1", "1.2.840.10008.5.1.4.34.5.9", "x", "")
TRANSACTION = "1.2.8.1"
STATES = ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED", "in progress", "", 7, None)
SUBSCRIBERS = ("VIEWER", "viewer", "A" * 17, "%20", "%5C")


def workitem(random: Random, held: Held) -> Request:
    """One transaction of the worklist service."""
    uid = random.choice(UIDS)
    item = f"{ROOT}/workitems/{uid}"
    subscriber = random.choice(SUBSCRIBERS)
    match random.randrange(6):
        case 0:
            return _sent(random, "POST", f"{ROOT}/workitems?{random.choice((uid, f'workitem={uid}', ''))}", _new(random, held))
        case 1:
            return _sent(
                random, "POST", f"{item}{random.choice(('', f'?{TRANSACTION}', f'?transaction={TRANSACTION}'))}", data_set(random, 0, held)
            )
        case 2:
            state = {"00741000": {"vr": "CS", "Value": [random.choice(STATES)]}, "00081195": {"vr": "UI", "Value": [TRANSACTION]}}
            return _sent(random, "PUT", f"{item}/state", state)
        case 3:
            return _sent(random, "POST", f"{item}/cancelrequest", data_set(random, 0, held))
        case 4:
            method = random.choice(("POST", "DELETE"))
            query = random.choice(("", "?deletionlock=true", "?deletionlock=x", "?PatientID=PAT*", "?deletionlock=true&00741000=SCHEDULED"))
            return Request(method, f"{item}/subscribers/{subscriber}{random.choice(('', '/suspend'))}{query}", headers(random))
        case _:
            return Request("GET", random.choice((item, f"{ROOT}/subscribers/{subscriber}")), headers(random))


def _new(random: Random, held: Held) -> dict[str, Any]:
    """What a workitem needs at the least, and more of which some is odd."""
    item = data_set(random, 1, held)
    for tag, vr, value in (
        ("00741000", "CS", "SCHEDULED"),
        ("00741200", "CS", "MEDIUM"),
        ("00741204", "LO", "to be read"),
        ("00404005", "DT", "20260102101112"),
        ("00404041", "CS", "READY"),
    ):
        if random.random() < 0.95:
            item[tag] = {"vr": vr, "Value": [value]}
    return item


def _sent(random: Random, method: str, target: str, document: dict[str, Any]) -> Request:
    text = json.dumps(document if random.random() < 0.3 else [document]).encode()
    if random.random() < 0.2:
        text = damaged(random, text)
    kind = random.choice(("application/dicom+json", "application/dicom+json", "application/json", "application/dicom+xml", "text/plain"))
    return Request(method, target, (("Content-Type", kind), *headers(random)), text)
