"""`/api/me/preferences`: a person's own, within bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hounsfield.model.origin import Role
from hounsfield.records.preferences import PreferenceRecords
from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.health import Health
from hounsfield.servers.webapi.preference_routes import add_preference_routes
from hounsfield.services.preferences import MAX_DEPTH, MAX_DOCUMENT_BYTES, MOST_NAMES, Preferences

URL = "/api/me/preferences"


@pytest.fixture
def house(house: Any) -> Any:
    """With preferences."""
    preferences = Preferences(PreferenceRecords(house.access.database))
    api = create_api(house.parts, lambda app: add_preference_routes(app, preferences))
    house.site = Site(api=api, dicomweb=house.site, static=house.site, health=Health({}))
    return house


def test_each_person_has_their_own(house: Any) -> None:
    vera, ada = house.browser("vera"), house.browser("ada")
    assert vera.get(URL).json() == {}
    document = {"left": "window", "zoom": 1.5, "név": "é\u0000 😀", "none": [None, True, 10**30]}
    assert vera.change("PUT", f"{URL}/viewer.mouse", json=document).status_code == 204
    assert vera.change("PUT", f"{URL}/language", content=b'"fr"').status_code == 204
    assert vera.change("PUT", f"{URL}/language", content=b'"es"').status_code == 204
    again = house.browser("vera").get(URL)
    assert again.headers["content-type"] == "application/json"
    assert again.json() == {"language": "es", "viewer.mouse": document}
    assert ada.get(URL).json() == {}
    assert ada.change("DELETE", f"{URL}/language").status_code == 204
    assert vera.change("DELETE", f"{URL}/viewer.mouse").status_code == 204
    assert vera.change("DELETE", f"{URL}/viewer.mouse").status_code == 204
    assert vera.get(URL).json() == {"language": "es"}


@pytest.mark.parametrize("name", ["A", "1a", "a" * 65, "a%20b", "é", "a%0a", "..", "__proto__"])
def test_a_name_that_is_none(house: Any, name: str) -> None:
    browser = house.browser("vera")
    for method, body in (("PUT", b"1"), ("DELETE", b"")):
        assert browser.change(method, f"{URL}/{name}", content=body).status_code in (400, 404, 405), name
    assert browser.get(URL).json() == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"NaN", 400),
        (b"[Infinity]", 400),
        (b"[1e999]", 400),
        (b"1" * 5000, 400),
        (b'"\xff"', 400),
        (b'{"a":1}{', 400),
        (b"[" * 30_000 + b"]" * 30_000, 400),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), 400),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), 400),
        (b'"' + b"x" * (MAX_DOCUMENT_BYTES - 1) + b'"', 413),
    ],
)
def test_what_is_no_small_json_document_changes_nothing(house: Any, body: bytes, status: int) -> None:
    browser = house.browser("vera")
    browser.change("PUT", f"{URL}/keys", content=b"[1]")
    response = browser.change("PUT", f"{URL}/keys", content=body)
    assert (response.status_code, set(response.json()["error"])) == (status, {"code", "message"})
    assert browser.get(URL).json() == {"keys": [1]}


def test_up_to_the_bounds_it_is_kept(house: Any) -> None:
    browser = house.browser("vera")
    for body in (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, b'"' + b"x" * (MAX_DOCUMENT_BYTES - 2) + b'"', b'"\\ud800"'):
        assert browser.change("PUT", f"{URL}/{'a' * 64}", content=body).status_code == 204
        assert browser.get(URL).json() == {"a" * 64: json.loads(body)}


def test_one_name_too_many_is_refused_and_the_others_can_be_changed(house: Any) -> None:
    browser = house.browser("vera")
    for number in range(MOST_NAMES):
        assert browser.change("PUT", f"{URL}/n{number}", content=b"0").status_code == 204
    assert browser.change("PUT", f"{URL}/more", content=b"0").status_code == 400
    assert browser.change("PUT", f"{URL}/n5", content=b"5").status_code == 204
    assert browser.change("DELETE", f"{URL}/n6").status_code == 204
    assert browser.change("PUT", f"{URL}/more", content=b"0").status_code == 204
    assert house.browser("ada").change("PUT", f"{URL}/more", content=b"0").status_code == 204


def test_a_token_of_a_persons_name_does_not_reach_their_preferences(house: Any) -> None:
    secret, _ = house.access.tokens.issue("vera", Role.ADMINISTRATOR)
    headers = {"Authorization": f"Bearer {secret}"}
    stranger = house.browser()
    assert stranger.send("GET", URL, headers=headers).status_code == 403
    assert stranger.send("PUT", f"{URL}/keys", headers=headers, content=b"1").status_code == 403
    assert stranger.send("DELETE", f"{URL}/keys", headers=headers).status_code == 403


def test_nobody_without_a_session(house: Any) -> None:
    assert house.browser().get(URL).status_code == 401
    assert house.browser("vera").send("PUT", f"{URL}/keys", content=b"1").status_code == 403  # without the token of the page
