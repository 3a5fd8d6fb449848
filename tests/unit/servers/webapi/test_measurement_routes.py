"""`/api/studies/{study}/measurements`, over a real archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from hounsfield.archive.reader import PackReader
from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.health import Health
from hounsfield.servers.webapi.measurement_routes import add_measurement_routes
from hounsfield.services.made_objects import Making
from hounsfield.services.measurements import Measurements
from hounsfield.services.retrieve import Retrieve
from measurement_kit import SPACING, tracking_uid

URL = "/api/studies/1.2.3/measurements"
LENGTH: dict[str, Any] = {
    "tracking_uid": tracking_uid(1),
    "label": "Läsion",
    "kind": "length",
    "sop_instance_uid": "1.2.3.1.1",
    "frame": 1,
    "points": [[10.5, 10.5], [16.5, 12.5]],
    "values": [{"name": "length", "value": 5.0, "unit": "mm"}],
    "spacing": "pixel-spacing",
}
REMOVAL = {name: LENGTH[name] for name in ("tracking_uid", "label", "sop_instance_uid", "frame")}


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    with open_pacs(tmp_path / "archive") as opened:
        opened.store(as_file(ct(1, **SPACING)))
        yield opened


@pytest.fixture
def measured_house(house: Any, pacs: Pacs) -> Iterator[Any]:
    """The house, with measurements."""
    packs = PackReader(pacs.archive_root)
    measurements = Measurements(Making(Retrieve(pacs.reader, packs), pacs.local))
    api = create_api(house.parts, lambda app: add_measurement_routes(app, measurements))
    yield replace(house, site=Site(api=api, dicomweb=api, static=api, health=Health({})))
    packs.close()


def body(*, removed: Any = (), **change: Any) -> dict[str, Any]:
    """One length, or a change of it."""
    return {"measurements": [{**LENGTH, **change}], "removed": list(removed)}


def test_saved_read_and_taken_away(measured_house: Any) -> None:
    """What is answered to the save is what anybody reads; the same JSON as was sent, with series and observer."""
    edgar, vera = measured_house.browser("edgar"), measured_house.browser("vera")
    assert vera.get(URL).json() == {"measurements": [], "unread": []}
    saved = edgar.change("POST", URL, json=body())
    assert saved.status_code == 201
    assert saved.json()["measurements"] == [{**LENGTH, "series_instance_uid": "1.2.3.1", "observer": "edgar"}]
    assert vera.get(URL).json() == saved.json()
    answer = edgar.change("POST", URL, json={"measurements": [], "removed": [REMOVAL]})
    assert (answer.status_code, answer.json()["measurements"]) == (201, [])


def test_who_may_save(measured_house: Any, pacs: Pacs) -> None:
    """Editors, from our own pages; nobody else, and nothing is stored for them."""
    assert measured_house.browser("vera").change("POST", URL, json=body()).status_code == 403
    edgar = measured_house.browser("edgar")
    assert edgar.send("POST", URL, json=body()).status_code == 403, "without the session's token"
    assert measured_house.browser().get(URL).status_code == 401
    assert len(pacs.reader.instances(1, "1.2.3")) == 1


@pytest.mark.parametrize(
    ("sent", "status", "word"),
    [
        (body(points=[[1, 2, 3], [4, 5, 6]]), 422, "points"),
        (body(points=[[1, 2]] * 2001), 422, "points"),
        (body(points=[["x", 2], [3, 4]]), 422, "points"),
        (body(kind="volume"), 422, "kind"),
        (body(frame=0), 422, "frame"),
        (body(colour="red"), 422, "colour"),
        (body(values=[{"name": "volume", "value": 1, "unit": "mm"}]), 422, "values"),
        (body(sop_instance_uid="x"), 400, "UID"),
        (body(sop_instance_uid="1.2.3.1.7"), 404, "1.2.3.1.7"),
        (body(frame=2), 404, "frame 2"),
        (body(values=[{"name": "length", "value": 50, "unit": "mm"}]), 400, "points say 5"),
        (body(removed=[REMOVAL]), 400, "twice"),
        ({"measurements": [], "removed": []}, 400, "1 to 200"),
        ({"measurements": [LENGTH] * 201, "removed": []}, 422, "measurements"),
    ],
)
def test_bad_requests_are_told_in_words(measured_house: Any, sent: Any, status: int, word: str) -> None:
    """By the status that fits."""
    answer = measured_house.browser("edgar").change("POST", URL, json=sent)
    assert (answer.status_code, word in answer.json()["error"]["message"]) == (status, True), answer.text


def test_numbers_that_are_none(measured_house: Any) -> None:
    """JSON has no NaN, Python's has: it does not come through."""
    edgar = measured_house.browser("edgar")
    headers = {"X-CSRF-Token": edgar.csrf_token, "Origin": "http://pacs.example", "Content-Type": "application/json"}
    for odd in ("NaN", "1e999"):
        sent = json.dumps(body()).replace("[10.5, 10.5]", f"[{odd}, 10.5]")
        answer = edgar.send("POST", URL, headers=headers, content=sent.encode())
        assert (answer.status_code, "points" in answer.json()["error"]["message"]) == (422, True)


def test_a_study_that_is_not_there(measured_house: Any) -> None:
    edgar = measured_house.browser("edgar")
    assert edgar.get("/api/studies/1.2.9/measurements").status_code == 404
    assert edgar.get("/api/studies/x/measurements").status_code == 400
