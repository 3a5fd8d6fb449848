"""The state machine of the upper layer as data (PS3.8 9.2, table 9-10), for requestor and acceptor alike."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hounsfield.network.errors import NetworkError


class State(enum.IntEnum):
    """States (PS3.8 tables 9-1 to 9-5)."""

    IDLE = 1
    AWAITING_REQUEST = 2
    AWAITING_ASSOCIATE_RESPONSE = 3
    """The local user has to accept or reject."""
    AWAITING_CONNECTION = 4
    AWAITING_ACCEPT = 5
    ESTABLISHED = 6
    AWAITING_RELEASE_RP = 7
    AWAITING_RELEASE_RESPONSE = 8
    """The local user has to confirm the release."""
    COLLISION_REQUESTOR_RESPONSE = 9
    COLLISION_ACCEPTOR_RP = 10
    COLLISION_REQUESTOR_RP = 11
    COLLISION_ACCEPTOR_RESPONSE = 12
    AWAITING_CLOSE = 13


class Event(enum.IntEnum):
    """Events, rows of table 9-10. A PRIMITIVE comes from the local user, a PDU from the peer."""

    ASSOCIATE_REQUEST_PRIMITIVE = 1
    CONNECTION_CONFIRMED = 2
    ASSOCIATE_AC_PDU = 3
    ASSOCIATE_RJ_PDU = 4
    CONNECTION_INDICATED = 5
    ASSOCIATE_RQ_PDU = 6
    ACCEPT_PRIMITIVE = 7
    REJECT_PRIMITIVE = 8
    P_DATA_PRIMITIVE = 9
    P_DATA_PDU = 10
    RELEASE_REQUEST_PRIMITIVE = 11
    RELEASE_RQ_PDU = 12
    RELEASE_RP_PDU = 13
    RELEASE_RESPONSE_PRIMITIVE = 14
    ABORT_PRIMITIVE = 15
    ABORT_PDU = 16
    CONNECTION_CLOSED = 17
    ARTIM_EXPIRED = 18
    INVALID_PDU = 19


class Action(enum.StrEnum):
    """Actions (PS3.8 tables 9-6 to 9-9)."""

    AE_1 = "AE-1"
    """Ask for a transport connection."""
    AE_2 = "AE-2"
    """Send A-ASSOCIATE-RQ."""
    AE_3 = "AE-3"
    """Confirm acceptance to the user."""
    AE_4 = "AE-4"
    """Confirm rejection to the user and close."""
    AE_5 = "AE-5"
    """Take the transport connection, start ARTIM."""
    AE_6 = "AE-6"
    """Stop ARTIM; indicate the request, or send A-ASSOCIATE-RJ and start ARTIM."""
    AE_7 = "AE-7"
    """Send A-ASSOCIATE-AC."""
    AE_8 = "AE-8"
    """Send A-ASSOCIATE-RJ, start ARTIM."""
    DT_1 = "DT-1"
    """Send P-DATA-TF."""
    DT_2 = "DT-2"
    """Indicate P-DATA to the user."""
    AR_1 = "AR-1"
    """Send A-RELEASE-RQ."""
    AR_2 = "AR-2"
    """Indicate the release to the user."""
    AR_3 = "AR-3"
    """Confirm the release to the user and close."""
    AR_4 = "AR-4"
    """Send A-RELEASE-RP, start ARTIM."""
    AR_5 = "AR-5"
    """Stop ARTIM."""
    AR_6 = "AR-6"
    """Indicate P-DATA to the user."""
    AR_7 = "AR-7"
    """Send P-DATA-TF."""
    AR_8 = "AR-8"
    """Indicate the release collision to the user."""
    AR_9 = "AR-9"
    """Send A-RELEASE-RP."""
    AR_10 = "AR-10"
    """Confirm the release to the user."""
    AA_1 = "AA-1"
    """Send A-ABORT of the service user, start ARTIM."""
    AA_2 = "AA-2"
    """Stop ARTIM, close."""
    AA_3 = "AA-3"
    """Indicate the abort to the user and close."""
    AA_4 = "AA-4"
    """Indicate an abort of the provider to the user."""
    AA_5 = "AA-5"
    """Stop ARTIM."""
    AA_6 = "AA-6"
    """Ignore the PDU."""
    AA_7 = "AA-7"
    """Send A-ABORT."""
    AA_8 = "AA-8"
    """Send A-ABORT of the service provider, indicate the abort to the user, start ARTIM."""


class Transition(NamedTuple):
    """One cell of the table.

    otherwise: the second next state of the two cells that have one: a request that the provider itself rejects
    (AE-6), and a release collision seen by the acceptor (AR-8).
    """

    action: Action
    next_state: State
    otherwise: State | None = None


def _row(event: Event, *cells: tuple[tuple[int, ...], Transition]) -> dict[tuple[State, Event], Transition]:
    return {(State(number), event): transition for numbers, transition in cells for number in numbers}


_AA_1 = Transition(Action.AA_1, State.AWAITING_CLOSE)
_AA_2 = Transition(Action.AA_2, State.IDLE)
_AA_3 = Transition(Action.AA_3, State.IDLE)
_AA_4 = Transition(Action.AA_4, State.IDLE)
_AA_6 = Transition(Action.AA_6, State.AWAITING_CLOSE)
_AA_7 = Transition(Action.AA_7, State.AWAITING_CLOSE)
_AA_8 = Transition(Action.AA_8, State.AWAITING_CLOSE)
_AR_3 = Transition(Action.AR_3, State.IDLE)
_AR_4 = Transition(Action.AR_4, State.AWAITING_CLOSE)
_AE_6 = Transition(Action.AE_6, State.AWAITING_ASSOCIATE_RESPONSE, State.AWAITING_CLOSE)
_AR_8 = Transition(Action.AR_8, State.COLLISION_REQUESTOR_RESPONSE, State.COLLISION_ACCEPTOR_RP)

TRANSITIONS: Mapping[tuple[State, Event], Transition] = MappingProxyType(
    _row(Event.ASSOCIATE_REQUEST_PRIMITIVE, ((1,), Transition(Action.AE_1, State.AWAITING_CONNECTION)))
    | _row(Event.CONNECTION_CONFIRMED, ((4,), Transition(Action.AE_2, State.AWAITING_ACCEPT)))
    | _row(
        Event.ASSOCIATE_AC_PDU,
        ((2,), _AA_1),
        ((5,), Transition(Action.AE_3, State.ESTABLISHED)),
        ((3, 6, 7, 8, 9, 10, 11, 12), _AA_8),
        ((13,), _AA_6),
    )
    | _row(
        Event.ASSOCIATE_RJ_PDU,
        ((2,), _AA_1),
        ((5,), Transition(Action.AE_4, State.IDLE)),
        ((3, 6, 7, 8, 9, 10, 11, 12), _AA_8),
        ((13,), _AA_6),
    )
    | _row(Event.CONNECTION_INDICATED, ((1,), Transition(Action.AE_5, State.AWAITING_REQUEST)))
    | _row(Event.ASSOCIATE_RQ_PDU, ((2,), _AE_6), ((3, 5, 6, 7, 8, 9, 10, 11, 12), _AA_8), ((13,), _AA_7))
    | _row(Event.ACCEPT_PRIMITIVE, ((3,), Transition(Action.AE_7, State.ESTABLISHED)))
    | _row(Event.REJECT_PRIMITIVE, ((3,), Transition(Action.AE_8, State.AWAITING_CLOSE)))
    | _row(
        Event.P_DATA_PRIMITIVE,
        ((6,), Transition(Action.DT_1, State.ESTABLISHED)),
        ((8,), Transition(Action.AR_7, State.AWAITING_RELEASE_RESPONSE)),
    )
    | _row(
        Event.P_DATA_PDU,
        ((2,), _AA_1),
        ((6,), Transition(Action.DT_2, State.ESTABLISHED)),
        ((7,), Transition(Action.AR_6, State.AWAITING_RELEASE_RP)),
        ((3, 5, 8, 9, 10, 11, 12), _AA_8),
        ((13,), _AA_6),
    )
    | _row(Event.RELEASE_REQUEST_PRIMITIVE, ((6,), Transition(Action.AR_1, State.AWAITING_RELEASE_RP)))
    | _row(
        Event.RELEASE_RQ_PDU,
        ((2,), _AA_1),
        ((6,), Transition(Action.AR_2, State.AWAITING_RELEASE_RESPONSE)),
        ((7,), _AR_8),
        ((3, 5, 8, 9, 10, 11, 12), _AA_8),
        ((13,), _AA_6),
    )
    | _row(
        Event.RELEASE_RP_PDU,
        ((2,), _AA_1),
        ((7, 11), _AR_3),
        ((10,), Transition(Action.AR_10, State.COLLISION_ACCEPTOR_RESPONSE)),
        ((3, 5, 6, 8, 9, 12), _AA_8),
        ((13,), _AA_6),
    )
    | _row(
        Event.RELEASE_RESPONSE_PRIMITIVE,
        ((8, 12), _AR_4),
        ((9,), Transition(Action.AR_9, State.COLLISION_REQUESTOR_RP)),
    )
    | _row(Event.ABORT_PRIMITIVE, ((4,), _AA_2), ((3, 5, 6, 7, 8, 9, 10, 11, 12), _AA_1))
    | _row(Event.ABORT_PDU, ((2, 13), _AA_2), ((3, 5, 6, 7, 8, 9, 10, 11, 12), _AA_3))
    | _row(
        Event.CONNECTION_CLOSED,
        ((2,), Transition(Action.AA_5, State.IDLE)),
        ((3, 4, 5, 6, 7, 8, 9, 10, 11, 12), _AA_4),
        ((13,), Transition(Action.AR_5, State.IDLE)),
    )
    | _row(Event.ARTIM_EXPIRED, ((2, 13), _AA_2))
    | _row(Event.INVALID_PDU, ((2,), _AA_1), ((3, 5, 6, 7, 8, 9, 10, 11, 12), _AA_8), ((13,), _AA_7))
)
"""Table 9-10. A cell that the standard leaves empty is absent: the event cannot happen there."""


class ImpossibleEvent(NetworkError):
    """An event in a state where the standard's table has an empty cell: an error of the local caller, not of the peer."""


class StateMachine:
    """Where one association stands. No input or output: it is told events and names the action that is due."""

    __slots__ = ("requestor", "state")

    def __init__(self, *, requestor: bool, state: State = State.IDLE) -> None:
        self.requestor = requestor
        self.state = state

    def fire(self, event: Event, *, acceptable: bool = True) -> Action:
        """Moves on and returns the action.

        acceptable: for A-ASSOCIATE-RQ, whether the provider lets the request through to its user (AE-6).
        Raises: ImpossibleEvent.
        """
        transition = TRANSITIONS.get((self.state, event))
        if transition is None:
            raise ImpossibleEvent(f"{event.name} in state {int(self.state)} ({self.state.name})")
        first = acceptable if event is Event.ASSOCIATE_RQ_PDU else self.requestor
        self.state = transition.next_state if transition.otherwise is None or first else transition.otherwise
        return transition.action


EVENT_OF_PDU_TYPE: Mapping[int, Event] = MappingProxyType(
    {
        0x01: Event.ASSOCIATE_RQ_PDU,
        0x02: Event.ASSOCIATE_AC_PDU,
        0x03: Event.ASSOCIATE_RJ_PDU,
        0x04: Event.P_DATA_PDU,
        0x05: Event.RELEASE_RQ_PDU,
        0x06: Event.RELEASE_RP_PDU,
        0x07: Event.ABORT_PDU,
    }
)
