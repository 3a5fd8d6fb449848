"""Measurements of a study: read by all who are signed in, saved by editors."""

from __future__ import annotations

from fastapi import FastAPI

from hounsfield.model.identifiers import parse_uid
from hounsfield.servers.webapi.measurement_schemas import MeasurementsAnswer, MeasurementsAsked
from hounsfield.servers.webapi.parts import EditorOrigin, SignedInOrigin
from hounsfield.services.measurements import Measurements


def add_measurement_routes(app: FastAPI, measurements: Measurements) -> None:
    """`/api/studies/{study}/measurements`."""

    @app.get("/api/studies/{study_uid}/measurements")
    def read_measurements(study_uid: str, origin: SignedInOrigin) -> MeasurementsAnswer:
        """The newest state of each measurement, from our structured reports and other makers'."""
        return MeasurementsAnswer.of(measurements.all(origin, parse_uid(study_uid)))

    @app.post("/api/studies/{study_uid}/measurements", status_code=201)
    def save_measurements(study_uid: str, asked: MeasurementsAsked, origin: EditorOrigin) -> MeasurementsAnswer:
        """Stores one structured report of what has changed; answers once it is durable."""
        changed = [one.measurement() for one in asked.measurements]
        removed = [one.removal() for one in asked.removed]
        return MeasurementsAnswer.of(measurements.save(origin, parse_uid(study_uid), changed, removed))
