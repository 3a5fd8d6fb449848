"""Event reports on Unified Procedure Steps as DICOM JSON model objects (PS3.4 CC.2.4.1, PS3.18 8.10.5 and 11.13)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

from hounsfield.model.attribute_rules import items_of
from hounsfield.model.procedure_step import GLOBAL_SUBSCRIPTION, UPS_PUSH_SOP_CLASS
from hounsfield.model.procedure_step_attributes import INPUT_READINESS, PROGRESS, REASON, REASON_CODES, STATE

DataSet = Mapping[str, Any]

REQUESTING_AE: Final = "00741236"
MESSAGE_ID: Final = "00000110"
STATION_NAMES: Final = "00404025"
HUMAN_PERFORMERS: Final = "00404034"
PERFORMER_CODES: Final = "00404009"
PERFORMER_ORGANIZATION: Final = "00404036"
CONTACT_URI: Final = "0074100A"
CONTACT_NAME: Final = "0074100C"

CANCEL_REASONS: Final = (REASON, REASON_CODES, CONTACT_URI, CONTACT_NAME)
"""What a request to cancel may say (table CC.2.2-1)."""

_TOLD_OF_PROGRESS: Final = ("00741004", "00741006", "00741008")


class EventType(enum.IntEnum):
    """Event Type ID (0000,1002) (table CC.2.4-1)."""

    STATE_REPORT = 1
    CANCEL_REQUESTED = 2
    PROGRESS_REPORT = 3
    SCP_STATUS_CHANGE = 4
    ASSIGNED = 5


def state_report(uid: str, data_set: DataSet) -> dict[str, Any]:
    """The state and readiness of a step, with the reason where it was canceled."""
    report = {tag: data_set[tag] for tag in (INPUT_READINESS, STATE) if tag in data_set}
    for item in items_of(data_set.get(PROGRESS))[:1]:
        report |= {tag: item[tag] for tag in (REASON, REASON_CODES) if tag in item}
    return _report(EventType.STATE_REPORT, uid, report)


def cancel_requested(uid: str, requesting_ae: str, reasons: DataSet) -> dict[str, Any]:
    """Somebody who does not perform the step wants it to be canceled."""
    report: dict[str, Any] = {tag: reasons[tag] for tag in CANCEL_REASONS if tag in reasons}
    report[REQUESTING_AE] = {"vr": "AE", "Value": [requesting_ae]}
    return _report(EventType.CANCEL_REQUESTED, uid, report)


def progress_report(uid: str, data_set: DataSet) -> dict[str, Any]:
    """How far a step has come."""
    return _report(EventType.PROGRESS_REPORT, uid, {PROGRESS: data_set[PROGRESS]})


def assigned(uid: str, data_set: DataSet) -> dict[str, Any] | None:
    """Who is to perform a step; None where it says nobody."""
    report: dict[str, Any] = {}
    if items_of(data_set.get(STATION_NAMES)):
        report[STATION_NAMES] = data_set[STATION_NAMES]
    performers = items_of(data_set.get(HUMAN_PERFORMERS))
    codes = [code for performer in performers for code in items_of(performer.get(PERFORMER_CODES))]
    if codes:
        report[PERFORMER_CODES] = {"vr": "SQ", "Value": codes}
    for performer in performers:
        if PERFORMER_ORGANIZATION in performer:
            report.setdefault(PERFORMER_ORGANIZATION, performer[PERFORMER_ORGANIZATION])
    return _report(EventType.ASSIGNED, uid, report) if report else None


def restarted() -> dict[str, Any]:
    """This server was started again; steps and subscriptions are those from before."""
    return _report(
        EventType.SCP_STATUS_CHANGE,
        GLOBAL_SUBSCRIPTION,
        {
            "00741242": {"vr": "CS", "Value": ["RESTARTED"]},
            "00741244": {"vr": "CS", "Value": ["WARM START"]},
            "00741246": {"vr": "CS", "Value": ["WARM START"]},
        },
    )


def reports_of_change(uid: str, before: DataSet, after: DataSet) -> list[dict[str, Any]]:
    """What those who have subscribed are told of changed attributes (CC.2.4.3)."""
    reports: list[dict[str, Any]] = []
    if before.get(INPUT_READINESS) != after.get(INPUT_READINESS):
        reports.append(state_report(uid, after))
    if any(before.get(tag) != after.get(tag) for tag in (STATION_NAMES, HUMAN_PERFORMERS)):
        told = assigned(uid, after)
        if told is not None:
            reports.append(told)
    if _progress(before) != _progress(after):
        reports.append(progress_report(uid, after))
    return reports


def _progress(data_set: DataSet) -> list[dict[str, Any]]:
    return [{tag: item.get(tag) for tag in _TOLD_OF_PROGRESS} for item in items_of(data_set.get(PROGRESS))]


def _report(event: EventType, uid: str, attributes: DataSet) -> dict[str, Any]:
    """The UPS Push SOP Class is named, of which all steps are instances (CC.2.4.3)."""
    report = {
        "00000002": {"vr": "UI", "Value": [UPS_PUSH_SOP_CLASS]},
        "00001000": {"vr": "UI", "Value": [uid]},
        "00001002": {"vr": "US", "Value": [int(event)]},
        **attributes,
    }
    return dict(sorted(report.items()))
