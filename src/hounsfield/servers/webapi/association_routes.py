"""Who is connected by DICOM at this moment; for administrators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from fastapi import FastAPI

from hounsfield.servers.webapi.parts import AdministratorOrigin
from hounsfield.servers.webapi.schemas import Answer
from hounsfield.services.live_associations import LiveAssociations


class AssociationAnswer(Answer):
    """One association, as `services.live_associations.LiveAssociation` has it."""

    host: str
    port: int
    calling_ae_title: str
    called_ae_title: str
    since: str
    encrypted: bool
    state: str
    objects: int
    bytes_received: int
    doing: str


class AssociationsAnswer(Answer):
    """The oldest first. total: all that are open, whatever number is listed."""

    total: int
    associations: list[AssociationAnswer]


def add_association_routes(app: FastAPI, live: Callable[[], LiveAssociations]) -> None:
    """`/api/associations`."""

    @app.get("/api/associations")
    def read_associations(origin: AdministratorOrigin) -> AssociationsAnswer:
        found = live()
        return AssociationsAnswer(total=found.total, associations=[AssociationAnswer(**asdict(one)) for one in found.associations])
