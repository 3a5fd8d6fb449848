"""`/api/users` and `/api/tokens`, over HTTP and a real database."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import structlog

from hounsfield.app import bootstrap
from services.databases import settings_of
from webapi_kit.server import PASSWORD, RunningSite, add_people, running_site, settings_in


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """With a viewer, an editor and an administrator beside `admin`."""
    folder = tmp_path_factory.mktemp("site")
    settings = settings_in(folder, database=settings_of(folder / "data").database)
    bootstrap.prepare(settings)
    add_people(settings)
    with running_site(settings) as running:
        yield running


@pytest.fixture
def ada(site: RunningSite) -> Iterator[httpx.Client]:
    """An administrator."""
    with site.client("ada") as client:
        yield client


def sign_in(client: httpx.Client, name: str, password: str) -> httpx.Response:
    """As the sign-in page does."""
    return client.post("/api/session", json={"username": name, "password": password})


def test_a_user_is_added_who_can_sign_in_and_is_told_to_change_the_password(site: RunningSite, ada: httpx.Client) -> None:
    added = ada.post("/api/users", json={"name": " Noor ", "role": "editor"})
    assert added.status_code == 201, added.text
    assert added.json()["name"] == "noor"
    listed = {user["name"]: user for user in ada.get("/api/users").json()["users"]}
    assert (listed["noor"]["role"], listed["noor"]["disabled"], listed["noor"]["must_change_password"]) == ("editor", False, True)
    assert listed["noor"]["created_at"].endswith("Z")
    assert added.json()["password"] not in ada.get("/api/users").text
    assert "argon2" not in ada.get("/api/users").text
    with site.client() as client:
        answer = sign_in(client, "noor", added.json()["password"])
        assert (answer.status_code, answer.json()["must_change_password"], answer.json()["user"]["role"]) == (200, True, "editor")
    assert ada.post("/api/users", json={"name": "noor", "role": "viewer"}).status_code == 409
    assert ada.post("/api/users", json={"name": "no body", "role": "viewer"}).status_code == 400
    assert ada.post("/api/users", json={"name": "x", "role": "king"}).status_code == 422


def test_a_role_takes_effect_and_who_is_disabled_is_out(site: RunningSite, ada: httpx.Client) -> None:
    password = ada.post("/api/users", json={"name": "rolf"}).json()["password"]
    with site.client() as client:
        assert sign_in(client, "rolf", password).status_code == 200
        assert client.get("/api/users").status_code == 403
        assert ada.patch("/api/users/rolf", json={"role": "administrator"}).json()["role"] == "administrator"
        assert client.get("/api/users").status_code == 200
        assert ada.patch("/api/users/rolf", json={"disabled": True}).json()["disabled"] is True
        assert client.get("/api/users").status_code == 401
        assert sign_in(client, "rolf", password).status_code == 401
        ada.patch("/api/users/rolf", json={"disabled": False, "role": "viewer"})
        assert sign_in(client, "rolf", password).status_code == 200
    assert ada.patch("/api/users/nobody", json={"role": "viewer"}).status_code == 404
    assert ada.patch("/api/users/nobody", json={}).status_code == 404


def test_the_last_administrator_stays(ada: httpx.Client) -> None:
    assert ada.patch("/api/users/admin", json={"disabled": True}).status_code == 200
    for change in ({"role": "viewer"}, {"disabled": True}):
        refused = ada.patch("/api/users/ada", json=change)
        assert refused.status_code == 403
        assert "last administrator" in refused.json()["error"]["message"]


def test_a_password_that_is_reset_ends_the_sessions(site: RunningSite, ada: httpx.Client) -> None:
    first = ada.post("/api/users", json={"name": "petra"}).json()["password"]
    with site.client() as client:
        sign_in(client, "petra", first)
        second = ada.post("/api/users/petra/password").json()["password"]
        assert client.get("/api/status").status_code == 401
        assert sign_in(client, "petra", first).status_code == 401
        assert sign_in(client, "petra", second).json()["must_change_password"] is True
    assert ada.post("/api/users/nobody/password").status_code == 404


def test_a_token_is_told_once_works_and_is_revoked(site: RunningSite, ada: httpx.Client) -> None:
    made = ada.post("/api/tokens", json={"name": "research script", "role": "viewer", "valid_days": 30}).json()
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {made['secret']}"}) as machine:
        assert machine.get("/api/status").status_code == 200
        listed = ada.get("/api/tokens")
        assert made["secret"] not in listed.text
        token = listed.json()["tokens"][0]
        assert (token["name"], token["created_by"], token["revoked_at"]) == ("research script", "ada", "")
        assert token["expires_at"] > token["created_at"]
        assert token["last_used_at"]
        assert ada.delete("/api/tokens/research%20script").status_code == 204
        assert machine.get("/api/status").status_code == 401
    assert ada.get("/api/tokens").json()["tokens"][0]["revoked_at"]
    assert ada.delete("/api/tokens/research%20script").status_code == 404
    assert ada.post("/api/tokens", json={"name": "research script"}).status_code == 409
    assert ada.post("/api/tokens", json={"name": "forever", "valid_days": 99_999}).status_code == 422


def test_each_change_is_logged_with_who_made_it_and_without_secrets(site: RunningSite, ada: httpx.Client) -> None:
    with structlog.testing.capture_logs() as logs:
        password = ada.post("/api/users", json={"name": "logged", "role": "viewer"}).json()["password"]
        ada.patch("/api/users/logged", json={"role": "editor"})
        secret = ada.post("/api/tokens", json={"name": "logged"}).json()["secret"]
    changes = [(log["action"], log["name"], log["by"]) for log in logs if log["event"] == "access-changed"]
    assert changes == [("add-user", "logged", "ada"), ("set-role", "logged", "ada"), ("add-token", "logged", "ada")]
    assert password not in str(logs)
    assert secret not in str(logs)
    assert PASSWORD not in str(logs)


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("GET", "/api/users", None),
        ("POST", "/api/users", {"name": "eve", "role": "administrator"}),
        ("PATCH", "/api/users/edgar", {"role": "administrator"}),
        ("POST", "/api/users/ada/password", None),
        ("GET", "/api/tokens", None),
        ("POST", "/api/tokens", {"name": "eve", "role": "administrator"}),
        ("DELETE", "/api/tokens/eve", None),
    ],
)
def test_only_administrators_see_and_change_any_of_it(site: RunningSite, method: str, path: str, asked: object) -> None:
    for name, status in (("", 401), ("vera", 403), ("edgar", 403)):
        with site.client(name) as client:
            assert client.request(method, path, json=asked).status_code == status
