"""Responses of C-MOVE and C-GET: when pending ones go, what each holds, and what the counts amount to."""

from __future__ import annotations

from typing import Any, cast

import pytest

from hounsfield.model.retrieval import Tally
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.association import AcceptedContext, Association, Message
from hounsfield.network.dimse import Command, CommandField, Element, decode_command, request
from hounsfield.network.status import Status
from hounsfield.peers.store_operations import Sent
from hounsfield.servers.dimse.retrieve_responses import RetrieveResponses, final_status

STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
EXPLICIT = "1.2.840.10008.1.2.1"


class Wire:
    """What an association would send."""

    def __init__(self) -> None:
        self.sent: list[tuple[Command, bytes | None]] = []

    def send(self, context_id: int, command: bytes, data_set: bytes | None = None) -> None:
        assert context_id == 5
        self.sent.append((decode_command(command), data_set))

    def counts(self) -> list[tuple[int, ...]]:
        """Status, remaining (-1 where it is not there), completed, failed, warning."""
        names = (
            Element.REMAINING_SUBOPERATIONS,
            Element.COMPLETED_SUBOPERATIONS,
            Element.FAILED_SUBOPERATIONS,
            Element.WARNING_SUBOPERATIONS,
        )
        return [(command.status, *(command.number(name, -1) for name in names)) for command, _ in self.sent]


class Clock:
    """Stands still until it is told otherwise."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


def responses(total: int) -> tuple[RetrieveResponses, Wire, Clock]:
    wire, clock = Wire(), Clock()
    command = decode_command(request(CommandField.C_MOVE_RQ, 7, STUDY_MOVE, has_data_set=True, move_destination="X"))
    message = Message(AcceptedContext(5, STUDY_MOVE, EXPLICIT), b"")
    made = RetrieveResponses(cast(Association, wire), message, command, pending_every_s=1.0, now=clock)
    made.tally = Tally(total)
    return made, wire, clock


def outcome(number: int, status: int | None = 0) -> Sent:
    return Sent(cast(StoredInstance, _Named(f"1.2.{number}")), status)


class _Named:
    def __init__(self, uid: str) -> None:
        self.sop_instance_uid = uid


def test_pending_responses_go_once_in_a_while() -> None:
    made, wire, clock = responses(100)
    for number in range(99):
        clock.at += 0.1
        made.count(outcome(number))
    assert len(wire.sent) == 9
    assert wire.counts()[0] == (0xFF00, 89, 11, 0, 0) or wire.counts()[0] == (0xFF00, 90, 10, 0, 0)
    assert all(remaining + sum(done) == 100 for _, remaining, *done in wire.counts())
    made.count(outcome(99))
    made.finish()
    assert wire.counts()[-1] == (0x0000, -1, 100, 0, 0), "no remaining count in a final response"


def test_failures_are_named_at_the_end() -> None:
    made, wire, _ = responses(4)
    for number, status in enumerate([0x0000, None, 0xA700, 0xB000]):
        made.count(outcome(number, status))
    made.finish()
    ((command, identifier),) = wire.sent
    assert wire.counts() == [(0xB000, -1, 1, 2, 1)]
    assert command.has_data_set
    assert command.message_id_responded_to == 7
    assert identifier == b"\x08\x00\x58\x00UI\x0c\x00" + b"1.2.1\\1.2.2\0"


def test_a_cancelled_one_says_what_remains() -> None:
    made, wire, _ = responses(10)
    made.count(outcome(0))
    assert made.finish(cancelled=True) is Status.CANCEL
    assert wire.counts() == [(0xFE00, 9, 1, 0, 0)]


def test_counts_stay_within_their_element() -> None:
    made, wire, _ = responses(200_000)
    for _ in range(100_000):
        made.tally.complete()
    made.finish(cancelled=True)
    assert wire.counts() == [(0xFE00, 65535, 65535, 0, 0)]


@pytest.mark.parametrize(
    ("completed", "failed", "warning", "status"),
    [
        (0, 0, 0, Status.SUCCESS),
        (3, 0, 0, Status.SUCCESS),
        (2, 1, 0, Status.COERCION_OF_DATA_ELEMENTS),
        (2, 0, 1, Status.COERCION_OF_DATA_ELEMENTS),
        (0, 0, 3, Status.COERCION_OF_DATA_ELEMENTS),
        (0, 1, 2, Status.COERCION_OF_DATA_ELEMENTS),
        (0, 3, 0, Status.UNABLE_TO_PERFORM_SUBOPERATIONS),
    ],
)
def test_what_the_counts_amount_to(completed: int, failed: int, warning: int, status: Status) -> None:
    tally: Any = Tally(completed + failed + warning, completed, failed, warning)
    assert final_status(tally, cancelled=False) is status
    assert final_status(tally, cancelled=True) is Status.CANCEL
