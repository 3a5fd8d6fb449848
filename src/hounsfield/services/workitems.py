"""Create, read, change and end Unified Procedure Steps, and tell those who have subscribed (PS3.4 annex CC)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from hounsfield.dicom.dictionary import vr_of
from hounsfield.model.attribute_rules import AttributeRefused, Rule, first_text, items_of
from hounsfield.model.date_time import Moments
from hounsfield.model.errors import AlreadyExists, NotFound
from hounsfield.model.identifiers import new_uid
from hounsfield.model.origin import Origin
from hounsfield.model.procedure_step import (
    FILTERED_SUBSCRIPTION,
    GLOBAL_SUBSCRIPTION,
    SAID,
    TRANSITIONS,
    UPS_PUSH_SOP_CLASS,
    StepEvent,
    StepRefused,
    StepState,
    StepStatus,
    Transition,
    change_event,
)
from hounsfield.model.procedure_step_attributes import (
    CANCELLATION_DATE_TIME,
    MODIFIED,
    PROGRESS,
    REASON_CODES,
    RULES,
    SCHEDULED_START,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    STATE,
    TRANSACTION_UID,
    WORKLIST_LABEL,
    check_changes,
    check_enumerated,
    complete_new,
    lacking_for,
)
from hounsfield.model.procedure_step_reports import (
    CANCEL_REASONS,
    CONTACT_NAME,
    CONTACT_URI,
    assigned,
    cancel_requested,
    reports_of_change,
    restarted,
    state_report,
)
from hounsfield.model.workitem import Workitem
from hounsfield.records.workitems import WorkitemChange, WorkitemRecords
from hounsfield.services.search_values import attribute_path
from hounsfield.services.workitem_keys import kept_keys, read_keys, start_column
from hounsfield.services.workitem_search import matches

DEFAULT_LABEL: Final = "WORKLIST"
"""The Worklist Label of a step that comes without one (table CC.2.5-3)."""
UNSPECIFIED: Final[Mapping[str, Any]] = {
    "00080100": {"vr": "SH", "Value": ["110513"]},
    "00080102": {"vr": "SH", "Value": ["DCM"]},
    "00080104": {"vr": "LO", "Value": ["Discontinued for unspecified reason"]},
}
"""Why a step was canceled before anybody began, where the request does not say (CID 9300)."""
_CHARACTER_SET: Final = "00080005"
_COMMUNICATIONS: Final = "00741008"
_WELL_KNOWN: Final = frozenset({GLOBAL_SUBSCRIPTION, FILTERED_SUBSCRIPTION})


def _vrs(rules: Mapping[str, Rule]) -> dict[str, str]:
    found = {}
    for tag, rule in rules.items():
        found[tag] = vr_of(int(tag, 16))
        found |= _vrs(rule.inner)
    return found


_VRS: Final[Mapping[str, str]] = _vrs(RULES)


@dataclass(frozen=True, slots=True)
class CreatedWorkitem:
    """filled: keywords of what the requester owed and did not give, and was filled in."""

    uid: str
    filled: tuple[str, ...]


class Workitems:
    """The steps of a site, each in the partition of the principal. Everything raises IndexUnavailable."""

    def __init__(self, records: WorkitemRecords, *, now: Callable[[], float] = time.time, make_uid: Callable[[], str] = new_uid) -> None:
        self._records = records
        self._now = now
        self._make_uid = make_uid

    def create(self, origin: Origin, uid: str, data_set: Mapping[str, Any]) -> CreatedWorkitem:
        """A new step (CC.2.5.3). uid: empty for one that is made here.

        Raises: AttributeRefused, naming what is missing or wrong; StepRefused where it is not to be created as SCHEDULED; AlreadyExists.
        """
        if uid in _WELL_KNOWN:
            raise AttributeRefused("the UIDs of the global subscriptions are no workitem's")
        uid = uid or self._make_uid()
        new = _without_envelope(data_set)
        filled = complete_new(new, _VRS)
        check_enumerated(new)
        _require_start(new)
        if first_text(new, STATE) != StepState.SCHEDULED:
            raise StepRefused(StepStatus.NOT_CREATED_AS_SCHEDULED, SAID[StepStatus.NOT_CREATED_AS_SCHEDULED])
        if not first_text(new, WORKLIST_LABEL):
            new[WORKLIST_LABEL] = _element("LO", DEFAULT_LABEL)
            filled.append(RULES[WORKLIST_LABEL].keyword)
        new.pop(TRANSACTION_UID, None)
        new[SOP_CLASS_UID] = _element("UI", UPS_PUSH_SOP_CLASS)
        new[SOP_INSTANCE_UID] = _element("UI", uid)
        new[MODIFIED] = _element("DT", self._date_time())
        new = dict(sorted(new.items()))
        partition_id = origin.principal.partition_id
        with self._records.change() as change:
            item = change.add(partition_id, uid, new, start_column(new), kept_keys(new))
            if item is None:
                raise AlreadyExists(SAID[StepStatus.DUPLICATE])
            self._subscribe_generators(change, partition_id, item)
        return CreatedWorkitem(uid, tuple(filled))

    def retrieve(self, origin: Origin, uid: str) -> Workitem:
        """Raises: NotFound. The Transaction UID is not part of the data set (CC.2.7.3)."""
        item = self._records.find(origin.principal.partition_id, uid)
        if item is None:
            raise _not_found()
        return item

    def update(self, origin: Origin, uid: str, changes: Mapping[str, Any], transaction_uid: str) -> None:
        """Set attributes; whoever performs the step names its Transaction UID (CC.2.6).

        Raises: NotFound; AttributeRefused; StepRefused.
        """
        wanted = _without_envelope(changes)
        wanted.pop(TRANSACTION_UID, None)
        check_changes(wanted)
        check_enumerated(wanted)
        if SCHEDULED_START in wanted:
            _require_start(wanted)
        partition_id = origin.principal.partition_id
        with self._records.change() as change:
            item = _found(change, partition_id, uid)
            _require_may_update(item, transaction_uid)
            data_set = {**item.data_set, **wanted, MODIFIED: _element("DT", self._date_time())}
            self._save(change, replace(item, data_set=dict(sorted(data_set.items()))))
            change.tell(partition_id, change.subscribed(item.id), reports_of_change(uid, item.data_set, data_set))

    def change_state(self, origin: Origin, uid: str, asked: StepState, transaction_uid: str) -> StepStatus:
        """Claim, complete or cancel a step (CC.2.1); the status is `DONE`, or that of a warning.

        Raises: NotFound; StepRefused, whose message names the attributes that are still missing for a final state.
        """
        partition_id = origin.principal.partition_id
        with self._records.change() as change:
            item = _found(change, partition_id, uid)
            transition = _transition(item, change_event(asked, item.state, item.transaction_uid, transaction_uid))
            if not transition.through:
                return transition.status
            if asked is StepState.CANCELED:
                item = replace(item, data_set=_canceled(item.data_set, {}, self._date_time()))
            if transition.if_final_state_met and (lacking := lacking_for(asked, item.data_set)):
                said = SAID[StepStatus.FINAL_STATE_REQUIREMENTS]
                raise StepRefused(StepStatus.FINAL_STATE_REQUIREMENTS, f"{said}: {', '.join(lacking[:20])}")
            if asked is StepState.IN_PROGRESS:
                item = replace(item, transaction_uid=transaction_uid)
            self._go_through(change, partition_id, item, transition)
        return StepStatus.DONE

    def request_cancellation(self, origin: Origin, uid: str, requesting_ae: str, reasons: Mapping[str, Any]) -> StepStatus:
        """Whoever does not perform a step asks that it be canceled (CC.2.2): done where nobody has claimed it, else reported.

        Raises: NotFound; StepRefused where it is completed.
        """
        partition_id = origin.principal.partition_id
        given = {tag: reasons[tag] for tag in CANCEL_REASONS if tag in reasons}
        with self._records.change() as change:
            item = _found(change, partition_id, uid)
            transition = _transition(item, StepEvent.REQUEST_CANCEL)
            if transition.reported:
                change.tell(partition_id, change.subscribed(item.id), [cancel_requested(uid, requesting_ae, given)])
            if transition.through:
                given.setdefault(REASON_CODES, {"vr": "SQ", "Value": [UNSPECIFIED]})
                data_set = _canceled(item.data_set, given, self._date_time())
                self._go_through(change, partition_id, replace(item, transaction_uid=self._make_uid(), data_set=data_set), transition)
        return transition.status

    def announce_restart(self) -> None:
        """Everybody who is subscribed to anything is told that this server was started again (CC.2.4.3)."""
        with self._records.change() as change:
            for partition_id, ae_title in change.everyone():
                change.tell(partition_id, [ae_title], [restarted()])

    def _go_through(self, change: WorkitemChange, partition_id: int, item: Workitem, transition: Transition) -> None:
        reports = []
        for state in transition.through:
            item = replace(item, state=state, data_set={**item.data_set, STATE: _element("CS", state.value)})
            reports.append(state_report(item.uid, item.data_set))
        self._save(change, item)
        change.tell(partition_id, change.subscribed(item.id), reports)

    def _save(self, change: WorkitemChange, item: Workitem) -> None:
        change.save(item, start_column(item.data_set), kept_keys(item.data_set))

    def _subscribe_generators(self, change: WorkitemChange, partition_id: int, item: Workitem) -> None:
        """Those who are subscribed to all steps, or to those that match, are subscribed to this one and told of it."""
        locks: dict[str, bool] = {}
        for subscriber in change.subscribers(partition_id):
            if not subscriber.filter or matches(
                item.data_set, read_keys((attribute_path(name), value) for name, value in subscriber.filter)
            ):
                locks[subscriber.ae_title] = locks.get(subscriber.ae_title, False) or subscriber.deletion_lock
        for ae_title, lock in locks.items():
            change.put_subscription(item.id, ae_title, lock)
        told = assigned(item.uid, item.data_set)
        change.tell(partition_id, list(locks), [state_report(item.uid, item.data_set), *([told] if told is not None else [])])

    def _date_time(self) -> str:
        return f"{datetime.fromtimestamp(self._now(), UTC):%Y%m%d%H%M%S.%f%z}"


def _found(change: WorkitemChange, partition_id: int, uid: str) -> Workitem:
    item = change.find(partition_id, uid)
    if item is None:
        raise _not_found()
    return item


def _not_found() -> NotFound:
    return NotFound("there is no such workitem")


def _transition(item: Workitem, event: StepEvent) -> Transition:
    """Raises: StepRefused."""
    transition = TRANSITIONS[item.state, event]
    if transition.status >= StepStatus.MAY_NO_LONGER_BE_UPDATED:
        raise StepRefused(transition.status, SAID[transition.status])
    return transition


def _require_may_update(item: Workitem, transaction_uid: str) -> None:
    """Raises: StepRefused (CC.2.6.3)."""
    status = None
    if item.state.is_final:
        status = StepStatus.MAY_NO_LONGER_BE_UPDATED
    elif item.state is StepState.IN_PROGRESS and transaction_uid != item.transaction_uid:
        status = StepStatus.WRONG_TRANSACTION_UID
    elif item.state is StepState.SCHEDULED and transaction_uid:
        status = StepStatus.NOT_YET_IN_PROGRESS
    if status is not None:
        raise StepRefused(status, SAID[status])


def _require_start(data_set: Mapping[str, Any]) -> None:
    if Moments.of(first_text(data_set, SCHEDULED_START)) is None:
        raise AttributeRefused(f"{RULES[SCHEDULED_START].keyword} is no date and time such as 202601311530")


def _without_envelope(data_set: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without what belongs to messages (groups 0000 and 0002) and without the character set: JSON and XML have their own."""
    return {tag: element for tag, element in data_set.items() if tag[:4] not in ("0000", "0002") and tag != _CHARACTER_SET}


def _canceled(data_set: Mapping[str, Any], reasons: Mapping[str, Any], when: str) -> dict[str, Any]:
    """With the moment of the cancellation, where it is not there, and with reasons that were given."""
    items = items_of(data_set.get(PROGRESS))
    item = dict(items[0]) if items else {}
    item.setdefault(CANCELLATION_DATE_TIME, _element("DT", when))
    item |= {tag: element for tag, element in reasons.items() if tag not in (CONTACT_URI, CONTACT_NAME)}
    contact = {tag: reasons[tag] for tag in (CONTACT_URI, CONTACT_NAME) if tag in reasons}
    if CONTACT_URI in contact:
        item[_COMMUNICATIONS] = {"vr": "SQ", "Value": [contact]}
    return {**data_set, PROGRESS: {"vr": "SQ", "Value": [dict(sorted(item.items()))]}}


def _element(vr: str, value: str) -> dict[str, Any]:
    return {"vr": vr, "Value": [value]}
