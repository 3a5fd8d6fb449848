"""The acceptor's answer to an A-ASSOCIATE-RQ, as pure functions (PS3.8 7.1, annex B)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hounsfield.model.peers import Admission, PeerCertificate
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import (
    APPLICATION_CONTEXT_NAME,
    APPLICATION_CONTEXT_NOT_SUPPORTED,
    NO_REASON_GIVEN,
    PROTOCOL_VERSION_NOT_SUPPORTED,
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ContextResult,
    ProposedContext,
)
from hounsfield.network.user_information import (
    AsynchronousWindow,
    ExtendedNegotiation,
    RoleSelection,
    UserIdentityResponse,
    UserInformation,
)

SHORTEST_USABLE_PDU_BYTES = 128
"""A peer that takes less than this at once cannot be answered sensibly."""

MOST_INVOKED = 16
"""Operations that we have under way at once on one association, however many the peer would perform."""


@dataclass(frozen=True, slots=True)
class Implementation:
    """What we say we are (PS3.7 D.3.3.2)."""

    class_uid: str
    version_name: str


def _default_role(asked: RoleSelection) -> RoleSelection | None:
    return None


def _no_extension(asked: ExtendedNegotiation) -> bytes | None:
    return None


@dataclass(frozen=True, slots=True)
class Terms:
    """What one requestor gets.

    choose: the transfer syntax for a context, or why it has none.
    role: the roles it may have for a SOP class; None leaves the default, in which it is the SCU (PS3.7 D.3.3.4).
    extend: the answer to an extended negotiation; None for none (PS3.7 D.3.3.5).
    identity: the answer to its user identity, where it asked for one (PS3.7 D.3.3.7.2).
    admission: who it is; the association carries it.
    """

    choose: Callable[[ProposedContext], str | ContextResult]
    role: Callable[[RoleSelection], RoleSelection | None] = _default_role
    extend: Callable[[ExtendedNegotiation], bytes | None] = _no_extension
    identity: UserIdentityResponse | None = None
    admission: Admission | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """The connection by which a request came. certificate: what the requestor has shown and proved to own."""

    host: str
    encrypted: bool = False
    certificate: PeerCertificate | None = None


class AssociationPolicy(Protocol):
    """Who may associate, and for what."""

    def judge(self, request: AssociateRequest, channel: Channel) -> AssociateReject | Terms:
        """Called in the association's own thread, so it may look things up."""


def refusal_of_form(request: AssociateRequest) -> AssociateReject | None:
    """What no policy can let through: another protocol version or application context (PS3.8 table 9-21)."""
    if not request.protocol_version & 1:
        return PROTOCOL_VERSION_NOT_SUPPORTED
    if request.application_context != APPLICATION_CONTEXT_NAME:
        return APPLICATION_CONTEXT_NOT_SUPPORTED
    if not request.contexts or 0 < request.user.max_length_bytes < SHORTEST_USABLE_PDU_BYTES:
        return NO_REASON_GIVEN
    return None


def acceptance(
    request: AssociateRequest,
    terms: Terms,
    implementation: Implementation,
    limits: AssociationLimits,
) -> AssociateAccept:
    """Builds the A-ASSOCIATE-AC; every proposed context is answered, in the order proposed (PS3.8 9.3.3.2).

    Where an asynchronous window is asked for, we perform one operation at a time, and may invoke as many as the requestor
    performs (PS3.7 D.3.3.3): sub-operations of C-GET.
    """
    answers = tuple(_answer(context, terms.choose(context)) for context in request.contexts)
    accepted = {context.abstract_syntax for context, answer in zip(request.contexts, answers, strict=True) if answer.result == 0}
    extensions = [(asked.sop_class_uid, terms.extend(asked)) for asked in request.user.extended if asked.sop_class_uid in accepted]
    roles = [terms.role(asked) for asked in request.user.roles if asked.sop_class_uid in accepted]
    user = UserInformation(
        max_length_bytes=limits.max_pdu_length_bytes,
        implementation_class_uid=implementation.class_uid,
        implementation_version_name=implementation.version_name,
        window=_window(request.user.window),
        roles=tuple(role for role in roles if role is not None),
        extended=tuple(ExtendedNegotiation(uid, answer) for uid, answer in extensions if answer is not None),
        identity=terms.identity,
    )
    return AssociateAccept(request.called_ae_title, request.calling_ae_title, answers, user)


def _window(asked: AsynchronousWindow | None) -> AsynchronousWindow | None:
    if asked is None:
        return None
    return AsynchronousWindow(1, min(asked.performed or MOST_INVOKED, MOST_INVOKED))


def _answer(context: ProposedContext, choice: str | ContextResult) -> AnsweredContext:
    if isinstance(choice, ContextResult):
        # The transfer syntax is not significant here, but some requestors insist on finding one.
        return AnsweredContext(context.context_id, choice, context.transfer_syntaxes[0] if context.transfer_syntaxes else "")
    return AnsweredContext(context.context_id, ContextResult.ACCEPTANCE, choice)
