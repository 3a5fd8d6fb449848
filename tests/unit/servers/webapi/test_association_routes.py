"""`/api/associations`."""

from __future__ import annotations

from typing import Any

import pytest

from hounsfield.model.errors import Unavailable
from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.association_routes import add_association_routes
from hounsfield.servers.webapi.health import Health
from hounsfield.services.live_associations import LiveAssociation, LiveAssociations

ONE = LiveAssociation("192.0.2.7", 104, "CT1", "HOUNSFIELD", "2026-12-01T10:00:00.000Z", False, "established", 7, 1 << 30, "store")


@pytest.mark.parametrize(("name", "status"), [("", 401), ("vera", 403), ("edgar", 403), ("ada", 200)])
def test_only_administrators_see_who_is_connected(house: Any, name: str, status: int) -> None:
    live = LiveAssociations(9, (ONE,))
    api = create_api(house.parts, lambda app: add_association_routes(app, lambda: live))
    house.site = Site(api=api, dicomweb=house.site, static=house.site, health=Health({}))
    response = house.browser(name).get("/api/associations")
    assert response.status_code == status
    if status == 200:
        assert response.json() == {
            "total": 9,
            "associations": [
                {
                    "host": "192.0.2.7",
                    "port": 104,
                    "calling_ae_title": "CT1",
                    "called_ae_title": "HOUNSFIELD",
                    "since": "2026-12-01T10:00:00.000Z",
                    "encrypted": False,
                    "state": "established",
                    "objects": 7,
                    "bytes_received": 1 << 30,
                    "doing": "store",
                }
            ],
        }


def test_an_archive_process_that_restarts_is_said(house: Any) -> None:
    def live() -> LiveAssociations:
        raise Unavailable("the archive process does not answer; it may be restarting")

    api = create_api(house.parts, lambda app: add_association_routes(app, live))
    house.site = Site(api=api, dicomweb=house.site, static=house.site, health=Health({}))
    assert house.browser("ada").get("/api/associations").status_code == 503
