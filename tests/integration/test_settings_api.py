"""`/api/settings`, over HTTP."""

from __future__ import annotations

from pathlib import Path

from hounsfield.app import bootstrap
from hounsfield.app.settings import Settings
from services.databases import settings_of
from webapi_kit.server import add_people, running_site, settings_in


def test_settings_are_told_to_administrators_alone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, database=settings_of(tmp_path / "data").database, min_free_bytes=12345)
    bootstrap.prepare(settings)
    add_people(settings)
    with running_site(settings) as site:
        with site.client("ada") as client:
            told = {one["name"]: one for one in client.get("/api/settings").json()["settings"]}
        assert list(told) == list(Settings.model_fields)
        assert told["min_free_bytes"] == {
            "name": "min_free_bytes",
            "value": "12345",
            "default": "268435456",
            "meaning": Settings.model_fields["min_free_bytes"].description,
            "changed": True,
        }
        for name, status in (("", 401), ("vera", 403), ("edgar", 403)):
            with site.client(name) as other:
                assert other.get("/api/settings").status_code == status
