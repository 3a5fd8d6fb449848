"""C-MOVE SCP: instances go to a destination over associations of their own (PS3.4 C.4.2)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator

from hounsfield.model.errors import ConfigurationError, InvalidAETitle, PeerUnknown
from hounsfield.model.identifiers import AETitle
from hounsfield.model.peers import Peer
from hounsfield.network.dimse import CommandField, Element
from hounsfield.network.errors import NetworkError
from hounsfield.network.status import Status
from hounsfield.peers.store_operations import MoveOriginator, Sent
from hounsfield.servers.dimse.information_model import MOVE_MODELS
from hounsfield.servers.dimse.retrieve import Operation, Refused, RetrieveService
from hounsfield.services.transfer import Transfer


class _Unreached(Exception):
    """The destination could not be called."""


class MoveService(RetrieveService):
    """destination: the peer of an AE title; raises PeerUnknown where it cannot be one."""

    def __init__(self, transfer: Transfer, destination: Callable[[str], Peer]) -> None:
        super().__init__(transfer, MOVE_MODELS, CommandField.C_MOVE_RQ)
        self._destination = destination

    def perform(self, operation: Operation) -> None:
        association, command = operation.association, operation.command
        named = self.named(operation)
        peer = self._peer(command.text(Element.MOVE_DESTINATION))
        plan = self.plan(operation, named)
        originator = MoveOriginator(association.calling_ae_title, command.message_id)
        try:
            sender = self._transfer.sender(
                peer,
                plan,
                calling_ae_title=association.called_ae_title,
                originator=originator,
                associations=peer.max_associations,
            )
        except ConfigurationError as exc:  # TLS that cannot be set up
            raise Refused(Status.UNABLE_TO_PERFORM_SUBOPERATIONS, "the destination cannot be called as it is configured") from exc
        try:
            with contextlib.closing(_outcomes(sender.send(plan))) as outcomes:
                for sent in outcomes:
                    operation.responses.count(sent)
                    sender.stopping = sender.stopping or association.cancelled(command.message_id)
        except _Unreached as exc:
            self.finish(operation, plan.uids, gave_up=str(exc))
        else:
            self.finish(operation, plan.missing, cancelled=sender.stopping)

    def _peer(self, title: str) -> Peer:
        try:
            return self._destination(AETitle.parse(title))
        except (InvalidAETitle, PeerUnknown) as exc:
            raise Refused(Status.MOVE_DESTINATION_UNKNOWN, str(exc)) from exc


def _outcomes(sending: Iterator[Sent]) -> Generator[Sent]:
    """Tells the destination's failure from that of the association by which the request came. Raises: _Unreached."""
    try:
        yield from sending
    except NetworkError as exc:
        raise _Unreached(str(exc)) from exc
