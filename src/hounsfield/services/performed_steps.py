"""Modality Performed Procedure Steps: created, changed, ended and read (PS3.4 F.7.2, F.8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hounsfield.dicom.dictionary import vr_of
from hounsfield.model.attribute_rules import AttributeRefused, Rule, check_changes, complete, first_text, lacking
from hounsfield.model.errors import AlreadyExists, HounsfieldError, NotFound
from hounsfield.model.origin import Origin
from hounsfield.model.performed_step import (
    MPPS_SOP_CLASS,
    RULES,
    STATUS,
    TRANSITIONS,
    PerformedEvent,
    PerformedStatus,
    set_event,
)
from hounsfield.records.performed_steps import PerformedStepRecords

_FINAL: Final = frozenset({"R"})
_SOP_CLASS_UID, _SOP_INSTANCE_UID = "00080016", "00080018"
_NOT_OF_THE_STEP: Final = frozenset({"00080005", _SOP_CLASS_UID, _SOP_INSTANCE_UID})


class PerformedStepRefused(HounsfieldError):
    """The state of the step does not allow the change."""


def _vrs(rules: Mapping[str, Rule]) -> dict[str, str]:
    return {one: vr for tag, rule in rules.items() for one, vr in {tag: vr_of(int(tag, 16)), **_vrs(rule.inner)}.items()}


_VRS: Final = _vrs(RULES)


class PerformedSteps:
    """The steps of a site, each in the partition of the principal. Everything raises IndexUnavailable."""

    def __init__(self, records: PerformedStepRecords) -> None:
        self._records = records

    def create(self, origin: Origin, uid: str, data_set: Mapping[str, Any]) -> None:
        """A step that has begun (F.7.2.1). Raises: AttributeRefused, AlreadyExists."""
        new = _own(data_set)
        complete(new, RULES, _VRS)
        if first_text(new, STATUS) != PerformedStatus.IN_PROGRESS:
            raise AttributeRefused("a step is created with Performed Procedure Step Status IN PROGRESS")
        new[_SOP_CLASS_UID] = {"vr": "UI", "Value": [MPPS_SOP_CLASS]}
        new[_SOP_INSTANCE_UID] = {"vr": "UI", "Value": [uid]}
        status = TRANSITIONS[None, PerformedEvent.CREATE]
        if not self._records.add(origin.principal.partition_id, uid, status, dict(sorted(new.items()))):
            raise AlreadyExists("a performed procedure step of this UID exists already")

    def retrieve(self, origin: Origin, uid: str) -> dict[str, Any]:
        """The data set. Raises: NotFound."""
        step = self._records.find(origin.principal.partition_id, uid)
        if step is None:
            raise _not_found()
        return step[1]

    def update(self, origin: Origin, uid: str, changes: Mapping[str, Any]) -> None:
        """Sets attributes, perhaps the status (F.7.2.2). Raises: NotFound, AttributeRefused, PerformedStepRefused."""
        wanted = _own(changes)
        check_changes(wanted, RULES)
        text = first_text(wanted, STATUS)
        if text and text not in list(PerformedStatus):
            raise AttributeRefused("Performed Procedure Step Status is IN PROGRESS, DISCONTINUED or COMPLETED")
        with self._records.changing(origin.principal.partition_id, uid) as (step, save):
            if step is None:
                raise _not_found()
            status, data_set = step
            after = TRANSITIONS.get((status, set_event(PerformedStatus(text) if text else PerformedStatus.IN_PROGRESS)))
            if after is None:
                raise PerformedStepRefused("the performed procedure step may no longer be updated")
            data_set = dict(sorted({**data_set, **wanted}.items()))
            if after is not PerformedStatus.IN_PROGRESS and (missing := list(lacking(data_set, RULES, _FINAL))):
                raise PerformedStepRefused(f"without a value, though required for {after}: {', '.join(missing[:20])}")
            save(after, data_set)


def _own(data_set: Mapping[str, Any]) -> dict[str, Any]:
    """Without what belongs to messages (groups 0000 and 0002), and the character set: JSON and XML have their own."""
    return {tag: one for tag, one in data_set.items() if tag[:4] not in ("0000", "0002") and tag not in _NOT_OF_THE_STEP}


def _not_found() -> NotFound:
    return NotFound("there is no such performed procedure step")
