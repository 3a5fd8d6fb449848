"""What a DIMSE service class provider is to the server, and the answer to what none of them understands."""

from __future__ import annotations

from typing import ClassVar, Protocol

from hounsfield.model.origin import Origin
from hounsfield.model.peers import Peer, Permission
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import Command, CommandField, response
from hounsfield.network.pdu import ContextResult, ProposedContext
from hounsfield.network.status import Status
from hounsfield.network.user_information import ExtendedNegotiation, RoleSelection


class Service(Protocol):
    """One service class (PS3.4), as a base class. One instance serves all associations, from their threads.

    permission: what a peer must be allowed for it; None where whoever may associate may use it.
    """

    permission: ClassVar[Permission | None] = None

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        """The transfer syntax for a context, why it can have none, or None where its abstract syntax is another service's."""

    def role(self, asked: RoleSelection) -> RoleSelection | None:
        """The roles the requestor may have for a SOP class of this service (PS3.7 D.3.3.4); None leaves the default."""
        return None

    def extend(self, asked: ExtendedNegotiation) -> bytes | None:
        """The answer to an extended negotiation for a SOP class of this service (PS3.7 D.3.3.5); None for none."""
        return None

    def extend_for(self, asked: ExtendedNegotiation, _peer: Peer) -> bytes | None:
        """The same, where it depends on who calls."""
        return self.extend(asked)

    def handle(self, association: Association, message: Message, origin: Origin) -> None:
        """Performs one operation: reads its data set, if any, and sends its response."""

    def waiting(self, association: Association) -> None:
        """Nothing is under way on the association, and the peer's next message is about to be awaited: now we may say something."""
        return

    def ended(self, association: Association) -> None:
        """The association is over, however it ended: nothing more can be said on it. Every service is told, used or not."""
        return


def decline(association: Association, message: Message, command: Command, status: Status, comment: str) -> None:
    """Answers an operation that is not performed; its data set is read off and dropped."""
    if command.has_data_set:
        association.read_data_set(_drop)
    if not command.is_response and command.field != CommandField.C_CANCEL_RQ:  # which came too late, and has no answer
        association.send(message.context.context_id, response(command, status, comment=comment))


def _drop(data: memoryview) -> None:
    """Nobody wants it."""
