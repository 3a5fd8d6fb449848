"""Workitems for tests, as a requester would send them."""

from __future__ import annotations

from typing import Any

WORKITEM = "1.2.840.99.1"
LOCK = "1.2.840.99.900"
EVERYTHING = "1.2.840.10008.5.1.4.34.5"
FILTERED = "1.2.840.10008.5.1.4.34.5.1"


def element(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def code(value: str, scheme: str = "99TEST", meaning: str = "meaning") -> dict[str, Any]:
    return {"00080100": element("SH", value), "00080102": element("SH", scheme), "00080104": element("LO", meaning)}


def codes(*values: str) -> dict[str, Any]:
    return element("SQ", *map(code, values))


def workitem(**changes: dict[str, Any] | None) -> dict[str, Any]:
    """A complete one; `changes` by tag with a leading t: `t00741200=element("CS", "LOW")`, None to leave it out."""
    data_set: dict[str, Any] = {
        "00080050": element("SH"),
        "00081080": element("LO"),
        "00081084": element("SQ"),
        "00100010": element("PN", {"Alphabetic": "Müller^Ägidius"}),
        "00100020": element("LO", "PAT-1"),
        "00100021": element("LO"),
        "00100024": element("SQ"),
        "00100030": element("DA", "19700101"),
        "00100040": element("CS", "M"),
        "00101002": element("SQ"),
        "0020000D": element("UI"),
        "00380010": element("LO"),
        "00380014": element("SQ"),
        "00400400": element("LT"),
        "00404005": element("DT", "202612011530"),
        "00404018": codes("READ"),
        "00404021": element("SQ"),
        "00404025": codes("STATION1", "STATION2"),
        "00404026": codes("CLASS1"),
        "00404027": codes("ROOM1"),
        "00404041": element("CS", "READY"),
        "0040A370": element("SQ", request("ACC-1")),
        "00741000": element("CS", "SCHEDULED"),
        "00741002": element("SQ"),
        "00741200": element("CS", "HIGH"),
        "00741202": element("LO", "READING"),
        "00741204": element("LO", "Read the head CT"),
        "00741210": element("SQ"),
        "00741216": element("SQ"),
    }
    for name, changed in changes.items():
        data_set.pop(name[1:], None)
        if changed is not None:
            data_set[name[1:]] = changed
    return data_set


def request(accession_number: str) -> dict[str, Any]:
    return {
        "00080050": element("SH", accession_number),
        "00080051": element("SQ"),
        "0020000D": element("UI", "1.2.3"),
        "00321060": element("LO", "CT head"),
        "00321064": element("SQ"),
        "00400026": element("SQ"),
        "00400027": element("SQ"),
        "00401001": element("SH", "RP-1"),
    }


def performed() -> dict[str, Any]:
    """What a step must say before it may be COMPLETED."""
    item = {
        "00404019": codes("READ"),
        "00404028": codes("STATION1"),
        "00404033": element("SQ"),
        "00404050": element("DT", "202612011531"),
        "00404051": element("DT", "202612011540"),
    }
    return {"00741216": element("SQ", item)}


def progress(percent: int, **more: dict[str, Any]) -> dict[str, Any]:
    item = {"00741004": element("DS", percent), **{name[1:]: value for name, value in more.items()}}
    return {"00741002": element("SQ", item)}


def discontinued() -> dict[str, Any]:
    """What a step must say before it may be CANCELED."""
    return progress(10, t0074100E=codes("110513"))


def state(wanted: str, transaction_uid: str = LOCK) -> dict[str, Any]:
    wish = {"00741000": element("CS", wanted)}
    return {"00081195": element("UI", transaction_uid), **wish} if transaction_uid else wish
