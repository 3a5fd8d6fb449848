"""The DICOM server: who may associate, for what, and which service answers."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Protocol

from hounsfield.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from hounsfield.model.errors import CallerUnknown, InvalidAETitle
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Origin, Principal, Role
from hounsfield.model.origin import Protocol as Way
from hounsfield.network.association import Association
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.listener import Listener
from hounsfield.network.negotiation import Implementation, Terms
from hounsfield.network.pdu import (
    CALLED_AE_TITLE_NOT_RECOGNIZED,
    CALLING_AE_TITLE_NOT_RECOGNIZED,
    AssociateReject,
    AssociateRequest,
    ContextResult,
    ProposedContext,
)
from hounsfield.network.registry import AssociationRegistry
from hounsfield.network.user_information import ExtendedNegotiation, RoleSelection
from hounsfield.servers.dimse.service import Service
from hounsfield.servers.dimse.storage import StoragePolicy, StorageService
from hounsfield.servers.dimse.verification import VerificationService
from hounsfield.services.store import Store

IMPLEMENTATION = Implementation(IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME)


class CallerPolicy(Protocol):
    """Who may call; `services.callers.Callers` is one."""

    def admit(self, calling_ae_title: str, host: str) -> None:
        """Raises: CallerUnknown; the refusal has then been noted."""


class AnyCaller:
    """Lets everybody in (`--open-access`)."""

    def admit(self, calling_ae_title: str, host: str) -> None:
        """Never raises."""


class AdmissionPolicy:
    """Checks both AE titles, and asks the services for each context (PS3.8 table 9-21)."""

    def __init__(self, ae_title: AETitle, callers: CallerPolicy, services: Sequence[Service]) -> None:
        self._ae_title = ae_title
        self._callers = callers
        self._services = services

    def judge(self, request: AssociateRequest, host: str) -> AssociateReject | Terms:
        """Rejects, or says what the caller gets."""
        if request.called_ae_title != self._ae_title:
            return CALLED_AE_TITLE_NOT_RECOGNIZED
        try:
            self._callers.admit(AETitle.parse(request.calling_ae_title), host)
        except (CallerUnknown, InvalidAETitle):
            return CALLING_AE_TITLE_NOT_RECOGNIZED
        return Terms(self._choose, self._role, self._extend)

    def _choose(self, context: ProposedContext) -> str | ContextResult:
        """By the first service that knows the abstract syntax."""
        answers = (service.choose(context) for service in self._services)
        return next((answer for answer in answers if answer is not None), ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED)

    def _role(self, asked: RoleSelection) -> RoleSelection | None:
        answers = (service.role(asked) for service in self._services)
        return next((answer for answer in answers if answer is not None), None)

    def _extend(self, asked: ExtendedNegotiation) -> bytes | None:
        answers = (service.extend(asked) for service in self._services)
        return next((answer for answer in answers if answer is not None), None)


class DimseServer:
    """Listens on one address.

    callers: judges calling AE titles. registry: where open associations are listed for display.
    """

    def __init__(
        self,
        address: tuple[str, int],
        ae_title: AETitle,
        store: Store,
        callers: CallerPolicy,
        *,
        limits: AssociationLimits | None = None,
        storage_policy: StoragePolicy | None = None,
        more_services: Sequence[Service] = (),
        tls_context: ssl.SSLContext | None = None,
        registry: AssociationRegistry | None = None,
    ) -> None:
        self._services: list[Service] = [
            VerificationService(),
            *more_services,
            StorageService(store, storage_policy or StoragePolicy()),
        ]
        policy = AdmissionPolicy(ae_title, callers, self._services)
        self._listener = Listener(
            address, self.serve, policy, limits or AssociationLimits(), IMPLEMENTATION, tls_context=tls_context, registry=registry
        )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are bound."""
        return self._listener.address

    @property
    def registry(self) -> AssociationRegistry:
        """The associations that are open now."""
        return self._listener.registry

    def start(self) -> None:
        """Begins to accept."""
        self._listener.start()

    def close(self, grace_s: float = 5.0) -> None:
        """Stops accepting; running operations may finish within `grace_s`."""
        self._listener.close(grace_s)

    def serve(self, association: Association) -> None:
        """Serves one association until it ends."""
        routes = {
            context.context_id: self._service_for(ProposedContext(0, context.abstract_syntax, (context.transfer_syntax,)))
            for context in association.contexts.values()
        }
        principal = Principal(association.calling_ae_title, Role.EDITOR)
        origin = Origin(Way.DIMSE, principal, association.host, association.calling_ae_title, association.called_ae_title)
        while (message := association.receive()) is not None:
            routes[message.context.context_id].handle(association, message, origin)

    def _service_for(self, context: ProposedContext) -> Service:
        return next(service for service in self._services if service.choose(context) is not None)
