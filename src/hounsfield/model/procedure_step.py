"""The states of a Unified Procedure Step and what leads from one to the other (PS3.4 CC.1.1), for the web and for DIMSE alike."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from hounsfield.model.errors import HounsfieldError

UPS_PUSH_SOP_CLASS: Final = "1.2.840.10008.5.1.4.34.6.1"
"""Of every instance, whichever UPS SOP class is used to reach it (CC.3.1)."""
GLOBAL_SUBSCRIPTION: Final = "1.2.840.10008.5.1.4.34.5"
FILTERED_SUBSCRIPTION: Final = "1.2.840.10008.5.1.4.34.5.1"
"""The instances that stand for all steps, or for all that match, when somebody subscribes (CC.2.3)."""


class StepState(enum.StrEnum):
    """Procedure Step State (0074,1000) (table CC.1.1-1)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"

    @property
    def is_final(self) -> bool:
        """Whether nothing may change any more."""
        return self in (StepState.COMPLETED, StepState.CANCELED)


class StepEvent(enum.Enum):
    """The rows of table CC.1.1-2. WRONG_UID: without the step's Transaction UID, or without any where it is to be claimed."""

    CREATE = enum.auto()
    TO_IN_PROGRESS = enum.auto()
    TO_IN_PROGRESS_WRONG_UID = enum.auto()
    TO_SCHEDULED = enum.auto()
    TO_COMPLETED = enum.auto()
    TO_COMPLETED_WRONG_UID = enum.auto()
    REQUEST_CANCEL = enum.auto()
    TO_CANCELED = enum.auto()
    TO_CANCELED_WRONG_UID = enum.auto()


class StepStatus(enum.IntEnum):
    """Status codes of the service class, of N-CREATE, N-SET and N-ACTION (tables CC.2.1-2 to CC.2.6-1)."""

    DONE = 0x0000
    DUPLICATE = 0x0111
    CREATED_WITH_MODIFICATIONS = 0xB300
    LOCK_NOT_GRANTED = 0xB301
    ALREADY_CANCELED = 0xB304
    ALREADY_COMPLETED = 0xB306
    MAY_NO_LONGER_BE_UPDATED = 0xC300
    WRONG_TRANSACTION_UID = 0xC301
    ALREADY_IN_PROGRESS = 0xC302
    SCHEDULED_BY_CREATION_ONLY = 0xC303
    FINAL_STATE_REQUIREMENTS = 0xC304
    NO_SUCH_STEP = 0xC307
    NOT_CREATED_AS_SCHEDULED = 0xC309
    NOT_YET_IN_PROGRESS = 0xC310
    ALREADY_COMPLETED_CANNOT_CANCEL = 0xC311


class StepRefused(HounsfieldError):
    """The state of the step does not allow it. status: says why."""

    def __init__(self, status: StepStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Transition:
    """What an event leads to.

    through: the states that the step takes, one after the other, each of them reported; empty where it stays.
    if_final_state_met: only where the attributes fulfil what the last of the states asks for (CC.2.5.1.1), else C304.
    reported: the request itself is reported to those who have subscribed.
    """

    status: StepStatus = StepStatus.DONE
    through: tuple[StepState, ...] = ()
    if_final_state_met: bool = False
    reported: bool = False


_S, _E = StepState, StepEvent
_STATES: Final = (None, _S.SCHEDULED, _S.IN_PROGRESS, _S.COMPLETED, _S.CANCELED)


def _error(code: int) -> Transition:
    return Transition(StepStatus(code))


_ROWS: Final[Mapping[StepEvent, tuple[Transition, ...]]] = {
    _E.CREATE: (Transition(through=(_S.SCHEDULED,)), *[_error(0x0111)] * 4),
    _E.TO_IN_PROGRESS: (_error(0xC307), Transition(through=(_S.IN_PROGRESS,)), _error(0xC302), _error(0xC300), _error(0xC300)),
    _E.TO_IN_PROGRESS_WRONG_UID: (_error(0xC307), *[_error(0xC301)] * 4),
    _E.TO_SCHEDULED: (_error(0xC307), *[_error(0xC303)] * 4),
    _E.TO_COMPLETED: (
        _error(0xC307),
        _error(0xC310),
        Transition(through=(_S.COMPLETED,), if_final_state_met=True),
        _error(0xB306),
        _error(0xC300),
    ),
    _E.TO_COMPLETED_WRONG_UID: (_error(0xC307), *[_error(0xC301)] * 4),
    _E.REQUEST_CANCEL: (
        _error(0xC307),
        Transition(through=(_S.IN_PROGRESS, _S.CANCELED)),
        Transition(reported=True),
        _error(0xC311),
        _error(0xB304),
    ),
    _E.TO_CANCELED: (
        _error(0xC307),
        _error(0xC310),
        Transition(through=(_S.CANCELED,), if_final_state_met=True),
        _error(0xC300),
        _error(0xB304),
    ),
    _E.TO_CANCELED_WRONG_UID: (_error(0xC307), *[_error(0xC301)] * 4),
}

TRANSITIONS: Final[Mapping[tuple[StepState | None, StepEvent], Transition]] = MappingProxyType(
    {(state, event): cell for event, cells in _ROWS.items() for state, cell in zip(_STATES, cells, strict=True)}
)
"""Table CC.1.1-2. No state: there is no such step."""

_ASKED: Final[Mapping[StepState, tuple[StepEvent, StepEvent]]] = {
    StepState.IN_PROGRESS: (StepEvent.TO_IN_PROGRESS, StepEvent.TO_IN_PROGRESS_WRONG_UID),
    StepState.SCHEDULED: (StepEvent.TO_SCHEDULED, StepEvent.TO_SCHEDULED),
    StepState.COMPLETED: (StepEvent.TO_COMPLETED, StepEvent.TO_COMPLETED_WRONG_UID),
    StepState.CANCELED: (StepEvent.TO_CANCELED, StepEvent.TO_CANCELED_WRONG_UID),
}


def change_event(asked: StepState, state: StepState | None, recorded_uid: str, given_uid: str) -> StepEvent:
    """Which event a wish for a state is. recorded_uid: the step's Transaction UID, empty while nobody has claimed it.

    Of a step that nobody has claimed, any Transaction UID is the correct one: it becomes the step's. A step that was canceled before
    anybody claimed it has none, and nobody can name it.
    """
    unclaimed = state is StepState.SCHEDULED
    correct = bool(given_uid) and (unclaimed or given_uid == recorded_uid)
    return _ASKED[asked][0 if correct else 1]


SAID: Final[Mapping[StepStatus, str]] = MappingProxyType(
    {
        StepStatus.DUPLICATE: "a workitem of this UID exists already",
        StepStatus.ALREADY_CANCELED: "The UPS is already in the requested state of CANCELED.",
        StepStatus.ALREADY_COMPLETED: "The UPS is already in the requested state of COMPLETED.",
        StepStatus.MAY_NO_LONGER_BE_UPDATED: "the workitem is COMPLETED or CANCELED and may no longer be updated",
        StepStatus.WRONG_TRANSACTION_UID: "the Transaction UID is missing or is not that of the workitem",
        StepStatus.ALREADY_IN_PROGRESS: "the workitem is IN PROGRESS already",
        StepStatus.SCHEDULED_BY_CREATION_ONLY: "a workitem becomes SCHEDULED by its creation only",
        StepStatus.FINAL_STATE_REQUIREMENTS: "the workitem does not meet the requirements of its final state",
        StepStatus.NOT_CREATED_AS_SCHEDULED: "a workitem is created with Procedure Step State SCHEDULED",
        StepStatus.NOT_YET_IN_PROGRESS: "the workitem is not IN PROGRESS",
        StepStatus.ALREADY_COMPLETED_CANNOT_CANCEL: "the workitem is COMPLETED already",
    }
)
"""In words, for whoever is refused."""
