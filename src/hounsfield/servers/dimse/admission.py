"""Who may associate, and for what: both AE titles, then each presentation context by what the caller may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from hounsfield.model.errors import CallerUnknown, InvalidAETitle, Unavailable
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Role
from hounsfield.model.peers import EVERYTHING, Admission, Peer, PeerCertificate, Permission
from hounsfield.network.negotiation import Channel, Terms
from hounsfield.network.pdu import (
    CALLED_AE_TITLE_NOT_RECOGNIZED,
    CALLING_AE_TITLE_NOT_RECOGNIZED,
    NO_REASON_GIVEN,
    AssociateReject,
    AssociateRequest,
    ContextResult,
    ProposedContext,
)
from hounsfield.network.user_information import ExtendedNegotiation, RoleSelection
from hounsfield.servers.dimse.service import Service
from hounsfield.servers.dimse.user_identity import IdentityRefused, Passwords, Tokens, identify

log = structlog.get_logger(__name__)

CANNOT_JUDGE_NOW = AssociateReject(2, NO_REASON_GIVEN.source, NO_REASON_GIVEN.reason)
"""Transient: the database does not answer; the same request may be accepted later."""

NOT_AUTHORIZED = AssociateReject(1, 2, NO_REASON_GIVEN.reason)
"""Permanent, by the provider's ACSE related function: an authorization failure (PS3.7 D.3.3.7)."""

MAY_BY_ROLE = {
    Role.VIEWER: frozenset({Permission.QUERY, Permission.RETRIEVE}),
    Role.EDITOR: EVERYTHING,
    Role.ADMINISTRATOR: EVERYTHING,
}
"""What a principal's role leaves of what its application entity may do."""


class CallerPolicy(Protocol):
    """Who may call; `services.callers.Callers` is one."""

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        """Raises: CallerUnknown; the refusal has then been noted."""


class AnyCaller:
    """Lets everybody in (`--open-access`)."""

    def admit(self, calling_ae_title: str, host: str, certificate: PeerCertificate | None = None) -> Peer:
        """Never raises."""
        return Peer(calling_ae_title, host)


class AdmissionPolicy:
    """Checks both AE titles, and asks the services for each context (PS3.8 table 9-21)."""

    def __init__(
        self,
        ae_title: AETitle,
        callers: CallerPolicy,
        services: Sequence[Service],
        passwords: Passwords | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._ae_title = ae_title
        self._callers = callers
        self._services = services
        self._passwords = passwords
        self._tokens = tokens

    def judge(self, request: AssociateRequest, channel: Channel) -> AssociateReject | Terms:
        """Rejects, or says what the caller gets."""
        if request.called_ae_title != self._ae_title:
            return CALLED_AE_TITLE_NOT_RECOGNIZED
        try:
            calling = AETitle.parse(request.calling_ae_title)
            peer = self._callers.admit(calling, channel.host, channel.certificate)
            identified = identify(request.user, calling, channel, self._passwords, self._tokens)
        except InvalidAETitle:
            return CALLING_AE_TITLE_NOT_RECOGNIZED
        except CallerUnknown as exc:
            log.warning("association.caller_refused", host=channel.host, calling_ae_title=request.calling_ae_title, reason=str(exc))
            return CALLING_AE_TITLE_NOT_RECOGNIZED
        except IdentityRefused as exc:
            log.warning("association.identity_refused", host=channel.host, calling_ae_title=request.calling_ae_title, reason=str(exc))
            return NOT_AUTHORIZED
        except Unavailable as exc:
            log.warning("association.not_judged", host=channel.host, calling_ae_title=request.calling_ae_title, error=type(exc).__name__)
            return CANNOT_JUDGE_NOW
        peer = replace(peer, may=peer.may & MAY_BY_ROLE[identified.principal.role])
        admission = Admission(peer, identified.principal)
        as_scp = frozenset(role.sop_class_uid for role in request.user.roles if role.scp)
        offer = Offer(self._services, peer, as_scp)
        return Terms(offer.choose, offer.role, offer.extend, identified.response, admission)


@dataclass(frozen=True, slots=True)
class Offer:
    """What one caller gets of the services.

    as_scp: SOP classes for which it proposes to be the SCP itself: it wants to be sent their objects by C-GET (PS3.4 C.4.3.2).
    """

    services: Sequence[Service]
    peer: Peer
    as_scp: frozenset[str]

    def choose(self, context: ProposedContext) -> str | ContextResult:
        """By the first service that knows the abstract syntax; a user rejection where the caller may not use it (PS3.8 table 9-18)."""
        for service in self.services:
            answer = service.choose(context)
            if answer is None:
                continue
            if service.permission is Permission.STORE:
                return self._choose_storage(service, context, answer)
            return answer if service.permission in (None, *self.peer.may) else ContextResult.USER_REJECTION
        return ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED

    def _choose_storage(self, service: Service, context: ProposedContext, answer: str | ContextResult) -> str | ContextResult:
        if context.abstract_syntax in self.as_scp and Permission.RETRIEVE in self.peer.may:
            return answer
        if not self.peer.may_store(context.abstract_syntax):
            return ContextResult.USER_REJECTION
        usable = tuple(uid for uid in context.transfer_syntaxes if self.peer.may_store(context.abstract_syntax, uid))
        answer = service.choose(replace(context, transfer_syntaxes=usable)) or ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED
        return answer if usable else ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED

    def role(self, asked: RoleSelection) -> RoleSelection | None:
        """By the first service that has a say."""
        answers = (service.role(asked) for service in self.services)
        return next((answer for answer in answers if answer is not None), None)

    def extend(self, asked: ExtendedNegotiation) -> bytes | None:
        """By the first service that has a say."""
        answers = (service.extend_for(asked, self.peer) for service in self.services)
        return next((answer for answer in answers if answer is not None), None)


def may_use(peer: Peer, service: Service, context: ProposedContext) -> bool:
    """Whether the caller may perform the service on this context: one accepted for C-GET alone takes no C-STORE."""
    if service.permission is Permission.STORE:
        return all(peer.may_store(context.abstract_syntax, uid) for uid in context.transfer_syntaxes)
    return service.permission in (None, *peer.may)
