"""The acceptor's answer to an A-ASSOCIATE-RQ, as pure functions (PS3.8 7.1, annex B)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

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
from hounsfield.network.user_information import RoleSelection, UserInformation

SHORTEST_USABLE_PDU_BYTES = 128
"""A peer that takes less than this at once cannot be answered sensibly."""


@dataclass(frozen=True, slots=True)
class Implementation:
    """What we say we are (PS3.7 D.3.3.2)."""

    class_uid: str
    version_name: str


class AssociationPolicy(Protocol):
    """Who may associate, and for what."""

    def judge(self, request: AssociateRequest, host: str) -> AssociateReject | None:
        """None lets the request through. Called in the association's own thread, so it may look things up."""

    def choose(self, context: ProposedContext) -> str | ContextResult:
        """The transfer syntax for a context, or why it has none."""


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
    choose: Callable[[ProposedContext], str | ContextResult],
    implementation: Implementation,
    limits: AssociationLimits,
    roles: Iterable[RoleSelection] = (),
) -> AssociateAccept:
    """Builds the A-ASSOCIATE-AC; every proposed context is answered, in the order proposed (PS3.8 9.3.3.2).

    No asynchronous window is answered: one operation at a time (PS3.7 D.3.3.3).
    """
    answers = tuple(_answer(context, choose(context)) for context in request.contexts)
    user = UserInformation(
        max_length_bytes=limits.max_pdu_length_bytes,
        implementation_class_uid=implementation.class_uid,
        implementation_version_name=implementation.version_name,
        roles=tuple(roles),
    )
    return AssociateAccept(request.called_ae_title, request.calling_ae_title, answers, user)


def _answer(context: ProposedContext, choice: str | ContextResult) -> AnsweredContext:
    if isinstance(choice, ContextResult):
        # The transfer syntax is not significant here, but some requestors insist on finding one.
        return AnsweredContext(context.context_id, choice, context.transfer_syntaxes[0] if context.transfer_syntaxes else "")
    return AnsweredContext(context.context_id, ContextResult.ACCEPTANCE, choice)
