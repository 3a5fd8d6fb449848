"""The site's status, and which application entities may call it."""

from __future__ import annotations

from fastapi import FastAPI

from hounsfield.servers.webapi.parts import AdministratorOrigin, Parts, SignedInOrigin
from hounsfield.servers.webapi.schemas import CallersAnswer, PeerAnswer, RefusedCallerAnswer, StatusAnswer


def add_site_routes(app: FastAPI, parts: Parts) -> None:
    """`/api/status`, `/api/callers`."""

    @app.get("/api/status")
    def read_status(origin: SignedInOrigin) -> StatusAnswer:
        facts = parts.facts
        return StatusAnswer.of(
            parts.worklist.statistics(origin),
            ae_title=facts.ae_title,
            host=facts.host,
            dicom_port=facts.dicom_port,
            http_port=facts.http_port,
            version=facts.version,
            open_access=facts.open_access,
            demo=facts.demo,
        )

    @app.get("/api/callers")
    def read_callers(origin: SignedInOrigin) -> CallersAnswer:
        return CallersAnswer(
            refused=[RefusedCallerAnswer.of(caller) for caller in parts.callers.refused()],
            known=[PeerAnswer.of(peer) for peer in parts.callers.known()],
        )

    # `path`, because an AE title may hold a slash.
    @app.post("/api/callers/{ae_title:path}/accept")
    def accept_caller(ae_title: str, origin: AdministratorOrigin) -> PeerAnswer:
        return PeerAnswer.of(parts.callers.accept(ae_title))

    @app.delete("/api/callers/{ae_title:path}", status_code=204)
    def forget_caller(ae_title: str, origin: AdministratorOrigin) -> None:
        parts.callers.forget(ae_title)
