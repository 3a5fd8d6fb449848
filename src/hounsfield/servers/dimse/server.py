"""The DICOM server: which service answers."""

from __future__ import annotations

from collections.abc import Sequence

from hounsfield.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Origin, Principal, Role
from hounsfield.model.origin import Protocol as Way
from hounsfield.model.peers import Admission, Peer, Permission
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import decode_command
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.listener import Listener
from hounsfield.network.negotiation import Implementation
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.registry import AssociationRegistry
from hounsfield.network.status import Status
from hounsfield.network.tls import ServerTls
from hounsfield.servers.dimse.admission import AdmissionPolicy, CallerPolicy, may_use
from hounsfield.servers.dimse.service import Service, decline
from hounsfield.servers.dimse.storage import StoragePolicy, StorageService
from hounsfield.servers.dimse.user_identity import Passwords, Tokens
from hounsfield.servers.dimse.verification import VerificationService
from hounsfield.services.store import Store

IMPLEMENTATION = Implementation(IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME)


VERIFYING = "verify"
"""What an association does that asks nothing that needs a permission."""


class DimseServer:
    """Listens on one address.

    callers: judges calling AE titles. registry: where open associations are listed for display.
    passwords, tokens: check user identities (PS3.7 D.3.3.7); None where nobody signs in, or nobody's tokens are believed.
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
        tls_context: ServerTls | None = None,
        registry: AssociationRegistry | None = None,
        passwords: Passwords | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._services: list[Service] = [
            VerificationService(),
            *more_services,
            StorageService(store, storage_policy or StoragePolicy()),
        ]
        self._talkative = [service for service in self._services if type(service).waiting is not Service.waiting]
        policy = AdmissionPolicy(ae_title, callers, self._services, passwords, tokens)
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
        admission = association.admission or _stranger(association)
        origin = Origin(
            Way.DIMSE,
            admission.principal,
            association.host,
            association.calling_ae_title,
            association.called_ae_title,
            admission.peer.visible,
            Permission.REJECT in admission.peer.may,
        )
        routes: dict[int, Service | None] = {}
        for context in association.contexts.values():
            proposed = ProposedContext(0, context.abstract_syntax, (context.transfer_syntax,))
            provider = next(service for service in self._services if service.choose(proposed) is not None)
            routes[context.context_id] = provider if may_use(admission.peer, provider, proposed) else None
        try:
            while (message := self._next(association)) is not None:
                service = routes[message.context.context_id]
                if service is None:
                    _refuse(association, message)
                else:
                    association.record.doing = service.permission or VERIFYING
                    service.handle(association, message, origin)
        finally:
            for service in self._services:
                service.ended(association)

    def _next(self, association: Association) -> Message | None:
        for service in self._talkative:
            service.waiting(association)
        return association.receive()


def _stranger(association: Association) -> Admission:
    """For an association that no admission policy has judged."""
    return Admission(Peer(association.calling_ae_title), Principal(association.calling_ae_title, Role.EDITOR))


def _refuse(association: Association, message: Message) -> None:
    command = decode_command(message.command)
    decline(association, message, command, Status.NOT_AUTHORIZED, "the calling AE title may not do this here")
