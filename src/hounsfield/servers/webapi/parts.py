"""What the handlers of `/api` work with, handed in by the composition, and who asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from hounsfield.model import origin as model_origin
from hounsfield.model.errors import AccessDenied
from hounsfield.model.origin import Origin, Principal, Role
from hounsfield.model.peers import Peer
from hounsfield.model.query import Query
from hounsfield.model.worklist import KeptAside, Statistics, StudyDetail, WorklistPage
from hounsfield.servers.webapi.asgi import peer_host
from hounsfield.servers.webapi.guarded import PRINCIPAL_KEY
from hounsfield.services.accounts import require
from hounsfield.services.callers import Callers
from hounsfield.services.guard import AccessCheck
from hounsfield.services.peers import Peers
from hounsfield.services.sessions import Sessions


class Worklist(Protocol):
    """What the app reads of the index."""

    def page(self, origin: Origin, query: Query, after: str | None) -> WorklistPage:
        """after: the cursor of the page before; None for the first. Raises: InvalidQuery."""
        ...

    def study(self, origin: Origin, study_instance_uid: str) -> StudyDetail:
        """Raises: StudyNotFound, Gone."""
        ...

    def statistics(self, origin: Origin) -> Statistics:
        """How much the archive holds."""
        ...

    def kept_aside(self, origin: Origin, limit: int) -> Sequence[KeptAside]:
        """The latest first."""
        ...


DeleteStudy = Callable[[Origin, str, str], None]
"""Origin, Study Instance UID, reason. Raises: StudyNotFound, Gone, Unavailable."""


Echo = Callable[[Peer], int]
"""The status of a C-ECHO to a peer. Raises: NetworkError."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the status page tells."""

    ae_title: str
    host: str
    dicom_port: int
    http_port: int
    version: str
    open_access: bool = False
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything behind `/api`."""

    access: AccessCheck
    sessions: Sessions
    callers: Callers
    worklist: Worklist
    delete_study: DeleteStudy
    facts: SiteFacts
    peers: Peers
    echo: Echo


async def _signed_in(request: Request) -> Origin:
    principal = request.scope.get(PRINCIPAL_KEY)
    if not isinstance(principal, Principal):
        raise AccessDenied("this route has no principal")  # `Guarded` lets none through; a second lock on the same door
    return Origin(model_origin.Protocol.WEBAPI, principal, peer_host(request.scope))


async def _editor(origin: Annotated[Origin, Depends(_signed_in)]) -> Origin:
    require(origin.principal, Role.EDITOR)
    return origin


async def _administrator(origin: Annotated[Origin, Depends(_signed_in)]) -> Origin:
    require(origin.principal, Role.ADMINISTRATOR)
    return origin


SignedInOrigin = Annotated[Origin, Depends(_signed_in)]
EditorOrigin = Annotated[Origin, Depends(_editor)]
AdministratorOrigin = Annotated[Origin, Depends(_administrator)]
