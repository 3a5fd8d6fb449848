"""Asks a peer for an association (PS3.8 7.1, requestor's side)."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

from hounsfield.network.association import Association
from hounsfield.network.errors import AssociationRefused, NothingAccepted, Unreachable
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.negotiation import Implementation
from hounsfield.network.pdu import AssociateReject, AssociateRequest, ProposedContext
from hounsfield.network.registry import AssociationRecord
from hounsfield.network.state_machine import StateMachine
from hounsfield.network.transport import prepare, transport_over
from hounsfield.network.user_information import (
    AsynchronousWindow,
    ExtendedNegotiation,
    RoleSelection,
    UserIdentityRequest,
    UserInformation,
)

_numbers = itertools.count(1)

_REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context not supported",
    (1, 3): "it does not know our AE title",
    (1, 7): "it does not answer to that AE title",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "it is congested",
    (3, 2): "it serves as many associations as it can",
}


def associate(
    address: tuple[str, int],
    calling_ae_title: str,
    called_ae_title: str,
    contexts: Sequence[ProposedContext],
    implementation: Implementation,
    limits: AssociationLimits,
    *,
    tls_context: ssl.SSLContext | None = None,
    roles: tuple[RoleSelection, ...] = (),
    extended: tuple[ExtendedNegotiation, ...] = (),
    window: AsynchronousWindow | None = None,
    identity: UserIdentityRequest | None = None,
) -> Association:
    """Returns an established association; at least one of the contexts was accepted.

    roles, extended, window, identity: what else is proposed; what came of it stands in the association's `answer`.

    Raises: Unreachable, AssociationRefused (NothingAccepted), AssociationLost, ProtocolError.
    """
    connection = _connect(address, limits, tls_context)
    record = AssociationRecord(
        next(_numbers), address[0], address[1], calling_ae_title, called_ae_title, datetime.now(UTC), tls_context is not None
    )
    transport = transport_over(connection, limits.tick_s, limits.send_timeout_s)
    association = Association(transport, StateMachine(requestor=True), limits, record)
    user = UserInformation(
        limits.max_pdu_length_bytes, implementation.class_uid, implementation.version_name, window, roles, extended, identity=identity
    )
    try:
        answer = association.request(AssociateRequest(called_ae_title, calling_ae_title, tuple(contexts), user))
        if isinstance(answer, AssociateReject):
            reason = _REASONS.get((answer.source, answer.reason), "")
            code = f"{answer.result}/{answer.source}/{answer.reason}"
            raise AssociationRefused(f"{called_ae_title} at {address[0]}:{address[1]} refused the association: {reason} ({code})")
        if not association.contexts:
            association.release()
            raise NothingAccepted(f"{called_ae_title} at {address[0]}:{address[1]} accepted none of what was offered")
    except BaseException:
        finish(association)
        raise
    return association


def finish(association: Association) -> None:
    """Ends an association that has not been released: aborts where there is one to abort, and closes. Never raises."""
    association.abort()
    association.wait_for_close()


def _connect(address: tuple[str, int], limits: AssociationLimits, tls_context: ssl.SSLContext | None) -> socket.socket:
    try:
        connection = socket.create_connection(address, timeout=limits.artim_s)
    except OSError as exc:
        raise Unreachable(f"{address[0]}:{address[1]} cannot be reached: {exc.strerror or exc}") from exc
    try:
        prepare(connection)
        return tls_context.wrap_socket(connection, server_hostname=address[0]) if tls_context is not None else connection
    except OSError as exc:
        connection.close()
        raise Unreachable(f"no TLS connection to {address[0]}:{address[1]}: {exc}") from exc
