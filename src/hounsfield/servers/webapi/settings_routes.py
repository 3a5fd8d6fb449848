"""The settings in force, with what they mean; for administrators, to be read alone: they are set where the server is started."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from hounsfield.servers.webapi.parts import AdministratorOrigin
from hounsfield.servers.webapi.schemas import Answer


class SettingAnswer(Answer):
    """One setting. meaning: in English, code between grave accents. changed: whether the value is another than the default."""

    name: str
    value: str
    default: str
    meaning: str
    changed: bool


class SettingsAnswer(Answer):
    """In the order of the reference."""

    settings: list[SettingAnswer]


def add_settings_routes(app: FastAPI, settings: Sequence[SettingAnswer]) -> None:
    """`/api/settings`. settings: without secrets."""

    @app.get("/api/settings")
    def read_settings(origin: AdministratorOrigin) -> SettingsAnswer:
        return SettingsAnswer(settings=list(settings))
