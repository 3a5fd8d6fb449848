"""Which slices of a series make a volume: read by all who are signed in."""

from __future__ import annotations

from fastapi import FastAPI

from hounsfield.model.identifiers import parse_uid
from hounsfield.servers.webapi.parts import SignedInOrigin
from hounsfield.servers.webapi.volume_schemas import VolumesAnswer
from hounsfield.services.volumes import Volumes


def add_volume_routes(app: FastAPI, volumes: Volumes) -> None:
    """`/api/studies/{study}/series/{series}/volumes`."""

    @app.get("/api/studies/{study_uid}/series/{series_uid}/volumes")
    def read_volumes(study_uid: str, series_uid: str, origin: SignedInOrigin) -> VolumesAnswer:
        """The volumes of a series, judged from its headers: what they may be reformatted with, and what has to be said of them."""
        return VolumesAnswer.of(volumes.of_series(origin, parse_uid(study_uid), parse_uid(series_uid)))
