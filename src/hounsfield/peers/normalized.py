"""DIMSE-N operations and notifications as their invoker: one request, one response (PS3.7 section 10)."""

from __future__ import annotations

from collections.abc import Callable

from hounsfield.network.association import Association
from hounsfield.network.dimse import Command, decode_command
from hounsfield.network.errors import AssociationLost, ProtocolError


def invoke(
    association: Association, context_id: int, command: bytes, data_set: bytes | None, sink: Callable[[memoryview], object] | None = None
) -> Command:
    """Sends a request and waits for its response. sink: takes the response's data set, if it has one.

    Raises: AssociationLost, ProtocolError.
    """
    asked = decode_command(command)
    association.send(context_id, command, data_set)
    message = association.receive()
    if message is None:
        raise AssociationLost("the peer released the association instead of answering")
    answer = decode_command(message.command)
    if not answer.is_response or answer.message_id_responded_to != asked.message_id:
        raise ProtocolError(f"the peer answered {answer.field:04X} to message {answer.message_id_responded_to}")
    if answer.has_data_set:
        association.read_data_set(sink or _drop)
    return answer


def _drop(data: memoryview) -> None:
    """Nobody wants it."""
